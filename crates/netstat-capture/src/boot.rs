//! When the machine booted, by the clock of packets: events are told by the time since then.

use netstat_os::Machine;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// The system tells how long it has been running in steps of 10 ms.
const STEP: Duration = Duration::from_millis(10);

/// How many looks in a row have to tell a later moment for the clock to have been set: one of them may have been interrupted.
const CONVINCED: u32 = 10;

/// When the machine booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Boot {
    at: Option<Duration>,
    /// What the last looks told that told a later moment, and how many there were.
    later: Option<Duration>,
    looks: u32,
}

impl Boot {
    /// Waits for the system to count one step further, which tells the moment exactly.
    pub(crate) fn find(machine: &impl Machine) -> Self {
        let mut boot = Self::default();
        let begun = Instant::now();
        while begun.elapsed() < STEP {
            boot.look(machine);
        }
        boot
    }

    /// Looks again: the clock may have been set.
    pub(crate) fn look(&mut self, machine: &impl Machine) {
        // In this order: whatever comes between makes the moment later, and the earliest counts.
        let uptime = machine.uptime();
        let now = machine.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok());
        if let (Some(now), Ok(uptime)) = (now, uptime) {
            self.note(now, uptime);
        }
    }

    fn note(&mut self, now: Duration, uptime: Duration) {
        let said = now.saturating_sub(uptime);
        let Some(known) = self.at else {
            self.at = Some(said);
            return;
        };
        // It is told up to a step too late.
        if said <= known + STEP * 2 {
            (self.at, self.later, self.looks) = (Some(known.min(said)), None, 0);
            return;
        }
        self.later = self.later.map(|later| later.min(said)).or(Some(said));
        self.looks += 1;
        if self.looks >= CONVINCED {
            (self.at, self.later, self.looks) = (self.later, None, 0);
        }
    }

    /// Returns a moment since boot as one since 1970.
    pub(crate) fn since_1970(self, since_boot: Duration) -> Option<Duration> {
        self.at?.checked_add(since_boot)
    }

    /// Returns a moment since 1970 as one since boot.
    pub(crate) fn since_boot(self, since_1970: Duration) -> Option<Duration> {
        since_1970.checked_sub(self.at?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_moment_counts_until_the_clock_is_set() {
        let ms = Duration::from_millis;
        let mut boot = Boot::default();
        assert_eq!(boot.since_1970(ms(1)), None);
        boot.note(ms(1_000_009), ms(10));
        boot.note(ms(1_000_011), ms(20));
        boot.note(ms(1_000_037), ms(40));
        assert_eq!(boot.since_1970(ms(1)), Some(ms(999_992)));
        assert_eq!(boot.since_boot(ms(999_992)), Some(ms(1)));
        // A look that was interrupted is no clock that was set.
        boot.note(ms(1_000_150), ms(50));
        boot.note(ms(1_000_063), ms(70));
        assert_eq!(boot.since_1970(ms(0)), Some(ms(999_991)));
        for _ in 0..CONVINCED {
            boot.note(ms(2_000_000), ms(100));
        }
        assert_eq!(boot.since_1970(ms(0)), Some(ms(1_999_900)));
        boot.note(ms(1_000_000), ms(110));
        assert_eq!(boot.since_1970(ms(0)), Some(ms(999_890)));
    }
}
