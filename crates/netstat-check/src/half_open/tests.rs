use super::super::made::{fact, fired, held, lines, look, looks, moment, run, tcp};
use super::*;
use netstat_model::{Socket, TimerKind};

/// Requests from so many addresses, the SYN-ACK of each sent again so often.
fn requests(count: u16, addresses: u16, again: u8) -> Vec<Socket> {
    (0..count)
        .map(|number| {
            let peer = number % addresses;
            let remote = format!("198.51.{}.{}:{}", peer / 250, peer % 250 + 1, 1024 + number);
            fired(tcp("10.0.0.1:80", &remote, TcpState::SynReceived), TimerKind::Retransmit, again)
        })
        .collect()
}

fn found(mut sockets: Vec<Socket>) -> Vec<Finding> {
    sockets.push(held(tcp("0.0.0.0:80", "", TcpState::Listen), 7));
    run(&CHECK, &look(moment(1, sockets)), &[])
}

#[test]
fn only_requests_answered_again_are_half_open() {
    for (sockets, expected) in [
        (requests(19, 19, 2), "ok"),
        (requests(20, 20, 1), "notice"),
        (requests(100, 100, 1), "warning"),
        (requests(1000, 500, 1), "critical"),
        (requests(3000, 3000, 0), "ok"),
    ] {
        let findings = found(sockets);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity.word(), expected, "{:?}", lines(&findings));
    }
}

#[test]
fn many_addresses_mean_a_flood_and_few_a_broken_path() {
    let flood = found(requests(400, 400, 1));
    assert_eq!(
        lines(&flood),
        ["warning [10.0.0.1:80] 400 connections to 10.0.0.1:80 are half-open: no answer to the SYN-ACK"]
    );
    assert_eq!(fact(&flood[0], "mostly_different_addresses"), Some(true.into()));
    let said = |finding: &Finding, key: &str| {
        let text = finding.facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.text.clone());
        text.map(|text| text.of(super::super::text::EN).to_owned())
    };
    let one = found(requests(400, 1, 1));
    assert_eq!(said(&one[0], "remote_addresses").as_deref(), Some("all from 198.51.0.1"));
    assert_eq!(fact(&one[0], "backlog"), None, "it is not known");
    let mut listener = held(tcp("0.0.0.0:80", "", TcpState::Listen), 7);
    listener.send_queue = Some(20);
    let sockets = [requests(400, 2, 1), vec![listener]].concat();
    let two = run(&CHECK, &look(moment(1, sockets)), &[]);
    assert_eq!(said(&two[0], "backlog").as_deref(), Some("the backlog of the listener: 20"));
    assert_eq!(
        said(&two[0], "remote_addresses").as_deref(),
        Some("from 2 remote addresses, most from 198.51.0.1 (200), 198.51.0.2 (200)")
    );
    let path = found(requests(400, 3, 1));
    assert_eq!(fact(&path[0], "mostly_different_addresses"), Some(false.into()));
    assert_eq!(fact(&path[0], "remote_addresses"), Some(3.into()));
    // A request belongs to nobody; the listener does.
    assert_eq!(path[0].processes[0].holder.subject(), "p7 (7)");
}

#[test]
fn without_timers_two_looks_show_who_waits() {
    let mut sockets = requests(25, 25, 0);
    sockets.iter_mut().for_each(|socket| socket.timer = None);
    let severity = |evidence: &Evidence| run(&CHECK, evidence, &[])[0].severity;
    assert_eq!(severity(&look(moment(1, sockets.clone()))), Severity::Unknown);
    assert_eq!(severity(&look(moment(1, sockets[..19].to_vec()))), Severity::Ok);
    let then = |sockets: &[Socket]| Some(moment(1, sockets.to_vec()));
    assert_eq!(severity(&looks(then(&sockets), moment(2, sockets.clone()))), Severity::Notice);
    assert_eq!(severity(&looks(then(&sockets[..19]), moment(2, sockets.clone()))), Severity::Ok);
}
