//! The running system as a [`Source`].
#![expect(
    unsafe_code,
    reason = "Windows functions fill buffers by address, and no safe crate has the socket tables"
)]

mod connections;
pub(crate) mod names;
mod netsh;
mod network;
mod processes;
mod registry;

use super::memory::Memory;
use super::source::{Question, Source};
use netstat_model::Family;
use std::io;
use windows_sys::Wdk::System::SystemInformation::{NtQuerySystemInformation, SystemProcessInformation};
use windows_sys::Win32::Foundation::{
    ERROR_GEN_FAILURE, ERROR_INSUFFICIENT_BUFFER, ERROR_OUTOFMEMORY, ERROR_PROC_NOT_FOUND, GetLastError,
    NO_ERROR, RtlNtStatusToDosError, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH,
};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, GetExtendedUdpTable, TCP_TABLE_OWNER_MODULE_ALL, UDP_TABLE_OWNER_MODULE,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::core::{BOOL, PCSTR, PCWSTR};

/// The first buffer offered: enough for most machines.
const FIRST: usize = 64 * 1024;

/// No table is as large.
const LARGEST: usize = 1 << 30;

/// How often a table may have grown between two calls.
const ATTEMPTS: usize = 20;

/// The running system.
#[derive(Debug, Default)]
pub(crate) struct Live;

impl Source for Live {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        match question {
            Question::TcpTable(family) => grow(|buffer, size| {
                // SAFETY: `buffer` has room for the `size` bytes it is said to have, aligned to eight.
                unsafe {
                    let class = TCP_TABLE_OWNER_MODULE_ALL;
                    GetExtendedTcpTable(buffer.cast(), size, 0, address_family(*family), class, 0)
                }
            }),
            Question::UdpTable(family) => grow(|buffer, size| {
                // SAFETY: as above.
                unsafe {
                    GetExtendedUdpTable(
                        buffer.cast(),
                        size,
                        0,
                        address_family(*family),
                        UDP_TABLE_OWNER_MODULE,
                        0,
                    )
                }
            }),
            Question::Routes(family) => network::routes(*family),
            Question::IpInterfaces => network::ip_interfaces(),
            Question::Interfaces => network::interfaces(),
            Question::Adapters => network::adapters(),
            Question::Addresses => network::addresses(),
            Question::IpStatistics(family) => network::ip_statistics(*family),
            Question::IcmpStatistics(family) => network::icmp_statistics(*family),
            Question::TcpStatistics(family) => network::tcp_statistics(*family),
            Question::TcpStatistics64(family) => network::tcp_statistics_64(*family),
            Question::UdpStatistics(family) => network::udp_statistics(*family),
            Question::UdpStatistics64(family) => network::udp_statistics_64(*family),
            Question::HostName(kind) => network::host_name(*kind),
            Question::RegistryValues(key) => registry::values(key),
            Question::DynamicPorts(protocol, family) => netsh::show(*protocol, *family, "dynamicport"),
            Question::ExcludedPorts(protocol, family) => netsh::show(*protocol, *family, "excludedportrange"),
            Question::SystemFile(path) => network::system_file(path),
            Question::Processes => grow(|buffer, size| {
                let offered = *size;
                // SAFETY: as above; the length that is needed goes to `size`, which lives on.
                let status = unsafe {
                    NtQuerySystemInformation(SystemProcessInformation, buffer.cast(), offered, size)
                };
                win32(status)
            }),
            Question::TcpTable2(family) => connections::tcp_table_2(*family),
            Question::BoundTcp(family) => connections::bound_tcp(*family),
            Question::UdpTable2(family) => connections::udp_table_2(*family),
            Question::OwnerModule(protocol, family, row) => {
                connections::owner_module(*protocol, *family, row)
            }
            Question::Estats(what, family, row) => connections::estats(*what, *family, row),
            Question::Process(pid, part) => processes::part(*pid, *part),
            Question::Account(sid) => processes::account(sid),
            Question::Services => processes::services(),
            Question::Elevation => processes::elevation(),
            Question::Time => Ok(processes::time()),
            Question::Uptime => {
                // SAFETY: it takes nothing and answers a number.
                let milliseconds = unsafe { GetTickCount64() };
                Ok(Memory::flat(milliseconds.to_le_bytes().to_vec()))
            }
        }
    }
}

fn address_family(family: Family) -> u32 {
    u32::from(match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    })
}

/// The Win32 error of a status of the kernel.
fn win32(status: i32) -> u32 {
    match status {
        STATUS_INFO_LENGTH_MISMATCH | STATUS_BUFFER_TOO_SMALL => ERROR_INSUFFICIENT_BUFFER,
        // SAFETY: the function takes any number.
        status => unsafe { RtlNtStatusToDosError(status) },
    }
}

