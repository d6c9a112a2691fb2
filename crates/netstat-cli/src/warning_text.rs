//! Warnings in the words of the tables, which show unknown owners as `-`.

use netstat_engine::both;
use netstat_engine::text::{Text, system};
use netstat_model::Warning;

/// Returns the line for standard error: the text of the warning, and what it means for the rows shown.
pub(crate) fn warning_text(warning: &Warning) -> Text {
    let said = system::warning(warning);
    match warning {
        Warning::OwnersNotPermitted { processes, as_root } => {
            let cure = if *as_root {
                both!(
                    "root needs CAP_SYS_PTRACE here, and a security module may forbid it even then",
                    "여기서는 root에도 CAP_SYS_PTRACE가 필요하고, 그래도 보안 모듈이 막을 수 있습니다"
                )
            } else {
                both!("run with sudo to see all owners", "모든 소유자를 보려면 sudo로 실행하세요")
            };
            both!(
                "{processes:process was|processes were} not readable, so some owners show as -; {cure}",
                "프로세스 {processes}개를 읽을 수 없어 일부 소유자를 -로 표시합니다. {cure}",
                processes = *processes,
                cure
            )
        }
        Warning::OwnersInOtherNamespace => both!(
            "{said} and show as -. Run outside the container to see them",
            "{said}. 표에는 -로 표시합니다. 컨테이너 밖에서 실행하면 볼 수 있습니다",
            said
        ),
        Warning::OwnersVanished { .. } => {
            both!("{said} and show as -", "{said}. 표에는 -로 표시합니다", said)
        }
        Warning::NamesUnanswered { .. } => both!(
            "{said}, so some addresses are numbers; -n looks none up, --resolve-timeout waits longer",
            "{said}. 그래서 일부 주소를 숫자로 표시합니다. -n은 조회하지 않고, --resolve-timeout은 더 기다립니다",
            said
        ),
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::text::Language;

    #[test]
    fn a_text_says_what_the_table_shows() {
        let owners = [
            Warning::OwnersNotPermitted { processes: 1, as_root: false },
            Warning::OwnersNotPermitted { processes: 1, as_root: true },
            Warning::OwnersInOtherNamespace,
            Warning::OwnersVanished { sockets: 2 },
        ];
        for warning in &owners {
            let said = warning_text(warning);
            assert!(said.english().contains("show as -"), "{warning:?}");
            assert!(said.of(Language::Korean).contains("-로 표시"), "{warning:?}");
            assert!(!warning.to_string().contains(" - "), "a library says nothing of a table: {warning}");
        }
        let sudo = |warning| warning_text(warning).english().contains("sudo");
        assert!(sudo(&owners[0]) && !sudo(&owners[1]));
        let other = Warning::BoundUnavailable { release: None };
        assert_eq!(warning_text(&other).english(), other.to_string());
    }
}
