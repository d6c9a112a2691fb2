//! Options that ask for another report than the connection table.

use super::{Effect, Entry, Report};

pub(super) const OPTIONS: &[Entry] = &[
    Entry {
        letters: &['c'],
        long: "port-counts",
        in_synopsis: false,
        summary: "List processes by the number of ports they hold",
        help: "Lists the processes that hold TCP or UDP ports, the one with the most ports first.",
        details: "",
        inferred: Some("The whole report: no output of Windows was found."),
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.port_counts = true),
    },
    Entry {
        letters: &['e'],
        long: "ethernet",
        in_synopsis: true,
        summary: "Show interface statistics",
        help: "Shows interface statistics: bytes, packets, discards and errors. With -s the statistics of the \
               protocols follow.",
        details: "",
        inferred: Some("Which interfaces are counted; counters do not wrap at 32 bits."),
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.ethernet = true),
    },
    Entry {
        letters: &['r'],
        long: "route",
        in_synopsis: true,
        summary: "Show the routing table",
        help: "Shows the routing table.",
        details: "It is always numeric; -n may stand beside it.",
        inferred: Some("The order of interfaces and of routes with the same prefix."),
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.route = true),
    },
    Entry {
        letters: &['s'],
        long: "statistics",
        in_synopsis: true,
        summary: "Show statistics by protocol",
        help: "Shows statistics by protocol: IP, IPv6, ICMP, ICMPv6, TCP, TCPv6, UDP and UDPv6, or the one that -p \
               selects.",
        details: "",
        inferred: Some("The connection table that follows -s -p with tcp, tcpv6, udp or udpv6."),
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.statistics = true),
    },
    Entry {
        letters: &['x'],
        long: "network-direct",
        in_synopsis: true,
        summary: "Show NetworkDirect (RDMA) connections",
        help: "Shows the connections, listeners and shared endpoints of NetworkDirect (RDMA).",
        details: "The letters a, n and o may stand beside it.",
        inferred: Some("The column positions and the blank lines."),
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.network_direct = true),
    },
];
