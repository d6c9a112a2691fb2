//! Why the BPF program could not be run.

use netstat_model::owner_method::{BpfStep, NoBpf};
use rustix::io::Errno;
#[cfg(feature = "bpf")]
use std::io;

/// The step that failed, and the system's error number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) step: BpfStep,
    pub(crate) errno: i32,
}

impl Failure {
    /// The kernel wrote something other than a list of records.
    pub(crate) const ODD: Self = Self { step: BpfStep::Read, errno: Errno::BADMSG.raw_os_error() };

    /// The recording was made without BPF.
    pub(crate) const NOT_RECORDED: Self = Self { step: BpfStep::MakeMap, errno: Errno::PERM.raw_os_error() };

    /// This program was built without the feature `bpf`, or for a machine that the BPF program was not built for. No kernel
    /// refuses a map with this error.
    pub(crate) const NOT_BUILT: Self =
        Self { step: BpfStep::MakeMap, errno: Errno::OPNOTSUPP.raw_os_error() };

    /// The kernel does not know programs that load programs, and relocate them.
    #[cfg(feature = "bpf")]
    pub(super) const NOT_KNOWN: Self =
        Self { step: BpfStep::LoadLoader, errno: Errno::TOOBIG.raw_os_error() };

    /// Returns a function that turns an I/O error of `step` into a failure.
    #[cfg(feature = "bpf")]
    pub(super) fn at(step: BpfStep) -> impl Fn(io::Error) -> Self {
        // An error without a number comes from a check of our own.
        move |error| Self { step, errno: error.raw_os_error().unwrap_or(Errno::INVAL.raw_os_error()) }
    }

    /// Interprets the error number in the light of the step.
    pub(crate) fn reason(self) -> NoBpf {
        let Self { step, errno } = self;
        match (step, Errno::from_raw_os_error(errno)) {
            (_, Errno::PERM) => NoBpf::NotPermitted,
            // For a map, EACCES comes from a security module; in later steps it is the verifier's rejection.
            (BpfStep::MakeMap | BpfStep::FillMap, Errno::ACCESS) => NoBpf::NotPermitted,
            (BpfStep::MakeMap, Errno::OPNOTSUPP) => NoBpf::NotBuilt,
            (_, Errno::NOSYS) => NoBpf::KernelTooOld,
            // Linux 5.14 added programs that load programs and the array of descriptors for them, which is beyond the
            // attributes that older kernels know (E2BIG); 5.17 added the attributes for CO-RE relocation by the kernel.
            (BpfStep::LoadLoader, Errno::INVAL | Errno::TOOBIG) | (BpfStep::Load, Errno::TOOBIG) => {
                NoBpf::KernelTooOld
            }
            _ => NoBpf::Refused { step, errno },
        }
    }

    /// Encodes the failure for a recording: the step, then the error number in little-endian order.
    pub(crate) fn to_bytes(self) -> [u8; 5] {
        let [a, b, c, d] = self.errno.to_le_bytes();
        [self.step as u8, a, b, c, d]
    }

    /// Decodes what [`to_bytes`](Self::to_bytes) has written.
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
