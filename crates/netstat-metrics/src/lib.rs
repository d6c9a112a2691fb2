//! The state of a machine's network as metrics.
//!
//! [`Looks`] measures: one look at the system gives an [`Exposure`], which becomes [`text()`] for Prometheus and OpenMetrics.
//! What is not known has no value, and is never 0.
//!
//! | file | its job |
//! |---|---|
//! | `metric.rs` | what a metric is: names, units, labels, for Prometheus and for OpenTelemetry |
//! | `look.rs` | looks, and what all of them tell of themselves |
//! | `sockets.rs`, `ports.rs`, `counters.rs`, `findings.rs`, `recorder.rs`, `sending.rs` | metrics by where they come from |
//! | `name.rs` | names from outside |
//! | `text.rs`, `file.rs` | text, and a file that node_exporter reads |
//! | `desk.rs` | one thread looks, many ask |
//! | `request.rs`, `server.rs`, `gzip.rs` | HTTP |
//! | `otlp.rs`, `otlp/` | OpenTelemetry: JSON, and sending it |

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod counters;
mod desk;
mod file;
mod findings;
mod gzip;
mod look;
mod metric;
mod name;
mod otlp;
mod ports;
mod recorder;
mod request;
mod sending;
mod server;
mod sockets;
mod text;

pub use desk::{Asker, Desk, FRESH, desk};
pub use file::write_file;
pub use look::{Beside, Exposure, Known, Looks, Measured, System, TOP, Wishes};
pub use metric::{Kind, Label, Metric, Sample, Unit, Value, Values};
pub use name::LONGEST;
pub use otlp::{Failed, LogBatch, MOST_RECORDS, Outcome, Resource, Sender, metrics_json, parse_headers};
pub use recorder::Recorder;
pub use sending::SendingCounts;
pub use server::{Ask, CONNECTIONS, serve};
pub use text::{Form, text};

/// Returns every metric that there is, in the order in which they are shown.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    let of_looks = [look::ALL, sockets::ALL, ports::ALL];
    let rest = [counters::ALL, findings::ALL, recorder::ALL, sending::ALL];
    of_looks.into_iter().chain(rest).flatten().copied()
}

#[cfg(test)]
mod tests;
