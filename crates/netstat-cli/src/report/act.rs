//! `netstat close` and `netstat end`: lists what would be done, asks, does it, and says what was seen afterwards.

mod ask;
mod words;

use super::{Session, explain, is_said, rights};
use crate::output::{self, Trouble, Warnings};
use crate::settings::{Act, Deed};
use netstat_engine::act::{self, Became, Circumstances, Holding, Outcome, Plan, Refusal, Wishes};
use netstat_engine::both;
use netstat_engine::filter::{Context, Filter};
use netstat_engine::select::{OwnersOf, Selected, read_processes};
use netstat_model::query::{Fields, ProcessFields, SocketQuery, States};
use netstat_model::{Owner, Process, ProcessKey, Socket};
use netstat_os::Ending;
use rustc_hash::FxHashMap;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use words::Words;

/// How long to look until sockets are gone.
const OF_SOCKETS: Duration = Duration::from_millis(500);

/// How long to wait until processes have ended.
const OF_PROCESSES: Duration = Duration::from_secs(2);

/// The exit code where some are still there, or there was nothing to do.
const SOME: u8 = 1;

/// The exit code where nothing could be done.
const NOTHING: u8 = 2;

/// What the system has of what the filter asks for.
struct Found {
    sockets: Vec<Socket>,
    processes: FxHashMap<ProcessKey, Process>,
    /// A time before they were listed.
    seen: SystemTime,
    /// Whether more may match.
    is_doubtful: bool,
}

/// Closes or ends what matches.
pub(super) fn run(session: &Session<'_>, asked: &Act) -> Result<ExitCode, Trouble> {
    rights::may_act()?;
    if !asked.how.yes && !asked.how.dry_run {
        ask::can_ask(asked, session.settings)?;
    }
    let found = find(session, asked)?;
    if found.sockets.is_empty() {
        output::complain(&both!("no socket matches", "맞는 소켓이 없습니다"));
        return Ok(ExitCode::from(SOME));
    }
    let ssh = std::env::var("SSH_CONNECTION").ok();
    let circumstances = Circumstances::of(&*session.backend, ssh.as_deref());
    let words = Words { deed: asked.deed, language: session.settings.language, processes: &found.processes };
    let work = Work { session, asked, words: &words };
    if asked.deed == Deed::Close {
        let wishes = session.filter.as_ref().map(Wishes::of).unwrap_or_default();
        let plan = act::plan_close(found.sockets, wishes, &circumstances);
        let close = |targets: &[Socket]| act::close(&*session.backend, targets, found.seen, OF_SOCKETS);
        return work.go(&plan, found.is_doubtful, |socket| words.socket(socket), close);
    }
    let sockets = &found.sockets;
    let meant = |socket: &Socket, owner: &Owner| is_meant(session, &found.processes, socket, owner);
    let (plan, unheld) = act::plan_end(sockets, meant, &circumstances);
    let unheld: Vec<(&Socket, Refusal)> =
        unheld.into_iter().filter_map(|(place, why)| Some((sockets.get(place)?, why))).collect();
    work.show_refused(unheld.iter().copied(), |socket| words.socket(socket))?;
    let is_doubtful = found.is_doubtful || unheld.iter().any(|(_, why)| !why.is_rule());
    let how = if asked.deed == Deed::Kill { Ending::Forced } else { Ending::Asked };
    let end = |targets: &[Holding]| {
        let keys: Vec<ProcessKey> = targets.iter().map(|holding| holding.process).collect();
        act::end(&*session.backend, &keys, how, OF_PROCESSES)
    };
    work.go(&plan, is_doubtful, |holding| words.holding(holding, sockets), end)
}

/// Lists the sockets that match, with their owners.
fn find(session: &Session<'_>, asked: &Act) -> Result<Found, Trouble> {
    let failed = |error| Trouble::from(explain(&error, session.settings));
    let seen = SystemTime::now();
    let fields = Fields::COMMON | Fields::NAMESPACE;
    let mut selection =
        session.selection(SocketQuery { fields, ..SocketQuery::new(asked.kinds, States::all()) });
    selection.owners_of = OwnersOf::Everything;
    let selected = selection.take(&*session.backend, |_| true).map_err(failed)?;
    let Selected { sockets, undecided, mut warnings, .. } = selected;
    let sockets: Vec<Socket> = sockets.iter().map(|socket| socket.to_socket()).collect();
    let mut wanted: Vec<ProcessKey> = Vec::new();
    for socket in &sockets {
        wanted.extend(socket.ownership.owners().iter().map(|owner| owner.process));
    }
    wanted.sort_unstable();
    wanted.dedup();
    let of_filter = session.filter.as_ref().map(|filter| filter.needs().processes).unwrap_or_default();
    let processes =
        read_processes(&*session.backend, &wanted, ProcessFields::NAME | of_filter, &mut warnings);
    warnings.retain(|warning| is_said(warning, session.settings));
    Warnings::default().say(warnings);
    Ok(Found { sockets, processes, seen, is_doubtful: !undecided.is_empty() })
}

/// Returns whether a process is one of those that the filter is about, of all that hold a socket.
fn is_meant(
    session: &Session<'_>,
    processes: &FxHashMap<ProcessKey, Process>,
    socket: &Socket,
    owner: &Owner,
) -> bool {
    let decides = |filter: &&Filter| filter.needs().owners;
    let Some(filter) = session.filter.as_ref().filter(decides) else { return true };
    let find = |id: ProcessKey| processes.get(&id);
    filter.matches(socket, &Context::new(&find).as_if_held_by(owner.process)).is_yes()
}

