//! Compiles the part of a filter that the kernel can decide: the protocols, families and states to list, and programs
//! that test addresses and ports.
//!
//! An expression has two programs: one accepts every socket for which it may be yes, the other every socket for which it
//! may be no; both may accept more. `not` swaps the two, and a test that is beyond the kernel accepts every socket. So a
//! program never rejects a socket that matches, and the caller tests the accepted ones again.

mod bytecode;

use super::Filter;
use super::evaluate::{Outcomes, Tri, outcomes};
use super::expression::{Expression, Join, Side, Test};
use super::ports::Ports;
use crate::enrich::{Reach, SPECIAL_BLOCKS};
use bytecode::{Code, End, assemble};
use netstat_model::query::{Kinds, Programs, SocketQuery, States};
use netstat_model::{Family, Prefix, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[cfg(test)]
pub(super) use bytecode::interpreter;
#[cfg(all(test, target_os = "linux"))]
pub(super) use bytecode::interpreter::audit;

/// A query narrowed to what a filter may match, see [`Filter::narrow`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// The query. Its results still have to be tested with [`Filter::matches`].
    pub query: SocketQuery,
    /// True if the kernel decides everything: with these programs, `sock_diag` returns only sockets that match. For tests
    /// and diagnostics; `/proc/net` runs no programs.
    pub exact: bool,
}

/// The families over which a socket can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    V4,
    V6,
    /// A wildcard of both families.
    Dual,
    /// A wildcard of IPv6, and possibly of IPv4.
    MayBeDual,
}

/// A class of sockets that the kernel can list without a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Class {
    protocol: Transport,
    shape: Shape,
    /// One TCP state, or the empty set for an unnamed state; `None` for UDP.
    state: Option<States>,
}

impl Class {
    /// Returns the classes of a protocol that a query lists.
    fn of(protocol: Transport, kinds: Kinds, states: States) -> Vec<Self> {
        let lists = |family| kinds.contains(Kinds::of(protocol, family));
        let (v4, v6) = (lists(Family::V4), lists(Family::V6));
        let shapes = [(Shape::V4, v4), (Shape::V6, v6), (Shape::Dual, v4 || v6), (Shape::MayBeDual, v6)];
        let states: Vec<Option<States>> = match protocol {
            Transport::Tcp => states.iter().map(Some).collect(),
            Transport::Udp => vec![None],
        };
        let shapes = shapes.into_iter().filter(|(_, listed)| *listed).map(|(shape, _)| shape);
        let classes =
            shapes.flat_map(|shape| states.iter().map(move |&state| Self { protocol, shape, state }));
        // A wildcard has no remote end.
        let exists = |class: &Self| {
            matches!(class.shape, Shape::V4 | Shape::V6)
                || class.state.is_none_or(|state| NO_REMOTE.contains(state))
        };
        classes.filter(exists).collect()
    }

    /// Returns the possible results of a test for sockets of this class.
    fn outcomes(self, test: &Test) -> Outcomes {
        let certain = |is: bool| Outcomes::from(Tri::from(is));
        match test {
            Test::Protocol(protocol) => certain(self.protocol == *protocol),
            Test::Kinds(kinds) => certain(kinds.intersects(Kinds::of_protocol(self.protocol.into()))),
            Test::Name(..) => certain(false),
            Test::State(states) => certain(self.state.is_some_and(|state| states.intersects(state))),
            Test::Family(Family::V4) if self.shape == Shape::MayBeDual => Outcomes::from(Tri::Unknown),
            Test::Family(Family::V4) => certain(matches!(self.shape, Shape::V4 | Shape::Dual)),
            Test::Family(Family::V6) => certain(self.shape != Shape::V4),
            Test::Port(Side::Remote, _)
            | Test::Host(Side::Remote, _)
            | Test::Reach(_)
            | Test::Country(_)
            | Test::NetworkNumber(_)
            | Test::NetworkName(_)
                if self.has_no_remote() =>
            {
                certain(false)
            }
            Test::Port(..) | Test::Reach(_) | Test::Host(Side::Remote, _) => Outcomes::YES_OR_NO,
            Test::Host(..) if self.shape == Shape::MayBeDual => Outcomes::ANY,
            Test::Host(..) => Outcomes::YES_OR_NO,
            _ => Outcomes::ANY,
        }
    }

