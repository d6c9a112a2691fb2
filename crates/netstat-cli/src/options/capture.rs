//! The words after `netstat capture`: a filter.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use super::{combine, words};
use std::ffi::OsString;

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
        (typed.max_size.is_some(), "--max-size"),
        (typed.snap.is_some(), "--snap"),
        (typed.headers, "--headers"),
    ];
    match of_files.iter().find(|(given, _)| *given) {
        Some((_, option)) if typed.write.is_none() => Err(complaint!(
            "{option} is about a file: type, for example, netstat capture process curl -w curl.pcapng",
            "{option}: 파일에 쓸 때의 옵션입니다. 입력 예: netstat capture process curl -w curl.pcapng",
            option = *option
        )),
        _ => Ok(()),
    }
}
