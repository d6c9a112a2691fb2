use std::time::Duration;

/// State and statistics of one TCP connection (`struct tcp_info`).
///
/// Linux only, and only for sockets that are or were connected. Newer kernels have more fields; a field that the kernel
/// lacks is `None`, and so is one that has not been measured yet. The minimum kernel version is given for fields newer
/// than 4.2, the oldest kernel supported here. A segment is what the peer receives, not what segmentation offload hands
/// to the network card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "tcp_info")]
#[doc(alias = "INET_DIAG_INFO")]
pub struct TcpInfo {
    /// Smoothed round-trip time, in microsecond resolution; `None` before the first measurement.
    #[doc(alias = "tcpi_rtt")]
    pub rtt: Option<Duration>,
    /// Variation of the round-trip time (mean deviation); `None` before the first measurement.
    #[doc(alias = "tcpi_rttvar")]
    pub rttvar: Option<Duration>,
    /// Minimum round-trip time over the last minutes (`tcp_min_rtt_wlen`). Kernel 4.6.
    #[doc(alias = "tcpi_min_rtt")]
    pub min_rtt: Option<Duration>,
    /// Round-trip time as estimated by the receiver; `None` if little was received.
    #[doc(alias = "tcpi_rcv_rtt")]
    pub recv_rtt: Option<Duration>,
    /// Retransmission timeout.
    #[doc(alias = "tcpi_rto")]
    pub rto: Option<Duration>,
    /// Congestion window, in segments.
    #[doc(alias = "tcpi_snd_cwnd")]
    pub cwnd: Option<u32>,
    /// Slow start threshold, in segments; `None` while it is unlimited.
    #[doc(alias = "tcpi_snd_ssthresh")]
    pub ssthresh: Option<u32>,
    /// Maximum segment size for sending, in bytes of data.
    #[doc(alias = "tcpi_snd_mss")]
    pub mss: Option<u32>,
    /// Maximum segment size of the peer as estimated, in bytes of data.
    #[doc(alias = "tcpi_rcv_mss")]
    pub recv_mss: Option<u32>,
    /// Path MTU, in bytes.
    #[doc(alias = "tcpi_pmtu")]
    pub path_mtu: Option<u32>,
    /// Pacing rate, in bytes per second; `None` if sending is not paced.
    #[doc(alias = "tcpi_pacing_rate")]
    pub pacing_rate: Option<u64>,
    /// Last measured rate at which data was delivered to the peer, in bytes per second; `None` before the first
    /// measurement. Kernel 4.9.
    #[doc(alias = "tcpi_delivery_rate")]
    pub delivery_rate: Option<u64>,
    /// True if that rate was limited by the application, which had no more data to send. Kernel 4.9.
    #[doc(alias = "tcpi_delivery_rate_app_limited")]
    pub app_limited: Option<bool>,
    /// Number of consecutive retransmission timeouts; 0 once data is acknowledged.
    #[doc(alias = "tcpi_retransmits")]
    pub timeouts: Option<u8>,
    /// Retransmitted segments not acknowledged yet.
    #[doc(alias = "tcpi_retrans")]
    pub retransmits: Option<u32>,
    /// Segments retransmitted since the connection began.
    #[doc(alias = "tcpi_total_retrans")]
    pub total_retransmits: Option<u32>,
    /// Segments sent and not acknowledged.
    #[doc(alias = "tcpi_unacked")]
    pub unacked: Option<u32>,
    /// Unacknowledged segments that the peer has received, by its selective acknowledgements.
    #[doc(alias = "tcpi_sacked")]
    pub sacked: Option<u32>,
    /// Unacknowledged segments that are considered lost.
    #[doc(alias = "tcpi_lost")]
    pub lost: Option<u32>,
    /// How far segments may be reordered before one is considered lost, in segments.
    #[doc(alias = "tcpi_reordering")]
    pub reordering: Option<u32>,
    /// Time since data was last sent; `None` if never. Wraps after 49 days or later.
    #[doc(alias = "tcpi_last_data_sent")]
    pub last_data_sent: Option<Duration>,
    /// Time since data was last received; `None` if never. Wraps after 49 days or later.
    #[doc(alias = "tcpi_last_data_recv")]
    pub last_data_received: Option<Duration>,
    /// Time since the last acknowledgement from the peer. Every segment but the first acknowledges, a FIN included, so this
    /// is how long the peer has been silent; `None` if it never answered. Wraps after 49 days or later.
    #[doc(alias = "tcpi_last_ack_recv")]
    pub last_ack_received: Option<Duration>,
    /// Bytes of data sent, including retransmissions. Kernel 4.19.
    #[doc(alias = "tcpi_bytes_sent")]
    pub bytes_sent: Option<u64>,
    /// Bytes of data retransmitted. Kernel 4.19.
    #[doc(alias = "tcpi_bytes_retrans")]
    pub bytes_retransmitted: Option<u64>,
    /// Bytes of data acknowledged by the peer; SYN (on the connecting side) and FIN count as one each.
    #[doc(alias = "tcpi_bytes_acked")]
    pub bytes_acked: Option<u64>,
    /// Bytes of data received in order, each counted once; a FIN may count as one.
    #[doc(alias = "tcpi_bytes_received")]
    pub bytes_received: Option<u64>,
    /// Bytes in the send queue that have not been sent yet. Kernel 4.6.
    #[doc(alias = "tcpi_notsent_bytes")]
    pub notsent_bytes: Option<u32>,
    /// Segments sent, with or without data.
    #[doc(alias = "tcpi_segs_out")]
    pub segs_out: Option<u32>,
    /// Segments received, with or without data.
    #[doc(alias = "tcpi_segs_in")]
    pub segs_in: Option<u32>,
    /// Segments sent with data. Kernel 4.6.
    #[doc(alias = "tcpi_data_segs_out")]
    pub data_segs_out: Option<u32>,
    /// Segments received with data. Kernel 4.6.
    #[doc(alias = "tcpi_data_segs_in")]
    pub data_segs_in: Option<u32>,
    /// Total time with data to send or unacknowledged data. Kernel 4.10.
    #[doc(alias = "tcpi_busy_time")]
    pub busy_time: Option<Duration>,
    /// Part of the busy time limited by the receive window of the peer. Kernel 4.10.
    #[doc(alias = "tcpi_rwnd_limited")]
    pub window_limited_time: Option<Duration>,
    /// Part of the busy time limited by the send buffer. Kernel 4.10.
    #[doc(alias = "tcpi_sndbuf_limited")]
    pub buffer_limited_time: Option<Duration>,
    /// Segments delivered to the peer. Kernel 4.18.
    #[doc(alias = "tcpi_delivered")]
    pub delivered: Option<u32>,
    /// Delivered segments with an ECN congestion mark. Kernel 4.18.
    #[doc(alias = "tcpi_delivered_ce")]
    pub delivered_ce: Option<u32>,
    /// Receive space by which the kernel tunes the receive buffer, in bytes.
    #[doc(alias = "tcpi_rcv_space")]
    pub recv_space: Option<u32>,
    /// Segments received out of order. Kernel 5.4.
    #[doc(alias = "tcpi_rcv_ooopack")]
    pub out_of_order: Option<u32>,
    /// Window offered by the peer, in bytes. Kernel 5.4.
    #[doc(alias = "tcpi_snd_wnd")]
    pub send_window: Option<u32>,
    /// Window offered to the peer, in bytes. Kernel 6.2.
    #[doc(alias = "tcpi_rcv_wnd")]
    pub recv_window: Option<u32>,
}

