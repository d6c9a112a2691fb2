//! What the kernel is asked for, against what the filter says.

use super::generate::{Sample, asked_states, expression, kinds, sample};
use super::parse;
use crate::filter::compile::interpreter::{Entry, accepts};
use crate::filter::{Context, Filter, Narrowed};
use netstat_model::query::{Kinds, Programs, SocketQuery, States};
use netstat_model::{Family, Socket, Transport};
use proptest::prelude::*;
use std::net::IpAddr;

pub(super) fn query(kinds: Kinds, states: States) -> SocketQuery {
    SocketQuery::new(kinds, states)
}

/// Returns true if a query selects the socket by kind and state alone.
fn selected(socket: &Socket, query: &SocketQuery) -> bool {
    let sections = netstat_model::SocketRef::from(socket).families();
    let transport = socket.protocol.transport().unwrap();
    let has = |family| query.kinds.contains(Kinds::of(transport, family));
    let family = sections.v4 && has(Family::V4) || sections.v6 && has(Family::V6);
    family && socket.state.is_none_or(|state| query.states.contains(States::of(state)))
}

/// Returns true if the kernel, by its interpreter, passes the socket on.
fn given(sample: &Sample, query: &SocketQuery) -> bool {
    let program = match sample.socket.protocol.transport().unwrap() {
        Transport::Tcp => &query.programs.tcp,
        Transport::Udp => &query.programs.udp,
    };
    let mut entry = Entry::of(&sample.socket);
    if let Some((address, port)) = sample.stale {
        entry.remote_port = port;
        entry.remote = match (sample.socket.family, address) {
            (Some(Family::V4), IpAddr::V4(v4)) => {
                let mut bytes = [0; 16];
                bytes[..4].copy_from_slice(&v4.octets());
                bytes
            }
            (_, IpAddr::V4(v4)) => v4.to_ipv6_mapped().octets(),
            (_, IpAddr::V6(v6)) => v6.octets(),
        };
    }
    selected(&sample.socket, query) && program.as_ref().is_none_or(|program| accepts(program, &entry))
}

fn narrowed(text: &str, kinds: Kinds, states: States) -> Narrowed {
    parse(text).narrow(query(kinds, states))
}

#[test]
fn narrowing_leaves_out_protocols_families_and_states() {
    let all = States::all();
    let no_remote = States::LISTEN | States::BOUND;
    for (text, kinds, states) in [
        ("state established", Kinds::TCP, States::ESTABLISHED),
        ("udp", Kinds::UDP, States::empty()),
        ("tcpv6 listening", Kinds::TCP_V6, States::LISTEN),
        ("ipv4", Kinds::TCP_V4 | Kinds::UDP_V4, all),
        ("not ipv4", Kinds::TCP_V6 | Kinds::UDP_V6, all),
        ("ipv4 ipv6", Kinds::TCP_UDP, no_remote),
        ("state established or udp", Kinds::TCP_UDP, States::ESTABLISHED),
        ("not state established", Kinds::TCP_UDP, all - States::ESTABLISHED),
        ("rport 80", Kinds::TCP_UDP, all - no_remote),
        ("tcp public", Kinds::TCP, all - no_remote),
        ("port 80", Kinds::TCP_UDP, all),
        ("pid 4", Kinds::TCP_UDP, all),
        ("tcp udp", Kinds::empty(), States::empty()),
        ("state time-wait state established", Kinds::empty(), States::empty()),
    ] {
        let query = narrowed(text, Kinds::TCP_UDP, States::all()).query;
        assert_eq!((query.kinds, query.states), (kinds, states), "{text}");
    }
    let query = narrowed("ipv6 or port 5", Kinds::TCP_V4, States::CONNECTIONS).query;
    assert_eq!((query.kinds, query.states), (Kinds::TCP_V4, States::CONNECTIONS));
}

#[test]
fn filters_that_the_kernel_decides_alone() {
    for (text, exact) in [
        (":8080", true),
        ("host 192.168.20.0/24", true),
        ("state established not rport 80,443 public", true),
        ("tcp lport 22 or udp rport 53", true),
        ("not dst ::/0", true),
        ("private or loopback", true),
        ("state established user 5 port 80", false),
        ("recvq > 0 port 80", false),
        ("state established port 80 or state time-wait port 81", false),
    ] {
        let narrowed = narrowed(text, Kinds::TCP_UDP, States::CONNECTIONS);
        assert_eq!(narrowed.exact, exact, "{text}");
        let Programs { tcp, udp } = narrowed.query.programs;
        assert!(tcp.is_some() || udp.is_some(), "{text}");
    }
    for text in ["user 5 or port 80", "not (user 5 port 80)", "pid 1", "process x", "udp or state listening"]
    {
        let programs = narrowed(text, Kinds::TCP_UDP, States::CONNECTIONS).query.programs;
        assert_eq!(programs, Programs::default(), "{text}");
    }
}

#[test]
fn a_program_is_valid_or_left_out_whatever_its_length() {
    let many = |count: u32| {
        let ports: Vec<String> = (0..count).map(|n| (n * 2).to_string()).collect();
        narrowed(&format!("port {}", ports.join(",")), Kinds::TCP_UDP, States::all()).query.programs.tcp
    };
    let Some(program) = many(200) else { panic!("200 ports are not too many") };
    assert!(program.len() > 4000);
    assert_eq!(many(30_000), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn nothing_that_matches_is_left_out(
        expression in expression(vec![22, 80, 443]),
        kinds in kinds(),
        states in asked_states(),
        samples in proptest::collection::vec(sample(vec![22, 80, 443]), 24),
    ) {
        let filter = Filter::from(expression);
        let asked = query(kinds, states);
        let narrowed = filter.narrow(asked.clone());
        for sample in &samples {
            let matches = filter.matches(&sample.socket, &Context::NOTHING).is_yes();
            let wanted = matches && selected(&sample.socket, &asked);
            let given = given(sample, &narrowed.query);
            prop_assert!(!wanted || given, "{} loses {:?}", filter, sample);
            if narrowed.exact && given {
                // Narrowing never adds kinds or states.
                prop_assert!(wanted, "{} is not exact: {:?}", filter, sample);
            }
        }
    }
}
