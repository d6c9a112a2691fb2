//! Programs against the running kernel: random expressions over real sockets in a network namespace.

use super::generate::{asked_states, expression, kinds};
use super::programs::query;
use crate::filter::compile::audit;
use crate::filter::{Context, Filter};
use netstat_lab::{Flavor, Held, Loop, Place, TcpState as Lab};
use netstat_model::Socket;
use netstat_model::query::{Kinds, Listing, OwnerSearch, Programs, SocketQuery, States, Visit};
use netstat_os::{Opened, Origin, Sockets, open};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// Returns true if the running kernel accepts a program, by the answer to a request that selects no socket.
fn is_taken(program: &[u8]) -> bool {
    let domain = rustix::net::AddressFamily::NETLINK;
    let protocol = Some(rustix::net::netlink::SOCK_DIAG);
    let socket = rustix::net::socket(domain, rustix::net::SocketType::RAW, protocol).unwrap();
    // struct inet_diag_req_v2 of TCP in a state that no socket is in, then the attribute.
    let mut body = vec![2u8, 6, 0, 0];
    body.extend_from_slice(&(1u32 << 31).to_ne_bytes());
    body.resize(56, 0);
    body.extend_from_slice(&u16::try_from(4 + program.len()).unwrap().to_ne_bytes());
    body.extend_from_slice(&1u16.to_ne_bytes());
    body.extend_from_slice(program);
    body.resize(body.len().next_multiple_of(4), 0);
    let mut request = u32::try_from(16 + body.len()).unwrap().to_ne_bytes().to_vec();
    request.extend_from_slice(&20u16.to_ne_bytes());
    request.extend_from_slice(&0x301u16.to_ne_bytes());
    request.extend_from_slice(&[0; 8]);
    request.extend_from_slice(&body);
    rustix::net::send(&socket, &request, rustix::net::SendFlags::empty()).unwrap();
    let mut answer = [0u8; 8192];
    rustix::net::recv(&socket, &mut answer[..], rustix::net::RecvFlags::empty()).unwrap();
    match (u16::from_ne_bytes([answer[4], answer[5]]), i32::from_ne_bytes(answer[16..20].try_into().unwrap()))
    {
        (3, 0) => true,
        (2, errno) if errno == -rustix::io::Errno::INVAL.raw_os_error() => false,
        other => panic!("the kernel answers {other:?} to {program:?}"),
    }
}

#[test]
fn the_audit_agrees_with_the_kernel() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let byte = proptest::prop_oneof![
        proptest::sample::select(vec![0u8, 1, 2, 4, 8, 12, 20, 28, 32, 255]),
        proptest::num::u8::ANY
    ];
    let strategy = (expression(vec![80, 443]), proptest::num::usize::ANY, byte, 0..3usize, 0..8usize);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..4 * EXPRESSIONS {
        let (expression, at, byte, changes, cut) = strategy.new_tree(&mut runner).unwrap().current();
        let narrowed = Filter::from(expression).narrow(query(Kinds::TCP, States::CONNECTIONS));
        let Some(program) = narrowed.query.programs.tcp else { continue };
        assert!(audit(&program) && is_taken(&program), "{program:?}");
        let mut program = program.to_vec();
        for change in 0..changes {
            let place = (at / (change + 1)) % program.len();
            program[place] = byte;
        }
        program.truncate(program.len().saturating_sub(if changes == 0 { cut } else { 0 }).max(1));
        if is_taken(&program) {
            taken += 1;
            assert!(audit(&program) || has_foreign(&program), "refused here, taken there: {program:?}");
        } else {
            refused += 1;
            assert!(!audit(&program), "taken here, refused there: {program:?}");
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

/// Returns true if a program has an operation that only the kernel knows.
fn has_foreign(program: &[u8]) -> bool {
    let mut rest = program;
    while let [code, yes, ..] = *rest {
        if matches!(code, 0 | 6 | 9..=13) {
            return true;
        }
        rest = rest.get(usize::from(yes.max(1))..).unwrap_or_default();
    }
    false
}

/// The number of expressions that are compared.
const EXPRESSIONS: usize = 400;

fn sockets(backend: &Opened, query: &SocketQuery) -> Vec<Socket> {
    let listing = Listing { query, owners: OwnerSearch::No, may_restart: true };
    let answer = backend.sockets(&listing, &mut |_| Visit::Keep).unwrap();
    assert_eq!(answer.warnings, []);
    answer.data.0.iter().map(|socket| socket.to_socket()).collect()
}

/// Identifies a socket by what does not change while the test leaves it alone.
fn names<'a>(sockets: impl IntoIterator<Item = &'a Socket>) -> BTreeSet<String> {
    let name = |socket: &Socket| {
        let Socket { protocol, family, local, remote, state, id, .. } = socket;
        format!("{protocol:?} {family:?} {local:?} {remote:?} {state:?} {:?}", id.cookie)
    };
    sockets.into_iter().map(name).collect()
}

fn matching<'a>(filter: &Filter, sockets: &'a [Socket]) -> Vec<&'a Socket> {
    sockets.iter().filter(|socket| filter.matches(*socket, &Context::NOTHING).is_yes()).collect()
}

