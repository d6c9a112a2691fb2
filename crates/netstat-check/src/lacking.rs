//! Warnings about missing evidence, in the words of the checks: unlike tables, checks show no rows without owners.

use super::text::Text;
use netstat_engine::both;
use netstat_engine::text::system::{phrase, warning as said};
use netstat_model::Warning;

/// Returns a warning. The messages of the system stay in the language of the system.
pub fn lacking(warning: &Warning) -> Text {
    match warning {
        Warning::OwnersNotPermitted { processes, as_root } => {
            let cure = match as_root {
                false => both!("run as root to see them", "root로 실행하면 보임"),
                true => both!(
                    "root needs CAP_SYS_PTRACE here, and a security module may forbid it even then",
                    "root에도 CAP_SYS_PTRACE가 필요하며, 보안 모듈이 막을 수도 있음"
                ),
            };
            both!(
                "{processes:process was|processes were} not readable, so the owners of some sockets are not known; {cure}",
                "프로세스 {processes}개를 읽을 수 없어 일부 소켓의 프로세스 확인 불가. {cure}",
                processes = *processes,
                cure
            )
        }
        Warning::OwnersInOtherNamespace => both!(
            "some sockets belong to processes outside of this PID namespace, which cannot be seen here; run outside of the \
             container to see them",
            "일부 소켓은 이 PID 네임스페이스 밖의 프로세스의 것이고, 여기서는 확인 불가. 컨테이너 밖에서 실행하면 보임"
        ),
        Warning::BoundUnavailable { release: None } => both!(
            "bound-only sockets are not counted: /proc/net does not list them",
            "바인드만 된 소켓은 세지 않음: /proc/net에는 없음"
        ),
        Warning::BoundUnavailable { release: Some(release) } => both!(
            "bound-only sockets are not counted: they need Linux 6.8, this is {release}",
            "바인드만 된 소켓은 세지 않음: Linux 6.8부터 볼 수 있고, 여기는 {release}",
            release
        ),
        Warning::ProcNetFallback { protocol, reason } => both!(
            "sock_diag is not available for {protocol} ({reason}); /proc/net was read instead, which does not tell whether an \
             IPv6 listener also takes IPv4, nor the interface of a link-local address",
            "{protocol}에 sock_diag를 쓸 수 없어({reason}) /proc/net을 읽음. 정보가 적어 판단하지 못하는 것이 있음",
            protocol = protocol.to_string(),
            reason = phrase(reason)
        ),
        other => said(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::text::Language;
    use netstat_model::Protocol;
    use netstat_model::warning::SkippedLines;

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
            let said = lacking(&warning);
            let said = [Language::English, Language::Korean].map(|language| said.of(language).to_owned());
            assert!(said[0].starts_with(english) && said[1].starts_with(korean), "{said:?}");
            assert!(!said.concat().contains("show as -"), "{said:?}");
        }
    }
}
