//! The words after `netstat check`: names of checks, then a filter.

use super::arguments::Arguments;
use super::combine;
use super::complaint::{Complaint, complaint};
use super::{syntax, words};
use netstat_check as check;
use netstat_engine::text::nearest;
use netstat_engine::text::quote::quoted;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

/// Takes the names of checks off the words; an interval or a filter may follow.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    let mut rest = plain.as_slice();
    while let [word, after @ ..] = rest {
        let Some(check) = word.to_str().and_then(check::by_name) else { break };
        if !arguments.check.names.contains(&check) {
            arguments.check.names.push(check);
        }
        rest = after;
    }
    if arguments.check.names.contains(&&check::BIND) {
        while let [word, after @ ..] = rest {
            let Some(ports) = ports(word) else { break };
            arguments.check.ports.push(ports);
            rest = after;
        }
        let ports = arguments.check.ports.join(",");
        if let (true, [word]) = (ports.is_empty(), rest)
            && is_no_port(word)
        {
            return Err(no_port(word));
        }
        if !ports.is_empty() {
            let setting = format!("{}.ports={ports}", check::BIND.name);
            let typed = check::parse_assignment(&setting);
            arguments.check.set.push(typed.map_err(|_| no_port(OsStr::new(&ports)))?);
        }
    }
    words::settle(rest.to_vec(), arguments).map_err(|complaint| match rest.first() {
        Some(word) => misspelt(word).unwrap_or_else(|| complaint.of_check(arguments.check.names.is_empty())),
        None => complaint,
    })?;
    if let Some(seconds) = arguments.interval.take() {
        arguments.watch.get_or_insert(Duration::from_secs(seconds.into()));
    }
    if let (Some(count), None) = (arguments.count, arguments.watch) {
        return Err(complaint!(
            "--count {count} needs a pause: type, for example, netstat check --watch 10s --count {count}",
            "--count {count}: 간격이 필요합니다. 입력 예: netstat check --watch 10s --count {count}",
            count = count.to_string()
        ));
    }
    if arguments.check.learn && arguments.check.names.iter().any(|check| *check != &check::POLICY) {
        return Err(complaint!(
            "--learn works only with policy: type netstat check policy --learn",
            "--learn은 policy에서만 쓸 수 있습니다. 이렇게 입력하세요: netstat check policy --learn"
        ));
    }
    if arguments.record.is_some() && arguments.replay.is_some() {
        return Err(Complaint::record_and_replay());
    }
    combine::check_namespace(arguments)?;
    of_the_past(arguments)?;
    one_text(arguments)
}

/// Rejects what does not go with a history.
fn of_the_past(arguments: &Arguments) -> Result<(), Complaint> {
    let typed = [
        (arguments.at.is_some(), "--at"),
        (arguments.history.since.is_some(), "--since"),
        (arguments.history.until.is_some(), "--until"),
    ];
    let asks = typed.iter().find(|(given, _)| *given).map(|(_, option)| *option);
    let Some(asks) = asks else {
        return match arguments.store {
            Some(_) => Err(complaint!(
                "--store belongs to --at or --since: type, for example, netstat check --since 24h",
                "--store는 --at이나 --since와 함께 씁니다. 입력 예: netstat check --since 24h"
            )),
            None => Ok(()),
        };
    };
    if arguments.at.is_some() && (arguments.history.since.is_some() || arguments.history.until.is_some()) {
        return Err(complaint!(
            "--at judges a moment, --since and --until a span: leave one of the two out",
            "--at은 한 시각을, --since와 --until은 기간을 점검합니다. 둘 중 하나를 빼세요"
        ));
    }
    if arguments.at.is_none() && !arguments.filter.is_empty() {
        return Err(complaint!(
            "{asks} judges all connections of a span: leave the filter out, or judge a moment with --at",
            "{asks}: 기간의 모든 연결을 점검합니다. 필터를 빼거나 --at으로 한 시각을 점검하세요",
            asks
        ));
    }
    let others = [
        (arguments.watch.is_some(), "--watch"),
        (arguments.check.learn, "--learn"),
        (arguments.check.list, "--list"),
        (arguments.check.explain.is_some(), "--explain"),
        (arguments.check.policy.is_some(), "--policy"),
        (arguments.record.is_some(), "--record"),
        (arguments.replay.is_some(), "--replay"),
        (arguments.netns.is_some(), "--netns"),
        (arguments.owners.is_some(), "--owners"),
    ];
    match others.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(complaint!(
            "{asks} asks a history, {option} the running system: leave one of the two out",
            "{asks}: 기록을 점검하고, {option} 옵션은 지금의 시스템에 묻습니다. 둘 중 하나를 빼세요",
            asks,
            option = *option
        )),
        None => Ok(()),
    }
}

