//! Programs against the running kernel: random expressions over real sockets in a network namespace.

use super::generate::{asked_states, expression, kinds};
use super::programs::query;
use crate::filter::{Context, Filter};
use crate::model::Socket;
use crate::os::{Backend, Native, Origin, open};
use crate::query::{Kinds, Programs, SocketQuery, States};
use netstat_lab::{Flavor, Held, Loop, Place, TcpState as Lab};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// How many expressions are tried.
const EXPRESSIONS: usize = 400;

fn sockets(backend: &Native, query: &SocketQuery) -> Vec<Socket> {
    let answer = backend.sockets(query).unwrap();
    assert_eq!(answer.warnings, []);
    answer.data
}

/// What tells sockets apart, and stays while they are left alone.
fn names<'a>(sockets: impl IntoIterator<Item = &'a Socket>) -> BTreeSet<String> {
    let name = |socket: &Socket| {
        let Socket { protocol, family, local, remote, state, id, .. } = socket;
        format!("{protocol:?} {family:?} {local:?} {remote:?} {state:?} {:?}", id.cookie)
    };
    sockets.into_iter().map(name).collect()
}

fn matching<'a>(filter: &Filter, sockets: &'a [Socket]) -> Vec<&'a Socket> {
    sockets.iter().filter(|socket| filter.matches(socket, &Context::NOTHING).is_yes()).collect()
}

/// Compares, for one filter, the table with and without programs; tells whether the kernel decided alone.
fn compare(backend: &Native, filter: &Filter, asked: &SocketQuery) -> bool {
    let whole = sockets(backend, asked);
    let narrowed = filter.narrow(asked.clone());
    let given = sockets(backend, &narrowed.query);
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
fn the_kernel_and_this_program_agree() {
    netstat_lab::with_remote_host(|namespace, host| {
        let held = hold_everything(namespace, Some(host));
        let backend = open(Origin::Live).unwrap();
        let asked = query(Kinds::all(), States::all());
        let all = sockets(&backend, &asked);
        assert!(all.len() >= held.len(), "{} of {}", all.len(), held.len());
        // The same expressions at every run.
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = (expression(ports(&held)), kinds(), asked_states());
        let mut decided_there = 0;
        for _ in 0..EXPRESSIONS {
            let (expression, kinds, states) = strategy.new_tree(&mut runner).unwrap().current();
            decided_there += usize::from(compare(&backend, &Filter { expression }, &query(kinds, states)));
        }
        assert!(decided_there > EXPRESSIONS / 10, "the kernel decided {decided_there} alone");
        assert_eq!(names(&sockets(&backend, &asked)), names(&all), "the sockets changed meanwhile");
    });
}

#[test]
fn a_port_is_all_the_kernel_gives() {
    netstat_lab::on_own_thread(|namespace| {
        let held = hold_everything(namespace, None);
        let backend = open(Origin::Live).unwrap();
        for port in ports(&held) {
            let filter = super::parse(&format!(":{port}"));
            let narrowed = filter.narrow(query(Kinds::all(), States::CONNECTIONS));
            assert!(
                narrowed.exact
                    && narrowed.query.programs.tcp.is_some()
                    && narrowed.query.programs.udp.is_some()
            );
            let has = |socket: &Socket| {
                socket.local.port == port || socket.remote.is_some_and(|end| end.port == port)
            };
            let found = sockets(&backend, &narrowed.query);
            assert!(found.iter().all(has), "{found:?}");
            let whole = sockets(&backend, &query(Kinds::all(), States::CONNECTIONS));
            assert_eq!(names(&found), names(whole.iter().filter(|socket| has(socket))));
        }
    });
}

#[test]
fn a_socket_that_was_reset_keeps_its_peer_in_the_kernel_only() {
    netstat_lab::on_own_thread(|_| {
        // Bound by its owner, connected, and reset: it is bound-only again, and the kernel remembers the peer.
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
                .find(|socket| socket.local.port == local.port() && socket.remote.is_none())
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
    // A port from outside of the ephemeral range, in a namespace where nobody else is.
    rustix::net::bind(&socket, &"127.0.0.1:2000".parse::<SocketAddr>().unwrap()).unwrap();
    socket
}

#[test]
fn a_program_the_kernel_refuses_does_no_harm() {
    netstat_lab::on_own_thread(|namespace| {
        let held = hold_everything(namespace, None);
        let backend = open(Origin::Live).unwrap();
        let mut asked = query(Kinds::all(), States::all());
        let whole = names(&sockets(&backend, &asked));
        assert!(whole.len() >= held.len());
        // Jumps backwards, out of the program, and to the middle of an operation; an operation there is not.
        for bad in [&[1u8, 4, 0, 0][..], &[1, 4, 64, 0], &[200, 4, 4, 0], &[2, 8, 8, 0], &[]] {
            let program: std::sync::Arc<[u8]> = bad.into();
            asked.programs = Programs { tcp: Some(program.clone()), udp: Some(program) };
            assert_eq!(names(&sockets(&backend, &asked)), whole, "{bad:?}");
        }
    });
}
