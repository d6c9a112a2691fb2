//! The ClientHello in the first packets of QUIC (RFC 9000, 17.2.2), of version 1 and version 2 (RFC 9369).
//!
//! These packets are encrypted by a key that follows from the connection ID in their header (RFC 9001, 5.2), so that everybody
//! on the way can read them, and nobody takes something else for one. A ClientHello with the keys of today is longer than a
//! packet, and its pieces come in any order.

use super::gathered::{Gathered, MOST_BYTES};
use super::heard::{Heard, heard};
use super::tls::{self, Bytes};
use netstat_model::ApplicationProtocol;
use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey, quic};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

/// A client fills its first datagrams up to this, and a datagram holds no more packets than fit.
const SHORTEST: usize = 1200;
const MOST_PACKETS: usize = 4;

/// No datagram is shorter than this, and all have this bit in the first byte.
const SHORTEST_OF_ALL: usize = 21;
const FIXED_BIT: u8 = 0x40;

/// So many datagrams may follow before it is whole.
const MOST_DATAGRAMS: u8 = 10;

/// The most bytes of a connection ID.
const LONGEST_ID: usize = 20;

/// Bytes behind those of which the mask of a header is made, and as many as make it.
const LONGEST_NUMBER: usize = 4;
const SAMPLE: usize = 16;

/// Types of frames.
const PADDING: usize = 0;
const PING: usize = 1;
const ACK: usize = 2;
const ACK_WITH_COUNTS: usize = 3;
const CRYPTO: usize = 6;

/// What differs between versions: its number, the type of an Initial packet, the salt, and the start of labels.
struct Version {
    number: usize,
    initial: u8,
    salt: [u8; 20],
    label: &'static str,
}

static VERSIONS: [Version; 2] = [
    Version {
        number: 1,
        initial: 0,
        salt: [
            0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
            0xcc, 0xbb, 0x7f, 0x0a,
        ],
        label: "quic",
    },
    Version {
        number: 0x6b33_43cf,
        initial: 1,
        salt: [
            0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
            0xf9, 0xbd, 0x2e, 0xd9,
        ],
        label: "quicv2",
    },
];

/// The ClientHello of one connection, as far as it has come.
#[derive(Debug)]
pub(crate) struct Hello {
    /// The connection ID of the first packet, of which the key was made.
    id: Box<[u8]>,
    gathered: Gathered,
    datagrams: u8,
    /// Whether all was told.
    is_over: bool,
}

impl Hello {
    /// Reads the first datagram of a client; `None` for what is none.
    pub(crate) fn begin(datagram: &[u8]) -> Option<(Self, Heard)> {
        if datagram.len() < SHORTEST {
            return None;
        }
        let (first, _) = Initial::read(datagram)?;
        let mut hello =
            Self { id: first.id.into(), gathered: Gathered::new(0), datagrams: 0, is_over: false };
        hello.take(datagram)?;
        let heard = hello.heard();
        Some((hello, heard))
    }

    /// Returns whether a datagram may be one of QUIC: the others have another first byte, or are too short (RFC 9000, 10.3
    /// and 17).
    pub(crate) fn may_be_quic(datagram: &[u8]) -> bool {
        datagram.len() >= SHORTEST_OF_ALL && datagram.first().is_some_and(|first| first & FIXED_BIT != 0)
    }

    /// Returns whether a datagram is the first of another client between the same ends: its key is that of its own connection
    /// ID.
    pub(crate) fn is_of_another(&self, datagram: &[u8]) -> bool {
        let first = (datagram.len() >= SHORTEST).then(|| Initial::read(datagram)).flatten();
        first.is_some_and(|(first, _)| *first.id != *self.id && first.open(first.id).is_some())
    }

    /// Reads a further datagram, of either end.
    pub(crate) fn add(&mut self, datagram: &[u8]) -> Heard {
        if self.is_over {
            return Heard::More;
        }
        // Each counts: the same one may come again and again.
        self.datagrams += 1;
        self.take(datagram);
        self.heard()
    }

    fn heard(&mut self) -> Heard {
        let bytes = self.gathered.bytes();
        let is_last = self.datagrams >= MOST_DATAGRAMS || bytes.len() >= MOST_BYTES;
        let heard = heard(ApplicationProtocol::Quic, tls::hello(bytes, is_last), is_last);
        if heard != Heard::More {
            self.is_over = true;
            self.gathered = Gathered::new(0);
        }
        heard
    }

    /// Takes what the packets of a datagram have of the ClientHello; `None` where none of them can be read.
    fn take(&mut self, mut datagram: &[u8]) -> Option<()> {
        let mut found = None;
        for _ in 0..MOST_PACKETS {
            let Some((packet, rest)) = Initial::read(datagram) else { break };
            if let Some(frames) = packet.open(&self.id) {
                self.frames(&frames);
                found = Some(());
            }
            datagram = rest;
        }
        found
    }

