//! The running system as a [`Source`].
#![allow(unsafe_code)]

use super::memory::Memory;
use super::source::{Question, Source};
use crate::model::Family;
use std::io;
use windows_sys::Wdk::System::SystemInformation::{NtQuerySystemInformation, SystemProcessInformation};
use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, NO_ERROR, RtlNtStatusToDosError, STATUS_BUFFER_TOO_SMALL,
    STATUS_INFO_LENGTH_MISMATCH,
};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, GetExtendedUdpTable, TCP_TABLE_OWNER_MODULE_ALL, UDP_TABLE_OWNER_MODULE,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;

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
            Question::Processes => grow(|buffer, size| {
                let offered = *size;
                // SAFETY: as above; the length that is needed goes to `size`, which lives on.
                let status = unsafe {
                    NtQuerySystemInformation(SystemProcessInformation, buffer.cast(), offered, size)
                };
                win32(status)
            }),
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
            }
            error => return Err(error_of(error)),
        }
    }
    Err(error_of(ERROR_INSUFFICIENT_BUFFER))
}

/// A Win32 error as one of Rust.
fn error_of(error: u32) -> io::Error {
    io::Error::from_raw_os_error(error.cast_signed())
}
