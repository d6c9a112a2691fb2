//! Reads captures of any program: pcapng and pcap. Whatever is in a file, it is read to its end or to where it makes no sense.

use crate::frame::{Frame, decode};
use crate::pcapng::{
    COMMENT, FLAGS, INBOUND, INTERFACE, NAME, ORDER, OUTBOUND, PACKET, PROCESS, RESOLUTION, SECTION,
};
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::time::Duration;

/// Magic numbers of pcap: times in microseconds, and in nanoseconds.
const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;

/// Blocks of pcapng without times, and of old.
const SIMPLE_PACKET: u32 = 3;
const OLD_PACKET: u32 = 2;

/// How the seconds of an interface are counted from 1970 on.
const OFFSET: u16 = 14;

/// The largest block or packet that is read: larger ones make no sense.
const LARGEST: u32 = 64 << 20;

/// The most interfaces of a section.
const MOST_INTERFACES: usize = 1 << 16;

/// One packet of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<'a> {
    /// When it was, since 1970; `None` where the file does not say.
    pub at: Option<Duration>,
    /// Its interface, by its place in the file, and its name.
    pub interface: (usize, Option<&'a str>),
    /// Which way it went, where the file says.
    pub is_outgoing: Option<bool>,
    /// How many bytes it had.
    pub length: u32,
    /// Its headers; `None` for what is no packet of IP.
    pub frame: Option<Frame>,
    /// What a program has sent, as far as the file has it.
    pub payload: &'a [u8],
    /// What was said of it.
    pub comments: &'a [String],
    /// The process it is of, by its ID, where the file says.
    pub pid: Option<u32>,
    /// The type of its link (LINKTYPE_ of tcpdump), where that is one whose packets are not read.
    pub unread_link: Option<u16>,
}

/// What was wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It ends in the middle of a packet, or its end cannot be unpacked.
    Cut,
    /// From this byte on it makes no sense.
    Odd(u64),
}

