//! What the kernel counts: segments, retransmissions, resets, what was dropped.

use crate::metric::{Kind, Label, Metric, Unit, Values};
use netstat_model::{
    Conntrack, Counters, IpCounters, SocketLevels, TcpCounters, TcpExtCounters, UdpCounters,
};

macro_rules! metrics {
    ($($name:ident = $kind:ident, $metric:literal, $unit:expr, $help:literal;)*) => {
        $(static $name: Metric = Metric { name: $metric, kind: Kind::$kind, unit: $unit, help: $help };)*
        /// All of them.
        pub(crate) static ALL: &[&Metric] = &[$(&$name),*];
    };
}

metrics! {
    SEGMENTS = Counter, "netstat.tcp.segments", Unit::Of("{segment}"),
        "TCP segments received (those in error among them) and sent (without those sent again).";
    RETRANSMITTED = Counter, "netstat.tcp.segments_retransmitted", Unit::Of("{segment}"), "TCP segments sent again.";
    SYN_RETRANSMITTED = Counter, "netstat.tcp.syn_retransmitted", Unit::Of("{segment}"), "SYN and SYN-ACK segments sent again.";
    IN_ERROR = Counter, "netstat.tcp.segments_in_error", Unit::Of("{segment}"), "TCP segments received in error.";
    OPENED = Counter, "netstat.tcp.connections_opened", Unit::Of("{connection}"),
        "TCP connections opened by this machine (side=client) and accepted (side=server).";
    ATTEMPTS_FAILED = Counter, "netstat.tcp.connection_attempts_failed", Unit::Of("{connection}"), "Attempts to connect that failed, of either side.";
    RESET = Counter, "netstat.tcp.connections_reset", Unit::Of("{connection}"),
        "TCP connections reset while they were established or in CLOSE_WAIT, by either end.";
    RESETS_SENT = Counter, "netstat.tcp.resets_sent", Unit::Of("{segment}"), "TCP segments sent with the RST flag.";
    EMBRYONIC = Counter, "netstat.tcp.half_open_reset", Unit::Of("{connection}"), "Half-open connections reset, by either end.";
    OVERFLOWS = Counter, "netstat.listen.overflows", Unit::Of("{connection}"),
        "Connections dropped because the accept queue of a listener was full.";
    DROPS = Counter, "netstat.listen.drops", Unit::Of("{connection}"),
        "Connections dropped by a listener for any reason, a full accept queue among them.";
    SYN_DROPS = Counter, "netstat.listen.syn_drops", Unit::Of("{segment}"), "SYNs dropped because the SYN queue was full.";
    SYN_COOKIES = Counter, "netstat.tcp.syn_cookies_sent", Unit::Of("{segment}"), "SYN cookies sent.";
    TIMEOUTS = Counter, "netstat.tcp.retransmission_timeouts", Unit::Of("{timeout}"), "Expirations of the retransmission timer.";
    ABORTS = Counter, "netstat.tcp.aborts", Unit::Of("{connection}"),
        "TCP connections that the kernel aborted: data came after the process had closed (data), the process closed with data unread (close), no memory or too many orphans (memory), too many retransmissions (timeout).";
    SEGMENTS_DROPPED = Counter, "netstat.tcp.segments_dropped", Unit::Of("{segment}"),
        "TCP segments dropped on receipt, because the socket was busy (backlog), its receive queue was full (receive_queue) or memory was short (memory).";
    MEMORY_PRESSURE = Counter, "netstat.tcp.memory_pressures", Unit::Of("{event}"), "How often TCP as a whole ran short of memory.";
    TIME_WAIT_OVERFLOW = Counter, "netstat.tcp.time_wait_overflows", Unit::Of("{socket}"), "Sockets that skipped TIME_WAIT because its limit was reached.";
    ORPHANS = Gauge, "netstat.tcp.orphans", Unit::Of("{socket}"), "TCP sockets that no process holds any more, of all network namespaces.";
    ORPHANS_LIMIT = Gauge, "netstat.tcp.orphans_limit", Unit::Of("{socket}"), "How many of these there may be.";
    TIME_WAIT = Gauge, "netstat.tcp.time_wait", Unit::Of("{socket}"), "Sockets in TIME_WAIT, as the kernel counts them.";
    TIME_WAIT_LIMIT = Gauge, "netstat.tcp.time_wait_limit", Unit::Of("{socket}"), "How many of these there may be.";
    DATAGRAMS = Counter, "netstat.udp.datagrams", Unit::Of("{datagram}"), "UDP datagrams delivered to a socket, and sent.";
    NO_PORT = Counter, "netstat.udp.no_port", Unit::Of("{datagram}"), "UDP datagrams for a port without a socket.";
    UDP_ERRORS = Counter, "netstat.udp.receive_errors", Unit::Of("{datagram}"),
        "UDP datagrams lost on receipt for another reason than a missing socket; on Linux full buffers are among them.";
    UDP_BUFFERS = Counter, "netstat.udp.buffer_errors", Unit::Of("{datagram}"), "UDP datagrams lost because the buffer of the socket was full.";
    IP_BYTES = Counter, "netstat.ip.io", Unit::Bytes, "Bytes of IP datagrams received and sent.";
    IP_DISCARDS = Counter, "netstat.ip.discards", Unit::Of("{datagram}"), "Valid IP datagrams discarded, for lack of memory for example.";
    NO_ROUTE = Counter, "netstat.ip.no_route", Unit::Of("{datagram}"), "IP datagrams that were not sent for lack of a route.";
    TRACKED = Gauge, "netstat.conntrack.entries", Unit::Of("{connection}"), "Connections that the firewall tracks. Without tracking there is no value.";
    TRACKED_LIMIT = Gauge, "netstat.conntrack.limit", Unit::Of("{connection}"), "How many of these there may be.";
    TRACKED_DROPS = Counter, "netstat.conntrack.drops", Unit::Of("{packet}"), "Packets dropped because no connection more could be tracked.";
}

