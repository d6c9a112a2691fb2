//! [`Talk`]: what the packets between two ends tell of their connection.

use crate::flow::{FlowKey, Place};
use crate::frame::{Content, Flags, Frame};
use crate::holder::bare;
use netstat_model::{
    Application, ApplicationProtocol, ConnectionRole, EndReason, Lifespan, Socket, TcpInfo, TcpState,
    Transport,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What one end has sent.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    /// The number of the byte after the last one, and how many there were, each once.
    next: Option<u32>,
    bytes: u64,
    /// Segments with bytes that had been sent before.
    again: u32,
    /// When it said that it sends no more.
    fin: Option<Option<Duration>>,
    packets: u64,
}

/// The packets between two ends, from one handshake to the next.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    first: Option<Duration>,
    last: Option<Duration>,
    /// Who has sent the first packet, and the SYN with this number.
    first_sender: Place,
    syn: Option<(Place, u32)>,
    /// When that was, when it was answered, and when the answer was.
    syn_at: Option<Duration>,
    answered: Option<Option<Duration>>,
    established: Option<Option<Duration>>,
    sent: [Sent; 2],
    /// Who closed first.
    first_fin: Option<Place>,
    /// Who reset.
    reset: Option<Place>,
    /// The end that is local, as the directions of packets say.
    local: Option<Place>,
    /// What its first bytes tell.
    application: Option<Application>,
    /// What comments say of them, which counts where they are not there.
    claimed: Option<Application>,
}

impl Talk {
    /// Returns whether a packet begins another connection between the same ends.
    pub(crate) fn is_another(&self, sender: Place, content: &Content) -> bool {
        match content {
            Content::Tcp { flags, sequence, .. } => {
                flags.contains(Flags::SYN)
                    && !flags.contains(Flags::ACK)
                    && self.syn != Some((sender, *sequence))
            }
            _ => false,
        }
    }

    /// Adds a packet.
    pub(crate) fn add(
        &mut self,
        at: Option<Duration>,
        sender: Place,
        is_outgoing: Option<bool>,
        frame: &Frame,
    ) {
        if self.sent.iter().all(|sent| sent.packets == 0) {
            self.first = at;
            self.first_sender = sender;
        }
        self.last = self.last.max(at);
        if let Some(is_outgoing) = is_outgoing {
            self.local = Some(if is_outgoing { sender } else { 1 - sender });
        }
        let Some(sent) = self.sent.get_mut(sender) else { return };
        sent.packets += 1;
        let length = frame.payload;
        let Content::Tcp { flags, sequence, .. } = frame.content else { return };
        let is_syn = flags.contains(Flags::SYN);
        let begin = if is_syn { sequence.wrapping_add(1) } else { sequence };
        let end = begin.wrapping_add(u32::try_from(length).unwrap_or(u32::MAX));
        match sent.next {
            // Sequence numbers come round again, so that half of them are before.
            Some(next) if length > 0 => {
                let new = end.wrapping_sub(next);
                if new == 0 || new > u32::MAX / 2 {
                    sent.again += 1;
                } else {
                    sent.bytes += u64::from(new);
                    sent.next = Some(end);
                }
            }
            Some(_) => {}
            None => {
                sent.bytes += u64::try_from(length).unwrap_or(u64::MAX);
                sent.next = Some(end);
            }
        }
        if flags.contains(Flags::FIN) && sent.fin.is_none() {
            sent.fin = Some(at);
            self.first_fin = self.first_fin.or(Some(sender));
        }
        if flags.contains(Flags::RST) {
            self.reset = self.reset.or(Some(sender));
        }
        if is_syn && !flags.contains(Flags::ACK) {
            self.syn = Some((sender, sequence));
            self.syn_at = self.syn_at.or(at);
        } else if is_syn {
            self.answered = self.answered.or(Some(at));
        } else if self.answered.is_some() && flags.contains(Flags::ACK) {
            self.established = self.established.or(Some(at));
        }
    }

    /// Notes what the first bytes of one end tell, or what a comment claims of them. The first of them stays, but for the answer
    /// to the same question, and for the version of the server where that of its client came before.
    pub(crate) fn tell(&mut self, sender: Place, told: Application, is_claim: bool) {
        let began = self.syn.map_or(self.first_sender, |(sender, _)| sender);
        let is_better = |known: &Application| match known.protocol {
            protocol if protocol != told.protocol => false,
            ApplicationProtocol::Ssh => sender != began,
            ApplicationProtocol::Dns | ApplicationProtocol::Mdns => {
                let more = known.name.as_deref().and_then(|name| told.name.as_deref()?.strip_prefix(name));
                more.is_some_and(|more| more.starts_with(' '))
            }
            _ => false,
        };
        let known = if is_claim { &mut self.claimed } else { &mut self.application };
        if known.as_ref().is_none_or(is_better) {
            *known = Some(told);
        }
    }