/// Why a file was not read.
#[derive(Debug)]
pub enum ReadError {
    /// The system refused.
    System(io::Error),
    /// It is no capture.
    NoCapture,
    /// It was compressed, by this program, which is not read.
    Compressed(&'static str),
    /// It was compressed, by this program, and is cut off or damaged before anything could be unpacked.
    Damaged(&'static str),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// An interface of a file.
#[derive(Debug, Clone)]
struct Link {
    kind: u16,
    name: Option<String>,
    /// How many units of time a second has, and which second is the first.
    units: u64,
    offset: i64,
    snap: u32,
}

/// The order of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endian {
    Little,
    Big,
}

impl Endian {
    /// The order in which these bytes are a number.
    fn of(bytes: [u8; 4], number: u32) -> Option<Self> {
        if u32::from_le_bytes(bytes) == number {
            Some(Self::Little)
        } else {
            (u32::from_be_bytes(bytes) == number).then_some(Self::Big)
        }
    }

    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if self == Self::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }
}

/// A file that counts what was read of it.
struct Counting<R> {
    from: R,
    at: u64,
    /// What it was packed by, if it is unpacked meanwhile: then an error may be that of a file that is cut off, or makes no sense.
    packed_by: Option<&'static str>,
    /// Whether there was such an error.
    is_damaged: bool,
}

impl<R: Read> Counting<R> {
    /// Reads so many bytes. `Ok(None)` at the end of the file.
    fn take(&mut self, length: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        let read = match self.from.by_ref().take(wanted).read_to_end(&mut bytes) {
            // What is left of it is a file that is cut off.
            Err(error) if self.packed_by.is_some() && is_of_packing(&error) => {
                self.is_damaged = true;
                bytes.len()
            }
            read => read?,
        };
        self.at += u64::try_from(read).unwrap_or(u64::MAX);
        Ok((read == length).then_some(bytes))
    }
}

/// Whether what could not be unpacked is the fault of the file, not of the system.
fn is_of_packing(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    error.raw_os_error().is_none()
        && matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}

/// Passes on every packet of a file. Returns what is wrong with it.
///
/// # Errors
/// When it cannot be read, or is no capture.
pub fn each_packet(
    mut from: impl Read,
    mut each: impl FnMut(&Recorded<'_>),
) -> Result<Option<Flaw>, ReadError> {
    let mut begin = Vec::new();
    from.by_ref().take(4).read_to_end(&mut begin)?;
    let whole = io::Cursor::new(begin.clone()).chain(from);
    match begin[..] {
        [0x1f, 0x8b, ..] => of_plain(MultiGzDecoder::new(whole), Some("gzip"), &mut each),
        [0x28, 0xb5, 0x2f, 0xfd] => of_plain(zstd::Decoder::new(whole)?, Some("zstd"), &mut each),
        [0x04, 0x22, 0x4d, 0x18] => Err(ReadError::Compressed("lz4")),
        _ => of_plain(whole, None, &mut each),
    }
}

/// Reads what is not compressed, or is so no more.
fn of_plain(
    from: impl Read,
    packed_by: Option<&'static str>,
    each: &mut dyn FnMut(&Recorded<'_>),
) -> Result<Option<Flaw>, ReadError> {
    let mut file = Counting { from, at: 0, packed_by, is_damaged: false };
    match (unpacked(&mut file, each), packed_by) {
        // What comes out of a damaged file is told by its beginning alone.
        (Err(ReadError::NoCapture), Some(by)) if file.is_damaged || file.at == 0 => {
            Err(ReadError::Damaged(by))
        }
        (Ok(None), _) if file.is_damaged => Ok(Some(Flaw::Cut)),
        (read, _) => read,
    }
}

fn unpacked(
    file: &mut Counting<impl Read>,
    each: &mut dyn FnMut(&Recorded<'_>),
) -> Result<Option<Flaw>, ReadError> {
    let Some(magic) = file.take(4)?.and_then(|magic| magic.first_chunk::<4>().copied()) else {
        return Err(ReadError::NoCapture);
    };
    if u32::from_ne_bytes(magic) == SECTION {
        return pcapng(file, each);
    }
    for (number, units) in [(MICROSECONDS, 1_000_000), (NANOSECONDS, 1_000_000_000)] {
        if let Some(endian) = Endian::of(magic, number) {
            return pcap(file, endian, units, each);
        }
    }
    Err(ReadError::NoCapture)
}

fn pcap(
    file: &mut Counting<impl Read>,
    endian: Endian,
    units: u64,
    each: &mut dyn FnMut(&Recorded<'_>),
) -> Result<Option<Flaw>, ReadError> {
    let Some(header) = file.take(20)? else { return Err(ReadError::NoCapture) };
    let kind = u16::try_from(endian.long(&header, 16).unwrap_or(0) & 0xffff).unwrap_or(0);
    let link = Link { kind, name: None, units, offset: 0, snap: 0 };
    loop {
        let begin = file.at;
        let Some(header) = file.take(16)? else { return Ok((file.at != begin).then_some(Flaw::Cut)) };
        let number = |at| endian.long(&header, at).unwrap_or_default();
        let (captured, length) = (number(8), number(12));
        if captured > LARGEST {
            return Ok(Some(Flaw::Odd(begin)));
        }
        let Some(bytes) = file.take(captured as usize)? else { return Ok(Some(Flaw::Cut)) };
        let at = Duration::from_secs(number(0).into()).checked_add(part_of_a_second(number(4).into(), units));
        hand_on(&link, (0, at, length), &bytes, &Options::default(), each);
    }
}

/// Returns so many units of time, of which a second has `units`.
fn part_of_a_second(count: u64, units: u64) -> Duration {
    let nanoseconds = u128::from(count) * 1_000_000_000 / u128::from(units.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// What the options of a packet say.
#[derive(Debug, Default)]
struct Options {
    comments: Vec<String>,
    is_outgoing: Option<bool>,
    pid: Option<u32>,
}

fn pcapng(
    file: &mut Counting<impl Read>,
    each: &mut dyn FnMut(&Recorded<'_>),
) -> Result<Option<Flaw>, ReadError> {
    let mut endian = Endian::Little;
    let mut links: Vec<Link> = Vec::new();
    // The type of the first block has been read.
    let mut kind = Some(SECTION.to_ne_bytes());
    loop {
        let begin = file.at;
        let kind = match kind.take() {
            Some(kind) => kind,
            None => match file.take(4)?.and_then(|kind| kind.first_chunk::<4>().copied()) {
                Some(kind) => kind,
                None => return Ok((file.at != begin).then_some(Flaw::Cut)),
            },
        };
        let Some(length) = file.take(4)? else { return Ok(Some(Flaw::Cut)) };
        let mut order = Vec::new();
        if u32::from_ne_bytes(kind) == SECTION {
            // Only behind the length it is said how that is written.
            let Some(bytes) = file.take(4)? else { return Ok(Some(Flaw::Cut)) };
            let said = bytes.first_chunk::<4>().and_then(|bytes| Endian::of(*bytes, ORDER));
            let Some(said) = said else { return Ok(Some(Flaw::Odd(begin))) };
            (endian, order) = (said, bytes);
            links.clear();
        }
        let length = endian.long(&length, 0).unwrap_or_default();
        let before = 12 + u32::try_from(order.len()).unwrap_or(0);
        if length > LARGEST || length < before || !length.is_multiple_of(4) {
            return Ok(Some(Flaw::Odd(begin)));
        }
        let Some(mut body) = file.take((length - before + 4) as usize)? else { return Ok(Some(Flaw::Cut)) };
        let end = body.len().saturating_sub(4);
        if endian.long(&body, end) != Some(length) {
            return Ok(Some(Flaw::Odd(begin)));
        }
        body.truncate(end);
        let kind = endian.long(&kind, 0).unwrap_or_default();
        let is_read = match kind {
            INTERFACE => match interface(endian, &body) {
                Some(link) if links.len() < MOST_INTERFACES => {
                    links.push(link);
                    true
                }
                _ => false,
            },
            PACKET | OLD_PACKET => packet(endian, kind, &body, &links, each).is_some(),
            SIMPLE_PACKET => simple_packet(endian, &body, &links, each).is_some(),
            _ => true,
        };
        if !is_read {
            return Ok(Some(Flaw::Odd(begin)));
        }
    }
}

/// Passes on the options at the end of a block, up to one that is cut.
fn each_option(endian: Endian, mut options: &[u8], mut each: impl FnMut(u16, &[u8])) {
    while let (Some(code), Some(length)) = (endian.short(options, 0), endian.short(options, 2)) {
        let length = usize::from(length);
        let Some(value) = options.get(4..4 + length).filter(|_| code != 0) else { return };
        each(code, value);
        options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
    }
}

fn interface(endian: Endian, body: &[u8]) -> Option<Link> {
    let mut link = Link {
        kind: endian.short(body, 0)?,
        name: None,
        units: 1_000_000,
        offset: 0,
        snap: endian.long(body, 4)?,
    };
    each_option(endian, body.get(8..)?, |code, value| match (code, value) {
        (NAME, name) => link.name = Some(String::from_utf8_lossy(name).into_owned()),
        (RESOLUTION, &[exponent, ..]) => {
            // A power of two, or of ten.
            let power = u32::from(exponent & 0x7f);
            let base: u64 = if exponent & 0x80 == 0 { 10 } else { 2 };
            link.units = base.checked_pow(power).unwrap_or(u64::MAX);
        }
        (OFFSET, value) => {
            let parts = (endian.long(value, 0), endian.long(value, 4));
            if let (Some(first), Some(second)) = parts {
                let (low, high) = if endian == Endian::Little { (first, second) } else { (second, first) };
                link.offset = (u64::from(high) << 32 | u64::from(low)).cast_signed();
            }
        }
        _ => {}
    });
    Some(link)
}

fn packet(
    endian: Endian,
    kind: u32,
    body: &[u8],
    links: &[Link],
    each: &mut dyn FnMut(&Recorded<'_>),
) -> Option<()> {
    let number = |at| endian.long(body, at);
    let place = match kind {
        OLD_PACKET => endian.short(body, 0)?.into(),
        _ => usize::try_from(number(0)?).ok()?,
    };
    let link = links.get(place)?;
    let (captured, length) = (usize::try_from(number(12)?).ok()?, number(16)?);
    let bytes = body.get(20..)?.get(..captured)?;
    let mut options = Options::default();
    each_option(endian, body.get(20 + captured.next_multiple_of(4)..).unwrap_or_default(), |code, value| {
        let long = endian.long(value, 0);
        match code {
            COMMENT => options.comments.push(String::from_utf8_lossy(value).into_owned()),
            FLAGS => {
                options.is_outgoing = match long.unwrap_or_default() & 3 {
                    INBOUND => Some(false),
                    OUTBOUND => Some(true),
                    _ => None,
                }
            }
            PROCESS => options.pid = long.filter(|pid| *pid != 0),
            _ => {}
        }
    });
    let count = u64::from(number(4)?) << 32 | u64::from(number(8)?);
    let seconds = i64::try_from(count / link.units.max(1)).ok().and_then(|at| at.checked_add(link.offset));
    let at = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let at = at.and_then(|at| at.checked_add(part_of_a_second(count % link.units.max(1), link.units)));
    hand_on(link, (place, at, length), bytes, &options, each);
    Some(())
}

fn simple_packet(
    endian: Endian,
    body: &[u8],
    links: &[Link],
    each: &mut dyn FnMut(&Recorded<'_>),
) -> Option<()> {
    let link = links.first()?;
    let length = endian.long(body, 0)?;
    let snap = if link.snap == 0 { u32::MAX } else { link.snap };
    let captured = usize::try_from(length.min(snap)).ok()?.min(body.len() - 4);
    hand_on(link, (0, None, length), body.get(4..4 + captured)?, &Options::default(), each);
    Some(())
}

fn hand_on(
    link: &Link,
    (place, at, length): (usize, Option<Duration>, u32),
    bytes: &[u8],
    options: &Options,
    each: &mut dyn FnMut(&Recorded<'_>),
) {
    let read = behind_link(link.kind, bytes).and_then(|(protocol, begin)| {
        let length = usize::try_from(length).unwrap_or(usize::MAX).max(bytes.len());
        let behind = bytes.get(begin..)?;
        let frame = decode(protocol, behind, length.saturating_sub(begin))?;
        Some((frame, frame.payload_of(behind)))
    });
    each(&Recorded {
        at,
        interface: (place, link.name.as_deref()),
        is_outgoing: options.is_outgoing,
        length,
        frame: read.map(|(frame, _)| frame),
        payload: read.map_or(&[], |(_, payload)| payload),
        comments: &options.comments,
        pid: options.pid,
        unread_link: Some(link.kind).filter(|kind| !is_read(*kind)),
    });
}

/// Returns whether [`behind_link`] knows a type of links.
fn is_read(kind: u16) -> bool {
    matches!(kind, 0 | 1 | 9 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
}

/// Returns the protocol behind the header of a link, and where that begins; `None` for links that are not known here.
fn behind_link(kind: u16, bytes: &[u8]) -> Option<(u16, usize)> {
    let short = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
    let by_version = |at: usize| match bytes.get(at)? >> 4 {
        4 => Some((0x0800, at)),
        6 => Some((0x86dd, at)),
        _ => None,
    };
    match kind {
        // Ethernet.
        1 => Some((short(12)?, 14)),
        // IP without a link, by several numbers.
        12 | 14 | 101 | 228 | 229 => by_version(0),
        // The loopback of BSD: the family in four bytes.
        0 | 108 => by_version(4),
        // What Linux puts in place of headers, old and new.
        113 => Some((short(14)?, 16)),
        276 => Some((short(0)?, 20)),
        // PPP.
        9 => by_version(match bytes {
            [0xff, 3, ..] => 4,
            _ => 2,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::made::{tcp, udp, v4};
    use crate::pcapng::{Note, Origin, PcapngWriter, Statistics};
    use netstat_model::Transport;
    use proptest::prelude::*;

    fn ours() -> Vec<u8> {
        let mut writer = PcapngWriter::new(Vec::new(), &Origin::default()).unwrap();
        writer.interface("lo", "", 1, 0).unwrap();
        writer.interface("tun0", "", 276, 0).unwrap();
        let packet = v4([192, 0, 2, 1], [192, 0, 2, 2], 6, 0, &tcp(40000, 443, 2, 7, b"abc"));
        let framed = [&[0; 12][..], &[8, 0], &packet].concat();
        let comments = ["process curl (4711) at 192.0.2.1:40000".to_owned(), "another".to_owned()];
        let note = Note {
            at: Duration::new(1_790_000_000, 123_456_789),
            length: 57,
            is_outgoing: Some(true),
            lacks_checksum: true,
            pid: Some(4711),
            comments: &comments,
        };
        writer.packet(0, &framed, &note).unwrap();
        let cooked = [&[8, 0][..], &[0; 18], &packet].concat();
        writer.packet(1, &cooked[..60], &Note { length: 63, ..Note::default() }).unwrap();
        writer.statistics(0, &Statistics { comment: "counts", ..Statistics::default() }).unwrap();
        writer.finish().unwrap()
    }

    fn all(bytes: &[u8]) -> (usize, Result<Option<Flaw>, ReadError>) {
        let mut count = 0;
        let flaw = each_packet(bytes, |_| count += 1);
        (count, flaw)
    }

    #[test]
    fn what_was_written_is_read() {
        let mut seen = 0;
        let flaw = each_packet(&ours()[..], |packet| {
            let frame = packet.frame.unwrap();
            assert_eq!(frame.ports(), Some((Transport::Tcp, (40000, 443))));
            assert_eq!(frame.payload, 3);
            if seen == 0 {
                assert_eq!(packet.at, Some(Duration::new(1_790_000_000, 123_456_789)));
                assert_eq!(packet.interface, (0, Some("lo")));
                assert_eq!((packet.is_outgoing, packet.pid, packet.length), (Some(true), Some(4711), 57));
                assert_eq!(packet.comments, ["process curl (4711) at 192.0.2.1:40000", "another"]);
            } else {
                assert_eq!(
                    (packet.interface, packet.is_outgoing, packet.pid),
                    ((1, Some("tun0")), None, None)
                );
            }
            seen += 1;
        });
        assert!(matches!(flaw, Ok(None)), "{flaw:?}");
        assert_eq!(seen, 2);
    }

    #[test]
    fn pcap_of_either_order_is_read() {
        let packet = v4([192, 0, 2, 1], [192, 0, 2, 2], 17, 0, &udp(1, 2, b"abc"));
        for big in [false, true] {
            let long = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
            let length = u32::try_from(packet.len()).unwrap();
            let mut file = Vec::new();
            for number in [MICROSECONDS, 0x0002_0004, 0, 0, 65535, 101, 5, 250_000, length, length] {
                file.extend(long(number));
            }
            file.extend(&packet);
            let flaw = each_packet(&file[..], |packet| {
                assert_eq!(packet.at, Some(Duration::from_millis(5250)));
                assert_eq!(packet.frame.unwrap().ports(), Some((Transport::Udp, (1, 2))));
            });
            assert!(matches!(flaw, Ok(None)));
            assert!(matches!(all(&file[..file.len() - 1]), (0, Ok(Some(Flaw::Cut)))));
        }
    }

    #[test]
    fn what_is_no_capture_is_not_read_and_what_is_cut_says_so() {
        assert!(matches!(all(b"").1, Err(ReadError::NoCapture)));
        assert!(matches!(all(b"hello, world").1, Err(ReadError::NoCapture)));
        assert!(matches!(all(&[0x04, 0x22, 0x4d, 0x18, 0]).1, Err(ReadError::Compressed("lz4"))));
        // Nothing comes out of these.
        for packed in [&[0x1f, 0x8b, 8, 0][..], &[0x28, 0xb5, 0x2f, 0xfd, 9]] {
            assert!(matches!(all(packed).1, Err(ReadError::Damaged("gzip" | "zstd"))));
        }
        let whole = ours();
        assert!(matches!(all(&whole[..whole.len() - 5]), (2, Ok(Some(Flaw::Cut)))));
        let mut odd = whole.clone();
        odd.extend([6, 0, 0, 0, 3, 0, 0, 0]);
        let at = u64::try_from(whole.len()).unwrap();
        assert!(matches!(all(&odd), (2, Ok(Some(Flaw::Odd(place)))) if place == at));
    }

    #[test]
    fn what_cannot_be_unpacked_to_its_end_is_cut() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&ours()).unwrap();
        let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
        zstd.include_checksum(true).unwrap();
        zstd.write_all(&ours()).unwrap();
        for packed in [gzip.finish().unwrap(), zstd.finish().unwrap()] {
            assert!(matches!(all(&packed), (2, Ok(None))));
            // The checksum at the end lacks a byte, or is wrong, or something follows.
            let mut other = packed.clone();
            *other.last_mut().unwrap() ^= 1;
            let more = [&packed[..], b"junk"].concat();
            for damaged in [&packed[..packed.len() - 1], &other, &more] {
                let flaw = all(damaged).1;
                assert!(matches!(flaw, Ok(Some(Flaw::Cut))), "{flaw:?}");
            }
            let begin = all(&packed[..8]).1;
            assert!(matches!(begin, Err(ReadError::Damaged(_))), "{begin:?}");
        }
    }

    #[test]
    fn packets_of_links_that_are_not_read_say_so() {
        let mut writer = PcapngWriter::new(Vec::new(), &Origin::default()).unwrap();
        writer.interface("wlan0", "", 105, 0).unwrap();
        writer.packet(0, &[8; 60], &Note { length: 60, ..Note::default() }).unwrap();
        let mut links = Vec::new();
        each_packet(&writer.finish().unwrap()[..], |packet| links.push(packet.unread_link)).unwrap();
        assert_eq!(links, [Some(105)]);
        // Both lists are of the same types.
        let packet = [&[0x45; 20][..], &[0; 30]].concat();
        for kind in 0..=300 {
            assert_eq!(behind_link(kind, &packet).is_some(), is_read(kind), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..20), cut: usize) {
            let mut file = ours();
            for (at, byte) in changes {
                let at = at % file.len();
                file[at] = byte;
            }
            let length = file.len() - cut % file.len() / 4;
            let _ = all(&file[..length]);
        }
    }
}
