//! `netstat check`: asks the system what the chosen checks need, lets them judge, and shows what they found.

use super::select::{Selected, Sift, attach_owners, read, select};
use super::{Session, explain, files};
use crate::check::{
    ADDRESS_LISTS, Evidence, Finding, Firewalled, Input, Lack, Marks, Moment, NamedList, Needs, POLICY,
    POLICY_FILE, Policy, SUSPICIOUS, SocketKey, Surroundings, Thresholds, changes, explained, inbound,
    lacking, learned, listed, listening, retold, worst,
};
use crate::options::one_line;
use crate::output::{self, Reader, Trouble, Utf8, Warnings};
use crate::render::{Language, check as people, check_json};
use crate::settings::{Checks, Tape, Task};
use netstat_engine::enrich::{AddressList, UserNames};
use netstat_model::error::words_of;
use netstat_model::query::{Fields, Programs, SocketQuery, States};
use netstat_model::{Answer, Error, Warning};
use netstat_model::{Inbound, Process, ProcessId, Protocol, Socket, TcpState};
use netstat_os::Backend;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The pause between the two looks of a single run that judges rates.
const PAUSE: Duration = Duration::from_secs(1);

/// What is shown without asking the system; `None` where checks are run.
pub(super) fn text(checks: &Checks, language: Language) -> Option<String> {
    match &checks.task {
        Task::List => Some(listed(language)),
        Task::Explain(check) => Some(explained(check, language)),
        Task::Run { .. } | Task::Learn => None,
    }
}

/// Runs the checks once, or again and again; the exit code is that of the worst finding of the last look.
pub(super) fn run(session: &Session<'_>, checks: &Checks) -> Result<ExitCode, Trouble> {
    let (mut chosen, named) = match &checks.task {
        Task::Run { checks, named } => (checks.clone(), *named),
        Task::Learn => (vec![&POLICY], true),
        Task::List | Task::Explain(_) => return Ok(ExitCode::SUCCESS),
    };
    let thresholds = thresholds(checks)?;
    let settings = session.settings;
    let form = people::Form {
        language: settings.language,
        width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)),
        colour: output::shows_colour(checks.colour),
        named,
    };
    let mut known = Vec::new();
    let surroundings = surroundings(session, checks, &thresholds, &Needs::of(&chosen), &mut known)?;
    if checks.task == Task::Learn {
        return learn(session, Needs::of(&chosen), surroundings, &thresholds);
    }
    if surroundings.policy.is_none() {
        if named && chosen.contains(&&POLICY) {
            let why = "there is no policy to check by: name its file with --policy FILE; netstat check policy --learn \
                       writes one";
            return Err(why.to_owned().into());
        }
        // Without a file it judges nothing, and is not counted among those that did.
        chosen.retain(|check| *check != &POLICY);
    }
    let mut watch = Watch {
        session,
        needs: Needs::of(&chosen),
        first: Needs::first_look(&chosen),
        surroundings,
        before: None,
        seen_since: FxHashMap::default(),
        said: Warnings::default(),
    };
    watch.say(&known);
    let mut told: Option<Vec<Finding>> = None;
    let mut begin = None;
    let mut looks: u64 = 0;
    loop {
        let looked = watch.look();
        session.backend.finish().map_err(|error| explain(&error, settings))?;
        let (evidence, found) = looked.map_err(|error| explain(&error, settings))?;
        let warnings: Vec<Warning> = known.iter().cloned().chain(found).collect();
        let findings: Vec<Finding> =
            chosen.iter().flat_map(|check| (check.run)(&evidence, &thresholds)).collect();
        let counted = findings.iter().filter(|finding| named || !finding.never_told);
        let overall = worst(counted);
        let since = evidence.now.at.as_ref().ok().map(|at| at.saturating_sub(*begin.get_or_insert(*at)));

        let mut out = Vec::new();
        let written = if checks.json {
            let words: Vec<String> =
                warnings.iter().map(|warning| lacking(warning, settings.language)).collect();
            check_json::render(&findings, &chosen, overall, &evidence, words, settings.language, &mut out)
        } else if let Some(told) = &told {
            people::render_changes(&changes(told, &findings), since, &form, &mut out)
        } else {
            people::render(&findings, &chosen, &evidence, &form, &mut out)
        };
        let mut stdout = output::stdout();
        let reader =
            output::outcome(written.and_then(|()| stdout.write_all(&out)).and_then(|()| stdout.flush()))?;
        watch.say(&warnings);
        told = Some(told.map_or_else(|| findings.clone(), |told| retold(&told, &findings)));
        watch.keep(evidence);

        looks += 1;
        // Where nothing changed nothing was written, which would have told.
        let done = reader == Reader::Gone
            || output::reader() == Reader::Gone
            || settings.repeat.count.is_some_and(|count| looks >= count);
        match settings.repeat.pause {
            Some(pause) if !done => thread::sleep(pause),
            _ => return Ok(ExitCode::from(overall.exit_code())),
        }
    }
}

