//! What Windows tells of connections beyond their table, much of it by functions that not every Windows has.
#![expect(
    unsafe_code,
    reason = "these Windows functions are looked up at run time, and some are undocumented"
)]

use super::{aligned, error_of, find, grow};
use crate::windows::memory::Memory;
use crate::windows::source::Estats;
use netstat_model::{Family, Protocol};
use std::ffi::c_void;
use std::io;
use std::mem::{size_of, transmute};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::{ERROR_INVALID_DATA, ERROR_INVALID_PARAMETER, HANDLE, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetTcp6Table2, GetTcpTable2, MIB_TCP6ROW, MIB_TCP6ROW_OWNER_MODULE, MIB_TCPROW_LH,
    MIB_TCPROW_OWNER_MODULE, MIB_UDP6ROW_OWNER_MODULE, MIB_UDPROW_OWNER_MODULE, TCP_ESTATS_DATA_ROD_v0,
    TCP_ESTATS_PATH_ROD_v0, TCPIP_OWNER_MODULE_INFO_BASIC, TcpConnectionEstatsData, TcpConnectionEstatsPath,
};
use windows_sys::Win32::System::Memory::{GetProcessHeap, HeapFree, HeapSize, HeapValidate};
use windows_sys::core::{PCSTR, s, w};

pub(super) fn tcp_table_2(family: Family) -> io::Result<Memory> {
    grow(|buffer, size| {
        // SAFETY: `buffer` has room for the `size` bytes it is said to have, aligned to eight.
        unsafe {
            match family {
                Family::V4 => GetTcpTable2(buffer.cast(), size, 0),
                Family::V6 => GetTcp6Table2(buffer.cast(), size, 0),
            }
        }
    })
}

pub(super) fn bound_tcp(family: Family) -> io::Result<Memory> {
    allocated(match family {
        Family::V4 => s!("InternalGetBoundTcpEndpointTable"),
        Family::V6 => s!("InternalGetBoundTcp6EndpointTable"),
    })
}

pub(super) fn udp_table_2(family: Family) -> io::Result<Memory> {
    allocated(match family {
        Family::V4 => s!("InternalGetUdpTable2"),
        Family::V6 => s!("InternalGetUdp6Table2"),
    })
}

/// The table that a function of the kind `InternalGet...Table` makes in a heap. None of these is documented; all of
/// them take a place for the address of the table, the heap, and how to allocate in it.
fn allocated(name: PCSTR) -> io::Result<Memory> {
    // SAFETY: whoever calls it has to give it what it takes.
    type Function = unsafe extern "system" fn(*mut *mut c_void, HANDLE, u32) -> u32;
    let found = find(w!("iphlpapi.dll"), name)?;
    // SAFETY: as the signature above says.
    let function: Function = unsafe { transmute(found) };
    let mut table = null_mut();
    // SAFETY: the heap is that of this process, and the place for the address lives on.
    let (heap, error) = unsafe {
        let heap = GetProcessHeap();
        (heap, function(&raw mut table, heap, 0))
    };
    if error != NO_ERROR {
        return Err(error_of(error));
    }
    if table.is_null() {
        return Err(error_of(ERROR_INVALID_DATA));
    }
    taken(heap, table).ok_or_else(|| error_of(ERROR_INVALID_DATA))
}

/// The bytes of a block of a heap, which is given back; `None`, and nothing is given back, where it is no block of it.
fn taken(heap: HANDLE, block: *mut c_void) -> Option<Memory> {
    // SAFETY: the heap looks whether it has such a block, without reading it.
    if unsafe { HeapValidate(heap, 0, block) } == 0 {
        return None;
    }
    // SAFETY: the block is one of that heap, which tells its size; it is read as bytes before it is given back, once.
    unsafe {
        let size = HeapSize(heap, 0, block);
        let bytes =
            (size != usize::MAX).then(|| std::slice::from_raw_parts(block.cast::<u8>(), size).to_vec());
        let address = block.addr() as u64;
        HeapFree(heap, 0, block);
        Some(Memory::new(address, bytes?))
    }
}

/// Who in its process made the socket of a row.
pub(super) fn owner_module(protocol: Protocol, family: Family, row: &[u8]) -> io::Result<Memory> {
    // SAFETY: whoever calls it has to give it what it takes.
    type Function = unsafe extern "system" fn(*const c_void, i32, *mut c_void, *mut u32) -> u32;
    let (name, size_of_row) = match (protocol, family) {
        (Protocol::Tcp, Family::V4) => {
            (s!("GetOwnerModuleFromTcpEntry"), size_of::<MIB_TCPROW_OWNER_MODULE>())
        }
        (Protocol::Tcp, Family::V6) => {
            (s!("GetOwnerModuleFromTcp6Entry"), size_of::<MIB_TCP6ROW_OWNER_MODULE>())
        }
        (Protocol::Udp, Family::V4) => {
            (s!("GetOwnerModuleFromUdpEntry"), size_of::<MIB_UDPROW_OWNER_MODULE>())
        }
        (Protocol::Udp, Family::V6) => {
            (s!("GetOwnerModuleFromUdp6Entry"), size_of::<MIB_UDP6ROW_OWNER_MODULE>())
        }
    };
    if row.len() != size_of_row {
        return Err(error_of(ERROR_INVALID_PARAMETER));
    }
    let found = find(w!("iphlpapi.dll"), name)?;
    // SAFETY: all four take a row, what is wanted, a buffer and its size.
    let function: Function = unsafe { transmute(found) };
    let row = aligned(row);
    grow(|buffer, size| {
        // SAFETY: the row is as long as this function wants it; `buffer` has room for `size` bytes.
        unsafe { function(row.as_ptr().cast(), TCPIP_OWNER_MODULE_INFO_BASIC, buffer.cast(), size) }
    })
}

/// A group of what is counted of a connection, and whether it is.
pub(super) fn estats(what: Estats, family: Family, row: &[u8]) -> io::Result<Memory> {
    // SAFETY: whoever calls it has to give it what it takes.
    type Function = unsafe extern "system" fn(
        *const c_void,
        i32,
        *mut u8,
        u32,
        u32,
        *mut u8,
        u32,
        u32,
        *mut u8,
        u32,
        u32,
    ) -> u32;
    let (name, size_of_row) = match family {
        Family::V4 => (s!("GetPerTcpConnectionEStats"), size_of::<MIB_TCPROW_LH>()),
        Family::V6 => (s!("GetPerTcp6ConnectionEStats"), size_of::<MIB_TCP6ROW>()),
    };
    if row.len() != size_of_row {
        return Err(error_of(ERROR_INVALID_PARAMETER));
    }
    let (kind, size) = match what {
        Estats::Data => (TcpConnectionEstatsData, size_of::<TCP_ESTATS_DATA_ROD_v0>()),
        Estats::Path => (TcpConnectionEstatsPath, size_of::<TCP_ESTATS_PATH_ROD_v0>()),
    };
    let found = find(w!("iphlpapi.dll"), name)?;
    // SAFETY: both take a row, a kind, and three times a structure with its version and size.
    let function: Function = unsafe { transmute(found) };
    let row = aligned(row);
    let mut collected = 0u8;
    let mut counts = vec![0u64; size.div_ceil(8)];
    // SAFETY: the row is as long as this function wants it, the structures as large as they are said to be.
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

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::System::Memory::{HEAP_ZERO_MEMORY, HeapAlloc};

    #[test]
    fn only_a_block_of_the_heap_is_taken() {
        // SAFETY: the heap is that of this process; the block is given back by `taken`, and used no more.
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
