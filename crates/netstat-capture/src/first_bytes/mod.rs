//! What the first bytes of a stream or of a datagram tell without a decryption: the protocol of the application, and a name.
//!
//! Whatever the bytes are, nothing here panics, follows more than there is, or tells more than 253 bytes of visible ASCII.

mod dns;
mod gathered;
mod heard;
mod http;
mod quic;
mod ssh;
mod tls;
mod words;

pub use heard::Heard;
use heard::heard;
use netstat_model::{Application, ApplicationProtocol};

pub(crate) use gathered::{Gathered, MOST_BYTES};
pub(crate) use quic::Hello;
#[cfg(test)]
pub(crate) use quic::sealed_hello;

/// The ports of DNS and of multicast DNS.
const DNS: u16 = 53;
const MDNS: u16 = 5353;

/// Returns what one direction of a stream of TCP tells, of which these are the first bytes. `is_last` says that nothing more
/// will come.
pub fn of_stream(bytes: &[u8], ports: (u16, u16), is_last: bool) -> Heard {
    let (protocol, told) = if ports.0 == DNS || ports.1 == DNS {
        (ApplicationProtocol::Dns, dns::in_stream(bytes, is_last))
    } else {
        match bytes.first() {
            None => return if is_last { Heard::Nothing } else { Heard::More },
            Some(&tls::HANDSHAKE) => (ApplicationProtocol::Tls, tls::client_hello(bytes, is_last)),
            _ if ssh::begins(bytes) => (ApplicationProtocol::Ssh, ssh::banner(bytes, is_last)),
            Some(_) => (ApplicationProtocol::Http, http::request(bytes, is_last)),
        }
    };
    heard(protocol, told, is_last)
}

/// Returns what a datagram of UDP tells.
pub fn of_datagram(bytes: &[u8], ports: (u16, u16)) -> Option<Application> {
    let is_of = |port| ports.0 == port || ports.1 == port;
    let protocol = if is_of(DNS) {
        ApplicationProtocol::Dns
    } else if is_of(MDNS) {
        ApplicationProtocol::Mdns
    } else {
        return None;
    };
    Some(Application { protocol, name: dns::message(bytes)? })
}

/// What the frames of a packet of QUIC tell, for the fuzzer.
#[cfg(fuzzing)]
pub fn of_quic(datagram: &[u8]) -> Heard {
    let _ = Hello::begin(datagram);
    quic::frames(datagram)
}

/// Returns whether a name is as it is made here: whoever wrote it into a file may have written anything.
pub(crate) fn is_name(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
    text.len() <= words::MOST && text.split(' ').all(is_word)
}

#[cfg(test)]
mod tests;
