//! Processes that hold idle connections.

use crate::companion::Companion;
use anyhow::Result;

/// Processes with connections, in the network namespace of the thread that started them. They end with this value.
#[derive(Debug)]
pub(super) struct Crowd {
    members: Vec<Companion>,
    /// The sockets of all processes, listeners included.
    pub(super) sockets: usize,
}

impl Crowd {
    /// Starts processes that hold about this many sockets together. Each has one listener; the other sockets are the
    /// two ends of connections.
    pub(super) fn gather(sockets: usize, processes: usize) -> Result<Self> {
        let connections = (sockets / processes).saturating_sub(1) / 2;
        let mut crowd = Self { members: Vec::new(), sockets: processes * (connections * 2 + 1) };
        for number in 0..processes {
            let arguments = [connections, 20_000 + number, 1 + number % 250].map(|number| number.to_string());
            crowd.members.push(Companion::start("hold", &arguments)?);
        }
        crowd.members.iter_mut().try_for_each(Companion::wait_until_ready)?;
        Ok(crowd)
    }

    pub(super) fn processes(&self) -> usize {
        self.members.len()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // All first, so that they end at the same time; dropping each then waits for it.
        self.members.iter_mut().for_each(Companion::hang_up);
    }
}
