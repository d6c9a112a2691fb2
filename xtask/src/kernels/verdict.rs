//! What one guest's answers come to.

use super::answers::{Answer, Answers};
use super::compare::{self, Table};
use super::explain;
use super::guests::{Extent, Guest};
use super::ss;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;

/// A cell of the page, in both languages.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) en: String,
    pub(super) ko: String,
}

impl Cell {
    pub(super) fn new(en: impl Into<String>, ko: impl Into<String>) -> Self {
        Self { en: en.into(), ko: ko.into() }
    }

    fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(text.clone(), text)
    }

    fn yes() -> Self {
        Self::new("yes", "됨")
    }

    fn no() -> Self {
        Self::new("no", "안 됨")
    }

    fn not_asked() -> Self {
        Self::same("-")
    }
}

/// What is known of one guest.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) guest: &'static str,
    pub(super) release: String,
    pub(super) special: Option<(&'static str, &'static str)>,
    /// One cell for each of [`COLUMNS`].
    pub(super) cells: Vec<Cell>,
    /// What was said, and by which question.
    pub(super) said: BTreeSet<String>,
    /// Everything that is not as it should be.
    pub(super) wrong: Vec<String>,
    /// Values of connections that were compared with ss.
    pub(super) values: usize,
}

/// The heads of the columns behind the name of the kernel.
pub(super) const COLUMNS: [(&str, &str); 9] = [
    ("listed by", "목록을 얻는 곳"),
    ("rows as /proc and ss", "/proc, ss와 같은 행"),
    ("bound-only", "바인드만 된 소켓"),
    ("owners: /proc, BPF", "소유자: /proc, BPF"),
    ("TCP by BPF iterator", "BPF 반복자로 TCP"),
    ("`--netns all`", "`--netns all`"),
    ("recorder", "기록기"),
    ("capture", "캡처"),
    ("checks judged", "판단한 검사"),
];

/// Questions whose words on standard error are on the page.
const ASKED: [&str; 20] = [
    "plain",
    "json",
    "proc",
    "bpf",
    "iter",
    "text",
    "routes",
    "statistics",
    "ethernet",
    "check",
    "families",
    "user.json",
    "user.bpf",
    "userns.json",
    "userns.bpf",
    "record",
    "history",
    "capture",
    "packets",
    "everywhere",
];

impl Verdict {
    /// Judges the answers of a guest.
    pub(super) fn of(guest: &'static Guest, extent: Extent) -> Result<Self> {
        let answers = Answers::of(guest.name);
        let mut verdict = Self {
            guest: guest.name,
            release: answers.file("release").trim().to_owned(),
            special: guest.special,
            cells: Vec::new(),
            said: BTreeSet::new(),
            wrong: Vec::new(),
            values: 0,
        };
        if verdict.release.is_empty() {
            verdict.wrong.push("the guest did not answer".to_owned());
            return Ok(verdict);
        }
        verdict.wrong.extend(answers.file("trouble").lines().map(str::to_owned));
        verdict.judge(&answers, extent).with_context(|| format!("the answers of {}", guest.name))?;
        for question in ASKED {
            let said = answers.file(&format!("{question}.err"));
            let answer = Answer { out: String::new(), err: said, code: None };
            verdict.said.extend(answer.said().map(explain::pattern));
        }
        let unexplained: Vec<String> =
            verdict.said.iter().filter(|said| explain::why(said).is_none()).cloned().collect();
        verdict.wrong.extend(unexplained.iter().map(|said| format!("not explained: {said}")));
        Ok(verdict)
    }

    pub(super) fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    pub(super) fn print(&self) {
        println!("   {} {}", self.guest, self.release);
        for ((column, _), cell) in COLUMNS.iter().zip(&self.cells) {
            println!("   {column}: {}", cell.en);
        }
        for wrong in self.wrong.iter().take(40) {
            println!("   WRONG {}", wrong.escape_debug());
        }
    }

    fn judge(&mut self, answers: &Answers, extent: Extent) -> Result<()> {
        let before = compare::witnessed(answers, "before").context("/proc/net is odd")?;
        let after = compare::witnessed(answers, "after").context("/proc/net is odd")?;
        if before.rows.len() < 20 {
            self.wrong.push(format!("the guest has only {} sockets", before.rows.len()));
        }
        let json = self.table(answers, "json", &before, &after);
        for question in ["proc", "text"] {
            self.table(answers, question, &before, &after);
        }
        let bpf = self.table(answers, "bpf", &before, &after);
        let iter = self.table(answers, "iter", &before, &after);
        self.plain(answers, &before, &after);
        self.compare_values(answers);

        let is_whole = extent == Extent::Whole;
        self.cells = vec![
            Cell::same(listed_by(answers)),
            Cell::same(json.as_ref().map_or("-".to_owned(), |table| table.rows.len().to_string())),
            bound(json.as_ref()),
            match bpf {
                Some(_) => Cell::new("yes, yes", "됨, 됨"),
                None => Cell::new("yes, no", "됨, 안 됨"),
            },
            if iter.is_some() { Cell::yes() } else { Cell::no() },
            if is_whole { self.everywhere(answers) } else { Cell::not_asked() },
            self.recorder(answers),
            self.capture(answers),
            if is_whole { self.checks(answers) } else { Cell::not_asked() },
        ];
        if is_whole {
            self.others(answers, &before, &after);
        }
        Ok(())
    }

