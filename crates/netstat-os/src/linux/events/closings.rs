//! What the kernel says of TCP sockets that it destroys, joined with looks at the table: the next best where BPF cannot be used.
//!
//! Each message has the cookie of the socket, its ends, and the course of the connection, and comes to every user. It
//! does not say which process held the socket, when it began, or how it ended; a look at the table tells the first two of
//! what lives long enough.

use crate::contract::{Destroyed, EventStream, EventWishes};
use crate::linux::Linux;
use crate::linux::source::{Closings, Source};
use crate::linux::{clock, sockets, wire};
use crate::looks::Looks;
use netstat_model::history::{ConnectionEvent, EventCounts, EventMethod, GapCause, RecordGap};
use netstat_model::query::Kinds;
use netstat_model::{Error, Namespace, NoBpf, Operation};
use std::time::Duration;

/// How long to wait between two reads of the messages: few fit into the buffer of a user without privileges.
const PAUSE: Duration = Duration::from_millis(20);

/// `SOCK_DIAG_BY_FAMILY`, which these messages are as well.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// Places in `struct tcp_info`.
const RTT: usize = 68;
const TOTAL_RETRANS: usize = 100;
const BYTES_ACKED: usize = 120;
const BYTES_RECEIVED: usize = 128;
const MIN_RTT: usize = 148;
const BYTES_SENT: usize = 200;
const BYTES_RETRANS: usize = 208;

/// The messages, and looks once a second.
pub(super) struct Sampled<'a> {
    source: &'a dyn Source,
    closings: Box<dyn Closings + 'a>,
    looks: Looks<'a, Linux>,
    /// When the last look was and the messages were read last, since boot.
    looked: Option<Duration>,
    read: Duration,
    /// How many messages the kernel had no room for.
    dropped: u64,
}

impl<'a> Sampled<'a> {
    /// Begins to listen, then to look; `None` where the kernel does not let this user listen.
    pub(super) fn begin(system: &'a Linux, reason: NoBpf, wishes: EventWishes) -> Option<Self> {
        let source = system.source();
        let closings = source.closings().ok()?;
        let looks = Looks::new(system, Kinds::TCP_UDP, EventMethod::Closings(reason), wishes);
        let read = clock::uptime(source).unwrap_or_default();
        Some(Self { source, closings, looks, looked: None, read, dropped: 0 })
    }

    /// Tells of messages that are missing. The kernel counts them for each socket.
    fn tell_gap(&mut self, now: Duration, into: &mut Vec<ConnectionEvent>) {
        let dropped = dropped(self.source, self.closings.inode());
        let lost = dropped.map(|dropped| dropped.saturating_sub(self.dropped));
        self.dropped = dropped.unwrap_or(self.dropped);
        self.looks.count_lost(lost.unwrap_or(0));
        into.push(ConnectionEvent::Gap(RecordGap {
            boot_id: crate::linux::host::boot_id(self.source),
            from: self.read,
            until: now,
            lost,
            cause: GapCause::Ring,
        }));
    }
}

impl EventStream for Sampled<'_> {
    fn method(&self) -> EventMethod {
        self.looks.method()
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn take(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let mut gone = Vec::new();
        let taken = self.closings.take(&mut |datagram| decode_datagram(datagram, &mut gone));
        let read = clock::uptime(self.source);
        // What was told is kept though something else fails.
        let now = *read.as_ref().unwrap_or(&self.read);
        for end in gone {
            self.looks.end(end, now, into);
        }
        let mut looked = Ok(());
        if self.looked.is_none_or(|looked| now >= looked + self.looks.pause()) {
            looked = self.looks.take(into);
            self.looked = Some(now);
        }
        if taken.map_err(|error| Error::new(Operation::WatchConnections, error))? {
            self.tell_gap(now, into);
        }
        self.read = now;
        read.and(looked)
    }

    fn release(&mut self) {}

    fn finish(&mut self, into: &mut Vec<ConnectionEvent>) {
        self.looks.finish(into);
    }

    fn counts(&self) -> EventCounts {
        self.looks.counts()
    }

    fn has_listed(&self, namespace: Option<Namespace>) -> bool {
        self.looks.has_listed(namespace)
    }
}

/// Adds the sockets that a datagram tells of.
pub(in crate::linux) fn decode_datagram(datagram: &[u8], into: &mut Vec<Destroyed>) {
    let rows = wire::messages(datagram).flatten().filter_map(|message| message.of_kind(SOCK_DIAG_BY_FAMILY));
    into.extend(rows.filter_map(decode_gone));
}