/// Calls a function with a larger buffer each time it says that the one it was given is too small. The function takes
/// the buffer and its size in bytes, changes the size to what it needs or has used, and answers a Win32 error.
fn grow(mut call: impl FnMut(*mut u64, &mut u32) -> u32) -> io::Result<Memory> {
    let mut wanted = FIRST;
    let mut last = ERROR_INSUFFICIENT_BUFFER;
    for _ in 0..ATTEMPTS {
        // Every structure of these functions is aligned to eight bytes at most.
        let mut buffer = vec![0u64; wanted.div_ceil(8)];
        let offered = buffer.len() * 8;
        let mut size = u32::try_from(offered).unwrap_or(u32::MAX);
        match call(buffer.as_mut_ptr(), &mut size) {
            NO_ERROR => {
                let used = match size as usize {
                    0 => offered,
                    size => size.min(offered),
                };
                let mut bytes: Vec<u8> = buffer.iter().flat_map(|word| word.to_ne_bytes()).collect();
                bytes.truncate(used);
                return Ok(Memory::new(buffer.as_ptr().addr() as u64, bytes));
            }
            ERROR_INSUFFICIENT_BUFFER => {
                // It may grow again before the next call.
                let needed = size as usize + size as usize / 8;
                wanted = needed.max(wanted * 2).min(LARGEST);
                last = ERROR_INSUFFICIENT_BUFFER;
            }
            // Wine says so when the table has changed again and again while it was read.
            ERROR_OUTOFMEMORY => last = ERROR_OUTOFMEMORY,
            error => return Err(error_of(error)),
        }
    }
    Err(error_of(last))
}

/// A function that this Windows may not have.
// SAFETY: whoever calls it has to know what it takes.
fn find(library: PCWSTR, name: PCSTR) -> io::Result<unsafe extern "system" fn() -> isize> {
    // SAFETY: both names end in a zero; the libraries asked for are loaded, because this program needs them.
    unsafe { GetProcAddress(GetModuleHandleW(library), name) }.ok_or_else(|| error_of(ERROR_PROC_NOT_FOUND))
}

/// The Win32 error of a function that answers whether it succeeded.
fn error_unless(succeeded: BOOL) -> u32 {
    if succeeded != 0 {
        return NO_ERROR;
    }
    // SAFETY: it reads a number of this thread.
    match unsafe { GetLastError() } {
        // It has failed and does not say why; that must not pass for success.
        NO_ERROR => ERROR_GEN_FAILURE,
        error => error,
    }
}

/// Bytes in memory that is aligned as structures want it.
fn aligned(bytes: &[u8]) -> Vec<u64> {
    bytes
        .chunks(8)
        .map(|chunk| {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            u64::from_ne_bytes(word)
        })
        .collect()
}

/// A Win32 error as one of Rust.
fn error_of(error: u32) -> io::Error {
    io::Error::from_raw_os_error(error.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, SetLastError};

    #[test]
    fn what_failed_without_a_reason_has_failed() {
        let after = |error, succeeded| {
            // SAFETY: it keeps a number for this thread.
            unsafe { SetLastError(error) };
            error_unless(succeeded)
        };
        assert_eq!(after(ERROR_ACCESS_DENIED, 0), ERROR_ACCESS_DENIED);
        assert_eq!(after(NO_ERROR, 0), ERROR_GEN_FAILURE);
        assert_eq!(after(ERROR_ACCESS_DENIED, 1), NO_ERROR);
    }

    /// What comes of these errors, one for each call, the last one again and again; and how many calls it took.
    fn asked(errors: &[u32]) -> (Result<usize, Option<i32>>, usize) {
        let mut calls = 0;
        let answer = grow(|_, size| {
            let error = *errors.get(calls).or(errors.last()).unwrap();
            calls += 1;
            *size = if error == NO_ERROR { 12 } else { 1000 };
            error
        });
        (answer.map(|memory| memory.bytes().len()).map_err(|error| error.raw_os_error()), calls)
    }

    #[test]
    fn a_table_that_changes_meanwhile_is_asked_for_again() {
        assert_eq!(asked(&[NO_ERROR]), (Ok(12), 1));
        assert_eq!(asked(&[ERROR_INSUFFICIENT_BUFFER, ERROR_OUTOFMEMORY, NO_ERROR]), (Ok(12), 3));
        assert_eq!(asked(&[ERROR_OUTOFMEMORY]), (Err(Some(14)), ATTEMPTS));
        assert_eq!(asked(&[ERROR_ACCESS_DENIED]), (Err(Some(5)), 1));
    }
}
