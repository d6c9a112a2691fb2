//! Parses addresses to listen at and URLs to send to.

use crate::options::complaint::{Complaint, complaint};
use netstat_engine::text::quote::quoted;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};

/// Parses the value of `--listen`: an address with a port, or a port of this machine alone.
pub(in crate::options) fn parse_listen(text: &OsStr) -> Result<SocketAddr, Complaint> {
    let word = text.to_str().unwrap_or_default();
    let place = match word.parse::<u16>() {
        Ok(port) => Some((Ipv4Addr::LOCALHOST, port).into()),
        Err(_) => word.parse().ok(),
    };
    place.ok_or_else(|| {
        complaint!(
            "--listen {word} is not an address and a port: type, for example, --listen 127.0.0.1:9478 or --listen [::1]:9478",
            "--listen {word}: 주소와 포트가 아닙니다. 입력 예: --listen 127.0.0.1:9478 또는 --listen [::1]:9478",
            word = quoted(text)
        )
    })
}

/// Parses the value of `--otlp`.
pub(in crate::options) fn parse_otlp(text: &OsStr) -> Result<String, Complaint> {
    let word = text.to_str().unwrap_or_default();
    let rest = ["http://", "https://"].iter().find_map(|scheme| word.strip_prefix(scheme));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        Some(host) if host.contains('@') => Err(complaint!(
            "--otlp takes no password, which everybody could see: put a header into OTEL_EXPORTER_OTLP_HEADERS",
            "--otlp에는 암호를 쓸 수 없습니다. 누구나 볼 수 있기 때문입니다. OTEL_EXPORTER_OTLP_HEADERS에 헤더로 넣으세요"
        )),
        Some(host)
            if !host.is_empty()
                && !word.contains(['?', '#'])
                && word.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(word.to_owned())
        }
        _ => Err(complaint!(
            "--otlp {word} is not a URL of a collector: type, for example, --otlp http://127.0.0.1:4318",
            "--otlp {word}: 수집기의 URL이 아닙니다. 입력 예: --otlp http://127.0.0.1:4318",
            word = quoted(text)
        )),
    }
}
