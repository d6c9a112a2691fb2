//! The programs that tell who sends datagrams of UDP to whom, in the running kernel.

use super::failure::Failure;
use super::lasting::SETTINGS;
use super::ring::Ring;
use super::skeleton::{self, FLOWS_RING};
use super::syscall::{Made, Map, Program};
use super::table::Table;
use crate::linux::source::FlowsProgram;
use netstat_model::owner_method::BpfStep;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags};
use std::io;
use std::path::Path;

/// Bytes of `struct flow_key`, `struct flow`, `struct flow_socket` and `struct flow_counts` in `bpf/udp.h`.
const KEY: usize = 32;
const FLOW: usize = 88;
const SOCKET: usize = 16;
const COUNTS: usize = 24;

/// The hooks of the first programs, in the order of `udp.build` (`enum bpf_attach_type`).
const HOOKS: [u32; 8] = [14, 15, 19, 20, 2, 34, 10, 11];

/// The loaded programs. Dropping this unloads them: none has a name in a file system.
pub(crate) struct Flows {
    ring: Ring,
    flows: Table,
    sockets: Table,
    counters: Map,
    traced: Vec<Program>,
    /// While these are open the programs are attached.
    _links: Vec<OwnedFd>,
}

impl Flows {
    /// Loads the programs into the kernel and attaches them. `group` is where the control groups are (version 2).
    pub(crate) fn load(pid_namespace: u32, group: &Path) -> Result<Self, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let group = rustix::fs::openat(CWD, group, flags, Mode::empty()).map_err(io::Error::from);
        let group = group.map_err(Failure::at(BpfStep::Attach))?;
        let Made { maps, mut programs } = skeleton::load_flows()?;
        // In the order of `udp.build`.
        let [_drafts, _made, sockets, _peers, _attempts, ring, flows, _marks, counters, wishes] =
            <[OwnedFd; 10]>::try_from(maps).map_err(|_| Failure::ODD)?;
        let settings = [pid_namespace, 0, 0].map(u32::to_ne_bytes).concat();
        let wishes = Map::made(wishes, SETTINGS).map_err(Failure::at(BpfStep::FillMap))?;
        wishes.fill(&settings).map_err(Failure::at(BpfStep::FillMap))?;
        let start = Failure::at(BpfStep::Start);
        let counters = Map::made(counters, COUNTS).map_err(&start)?;
        let flows = Table::made(flows, KEY, FLOW).map_err(&start)?;
        let sockets = Table::made(sockets, 8, SOCKET).map_err(&start)?;
        let ring = Ring::new(ring, FLOWS_RING).map_err(&start)?;
        let traced = programs.split_off(HOOKS.len().min(programs.len()));
        let hooked = programs.iter().zip(HOOKS).map(|(program, hook)| program.hook(&group, hook));
        // The hooks first: a call without its remote end is one that nobody can be told of.
        let links = hooked.chain(traced.iter().map(Program::trace)).collect::<Result<_, _>>();
        let links = links.map_err(Failure::at(BpfStep::Attach))?;
        Ok(Self { ring, flows, sockets, counters, traced, _links: links })
    }
}

impl FlowsProgram for Flows {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let taken = self.ring.read(each).map_err(Failure::at(BpfStep::Read));
        self.ring.release();
        taken
    }

    fn sockets(&mut self, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Failure> {
        self.sockets.read(each).map_err(Failure::at(BpfStep::Read))
    }

    fn flows(&mut self, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Failure> {
        self.flows.read(each).map_err(Failure::at(BpfStep::Read))
    }

    fn end_flow(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        self.flows.take(key).map_err(Failure::at(BpfStep::Read))
    }

    fn end_socket(&mut self, key: &[u8]) -> Result<(), Failure> {
        self.sockets.remove(key).map_err(Failure::at(BpfStep::Read))
    }

    fn counts(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = self.counters.first().map_err(Failure::at(BpfStep::Read))?;
        for program in &self.traced {
            let misses = program.recursion_misses().map_err(Failure::at(BpfStep::Read))?;
            bytes.extend_from_slice(&misses.to_ne_bytes());
        }
        Ok(bytes)
    }
}
