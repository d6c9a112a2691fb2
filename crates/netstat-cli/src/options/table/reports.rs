//! Options that ask for another report than the connection table.

use super::super::values;
use super::{Effect, Entry, Report, Value, ValueKind};

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
        details: "It is the sum of all interfaces but loopback; with -v each interface is shown by itself. What the \
                  system does not count is shown as -. Linux counts packets and, where the driver does, multicast \
                  ones: what is left of those received is shown as unicast, broadcasts included.",
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
        letters: &[],
        long: "no-extra",
        in_synopsis: false,
        summary: "With -s or -e, show only what Windows shows",
        help: "With -s or -e, shows only what Windows shows.",
        details: "Without it more rows follow those of Windows: retransmission rate, listen queue overflows, buffer \
                  errors and the like.",
        inferred: None,
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.no_extra = true),
    },
    Entry {
        letters: &[],
        long: "no-rates",
        in_synopsis: false,
        summary: "With -s or -e and an interval, show no rates",
        help: "With -s or -e and an interval, shows no rates beside the counters.",
        details: "Without it each display but the first adds what changed per second, as in (+12/s).",
        inferred: None,
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.no_rates = true),
    },
    Entry {
        letters: &[],
        long: "table",
        in_synopsis: false,
        summary: "With -r, show this routing table",
        help: "With -r, shows the routing table of this number, or main, local, default or all.",
        details: "Without it -r shows main, local and default. Linux only.",
        inferred: None,
        report: Report::Other,
        effect: Effect::Value(
            Value { name: "ID", example: "all", kind: ValueKind::Free },
            |arguments, text| {
                arguments.tables = Some(values::parse_tables(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &['v'],
        long: "verbose",
        in_synopsis: false,
        summary: "Show each interface (with -e); say how owners were found",
        help: "With -e, shows each interface by itself. With -b, -o and other reports that look for the owners of \
               sockets, says on standard error how they were found; the table is the same.",
        details: "",
        inferred: Some("The block of each interface: Windows has no such report."),
        report: Report::Other,
        effect: Effect::Switch(|arguments| arguments.verbose = true),
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