    fn has_no_remote(self) -> bool {
        self.state.is_some_and(|state| NO_REMOTE.contains(state))
            || matches!(self.shape, Shape::Dual | Shape::MayBeDual)
    }
}

/// The states without a remote end. The kernel may still hold that of an earlier connection, so a program must not test
/// it.
const NO_REMOTE: States = States::LISTEN.union(States::BOUND);

impl Filter {
    /// Returns which kinds beyond TCP and UDP the filter can match, of these.
    fn others(&self, kinds: Kinds) -> Kinds {
        let of_kind = |kind: Kinds, test: &Test| match test {
            Test::Protocol(_) => Outcomes::from(Tri::No),
            Test::Kinds(kinds) => Outcomes::from(Tri::from(kinds.intersects(kind))),
            _ => Outcomes::ANY,
        };
        kinds
            .others()
            .iter()
            .filter(|&kind| outcomes(&self.expression, &mut |test| of_kind(kind, test)).may_be(Tri::Yes))
            .collect()
    }

    /// Narrows a query to the kinds and states that the filter can match, and adds programs for the kernel and the fields
    /// that the filter compares.
    pub fn narrow(&self, query: SocketQuery) -> Narrowed {
        let (mut kinds, mut states) = (Kinds::empty(), States::empty());
        for protocol in [Transport::Tcp, Transport::Udp] {
            let v4 = Kinds::of(protocol, Family::V4);
            let v6 = Kinds::of(protocol, Family::V6);
            let mut dual = false;
            let mut classes = Class::of(protocol, query.kinds, query.states);
            if protocol == Transport::Tcp {
                // An unnamed state: no mask can ask for it, but `/proc/net` may have one.
                classes.extend(Class::of(protocol, query.kinds, States::all()).into_iter().filter_map(
                    |class| {
                        (class.state == Some(States::CLOSED))
                            .then_some(Class { state: Some(States::empty()), ..class })
                    },
                ));
            }
            for class in classes {
                let possible = outcomes(&self.expression, &mut |test| class.outcomes(test));
                if !possible.may_be(Tri::Yes) {
                    continue;
                }
                states |= class.state.unwrap_or(States::empty());
                match class.shape {
                    Shape::V4 => kinds |= v4,
                    Shape::V6 | Shape::MayBeDual => kinds |= v6,
                    Shape::Dual => dual = true,
                }
            }
            if dual && !kinds.intersects(v4 | v6) {
                kinds |= v4 | v6;
            }
        }
        let kinds = kinds & query.kinds | self.others(query.kinds);
        let of = |protocol| {
            let classes = Class::of(protocol, kinds, states);
            if classes.is_empty() {
                return (None, true);
            }
            let (code, exact) = Compiler::new(protocol, classes).code(&self.expression, Tri::Yes);
            let program = assemble(&code);
            let whole = program.is_some() || code == Code::Always;
            (program.map(Into::into), exact && whole)
        };
        let ((tcp, tcp_exact), (udp, udp_exact)) = (of(Transport::Tcp), of(Transport::Udp));
        let needs = self.needs();
        let query = SocketQuery {
            kinds,
            states,
            fields: query.fields | needs.fields,
            tcp: query.tcp | needs.tcp,
            programs: Programs { tcp, udp },
            scope: query.scope,
            source: query.source,
        };
        Narrowed { query, exact: tcp_exact && udp_exact }
    }
}