/// Returns what the protocols counted. What the system does not count has no value.
pub(crate) fn values(counters: Option<&Counters>) -> Vec<Values> {
    let Some(counters) = counters else { return Vec::new() };
    let mut all = tcp(counters);
    all.extend(counters.tcp_ext.as_ref().map(extended).into_iter().flatten());
    all.extend(counters.levels.as_ref().map(levels).into_iter().flatten());
    all.extend(udp(counters));
    all.extend(ip(counters));
    all
}

/// Returns the counters of TCP: of both families together on Linux, of each on Windows.
fn tcp(counters: &Counters) -> Vec<Values> {
    let mut all = [&SEGMENTS, &RETRANSMITTED, &IN_ERROR, &OPENED, &ATTEMPTS_FAILED, &RESET, &RESETS_SENT]
        .map(Values::new);
    let each = [(None, &counters.tcp), (Some("ipv4"), &counters.tcp_v4), (Some("ipv6"), &counters.tcp_v6)];
    for (family, counters) in each {
        let Some(tcp): Option<&TcpCounters> = counters.as_ref() else { continue };
        let [segments, retransmitted, in_error, opened, failed, reset, resets] = &mut all;
        let add = |values: &mut Values, label: Option<(Label, &str)>, value| {
            let family = family.map(|family| (Label::Family, family));
            match (family, label) {
                (Some(one), Some(other)) => values.add([one, other], value),
                (Some(one), None) | (None, Some(one)) => values.add([one], value),
                (None, None) => values.add([], value),
            }
        };
        add(segments, Some((Label::Direction, "receive")), tcp.in_segs);
        add(segments, Some((Label::Direction, "transmit")), tcp.out_segs);
        add(retransmitted, None, tcp.retrans_segs);
        add(in_error, None, tcp.in_errs);
        add(opened, Some((Label::Side, "client")), tcp.active_opens);
        add(opened, Some((Label::Side, "server")), tcp.passive_opens);
        add(failed, None, tcp.attempt_fails);
        add(reset, None, tcp.estab_resets);
        add(resets, None, tcp.out_rsts);
    }
    all.into()
}

