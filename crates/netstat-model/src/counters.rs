//! What the system counts: packets, datagrams, segments, and what became of them.
//!
//! Every counter is `None` where the system does not have it. Counters only grow, until the system starts anew or
//! a 32-bit kernel wraps them (there they have 32 bits); what also shrinks is called a level here.
//!
//! The names are those of the MIBs (RFC 4293, 4022, 4113) and of Linux where no MIB has one; they are the keys
//! of the serialized form and what `get` takes. A counter is in its own unit: packets, segments, octets.

use serde::Serialize;
use std::ffi::OsString;

/// Defines a block of counters with their standard names.
macro_rules! counters {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$doc:meta])* $field:ident = $key:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
        pub struct $name {
            $($(#[$doc])* #[doc = ""] #[doc = concat!("Key: `", $key, "`.")] #[serde(rename = $key)] pub $field: Option<u64>,)*
        }

        impl $name {
            /// The standard names of all of them, in the order of the fields.
            pub const NAMES: &'static [&'static str] = &[$($key),*];

            /// The counter of a standard name; `None` also for a name that is not in [`Self::NAMES`].
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $($key => self.$field,)*
                    _ => None,
                }
            }

            /// Where the counter of a standard name is kept.
            pub fn named_mut(&mut self, name: &str) -> Option<&mut Option<u64>> {
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
        /// Datagrams received, those in error included.
        in_receives = "InReceives",
        /// Discarded for an error in the header.
        in_hdr_errors = "InHdrErrors",
        /// Discarded because the destination is not an address to receive here.
        in_addr_errors = "InAddrErrors",
        /// Forwarded. Linux calls it `OutForwDatagrams` for IPv6.
        forw_datagrams = "ForwDatagrams",
        /// Received for a protocol that nothing here takes.
        in_unknown_protos = "InUnknownProtos",
        /// Discarded on receipt without an error, for lack of memory for instance.
        in_discards = "InDiscards",
        /// Handed to the protocol above.
        in_delivers = "InDelivers",
        /// Sent by protocols of this machine; those forwarded are not in it.
        out_requests = "OutRequests",
        /// Routes discarded although valid. Windows only: Linux does not count it.
        routing_discards = "RoutingDiscards",
        /// Discarded on the way out without an error.
        out_discards = "OutDiscards",
        /// Discarded because no route led on.
        out_no_routes = "OutNoRoutes",
        /// Reassemblies given up because a fragment did not come in time.
        reasm_timeout = "ReasmTimeout",
        /// Fragments received.
        reasm_reqds = "ReasmReqds",
        /// Datagrams put together again.
        reasm_oks = "ReasmOKs",
        /// Reassemblies that failed.
        reasm_fails = "ReasmFails",
        /// Datagrams cut into fragments.
        frag_oks = "FragOKs",
        /// Datagrams that could not be, or may not be, cut.
        frag_fails = "FragFails",
        /// Fragments made.
        frag_creates = "FragCreates",
        /// Handed to the layer below, those forwarded and fragments included. Linux 6.7.
        out_transmits = "OutTransmits",
        /// Too large to forward. Linux, IPv6.
        in_too_big_errors = "InTooBigErrors",
        /// Received without a route to forward by.
        in_no_routes = "InNoRoutes",
        /// Shorter than their header says.
        in_truncated_pkts = "InTruncatedPkts",
        /// Multicast datagrams received.
        in_mcast_pkts = "InMcastPkts",
        /// Multicast datagrams sent.
        out_mcast_pkts = "OutMcastPkts",
        /// Broadcast datagrams received.
        in_bcast_pkts = "InBcastPkts",
        /// Broadcast datagrams sent.
        out_bcast_pkts = "OutBcastPkts",
        /// Octets received.
        in_octets = "InOctets",
        /// Octets sent.
        out_octets = "OutOctets",
    }
}

