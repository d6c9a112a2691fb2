//! Parses the arguments of tests: ports, addresses, states, users.

use crate::both;
use crate::enrich::Country;
use crate::family;
use crate::filter::error::{FilterError, nearest};
use crate::filter::expression::{Expression, Side, Test};
use crate::filter::glob::Glob;
use crate::filter::ports::Ports;
use crate::filter::quantity::Comparison;
use crate::filter::{Lookups, countries, moment, syntax};
use crate::text::{Text, When};
use netstat_model::query::{Kinds, States};
use netstat_model::{ApplicationProtocol, EndReason, Family, Prefix};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

const A_PORT: Text = Text::fixed(
    "a port from 0 to 65535, a range such as 8000-8100, or a service name",
    "0~65535의 포트, 8000-8100 같은 범위, 또는 서비스 이름",
);
const A_COUNTRY: Text = Text::fixed(
    "a country code such as KR or US, or several separated by commas",
    "KR, US 같은 국가 코드. 여러 개는 쉼표로 구분",
);
const A_STATE: Text = Text::fixed(
    "a state such as ESTABLISHED, time-wait or listening, or a group such as connected or closing",
    "ESTABLISHED, time-wait, listening 같은 상태, 또는 connected, closing 같은 그룹",
);
const AN_APP: Text = Text::fixed(
    "a protocol of applications: tls, quic, dns, mdns, http, ssh",
    "애플리케이션 프로토콜: tls, quic, dns, mdns, http, ssh",
);

const A_REASON: Text = Text::fixed(
    "a reason such as refused, reset-by-peer or closed-by-us, or a group such as reset or failed",
    "refused, reset-by-peer, closed-by-us 같은 종료 이유, 또는 reset, failed 같은 그룹",
);
const AN_ADDRESS: Text = Text::fixed(
    "an address, a network such as 10.0.0.0/8, or a host name, each with an optional port",
    "주소, 10.0.0.0/8 같은 네트워크, 또는 호스트 이름. 뒤에 포트를 붙일 수 있음",
);
const A_SINGLE_PORT: Text = Text::fixed("a single port to compare with", "비교할 포트 하나");

/// A result whose error has no text yet; the parser adds it.
pub(super) type Parsed<T> = Result<T, FilterError>;

/// A word, or text in quotes, in the place of a value.
pub(super) struct Value<'t> {
    pub(super) text: &'t str,
    pub(super) quoted: bool,
    pub(super) at: usize,
    pub(super) len: usize,
}

impl Value<'_> {
    pub(super) fn error(&self, expected: Text) -> FilterError {
        FilterError::at(self.at, self.len, expected)
    }

    /// Parses each of the parts between commas. An error in quoted text is one of the whole, since doubled quotes shift
    /// the positions within it.
    fn parts<T>(&self, mut parse: impl FnMut(&Value<'_>) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut at = self.at;
        let parts = self.text.split(',').map(|text| {
            let (start, len) = if self.quoted { (self.at, self.len) } else { (at, text.len()) };
            at += text.len() + 1;
            parse(&Value { text, quoted: self.quoted, at: start, len })
        });
        parts.collect()
    }
}

/// Whether the name of a host may stand for its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    LookedUp,
    Refused,
}

/// Parses decimal digits, without the sign that the standard library would accept.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn sorted<T: Ord>(mut values: Vec<T>) -> Box<[T]> {
    values.sort_unstable();
    values.dedup();
    values.into()
}

/// Parses ports separated by commas; each may have the colon of ss.
fn ports(lookups: &dyn Lookups, value: &Value<'_>) -> Parsed<Ports> {
    let ranges = value.parts(|part| {
        let text = part.text.strip_prefix("*:").or(part.text.strip_prefix(':')).unwrap_or(part.text);
        port_ranges(lookups, text).ok_or_else(|| part.error(A_PORT))
    })?;
    Ports::new(ranges.into_iter().flatten()).ok_or_else(|| value.error(A_PORT))
}

