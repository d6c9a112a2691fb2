//! A collector of OpenTelemetry: what is sent to it, and what is said when it does not take that.

use crate::settings::Sending;
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::one_line;
use netstat_metrics::{Failed, Outcome, Sender, SendingCounts, parse_headers};
use std::sync::Arc;

/// Prepares to send.
///
/// # Errors
/// When the headers are not understood.
pub(super) fn collector(sending: &Sending, counts: &Arc<SendingCounts>) -> Result<Sender, Text> {
    let headers = parse_headers(sending.headers.as_deref().unwrap_or_default()).ok_or_else(|| {
        both!(
            "OTEL_EXPORTER_OTLP_HEADERS is not understood: write name=value, separated by commas",
            "OTEL_EXPORTER_OTLP_HEADERS를 알아볼 수 없습니다. 이름=값을 쉼표로 나누어 쓰세요"
        )
    })?;
    Ok(Sender::new(&sending.url, headers, Arc::clone(counts)))
}

/// Returns what is wrong with something that was sent. What a collector says is from outside.
pub(super) fn complaint(sent: &Result<Outcome, Failed>) -> Option<Text> {
    Some(match sent {
        Ok(Outcome::Taken) => return None,
        Ok(Outcome::Partly(count, why)) => both!(
            "the collector has rejected {count:value|values}: {why}",
            "수집기가 값 {count}개를 거부했습니다: {why}",
            count = *count,
            why = one_line(why)
        ),
        Err(Failed::Refused(status, why)) => both!(
            "the collector refuses (status {status}): {why}",
            "수집기가 거부했습니다(상태 {status}): {why}",
            status = status.to_string(),
            why = one_line(why)
        ),
        Err(Failed::Busy(status)) => both!(
            "the collector is busy (status {status}); later values are sent later",
            "수집기가 바쁩니다(상태 {status}). 다음 값은 다음에 보냅니다",
            status = status.to_string()
        ),
        Err(Failed::Unreachable(why)) => both!(
            "the collector cannot be reached: {why}; later values are sent later",
            "수집기에 연결할 수 없습니다: {why}. 다음 값은 다음에 보냅니다",
            why = one_line(why)
        ),
    })
}
