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

/// Bytes to read at a time. The kernel returns what fits its own buffer of 32 KiB, in whole records.
const BUFFER: usize = 64 * 1024;

/// The loaded program. Dropping it unloads the program.
pub(crate) struct Program(Link);

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
