//! Values of tests: ports, addresses, states, users.

use super::{Fault, Parsed, Value};
use crate::enrich::Country;
use crate::filter::Lookups;
use crate::filter::countries;
use crate::filter::error::nearest;
use crate::filter::expression::{Expression, Side, Test};
use crate::filter::glob::Glob;
use crate::filter::lexer::Sign;
use crate::filter::ports::Ports;
use crate::filter::syntax;
use netstat_model::Prefix;
use netstat_model::query::States;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

const A_PORT: &str = "a port from 0 to 65535, a range such as 8000-8100, or the name of a service";
pub(super) const A_PID: &str = "the number of a process, or several with commas";
pub(super) const AN_ADDRESS: &str =
    "an address, a network such as 10.0.0.0/8, the name of a host, or one of these and a port";

/// Whether an end may be given by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    LookedUp,
    Refused,
}

// Ports

/// Ports with a comma between them; each may have the colon of ss.
fn ports(lookups: &dyn Lookups, value: &Value<'_>) -> Parsed<Ports> {
    let mut ranges = Vec::new();
    for part in value.parts() {
        let text = part.text.strip_prefix("*:").or(part.text.strip_prefix(':')).unwrap_or(part.text);
        ranges.extend(port_ranges(lookups, text).ok_or_else(|| part.fault(A_PORT))?);
    }
    Ports::new(ranges).ok_or_else(|| value.fault(A_PORT))
}

fn port_ranges(lookups: &dyn Lookups, text: &str) -> Option<Vec<RangeInclusive<u16>>> {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if is_number(text) {
        let port = text.parse().ok()?;
        return Some(vec![port..=port]);
    }
    if let Some((from, to)) = text.split_once('-')
        && is_number(from)
        && is_number(to)
    {
        let range = from.parse().ok()?..=to.parse().ok()?;
        return (!range.is_empty()).then(|| vec![range]);
    }
    let named = if text.is_empty() { Vec::new() } else { lookups.ports(text) };
    (!named.is_empty()).then(|| named.into_iter().map(|port| port..=port).collect())
}

/// Ports that compare so; for "not equal" those that are equal.
pub(super) fn compared_ports(
    lookups: &dyn Lookups,
    side: Side,
    value: &Value<'_>,
    sign: Sign,
) -> Parsed<Expression> {
    let ports = ports(lookups, value)?;
    if matches!(sign, Sign::Equal | Sign::NotEqual) {
        return Ok(Expression::Test(Test::Port(side, ports)));
    }
    let mut ranges = ports.ranges();
    let (Some(range), None) = (ranges.next(), ranges.next()) else {
        return Err(value.fault("one port to compare with"));
    };
    let port = *range.start();
    if port != *range.end() {
        return Err(value.fault("one port to compare with"));
    }
    let range = match sign {
        Sign::Greater => port.checked_add(1).map(|from| from..=u16::MAX),
        Sign::GreaterOrEqual => Some(port..=u16::MAX),
        Sign::Less => port.checked_sub(1).map(|to| 0..=to),
        _ => Some(0..=port),
    };
    let compared = range.and_then(|range| Ports::new([range]));
    let compared = compared.ok_or_else(|| value.fault("a port that another can be beyond"))?;
    Ok(Expression::Test(Test::Port(side, compared)))
}

// Ends

