//! [`Reader`]: what a store tells.

use crate::clock::{Boot, Clock, Moment, time_of};
use crate::error::{Fault, StoreError};
use crate::gap::{self, Gap};
use crate::guard::Budget;
use crate::hosts::{self, Hosts};
use crate::processes;
use crate::row::ProcessId;
use crate::schema::{open_to_read, signed, unsigned};
use netstat_model::history::GapCause;
use netstat_model::{Missing, Namespace, Process, ProcessKey};
use netstat_os::described;
use rusqlite::{Connection, OptionalExtension as _};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

/// A span of the time of day; an end that is `None` is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Its begin.
    pub since: Option<SystemTime>,
    /// Its end, which no longer belongs to it.
    pub until: Option<SystemTime>,
}

/// What a store knows of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Everything that is kept: it can be asked about.
    Recorded(At),
    /// It was before the first record.
    Before(SystemTime),
    /// It is after the last one.
    After(SystemTime),
    /// Nothing was recorded then.
    Within(Gap),
    /// Nothing was recorded at all.
    Empty,
}

/// A moment that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At(pub(crate) Moment);

/// A span in which only those connections were kept that a filter selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filtered<'a> {
    /// Its begin.
    pub from: SystemTime,
    /// Its end.
    pub until: SystemTime,
    /// The filter.
    pub filter: &'a str,
}

/// A run of a recorder.
struct Session {
    /// The host that was recorded.
    host: Option<Rc<str>>,
    from: Moment,
    until: Moment,
    mode: Option<String>,
    namespace: Option<Namespace>,
    filter: Option<String>,
    /// Whether what ran before it cannot be dated: its clock is damaged.
    follows_undated: bool,
}

/// Tells what a store holds, as it was when it was opened.
pub struct Reader {
    pub(crate) file: PathBuf,
    /// In one transaction, so that all answers are of one state.
    pub(crate) database: Connection,
    pub(crate) budget: Budget,
    pub(crate) clock: Clock,
    sessions: Vec<Session>,
    /// How many runs of recorders are not among them, because nobody can tell when they were.
    undated: usize,
    /// Whether all runs were on one host.
    is_of_one_host: bool,
    /// Before this moment ends were deleted to make room.
    begins: Option<Moment>,
    /// Spans in which a recorder could not write, told by the one after it.
    unwritten: Vec<[Moment; 2]>,
    pub(crate) holders: RefCell<FxHashMap<ProcessId, (u32, Option<u32>)>>,
}

