//! Names from outside, as labels have them.

use netstat_engine::text::escape;
use std::ffi::OsStr;

/// The most bytes of a name: whoever chooses the names of programs does not choose how large a page becomes.
pub const LONGEST: usize = 64;

/// What stands in the place of all that was cut off.
const CUT: char = '…';

/// Returns a name as text that moves no cursor, shortened to [`LONGEST`] bytes.
pub(crate) fn shown(name: &OsStr) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, name);
    let mut text = String::from_utf8_lossy(&out).into_owned();
    if text.len() > LONGEST {
        let mut end = LONGEST - CUT.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_is_short_and_moves_no_cursor(name in ".*") {
            let text = shown(OsStr::new(&name));
            prop_assert!(text.len() <= LONGEST);
            prop_assert!(!text.chars().any(char::is_control));
        }
    }

    #[test]
    fn a_name_that_fits_stays_as_it_is() {
        assert_eq!(shown(OsStr::new("nginx: worker")), "nginx: worker");
        let long = "가".repeat(40);
        assert_eq!(shown(OsStr::new(&long)), "가".repeat(20) + "…");
    }
}