    /// Compares one answer with what the guest's kernel says. `None` where it was refused, for whatever reason.
    fn table(&mut self, answers: &Answers, name: &str, before: &Table, after: &Table) -> Option<Table> {
        let table = self.rows(answers, name, before, after)?;
        self.wrong.extend(compare::wrong_owners(&table, before).into_iter().map(|d| format!("{name}: {d}")));
        Some(table)
    }

    /// Compares the rows alone.
    fn rows(&mut self, answers: &Answers, name: &str, before: &Table, after: &Table) -> Option<Table> {
        let Some(answer) = answers.answer(name) else {
            self.wrong.push(format!("{name}: not answered"));
            return None;
        };
        if answer.code != Some(0) {
            let refused = ["bpf", "iter", "user.bpf", "userns.bpf"].contains(&name) && !answer.err.is_empty();
            if answer.code != Some(1) || !refused {
                self.wrong.push(format!("{name}: ended with {:?}: {}", answer.code, answer.err));
            }
            return None;
        }
        let Some(table) = compare::shown(&answer.out, None) else {
            self.wrong.push(format!("{name}: the JSON is odd"));
            return None;
        };
        let found = compare::differences(&table, before, after);
        self.wrong.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
        Some(table)
    }

    /// Counts the lines of the table for people: one for each socket, two for one that is for both families.
    fn plain(&mut self, answers: &Answers, before: &Table, after: &Table) {
        let Some(answer) = answers.answer("plain") else {
            self.wrong.push("plain: not answered".to_owned());
            return;
        };
        let is_row =
            |line: &&str| ["TCP", "UDP"].contains(&line.split_whitespace().next().unwrap_or_default());
        let lines = answer.out.lines().filter(is_row).count();
        let json = answers.answer("json").and_then(|json| compare::shown(&json.out, None));
        let copies = json.map_or(0, |table| table.copies);
        let least = before.rows.intersection(&after.rows).count() + copies;
        let most = before.rows.union(&after.rows).count() + copies;
        if !(least..=most).contains(&lines) {
            self.wrong.push(format!("plain: {lines} rows, {least} to {most} expected"));
        }
    }

    fn compare_values(&mut self, answers: &Answers) {
        let lines = [answers.file("before.ss"), answers.file("after.ss")];
        let Some(json) = answers.answer("json") else { return };
        let found = lines.iter().filter_map(|lines| ss::compare(&json.out, lines));
        // What changed meanwhile is as one of the two.
        match found.min_by_key(|values| values.different.len()) {
            Some(values) => {
                self.values = values.compared;
                if !said(&json, "were listed from /proc/net") {
                    self.wrong.extend(values.different.into_iter().map(|text| format!("ss: {text}")));
                }
            }
            None => self.wrong.push("ss: nothing to compare".to_owned()),
        }
    }

    fn everywhere(&mut self, answers: &Answers) -> Cell {
        let Some(answer) = answers.answer("everywhere").filter(|answer| answer.code == Some(0)) else {
            self.wrong.push("--netns all: not answered".to_owned());
            return Cell::no();
        };
        let document: Value = serde_json::from_str(&answer.out).unwrap_or_default();
        let sockets = document.get("sockets").and_then(Value::as_array).cloned().unwrap_or_default();
        let namespaces: BTreeSet<u64> =
            sockets.iter().filter_map(|socket| socket.get("netns_inode")?.as_u64()).collect();
        let expected = answers.file("other.ss").lines().filter(|line| !line.contains("TIME-WAIT")).count();
        let of_other = namespaces.iter().filter(|&&namespace| {
            compare::shown(&answer.out, Some(namespace)).is_some_and(|table| table.lasting() == expected)
        });
        if expected == 0 || of_other.count() == 0 || namespaces.len() != 2 {
            self.wrong.push(format!(
                "--netns all: {} namespaces, none with the {expected} sockets that ss has in the other",
                namespaces.len()
            ));
        }
        Cell::new(format!("{} namespaces", namespaces.len()), format!("네임스페이스 {}개", namespaces.len()))
    }

