//! Socket tables, and what further functions report about a connection. Not every version of Windows has the latter.
#![expect(
    unsafe_code,
    reason = "these Windows functions are looked up at run time, and some are undocumented"
)]

use super::iphlpapi::{GetExtendedTcpTable, GetExtendedUdpTable, GetTcp6Table2, GetTcpTable2, find};
use super::{address_family, aligned, error_of, grow};
use crate::windows::memory::Memory;
use crate::windows::source::Estats;
use netstat_model::{Family, Transport};
use std::ffi::c_void;
use std::io;
use std::mem::{size_of, transmute};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::{ERROR_INVALID_DATA, ERROR_INVALID_PARAMETER, HANDLE, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    MIB_TCP6ROW, MIB_TCP6ROW_OWNER_MODULE, MIB_TCPROW_LH, MIB_TCPROW_OWNER_MODULE, MIB_UDP6ROW_OWNER_MODULE,
    MIB_UDPROW_OWNER_MODULE, TCP_ESTATS_DATA_ROD_v0, TCP_ESTATS_PATH_ROD_v0, TCP_TABLE_OWNER_MODULE_ALL,
    TCPIP_OWNER_MODULE_INFO_BASIC, TcpConnectionEstatsData, TcpConnectionEstatsPath, UDP_TABLE_OWNER_MODULE,
};
use windows_sys::Win32::System::Memory::{GetProcessHeap, HeapFree, HeapSize, HeapValidate};

/// Reads the table of sockets with their owners.
pub(super) fn table(protocol: Transport, family: Family) -> io::Result<Memory> {
    let family = u32::from(address_family(family));
    grow(|buffer, size| {
        let buffer = buffer.cast();
        // SAFETY: `buffer` has `size` bytes, aligned to eight.
        unsafe {
            match protocol {
                Transport::Tcp => GetExtendedTcpTable(buffer, size, 0, family, TCP_TABLE_OWNER_MODULE_ALL, 0),
                Transport::Udp => GetExtendedUdpTable(buffer, size, 0, family, UDP_TABLE_OWNER_MODULE, 0),
            }
        }
    })
}

pub(super) fn tcp_table_2(family: Family) -> io::Result<Memory> {
    grow(|buffer, size| {
        // SAFETY: `buffer` has `size` bytes, aligned to eight.
        unsafe {
            match family {
                Family::V4 => GetTcpTable2(buffer.cast(), size, 0),
                Family::V6 => GetTcp6Table2(buffer.cast(), size, 0),
            }
        }
    })
}

/// Reads the table that an undocumented function of the kind `InternalGet...Table` allocates on a heap. They all take a
/// pointer to the address of the table, the heap, and flags for the allocation.
pub(super) fn allocated(function: &str) -> io::Result<Memory> {
    // SAFETY: the caller must pass these arguments.
    type Function = unsafe extern "system" fn(*mut *mut c_void, HANDLE, u32) -> u32;
    let found = find(function)?;
    // SAFETY: the functions of this kind have the signature above.
    let function: Function = unsafe { transmute(found) };
    let mut table = null_mut();
    // SAFETY: the heap is that of this process, and the pointer outlives the call.
    let (heap, error) = unsafe {
        let heap = GetProcessHeap();
        (heap, function(&raw mut table, heap, 0))
    };
    if error != NO_ERROR {
        return Err(error_of(error));
    }
    let memory = if table.is_null() { None } else { taken(heap, table) };
    memory.ok_or_else(|| error_of(ERROR_INVALID_DATA))
}

/// Copies a block of a heap and frees it; `None`, without freeing it, if the heap has no such block.
fn taken(heap: HANDLE, block: *mut c_void) -> Option<Memory> {
    // SAFETY: the heap looks the block up without reading it.
    if unsafe { HeapValidate(heap, 0, block) } == 0 {
        return None;
    }
    // SAFETY: the heap has this block and reports its size. The bytes are copied before the block is freed, once.
    unsafe {
        let size = HeapSize(heap, 0, block);
        let bytes =
            (size != usize::MAX).then(|| std::slice::from_raw_parts(block.cast::<u8>(), size).to_vec());
        let address = block.addr() as u64;
        HeapFree(heap, 0, block);
        Some(Memory::new(address, bytes?))
    }
}

