//! What is done to a row that was chosen: closing its connection, ending its process. Planned here, asked about in a dialog, and
//! carried out by a thread of its own (`acting.rs`).

use netstat_engine::act::{self, Circumstances, Wishes};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_model::{ProcessKey, Socket};
use netstat_os::Ending;
use std::time::SystemTime;

/// From so many targets on, the number has to be typed.
pub(crate) const MANY: usize = 11;

/// What is done, and to what. A target is an identity, which the system compares when it is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    Close(Vec<Socket>),
    End(Vec<ProcessKey>, Ending),
}

impl Deed {
    /// Returns how many targets there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Close(sockets) => sockets.len(),
            Self::End(processes, _) => processes.len(),
        }
    }

    /// Asks for it, in words.
    pub(crate) fn question(&self) -> Text {
        let count = self.len() as u64;
        match self {
            Self::Close(_) => both!(
                "Close {count:connection|connections}? Both sides are told at once (reset).",
                "연결 {count}개를 닫을까요? 양쪽 모두 곧바로 알게 됩니다(reset).",
                count
            ),
            Self::End(_, Ending::Asked) if !cfg!(windows) => both!(
                "End {count:process|processes}? It is asked to end (SIGTERM).",
                "프로세스 {count}개를 끝낼까요? 끝내라고 요청합니다(SIGTERM).",
                count
            ),
            Self::End(..) => both!(
                "End {count:process|processes} at once? What is not saved is lost.",
                "프로세스 {count}개를 바로 끝낼까요? 저장하지 않은 내용은 사라집니다.",
                count
            ),
        }
    }
}

/// A deed that somebody is asked about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dialog {
    pub(crate) deed: Deed,
    /// The targets, a line each.
    pub(crate) lines: Vec<String>,
    /// Whether this terminal, or what runs this program, depends on a target; and whether that was answered.
    pub(crate) of_terminal: bool,
    pub(crate) is_sure: bool,
    /// What was typed of the number of targets, where that is asked for.
    pub(crate) typed: String,
    /// When the targets were seen.
    pub(crate) seen: SystemTime,
}

impl Dialog {
    /// Returns whether the number of targets has to be typed.
    pub(crate) fn wants_number(&self) -> bool {
        self.deed.len() >= MANY
    }
}

/// Plans to close sockets.
///
/// # Errors
/// Why none of them is closed.
pub(crate) fn plan_close(sockets: Vec<Socket>, of: &Circumstances) -> Result<(Deed, bool), Text> {
    // The dialog names each.
    let wishes = Wishes { listeners: true, datagrams: true };
    let plan = act::plan_close(sockets, wishes, of);
    chosen(plan.free, plan.of_terminal, plan.refused.first().map(|(_, why)| why.text()))
        .map(|(sockets, of_terminal)| (Deed::Close(sockets), of_terminal))
}

/// Plans to end the processes that are shown beside sockets.
///
/// # Errors
/// Why none of them is ended.
pub(crate) fn plan_end(sockets: &[Socket], of: &Circumstances) -> Result<(Deed, bool), Text> {
    let (plan, unheld) = act::plan_end(
        sockets,
        |socket, owner| socket.ownership.principal().is_some_and(|shown| shown.process == owner.process),
        of,
    );
    let why = plan.refused.first().map(|(_, why)| *why).or(unheld.first().map(|(_, why)| *why));
    chosen(plan.free, plan.of_terminal, why.map(|why| why.text())).map(|(holding, of_terminal)| {
        let processes = holding.into_iter().map(|one| one.process).collect();
        (Deed::End(processes, Ending::Asked), of_terminal)
    })
}

fn chosen<T>(mut free: Vec<T>, of_terminal: Vec<T>, why: Option<Text>) -> Result<(Vec<T>, bool), Text> {
    let depends = !of_terminal.is_empty();
    free.extend(of_terminal);
    match free.is_empty() {
        true => Err(match why {
            Some(why) => both!("nothing is done: {why}", "아무것도 하지 않음: {why}", why),
            None => both!("there is nothing to act on in this row", "이 행에는 할 수 있는 일이 없습니다"),
        }),
        false => Ok((free, depends)),
    }
}
