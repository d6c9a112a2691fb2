//! The order of the RDMA table (`-x`).

use netstat_model::RdmaEndpoint;

/// Returns the endpoints in display order: those of the kernel first, then by interface, role, local and remote
/// endpoint.
pub fn in_order(endpoints: &[RdmaEndpoint]) -> Vec<&RdmaEndpoint> {
    let mut rows: Vec<_> = endpoints.iter().collect();
    rows.sort_by_key(|it| (!it.kernel, it.interface, it.role, it.local, it.remote, it.pid));
    rows
}