/// Parses a port, a range of ports, or the name of a service.
fn port_ranges(lookups: &dyn Lookups, text: &str) -> Option<Vec<RangeInclusive<u16>>> {
    if let Some(port) = digits(text) {
        return Some(vec![port..=port]);
    }
    if let Some((from, to)) = text.split_once('-')
        && let (Some(from), Some(to)) = (digits(from), digits(to))
    {
        return (from <= to).then(|| vec![from..=to]);
    }
    let named = if text.is_empty() { Vec::new() } else { lookups.ports(text) };
    (!named.is_empty()).then(|| named.into_iter().map(|port| port..=port).collect())
}

/// Parses the ports that compare as stated to the value.
pub(super) fn compared_ports(
    lookups: &dyn Lookups,
    value: &Value<'_>,
    comparison: Comparison,
) -> Parsed<Ports> {
    let ports = ports(lookups, value)?;
    if comparison == Comparison::Equal {
        return Ok(ports);
    }
    let ranges: Vec<_> = ports.ranges().map(RangeInclusive::into_inner).collect();
    let &[(port, last)] = ranges.as_slice() else {
        return Err(value.error(A_SINGLE_PORT));
    };
    if port != last {
        return Err(value.error(A_SINGLE_PORT));
    }
    let range = match comparison {
        Comparison::Greater => port.checked_add(1).map(|from| from..=u16::MAX),
        Comparison::GreaterOrEqual => Some(port..=u16::MAX),
        Comparison::Less => port.checked_sub(1).map(|to| 0..=to),
        Comparison::LessOrEqual | Comparison::Equal => Some(0..=port),
    };
    range.and_then(|range| Ports::new([range])).ok_or_else(|| {
        value.error(both!("a port that has others beyond it", "그 너머에 다른 포트가 있는 포트"))
    })
}

/// Parses an address, a network, a port, or an address or network with a port. Returns `None` for anything else, and
/// for a name where names are refused.
pub(super) fn end(
    lookups: &dyn Lookups,
    side: Side,
    value: &Value<'_>,
    names: Names,
) -> Parsed<Option<Expression>> {
    let (text, zone) = without_zone(value.text);
    let Some((host, length, port)) = split_end(&text, zone.is_some()) else {
        return Ok(None);
    };
    let zone = match zone {
        Some(zone) => Some(digits(zone).or_else(|| lookups.interface(zone)).ok_or_else(|| {
            value.error(both!(
                "the name or the index of an interface after the %; there is no {zone}",
                "% 뒤에 인터페이스의 이름이나 번호. 인터페이스 {zone} 없음",
                zone
            ))
        })?),
        None => None,
    };
    let networks = match (host, length) {
        (Host::Any, _) => Vec::new(),
        (Host::Address(address), None) => vec![Prefix::host(address)],
        (Host::Address(address), Some(length)) => {
            let network = digits(length).and_then(|length| Prefix::containing(address, length));
            let most: u8 = if address.is_ipv4() { 32 } else { 128 };
            let error = || {
                value.error(both!(
                    "a prefix length from 0 to {most} after the /",
                    "/ 뒤에 0~{most}의 접두사 길이",
                    most = u32::from(most)
                ))
            };
            vec![network.ok_or_else(error)?]
        }
        (Host::Name(name), _) => {
            let plausible = |c: char| c.is_alphanumeric() || "-._".contains(c);
            // Some resolvers take 10.1 for the address 10.0.0.1, which is hardly what was meant.
            let numeric = name.chars().all(|c| c.is_ascii_digit() || c == '.');
            if names == Names::Refused || numeric || !name.chars().all(plausible) {
                return Ok(None);
            }
            let addresses = lookups.addresses(name).map_err(|why| {
                value.error(both!(
                    "an address, or a host name that has one; {name}: {why}",
                    "주소, 또는 주소가 있는 호스트 이름. {name}: {why}",
                    name,
                    why
                ))
            })?;
            if addresses.is_empty() {
                return Err(value.error(both!(
                    "an address, or a host name that has one; {name} has none",
                    "주소, 또는 주소가 있는 호스트 이름. {name}에는 없음",
                    name
                )));
            }
            addresses.into_iter().map(Prefix::host).collect()
        }
    };
    let ports =
        port.map(|port| port_ranges(lookups, port).and_then(Ports::new).ok_or_else(|| value.error(A_PORT)));
    let ports = ports.transpose()?;
    // An address and a port have to be those of the same end.
    let of = |side| {
        let host = (!networks.is_empty()).then(|| hosts(side, networks.clone()));
        let zone = zone.map(|index| Expression::Test(Test::Zone(side, index)));
        let port = ports.clone().map(|ports| Expression::Test(Test::Port(side, ports)));
        Expression::all(host.into_iter().chain(zone).chain(port).collect())
    };
    let parts = [!networks.is_empty(), zone.is_some(), ports.is_some()];
    Ok(Some(if side == Side::Either && parts.into_iter().filter(|is| *is).count() > 1 {
        Expression::any(vec![of(Side::Local), of(Side::Remote)])
    } else {
        of(side)
    }))
}

