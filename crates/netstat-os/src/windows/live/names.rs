//! Host names from the resolver of Windows: hosts file, DNS, LLMNR, NetBIOS, whatever it is configured for.
#![expect(
    unsafe_code,
    reason = "GetNameInfoW fills buffers by address; safe crates call the variant of the ANSI code page"
)]

use super::network;
use crate::windows::host::decode_name;
use crate::windows::source::HostName;
use std::net::SocketAddr;
use std::ptr;
use std::sync::OnceLock;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, GetNameInfoW, IN_ADDR, IN_ADDR_0, IN6_ADDR, IN6_ADDR_0, NI_NAMEREQD, SOCKADDR_IN,
    SOCKADDR_IN6, SOCKADDR_IN6_0, WSADATA, WSAStartup,
};

/// The longest name in UTF-16 units (`NI_MAXHOST`).
const NAME_UNITS: u32 = 1025;

/// Winsock 2.2.
const VERSION: u16 = 0x0202;

/// Initializes Winsock once in the process, for as long as it runs. Returns true if it succeeded.
fn start_winsock() -> bool {
    static ON: OnceLock<bool> = OnceLock::new();
    *ON.get_or_init(|| {
        let mut about = WSADATA::default();
        // SAFETY: the pointer to the description is valid.
        unsafe { WSAStartup(VERSION, &mut about) == 0 }
    })
}

/// Resolves an address to a name; `None` if it has none.
pub(crate) fn name_of_end(end: &SocketAddr) -> Option<String> {
    if !start_winsock() {
        return None;
    }
    match end {
        SocketAddr::V4(end) => name_of(&SOCKADDR_IN {
            sin_family: AF_INET,
            sin_port: 0,
            sin_addr: IN_ADDR { S_un: IN_ADDR_0 { S_addr: u32::from_ne_bytes(end.ip().octets()) } },
            sin_zero: [0; 8],
        }),
        SocketAddr::V6(end) => name_of(&SOCKADDR_IN6 {
            sin6_family: AF_INET6,
            sin6_port: 0,
            sin6_flowinfo: 0,
            sin6_addr: IN6_ADDR { u: IN6_ADDR_0 { Byte: end.ip().octets() } },
            Anonymous: SOCKADDR_IN6_0 { sin6_scope_id: end.scope_id() },
        }),
    }
}

/// Resolves an address. `T` is the `SOCKADDR` structure of its family.
fn name_of<T>(address: &T) -> Option<String> {
    let mut name = [0u16; NAME_UNITS as usize];
    let length = i32::try_from(size_of::<T>()).ok()?;
    let flags = i32::try_from(NI_NAMEREQD).ok()?;
    // SAFETY: the address and the buffer have the stated lengths; the name of a port is not requested.
    let error = unsafe {
        GetNameInfoW(
            ptr::from_ref(address).cast(),
            length,
            name.as_mut_ptr(),
            NAME_UNITS,
            ptr::null_mut(),
            0,
            flags,
        )
    };
    let end = name.iter().position(|&unit| unit == 0)?;
    (error == 0).then(|| String::from_utf16(name.get(..end)?).ok()).flatten()
}

/// Returns the fully qualified name of this machine.
pub(crate) fn own_full_name() -> Option<String> {
    decode_name(network::host_name(HostName::Full).ok()?.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

    #[test]
    fn the_loopback_address_has_a_name_and_a_reserved_one_has_none() {
        let v4 = |address: [u8; 4]| SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::from(address), 0));
        let name = name_of_end(&v4([127, 0, 0, 1])).expect("a name");
        assert!(!name.is_empty() && name.parse::<Ipv4Addr>().is_err(), "{name}");
        assert_eq!(name_of_end(&v4([0, 0, 0, 0])).filter(|name| name.contains("0.0.0")), None);
        // Any answer is fine as long as nothing crashes.
        let _ = name_of_end(&SocketAddr::V6(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0)));
    }

    #[test]
    fn this_machine_has_a_name() {
        let short = decode_name(network::host_name(HostName::Short).unwrap().bytes()).unwrap();
        let full = own_full_name().unwrap();
        assert!(full.starts_with(&short), "{short} {full}");
    }
}
