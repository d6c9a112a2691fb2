//! Decoders for the state and timer numbers of the kernel, which sock_diag and `/proc/net` share.

use netstat_model::{Endpoint, IpEndpoint, TcpState, TimerKind, Transport};

/// Decodes the state of a TCP row. A closed socket (7) is listed only if it is bound.
pub(super) fn decode_state(number: u8) -> TcpState {
    match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        3 | 12 => TcpState::SynReceived,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 | 13 => TcpState::Bound,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        other => TcpState::Unknown(other),
    }
}

/// Decodes the state of a row, and returns it with the remote end if the socket has one.
pub(super) fn state_and_remote<N>(
    protocol: Transport,
    state: u8,
    remote: IpEndpoint,
) -> (Option<TcpState>, Option<Endpoint<N>>) {
    let state = (protocol == Transport::Tcp).then(|| decode_state(state));
    let has_peer = match state {
        Some(state) => !matches!(state, TcpState::Listen | TcpState::Bound),
        None => remote.port != 0 || !remote.address.is_unspecified(),
    };
    (state, has_peer.then_some(Endpoint::Ip(remote)))
}

/// Decodes what a running timer waits for; `None` if no timer is running.
pub(super) fn decode_timer_kind(number: u8) -> Option<TimerKind> {
    match number {
        1 => Some(TimerKind::Retransmit),
        2 => Some(TimerKind::KeepAlive),
        3 => Some(TimerKind::TimeWait),
        4 => Some(TimerKind::Probe),
        _ => None,
    }
}
