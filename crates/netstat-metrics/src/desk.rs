//! Who looks, and who asks: one thread looks at the system, and any number of them ask it.

use crate::look::Exposure;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

/// So long a look is good enough for the next question: two who ask cost one look.
pub const FRESH: Duration = Duration::from_secs(1);

/// How long somebody waits for a look.
const PATIENCE: Duration = Duration::from_secs(30);

enum Question {
    Now(SyncSender<Arc<Exposure>>),
    Stop,
}

/// Asks for what is measured.
#[derive(Clone)]
pub struct Asker(Sender<Question>);

/// Answers those that ask.
pub struct Desk(Receiver<Question>);

/// Returns who asks, and who answers.
pub fn desk() -> (Asker, Desk) {
    let (questions, asked) = channel();
    (Asker(questions), Desk(asked))
}

impl Asker {
    /// Returns what is measured now, or was within [`FRESH`]; `None` where that takes too long or nobody answers any more.
    pub fn ask(&self) -> Option<Arc<Exposure>> {
        let (answer, answered) = sync_channel(1);
        self.0.send(Question::Now(answer)).ok()?;
        answered.recv_timeout(PATIENCE).ok()
    }

    /// Ends whoever answers.
    pub fn stop(&self) {
        // It may have ended already.
        let _ = self.0.send(Question::Stop);
    }
}

impl Desk {
    /// Answers until it is told to stop, with one look for all questions that come within [`FRESH`].
    pub fn answer(self, mut look: impl FnMut() -> Arc<Exposure>) {
        let mut last: Option<(Instant, Arc<Exposure>)> = None;
        while let Ok(Question::Now(answer)) = self.0.recv() {
            let fresh = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH);
            let exposure = match fresh {
                Some((_, exposure)) => Arc::clone(exposure),
                None => {
                    let exposure = look();
                    last = Some((Instant::now(), Arc::clone(&exposure)));
                    exposure
                }
            };
            // Who has given up does not hear it.
            let _ = answer.try_send(exposure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn those_who_ask_at_once_get_one_look() {
        let (asker, desk) = desk();
        let others: Vec<_> = (0..8)
            .map(|_| {
                let asker = asker.clone();
                thread::spawn(move || asker.ask().is_some())
            })
            .collect();
        let first = asker.clone();
        let stopper = thread::spawn(move || {
            let all = others.into_iter().all(|other| other.join().unwrap());
            first.stop();
            all
        });
        let (mut looks, begun) = (0_u32, Instant::now());
        desk.answer(|| {
            looks += 1;
            Arc::new(Exposure { at: None, values: Vec::new() })
        });
        assert!(stopper.join().unwrap());
        // On a machine that takes seconds for this, an answer may be too old for the next.
        let seconds = u32::try_from(begun.elapsed().as_secs()).unwrap();
        assert!((1..=1 + seconds).contains(&looks), "{looks}");
        assert!(asker.ask().is_none(), "nobody is there any more");
    }
}
