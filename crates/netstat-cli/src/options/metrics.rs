//! The words after `netstat metrics`: perhaps an interval.

use super::arguments::Arguments;
use super::combine;
use super::complaint::{Complaint, complaint};
use super::values;
use netstat_engine::text::quote::quoted;
use std::ffi::OsString;

/// Takes the interval, and rejects what does not go together.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    if let [word] = plain.as_slice()
        && word.to_str().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
    {
        arguments.interval = Some(values::parse_interval(word)?);
    } else if let Some(word) = plain.first() {
        return Err(complaint!(
            "{word} is not for netstat metrics: type netstat metrics --help to see its options",
            "{word}: netstat metrics에서 쓸 수 없습니다. 쓸 수 있는 옵션 보기: netstat metrics --help",
            word = quoted(word)
        ));
    }
    combine::check_namespace(arguments)?;
    let typed = &arguments.metrics;
    if typed.listen.is_none() && typed.otlp.is_none() && !arguments.once {
        return Err(complaint!(
            "netstat metrics needs somebody to tell: type netstat metrics --listen 127.0.0.1:9478, netstat metrics --once, or \
             netstat metrics --otlp http://127.0.0.1:4318",
            "netstat metrics에는 알릴 곳이 필요합니다. 다음 중 하나를 입력하세요: netstat metrics --listen 127.0.0.1:9478, \
             netstat metrics --once, netstat metrics --otlp http://127.0.0.1:4318"
        ));
    }
    if arguments.once && typed.listen.is_some() {
        return Err(complaint!(
            "--once ends at once, and --listen answers until it is stopped: type one of them",
            "--once는 한 번만 하고 끝나고 --listen은 중지할 때까지 응답합니다. 하나만 입력하세요"
        ));
    }
    if typed.output.is_some() && (!arguments.once || typed.otlp.is_some()) {
        return Err(complaint!(
            "-o names the file of --once: type netstat metrics --once -o netstat.prom",
            "-o는 --once로 쓸 파일입니다. 이렇게 입력하세요: netstat metrics --once -o netstat.prom"
        ));
    }
    if typed.logs && typed.otlp.is_none() {
        return Err(complaint!(
            "--logs goes to a collector: type netstat metrics --otlp http://127.0.0.1:4318 --logs",
            "--logs는 수집기로 보냅니다. 이렇게 입력하세요: netstat metrics --otlp http://127.0.0.1:4318 --logs"
        ));
    }
    if typed.logs != arguments.history.since.is_some()
        && (arguments.history.since.is_some() || arguments.once)
    {
        return Err(complaint!(
            "--since says from when --logs sends, and --once --logs needs it: type --logs --since 1h",
            "--since는 --logs가 언제부터 보낼지 정하며, --once --logs에는 꼭 필요합니다. 이렇게 입력하세요: --logs --since 1h"
        ));
    }
    if let Some(seconds) = arguments.interval
        && (typed.otlp.is_none() || arguments.once)
    {
        return Err(complaint!(
            "{seconds} is an interval, which only --otlp without --once has: leave it out",
            "{seconds}: 간격은 --once 없는 --otlp에만 있습니다. 빼고 입력하세요",
            seconds = seconds.to_string()
        ));
    }
    Ok(())
}
