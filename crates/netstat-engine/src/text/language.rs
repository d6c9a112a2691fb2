//! The languages of titles, headings and the findings of checks.

/// The language of titles and headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Korean, as Korean Windows has it.
    Korean,
}
