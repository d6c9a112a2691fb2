//! Processes, accounts and services.
#![expect(
    unsafe_code,
    reason = "the seam records the bytes of Windows' answers, which no safe crate returns"
)]

use super::{aligned, error_of, error_unless, grow, win32};
use crate::windows::memory::Memory;
use crate::windows::source::Part;
use std::io;
use std::ptr::{null, null_mut};
use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessCommandLineInformation};
use windows_sys::Win32::Foundation::{CloseHandle, ERROR_MORE_DATA, FILETIME, HANDLE, NO_ERROR};
use windows_sys::Win32::Security::{
    GetTokenInformation, LookupAccountSidW, TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TokenElevation, TokenUser,
};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, EnumServicesStatusExW, OpenSCManagerW, SC_ENUM_PROCESS_INFO,
    SC_MANAGER_ENUMERATE_SERVICE, SERVICE_ACTIVE, SERVICE_WIN32,
};
use windows_sys::Win32::System::SystemInformation::{GetSystemTimePreciseAsFileTime, OSVERSIONINFOW};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, GetProcessTimes, OpenProcess, OpenProcessToken, PROCESS_NAME_WIN32,
    PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

/// The longest path in UTF-16 units.
const PATH_UNITS: u32 = 32 * 1024;

/// Size of buffers for names of users and domains in UTF-16 units. They have at most 256 by definition.
const NAME_UNITS: usize = 1024;

/// An open handle, closed on drop.
struct Handle(HANDLE);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open and has no other owner.
        unsafe { CloseHandle(self.0) };
    }
}

fn succeeded(error: u32) -> io::Result<()> {
    if error == NO_ERROR { Ok(()) } else { Err(error_of(error)) }
}

fn filetime(time: FILETIME) -> u64 {
    u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
}

/// Reads a property of a process, after its creation time. Both come from one handle, so they belong to one process.
pub(super) fn part(pid: u32, part: Part) -> io::Result<Memory> {
    // SAFETY: the function accepts any number.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    succeeded(error_unless(i32::from(!process.is_null())))?;
    let process = Handle(process);
    let mut times = [FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 }; 4];
    let [created, exited, kernel, user] = &mut times;
    // SAFETY: the handle is open, and the four pointers are valid.
    succeeded(error_unless(unsafe { GetProcessTimes(process.0, created, exited, kernel, user) }))?;
    let known = match part {
        Part::Path => path(&process),
        Part::CommandLine => command_line(&process),
        Part::User => token_information(&process, TokenUser),
    };
    Ok(known?.after(filetime(times[0])))
}

fn path(process: &Handle) -> io::Result<Memory> {
    let mut units = vec![0u16; PATH_UNITS as usize];
    let mut length = PATH_UNITS;
    // SAFETY: the handle is open, and the buffer has as many units as stated.
    let done = unsafe {
        QueryFullProcessImageNameW(process.0, PROCESS_NAME_WIN32, units.as_mut_ptr(), &raw mut length)
    };
    succeeded(error_unless(done))?;
    let path = units.get(..length as usize).unwrap_or_default();
    Ok(Memory::flat(path.iter().flat_map(|unit| unit.to_le_bytes()).collect()))
}

fn command_line(process: &Handle) -> io::Result<Memory> {
    grow(|buffer, size| {
        let offered = *size;
        // SAFETY: the handle is open, and `buffer` has as many bytes as stated, aligned to eight.
        win32(unsafe {
            NtQueryInformationProcess(process.0, ProcessCommandLineInformation, buffer.cast(), offered, size)
        })
    })
}

fn token_information(process: &Handle, class: TOKEN_INFORMATION_CLASS) -> io::Result<Memory> {
    let mut token = null_mut();
    // SAFETY: the handle is open, and the pointer to the token is valid.
    succeeded(error_unless(unsafe { OpenProcessToken(process.0, TOKEN_QUERY, &raw mut token) }))?;
    let token = Handle(token);
    grow(|buffer, size| {
        let offered = *size;
        // SAFETY: the token is open, and `buffer` has as many bytes as stated, aligned to eight.
        error_unless(unsafe { GetTokenInformation(token.0, class, buffer.cast(), offered, size) })
    })
}

