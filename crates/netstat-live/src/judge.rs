//! The thread that lets the checks judge the machine, for as long as somebody wants to know.

use crate::collect::Open;
use crate::event::Event;
use netstat_check::{ALL, BIND, Check, CheckSettings, EvidenceSource, JointNeeds, POLICY, Surroundings};
use netstat_engine::text::system;
use netstat_model::Error;
use netstat_model::query::Owners;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// The pause between two judgements.
const PAUSE: Duration = Duration::from_secs(10);

/// The pause between the two looks of the first one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Returns a thread that judges while it is told that somebody wants to know.
pub(crate) fn begin(
    open: Open,
    owners: Owners,
    surroundings: Surroundings,
    events: Sender<Event>,
) -> Sender<bool> {
    let (wishes, wished) = channel();
    thread::spawn(move || {
        // Nothing is opened before somebody asks.
        while let Ok(mut wanted) = wished.recv() {
            while wanted {
                let Err(error) = judge(&open, owners, surroundings.clone(), &events, &wished) else { return };
                if events.send(Event::NotJudged(system::error(&error))).is_err() {
                    return;
                }
                // The next time it may be answered.
                wanted = match wished.recv_timeout(PAUSE) {
                    Ok(wanted) => wanted,
                    Err(RecvTimeoutError::Timeout) => true,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
        }
    });
    wishes
}

fn judge(
    open: &Open,
    owners: Owners,
    surroundings: Surroundings,
    events: &Sender<Event>,
    wished: &Receiver<bool>,
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
        if source.first_look(&mut lacks)? {
            thread::sleep(FIRST_PAUSE);
        }
        let evidence = source.look(&mut lacks)?;
        let findings = chosen.iter().flat_map(|check| check.judge(&evidence, &settings)).collect();
        source.keep(evidence);
        if events.send(Event::Findings(findings)).is_err() {
            return Ok(());
        }
        let mut wanted = match wished.recv_timeout(PAUSE) {
            Ok(wanted) => wanted,
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        while !wanted {
            match wished.recv() {
                Ok(again) => wanted = again,
                Err(_) => return Ok(()),
            }
        }
    }
}
