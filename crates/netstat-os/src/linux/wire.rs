//! Netlink messages and attributes, and dumps of whole tables.
//!
//! Every length comes from outside and is checked: nothing is read past the end.

use super::source::{Netlink, NetworkSource, Next};
use netstat_model::Warning;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;

/// `struct nlmsghdr`.
const HEADER: usize = 16;

const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;

const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_DUMP_INTR: u16 = 0x10;

/// How often an interrupted or overrun dump is requested before its last result is taken, with a warning.
const TRIES: usize = 4;

/// The bits of an attribute type without its flags (`NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`).
const ATTRIBUTE_TYPE: u16 = 0x3fff;

/// One netlink message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "nlmsghdr")]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// Returns the payload if the message is of the kind.
    pub(super) fn of_kind(self, kind: u16) -> Option<&'a [u8]> {
        (self.kind == kind).then_some(self.payload)
    }
}

/// Splits a datagram into its messages; `None` stands for a remainder that is not a message.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Option<Message<'_>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let message = cut(&mut bytes);
        if message.is_none() {
            bytes = &[];
        }
        Some(message)
    })
}

fn cut<'a>(bytes: &mut &'a [u8]) -> Option<Message<'a>> {
    let len = u32_at(bytes, 0)? as usize;
    let kind = u16_at(bytes, 4)?;
    let flags = u16_at(bytes, 6)?;
    let payload = bytes.get(HEADER..len)?;
    *bytes = bytes.get(align(len)..).unwrap_or_default();
    Some(Message { kind, flags, payload })
}

/// Splits a payload into attributes, as type and value. A remainder that is not an attribute is ignored.
#[doc(alias = "nlattr")]
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let len = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & ATTRIBUTE_TYPE;
        let value = bytes.get(4..len)?;
        bytes = bytes.get(align(len)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn align(len: usize) -> usize {
    len.saturating_add(3) & !3
}

pub(super) fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Two bytes in native order.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(array_at(bytes, at)?))
}

/// Two bytes in network order.
pub(super) fn be16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(array_at(bytes, at)?))
}

/// Four bytes in native order.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(array_at(bytes, at)?))
}

pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Text up to its zero byte; `None` if empty.
pub(super) fn text(value: &[u8]) -> Option<OsString> {
    let text = value.split(|&byte| byte == 0).next().unwrap_or_default();
    (!text.is_empty()).then(|| OsString::from_vec(text.to_vec()))
}

/// Encodes a dump request. `body` is the fixed part of the message and its attributes.
pub(super) fn dump_request(kind: u16, body: &[u8]) -> Vec<u8> {
    encode(kind, NLM_F_REQUEST | NLM_F_DUMP, body)
}

/// Encodes a request for one thing, which the kernel answers with one message and no end.
pub(super) fn request(kind: u16, body: &[u8]) -> Vec<u8> {
    encode(kind, NLM_F_REQUEST, body)
}

/// Sends a request that changes something, and waits until the kernel says that it is done.
///
/// # Errors
/// Those of the socket calls, and that with which the kernel answers; `UnexpectedEof` when it does not say.
pub(super) fn change(source: &dyn NetworkSource, netlink: Netlink, kind: u16, body: &[u8]) -> io::Result<()> {
    let mut verdict = None;
    source.netlink(netlink, &encode(kind, NLM_F_REQUEST | NLM_F_ACK, body), &mut |datagram| {
        let said = messages(datagram).flatten().find_map(|message| message.of_kind(NLMSG_ERROR));
        // One that was cut says nothing.
        verdict = said.filter(|payload| payload.len() >= 4).map(verdict_of);
        if verdict.is_some() { Next::Done } else { Next::More }
    })?;
    verdict.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
}

fn encode(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut request = Vec::with_capacity(HEADER + body.len());
    let len = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    request.extend_from_slice(&len.to_ne_bytes());
    request.extend_from_slice(&kind.to_ne_bytes());
    request.extend_from_slice(&flags.to_ne_bytes());
    // Each request has its own socket, so the sequence number is not needed; a constant one can be replayed.
    request.extend_from_slice(&1u32.to_ne_bytes());
    request.extend_from_slice(&0u32.to_ne_bytes());
    request.extend_from_slice(body);
    request
}

/// Appends an attribute, padded to a multiple of four bytes.
pub(super) fn put_attribute(into: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    into.extend_from_slice(&len.to_ne_bytes());
    into.extend_from_slice(&kind.to_ne_bytes());
    into.extend_from_slice(value);
    into.resize(into.len().next_multiple_of(4), 0);
}

/// What to know of the rows that a dump has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct DumpEnd {
    /// The table changed while it was read, even on the last try.
    pub(super) interrupted: bool,
    /// The receive buffer overflowed, even on the last try.
    pub(super) overrun: bool,
    /// How many messages made no sense.
    pub(super) odd: u64,
}