/// Compares the table with and without programs for one filter. Returns true if the kernel decided alone.
fn compare(backend: &Opened, filter: &Filter, asked: &SocketQuery) -> bool {
    let narrowed = filter.narrow(asked.clone());
    let same_fields = SocketQuery { fields: narrowed.query.fields, tcp: narrowed.query.tcp, ..asked.clone() };
    // A TIME_WAIT may expire between the two listings, or a connection reach an age; then both are repeated.
    let (whole, given) = loop {
        let whole = sockets(backend, &same_fields);
        let given = sockets(backend, &narrowed.query);
        let after = sockets(backend, &same_fields);
        let still = names(matching(filter, &after)) == names(matching(filter, &whole));
        if still && names(&after) == names(&whole) {
            break (whole, given);
        }
    };
    let expected = names(matching(filter, &whole));
    assert_eq!(names(matching(filter, &given)), expected, "{filter} of {asked:?}");
    if narrowed.exact {
        assert_eq!(names(&given), expected, "the kernel's own answer to {filter} of {asked:?}");
    }
    narrowed.exact && given.len() < whole.len()
}

fn hold_everything(namespace: &netstat_lab::Namespace, host: Option<&netstat_lab::RemoteHost>) -> Vec<Held> {
    let mut held = Vec::new();
    for place in Place::ALL {
        held.push(namespace.listener(place, 0).unwrap());
        held.push(namespace.udp(place, 0).unwrap());
    }
    for place in [Place::LoopbackV4, Place::LoopbackV6, Place::LoopbackMapped] {
        held.push(namespace.udp_connected(place, 53).unwrap());
    }
    for kind in [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack] {
        let connected = namespace.connected(kind).unwrap();
        held.extend([connected.client, connected.server]);
    }
    if let Some(host) = host {
        for state in Lab::ALL {
            for flavor in Flavor::ALL {
                held.push(host.hold(state, flavor).unwrap());
            }
        }
        held.extend(Flavor::ALL.into_iter().map(|flavor| host.hold_udp(flavor).unwrap()));
    }
    held
}

fn ports(held: &[Held]) -> Vec<u16> {
    let ends = |held: &Held| {
        held.rows()
            .flat_map(|row| [Some(row.local), row.remote])
            .flatten()
            .map(|end: SocketAddr| end.port())
            .collect()
    };
    let all: BTreeSet<u16> = held.iter().flat_map(|held| -> Vec<u16> { ends(held) }).collect();
    all.into_iter().collect()
}

#[test]
fn filtering_in_the_kernel_and_here_selects_the_same_sockets() {
    netstat_lab::with_remote_host(|namespace, host| {
        let held = hold_everything(namespace, Some(host));
        let backend = open(Origin::Live).unwrap();
        let asked = query(Kinds::TCP_UDP, States::all());
        let all = sockets(&backend, &asked);
        assert!(all.len() >= held.len(), "{} of {}", all.len(), held.len());
        // A fixed seed: each run compares the same expressions.
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = (expression(ports(&held)), kinds(), asked_states());
        let mut decided_there = 0;
        for _ in 0..EXPRESSIONS {
            let (expression, kinds, states) = strategy.new_tree(&mut runner).unwrap().current();
            decided_there += usize::from(compare(&backend, &Filter::from(expression), &query(kinds, states)));
        }
        assert!(decided_there > EXPRESSIONS / 10, "the kernel decided {decided_there} alone");
    });
}

