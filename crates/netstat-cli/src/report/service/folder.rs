//! The folder of the history: who connects where is nobody's business but the administrators'.
#![expect(unsafe_code, reason = "access rights are set by functions of Windows that take addresses")]

use std::ffi::c_void;
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1, SE_FILE_OBJECT,
    SetNamedSecurityInfoW,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl, GetSecurityDescriptorOwner,
    OWNER_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION,
};
use windows_sys::core::w;

/// Makes the folder of the recorder where it is missing. What an administrator makes, administrators alone may read.
pub(in crate::report) fn prepare(folder: &Path, is_elevated: bool) -> io::Result<()> {
    if folder.exists() || folder.extension().is_some() {
        return Ok(());
    }
    if is_elevated { secure(folder) } else { std::fs::create_dir_all(folder) }
}

/// Makes a folder that belongs to the administrators, and that they, the system and the service may use; one that is there
/// becomes such a folder.
pub(super) fn secure(folder: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::create_dir_all(folder)?,
        // Somebody else may have put a link there, to have what it leads to changed.
        found if !found.as_ref().is_ok_and(std::fs::Metadata::is_dir) => {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        _ => {}
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
        return Err(io::Error::last_os_error());
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
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error.cast_signed())) }
}
