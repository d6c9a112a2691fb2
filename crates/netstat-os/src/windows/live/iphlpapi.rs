//! The functions of iphlpapi.dll, looked up when they are called: not every version of Windows has all of them, and a library
//! that the program imports would be taken from the program's own folder, where somebody else may have put one.
#![expect(unsafe_code, reason = "functions are looked up by their names")]

use super::{error_of, error_unless};
use std::ffi::{CString, c_void};
use std::io;
use std::mem::transmute;
use std::ptr::null_mut;
use std::sync::OnceLock;
use windows_sys::Win32::Foundation::ERROR_PROC_NOT_FOUND;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GET_ADAPTERS_ADDRESSES_FLAGS, IP_ADAPTER_ADDRESSES_LH, MIB_IF_TABLE2, MIB_IPFORWARD_TABLE2,
    MIB_IPINTERFACE_TABLE, MIB_TCP6TABLE2, MIB_TCPROW_LH, MIB_TCPTABLE2, MIB_UNICASTIPADDRESS_TABLE,
    TCP_TABLE_CLASS, UDP_TABLE_CLASS,
};
use windows_sys::Win32::Networking::WinSock::ADDRESS_FAMILY;
use windows_sys::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW,
};
use windows_sys::core::{BOOL, w};

/// A function of any signature.
type Found = unsafe extern "system" fn() -> isize;

/// Looks up a function.
///
/// # Errors
/// `ERROR_PROC_NOT_FOUND` where this version of Windows lacks it, or why the library could not be loaded.
pub(super) fn find(function: &str) -> io::Result<Found> {
    // The address of the library, which stays loaded, or the error.
    static LIBRARY: OnceLock<Result<usize, u32>> = OnceLock::new();
    let library = *LIBRARY.get_or_init(|| {
        // SAFETY: the name ends in a zero.
        let library = unsafe { LoadLibraryExW(w!("iphlpapi.dll"), null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32) };
        if library.is_null() { Err(error_unless(0)) } else { Ok(library.expose_provenance()) }
    });
    let library = std::ptr::with_exposed_provenance_mut(library.map_err(error_of)?);
    let function = CString::new(function)?;
    // SAFETY: the library is loaded, and the name ends in a zero.
    let found = unsafe { GetProcAddress(library, function.as_ptr().cast()) };
    found.ok_or_else(|| error_of(ERROR_PROC_NOT_FOUND))
}

/// Makes functions that call those of the same names, or return why they could not be found.
macro_rules! functions {
    ($(fn $name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        /// Calls the function of this name.
        ///
        /// # Safety
        /// That of the function.
        #[expect(non_snake_case, reason = "the names of Windows")]
        pub(super) unsafe fn $name($($argument: $kind),*) -> u32 {
            type Function = unsafe extern "system" fn($($kind),*) -> u32;
            match find(stringify!($name)) {
                // SAFETY: the function has this signature, and the caller keeps its conditions.
                Ok(found) => unsafe { transmute::<Found, Function>(found)($($argument),*) },
                Err(error) => error.raw_os_error().map_or(ERROR_PROC_NOT_FOUND, i32::cast_unsigned),
            }
        }
    )*};
}

functions! {
    fn GetAdaptersAddresses(
        family: u32, flags: GET_ADAPTERS_ADDRESSES_FLAGS, reserved: *const c_void,
        adapters: *mut IP_ADAPTER_ADDRESSES_LH, size: *mut u32
    );
    fn GetExtendedTcpTable(
        table: *mut c_void, size: *mut u32, order: BOOL, family: u32, class: TCP_TABLE_CLASS, reserved: u32
    );
    fn GetExtendedUdpTable(
        table: *mut c_void, size: *mut u32, order: BOOL, family: u32, class: UDP_TABLE_CLASS, reserved: u32
    );
    fn GetIfTable2(table: *mut *mut MIB_IF_TABLE2);
    fn GetIpForwardTable2(family: ADDRESS_FAMILY, table: *mut *mut MIB_IPFORWARD_TABLE2);
    fn GetIpInterfaceTable(family: ADDRESS_FAMILY, table: *mut *mut MIB_IPINTERFACE_TABLE);
    fn GetTcp6Table2(table: *mut MIB_TCP6TABLE2, size: *mut u32, order: BOOL);
    fn GetTcpTable2(table: *mut MIB_TCPTABLE2, size: *mut u32, order: BOOL);
    fn GetUnicastIpAddressTable(family: ADDRESS_FAMILY, table: *mut *mut MIB_UNICASTIPADDRESS_TABLE);
    fn SetTcpEntry(row: *const MIB_TCPROW_LH);
}

/// Frees a table that one of these functions allocated.
///
/// # Safety
/// Nothing may point to the table any more.
#[expect(non_snake_case, reason = "the name of Windows")]
pub(super) unsafe fn FreeMibTable(table: *const c_void) {
    type Function = unsafe extern "system" fn(*const c_void);
    // Whoever has a table to free has found the function that made it.
    if let Ok(found) = find("FreeMibTable") {
        // SAFETY: the function has this signature, and the caller keeps its condition.
        unsafe { transmute::<Found, Function>(found)(table) }
    }
}