    /// Takes the frames of a packet up to one that makes no sense.
    fn frames(&mut self, frames: &[u8]) -> Option<()> {
        let mut frames = Bytes(frames);
        loop {
            match varint(&mut frames)? {
                PADDING | PING => {}
                kind @ (ACK | ACK_WITH_COUNTS) => {
                    let (_, _, ranges, _) = (
                        varint(&mut frames)?,
                        varint(&mut frames)?,
                        varint(&mut frames)?,
                        varint(&mut frames)?,
                    );
                    // Each takes two bytes at least, so that there is an end.
                    for _ in 0..ranges.saturating_mul(2) {
                        varint(&mut frames)?;
                    }
                    for _ in 0..if kind == ACK { 0 } else { 3 } {
                        varint(&mut frames)?;
                    }
                }
                CRYPTO => {
                    let at = varint(&mut frames)?;
                    let length = varint(&mut frames)?;
                    let piece = frames.take(length)?;
                    self.gathered.add(u32::try_from(at).ok()?, piece);
                }
                // The end of a connection, and what has no place here.
                _ => return None,
            }
        }
    }
}

/// An Initial packet, still encrypted.
struct Initial<'a> {
    version: &'static Version,
    id: &'a [u8],
    packet: &'a [u8],
    /// Where its number stands.
    number_at: usize,
}

impl<'a> Initial<'a> {
    /// Reads the header of a packet at the start of a datagram. Returns what is behind it as well.
    fn read(datagram: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut bytes = Bytes(datagram);
        let first = *bytes.take(1)?.first()?;
        let number = bytes.number(4)?;
        let version = VERSIONS.iter().find(|version| version.number == number)?;
        if first & 0x80 == 0 || first >> 4 & 3 != version.initial {
            return None;
        }
        let id = bytes.vector(1)?;
        let other = bytes.vector(1)?;
        if id.len() > LONGEST_ID || other.len() > LONGEST_ID {
            return None;
        }
        let token = varint(&mut bytes)?;
        bytes.take(token)?;
        let length = varint(&mut bytes)?;
        let number_at = datagram.len() - bytes.0.len();
        bytes.take(length)?;
        let (packet, rest) = datagram.split_at_checked(datagram.len() - bytes.0.len())?;
        Some((Self { version, id, packet, number_at }, rest))
    }

    /// Decrypts what a client has sent that began with this connection ID.
    fn open(&self, id: &[u8]) -> Option<Vec<u8>> {
        let keys = Keys::new(self.version, id)?;
        let sample = self.packet.get(self.number_at + LONGEST_NUMBER..)?.get(..SAMPLE)?;
        let mask = keys.header.new_mask(sample).ok()?;
        let mut packet = self.packet.to_vec();
        let first = packet.first_mut()?;
        *first ^= mask[0] & 0x0f;
        let length = usize::from(*first & 3) + 1;
        // It is among the first packets, so that its number is short enough to be whole.
        let mut number: u32 = 0;
        for (byte, mask) in
            packet.get_mut(self.number_at..self.number_at + length)?.iter_mut().zip(&mask[1..])
        {
            *byte ^= mask;
            number = number << 8 | u32::from(*byte);
        }
        let (header, body) = packet.split_at_mut_checked(self.number_at + length)?;
        let opened = keys.packet.open_in_place(keys.nonce(number), Aad::from(&*header), body).ok()?;
        Some(opened.to_vec())
    }
}

/// What the packets of a client are protected by at the start.
struct Keys {
    packet: LessSafeKey,
    iv: [u8; aead::NONCE_LEN],
    header: quic::HeaderProtectionKey,
}

/// As long as a nonce.
struct OfNonce;

impl KeyType for OfNonce {
    fn len(&self) -> usize {
        aead::NONCE_LEN
    }
}

impl Keys {
    fn new(version: &Version, id: &[u8]) -> Option<Self> {
        let of_all = Salt::new(HKDF_SHA256, &version.salt).extract(id);
        let client = label("client in", HKDF_SHA256.len());
        let secret = Prk::from(of_all.expand(&[&client], HKDF_SHA256).ok()?);
        let of = |what: &str, length| label(&format!("{} {what}", version.label), length);
        let (key, iv_label) = (of("key", aead::AES_128_GCM.key_len()), of("iv", aead::NONCE_LEN));
        let hp = of("hp", quic::AES_128.key_len());
        let mut iv = [0; aead::NONCE_LEN];
        secret.expand(&[&iv_label], OfNonce).ok()?.fill(&mut iv).ok()?;
        Some(Self {
            packet: LessSafeKey::new(UnboundKey::from(secret.expand(&[&key], &aead::AES_128_GCM).ok()?)),
            iv,
            header: quic::HeaderProtectionKey::from(secret.expand(&[&hp], &quic::AES_128).ok()?),
        })
    }

