//! The tables and counters of the network, and the name of the machine.
#![expect(
    unsafe_code,
    reason = "Windows functions fill buffers by address, and no safe crate has the route and counter tables"
)]

use super::{address_family, error_of, grow};
use crate::windows::memory::Memory;
use crate::windows::source::HostName;
use netstat_model::Family;
use std::ffi::OsString;
use std::io;
use std::mem::{MaybeUninit, offset_of, transmute};
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;
use std::ptr;
use windows_sys::Win32::Foundation::{
    ERROR_BUFFER_OVERFLOW, ERROR_INSUFFICIENT_BUFFER, ERROR_PROC_NOT_FOUND, NO_ERROR,
};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    FreeMibTable, GAA_FLAG_SKIP_ANYCAST, GAA_FLAG_SKIP_DNS_SERVER, GAA_FLAG_SKIP_FRIENDLY_NAME,
    GAA_FLAG_SKIP_MULTICAST, GAA_FLAG_SKIP_UNICAST, GetAdaptersAddresses, GetIcmpStatisticsEx, GetIfTable2,
    GetIpForwardTable2, GetIpInterfaceTable, GetIpStatisticsEx, GetTcpStatisticsEx, GetUdpStatisticsEx,
    GetUnicastIpAddressTable, MIB_ICMP_EX_XPSP1, MIB_IF_ROW2, MIB_IF_TABLE2, MIB_IPFORWARD_ROW2,
    MIB_IPFORWARD_TABLE2, MIB_IPINTERFACE_ROW, MIB_IPINTERFACE_TABLE, MIB_IPSTATS_LH, MIB_TCPSTATS_LH,
    MIB_TCPSTATS2, MIB_UDPSTATS, MIB_UDPSTATS2, MIB_UNICASTIPADDRESS_ROW, MIB_UNICASTIPADDRESS_TABLE,
};
use windows_sys::Win32::Networking::WinSock::{ADDRESS_FAMILY, AF_INET, AF_INET6, AF_UNSPEC};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::SystemInformation::{
    ComputerNameDnsFullyQualified, ComputerNameDnsHostname, GetComputerNameExW, GetSystemDirectoryW,
};
use windows_sys::core::{PCSTR, s, w};

/// The longest name and path asked for, in 16-bit units. Both are at most 260 by their definitions.
const NAME_UNITS: u32 = 1024;

pub(super) fn routes(family: Family) -> io::Result<Memory> {
    let layout = (offset_of!(MIB_IPFORWARD_TABLE2, Table), size_of::<MIB_IPFORWARD_ROW2>());
    // SAFETY: the place for the pointer is valid.
    mib_table(layout, |table| unsafe { GetIpForwardTable2(short_family(family), table) })
}

pub(super) fn ip_interfaces() -> io::Result<Memory> {
    let layout = (offset_of!(MIB_IPINTERFACE_TABLE, Table), size_of::<MIB_IPINTERFACE_ROW>());
    // SAFETY: as above.
    mib_table(layout, |table| unsafe { GetIpInterfaceTable(AF_UNSPEC, table) })
}

pub(super) fn interfaces() -> io::Result<Memory> {
    let layout = (offset_of!(MIB_IF_TABLE2, Table), size_of::<MIB_IF_ROW2>());
    // SAFETY: as above.
    mib_table(layout, |table| unsafe { GetIfTable2(table) })
}

pub(super) fn addresses() -> io::Result<Memory> {
    let layout = (offset_of!(MIB_UNICASTIPADDRESS_TABLE, Table), size_of::<MIB_UNICASTIPADDRESS_ROW>());
    // SAFETY: as above.
    mib_table(layout, |table| unsafe { GetUnicastIpAddressTable(AF_UNSPEC, table) })
}

pub(super) fn adapters() -> io::Result<Memory> {
    let flags = GAA_FLAG_SKIP_UNICAST
        | GAA_FLAG_SKIP_ANYCAST
        | GAA_FLAG_SKIP_MULTICAST
        | GAA_FLAG_SKIP_DNS_SERVER
        | GAA_FLAG_SKIP_FRIENDLY_NAME;
    grow(|buffer, size| {
        // SAFETY: `buffer` has room for the `size` bytes it is said to have, aligned to eight.
        let error =
            unsafe { GetAdaptersAddresses(u32::from(AF_UNSPEC), flags, ptr::null(), buffer.cast(), size) };
        if error == ERROR_BUFFER_OVERFLOW { ERROR_INSUFFICIENT_BUFFER } else { error }
    })
}

pub(super) fn ip_statistics(family: Family) -> io::Result<Memory> {
    // SAFETY: the place for the counters is valid.
    fixed::<MIB_IPSTATS_LH>(|counters| unsafe { GetIpStatisticsEx(counters, address_family(family)) })
}

pub(super) fn icmp_statistics(family: Family) -> io::Result<Memory> {
    // SAFETY: as above.
    fixed::<MIB_ICMP_EX_XPSP1>(|counters| unsafe { GetIcmpStatisticsEx(counters, address_family(family)) })
}

