//! The course of a TCP connection, from `GetPerTcpConnectionEStats`. Windows collects it where somebody has switched
//! that on for the connection, and tells it to administrators. This program switches nothing on.

use super::memory::{u32_at, u64_at};
use super::source::{Estats, Question, Source};
use netstat_model::Warning;
use netstat_model::error::words_of;
use netstat_model::{Family, Socket, TcpInfo, TcpState};
use std::time::Duration;

/// `ERROR_PROC_NOT_FOUND`.
const NOT_THERE: i32 = 127;

/// `ERROR_NOT_FOUND`, `ERROR_INVALID_PARAMETER`: the connection has ended.
const ENDED: [i32; 2] = [1168, 87];

const WHAT: &str = "the course of connections (round-trip time, bytes)";

/// Reads the course of connections, until it is refused.
#[derive(Debug, Default)]
pub(super) struct Courses {
    refused: Option<String>,
    asked: bool,
    known: bool,
}

impl Courses {
    /// Fills in what is known of a connection.
    pub(super) fn fill(&mut self, source: &dyn Source, socket: &mut Socket, ends: &[u8], state: u32) {
        if self.refused.is_some() || !is_connected(socket.state) {
            return;
        }
        self.asked = true;
        let row: Box<[u8]> = [&state.to_le_bytes(), ends].concat().into();
        let mut info = TcpInfo::default();
        for what in [Estats::Data, Estats::Path] {
            match source.ask(&Question::Estats(what, socket.family, row.clone())) {
                Ok(answer) => {
                    self.known |= decode(what, answer.bytes(), &mut info);
                }
                Err(error) if error.raw_os_error().is_some_and(|error| ENDED.contains(&error)) => {}
                Err(error) => {
                    self.refused = Some(match error.raw_os_error() {
                        Some(NOT_THERE) => "this Windows does not tell it".to_owned(),
                        _ => words_of(&error),
                    });
                    return;
                }
            }
        }
        if info != TcpInfo::default() {
            socket.tcp = Some(Box::new(info));
        }
    }

    /// What has to be said.
    pub(super) fn warning(self) -> Option<Warning> {
        let reason = match self.refused {
            Some(reason) => reason,
            None if self.asked && !self.known => {
                "Windows collects it only of connections that a program has switched it on for".to_owned()
            }
            None => return None,
        };
        Some(Warning::SourceUnavailable { what: WHAT, reason })
    }
}

/// The ends of a row of the socket table, as `MIB_TCPROW` and `MIB_TCP6ROW` have them.
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

/// Where the structure begins, behind whether it is collected.
const COUNTS: usize = 8;

// Places in `TCP_ESTATS_DATA_ROD_v0`.
const BYTES_OUT: usize = 0;
const DATA_SEGS_OUT: usize = 8;
const BYTES_IN: usize = 16;
const DATA_SEGS_IN: usize = 24;
const SEGS_OUT: usize = 32;
const SEGS_IN: usize = 40;
const BYTES_ACKED: usize = 72;
const BYTES_RECEIVED: usize = 88;

// Places in `TCP_ESTATS_PATH_ROD_v0`.
const SEGS_RETRANSMITTED: usize = 20;
const BYTES_RETRANSMITTED: usize = 24;
const SMOOTHED_RTT: usize = 108;
const RTT_VAR: usize = 112;
const MIN_RTT: usize = 120;
const CUR_RTO: usize = 132;
const CUR_MSS: usize = 144;

/// Whether it is collected, and if so what it says.
pub(super) fn decode(what: Estats, answer: &[u8], info: &mut TcpInfo) -> bool {
    let Some(counts) = answer.get(COUNTS..).filter(|_| answer.first() != Some(&0)) else { return false };
    let number = |offset| u64_at(counts, offset);
    let small = |offset| u64_at(counts, offset).and_then(|count| u32::try_from(count).ok());
    let short = |offset| u32_at(counts, offset);
    // Windows counts whole milliseconds; 0 stands for what was not measured.
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
