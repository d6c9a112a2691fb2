//! The program that lists TCP sockets, in the running kernel.

use super::failure::Failure;
use super::skeleton;
use super::syscall::Link;
use super::tcp_rows::TcpSettings;
use crate::linux::source::{Next, RowProgram};
use netstat_model::owner_method::BpfStep;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes to read at a time. The kernel returns what fits its own buffer of 32 KiB, in whole rows.
pub(super) const BUFFER: usize = 32 * 1024;

/// The loaded program. Dropping it unloads the program.
pub(crate) struct Tcp {
    link: Link,
    /// What is read into, kept from one walk to the next.
    buffer: Mutex<Option<Vec<u8>>>,
}

/// The programs that were loaded last: another look for the same costs no loading. They belong to no network namespace.
static LOADED: Mutex<Vec<(TcpSettings, Arc<Tcp>)>> = Mutex::new(Vec::new());

/// How many programs stay loaded: a look with owners lists sockets in two ways.
const MOST: usize = 4;

impl Tcp {
    /// Returns the program with these settings, which stays loaded until several others were wanted.
    pub(crate) fn loaded(settings: TcpSettings) -> Result<Arc<Self>, Failure> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, program)) = loaded.iter().find(|(of, _)| *of == settings) {
            return Ok(Arc::clone(program));
        }
        let program = Arc::new(Self::load(settings)?);
        if loaded.len() == MOST {
            loaded.remove(0);
        }
        loaded.push((settings, Arc::clone(&program)));
        Ok(program)
    }

    /// Loads the program into the kernel and attaches it.
    fn load(settings: TcpSettings) -> Result<Self, Failure> {
        // A clock that shows the time of the last tick has the resolution of a tick.
        let tick = rustix::time::clock_getres(rustix::time::ClockId::MonotonicCoarse).tv_nsec;
        let tick = u32::try_from(tick).unwrap_or_default();
        Ok(Self { link: skeleton::load_tcp(&settings.to_bytes(tick))?, buffer: Mutex::default() })
    }

    fn spare(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowProgram for Tcp {
    fn walk(&self, each: &mut dyn FnMut(&[u8]) -> Next) -> Result<(), Failure> {
        let descriptor = self.link.start().map_err(Failure::at(BpfStep::Start))?;
        // Another walk at the same time has a buffer of its own.
        let mut buffer = self.spare().take().unwrap_or_else(|| vec![0; BUFFER]);
        let end = read_all(&descriptor, &mut buffer, each);
        *self.spare() = Some(buffer);
        end
    }
}

/// Reads a walk to its end, or until `each` wants no more.
pub(super) fn read_all(
    descriptor: &OwnedFd,
    buffer: &mut [u8],
    each: &mut dyn FnMut(&[u8]) -> Next,
) -> Result<(), Failure> {
    loop {
        match rustix::io::read(descriptor, &mut buffer[..]) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                if each(buffer.get(..length).unwrap_or_default()) == Next::Done {
                    return Ok(());
                }
            }
            // The kernel returns EAGAIN after a million sockets in a row without a row.
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(Failure { step: BpfStep::Read, errno: error.raw_os_error() }),
        }
    }
}