/// Returns the counters that only Linux has.
fn extended(tcp: &TcpExtCounters) -> Vec<Values> {
    let mut aborts = Values::new(&ABORTS);
    for (reason, count) in [
        ("data", tcp.abort_on_data),
        ("close", tcp.abort_on_close),
        ("memory", tcp.abort_on_memory),
        ("timeout", tcp.abort_on_timeout),
    ] {
        aborts.add([(Label::Reason, reason)], count);
    }
    let mut dropped = Values::new(&SEGMENTS_DROPPED);
    for (reason, count) in
        [("backlog", tcp.backlog_drop), ("receive_queue", tcp.rcv_q_drop), ("memory", tcp.rcv_pruned)]
    {
        dropped.add([(Label::Reason, reason)], count);
    }
    let rest = [
        (&SYN_RETRANSMITTED, tcp.syn_retrans),
        (&EMBRYONIC, tcp.embryonic_rsts),
        (&OVERFLOWS, tcp.listen_overflows),
        (&DROPS, tcp.listen_drops),
        (&SYN_DROPS, tcp.req_q_full_drop),
        (&SYN_COOKIES, tcp.syncookies_sent),
        (&TIMEOUTS, tcp.timeouts),
        (&MEMORY_PRESSURE, tcp.memory_pressures),
        (&TIME_WAIT_OVERFLOW, tcp.time_wait_overflow),
    ];
    let rest = rest.into_iter().map(|(metric, value)| Values::one(metric, value));
    [aborts, dropped].into_iter().chain(rest).collect()
}

fn levels(levels: &SocketLevels) -> Vec<Values> {
    let each = [
        (&ORPHANS, levels.tcp_orphan),
        (&ORPHANS_LIMIT, levels.tcp_max_orphans),
        (&TIME_WAIT, levels.tcp_tw),
        (&TIME_WAIT_LIMIT, levels.tcp_max_tw_buckets),
    ];
    each.into_iter().map(|(metric, value)| Values::one(metric, value)).collect()
}

fn udp(counters: &Counters) -> [Values; 4] {
    let mut all = [&DATAGRAMS, &NO_PORT, &UDP_ERRORS, &UDP_BUFFERS].map(Values::new);
    let [datagrams, no_port, errors, buffers] = &mut all;
    for (family, udp) in [("ipv4", &counters.udp_v4), ("ipv6", &counters.udp_v6)] {
        let Some(udp): Option<&UdpCounters> = udp.as_ref() else { continue };
        let family = (Label::Family, family);
        let [receive, transmit] = ["receive", "transmit"].map(|direction| (Label::Direction, direction));
        datagrams.add([family, receive], udp.in_datagrams);
        datagrams.add([family, transmit], udp.out_datagrams);
        no_port.add([family], udp.no_ports);
        errors.add([family], udp.in_errors);
        buffers.add([family, receive], udp.rcvbuf_errors);
        buffers.add([family, transmit], udp.sndbuf_errors);
    }
    all
}

fn ip(counters: &Counters) -> [Values; 3] {
    let mut all = [&IP_BYTES, &IP_DISCARDS, &NO_ROUTE].map(Values::new);
    let [bytes, discards, no_route] = &mut all;
    for (family, ip) in [("ipv4", &counters.ip_v4), ("ipv6", &counters.ip_v6)] {
        let Some(ip): Option<&IpCounters> = ip.as_ref() else { continue };
        let family = (Label::Family, family);
        let [receive, transmit] = ["receive", "transmit"].map(|direction| (Label::Direction, direction));
        bytes.add([family, receive], ip.in_octets);
        bytes.add([family, transmit], ip.out_octets);
        discards.add([family, receive], ip.in_discards);
        discards.add([family, transmit], ip.out_discards);
        no_route.add([family], ip.out_no_routes);
    }
    all
}

/// Returns what is known of tracked connections.
pub(crate) fn of_conntrack(table: Option<Conntrack>) -> Vec<Values> {
    let Some(table) = table else { return Vec::new() };
    let each = [(&TRACKED, table.entries), (&TRACKED_LIMIT, table.max), (&TRACKED_DROPS, table.drop)];
    each.into_iter().map(|(metric, value)| Values::one(metric, value)).collect()
}
