//! Who is behind a listener of http.sys or of the port proxy.
//!
//! Only `netsh http` tells which process has which URL, in the language of the system, so words are not read: a queue of
//! requests begins in the first column, a URL with its scheme, and a process is a number alone, or before a comma.

use super::processes;
use super::registry::decode_values;
use super::source::{Question, Source};
use super::win32_error::{UNKNOWN_FORM, unavailable};
use netstat_model::error::words_of;
use netstat_model::{Answer, IpEndpoint, Keeper, Protocol, StandIn, Warning};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const BEHIND_HTTP: &str = "the process behind http.sys";

const ANY_V4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// The rules of `netsh interface portproxy`, below `HKEY_LOCAL_MACHINE`, and the address that each means by `*`.
const PROXIES: [(&str, IpAddr); 4] = [
    (r"SYSTEM\CurrentControlSet\Services\PortProxy\v4tov4\tcp", ANY_V4),
    (r"SYSTEM\CurrentControlSet\Services\PortProxy\v4tov6\tcp", ANY_V4),
    (r"SYSTEM\CurrentControlSet\Services\PortProxy\v6tov4\tcp", ANY_V6),
    (r"SYSTEM\CurrentControlSet\Services\PortProxy\v6tov6\tcp", ANY_V6),
];

/// Returns the listeners that these keep for others.
pub(super) fn stand_ins(source: &dyn Source, keepers: &[Keeper]) -> Answer<Vec<StandIn>> {
    let mut answer = Answer::whole(Vec::new());
    if keepers.contains(&Keeper::HttpSys) {
        of_http(source, &mut answer);
    }
    if keepers.contains(&Keeper::PortProxy) {
        of_proxy(source, &mut answer);
    }
    answer
}

fn of_http(source: &dyn Source, answer: &mut Answer<Vec<StandIn>>) {
    let state = match source.ask(&Question::HttpQueues) {
        Ok(state) => state,
        Err(error) => return answer.warnings.push(unavailable(BEHIND_HTTP, &error)),
    };
    let Some(queues) = parse_queues(state.bytes()) else {
        let reason = UNKNOWN_FORM.to_owned();
        return answer.warnings.push(Warning::SourceUnavailable { what: BEHIND_HTTP, reason });
    };
    let names = processes::list(source);
    if let Err(error) = &names
        && !queues.is_empty()
    {
        let reason = words_of(error);
        answer.warnings.push(Warning::ProcessesUnreadable { processes: queues.len(), reason });
    }
    let named = |pid: u32| {
        let listed =
            names.as_ref().ok().and_then(|listed| listed.iter().find(|process| process.id.pid == pid));
        match listed {
            Some(process) => format!("{} ({pid})", process.name.to_string_lossy()).into_boxed_str(),
            None => pid.to_string().into_boxed_str(),
        }
    };
    for queue in queues {
        let behind: Vec<Box<str>> = queue.processes.iter().map(|pid| named(*pid)).collect();
        for (url, port) in queue.urls {
            answer.data.push(StandIn {
                keeper: Keeper::HttpSys,
                protocol: Protocol::Tcp,
                end: IpEndpoint::new(ANY_V6, port, 0).into(),
                by: url,
                behind: behind.clone(),
                namespace: None,
            });
        }
    }
}

/// Requests that wait for the same processes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Queue {
    urls: Vec<(Box<str>, u16)>,
    processes: BTreeSet<u32>,
}

/// Parses what `netsh http show servicestate view=requestq` prints below a line of dashes; only the queues that have a URL.
fn parse_queues(text: &[u8]) -> Option<Vec<Queue>> {
    let mut queues: Vec<Queue> = Vec::new();
    let mut lines = text.split(|&byte| byte == b'\n');
    lines.find(|line| line.starts_with(b"---"))?;
    for line in lines {
        let begins = line.first().is_some_and(|first| !first.is_ascii_whitespace());
        if begins || queues.is_empty() {
            queues.push(Queue::default());
        }
        let (line, Some(queue)) = (String::from_utf8_lossy(line.trim_ascii()), queues.last_mut()) else {
            continue;
        };
        if let Some(port) = url_port(&line) {
            queue.urls.push((line.into(), port));
        } else if let Some(pid) = process(&line) {
            queue.processes.insert(pid);
        }
    }
    queues.retain(|queue| !queue.urls.is_empty());
    Some(queues)
}

/// Returns the port of a URL prefix such as `HTTP://+:80/WSMAN/`.
fn url_port(line: &str) -> Option<u16> {
    let (scheme, rest) = line.split_once("://")?;
    let by_scheme = match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => 80,
        _ if scheme.eq_ignore_ascii_case("https") => 443,
        _ => return None,
    };
    let host = rest.split('/').next()?;
    // `[::1]:80`, and `+:80:10.0.0.1` for one address alone.
    let after = host
        .split_once(']')
        .map_or_else(|| host.split_once(':').map(|(_, port)| port), |(_, rest)| rest.strip_prefix(':'));
    match after {
        Some(port) => port.split(':').next()?.parse().ok(),
        None => Some(by_scheme),
    }
}

/// Returns the process that a line names: `4532`, or `ID: 4532, image: ...`.
fn process(line: &str) -> Option<u32> {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number(line).or_else(|| number(line.split_once(", ")?.0.rsplit_once(": ")?.1.trim()))
}

fn of_proxy(source: &dyn Source, answer: &mut Answer<Vec<StandIn>>) {
    let mut odd = 0;
    for (key, any) in PROXIES {
        let values = match source.ask(&Question::RegistryValues(key)) {
            Ok(values) => values,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                answer.warnings.push(unavailable("where the port proxy of Windows leads", &error));
                continue;
            }
        };
        odd += decode_values(values.bytes(), |value| {
            let rule = proxy_rule(&value.name, &value.text(), any);
            let is_understood = rule.is_some();
            answer.data.extend(rule);
            is_understood
        });
    }
    if odd > 0 {
        answer.warnings.push(Warning::OddMessages { what: "rules of the port proxy", count: odd });
    }
}

/// Parses a rule: the name is where it listens, as `ADDRESS/PORT`, the data where it leads.
fn proxy_rule(name: &OsStr, data: &OsString, any: IpAddr) -> Option<StandIn> {
    let (address, port) = name.to_str()?.split_once('/')?;
    let address = if address == "*" { any } else { address.parse().ok()? };
    let (host, to) = data.to_str()?.split_once('/')?;
    let to: u16 = to.parse().ok()?;
    let target = if host.contains(':') { format!("[{host}]:{to}") } else { format!("{host}:{to}") };
    Some(StandIn {
        keeper: Keeper::PortProxy,
        protocol: Protocol::Tcp,
        end: IpEndpoint::new(address, port.parse().ok()?, 0).into(),
        by: "portproxy".into(),
        behind: vec![target.into()],
        namespace: None,
    })
}

/// Runs every parser on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    parse_queues(bytes);
    decode_values(bytes, |value| proxy_rule(&value.name, &value.text(), ANY_V4).is_some());
}

#[cfg(test)]
mod tests;
