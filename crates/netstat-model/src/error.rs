//! Errors: the operation that failed, and the reason given by the system.
//!
//! ```
//! use netstat_model::{Error, Operation};
//! use std::io::ErrorKind;
//!
//! let error = Error::new(Operation::ListRoutes, ErrorKind::Unsupported.into());
//! assert_eq!(error.operation.to_string(), "cannot list the routes");
//! assert_eq!(error.source.kind(), ErrorKind::Unsupported);
//! ```

use std::{fmt, io};

/// An operation that can fail as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Listing the sockets of a protocol.
    ListSockets,
    /// Listing the network namespaces.
    ListNamespaces,
    /// Entering a network namespace.
    EnterNamespace,
    /// Finding the processes that hold the sockets.
    FindOwners,
    /// Reading the addresses of this machine.
    ListAddresses,
    /// Reading the name of this machine.
    ReadHostName,
    /// Listing the network interfaces.
    ListInterfaces,
    /// Listing the routes.
    ListRoutes,
    /// Reading the protocol counters.
    ReadCounters,
    /// Reading the limits on sockets and ports.
    ReadLimits,
    /// Reading the connection tracking table.
    ReadConntrack,
    /// Counting the descriptors of processes.
    CountDescriptors,
    /// Reading the uptime of the system.
    ReadUptime,
    /// Reading a table that the kernel has as text.
    ReadTextTable,
    /// Listing the RDMA resources.
    ListRdma,
    /// Watching connections open and end.
    WatchConnections,
    /// Closing a socket.
    CloseSocket,
    /// Ending a process.
    EndProcess,
    /// Capturing packets.
    CapturePackets,
    /// Reading the history of connections.
    ReadHistory,
    /// Writing a recording.
    Record,
    /// Reading a recording.
    Replay,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ListSockets => "cannot list the sockets",
            Self::ListNamespaces => "cannot list the network namespaces",
            Self::EnterNamespace => "cannot enter the network namespace",
            Self::FindOwners => "cannot find the owners of the sockets",
            Self::ListAddresses => "cannot read the addresses of this machine",
            Self::ReadHostName => "cannot read the name of this machine",
            Self::ListInterfaces => "cannot list the network interfaces",
            Self::ListRoutes => "cannot list the routes",
            Self::ReadCounters => "cannot read the protocol counters",
            Self::ReadLimits => "cannot read the limits of the system",
            Self::ReadConntrack => "cannot read the table of tracked connections",
            Self::CountDescriptors => "cannot count the descriptors of processes",
            Self::ReadUptime => "cannot read how long the system has been running",
            Self::ReadTextTable => "cannot read a table of the kernel",
            Self::ListRdma => "cannot list the RDMA resources",
            Self::WatchConnections => "cannot watch connections",
            Self::CloseSocket => "cannot close the socket",
            Self::EndProcess => "cannot end the process",
            Self::CapturePackets => "cannot capture packets",
            Self::ReadHistory => "cannot read the history",
            Self::Record => "cannot write the recording",
            Self::Replay => "cannot read the recording",
        })
    }
}

/// An operation that failed as a whole. Partial failures are a [`Warning`](crate::Warning).
#[derive(Debug)]
pub struct Error {
    /// The operation that failed.
    pub operation: Operation,
    /// The error of the system.
    pub source: io::Error,
}

impl Error {
    /// Returns the error of an operation.
    pub fn new(operation: Operation, source: io::Error) -> Self {
        Self { operation, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, words_of(&self.source))
    }
}

/// Returns the text of an error without the error number that the standard library appends.
pub fn words_of(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
