use super::super::data::CheckData;
use super::super::definition::Check;
use super::super::marks::Marks;
use super::super::thresholds::{CheckSettings, Thresholds};
use super::super::{ALL, Evidence, Fact, Finding, Severity, Text, made};
use super::*;
use made::{held, numbered, queues, tcp, udp, with};
use netstat_model::{TcpInfo, TcpState};
use std::sync::LazyLock;
use std::time::Duration;

/// A check that reads a field of every TCP socket which no other check reads of an idle one.
static RTT: Check = Check {
    name: "rtt",
    data: &RTT_DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::all(),
        fields: Fields::TCP_INFO,
        ..EvidenceNeeds::NOTHING
    },
    run: average_rtt,
};

static RTT_DATA: LazyLock<CheckData> = LazyLock::new(CheckData::default);

fn average_rtt(evidence: &Evidence, _: &Thresholds<'_>) -> Vec<Finding> {
    let connections = || evidence.now.sockets.iter().filter(|socket| socket.protocol == Protocol::Tcp);
    let known: Vec<Duration> = connections().filter_map(|socket| socket.tcp.as_ref()?.rtt).collect();
    let text = Text::same(format!("known of {} of {}", known.len(), connections().count()));
    let mut finding = Finding::new(Severity::Ok, text);
    finding
        .facts
        .push(Fact::said("sum_ms", u64::try_from(known.iter().sum::<Duration>().as_millis()).unwrap()));
    vec![finding]
}

/// Forty connections: idle, leaking, losing segments, and stuck ones.
fn sockets(second: u32) -> Vec<Socket> {
    let connection = |number: u32| {
        let state = if number % 4 == 1 { TcpState::CloseWait } else { TcpState::Established };
        let socket = held(tcp(&format!("10.0.0.1:{}", 1000 + number), "192.0.2.1:443", state), 7);
        let socket = with(numbered(socket, number.into()), |tcp| {
            tcp.rtt = Some(Duration::from_millis(number.into()));
            tcp.bytes_acked = Some(100);
            tcp.last_ack_received = Some(Duration::from_secs(20));
            tcp.data_segs_out = Some(10);
            tcp.total_retransmits = Some(if number % 4 == 2 { second } else { 0 });
            tcp.timeouts = Some(3);
        });
        queues(socket, 0, if number % 4 == 3 { 5000 } else { 0 })
    };
    (0..40).map(connection).chain([udp("10.0.0.1:53", "")]).collect()
}

/// Looks twice, as the program does, and returns what one of the chosen checks finds.
fn found(check: &Check, chosen: &[&Check]) -> Vec<Finding> {
    let needs = JointNeeds::of(chosen.iter().map(|check| check.needs));
    let first = sockets(1);
    let marks: Marks = first.iter().collect();
    let mut evidence = made::looks(Some(made::moment(1, first)), made::moment(2, sockets(2)));
    for socket in &mut evidence.now.sockets {
        if let Some(before) = marks.get(socket) {
            needs.lighten(before, socket);
        }
    }
    check.judge(&evidence, &CheckSettings::default())
}

#[test]
fn a_check_finds_the_same_whatever_runs_beside_it() {
    let alone = found(&RTT, &[&RTT]);
    assert_eq!(alone[0].sentence, Text::same("known of 40 of 40".to_owned()));
    let all: Vec<&Check> = ALL.into_iter().chain([&RTT]).collect();
    assert_eq!(found(&RTT, &all), alone);
    for other in ALL {
        assert_eq!(found(&RTT, &[&RTT, other]), alone, "beside {}", other.name);
        let alone = found(other, &[other]);
        assert_eq!(found(other, &[other, &RTT]), alone, "{}", other.name);
        assert_eq!(found(other, &all), alone, "{}", other.name);
    }
}

fn connection(change: impl FnOnce(&mut TcpInfo)) -> Socket {
    let socket = tcp("10.0.0.1:80", "192.0.2.1:1000", TcpState::Established);
    with(numbered(queues(socket, 0, 0), 7), |tcp| {
        tcp.bytes_acked = Some(100);
        tcp.last_ack_received = Some(Duration::from_secs(1));
        tcp.total_retransmits = Some(3);
        tcp.data_segs_out = Some(10);
        change(tcp);
    })
}

/// Returns whether the details of a socket are kept that was looked at before, if all checks run.
fn is_kept(before: &Socket, mut now: Socket) -> bool {
    let marks: Marks = [before].into_iter().collect();
    JointNeeds::of(ALL.map(|check| check.needs)).lighten(marks.get(&now).unwrap(), &mut now);
    now.tcp.is_some()
}

#[test]
fn details_are_kept_only_where_a_check_reads_them() {
    let idle = connection(|_| {});
    assert!(!is_kept(&idle, idle.clone()), "sent again long ago, and nothing since");
    assert!(is_kept(&idle, connection(|tcp| tcp.total_retransmits = Some(4))), "sent again");

    let full = |acked| queues(connection(|tcp| tcp.bytes_acked = Some(acked)), 0, 5000);
    assert!(is_kept(&full(100), full(100)), "nothing was acknowledged");
    assert!(!is_kept(&full(100), full(101)), "it moves");

    let mut waiting = idle.clone();
    waiting.state = Some(TcpState::CloseWait);
    assert!(is_kept(&idle, waiting), "close-wait reads its age");
}
