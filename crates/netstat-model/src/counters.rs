//! Counters of packets, datagrams and segments, by protocol and by interface.
//!
//! A counter is `None` where the system does not have it. Counters only grow, until the next boot or until a 32-bit
//! kernel wraps them (there they have 32 bits); values that also shrink are called levels.
//!
//! The names are those of the MIBs (RFC 4293, 4022, 4113), or of Linux where no MIB has one. They are the keys of the
//! serialized form and the arguments of `get`. The unit of a counter is what it counts: packets, segments, octets.

use std::ffi::OsString;

/// A block of counters that are found by their standard names.
pub trait CounterBlock {
    /// Returns the counter with a standard name; `None` also for a name that the block does not have.
    fn get(&self, name: &str) -> Option<u64>;

    /// Returns the field of a standard name, to be set.
    fn named_mut(&mut self, name: &str) -> Option<&mut Option<u64>>;
}

/// Defines a block of counters: the field, its standard name, and what it counts.
macro_rules! counters {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($field:ident = $key:literal: $doc:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name {
            $(
                #[doc = concat!($doc, "\n\nKey: `", $key, "`.")]
                #[cfg_attr(feature = "serde", serde(rename = $key))]
                pub $field: Option<u64>,
            )*
        }

        impl $name {
            /// The standard names of all counters, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$($key),*];
        }

        impl CounterBlock for $name {
            fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $($key => self.$field,)*
                    _ => None,
                }
            }

            fn named_mut(&mut self, name: &str) -> Option<&mut Option<u64>> {
                match name {
                    $($key => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

counters! {
    /// IP, one family. Linux: `Ip:` of `/proc/net/snmp` with `IpExt:` of `/proc/net/netstat`, `Ip6*` of
    /// `/proc/net/snmp6`. Windows: `MIB_IPSTATS`.
    pub struct IpCounters {
        in_receives = "InReceives": "Datagrams received, including those in error.",
        in_hdr_errors = "InHdrErrors": "Datagrams discarded because of a header error.",
        in_addr_errors = "InAddrErrors":
            "Datagrams discarded because the destination is not a valid address of this host.",
        forw_datagrams = "ForwDatagrams": "Datagrams forwarded. Linux calls it `OutForwDatagrams` for IPv6.",
        in_unknown_protos = "InUnknownProtos": "Datagrams received for an unsupported protocol.",
        in_discards = "InDiscards": "Valid datagrams discarded on receipt, for lack of memory for example.",
        in_delivers = "InDelivers": "Datagrams delivered to the upper-layer protocols.",
        out_requests = "OutRequests": "Datagrams sent by the protocols of this host, not counting forwarded ones.",
        routing_discards = "RoutingDiscards": "Valid routes discarded. Windows only: Linux does not count them.",
        out_discards = "OutDiscards": "Valid datagrams discarded on output.",
        out_no_routes = "OutNoRoutes": "Datagrams discarded for lack of a route.",
        reasm_timeout = "ReasmTimeout": "Reassemblies that timed out waiting for a fragment.",
        reasm_reqds = "ReasmReqds": "Fragments received.",
        reasm_oks = "ReasmOKs": "Datagrams reassembled.",
        reasm_fails = "ReasmFails": "Reassemblies that failed.",
        frag_oks = "FragOKs": "Datagrams fragmented.",
        frag_fails = "FragFails": "Datagrams that could not, or must not, be fragmented.",
        frag_creates = "FragCreates": "Fragments created.",
        out_transmits = "OutTransmits":
            "Datagrams handed to the link layer, including forwarded ones and fragments. Linux 6.7.",
        in_too_big_errors = "InTooBigErrors": "Datagrams too big to forward. Linux, IPv6.",
        in_no_routes = "InNoRoutes": "Datagrams received that had no route to be forwarded on.",
        in_truncated_pkts = "InTruncatedPkts": "Datagrams shorter than their header says.",
        in_mcast_pkts = "InMcastPkts": "Multicast datagrams received.",
        out_mcast_pkts = "OutMcastPkts": "Multicast datagrams sent.",
        in_bcast_pkts = "InBcastPkts": "Broadcast datagrams received.",
        out_bcast_pkts = "OutBcastPkts": "Broadcast datagrams sent.",
        in_octets = "InOctets": "Octets received.",
        out_octets = "OutOctets": "Octets sent.",
    }
}

counters! {
    /// ICMP. Linux: `Icmp:` of `/proc/net/snmp`, and `IcmpMsg:` for the two types without a name there. That line
    /// leaves out types that never occurred; those are 0. Windows: `MIB_ICMP_EX`.
    pub struct IcmpV4Counters {
        in_msgs = "InMsgs": "Messages received, including those in error.",
        in_errors = "InErrors": "Received with an error (checksum, length, contents).",
        in_dest_unreachs = "InDestUnreachs": "Received: destination unreachable (3).",
        in_time_excds = "InTimeExcds": "Received: time exceeded (11).",
        in_parm_probs = "InParmProbs": "Received: parameter problem (12).",
        in_src_quenchs = "InSrcQuenchs": "Received: source quench (4).",
        in_redirects = "InRedirects": "Received: redirect (5).",
        in_echos = "InEchos": "Received: echo request (8).",
        in_echo_reps = "InEchoReps": "Received: echo reply (0).",
        in_timestamps = "InTimestamps": "Received: timestamp request (13).",
        in_timestamp_reps = "InTimestampReps": "Received: timestamp reply (14).",
        in_addr_masks = "InAddrMasks": "Received: address mask request (17).",
        in_addr_mask_reps = "InAddrMaskReps": "Received: address mask reply (18).",
        in_router_solicits = "InType10": "Received: router solicitation (10).",
        in_router_adverts = "InType9": "Received: router advertisement (9).",
        out_msgs = "OutMsgs": "Messages sent, including failed ones.",
        out_errors = "OutErrors": "Not sent because of a problem within ICMP, lack of memory for example.",
        out_dest_unreachs = "OutDestUnreachs": "Sent: destination unreachable (3).",
        out_time_excds = "OutTimeExcds": "Sent: time exceeded (11).",
        out_parm_probs = "OutParmProbs": "Sent: parameter problem (12).",
        out_src_quenchs = "OutSrcQuenchs": "Sent: source quench (4).",
        out_redirects = "OutRedirects": "Sent: redirect (5).",
        out_echos = "OutEchos": "Sent: echo request (8).",
        out_echo_reps = "OutEchoReps": "Sent: echo reply (0).",
        out_timestamps = "OutTimestamps": "Sent: timestamp request (13).",
        out_timestamp_reps = "OutTimestampReps": "Sent: timestamp reply (14).",
        out_addr_masks = "OutAddrMasks": "Sent: address mask request (17).",
        out_addr_mask_reps = "OutAddrMaskReps": "Sent: address mask reply (18).",
        out_router_solicits = "OutType10": "Sent: router solicitation (10).",
        out_router_adverts = "OutType9": "Sent: router advertisement (9).",
    }
}

counters! {
    /// ICMPv6. Linux: `Icmp6*` of `/proc/net/snmp6`, which lists types without a name only once they occurred;
    /// until then they are 0. Windows: `MIB_ICMP_EX`.
    pub struct IcmpV6Counters {
        in_msgs = "InMsgs": "Messages received, including those in error.",
        in_errors = "InErrors": "Received with an error.",
        in_dest_unreachs = "InDestUnreachs": "Received: destination unreachable (1).",
        in_pkt_too_bigs = "InPktTooBigs": "Received: packet too big (2).",
        in_time_excds = "InTimeExcds": "Received: time exceeded (3).",
        in_parm_problems = "InParmProblems": "Received: parameter problem (4).",
        in_echos = "InEchos": "Received: echo request (128).",
        in_echo_replies = "InEchoReplies": "Received: echo reply (129).",
        in_group_memb_queries = "InGroupMembQueries": "Received: multicast listener query (130).",
        in_group_memb_responses = "InGroupMembResponses": "Received: multicast listener report, version 1 (131).",
        in_group_memb_reductions = "InGroupMembReductions": "Received: multicast listener done (132).",
        in_router_solicits = "InRouterSolicits": "Received: router solicitation (133).",
        in_router_advertisements = "InRouterAdvertisements": "Received: router advertisement (134).",
        in_neighbor_solicits = "InNeighborSolicits": "Received: neighbor solicitation (135).",
        in_neighbor_advertisements = "InNeighborAdvertisements": "Received: neighbor advertisement (136).",
        in_redirects = "InRedirects": "Received: redirect (137).",
        in_router_renumberings = "InType138": "Received: router renumbering (138).",
        in_mld_v2_reports = "InMLDv2Reports": "Received: multicast listener report, version 2 (143).",
        out_msgs = "OutMsgs": "Messages sent, including failed ones.",
        out_errors = "OutErrors": "Not sent because of a problem within ICMPv6.",
        out_dest_unreachs = "OutDestUnreachs": "Sent: destination unreachable (1).",
        out_pkt_too_bigs = "OutPktTooBigs": "Sent: packet too big (2).",
        out_time_excds = "OutTimeExcds": "Sent: time exceeded (3).",
        out_parm_problems = "OutParmProblems": "Sent: parameter problem (4).",
        out_echos = "OutEchos": "Sent: echo request (128).",
        out_echo_replies = "OutEchoReplies": "Sent: echo reply (129).",
        out_group_memb_queries = "OutGroupMembQueries": "Sent: multicast listener query (130).",
        out_group_memb_responses = "OutGroupMembResponses": "Sent: multicast listener report, version 1 (131).",
        out_group_memb_reductions = "OutGroupMembReductions": "Sent: multicast listener done (132).",
        out_router_solicits = "OutRouterSolicits": "Sent: router solicitation (133).",
        out_router_advertisements = "OutRouterAdvertisements": "Sent: router advertisement (134).",
        out_neighbor_solicits = "OutNeighborSolicits": "Sent: neighbor solicitation (135).",
        out_neighbor_advertisements = "OutNeighborAdvertisements": "Sent: neighbor advertisement (136).",
        out_redirects = "OutRedirects": "Sent: redirect (137).",
        out_router_renumberings = "OutType138": "Sent: router renumbering (138).",
        out_mld_v2_reports = "OutMLDv2Reports": "Sent: multicast listener report, version 2 (143).",
    }
}

counters! {
    /// TCP. Linux: `Tcp:` of `/proc/net/snmp`. Windows: `MIB_TCPSTATS2`.
    pub struct TcpCounters {
        max_conn = "MaxConn": "The limit on connections; `None` if there is no fixed limit, as on Linux (-1 there).",
        active_opens = "ActiveOpens": "Connections opened by this host.",
        passive_opens = "PassiveOpens": "Connections accepted by this host.",
        attempt_fails = "AttemptFails": "Connection attempts that failed.",
        estab_resets = "EstabResets": "Connections reset in ESTABLISHED or CLOSE-WAIT, by either end.",
        curr_estab = "CurrEstab": "Level: connections in ESTABLISHED or CLOSE-WAIT now.",
        in_segs = "InSegs": "Segments received, including those in error.",
        out_segs = "OutSegs": "Segments sent, not counting pure retransmissions.",
        retrans_segs = "RetransSegs": "Segments retransmitted.",
        in_errs = "InErrs": "Segments received in error.",
        out_rsts = "OutRsts": "Segments sent with the RST flag.",
        in_csum_errors = "InCsumErrors": "Segments received with a bad checksum. Linux 3.10.",
    }
}

counters! {
    /// UDP, one family. Linux: `Udp:` of `/proc/net/snmp`, `Udp6*` of `/proc/net/snmp6`; UDP-Lite is not included.
    /// Windows: `MIB_UDPSTATS2`.
    pub struct UdpCounters {
        in_datagrams = "InDatagrams": "Datagrams delivered to a socket.",
        no_ports = "NoPorts": "Datagrams for a port without a socket.",
        in_errors = "InErrors":
            "Datagrams lost for another reason. On Linux this includes the three buffer, checksum and memory counters.",
        out_datagrams = "OutDatagrams": "Datagrams sent.",
        rcvbuf_errors = "RcvbufErrors": "Datagrams lost because the receive buffer of the socket was full.",
        sndbuf_errors = "SndbufErrors": "Datagrams not sent because the send buffer of the socket was full.",
        in_csum_errors = "InCsumErrors": "Datagrams lost because of a bad checksum. Linux 3.10.",
        mem_errors = "MemErrors": "Datagrams lost because the memory limit of UDP was reached. Linux 5.11.",
    }
}

counters! {
    /// TCP counters of Linux beyond the MIB: `TcpExt:` of `/proc/net/netstat`, both families together.
    pub struct TcpExtCounters {
        syncookies_sent = "SyncookiesSent": "SYN cookies sent.",
        syncookies_recv = "SyncookiesRecv": "Valid SYN cookies received.",
        syncookies_failed = "SyncookiesFailed": "Invalid SYN cookies received.",
        embryonic_rsts = "EmbryonicRsts": "Half-open connections reset, by either end.",
        prune_called = "PruneCalled": "Receive queues pruned because a socket ran short of memory.",
        rcv_pruned = "RcvPruned": "Segments dropped because pruning did not free enough memory.",
        time_waited = "TW": "Sockets that left TIME-WAIT by its timer.",
        tw_recycled = "TWRecycled": "TIME-WAIT sockets reused by a new connection.",
        listen_overflows = "ListenOverflows": "Connections dropped because the accept queue of a listener was full.",
        listen_drops = "ListenDrops":
            "Connections dropped by a listener for any reason, including a full accept queue.",
        lost_retransmit = "TCPLostRetransmit": "Retransmitted segments that were lost again.",
        fast_retrans = "TCPFastRetrans": "Segments retransmitted by fast retransmit.",
        timeouts = "TCPTimeouts": "Expirations of the retransmission timer.",
        abort_on_data = "TCPAbortOnData":
            "Connections aborted because data arrived after the process had closed them.",
        abort_on_close = "TCPAbortOnClose": "Connections aborted because the process closed them with unread data.",
        abort_on_memory = "TCPAbortOnMemory":
            "Connections aborted for lack of memory, or because there were too many orphans.",
        abort_on_timeout = "TCPAbortOnTimeout": "Connections aborted after too many retransmissions.",
        memory_pressures = "TCPMemoryPressures": "Times TCP as a whole entered memory pressure.",
        memory_pressures_chrono = "TCPMemoryPressuresChrono":
            "Time spent under memory pressure, in milliseconds. Linux 4.13.",
        backlog_drop = "TCPBacklogDrop": "Segments dropped because the backlog of a busy socket was full.",
        time_wait_overflow = "TCPTimeWaitOverflow": "Sockets that skipped TIME-WAIT because its limit was reached.",
        req_q_full_do_cookies = "TCPReqQFullDoCookies":
            "SYNs answered with a SYN cookie because the SYN queue was full.",
        req_q_full_drop = "TCPReqQFullDrop": "SYNs dropped because the SYN queue was full.",
        ofo_queue = "TCPOFOQueue": "Segments received out of order and queued.",
        ofo_drop = "TCPOFODrop": "Segments received out of order and dropped for lack of memory.",
        syn_retrans = "TCPSynRetrans": "SYN and SYN-ACK segments retransmitted.",
        to_zero_window_adv = "TCPToZeroWindowAdv":
            "Times a receive window was closed because a process did not read. Linux 3.19.",
        rcv_q_drop = "TCPRcvQDrop": "Segments dropped because the receive queue of the socket was full. Linux 4.19.",
    }
}

counters! {
    /// Numbers of sockets now, and the limits on them; all of these are levels. Linux: `/proc/net/sockstat`,
    /// `/proc/net/sockstat6`, `/proc/sys/net/ipv4`.
    ///
    /// Orphans, allocated sockets and memory are counted over all network namespaces.
    pub struct SocketLevels {
        tcp_inuse = "tcp_inuse": "TCP sockets over IPv4 in use.",
        tcp6_inuse = "tcp6_inuse": "TCP sockets over IPv6 in use.",
        tcp_orphan = "tcp_orphan": "TCP sockets no longer held by any process (orphans).",
        tcp_tw = "tcp_tw": "TCP sockets in TIME-WAIT.",
        tcp_alloc = "tcp_alloc": "TCP sockets allocated, in any state.",
        tcp_mem = "tcp_mem": "Memory of TCP buffers, in pages.",
        tcp_max_orphans = "tcp_max_orphans": "The limit on orphans.",
        tcp_max_tw_buckets = "tcp_max_tw_buckets": "The limit on sockets in TIME-WAIT.",
        tcp_mem_pressure = "tcp_mem_pressure": "Memory of TCP buffers at which memory pressure begins, in pages.",
        tcp_mem_max = "tcp_mem_max": "The limit on memory of TCP buffers, in pages.",
        udp_inuse = "udp_inuse": "UDP sockets over IPv4 in use.",
        udp6_inuse = "udp6_inuse": "UDP sockets over IPv6 in use.",
        udp_mem = "udp_mem": "Memory of UDP buffers, in pages.",
    }
}

/// Counters of all protocols. A block is `None` where the system lacks the protocol or counts it differently. The
/// sources are read one after another, so two blocks may be moments apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counters {
    /// IPv4.
    pub ip_v4: Option<IpCounters>,
    /// IPv6.
    pub ip_v6: Option<IpCounters>,
    /// ICMP.
    pub icmp_v4: Option<IcmpV4Counters>,
    /// ICMPv6.
    pub icmp_v6: Option<IcmpV6Counters>,
    /// TCP over both families, as Linux counts it.
    pub tcp: Option<TcpCounters>,
    /// TCP over IPv4, as Windows counts it.
    pub tcp_v4: Option<TcpCounters>,
    /// TCP over IPv6, as Windows counts it.
    pub tcp_v6: Option<TcpCounters>,
    /// TCP counters of Linux beyond the MIB.
    pub tcp_ext: Option<TcpExtCounters>,
    /// UDP over IPv4.
    pub udp_v4: Option<UdpCounters>,
    /// UDP over IPv6.
    pub udp_v6: Option<UdpCounters>,
    /// Numbers of sockets and their limits.
    pub levels: Option<SocketLevels>,
}

counters! {
    /// Counters of one interface. Linux: `IFLA_STATS64` (2.6.35). Windows: `MIB_IF_ROW2`.
    ///
    /// What exactly is counted depends on the driver of the network card.
    #[doc(alias = "rtnl_link_stats64")]
    pub struct InterfaceStats {
        rx_bytes = "rx_bytes": "Octets received.",
        rx_packets = "rx_packets": "Packets received.",
        rx_multicast = "rx_multicast":
            "Multicast packets received; 0 with the many drivers that do not count them. Linux only.",
        rx_unicast = "rx_unicast": "Unicast packets received. Windows only.",
        rx_non_unicast = "rx_non_unicast": "Multicast and broadcast packets received. Windows only.",
        rx_unknown_protocols = "rx_unknown_protocols":
            "Packets received for an unsupported protocol. Windows only: Linux counts them as dropped.",
        rx_errors = "rx_errors": "Packets received in error.",
        rx_dropped = "rx_dropped":
            "Received packets dropped by the kernel, for lack of memory or of a protocol that takes them.",
        rx_missed_errors = "rx_missed_errors": "Packets missed because the network card had no buffer left.",
        rx_nohandler = "rx_nohandler":
            "Packets received on an inactive interface, such as a bond's backup. Linux 4.6.",
        tx_bytes = "tx_bytes": "Octets sent.",
        tx_packets = "tx_packets": "Packets sent.",
        tx_unicast = "tx_unicast": "Unicast packets sent. Windows only.",
        tx_non_unicast = "tx_non_unicast": "Multicast and broadcast packets sent. Windows only.",
        tx_errors = "tx_errors": "Packets not sent because of an error.",
        tx_dropped = "tx_dropped": "Packets dropped before transmission.",
        collisions = "collisions": "Collisions.",
    }
}

/// An interface and its counters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InterfaceCounters {
    /// The interface index. The system does not reuse it soon.
    #[doc(alias = "ifindex")]
    pub index: u32,
    /// The interface name. Chosen by whoever created the interface: escape it before showing it.
    pub name: OsString,
    /// True for a loopback interface.
    #[doc(alias = "IFF_LOOPBACK")]
    pub loopback: bool,
    /// The counters.
    pub stats: InterfaceStats,
}
