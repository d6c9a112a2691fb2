use crate::{Container, Namespace};
use std::ffi::OsString;

/// A network namespace of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NetworkNamespace {
    /// Which one.
    pub id: Namespace,
    /// Its name, as `ip netns` has it: that of its file in `/run/netns`. A mount elsewhere gives it the name of its file.
    pub name: Option<OsString>,
    /// The container whose process was first found in it.
    pub container: Option<Container>,
    /// The lowest ID of the processes in it, in the reader's PID namespace; `None` where no visible process is.
    pub process: Option<u32>,
}
