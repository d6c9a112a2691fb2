//! Ports of the local range that are taken, by destination.

use crate::metric::{Kind, Label, Metric, Sample, Unit, Value, Values};
use crate::sockets::protocol_name;
use netstat_check::{Evidence, ports_taken};
use netstat_model::{DynamicPorts, Limits};

pub(crate) static TAKEN: Metric = Metric {
    name: "netstat.local_ports.taken",
    kind: Kind::Gauge,
    unit: Unit::Of("{port}"),
    help: "Ports of the range for outgoing connections that are taken, by the local address and the remote end, which compete for the same ports. Those with the most are told, as many as --top says. Without a remote end it is all of the address together.",
};

pub(crate) static LIMIT: Metric = Metric {
    name: "netstat.local_ports.limit",
    kind: Kind::Gauge,
    unit: Unit::Of("{port}"),
    help: "How many ports the system has for outgoing connections.",
};

/// All of them.
pub(crate) static ALL: &[&Metric] = &[&TAKEN, &LIMIT];

/// Returns what is known of the ports.
pub(crate) fn values(evidence: &Evidence, top: usize) -> Vec<Values> {
    let mut taken = Values::new(&TAKEN);
    for ports in ports_taken(evidence).unwrap_or_default().into_iter().take(top) {
        let mut labels = vec![
            (Label::Protocol, protocol_name(ports.protocol).to_owned()),
            (Label::LocalAddress, ports.local.to_string()),
        ];
        if let Some(remote) = ports.remote {
            labels.push((Label::RemoteAddress, remote.address.to_string()));
            labels.push((Label::RemotePort, remote.port.to_string()));
        }
        let Ok(value) = u64::try_from(ports.taken) else { continue };
        taken.samples.push(Sample { labels, value: Value::Whole(value) });
    }
    let limits = evidence.limits.as_ref().ok().map(limits);
    [taken].into_iter().chain(limits).collect()
}

fn limits(limits: &Limits) -> Values {
    let mut values = Values::new(&LIMIT);
    let each: [(&str, &str, &Option<DynamicPorts>); 4] = [
        ("tcp", "ipv4", &limits.tcp_v4_ports),
        ("tcp", "ipv6", &limits.tcp_v6_ports),
        ("udp", "ipv4", &limits.udp_v4_ports),
        ("udp", "ipv6", &limits.udp_v6_ports),
    ];
    for (protocol, family, ports) in each {
        let count = ports.as_ref().and_then(|ports| u64::try_from(ports.count()).ok());
        values.add([(Label::Protocol, protocol), (Label::Family, family)], count);
    }
    values
}