/// What `netstat close` and `netstat end` have in common.
struct Work<'a> {
    session: &'a Session<'a>,
    asked: &'a Act,
    words: &'a Words<'a>,
}

impl Work<'_> {
    fn go<T: Clone>(
        &self,
        plan: &Plan<T>,
        is_doubtful: bool,
        line: impl Fn(&T) -> String,
        carry_out: impl Fn(&[T]) -> Outcome,
    ) -> Result<ExitCode, Trouble> {
        let (asked, words) = (self.asked, self.words);
        let mut targets = plan.free.clone();
        let mut of_terminal = plan.of_terminal.clone();
        if asked.how.this_terminal {
            targets.append(&mut of_terminal);
        }
        self.show_refused(plan.refused.iter().map(|(target, why)| (target, *why)), &line)?;
        let mut code =
            if is_doubtful || plan.refused.iter().any(|(_, why)| !why.is_rule()) { SOME } else { 0 };
        if !targets.is_empty() {
            output::people(&words.heading(targets.len()))?;
            output::people(&targets.iter().map(&line).collect::<String>())?;
        }
        if !of_terminal.is_empty() {
            output::people(&words.heading_of_terminal())?;
            output::people(&of_terminal.iter().map(&line).collect::<String>())?;
        }
        if asked.how.dry_run {
            let any = !targets.is_empty() || !of_terminal.is_empty();
            return Ok(ExitCode::from(if any { 0 } else { SOME }));
        }
        let is_red = output::shows_colour(asked.colour);
        if !asked.how.yes {
            if !targets.is_empty() && !ask::confirm(words, targets.len()) {
                targets.clear();
                code = SOME;
            }
            if !of_terminal.is_empty() && ask::confirm_terminal(words, is_red) {
                targets.append(&mut of_terminal);
            }
        }
        if !of_terminal.is_empty() {
            output::people(&words.terminal_stays(of_terminal.len()))?;
            code = SOME;
        }
        if targets.is_empty() {
            output::complain(&words.nothing());
            return Ok(ExitCode::from(SOME));
        }
        let outcome = carry_out(&targets);
        output::people(&words.result(&outcome))?;
        let not_done = targets.iter().zip(&outcome.became).filter_map(|(target, became)| {
            let why = words.why(became)?;
            Some(format!("{}    {}\n", line(target), why.of(words.language)))
        });
        output::people(&words.shortened(not_done.collect()))?;
        if let Some(error) = &outcome.blind {
            output::complain(&explain(error, self.session.settings));
        }
        self.advise(&outcome);
        Ok(ExitCode::from(code.max(code_of(&outcome))))
    }

    /// Lists what is left as it is, and why.
    fn show_refused<'t, T: 't>(
        &self,
        refused: impl Iterator<Item = (&'t T, Refusal)>,
        line: impl Fn(&T) -> String,
    ) -> Result<(), Trouble> {
        let mut reasons: Vec<(Refusal, Vec<String>)> = Vec::new();
        for (target, why) in refused {
            match reasons.iter_mut().find(|(known, _)| *known == why) {
                Some((_, lines)) => lines.push(line(target)),
                None => reasons.push((why, vec![line(target)])),
            }
        }
        for (why, lines) in reasons {
            output::people(&self.words.heading_of_refused(why))?;
            output::people(&self.words.shortened(lines))?;
        }
        Ok(())
    }

    /// Says what would work.
    fn advise(&self, outcome: &Outcome) {
        let refused = |kind| {
            let is =
                |became: &Became| matches!(became, Became::Refused(error) if error.source.kind() == kind);
            outcome.became.iter().any(is)
        };
        let command = ask::command(self.asked, self.session.settings, "");
        if refused(ErrorKind::PermissionDenied) {
            output::complain(&if cfg!(windows) {
                both!(
                    "type the same in a prompt that runs as administrator: {command}",
                    "관리자 권한으로 연 프롬프트에서 이렇게 입력하세요: {command}",
                    command
                )
            } else {
                both!("type sudo {command}", "이렇게 입력하세요: sudo {command}", command)
            });
        }
        if cfg!(windows) && self.asked.deed == Deed::Close && refused(ErrorKind::Unsupported) {
            let filter = ask::filter_words(self.session.settings);
            output::complain(&both!(
                "to end the process instead type netstat end {filter}",
                "프로세스를 끝내려면 이렇게 입력하세요: netstat end {filter}",
                filter
            ));
        }
        let is_still_there = |became: &Became| matches!(became, Became::StillThere);
        if self.asked.deed == Deed::End && outcome.became.iter().any(is_still_there) {
            let command = ask::command(self.asked, self.session.settings, " --kill");
            output::complain(&both!(
                "a process may take its time to end, or not listen; to end it at once type {command}",
                "끝내는 데 시간이 걸리거나 요청을 무시하는 프로세스일 수 있습니다. 바로 끝내려면 이렇게 입력하세요: {command}",
                command
            ));
        }
    }
}

/// Returns the exit code.
fn code_of(outcome: &Outcome) -> u8 {
    let is_gone = |became: &Became| matches!(became, Became::Gone | Became::GoneBefore);
    let is_refused = |became: &Became| matches!(became, Became::Refused(_));
    if outcome.became.iter().all(is_gone) {
        0
    } else if outcome.became.iter().all(is_refused) {
        NOTHING
    } else {
        SOME
    }
}
