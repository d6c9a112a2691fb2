//! What goes with `--from` and `--to`: histories of many hosts.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use netstat_engine::text::quote::quoted;
use std::ffi::OsString;

/// Rejects what needs `--from`, and puts the hosts that are asked about into the filter.
pub(super) fn settle(arguments: &mut Arguments) -> Result<(), Complaint> {
    let typed = &arguments.fleet;
    let needs = [(typed.credentials.is_some(), "--credentials"), (typed.most.is_some(), "--max-rows")];
    if let (None, Some(host)) = (&typed.from, &typed.host) {
        return Err(complaint!(
            "--host names machines, with --from; for an address type netstat -an host {host}",
            "--host는 --from과 함께 시스템 이름을 지정합니다. 주소라면 이렇게 입력하세요: netstat -an host {host}",
            host = host.clone()
        ));
    }
    if typed.from.is_none() {
        return match needs.iter().find(|(given, _)| *given) {
            Some((_, option)) => Err(complaint!(
                "{option} belongs to --from: type, for example, netstat history --from clickhouse://ch.example.com/netstat",
                "{option}: --from과 함께 씁니다. 입력 예: netstat history --from clickhouse://ch.example.com/netstat",
                option = *option
            )),
            None => Ok(()),
        };
    }
    if arguments.store.is_some() {
        return Err(complaint!(
            "--from asks many hosts, --store one: leave one of the two out",
            "--from은 여러 호스트의 기록, --store는 한 호스트의 기록입니다. 둘 중 하나를 빼세요"
        ));
    }
    if arguments.verb.is_none() && arguments.at.is_none() {
        return Err(complaint!(
            "--from asks a history: type netstat history --from URL, or add --at '10 minutes ago'",
            "--from은 기록을 봅니다. netstat history --from URL을 쓰거나 --at '10분 전'을 더하세요"
        ));
    }
    if let Some(host) = &typed.host {
        let word = format!("\"{}\"", host.replace('"', "\"\""));
        let mut filter: Vec<OsString> = vec!["hostname".into(), word.into()];
        if !arguments.filter.is_empty() {
            filter.push("and".into());
            filter.push("(".into());
            filter.append(&mut arguments.filter);
            filter.push(")".into());
        }
        arguments.filter = filter;
    }
    Ok(())
}

/// Rejects words after `netstat ship` that are not options, and options that do not go together.
pub(super) fn settle_ship(plain: &[OsString], arguments: &Arguments) -> Result<(), Complaint> {
    if let Some(word) = plain.first() {
        return Err(complaint!(
            "{word} is not for netstat ship: type netstat ship --help to see its options",
            "{word}: netstat ship에서 쓸 수 없습니다. 쓸 수 있는 옵션 보기: netstat ship --help",
            word = quoted(word)
        ));
    }
    let typed = &arguments.ship;
    let tasks = [
        (typed.schema, "--schema"),
        (typed.create, "--create"),
        (arguments.recorder.status, "--status"),
        (arguments.once, "--once"),
    ];
    let mut given = tasks.iter().filter(|(given, _)| *given).map(|(_, option)| *option);
    if let (Some(one), Some(two)) = (given.next(), given.next()) {
        return Err(complaint!(
            "{one} and {two} cannot be combined: type one of them",
            "{one}, {two}: 함께 쓸 수 없습니다. 하나만 입력하세요",
            one,
            two
        ));
    }
    if typed.to.is_none() && !typed.schema && !arguments.recorder.status {
        return Err(complaint!(
            "netstat ship needs to know where to: type, for example, netstat ship --to clickhouse://ch.example.com/netstat",
            "netstat ship: 보낼 곳이 필요합니다. 입력 예: netstat ship --to clickhouse://ch.example.com/netstat"
        ));
    }
    if typed.every.is_some() && tasks.iter().any(|(given, _)| *given) {
        return Err(complaint!(
            "--every is for sending until Ctrl+C: leave it out",
            "--every는 Ctrl+C를 누를 때까지 보낼 때만 씁니다. 빼고 입력하세요"
        ));
    }
    Ok(())
}
