//! One function for each decoder, for the fuzz targets of the same names.

use super::memory::Memory;
use super::offload::Offloads;
use super::source::Estats;
use super::udp_peers::Peers;
use super::{
    addresses, bound, counters, firewall, interface_counters, interfaces, limits, modules, persistent,
    processes, routes, sockets, tcp_info,
};
use netstat_model::{Family, TcpInfo};

/// The socket tables.
pub fn windows_sockets(data: &[u8]) {
    sockets::decode_all(data);
    for family in [Family::V4, Family::V6] {
        bound::decode_table(data, family);
        Offloads::decode(data, family);
    }
    for what in [Estats::Data, Estats::Path] {
        tcp_info::decode(what, data, &mut TcpInfo::default());
    }
    // The table without peers, then the one with.
    let (documented, other) = data.split_at(data.len() / 2);
    for layout in [&sockets::UDP_V4, &sockets::UDP_V6] {
        Peers::decode(other, layout, documented);
    }
}

/// The list of processes, at an address that the first bytes give.
pub fn windows_processes(data: &[u8]) {
    if let Ok(memory) = Memory::from_recording(data) {
        processes::decode_all(&memory);
        modules::decode_module(&memory);
    }
}

/// Rows of the routing tables, and of the tables of IP interfaces and addresses.
pub fn windows_routes(data: &[u8]) {
    routes::decode_all(data);
    addresses::decode_address(data);
}

/// Rows of the table of interfaces, with their counters, and the list of adapters.
pub fn windows_interfaces(data: &[u8]) {
    interfaces::decode_all(data);
    interface_counters::decode_row(data);
}

/// The counters of the protocols.
pub fn windows_counters(data: &[u8]) {
    counters::decode_all(data);
}

/// What netsh says of ports.
pub fn windows_limits(data: &[u8]) {
    limits::decode_all(data);
}

/// The values of the registry that are routes.
pub fn windows_persistent_routes(data: &[u8]) {
    persistent::decode_all(data);
}

/// The rules and settings of the firewall.
pub fn windows_firewall(data: &[u8]) {
    firewall::decode_all(data);
}
