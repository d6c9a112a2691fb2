//! What the tables need to know of processes.

use netstat_model::{Process, ProcessId};
use std::collections::HashMap;
use std::hash::BuildHasher;

/// What was read of the processes that hold sockets.
pub trait Processes {
    /// What is known of a process; `None` if nobody asked.
    fn process(&self, id: ProcessId) -> Option<&Process>;
}

impl<S: BuildHasher> Processes for HashMap<ProcessId, Process, S> {
    fn process(&self, id: ProcessId) -> Option<&Process> {
        self.get(&id)
    }
}
