//! What a store tells to whoever keeps it elsewhere: ends by their numbers, what is open, and what is missing.

use crate::block::{Damaged, Packed};
use crate::clock::{Boot, Moment, time_of};
use crate::error::StoreError;
use crate::gap::{self, Gap};
use crate::hosts;
use crate::processes::{self, ToldProcess};
use crate::reader::Reader;
use crate::row::{Field, ProcessId, Row};
use crate::schema::{signed, unsigned};
use netstat_model::history::{BeginBound, ConnectionRecord, ProcessInstance};
use netstat_model::{Namespace, ProcessKey};
use rusqlite::{OptionalExtension as _, params};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// An end, or an open socket, with times of day.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which end of the store it is, from 1; 0 while it is open.
    pub sequence: u64,
    /// The boot it belongs to, by its random ID; empty where the system has none.
    pub boot: Rc<str>,
    /// The host that was recorded.
    pub host: Option<Rc<str>>,
    /// What is known of it. Its times are since 1970, by the clock as it was set then.
    pub record: ConnectionRecord,
    /// From its start to its end, by the clock that never jumps.
    pub lasted: Option<Duration>,
    /// The number of its process in the store, and what is known of that.
    pub process: Option<(u64, Rc<ToldProcess>)>,
}

/// Ends that follow each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// The ends, by their numbers.
    pub ends: Vec<Told>,
    /// The number up to which nothing is left after these.
    pub until: u64,
    /// How many numbers below that are not there any more: deleted to make room, or damaged.
    pub missing: u64,
    /// How many ends are left out because no time of day is known for them.
    pub undated: u64,
    /// Whether there is more behind it.
    pub has_more: bool,
}

/// A run of a recorder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number in the store.
    pub id: u64,
    /// Its boot, by its random ID.
    pub boot: Box<str>,
    /// The host that it recorded.
    pub host: Option<Rc<str>>,
    /// From when to when it recorded, so far.
    pub from: SystemTime,
    /// See [`from`](Self::from).
    pub until: SystemTime,
    /// By what means, in a word.
    pub mode: Option<Box<str>>,
    /// The network namespace whose table a table of the past is.
    pub namespace: Option<Namespace>,
    /// The filter that chose what is kept.
    pub filter: Option<Box<str>>,
}

/// The processes of a store that were looked up, for one answer after another.
#[derive(Debug, Default)]
pub struct Looked {
    processes: FxHashMap<ProcessId, Option<Rc<ToldProcess>>>,
    boots: FxHashMap<Boot, Rc<str>>,
}

/// The most processes that are remembered.
const REMEMBERED: usize = 1 << 16;

