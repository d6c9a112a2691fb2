//! A text that is printed instead of a report.

/// A text to print instead of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrintedText {
    /// The text, with its last line end.
    pub(crate) text: String,
    /// Whether it goes to standard error.
    pub(crate) to_stderr: bool,
    pub(crate) exit_code: u8,
}