/// Takes the zone out of `fe80::1%eth0`, `[fe80::1%5]:80`, `fe80::%5/64` and `%5`, which stands for any address.
fn without_zone(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let Some((before, behind)) = text.split_once('%') else { return (Cow::Borrowed(text), None) };
    let (zone, rest) = behind.split_at(behind.find([']', '/']).unwrap_or(behind.len()));
    let before = if before.is_empty() { "*" } else { before };
    (Cow::Owned(format!("{before}{rest}")), Some(zone))
}

enum Host<'a> {
    Any,
    Address(IpAddr),
    Name(&'a str),
}

/// Splits `HOST`, `HOST/LENGTH`, `HOST:PORT`, `HOST/LENGTH:PORT`, `:PORT` and `*:PORT`. An IPv6 address with a port is in
/// brackets.
fn split_end(text: &str, is_zoned: bool) -> Option<(Host<'_>, Option<&str>, Option<&str>)> {
    if let Ok(address) = text.parse() {
        return Some((Host::Address(address), None, None));
    }
    let (host, rest) = if let Some(inside) = text.strip_prefix('[') {
        let (address, rest) = inside.split_once(']')?;
        (Host::Address(IpAddr::V6(address.parse::<Ipv6Addr>().ok()?)), rest)
    } else if let Some(slash) = text.find('/') {
        let (address, rest) = text.split_at(slash);
        (Host::Address(address.parse().ok()?), rest)
    } else {
        let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        match name {
            "" if rest.is_empty() => return None,
            "" | "*" if !rest.is_empty() || is_zoned => (Host::Any, rest),
            // An IPv6 address that is not valid.
            _ if rest.matches(':').count() > 1 => return None,
            name => (name.parse().map_or(Host::Name(name), Host::Address), rest),
        }
    };
    let (length, port) = rest.split_once(':').map_or((rest, None), |(length, port)| (length, Some(port)));
    let length = if length.is_empty() { None } else { Some(length.strip_prefix('/')?) };
    Some((host, length, port))
}

fn hosts(side: Side, networks: Vec<Prefix>) -> Expression {
    Expression::Test(Test::Host(side, sorted(networks)))
}

/// Parses ends separated by commas. Those without a port become one test.
pub(super) fn ends(lookups: &dyn Lookups, side: Side, value: &Value<'_>) -> Parsed<Expression> {
    let ends = value
        .parts(|part| end(lookups, side, part, Names::LookedUp)?.ok_or_else(|| part.error(AN_ADDRESS)))?;
    let (mut networks, mut members) = (Vec::new(), Vec::new());
    for end in ends {
        match end {
            Expression::Test(Test::Host(_, more)) => networks.extend(more),
            other => members.push(other),
        }
    }
    if !networks.is_empty() {
        members.insert(0, hosts(side, networks));
    }
    Ok(Expression::any(members))
}