impl Reader {
    /// Opens the store in a folder, or the file of one, beside whoever writes to it.
    ///
    /// # Errors
    /// When there is none, it may not be read, or is none of ours.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (database, file, budget) = open_to_read(path)?;
        let read = || -> rusqlite::Result<_> {
            database.execute_batch("BEGIN; PRAGMA cache_size = -16384;")?;
            let clock = read_clock(&database)?;
            let sessions = read_sessions(&database, &clock, &hosts::read(&database)?)?;
            let meta = |key: &str| {
                database
                    .query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get::<_, i64>(0))
                    .optional()
            };
            let begins = meta("begins_boot")?.zip(meta("begins_at")?);
            Ok((clock, sessions, begins, gap::unwritten(&database)?))
        };
        let (clock, (sessions, undated), begins, unwritten) =
            read().map_err(|error| StoreError::database(&file, error))?;
        if sessions.is_empty() && undated > 0 {
            return Err(StoreError::new(&file, Fault::Undated));
        }
        let begins = begins.map(|(boot, at)| Moment { boot, at: unsigned(at) });
        // Where that cannot be dated, the history begins with the first run that can.
        let begins = begins.filter(|begins| clock.wall(*begins).is_some());
        let is_of_one_host =
            sessions.windows(2).all(|two| matches!(two, [one, other] if one.host == other.host));
        Ok(Self {
            file,
            database,
            budget,
            clock,
            sessions,
            undated,
            is_of_one_host,
            begins,
            unwritten,
            holders: RefCell::default(),
        })
    }

    /// Returns the file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Returns how many runs of recorders cannot be dated, because their clocks are damaged: what they recorded is in no
    /// answer.
    pub fn undated(&self) -> usize {
        self.undated
    }

    /// Returns the name of the host that was recorded last.
    pub fn host(&self) -> Option<&str> {
        self.sessions.last()?.host.as_deref()
    }

    /// Returns the names of the hosts that were recorded in a span, each once, the last one at the end: a store can be carried to
    /// another machine, or its machine get another name.
    pub fn hosts(&self, from: SystemTime, until: SystemTime) -> Vec<&str> {
        let mut hosts: Vec<&str> = Vec::new();
        for session in self.sessions.iter().rev() {
            let ran = self.time_of_moment(session.from) < until && from <= self.time_of_moment(session.until);
            hosts.extend(session.host.as_deref().filter(|host| ran && !hosts.contains(host)));
        }
        hosts.reverse();
        hosts
    }

    /// Returns the host that was recorded at a time, or before it.
    pub fn host_at(&self, time: SystemTime) -> Option<&str> {
        let before = |session: &&Session| self.time_of_moment(session.from) <= time;
        let session = self.sessions.iter().rev().find(before).or(self.sessions.first());
        session?.host.as_deref()
    }

    /// Returns the host of what ended at a moment, or was open then.
    pub(crate) fn host_of(&self, moment: Moment) -> Option<&Rc<str>> {
        if self.is_of_one_host {
            return self.sessions.last()?.host.as_ref();
        }
        // What an earlier run left to be told ends with it.
        let before = |session: &&Session| session.from.boot == moment.boot && session.from.at <= moment.at;
        let of_boot = |session: &&Session| session.from.boot == moment.boot;
        let found = self.sessions.iter().rev().find(before).or_else(|| self.sessions.iter().find(of_boot));
        found?.host.as_ref()
    }

    /// Returns the network namespace of the recorder that recorded a moment.
    pub fn namespace(&self, At(at): At) -> Option<Namespace> {
        let recorded = |session: &&Session| session.from <= at && at <= session.until;
        self.sessions.iter().rev().find(recorded)?.namespace
    }

    pub(crate) fn boot_id(&self, boot: Boot) -> Option<Box<str>> {
        let sql = "SELECT boot_id FROM boot WHERE id = ?";
        let text: rusqlite::Result<Option<String>> = self.database.query_row(sql, [boot], |row| row.get(0));
        text.ok().flatten().map(Into::into)
    }

    /// Returns how connections were seen in a span, in the words of the recorders that ran in it, each once.
    pub fn modes(&self, from: SystemTime, until: SystemTime) -> Vec<&str> {
        let mut modes = Vec::new();
        for session in &self.sessions {
            let ran = self.time_of_moment(session.from) < until && from <= self.time_of_moment(session.until);
            modes.extend(session.mode.as_deref().filter(|mode| ran && !modes.contains(mode)));
        }
        modes
    }

    /// Returns the spans in which only some connections were kept, of those that touch a span, with the filter that chose them,
    /// as long as it stayed the same.
    pub fn filtered(&self, span: &Span) -> Vec<Filtered<'_>> {
        let mut all: Vec<Filtered<'_>> = Vec::new();
        let mut before = None;
        for session in &self.sessions {
            let (from, until) = (self.time_of_moment(session.from), self.time_of_moment(session.until));
            let filter = session.filter.as_deref();
            let touches =
                span.since.is_none_or(|since| since <= until) && span.until.is_none_or(|end| from < end);
            if let (Some(filter), true) = (filter, touches) {
                match all.last_mut().filter(|_| before == Some(filter)) {
                    Some(last) => last.until = until,
                    None => all.push(Filtered { from, until, filter }),
                }
            }
            before = filter.filter(|_| touches);
        }
        all
    }

    pub(crate) fn error(&self) -> impl Fn(rusqlite::Error) -> StoreError + '_ {
        |error| StoreError::database(&self.file, error)
    }

    /// Returns the time of day of a moment, which is 1970 for one of a boot whose clock is damaged. No answer has one: no
    /// session of that boot is known, and no stretch leads to its rows.
    pub(crate) fn time(&self, boot: Boot, at: u64) -> SystemTime {
        time_of(self.clock.wall(Moment { boot, at }).unwrap_or(0))
    }

    fn time_of_moment(&self, moment: Moment) -> SystemTime {
        self.time(moment.boot, moment.at)
    }

    /// Returns from when to when the history goes; `None` if there is none.
    pub fn reach(&self) -> Option<(SystemTime, SystemTime)> {
        let first = self.sessions.first()?.from;
        let begin = self.begins.map_or(first, |begins| begins.max(first));
        let last = self.sessions.iter().map(|session| session.until).max()?;
        Some((self.time_of_moment(begin), self.time_of_moment(last)))
    }

    /// Returns the last moment that was recorded.
    pub(crate) fn last(&self) -> Option<Moment> {
        self.sessions.iter().map(|session| session.until).max()
    }

    /// Returns what is known of a time of day. Of one that there was twice, because the clock was set back, it is the
    /// later one.
    pub fn standing(&self, time: SystemTime) -> Standing {
        let Some((first, last)) = self.reach() else { return Standing::Empty };
        let candidates = self.clock.moments(crate::clock::since_1970(time));
        let recorded = candidates.iter().rev().find(|moment| {
            self.begins.is_none_or(|begins| begins <= **moment)
                && self.sessions.iter().any(|it| it.from <= **moment && **moment <= it.until)
        });
        if let Some(moment) = recorded {
            return Standing::Recorded(At(*moment));
        }
        if time < first {
            return Standing::Before(first);
        }
        let gap = self.breaks().find(|gap| gap.from <= time && time <= gap.until);
        match gap {
            Some(gap) => Standing::Within(gap),
            None if time > last => Standing::After(last),
            // The clock was set over it.
            None => Standing::Within(Gap { from: time, until: time, lost: Some(0), cause: GapCause::Unseen }),
        }
    }

    /// Returns the spans between what two recorders have written: in the first part of one the earlier of them may have run and
    /// not been able to write.
    pub(crate) fn breaks(&self) -> impl Iterator<Item = Gap> + '_ {
        let breaks = self.sessions.windows(2).filter_map(|two| {
            let [before, after] = two else { return None };
            (before.until < after.from).then_some((before.until, after))
        });
        breaks.flat_map(|(from, after)| {
            let ran = |[begin, end]: &&[Moment; 2]| *begin == from && *end <= after.from;
            let ran_until = self.unwritten.iter().find(ran).map_or(from, |[_, end]| *end);
            let cause = if after.follows_undated { GapCause::Damaged } else { GapCause::NotRunning };
            let parts = [(from, ran_until, GapCause::Store), (ran_until, after.from, cause)];
            parts.into_iter().filter(|(from, until, _)| from < until).map(|(from, until, cause)| Gap {
                from: self.time_of_moment(from),
                until: self.time_of_moment(until),
                lost: None,
                cause,
            })
        })
    }

    /// Returns how many runs of recorders can be dated.
    pub(crate) fn runs_dated(&self) -> usize {
        self.sessions.len()
    }

    /// Returns the spans between recorders that ended with one behind the first so many.
    pub(crate) fn breaks_behind(&self, runs: usize) -> impl Iterator<Item = Gap> + '_ {
        let before = self.sessions.get(..runs).and_then(|before| before.last()).map(|last| last.until);
        self.breaks().filter(move |gap| before.is_some_and(|before| gap.from >= self.time_of_moment(before)))
    }

    /// Returns the spans of which the history is not whole, of those that touch a span, in their order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn gaps(&self, span: &Span) -> Result<Vec<Gap>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Gap>> {
            let mut statement =
                self.database.prepare_cached("SELECT boot, from_at, until_at, lost, cause FROM gap")?;
            let gaps = statement.query_map([], |row| {
                let boot = row.get(0)?;
                let [from, until] = [row.get(1)?, row.get(2)?].map(|at| Moment { boot, at: unsigned(at) });
                let gap = Gap {
                    from: self.time_of_moment(from),
                    until: self.time_of_moment(until),
                    lost: row.get::<_, Option<i64>>(3)?.map(unsigned),
                    cause: gap::cause(row.get(4)?),
                };
                Ok(self.clock.wall(from).map(|_| gap))
            })?;
            gaps.filter_map(Result::transpose).collect()
        };
        let mut gaps = read().map_err(self.error())?;
        // One that is in the table as well is said once.
        let breaks: Vec<Gap> = self.breaks().filter(|gap| !gaps.contains(gap)).collect();
        gaps.extend(breaks);
        gaps.retain(|gap| {
            span.since.is_none_or(|since| gap.until >= since)
                && span.until.is_none_or(|until| gap.from < until)
        });
        gaps.sort_by_key(|gap| gap.from);
        Ok(gaps)
    }

    /// Returns the process ID of a process, by which the rows of this store name it, and that of its parent; `None` if the store
    /// lost it.
    pub(crate) fn holder(&self, id: ProcessId) -> Result<Option<(u32, Option<u32>)>, StoreError> {
        if let Some(known) = self.holders.borrow().get(&id) {
            return Ok(Some(*known));
        }
        let found: Option<(u32, Option<u32>)> = self
            .database
            .prepare_cached("SELECT pid, parent FROM process WHERE id = ?")
            .and_then(|mut statement| {
                // One that is damaged is as good as lost.
                let numbers = |row: &rusqlite::Row<'_>| Ok(row.get(0).ok().zip(row.get(1).ok()));
                statement.query_row([signed(id)], numbers).optional().map(Option::flatten)
            })
            .map_err(self.error())?;
        if let Some(found) = found {
            self.holders.borrow_mut().insert(id, found);
        }
        Ok(found)
    }

    /// Returns what was kept of every process, by the key that the sockets of this store name it by. That of one run of a
    /// program is its own, whatever number the system used again. Returns as well of how many what was kept is damaged.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn processes(&self) -> Result<(FxHashMap<ProcessKey, Process>, u64), StoreError> {
        let mut processes = FxHashMap::default();
        let damaged = processes::each(&self.database, |id, instance, record, bytes| {
            self.budget.spend(bytes)?;
            let key = ProcessKey { pid: instance.process.pid, start_time: id };
            let process = match &record {
                Some(record) => described(key, record),
                None => Process::unknown(key, Missing::NotRead),
            };
            processes.insert(key, process);
            Ok(())
        })
        .map_err(self.error())?;
        Ok((processes, damaged))
    }

    /// Returns the names of the users of the recorded host, as far as processes told them, in the form of `/etc/passwd`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn users(&self) -> Result<Vec<u8>, StoreError> {
        let read = || -> rusqlite::Result<Vec<u8>> {
            let mut statement = self.database.prepare_cached(
                "SELECT DISTINCT user, uid FROM program WHERE user IS NOT NULL AND uid IS NOT NULL",
            )?;
            let mut users = Vec::new();
            let rows =
                statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?;
            // One that is damaged is unknown.
            for (name, uid) in rows.flatten() {
                if !name.contains([':', '\n']) {
                    users.extend_from_slice(format!("{name}:x:{uid}:::\n").as_bytes());
                }
            }
            Ok(users)
        };
        read().map_err(self.error())
    }
}

