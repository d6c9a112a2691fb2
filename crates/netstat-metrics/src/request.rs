//! What somebody asks by HTTP: the head of a request, from any bytes.

use crate::text::Form;

/// The most bytes of a head.
pub(crate) const LONGEST_HEAD: usize = 8192;

/// The most lines of it.
const MOST_HEADERS: usize = 64;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Metrics,
    /// A page that leads to the metrics.
    Root,
}

/// A request that has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) page: Page,
    /// Whether the answer has no body.
    pub(crate) head_only: bool,
    pub(crate) form: Form,
    pub(crate) gzip: bool,
}

/// Why a request has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    BadRequest,
    NotFound,
    MethodNotAllowed,
    Timeout,
    HeadTooLarge,
    Busy,
    NoAnswer,
}

impl Refusal {
    /// Returns the number and the words of the status line.
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::Timeout => "408 Request Timeout",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::Busy | Self::NoAnswer => "503 Service Unavailable",
        }
    }
}

/// Reads the head of a request; `None` if it has not come to its end.
pub(crate) fn read(bytes: &[u8]) -> Option<Result<Request, Refusal>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) if bytes.len() >= LONGEST_HEAD => Some(Err(Refusal::HeadTooLarge)),
        Ok(httparse::Status::Partial) => None,
        Ok(httparse::Status::Complete(end)) if end > LONGEST_HEAD => Some(Err(Refusal::HeadTooLarge)),
        Ok(httparse::Status::Complete(_)) => Some(understood(&request)),
        Err(httparse::Error::TooManyHeaders) => Some(Err(Refusal::HeadTooLarge)),
        Err(_) => Some(Err(Refusal::BadRequest)),
    }
}

fn understood(request: &httparse::Request<'_, '_>) -> Result<Request, Refusal> {
    let path = request.path.unwrap_or_default();
    // A proxy may be asked for the whole address; nobody else is.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let page = match path {
        "/metrics" => Page::Metrics,
        "/" => Page::Root,
        _ => return Err(Refusal::NotFound),
    };
    let head_only = match request.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Err(Refusal::MethodNotAllowed),
    };
    let values = |name: &'static str| {
        let of_name = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        of_name.filter_map(|header| std::str::from_utf8(header.value).ok())
    };
    let open = weight(values("accept"), "application/openmetrics-text");
    let plain = weight(values("accept"), "text/plain");
    let form = if open > 0 && open >= plain { Form::OpenMetrics } else { Form::Prometheus };
    let gzip = weight(values("accept-encoding"), "gzip") > 0;
    Ok(Request { page, head_only, form, gzip })
}

/// Returns how much a kind of answer is wanted, in thousandths: 0 if it is not named. Of OpenMetrics only version 1 counts.
fn weight<'a>(values: impl Iterator<Item = &'a str>, wanted: &str) -> u16 {
    let mut heaviest = 0;
    for item in values.flat_map(|value| value.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        if !parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted)) {
            continue;
        }
        let mut weight = 1000;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => weight = thousandths(value.trim()),
                "version" if wanted.contains("openmetrics") && !matches!(value.trim(), "1.0.0" | "0.0.1") => {
                    weight = 0;
                }
                _ => {}
            }
        }
        heaviest = heaviest.max(weight);
    }
    heaviest
}

/// Reads a weight: `0.5`, `1`, `0`. What is none weighs nothing.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction_is_short = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, fraction_is_short) {
        ("1", true) => 1000,
        ("0", true) => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(head: &str) -> Result<Request, Refusal> {
        read(head.as_bytes()).expect("it is whole")
    }

    #[test]
    fn what_prometheus_asks_is_answered_as_it_likes_best() {
        let accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;\
                      version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let head =
            format!("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\nAccept-Encoding: gzip\r\n\r\n");
        let request = of(&head).unwrap();
        assert_eq!((request.form, request.gzip, request.page), (Form::OpenMetrics, true, Page::Metrics));
        let plain = [
            "",
            "Accept: */*\r\n",
            "Accept: text/plain\r\n",
            "Accept: text/plain;q=0.9, application/openmetrics-text;q=0.8\r\n",
            "Accept: application/openmetrics-text;q=0\r\n",
            "Accept: application/openmetrics-text;version=2.0.0\r\n",
            "Accept: application/openmetrics-text;q=x\r\n",
            "Accept-Encoding: gzip;q=0, identity\r\n",
        ];
        for line in plain {
            let request = of(&format!("GET /metrics?a=b HTTP/1.0\r\n{line}\r\n")).unwrap();
            assert_eq!((request.form, request.gzip), (Form::Prometheus, false), "{line}");
        }
    }

    #[test]
    fn what_is_not_there_is_refused() {
        assert_eq!(of("GET / HTTP/1.1\r\n\r\n").map(|request| request.page), Ok(Page::Root));
        assert_eq!(of("HEAD /metrics HTTP/1.1\r\n\r\n").map(|request| request.head_only), Ok(true));
        assert_eq!(of("POST /metrics HTTP/1.1\r\n\r\n"), Err(Refusal::MethodNotAllowed));
        assert_eq!(of("GET /metrics/ HTTP/1.1\r\n\r\n"), Err(Refusal::NotFound));
        assert_eq!(of("GET /../../etc/passwd HTTP/1.1\r\n\r\n"), Err(Refusal::NotFound));
        assert_eq!(of("GET /metrics\r\n\r\n"), Err(Refusal::BadRequest));
        assert_eq!(of("\u{16}\u{3}\u{1} tls"), Err(Refusal::BadRequest));
        assert_eq!(read(b"GET /metrics HTTP/1.1\r\nHost:"), None);
        let many = "a: b\r\n".repeat(MOST_HEADERS + 1);
        assert_eq!(of(&format!("GET / HTTP/1.1\r\n{many}\r\n")), Err(Refusal::HeadTooLarge));
        let long = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(LONGEST_HEAD));
        assert_eq!(of(&long), Err(Refusal::HeadTooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..9000)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_header_is_read(name in "[a-zA-Z-]{1,20}", value in "[ -~]{0,80}") {
            for name in [name.as_str(), "accept", "accept-encoding"] {
                let head = format!("GET /metrics HTTP/1.1\r\n{name}: {value}\r\n\r\n");
                prop_assert!(read(head.as_bytes()).is_some());
            }
        }

        #[test]
        fn a_head_is_not_done_before_its_end(at in 0_usize..60) {
            let head = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
            let part = &head[..at.min(head.len())];
            prop_assert_eq!(read(part).is_some(), part.len() == head.len());
        }
    }
}
