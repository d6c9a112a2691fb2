//! The documents that `--generate` writes.

use super::arguments::named;

named! {
    /// What `--generate` writes.
    Document {
        /// The man page, as roff.
        Man = "man",
        /// The reference of options, as Markdown.
        Markdown = "markdown",
        CompleteBash = "complete-bash",
        CompleteZsh = "complete-zsh",
        CompleteFish = "complete-fish",
        /// Completion for PowerShell.
        CompletePowershell = "complete-powershell",
        /// The JSON Schema of `--json`.
        Schema = "schema",
        /// The JSON Schema of `netstat check --json`.
        CheckSchema = "check-schema",
        /// The reference of the checks, as Markdown.
        Checks = "checks",
        /// What each letter means in both dialects, as Markdown.
        Dialects = "dialects",
    }
}
