//! The BPF program in the running kernel.

use super::failure::Failure;
use super::records;
use super::skeleton;
use super::syscall::Link;
use crate::linux::source::{Next, OwnersProgram, Walk};
use netstat_model::owner_method::BpfStep;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Bytes to read at a time. The kernel returns what fits its own buffer of 32 KiB, in whole records.
const BUFFER: usize = 64 * 1024;

/// The loaded program. Dropping it unloads the program.
pub(crate) struct Program(Link);

/// The program of the last look, for the next one: loading it takes milliseconds.
static SPARE: Mutex<Option<Program>> = Mutex::new(None);

/// A program that is kept for the next look. Nobody else has it meanwhile, because a walk keeps its place in a map of the
/// program.
pub(crate) struct Kept {
    /// `None` after a failure, which may have left a walk in the middle.
    program: Mutex<Option<Program>>,
}

impl Kept {
    /// Returns the program that was kept, or loads one.
    pub(crate) fn take() -> Result<Self, Failure> {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let program = Mutex::new(Some(spare.map_or_else(Program::load, Ok)?));
        Ok(Self { program })
    }
}

impl OwnersProgram for Kept {
    fn walk(&self, walk: Walk, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let mut program = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        let walked = program.as_ref().ok_or(Failure::ODD)?.walk(walk, each);
        if walked.is_err() {
            *program = None;
        }
        walked
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let program = self.program.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if program.is_some() {
            *SPARE.lock().unwrap_or_else(PoisonError::into_inner) = program;
        }
    }
}

impl Program {
    /// Loads the program into the kernel and attaches it.
    pub(crate) fn load() -> Result<Self, Failure> {
        skeleton::load_owners().map(Self)
    }
}

impl OwnersProgram for Program {
    fn walk(&self, walk: Walk, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let mut buffer = vec![0; BUFFER];
        while self.one_walk(walk, &mut buffer, each)? == Next::More {}
        Ok(())
    }
}

impl Program {
    /// Walks over one window of every descriptor table. Returns whether any table goes on after it.
    fn one_walk(&self, walk: Walk, buffer: &mut [u8], each: &mut dyn FnMut(&[u8])) -> Result<Next, Failure> {
        let descriptors = self.0.start().map_err(Failure::at(BpfStep::Start))?;
        // The program reads these flags to learn which walk is wanted.
        let flag = match walk {
            Walk::Quick => Some(OFlags::NONBLOCK),
            Walk::Full => None,
            Walk::Everything => Some(OFlags::APPEND),
            Walk::Namespaces => Some(OFlags::APPEND.union(OFlags::NONBLOCK)),
        };
        if let Some(flag) = flag {
            let set = rustix::fs::fcntl_setfl(&descriptors, flag);
            set.map_err(io::Error::from).map_err(Failure::at(BpfStep::Start))?;
        }
        let mut next = Next::Done;
        loop {
            match rustix::io::read(&descriptors, &mut buffer[..]) {
                Ok(0) => return Ok(next),
                Ok(len) => {
                    let piece = buffer.get(..len).unwrap_or_default();
                    next = if records::says_more(piece) { Next::More } else { Next::Done };
                    each(piece);
                }
                // The kernel returns EAGAIN after a million threads in a row without a record.
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(Failure { step: BpfStep::Read, errno: error.raw_os_error() }),
            }
        }
    }
}
