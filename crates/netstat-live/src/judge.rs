//! The thread that lets the checks judge the machine: often while somebody looks at what they find, seldom otherwise.

use crate::event::Event;
use crate::open::Open;
use netstat_check::{ALL, BIND, Check, CheckSettings, EvidenceSource, JointNeeds, POLICY, Surroundings};
use netstat_engine::text::system;
use netstat_model::Error;
use netstat_model::query::Owners;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The pause between two judgements that somebody looks at.
const PAUSE: Duration = Duration::from_secs(10);

/// The pause before the first that nobody has asked for, and between those.
const IDLE_PAUSE: Duration = Duration::from_secs(60);

/// The first screen has no judgement to wait for.
const BEFORE_THE_FIRST: Duration = Duration::from_secs(3);

/// So many times as long as it took is the least pause: half a percent of one processor.
const REST: u32 = 200;

/// The pause between the two looks of the first one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Returns a thread that judges, the more often while it is told that somebody looks.
pub(crate) fn begin(
    open: Open,
    owners: Owners,
    surroundings: Surroundings,
    events: Sender<Event>,
) -> Sender<bool> {
    let (wishes, wished) = channel();
    thread::spawn(move || {
        let mut looked_at = false;
        // Until then nothing is opened.
        let mut pause = BEFORE_THE_FIRST;
        while wait(&wished, &mut looked_at, pause) {
            let Err(error) = judge(&open, owners, surroundings.clone(), &events, &wished, &mut looked_at)
            else {
                return;
            };
            if looked_at && events.send(Event::NotJudged(system::error(&error))).is_err() {
                return;
            }
            // The next time it may be answered.
            pause = IDLE_PAUSE;
        }
    });
    wishes
}

/// Waits for so long, or less where somebody looks. Returns whether anybody is left to judge for.
fn wait(wished: &Receiver<bool>, looked_at: &mut bool, pause: Duration) -> bool {
    let begun = Instant::now();
    loop {
        let pause = if *looked_at { pause.min(PAUSE) } else { pause };
        match wished.recv_timeout(pause.saturating_sub(begun.elapsed())) {
            Ok(wanted) => {
                // Who comes to look sees the next at once.
                let comes = wanted && !*looked_at;
                *looked_at = wanted;
                if comes {
                    return true;
                }
            }
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn judge(
    open: &Open,
    owners: Owners,
    surroundings: Surroundings,
    events: &Sender<Event>,
    wished: &Receiver<bool>,
    looked_at: &mut bool,
) -> Result<(), Error> {
    let system = open()?;
    // Those two judge nothing without a policy and without ports.
    let chosen: Vec<&Check> =
        ALL.iter().copied().filter(|check| *check != &POLICY && *check != &BIND).collect();
    let needs = JointNeeds::of(chosen.iter().map(|check| check.needs));
    let mut source = EvidenceSource::new(&system, needs, surroundings).owners_by(owners).repeated(true);
    let settings = CheckSettings::default();
    loop {
        let mut lacks = Vec::new();
        let mut begun = Instant::now();
        let mut took = Duration::ZERO;
        if source.first_look(&mut lacks)? {
            took = begun.elapsed();
            thread::sleep(FIRST_PAUSE);
            begun = Instant::now();
        }
        let evidence = source.look(&mut lacks)?;
        let findings = chosen.iter().flat_map(|check| check.judge(&evidence, &settings)).collect();
        source.keep(evidence);
        took += begun.elapsed();
        if events.send(Event::Findings(findings)).is_err()
            || !wait(wished, looked_at, IDLE_PAUSE.max(took * REST))
        {
            return Ok(());
        }
    }
}
