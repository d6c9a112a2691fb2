//! The bits of [`Field::Kind`](crate::row::Field::Kind): small facts of a row.

use netstat_model::Transport;
use netstat_model::history::{ConnectionRole, OwnerSource};

/// What the time of a start says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// It was then.
    Seen,
    /// It was not later.
    NoLater,
    /// It was not earlier.
    NoEarlier,
}

const ROLES: [ConnectionRole; 4] =
    [ConnectionRole::Active, ConnectionRole::Passive, ConnectionRole::Listener, ConnectionRole::Unknown];
const SOURCES: [OwnerSource; 3] = [OwnerSource::Made, OwnerSource::Closed, OwnerSource::Held];
const BEGINS: [Begin; 3] = [Begin::Seen, Begin::NoLater, Begin::NoEarlier];

fn place<T: PartialEq>(list: &[T], wanted: &T) -> u64 {
    list.iter().position(|one| one == wanted).and_then(|at| u64::try_from(at).ok()).unwrap_or(0)
}

fn bits(number: u64, shift: u32) -> usize {
    usize::from(number.wrapping_shr(shift).to_le_bytes()[0] & 3)
}

pub(crate) fn pack(
    transport: Transport,
    role: ConnectionRole,
    source: Option<OwnerSource>,
    v6_only: Option<bool>,
    fin_is_local: bool,
    begin: Begin,
) -> u64 {
    u64::from(transport == Transport::Udp)
        | place(&ROLES, &role) << 1
        | source.map_or(3, |source| place(&SOURCES, &source)) << 3
        | v6_only.map_or(2, u64::from) << 5
        | u64::from(fin_is_local) << 7
        | place(&BEGINS, &begin) << 8
}

pub(crate) fn transport(number: u64) -> Transport {
    if number & 1 == 1 { Transport::Udp } else { Transport::Tcp }
}

pub(crate) fn role(number: u64) -> ConnectionRole {
    ROLES.get(bits(number, 1)).copied().unwrap_or(ConnectionRole::Unknown)
}

pub(crate) fn source(number: u64) -> Option<OwnerSource> {
    SOURCES.get(bits(number, 3)).copied()
}

pub(crate) fn v6_only(number: u64) -> Option<bool> {
    match bits(number, 5) {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

pub(crate) fn fin_is_local(number: u64) -> bool {
    number >> 7 & 1 == 1
}

pub(crate) fn begin(number: u64) -> Begin {
    BEGINS.get(bits(number, 8)).copied().unwrap_or(Begin::NoLater)
}
