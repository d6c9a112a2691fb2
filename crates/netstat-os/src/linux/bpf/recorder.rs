//! The programs that record connections, in the running kernel.

use super::failure::Failure;
use super::ring::Ring;
use super::skeleton::{self, RING};
use super::syscall::{Made, Map, Program};
use crate::linux::source::RecorderProgram;
use netstat_model::owner_method::BpfStep;
use rustix::fd::OwnedFd;

/// Bytes of `struct settings` and of `struct all_counts` in `bpf/recorder.h`.
const SETTINGS: usize = 8;
const COUNTS: usize = 64 * 144;

/// The loaded programs. Dropping this unloads them.
pub(crate) struct Recorder {
    ring: Ring,
    counters: Map,
    programs: Vec<Program>,
    /// While these are open the programs are attached.
    _links: Vec<OwnedFd>,
}

impl Recorder {
    /// Loads the programs into the kernel and attaches them. `pid_namespace` is the inode of the PID namespace whose numbers
    /// are wanted, or 0 for that which the machine booted with.
    pub(crate) fn load(pid_namespace: u32) -> Result<Self, Failure> {
        let Made { maps, programs } = skeleton::load_recorder()?;
        // In the order of `recorder.build`.
        let [_drafts, ring, _ends, _marks, counters, wishes] =
            <[OwnedFd; 6]>::try_from(maps).map_err(|_| Failure::ODD)?;
        let wishes = Map::made(wishes, SETTINGS).map_err(Failure::at(BpfStep::FillMap))?;
        let wanted = [pid_namespace.to_ne_bytes(), [0; 4]].concat();
        wishes.fill(&wanted).map_err(Failure::at(BpfStep::FillMap))?;
        let counters = Map::made(counters, COUNTS).map_err(Failure::at(BpfStep::FillMap))?;
        let ring = Ring::new(&ring, RING).map_err(Failure::at(BpfStep::Start))?;
        let links = programs.iter().map(Program::trace).collect::<Result<_, _>>();
        let links = links.map_err(Failure::at(BpfStep::Attach))?;
        Ok(Self { ring, counters, programs, _links: links })
    }
}

impl RecorderProgram for Recorder {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.ring.read(each);
        Ok(())
    }

    fn release(&mut self) {
        self.ring.release();
    }

    fn counts(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = self.counters.first().map_err(Failure::at(BpfStep::Read))?;
        for program in &self.programs {
            let misses = program.recursion_misses().map_err(Failure::at(BpfStep::Read))?;
            bytes.extend_from_slice(&misses.to_ne_bytes());
        }
        Ok(bytes)
    }
}