/// Reads the module that made the socket of a row.
pub(super) fn owner_module(
    function: &str,
    protocol: Transport,
    family: Family,
    row: &[u8],
) -> io::Result<Memory> {
    // SAFETY: the caller must pass these arguments.
    type Function = unsafe extern "system" fn(*const c_void, i32, *mut c_void, *mut u32) -> u32;
    let row = aligned_row(
        row,
        match (protocol, family) {
            (Transport::Tcp, Family::V4) => size_of::<MIB_TCPROW_OWNER_MODULE>(),
            (Transport::Tcp, Family::V6) => size_of::<MIB_TCP6ROW_OWNER_MODULE>(),
            (Transport::Udp, Family::V4) => size_of::<MIB_UDPROW_OWNER_MODULE>(),
            (Transport::Udp, Family::V6) => size_of::<MIB_UDP6ROW_OWNER_MODULE>(),
        },
    )?;
    let found = find(function)?;
    // SAFETY: all four functions take a row, a class, a buffer and its size.
    let function: Function = unsafe { transmute(found) };
    grow(|buffer, size| {
        // SAFETY: the row has the size that this function reads; `buffer` has `size` bytes.
        unsafe { function(row.as_ptr().cast(), TCPIP_OWNER_MODULE_INFO_BASIC, buffer.cast(), size) }
    })
}

/// Reads a group of statistics of a connection, and whether they are collected.
pub(super) fn estats(function: &str, what: Estats, family: Family, row: &[u8]) -> io::Result<Memory> {
    // SAFETY: the caller must pass these arguments: a row, a kind, and three times a structure, its version and size.
    #[rustfmt::skip]
    type Function = unsafe extern "system" fn(
        *const c_void, i32, *mut u8, u32, u32, *mut u8, u32, u32, *mut u8, u32, u32,
    ) -> u32;
    let row = aligned_row(
        row,
        match family {
            Family::V4 => size_of::<MIB_TCPROW_LH>(),
            Family::V6 => size_of::<MIB_TCP6ROW>(),
        },
    )?;
    let (kind, size) = match what {
        Estats::Data => (TcpConnectionEstatsData, size_of::<TCP_ESTATS_DATA_ROD_v0>()),
        Estats::Path => (TcpConnectionEstatsPath, size_of::<TCP_ESTATS_PATH_ROD_v0>()),
    };
    let found = find(function)?;
    // SAFETY: the functions of both families have the signature above.
    let function: Function = unsafe { transmute(found) };
    let mut collected = 0u8;
    let mut counts = vec![0u64; size.div_ceil(8)];
    // SAFETY: the row and the structures have the sizes that this function expects.
    let error = unsafe {
        let size = u32::try_from(size).unwrap_or(0);
        let counts = counts.as_mut_ptr().cast();
        function(row.as_ptr().cast(), kind, &raw mut collected, 0, 1, null_mut(), 0, 0, counts, 0, size)
    };
    if error != NO_ERROR {
        return Err(error_of(error));
    }
    let mut bytes: Vec<u8> = counts.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.truncate(size);
    Ok(Memory::flat(bytes).after(collected.into()))
}

/// Copies a row to aligned memory; an error if its size is not the expected one.
fn aligned_row(row: &[u8], size: usize) -> io::Result<Vec<u64>> {
    if row.len() == size { Ok(aligned(row)) } else { Err(error_of(ERROR_INVALID_PARAMETER)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::System::Memory::{HEAP_ZERO_MEMORY, HeapAlloc};

    #[test]
    fn only_a_block_of_the_heap_is_copied() {
        // SAFETY: the heap is that of this process; `taken` frees the block, and its address is not read afterwards.
        let (heap, block) = unsafe {
            let heap = GetProcessHeap();
            (heap, HeapAlloc(heap, HEAP_ZERO_MEMORY, 12))
        };
        let memory = taken(heap, block).unwrap();
        assert_eq!((memory.bytes(), memory.at(block.addr() as u64)), (&[0; 12][..], Some(&[0; 12][..])));
        let mut elsewhere = [0u64; 8];
        assert_eq!(taken(heap, elsewhere.as_mut_ptr().wrapping_add(4).cast()), None);
    }
}
