//! Looks at a system, and what each gives.

use crate::metric::{Kind, Metric, Unit, Values};
use crate::recorder::{self, Recorder};
use crate::sending::{self, SendingCounts};
use crate::{counters, findings, ports, sockets};
use netstat_check::{
    Check, CheckSettings, Evidence, EvidenceNeeds, EvidenceSource, JointNeeds, Surroundings,
};
use netstat_model::query::{Kinds, Owners, ProcessFields, States};
use netstat_model::{Error, Warning};
use netstat_os::{CounterSources, Machine, NameDatabases, Processes, Restrictions, Routes, Sockets};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many processes and destinations are named where nobody has said how many.
pub const TOP: usize = 20;

/// The pause between the two looks of the first measurement that judges rates.
const PAUSE: Duration = Duration::from_secs(1);

/// Beyond what the checks need.
const NEEDS: EvidenceNeeds = EvidenceNeeds {
    kinds: Kinds::TCP_UDP,
    states: States::all(),
    // Of TIME_WAIT the kernel knows no process.
    owners: States::all().difference(States::TIME_WAIT),
    udp_owners: true,
    process: ProcessFields::NAME,
    counters: true,
    limits: true,
    conntrack: true,
    ..EvidenceNeeds::NOTHING
};

pub(crate) static SUCCESS: Metric = Metric {
    name: "netstat.look.success",
    kind: Kind::Gauge,
    unit: Unit::Truth,
    help: "Whether a part of the last look is whole (1), or failed or lacks something (0). Of a part that failed there are no values.",
};

pub(crate) static DURATION: Metric = Metric {
    name: "netstat.look.duration",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    help: "How long the last look took.",
};

pub(crate) static TIMESTAMP: Metric = Metric {
    name: "netstat.look.timestamp",
    kind: Kind::Gauge,
    unit: Unit::Seconds,
    help: "When the last look was taken, in seconds since 1970.",
};

pub(crate) static WARNINGS: Metric = Metric {
    name: "netstat.look.warnings",
    kind: Kind::Gauge,
    unit: Unit::Of("{warning}"),
    help: "How many things the last look may lack; standard error says which.",
};

pub(crate) static BUILD: Metric = Metric {
    name: "netstat.build",
    kind: Kind::Info,
    unit: Unit::Of("{program}"),
    help: "The version of this program.",
};

pub(crate) static ALL: &[&Metric] = &[&BUILD, &SUCCESS, &DURATION, &TIMESTAMP, &WARNINGS];

/// A system that can be measured.
pub trait System:
    Sockets + Processes + Machine + CounterSources + Restrictions + NameDatabases + Routes
{
}

impl<T: Sockets + Processes + Machine + CounterSources + Restrictions + NameDatabases + Routes> System for T {}

/// How to measure.
pub struct Wishes {
    /// The checks whose findings are counted.
    pub checks: Vec<&'static Check>,
    /// Their settings.
    pub settings: CheckSettings,
    /// What they judge by, beyond the tables of the system.
    pub surroundings: Surroundings,
    /// How owners are found.
    pub owners: Owners,
    /// How many processes and destinations are named.
    pub top: usize,
    /// The version of the program.
    pub version: &'static str,
}

/// What was measured at one moment.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// When that was.
    pub at: Option<SystemTime>,
    /// What was measured; a metric of which nothing is known has no values.
    pub values: Vec<Values>,
}

/// What a look gave, and what it lacks.
#[derive(Debug)]
pub struct Measured {
    /// What was measured.
    pub exposure: Exposure,
    /// What that may lack, and why.
    pub warnings: Vec<Warning>,
    /// What failed.
    pub failures: Vec<Error>,
}

/// What is known beside the system.
#[derive(Debug, Default)]
pub struct Beside<'a> {
    /// What the recorder of this machine tells.
    pub recorder: Known<Recorder>,
    /// What was sent.
    pub sending: Option<&'a SendingCounts>,
}

/// Something that may not be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Known<T> {
    /// It is there.
    Told(T),
    /// It could not be read.
    Failed,
    /// There is no such thing.
    #[default]
    Nothing,
}

/// Measures a system, as often as it is asked to.
pub struct Looks<'a, S> {
    system: &'a S,
    source: EvidenceSource<'a, S>,
    checks: Vec<&'static Check>,
    settings: CheckSettings,
    top: usize,
    version: &'static str,
    /// Until when to wait before the look after the first one, so that rates can be judged.
    not_before: Option<Instant>,
}

