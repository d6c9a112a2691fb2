//! Sending to a collector: what comes back, and when to try again.

use crate::gzip::gzip;
use crate::sending::SendingCounts;
use serde_json::Value as Json;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// The most attempts to send one thing.
const ATTEMPTS: u32 = 5;

/// The time that one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The first pause between two attempts where the collector names none; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The most bytes of an answer that are read.
const LONGEST_ANSWER: u64 = 1 << 16;

/// The most letters of what a collector says that are passed on.
const LONGEST_WORDS: usize = 200;

/// What became of something that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The collector took all of it.
    Taken,
    /// The collector took it but for so many, and says why.
    Partly(u64, String),
}

/// Why something was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The collector refused it with this status and these words, and would again.
    Refused(u16, String),
    /// It was busy all the time: the last status.
    Busy(u16),
    /// It could not be reached: the last reason.
    Unreachable(String),
}

/// What one attempt gave.
enum Attempt {
    Done(Outcome),
    Never(Failed),
    /// Perhaps later, and not before this time has passed.
    Later(Failed, Option<Duration>),
}

/// Sends to one collector.
pub struct Sender {
    agent: Agent,
    url: String,
    headers: Vec<(String, String)>,
    counts: Arc<SendingCounts>,
    /// The collector does not want to hear anything before, and why.
    not_before: Option<(Instant, Failed)>,
}

/// A collector that asks for more is asked again all the same.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

impl Sender {
    /// Prepares to send to a collector; `url` is that of all signals, as in `http://127.0.0.1:4318`.
    pub fn new(url: &str, headers: Vec<(String, String)>, counts: Arc<SendingCounts>) -> Self {
        // Certificates are those that this machine trusts.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        let config = Agent::config_builder()
            .timeout_global(Some(ATTEMPT))
            .max_redirects(0)
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        let url = url.trim_end_matches('/').to_owned();
        Self { agent: config.into(), url, headers, counts, not_before: None }
    }

    /// Sends a request of OTLP to the path of a signal, as in `/v1/metrics`. Where the collector is busy or cannot be reached
    /// it is sent again, until `until` or a few times: what comes afterwards tells the same and more.
    ///
    /// # Errors
    /// Why it was given up.
    pub fn send(&mut self, path: &str, json: &[u8], until: Instant) -> Result<Outcome, Failed> {
        let body = gzip(json);
        let (bytes, packed) = match &body {
            Ok(body) => (body.as_slice(), true),
            Err(_) => (json, false),
        };
        let mut pause = FIRST_PAUSE;
        let mut attempts = 0;
        let sent = loop {
            if let Some((when, why)) = &self.not_before {
                if *when >= until {
                    break Err(why.clone());
                }
                thread::sleep(when.saturating_duration_since(Instant::now()));
                self.not_before = None;
            }
            attempts += 1;
            let (why, least) = match self.attempt(path, bytes, packed) {
                Attempt::Done(outcome) => break Ok(outcome),
                Attempt::Never(failed) => break Err(failed),
                Attempt::Later(failed, least) => (failed, least),
            };
            let when = Instant::now() + least.unwrap_or_else(|| jittered(pause));
            self.not_before = Some((when, why.clone()));
            pause *= 2;
            if attempts == ATTEMPTS || when >= until {
                break Err(why);
            }
            self.counts.note_resent();
        };
        match &sent {
            Ok(Outcome::Taken) => self.counts.note_sent(0),
            Ok(Outcome::Partly(rejected, _)) => self.counts.note_sent(*rejected),
            Err(_) => self.counts.note_failed(),
        }
        sent
    }

    fn attempt(&self, path: &str, bytes: &[u8], packed: bool) -> Attempt {
        let mut request =
            self.agent.post(format!("{}{path}", self.url)).header("Content-Type", "application/json");
        if packed {
            request = request.header("Content-Encoding", "gzip");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = match request.send(bytes) {
            Ok(response) => response,
            Err(error) => return Attempt::Later(Failed::Unreachable(error.to_string()), None),
        };
        let status = response.status().as_u16();
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let least = header.and_then(|value| value.trim().parse().ok());
        let least = least.map(|seconds: u64| Duration::from_secs(seconds).min(LONGEST_PAUSE));
        let answer = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        match status {
            200..=299 => Attempt::Done(outcome(&answer.unwrap_or_default())),
            429 | 502 | 503 | 504 => Attempt::Later(Failed::Busy(status), least),
            _ => {
                let words = words(&String::from_utf8_lossy(&answer.unwrap_or_default()));
                Attempt::Never(Failed::Refused(status, words))
            }
        }
    }
}

/// Returns what a collector says it took.
fn outcome(answer: &[u8]) -> Outcome {
    let answer: Json = serde_json::from_slice(answer).unwrap_or_default();
    let partly = answer.get("partialSuccess").unwrap_or(&Json::Null);
    let rejected = ["rejectedDataPoints", "rejectedLogRecords"].iter().find_map(|key| partly.get(key));
    // 64 bits are text in this JSON; some write a number all the same.
    let count = rejected
        .and_then(|count| count.as_u64().or_else(|| count.as_str().and_then(|text| text.parse().ok())));
    match count.filter(|count| *count > 0) {
        Some(count) => {
            let why = partly.get("errorMessage").and_then(Json::as_str).unwrap_or_default();
            Outcome::Partly(count, words(why))
        }
        None => Outcome::Taken,
    }
}

fn words(text: &str) -> String {
    text.chars().take(LONGEST_WORDS).collect()
}

/// Returns a pause of between half and all of a time, so that those who were refused together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let nanoseconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    pause / 2 + pause * (nanoseconds % 1000) / 2000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_answer_is_read(answer in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = outcome(&answer);
        }
    }

    #[test]
    fn what_was_rejected_is_told() {
        assert_eq!(outcome(b""), Outcome::Taken);
        assert_eq!(outcome(b"{}"), Outcome::Taken);
        assert_eq!(outcome(br#"{"partialSuccess":{}}"#), Outcome::Taken);
        let partly = br#"{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too old"}}"#;
        assert_eq!(outcome(partly), Outcome::Partly(3, "too old".to_owned()));
        assert_eq!(
            outcome(br#"{"partialSuccess":{"rejectedLogRecords":2}}"#),
            Outcome::Partly(2, String::new())
        );
    }

    #[test]
    fn a_pause_is_never_longer_than_it_is() {
        for _ in 0..100 {
            let pause = jittered(Duration::from_secs(4));
            assert!((Duration::from_secs(2)..=Duration::from_secs(4)).contains(&pause), "{pause:?}");
        }
    }
}