pub(super) fn tcp_statistics(family: Family) -> io::Result<Memory> {
    // SAFETY: as above.
    fixed::<MIB_TCPSTATS_LH>(|counters| unsafe { GetTcpStatisticsEx(counters, address_family(family)) })
}

pub(super) fn udp_statistics(family: Family) -> io::Result<Memory> {
    // SAFETY: as above.
    fixed::<MIB_UDPSTATS>(|counters| unsafe { GetUdpStatisticsEx(counters, address_family(family)) })
}

pub(super) fn tcp_statistics_64(family: Family) -> io::Result<Memory> {
    fixed_if_there::<MIB_TCPSTATS2>(s!("GetTcpStatisticsEx2"), family)
}

pub(super) fn udp_statistics_64(family: Family) -> io::Result<Memory> {
    fixed_if_there::<MIB_UDPSTATS2>(s!("GetUdpStatisticsEx2"), family)
}

pub(super) fn host_name(kind: HostName) -> io::Result<Memory> {
    let kind = match kind {
        HostName::Short => ComputerNameDnsHostname,
        HostName::Full => ComputerNameDnsFullyQualified,
    };
    let mut name = [0u16; NAME_UNITS as usize];
    let mut units = NAME_UNITS;
    // SAFETY: the buffer has as many units as are said, and the answer says how many were used.
    if unsafe { GetComputerNameExW(kind, name.as_mut_ptr(), &mut units) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let used = name.iter().take(units as usize);
    Ok(Memory::flat(used.flat_map(|unit| unit.to_le_bytes()).collect()))
}

pub(super) fn system_file(path: &str) -> io::Result<Memory> {
    Ok(Memory::flat(std::fs::read(system_folder()?.join(path))?))
}

/// The folder of Windows's own programs.
pub(super) fn system_folder() -> io::Result<PathBuf> {
    let mut folder = [0u16; NAME_UNITS as usize];
    // SAFETY: the buffer has as many units as are said.
    let used = unsafe { GetSystemDirectoryW(folder.as_mut_ptr(), NAME_UNITS) } as usize;
    match folder.get(..used).filter(|folder| !folder.is_empty()) {
        Some(folder) => Ok(OsString::from_wide(folder).into()),
        None => Err(io::Error::last_os_error()),
    }
}

fn short_family(family: Family) -> ADDRESS_FAMILY {
    match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    }
}

/// A table that Windows allocates: a count, then rows, which begin at `first` and have `row` bytes each.
fn mib_table<T>((first, row): (usize, usize), call: impl FnOnce(*mut *mut T) -> u32) -> io::Result<Memory> {
    let mut table: *mut T = ptr::null_mut();
    match call(&mut table) {
        NO_ERROR if table.is_null() => return Err(io::Error::from(io::ErrorKind::InvalidData)),
        NO_ERROR => {}
        error => return Err(error_of(error)),
    }
    // SAFETY: Windows has made a table here, which begins with the number of its rows and has that many of them.
    let bytes = unsafe {
        let count = table.cast::<u32>().read() as usize;
        let size = if count == 0 { size_of::<u32>() } else { first + count * row };
        std::slice::from_raw_parts(table.cast::<u8>(), size).to_vec()
    };
    // SAFETY: the table is the one Windows made, and nothing refers to it any more.
    unsafe { FreeMibTable(table.cast_const().cast()) };
    Ok(Memory::flat(bytes))
}

/// A structure of a fixed size that holds numbers and nothing else, where every bit pattern is valid.
fn fixed<T>(call: impl FnOnce(*mut T) -> u32) -> io::Result<Memory> {
    let mut place = MaybeUninit::<T>::zeroed();
    match call(place.as_mut_ptr()) {
        NO_ERROR => {}
        error => return Err(error_of(error)),
    }
    // SAFETY: all bytes were zero, and Windows has written numbers over them.
    let bytes = unsafe { std::slice::from_raw_parts(place.as_ptr().cast::<u8>(), size_of::<T>()) };
    Ok(Memory::flat(bytes.to_vec()))
}

/// The same from a function that this Windows may not have.
fn fixed_if_there<T>(function: PCSTR, family: Family) -> io::Result<Memory> {
    // SAFETY: both names end in a zero; the library is loaded, because this program needs it.
    let Some(found) = (unsafe { GetProcAddress(GetModuleHandleW(w!("iphlpapi.dll")), function) }) else {
        return Err(error_of(ERROR_PROC_NOT_FOUND));
    };
    // SAFETY: the functions this is called for take a structure of their own and the family, and answer an error.
    let function: unsafe extern "system" fn(*mut T, u32) -> u32 = unsafe { transmute(found) };
    // SAFETY: the place for the counters is valid, and of the type the function fills.
    fixed::<T>(|counters| unsafe { function(counters, address_family(family)) })
}
