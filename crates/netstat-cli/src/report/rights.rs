//! Whether this program has more rights than whoever started it: set-user-ID, set-group-ID, or capabilities of its file.
//!
//! Then it may show what the system tells it, but opens no file that the user names, which the user may not be allowed to
//! open.

use netstat_engine::both;
use netstat_engine::text::Text;

/// Refuses to open what the user names.
///
/// # Errors
/// Why, and what to do, where this program has more rights than the user.
pub(super) fn may_open_what_the_user_names() -> Result<(), Text> {
    if exceed_those_of_the_user() {
        return Err(both!(
            "this program has more rights than you have (set-user-ID, or capabilities of its file), so it opens no file \
             for you: use a copy of it without them",
            "이 프로그램의 권한이 사용자보다 높아(set-user-ID 또는 파일 capability) 파일을 열지 않습니다. 그런 권한이 없는 복사본을 \
             쓰세요"
        ));
    }
    Ok(())
}

/// Refuses to change the machine.
///
/// # Errors
/// Why, and what to do, where this program has more rights than the user.
pub(super) fn may_act() -> Result<(), Text> {
    if exceed_those_of_the_user() {
        return Err(both!(
            "this program has more rights than you have (set-user-ID, or capabilities of its file), so it closes and ends \
             nothing for you: use sudo and a copy of it without them",
            "이 프로그램의 권한이 사용자보다 높아(set-user-ID 또는 파일 capability) 아무것도 닫거나 끝내지 않습니다. 그런 권한이 \
             없는 복사본을 sudo로 실행하세요"
        ));
    }
    Ok(())
}

/// Returns the user whose rights this program has; `None` on Windows.
pub(super) fn effective_user() -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        Some(rustix::process::geteuid().as_raw())
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}

#[cfg(target_os = "linux")]
fn exceed_those_of_the_user() -> bool {
    use rustix::process::{getegid, geteuid, getgid, getuid};
    use rustix::thread::{CapabilitySet, capabilities, capability_is_in_ambient_set};
    if getuid() != geteuid() || getgid() != getegid() {
        return true;
    }
    if getuid().is_root() {
        return false;
    }
    // Ambient capabilities are those of whoever started it.
    let permitted = capabilities(None).map_or_else(|_| CapabilitySet::empty(), |sets| sets.permitted);
    permitted.iter().any(|one| !capability_is_in_ambient_set(one).unwrap_or(false))
}

#[cfg(not(target_os = "linux"))]
fn exceed_those_of_the_user() -> bool {
    false
}
