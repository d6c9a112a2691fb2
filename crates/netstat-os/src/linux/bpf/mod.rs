//! Lists every socket descriptor of every process by a BPF program in the kernel.
//!
//! Needs Linux 5.17 and the capabilities `CAP_BPF` and `CAP_PERFMON`. A failure changes nothing, and `/proc` has the same
//! information: see [`super::owners`]. Without the feature `bpf` the program is left out; recordings of it still replay.

mod failure;
#[cfg(feature = "bpf")]
mod program;
mod records;
#[cfg(feature = "bpf")]
mod skeleton;
#[cfg(feature = "bpf")]
mod syscall;

pub(super) use failure::Failure;
#[cfg(feature = "bpf")]
pub(super) use program::Program;
pub(super) use records::{Record, decode_records};

#[cfg(feature = "bpf")]
#[cfg(test)]
mod tests;
