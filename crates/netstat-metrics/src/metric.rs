//! What can be measured: names, units and labels, once for Prometheus and once for OpenTelemetry.

/// How the values of a metric behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A level, which goes up and down.
    Gauge,
    /// A sum that only grows, until what counts begins again.
    Counter,
    /// Labels alone.
    Info,
}

/// What a value is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things that are counted, as an annotation of UCUM: `{socket}`. No part of the name.
    Of(&'static str),
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// A part of one.
    Ratio,
    /// Yes (1) or no (0).
    Truth,
}

/// A metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name for OpenTelemetry. That for Prometheus has underscores, the unit and `_total` ([`Metric::prometheus`]).
    pub name: &'static str,
    /// How its values behave.
    pub kind: Kind,
    /// Their unit.
    pub unit: Unit,
    /// What it is, for whoever builds a panel or an alert of it: exporters have this in English.
    pub help: &'static str,
}

impl Metric {
    /// Returns the name without unit and `_total`, as the library adds those.
    pub(crate) fn stem(&self) -> String {
        self.name.replace('.', "_")
    }

    /// Returns the name that Prometheus shows.
    pub fn prometheus(&self) -> String {
        let unit = match self.unit {
            Unit::Of(_) | Unit::Truth => "",
            Unit::Bytes => "_bytes",
            Unit::Seconds => "_seconds",
            Unit::Ratio => "_ratio",
        };
        let ending = match self.kind {
            Kind::Gauge => "",
            Kind::Counter => "_total",
            Kind::Info => "_info",
        };
        self.stem() + unit + ending
    }

    /// Returns the unit for OpenTelemetry.
    pub(crate) fn ucum(&self) -> &'static str {
        match self.unit {
            Unit::Of(what) => what,
            Unit::Bytes => "By",
            Unit::Seconds => "s",
            Unit::Ratio | Unit::Truth => "1",
        }
    }
}

/// Defines the labels: for Prometheus, and the attribute of the semantic conventions, or one of ours where they have none.
macro_rules! labels {
    ($($(#[doc = $doc:literal])* $name:ident = $label:literal, $attribute:literal;)*) => {
        /// What tells the values of a metric from each other.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Label {
            $($(#[doc = $doc])* $name,)*
        }

        impl Label {
            /// Returns the name for Prometheus.
            pub fn prometheus(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// Returns the name of the attribute for OpenTelemetry.
            pub fn attribute(self) -> &'static str {
                match self { $(Self::$name => $attribute,)* }
            }
        }
    };
}

labels! {
    /// `tcp` or `udp`.
    Protocol = "protocol", "network.transport";
    /// `ipv4` or `ipv6`.
    Family = "family", "network.type";
    /// A state of TCP, as RFC 9293 names it, in lower case with underscores.
    State = "state", "network.connection.state";
    /// `receive` or `transmit`.
    Direction = "direction", "network.io.direction";
    /// The name of a program, or `other` for all those that are not among the first.
    Process = "process", "process.executable.name";
    /// Who holds a socket: `process`, `other`, `none` or `unknown`.
    Owner = "owner", "netstat.owner";
    /// The address of a listener.
    Address = "address", "server.address";
    /// The port of a listener.
    Port = "port", "server.port";
    /// The own end of connections.
    LocalAddress = "local_address", "client.address";
    /// The other end of connections.
    RemoteAddress = "remote_address", "server.address";
    /// The port there.
    RemotePort = "remote_port", "server.port";
    /// Which end of a connection this machine is: `client` or `server`.
    Side = "side", "netstat.side";
    /// Why something happened.
    Reason = "reason", "netstat.reason";
    /// A check of `netstat check`.
    Check = "check", "netstat.check";
    /// How bad a finding is: `notice`, `unknown`, `warning` or `critical`.
    Level = "level", "netstat.level";
    /// A part of a look.
    Part = "part", "netstat.part";
    /// What was lost.
    What = "what", "netstat.what";
    /// The version of this program.
    Version = "version", "service.version";
    /// What became of something that was sent.
    Outcome = "outcome", "netstat.outcome";
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// A number with a fraction.
    Real(f64),
}

/// A value and what tells it from the others of its metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The labels, each at most once. Text from outside is escaped and short.
    pub labels: Vec<(Label, String)>,
    /// The value.
    pub value: Value,
}

/// A metric with its values; none where nothing is known of it.
#[derive(Debug, Clone)]
pub struct Values {
    /// The metric.
    pub metric: &'static Metric,
    /// Its values.
    pub samples: Vec<Sample>,
}

impl Values {
    pub(crate) fn new(metric: &'static Metric) -> Self {
        Self { metric, samples: Vec::new() }
    }

    /// Returns a metric that has one value, or none where it is not known.
    pub(crate) fn one(metric: &'static Metric, value: Option<u64>) -> Self {
        let mut values = Self::new(metric);
        values.add([], value);
        values
    }

    /// Adds a value, where it is known.
    pub(crate) fn add<const N: usize>(&mut self, labels: [(Label, &str); N], value: Option<u64>) {
        let Some(value) = value else { return };
        let labels = labels.map(|(label, text)| (label, text.to_owned())).to_vec();
        self.samples.push(Sample { labels, value: Value::Whole(value) });
    }

    /// Adds a value with a fraction.
    pub(crate) fn add_real<const N: usize>(&mut self, labels: [(Label, &str); N], value: f64) {
        let labels = labels.map(|(label, text)| (label, text.to_owned())).to_vec();
        self.samples.push(Sample { labels, value: Value::Real(value) });
    }
}
