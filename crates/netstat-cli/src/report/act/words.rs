//! What is listed, asked and told.

use crate::settings::Deed;
use netstat_engine::act::{Became, Holding, Outcome, Refusal, line_of};
use netstat_engine::both;
use netstat_engine::text::{Language, Text, escape, system, words};
use netstat_model::{Process, ProcessKey, Socket};
use rustc_hash::FxHashMap;

/// How many of a kind are listed where a list is no more than a reason.
const SHOWN: usize = 5;

/// The words for one run.
pub(super) struct Words<'a> {
    pub(super) deed: Deed,
    pub(super) language: Language,
    pub(super) processes: &'a FxHashMap<ProcessKey, Process>,
}

impl Words<'_> {
    fn closes(&self) -> bool {
        self.deed == Deed::Close
    }

    fn line(&self, text: &Text) -> String {
        format!("{}\n", text.of(self.language))
    }

    fn process(&self, id: ProcessKey) -> String {
        let mut name = Vec::new();
        match self.processes.get(&id).map(|process| &process.name) {
            Some(Ok(known)) => escape::write_text(&mut name, known),
            _ => name.extend_from_slice(words::UNKNOWN.as_bytes()),
        }
        format!("{} ({})", String::from_utf8_lossy(&name), id.pid)
    }

    /// Returns a socket as a line.
    pub(super) fn socket(&self, socket: &Socket) -> String {
        let owners: Vec<String> =
            socket.ownership.owners().iter().map(|owner| self.process(owner.process)).collect();
        let owners = if owners.is_empty() { words::UNKNOWN.to_owned() } else { owners.join(", ") };
        format!("  {}  {owners}\n", line_of(socket))
    }

    /// Returns a process as a line, and below it the sockets that it holds.
    pub(super) fn holding(&self, holding: &Holding, sockets: &[Socket]) -> String {
        let held: Vec<String> = holding
            .sockets
            .iter()
            .filter_map(|place| Some(format!("      {}\n", line_of(sockets.get(*place)?))))
            .collect();
        format!("  {}\n{}", self.process(holding.process), self.shortened(held))
    }

    /// Returns the first of some lines, and how many there are more.
    pub(super) fn shortened(&self, lines: Vec<String>) -> String {
        let more = lines.len().saturating_sub(SHOWN);
        let mut text: String = lines.iter().take(SHOWN).map(String::as_str).collect();
        if more > 0 {
            text.push_str(&self.line(&both!("      and {more} more", "      외 {more}개", more)));
        }
        text
    }

    pub(super) fn heading(&self, count: usize) -> String {
        self.line(&if self.closes() {
            both!("{count:socket|sockets} to close:", "닫을 소켓 {count}개:", count)
        } else {
            both!("{count:process|processes} to end:", "끝낼 프로세스 {count}개:", count)
        })
    }

    pub(super) fn heading_of_terminal(&self) -> String {
        self.line(&if self.closes() {
            both!(
                "This terminal, or whatever runs netstat, comes through:",
                "이 터미널, 또는 netstat을 실행한 것이 쓰는 연결:"
            )
        } else {
            both!(
                "This terminal, or whatever runs netstat, depends on:",
                "이 터미널, 또는 netstat을 실행한 것이 달려 있는 프로세스:"
            )
        })
    }

    pub(super) fn heading_of_refused(&self, why: Refusal) -> String {
        self.line(&both!("Left as it is: {why}", "그대로 둠: {why}", why = why.text()))
    }

    /// Asks whether to go on; with `many` the number is to be typed.
    pub(super) fn question(&self, count: usize, many: bool) -> Text {
        let how = if self.closes() {
            both!(
                "Both sides of a connection are told at once (reset).",
                "연결은 양쪽 모두 곧바로 알게 됩니다(reset)."
            )
        } else if self.deed == Deed::Kill || cfg!(windows) {
            both!("What it has not saved is lost.", "저장하지 않은 내용은 사라집니다.")
        } else {
            both!("It is asked to end (SIGTERM).", "끝내라고 요청합니다(SIGTERM).")
        };
        match (self.closes(), many) {
            (true, false) => both!(
                "Close {count:socket|sockets}? {how} [y/N]",
                "소켓 {count}개를 닫을까요? {how} [y/N]",
                count,
                how
            ),
            (false, false) => both!(
                "End {count:process|processes}? {how} [y/N]",
                "프로세스 {count}개를 끝낼까요? {how} [y/N]",
                count,
                how
            ),
            (true, true) => both!(
                "Close {count:socket|sockets}? {how} Type the number:",
                "소켓 {count}개를 닫을까요? {how} 개수를 입력하세요:",
                count,
                how
            ),
            (false, true) => both!(
                "End {count:process|processes}? {how} Type the number:",
                "프로세스 {count}개를 끝낼까요? {how} 개수를 입력하세요:",
                count,
                how
            ),
        }
    }

    pub(super) fn question_of_terminal(&self) -> Text {
        if self.closes() {
            both!(
                "You may lose this terminal. Close what it comes through as well? [y/N]",
                "이 터미널이 끊길 수 있습니다. 이 터미널이 쓰는 연결도 닫을까요? [y/N]"
            )
        } else {
            both!(
                "You may lose this terminal. End what it depends on as well? [y/N]",
                "이 터미널이 끊길 수 있습니다. 이 터미널이 달려 있는 프로세스도 끝낼까요? [y/N]"
            )
        }
    }

    pub(super) fn terminal_stays(&self, count: usize) -> String {
        self.line(&both!(
            "{count} that this terminal depends on {count?stays|stay}; --this-terminal includes {count?it|them}",
            "이 터미널이 달려 있는 {count}개는 그대로 둠. 함께 하려면 --this-terminal",
            count
        ))
    }

    pub(super) fn nothing(&self) -> Text {
        if self.closes() {
            both!("nothing was closed", "아무것도 닫지 않았습니다")
        } else {
            both!("nothing was ended", "아무것도 끝내지 않았습니다")
        }
    }

    /// Returns what was seen, in one line.
    pub(super) fn result(&self, outcome: &Outcome) -> String {
        self.line(&outcome.text(self.closes()))
    }

    /// Returns why a target is not known to be gone; `None` for one that is.
    pub(super) fn why(&self, became: &Became) -> Option<Text> {
        match became {
            Became::Gone | Became::GoneBefore => None,
            Became::Refused(error) => Some(system::error(error)),
            Became::StillThere if self.closes() => Some(both!(
                "it is still there, although the system accepted or did not find it: other sockets may share its port, and a \
                 UDP socket may keep it",
                "시스템이 받아들였거나 찾지 못했다고 했지만 아직 남아 있음. 포트를 함께 쓰는 소켓이 있거나 UDP 소켓이 포트를 놓지 \
                 않았을 수 있음"
            )),
            Became::StillThere => Some(both!("it has not ended yet", "아직 끝나지 않음")),
            Became::NotSeen => Some(both!(
                "the list of sockets was not whole afterwards",
                "그 뒤에 소켓 목록을 다 읽지 못함"
            )),
        }
    }
}
