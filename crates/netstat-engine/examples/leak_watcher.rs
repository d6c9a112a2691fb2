//! Names the processes whose connections in CLOSE_WAIT become more from look to look: they do not close what their peers
//! have closed.
//!
//! `leak_watcher [SECONDS [LOOKS]]`: looks every 10 seconds without end, unless told otherwise.
#![expect(clippy::print_stdout, reason = "a program, not the library")]

use netstat_engine::model::query::{ProcessFields, States};
use netstat_engine::model::{Error, ProcessKey};
use netstat_engine::{Query, Snapshot};
use std::collections::HashMap;
use std::thread::sleep;
use std::time::Duration;

/// So many looks in a row with more than in the one before are a leak.
const GROWTHS: u32 = 3;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1).filter_map(|word| word.parse::<u64>().ok());
    let pause = Duration::from_secs(arguments.next().unwrap_or(10));
    let looks = arguments.next().unwrap_or(u64::MAX);
    let query = Query::tcp().states(States::CLOSE_WAIT).processes(ProcessFields::NAME);
    // The key has the start time in it: a new process with an old number begins at zero.
    let mut seen: HashMap<ProcessKey, (usize, u32)> = HashMap::new();
    for look in 0..looks {
        if look > 0 {
            sleep(pause);
        }
        let snapshot = Snapshot::take(&query)?;
        let mut counts: HashMap<ProcessKey, usize> = HashMap::new();
        for socket in snapshot.iter() {
            for owner in socket.ownership().owners() {
                *counts.entry(owner.process).or_default() += 1;
            }
        }
        for process in &snapshot.processes {
            let count = counts.get(&process.id).copied().unwrap_or_default();
            let (before, growths) = seen.get(&process.id).copied().unwrap_or((count, 0));
            let growths = if count > before { growths + 1 } else { 0 };
            if growths >= GROWTHS {
                println!(
                    "{:?} (process {}): {count} in CLOSE_WAIT, and growing",
                    process.name, process.id.pid
                );
            }
            seen.insert(process.id, (count, growths));
        }
        seen.retain(|process, _| counts.contains_key(process));
    }
    Ok(())
}