impl DumpEnd {
    /// Adds the warnings for a table that was read by this dump.
    pub(super) fn warn(self, what: &'static str, warnings: &mut Vec<Warning>) {
        if self.interrupted {
            warnings.push(Warning::DumpInterrupted { what });
        }
        if self.overrun {
            warnings.push(Warning::DumpOverrun { what });
        }
        if self.odd > 0 {
            warnings.push(Warning::OddMessages { what, count: self.odd });
        }
    }
}

/// Receives the rows of a dump.
pub(super) trait Rows {
    /// Takes one message. Returns false when it makes no sense.
    fn row(&mut self, message: Message<'_>) -> bool;
    /// Drops the rows of this dump, which is about to be repeated. Returns false where rows cannot be taken back.
    fn restart(&mut self) -> bool;
    /// Whether no more rows are wanted. Called after each datagram.
    fn is_full(&self) -> bool {
        false
    }
}

/// Requests a dump and passes its messages to `rows`. An interrupted or overrun dump is repeated; when that does not
/// help, or the rows cannot be taken back, the rows of the last try stay and the returned value says so.
///
/// # Errors
/// Those of the socket calls, and those that the kernel sends in `NLMSG_ERROR` or `NLMSG_DONE`; `UnexpectedEof` when
/// the answer has no end; `ENOBUFS` when the buffer overflowed before the first row.
pub(super) fn dump(
    source: &dyn NetworkSource,
    netlink: Netlink,
    request: &[u8],
    rows: &mut dyn Rows,
) -> io::Result<DumpEnd> {
    let mut tries = TRIES;
    loop {
        tries -= 1;
        let (end, any) = dump_once(source, netlink, request, rows)?;
        if !(end.interrupted || end.overrun) {
            return Ok(end);
        }
        if tries == 0 || !rows.restart() {
            if end.overrun && !any {
                return Err(rustix::io::Errno::NOBUFS.into());
            }
            return Ok(end);
        }
    }
}

/// Requests a dump of `kind` and collects the rows that `decode` makes of its messages; `None` counts as an odd message.
///
/// # Errors
/// Those of [`dump`].
pub(super) fn collect<T>(
    source: &dyn NetworkSource,
    netlink: Netlink,
    kind: u16,
    body: &[u8],
    decode: impl FnMut(Message<'_>) -> Option<T>,
) -> io::Result<(Vec<T>, DumpEnd)> {
    struct Collected<T, F>(Vec<T>, F);
    impl<T, F: FnMut(Message<'_>) -> Option<T>> Rows for Collected<T, F> {
        fn row(&mut self, message: Message<'_>) -> bool {
            let row = (self.1)(message);
            let is_row = row.is_some();
            self.0.extend(row);
            is_row
        }
        fn restart(&mut self) -> bool {
            self.0.clear();
            true
        }
    }
    let mut collected = Collected(Vec::new(), decode);
    let end = dump(source, netlink, &dump_request(kind, body), &mut collected)?;
    Ok((collected.0, end))
}

fn dump_once(
    source: &dyn NetworkSource,
    netlink: Netlink,
    request: &[u8],
    rows: &mut dyn Rows,
) -> io::Result<(DumpEnd, bool)> {
    let mut end = DumpEnd::default();
    let mut any = false;
    let mut verdict = None;
    let received = source.netlink(netlink, request, &mut |datagram| {
        for message in messages(datagram) {
            let Some(message) = message else {
                end.odd += 1;
                continue;
            };
            end.interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
            match message.kind {
                NLMSG_NOOP => {}
                NLMSG_DONE => verdict = Some(verdict_of(message.payload)),
                NLMSG_ERROR => {
                    verdict = Some(verdict_of(message.payload).and_then(|()| {
                        // An acknowledgement, which was not requested and does not end a dump.
                        Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "the kernel answered with an odd message",
                        ))
                    }));
                }
                NLMSG_OVERRUN => end.overrun = true,
                _ if rows.row(message) => any = true,
                _ => end.odd += 1,
            }
            if verdict.is_some() {
                return Next::Done;
            }
        }
        if rows.is_full() {
            verdict = Some(Ok(()));
            return Next::Done;
        }
        Next::More
    });
    match (received, verdict) {
        (_, Some(Err(error))) => Err(error),
        (Ok(()), Some(Ok(()))) => Ok((end, any)),
        (Ok(()), None) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the kernel's answer has no end")),
        (Err(error), _) if error.raw_os_error() == Some(rustix::io::Errno::NOBUFS.raw_os_error()) => {
            end.overrun = true;
            Ok((end, any))
        }
        (Err(error), _) => Err(error),
    }
}

/// Reads the error number of `NLMSG_ERROR` or `NLMSG_DONE`, which is 0 or negative. An old kernel sends `NLMSG_DONE`
/// without one.
fn verdict_of(payload: &[u8]) -> io::Result<()> {
    match u32_at(payload, 0).map(u32::cast_signed) {
        Some(errno @ ..0) => Err(io::Error::from_raw_os_error(errno.saturating_neg())),
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests;
