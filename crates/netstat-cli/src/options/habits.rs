//! Complaints about what people of other tools type, with what to type here.

use super::arguments::ProtocolName;
use super::complaint::{Complaint, complaint};
use super::syntax;
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::{for_shell, one_line, quoted};
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr};

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

/// Names of IP versions, with the filter of their sockets and the protocol of their statistics here.
const VERSIONS: [(&str, &str, &str); 6] = [
    ("ipv4", "ipv4", "ip"),
    ("ip4", "ipv4", "ip"),
    ("inet", "ipv4", "ip"),
    ("inet4", "ipv4", "ip"),
    ("ip6", "ipv6", "ipv6"),
    ("inet6", "ipv6", "ipv6"),
];

/// Complains about a word that begins a filter in other tools, or joins what are words of their own here.
pub(super) fn word(word: &OsStr) -> Option<Complaint> {
    let text = word.to_str()?;
    let known = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(text));
    let filter = known.map(|(_, filter)| (*filter).to_owned()).or_else(|| apart(text))?;
    Some(complaint!(
        "{word} is not a filter here: type {filter}",
        "{word}: 여기서는 필터가 아닙니다. 이렇게 입력하세요: {filter}",
        word = quoted(word),
        filter
    ))
}

/// Returns true if the words are a filter, whatever the names in it mean.
fn is_filter(words: &[&str]) -> bool {
    syntax::parse(&words.iter().map(OsString::from).collect::<Vec<_>>()).is_ok()
}

/// Returns the filter that a word means whose parts are joined by a colon or commas: `tcp:8080`, `localhost:8080`,
/// `established,close_wait`.
fn apart(text: &str) -> Option<String> {
    if !text.bytes().all(is_plain) {
        return None;
    }
    if text.contains(',') {
        let keyword = ["state", "proto", "port"].into_iter().find(|keyword| is_filter(&[keyword, text]))?;
        return Some(format!("{keyword} {text}"));
    }
    let (name, value) = text.split_once(':').filter(|(name, value)| !name.is_empty() && !value.is_empty())?;
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || value.contains(':') {
        return None;
    }
    if is_filter(&[name, value]) {
        return Some(format!("{name} {value}"));
    }
    let is_port = value.parse::<u16>().is_ok();
    if is_filter(&[name]) && is_port {
        return Some(format!("{name} port {value}"));
    }
    (is_port && is_filter(&["host", text])).then(|| format!("host {text}"))
}

/// Says what to type instead of the name of an IP version, which is no protocol of `-p`.
pub(super) fn version(name: &str) -> Option<Text> {
    let (_, filter, protocol) = VERSIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
    Some(both!(
        "for its sockets type netstat -an {filter}, for its statistics netstat -s -p {protocol}",
        "소켓을 보려면 netstat -an {filter}, 통계를 보려면 netstat -s -p {protocol}",
        filter = *filter,
        protocol = *protocol
    ))
}

/// Returns the name of a protocol that other tools call so.
pub(super) fn protocol(name: &str) -> Option<&'static str> {
    PROTOCOLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, here)| *here)
}

/// Says what to type instead of several protocols behind one `-p`.
pub(super) fn protocols(text: &str) -> Option<Text> {
    let names: Option<Vec<&str>> = text
        .split(',')
        .map(|name| ProtocolName::from_name(protocol(name).unwrap_or(name)).map(ProtocolName::name))
        .collect();
    let names = names.filter(|names| names.len() > 1)?;
    let all = |known: [&str; 2]| names.iter().all(|name| known.contains(name));
    let command = match () {
        () if all(["tcp", "tcpv6"]) => "netstat -an tcp",
        () if all(["udp", "udpv6"]) => "netstat -an udp",
        () if names.iter().all(|name| ["tcp", "tcpv6", "udp", "udpv6"].contains(name)) => "netstat -an",
        () => "netstat -s",
    };
    Some(both!(
        "it takes one; type {command}",
        "하나만 쓸 수 있습니다. 이렇게 입력하세요: {command}",
        command
    ))
}

