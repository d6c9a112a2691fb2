//! Every kind of socket in every state: the program's rows against what the test opened, `ss` and /proc/net.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{
    Flavor, Held, Loop, Namespace, Place, RemoteHost, Row, TcpState, normalized, with_remote_host, witness,
};
use rustix::net::sockopt;
use std::net::SocketAddr;
use support::{
    HEADING, HEADING_WITH_PID, Line, TITLE, Wanted, assert_same, at, expected, netstat, rows, shown,
};

/// Opens sockets in every state over every kind of address: both ways to SYN_RECEIVED, orphans, UDP connected and not,
/// listeners of every kind, and both ends of loopback connections.
fn everything(namespace: &Namespace, host: &RemoteHost) -> Vec<Held> {
    let mut held = support::every_state(namespace, host);
    for flavor in Flavor::ALL {
        held.push(host.hold_simultaneous_open(flavor).unwrap());
        held.push(host.hold(TcpState::FinWait1, flavor).unwrap().orphan().unwrap());
        held.push(host.hold(TcpState::FinWait2, flavor).unwrap().orphan().unwrap());
    }
    for kind in [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack] {
        let pair = namespace.connected(kind).unwrap();
        held.extend([pair.client, pair.server]);
    }
    held
}

fn made(held: &[Held]) -> impl Iterator<Item = &Row> {
    held.iter().flat_map(Held::rows)
}

/// Adds the scope to remote link-local addresses: `ss` shows it on the local address only.
fn with_remote_scopes(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        if let (SocketAddr::V6(local), Some(SocketAddr::V6(remote))) = (row.local, &mut row.remote) {
            remote.set_scope_id(local.scope_id());
        }
    }
    rows
}

fn text_of(lines: &[Line], pid: bool) -> String {
    let (heading, write): (_, fn(&Line) -> String) =
        if pid { (HEADING_WITH_PID, Line::with_pid) } else { (HEADING, Line::plain) };
    let body: String = lines.iter().map(write).collect();
    format!("{TITLE}{heading}\n{body}")
}

#[test]
fn every_socket_is_a_row_to_the_byte() {
    with_remote_host(|namespace, host| {
        let held = everything(namespace, host);
        let text = netstat("-anoq");
        let wanted = expected(made(&held), Wanted::ALL);
        assert!(wanted.len() > 80, "{} rows only", wanted.len());
        assert_same(&rows(&text, HEADING_WITH_PID), &wanted, "made by the test");
        assert_eq!(text, text_of(&wanted, true));

        // The same with what `ss` and /proc/net show in place of what the test opened.
        let by_ss = with_remote_scopes(witness::ss().unwrap());
        let unbound = made(&held).filter(|row| row.state != Some(TcpState::Bound));
        let seen = normalized(unbound);
        assert_eq!(normalized(&by_ss), seen, "ss");
        assert_eq!(normalized(&witness::proc_net().unwrap()), seen, "/proc/net");
        // /proc/net has no bound-only sockets, and ss shows them since iproute2 6.8.
        let bound = witness::bound().unwrap_or_else(|_| {
            made(&held).filter(|row| row.state == Some(TcpState::Bound)).cloned().collect()
        });
        assert_same(&rows(&text, HEADING_WITH_PID), &expected(by_ss.iter().chain(&bound), Wanted::ALL), "ss");
    });
}

#[test]
fn options_select_exactly_their_rows() {
    with_remote_host(|namespace, host| {
        let held = everything(namespace, host);
        let none =
            Wanted { tcp4: false, tcp6: false, udp4: false, udp6: false, listening: false, bound: false };
        let every = Wanted { bound: false, listening: false, ..Wanted::ALL };
        let all = Wanted { listening: true, ..every };
        let cases = [
            ("-n", every),
            ("-an", all),
            ("/NA", all),
            ("-qn", Wanted::ALL),
            ("-aqn", Wanted::ALL),
            ("-n -p tcp", Wanted { tcp4: true, ..none }),
            ("-n -p tcpv6", Wanted { tcp6: true, ..none }),
            ("-an -p tcp", Wanted { tcp4: true, listening: true, ..none }),
            ("-anp TCPv6", Wanted { tcp6: true, listening: true, ..none }),
            ("-qn -p tcp", Wanted { tcp4: true, bound: true, ..none }),
            ("-qn -ptcpv6", Wanted { tcp6: true, bound: true, ..none }),
            ("-n -p udp", Wanted { udp4: true, ..none }),
            ("-n -p udpv6", Wanted { udp6: true, ..none }),
            ("-an -p udp", Wanted { udp4: true, listening: true, ..none }),
            ("-an -p udpv6", Wanted { udp6: true, listening: true, ..none }),
            ("-qn -p udp", Wanted { udp4: true, bound: true, ..none }),
        ];
        for (words, wanted) in cases {
            let lines = expected(made(&held), wanted);
            assert!(!lines.is_empty(), "{words}");
            assert_eq!(netstat(words), text_of(&lines, false), "netstat {words}");
            assert_eq!(netstat(&format!("{words} -o")), text_of(&lines, true), "netstat {words} -o");
        }
    });
}

#[test]
fn an_empty_table_has_its_headings() {
    netstat_lab::on_own_thread(|_| {
        for words in ["", "-a", "-an -p udp", "-qn"] {
            assert_eq!(netstat(words), format!("{TITLE}{HEADING}\n"), "netstat {words}");
        }
        assert_eq!(netstat("-ano"), format!("{TITLE}{HEADING_WITH_PID}\n"));
    });
}

