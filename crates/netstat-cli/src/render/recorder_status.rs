//! How a recorder is doing, for people.

use netstat_engine::text::system::phrase;
use netstat_engine::text::time::rfc_3339;
use netstat_engine::text::{Language, cells, escape};
use serde::{Deserialize, Serialize};
use std::time::{Duration, UNIX_EPOCH};

/// What a recorder tells of itself in a file beside the history, every few seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecorderStatus {
    /// The version of this structure.
    pub(crate) schema: u32,
    /// The process of the recorder.
    pub(crate) pid: u32,
    /// When it began, and when this was written, in milliseconds since 1970.
    pub(crate) since: u64,
    pub(crate) at: u64,
    /// By what means it sees connections.
    pub(crate) mode: String,
    /// The filter that chooses what is kept; `None` where all is.
    #[serde(default)]
    pub(crate) filter: Option<String>,
    /// The history.
    pub(crate) file: String,
    pub(crate) bytes: u64,
    pub(crate) ends: u64,
    pub(crate) open: u64,
    /// The end of its oldest connection, in milliseconds since 1970.
    pub(crate) oldest: Option<u64>,
    /// What was counted since it began.
    pub(crate) opened: u64,
    pub(crate) ended: u64,
    pub(crate) ended_of_before: u64,
    pub(crate) lost: u64,
    pub(crate) lost_begins: u64,
    pub(crate) lost_half_closed: u64,
    pub(crate) lost_processes: u64,
    pub(crate) unseen: u64,
    pub(crate) late: u64,
    pub(crate) skipped: u64,
    pub(crate) saved: u64,
    pub(crate) not_followed: u64,
    /// How often the history could not be written.
    pub(crate) failed_writes: u64,
    /// Where its programs have names, by which the kernel keeps them when it is killed; or why they have none, in English and in
    /// Korean.
    #[serde(default)]
    pub(crate) pinned: Option<String>,
    #[serde(default)]
    pub(crate) not_pinned: Option<[String; 2]>,
    /// Whether it keeps with whom UDP sockets talk; why not, in English and in Korean, if it was told to and cannot.
    #[serde(default)]
    pub(crate) flows: bool,
    #[serde(default)]
    pub(crate) no_flows: Option<[String; 2]>,
    /// Why it cannot write to the history now.
    #[serde(default)]
    pub(crate) stuck: Option<Stuck>,
    /// How many of the connections that were open when it began it has told, until it has told all of them.
    #[serde(default)]
    pub(crate) taking_over: Option<u64>,
}

/// That nothing can be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stuck {
    /// When that failed for the first time, in milliseconds since 1970.
    pub(crate) since: u64,
    /// Why, in English and in Korean.
    pub(crate) why: [String; 2],
    /// How many begins and ends of connections wait in the memory of the recorder.
    pub(crate) waiting: u64,
    /// How many ends it had no room for any more.
    pub(crate) lost: u64,
}

/// The version of [`RecorderStatus`].
pub(crate) const SCHEMA: u32 = 3;

/// What is known of the recorder that wrote a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Running {
    Yes,
    /// It was halted, by a signal or a debugger, and does nothing until it goes on.
    Halted,
    No,
}

fn word_of<'a>(language: Language, english: &'a str, korean: &'a str) -> &'a str {
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}

