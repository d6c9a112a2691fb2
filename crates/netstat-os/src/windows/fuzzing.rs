//! The entry points of the fuzz targets, which have the same names.

use super::memory::Memory;
use super::offload::Offloads;
use super::source::Estats;
use super::udp_peers::Peers;
use super::{
    addresses, bound, counters, etw, firewall, interface_counters, interfaces, limits, modules, persistent,
    processes, routes, sockets, stand_ins, tcp_info, templates,
};
use netstat_model::{Family, TcpInfo};

/// Decodes socket tables.
pub fn windows_sockets(data: &[u8]) {
    sockets::decode_all(data);
    for family in [Family::V4, Family::V6] {
        bound::decode_table(data, family);
        Offloads::decode(data, family);
    }
    for what in [Estats::Data, Estats::Path] {
        tcp_info::decode(what, data, &mut TcpInfo::default());
    }
    // The documented table, then the one with peers.
    let (documented, other) = data.split_at(data.len() / 2);
    for layout in [&sockets::layout::UDP_V4, &sockets::layout::UDP_V6] {
        Peers::decode(other, layout, documented);
    }
}

/// Decodes the list of processes. The first eight bytes are its address.
pub fn windows_processes(data: &[u8]) {
    if let Ok(memory) = Memory::from_recording(data) {
        processes::decode_all(&memory);
        modules::decode_module(&memory);
    }
}

/// Decodes rows of the routing, IP interface and address tables.
pub fn windows_routes(data: &[u8]) {
    routes::decode_all(data);
    addresses::decode_address(data);
}

/// Decodes rows of the interface table, with their counters, and the list of adapters.
pub fn windows_interfaces(data: &[u8]) {
    interfaces::decode_all(data);
    interface_counters::decode_row(data);
}

/// Decodes protocol counters.
pub fn windows_counters(data: &[u8]) {
    counters::decode_all(data);
}

/// Parses the port ranges that netsh prints, and what PowerShell does.
pub fn windows_limits(data: &[u8]) {
    limits::decode_all(data);
    templates::Templates::decode(data);
}

/// Decodes persistent routes and rules of the port proxy in the registry, and what netsh prints of http.sys.
pub fn windows_persistent_routes(data: &[u8]) {
    persistent::decode_all(data);
    stand_ins::decode_all(data);
}

/// Decodes firewall rules and settings.
pub fn windows_firewall(data: &[u8]) {
    firewall::decode_all(data);
}

/// Decodes what the kernel tells of connections and processes.
pub fn windows_events(data: &[u8]) {
    etw::decode_all(data);
}