/// Writes a policy of what is there now.
fn learn(
    session: &Session<'_>,
    needs: Needs,
    surroundings: Surroundings,
    thresholds: &Thresholds,
) -> Result<ExitCode, Trouble> {
    let mut watch = Watch {
        session,
        needs,
        first: Needs::NOTHING,
        surroundings,
        before: None,
        seen_since: FxHashMap::default(),
        said: Warnings::default(),
    };
    let looked = watch.look();
    session.backend.finish().map_err(|error| explain(&error, session.settings))?;
    let (evidence, warnings) = looked.map_err(|error| explain(&error, session.settings))?;
    // It is read again as UTF-8.
    output::write_utf8(Utf8::Data);
    output::text(learned(&evidence, thresholds).as_bytes())?;
    watch.say(&warnings);
    Ok(ExitCode::SUCCESS)
}

/// What the checks have to know beyond the tables of the system, read once.
fn surroundings(
    session: &Session<'_>,
    checks: &Checks,
    thresholds: &Thresholds,
    needs: &Needs,
    warnings: &mut Vec<Warning>,
) -> Result<Surroundings, Trouble> {
    let wanted = needs.surroundings;
    let mut known = Surroundings { geo: Arc::clone(&session.geo), ..Surroundings::default() };
    if wanted.users {
        let answer = session.backend.users();
        warnings.extend(answer.warnings);
        known.users = Arc::new(UserNames::parse(&answer.data));
    }
    if wanted.lists {
        let mut lists = Vec::new();
        for path in thresholds.words(&SUSPICIOUS, &ADDRESS_LISTS) {
            let name = one_line(&path);
            let file =
                files::list(path.as_ref()).map_err(|why| format!("cannot read the list {name}: {why}"))?;
            let (list, passed) = AddressList::parse(&file);
            if let (true, Some(first)) = (list.is_empty(), passed.first_odd) {
                let lines = match passed.odd {
                    1 => format!("line {first} is something else"),
                    odd => format!("{odd} lines are something else, the first is line {first}"),
                };
                return Err(
                    format!("the list {name} has no address or network that is understood: {lines}").into()
                );
            }
            if passed.names + passed.odd > 0 || list.is_empty() {
                warnings.push(Warning::AddressList { file: name.clone(), entries: list.len(), passed });
            }
            lists.push(NamedList { name, list });
        }
        known.lists = Arc::new(lists);
    }
    if wanted.policy && checks.task != Task::Learn {
        let of_settings = || thresholds.words(&POLICY, &POLICY_FILE).first().map(PathBuf::from);
        if let Some(path) = checks.policy.clone().or_else(of_settings) {
            let name = one_line(&path.to_string_lossy());
            let text = files::text(&path).map_err(|why| format!("cannot read the policy {name}: {why}"))?;
            let policy = Policy::parse(&text).map_err(|why| format!("{name}: {why}"))?;
            known.policy = Some(Arc::new(policy));
        }
    }
    Ok(known)
}

