//! `shadowed`: ports that listeners of two programs share by their addresses, so that a client reaches one or the other.

use super::data::{check_data, say};
use super::holders::to_see_all;
use super::surroundings::{listens, protocol_word};
use super::text::{EN, KO, Text, named};
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_model::query::{Kinds, ProcessFields, States};
use netstat_model::{IpSocketRef, NoOwner, ProcessKey, Transport};
use std::collections::BTreeMap;
use std::net::IpAddr;

check_data!("shadowed.toml");

/// How many ports a sentence names.
const NAMED: usize = 5;

pub(crate) static CHECK: Check = Check {
    name: "shadowed",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP_UDP,
        states: States::LISTEN,
        owners: States::LISTEN,
        udp_owners: true,
        process: ProcessFields::NAME,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, _: &Thresholds<'_>) -> Vec<Finding> {
    let mut by_port: BTreeMap<(Transport, u16), Vec<IpSocketRef<'_>>> = BTreeMap::new();
    // A group of multicast gets a copy for each socket.
    let is_one = |socket: &IpSocketRef<'_>| listens(socket) && !socket.local.address.is_multicast();
    for socket in evidence.now.sockets.iter_ip().filter(is_one) {
        by_port.entry((socket.protocol, socket.local.port)).or_default().push(socket);
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut unknown = Vec::new();
    for (port, sockets) in &by_port {
        let shared = involved(evidence, sockets, Some(true));
        if !shared.is_empty() {
            findings.push(finding(evidence, *port, &shared));
        } else if !involved(evidence, sockets, None).is_empty() {
            unknown.push(format!("{}/{}", port.1, protocol_word(port.0)));
        }
    }
    if !unknown.is_empty() {
        let needs = to_see_all(&evidence.culprits(by_port.values().flatten().copied()));
        findings.push(Finding::unknown(say!("unknown", ports = named(&unknown, NAMED)), needs));
    }
    if findings.is_empty() {
        return vec![Finding::ok(say!("ok", n = by_port.len()))];
    }
    findings
}

/// Returns the sockets of a port of which one gets what another might be meant for, as far as `answer` says it of them.
fn involved<'a>(
    evidence: &Evidence,
    sockets: &[IpSocketRef<'a>],
    answer: Option<bool>,
) -> Vec<IpSocketRef<'a>> {
    let is_involved = |socket: &&IpSocketRef<'_>| {
        let others = sockets.iter();
        let mut pairs = others.flat_map(|other| [(*socket, other), (other, *socket)]);
        pairs.any(|(one, other)| shadows(evidence, one, other) == answer)
    };
    sockets.iter().filter(is_involved).copied().collect()
}

/// Whether a socket gets what comes to one address, and a socket of another program what comes to the others. `None` where
/// that depends on processes that are not known.
fn shadows(evidence: &Evidence, one: &IpSocketRef<'_>, other: &IpSocketRef<'_>) -> Option<bool> {
    let (address, wide) = (one.local.address, other.local.address);
    let (own, others) = (one.families(), other.families());
    let serves_both = own.v4 && others.v4 || own.v6 && others.v6;
    let is_exception = !address.is_unspecified() && wide.is_unspecified() && serves_both;
    // `localhost`, and any other name, may mean an address of either family.
    let is_wide = |address: IpAddr| address.is_unspecified() || address.is_loopback();
    let is_family = is_wide(address) && is_wide(wide) && !serves_both;
    if !(is_exception || is_family) || one.interface() != other.interface() {
        return Some(false);
    }
    if !is_other_program(one, other)? {
        return Some(false);
    }
    // A program that serves both families by a process each is meant to.
    let is_like = address.is_unspecified() == wide.is_unspecified();
    Some(is_exception || !is_like || evidence.held_by(one).name() != evidence.held_by(other).name())
}

/// Whether no process holds both sockets; `None` where that is not known.
fn is_other_program(one: &IpSocketRef<'_>, other: &IpSocketRef<'_>) -> Option<bool> {
    // The processes; none where it is the kernel.
    let holders = |socket: &IpSocketRef<'_>| -> Option<Vec<ProcessKey>> {
        let ownership = socket.ownership();
        let owners: Vec<ProcessKey> = ownership.owners().iter().map(|owner| owner.process).collect();
        let is_known = !owners.is_empty() || ownership.unowned() == Some(NoOwner::Kernel);
        is_known.then_some(owners)
    };
    let (own, others) = (holders(one)?, holders(other)?);
    Some(
        (own.is_empty() != others.is_empty())
            || own.iter().all(|owner| !others.contains(owner)) && !own.is_empty(),
    )
}

