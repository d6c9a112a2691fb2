//! Statistics of TCP connections, from `GetPerTcpConnectionEStats`. Windows collects them for connections for which a
//! program has switched that on, and reports them to administrators. This program switches nothing on.

use super::memory::{u32_at, u64_at};
use super::source::{Estats, Question, Source};
use super::win32_error::{INVALID_PARAMETER, NOT_FOUND, is, reason};
use netstat_model::{Family, Socket, TcpInfo, TcpState, Warning};
use std::time::Duration;

const WHAT: &str = "what each connection counted (round-trip time, bytes)";

/// Reads the statistics of connections, up to the first refusal.
#[derive(Debug, Default)]
pub(super) struct ConnectionStats {
    refused: Option<String>,
    asked: bool,
    known: bool,
}

impl ConnectionStats {
    /// Fills in the statistics of a connection. `ends` and `state` are fields of its row.
    pub(super) fn fill(&mut self, source: &dyn Source, socket: &mut Socket, ends: &[u8], state: u32) {
        let Some(family) = socket.family.filter(|_| self.refused.is_none() && is_connected(socket.state))
        else {
            return;
        };
        self.asked = true;
        let row: Box<[u8]> = [&state.to_le_bytes(), ends].concat().into();
        let mut info = TcpInfo::default();
        for what in [Estats::Data, Estats::Path] {
            match source.ask(&Question::Estats(what, family, row.clone())) {
                Ok(answer) => self.known |= decode(what, answer.bytes(), &mut info),
                // The connection has ended meanwhile.
                Err(error) if is(&error, NOT_FOUND) || is(&error, INVALID_PARAMETER) => {}
                Err(error) => {
                    self.refused = Some(reason(&error));
                    return;
                }
            }
        }
        if info != TcpInfo::default() {
            socket.tcp = Some(Box::new(info));
        }
    }

    /// Returns a warning if statistics were refused, or none of the connections has any.
    pub(super) fn warning(self) -> Option<Warning> {
        let reason = match self.refused {
            Some(reason) => reason,
            None if self.asked && !self.known => {
                "Windows collects it only for connections for which a program has enabled it".to_owned()
            }
            None => return None,
        };
        Some(Warning::SourceUnavailable { what: WHAT, reason })
    }
}

/// Returns the endpoints in a row of the socket table, in the form of `MIB_TCPROW` and `MIB_TCP6ROW`.
pub(super) fn ends(row: &[u8], family: Family) -> Option<&[u8]> {
    match family {
        Family::V4 => row.get(4..20),
        Family::V6 => row.get(..48),
    }
}

fn is_connected(state: Option<TcpState>) -> bool {
    matches!(
        state,
        Some(
            TcpState::Established
                | TcpState::FinWait1
                | TcpState::FinWait2
                | TcpState::CloseWait
                | TcpState::Closing
                | TcpState::LastAck
        )
    )
}

/// Offset of the structure, after the flag that says whether it is collected.
const COUNTS: usize = 8;

// Offsets of `TCP_ESTATS_DATA_ROD_v0`.
const BYTES_OUT: usize = 0;
const DATA_SEGS_OUT: usize = 8;
const BYTES_IN: usize = 16;
const DATA_SEGS_IN: usize = 24;
const SEGS_OUT: usize = 32;
const SEGS_IN: usize = 40;
const BYTES_ACKED: usize = 72;
const BYTES_RECEIVED: usize = 88;

// Offsets of `TCP_ESTATS_PATH_ROD_v0`.
const SEGS_RETRANSMITTED: usize = 20;
const BYTES_RETRANSMITTED: usize = 24;
const SMOOTHED_RTT: usize = 108;
const RTT_VAR: usize = 112;
const MIN_RTT: usize = 120;
const CUR_RTO: usize = 132;
const CUR_MSS: usize = 144;

/// Decodes a group of statistics into `info`. Returns false if Windows does not collect it.
pub(super) fn decode(what: Estats, answer: &[u8], info: &mut TcpInfo) -> bool {
    let Some(counts) = answer.get(COUNTS..).filter(|_| answer.first() != Some(&0)) else { return false };
    let number = |offset| u64_at(counts, offset);
    let small = |offset| u64_at(counts, offset).and_then(|count| u32::try_from(count).ok());
    let short = |offset| u32_at(counts, offset);
    // Times are in whole milliseconds. 0 and all bits mean that nothing was measured.
    let time = |offset| {
        short(offset)
            .filter(|&time| time != 0 && time != u32::MAX)
            .map(|time| Duration::from_millis(time.into()))
    };
    match what {
        Estats::Data => {
            info.bytes_sent = number(BYTES_OUT);
            info.bytes_acked = number(BYTES_ACKED);
            info.bytes_received = number(BYTES_RECEIVED).or(number(BYTES_IN));
            info.segs_out = small(SEGS_OUT);
            info.segs_in = small(SEGS_IN);
            info.data_segs_out = small(DATA_SEGS_OUT);
            info.data_segs_in = small(DATA_SEGS_IN);
        }
        Estats::Path => {
            info.rtt = time(SMOOTHED_RTT);
            info.rttvar = time(RTT_VAR);
            info.min_rtt = time(MIN_RTT);
            info.rto = time(CUR_RTO);
            info.mss = short(CUR_MSS).filter(|&size| size != 0);
            info.total_retransmits = short(SEGS_RETRANSMITTED);
            info.bytes_retransmitted = short(BYTES_RETRANSMITTED).map(u64::from);
        }
    }
    true
}

#[cfg(test)]
mod tests;
