//! The ClientHello of TLS: which server is asked for (SNI, RFC 6066), and the first protocol that is offered (ALPN, RFC 7301).
//!
//! With Encrypted Client Hello the name is that of the provider, which is what everybody on the way sees.

use super::words::{Told, name, word};

/// The type of records with a handshake, and that of a ClientHello among handshakes.
pub(super) const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// The most bytes of a record.
const LARGEST_RECORD: usize = (1 << 14) + 256;

/// Numbers of extensions.
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// Bytes that are read from the front.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes a number of so many bytes.
    pub(super) fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Takes what stands behind its length, a number of so many bytes.
    pub(super) fn vector(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let length = self.number(bytes)?;
        self.take(length)
    }
}

/// What was found.
#[derive(Default)]
struct Found<'a> {
    server: Option<&'a [u8]>,
    protocol: Option<&'a [u8]>,
}

/// Reads the first records of a client.
pub(super) fn client_hello(bytes: &[u8], is_last: bool) -> Told {
    let is = |at: usize, expected: fn(u8) -> bool| bytes.get(at).is_none_or(|byte| expected(*byte));
    let is_handshake =
        is(0, |kind| kind == HANDSHAKE) && is(1, |major| major == 3) && is(2, |minor| minor <= 4);
    if !is_handshake || !is(5, |kind| kind == CLIENT_HELLO) {
        return Told::Nothing;
    }
    hello(&handshake(bytes), is_last)
}

/// Reads a ClientHello without records, as QUIC has it.
pub(super) fn hello(handshake: &[u8], is_last: bool) -> Told {
    let mut header = Bytes(handshake);
    if header.0.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
        return Told::Nothing;
    }
    let (Some(_), Some(length)) = (header.number(1), header.number(3)) else { return Told::More };
    let body = header.0.get(..length).unwrap_or(header.0);
    if body.first().is_some_and(|major| *major != 3) {
        return Told::Nothing;
    }
    let mut found = Found::default();
    // What is cut off has no more extensions.
    let _ = extensions(body, &mut found);
    let is_all = body.len() == length || (found.server.is_some() && found.protocol.is_some());
    if !is_all && (!is_last || body.len() < 2) {
        return Told::More;
    }
    Told::Name(name(found.server.map(word), found.protocol.map(word)))
}

/// Puts together what the records at the front have of one handshake.
fn handshake(bytes: &[u8]) -> Vec<u8> {
    let mut records = Bytes(bytes);
    let mut handshake = Vec::new();
    while let (Some(HANDSHAKE), Some(_), Some(length)) =
        (records.0.first().copied(), records.take(3), records.number(2))
    {
        if length == 0 || length > LARGEST_RECORD {
            break;
        }
        match records.take(length) {
            Some(record) => handshake.extend_from_slice(record),
            None => {
                handshake.extend_from_slice(records.0);
                break;
            }
        }
    }
    handshake
}

/// Reads the extensions of a ClientHello as far as it goes.
fn extensions<'a>(body: &'a [u8], found: &mut Found<'a>) -> Option<()> {
    let mut body = Bytes(body);
    // The version and what is random; the session, the ciphers, the compressions.
    body.take(2 + 32)?;
    body.vector(1)?;
    body.vector(2)?;
    body.vector(1)?;
    let length = body.number(2)?;
    let mut extensions = Bytes(body.0.get(..length).unwrap_or(body.0));
    loop {
        let (kind, value) = (extensions.number(2)?, extensions.vector(2)?);
        match u16::try_from(kind) {
            Ok(SERVER_NAME) if found.server.is_none() => found.server = server(value),
            Ok(ALPN) if found.protocol.is_none() => found.protocol = protocol(value),
            _ => {}
        }
    }
}

fn server(value: &[u8]) -> Option<&[u8]> {
    let mut names = Bytes(Bytes(value).vector(2)?);
    loop {
        let (kind, name) = (names.number(1)?, names.vector(2)?);
        if kind == 0 {
            return Some(name);
        }
    }
}

fn protocol(value: &[u8]) -> Option<&[u8]> {
    Bytes(Bytes(value).vector(2)?).vector(1)
}
