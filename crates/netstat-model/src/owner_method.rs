//! The method by which the owners of sockets were found.
//!
//! ```
//! use netstat_model::{NoBpf, OwnerMethod};
//!
//! let method = OwnerMethod::Proc(NoBpf::NotAsked);
//! assert_eq!(method.to_string(), "owners were found in /proc, not with BPF: it was not requested");
//! ```

use crate::error::words_of;
use std::{fmt, io};

/// The method by which the owners of sockets were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum OwnerMethod {
    /// No owners had to be looked up.
    NotNeeded,
    /// The socket table itself contains them (Windows).
    Table,
    /// A BPF program listed the file descriptors of all processes.
    Bpf,
    /// The file descriptors in `/proc` were read, because BPF was not used.
    Proc(NoBpf),
}

/// The reason why BPF was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NoBpf {
    /// The caller asked for `/proc`.
    NotAsked,
    /// So few files are open that reading `/proc` costs less than loading a program (with [`Owners::Auto`] only).
    ///
    /// [`Owners::Auto`]: crate::query::Owners::Auto
    FewFiles,
    /// So few TCP sockets are there that sock_diag lists them sooner than a program is loaded (with [`SocketSource::Auto`] only).
    ///
    /// [`SocketSource::Auto`]: crate::query::SocketSource::Auto
    FewSockets,
    /// Memory is short. Some kernels free a socket twice where an iterator finds none (6.17 to 6.18.41 and 6.19 to 7.1.5), and what
    /// is asked then must not make things worse (with [`SocketSource::Auto`] only).
    ///
    /// [`SocketSource::Auto`]: crate::query::SocketSource::Auto
    LittleMemory,
    /// The program does not answer this question, or sock_diag answers it in less time: it passes over what a filter or a list
    /// of states leaves out.
    OtherQuestion,
    /// Not permitted: loading BPF programs takes `CAP_BPF` and `CAP_PERFMON` in the initial user namespace.
    NotPermitted,
    /// This process has `CAP_BPF` without `CAP_PERFMON`.
    NoPerfmon,
    /// The kernel is locked down (`confidentiality`), so that programs may not read its memory.
    LockedDown,
    /// The just-in-time compiler is off (`net.core.bpf_jit_enable`), which the program needs.
    JitOff,
    /// The kernel is older than 5.17, or built without BPF.
    KernelTooOld,
    /// This program was built without it, or for a machine that is not 64-bit little-endian.
    NotBuilt,
    /// `/proc` shows another PID namespace than that of this process, so process IDs differ.
    OtherNamespace,
    /// No control groups of version 2 are mounted, whose hooks are needed.
    NoGroups,
    /// The kernel does not tell of calls that send or receive: it lacks the tracepoints `sock_send_length` and `sock_recv_length`.
    NoDatagrams,
    /// The kernel refused one of the steps.
    Refused {
        /// The step that failed.
        step: BpfStep,
        /// The system's error number.
        errno: i32,
    },
}

/// A step of running a BPF program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum BpfStep {
    /// Creating the map that holds the program.
    MakeMap,
    /// Filling it.
    FillMap,
    /// Loading the loader program.
    LoadLoader,
    /// Running the loader program.
    Load,
    /// Attaching the program.
    Attach,
    /// Starting the walk over all file descriptors.
    Start,
    /// Reading its output.
    Read,
}

impl fmt::Display for OwnerMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("no owners had to be looked up"),
            Self::Table => f.write_str("the socket table contains the owners"),
            Self::Bpf => f.write_str("owners were found with BPF"),
            Self::Proc(reason) => write!(f, "owners were found in /proc, not with BPF: {reason}"),
        }
    }
}

impl fmt::Display for NoBpf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("it was not requested"),
            Self::FewFiles => f.write_str("few files are open on this machine, so /proc is faster"),
            Self::FewSockets => f.write_str("there are few of them, so sock_diag is faster"),
            Self::LittleMemory => f.write_str("memory is short, and an iterator over sockets needs some"),
            Self::OtherQuestion => f.write_str("sock_diag answers this question in less time, or alone"),
            Self::NotPermitted => f.write_str(
                "not permitted; loading BPF programs takes CAP_BPF and CAP_PERFMON outside of user namespaces",
            ),
            Self::NoPerfmon => f.write_str("not permitted; CAP_PERFMON is missing beside CAP_BPF"),
            Self::LockedDown => f.write_str(
                "the kernel is locked down (confidentiality in /sys/kernel/security/lockdown)",
            ),
            Self::JitOff => f.write_str("the BPF compiler is off; sysctl -w net.core.bpf_jit_enable=1 turns it on"),
            Self::KernelTooOld => f.write_str("it needs Linux 5.17 or later, built with BPF"),
            Self::NotBuilt => f.write_str("this program was built without it, as all 32-bit ones are"),
            Self::NoGroups => f.write_str("no control groups of version 2 are mounted"),
            Self::NoDatagrams => f.write_str(
                "this kernel does not tell of datagrams (it lacks the tracepoints sock_send_length and sock_recv_length)",
            ),
            Self::OtherNamespace => f.write_str("/proc shows another PID namespace"),
            Self::Refused { step, errno } => {
                let error = io::Error::from_raw_os_error(*errno);
                write!(f, "the kernel refused to {step}: {}", words_of(&error))
            }
        }
    }
}

impl fmt::Display for BpfStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MakeMap => "create a BPF map",
            Self::FillMap => "fill a BPF map",
            Self::LoadLoader => "load the BPF loader",
            Self::Load => "load the BPF program",
            Self::Attach => "attach the BPF program",
            Self::Start => "start the BPF iterator",
            Self::Read => "read from the BPF iterator",
        })
    }
}
