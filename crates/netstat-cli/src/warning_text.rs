//! Warnings in the words of the tables, which show unknown owners as `-`.

use netstat_model::Warning;

/// Returns the line for standard error: the text of the warning, and what it means for the rows shown.
pub(crate) fn warning_text(warning: &Warning) -> String {
    match warning {
        Warning::OwnersNotPermitted { processes, as_root } => {
            let noun = if *processes == 1 { "process was" } else { "processes were" };
            let cure = if *as_root {
                "root needs CAP_SYS_PTRACE here, and a security module may forbid it even then"
            } else {
                "run with sudo to see all owners"
            };
            format!("{processes} {noun} not readable, so some owners show as -; {cure}")
        }
        Warning::OwnersInOtherNamespace => {
            format!("{warning} and show as -. Run outside the container to see them")
        }
        Warning::OwnersVanished { .. } => format!("{warning} and show as -"),
        Warning::NamesUnanswered { .. } => {
            format!(
                "{warning}, so some addresses are numbers; -n looks none up, --resolve-timeout waits longer"
            )
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_the_table_shows() {
        let owners = [
            Warning::OwnersNotPermitted { processes: 1, as_root: false },
            Warning::OwnersNotPermitted { processes: 1, as_root: true },
            Warning::OwnersInOtherNamespace,
            Warning::OwnersVanished { sockets: 2 },
        ];
        for warning in &owners {
            assert!(warning_text(warning).contains("show as -"), "{warning:?}");
            assert!(!warning.to_string().contains(" - "), "a library says nothing of a table: {warning}");
        }
        assert!(warning_text(&owners[0]).contains("sudo") && !warning_text(&owners[1]).contains("sudo"));
        let other = Warning::BoundUnavailable { release: None };
        assert_eq!(warning_text(&other), other.to_string());
    }
}