counters! {
    /// ICMP. Linux: `Icmp:` of `/proc/net/snmp`, and `IcmpMsg:` for the two types it has no name for. That line
    /// leaves out types that never came, which are then 0. Windows: `MIB_ICMP_EX`.
    pub struct IcmpV4Counters {
        /// Messages received, those in error included.
        in_msgs = "InMsgs",
        /// Received with an error (checksum, length, contents).
        in_errors = "InErrors",
        /// Received: destination unreachable (3).
        in_dest_unreachs = "InDestUnreachs",
        /// Received: time exceeded (11).
        in_time_excds = "InTimeExcds",
        /// Received: parameter problem (12).
        in_parm_probs = "InParmProbs",
        /// Received: source quench (4).
        in_src_quenchs = "InSrcQuenchs",
        /// Received: redirect (5).
        in_redirects = "InRedirects",
        /// Received: echo request (8).
        in_echos = "InEchos",
        /// Received: echo reply (0).
        in_echo_reps = "InEchoReps",
        /// Received: timestamp request (13).
        in_timestamps = "InTimestamps",
        /// Received: timestamp reply (14).
        in_timestamp_reps = "InTimestampReps",
        /// Received: address mask request (17).
        in_addr_masks = "InAddrMasks",
        /// Received: address mask reply (18).
        in_addr_mask_reps = "InAddrMaskReps",
        /// Received: router solicitation (10).
        in_router_solicits = "InType10",
        /// Received: router advertisement (9).
        in_router_adverts = "InType9",
        /// Messages sent, those that failed included.
        out_msgs = "OutMsgs",
        /// Not sent for a problem within ICMP, lack of memory for instance.
        out_errors = "OutErrors",
        /// Sent: destination unreachable (3).
        out_dest_unreachs = "OutDestUnreachs",
        /// Sent: time exceeded (11).
        out_time_excds = "OutTimeExcds",
        /// Sent: parameter problem (12).
        out_parm_probs = "OutParmProbs",
        /// Sent: source quench (4).
        out_src_quenchs = "OutSrcQuenchs",
        /// Sent: redirect (5).
        out_redirects = "OutRedirects",
        /// Sent: echo request (8).
        out_echos = "OutEchos",
        /// Sent: echo reply (0).
        out_echo_reps = "OutEchoReps",
        /// Sent: timestamp request (13).
        out_timestamps = "OutTimestamps",
        /// Sent: timestamp reply (14).
        out_timestamp_reps = "OutTimestampReps",
        /// Sent: address mask request (17).
        out_addr_masks = "OutAddrMasks",
        /// Sent: address mask reply (18).
        out_addr_mask_reps = "OutAddrMaskReps",
        /// Sent: router solicitation (10).
        out_router_solicits = "OutType10",
        /// Sent: router advertisement (9).
        out_router_adverts = "OutType9",
    }
}

