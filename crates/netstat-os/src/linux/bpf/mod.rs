//! Every socket descriptor of every process, from a BPF program in the kernel.
//!
//! It needs Linux 5.17 and the capabilities `CAP_BPF` and `CAP_PERFMON`. Whatever fails, nothing has been changed and
//! `/proc` tells the same: see [`super::owners`].

mod records;
mod skeleton;
mod syscall;

pub(super) use records::{Record, decode_records};

use super::source::{Next, OwnersProgram, Walk};
use netstat_model::owner_method::{BpfStep, NoBpf};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::io;
use syscall::Link;

/// The kernel hands over what fits its own buffer of 32 KiB at a time, in whole records.
const BUFFER: usize = 64 * 1024;

/// What failed, and the system's error number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) step: BpfStep,
    pub(crate) errno: i32,
}

impl Failure {
    /// Turns an error of one step into a failure.
    fn at(step: BpfStep) -> impl Fn(io::Error) -> Self {
        // An error without a number is one of this program's own checks.
        move |error| Self { step, errno: error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()) }
    }

    /// The kernel wrote what is no list of records.
    pub(crate) const ODD: Self = Self { step: BpfStep::Read, errno: Errno::BADMSG.raw_os_error() };

    /// A recording that does not know of BPF.
    pub(crate) const NOT_RECORDED: Self = Self { step: BpfStep::MakeMap, errno: Errno::PERM.raw_os_error() };

    /// What it means.
    pub(crate) fn reason(self) -> NoBpf {
        let Self { step, errno } = self;
        match (step, Errno::from_raw_os_error(errno)) {
            (_, Errno::PERM) => NoBpf::NotPermitted,
            // A security module says so. In later steps it is the verifier that does not like the program.
            (BpfStep::MakeMap | BpfStep::FillMap, Errno::ACCESS) => NoBpf::NotPermitted,
            (_, Errno::NOSYS) => NoBpf::KernelTooOld,
            // Before 5.14 there is no program that loads programs, and before 5.17 the kernel does not know the
            // attributes with which it is to fit a program to itself.
            (BpfStep::LoadLoader, Errno::INVAL) | (BpfStep::Load, Errno::TOOBIG) => NoBpf::KernelTooOld,
            _ => NoBpf::Refused { step, errno },
        }
    }

    /// As bytes, for a recording.
    pub(crate) fn to_bytes(self) -> [u8; 5] {
        let [a, b, c, d] = self.errno.to_le_bytes();
        [self.step as u8, a, b, c, d]
    }

    /// From the bytes of a recording.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&step, errno) = bytes.split_first()?;
        let steps = [
            BpfStep::MakeMap,
            BpfStep::FillMap,
            BpfStep::LoadLoader,
            BpfStep::Load,
            BpfStep::Attach,
            BpfStep::Start,
            BpfStep::Read,
        ];
        let step = steps.into_iter().find(|&known| known as u8 == step)?;
        Some(Self { step, errno: i32::from_le_bytes(errno.try_into().ok()?) })
    }
}

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
