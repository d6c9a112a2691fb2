//! The words after `netstat history`: a filter.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use super::{combine, words};
use std::ffi::OsString;

/// Takes the filter, and rejects what does not go with it.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    words::settle(plain, arguments)?;
    if let Some(seconds) = arguments.interval {
        return Err(complaint!(
            "netstat history shows nothing to repeat: leave {seconds} out, or for a port type port {seconds}",
            "netstat history는 되풀이할 것이 없습니다. 간격 {seconds}초를 빼거나, 포트라면 이렇게 입력하세요: port {seconds}",
            seconds = seconds.to_string()
        ));
    }
    combine::check_shape(arguments)?;
    check_following(arguments)?;
    if arguments.history.summary {
        let shape = [
            (arguments.columns.is_some(), "--columns"),
            (arguments.group_by.is_some(), "--group-by"),
            (arguments.sort.is_some(), "--sort"),
            (arguments.limit.is_some(), "--limit"),
            (!arguments.formats.is_empty(), "--json, --jsonl, --csv"),
        ];
        if let Some((_, option)) = shape.iter().find(|(typed, _)| *typed) {
            return Err(complaint!(
                "--summary has a form of its own: leave {option} out",
                "--summary에는 정해진 형식이 있습니다. 빼야 할 것: {option}",
                option = *option
            ));
        }
    }
    Ok(())
}

/// Checks what goes with `--follow`.
fn check_following(arguments: &Arguments) -> Result<(), Complaint> {
    if !arguments.recorder.follow {
        return match arguments.recorder.opens {
            true => Err(complaint!(
                "--opens needs --follow: type netstat history --follow --opens",
                "--opens에는 --follow가 필요합니다. 이렇게 입력하세요: netstat history --follow --opens"
            )),
            false => Ok(()),
        };
    }
    let is_json = arguments.formats.iter().any(|format| format.name == "json");
    let whole = [
        (arguments.history.until.is_some(), "--until"),
        (arguments.history.summary, "--summary"),
        (arguments.group_by.is_some(), "--group-by"),
        (arguments.sort.is_some(), "--sort"),
        (arguments.limit.is_some(), "--limit"),
        (arguments.fleet.from.is_some(), "--from"),
    ];
    match whole.iter().find(|(typed, _)| *typed) {
        _ if is_json => Err(complaint!(
            "--json is one document, and --follow has no end: type --jsonl",
            "--json은 문서 하나인데 --follow는 끝이 없습니다. --jsonl을 쓰세요"
        )),
        Some((_, option)) => Err(complaint!(
            "--follow shows what comes, one after another: leave {option} out",
            "--follow는 들어오는 대로 하나씩 표시합니다. 빼야 할 것: {option}",
            option = *option
        )),
        None => Ok(()),
    }
}
