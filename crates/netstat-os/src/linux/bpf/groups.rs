//! The program that tells who joined multicast groups, in the running kernel.

use super::failure::Failure;
use super::skeleton;
use super::syscall::Link;
use super::tcp::{BUFFER, read_all};
use crate::linux::source::{Next, RowProgram};
use netstat_model::owner_method::BpfStep;

/// The loaded program. Dropping it unloads the program.
pub(crate) struct Groups(Link);

impl Groups {
    /// Loads the program into the kernel and attaches it.
    pub(crate) fn load() -> Result<Self, Failure> {
        skeleton::load_groups().map(Self)
    }
}

impl RowProgram for Groups {
    fn walk(&self, each: &mut dyn FnMut(&[u8]) -> Next) -> Result<(), Failure> {
        let descriptor = self.0.start().map_err(Failure::at(BpfStep::Start))?;
        read_all(&descriptor, &mut vec![0; BUFFER], each)
    }
}
