//! Tables and counters of the network, the name of the machine, and system files.
#![expect(
    unsafe_code,
    reason = "Windows functions fill buffers by address, and no safe crate has the route and counter tables"
)]

use super::iphlpapi::{
    FreeMibTable, GetAdaptersAddresses, GetIfTable2, GetIpForwardTable2, GetIpInterfaceTable,
    GetUnicastIpAddressTable, find,
};
use super::{address_family, error_of, grow};
use crate::windows::memory::Memory;
use crate::windows::mib_table::FIRST_ROW;
use crate::windows::source::HostName;
use netstat_model::Family;
use std::ffi::OsString;
use std::io;
use std::mem::{MaybeUninit, transmute};
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;
use std::ptr;
use windows_sys::Win32::Foundation::{ERROR_BUFFER_OVERFLOW, ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER, GAA_FLAG_SKIP_FRIENDLY_NAME, GAA_FLAG_SKIP_MULTICAST,
    GAA_FLAG_SKIP_UNICAST, MIB_IF_ROW2, MIB_IPFORWARD_ROW2, MIB_IPINTERFACE_ROW, MIB_UNICASTIPADDRESS_ROW,
};
use windows_sys::Win32::Networking::WinSock::AF_UNSPEC;
use windows_sys::Win32::System::SystemInformation::{
    ComputerNameDnsFullyQualified, ComputerNameDnsHostname, GetComputerNameExW, GetSystemDirectoryW,
};

/// Size of buffers for names and paths in UTF-16 units. Both have at most 260 by definition.
const NAME_UNITS: u32 = 1024;

pub(super) fn routes(family: Family) -> io::Result<Memory> {
    let row = size_of::<MIB_IPFORWARD_ROW2>();
    // SAFETY: the pointer to the table is valid.
    mib_table(row, |table| unsafe { GetIpForwardTable2(address_family(family), table) })
}

pub(super) fn ip_interfaces() -> io::Result<Memory> {
    // SAFETY: the pointer to the table is valid.
    mib_table(size_of::<MIB_IPINTERFACE_ROW>(), |table| unsafe { GetIpInterfaceTable(AF_UNSPEC, table) })
}

pub(super) fn interfaces() -> io::Result<Memory> {
    // SAFETY: the pointer to the table is valid.
    mib_table(size_of::<MIB_IF_ROW2>(), |table| unsafe { GetIfTable2(table) })
}

pub(super) fn addresses() -> io::Result<Memory> {
    let row = size_of::<MIB_UNICASTIPADDRESS_ROW>();
    // SAFETY: the pointer to the table is valid.
    mib_table(row, |table| unsafe { GetUnicastIpAddressTable(AF_UNSPEC, table) })
}

/// Copies a table that Windows allocates: a count, then at [`FIRST_ROW`] the rows, which have `row` bytes each.
fn mib_table<T>(row: usize, call: impl FnOnce(*mut *mut T) -> u32) -> io::Result<Memory> {
    let mut table: *mut T = ptr::null_mut();
    match call(&mut table) {
        NO_ERROR if table.is_null() => return Err(io::Error::from(io::ErrorKind::InvalidData)),
        NO_ERROR => {}
        error => return Err(error_of(error)),
    }
    // SAFETY: Windows allocated a table here, which begins with the number of its rows and has that many of them.
    let bytes = unsafe {
        let count = table.cast::<u32>().read() as usize;
        let size = if count == 0 { size_of::<u32>() } else { FIRST_ROW + count * row };
        std::slice::from_raw_parts(table.cast::<u8>(), size).to_vec()
    };
    // SAFETY: the table is the one that Windows allocated, and nothing points to it any more.
    unsafe { FreeMibTable(table.cast_const().cast()) };
    Ok(Memory::flat(bytes))
}

pub(super) fn adapters() -> io::Result<Memory> {
    let flags = GAA_FLAG_SKIP_UNICAST
        | GAA_FLAG_SKIP_ANYCAST
        | GAA_FLAG_SKIP_MULTICAST
        | GAA_FLAG_SKIP_DNS_SERVER
        | GAA_FLAG_SKIP_FRIENDLY_NAME;
    grow(|buffer, size| {
        // SAFETY: `buffer` has `size` bytes, aligned to eight.
        let error =
            unsafe { GetAdaptersAddresses(u32::from(AF_UNSPEC), flags, ptr::null(), buffer.cast(), size) };
        if error == ERROR_BUFFER_OVERFLOW { ERROR_INSUFFICIENT_BUFFER } else { error }
    })
}

/// Reads the counters of a protocol by a function of the kind `Get...StatisticsEx`. `T` is its structure, which holds
/// numbers and nothing else, so that every bit pattern is valid.
pub(super) fn statistics<T>(function: &str, family: Family) -> io::Result<Memory> {
    // SAFETY: the caller must pass these arguments.
    type Function<T> = unsafe extern "system" fn(*mut T, u32) -> u32;
    let found = find(function)?;
    // SAFETY: the functions of this kind take their structure and a family, and return a Win32 error.
    let function: Function<T> = unsafe { transmute(found) };
    let mut counters = MaybeUninit::<T>::zeroed();
    // SAFETY: the structure is the one that the function fills.
    match unsafe { function(counters.as_mut_ptr(), u32::from(address_family(family))) } {
        NO_ERROR => {}
        error => return Err(error_of(error)),
    }
    // SAFETY: all bytes were zero before Windows wrote numbers over them.
    let bytes = unsafe { std::slice::from_raw_parts(counters.as_ptr().cast::<u8>(), size_of::<T>()) };
    Ok(Memory::flat(bytes.to_vec()))
}

pub(super) fn host_name(kind: HostName) -> io::Result<Memory> {
    let kind = match kind {
        HostName::Short => ComputerNameDnsHostname,
        HostName::Full => ComputerNameDnsFullyQualified,
    };
    let mut name = [0u16; NAME_UNITS as usize];
    let mut units = NAME_UNITS;
    // SAFETY: the buffer has as many units as stated.
    if unsafe { GetComputerNameExW(kind, name.as_mut_ptr(), &mut units) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let used = name.iter().take(units as usize);
    Ok(Memory::flat(used.flat_map(|unit| unit.to_le_bytes()).collect()))
}

pub(super) fn system_file(path: &str) -> io::Result<Memory> {
    Ok(Memory::flat(std::fs::read(system_folder()?.join(path))?))
}

/// Returns `%SystemRoot%\System32`.
pub(super) fn system_folder() -> io::Result<PathBuf> {
    let mut folder = [0u16; NAME_UNITS as usize];
    // SAFETY: the buffer has as many units as stated.
    let used = unsafe { GetSystemDirectoryW(folder.as_mut_ptr(), NAME_UNITS) } as usize;
    match folder.get(..used).filter(|folder| !folder.is_empty()) {
        Some(folder) => Ok(OsString::from_wide(folder).into()),
        None => Err(io::Error::last_os_error()),
    }
}