/// Reads whether this process is elevated.
pub(super) fn elevation() -> io::Result<Memory> {
    // The function returns a pseudo handle, and closing it does nothing.
    // SAFETY: the function has no preconditions.
    token_information(&Handle(unsafe { GetCurrentProcess() }), TokenElevation)
}

/// Looks up the name and the domain of an account.
pub(super) fn account(sid: &[u8]) -> io::Result<Memory> {
    let sid = aligned(sid);
    let (mut name, mut domain) = ([0u16; NAME_UNITS], [0u16; NAME_UNITS]);
    let [mut name_units, mut domain_units] = [u32::try_from(NAME_UNITS).unwrap_or(0); 2];
    let mut kind = 0;
    // SAFETY: the SID came from Windows and is aligned; the buffers have as many units as stated.
    let done = unsafe {
        LookupAccountSidW(
            null(),
            sid.as_ptr().cast_mut().cast(),
            name.as_mut_ptr(),
            &raw mut name_units,
            domain.as_mut_ptr(),
            &raw mut domain_units,
            &raw mut kind,
        )
    };
    succeeded(error_unless(done))?;
    let text = |units: &[u16], length: u32| {
        units
            .iter()
            .take(length as usize)
            .chain(&[0])
            .flat_map(|unit| unit.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    Ok(Memory::flat([text(&name, name_units), text(&domain, domain_units)].concat()))
}

/// Size of the buffer for services in bytes, which has room for dozens. The function fills no more than 256 KiB.
const SERVICES: usize = 128 * 1024;

/// Lists active services and their processes, as many as fit into the buffer, from this resume handle on.
pub(super) fn services(mut resume: u32) -> io::Result<Memory> {
    // SAFETY: null names stand for this machine and its active services.
    let manager = unsafe { OpenSCManagerW(null(), null(), SC_MANAGER_ENUMERATE_SERVICE) };
    succeeded(error_unless(i32::from(!manager.is_null())))?;
    let mut buffer = vec![0u64; SERVICES / 8];
    let offered = u32::try_from(SERVICES).unwrap_or(0);
    let (mut needed, mut count) = (0, 0);
    // SAFETY: the handle is open, `buffer` has as many bytes as stated, aligned to eight, and the pointers to numbers are
    // valid.
    let error = error_unless(unsafe {
        EnumServicesStatusExW(
            manager,
            SC_ENUM_PROCESS_INFO,
            SERVICE_WIN32,
            SERVICE_ACTIVE,
            buffer.as_mut_ptr().cast(),
            offered,
            &raw mut needed,
            &raw mut count,
            &raw mut resume,
            null(),
        )
    });
    // SAFETY: the handle is open and has no other owner.
    unsafe { CloseServiceHandle(manager) };
    match error {
        NO_ERROR => resume = 0,
        // There are more. Without any in the buffer, or without a handle for the rest, they could never be read.
        ERROR_MORE_DATA if count > 0 && resume != 0 => {}
        error => return Err(error_of(error)),
    }
    let bytes = buffer.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let listed = Memory::new(buffer.as_ptr().addr() as u64, bytes);
    Ok(listed.after(u64::from(resume) << 32 | u64::from(count)))
}

/// Returns the version of Windows, whatever version a manifest pretends.
pub(super) fn version() -> io::Result<Memory> {
    let size = u32::try_from(size_of::<OSVERSIONINFOW>()).unwrap_or(0);
    let mut version = OSVERSIONINFOW { dwOSVersionInfoSize: size, ..OSVERSIONINFOW::default() };
    // SAFETY: the structure is valid and has its size.
    succeeded(win32(unsafe { RtlGetVersion(&raw mut version) }))?;
    let numbers = [
        version.dwOSVersionInfoSize,
        version.dwMajorVersion,
        version.dwMinorVersion,
        version.dwBuildNumber,
        version.dwPlatformId,
    ];
    Ok(Memory::flat(numbers.iter().flat_map(|number| number.to_le_bytes()).collect()))
}

/// Returns the time of day.
pub(super) fn time() -> Memory {
    let mut time = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    // SAFETY: the pointer is valid.
    unsafe { GetSystemTimePreciseAsFileTime(&raw mut time) };
    Memory::flat(filetime(time).to_le_bytes().to_vec())
}