/// Complains about a long option that is a word of the filter language: `--port 8080`. `value` is what stands behind it.
pub(super) fn long(name: &str, value: Option<&OsStr>) -> Option<Complaint> {
    if name.is_empty() {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    // What is shown is what was typed: hidden characters would be escaped.
    let value = value.and_then(OsStr::to_str).filter(|value| one_line(value) == *value);
    if let Some(value) = value {
        // A name with blanks has quotes of the filter within those of the shell.
        let within = format!("\"{value}\"");
        let whole = [value, &within].into_iter().find(|value| is_filter(&[name, value]));
        if let Some(value) = whole {
            let filter = format!("{lower} {}", for_shell(value.as_ref()));
            return Some(no_option_but_a_filter(&lower, &filter));
        }
    }
    if is_filter(&[name]) {
        return Some(no_option_but_a_filter(&lower, &lower));
    }
    let example =
        ["80", "established", "tcp", "root", "> 0"].into_iter().find(|value| is_filter(&[name, value]));
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

/// Rewords a complaint about a word that is the value of an option in other tools: `-N NAME`, a network namespace, and
/// `-i NAME`, an interface.
pub(super) fn after_option(words: &[OsString], complaint: Complaint) -> Complaint {
    // A word that begins a filter, or nearly does, is none.
    let is_name = |word: &OsString| {
        syntax::parse(std::slice::from_ref(word)).is_err_and(|error| error.at == 0 && error.nearest.is_none())
    };
    let reworded = words.windows(2).find_map(|pair| {
        let [option, word] = pair else { return None };
        let name = word.to_str().filter(|name| name.bytes().all(is_plain) && !name.starts_with(['-', '/']))?;
        match option.to_str()? {
            "-N" if is_name(word) => Some(complaint!(
                "-N takes no name here: for the sockets of a network namespace type --netns {name}",
                "-N은 여기서 이름을 받지 않습니다. 네트워크 네임스페이스의 소켓을 보려면 이렇게 입력하세요: --netns {name}",
                name
            )),
            option @ ("-i" | "-I") if is_name(word) && name.parse::<f64>().is_err() => Some(complaint!(
                "{option} takes no name here: for interfaces type netstat --interfaces, for all their counters netstat -e -v",
                "{option}: 여기서는 이름을 받지 않습니다. 인터페이스를 보려면 netstat --interfaces, 카운터를 모두 보려면 netstat -e -v",
                option
            )
            .about(word)),
            _ => None,
        }
    });
    reworded.unwrap_or(complaint)
}

/// Returns true for a character that means itself in every shell.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'/' | b'-' | b'_' | b',' | b'%')
}

/// Words of a filter behind which an address stands.
const HOSTS: [&str; 5] = ["host", "src", "dst", "local", "remote"];

/// Complains about a part of an address behind a word that takes a whole one: the resolver of the system fills it up with
/// zeros.
pub(super) fn part_of_address(words: &[OsString]) -> Option<Complaint> {
    words.windows(2).find_map(|pair| {
        let [keyword, word] = pair else { return None };
        let takes_address = HOSTS.iter().any(|known| keyword.eq_ignore_ascii_case(known));
        let text = word.to_str().filter(|_| takes_address)?;
        let (network, length) = network(text, 2)?;
        Some(no_address(word, network, length))
    })
}

fn no_address(word: &OsStr, network: Ipv4Addr, length: u32) -> Complaint {
    complaint!(
        "{word} is not an address: for the network type {network}/{length}",
        "{word}: 주소가 아닙니다. 네트워크라면 이렇게 입력하세요: {network}/{length}",
        word = quoted(word),
        network = IpAddr::from(network),
        length = u64::from(length)
    )
}

/// Complains about an address that is none: one with a star, with parts left out or too many, with a prefix that is too long or
/// a mask instead of it, two of them with a dash between, or one as a hexadecimal number.
pub(super) fn address(word: &OsStr) -> Option<Complaint> {
    let text = word.to_str()?;
    if let Some((address, length)) = text.split_once('/')
        && let Ok(address) = address.parse::<IpAddr>()
    {
        if let (IpAddr::V4(address), Ok(mask)) = (address, length.parse::<Ipv4Addr>()) {
            let bits = mask.to_bits();
            // A mask with holes is no network.
            let length =
                (bits.leading_ones() + bits.trailing_zeros() == u32::BITS).then(|| bits.leading_ones())?;
            return Some(no_address(word, Ipv4Addr::from_bits(address.to_bits() & bits), length));
        }
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let most: u8 = if address.is_ipv4() { 32 } else { 128 };
        return Some(complaint!(
            "the prefix of {word} is too long: type at most {address}/{most}",
            "{word}: 접두사가 너무 깁니다. 최대 {address}/{most}까지 입력할 수 있습니다",
            word = quoted(word),
            address,
            most
        ));
    }
    if let Some((first, last)) = text.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>())
    {
        let length = (first.to_bits() ^ last.to_bits()).leading_zeros();
        let host_bits = u32::MAX.checked_shr(length).unwrap_or(0);
        let network = Ipv4Addr::from_bits(first.to_bits() & !host_bits);
        return Some(complaint!(
            "{word} is a range, which no filter takes: for the network around it type {network}/{length}",
            "{word}: 주소 범위는 필터로 쓸 수 없습니다. 범위를 포함하는 네트워크는 이렇게 입력하세요: {network}/{length}",
            word = quoted(word),
            network = IpAddr::from(network),
            length = u64::from(length)
        ));
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
        && let Ok(number) = u32::from_str_radix(digits, 16)
    {
        let filter = match u16::try_from(number) {
            Ok(port) => format!("port {port}"),
            Err(_) => Ipv4Addr::from_bits(number).to_string(),
        };
        return Some(complaint!(
            "{word} is hexadecimal: type {filter}",
            "{word}: 16진수는 쓸 수 없습니다. 이렇게 입력하세요: {filter}",
            word = quoted(word),
            filter
        ));
    }
    let parts = text.split('.');
    if parts.clone().count() > 4 && parts.clone().all(|part| part.parse::<u32>().is_ok()) {
        let first: Vec<&str> = parts.take(4).collect();
        let address = first.join(".").parse::<Ipv4Addr>().ok();
        return Some(complaint!(
            "{word} is not an address, which has four numbers: type, for example, {example}",
            "{word}: 주소가 아닙니다. IPv4 주소는 숫자가 네 개입니다. 입력 예: {example}",
            word = quoted(word),
            example = address.unwrap_or(Ipv4Addr::new(192, 0, 2, 1)).to_string()
        ));
    }
    // A number with a decimal point is rather an interval.
    let (network, length) = network(text, 3)?;
    Some(no_address(word, network, length))
}

/// Returns the network that an IPv4 address with a star, or with less than four parts but as many as these, is meant as.
fn network(text: &str, fewest: usize) -> Option<(Ipv4Addr, u32)> {
    let known: Vec<&str> = text.trim_end_matches(['*', '.']).split('.').collect();
    if known.len() >= 4 || (known.len() < fewest && !text.contains('*')) {
        return None;
    }
    let mut octets = [0; 4];
    let mut length = 0;
    for (octet, part) in octets.iter_mut().zip(&known) {
        *octet = part.parse().ok()?;
        length += u8::BITS;
    }
    Some((octets.into(), length))
}

#[cfg(test)]
mod tests;
