//! The programs that record connections, in the running kernel.

use super::failure::Failure;
use super::flows::Flows;
use super::lasting::{self, COUNTS, Objects, SETTINGS};
use super::pins::Pins;
use super::ring::Ring;
use super::skeleton::{self, RING};
use super::syscall::{Made, Map, Program, map_kind};
use crate::contract::{NotPinned, Pinned};
use crate::linux::source::{FlowsProgram, Lasting, RecorderProgram};
use netstat_model::owner_method::BpfStep;
use rustix::fd::OwnedFd;
use std::path::Path;

/// The loaded programs. Dropping this unloads them.
pub(crate) struct Recorder {
    /// Where they have names; `None` where that was not asked for. Dropped first.
    pins: Option<Result<Pins, NotPinned>>,
    is_taken_over: bool,
    pid_namespace: u32,
    /// The number of the ring buffer.
    instance: u32,
    ring: Ring,
    counters: Map,
    programs: Vec<Program>,
    /// While these are open the programs are attached.
    _links: Vec<OwnedFd>,
}

impl Recorder {
    /// Loads the programs into the kernel and attaches them, or takes over those that an earlier recorder left. `pid_namespace`
    /// is the inode of the PID namespace whose numbers are wanted, or 0 for that which the machine booted with.
    pub(crate) fn load(pid_namespace: u32, lasting: Option<&Lasting<'_>>) -> Result<Self, Failure> {
        let settings = [pid_namespace, skeleton::version_of_recorder()].map(u32::to_ne_bytes).concat();
        let mut pins = lasting.map(|lasting| Pins::open(lasting.kept_in, pid_namespace));
        if let (Some(lasting), Some(Ok(there))) = (lasting, &pins)
            && lasting.instance.is_some()
            && let Ok(objects) = lasting::find(there, &settings)
            && map_kind(&objects.ring).is_ok_and(|(_, id)| lasting.instance == Some(id))
        {
            return Self::begin(objects, pins, pid_namespace, true);
        }
        // What is there is of another version, or nobody knows how far it was read.
        pins = pins.map(|pins| {
            let pins = pins?;
            match pins.clear() {
                Ok(()) => Ok(pins),
                Err(error) => Err(NotPinned::Refused(pins.folder().to_owned(), error)),
            }
        });
        let first_round = 0_u32.to_ne_bytes();
        let objects = load(&[settings.as_slice(), &first_round].concat())?;
        pins = pins.map(|pins| {
            let pins = pins?;
            match lasting::keep(&pins, &objects) {
                Ok(()) => Ok(pins),
                Err(error) => Err(NotPinned::Refused(pins.folder().to_owned(), error)),
            }
        });
        Self::begin(objects, pins, pid_namespace, false)
    }

    fn begin(
        objects: Objects,
        pins: Option<Result<Pins, NotPinned>>,
        pid_namespace: u32,
        is_taken_over: bool,
    ) -> Result<Self, Failure> {
        let Objects { ring, counters, wishes: _, programs, links } = objects;
        let (_, instance) = map_kind(&ring).map_err(Failure::at(BpfStep::Start))?;
        let ring = Ring::new(ring, RING).map_err(Failure::at(BpfStep::Start))?;
        Ok(Self { pins, is_taken_over, pid_namespace, instance, ring, counters, programs, _links: links })
    }
}

/// Loads the programs and attaches them.
fn load(settings: &[u8]) -> Result<Objects, Failure> {
    let Made { maps, programs } = skeleton::load_recorder()?;
    // In the order of `recorder.build`.
    let [_drafts, ring, _ends, _marks, counters, wishes] =
        <[OwnedFd; 6]>::try_from(maps).map_err(|_| Failure::ODD)?;
    let wishes = Map::made(wishes, SETTINGS).map_err(Failure::at(BpfStep::FillMap))?;
    wishes.fill(settings).map_err(Failure::at(BpfStep::FillMap))?;
    let counters = Map::made(counters, COUNTS).map_err(Failure::at(BpfStep::FillMap))?;
    let links = programs.iter().map(Program::trace).collect::<Result<_, _>>();
    let links = links.map_err(Failure::at(BpfStep::Attach))?;
    Ok(Objects { ring, counters, wishes, programs, links })
}

impl RecorderProgram for Recorder {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        self.ring.read(each).map_err(Failure::at(BpfStep::Read))
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

    fn instance(&self) -> u32 {
        self.instance
    }

    fn place(&self) -> u64 {
        self.ring.place()
    }

    fn is_taken_over(&self) -> bool {
        self.is_taken_over
    }

    fn go_on_behind(&mut self, place: u64) -> bool {
        self.ring.go_on_behind(place)
    }

    fn flows(&self, groups: &Path) -> Result<Box<dyn FlowsProgram>, Failure> {
        Ok(Box::new(Flows::load(self.pid_namespace, groups)?))
    }

    fn pinned(&self) -> Pinned<'_> {
        self.pins.as_ref().map(|pins| pins.as_ref().map(Pins::folder))
    }
}
