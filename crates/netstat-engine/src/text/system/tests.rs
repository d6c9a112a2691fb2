//! Every warning, error and method has its Korean, and the English is that of the model.

use super::*;
use netstat_model::Protocol;
use netstat_model::history::NoTrace;
use netstat_model::owner_method::BpfStep;

fn has_korean(text: &Text) -> bool {
    text.of(Language::Korean).chars().any(|character| ('가'..='힣').contains(&character))
}

/// A warning of every kind and with every part that differs.
fn warnings() -> Vec<Warning> {
    let skipped = SkippedLines { names: 1, invalid: 2, first_invalid: Some(7) };
    let reason = || "it is".to_owned();
    vec![
        Warning::DumpInterrupted { what: "routing table" },
        Warning::DumpOverrun { what: "list of interfaces" },
        Warning::OddMessages { what: "table of TCP sockets", count: 1 },
        Warning::OddMessages { what: "table of TCP sockets", count: 2 },
        Warning::AddressList { file: "bad.txt".into(), entries: 1, skipped },
        Warning::AddressList { file: "bad.txt".into(), entries: 0, skipped: SkippedLines::default() },
        Warning::ProcNetFallback { protocol: Protocol::Udp, reason: reason() },
        Warning::FamilyUnavailable { family: "xdp", reason: Some(reason()) },
        Warning::FamilyUnavailable { family: "xdp", reason: None },
        Warning::BoundUnavailable { release: None },
        Warning::BoundUnavailable { release: Some("6.1".into()) },
        Warning::NamespacesLeftOut { namespaces: 1, reason: reason() },
        Warning::OwnersNotPermitted { processes: 1, as_root: true },
        Warning::OwnersNotPermitted { processes: 2, as_root: false },
        Warning::OwnersIncomplete { reason: reason(), root_could: true },
        Warning::ProcessesUnreadable { processes: 3, reason: reason() },
        Warning::MayMatch { sockets: 1, without_owner: 0 },
        Warning::MayMatch { sockets: 1, without_owner: 1 },
        Warning::MayMatch { sockets: 2, without_owner: 2 },
        Warning::MayMatch { sockets: 3, without_owner: 1 },
        Warning::OwnersInOtherNamespace,
        Warning::OwnersVanished { sockets: 1 },
        Warning::OnlyRecorded { filter: "port 443".to_owned() },
        Warning::SourceUnavailable { what: Warning::SOME_OWNERS, reason: reason() },
        Warning::NamesUnanswered { lookups: 2 },
        Warning::PersistentSources { read: vec![], refused: vec![("x", reason())], not_understood: 1 },
        Warning::PersistentSources { read: vec!["a", "b"], refused: vec![], not_understood: 0 },
    ]
}

#[test]
fn warnings_have_their_korean_and_the_english_of_the_model() {
    for one in warnings() {
        assert_eq!(korean(&one).english(), one.to_string());
        assert!(has_korean(&warning(&one)), "{one:?}");
    }
    let quoted = Warning::Quoted("as it was said".into());
    assert_eq!(warning(&quoted), Text::same("as it was said".into()));
}

/// The list above has every kind of warning that there is.
#[test]
fn no_kind_of_warning_is_forgotten() {
    let source = include_str!("../../../../netstat-model/src/warning.rs");
    let (_, display) = source.split_once("impl fmt::Display for Warning").unwrap();
    let known: Vec<String> = warnings().iter().map(|one| format!("{one:?}")).collect();
    let mut kinds = 0;
    for (at, _) in display.match_indices("Self::") {
        let rest = &display[at + "Self::".len()..];
        let kind = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap()];
        let is_known = known.iter().any(|one| one.starts_with(kind));
        assert!(is_known || kind == "Quoted", "{kind} has no Korean");
        kinds += 1;
    }
    assert!(kinds > 15, "{kinds}");
}

#[test]
fn methods_have_their_korean_and_the_english_of_the_model() {
    let reasons = [
        NoBpf::NotAsked,
        NoBpf::NoGroups,
        NoBpf::NoDatagrams,
        NoBpf::FewFiles,
        NoBpf::FewSockets,
        NoBpf::LittleMemory,
        NoBpf::OtherQuestion,
        NoBpf::NotPermitted,
        NoBpf::NoPerfmon,
        NoBpf::LockedDown,
        NoBpf::JitOff,
        NoBpf::KernelTooOld,
        NoBpf::NotBuilt,
        NoBpf::OtherNamespace,
        NoBpf::Refused { step: BpfStep::Load, errno: 1 },
    ];
    for reason in reasons {
        for method in [EventMethod::Closings(reason), EventMethod::Looks(Some(reason))] {
            let said = event_method(&method);
            assert_eq!(said.english(), method.to_string());
            assert_eq!(
                phrase(&method.to_string()).of(Language::Korean).split(':').next(),
                said.of(Language::Korean).split(':').next()
            );
        }
        let method = OwnerMethod::Proc(reason);
        assert_eq!(owner_method(&method).english(), method.to_string());
        assert!(has_korean(&no_bpf(&reason)), "{reason:?}");
        let method = ListMethod::Diag(reason);
        assert_eq!(list_method(&method).english(), method.to_string());
    }
    for method in [ListMethod::Bpf, ListMethod::Proc] {
        assert!(has_korean(&list_method(&method)), "{method:?}");
    }
    for method in [OwnerMethod::NotNeeded, OwnerMethod::Table, OwnerMethod::Bpf] {
        assert!(has_korean(&owner_method(&method)), "{method:?}");
    }
    for method in [EventMethod::Bpf, EventMethod::Trace, EventMethod::Looks(None)] {
        assert!(has_korean(&event_method(&method)), "{method:?}");
    }
    for reason in [NoTrace::NotPermitted, NoTrace::Silent, NoTrace::NotRecorded, NoTrace::Refused(1450)] {
        let method = EventMethod::NoTrace(reason);
        assert_eq!(event_method(&method).english(), method.to_string());
        assert!(has_korean(&phrase(&reason.to_string())), "{reason:?}");
    }
}

#[test]
fn phrases_are_found_with_what_differs_in_them() {
    let korean = |english: &str| phrase(english).of(Language::Korean).to_owned();
    assert_eq!(korean("table of TCP sockets"), "TCP 소켓 테이블");
    assert_eq!(korean("by BPF: no such process"), "BPF로: 그런 프로세스 없음");
    assert_eq!(korean("by BPF: *"), "BPF로: *");
    assert_eq!(korean("Permission denied"), "Permission denied");
    assert_eq!(korean("web: ip netns knows no such name"), "web: ip netns에 그런 이름 없음");
    assert_eq!(korean("web: Permission denied"), "web: Permission denied");
    let failed = Error::new(Operation::ListRoutes, io::Error::other("no such process"));
    assert_eq!(error(&failed).english(), failed.to_string());
    assert_eq!(error(&failed).of(Language::Korean), "경로 목록을 볼 수 없습니다: 그런 프로세스 없음");
}

#[test]
fn text_of_any_depth_ends() {
    for part in ["by BPF: ", "x: ", "*"] {
        let text = part.repeat(100_000);
        assert_eq!(phrase(&text).english(), text);
    }
}

#[test]
fn each_phrase_is_there_once_and_in_both_languages() {
    for (at, (english, korean)) in phrases::ALL.iter().enumerate() {
        assert!(has_korean(&Text::fixed("", korean)), "{english}");
        assert_eq!(english.matches('*').count(), korean.matches('*').count(), "{english}");
        assert!(!phrases::ALL[..at].iter().any(|(other, _)| other == english), "{english} twice");
    }
}
