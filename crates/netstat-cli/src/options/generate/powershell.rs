//! Completion for PowerShell, on Windows and elsewhere.

use super::super::entry::{Entry, ValueKind};
use super::super::table;

/// The script.
pub(super) fn powershell() -> String {
    let mut options = String::new();
    let mut values = String::new();
    for entry in table::sorted() {
        for name in names(entry) {
            let summary = entry.summary.replace('\'', "''");
            options.push_str(&format!("        @('{name}', '{summary}')\n"));
        }
        let Some(value) = entry.value() else { continue };
        let mut patterns: Vec<_> = entry.letters.iter().map(|letter| format!("[-/][a-z]*{letter}")).collect();
        patterns.push(format!("--{}", entry.long));
        let offered = match value.kind {
            ValueKind::Choice(choices) => {
                choices.iter().map(|choice| format!("'{choice}'")).collect::<Vec<_>>().join(", ")
            }
            // PowerShell completes file names where a completer offers nothing.
            ValueKind::Directory | ValueKind::File | ValueKind::Free => continue,
        };
        values.push_str(&format!("        '^({})$' {{ @({offered}); break }}\n", patterns.join("|")));
    }
    format!(
        "# Made by netstat --generate complete-powershell. Do not edit.\n\
         Register-ArgumentCompleter -Native -CommandName 'netstat', 'netstat.exe' -ScriptBlock {{\n    \
             param($wordToComplete, $commandAst, $cursorPosition)\n    \
             $before = @($commandAst.CommandElements |\n        \
                 Where-Object {{ $_.Extent.EndOffset -lt $cursorPosition }} |\n        \
                 ForEach-Object {{ $_.Extent.Text }})\n    \
             $previous = if ($before.Count -gt 0) {{ $before[-1] }} else {{ '' }}\n    \
             $values = @(switch -Regex ($previous) {{\n{values}    }})\n    \
             if ($values.Count -gt 0) {{\n        \
                 $values | Where-Object {{ $_ -like \"$wordToComplete*\" }} | ForEach-Object {{\n            \
                     [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)\n        \
                 }}\n        \
                 return\n    \
             }}\n    \
             $options = @(\n{options}    )\n    \
             $options | Where-Object {{ $_[0].StartsWith($wordToComplete, 'OrdinalIgnoreCase') }} | ForEach-Object {{\n        \
                 [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterName', $_[1])\n    \
             }}\n\
         }}\n"
    )
}

/// Every spelling, letters after a slash too, as people on Windows type them.
fn names(entry: &Entry) -> Vec<String> {
    let letters = entry.letters.iter().flat_map(|letter| [format!("-{letter}"), format!("/{letter}")]);
    letters.chain([format!("--{}", entry.long)]).collect()
}