    fn nonce(&self, number: u32) -> Nonce {
        let mut nonce = self.iv;
        for (byte, of_number) in nonce.iter_mut().rev().zip(number.to_be_bytes().iter().rev()) {
            *byte ^= of_number;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Returns what HKDF-Expand-Label of TLS 1.3 expands (RFC 8446, 7.1).
fn label(name: &str, length: usize) -> Vec<u8> {
    let name = format!("tls13 {name}");
    let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    [&[0, short(length), short(name.len())], name.as_bytes(), &[0]].concat()
}

/// Reads a number of one, two, four or eight bytes (RFC 9000, 16).
fn varint(bytes: &mut Bytes<'_>) -> Option<usize> {
    let length = 1usize << (bytes.0.first()? >> 6);
    let raw = bytes.take(length)?;
    let number = raw.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    // The two bits that say the length are none of the number.
    let number = number & (u64::MAX >> (66 - 8 * length));
    usize::try_from(number).ok()
}

/// Reads the frames of a packet for the fuzzer, which cannot encrypt them.
#[cfg(fuzzing)]
pub(crate) fn frames(frames: &[u8]) -> Heard {
    let mut hello = Hello { id: [].into(), gathered: Gathered::new(0), datagrams: 0, is_over: false };
    hello.frames(frames);
    hello.heard()
}

/// Returns the first datagram of a client that asks for a server.
#[cfg(test)]
pub(crate) fn sealed_hello(id: &[u8], server: &str) -> Vec<u8> {
    tests::sealed_hello(id, server)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The connection ID and the ClientHello of RFC 9001, appendix A, and of RFC 9369, appendix A.
    const ID: &str = "8394c8f03e515708";
    const FRAME: &str = "\
        060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c0\
        00000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e00050005010000\
        0000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010\
        000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff08\
        01100104800075300901100f088394c8f03e51570806048000ffff";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    /// Encrypts a packet of a client: what it says, filled up to a datagram.
    fn sealed(version: &Version, id: &[u8], number: u32, frames: &[u8]) -> Vec<u8> {
        let mut packet = vec![0xc3 | version.initial << 4];
        packet.extend(u32::try_from(version.number).unwrap().to_be_bytes());
        packet.push(u8::try_from(id.len()).unwrap());
        packet.extend(id);
        // Neither an ID of the sender nor a token; then the length of what is behind it.
        packet.extend([0, 0]);
        let behind = SHORTEST - packet.len() - 2;
        packet.extend((0x4000 | u16::try_from(behind).unwrap()).to_be_bytes());
        let number_at = packet.len();
        packet.extend(number.to_be_bytes());
        let keys = Keys::new(version, id).unwrap();
        let mut body = frames.to_vec();
        body.resize(behind - 4 - aead::MAX_TAG_LEN, 0);
        keys.packet.seal_in_place_append_tag(keys.nonce(number), Aad::from(&packet), &mut body).unwrap();
        packet.extend(body);
        let mask = keys.header.new_mask(&packet[number_at + 4..][..SAMPLE]).unwrap();
        packet[0] ^= mask[0] & 0x0f;
        for (byte, mask) in packet[number_at..].iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
        }
        packet
    }

    pub(super) fn sealed_hello(id: &[u8], server: &str) -> Vec<u8> {
        let long = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        let name = long(&[&[0][..], &long(server.as_bytes())].concat());
        let extensions = long(&[&[0, 0][..], &long(&name)].concat());
        // The version, what is random, no session, one cipher, one compression.
        let body = [&[3, 3][..], &[5; 32], &[0, 0, 2, 0x13, 1, 1, 0], &extensions].concat();
        let hello = [&[1, 0][..], &long(&body)].concat();
        let frame = [&[6, 0, 0x40, u8::try_from(hello.len()).unwrap()][..], &hello].concat();
        sealed(&VERSIONS[0], id, 0, &frame)
    }

    fn told(heard: &Heard) -> Option<&str> {
        match heard {
            Heard::Application(told) => told.name.as_deref(),
            _ => None,
        }
    }

    #[test]
    fn the_packets_of_the_standards_are_read() {
        let [first, second] = &VERSIONS;
        let packet = sealed(first, &bytes(ID), 2, &bytes(FRAME));
        let begin = "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c";
        assert!(
            packet.starts_with(&bytes(begin)) && packet.ends_with(&bytes("e221af44860018ab0856972e194cd934"))
        );
        assert_eq!(told(&Hello::begin(&packet).unwrap().1), Some("example.com alpn"));
        let packet = sealed(second, &bytes(ID), 2, &bytes(FRAME));
        let begin = "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c";
        assert!(packet.starts_with(&bytes(begin)), "{packet:02x?}");
        assert_eq!(told(&Hello::begin(&packet).unwrap().1), Some("example.com alpn"));
    }

    #[test]
    fn what_is_of_somebody_else_is_not_read() {
        let packet = sealed(&VERSIONS[0], &bytes(ID), 0, &bytes(FRAME));
        // Any byte of it changed, it is not what the key was for.
        for at in [1, 5, 6, 20, 30, 700, 1199] {
            let mut other = packet.clone();
            other[at] ^= 1;
            assert!(Hello::begin(&other).is_none(), "{at}");
        }
        assert!(Hello::begin(&packet[..1199]).is_none(), "it is cut off");
        assert!(Hello::begin(&[0xc0; 1200]).is_none());
    }

    #[test]
    fn pieces_are_put_together_in_whatever_order_they_come() {
        let hello = &bytes(FRAME)[4..];
        let piece = |at: usize, end: usize| {
            [&[6, u8::try_from(at).unwrap(), u8::try_from(end - at).unwrap()], &hello[at..end]].concat()
        };
        let id = bytes(ID);
        // An acknowledgment with two ranges stands between, and a ping.
        let acknowledged = [3, 9, 0, 2, 1, 1, 1, 1, 1, 0, 0, 0, 1];
        let first = [&piece(40, 60)[..], &acknowledged, &piece(10, 40)].concat();
        let second = [&[0; 9][..], &[1], &piece(0, 10)].concat();
        let rest = [&[6, 60, 0x40, u8::try_from(hello.len() - 60).unwrap()], &hello[60..]].concat();
        let (mut so_far, heard) = Hello::begin(&sealed(&VERSIONS[0], &id, 0, &first)).unwrap();
        assert_eq!(heard, Heard::More);
        // What the server says in between does not matter.
        let server = sealed(&VERSIONS[0], &[7; 8], 0, &bytes(FRAME));
        assert_eq!(so_far.add(&server), Heard::More);
        assert_eq!(so_far.add(&sealed(&VERSIONS[0], &id, 1, &rest)), Heard::More);
        assert_eq!(told(&so_far.add(&sealed(&VERSIONS[0], &id, 2, &second))), Some("example.com alpn"));
        // Nobody waits for ever.
        let (mut silent, _) = Hello::begin(&sealed(&VERSIONS[0], &id, 0, &[1])).unwrap();
        let heard: Vec<Heard> = (0..10).map(|_| silent.add(b"x")).collect();
        assert_eq!((&heard[8], &heard[9]), (&Heard::More, &Heard::Nothing));
        // Nor for what can be read and says no more.
        let again = sealed(&VERSIONS[0], &id, 0, &first);
        let (mut repeated, _) = Hello::begin(&again).unwrap();
        let heard: Vec<Heard> = (0..10).map(|_| repeated.add(&again)).collect();
        assert_eq!((&heard[8], &heard[9]), (&Heard::More, &Heard::Nothing));
    }

    #[test]
    fn another_client_is_told_by_its_own_key() {
        let first = sealed(&VERSIONS[0], &bytes(ID), 0, &bytes(FRAME));
        let (mut hello, heard) = Hello::begin(&first).unwrap();
        assert_eq!(told(&heard), Some("example.com alpn"));
        assert!(!hello.is_of_another(&first), "it was sent again");
        // The client goes on with the ID that the server has chosen, and the key of its own.
        let mut named = sealed(&VERSIONS[0], &bytes(ID), 1, &[1]);
        named[6] ^= 1;
        assert!(!hello.is_of_another(&named));
        assert!(hello.is_of_another(&sealed(&VERSIONS[0], &[7; 8], 0, &bytes(FRAME))));
        assert_eq!(hello.add(&first), Heard::More, "it is told once");
    }

    #[test]
    fn the_largest_number_of_ranges_is_no_more_than_the_bytes_there_are() {
        let mut hello = Hello::begin(&sealed(&VERSIONS[0], &bytes(ID), 0, &[1])).unwrap().0;
        let most = [&[2, 0, 0][..], &[0xff; 8], &[0, 1, 1]].concat();
        assert_eq!(hello.frames(&most), None);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(
            frames in proptest::collection::vec(any::<u8>(), 0..1000),
            changes in proptest::collection::vec((0usize..1200, any::<u8>()), 0..4),
        ) {
            let mut packet = sealed(&VERSIONS[0], &bytes(ID), 0, &frames);
            let (hello, _) = Hello::begin(&packet).unwrap();
            prop_assert!(hello.gathered.holds() <= 2 * MOST_BYTES);
            for (at, byte) in changes {
                packet[at] = byte;
            }
            Hello::begin(&packet);
        }
    }
}
