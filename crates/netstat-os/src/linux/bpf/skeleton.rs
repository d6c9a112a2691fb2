//! The light skeleton of `bpf/owners.bpf.c`: a small program, run in the kernel, loads the real one, and the kernel
//! relocates that to its own structures. This takes about 3 ms; a library that does it in user space takes tens.

use super::Failure;
use super::syscall::{Array, BlockedSignals, Link, Loader};
use netstat_model::owner_method::BpfStep;

// Built by `cargo xtask bpf` for 64-bit little-endian machines.
const DATA: &[u8] = include_bytes!("../../../bpf/generated/owners.data");
const INSTRUCTIONS: &[u8] = include_bytes!("../../../bpf/generated/owners.insns");

/// Loads and attaches the program. Dropping the link undoes both.
pub(super) fn load() -> Result<Link, Failure> {
    if !cfg!(all(target_endian = "little", target_pointer_width = "64")) {
        return Err(Failure::NOT_BUILT);
    }
    let _blocked = BlockedSignals::new();
    let array = Array::create(DATA.len()).map_err(Failure::at(BpfStep::MakeMap))?;
    array.fill(DATA).map_err(Failure::at(BpfStep::FillMap))?;
    let loader = Loader::load(INSTRUCTIONS, &array).map_err(Failure::at(BpfStep::LoadLoader))?;
    let program = loader.run().map_err(Failure::at(BpfStep::Load))?;
    program.attach().map_err(Failure::at(BpfStep::Attach))
}
