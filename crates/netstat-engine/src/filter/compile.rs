//! What the kernel decides of a filter: which protocols, families and states to list, and programs on addresses and
//! ports.
//!
//! For each of the two questions "may this be yes" and "may this be no" an expression has a program that lets through
//! every socket of which that is so, and perhaps more. `not` swaps the two; what the kernel cannot tell lets all
//! through. So a program never takes away a socket that matches, and who asked decides over what came.

mod bytecode;

use super::Filter;
use super::evaluate::{Outcomes, Tri, outcomes};
use super::expression::{Expression, Side, Test};
use super::ports::Ports;
use crate::enrich::{Reach, SPECIAL_BLOCKS};
use bytecode::{Code, End, assemble};
use netstat_model::query::{Kinds, Programs, SocketQuery, States};
use netstat_model::{Family, Prefix, Protocol};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[cfg(all(test, target_os = "linux"))]
pub(super) use bytecode::audit;
#[cfg(test)]
pub(super) use bytecode::interpreter;

/// A query that asks for no more than a filter needs, see [`Filter::narrow`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// The query. What it gives has yet to be tested with [`Filter::matches`].
    pub query: SocketQuery,
    /// The kernel decides it all: with the programs, sock_diag gives nothing that does not match. For tests and
    /// explanations; `/proc/net` knows no programs.
    pub exact: bool,
}

/// Over which addresses a socket can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    V4,
    V6,
    /// A wildcard for both.
    Dual,
    /// A wildcard of IPv6, and perhaps of IPv4.
    MayBeDual,
}

/// Sockets that the kernel tells apart without a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Class {
    protocol: Protocol,
    shape: Shape,
    /// One TCP state, or none of those with a name; `None` for UDP.
    state: Option<States>,
}

impl Class {
    /// The classes of one protocol that a query gives.
    fn of(protocol: Protocol, kinds: Kinds, states: States) -> Vec<Self> {
        let (v4, v6) = (
            kinds.contains(Kinds::of(protocol, Family::V4)),
            kinds.contains(Kinds::of(protocol, Family::V6)),
        );
        let shapes = [(Shape::V4, v4), (Shape::V6, v6), (Shape::Dual, v4 || v6), (Shape::MayBeDual, v6)];
        let states: Vec<Option<States>> = match protocol {
            Protocol::Tcp => states.iter().map(Some).collect(),
            Protocol::Udp => vec![None],
        };
        let shapes = shapes.into_iter().filter(|(_, given)| *given).map(|(shape, _)| shape);
        let classes =
            shapes.flat_map(|shape| states.iter().map(move |&state| Self { protocol, shape, state }));
        // A wildcard has no peer.
        let is = |class: &Self| {
            matches!(class.shape, Shape::V4 | Shape::V6)
                || class.state.is_none_or(|state| NO_REMOTE.contains(state))
        };
        classes.filter(is).collect()
    }

