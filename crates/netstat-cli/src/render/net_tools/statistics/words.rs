//! What net-tools says of each counter that it knows, by the name that the kernel gives it.

/// When and where a counter is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Always.
    Always,
    /// If it is not 0.
    NonZero,
    /// Never.
    Hidden,
    /// If it is not 0, below the heading of received messages, which is always shown.
    In,
    /// The same for sent messages.
    Out,
}
use Shown::{Always, Hidden, In, NonZero, Out};

/// The name of a counter, when it is shown, and the words around it; `{}` is its value.
pub(super) type Entry = (&'static str, Shown, &'static str);

/// Returns the counters of a group; none for a group that net-tools does not know.
pub(super) fn of_group(group: &str) -> &'static [Entry] {
    match group {
        "Ip" => IP,
        "Icmp" => ICMP,
        "Tcp" => TCP,
        "Udp" => UDP,
        "TcpExt" => TCP_EXT,
        "Ip6" => IP6,
        "Icmp6" => ICMP6,
        "Udp6" => UDP6,
        _ => &[],
    }
}

const IP: &[Entry] = &[
    ("DefaultTTL", Hidden, ""),
    ("ForwDatagrams", Always, "{} forwarded"),
    ("FragCreates", NonZero, "{} fragments created"),
    ("FragFails", NonZero, "{} outgoing packets failed fragmentation"),
    ("FragOKs", NonZero, "{} outgoing packets fragmented ok"),
    ("InAddrErrors", NonZero, "{} with invalid addresses"),
    ("InDelivers", Always, "{} incoming packets delivered"),
    ("InDiscards", Always, "{} incoming packets discarded"),
    ("InHdrErrors", NonZero, "{} with invalid headers"),
    ("InReceives", Always, "{} total packets received"),
    ("InUnknownProtos", NonZero, "{} with unknown protocol"),
    ("OutDiscards", NonZero, "{} outgoing packets dropped"),
    ("OutNoRoutes", NonZero, "{} dropped because of missing route"),
    ("OutRequests", Always, "{} requests sent out"),
    ("ReasmFails", NonZero, "{} packet reassemblies failed"),
    ("ReasmOKs", NonZero, "{} packets reassembled ok"),
    ("ReasmReqds", NonZero, "{} reassemblies required"),
    ("ReasmTimeout", NonZero, "{} fragments dropped after timeout"),
];

const ICMP: &[Entry] = &[
    ("InAddrMaskReps", In, "address mask replies: {}"),
    ("InAddrMasks", In, "address mask request: {}"),
    ("InDestUnreachs", In, "destination unreachable: {}"),
    ("InEchoReps", In, "echo replies: {}"),
    ("InEchos", In, "echo requests: {}"),
    ("InErrors", Always, "{} input ICMP message failed"),
    ("InMsgs", Always, "{} ICMP messages received"),
    ("InParmProbs", In, "wrong parameters: {}"),
    ("InRedirects", In, "redirects: {}"),
    ("InSrcQuenchs", In, "source quenches: {}"),
    ("InTimeExcds", In, "timeout in transit: {}"),
    ("InTimestampReps", In, "timestamp reply: {}"),
    ("InTimestamps", In, "timestamp request: {}"),
    ("OutAddrMaskReps", Out, "address mask replies: {}"),
    ("OutAddrMasks", Out, "address mask requests: {}"),
    ("OutDestUnreachs", Out, "destination unreachable: {}"),
    ("OutEchoReps", Out, "echo replies: {}"),
    ("OutEchos", Out, "echo requests: {}"),
    ("OutErrors", Always, "{} ICMP messages failed"),
    ("OutMsgs", Always, "{} ICMP messages sent"),
    ("OutParmProbs", Out, "wrong parameters: {}"),
    ("OutRedirects", Out, "redirect: {}"),
    ("OutSrcQuenchs", Out, "source quench: {}"),
    ("OutTimeExcds", Out, "time exceeded: {}"),
    ("OutTimestampReps", Out, "timestamp replies: {}"),
    ("OutTimestamps", Out, "timestamp requests: {}"),
];

const TCP: &[Entry] = &[
    ("ActiveOpens", Always, "{} active connection openings"),
    ("AttemptFails", Always, "{} failed connection attempts"),
    ("CurrEstab", Always, "{} connections established"),
    ("EstabResets", Always, "{} connection resets received"),
    ("InErrs", Always, "{} bad segments received"),
    ("InSegs", Always, "{} segments received"),
    ("MaxConn", Hidden, ""),
    ("OutRsts", Always, "{} resets sent"),
    ("OutSegs", Always, "{} segments sent out"),
    ("PassiveOpens", Always, "{} passive connection openings"),
    ("RetransSegs", Always, "{} segments retransmitted"),
    ("RtoAlgorithm", Hidden, ""),
    ("RtoMax", Hidden, ""),
    ("RtoMin", Hidden, ""),
];

