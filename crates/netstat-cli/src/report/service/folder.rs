//! The folder of the history: who connects where is nobody's business but the administrators'.
#![expect(unsafe_code, reason = "access rights are set by functions of Windows that take addresses")]

use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use std::ffi::c_void;
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::{CloseHandle, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
    SE_FILE_OBJECT, SetNamedSecurityInfoW,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, EqualSid, GetSecurityDescriptorDacl, GetSecurityDescriptorOwner,
    GetTokenInformation, IsWellKnownSid, OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION,
    PSID, TOKEN_QUERY, TOKEN_USER, TokenUser, WinBuiltinAdministratorsSid, WinLocalServiceSid,
    WinLocalSystemSid,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows_sys::core::w;

/// Makes the folder of the recorder where it is missing. What an administrator makes, administrators alone may read.
///
/// One that cannot be made is no error here: opening the history says why.
pub(in crate::report) fn prepare(folder: &Path, is_elevated: bool) -> Result<(), Text> {
    let is_there = folder.exists();
    if (is_there && (!is_elevated || !folder.is_dir())) || (!is_there && folder.extension().is_some()) {
        return Ok(());
    }
    let prepared = match is_there {
        true if is_ours(folder, false) => accept(folder),
        _ if is_elevated => secure(folder),
        _ => std::fs::create_dir_all(folder).map_err(Refused::Error),
    };
    match prepared {
        Err(Refused::Foreign(path)) => Err(foreign(&path)),
        _ => Ok(()),
    }
}

/// Why a folder does not become that of the history.
pub(super) enum Refused {
    /// This belongs to somebody who may have put there what they like.
    Foreign(PathBuf),
    Error(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Error(error)
    }
}

pub(super) fn foreign(path: &Path) -> Text {
    both!(
        "{path} does not belong to the administrators: remove it, or name another folder with --store",
        "{path}의 소유자가 관리자가 아닙니다. 지우거나 --store로 다른 폴더를 지정하세요",
        path = quoted(path.as_os_str())
    )
}

/// Accepts a folder that belongs to the administrators, the system or this account with all that is in it.
fn accept(folder: &Path) -> Result<(), Refused> {
    for child in std::fs::read_dir(folder)? {
        let child = child?;
        // Who owns what a link leads to does not tell who made the link. The service owns what it has written.
        if child.file_type()?.is_symlink() || !is_ours(&child.path(), true) {
            return Err(Refused::Foreign(child.path()));
        }
    }
    if is_ours(folder, false) { Ok(()) } else { Err(Refused::Foreign(folder.to_owned())) }
}

/// Returns whether something belongs to the administrators, the system or this account, or, where that will do, to the account of the service.
fn is_ours(path: &Path, or_of_service: bool) -> bool {
    let name: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let (mut owner, mut descriptor) = (null_mut(), null_mut());
    // SAFETY: the name ends in a zero, and the pointers are valid for the call; the descriptor holds the owner, and is freed
    // after its last use.
    unsafe {
        let error = GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            null_mut(),
            null_mut(),
            null_mut(),
            &raw mut descriptor,
        );
        if error != 0 {
            return false;
        }
        let is = |who| IsWellKnownSid(owner, who) != 0;
        let is_ours = !owner.is_null()
            && (is(WinBuiltinAdministratorsSid)
                || is(WinLocalSystemSid)
                || or_of_service && is(WinLocalServiceSid)
                || is_of_this_account(owner));
        LocalFree(descriptor);
        is_ours
    }
}

/// Returns whether this is the account of the program: an administrator's own files belong to the group of the administrators or
/// to their account, as the machine is set up.
fn is_of_this_account(owner: PSID) -> bool {
    // TOKEN_USER with the longest SID has 84 bytes.
    let mut user = [0u64; 16];
    let (mut token, mut size) = (null_mut(), 0);
    // SAFETY: the pseudo handle of the process is always valid; the buffer has as many bytes as stated and is aligned for the
    // structure, whose SID lies in it; the token is closed after its last use.
    unsafe {
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) == 0 {
            return false;
        }
        let offered = u32::try_from(size_of_val(&user)).unwrap_or(0);
        let done = GetTokenInformation(token, TokenUser, user.as_mut_ptr().cast(), offered, &raw mut size);
        CloseHandle(token);
        done != 0 && EqualSid(owner, (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid) != 0
    }
}

/// Makes a folder that belongs to the administrators, and that they, the system and the service may use; one that is there
/// becomes such a folder if nobody else may have put something into it.
pub(super) fn secure(folder: &Path) -> Result<(), Refused> {
    match std::fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::create_dir_all(folder)?,
        // Somebody else may have put a link there, to have what it leads to changed.
        found if !found.as_ref().is_ok_and(std::fs::Metadata::is_dir) => {
            return Err(io::Error::from(io::ErrorKind::NotADirectory).into());
        }
        // Who made an empty one may still have it open, with the right to change who may use it.
        _ if !is_ours(folder, false) && std::fs::remove_dir(folder).is_ok() => {
            std::fs::create_dir_all(folder)?
        }
        _ => accept(folder)?,
    }
    let name: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
    // Owner: administrators. Full control: the system and administrators. Reading and writing: LocalService.
    let words = w!("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;LS)");
    let mut descriptor: *mut c_void = null_mut();
    // SAFETY: the words end in a zero, and the pointer is valid for the call.
    let converted = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            words,
            SDDL_REVISION_1,
            &raw mut descriptor,
            null_mut(),
        )
    };
    if converted == 0 {
        return Err(io::Error::last_os_error().into());
    }
    let (mut owner, mut list) = (null_mut(), null_mut());
    let (mut is_present, mut is_default) = (0, 0);
    // SAFETY: the descriptor was made above and is freed below; it holds what the pointers lead to.
    let error = unsafe {
        let is_read = GetSecurityDescriptorOwner(descriptor, &raw mut owner, &raw mut is_default) != 0
            && GetSecurityDescriptorDacl(descriptor, &raw mut is_present, &raw mut list, &raw mut is_default)
                != 0;
        let what =
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        let error = match is_read {
            true => SetNamedSecurityInfoW(
                name.as_ptr(),
                SE_FILE_OBJECT,
                what,
                owner,
                null_mut(),
                list,
                null_mut(),
            ),
            false => io::Error::last_os_error().raw_os_error().map_or(1, i32::cast_unsigned),
        };
        LocalFree(descriptor);
        error
    };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error.cast_signed()).into());
    }
    // Somebody may have been quicker.
    accept(folder)
}