#[test]
fn the_kernel_returns_only_sockets_with_the_port() {
    netstat_lab::on_own_thread(|namespace| {
        let held = hold_everything(namespace, None);
        let backend = open(Origin::Live).unwrap();
        for port in ports(&held) {
            let filter = super::parse(&format!(":{port}"));
            let narrowed = filter.narrow(query(Kinds::TCP_UDP, States::CONNECTIONS));
            assert!(
                narrowed.exact
                    && narrowed.query.programs.tcp.is_some()
                    && narrowed.query.programs.udp.is_some()
            );
            let has = |socket: &Socket| {
                [Some(&socket.local), socket.remote.as_ref()]
                    .iter()
                    .flatten()
                    .filter_map(|end| end.ip())
                    .any(|end| end.port == port)
            };
            let found = sockets(&backend, &narrowed.query);
            assert!(found.iter().all(has), "{found:?}");
            let whole = sockets(&backend, &query(Kinds::TCP_UDP, States::CONNECTIONS));
            assert_eq!(names(&found), names(whole.iter().filter(|socket| has(socket))));
        }
    });
}

#[test]
fn the_kernel_may_keep_the_peer_of_a_socket_that_was_reset() {
    netstat_lab::on_own_thread(|_| {
        // After a reset the socket is bound-only again, but the kernel still has the address of the peer.
        let far = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = far.local_addr().unwrap();
        let socket = bound_socket();
        rustix::net::connect(&socket, &address).unwrap();
        let (accepted, _) = far.accept().unwrap();
        rustix::net::sockopt::set_socket_linger(&accepted, Some(std::time::Duration::ZERO)).unwrap();
        drop(accepted);
        let local = rustix::net::getsockname(&socket).unwrap();
        let local = SocketAddr::try_from(local).unwrap();
        let backend = open(Origin::Live).unwrap();
        let asked = query(Kinds::TCP, States::all());
        let bound = netstat_lab::eventually("the reset", || {
            sockets(&backend, &asked)
                .into_iter()
                .find(|socket| socket.local.port() == Some(local.port()) && socket.remote.is_none())
        });
        // Kernels before 6.8 do not list it.
        if bound.is_err() {
            return;
        }
        for text in
            ["not rport {}", "not dst 127.0.0.1", "not loopback", "not port 1", "bound not host 127.0.0.1:{}"]
        {
            let filter = super::parse(&text.replace("{}", &address.port().to_string()));
            compare(&backend, &filter, &asked);
        }
    });
}

fn bound_socket() -> std::os::fd::OwnedFd {
    let socket =
        rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
    // A port outside of the ephemeral range; the namespace has no other sockets.
    rustix::net::bind(&socket, &"127.0.0.1:2000".parse::<SocketAddr>().unwrap()).unwrap();
    socket
}

#[test]
fn the_table_is_listed_without_a_program_that_the_kernel_refuses() {
    netstat_lab::on_own_thread(|namespace| {
        let held = hold_everything(namespace, None);
        let backend = open(Origin::Live).unwrap();
        let mut asked = query(Kinds::TCP_UDP, States::all());
        let whole = names(&sockets(&backend, &asked));
        assert!(whole.len() >= held.len());
        // Jumps backwards, out of the program, and into the middle of an operation; an unknown operation.
        for bad in [&[1u8, 4, 0, 0][..], &[1, 4, 64, 0], &[200, 4, 4, 0], &[2, 8, 8, 0], &[]] {
            let program: std::sync::Arc<[u8]> = bad.into();
            asked.programs = Programs { tcp: Some(program.clone()), udp: Some(program) };
            assert_eq!(names(&sockets(&backend, &asked)), whole, "{bad:?}");
        }
    });
}
