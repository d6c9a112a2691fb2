//! Warnings about missing evidence, in the words of the checks: unlike tables, checks show no rows without owners.

use super::text::{Text, grouped, number_of};
use netstat_engine::text::Language;
use netstat_model::Warning;
use netstat_model::warning::SkippedLines;

/// Returns a warning in a language. The messages of the system stay in the language of the system.
pub fn lacking(warning: &Warning, language: Language) -> String {
    text(warning).of(language).to_owned()
}

fn text(warning: &Warning) -> Text {
    match warning {
        Warning::AddressList { file, entries, skipped } => {
            Text::new(warning.to_string(), of_list(file, *entries, *skipped))
        }
        Warning::OwnersNotPermitted { processes, as_root } => {
            let (english, korean) = match as_root {
                false => ("run as root to see them", "root로 실행하면 보임"),
                true => (
                    "root needs CAP_SYS_PTRACE here, and a security module may forbid it even then",
                    "root에도 CAP_SYS_PTRACE가 필요하며, 보안 모듈이 막을 수도 있음",
                ),
            };
            Text::new(
                format!(
                    "{} {} not readable, so the owners of some sockets are not known; {english}",
                    number_of(*processes, "process", "processes"),
                    if *processes == 1 { "was" } else { "were" }
                ),
                format!(
                    "프로세스 {}개를 읽을 수 없어 일부 소켓의 프로세스 확인 불가. {korean}",
                    grouped(*processes)
                ),
            )
        }
        Warning::ProcessesUnreadable { processes, reason } => Text::new(
            warning.to_string(),
            format!("프로세스 {}개의 정보 일부 확인 불가: {reason}", grouped(*processes)),
        ),
        Warning::MayMatch { sockets, .. } => Text::new(
            warning.to_string(),
            format!("필터에 맞는지 확인할 수 없는 소켓 {}개는 빠짐", grouped(*sockets)),
        ),
        Warning::OwnersInOtherNamespace => Text::fixed(
            "some sockets belong to processes outside of this PID namespace, which cannot be seen here; run outside of the \
             container to see them",
            "일부 소켓은 이 PID 네임스페이스 밖의 프로세스의 것이고, 여기서는 확인 불가. 컨테이너 밖에서 실행하면 보임",
        ),
        Warning::BoundUnavailable { release } => {
            let (english, korean) = match release {
                None => ("/proc/net does not list them".to_owned(), "/proc/net에는 없음".to_owned()),
                Some(release) => (
                    format!("they need Linux 6.8, this is {release}"),
                    format!("Linux 6.8부터 볼 수 있고, 여기는 {release}"),
                ),
            };
            Text::new(
                format!("bound-only sockets are not counted: {english}"),
                format!("바인드만 된 소켓은 세지 않음: {korean}"),
            )
        }
        Warning::ProcNetFallback { protocol, reason } => Text::new(
            warning.to_string(),
            format!(
                "{protocol}에 sock_diag를 쓸 수 없어({reason}) /proc/net을 읽음. 정보가 적어 판단하지 못하는 것이 있음"
            ),
        ),
        other => Text::same(other.to_string()),
    }
}

fn of_list(file: &str, entries: usize, skipped: SkippedLines) -> String {
    let mut text = format!("목록 {file}에서 주소와 네트워크 {}개를 씀", grouped(entries));
    if let Some(first) = skipped.first_invalid {
        text.push_str(&format!("; 알아볼 수 없는 줄 {}개, 처음은 {first}번째 줄", grouped(skipped.invalid)));
    }
    if skipped.names > 0 {
        text.push_str(&format!("; 주소가 아니라 이름을 막는 줄 {}개", grouped(skipped.names)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::Protocol;

    #[test]
    fn warnings_have_both_languages() {
        let skipped = SkippedLines { names: 2, invalid: 1, first_invalid: Some(3) };
        let list = Warning::AddressList { file: "bad.txt".into(), entries: 1, skipped };
        for (warning, english, korean) in [
            (list, "address list bad.txt: 1 entry used; ", "목록 bad.txt에서 주소와 네트워크 1개를 씀; "),
            (
                Warning::OwnersNotPermitted { processes: 1, as_root: false },
                "1 process was not readable",
                "프로세스 1개를",
            ),
            (Warning::OwnersInOtherNamespace, "some sockets belong to", "일부 소켓은"),
            (Warning::BoundUnavailable { release: None }, "bound-only sockets are not counted", "바인드만"),
            (
                Warning::ProcNetFallback { protocol: Protocol::Udp, reason: "no".into() },
                "sock_diag is not available for UDP",
                "UDP에 sock_diag를",
            ),
        ] {
            let said = [Language::English, Language::Korean].map(|language| lacking(&warning, language));
            assert!(said[0].starts_with(english) && said[1].starts_with(korean), "{said:?}");
            assert!(!said.concat().contains("show as -"), "{said:?}");
        }
    }
}