fn finding(evidence: &Evidence, (protocol, port): (Transport, u16), sockets: &[IpSocketRef<'_>]) -> Finding {
    let word = protocol_word(protocol);
    let mut held: Vec<(String, Text)> = sockets
        .iter()
        .map(|socket| (socket.local.address.to_string(), evidence.held_by(socket).text()))
        .collect();
    held.sort_by(|one, other| one.0.cmp(&other.0));
    held.dedup();
    let listed = |language| {
        let one = |(address, who): &(String, Text)| match language {
            EN => format!("{} has {address}", who.of(EN)),
            KO => format!("{}: {address}", who.of(KO)),
        };
        held.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let place = format!("{port}/{word}");
    let who = Text::new(listed(EN), listed(KO));
    let mut finding = Finding::new(Severity::Notice, say!("shared", port = &place, who));
    finding.subject = place;
    finding.amount = sockets.len() as f64;
    let addresses: Vec<&str> = held.iter().map(|(address, _)| address.as_str()).collect();
    finding.facts =
        vec![Fact::said("port", port), Fact::said("protocol", word), Fact::said("addresses", addresses)];
    finding.processes = evidence.culprits(sockets.iter().copied());
    finding.rows = Some(match protocol {
        Transport::Tcp => format!("netstat --columns local,pid,process listening lport {port} proto tcp"),
        Transport::Udp => format!("netstat --columns local,pid,process udp lport {port}"),
    });
    finding.meaning = Some(say!("meaning"));
    finding.next = vec![say!("next-which", port), say!("next-apart")];
    finding
}

#[cfg(test)]
mod tests {
    use super::super::made::{lines, process, run, seen, tcp, udp};
    use super::*;
    use netstat_model::{Ownership, Socket, TcpState};

    /// What is found of these listeners, each with the number and the path of its process.
    fn found(sockets: &[(Socket, u32, &str)]) -> Vec<String> {
        let sockets = sockets.iter().map(|(socket, pid, path)| (socket.clone(), Some(process(*pid, path))));
        lines(&run(&CHECK, &seen(sockets.collect()), &[]))
    }

    fn listener(local: &str) -> Socket {
        tcp(local, "", TcpState::Listen)
    }

    #[test]
    fn one_address_and_all_others_of_two_programs_are_a_notice() {
        let mut both = listener("[::]:3001");
        both.v6_only = Some(false);
        assert_eq!(
            found(&[(listener("127.0.0.1:3001"), 7, "/usr/bin/node"), (both.clone(), 8, "/usr/bin/node")]),
            [
                "notice [3001/tcp] clients of 3001/tcp reach one program or another, by the address: node (7) has 127.0.0.1, node (8) has ::"
            ]
        );
        let mut six = both.clone();
        six.v6_only = Some(true);
        let is_quiet = |sockets: &[(Socket, u32, &str)]| found(sockets)[0].starts_with("ok");
        // The same program by one process or its children, other ports, other families, other addresses.
        assert!(is_quiet(&[(listener("127.0.0.1:3001"), 7, "/n"), (both.clone(), 7, "/n")]));
        assert!(is_quiet(&[(listener("127.0.0.1:3002"), 7, "/n"), (both, 8, "/n")]));
        assert!(is_quiet(&[(listener("10.0.0.1:3001"), 7, "/n"), (six.clone(), 8, "/n")]));
        assert!(is_quiet(&[(listener("10.0.0.1:3001"), 7, "/n"), (listener("10.0.0.2:3001"), 8, "/m")]));
        assert!(is_quiet(&[(listener("127.0.0.1:3001"), 7, "/n"), (udp("0.0.0.0:3001", ""), 8, "/m")]));
        // Each family has its own program, unless one program serves both by two processes.
        assert!(!is_quiet(&[(listener("0.0.0.0:3001"), 7, "/n"), (six.clone(), 8, "/m")]));
        assert!(is_quiet(&[(listener("0.0.0.0:3001"), 7, "/n"), (six.clone(), 8, "/n")]));
        assert!(!is_quiet(&[(listener("127.0.0.1:3001"), 7, "/n"), (six, 8, "/n")]));
        assert!(!is_quiet(&[(listener("127.0.0.1:8081"), 7, "/n"), (listener("[::1]:8081"), 8, "/m")]));
        assert!(!is_quiet(&[(udp("127.0.0.1:53", ""), 7, "/n"), (udp("0.0.0.0:53", ""), 8, "/m")]));
        // Who holds them may not be known.
        let hidden = |local: &str| {
            let mut socket = listener(local);
            socket.ownership = Ownership::Unowned(NoOwner::NotPermitted);
            (socket, None)
        };
        let known = (listener("0.0.0.0:80"), Some(process(7, "/n")));
        let unknown = |sockets| run(&CHECK, &seen(sockets), &[])[0].severity == Severity::Unknown;
        assert!(unknown(vec![hidden("127.0.0.1:80"), known.clone()]));
        assert!(!unknown(vec![hidden("127.0.0.1:81"), known]));
        assert!(is_quiet(&[(udp("224.0.0.251:5353", ""), 7, "/n"), (udp("0.0.0.0:5353", ""), 8, "/m")]));
    }
}
