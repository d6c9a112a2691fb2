//! One function for each decoder, for the fuzz targets of the same names.

use super::memory::Memory;
use super::{addresses, counters, interface_counters, interfaces, persistent, processes, routes, sockets};

/// The socket tables.
pub fn windows_sockets(data: &[u8]) {
    sockets::decode_all(data);
}

/// The list of processes, at an address that the first bytes give.
pub fn windows_processes(data: &[u8]) {
    if let Ok(memory) = Memory::from_recording(data) {
        processes::decode_all(&memory);
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

/// The values of the registry that are routes.
pub fn windows_persistent_routes(data: &[u8]) {
    persistent::decode_all(data);
}
