//! The words after `netstat close` and `netstat end`: a filter, which has to be there.

use super::arguments::{Arguments, Netns, Verb};
use super::complaint::{Complaint, complaint};
use super::{combine, words};
use std::ffi::OsString;

/// Takes the filter, and rejects what does not go with it.
pub(super) fn settle(plain: Vec<OsString>, verb: Verb, arguments: &mut Arguments) -> Result<(), Complaint> {
    words::settle(plain, arguments)?;
    let name = verb.name();
    if let Some(seconds) = arguments.interval {
        return Err(complaint!(
            "netstat {name} repeats nothing: leave {seconds} out, or for a port type lport {seconds} or rport {seconds}",
            "netstat {name}은 되풀이하지 않습니다. {seconds}을 빼거나, 포트라면 이렇게 입력하세요: lport {seconds} 또는 rport {seconds}",
            name,
            seconds = seconds.to_string()
        ));
    }
    if arguments.filter.is_empty() {
        return Err(complaint!(
            "netstat {name} needs a filter, so that it is never about everything: type, for example, netstat {name} dst 203.0.113.9",
            "netstat {name}에는 필터가 필요합니다. 실수로 모두 닫지 않기 위해서입니다. 입력 예: netstat {name} dst 203.0.113.9",
            name
        ));
    }
    if arguments.netns == Some(Netns::All) { Ok(()) } else { combine::check_namespace(arguments) }
}