/// What holds: the defaults, then the file, then the command line.
fn thresholds(checks: &Checks) -> Result<Thresholds, Trouble> {
    let mut thresholds = match &checks.config {
        None => Thresholds::default(),
        Some(path) => {
            let name = one_line(&path.to_string_lossy());
            let text = files::text(path).map_err(|why| format!("cannot read {name}: {why}"))?;
            Thresholds::parse(&text).map_err(|why| format!("{name}: {why}"))?
        }
    };
    thresholds.assign(&checks.set);
    Ok(thresholds)
}

/// The first of two looks a moment apart leaves nothing but marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    First,
    Whole,
}

/// What is kept from one look to the next.
struct Watch<'a> {
    session: &'a Session<'a>,
    needs: Needs,
    /// What the first of two looks needs.
    first: Needs,
    surroundings: Surroundings,
    before: Option<Moment>,
    seen_since: FxHashMap<(SocketKey, Option<TcpState>), Duration>,
    /// What was said on standard error.
    said: Warnings,
}

impl Watch<'_> {
    fn say(&mut self, warnings: &[Warning]) {
        let language = self.session.settings.language;
        self.said.say_as(warnings.iter().cloned(), |warning| lacking(warning, language));
    }

    /// Asks for everything that is needed. The first of two looks at a rate is taken here as well.
    fn look(&mut self) -> Result<(Evidence, Vec<Warning>), Error> {
        let mut warnings = Vec::new();
        if self.needs.twice && self.before.is_none() {
            self.before = Some(self.moment(Look::First, &mut warnings)?);
            // A recording has both looks, and the time between them.
            if !matches!(self.session.settings.tape, Tape::Replay(_)) {
                thread::sleep(PAUSE);
            }
        }
        let now = self.moment(Look::Whole, &mut warnings)?;
        let owners: Vec<ProcessId> = owners(&now.sockets);
        let processes = read(&self.session.backend, &owners, self.needs.process);
        let limits = if self.needs.limits {
            told(self.session.backend.limits(), &mut warnings)
        } else {
            Err(Lack::NotAsked)
        };
        if self.needs.surroundings.firewall {
            self.surroundings.firewall = Arc::new(self.firewall(&now.sockets, &processes));
        }
        let listening =
            if self.needs.listening { self.listening(&now.sockets)? } else { FxHashSet::default() };
        let evidence = Evidence {
            now,
            listening,
            limits,
            before: self.before.take(),
            processes,
            surroundings: self.surroundings.clone(),
            seen_since: std::mem::take(&mut self.seen_since),
        };
        // No row is shown that would lack its owner.
        warnings.retain(|warning| !matches!(warning, Warning::OwnersVanished { .. }));
        Ok((evidence, each_once(warnings)))
    }

    /// What the firewall does with what comes to listeners.
    fn firewall(&self, sockets: &[Socket], processes: &HashMap<ProcessId, Process>) -> Firewalled {
        let of_socket = |socket: &Socket| {
            let owner = socket.ownership.principal();
            inbound(socket, owner.and_then(|owner| processes.get(&owner.process)))
        };
        let mut asked: Vec<Inbound> = sockets.iter().flat_map(of_socket).collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Firewalled::default();
        }
        let firewall = self.session.backend.firewall(&asked);
        Firewalled::new(asked, firewall)
    }

    /// The ports that somebody listens on. Which side made a connection depends on them, so that a filter must not
    /// hide them.
    fn listening(&self, sockets: &[Socket]) -> Result<FxHashSet<(Protocol, u16)>, Error> {
        if self.session.filter.is_none() && self.needs.states.contains(States::LISTEN) {
            return Ok(listening(sockets));
        }
        let query = SocketQuery {
            kinds: self.needs.kinds,
            states: States::LISTEN,
            fields: Fields::empty(),
            programs: Programs::default(),
        };
        Ok(listening(&self.session.backend.sockets(&query)?.data))
    }

    /// What is there at this moment.
    fn moment(&self, look: Look, warnings: &mut Vec<Warning>) -> Result<Moment, Error> {
        let backend = &self.session.backend;
        let (needs, is_compared) = match look {
            Look::First => (&self.first, true),
            Look::Whole => (&self.needs, self.session.settings.repeat.pause.is_some()),
        };
        let mut marks = Marks::default();
        let mut sift = |socket: &mut Socket| {
            if is_compared {
                marks.add(socket);
            }
            if let Some(before) = self.before.as_ref().and_then(|before| before.marks.get(socket)) {
                before.lighten(socket);
            }
            look == Look::Whole
        };
        let sockets = if needs.sockets() { self.sockets(needs, &mut sift, warnings)? } else { Vec::new() };
        marks.sort();
        let counters = if needs.counters { told(backend.counters(), warnings) } else { Err(Lack::NotAsked) };
        let conntrack =
            if needs.conntrack { told(backend.conntrack(), warnings) } else { Err(Lack::NotAsked) };
        let at = backend.uptime().map_err(|error| Lack::Refused(words_of(&error.source)));
        Ok(Moment { at, whole: look == Look::Whole, sockets, marks, counters, conntrack })
    }

    fn sockets(
        &self,
        needs: &Needs,
        sift: Sift<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<Socket>, Error> {
        let Needs { kinds, states, fields, owners, udp_owners, .. } = *needs;
        let query = SocketQuery { kinds, states, fields, programs: Programs::default() };
        let Selected { mut sockets, warnings: more, .. } = select(
            &self.session.backend,
            self.session.filter.as_ref(),
            query.clone(),
            self.session.search(false),
            sift,
        )?;
        warnings.extend(more);
        // Owners are looked for where a check asks, and are not known already, as those are that have none.
        let wanted = |socket: &Socket| {
            !socket.ownership.is_read()
                && match socket.protocol {
                    Protocol::Udp => udp_owners,
                    Protocol::Tcp => socket.state.is_some_and(|state| owners.contains(States::of(state))),
                }
        };
        sockets.sort_unstable_by_key(|socket| !wanted(socket));
        let count = sockets.partition_point(wanted);
        if let Some(of_interest @ [_, ..]) = sockets.get_mut(..count) {
            attach_owners(
                &self.session.backend,
                self.session.settings.owners,
                of_interest,
                &query,
                warnings,
            )?;
        }
        Ok(sockets)
    }

    /// Keeps what the next look is compared with, where there is one.
    fn keep(&mut self, evidence: Evidence) {
        if self.session.settings.repeat.pause.is_none() {
            return;
        }
        if let Ok(at) = evidence.now.at {
            let key = |socket: &Socket| (SocketKey::of(socket), socket.state);
            self.seen_since = evidence
                .now
                .sockets
                .iter()
                .map(|socket| (key(socket), evidence.seen_since.get(&key(socket)).copied().unwrap_or(at)))
                .collect();
        }
        self.before = Some(evidence.now);
    }
}

