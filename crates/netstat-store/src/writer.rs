//! [`Writer`]: keeps what a recorder sees.

use crate::beside::identity;
use crate::blocks::{BLOCK, LONGEST_WAIT, damaged, insert_fresh, read_fresh, write_blocks};
use crate::clock::{Boot, Moment, micros};
use crate::error::{Fault, StoreError};
use crate::pending::{Key, Pending};
use crate::reader::read_clock;
use crate::row::{Field, ProcessId, Row};
use crate::schema::{insert_row, open_to_write, read_row, row_columns, signed, unsigned};
use crate::session::{WriterOptions, begin, insert_reading, set_meta};
use crate::size::{self, StoreSize, bytes_in_use};
use crate::{gap, processes, reached, shipping};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, EndReason, GapCause, ProcessInstance, RecordGap,
    SinceBoot,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use rustc_hash::{FxHashMap, FxHashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A step of the clock that is told, in microseconds.
const STEP: u64 = 50_000;

/// The most processes whose numbers are remembered; others are looked up.
const REMEMBERED: usize = 65_536;

/// Keeps what a recorder sees. One program writes; any number read meanwhile.
pub struct Writer {
    file: PathBuf,
    /// What tells the file from another of its name; `None` where that was refused.
    identity: Option<(u64, u64)>,
    /// Held for as long as this one writes.
    _lock: File,
    database: Connection,
    options: WriterOptions,
    boot: Boot,
    session: i64,
    /// When this recorder began, and when it last wrote, in microseconds since boot.
    begun: u64,
    committed: u64,
    /// The last reading of the clock that was kept: microseconds since boot and since 1970.
    clock: (u64, i64),
    /// What will be a block.
    fresh: Vec<Row>,
    processes: FxHashMap<ProcessInstance, ProcessId>,
    next_process: ProcessId,
    open: FxHashMap<Key, i64>,
    next_open: i64,
    /// The number of the last end that was written.
    sequence: u64,
    pending: Pending,
    /// How far the source of the events was, for a recorder that goes on behind this one.
    reached: Option<Vec<u8>>,
    /// What has changed of events that are told later, and whether nothing that was written before of these counts.
    kept_back: FxHashMap<u64, Option<Box<[u8]>>>,
    keeps_back_anew: bool,
}

impl Writer {
    /// Opens the store in a folder, or the file of one, and makes it where there is none. `now` is the present moment: what
    /// comes from now on belongs to its boot.
    ///
    /// Sockets that were open at an earlier boot ended with it, and so they are kept: nobody saw how. Those of this boot
    /// are what [`Writer::open_records`] tells; a recorder says of each whether it is still there.
    ///
    /// # Errors
    /// When the file cannot be made or read, is none of ours, or another recorder writes to it.
    pub fn open(path: &Path, options: &WriterOptions, now: &ClockReading) -> Result<Self, StoreError> {
        let (mut database, lock, file) = open_to_write(path)?;
        let error = |error| StoreError::database(&file, error);
        let at = micros(now.since_boot);
        let wall = wall_of(now);
        let begun = begin(&mut database, options, &now.boot_id, at, wall).map_err(error)?;
        let mut writer = Self {
            file: file.clone(),
            identity: identity(&file).ok(),
            _lock: lock,
            database,
            options: options.clone(),
            boot: begun.boot,
            session: begun.session,
            begun: at,
            committed: at,
            clock: (at, wall),
            fresh: Vec::new(),
            processes: FxHashMap::default(),
            next_process: begun.next_process,
            open: begun.open,
            next_open: begun.next_open,
            sequence: begun.sequence,
            pending: Pending::default(),
            reached: None,
            kept_back: FxHashMap::default(),
            keeps_back_anew: true,
        };
        writer.settle_earlier_boots().map_err(error)?;
        let (fresh, lost) = read_fresh(&writer.database, writer.boot).map_err(error)?;
        writer.fresh = fresh;
        if lost > 0 {
            let gap = damaged(&writer.database, writer.boot, lost).map_err(error)?;
            writer.pending.gaps.push(gap);
        }
        Ok(writer)
    }

    /// Returns the file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Lets the file grow by so many pages only, as a full disk does; or again without limit.
    #[cfg(test)]
    pub(crate) fn limit_pages(&self, more: Option<i64>) {
        let pages: i64 = self.database.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let limit = more.map_or(i64::from(u32::MAX) - 1, |more| pages + more);
        self.database.query_row(&format!("PRAGMA max_page_count = {limit}"), [], |_| Ok(())).unwrap();
    }

    /// Brings the write-ahead log into the file.
    #[cfg(test)]
    pub(crate) fn checkpoint(&self) {
        self.database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }

    /// Returns how many begins and ends wait to be written.
    pub fn unwritten(&self) -> usize {
        self.pending.opened.len() + self.pending.ended.len()
    }

    /// Returns how many ends were given up, because they had waited for too long to be written.
    pub fn given_up(&self) -> u64 {
        self.pending.given_up()
    }

    /// Says how connections are seen, and that they are from now on: what was before this moment was not recorded.
    pub fn begin(&mut self, mode: &str, now: &ClockReading) {
        self.options.mode = Some(mode.to_owned());
        self.begun = micros(now.since_boot);
    }

    /// The same of a source that goes on where it was when a recorder before this one wrote last: nothing is missing between.
    ///
    /// # Errors
    /// When it cannot be read when that was.
    pub fn resume(&mut self, mode: &str) -> Result<(), StoreError> {
        let before = reached::until(&self.database, self.boot, self.session);
        let before = before.map_err(|error| StoreError::database(&self.file, error))?;
        self.options.mode = Some(mode.to_owned());
        self.begun = before.unwrap_or(self.begun);
        Ok(())
    }

    /// Notes that the recorder before this one ran until a moment and could not write: what it saw since it wrote last is lost.
    ///
    /// # Errors
    /// When that cannot be read or written.
    pub fn note_unwritten(&mut self, until: SinceBoot) -> Result<(), StoreError> {
        let until = micros(until).min(self.begun);
        let from = reached::until(&self.database, self.boot, self.session)
            .map_err(|error| StoreError::database(&self.file, error))?;
        if let Some(from) = from.filter(|from| *from < until) {
            self.pending.gaps.push(RecordGap {
                boot_id: None,
                from: Duration::from_micros(from),
                until: Duration::from_micros(until),
                lost: None,
                cause: GapCause::Store,
            });
        }
        Ok(())
    }

    /// Returns the filter of the run before this one, at this boot.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn filter_before(&self) -> Result<Option<String>, StoreError> {
        reached::filter_before(&self.database, self.boot, self.session)
            .map_err(|error| StoreError::database(&self.file, error))
    }

    /// Returns the random number of this store.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn number(&self) -> Result<u64, StoreError> {
        reached::number(&self.database).map_err(|error| StoreError::database(&self.file, error))
    }

    /// Returns how far the source of events was when events were written last at this boot; `None` where nobody noted that.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn reached(&self) -> Result<Option<Vec<u8>>, StoreError> {
        reached::read(&self.database, self.boot).map_err(|error| StoreError::database(&self.file, error))
    }

    /// Returns what was written last of events that were taken by then and are told later.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn kept_back(&self) -> Result<Vec<Box<[u8]>>, StoreError> {
        reached::read_kept_back(&self.database).map_err(|error| StoreError::database(&self.file, error))
    }

    /// Notes what has changed of an event that is told later, by the number of its socket: what tells it, or `None` where it is
    /// not kept back any more. It is written with the events that were appended.
    pub fn note_kept_back(&mut self, socket: u64, bytes: Option<Box<[u8]>>) {
        self.kept_back.insert(socket, bytes);
    }

    /// Notes how far the source is with the events that were appended; it is written with them.
    pub fn note_reached(&mut self, reached: Option<Vec<u8>>) {
        self.reached = reached;
    }

    /// Returns the sockets of this boot that are open as far as the store knows, as it was last told.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_records(&self) -> Result<Vec<ConnectionRecord>, StoreError> {
        let read = || -> rusqlite::Result<Vec<ConnectionRecord>> {
            let sql = format!("SELECT {} FROM open WHERE boot = ?", row_columns());
            let mut statement = self.database.prepare_cached(&sql)?;
            let rows = statement.query_map([self.boot], |row| read_row(row, 0))?;
            rows.map(|row| {
                let row = row?;
                let process = match row.process {
                    Some((id, _)) => processes::instance(&self.database, id)?,
                    None => None,
                };
                Ok(row.to_record(process))
            })
            .collect()
        };
        read().map_err(|error| StoreError::database(&self.file, error))
    }

    /// Takes events, in the order in which they happened as far as that is known. They are kept with the next
    /// [`Writer::commit`].
    pub fn append(&mut self, events: &[ConnectionEvent]) {
        for event in events {
            match event {
                ConnectionEvent::Process(record) => {
                    let id = self.process(&record.instance, false);
                    self.pending.process(id, record.clone());
                }
                ConnectionEvent::Opened(record) | ConnectionEvent::HalfClosed(record) => {
                    let row = self.row(record);
                    self.pending.open(row);
                }
                ConnectionEvent::Ended(record) => {
                    let mut row = self.row(record);
                    row.ended = row.ended.or(Some((self.clock.0, EndReason::Unseen)));
                    let open = self.open.get(&Key::of(&row)).copied();
                    self.pending.end(row, open);
                }
                ConnectionEvent::Gap(gap) => gap::push(&mut self.pending.gaps, gap.clone()),
            }
        }
        self.pending.bound();
    }

    fn row(&mut self, record: &ConnectionRecord) -> Row {
        let process = record.process.map(|(instance, _)| self.process(&instance, true));
        Row::of(record, process)
    }

    /// Returns the number of a process, a new one where the store does not know it.
    fn process(&mut self, instance: &ProcessInstance, is_bare: bool) -> ProcessId {
        if let Some(id) = self.processes.get(instance) {
            return *id;
        }
        // A process that cannot be looked up gets a second number, which does no harm.
        let id = match processes::find(&self.database, self.boot, instance) {
            Ok(Some(id)) => id,
            _ => {
                let id = self.next_process;
                self.next_process += 1;
                if is_bare {
                    self.pending.bare(id, *instance);
                }
                id
            }
        };
        self.processes.insert(*instance, id);
        id
    }

    /// Writes what was appended, and that everything up to `now` is recorded. For once a second, also when nothing
    /// happened.
    ///
    /// # Errors
    /// When the disk is full, or the system refuses to write. Everything waits for the next commit then; what waits too long
    /// is counted, and becomes a gap as soon as there is room for it. When the file was removed, nothing can be written any
    /// more.
    pub fn commit(&mut self, now: &ClockReading) -> Result<(), StoreError> {
        let is_gone = match identity(&self.file) {
            Ok(now) => self.identity.is_some_and(|begun| begun != now),
            // Any other error may pass.
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_gone {
            return Err(StoreError::new(&self.file, Fault::Gone));
        }
        let at = micros(now.since_boot);
        let wall = wall_of(now);
        let made_block = self.write(at, wall).map_err(|error| {
            let last = self.sequence;
            self.fresh.retain(|row| row.sequence <= last);
            StoreError::database(&self.file, error)
        })?;
        if made_block {
            self.make_room(wall).map_err(|error| StoreError::database(&self.file, error))?;
        }
        Ok(())
    }

    fn write(&mut self, at: u64, wall: i64) -> rusqlite::Result<bool> {
        let expected = self.clock.1.saturating_add_unsigned(at.saturating_sub(self.clock.0));
        let stepped = wall.abs_diff(expected) > STEP;
        let transaction =
            self.database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if stepped {
            insert_reading(&transaction, self.boot, at, wall)?;
        }
        transaction
            .prepare_cached(
                "UPDATE session SET from_at = ?, until_at = ?, mode = ?, sequence = ? WHERE id = ?",
            )?
            .execute(params![
                signed(self.begun),
                signed(at),
                self.options.mode,
                signed(self.sequence.saturating_add(self.pending.ended.len() as u64)),
                self.session
            ])?;
        reached::write(&transaction, self.boot, self.reached.as_deref())?;
        reached::write_kept_back(&transaction, self.keeps_back_anew, &self.kept_back)?;
        let pending = &self.pending;
        for (id, instance) in &pending.bare {
            processes::insert_bare(&transaction, *id, self.boot, instance)?;
        }
        for (id, record) in &pending.processes {
            processes::insert(&transaction, *id, self.boot, record)?;
        }
        for gap in &pending.gaps {
            gap::insert(&transaction, self.boot, gap)?;
        }
        if pending.lost_processes > 0 {
            let gap = RecordGap {
                boot_id: None,
                from: Duration::from_micros(self.committed),
                until: Duration::from_micros(at),
                lost: Some(pending.lost_processes),
                cause: GapCause::Processes,
            };
            gap::insert(&transaction, self.boot, &gap)?;
        }
        let mut ended = pending.ended.clone();
        close(&transaction, &pending.closed, &mut ended)?;
        let opened = open(&transaction, self.boot, pending, &self.open, self.next_open)?;
        ended.sort_by_key(Row::end);
        number(&mut ended, self.sequence);
        let new = ended.len() as u64;
        let waited = self.fresh.first().map_or(0, |first| at.saturating_sub(first.end()));
        let is_full = self.fresh.len() + ended.len() >= BLOCK;
        let is_late = waited > LONGEST_WAIT;
        let makes_block = is_full || is_late;
        if makes_block {
            // If this cannot be written, `commit` takes them out again: a second list of all rows would take much memory.
            self.fresh.append(&mut ended);
            self.fresh.sort_unstable_by_key(|row| (row.end(), row.sequence));
            write_blocks(&transaction, self.boot, &self.fresh)?;
            transaction.execute("DELETE FROM fresh WHERE boot = ?", [self.boot])?;
        } else if !ended.is_empty() {
            insert_fresh(&transaction, self.boot, &ended)?;
        }
        transaction.commit()?;
        self.kept_back.clear();
        self.keeps_back_anew = false;
        self.committed = at;
        self.sequence = self.sequence.saturating_add(new);
        if stepped {
            self.clock = (at, wall);
        }
        if makes_block {
            self.fresh.clear();
        } else {
            self.fresh.append(&mut ended);
        }
        self.remember(opened);
        Ok(makes_block)
    }

    /// Brings what is known of the tables up to date with what was just committed.
    fn remember(&mut self, opened: Vec<(Key, i64)>) {
        let pending = std::mem::take(&mut self.pending);
        for (key, ..) in pending.closed {
            self.open.remove(&key);
        }
        self.next_open += i64::try_from(opened.len()).unwrap_or(0);
        self.open.extend(opened);
        if self.processes.len() > REMEMBERED {
            self.processes.clear();
        }
    }

    /// Keeps what was open at an earlier boot as ended, and makes blocks of what waited to become one.
    fn settle_earlier_boots(&mut self) -> rusqlite::Result<()> {
        let transaction =
            self.database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let boots: Vec<Boot> = transaction
            .prepare("SELECT boot FROM open WHERE boot <> ?1 UNION SELECT boot FROM fresh WHERE boot <> ?1")?
            .query_map([self.boot], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for boot in boots {
            let last: Option<i64> =
                transaction.query_row("SELECT max(until_at) FROM session WHERE boot = ?", [boot], |row| {
                    row.get(0)
                })?;
            let last = last.map_or(0, unsigned);
            let (mut rows, lost) = read_fresh(&transaction, boot)?;
            if lost > 0 {
                gap::insert(&transaction, boot, &damaged(&transaction, boot, lost)?)?;
            }
            let sql = format!("SELECT {} FROM open WHERE boot = ?", row_columns());
            let mut statement = transaction.prepare(&sql)?;
            for row in statement.query_map([boot], |row| read_row(row, 0))? {
                rows.push(Row { ended: Some((last, EndReason::Unseen)), ..row? });
            }
            drop(statement);
            // Those that waited have their numbers.
            rows.sort_by_key(|row| (row.sequence == 0, row.end()));
            let numbered = rows.partition_point(|row| row.sequence > 0);
            if let Some(new) = rows.get_mut(numbered..) {
                self.sequence = self.sequence.saturating_add(number(new, self.sequence));
            }
            rows.sort_by_key(Row::end);
            write_blocks(&transaction, boot, &rows)?;
            transaction.execute("DELETE FROM fresh WHERE boot = ?", [boot])?;
            transaction.execute("DELETE FROM open WHERE boot = ?", [boot])?;
        }
        transaction.execute(
            "UPDATE session SET sequence = ? WHERE id = ?",
            params![signed(self.sequence), self.session],
        )?;
        transaction.commit()
    }

    /// Deletes the oldest blocks until the rest is as small and as young as it has to be, and gives the space back.
    fn make_room(&mut self, wall: i64) -> rusqlite::Result<()> {
        let oldest_kept = self.options.keep_for.map(|keep| wall.saturating_sub_unsigned(micros(keep)));
        let transaction =
            self.database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let clock = read_clock(&transaction)?;
        let mut deleted = None;
        loop {
            let oldest: Option<(i64, Boot, i64)> = transaction
                .query_row("SELECT id, boot, last_at FROM block ORDER BY id LIMIT 1", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((id, boot, last)) = oldest else { break };
            let ended = clock.wall(Moment { boot, at: unsigned(last) });
            let is_old = oldest_kept.zip(ended).is_some_and(|(oldest, ended)| ended < oldest);
            if !is_old && bytes_in_use(&transaction)? <= self.options.keep_bytes {
                break;
            }
            shipping::count_unsent(&transaction, id)?;
            transaction.execute("DELETE FROM block WHERE id = ?", [id])?;
            transaction.execute("DELETE FROM long WHERE block = ?", [id])?;
            deleted = Some((id, boot, last));
        }
        if let Some((id, boot, last)) = deleted {
            transaction.execute(
                "DELETE FROM process WHERE last_block <= ?1
                     AND id NOT IN (SELECT process FROM open) AND id NOT IN (SELECT process FROM long)",
                [id],
            )?;
            transaction.execute(
                "DELETE FROM program WHERE id NOT IN (SELECT program FROM process WHERE program IS NOT NULL)",
                [],
            )?;
            transaction
                .execute("DELETE FROM gap WHERE boot < ?1 OR (boot = ?1 AND until_at < ?2)", [boot, last])?;
            for (key, value) in [("begins_boot", boot), ("begins_at", last)] {
                set_meta(&transaction, key, value)?;
            }
        }
        transaction.commit()?;
        if deleted.is_some() {
            crate::vacuum::give_back(&self.database)?;
            // Processes that are gone may not be named again by the numbers that are remembered.
            self.processes.clear();
        }
        Ok(())
    }

    /// Returns how much the store holds.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn size(&self) -> Result<StoreSize, StoreError> {
        // What waits to become a block is known here.
        let oldest = self.fresh.first().map(|row| {
            let (at, wall) = self.clock;
            wall.saturating_sub_unsigned(at).saturating_add_unsigned(row.end())
        });
        size::size(&self.database, u64::try_from(self.open.len()).unwrap_or(u64::MAX), oldest)
            .map_err(|error| StoreError::database(&self.file, error))
    }
}

/// Gives ends their numbers, those behind `last`. Returns how many there are.
fn number(ends: &mut [Row], last: u64) -> u64 {
    for (row, number) in ends.iter_mut().zip(last.saturating_add(1)..) {
        row.sequence = number;
    }
    ends.len() as u64
}

fn wall_of(reading: &ClockReading) -> i64 {
    i64::try_from(reading.since_1970.as_micros()).unwrap_or(i64::MAX)
}

/// Deletes rows of open sockets that have ended. What an end does not know is taken from them.
fn close(
    transaction: &Transaction<'_>,
    closed: &[(Key, i64, usize)],
    ended: &mut [Row],
) -> rusqlite::Result<()> {
    let sql = format!("DELETE FROM open WHERE id = ? RETURNING {}", row_columns());
    let mut statement = transaction.prepare_cached(&sql)?;
    for (_, id, place) in closed {
        let earlier = statement.query_row([id], |row| read_row(row, 0)).optional()?;
        if let (Some(earlier), Some(row)) = (earlier, ended.get_mut(*place)) {
            row.complete_from(&earlier);
        }
    }
    Ok(())
}

/// Writes the sockets that are open. Returns the numbers of those that are new.
fn open(
    transaction: &Transaction<'_>,
    boot: Boot,
    pending: &Pending,
    known: &FxHashMap<Key, i64>,
    next: i64,
) -> rusqlite::Result<Vec<(Key, i64)>> {
    let marks = ", ?".repeat(Field::ALL.len());
    let columns = row_columns();
    let mut insert = transaction
        .prepare_cached(&format!("INSERT OR REPLACE INTO open(id, boot, {columns}) VALUES (?, ?{marks})"))?;
    let mut select = transaction.prepare_cached(&format!("SELECT {columns} FROM open WHERE id = ?"))?;
    let closed: FxHashSet<&Key> = pending.closed.iter().map(|(key, ..)| key).collect();
    let mut new = Vec::new();
    for (key, row) in &pending.opened {
        let mut row = *row;
        let id = match known.get(key).filter(|_| !closed.contains(key)) {
            Some(&id) => {
                let earlier = select.query_row([id], |row| read_row(row, 0)).optional()?;
                if let Some(earlier) = earlier {
                    row.complete_from(&earlier);
                }
                id
            }
            None => {
                let id = next.saturating_add(i64::try_from(new.len()).unwrap_or(i64::MAX));
                new.push((key.clone(), id));
                id
            }
        };
        insert_row(&mut insert, &[id, boot], &row)?;
    }
    Ok(new)
}