impl Reader {
    /// Returns the random number of the store, which tells it from any other.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn store_number(&self) -> Result<u64, StoreError> {
        let sql = "SELECT value FROM meta WHERE key = 'store'";
        self.database.query_row(sql, [], |row| row.get(0).map(unsigned)).map_err(self.error())
    }

    /// Returns the number of the last end that was written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last_sequence(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(sequence), 0) FROM session";
        self.database.query_row(sql, [], |row| row.get(0).map(unsigned)).map_err(self.error())
    }

    /// Returns the ends behind a number, in the order of their numbers, `most` of them at most.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn unsent(&self, after: u64, most: u64, looked: &mut Looked) -> Result<Batch, StoreError> {
        let last = self.last_sequence()?;
        let Some(first) = self.first_behind(after)? else {
            // All that is behind it is gone.
            let until = last.max(after);
            return Ok(Batch { until, missing: until - after, ..Batch::default() });
        };
        let until = first.saturating_add(most.saturating_sub(1)).min(last.max(first));
        let rows = self.rows_behind(after, until)?;
        let missing = (until - after).saturating_sub(rows.len() as u64);
        let mut batch = Batch { until, missing, has_more: until < last, ..Batch::default() };
        if looked.processes.len() > REMEMBERED {
            looked.processes.clear();
        }
        for (boot, row) in rows {
            match self.told(boot, &row, looked)? {
                Some(told) => batch.ends.push(told),
                None => batch.undated += 1,
            }
        }
        Ok(batch)
    }

    /// Returns the lowest number behind another that is there.
    fn first_behind(&self, after: u64) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT min(first_sequence) FROM block WHERE last_sequence > ?1";
        let of_blocks: Option<i64> =
            self.database.query_row(sql, [signed(after)], |row| row.get(0)).map_err(self.error())?;
        if let Some(first) = of_blocks {
            return Ok(Some(unsigned(first).max(after + 1)));
        }
        let sql = "SELECT cols FROM fresh WHERE last_sequence > ?1 ORDER BY id";
        let mut statement = self.database.prepare_cached(sql).map_err(self.error())?;
        let mut fresh = statement.query([signed(after)]).map_err(self.error())?;
        while let Some(row) = fresh.next().map_err(self.error())? {
            let cols = row.get_ref(0).map_err(self.error())?.as_blob().unwrap_or_default();
            let numbers = Packed::new(cols).and_then(|packed| packed.column(Field::Sequence));
            let first = numbers.unwrap_or_default().into_iter().filter(|number| *number > after).min();
            if first.is_some() {
                return Ok(first);
            }
        }
        Ok(None)
    }

    /// Returns the sockets that were open when the store was last written, and when that was; `None` if it never was.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_now(&self, looked: &mut Looked) -> Result<Option<(SystemTime, Vec<Told>)>, StoreError> {
        let Some(last) = self.last() else { return Ok(None) };
        let mut open = Vec::new();
        for row in self.open_rows(last.boot)? {
            open.extend(self.told(last.boot, &row, looked)?);
        }
        Ok(Some((self.time(last.boot, last.at), open)))
    }

    fn told(&self, boot: Boot, row: &Row, looked: &mut Looked) -> Result<Option<Told>, StoreError> {
        let time = |at: Duration| {
            let at = u64::try_from(at.as_micros()).unwrap_or(u64::MAX);
            let wall = self.clock.wall(Moment { boot, at })?;
            Some(Duration::from_micros(u64::try_from(wall).unwrap_or(0)))
        };
        let mut record = row.to_record(None);
        if let Some((at, reason)) = record.ended {
            let Some(at) = time(at) else { return Ok(None) };
            record.ended = Some((at, reason));
        }
        let lasted = row.started.zip(row.ended).map(|(started, (ended, _))| ended.saturating_sub(started));
        record.started = record.started.and_then(time);
        record.bound = record.bound.and_then(|bound| {
            Some(match bound {
                BeginBound::NoLaterThan(at) => BeginBound::NoLaterThan(time(at)?),
                BeginBound::NoEarlierThan(at) => BeginBound::NoEarlierThan(time(at)?),
            })
        });
        record.established = record.established.and_then(time);
        record.first_fin = record.first_fin.and_then(|(at, is_local)| Some((time(at)?, is_local)));
        let mut process = None;
        if let Some((id, source)) = row.process
            && let Some(told) = self.told_process(id, looked)?
        {
            // Its own number stands for when it started, which tells it from others of its process ID.
            let key = ProcessKey { pid: told.pid, start_time: id };
            record.process = Some((ProcessInstance { process: key, executions: 0 }, source));
            process = Some((id, told));
        }
        Ok(Some(Told {
            sequence: row.sequence,
            boot: self.told_boot(boot, looked),
            host: self.host_of(Moment { boot, at: row.ended.map_or(u64::MAX, |(end, _)| end) }).cloned(),
            record,
            lasted: lasted.map(Duration::from_micros),
            process,
        }))
    }

    fn told_boot(&self, boot: Boot, looked: &mut Looked) -> Rc<str> {
        let named = || self.boot_id(boot).map_or_else(|| "".into(), Rc::from);
        Rc::clone(looked.boots.entry(boot).or_insert_with(named))
    }

    fn told_process(
        &self,
        id: ProcessId,
        looked: &mut Looked,
    ) -> Result<Option<Rc<ToldProcess>>, StoreError> {
        if let Some(known) = looked.processes.get(&id) {
            return Ok(known.clone());
        }
        let told = processes::one(&self.database, id).optional().map_err(self.error())?.map(Rc::new);
        looked.processes.insert(id, told.clone());
        Ok(told)
    }

    /// Returns the ends behind a number up to another one, in the order of their numbers.
    pub(crate) fn rows_behind(&self, after: u64, until: u64) -> Result<Vec<(Boot, Row)>, StoreError> {
        let mut rows: Vec<(Boot, Row)> = Vec::new();
        for sql in [
            "SELECT boot, cols FROM block WHERE last_sequence > ?1 AND first_sequence <= ?2 ORDER BY id",
            "SELECT boot, cols FROM fresh WHERE last_sequence > ?1 ORDER BY id",
        ] {
            let mut statement = self.database.prepare_cached(sql).map_err(self.error())?;
            let of_fresh = params![signed(after)];
            let of_blocks = params![signed(after), signed(until)];
            let mut found = match sql.contains("?2") {
                true => statement.query(of_blocks),
                false => statement.query(of_fresh),
            }
            .map_err(self.error())?;
            while let Some(row) = found.next().map_err(self.error())? {
                let boot: Boot = row.get(0).map_err(self.error())?;
                let cols = row.get_ref(1).map_err(self.error())?.as_blob().unwrap_or_default();
                // One that is damaged is missing.
                let Ok(wanted) = wanted(cols, after, until) else { continue };
                rows.extend(wanted.into_iter().map(|row| (boot, row)));
            }
        }
        rows.sort_by_key(|(_, row)| row.sequence);
        rows.dedup_by_key(|(_, row)| row.sequence);
        Ok(rows)
    }

    /// Returns the runs of recorders that can be dated.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Run>> {
            let hosts = hosts::read(&self.database)?;
            let mut statement = self.database.prepare_cached(
                "SELECT session.id, boot, from_at, until_at, mode, namespace, boot_id, filter
                 FROM session LEFT JOIN boot ON boot.id = session.boot ORDER BY session.id",
            )?;
            let runs = statement.query_map([], |row| {
                let boot = row.get(1)?;
                let wall = |at: i64| self.clock.wall(Moment { boot, at: unsigned(at) });
                let (from, until) = (wall(row.get(2)?), wall(row.get(3)?));
                let Some((from, until)) = from.zip(until) else { return Ok(None) };
                let namespace: Option<i64> = row.get(5)?;
                Ok(Some(Run {
                    id: unsigned(row.get(0)?),
                    boot: row.get::<_, Option<String>>(6)?.unwrap_or_default().into(),
                    from: time_of(from),
                    until: time_of(until),
                    mode: row.get::<_, Option<String>>(4)?.map(Into::into),
                    namespace: namespace.map(|inode| Namespace { inode: unsigned(inode) }),
                    host: hosts.of(row.get(0)?),
                    filter: row.get::<_, Option<String>>(7)?.map(Into::into),
                }))
            })?;
            runs.filter_map(Result::transpose).collect()
        };
        read().map_err(self.error())
    }

    /// Returns the gaps that were noted, with their numbers in the store.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn noted_gaps(&self) -> Result<Vec<(u64, Gap)>, StoreError> {
        let read = || -> rusqlite::Result<Vec<(u64, Gap)>> {
            let mut statement =
                self.database.prepare_cached("SELECT id, boot, from_at, until_at, lost, cause FROM gap")?;
            let gaps = statement.query_map([], |row| {
                let boot = row.get(1)?;
                let wall = |at: i64| self.clock.wall(Moment { boot, at: unsigned(at) });
                let (from, until) = (wall(row.get(2)?), wall(row.get(3)?));
                let Some((from, until)) = from.zip(until) else { return Ok(None) };
                let gap = Gap {
                    from: time_of(from),
                    until: time_of(until),
                    lost: row.get::<_, Option<i64>>(4)?.map(unsigned),
                    cause: gap::cause(row.get(5)?),
                };
                Ok(Some((unsigned(row.get(0)?), gap)))
            })?;
            gaps.filter_map(Result::transpose).collect()
        };
        read().map_err(self.error())
    }
}

/// Unpacks the rows of a block whose numbers are wanted; nothing else of a block that has none.
fn wanted(cols: &[u8], after: u64, until: u64) -> Result<Vec<Row>, Damaged> {
    let packed = Packed::new(cols)?;
    let is_wanted = |number: u64| after < number && number <= until;
    if !packed.column(Field::Sequence)?.into_iter().any(is_wanted) {
        return Ok(Vec::new());
    }
    Ok(packed.unpack()?.rows().filter(|row| is_wanted(row.sequence)).collect())
}
