//! How the owners of sockets were found.

use crate::error::words_of;
use std::{fmt, io};

/// How the owners were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerMethod {
    /// Nothing had to be looked for.
    NotNeeded,
    /// The table of sockets names them (Windows).
    Table,
    /// A BPF program in the kernel listed the descriptors of all processes.
    Bpf,
    /// The descriptors in `/proc` were read, and why BPF was not used.
    Proc(NoBpf),
}

/// Why BPF was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoBpf {
    /// `/proc` was asked for.
    NotAsked,
    /// There are so few open files that reading `/proc` costs less than loading a program ([`Owners::Auto`] alone).
    ///
    /// [`Owners::Auto`]: crate::query::Owners::Auto
    FewFiles,
    /// This user may not load BPF programs: it takes `CAP_BPF` and `CAP_PERFMON`.
    NotPermitted,
    /// The kernel is older than 5.17, or built without BPF.
    KernelTooOld,
    /// `/proc` does not show the PID namespace of this process, so the numbers of processes differ.
    OtherNamespace,
    /// Something else.
    Refused {
        /// What failed.
        step: BpfStep,
        /// The system's error number.
        errno: i32,
    },
}

/// What is done to run a BPF program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BpfStep {
    /// Making the map that holds the program.
    MakeMap,
    /// Filling it.
    FillMap,
    /// Loading the program that loads it.
    LoadLoader,
    /// Running that one.
    Load,
    /// Attaching the program.
    Attach,
    /// Starting the walk over all descriptors.
    Start,
    /// Reading what it says.
    Read,
}

impl fmt::Display for OwnerMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("no owners had to be looked for"),
            Self::Table => f.write_str("the table of sockets names their owners"),
            Self::Bpf => f.write_str("owners were found by a BPF program in the kernel"),
            Self::Proc(reason) => write!(f, "owners were found in /proc, not by BPF: {reason}"),
        }
    }
}

impl fmt::Display for NoBpf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("it was not asked for"),
            Self::FewFiles => f.write_str("few files are open on this machine, for which /proc is faster"),
            Self::NotPermitted => {
                f.write_str("not permitted; run as root (with CAP_BPF and CAP_PERFMON) to load BPF programs")
            }
            Self::KernelTooOld => f.write_str("it needs Linux 5.17 or later, with BPF"),
            Self::OtherNamespace => f.write_str("/proc does not show the PID namespace of this process"),
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
            Self::MakeMap => "make a BPF map",
            Self::FillMap => "fill a BPF map",
            Self::LoadLoader => "load the BPF loader",
            Self::Load => "load the BPF program",
            Self::Attach => "attach the BPF program",
            Self::Start => "start the BPF iterator",
            Self::Read => "read from the BPF iterator",
        })
    }
}
