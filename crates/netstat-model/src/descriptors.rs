use crate::ProcessKey;

/// The descriptors of the processes of a network namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DescriptorUse {
    /// The processes with descriptors, by PID.
    pub processes: Vec<ProcessDescriptors>,
    /// The number of processes whose descriptors may not be read.
    pub unreadable: usize,
}

/// The descriptors of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProcessDescriptors {
    /// The process.
    pub process: ProcessKey,
    /// The number of its descriptors.
    pub open: u64,
    /// The number of descriptors at which the next one is refused; `u64::MAX` where nothing limits it.
    #[doc(alias = "RLIMIT_NOFILE")]
    pub soft_limit: Option<u64>,
    /// How many sockets of them are in no table.
    pub unlisted: Option<u64>,
}