counters! {
    /// ICMPv6. Linux: `Icmp6*` of `/proc/net/snmp6`, which lists the types it has no name for once they came;
    /// until then they are 0. Windows: `MIB_ICMP_EX`.
    pub struct IcmpV6Counters {
        /// Messages received, those in error included.
        in_msgs = "InMsgs",
        /// Received with an error.
        in_errors = "InErrors",
        /// Received: destination unreachable (1).
        in_dest_unreachs = "InDestUnreachs",
        /// Received: packet too big (2).
        in_pkt_too_bigs = "InPktTooBigs",
        /// Received: time exceeded (3).
        in_time_excds = "InTimeExcds",
        /// Received: parameter problem (4).
        in_parm_problems = "InParmProblems",
        /// Received: echo request (128).
        in_echos = "InEchos",
        /// Received: echo reply (129).
        in_echo_replies = "InEchoReplies",
        /// Received: multicast listener query (130).
        in_group_memb_queries = "InGroupMembQueries",
        /// Received: multicast listener report, version 1 (131).
        in_group_memb_responses = "InGroupMembResponses",
        /// Received: multicast listener done (132).
        in_group_memb_reductions = "InGroupMembReductions",
        /// Received: router solicitation (133).
        in_router_solicits = "InRouterSolicits",
        /// Received: router advertisement (134).
        in_router_advertisements = "InRouterAdvertisements",
        /// Received: neighbor solicitation (135).
        in_neighbor_solicits = "InNeighborSolicits",
        /// Received: neighbor advertisement (136).
        in_neighbor_advertisements = "InNeighborAdvertisements",
        /// Received: redirect (137).
        in_redirects = "InRedirects",
        /// Received: router renumbering (138).
        in_router_renumberings = "InType138",
        /// Received: multicast listener report, version 2 (143).
        in_mld_v2_reports = "InMLDv2Reports",
        /// Messages sent, those that failed included.
        out_msgs = "OutMsgs",
        /// Not sent for a problem within ICMPv6.
        out_errors = "OutErrors",
        /// Sent: destination unreachable (1).
        out_dest_unreachs = "OutDestUnreachs",
        /// Sent: packet too big (2).
        out_pkt_too_bigs = "OutPktTooBigs",
        /// Sent: time exceeded (3).
        out_time_excds = "OutTimeExcds",
        /// Sent: parameter problem (4).
        out_parm_problems = "OutParmProblems",
        /// Sent: echo request (128).
        out_echos = "OutEchos",
        /// Sent: echo reply (129).
        out_echo_replies = "OutEchoReplies",
        /// Sent: multicast listener query (130).
        out_group_memb_queries = "OutGroupMembQueries",
        /// Sent: multicast listener report, version 1 (131).
        out_group_memb_responses = "OutGroupMembResponses",
        /// Sent: multicast listener done (132).
        out_group_memb_reductions = "OutGroupMembReductions",
        /// Sent: router solicitation (133).
        out_router_solicits = "OutRouterSolicits",
        /// Sent: router advertisement (134).
        out_router_advertisements = "OutRouterAdvertisements",
        /// Sent: neighbor solicitation (135).
        out_neighbor_solicits = "OutNeighborSolicits",
        /// Sent: neighbor advertisement (136).
        out_neighbor_advertisements = "OutNeighborAdvertisements",
        /// Sent: redirect (137).
        out_redirects = "OutRedirects",
        /// Sent: router renumbering (138).
        out_router_renumberings = "OutType138",
        /// Sent: multicast listener report, version 2 (143).
        out_mld_v2_reports = "OutMLDv2Reports",
    }
}

counters! {
    /// TCP. Linux: `Tcp:` of `/proc/net/snmp`. Windows: `MIB_TCPSTATS2`.
    pub struct TcpCounters {
        /// The most connections that may be; `None` where that is not fixed, as on Linux (-1 there).
        max_conn = "MaxConn",
        /// Connections begun here.
        active_opens = "ActiveOpens",
        /// Connections accepted here.
        passive_opens = "PassiveOpens",
        /// Connections that failed while they were being opened.
        attempt_fails = "AttemptFails",
        /// Connections that went from ESTABLISHED or CLOSE-WAIT straight to CLOSED, whichever end reset them.
        estab_resets = "EstabResets",
        /// Level: connections in ESTABLISHED or CLOSE-WAIT now.
        curr_estab = "CurrEstab",
        /// Segments received, those in error included.
        in_segs = "InSegs",
        /// Segments sent, those that only repeat data not included.
        out_segs = "OutSegs",
        /// Segments sent again.
        retrans_segs = "RetransSegs",
        /// Segments received in error.
        in_errs = "InErrs",
        /// Segments sent with the RST flag.
        out_rsts = "OutRsts",
        /// Segments received with a wrong checksum. Linux 3.10.
        in_csum_errors = "InCsumErrors",
    }
}

counters! {
    /// UDP, one family. Linux: `Udp:` of `/proc/net/snmp`, `Udp6*` of `/proc/net/snmp6`; UDP-Lite is not in it.
    /// Windows: `MIB_UDPSTATS2`.
    pub struct UdpCounters {
        /// Datagrams handed to a socket.
        in_datagrams = "InDatagrams",
        /// Datagrams for a port that no socket has.
        no_ports = "NoPorts",
        /// Datagrams lost for another reason. On Linux the three reasons below are in it.
        in_errors = "InErrors",
        /// Datagrams sent.
        out_datagrams = "OutDatagrams",
        /// Datagrams lost because the receive buffer of the socket was full.
        rcvbuf_errors = "RcvbufErrors",
        /// Datagrams not sent because the send buffer of the socket was full.
        sndbuf_errors = "SndbufErrors",
        /// Datagrams lost for a wrong checksum. Linux 3.10.
        in_csum_errors = "InCsumErrors",
        /// Datagrams lost because the memory for all of UDP was used up. Linux 5.11.
        mem_errors = "MemErrors",
    }
}

