use super::IpEndpoint;

/// The role of an RDMA endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RdmaRole {
    /// Connected, or connecting.
    Connection,
    /// Listening.
    Listener,
}

/// One endpoint of the RDMA connection manager (NetworkDirect on Windows).
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "rdma_cm_id")]
pub struct RdmaEndpoint {
    /// Connection or listener.
    pub role: RdmaRole,
    /// True if the kernel holds it rather than a process.
    pub kernel: bool,
    /// The index of the network interface of the RDMA port, if there is one.
    pub interface: Option<u32>,
    /// The local end, if any.
    pub local: Option<IpEndpoint>,
    /// The remote end, if any.
    pub remote: Option<IpEndpoint>,
    /// The process that holds it; `None` for the kernel, or if unknown.
    pub pid: Option<u32>,
}
