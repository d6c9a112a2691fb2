//! [`Keep`]: how much a table of sockets keeps.

use crate::TcpFields;

/// What a table keeps of each socket beside its ends, its state and its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// The smaller details.
    pub details: bool,
    /// Fields of the course of a TCP connection.
    pub tcp: TcpFields,
    /// The memory of the socket.
    pub memory: bool,
    /// What Windows alone tells.
    pub windows: bool,
    /// When it began and ended.
    pub lifespan: bool,
    /// What its first bytes tell.
    pub application: bool,
}

impl Keep {
    /// All that a [`Socket`](crate::Socket) has.
    pub const EVERYTHING: Self = Self {
        details: true,
        tcp: TcpFields::all(),
        memory: true,
        windows: true,
        lifespan: true,
        application: true,
    };
}
