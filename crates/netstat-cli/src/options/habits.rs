//! Complaints about what people of other tools type, with what to type here.

use super::complaint::{Complaint, complaint};
use super::syntax;
use netstat_engine::text::quote::quoted;
use std::ffi::{OsStr, OsString};

/// Words that other tools have where this program has a filter, and the filter.
const WORDS: [(&str, &str); 14] = [
    ("inet", "ipv4"),
    ("inet4", "ipv4"),
    ("ip4", "ipv4"),
    ("inet6", "ipv6"),
    ("ip6", "ipv6"),
    ("tcp4", "tcp ipv4"),
    ("tcp6", "tcp ipv6"),
    ("udp4", "udp ipv4"),
    ("udp6", "udp ipv6"),
    ("address", "host ADDRESS"),
    ("daddr", "dst ADDRESS"),
    ("saddr", "src ADDRESS"),
    ("exclude", "not"),
    ("excl", "not"),
];

/// Names of protocols that other tools have, and the name here.
const PROTOCOLS: [(&str, &str); 5] =
    [("tcp6", "tcpv6"), ("udp6", "udpv6"), ("icmp6", "icmpv6"), ("tcp4", "tcp"), ("udp4", "udp")];

/// Complains about a word that begins a filter in other tools.
pub(super) fn word(word: &OsStr) -> Option<Complaint> {
    let text = word.to_str()?;
    let (_, filter) = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(text))?;
    Some(complaint!(
        "{word} is not a filter here: type {filter}",
        "{word}: 여기서는 필터가 아닙니다. 이렇게 입력하세요: {filter}",
        word = quoted(word),
        filter = *filter
    ))
}

/// Returns the name of a protocol that other tools call so.
pub(super) fn protocol(name: &str) -> Option<&'static str> {
    PROTOCOLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, here)| *here)
}

/// Complains about a long option that is a word of the filter language: `--port 8080`. `value` is what stands behind it.
pub(super) fn long(name: &str, value: Option<&OsStr>) -> Option<Complaint> {
    let is_filter = |words: &[&OsStr]| {
        let words: Vec<OsString> = words.iter().map(|word| (*word).to_owned()).collect();
        syntax::parse(&words).is_ok()
    };
    if name.is_empty() {
        return None;
    }
    let keyword = OsStr::new(name);
    let lower = name.to_ascii_lowercase();
    if let Some(value) = value.filter(|value| is_filter(&[keyword, value])) {
        // Quoting is that of a shell where the value needs it.
        let plain = value.to_str().filter(|text| text.bytes().all(is_plain));
        if let Some(value) = plain {
            let filter = format!("{lower} {value}");
            return Some(no_option_but_a_filter(&lower, &filter));
        }
    }
    if is_filter(&[keyword]) {
        return Some(no_option_but_a_filter(&lower, &lower));
    }
    let example = ["80", "established", "tcp", "root", "> 0"]
        .into_iter()
        .find(|value| is_filter(&[keyword, OsStr::new(value)]));
    example.map(|example| {
        complaint!(
            "--{lower} is no option but a filter: type, for example, netstat -an {lower} {example}",
            "--{lower}: 옵션이 아니라 필터입니다. 입력 예: netstat -an {lower} {example}",
            lower = &lower,
            example
        )
    })
}

fn no_option_but_a_filter(name: &str, filter: &str) -> Complaint {
    complaint!(
        "--{name} is no option but a filter: type netstat -an {filter}",
        "--{name}: 옵션이 아니라 필터입니다. 이렇게 입력하세요: netstat -an {filter}",
        name,
        filter
    )
}

/// Rewords a complaint about a word that is the value of an option in other tools: `-N NAME`, a network namespace.
pub(super) fn after_option(words: &[OsString], complaint: Complaint) -> Complaint {
    let Some(word) =
        complaint.word.as_deref().and_then(OsStr::to_str).filter(|word| word.bytes().all(is_plain))
    else {
        return complaint;
    };
    if words.windows(2).any(|pair| matches!(pair, [option, value] if option == "-N" && value == word)) {
        return complaint!(
            "-N takes no name here: for the sockets of a network namespace type --netns {word}",
            "-N은 여기서 이름을 받지 않습니다. 네트워크 네임스페이스의 소켓을 보려면 이렇게 입력하세요: --netns {word}",
            word
        );
    }
    complaint
}

/// Returns true for a character that means itself in every shell.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'/' | b'-' | b'_' | b',' | b'%')
}

/// Complains about an address that is none: one with a star, with parts left out, or with a prefix that is too long.
pub(super) fn address(word: &OsStr) -> Option<Complaint> {
    let text = word.to_str()?;
    if let Some((address, length)) = text.split_once('/')
        && let Ok(address) = address.parse::<std::net::IpAddr>()
        && !length.is_empty()
        && length.bytes().all(|byte| byte.is_ascii_digit())
    {
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        return Some(complaint!(
            "the prefix of {word} is too long: type at most {address}/{most}",
            "{word}: 접두사가 너무 깁니다. 최대 {address}/{most}까지 입력할 수 있습니다",
            word = quoted(word),
            address,
            most
        ));
    }
    let (network, length) = network(text)?;
    Some(complaint!(
        "{word} is not an address: for the network type {network}/{length}",
        "{word}: 주소가 아닙니다. 네트워크라면 이렇게 입력하세요: {network}/{length}",
        word = quoted(word),
        network = std::net::IpAddr::from(network),
        length
    ))
}

/// Returns the network that an IPv4 address with a star, or with less than four parts, is meant as.
fn network(text: &str) -> Option<(std::net::Ipv4Addr, usize)> {
    let known: Vec<&str> = text.trim_end_matches(['*', '.']).split('.').collect();
    if known.len() >= 4 || (known.len() == 1 && !text.contains('*')) {
        return None;
    }
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(&known) {
        *octet = part.parse().ok()?;
    }
    // A number with a decimal point is rather an interval.
    (known.len() > 2 || text.contains('*')).then_some((octets.into(), known.len() * 8))
}

#[cfg(test)]
mod tests;