const UDP: &[Entry] = &[
    ("InDatagrams", Always, "{} packets received"),
    ("InErrors", Always, "{} packet receive errors"),
    ("NoPorts", Always, "{} packets to unknown port received"),
    ("OutDatagrams", Always, "{} packets sent"),
    ("RcvbufErrors", Always, "{} receive buffer errors"),
    ("SndbufErrors", Always, "{} send buffer errors"),
];

const TCP_EXT: &[Entry] = &[
    ("DelayedACKLocked", NonZero, "{} delayed acks further delayed because of locked socket"),
    ("DelayedACKLost", NonZero, "Quick ack mode was activated {} times"),
    ("DelayedACKs", NonZero, "{} delayed acks sent"),
    ("EmbryonicRsts", NonZero, "{} resets received for embryonic SYN_RECV sockets"),
    ("ListenDrops", NonZero, "{} SYNs to LISTEN sockets dropped"),
    ("ListenOverflows", NonZero, "{} times the listen queue of a socket overflowed"),
    ("LockDroppedIcmps", NonZero, "{} ICMP packets dropped because socket was locked"),
    ("OfoPruned", NonZero, "{} packets dropped from out-of-order queue because of socket buffer overrun"),
    ("OutOfWindowIcmps", NonZero, "{} ICMP packets dropped because they were out-of-window"),
    ("PAWSActive", NonZero, "{} active connections rejected because of time stamp"),
    ("PAWSEstab", NonZero, "{} packets rejected in established connections because of timestamp"),
    ("PAWSPassive", NonZero, "{} passive connections rejected because of time stamp"),
    ("PruneCalled", NonZero, "{} packets pruned from receive queue because of socket buffer overrun"),
    ("RcvPruned", NonZero, "{} packets pruned from receive queue"),
    ("SockMallocOOM", NonZero, "Ran {} times out of system memory during packet sending"),
    ("SyncookiesFailed", NonZero, "{} invalid SYN cookies received"),
    ("SyncookiesRecv", NonZero, "{} SYN cookies received"),
    ("SyncookiesSent", NonZero, "{} SYN cookies sent"),
    ("TCPAbortFailed", NonZero, "{} times unable to send RST due to no memory"),
    ("TCPAbortOnClose", NonZero, "{} connections reset due to early user close"),
    ("TCPAbortOnData", NonZero, "{} connections reset due to unexpected data"),
    ("TCPAbortOnLinger", NonZero, "{} connections aborted after user close in linger timeout"),
    ("TCPAbortOnMemory", NonZero, "{} connections aborted due to memory pressure"),
    ("TCPAbortOnSyn", NonZero, "{} connections reset due to unexpected SYN"),
    ("TCPAbortOnTimeout", NonZero, "{} connections aborted due to timeout"),
    ("TCPDirectCopyFromBacklog", NonZero, "{} bytes directly in process context from backlog"),
    ("TCPFACKReorder", NonZero, "Detected reordering {} times using FACK"),
    ("TCPFastRetrans", NonZero, "{} fast retransmits"),
    ("TCPForwardRetrans", NonZero, "{} forward retransmits"),
    ("TCPFullUndo", NonZero, "{} congestion windows fully recovered without slow start"),
    ("TCPHPAcks", NonZero, "{} predicted acknowledgments"),
    ("TCPHPHits", Always, "{} packet headers predicted"),
    ("TCPHPHitsToUser", NonZero, "{} packet headers predicted and directly queued to user"),
    ("TCPLossFailures", NonZero, "{} timeouts in loss state"),
    ("TCPLossUndo", NonZero, "{} congestion windows recovered without slow start after partial ack"),
    ("TCPLostRetransmits", NonZero, "{} retransmits lost"),
    ("TCPMemoryPressures", NonZero, "TCP ran low on memory {} times"),
    ("TCPPartialUndo", NonZero, "{} congestion windows partially recovered using Hoe heuristic"),
    ("TCPPrequeued", NonZero, "{} packets directly queued to recvmsg prequeue"),
    ("TCPPureAcks", NonZero, "{} acknowledgments not containing data payload received"),
    ("TCPRcvCollapsed", NonZero, "{} packets collapsed in receive queue due to low socket buffer"),
    ("TCPRenoFailures", NonZero, "{} timeouts after reno fast retransmit"),
    ("TCPRenoRecovery", NonZero, "{} times recovered from packet loss due to fast retransmit"),
    ("TCPRenoReorder", NonZero, "Detected reordering {} times using reno fast retransmit"),
    ("TCPSACKReorder", NonZero, "Detected reordering {} times using SACK"),
    ("TCPSchedulerFailed", NonZero, "{} times receiver scheduled too late for direct processing"),
    ("TCPSlowStartRetrans", NonZero, "{} retransmits in slow start"),
    ("TCPTSReorder", NonZero, "Detected reordering {} times using time stamp"),
    ("TW", NonZero, "{} TCP sockets finished time wait in fast timer"),
    ("TWRecycled", NonZero, "{} time wait sockets recycled by time stamp"),
];