#[test]
fn korean_headings_by_locale_or_option() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyDualStack, 8080).unwrap();
        let rows_of = |text: &str| text.lines().skip(4).map(str::to_owned).collect::<Vec<_>>();
        for (words, heading) in [
            ("-an", "  프로토콜  로컬 주소           외부 주소              상태"),
            ("-ano", "  프로토콜  로컬 주소              외부 주소              상태            PID"),
        ] {
            let english = netstat(words);
            let by_option = netstat(&format!("{words} --lang ko"));
            assert!(by_option.starts_with(&format!("\n활성 연결\n\n{heading}\n")), "{by_option}");
            assert_eq!(rows_of(&by_option), rows_of(&english));
            let mut command = support::command(words);
            command.env("LC_ALL", "ko_KR.UTF-8");
            assert_eq!(support::finish(command).text, by_option);
        }
    });
}

const HEADING_WITH_TIME: &str =
    "  Proto  Local Address          Foreign Address        State           Time in State (ms)\n";
const HEADING_WITH_DSCP: &str =
    "  Proto  Local Address          Foreign Address        State           DSCP\n";
const HEADING_WITH_TEMPLATE: &str =
    "  Proto  Local Address          Foreign Address        State           Template\n";

#[test]
fn time_in_state_is_shown_where_the_kernel_has_it() {
    with_remote_host(|namespace, host| {
        let held = everything(namespace, host);
        // In FIN_WAIT_2 only a socket without a process has a timer.
        let orphans: Vec<String> = made(&held)
            .filter(|row| row.state == Some(TcpState::FinWait2) && row.inode.is_none())
            .map(|row| shown(row.local))
            .collect();
        assert_eq!(orphans.len(), 4);
        let mut times = 0;
        for line in rows(&netstat("-ani"), HEADING_WITH_TIME) {
            if line.proto == "UDP" {
                assert_eq!(line.rest, Vec::<String>::new(), "{line:?}");
            } else if line.state == "TIME_WAIT" || orphans.contains(&line.local) {
                times += 1;
                let [time] = &*line.rest else { panic!("{line:?}") };
                assert!(time.parse::<u64>().unwrap() <= 60_000, "{line:?}");
            } else {
                assert_eq!(line.rest, ["-"], "{line:?}");
            }
        }
        assert_eq!(times, 8);
    });
}

#[test]
fn dscp_is_the_one_each_socket_set() {
    with_remote_host(|namespace, host| {
        let of = |flavor| host.hold(TcpState::Established, flavor).unwrap();
        let (v4, v6, mapped) = (of(Flavor::V4), of(Flavor::V6), of(Flavor::Mapped));
        sockopt::set_ip_tos(v4.descriptor().unwrap(), 46 << 2).unwrap();
        sockopt::set_ipv6_tclass(v6.descriptor().unwrap(), 10 << 2).unwrap();
        // An IPv6 socket that talks IPv4 sends the IPv4 type of service.
        sockopt::set_ip_tos(mapped.descriptor().unwrap(), 34 << 2).unwrap();
        sockopt::set_ipv6_tclass(mapped.descriptor().unwrap(), 12 << 2).unwrap();
        let udp = namespace.udp_connected(Place::LoopbackV4, 9).unwrap();
        sockopt::set_ip_tos(udp.descriptor().unwrap(), 8 << 2).unwrap();
        let plain = host.hold(TcpState::CloseWait, Flavor::V6).unwrap();
        let gone = host.hold(TcpState::TimeWait, Flavor::V4).unwrap();
        let table = rows(&netstat("-and"), HEADING_WITH_DSCP);
        for (held, dscp) in
            [(&v4, "46"), (&v6, "10"), (&mapped, "34"), (&udp, "8"), (&plain, "0"), (&gone, "-")]
        {
            let proto = if held.row.state.is_some() { "TCP" } else { "UDP" };
            assert_eq!(at(&table, proto, &shown(held.row.local)).rest, [dscp]);
        }
    });
}

#[test]
fn the_template_is_the_congestion_control() {
    if !netstat_lab::lists_bound() {
        return;
    }
    with_remote_host(|_, host| {
        let mut held: Vec<Held> =
            TcpState::ALL.into_iter().map(|state| host.hold(state, Flavor::V4).unwrap()).collect();
        let other = host.hold(TcpState::Established, Flavor::V6).unwrap();
        sockopt::set_tcp_congestion(other.descriptor().unwrap(), "reno").unwrap();
        held.push(other);
        let default = held
            .iter()
            .find(|held| held.row.state == Some(TcpState::Established))
            .map(|held| sockopt::tcp_congestion(held.descriptor().unwrap()).unwrap())
            .unwrap();
        let table = rows(&netstat("-qny"), HEADING_WITH_TEMPLATE);
        for one in &held {
            let local = shown(one.row.local);
            let row = table
                .iter()
                .find(|line| {
                    line.local == local && line.foreign == one.row.remote.map_or(line.foreign.clone(), shown)
                })
                .unwrap_or_else(|| panic!("no row for {local} in {table:#?}"));
            let template = row.rest.join(" ");
            use TcpState::{Bound, Listen, SynReceived, TimeWait};
            match one.row.state.unwrap() {
                Bound | Listen | SynReceived | TimeWait => assert_eq!(template, "Not Applicable", "{row:?}"),
                _ if local.starts_with('[') => assert_eq!(template, "reno", "{row:?}"),
                _ => assert_eq!(template, default, "{row:?}"),
            }
        }
    });
}
