use super::Endpoint;

/// What an RDMA endpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RdmaRole {
    /// It has a peer, or is on its way to one.
    Connection,
    /// It waits for peers.
    Listener,
}

/// One RDMA connection manager endpoint ("NetworkDirect" in the words of Windows).
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "rdma_cm_id")]
pub struct RdmaEndpoint {
    /// Whether it listens.
    pub role: RdmaRole,
    /// Whether the kernel itself holds it rather than a process.
    pub kernel: bool,
    /// The index of the network interface under the RDMA port, where there is one.
    pub interface: Option<u32>,
    /// The local end, where it has one.
    pub local: Option<Endpoint>,
    /// The remote end, where it has one.
    pub remote: Option<Endpoint>,
    /// The process that holds it; `None` for the kernel or where it is not told.
    pub pid: Option<u32>,
}
