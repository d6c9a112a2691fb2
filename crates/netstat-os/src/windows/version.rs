//! The version of Windows, which decides whether functions that are not documented are called: an earlier one may export a
//! function of the same name that takes other arguments.

use super::memory::{Memory, u32_at};
use super::source::{Question, Source};
use super::win32_error::PROC_NOT_FOUND;
use std::io;

/// Windows 10 1809, the first version whose functions are known to be these.
const FIRST_BUILD: u32 = 17763;

/// Offset of `dwBuildNumber` in `OSVERSIONINFOW`.
const BUILD: usize = 12;

/// Asks a function that is not documented. In earlier versions of Windows it counts as missing.
///
/// # Errors
/// `ERROR_PROC_NOT_FOUND` there, and the errors of the function. A version that is not told, as in older recordings, is no
/// reason not to ask: Windows always tells it.
pub(super) fn ask_undocumented(source: &dyn Source, question: &Question) -> io::Result<Memory> {
    let version = source.ask(&Question::Version).ok();
    let build = version.and_then(|version| u32_at(version.bytes(), BUILD));
    if build.is_some_and(|build| build < FIRST_BUILD) {
        return Err(io::Error::from_raw_os_error(PROC_NOT_FOUND));
    }
    source.ask(question)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;
    use crate::windows::win32_error::is_missing_function;
    use netstat_model::Family;
    use std::mem::offset_of;
    use windows_sys::Win32::System::SystemInformation::OSVERSIONINFOW;

    #[test]
    fn the_offset_matches_the_windows_structure() {
        assert_eq!(BUILD, offset_of!(OSVERSIONINFOW, dwBuildNumber));
    }

    #[test]
    fn undocumented_functions_are_not_called_before_1809() {
        let question = Question::BoundTcp(Family::V4);
        let of_build = |build: u32| {
            let version =
                [20, 10, 0, build, 2].iter().flat_map(|number: &u32| number.to_le_bytes()).collect();
            let source = Fake::new()
                .says(Question::Version, Memory::flat(version))
                .says(question.clone(), Memory::flat(vec![7]));
            let answer = ask_undocumented(&source, &question);
            (answer, source.asked().contains(&question))
        };
        let (refused, asked) = of_build(17134);
        assert!(is_missing_function(&refused.unwrap_err()) && !asked);
        let (answer, asked) = of_build(17763);
        assert!(answer.unwrap().bytes() == [7] && asked);
        let silent = Fake::new().says(question.clone(), Memory::flat(vec![7]));
        assert_eq!(ask_undocumented(&silent, &question).unwrap().bytes(), [7]);
    }
}