const IP6: &[Entry] = &[
    ("Ip6InReceives", Always, "{} total packets received"),
    ("Ip6InHdrErrors", NonZero, "{} with invalid headers"),
    ("Ip6InTooBigErrors", NonZero, "{} with packets too big"),
    ("Ip6InNoRoutes", NonZero, "{} incoming packets with no route"),
    ("Ip6InAddrErrors", NonZero, "{} with invalid addresses"),
    ("Ip6InUnknownProtos", NonZero, "{} with unknown protocol"),
    ("Ip6InTruncatedPkts", NonZero, "{} with truncated packets"),
    ("Ip6InDiscards", Always, "{} incoming packets discarded"),
    ("Ip6InDelivers", Always, "{} incoming packets delivered"),
    ("Ip6OutForwDatagrams", Always, "{} forwarded"),
    ("Ip6OutRequests", Always, "{} requests sent out"),
    ("Ip6OutDiscards", NonZero, "{} outgoing packets dropped"),
    ("Ip6OutNoRoutes", NonZero, "{} dropped because of missing route"),
    ("Ip6ReasmTimeout", NonZero, "{} fragments dropped after timeout"),
    ("Ip6ReasmReqds", NonZero, "{} reassemblies required"),
    ("Ip6ReasmOKs", NonZero, "{} packets reassembled ok"),
    ("Ip6ReasmFails", NonZero, "{} packet reassemblies failed"),
    ("Ip6FragOKs", NonZero, "{} outgoing packets fragmented ok"),
    ("Ip6FragFails", NonZero, "{} outgoing packets failed fragmentation"),
    ("Ip6FragCreates", NonZero, "{} fragments created"),
    ("Ip6InMcastPkts", NonZero, "{} incoming multicast packets"),
    ("Ip6OutMcastPkts", NonZero, "{} outgoing multicast packets"),
];

const ICMP6: &[Entry] = &[
    ("Icmp6InMsgs", Always, "{} ICMP messages received"),
    ("Icmp6InErrors", Always, "{} input ICMP message failed"),
    ("Icmp6OutMsgs", Always, "{} ICMP messages sent"),
    ("Icmp6InDestUnreachs", In, "destination unreachable: {}"),
    ("Icmp6InPktTooBigs", In, "packets too big: {}"),
    ("Icmp6InTimeExcds", In, "received ICMPv6 time exceeded: {}"),
    ("Icmp6InParmProblems", In, "parameter problem: {}"),
    ("Icmp6InEchos", In, "echo requests: {}"),
    ("Icmp6InEchoReplies", In, "echo replies: {}"),
    ("Icmp6InGroupMembQueries", In, "group member queries: {}"),
    ("Icmp6InGroupMembResponses", In, "group member responses: {}"),
    ("Icmp6InGroupMembReductions", In, "group member reductions: {}"),
    ("Icmp6InRouterSolicits", In, "router solicits: {}"),
    ("Icmp6InRouterAdvertisements", In, "router advertisement: {}"),
    ("Icmp6InNeighborSolicits", In, "neighbour solicits: {}"),
    ("Icmp6InNeighborAdvertisements", In, "neighbour advertisement: {}"),
    ("Icmp6InRedirects", In, "redirects: {}"),
    ("Icmp6OutDestUnreachs", Out, "destination unreachable: {}"),
    ("Icmp6OutPktTooBigs", Out, "packets too big: {}"),
    ("Icmp6OutTimeExcds", Out, "sent ICMPv6 time exceeded: {}"),
    ("Icmp6OutParmProblems", Out, "parameter problem: {}"),
    ("Icmp6OutEchos", Out, "echo requests: {}"),
    ("Icmp6OutEchoReplies", Out, "echo replies: {}"),
    ("Icmp6OutGroupMembQueries", Out, "group member queries: {}"),
    ("Icmp6OutGroupMembResponses", Out, "group member responses: {}"),
    ("Icmp6OutGroupMembReductions", Out, "group member reductions: {}"),
    ("Icmp6OutRouterSolicits", Out, "router solicits: {}"),
    ("Icmp6OutNeighborSolicits", Out, "neighbor solicits: {}"),
    ("Icmp6OutNeighborAdvertisements", Out, "neighbor advertisements: {}"),
    ("Icmp6OutRedirects", Out, "redirects: {}"),
];

const UDP6: &[Entry] = &[
    ("Udp6InDatagrams", Always, "{} packets received"),
    ("Udp6NoPorts", Always, "{} packets to unknown port received"),
    ("Udp6InErrors", Always, "{} packet receive errors"),
    ("Udp6OutDatagrams", Always, "{} packets sent"),
];