pub(crate) fn read_clock(database: &Connection) -> rusqlite::Result<Clock> {
    let mut statement = database.prepare_cached("SELECT boot, at, wall FROM clock")?;
    let readings = statement
        .query_map([], |row| Ok((Moment { boot: row.get(0)?, at: unsigned(row.get(1)?) }, row.get(2)?)))?;
    Ok(Clock::new(readings.collect::<Result<_, _>>()?))
}

/// Reads the runs of recorders that can be dated, and counts the others.
fn read_sessions(
    database: &Connection,
    clock: &Clock,
    hosts: &Hosts,
) -> rusqlite::Result<(Vec<Session>, usize)> {
    let mut statement = database.prepare(
        // One that has written nothing yet goes on where another one was killed, if that left word how far it was.
        "SELECT boot, from_at, until_at, mode, namespace, filter, id FROM session
             WHERE mode IS NOT NULL OR from_at < until_at
                   OR NOT EXISTS (SELECT 1 FROM meta WHERE key = 'reached') ORDER BY id",
    )?;
    let sessions = statement.query_map([], |row| {
        let boot = row.get(0)?;
        let moment = |at: i64| Moment { boot, at: unsigned(at) };
        Ok(Session {
            host: hosts.of(row.get(6)?),
            from: moment(row.get(1)?),
            until: moment(row.get(2)?),
            mode: row.get(3)?,
            namespace: row.get::<_, Option<i64>>(4)?.map(|inode| Namespace { inode: unsigned(inode) }),
            filter: row.get(5)?,
            follows_undated: false,
        })
    })?;
    let mut dated = Vec::new();
    let (mut follows_undated, mut undated) = (false, 0);
    for session in sessions {
        let session = session?;
        let is_dated = [session.from, session.until].into_iter().all(|moment| clock.wall(moment).is_some());
        if is_dated {
            dated.push(Session { follows_undated, ..session });
        }
        follows_undated = !is_dated;
        undated += usize::from(follows_undated);
    }
    Ok((dated, undated))
}