fn decode_gone(row: &[u8]) -> Option<Destroyed> {
    let (cookie, local, remote, info) = sockets::decode_destroyed(row)?;
    let number = |at| info.and_then(|info| wire::u32_at(info, at));
    let long = |at| info.and_then(|info| wire::array_at::<8>(info, at)).map(u64::from_ne_bytes);
    // The kernel counts a SYN and a FIN among the bytes that were acknowledged, but not among those that were sent.
    let sent = long(BYTES_SENT).zip(long(BYTES_RETRANS)).map(|(sent, again)| sent.saturating_sub(again));
    let acknowledged = long(BYTES_ACKED);
    Some(Destroyed {
        cookie,
        local,
        // The kernel has let go of the remote end of a connection that was reset or refused.
        remote: Some(remote).filter(|end| end.port != 0),
        bytes_sent: acknowledged.map(|bytes| sent.map_or(bytes, |sent| sent.min(bytes))),
        bytes_received: long(BYTES_RECEIVED),
        rtt: number(RTT).filter(|rtt| *rtt != 0),
        min_rtt: number(MIN_RTT).filter(|rtt| *rtt != 0 && *rtt != u32::MAX),
        retransmits: number(TOTAL_RETRANS),
    })
}

/// Returns how many messages the socket of this inode had no room for; `None` where that cannot be read.
pub(in crate::linux) fn dropped(source: &dyn Source, inode: u64) -> Option<u64> {
    let mut table = Vec::new();
    source.read("/proc/thread-self/net/netlink", &mut table).ok()?;
    decode_drops(&table, inode)
}

/// Decodes how many messages the socket of this inode had no room for, from `/proc/net/netlink`.
fn decode_drops(table: &[u8], inode: u64) -> Option<u64> {
    let text = std::str::from_utf8(table).ok()?;
    let mut lines = text.lines();
    let place = |name| move |heading: &&str| *heading == name;
    let headings: Vec<&str> = lines.next()?.split_ascii_whitespace().collect();
    let drops = headings.iter().position(|heading| place("Drops")(heading))?;
    let inodes = headings.iter().position(|heading| place("Inode")(heading))?;
    lines.find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let is_ours = fields.get(inodes)?.parse() == Ok(inode);
        is_ours.then(|| fields.get(drops)?.parse().ok())?
    })
}

/// Runs the decoders of this file.
#[cfg(fuzzing)]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_datagram(bytes, &mut Vec::new());
    let _ = decode_drops(bytes, 7);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A message of a socket: its cookie, ports, and `struct tcp_info`.
    fn message(cookie: u64, ports: [u16; 2], info: &[u8]) -> Vec<u8> {
        let mut row = vec![2, 7, 0, 0];
        row.extend(ports.into_iter().flat_map(u16::to_be_bytes));
        row.extend([[10, 0, 0, 1], [0; 4], [0; 4], [0; 4]].concat());
        row.extend([[10, 0, 0, 2], [0; 4], [0; 4], [0; 4]].concat());
        row.extend(0_u32.to_ne_bytes());
        row.extend(cookie.to_le_bytes());
        row.extend([0; 20]);
        row.extend(u16::try_from(info.len() + 4).unwrap().to_ne_bytes());
        row.extend(2_u16.to_ne_bytes());
        row.extend(info);
        let mut bytes = u32::try_from(row.len() + 16).unwrap().to_ne_bytes().to_vec();
        bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(row);
        bytes
    }

    fn info() -> Vec<u8> {
        let mut info = vec![0; 232];
        let mut set = |at: usize, bytes: &[u8]| info[at..at + bytes.len()].copy_from_slice(bytes);
        set(RTT, &50_u32.to_ne_bytes());
        set(TOTAL_RETRANS, &2_u32.to_ne_bytes());
        set(BYTES_ACKED, &102_u64.to_ne_bytes());
        set(BYTES_RECEIVED, &9_u64.to_ne_bytes());
        set(MIN_RTT, &u32::MAX.to_ne_bytes());
        set(BYTES_SENT, &130_u64.to_ne_bytes());
        set(BYTES_RETRANS, &30_u64.to_ne_bytes());
        info
    }

    #[test]
    fn a_message_has_the_cookie_the_ends_and_the_course() {
        let mut gone = Vec::new();
        let datagram = [message(7, [80, 40_000], &info()), message(8, [81, 0], &[])].concat();
        decode_datagram(&datagram, &mut gone);
        let [first, second] = gone.as_slice() else { panic!("{gone:?}") };
        assert_eq!((first.cookie, first.local.to_string()), (7, "10.0.0.1:80".into()));
        assert_eq!(first.remote.unwrap().to_string(), "10.0.0.2:40000");
        assert_eq!((first.bytes_sent, first.bytes_received), (Some(100), Some(9)));
        assert_eq!((first.rtt, first.min_rtt, first.retransmits), (Some(50), None, Some(2)));
        assert_eq!((second.cookie, second.remote, second.bytes_sent), (8, None, None));
    }

    #[test]
    fn the_drops_are_those_of_the_own_socket() {
        let table = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
                     0000000000000000 4   7          00000005 0        0        0     2        21       1234\n\
                     0000000000000000 0   0          00000000 0        0        0     2        3        99\n";
        assert_eq!(decode_drops(table.as_bytes(), 1234), Some(21));
        assert_eq!((decode_drops(table.as_bytes(), 5), decode_drops(b"", 5)), (None, None));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..400) {
            let mut gone = Vec::new();
            decode_datagram(&bytes, &mut gone);
            let whole = message(7, [1, 2], &info());
            decode_datagram(&whole[..cut.min(whole.len())], &mut gone);
            let _ = decode_drops(&bytes, 7);
        }
    }
}
