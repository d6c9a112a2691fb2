use std::time::Duration;

/// What the kernel knows of the course of one TCP connection, in its own words (`struct tcp_info`).
///
/// Linux only, and only of sockets that are or were connected. Each kernel has a longer structure than those before
/// it; what a kernel does not have is `None`, and so is what has not been measured yet. Kernels are named where they
/// are younger than 4.2, which this program needs anyway. A segment is what the peer receives, not what segmentation
/// offload hands to the network card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "tcp_info")]
#[doc(alias = "INET_DIAG_INFO")]
pub struct TcpInfo {
    /// Smoothed round-trip time, to the microsecond; `None` before the first measurement.
    #[doc(alias = "tcpi_rtt")]
    pub rtt: Option<Duration>,
    /// How much the round-trip time varies (mean deviation); `None` before the first measurement.
    #[doc(alias = "tcpi_rttvar")]
    pub rttvar: Option<Duration>,
    /// The least round-trip time of the last minutes (`tcp_min_rtt_wlen`). Kernel 4.6.
    #[doc(alias = "tcpi_min_rtt")]
    pub min_rtt: Option<Duration>,
    /// The round-trip time as the receiving side estimates it; `None` where little was received.
    #[doc(alias = "tcpi_rcv_rtt")]
    pub recv_rtt: Option<Duration>,
    /// The retransmission timeout.
    #[doc(alias = "tcpi_rto")]
    pub rto: Option<Duration>,
    /// Congestion window, in segments.
    #[doc(alias = "tcpi_snd_cwnd")]
    pub cwnd: Option<u32>,
    /// Slow start threshold, in segments; `None` while it has no limit.
    #[doc(alias = "tcpi_snd_ssthresh")]
    pub ssthresh: Option<u32>,
    /// The largest segment that is sent, in bytes of data.
    #[doc(alias = "tcpi_snd_mss")]
    pub mss: Option<u32>,
    /// The largest segment that the peer seems to send, in bytes of data.
    #[doc(alias = "tcpi_rcv_mss")]
    pub recv_mss: Option<u32>,
    /// Path MTU, in bytes.
    #[doc(alias = "tcpi_pmtu")]
    pub path_mtu: Option<u32>,
    /// How fast the kernel lets itself send, in bytes per second; `None` where it does not limit itself.
    #[doc(alias = "tcpi_pacing_rate")]
    pub pacing_rate: Option<u64>,
    /// The latest measured rate at which data arrived at the peer, in bytes per second; `None` before the first
    /// measurement. Kernel 4.9.
    #[doc(alias = "tcpi_delivery_rate")]
    pub delivery_rate: Option<u64>,
    /// Whether that rate was limited by the application, which had no more to send. Kernel 4.9.
    #[doc(alias = "tcpi_delivery_rate_app_limited")]
    pub app_limited: Option<bool>,
    /// How many retransmission timeouts came in a row; 0 once something is acknowledged.
    #[doc(alias = "tcpi_retransmits")]
    pub timeouts: Option<u8>,
    /// Retransmitted segments that are not acknowledged yet.
    #[doc(alias = "tcpi_retrans")]
    pub retransmits: Option<u32>,
    /// Segments retransmitted since the connection began.
    #[doc(alias = "tcpi_total_retrans")]
    pub total_retransmits: Option<u32>,
    /// Segments sent and not acknowledged.
    #[doc(alias = "tcpi_unacked")]
    pub unacked: Option<u32>,
    /// Segments of these that the peer has, by its selective acknowledgements.
    #[doc(alias = "tcpi_sacked")]
    pub sacked: Option<u32>,
    /// Segments of these that are taken for lost.
    #[doc(alias = "tcpi_lost")]
    pub lost: Option<u32>,
    /// How far segments may overtake each other before one is taken for lost, in segments.
    #[doc(alias = "tcpi_reordering")]
    pub reordering: Option<u32>,
    /// Time since data was last sent; `None` where none ever was. Wraps after 49 days or later.
    #[doc(alias = "tcpi_last_data_sent")]
    pub last_data_sent: Option<Duration>,
    /// Time since data was last received; `None` where none ever was. Wraps after 49 days or later.
    #[doc(alias = "tcpi_last_data_recv")]
    pub last_data_received: Option<Duration>,
    /// Time since anything the peer sent was last taken as an acknowledgement, which all but its first segment is, a FIN
    /// included: how long the peer has been silent; `None` where it never answered. Wraps after 49 days or later.
    #[doc(alias = "tcpi_last_ack_recv")]
    pub last_ack_received: Option<Duration>,
    /// Bytes of data sent, retransmissions included. Kernel 4.19.
    #[doc(alias = "tcpi_bytes_sent")]
    pub bytes_sent: Option<u64>,
    /// Bytes of data sent again. Kernel 4.19.
    #[doc(alias = "tcpi_bytes_retrans")]
    pub bytes_retransmitted: Option<u64>,
    /// Bytes of data that the peer has acknowledged; SYN (on the side that connected) and FIN count as one each.
    #[doc(alias = "tcpi_bytes_acked")]
    pub bytes_acked: Option<u64>,
    /// Bytes of data received in order, each counted once; a FIN may count as one.
    #[doc(alias = "tcpi_bytes_received")]
    pub bytes_received: Option<u64>,
    /// Bytes in the send queue that have not been sent once. Kernel 4.6.
    #[doc(alias = "tcpi_notsent_bytes")]
    pub notsent_bytes: Option<u32>,
    /// Segments sent, with data or without.
    #[doc(alias = "tcpi_segs_out")]
    pub segs_out: Option<u32>,
    /// Segments received, with data or without.
    #[doc(alias = "tcpi_segs_in")]
    pub segs_in: Option<u32>,
    /// Segments sent with data. Kernel 4.6.
    #[doc(alias = "tcpi_data_segs_out")]
    pub data_segs_out: Option<u32>,
    /// Segments received with data. Kernel 4.6.
    #[doc(alias = "tcpi_data_segs_in")]
    pub data_segs_in: Option<u32>,
    /// How long there has been data to send or unacknowledged. Kernel 4.10.
    #[doc(alias = "tcpi_busy_time")]
    pub busy_time: Option<Duration>,
    /// How long of that the peer's receive window was the limit. Kernel 4.10.
    #[doc(alias = "tcpi_rwnd_limited")]
    pub window_limited_time: Option<Duration>,
    /// How long of that the send buffer was the limit. Kernel 4.10.
    #[doc(alias = "tcpi_sndbuf_limited")]
    pub buffer_limited_time: Option<Duration>,
    /// Segments that reached the peer. Kernel 4.18.
    #[doc(alias = "tcpi_delivered")]
    pub delivered: Option<u32>,
    /// Segments of these that met congestion and say so (ECN). Kernel 4.18.
    #[doc(alias = "tcpi_delivered_ce")]
    pub delivered_ce: Option<u32>,
    /// Space for received data that the kernel tunes the buffer by, in bytes.
    #[doc(alias = "tcpi_rcv_space")]
    pub recv_space: Option<u32>,
    /// Segments received out of order. Kernel 5.4.
    #[doc(alias = "tcpi_rcv_ooopack")]
    pub out_of_order: Option<u32>,
    /// The window that the peer offers, in bytes. Kernel 5.4.
    #[doc(alias = "tcpi_snd_wnd")]
    pub send_window: Option<u32>,
    /// The window offered to the peer, in bytes. Kernel 6.2.
    #[doc(alias = "tcpi_rcv_wnd")]
    pub recv_window: Option<u32>,
}

