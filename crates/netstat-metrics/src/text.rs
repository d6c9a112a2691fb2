//! Metrics as text, in the form of Prometheus and in that of OpenMetrics.

use crate::look::Exposure;
use crate::metric::{Kind, Unit, Value};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit as LibraryUnit};
use std::fmt;
use std::sync::Arc;

/// The two forms of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Prometheus 0.0.4, which node_exporter reads from files as well.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Form {
    /// Returns its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Returns what was measured as text.
pub fn text(exposure: &Arc<Exposure>, form: Form) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Arc::clone(exposure)));
    let mut out = String::new();
    let encoded = match form {
        Form::Prometheus => prometheus_text::encode(&mut out, &registry),
        Form::OpenMetrics => text::encode(&mut out, &registry),
    };
    // Only a writer can fail, and a string does not.
    debug_assert!(encoded.is_ok());
    out
}

impl Collector for Exposure {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for values in self.values.iter().filter(|values| !values.samples.is_empty()) {
            let metric = values.metric;
            let kind = match metric.kind {
                Kind::Gauge => MetricType::Gauge,
                Kind::Counter => MetricType::Counter,
                Kind::Info => MetricType::Info,
            };
            let unit = match metric.unit {
                Unit::Of(_) | Unit::Truth => None,
                Unit::Bytes => Some(LibraryUnit::Bytes),
                Unit::Seconds => Some(LibraryUnit::Seconds),
                Unit::Ratio => Some(LibraryUnit::Other("ratio".to_owned())),
            };
            let stem = metric.stem();
            let mut of_metric = encoder.encode_descriptor(&stem, metric.help, unit.as_ref(), kind)?;
            for sample in &values.samples {
                let labels: Vec<(&str, &str)> =
                    sample.labels.iter().map(|(label, text)| (label.prometheus(), text.as_str())).collect();
                match (metric.kind, labels.is_empty()) {
                    (Kind::Info, _) => of_metric.encode_info(&labels.as_slice())?,
                    (kind, true) => encode(&mut of_metric, kind, sample.value)?,
                    (kind, false) => encode(&mut of_metric.encode_family(&labels)?, kind, sample.value)?,
                }
            }
        }
        Ok(())
    }
}

fn encode(encoder: &mut MetricEncoder<'_>, kind: Kind, value: Value) -> fmt::Result {
    type NoLabels = [(&'static str, &'static str); 0];
    match (kind, value) {
        (Kind::Counter, Value::Whole(value)) => encoder.encode_counter::<NoLabels, u64, f64>(&value, None),
        (Kind::Counter, Value::Real(value)) => encoder.encode_counter::<NoLabels, f64, f64>(&value, None),
        (_, Value::Whole(value)) => encoder.encode_gauge(&value),
        (_, Value::Real(value)) => encoder.encode_gauge(&value),
    }
}