/// Kernel memory of a socket, in bytes. Linux only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "INET_DIAG_SKMEMINFO")]
pub struct SocketMemory {
    /// Memory of received data.
    #[doc(alias = "SK_MEMINFO_RMEM_ALLOC")]
    pub recv_allocated: Option<u32>,
    /// Limit on received data (`SO_RCVBUF`).
    #[doc(alias = "SK_MEMINFO_RCVBUF")]
    pub recv_limit: Option<u32>,
    /// Memory of data handed to the network and not sent yet.
    #[doc(alias = "SK_MEMINFO_WMEM_ALLOC")]
    pub send_allocated: Option<u32>,
    /// Limit on data to be sent (`SO_SNDBUF`).
    #[doc(alias = "SK_MEMINFO_SNDBUF")]
    pub send_limit: Option<u32>,
    /// Memory reserved for the socket.
    #[doc(alias = "SK_MEMINFO_FWD_ALLOC")]
    pub reserved: Option<u32>,
    /// Memory of data waiting to be sent or acknowledged.
    #[doc(alias = "SK_MEMINFO_WMEM_QUEUED")]
    pub send_queued: Option<u32>,
    /// Memory of socket options.
    #[doc(alias = "SK_MEMINFO_OPTMEM")]
    pub options: Option<u32>,
    /// Memory of packets that wait while the socket is locked.
    #[doc(alias = "SK_MEMINFO_BACKLOG")]
    pub backlog: Option<u32>,
    /// Packets dropped since the socket was created, mostly for lack of space: a count, not bytes. Kernel 4.7.
    #[doc(alias = "SK_MEMINFO_DROPS")]
    pub drops: Option<u32>,
}
