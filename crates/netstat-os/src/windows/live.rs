//! The running system as a [`Source`].
#![expect(
    unsafe_code,
    reason = "Windows functions fill buffers by address, and no safe crate has the socket tables"
)]

pub(super) mod actions;
mod connections;
mod iphlpapi;
pub(crate) mod names;
mod network;
mod processes;
mod programs;
mod registry;
mod trace;

use super::memory::Memory;
use super::source::{Question, Source, Trace};
use netstat_model::{Family, Transport};
use std::io;
use windows_sys::Wdk::System::SystemInformation::{NtQuerySystemInformation, SystemProcessInformation};
use windows_sys::Win32::Foundation::{
    ERROR_GEN_FAILURE, ERROR_INSUFFICIENT_BUFFER, ERROR_OUTOFMEMORY, GetLastError, NO_ERROR,
    RtlNtStatusToDosError, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH,
};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    MIB_ICMP_EX_XPSP1, MIB_IPSTATS_LH, MIB_TCPSTATS_LH, MIB_TCPSTATS2, MIB_UDPSTATS, MIB_UDPSTATS2,
};
use windows_sys::Win32::Networking::WinSock::{ADDRESS_FAMILY, AF_INET, AF_INET6};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::core::BOOL;

/// Size of the first buffer in bytes; enough on most machines.
const FIRST: usize = 64 * 1024;

/// Limit for the size of a buffer in bytes.
const LARGEST: usize = 1 << 30;

/// How often a table may grow between two calls before the last error is returned.
const ATTEMPTS: usize = 20;

/// The running system.
#[derive(Debug, Default)]
pub(crate) struct Live;

impl Source for Live {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        let function = question.function();
        match question {
            Question::TcpTable(family) => connections::table(Transport::Tcp, *family),
            Question::UdpTable(family) => connections::table(Transport::Udp, *family),
            Question::Routes(family) => network::routes(*family),
            Question::IpInterfaces => network::ip_interfaces(),
            Question::Interfaces => network::interfaces(),
            Question::Adapters => network::adapters(),
            Question::Addresses => network::addresses(),
            Question::IpStatistics(family) => network::statistics::<MIB_IPSTATS_LH>(function, *family),
            Question::IcmpStatistics(family) => network::statistics::<MIB_ICMP_EX_XPSP1>(function, *family),
            Question::TcpStatistics(family) => network::statistics::<MIB_TCPSTATS_LH>(function, *family),
            Question::TcpStatistics64(family) => network::statistics::<MIB_TCPSTATS2>(function, *family),
            Question::UdpStatistics(family) => network::statistics::<MIB_UDPSTATS>(function, *family),
            Question::UdpStatistics64(family) => network::statistics::<MIB_UDPSTATS2>(function, *family),
            Question::HostName(kind) => network::host_name(*kind),
            Question::RegistryValues(key) => registry::values(key),
            Question::NetworkDirect => registry::network_direct(),
            Question::DynamicPorts(protocol, family) => programs::show(*protocol, *family, "dynamicport"),
            Question::ExcludedPorts(protocol, family) => {
                programs::show(*protocol, *family, "excludedportrange")
            }
            Question::HttpQueues => programs::http_queues(),
            Question::Templates => programs::templates(),
            Question::SystemFile(path) => network::system_file(path),
            Question::Processes => grow(|buffer, size| {
                let offered = *size;
                // SAFETY: `buffer` has `size` bytes, aligned to eight; the length goes to `size`, which outlives the call.
                let status = unsafe {
                    NtQuerySystemInformation(SystemProcessInformation, buffer.cast(), offered, size)
                };
                win32(status)
            }),
            Question::TcpTable2(family) => connections::tcp_table_2(*family),
            Question::BoundTcp(_) | Question::UdpTable2(_) => connections::allocated(function),
            Question::OwnerModule(protocol, family, row) => {
                connections::owner_module(function, *protocol, *family, row)
            }
            Question::Estats(what, family, row) => connections::estats(function, *what, *family, row),
            Question::Process(pid, part) => processes::part(*pid, *part),
            Question::Account(sid) => processes::account(sid),
            Question::Services(resume) => processes::services(*resume),
            Question::Elevation => processes::elevation(),
            Question::Time => Ok(processes::time()),
            Question::Version => processes::version(),
            Question::Uptime => {
                // SAFETY: the function has no preconditions.
                let milliseconds = unsafe { GetTickCount64() };
                Ok(Memory::flat(milliseconds.to_le_bytes().to_vec()))
            }
        }
    }

    fn trace(&self) -> io::Result<Box<dyn Trace + '_>> {
        Ok(Box::new(trace::Sessions::begin()?))
    }
}

