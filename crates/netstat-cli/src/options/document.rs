//! The documents that `--generate` writes.

/// What `--generate` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Document {
    /// The man page, as roff.
    Man,
    /// The reference of options, as Markdown.
    Markdown,
    /// Completion for bash.
    CompleteBash,
    /// Completion for zsh.
    CompleteZsh,
    /// Completion for fish.
    CompleteFish,
    /// Completion for PowerShell.
    CompletePowershell,
    /// The JSON Schema of `--json`.
    Schema,
    /// The JSON Schema of `netstat check --json`.
    CheckSchema,
    /// The reference of the checks, as Markdown.
    Checks,
}

impl Document {
    /// Every document.
    pub(super) const ALL: [Self; 9] = [
        Self::Man,
        Self::Markdown,
        Self::CompleteBash,
        Self::CompleteZsh,
        Self::CompleteFish,
        Self::CompletePowershell,
        Self::Schema,
        Self::CheckSchema,
        Self::Checks,
    ];

    /// The names for `--generate`, in the order of [`Self::ALL`].
    pub(super) const NAMES: [&'static str; 9] = [
        "man",
        "markdown",
        "complete-bash",
        "complete-zsh",
        "complete-fish",
        "complete-powershell",
        "schema",
        "check-schema",
        "checks",
    ];

    /// Finds a document by name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        Self::ALL.get(at).copied()
    }
}
