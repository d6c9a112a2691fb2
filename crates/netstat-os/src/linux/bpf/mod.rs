//! BPF programs in the kernel: one lists every socket descriptor of every process, one the TCP sockets, one those of all network
//! namespaces, one who joined multicast groups, others tell of connections as they open and end.
//!
//! They need Linux 5.17 and the capabilities `CAP_BPF` and `CAP_PERFMON`. A failure changes nothing: `/proc` has the same
//! information as the first (see [`super::owners`]), sock_diag as the second, and [`super::events`] has lesser sources. Without the feature `bpf` the
//! programs are left out; recordings of them still replay.

#[cfg(feature = "bpf")]
mod everywhere;
mod everywhere_rows;
mod failure;
#[cfg(feature = "bpf")]
mod flows;
mod group_records;
#[cfg(feature = "bpf")]
mod groups;
#[cfg(feature = "bpf")]
mod lasting;
#[cfg(feature = "bpf")]
mod pins;
#[cfg(feature = "bpf")]
mod program;
#[cfg(feature = "bpf")]
mod recorder;
mod records;
#[cfg(feature = "bpf")]
mod ring;
#[cfg(feature = "bpf")]
mod skeleton;
#[cfg(feature = "bpf")]
mod syscall;
#[cfg(feature = "bpf")]
mod table;
#[cfg(feature = "bpf")]
mod tcp;
mod tcp_rows;

#[cfg(feature = "bpf")]
pub(super) use everywhere::Everywhere;
pub(super) use everywhere_rows::{Told, decode_everywhere};
pub(super) use failure::Failure;
pub(super) use group_records::decode_group_records;
#[cfg(feature = "bpf")]
pub(super) use groups::Groups;
#[cfg(feature = "bpf")]
pub(super) use pins::left_behind;
#[cfg(feature = "bpf")]
pub(super) use program::Program;
#[cfg(feature = "bpf")]
pub(super) use recorder::Recorder;
pub(super) use records::{Record, Rings, decode_records};
#[cfg(feature = "bpf")]
pub(super) use tcp::Tcp;
pub(super) use tcp_rows::{TcpRow, TcpSettings, decode_tcp_rows};

#[cfg(feature = "bpf")]
#[cfg(test)]
mod tests;
