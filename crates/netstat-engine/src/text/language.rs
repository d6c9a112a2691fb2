//! The languages of texts for people.

/// The language of texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Korean, as Korean Windows has it.
    Korean,
}