impl<'a, S: System> Looks<'a, S> {
    /// Prepares to measure, and takes the first of two looks where a check judges a rate.
    pub fn begin(system: &'a S, wishes: Wishes) -> Self {
        let Wishes { checks, settings, surroundings, owners, top, version } = wishes;
        let needs = JointNeeds::of(checks.iter().map(|check| check.needs).chain([NEEDS]));
        let mut source = EvidenceSource::new(system, needs, surroundings).owners_by(owners).repeated(true);
        // What fails here fails again when it is said.
        let is_first = source.first_look(&mut Vec::new()).unwrap_or(false);
        let not_before = is_first.then(|| Instant::now() + PAUSE);
        Self { system, source, checks, settings, top, version, not_before }
    }

    /// Measures. What cannot be read is left out, and said.
    pub fn take(&mut self, beside: Beside<'_>) -> Measured {
        if let Some(when) = self.not_before.take() {
            thread::sleep(when.saturating_duration_since(Instant::now()));
        }
        let begun = Instant::now();
        let at = self.system.now();
        let (mut warnings, mut failures) = (Vec::new(), Vec::new());
        let mut success = Values::new(&SUCCESS);
        let mut values = match self.source.look(&mut warnings) {
            Ok(evidence) => {
                let values = self.of_evidence(&evidence, &mut success);
                self.source.keep(evidence);
                values
            }
            Err(error) => {
                failures.push(error);
                self.without_sockets(&mut success, &mut warnings, &mut failures)
            }
        };
        match beside.recorder {
            Known::Told(recorder) => {
                part(&mut success, "recorder", true);
                values.extend(recorder::values(&recorder));
            }
            Known::Failed => part(&mut success, "recorder", false),
            Known::Nothing => {}
        }
        values.extend(beside.sending.into_iter().flat_map(sending::values));
        let mut duration = Values::new(&DURATION);
        duration.add_real([], begun.elapsed().as_secs_f64());
        let mut timestamp = Values::new(&TIMESTAMP);
        if let Some(since) = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()) {
            timestamp.add_real([], since.as_secs_f64());
        }
        let mut build = Values::new(&BUILD);
        build.add([(crate::metric::Label::Version, self.version)], Some(1));
        let lacks = Values::one(&WARNINGS, u64::try_from(warnings.len()).ok());
        values.splice(0..0, [build, success, duration, timestamp, lacks]);
        Measured { exposure: Exposure { at, values }, warnings, failures }
    }

    fn of_evidence(&self, evidence: &Evidence, success: &mut Values) -> Vec<Values> {
        part(success, "sockets", evidence.now.listed.whole);
        part(success, "counters", evidence.now.counters.is_ok());
        part(success, "limits", evidence.limits.is_ok());
        part(success, "conntrack", evidence.now.conntrack.is_ok());
        let mut values = sockets::values(evidence, self.top);
        values.extend(ports::values(evidence, self.top));
        values.extend(counters::values(evidence.now.counters.as_ref().ok()));
        values.extend(counters::of_conntrack(evidence.now.conntrack.as_ref().ok().copied().flatten()));
        values.extend(findings::values(evidence, &self.checks, &self.settings));
        values
    }

    /// Returns what is known where the sockets could not be listed.
    fn without_sockets(
        &self,
        success: &mut Values,
        warnings: &mut Vec<Warning>,
        failures: &mut Vec<Error>,
    ) -> Vec<Values> {
        part(success, "sockets", false);
        let mut values = Vec::new();
        match self.system.counters() {
            Ok(answer) => {
                part(success, "counters", true);
                warnings.extend(answer.warnings);
                values.extend(counters::values(Some(&answer.data)));
            }
            Err(error) => {
                part(success, "counters", false);
                failures.push(error);
            }
        }
        match self.system.conntrack() {
            Ok(answer) => {
                part(success, "conntrack", true);
                warnings.extend(answer.warnings);
                values.extend(counters::of_conntrack(answer.data));
            }
            Err(error) => {
                part(success, "conntrack", false);
                failures.push(error);
            }
        }
        values
    }
}

fn part(success: &mut Values, name: &str, is_whole: bool) {
    success.add([(crate::metric::Label::Part, name)], Some(is_whole.into()));
}