counters! {
    /// What Linux counts of TCP beyond the MIB: `TcpExt:` of `/proc/net/netstat`, both families together.
    pub struct TcpExtCounters {
        /// SYN cookies sent.
        syncookies_sent = "SyncookiesSent",
        /// SYN cookies that came back valid.
        syncookies_recv = "SyncookiesRecv",
        /// SYN cookies that came back invalid.
        syncookies_failed = "SyncookiesFailed",
        /// Half-open connections ended by a reset, whichever end sent it.
        embryonic_rsts = "EmbryonicRsts",
        /// How often receive queues were pruned because a socket had too little memory.
        prune_called = "PruneCalled",
        /// Segments that were thrown away because pruning did not make room.
        rcv_pruned = "RcvPruned",
        /// Sockets that ended TIME-WAIT by its timer.
        time_waited = "TW",
        /// Sockets in TIME-WAIT taken over by a new connection.
        tw_recycled = "TWRecycled",
        /// Connections lost because the queue of a listener was full.
        listen_overflows = "ListenOverflows",
        /// Connections a listener lost for any reason, a full queue included.
        listen_drops = "ListenDrops",
        /// Segments that were sent again and lost again.
        lost_retransmit = "TCPLostRetransmit",
        /// Segments sent again by fast retransmit.
        fast_retrans = "TCPFastRetrans",
        /// Times the retransmission timer ran out.
        timeouts = "TCPTimeouts",
        /// Connections given up because something was received after the process closed them.
        abort_on_data = "TCPAbortOnData",
        /// Connections given up because the process closed them with data unread.
        abort_on_close = "TCPAbortOnClose",
        /// Connections given up for lack of memory, or because there were too many orphans.
        abort_on_memory = "TCPAbortOnMemory",
        /// Connections given up after too many tries.
        abort_on_timeout = "TCPAbortOnTimeout",
        /// Times TCP as a whole came under memory pressure.
        memory_pressures = "TCPMemoryPressures",
        /// Time spent under memory pressure, in milliseconds. Linux 4.13.
        memory_pressures_chrono = "TCPMemoryPressuresChrono",
        /// Segments lost because the backlog of a busy socket was full.
        backlog_drop = "TCPBacklogDrop",
        /// Sockets that skipped TIME-WAIT because there were too many in it.
        time_wait_overflow = "TCPTimeWaitOverflow",
        /// Requests answered with a cookie because the queue of requests was full.
        req_q_full_do_cookies = "TCPReqQFullDoCookies",
        /// Requests lost because the queue of requests was full.
        req_q_full_drop = "TCPReqQFullDrop",
        /// Segments received out of order and kept.
        ofo_queue = "TCPOFOQueue",
        /// Segments received out of order and lost for lack of memory.
        ofo_drop = "TCPOFODrop",
        /// SYN and SYN-ACK segments sent again.
        syn_retrans = "TCPSynRetrans",
        /// How often this side closed its receive window, because a process did not read. Linux 3.19.
        to_zero_window_adv = "TCPToZeroWindowAdv",
        /// Segments lost because the receive queue of the socket was full. Linux 4.19.
        rcv_q_drop = "TCPRcvQDrop",
    }
}

counters! {
    /// How many sockets there are now, and what limits them: levels all. Linux: `/proc/net/sockstat`,
    /// `/proc/net/sockstat6`, `/proc/sys/net/ipv4`.
    ///
    /// Orphans, allocated sockets and memory are counted for all network namespaces together.
    pub struct SocketLevels {
        /// TCP sockets over IPv4 in use.
        tcp_inuse = "tcp_inuse",
        /// TCP sockets over IPv6 in use.
        tcp6_inuse = "tcp6_inuse",
        /// TCP sockets that no process holds any longer.
        tcp_orphan = "tcp_orphan",
        /// TCP sockets in TIME-WAIT.
        tcp_tw = "tcp_tw",
        /// TCP sockets allocated, in any state.
        tcp_alloc = "tcp_alloc",
        /// Memory of TCP buffers, in pages.
        tcp_mem = "tcp_mem",
        /// The most orphans that may be.
        tcp_max_orphans = "tcp_max_orphans",
        /// The most sockets that may be in TIME-WAIT.
        tcp_max_tw_buckets = "tcp_max_tw_buckets",
        /// Memory of TCP buffers above which there is pressure, in pages.
        tcp_mem_pressure = "tcp_mem_pressure",
        /// Memory of TCP buffers above which nothing more is given, in pages.
        tcp_mem_max = "tcp_mem_max",
        /// UDP sockets over IPv4 in use.
        udp_inuse = "udp_inuse",
        /// UDP sockets over IPv6 in use.
        udp6_inuse = "udp6_inuse",
        /// Memory of UDP buffers, in pages.
        udp_mem = "udp_mem",
    }
}

