//! Words that are address families.

use crate::render::net_tools::AddressFamily;
use std::ffi::OsStr;

/// Returns true if the word names address families.
pub(in crate::options) fn is_family(word: &OsStr) -> bool {
    word.to_str().is_some_and(|text| text.split(',').all(|name| AddressFamily::by_name(name).is_some()))
}