/// Returns the lines of a status. `left` is what is known of the programs of a recorder that does not run.
pub(crate) fn lines(
    status: &RecorderStatus,
    running: Running,
    left: Option<&str>,
    language: Language,
) -> String {
    let word = |english: &'static str, korean: &'static str| match language {
        Language::English => english,
        Language::Korean => korean,
    };
    let is_running = running != Running::No;
    let time =
        |at: u64| UNIX_EPOCH.checked_add(Duration::from_millis(at)).map_or_else(|| "-".to_owned(), rfc_3339);
    let running = match running {
        Running::Yes => format!("{} (PID {})", word("running", "실행 중"), status.pid),
        Running::Halted => {
            let goes_on = word("to let it go on, type kill -CONT", "다시 실행하려면 kill -CONT");
            format!("{} (PID {pid}): {goes_on} {pid}", word("halted", "멈춰 있음"), pid = status.pid)
        }
        Running::No => word("not running", "실행 중 아님").to_owned(),
    };
    let stuck = status.stuck.as_ref().map(|stuck| {
        let [english, korean] = &stuck.why;
        let (since, waiting, lost) = (time(stuck.since), stuck.waiting, stuck.lost);
        let said = match (is_running, language) {
            (true, Language::English) => format!(
                "since {since}: {}; {waiting} begins and ends wait in memory, {lost} ends are lost",
                shown(english)
            ),
            (false, Language::English) => format!(
                "since {since}: {}; {waiting} begins and ends that waited in memory are lost with it, {lost} ends before",
                shown(english)
            ),
            (true, Language::Korean) => {
                format!("{since}부터. {} 시작·종료 {waiting}건이 메모리에서 대기, 종료 {lost}건 손실", shown(korean))
            }
            (false, Language::Korean) => format!(
                "{since}부터. {} 메모리에서 대기하던 시작·종료 {waiting}건은 함께 손실, 그전에 종료 {lost}건 손실",
                shown(korean)
            ),
        };
        (word("Cannot be written", "쓸 수 없음"), said)
    });
    let span = format!("{} - {}", time(status.since), time(status.at));
    let oldest = status.oldest.map_or_else(|| "-".to_owned(), time);
    let survives = match (left, &status.pinned, &status.not_pinned) {
        (Some(left), ..) => left.to_owned(),
        _ if !is_running => "-".to_owned(),
        (_, Some(folder), _) => {
            let what = match status.flows && status.no_flows.is_none() {
                true => word(
                    "nothing is lost but flows of UDP, which a gap tells:",
                    "UDP 흐름 말고는 유실 없음(빠진 구간으로 남김):",
                ),
                false => word("nothing is lost:", "유실 없음:"),
            };
            format!("{what} {}", shown(folder))
        }
        (_, _, Some([english, korean])) => {
            format!(
                "{} {}",
                word("what happens meanwhile is lost:", "그동안의 연결은 기록되지 않음:"),
                shown(word_of(language, english, korean))
            )
        }
        _ => word("what happens meanwhile is lost", "그동안의 연결은 기록되지 않음").to_owned(),
    };
    let flows = match (&status.no_flows, status.flows) {
        (Some([english, korean]), _) => {
            format!("{} {}", word("not kept:", "저장 안 함:"), shown(word_of(language, english, korean)))
        }
        (None, true) => word("kept", "저장").to_owned(),
        (None, false) => word("not kept, as --udp was not given", "저장 안 함(--udp 없음)").to_owned(),
    };
    let mut mode = shown(phrase(&status.mode).of(language));
    if let Some(told) = status.taking_over.filter(|_| is_running) {
        mode += &match language {
            Language::English => format!("; taking over what was open at its start: {told} told so far"),
            Language::Korean => format!(". 시작할 때 열려 있던 연결을 넘겨받는 중: 지금까지 {told}개"),
        };
    }
    let mut rows = vec![(word("Recorder", "기록기"), running)];
    rows.extend(stuck);
    rows.extend([
        (word("Counted", "집계 기간"), span),
        (word("Mode", "방식"), mode),
        (
            word("Keeps", "저장 대상"),
            match &status.filter {
                Some(filter) => shown(filter),
                None => word("every connection", "모든 연결").to_owned(),
            },
        ),
        (word("Flows of UDP", "UDP 흐름"), flows),
        match left {
            Some(_) => (word("Left in the kernel", "커널에 남은 것"), survives),
            None => (word("If it is killed", "강제 종료되면"), survives),
        },
        (word("History", "기록 파일"), shown(&status.file)),
        (word("Size in bytes", "크기(바이트)"), status.bytes.to_string()),
        (word("Connections kept", "저장된 연결"), status.ends.to_string()),
        (word("Oldest", "가장 오래된 기록"), oldest),
        (word("Open now", "현재 열림"), status.open.to_string()),
        (word("Opened", "열린 수"), status.opened.to_string()),
        (
            word("Ended", "끝난 수"),
            format!(
                "{} + {} {}",
                status.ended,
                status.ended_of_before,
                word("that were there before", "(시작 전부터 있던 연결)")
            ),
        ),
        (
            word("Lost: buffer full", "손실: 버퍼 가득 참"),
            format!(
                "{} {}, {} {}, {} {}, {} {}",
                status.lost,
                word("ends", "종료"),
                status.lost_begins,
                word("begins", "시작"),
                status.lost_processes,
                word("processes", "프로세스 정보"),
                status.lost_half_closed,
                word("half closed", "한쪽 닫힘")
            ),
        ),
        (word("Lost: never told", "손실: 커널이 알리지 않음"), status.unseen.to_string()),
        (word("Noticed late", "늦게 확인됨"), status.late.to_string()),
        (
            word("Programs skipped", "건너뛴 프로그램 실행"),
            format!("{}, {} {}", status.skipped, status.saved, word("made up for", "만회됨")),
        ),
        (
            word("Failures", "실패"),
            format!(
                "{} {}, {} {}",
                status.failed_writes,
                word("writes", "쓰기"),
                status.not_followed,
                word("sockets without memory", "메모리 부족 소켓")
            ),
        ),
    ]);
    aligned(&rows)
}