    /// What a test may say of a socket of this class.
    fn outcomes(self, test: &Test) -> Outcomes {
        let certain = |is: bool| Outcomes::from(Tri::from(is));
        match test {
            Test::Protocol(protocol) => certain(self.protocol == *protocol),
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

/// Sockets in these states have no remote end. The kernel may still have the one they had before, so a program must
/// not look at it.
const NO_REMOTE: States = States::LISTEN.union(States::BOUND);

impl Filter {
    /// The query, with less of what this filter does not match: fewer kinds and states, and programs for the kernel.
    /// Fields that the filter compares are added.
    pub fn narrow(&self, query: SocketQuery) -> Narrowed {
        let (mut kinds, mut states) = (Kinds::empty(), States::empty());
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let v4 = Kinds::of(protocol, Family::V4);
            let v6 = Kinds::of(protocol, Family::V6);
            let mut dual = false;
            let mut classes = Class::of(protocol, query.kinds, query.states);
            if protocol == Protocol::Tcp {
                // A state without a name, which no mask can ask for and `/proc/net` may yet have.
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
        let kinds = kinds & query.kinds;
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
        let ((tcp, tcp_exact), (udp, udp_exact)) = (of(Protocol::Tcp), of(Protocol::Udp));
        let needs = self.needs();
        let query = SocketQuery {
            kinds,
            states,
            fields: query.fields | needs.fields,
            tcp: query.tcp | needs.tcp,
            programs: Programs { tcp, udp },
        };
        Narrowed { query, exact: tcp_exact && udp_exact }
    }
}

struct Compiler {
    classes: Vec<Class>,
    /// What the kernel has as the remote end may be stale.
    stale_remote: bool,
    /// A socket may have no remote end, and then the kernel has zeros there.
    no_remote: bool,
    /// A wildcard of IPv6 may be one of IPv4 as well, which the kernel can not be asked.
    dual: bool,
}

/// A program, and whether it says all.
type Compiled = (Code, bool);

impl Compiler {
    fn new(protocol: Protocol, classes: Vec<Class>) -> Self {
        let stale_remote = classes.iter().any(|c| c.state.is_some_and(|state| NO_REMOTE.contains(state)));
        let dual = classes.iter().any(|class| matches!(class.shape, Shape::Dual | Shape::MayBeDual));
        Self { classes, stale_remote, no_remote: protocol == Protocol::Udp, dual }
    }

    /// Lets through at least the sockets of which the expression says `wanted`.
    fn code(&self, expression: &Expression, wanted: Tri) -> Compiled {
        let negated = if wanted == Tri::Yes { Tri::No } else { Tri::Yes };
        match (expression, wanted) {
            (Expression::Test(test), _) => self.test(test, wanted),
            (Expression::Not(inner), _) => self.code(inner, negated),
            (Expression::All(members), Tri::Yes) | (Expression::Any(members), Tri::No) => {
                all(members.iter().map(|member| self.code(member, wanted)))
            }
            (Expression::All(members) | Expression::Any(members), _) => {
                any(members.iter().map(|member| self.code(member, wanted)))
            }
        }
    }

    fn test(&self, test: &Test, wanted: Tri) -> Compiled {
        // Both ends at once are two tests.
        let both = |local, remote| {
            let members = [self.test(&local, wanted), self.test(&remote, wanted)].into_iter();
            if wanted == Tri::Yes { any(members) } else { all(members) }
        };
        match test {
            Test::Port(Side::Either, ports) => {
                return both(Test::Port(Side::Local, ports.clone()), Test::Port(Side::Remote, ports.clone()));
            }
            Test::Host(Side::Either, networks) => {
                let of = |side| Test::Host(side, networks.clone());
                return both(of(Side::Local), of(Side::Remote));
            }
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
                // The wildcard of IPv6 may be in a block of IPv4.
                let code = if wanted == Tri::Yes { Code::any([code, wildcard_v6()]) } else { code };
                local(code, wanted, false)
            }
            Test::Host(_, networks) => self.remote(blocks(End::Remote, networks), wanted),
            Test::Reach(reach) => self.remote(reaches(*reach), wanted),
            Test::Family(Family::V4) => self.ipv4(wanted),
            Test::Family(Family::V6) => {
                // What serves IPv6 and what serves IPv4 overlap; what does not serve IPv6 has an IPv4 address.
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
        // The remote address may be left from an earlier connection, the local one is never.
        let code = if self.stale_remote { Code::In(End::Local, all_v4()) } else { carries_v4() };
        (code.not(), exact)
    }

    /// A test of the remote end, which is no where there is none.
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

fn all(members: impl Iterator<Item = Compiled>) -> Compiled {
    let (codes, exact): (Vec<Code>, Vec<bool>) = members.unzip();
    let code = Code::all(codes);
    let exact = code == Code::Never || exact.into_iter().all(|exact| exact);
    (code, exact)
}

fn any(members: impl Iterator<Item = Compiled>) -> Compiled {
    let members: Vec<Compiled> = members.collect();
    // One that is always so, and exactly so, needs no other.
    if members.contains(&(Code::Always, true)) {
        return (Code::Always, true);
    }
    let (codes, exact): (Vec<Code>, Vec<bool>) = members.into_iter().unzip();
    (Code::any(codes), exact.into_iter().all(|exact| exact))
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
    let start = Ipv4Addr::UNSPECIFIED.to_ipv6_mapped();
    let has_mapped = match network.address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => {
            let rest = 128 - u32::from(network.length);
            let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
            start.to_bits() & mask == address.to_bits() && network.length <= 96
        }
    };
    // To the kernel a mapped address is one of IPv6.
    if has_mapped { Code::all([code, Code::Mapped(end).not()]) } else { code }
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

/// One of the ends has an IPv4 address.
fn carries_v4() -> Code {
    Code::any([Code::In(End::Local, all_v4()), Code::In(End::Remote, all_v4())])
}

fn wildcard_v6() -> Code {
    Code::In(End::Local, Prefix::host(Ipv6Addr::UNSPECIFIED.into()))
}
