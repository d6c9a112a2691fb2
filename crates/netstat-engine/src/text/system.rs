//! What the model and the system back ends say, in both languages: errors, warnings, how owners were found.
//!
//! The English is theirs, as JSON has it. What the operating system itself says stays in the language of the system.

use super::quote::one_line;
use super::{Language, Text};
use crate::both;
use netstat_model::error::words_of;
use netstat_model::history::EventMethod;
use netstat_model::warning::SkippedLines;
use netstat_model::{Error, ListMethod, NoBpf, Operation, OwnerMethod, Warning};
use std::io;

mod phrases;

/// How many phrases may stand in one another: what is read may come from a file that somebody else wrote.
const DEEPEST: u8 = 3;

/// Returns a phrase of the model or of a back end in both languages. Any other text, such as an error of the operating system,
/// is the same in both; where it stands before a phrase, the phrase is not.
pub fn phrase(english: &str) -> Text {
    match korean_of(english, DEEPEST) {
        Some(korean) => Text::new(english.to_owned(), korean),
        None => Text::same(english.to_owned()),
    }
}

fn korean_of(english: &str, depth: u8) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let inner = |inside: &str| korean_of(inside, depth).unwrap_or_else(|| inside.to_owned());
    let whole = phrases::ALL.iter().find_map(|(known, korean)| {
        let inside = captured(known, english)?;
        let mut parts = korean.split('*');
        let begin = parts.next().unwrap_or_default().to_owned();
        // What a phrase quotes may have stars of its own.
        let quoted = inside.into_iter().zip(parts);
        Some(quoted.fold(begin, |text, (inside, part)| format!("{text}{}{part}", inner(inside))))
    });
    whole.or_else(|| {
        let (before, behind) = english.split_once(": ")?;
        Some(format!("{before}: {}", korean_of(behind, depth)?))
    })
}

/// Returns what the stars of a pattern stand for in a text; `None` if it is another text.
fn captured<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let Some((begin, behind)) = pattern.split_once('*') else { return (pattern == text).then(Vec::new) };
    let mut rest = text.strip_prefix(begin)?;
    let mut inside = Vec::new();
    let mut parts = behind.split('*').peekable();
    while let Some(part) = parts.next() {
        let (captured, after) = match parts.peek() {
            Some(_) => rest.split_once(part)?,
            None => (rest.strip_suffix(part)?, ""),
        };
        inside.push(captured);
        rest = after;
    }
    Some(inside)
}

/// Returns the words of an error of the operating system, or of a back end.
pub fn io_error(error: &io::Error) -> Text {
    phrase(&words_of(error))
}

/// Returns what failed.
pub fn operation(operation: &Operation) -> Text {
    phrase(&operation.to_string())
}

/// Returns what failed, and why.
pub fn error(error: &Error) -> Text {
    both!("{what}: {why}", "{what}: {why}", what = operation(&error.operation), why = io_error(&error.source))
}

/// Returns how owners were found.
pub fn owner_method(method: &OwnerMethod) -> Text {
    match method {
        OwnerMethod::Proc(reason) => both!(
            "owners were found in /proc, not with BPF: {reason}",
            "소유자를 BPF가 아니라 /proc에서 찾음: {reason}",
            reason = no_bpf(reason)
        ),
        other => phrase(&other.to_string()),
    }
}

/// Returns by what means TCP sockets were listed.
pub fn list_method(method: &ListMethod) -> Text {
    match method {
        ListMethod::Diag(reason) => both!(
            "TCP sockets were listed by sock_diag, not with BPF: {reason}",
            "TCP 소켓 목록을 BPF가 아니라 sock_diag로 얻음: {reason}",
            reason = no_bpf(reason)
        ),
        other => phrase(&other.to_string()),
    }
}

/// Returns why BPF was not used.
pub fn no_bpf(reason: &NoBpf) -> Text {
    match reason {
        NoBpf::Refused { step, errno } => both!(
            "the kernel refused to {step}: {why}",
            "커널이 거부함({step}): {why}",
            step = phrase(&step.to_string()),
            why = io_error(&io::Error::from_raw_os_error(*errno))
        ),
        other => phrase(&other.to_string()),
    }
}