/// Returns a line for each row: its name, and its value in a column of values.
pub(super) fn aligned(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| cells(name.as_bytes())).max().unwrap_or(0);
    rows.iter().fold(String::new(), |text, (name, value)| {
        let blanks = " ".repeat(width + 2 - cells(name.as_bytes()));
        text + name + ":" + &blanks + value + "\n"
    })
}

/// Returns text that is from outside: whoever can write to the folder, or to the history in it, can write it.
pub(super) fn shown(text: &str) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, text.as_ref());
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> RecorderStatus {
        RecorderStatus {
            schema: SCHEMA,
            pid: 7,
            since: 1_000_000_000_000,
            at: 1_000_000_005_000,
            mode: "complete".into(),
            filter: Some("port 443".into()),
            file: "/x/history.db".into(),
            bytes: 1000,
            ends: 20,
            open: 3,
            oldest: None,
            opened: 21,
            ended: 19,
            ended_of_before: 1,
            lost: 4,
            lost_begins: 5,
            lost_half_closed: 9,
            lost_processes: 6,
            unseen: 0,
            late: 0,
            skipped: 2,
            saved: 2,
            not_followed: 0,
            failed_writes: 0,
            pinned: Some("/sys/fs/bpf/x".into()),
            not_pinned: None,
            flows: false,
            no_flows: Some(["it lacks them".into(), "없음".into()]),
            stuck: None,
            taking_over: None,
        }
    }

    #[test]
    fn a_recorder_says_that_it_still_takes_over() {
        let taking = RecorderStatus { taking_over: Some(12), ..status() };
        let text = lines(&taking, Running::Yes, None, Language::English);
        assert!(text.contains("; taking over what was open at its start: 12 told so far\n"), "{text}");
        let over = lines(&taking, Running::No, None, Language::English);
        assert!(!over.contains("taking over"), "{over}");
    }

    #[test]
    fn each_language_has_its_words_in_one_column() {
        let english = lines(&status(), Running::Yes, None, Language::English);
        assert!(english.starts_with("Recorder:           running (PID 7)\n"), "{english}");
        assert!(
            english.contains("\nLost: buffer full:  4 ends, 5 begins, 6 processes, 9 half closed\n"),
            "{english}"
        );
        assert!(english.contains("\nFlows of UDP:       not kept: it lacks them\n"), "{english}");
        let told = RecorderStatus { flows: true, no_flows: None, ..status() };
        let told = lines(&told, Running::Yes, None, Language::English);
        assert!(told.contains("nothing is lost but flows of UDP") && told.contains(" kept\n"), "{told}");
        let korean = lines(&status(), Running::No, None, Language::Korean);
        assert!(english.contains("\nKeeps:              port 443\n"), "{english}");
        assert!(korean.contains("실행 중 아님") && korean.contains("손실: 버퍼 가득 참"), "{korean}");
    }

    #[test]
    fn what_is_in_the_file_moves_no_cursor() {
        let (mode, file) = ("\u{1b}[2Jx".to_owned(), "a\nRecorder: b".to_owned());
        let filter = Some("\u{1b}[2J\n".to_owned());
        let stuck = Stuck { since: 0, why: ["\u{1b}\n".to_owned(), String::new()], waiting: 3, lost: 4 };
        let no_flows = Some(["\u{1b}\n".to_owned(), String::new()]);
        let hostile = RecorderStatus { mode, filter, file, no_flows, stuck: Some(stuck), ..status() };
        let text = lines(&hostile, Running::Yes, None, Language::English);
        assert!(!text.contains('\u{1b}') && text.lines().count() == 19, "{text:?}");
        assert!(text.contains("3 begins and ends wait in memory, 4 ends are lost\n"), "{text}");
        let killed = lines(&hostile, Running::No, None, Language::English);
        assert!(killed.contains("3 begins and ends that waited in memory are lost with it"), "{killed}");
        let halted = lines(&status(), Running::Halted, None, Language::English);
        assert!(halted.contains("halted (PID 7): to let it go on, type kill -CONT 7\n"), "{halted}");
    }

    #[test]
    fn a_status_comes_back_from_its_file() {
        let text = serde_json::to_string(&status()).unwrap();
        assert_eq!(serde_json::from_str::<RecorderStatus>(&text).unwrap(), status());
    }
}
