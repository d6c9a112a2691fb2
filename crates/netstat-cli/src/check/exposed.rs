//! `exposed`: listeners that other machines can reach and mostly should not.

mod firewall;
mod ports;

use super::holders::{Holder, to_see_one};
use super::identity::WHO;
use super::surroundings::{Wanted, is_for_this_machine};
use super::text::{EN, KO, grouped, number_of};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_engine::filter::Reach;
use netstat_model::query::{Kinds, States};
use netstat_model::{Passage, Protocol, Socket, TcpState};
use ports::{Risk, Service};
use std::collections::BTreeMap;

pub(crate) static CHECK: Check = Check {
    name: "exposed",
    summary: Text::fixed(
        "services that other machines can reach and mostly should not",
        "다른 컴퓨터가 닿을 수 있지만 대개 닿지 않아야 할 서비스",
    ),
    rule: Text::fixed(
        "A list of ports has the services that are made for a trusted network: databases, caches, remote desktops, shares of \
         files, the control sockets of container engines, and old protocols that send passwords in the clear. A TCP \
         listener or an unconnected UDP socket on one of them is a finding if other machines can reach its address: a \
         wildcard, or any address that is not of loopback, unless it is bound to the loopback interface.\n\n\
         A service that hands over the machine or its data without a password unless it was set up with care is critical, \
         any other is a warning. A listener bound to one address of a private network was put there by somebody, and is one \
         step milder.\n\n\
         The rules of the firewall are held against each of them, as far as they can be read (nftables and iptables-nft, by \
         root; the Windows firewall): where they drop whatever comes to the port, it is a notice. Otherwise that a port can \
         be reached is said with care: rules that could not be read, or a firewall on the way, may stand before it. Which \
         profile of the Windows firewall is in force depends on the network, so all three are judged, and where they differ \
         it is said which lets it in.",
        "목록에는 믿을 수 있는 네트워크를 위해 만든 서비스의 포트가 있습니다. 데이터베이스, 캐시, 원격 데스크톱, 파일 공유, 컨테이너 엔진의 \
         제어 소켓, 비밀번호를 그대로 보내는 옛 프로토콜입니다. 이런 포트의 TCP 리스너나 연결되지 않은 UDP 소켓은 다른 컴퓨터가 닿을 수 \
         있는 주소, 곧 와일드카드나 루프백이 아닌 주소에 있고 루프백 인터페이스에 묶이지 않았으면 결과로 나옵니다.\n\n\
         신경 써서 설정하지 않으면 비밀번호 없이 시스템이나 데이터를 내주는 서비스는 위험, 나머지는 경고입니다. 사설 네트워크의 주소 \
         하나에 묶인 리스너는 누군가 일부러 둔 것이므로 한 단계 낮춥니다.\n\n\
         읽을 수 있는 방화벽 규칙(nftables와 iptables-nft는 root로, 그리고 Windows 방화벽)과 견주어, 그 포트로 오는 것을 모두 버리면 \
         알림으로 낮춥니다. 그렇지 않으면 닿을 수 있다는 말은 조심해서 합니다. 읽지 못한 규칙이나 중간의 방화벽이 막고 있을 수 \
         있습니다. Windows 방화벽은 네트워크에 따라 프로필이 달라지므로 셋을 모두 판단하고, 서로 다르면 어느 프로필이 들여보내는지 보여 줍니다.",
    ),
    settings: &[&EXCEPT, &ALSO],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable and GetExtendedUdpTable: TCP listeners and UDP sockets, their addresses and owners",
        "NETLINK_NETFILTER: the chains, rules and sets of nftables",
        "the registry of Windows: FirewallPolicy, and WindowsFirewall of Group Policy; MS-GPFAS (the form of the rules)",
        "IANA, Service Name and Transport Protocol Port Number Registry",
        "RFC 6890 and the registries of special-purpose addresses",
    ],
    needs: Needs {
        kinds: Kinds::all(),
        states: States::LISTEN,
        owners: States::LISTEN,
        udp_owners: true,
        process: WHO,
        surroundings: Wanted { users: true, firewall: true, ..Wanted::NOTHING },
        ..Needs::NOTHING
    },
    run,
};