/// Returns by what means connections are seen.
pub fn event_method(method: &EventMethod) -> Text {
    match method {
        EventMethod::Closings(reason) => both!(
            "sampled: every end in this network namespace is seen, but the process only of connections that lived until a \
             look, once a second; BPF was not used: {reason}",
            "일부: 이 네트워크 네임스페이스에서 끝난 연결을 모두 보지만, 프로세스는 1초마다 확인할 때까지 살아 있던 연결만 \
             알 수 있음. BPF를 쓰지 않은 이유: {reason}",
            reason = no_bpf(reason)
        ),
        EventMethod::Looks(Some(reason)) => both!(
            "looks only: a connection that opens and ends between two looks, once a second, is not seen; BPF was not used: \
             {reason}",
            "확인만: 1초마다 확인하는 사이에 열리고 끝난 연결은 볼 수 없음. BPF를 쓰지 않은 이유: {reason}",
            reason = no_bpf(reason)
        ),
        EventMethod::NoTrace(reason) => both!(
            "looks only: a connection that opens and ends between two looks, once a second, is not seen; the events of Windows \
             (ETW) were not used: {reason}",
            "확인만: 1초마다 확인하는 사이에 열리고 끝난 연결은 볼 수 없음. Windows 이벤트(ETW)를 쓰지 않은 이유: {reason}",
            reason = phrase(&reason.to_string())
        ),
        other => phrase(&other.to_string()),
    }
}

/// Returns what a warning says of data, not of how it is shown.
pub fn warning(warning: &Warning) -> Text {
    Text::new(warning.to_string(), korean(warning).of(Language::Korean).to_owned())
}

/// The English of these is compared with that of the warning in a test.
fn korean(warning: &Warning) -> Text {
    match warning {
        Warning::DumpInterrupted { what } => both!(
            "the {what} changed while it was read; entries may be missing or duplicated",
            "{what}: 읽는 동안 바뀌었습니다. 빠지거나 겹친 항목이 있을 수 있습니다",
            what = phrase(what)
        ),
        Warning::DumpOverrun { what } => both!(
            "the kernel could not deliver the whole {what}; entries may be missing",
            "커널이 {what} 전체를 보내지 못했습니다. 빠진 항목이 있을 수 있습니다",
            what = phrase(what)
        ),
        Warning::OddMessages { what, count } => both!(
            "skipped {count:malformed entry|malformed entries} of the {what}",
            "{what}에서 형식이 잘못된 항목 {count}개를 건너뛰었습니다",
            count = *count,
            what = phrase(what)
        ),
        Warning::AddressList { file, entries, skipped } => address_list(file, *entries, *skipped),
        Warning::ProcNetFallback { protocol, reason } => both!(
            "sock_diag is not available for {protocol} ({reason}); /proc/net was read instead, which does not tell whether an \
             IPv6 listener also takes IPv4, nor the interface of a link-local address",
            "{protocol}: sock_diag를 쓸 수 없어({reason}) /proc/net을 읽었습니다. IPv6 수신 대기 소켓이 IPv4도 받는지, 링크 로컬 \
             주소가 어느 인터페이스의 것인지는 알 수 없습니다",
            protocol = protocol.to_string(),
            reason = phrase(reason)
        ),
        Warning::FamilyUnavailable { family, reason: Some(reason) } => both!(
            "{family} sockets cannot be listed: {reason}",
            "{family} 소켓을 볼 수 없습니다: {reason}",
            family = *family,
            reason = phrase(reason)
        ),
        Warning::FamilyUnavailable { family, reason: None } => both!(
            "this kernel has no {family} sockets",
            "이 커널에는 {family} 소켓이 없습니다",
            family = *family
        ),
        Warning::BoundUnavailable { release: None } => both!(
            "bound-only sockets are missing: /proc/net does not list them",
            "바인드만 된 소켓은 빠져 있습니다: /proc/net에 없음"
        ),
        Warning::BoundUnavailable { release: Some(release) } => both!(
            "bound-only sockets are missing: they need Linux 6.8, this is {release}",
            "바인드만 된 소켓은 빠져 있습니다: Linux 6.8부터 볼 수 있고, 여기는 {release}",
            release
        ),
        Warning::NamespacesLeftOut { namespaces, reason } => both!(
            "{namespaces:network namespace|network namespaces} could not be entered, so what is in there is missing: {reason}",
            "네트워크 네임스페이스 {namespaces}개에 들어갈 수 없어 그 안의 것은 빠져 있습니다: {reason}",
            namespaces = *namespaces,
            reason = phrase(reason)
        ),
        Warning::OwnersNotPermitted { processes, as_root } => both!(
            "{processes:process was|processes were} not readable, so some owners are unknown; reading them takes {needs}",
            "프로세스 {processes}개를 읽을 수 없어 일부 소유자를 확인할 수 없습니다. 필요한 것: {needs}",
            processes = *processes,
            needs = match as_root {
                true => both!(
                    "CAP_SYS_PTRACE, also for root, and no security module that forbids it",
                    "root에도 CAP_SYS_PTRACE, 그리고 이를 막지 않는 보안 모듈"
                ),
                false => Text::fixed("root", "root 권한"),
            }
        ),
        Warning::OwnersIncomplete { reason, .. } => both!(
            "other processes may hold some of these sockets as well: {reason}",
            "다른 프로세스도 이 소켓 중 일부를 가지고 있을 수 있습니다: {reason}",
            reason = phrase(reason)
        ),
        Warning::ProcessesUnreadable { processes, reason } => both!(
            "some facts about {processes:process|processes} are unknown: {reason}",
            "프로세스 {processes}개의 정보 일부를 확인할 수 없습니다: {reason}",
            processes = *processes,
            reason = phrase(reason)
        ),
        Warning::MayMatch { sockets, without_owner } => may_match(*sockets, *without_owner),
        Warning::OwnersInOtherNamespace => both!(
            "some sockets belong to processes outside this PID namespace; their owners are unknown",
            "일부 소켓은 이 PID 네임스페이스 밖의 프로세스의 것이라 소유자를 확인할 수 없습니다"
        ),
        Warning::OwnersVanished { sockets } => both!(
            "{sockets:socket was|sockets were} closed while owners were looked up; their owners are unknown",
            "소유자를 찾는 동안 소켓 {sockets}개가 닫혀 소유자를 확인할 수 없습니다",
            sockets = *sockets
        ),
        Warning::OnlyRecorded { filter } => both!(
            "only connections were recorded that match: {filter}",
            "다음 필터에 맞는 연결만 기록됨: {filter}",
            filter = one_line(filter)
        ),
        Warning::SourceUnavailable { what, reason } => both!(
            "{what} is unknown: {reason}",
            "{what}: 확인할 수 없습니다({reason})",
            what = phrase(what),
            reason = phrase(reason)
        ),
        Warning::NamesUnanswered { lookups } => both!(
            "{lookups:lookup of a host name was|lookups of host names were} not answered in time",
            "호스트 이름 조회 {lookups}건이 제시간에 응답을 받지 못했습니다",
            lookups = *lookups
        ),
        Warning::PersistentSources { read, refused, not_understood } => {
            persistent_sources(read, refused, *not_understood)
        }
        other => Text::same(other.to_string()),
    }
}