    fn recorder(&mut self, answers: &Answers) -> Cell {
        let mode = answers.file("record.err");
        let mode = mode.lines().find_map(|line| line.strip_prefix("netstat: ")).unwrap_or_default();
        let mode = mode.split(':').next().unwrap_or_default();
        let made = answers.answer("record.made").map(|made| made.out).unwrap_or_default();
        let port: Option<u64> = made.trim().parse().ok();
        let history = answers.answer("history").map(|history| history.out).unwrap_or_default();
        let document: Value = serde_json::from_str(&history).unwrap_or_default();
        let sockets = document.get("sockets").and_then(Value::as_array).cloned().unwrap_or_default();
        let ours: Vec<&Value> = sockets
            .iter()
            .filter(|socket| port.is_some() && socket.get("rport").and_then(Value::as_u64) == port)
            .collect();
        let named = ours.iter().filter(|socket| compare::text(socket, "process") == "hold_guest").count();
        match mode {
            "complete" if (ours.len(), named) != (50, 50) => {
                self.wrong
                    .push(format!("recorder: complete, and {} of 50, {named} with process", ours.len()));
            }
            "sampled" if ours.len() != 50 => {
                self.wrong.push(format!("recorder: sampled, and {} of 50 ends", ours.len()));
            }
            "complete" | "sampled" | "looks only" => {}
            _ => self.wrong.push(format!("recorder: {mode:?}")),
        }
        let korean = match mode {
            "complete" => "전체",
            "sampled" => "일부",
            _ => "확인만",
        };
        Cell::new(
            format!("{mode}: {} of 50, {named} with process", ours.len()),
            format!("{korean}: 50개 중 {}개, 프로세스까지 {named}개", ours.len()),
        )
    }

    fn capture(&mut self, answers: &Answers) -> Cell {
        let made = answers.answer("capture.made").map(|made| made.out).unwrap_or_default();
        let port: Option<u64> = made.trim().parse().ok();
        let packets = answers.answer("packets").map(|packets| packets.out).unwrap_or_default();
        let document: Value = serde_json::from_str(&packets).unwrap_or_default();
        let sockets = document.get("sockets").and_then(Value::as_array).cloned().unwrap_or_default();
        // Where no end has a process, there is one row for both.
        let mut ours: BTreeSet<u64> = BTreeSet::new();
        let mut with_process: BTreeSet<u64> = BTreeSet::new();
        for socket in &sockets {
            let [local, remote] = ["lport", "rport"].map(|key| socket.get(key).and_then(Value::as_u64));
            let other = if local == port { remote } else { local };
            if let (Some(other), true) = (other, port.is_some() && (local == port || remote == port)) {
                ours.insert(other);
                if compare::text(socket, "process") == "hold_guest" {
                    with_process.insert(other);
                }
            }
        }
        let named = with_process.len();
        if ours.len() != 10 {
            self.wrong.push(format!("capture: {} of 10 connections", ours.len()));
        }
        Cell::new(
            format!("{} of 10, {named} with process", ours.len()),
            format!("10개 중 {}개, 프로세스까지 {named}개", ours.len()),
        )
    }

    fn checks(&mut self, answers: &Answers) -> Cell {
        let checks = answers.answer("check").map(|check| check.out).unwrap_or_default();
        let document: Value = serde_json::from_str(&checks).unwrap_or_default();
        let checks = document.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
        let unknown: Vec<&str> = checks
            .iter()
            .filter(|check| compare::text(check, "severity") == "unknown")
            .map(|check| compare::text(check, "name"))
            .collect();
        if checks.is_empty() {
            self.wrong.push("check: not answered".to_owned());
        }
        let count = format!("{} of {}", checks.len() - unknown.len(), checks.len());
        let korean = format!("{}개 중 {}개", checks.len(), checks.len() - unknown.len());
        if unknown.is_empty() {
            return Cell::new(count, korean);
        }
        Cell::new(
            format!("{count} (not {})", unknown.join(", ")),
            format!("{korean}({} 제외)", unknown.join(", ")),
        )
    }

    /// What somebody else gets: the same rows, or a refusal.
    fn others(&mut self, answers: &Answers, before: &Table, after: &Table) {
        for question in ["user.json", "user.bpf", "userns.json", "userns.bpf"] {
            self.rows(answers, question, before, after);
        }
        for question in ["routes", "statistics", "ethernet", "families"] {
            match answers.answer(question) {
                Some(answer) if answer.code == Some(0) => {}
                Some(answer) => {
                    self.wrong.push(format!("{question}: ended with {:?}: {}", answer.code, answer.err));
                }
                None => self.wrong.push(format!("{question}: not answered")),
            }
        }
    }
}

fn bound(table: Option<&Table>) -> Cell {
    match table.map(|table| table.bound) {
        Some(0) | None => Cell::no(),
        Some(count) => Cell::new(format!("yes ({count})"), format!("됨 ({count})")),
    }
}

fn said(answer: &Answer, words: &str) -> bool {
    answer.said().any(|line| line.contains(words))
}

/// Returns by which means the table was listed, from what it says.
fn listed_by(answers: &Answers) -> String {
    let Some(json) = answers.answer("json") else { return "-".to_owned() };
    let from_proc: Vec<&str> = ["TCP", "UDP"]
        .into_iter()
        .filter(|protocol| said(&json, &format!("sock_diag is not available for {protocol} ")))
        .collect();
    match from_proc[..] {
        [] => "sock_diag".to_owned(),
        [one] => format!("sock_diag; {one}: /proc/net"),
        _ => "/proc/net".to_owned(),
    }
}
