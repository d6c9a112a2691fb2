//! The light skeleton of `bpf/owners.bpf.c`: a small program that the kernel runs loads the real one, and the kernel
//! itself fits it to its own structures. That takes about 3 ms, where a library that does it here takes tens.

use super::Failure;
use super::syscall::{Array, Link, Loader, Undisturbed};
use netstat_model::owner_method::BpfStep;

// Made by `cargo xtask bpf`, for machines of 64 bits with the lowest byte first.
const DATA: &[u8] = include_bytes!("../../../bpf/generated/owners.data");
const INSTRUCTIONS: &[u8] = include_bytes!("../../../bpf/generated/owners.insns");

/// Loads and attaches the program. Everything is undone when what it answers is dropped.
pub(super) fn load() -> Result<Link, Failure> {
    if !cfg!(all(target_endian = "little", target_pointer_width = "64")) {
        let errno = rustix::io::Errno::NOTSUP.raw_os_error();
        return Err(Failure { step: BpfStep::MakeMap, errno });
    }
    let _undisturbed = Undisturbed::new();
    let array = Array::create(DATA.len()).map_err(Failure::at(BpfStep::MakeMap))?;
    array.fill(DATA).map_err(Failure::at(BpfStep::FillMap))?;
    let loader = Loader::load(INSTRUCTIONS, &array).map_err(Failure::at(BpfStep::LoadLoader))?;
    let program = loader.run().map_err(Failure::at(BpfStep::Load))?;
    program.attach().map_err(Failure::at(BpfStep::Attach))
}