static EXCEPT: Setting = Setting {
    name: "except",
    default: Default::Ports,
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "ports that may be reached on this machine, such as 5432 or 161/udp",
        "이 컴퓨터에서는 열려 있어도 되는 포트. 예: 5432, 161/udp",
    ),
};

static ALSO: Setting = Setting {
    name: "also",
    default: Default::Ports,
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "more ports that should not be reached; each is a warning",
        "닿지 않아야 할 포트를 더합니다. 모두 경고입니다",
    ),
};

/// How far the widest of its addresses can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    /// One network of one's own.
    Private,
    /// Every network of the machine.
    Everywhere,
}

/// Where other machines can reach a listener; `None` where they cannot.
fn width(socket: &Socket) -> Option<Width> {
    let address = socket.local.address;
    if is_for_this_machine(socket) {
        return None;
    }
    if address.is_unspecified() {
        return Some(Width::Everywhere);
    }
    match Reach::of(address) {
        Some(Reach::Loopback) => None,
        Some(Reach::Private) => Some(Width::Private),
        // A group is joined on an interface, and so is reached from a network.
        None => Some(Width::Private),
        Some(Reach::Public) => Some(Width::Everywhere),
    }
}

/// Whether a setting such as `5432` or `161/udp` means a port.
fn names(word: &str, protocol: Protocol, port: u16) -> bool {
    let (number, of) = word.split_once('/').map_or((word, None), |(number, of)| (number, Some(of)));
    let right = of.is_none_or(|of| of.eq_ignore_ascii_case(protocol_word(protocol)));
    right && number.trim().parse() == Ok(port)
}

fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let (except, also) = (thresholds.words(&CHECK, &EXCEPT), thresholds.words(&CHECK, &ALSO));
    let mut reached = 0usize;
    let mut by_port: BTreeMap<(Protocol, u16), (&Service, Vec<&Socket>)> = BTreeMap::new();
    for socket in evidence.now.sockets.iter().filter(|socket| listens(socket)) {
        let (protocol, port) = (socket.protocol, socket.local.port);
        if width(socket).is_none() {
            continue;
        }
        reached += 1;
        let is = |words: &[String]| words.iter().any(|word| names(word, protocol, port));
        let service = ports::service(protocol, port).or(is(&also).then_some(&ports::NAMED));
        if let Some(service) = service.filter(|_| !is(&except)) {
            by_port.entry((protocol, port)).or_insert((service, Vec::new())).1.push(socket);
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    for ((protocol, port), (service, sockets)) in &by_port {
        let of_holder = |(holder, sockets): (Holder, Vec<&Socket>)| {
            finding(evidence, (*protocol, *port), service, &holder, &sockets)
        };
        findings.extend(evidence.by_holder(sockets.iter().copied()).into_iter().map(of_holder));
    }
    if findings.is_empty() {
        let count = grouped(reached);
        return vec![Finding::ok(
            CHECK.name,
            Text::new(
                format!(
                    "{} that other machines may reach, none on a port of the list",
                    number_of(reached, "listener", "listeners")
                ),
                format!("다른 컴퓨터가 닿을 수 있는 리스너 {count}개, 목록에 있는 포트는 없음"),
            ),
        )];
    }
    findings
}

fn listens(socket: &Socket) -> bool {
    match socket.protocol {
        Protocol::Tcp => socket.state == Some(TcpState::Listen),
        Protocol::Udp => socket.remote.is_none(),
    }
}

/// What is said of a port that one process has open.
fn finding(
    evidence: &Evidence,
    (protocol, port): (Protocol, u16),
    service: &Service,
    holder: &Holder,
    sockets: &[&Socket],
) -> Finding {
    let widest = sockets.iter().filter_map(|socket| width(socket)).max();
    let severity = match (service.risk, widest) {
        (Risk::Control, Some(Width::Everywhere)) => Severity::Critical,
        (Risk::Control, _) | (_, Some(Width::Everywhere)) => Severity::Warning,
        _ => Severity::Notice,
    };
    // What a firewall drops whoever sends it is there, and nobody gets to it.
    let closed = firewall::passage(evidence, sockets) == Some(Passage::Closed);
    let severity = if closed { Severity::Notice } else { severity };
    let word = format!("{port}/{}", protocol_word(protocol));
    let who = holder.text();
    let from = match widest {
        Some(Width::Everywhere) if sockets.iter().all(|socket| socket.interface.is_some()) => {
            Text::fixed("what is behind one interface", "인터페이스 하나의 네트워크")
        }
        Some(Width::Everywhere) => Text::fixed("every network of this machine", "이 컴퓨터의 모든 네트워크"),
        _ => Text::fixed("a private network", "사설 네트워크"),
    };
    let (service_en, service_ko) = (service.name.of(EN), service.name.of(KO));
    let sentence = if closed {
        Text::new(
            format!(
                "{service_en} ({word}) of {} is open to {}, but for the firewall",
                who.of(EN),
                from.of(EN)
            ),
            format!("{}의 {service_ko} ({word}): {}에 열려 있고 방화벽만 막고 있음", who.of(KO), from.of(KO)),
        )
    } else {
        Text::new(
            format!("{service_en} ({word}) of {} can be reached from {}", who.of(EN), from.of(EN)),
            format!("{}의 {service_ko} ({word}): {}에서 닿을 수 있음", who.of(KO), from.of(KO)),
        )
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
    finding.subject = format!("{word} {}", holder.subject());
    finding.amount = sockets.len() as f64;
    finding.facts = facts(evidence, service, sockets);
    finding.facts.insert(0, Fact::said("port", port));
    finding.facts.insert(1, Fact::said("protocol", protocol_word(protocol)));
    finding.processes = evidence.culprits(sockets.iter().copied());
    finding.rows = Some(format!(
        "netstat --columns local,pid,process,user,unit listening lport {port} proto {}",
        protocol_word(protocol)
    ));
    if protocol == Protocol::Udp {
        finding.rows = Some(format!("netstat --columns local,pid,process,user,unit udp lport {port}"));
    }
    finding.meaning = Some(service.reason.clone());
    finding.next = next(port, holder, service);
    finding
}

fn facts(evidence: &Evidence, service: &Service, sockets: &[&Socket]) -> Vec<Fact> {
    let mut addresses: Vec<String> = sockets.iter().map(|socket| socket.local.address.to_string()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let listed = addresses.join(", ");
    let mut facts = vec![
        Fact::said("service", service.name.of(EN)),
        Fact::shown(
            "addresses",
            addresses,
            Text::new(format!("it is bound to {listed}"), format!("바인드된 주소 {listed}")),
        ),
    ];
    let mut interfaces: Vec<u32> = sockets.iter().filter_map(|socket| socket.interface).collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    if !interfaces.is_empty() {
        let numbers: Vec<String> = interfaces.iter().map(u32::to_string).collect();
        let numbers = numbers.join(", ");
        facts.push(Fact::shown(
            "interfaces",
            interfaces,
            Text::new(
                format!("and to the interface with the number {numbers}"),
                format!("바인드된 인터페이스의 번호 {numbers}"),
            ),
        ));
    }
    facts.extend(evidence.identity(sockets.iter().copied()));
    facts.extend(firewall::facts(evidence, sockets));
    facts
}

fn next(port: u16, holder: &Holder, service: &Service) -> Vec<Text> {
    let mut next = vec![service.remedy.clone()];
    next.extend(to_see_one(holder));
    next.push(Text::new(
        format!(
            "try it from another machine, and if it is meant to be so: netstat check --set exposed.except={port}"
        ),
        format!("다른 컴퓨터에서 접속해 보고, 의도한 것이라면 netstat check --set exposed.except={port}"),
    ));
    next
}

#[cfg(test)]
mod tests;