fn address_family(family: Family) -> ADDRESS_FAMILY {
    match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    }
}

/// Converts an NTSTATUS to a Win32 error.
fn win32(status: i32) -> u32 {
    match status {
        STATUS_INFO_LENGTH_MISMATCH | STATUS_BUFFER_TOO_SMALL => ERROR_INSUFFICIENT_BUFFER,
        // SAFETY: the function accepts any number.
        status => unsafe { RtlNtStatusToDosError(status) },
    }
}

/// Calls a function with larger and larger buffers until one is large enough. `call` gets the buffer and its size in
/// bytes, sets the size to what it needs or has used, and returns a Win32 error.
fn grow(mut call: impl FnMut(*mut u64, &mut u32) -> u32) -> io::Result<Memory> {
    let mut wanted = FIRST;
    let mut last = ERROR_INSUFFICIENT_BUFFER;
    for _ in 0..ATTEMPTS {
        // No structure of these functions needs more than eight bytes of alignment.
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
                // The table may grow again before the next call.
                let needed = size as usize + size as usize / 8;
                wanted = needed.max(wanted * 2).min(LARGEST);
                last = ERROR_INSUFFICIENT_BUFFER;
            }
            // Wine returns this if the table kept changing while it was read.
            ERROR_OUTOFMEMORY => last = ERROR_OUTOFMEMORY,
            error => return Err(error_of(error)),
        }
    }
    Err(error_of(last))
}

/// Returns the Win32 error after a function that returned a `BOOL`.
fn error_unless(succeeded: BOOL) -> u32 {
    if succeeded != 0 {
        return NO_ERROR;
    }
    // SAFETY: the function has no preconditions.
    match unsafe { GetLastError() } {
        // A failure without a reason must not pass for success.
        NO_ERROR => ERROR_GEN_FAILURE,
        error => error,
    }
}

/// Copies bytes to memory with the alignment of structures.
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

/// Converts a Win32 error.
fn error_of(error: u32) -> io::Error {
    io::Error::from_raw_os_error(error.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, SetLastError};

    #[test]
    fn a_failure_without_a_reason_is_a_failure() {
        let after = |error, succeeded| {
            // SAFETY: the function accepts any number.
            unsafe { SetLastError(error) };
            error_unless(succeeded)
        };
        assert_eq!(after(ERROR_ACCESS_DENIED, 0), ERROR_ACCESS_DENIED);
        assert_eq!(after(NO_ERROR, 0), ERROR_GEN_FAILURE);
        assert_eq!(after(ERROR_ACCESS_DENIED, 1), NO_ERROR);
    }

    /// The result of calls that return these errors in turn and repeat the last one, and how many calls were made.
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
    fn a_table_that_grew_is_read_again() {
        assert_eq!(asked(&[NO_ERROR]), (Ok(12), 1));
        assert_eq!(asked(&[ERROR_INSUFFICIENT_BUFFER, ERROR_OUTOFMEMORY, NO_ERROR]), (Ok(12), 3));
        assert_eq!(asked(&[ERROR_OUTOFMEMORY]), (Err(Some(14)), ATTEMPTS));
        assert_eq!(asked(&[ERROR_ACCESS_DENIED]), (Err(Some(5)), 1));
    }
}
