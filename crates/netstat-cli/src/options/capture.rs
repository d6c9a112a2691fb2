//! The words after `netstat capture`: a filter.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use super::{combine, words};
use std::ffi::OsString;
use std::path::Path;

/// Takes the filter, and rejects what does not go with it.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    words::settle(plain, arguments)?;
    if let Some(seconds) = arguments.interval {
        return Err(complaint!(
            "netstat capture has no interval: for a time type --for {seconds}s, for a port port {seconds}",
            "netstat capture에는 간격이 없습니다. 시간이라면 --for {seconds}s, 포트라면 port {seconds}를 입력하세요",
            seconds = seconds.to_string()
        ));
    }
    combine::check_namespace(arguments)?;
    let typed = &arguments.capture;
    let of_files = [
        (typed.files.is_some(), "--files"),
        (typed.max_size.is_some(), "--max-size"),
        (typed.snap.is_some(), "--snap"),
        (typed.headers, "--headers"),
    ];
    let of_captures = [
        (typed.write.is_some(), "-w"),
        (arguments.lasts.is_some(), "--for"),
        (typed.names, "--names"),
        (typed.follow_text, "--follow-text"),
        (arguments.netns.is_some(), "--netns"),
        (arguments.owners.is_some(), "--owners"),
    ];
    let of_tables = [
        (arguments.columns.is_some(), "--columns"),
        (arguments.group_by.is_some(), "--group-by"),
        (arguments.sort.is_some(), "--sort"),
        (arguments.limit.is_some(), "--limit"),
        (arguments.color.is_some(), "--color"),
        (arguments.formats.iter().any(|format| format.name == "csv"), "--csv"),
        (arguments.formats.iter().any(|format| format.name == "jsonl"), "--jsonl"),
        (!arguments.formats.is_empty(), "--json"),
    ];
    let first = |options: &[(bool, &'static str)]| {
        options.iter().find(|(given, _)| *given).map(|(_, option)| *option)
    };
    if typed.read.is_some() {
        return match first(&of_captures).or(first(&of_files)) {
            Some(option) => Err(complaint!(
                "--read captures nothing, so {option} has no effect: leave it out",
                "--read: 캡처하지 않으므로 {option} 옵션은 아무 일도 하지 않습니다. 빼고 입력하세요",
                option
            )),
            None => combine::check_shape(arguments),
        };
    }
    if let Some(option) = first(&of_tables) {
        return Err(complaint!(
            "{option} is about a table: type, for example, netstat capture --read curl.pcapng",
            "{option}: 표를 볼 때의 옵션입니다. 입력 예: netstat capture --read curl.pcapng",
            option
        ));
    }
    if typed.follow_text && typed.write.is_some() {
        return Err(complaint!(
            "--follow-text goes with the lines that are printed, and -w prints none: leave one of them out",
            "--follow-text: 줄로 출력할 때의 옵션입니다. 파일에는 보낸 내용이 모두 들어갑니다. -w나 --follow-text를 빼세요"
        ));
    }
    match first(&of_files) {
        Some(option) if typed.write.is_none() => Err(complaint!(
            "{option} is about a file: type, for example, netstat capture process curl -w curl.pcapng",
            "{option}: 파일에 쓸 때의 옵션입니다. 입력 예: netstat capture process curl -w curl.pcapng",
            option
        )),
        _ if typed.files.is_some() && typed.max_size.is_none() => Err(complaint!(
            "--files needs the size of each: type, for example, --files 10 --max-size 100M",
            "--files: 파일마다의 크기가 필요합니다. 입력 예: --files 10 --max-size 100M"
        )),
        _ => check_name(typed.write.as_deref(), typed.files.is_some()),
    }
}

/// Rejects names that say what the file would not be.
fn check_name(write: Option<&Path>, is_ring: bool) -> Result<(), Complaint> {
    let Some(path) = write else { return Ok(()) };
    if is_ring && path.as_os_str() == "-" {
        return Err(complaint!(
            "--files is about files, and -w - is standard output: name a file",
            "--files: 여러 파일에 쓸 때의 옵션인데 -w - 는 표준 출력입니다. 파일 이름을 지정하세요"
        ));
    }
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    if ["xz", "bz2", "lz4", "lzma", "br", "zip", "7z"].iter().any(|other| end.eq_ignore_ascii_case(other)) {
        return Err(complaint!(
            "a capture is not compressed to .{end}: name it .zst or .gz",
            "캡처는 .{end} 형식으로 압축하지 않습니다. .zst나 .gz로 끝나는 이름을 지정하세요",
            end
        ));
    }
    Ok(())
}
