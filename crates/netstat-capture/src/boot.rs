//! When the machine booted, by the clock of packets: events are told by the time since then.

use netstat_os::Machine;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// The system tells how long it has been running in steps of 10 ms.
const STEP: Duration = Duration::from_millis(10);

/// When the machine booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Boot(Option<Duration>);

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
        let now = machine.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok());
        if let (Some(now), Ok(uptime)) = (now, machine.uptime()) {
            self.note(now, uptime);
        }
    }

    fn note(&mut self, now: Duration, uptime: Duration) {
        let said = now.saturating_sub(uptime);
        // It was up to a step earlier, never later.
        let is_set = self.0.is_some_and(|known| said.abs_diff(known) > STEP * 2);
        self.0 = self.0.filter(|_| !is_set).map(|known| known.min(said)).or(Some(said));
    }

    /// Returns a moment since boot as one since 1970.
    pub(crate) fn since_1970(self, since_boot: Duration) -> Option<Duration> {
        self.0?.checked_add(since_boot)
    }

    /// Returns a moment since 1970 as one since boot.
    pub(crate) fn since_boot(self, since_1970: Duration) -> Option<Duration> {
        since_1970.checked_sub(self.0?)
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
        boot.note(ms(2_000_000), ms(50));
        assert_eq!(boot.since_1970(ms(0)), Some(ms(1_999_950)));
    }
}
