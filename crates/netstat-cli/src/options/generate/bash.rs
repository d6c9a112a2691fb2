//! Completion for bash. It needs no package beside bash itself.

use super::super::entry::ValueKind;
use super::super::table;
use netstat_check as check;

/// The script.
pub(super) fn bash() -> String {
    let mut words = Vec::new();
    let mut cases = String::new();
    for entry in table::sorted() {
        words.extend(entry.letters.iter().map(|letter| format!("-{letter}")));
        words.push(format!("--{}", entry.long));
        let Some(value) = entry.value() else { continue };
        // Letters may stand before the one that takes the value: -anp.
        let mut patterns: Vec<_> = entry
            .letters
            .iter()
            .flat_map(|letter| {
                let either = format!("[{letter}{}]", letter.to_ascii_uppercase());
                [format!("-{either}"), format!("-[!-]*{either}")]
            })
            .collect();
        patterns.push(format!("--{}", entry.long));
        let action = match value.kind {
            ValueKind::Choice(choices) => {
                format!("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$cur\")", choices.join(" "))
            }
            ValueKind::Directory => {
                "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")".to_owned()
            }
            ValueKind::File => {
                "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")".to_owned()
            }
            ValueKind::Free => "COMPREPLY=()".to_owned(),
        };
        cases.push_str(&format!(
            "        {})\n            {action}\n            return\n            ;;\n",
            patterns.join("|")
        ));
    }
    format!(
        "# Made by netstat --generate complete-bash. Do not edit.\n\
         _netstat() {{\n    \
             local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}}\n    \
             # --lang=ko arrives as three words.\n    \
             if [[ $cur == '=' ]]; then\n        \
                 cur=\n    \
             elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then\n        \
                 prev=${{COMP_WORDS[COMP_CWORD-2]}}\n    \
             fi\n    \
             COMPREPLY=()\n    \
             case $prev in\n{cases}    esac\n    \
             if [[ $cur == -* ]]; then\n        \
                 mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$cur\")\n    \
             elif ((COMP_CWORD > 1)) && [[ ${{COMP_WORDS[1]}} == check ]]; then\n        \
                 mapfile -t COMPREPLY < <(compgen -W '{checks}' -- \"$cur\")\n    \
             elif ((COMP_CWORD == 1)); then\n        \
                 mapfile -t COMPREPLY < <(compgen -W 'check record history' -- \"$cur\")\n    \
             fi\n\
         }}\n\
         complete -F _netstat netstat\n",
        words = words.join(" "),
        checks = check::NAMES.join(" ")
    )
}