/// An address, a network, a port, or an address or network and a port. `None` when it is none of these, or a name
/// where names are refused.
pub(super) fn end(
    lookups: &dyn Lookups,
    side: Side,
    value: &Value<'_>,
    names: Names,
) -> Parsed<Option<Expression>> {
    let Some(Written { host, length, port }) = written(value.text) else {
        return Ok(None);
    };
    let networks = match host {
        Host::Any => Vec::new(),
        Host::Address(address) => {
            let network = match length {
                None => Some(Prefix::host(address)),
                Some(length) => prefix_length(length).and_then(|length| Prefix::containing(address, length)),
            };
            let most = if address.is_ipv4() { 32 } else { 128 };
            let expected = || value.fault(format!("a prefix length from 0 to {most} after the /"));
            vec![network.ok_or_else(expected)?]
        }
        Host::Name(name) => {
            let plausible = |c: char| c.is_alphanumeric() || "-._".contains(c);
            // To some resolvers 10.1 is an address, and not the one that was meant.
            let numeric = name.chars().all(|c| c.is_ascii_digit() || c == '.');
            if names == Names::Refused || length.is_some() || numeric || !name.chars().all(plausible) {
                return Ok(None);
            }
            let expected = "an address, or the name of a host that has one";
            let addresses = lookups.addresses(name);
            let addresses = addresses.map_err(|why| value.fault(format!("{expected}; {name}: {why}")))?;
            if addresses.is_empty() {
                return Err(value.fault(format!("{expected}; {name} has none")));
            }
            addresses.into_iter().map(Prefix::host).collect()
        }
    };
    let ports = match port {
        None => None,
        Some(port) => {
            let ranges = port_ranges(lookups, port).ok_or_else(|| value.fault(A_PORT))?;
            Some(Ports::new(ranges).ok_or_else(|| value.fault(A_PORT))?)
        }
    };
    Ok(joined_end(side, networks, ports))
}

struct Written<'a> {
    host: Host<'a>,
    length: Option<&'a str>,
    port: Option<&'a str>,
}

enum Host<'a> {
    Any,
    Address(IpAddr),
    Name(&'a str),
}

/// Takes `HOST`, `HOST/LENGTH`, `HOST:PORT`, `HOST/LENGTH:PORT`, `:PORT` and `*:PORT` apart, where an IPv6 address is
/// in brackets if a port follows.
fn written(text: &str) -> Option<Written<'_>> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Written { host: Host::Address(address), length: None, port: None });
    }
    if let Some(inside) = text.strip_prefix('[') {
        let (address, rest) = inside.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let (length, port) = tail(rest)?;
        return Some(Written { host: Host::Address(IpAddr::V6(address)), length, port });
    }
    if let Some((address, rest)) = text.split_once('/') {
        let address = address.parse().ok()?;
        let (length, port) = rest.split_once(':').map_or((rest, None), |(length, port)| (length, Some(port)));
        return Some(Written { host: Host::Address(address), length: Some(length), port });
    }
    match text.split_once(':') {
        Some(("" | "*", port)) => Some(Written { host: Host::Any, length: None, port: Some(port) }),
        Some((host, port)) if !port.contains(':') => {
            let host = host.parse().map_or(Host::Name(host), Host::Address);
            Some(Written { host, length: None, port: Some(port) })
        }
        Some(_) => None,
        None if text.is_empty() => None,
        None => Some(Written { host: Host::Name(text), length: None, port: None }),
    }
}

/// A prefix length and a port, as they were written.
type Tail<'a> = (Option<&'a str>, Option<&'a str>);

/// What follows the brackets.
fn tail(rest: &str) -> Option<Tail<'_>> {
    if rest.is_empty() {
        return Some((None, None));
    }
    if let Some(port) = rest.strip_prefix(':') {
        return Some((None, Some(port)));
    }
    let rest = rest.strip_prefix('/')?;
    Some(rest.split_once(':').map_or((Some(rest), None), |(length, port)| (Some(length), Some(port))))
}

