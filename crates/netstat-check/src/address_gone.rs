//! `address-gone`: connections from an address that no interface has any more.

use super::data::{check_data, say};
use super::holders::counted;
use super::text::grouped;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Thresholds};
use netstat_engine::text::words;
use netstat_model::query::{Kinds, ProcessFields, States};
use netstat_model::{IpSocketRef, Transport};
use std::collections::BTreeMap;
use std::net::IpAddr;

check_data!("address_gone.toml");

pub(crate) static CHECK: Check = Check {
    name: "address-gone",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: JUDGED,
        owners: JUDGED,
        process: ProcessFields::NAME,
        addresses: true,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// The states in which an answer is still waited for, or data may come.
pub(crate) const JUDGED: States = States::SYN_SENT
    .union(States::ESTABLISHED)
    .union(States::FIN_WAIT_1)
    .union(States::FIN_WAIT_2)
    .union(States::CLOSE_WAIT)
    .union(States::CLOSING)
    .union(States::LAST_ACK);

/// Returns whether the local address of a socket is one that an interface should have.
pub(crate) fn is_judged(socket: &IpSocketRef<'_>) -> bool {
    let address = socket.local.address;
    socket.protocol == Transport::Tcp
        && socket.state.is_some_and(|state| JUDGED.contains(States::of(state)))
        && !(address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let foreign = match &evidence.foreign_addresses {
        Ok(foreign) => foreign,
        Err(lack) => {
            return vec![Finding::unknown(say!("unknown", why = lack.reason()), say!("next-unknown"))];
        }
    };
    let judged = || evidence.now.sockets.iter().filter_map(|socket| socket.ip()).filter(is_judged);
    let mut by_address: BTreeMap<IpAddr, Vec<IpSocketRef<'_>>> = BTreeMap::new();
    for socket in judged().filter(|socket| foreign.contains(&socket.local.address)) {
        by_address.entry(socket.local.address).or_default().push(socket);
    }
    let mut findings = Vec::new();
    for (address, sockets) in by_address {
        let n = sockets.len();
        let Some(severity) = thresholds.graded(n as f64) else { continue };
        let mut finding = Finding::new(severity, say!("gone", n, address));
        finding.subject = address.to_string();
        finding.amount = n as f64;
        let states = counted(sockets.iter().filter_map(|socket| socket.state));
        let state = |(state, count): &(_, usize)| format!("{} {}", words::state(*state), grouped(*count));
        let listed = states.iter().map(state).collect::<Vec<_>>().join(", ");
        finding.facts =
            vec![Fact::said("connections", n), Fact::shown("states", listed.clone(), say!("states", listed))];
        finding.processes = evidence.culprits(sockets.iter().copied());
        finding.rows = Some(format!("netstat -ano src {address}"));
        finding.meaning = Some(say!("meaning"));
        finding.next = vec![say!("next-restart"), say!("next-kill", address)];
        findings.push(finding);
    }
    if findings.is_empty() {
        findings.push(Finding::ok(say!("ok", n = judged().count())));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Lack;
    use super::super::made::{held, lines, look, moment, run, tcp};
    use super::*;
    use netstat_model::TcpState;

    #[test]
    fn connections_from_foreign_addresses_are_counted_by_address() {
        let from = |address: &str, count: u16| {
            let of = move |port: u16| {
                held(tcp(&format!("{address}:{}", 40_000 + port), "10.0.0.9:443", TcpState::Established), 7)
            };
            (0..count).map(of).collect::<Vec<_>>()
        };
        let mut evidence =
            look(moment(1, [from("10.0.0.1", 12), from("10.0.0.2", 3), from("10.0.0.3", 50)].concat()));
        evidence.foreign_addresses =
            Ok(["10.0.0.1", "10.0.0.2"].into_iter().map(|text| text.parse().unwrap()).collect());
        assert_eq!(
            lines(&run(&CHECK, &evidence, &[])),
            [
                "warning [10.0.0.1] 12 connections use the address 10.0.0.1, which no interface has",
                "notice [10.0.0.2] 3 connections use the address 10.0.0.2, which no interface has",
            ]
        );
        evidence.foreign_addresses = Ok(Default::default());
        assert_eq!(
            lines(&run(&CHECK, &evidence, &[])),
            ["ok [] 65 connections use addresses of this machine"]
        );
        evidence.foreign_addresses = Err(Lack::Refused("no".to_owned()));
        assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("unknown"));
    }
}