struct Compiler {
    classes: Vec<Class>,
    /// The remote end in the kernel may be stale.
    stale_remote: bool,
    /// A socket may have no remote end, which is zeros in the kernel.
    no_remote: bool,
    /// A wildcard of IPv6 may also be one of IPv4, which a program cannot test.
    dual: bool,
}

/// A program, and whether it is exact: it accepts no other sockets.
type Compiled = (Code, bool);

impl Compiler {
    fn new(protocol: Transport, classes: Vec<Class>) -> Self {
        let stale_remote = classes.iter().any(|c| c.state.is_some_and(|state| NO_REMOTE.contains(state)));
        let dual = classes.iter().any(|class| matches!(class.shape, Shape::Dual | Shape::MayBeDual));
        Self { classes, stale_remote, no_remote: protocol == Transport::Udp, dual }
    }

    /// Returns a program that accepts at least the sockets for which the expression is `wanted`.
    fn code(&self, expression: &Expression, wanted: Tri) -> Compiled {
        match expression {
            Expression::Test(test) => self.test(test, wanted),
            Expression::Not(inner) => self.code(inner, wanted.negated()),
            Expression::Joined(join, members) => {
                // De Morgan: the negation of "all" is "any" of the negations.
                let join = if wanted == Tri::Yes { *join } else { join.dual() };
                joined(join, members.iter().map(|member| self.code(member, wanted)))
            }
        }
    }

    fn test(&self, test: &Test, wanted: Tri) -> Compiled {
        // A test of either end is one of two tests.
        let either = |of: &dyn Fn(Side) -> Test| {
            let join = if wanted == Tri::Yes { Join::Any } else { Join::All };
            joined(join, [Side::Local, Side::Remote].into_iter().map(|side| self.test(&of(side), wanted)))
        };
        match test {
            Test::Port(Side::Either, ports) => return either(&|side| Test::Port(side, ports.clone())),
            Test::Host(Side::Either, networks) => return either(&|side| Test::Host(side, networks.clone())),
            _ => {}
        }
        let possible = |class: &Class| class.outcomes(test);
        if !self.classes.iter().any(|class| possible(class).may_be(wanted)) {
            return (Code::Never, true);
        }
        if self.classes.iter().all(|class| possible(class).is(wanted)) {
            return (Code::Always, true);
        }
        match test {
            Test::Port(Side::Local, set) => local(ports(End::Local, set), wanted, true),
            Test::Port(_, set) => self.remote(ports(End::Remote, set), wanted),
            Test::Host(Side::Local, networks) => {
                let code = blocks(End::Local, networks);
                if !self.dual
                    || !networks.iter().any(|network| network.contains(Ipv4Addr::UNSPECIFIED.into()))
                {
                    return local(code, wanted, true);
                }
                // The wildcard of IPv6 may count as an address of an IPv4 block.
                let code = if wanted == Tri::Yes { Code::any([code, wildcard_v6()]) } else { code };
                local(code, wanted, false)
            }
            Test::Host(_, networks) => self.remote(blocks(End::Remote, networks), wanted),
            Test::Reach(reach) => self.remote(reaches(*reach), wanted),
            Test::Family(Family::V4) => self.ipv4(wanted),
            Test::Family(Family::V6) => {
                // The two families overlap, but a socket that does not serve IPv6 has an IPv4 address.
                let (code, exact) = (carries_v4(), !self.stale_remote);
                let code = if exact { code } else { Code::In(End::Local, all_v4()) };
                match wanted {
                    Tri::Yes => (code.not(), exact),
                    _ => (if exact { code } else { Code::Always }, exact),
                }
            }
            _ => (Code::Always, false),
        }
    }

    fn ipv4(&self, wanted: Tri) -> Compiled {
        let exact = !self.stale_remote && !self.dual;
        if wanted == Tri::Yes {
            let wildcard = if self.dual { wildcard_v6() } else { Code::Never };
            return (Code::any([carries_v4(), wildcard]), exact);
        }
        // The remote address may be stale, the local one never is.
        let code = if self.stale_remote { Code::In(End::Local, all_v4()) } else { carries_v4() };
        (code.not(), exact)
    }