/// Parses states separated by commas.
pub(super) fn states(value: &Value<'_>) -> Parsed<States> {
    let states = value.parts(|part| {
        let error = || part.error(A_STATE).with_nearest(nearest(part.text, syntax::all_state_words()));
        syntax::states(part.text).ok_or_else(error)
    })?;
    Ok(states.into_iter().collect())
}

/// Returns the expression that the name of a protocol stands for.
pub(super) fn protocol(word: &str) -> Option<Expression> {
    let (_, protocol, family) =
        syntax::PROTOCOLS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word))?;
    let family = family.map(Test::Family);
    let tests = std::iter::once(Test::Protocol(*protocol)).chain(family);
    Some(Expression::all(tests.map(Expression::Test).collect()))
}

/// Returns what is expected where only some words are valid.
fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> Text {
    let words = words.collect::<Vec<_>>().join(", ");
    both!("one of {words}", "다음 중 하나: {words}", words)
}

/// Parses protocols separated by commas.
pub(super) fn protocols(value: &Value<'_>) -> Parsed<Expression> {
    let words = || syntax::PROTOCOLS.iter().map(|(word, ..)| *word);
    let members = value.parts(|part| {
        let expected = one_of(words());
        protocol(part.text).ok_or_else(|| part.error(expected).with_nearest(nearest(part.text, words())))
    });
    members.map(Expression::any)
}

/// Parses families separated by commas. Those of IP have parts.
pub(super) fn families(value: &Value<'_>) -> Parsed<Expression> {
    let of_ip = |family| {
        let tests = [Test::Kinds(Kinds::TCP_UDP), Test::Family(family)];
        Expression::all(tests.map(Expression::Test).into())
    };
    let (mut kinds, mut members) = (Kinds::empty(), Vec::new());
    let parts = value.parts(|part| {
        Ok(match part.text.to_ascii_lowercase().as_str() {
            "inet4" => Err(of_ip(Family::V4)),
            "inet6" => Err(of_ip(Family::V6)),
            name => Ok(family::by_name(name).ok_or_else(|| {
                let names = || family::FAMILIES.iter().map(|family| family.name);
                let expected = one_of(names());
                part.error(expected).with_nearest(nearest(part.text, names()))
            })?),
        })
    })?;
    for part in parts {
        match part {
            Ok(family) => kinds |= family.kinds,
            Err(of_ip) => members.push(of_ip),
        }
    }
    if !kinds.is_empty() {
        members.insert(0, Expression::Test(Test::Kinds(kinds)));
    }
    Ok(Expression::any(members))
}

/// Returns the pattern of a Unix socket's name: what begins with `unix:`, as in ss, or as such names do.
pub(super) fn unix_name(text: &str) -> Option<&str> {
    let begins = text.starts_with(['/', '@']);
    text.strip_prefix("unix:").or(begins.then_some(text))
}

/// Parses country codes separated by commas.
pub(super) fn countries(value: &Value<'_>) -> Parsed<Box<[Country]>> {
    let countries = value.parts(|part| {
        let country = Country::new(part.text).filter(|country| countries::is_code(*country));
        country.ok_or_else(|| part.error(A_COUNTRY).with_nearest(countries::meant(part.text)))
    });
    countries.map(sorted)
}

/// Parses AS numbers separated by commas; anything else is the pattern of a name.
pub(super) fn network(value: &Value<'_>) -> Test {
    let number = |text: &str| match text.split_at_checked(2) {
        Some((prefix, number)) if prefix.eq_ignore_ascii_case("as") => digits(number),
        _ => digits(text),
    };
    match value.text.split(',').map(number).collect() {
        Some(numbers) => Test::NetworkNumber(sorted(numbers)),
        None => Test::NetworkName(Glob::new(&value.text.to_lowercase())),
    }
}

/// Parses process IDs separated by commas.
pub(super) fn pids(value: &Value<'_>) -> Parsed<Box<[u32]>> {
    let expected =
        || both!("a process ID, or several separated by commas", "프로세스 ID. 여러 개는 쉼표로 구분");
    value.parts(|part| digits(part.text).ok_or_else(|| part.error(expected()))).map(sorted)
}

