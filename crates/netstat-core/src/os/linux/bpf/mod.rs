//! Every socket descriptor of every process, from a BPF program in the kernel.
//!
//! It needs Linux 5.17 and the capabilities `CAP_BPF` and `CAP_PERFMON`. Whatever fails, nothing has been changed and
//! `/proc` tells the same: see [`super::owners`].

mod failure;
mod records;
mod skeleton;
mod syscall;

pub(super) use failure::Failure;
pub(super) use records::{Record, decode_records};

use super::source::{Next, OwnersProgram, Walk};
use crate::owner_method::BpfStep;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::io;
use syscall::Link;

/// The kernel hands over what fits its own buffer of 32 KiB at a time, in whole records.
const BUFFER: usize = 64 * 1024;

/// The program, loaded. It is taken away again when this is dropped.
pub(super) struct Program(Link);

impl Program {
    /// Loads it.
    pub(super) fn load() -> Result<Self, Failure> {
        skeleton::load().map(Self)
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
    /// Walks over a window of every table of descriptors. Answers whether there is more behind it.
    fn one_walk(&self, walk: Walk, buffer: &mut [u8], each: &mut dyn FnMut(&[u8])) -> Result<Next, Failure> {
        let descriptors = self.0.start().map_err(Failure::at(BpfStep::Start))?;
        if walk == Walk::Quick {
            // It is how the program is told.
            let told = rustix::fs::fcntl_setfl(&descriptors, OFlags::NONBLOCK);
            told.map_err(io::Error::from).map_err(Failure::at(BpfStep::Start))?;
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
                // AGAIN: nothing was to be said of a million threads in a row, and the kernel wants to breathe.
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(Failure { step: BpfStep::Read, errno: error.raw_os_error() }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
