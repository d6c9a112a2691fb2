//! The meaning of what was typed after `netstat metrics`.

use super::{Checks, Colour, Task};
use crate::options::Arguments;
use netstat_check::{self as check, BIND, POLICY};
use netstat_engine::text::When;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The pause between two sendings that nobody gave one: that of the SDKs.
const INTERVAL: Duration = Duration::from_secs(60);

/// What `netstat metrics` does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metrics {
    /// Where to answer.
    pub(crate) listen: Option<SocketAddr>,
    /// Whether to measure once, and end.
    pub(crate) once: bool,
    /// The file to write.
    pub(crate) output: Option<PathBuf>,
    /// Where to send.
    pub(crate) otlp: Option<Sending>,
    /// How many processes and destinations are named.
    pub(crate) top: usize,
    /// The history whose recorder is told of.
    pub(crate) store: PathBuf,
    /// Whether that history was named.
    pub(crate) store_named: bool,
    /// What is judged.
    pub(crate) checks: Checks,
}

/// Where to send metrics, and how often.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sending {
    /// The collector, without the path of a signal.
    pub(crate) url: String,
    /// `name=value`, separated by commas, as the variable has it.
    pub(crate) headers: Option<String>,
    pub(crate) interval: Duration,
    /// Whether connections that ended are sent as well, and from when; without one from now on.
    pub(crate) logs: Option<Option<When>>,
}

/// Interprets what was typed after `netstat metrics`.
pub(super) fn settings(
    arguments: &Arguments,
    environment: impl Fn(&str) -> Option<String>,
    store: PathBuf,
    colour: Colour,
) -> Metrics {
    let typed = &arguments.metrics;
    let has_policy = arguments.check.policy.is_some()
        || !arguments.check.set.is_empty()
        || arguments.check.config.is_some();
    // Without a policy one of them judges nothing; the other is about a port that somebody wants to bind.
    let checks = check::ALL.into_iter().filter(|check| *check != &BIND && (has_policy || *check != &POLICY));
    let interval = arguments.interval.map(|seconds| Duration::from_secs(seconds.into()));
    Metrics {
        listen: typed.listen,
        once: arguments.once,
        output: typed.output.clone(),
        otlp: typed.otlp.clone().map(|url| Sending {
            url,
            headers: environment("OTEL_EXPORTER_OTLP_HEADERS").filter(|headers| !headers.is_empty()),
            interval: interval.unwrap_or(INTERVAL),
            logs: typed.logs.then(|| arguments.history.since.clone()),
        }),
        top: typed.top.unwrap_or(netstat_metrics::TOP),
        store,
        store_named: arguments.store.is_some(),
        checks: Checks {
            task: Task::Run { checks: checks.collect(), named: false },
            config: arguments.check.config.clone(),
            set: arguments.check.set.clone(),
            policy: arguments.check.policy.clone(),
            json: false,
            colour,
            past: None,
        },
    }
}