/// Without what says nothing new: the second of two looks lacks what the first one did.
fn each_once(warnings: Vec<Warning>) -> Vec<Warning> {
    let mut once: Vec<Warning> = Vec::new();
    for warning in warnings {
        if !once.iter().any(|earlier| warning.repeats(earlier)) {
            once.push(warning);
        }
    }
    once
}

/// What the system told, or why it did not.
fn told<T>(answer: Result<Answer<T>, Error>, warnings: &mut Vec<Warning>) -> Input<T> {
    match answer {
        Ok(answer) => {
            warnings.extend(answer.warnings);
            Ok(answer.data)
        }
        Err(error) => Err(Lack::Refused(words_of(&error.source))),
    }
}

/// The processes that hold the sockets, each once.
fn owners(sockets: &[Socket]) -> Vec<ProcessId> {
    let mut owners: Vec<ProcessId> =
        sockets.iter().flat_map(|socket| socket.ownership.owners()).map(|owner| owner.process).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_looks_lack_the_same_once() {
        let unknown = |what| Warning::SourceUnavailable { what, reason: "it is".to_owned() };
        let refused = |processes| Warning::OwnersNotPermitted { processes };
        let looks = vec![unknown("a"), unknown("b"), refused(3), unknown("a"), refused(2), unknown("c")];
        assert_eq!(each_once(looks), [unknown("a"), unknown("b"), refused(3), unknown("c")]);
    }
}