/// Parses users separated by commas, by ID or name.
pub(super) fn users(lookups: &dyn Lookups, value: &Value<'_>) -> Parsed<Box<[u32]>> {
    let users = value.parts(|part| {
        let name = part.text;
        if let Some(number) = digits(name) {
            return Ok(number);
        }
        let expected = match lookups.user(name) {
            _ if name.is_empty() => both!("a user name or ID", "사용자의 이름이나 ID"),
            Ok(Some(user)) => return Ok(user),
            Ok(None) => both!(
                "a user name or ID; there is no user {name}",
                "사용자의 이름이나 ID. 사용자 {name} 없음",
                name
            ),
            Err(why) => both!(
                "a user name or ID; {name} could not be looked up: {why}",
                "사용자의 이름이나 ID. {name} 조회 실패: {why}",
                name,
                why
            ),
        };
        Err(part.error(expected))
    });
    users.map(sorted)
}

/// Parses accounts separated by commas.
pub(super) fn accounts(value: &Value<'_>) -> Parsed<Expression> {
    let accounts = value.parts(|part| {
        if part.text.is_empty() {
            return Err(part.error(both!("a user name", "사용자 이름")));
        }
        Ok(Expression::Test(Test::Account(Glob::of_any_case(part.text))))
    });
    accounts.map(Expression::any)
}

/// Parses a moment; returns its microseconds since 1970.
pub(super) fn moment(lookups: &dyn Lookups, value: &Value<'_>) -> Parsed<i64> {
    let found = match When::parse(value.text) {
        Ok(When::Exactly(moment)) => Ok(moment),
        Ok(_) => lookups.moment(value.text),
        Err(why) => Err(why),
    };
    found.map(moment::micros).map_err(|why| value.error(both!("a time: {why}", "시각: {why}", why)))
}

/// Parses reasons for which connections end, separated by commas.
pub(super) fn reasons(value: &Value<'_>) -> Parsed<Box<[EndReason]>> {
    let reasons = value.parts(|part| {
        let near = || nearest(part.text, syntax::all_reason_words());
        syntax::reasons(part.text).ok_or_else(|| part.error(A_REASON).with_nearest(near()))
    });
    reasons.map(|reasons| sorted(reasons.concat()))
}

/// Parses protocols of applications separated by commas.
pub(super) fn applications(value: &Value<'_>) -> Parsed<Box<[ApplicationProtocol]>> {
    let protocols = value.parts(|part| {
        let of_name = |known: &ApplicationProtocol| known.name().eq_ignore_ascii_case(part.text);
        let near = || nearest(part.text, ApplicationProtocol::ALL.map(ApplicationProtocol::name));
        ApplicationProtocol::ALL
            .into_iter()
            .find(of_name)
            .ok_or_else(|| part.error(AN_APP).with_nearest(near()))
    });
    protocols.map(sorted)
}

/// Parses network namespaces separated by commas, by inode or name.
pub(super) fn namespaces(lookups: &dyn Lookups, value: &Value<'_>) -> Parsed<Box<[u64]>> {
    let namespaces = value.parts(|part| {
        if let Ok(inode) = part.text.parse() {
            return Ok(inode);
        }
        let expected = match lookups.namespace(part.text) {
            _ if part.text.is_empty() => {
                both!("the name or inode of a network namespace", "네트워크 네임스페이스의 이름이나 inode")
            }
            Ok(Some(inode)) => return Ok(inode),
            Ok(None) => both!(
                "the name or inode of a network namespace; there is no namespace {name}",
                "네트워크 네임스페이스의 이름이나 inode. 네임스페이스 {name} 없음",
                name = part.text
            ),
            Err(why) => both!(
                "the name or inode of a network namespace; {name} could not be looked up: {why}",
                "네트워크 네임스페이스의 이름이나 inode. {name} 조회 실패: {why}",
                name = part.text,
                why
            ),
        };
        Err(part.error(expected))
    });
    namespaces.map(sorted)
}