    /// Returns the end that is rather the local one, where no comment says which: that from which packets went out, else
    /// that which began.
    pub(crate) fn probably_local(&self) -> Place {
        self.local.or(self.syn.map(|(sender, _)| sender)).unwrap_or(self.first_sender)
    }

    /// Returns the socket at one end.
    pub(crate) fn socket(&self, key: &FlowKey, place: Place) -> Socket {
        let (local, remote) = key.seen_from(place);
        let mut socket = bare(key.transport, local, remote);
        let sent = |place: Place| self.sent.get(place).copied().unwrap_or_default();
        let (own, others) = (sent(place), sent(1 - place));
        let time = |at: Option<Duration>| at.and_then(|at| UNIX_EPOCH.checked_add(at));
        let role = match self.syn {
            Some((sender, _)) if sender == place => ConnectionRole::Active,
            Some(_) => ConnectionRole::Passive,
            None if key.transport == Transport::Udp && self.first_sender == place => ConnectionRole::Active,
            None => ConnectionRole::Unknown,
        };
        let ended = self.end(place).and_then(|(at, reason)| Some((time(at)?, reason)));
        let is_whole = self.syn.is_some() || key.transport == Transport::Udp;
        let end = ended.map_or(time(self.last), |(at, _)| Some(at));
        let started = time(if is_whole { self.syn_at.or(self.first) } else { None });
        socket.lifespan = Some(Box::new(Lifespan {
            host: None,
            alike: 1,
            role,
            started,
            started_before: if is_whole { None } else { time(self.first) },
            started_after: None,
            established: self.established.and_then(time),
            first_fin: self
                .first_fin
                .and_then(|closer| Some((time(sent(closer).fin.flatten())?, closer == place))),
            ended,
            lasted: started
                .zip(end)
                .and_then(|(started, end): (SystemTime, SystemTime)| end.duration_since(started).ok()),
        }));
        let told = self.application.as_ref().or(self.claimed.as_ref());
        socket.application = told.cloned().map(Box::new);
        let (mut bytes_sent, mut bytes_received) = (Some(own.bytes), Some(others.bytes));
        if key.transport == Transport::Tcp {
            socket.state = Some(self.state(place));
            let round =
                self.syn_at.zip(self.answered.flatten()).and_then(|(syn, answer)| answer.checked_sub(syn));
            let is_client = role == ConnectionRole::Active;
            // Nothing was seen of the other end, where its packets took another way.
            bytes_sent = bytes_sent.filter(|_| own.packets > 0);
            bytes_received = bytes_received.filter(|_| others.packets > 0);
            socket.tcp = Some(Box::new(TcpInfo {
                min_rtt: round.filter(|_| is_client),
                total_retransmits: Some(own.again),
                bytes_acked: bytes_sent,
                bytes_received,
                ..TcpInfo::default()
            }));
        }
        socket
    }

    /// Returns when and how it ended; `None` where it goes on after the capture, or nobody can tell.
    fn end(&self, place: Place) -> Option<(Option<Duration>, EndReason)> {
        if let Some(resetter) = self.reset {
            let is_ours = resetter == place;
            let reason = match (self.syn, self.answered.is_some()) {
                (Some((sender, _)), false) if sender == place && !is_ours => EndReason::Refused,
                _ if is_ours => EndReason::AbortedByUs,
                _ => EndReason::ResetByPeer,
            };
            return Some((self.last, reason));
        }
        let both = self.sent.iter().all(|sent| sent.fin.is_some());
        let closer = self.first_fin.filter(|_| both)?;
        let reason = if closer == place { EndReason::ClosedByUs } else { EndReason::ClosedByPeer };
        Some((self.last, reason))
    }

    fn state(&self, place: Place) -> TcpState {
        if self.end(place).is_some() {
            return TcpState::Closed;
        }
        match (self.first_fin, self.syn) {
            (Some(closer), _) if closer == place => TcpState::FinWait2,
            (Some(_), _) => TcpState::CloseWait,
            (None, Some((sender, _))) if self.established.is_none() => {
                if sender == place {
                    TcpState::SynSent
                } else {
                    TcpState::SynReceived
                }
            }
            _ => TcpState::Established,
        }
    }
}