/// The counters of all protocols. A block is `None` where the system has not got the protocol, or counts it
/// otherwise. The sources are read one after another, so two blocks may be moments apart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// IPv4.
    pub ip_v4: Option<IpCounters>,
    /// IPv6.
    pub ip_v6: Option<IpCounters>,
    /// ICMP.
    pub icmp_v4: Option<IcmpV4Counters>,
    /// ICMPv6.
    pub icmp_v6: Option<IcmpV6Counters>,
    /// TCP over both families together, as Linux counts it.
    pub tcp: Option<TcpCounters>,
    /// TCP over IPv4 alone, as Windows counts it.
    pub tcp_v4: Option<TcpCounters>,
    /// TCP over IPv6 alone, as Windows counts it.
    pub tcp_v6: Option<TcpCounters>,
    /// What Linux counts of TCP beyond the MIB.
    pub tcp_ext: Option<TcpExtCounters>,
    /// UDP over IPv4.
    pub udp_v4: Option<UdpCounters>,
    /// UDP over IPv6.
    pub udp_v6: Option<UdpCounters>,
    /// How many sockets there are.
    pub levels: Option<SocketLevels>,
}

counters! {
    /// The counters of one interface. Linux: `IFLA_STATS64` (2.6.35). Windows: `MIB_IF_ROW2`.
    ///
    /// What exactly a card puts into a counter is up to its driver.
    #[doc(alias = "rtnl_link_stats64")]
    pub struct InterfaceStats {
        /// Octets received.
        rx_bytes = "rx_bytes",
        /// Packets received.
        rx_packets = "rx_packets",
        /// Multicast packets received; many drivers do not count them, which looks like 0. Linux only.
        rx_multicast = "rx_multicast",
        /// Packets received for this machine alone. Windows only.
        rx_unicast = "rx_unicast",
        /// Packets received for more than one machine. Windows only.
        rx_non_unicast = "rx_non_unicast",
        /// Packets received of a protocol that nothing takes. Windows only: on Linux they are among those dropped.
        rx_unknown_protocols = "rx_unknown_protocols",
        /// Packets received in error.
        rx_errors = "rx_errors",
        /// Packets received and dropped by the kernel: for lack of memory, or because no protocol took them.
        rx_dropped = "rx_dropped",
        /// Packets the card had no buffer for.
        rx_missed_errors = "rx_missed_errors",
        /// Packets received on an interface that is not to receive, a spare of a bond for instance. Linux 4.6.
        rx_nohandler = "rx_nohandler",
        /// Octets sent.
        tx_bytes = "tx_bytes",
        /// Packets sent.
        tx_packets = "tx_packets",
        /// Packets sent to one machine. Windows only.
        tx_unicast = "tx_unicast",
        /// Packets sent to more than one machine. Windows only.
        tx_non_unicast = "tx_non_unicast",
        /// Packets not sent for an error.
        tx_errors = "tx_errors",
        /// Packets dropped before they were sent.
        tx_dropped = "tx_dropped",
        /// Collisions.
        collisions = "collisions",
    }
}

/// An interface and what it counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceCounters {
    /// Its index. A later interface does not get the same one again soon.
    #[doc(alias = "ifindex")]
    pub index: u32,
    /// Its name, which anyone who may make interfaces chose: not to be shown as it is.
    pub name: OsString,
    /// Whether what it sends comes back to this machine.
    #[doc(alias = "IFF_LOOPBACK")]
    pub loopback: bool,
    /// Its counters.
    pub stats: InterfaceStats,
}
