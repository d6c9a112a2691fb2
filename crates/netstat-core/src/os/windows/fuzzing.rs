//! One function for each decoder, for the fuzz targets of the same names.

use super::memory::Memory;
use super::{processes, sockets};

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