    /// Compiles a test of the remote end, which is no if there is none.
    fn remote(&self, code: Code, wanted: Tri) -> Compiled {
        if self.stale_remote {
            return (if wanted == Tri::Yes { code } else { Code::Always }, false);
        }
        if !self.no_remote {
            return local(code, wanted, true);
        }
        let unspecified = |address: IpAddr| Code::In(End::Remote, Prefix::host(address));
        let zeros =
            Code::any([unspecified(Ipv4Addr::UNSPECIFIED.into()), unspecified(Ipv6Addr::UNSPECIFIED.into())]);
        let none = Code::all([Code::AtMost(End::Remote, 0), zeros]);
        match wanted {
            Tri::Yes => (Code::all([code, none.not()]), true),
            _ => (Code::any([code.not(), none]), true),
        }
    }
}

fn local(code: Code, wanted: Tri, exact: bool) -> Compiled {
    (if wanted == Tri::Yes { code } else { code.not() }, exact)
}

fn joined(join: Join, members: impl Iterator<Item = Compiled>) -> Compiled {
    let decisive = match join {
        Join::All => (Code::Never, true),
        Join::Any => (Code::Always, true),
    };
    let members: Vec<Compiled> = members.collect();
    // One member that decides exactly needs no other.
    if members.contains(&decisive) {
        return decisive;
    }
    let (codes, exact): (Vec<Code>, Vec<bool>) = members.into_iter().unzip();
    (Code::joined(join, codes), exact.into_iter().all(|exact| exact))
}

fn ports(end: End, ports: &Ports) -> Code {
    Code::any(ports.ranges().map(|range| {
        let from = if *range.start() == 0 { Code::Always } else { Code::AtLeast(end, *range.start()) };
        let to = if *range.end() == u16::MAX { Code::Always } else { Code::AtMost(end, *range.end()) };
        Code::all([from, to])
    }))
}

fn blocks(end: End, networks: &[Prefix]) -> Code {
    Code::any(networks.iter().map(|network| block(end, *network)))
}

fn block(end: End, network: Prefix) -> Code {
    let code = Code::In(end, network);
    let mapped = IpAddr::V6(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped());
    // To the kernel a mapped address is one of IPv6. A block within the mapped ones is a block of IPv4 here.
    if network.contains(mapped) { Code::all([code, Code::Mapped(end).not()]) } else { code }
}

fn reaches(wanted: Reach) -> Code {
    // The longest block that contains an address decides, so each block is tested after the longer ones.
    let mut blocks = SPECIAL_BLOCKS;
    blocks.sort_by_key(|(block, _)| block.length);
    let of = |family| {
        let blocks = blocks.iter().filter(|(block, _)| block.family() == family);
        blocks.fold(Code::Never, |shorter, &(block, reach)| {
            let inside = if block.length == 0 { Code::Always } else { Code::In(End::Remote, block) };
            if reach == Some(wanted) {
                Code::any([inside, shorter])
            } else {
                Code::all([inside.not(), shorter])
            }
        })
    };
    let is_v4 = || Code::In(End::Remote, all_v4());
    Code::any([Code::all([is_v4(), of(Family::V4)]), Code::all([is_v4().not(), of(Family::V6)])])
}

fn all_v4() -> Prefix {
    Prefix::everything(Family::V4)
}

/// Accepts sockets of which an end has an IPv4 address.
fn carries_v4() -> Code {
    Code::any([Code::In(End::Local, all_v4()), Code::In(End::Remote, all_v4())])
}

fn wildcard_v6() -> Code {
    Code::In(End::Local, Prefix::host(Ipv6Addr::UNSPECIFIED.into()))
}