/// Returns the ports that a word names: `4873`, `:4873`, `53/udp`, `80,443`.
fn ports(word: &OsStr) -> Option<String> {
    let text = word.to_str()?;
    let text = text.strip_prefix(':').unwrap_or(text);
    let is_port = |port: &str| port.starts_with(|first: char| first.is_ascii_digit());
    (!text.is_empty() && text.split(',').all(is_port) && !text.contains([':', '.'])).then(|| text.to_owned())
}

/// Returns true for a word that stands where a port is expected and is neither a filter nor the name of a check.
fn is_no_port(word: &OsString) -> bool {
    syntax::parse(std::slice::from_ref(word)).is_err_and(|error| error.at == 0 && error.nearest.is_none())
        && misspelt(word).is_none()
}

fn no_port(word: &OsStr) -> Complaint {
    complaint!(
        "{word} is no port (0 to 65535): type, for example, netstat check bind 4873",
        "{word}: 포트가 아닙니다(0~65535). 입력 예: netstat check bind 4873",
        word = quoted(word)
    )
}

/// Rejects what does not go with a fixed text or a policy: JSON, repetition, or names of checks.
fn one_text(arguments: &Arguments) -> Result<(), Complaint> {
    let typed = &arguments.check;
    let runs_policy = typed.names.is_empty() || typed.names.contains(&&check::POLICY);
    if typed.policy.is_some() && (!runs_policy || typed.learn) {
        return Err(complaint!(
            "--policy belongs to the check policy: type netstat check policy --policy FILE",
            "--policy는 검사 policy의 옵션입니다. 이렇게 입력하세요: netstat check policy --policy FILE"
        ));
    }
    let text = match (typed.list, typed.explain, typed.learn) {
        (true, None, false) => "--list",
        (false, Some(_), false) => "--explain",
        (false, None, true) => "--learn",
        (false, None, false) => return Ok(()),
        _ => {
            return Err(complaint!(
                "--list, --explain and --learn cannot be combined: type one of them",
                "--list, --explain, --learn은 함께 쓸 수 없습니다. 하나만 입력하세요"
            ));
        }
    };
    if arguments.json() {
        return Err(complaint!(
            "{text} does not write JSON: leave --json out",
            "{text}: JSON으로 출력하지 않습니다. --json을 빼고 입력하세요",
            text
        ));
    }
    if arguments.watch.is_some() {
        return Err(complaint!(
            "{text} shows nothing to repeat: leave the interval out",
            "{text}: 되풀이할 것이 없습니다. 간격을 빼고 입력하세요",
            text
        ));
    }
    let reads = [
        (typed.config.is_some(), "--config"),
        (!typed.set.is_empty(), "--set"),
        (typed.policy.is_some(), "--policy"),
        (!arguments.geo.is_empty(), "--geo"),
        (arguments.record.is_some(), "--record"),
        (arguments.replay.is_some(), "--replay"),
    ];
    if let (Some((_, option)), false) = (reads.iter().find(|(given, _)| *given), typed.learn) {
        return Err(complaint!(
            "{text} runs no check, so {option} has no effect: leave it out",
            "{text}: 검사를 실행하지 않으므로 {option} 옵션은 아무 일도 하지 않습니다. 빼고 입력하세요",
            text,
            option = *option
        ));
    }
    let selects = !typed.names.is_empty() || !arguments.filter.is_empty();
    if selects && !typed.learn {
        return Err(complaint!(
            "{text} runs no check: leave the other words out",
            "{text}: 검사를 실행하지 않습니다. 다른 단어를 빼고 입력하세요",
            text
        ));
    }
    Ok(())
}

/// Returns a complaint about a word that is nearly the name of a check.
fn misspelt(word: &OsStr) -> Option<Complaint> {
    let name = word.to_str()?;
    let near = nearest(name, check::NAMES, (name.len() / 3).clamp(1, 3))?;
    Some(complaint!(
        "unknown check {word}: type {near}, or netstat check --list",
        "{word}: 없는 검사입니다. 이렇게 입력하세요: {near}, 또는 netstat check --list",
        word = quoted(word),
        near
    ))
}