/// The memory that a socket takes in the kernel, in bytes. Linux only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "INET_DIAG_SKMEMINFO")]
pub struct SocketMemory {
    /// Taken by what was received.
    #[doc(alias = "SK_MEMINFO_RMEM_ALLOC")]
    pub recv_allocated: Option<u32>,
    /// The limit of that (`SO_RCVBUF`).
    #[doc(alias = "SK_MEMINFO_RCVBUF")]
    pub recv_limit: Option<u32>,
    /// Taken by what was handed to the network and is not sent yet.
    #[doc(alias = "SK_MEMINFO_WMEM_ALLOC")]
    pub send_allocated: Option<u32>,
    /// The limit of what is to be sent (`SO_SNDBUF`).
    #[doc(alias = "SK_MEMINFO_SNDBUF")]
    pub send_limit: Option<u32>,
    /// Kept in reserve for the socket.
    #[doc(alias = "SK_MEMINFO_FWD_ALLOC")]
    pub reserved: Option<u32>,
    /// Taken by what waits to be sent or acknowledged.
    #[doc(alias = "SK_MEMINFO_WMEM_QUEUED")]
    pub send_queued: Option<u32>,
    /// Taken by socket options.
    #[doc(alias = "SK_MEMINFO_OPTMEM")]
    pub options: Option<u32>,
    /// Taken by packets that wait while the socket is in use.
    #[doc(alias = "SK_MEMINFO_BACKLOG")]
    pub backlog: Option<u32>,
    /// Packets thrown away since the socket was made, mostly for want of space: a number, not bytes. Kernel 4.7.
    #[doc(alias = "SK_MEMINFO_DROPS")]
    pub drops: Option<u32>,
}