fn prefix_length(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The address and the port of one and the same end. `None` when there is neither.
fn joined_end(side: Side, networks: Vec<Prefix>, ports: Option<Ports>) -> Option<Expression> {
    let host = |side| (!networks.is_empty()).then(|| hosts(side, networks.clone()));
    let Some(ports) = ports else { return host(side) };
    let of = |side| {
        let port = Expression::Test(Test::Port(side, ports.clone()));
        match host(side) {
            Some(host) => Expression::all(vec![host, port]),
            None => port,
        }
    };
    Some(if side == Side::Either && !networks.is_empty() {
        Expression::any(vec![of(Side::Local), of(Side::Remote)])
    } else {
        of(side)
    })
}

fn hosts(side: Side, mut networks: Vec<Prefix>) -> Expression {
    networks.sort_unstable();
    networks.dedup();
    Expression::Test(Test::Host(side, networks.into()))
}

/// Any of these ends; those without a port become one test.
pub(super) fn merged_ends(side: Side, ends: Vec<Expression>) -> Expression {
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
    Expression::any(members)
}

// Words

/// States with a comma between them.
pub(super) fn state(value: &Value<'_>) -> Parsed<Expression> {
    let mut states = States::empty();
    for part in value.parts() {
        states |= syntax::states(part.text).ok_or_else(|| Fault {
            nearest: nearest(part.text, syntax::all_state_words()),
            ..part.fault(
                "a state such as ESTABLISHED, time-wait or listening, or a group such as connected or closing",
            )
        })?;
    }
    Ok(Expression::Test(Test::State(states)))
}

/// What the name of a protocol asks.
pub(super) fn protocol(word: &str) -> Option<Expression> {
    let (_, protocol, family) =
        syntax::PROTOCOLS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word))?;
    let test = Expression::Test(Test::Protocol(*protocol));
    Some(match family {
        Some(family) => Expression::all(vec![test, Expression::Test(Test::Family(*family))]),
        None => test,
    })
}

/// Protocols with a comma between them.
pub(super) fn protocols(value: &Value<'_>) -> Parsed<Expression> {
    let words = || syntax::PROTOCOLS.iter().map(|(word, ..)| *word);
    let members = value.parts().map(|part| {
        protocol(part.text).ok_or_else(|| Fault {
            nearest: nearest(part.text, words()),
            ..part.fault(format!("one of {}", words().collect::<Vec<_>>().join(", ")))
        })
    });
    Ok(Expression::any(members.collect::<Parsed<Vec<_>>>()?))
}

// Places

/// Countries with a comma between them.
pub(super) fn countries(value: &Value<'_>) -> Parsed<Expression> {
    let countries = value.parts().map(|part| {
        let country = Country::new(part.text).filter(|country| countries::is_code(*country));
        country.ok_or_else(|| Fault {
            nearest: countries::meant(part.text),
            ..part.fault("the code of a country, such as KR or US, or several with commas")
        })
    });
    let mut countries = countries.collect::<Parsed<Vec<_>>>()?;
    countries.sort_unstable();
    countries.dedup();
    Ok(Expression::Test(Test::Country(countries.into())))
}

/// Numbers of networks with a comma between them, or else the pattern of a name.
pub(super) fn network(value: &Value<'_>) -> Expression {
    let of_part = |part: Value<'_>| {
        let digits = match part.text.split_at_checked(2) {
            Some((prefix, digits)) if prefix.eq_ignore_ascii_case("as") => digits,
            _ => part.text,
        };
        number(digits)
    };
    Expression::Test(match value.parts().map(of_part).collect::<Option<Vec<_>>>() {
        Some(numbers) => Test::NetworkNumber(ascending(numbers)),
        None => Test::NetworkName(Glob::new(&value.text.to_lowercase())),
    })
}

// Numbers

/// Numbers with a comma between them.
pub(super) fn numbers(value: &Value<'_>, expected: &str) -> Parsed<Box<[u32]>> {
    let numbers = value.parts().map(|part| number(part.text).ok_or_else(|| part.fault(expected)));
    Ok(ascending(numbers.collect::<Parsed<Vec<_>>>()?))
}

/// Users, by number or name, with a comma between them.
pub(super) fn users(lookups: &dyn Lookups, value: &Value<'_>) -> Parsed<Box<[u32]>> {
    let users = value.parts().map(|part| {
        if let Some(number) = number(part.text) {
            return Ok(number);
        }
        let expected = "the name or the number of a user";
        match lookups.user(part.text) {
            _ if part.text.is_empty() => Err(part.fault(expected)),
            Ok(Some(user)) => Ok(user),
            Ok(None) => Err(part.fault(format!("{expected}; there is no user {}", part.text))),
            Err(why) => Err(part.fault(format!("{expected}; {} could not be looked up: {why}", part.text))),
        }
    });
    Ok(ascending(users.collect::<Parsed<Vec<_>>>()?))
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn ascending(mut numbers: Vec<u32>) -> Box<[u32]> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into()
}
