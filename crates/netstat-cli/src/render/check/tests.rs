use super::*;
use netstat_check::{Culprit, Fact, HeldBy, Lack, Listed, Moment, Surroundings};
use rustc_hash::FxHashMap;
use std::time::Duration;

fn evidence() -> Evidence {
    let now = Moment {
        conntrack: Err(Lack::NotAsked),
        whole: true,
        at: Ok(Duration::from_secs(5)),
        sockets: netstat_model::SocketTable::default(),
        listed: Listed { whole: true, bound: true },
        tells_course: false,
        undecided: Default::default(),
        marks: Default::default(),
        counters: Err(Lack::NotAsked),
    };
    Evidence {
        listening: Default::default(),
        now,
        before: None,
        nothing_matches: false,
        foreign_addresses: Err(Lack::NotAsked),
        limits: Err(Lack::NotAsked),
        descriptors: Err(Lack::NotAsked),
        descriptors_since: Default::default(),
        processes: FxHashMap::default(),
        surroundings: Surroundings::default(),
        seen_since: Default::default(),
    }
}

fn finding() -> Finding {
    let holder = HeldBy::Process { pid: 4711, name: Some("a\u{1b}[2J\u{202e}b".into()), behind: None };
    let who = holder.text();
    let mut finding = Finding::new(
        Severity::Warning,
        Text::new(
            format!("{} is ill", who.of(Language::English)),
            format!("{} 문제", who.of(Language::Korean)),
        ),
    );
    finding.check = "close-wait";
    finding.subject = holder.subject();
    finding.facts = vec![Fact::said("count", 5), Fact::shown("age", 3, Text::fixed("3 s old", "3초 됨"))];
    finding.processes = vec![Culprit { holder, sockets: 1234 }];
    finding.rows = Some("netstat -ano close_wait pid 4711".to_owned());
    finding.meaning = Some(Text::fixed(
        "it means something that takes more room than one line of a hundred cells has, so it is broken between words",
        "무언가를 뜻합니다",
    ));
    finding.next = vec![Text::fixed("do this", "이렇게 합니다"), Text::fixed("then that", "그리고 저렇게")];
    finding
}

fn shown(findings: &[Finding], style: FindingStyle) -> String {
    let mut out = Vec::new();
    render(findings, &check::ALL[1..2], &Looked::of(&evidence()), &style, &mut out).unwrap();
    String::from_utf8(out).unwrap().replace("\r\n", "\n")
}

const PLAIN: FindingStyle =
    FindingStyle { language: Language::English, width: None, colour: false, named: false };

#[test]
fn a_finding_in_english() {
    insta::assert_snapshot!(shown(&[finding()], PLAIN));
}

#[test]
fn a_finding_in_korean() {
    insta::assert_snapshot!(shown(&[finding()], FindingStyle { language: Language::Korean, ..PLAIN }));
}

#[test]
fn a_quiet_system_is_one_line() {
    let mut ok = [Finding::ok(Text::fixed("none", "없음"))];
    ok[0].check = "close-wait";
    assert_eq!(shown(&ok, PLAIN), "Nothing wrong: 1 check of 0 sockets.\n");
    let named = FindingStyle { named: true, ..PLAIN };
    assert_eq!(shown(&ok, named), "ok        close-wait: none\nNothing wrong: 1 check of 0 sockets.\n");
}

#[test]
fn the_numbers_of_the_last_line_add_up() {
    let found = |which: usize, severity, sentence: &'static str| {
        let mut finding = Finding::new(severity, Text::fixed(sentence, "문장"));
        finding.check = check::NAMES[which];
        finding
    };
    let mut silent = found(3, Severity::Unknown, "not told");
    silent.never_told = true;
    let findings = [
        found(0, Severity::Warning, "a"),
        found(0, Severity::Warning, "b"),
        found(0, Severity::Notice, "c"),
        found(1, Severity::Unknown, "hidden"),
        found(2, Severity::Unknown, "hidden"),
        silent,
        found(4, Severity::Ok, "fine"),
    ];
    let text = |language| {
        let mut out = Vec::new();
        let style = FindingStyle { language, ..PLAIN };
        render(&findings, &check::ALL[..5], &Looked::of(&evidence()), &style, &mut out).unwrap();
        String::from_utf8(out).unwrap().replace("\r\n", "\n")
    };
    let english = text(Language::English);
    // Four checks were judged; what two found in the same words is shown once.
    assert!(
        english.contains("4 checks of 0 sockets: 1 ok, 3 with 2 warnings, 2 unknown, 1 notice."),
        "{english}"
    );
    assert!(english.contains("unknown   close-wait, listen-queue: hidden\n"), "{english}");
    let korean = text(Language::Korean);
    assert!(
        korean.contains("검사 4가지, 소켓 0개: 1가지 정상, 3가지에서 경고 2건, 확인 불가 2건, 알림 1건."),
        "{korean}"
    );
}

#[test]
fn what_others_wrote_moves_no_cursor() {
    for language in [Language::English, Language::Korean] {
        let text = shown(&[finding()], FindingStyle { language, ..PLAIN });
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
        assert!(text.contains("\\x1b[2J"));
    }
}

#[test]
fn a_narrow_terminal_gets_narrow_lines_but_whole_commands() {
    let text = shown(&[finding()], FindingStyle { width: Some(50), ..PLAIN });
    assert!(text.contains("  see     netstat -ano close_wait pid 4711\n"));
    for line in text.lines().filter(|line| !line.contains("netstat")) {
        assert!(line.chars().count() <= 50, "{line}");
    }
}

#[test]
fn colours_only_repeat_the_word() {
    let text = shown(&[finding()], FindingStyle { colour: true, ..PLAIN });
    assert!(text.starts_with("\u{1b}[33mwarning\u{1b}[0m   close-wait"));
    let plain = text.replace("\u{1b}[33m", "").replace("\u{1b}[0m", "");
    assert_eq!(plain, shown(&[finding()], PLAIN));
}

#[test]
fn changes_say_what_became_of_it() {
    let finding = finding();
    let mut out = Vec::new();
    let changes = [Change::Appeared(&finding), Change::Gone(&finding)];
    render_changes(&changes, Some(Duration::from_secs(70)), &PLAIN, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
    assert!(text.starts_with("+1 min 10 s appeared\nwarning   close-wait: "), "{text}");
    assert!(text.contains("+1 min 10 s gone\nwarning   close-wait: "), "{text}");
    assert_eq!(text.matches("do this").count(), 1, "what is gone needs no next step");
    let mut out = Vec::new();
    render_changes(&[], None, &PLAIN, &mut out).unwrap();
    assert!(out.is_empty());
}
