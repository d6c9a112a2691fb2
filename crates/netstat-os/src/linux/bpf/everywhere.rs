//! The program that lists the TCP sockets of all network namespaces, in the running kernel.

use super::everywhere_rows::{ROW, more_from};
use super::failure::Failure;
use super::skeleton;
use super::syscall::Link;
use crate::linux::source::{Next, RowProgram};
use netstat_model::owner_method::BpfStep;
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes to read at a time. The kernel returns what fits its own buffer of 32 KiB, in whole rows.
const BUFFER: usize = 32 * 1024;

/// The loaded program. Dropping it unloads the program.
pub(crate) struct Everywhere {
    link: Link,
    /// What is read into. The program keeps its place between two reads, so there is one walk at a time.
    buffer: Mutex<Vec<u8>>,
}

/// The program, once it was loaded: another look costs no loading.
static LOADED: Mutex<Option<Arc<Everywhere>>> = Mutex::new(None);

impl Everywhere {
    /// Returns the program, which stays loaded.
    pub(crate) fn loaded() -> Result<Arc<Self>, Failure> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = &*loaded {
            return Ok(Arc::clone(program));
        }
        let program = Self { link: skeleton::load_everywhere()?, buffer: Mutex::new(vec![0; BUFFER]) };
        Ok(Arc::clone(loaded.insert(Arc::new(program))))
    }

    /// Goes over some of the chains. Returns where another walk goes on, if there are more.
    fn one_walk(
        &self,
        goes_on: bool,
        buffer: &mut [u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> Result<Option<[u8; ROW]>, Failure> {
        let descriptor = self.link.start().map_err(Failure::at(BpfStep::Start))?;
        if goes_on {
            let set = rustix::fs::fcntl_setfl(&descriptor, OFlags::NONBLOCK);
            set.map_err(io::Error::from).map_err(Failure::at(BpfStep::Start))?;
        }
        let mut more = None;
        loop {
            match rustix::io::read(&descriptor, &mut *buffer) {
                Ok(0) => return Ok(more),
                Ok(length) => {
                    let piece = buffer.get(..length).unwrap_or_default();
                    more = more_from(piece);
                    if each(piece) == Next::Done {
                        return Ok(None);
                    }
                }
                // The kernel returns EAGAIN after a million threads in a row without a row.
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(Failure { step: BpfStep::Read, errno: error.raw_os_error() }),
            }
        }
    }
}

impl RowProgram for Everywhere {
    fn walk(&self, each: &mut dyn FnMut(&[u8]) -> Next) -> Result<(), Failure> {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut from = None;
        loop {
            let more = self.one_walk(from.is_some(), &mut buffer, each)?;
            match more {
                None => return Ok(()),
                // Nor would the next one get any further.
                _ if more == from => return Err(Failure::ODD),
                Some(_) => from = more,
            }
        }
    }
}