fn address_list(file: &str, entries: usize, skipped: SkippedLines) -> Text {
    let invalid = skipped.first_invalid.map(|first| {
        both!(
            "; {invalid:invalid line|invalid lines}, first at line {first}",
            "; 알아볼 수 없는 줄 {invalid}개, 처음은 {first}번째 줄",
            invalid = skipped.invalid,
            first = first.to_string()
        )
    });
    let names = (skipped.names > 0).then(|| {
        both!(
            "; {names:line blocks|lines block} names, not addresses",
            "; 주소가 아니라 이름을 막는 줄 {names}개",
            names = skipped.names
        )
    });
    both!(
        "address list {file}: {entries:entry|entries} used{invalid}{names}",
        "목록 {file}에서 주소와 네트워크 {entries}개를 씀{invalid}{names}",
        file,
        entries,
        invalid = invalid.unwrap_or_default(),
        names = names.unwrap_or_default()
    )
}

fn may_match(sockets: usize, without_owner: usize) -> Text {
    let why = match (without_owner, sockets.saturating_sub(without_owner)) {
        (0, _) => both!("what decides could not be read", "판단할 정보를 읽을 수 없음"),
        (_, 0) if sockets == 1 => both!("its owner is unknown", "소유자를 확인할 수 없음"),
        (_, 0) => both!("their owners are unknown", "소유자를 확인할 수 없음"),
        (owners, _) => both!(
            "the owners of {owners} are unknown, and what decides on the rest could not be read",
            "{owners}개는 소유자를 확인할 수 없고, 나머지는 판단할 정보를 읽을 수 없음",
            owners
        ),
    };
    both!(
        "{sockets:more socket|more sockets} may match the filter: {why}",
        "필터에 맞을 수도 있는 소켓이 {sockets}개 더 있습니다: {why}",
        sockets,
        why
    )
}

fn persistent_sources(read: &[&str], refused: &[(&str, String)], not_understood: usize) -> Text {
    let sources = match read {
        [] => both!("no supported configuration was found", "지원하는 설정을 찾지 못함"),
        read => both!("read the configuration of {read}", "읽은 설정: {read}", read = read.join(", ")),
    };
    let mut said = both!(
        "this system has no single list of persistent routes; {sources}",
        "이 시스템에는 영구 경로의 단일 목록이 없습니다. {sources}",
        sources
    );
    for (source, reason) in refused {
        said = both!(
            "{said}; could not read that of {source}: {reason}",
            "{said}; 읽지 못한 설정 {source}: {reason}",
            said,
            source = *source,
            reason = phrase(reason)
        );
    }
    match not_understood {
        0 => said,
        count => both!(
            "{said}; skipped {count:invalid setting|invalid settings}",
            "{said}; 잘못된 설정 {count}개를 건너뜀",
            said,
            count
        ),
    }
}

#[cfg(test)]
mod tests;
