//! [`Sender`]: brings what a store keeps to a server, each end once.
//!
//! Ends go in the order of their numbers. What arrived is noted beside them, so that a restart goes on there. Where it is not
//! known whether something arrived, because the connection broke, the server is asked which of these ends it has, and the
//! rest is sent again.

use crate::client::{Client, new_query_id};
use crate::error::FleetError;
use crate::row::{Column, Flat, content};
use crate::tables::{CAUSES, ENDS, GAPS, OPEN, RUNS, Server};
use crate::wire::Wire;
use netstat_store::{Batch, Gap, Ledger, Looked, Reader, Run, Told};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::{BufRead, Read as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The most ends of one insert.
const MOST: u64 = 1 << 16;

/// The most bytes of one insert, and how many a row has beside the texts of its process.
const MOST_BYTES: usize = 1 << 25;
const USUAL_BYTES: usize = 256;

/// A server refuses an insert into more parts than a hundred.
const MOST_DAYS: usize = 64;

/// How long to wait for a server that still works on what was sent before the connection broke.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often to look whether it does.
const PAUSE: Duration = Duration::from_millis(200);

/// The numbers of gaps that the sender itself noted begin here.
const OWN_GAPS: u64 = 1 << 63;

/// What was sent in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Ends of connections.
    pub ends: u64,
    /// Those that the server had already: their arrival was in doubt.
    pub known: u64,
    /// Open sockets that are new, changed, or gone.
    pub open: u64,
    /// Bytes over the wire.
    pub bytes: u64,
    /// Ends that had been deleted on this host before they could be sent.
    pub missing: u64,
    /// The number of the last end that arrived.
    pub until: u64,
}

/// Brings a store to a server.
pub struct Sender {
    client: Client,
    store: PathBuf,
    ledger: Ledger,
    /// What the server is; asked for again after a failure.
    server: Option<Server>,
    looked: Looked,
    /// Whether the arrival of something is in doubt, and by which name it was sent.
    doubt: Option<String>,
    /// What the server has of this store's open sockets, by their numbers; `None` until it was asked.
    open: Option<FxHashMap<u64, u64>>,
    /// The version of the newest row of an open socket.
    open_version: u64,
    /// What was sent of runs and gaps.
    told: FxHashMap<(bool, u64), u64>,
    /// When the last end of what arrived was, in microseconds since 1970.
    last_us: i64,
}

impl Sender {
    /// Returns a sender of a store.
    ///
    /// # Errors
    /// When the store cannot be read, or what was sent of it cannot be noted there.
    pub fn new(client: Client, store: &Path) -> Result<Self, FleetError> {
        let ledger = Ledger::open(store, &client.target().to_string())?;
        Ok(Self {
            client,
            store: store.to_owned(),
            ledger,
            server: None,
            looked: Looked::default(),
            // Nobody knows how the last sender ended.
            doubt: Some(String::new()),
            open: None,
            open_version: 0,
            told: FxHashMap::default(),
            last_us: 0,
        })
    }

    /// Sends everything that is not there yet, and what is open. `each` hears after every insert, and says whether to go on.
    ///
    /// # Errors
    /// When the server does not take it. What has arrived is noted; the rest is sent the next time.
    pub fn send(&mut self, each: &mut dyn FnMut(&Sent) -> bool) -> Result<Sent, FleetError> {
        let mut sent = Sent::default();
        let result = self.send_all(&mut sent, each);
        if let Err(error) = &result
            && !matches!(error, FleetError::Store(_))
        {
            // The tables may be other ones by then.
            self.server = None;
            self.open = None;
            self.told.clear();
            let _ = self.ledger.failed(&error.to_string(), SystemTime::now());
        }
        result.map(|()| sent)
    }

    fn send_all(&mut self, sent: &mut Sent, each: &mut dyn FnMut(&Sent) -> bool) -> Result<(), FleetError> {
        if self.server.is_none() {
            let server = Server::look(&self.client)?;
            server.check(&self.client)?;
            self.server = Some(server);
        }
        let mut until = self.ledger.shipped()?.sequence;
        // What is sent last, and what is open, is of one state of the store. A long backlog is not: a state that is held for
        // hours would let the recorder's log grow all the while.
        let (reader, host, store) = loop {
            let reader = Reader::open(&self.store)?;
            self.looked = Looked::default();
            let host = reader.host().unwrap_or_default().to_owned();
            let store = reader.store_number()?;
            let batch = reader.unsent(until, MOST, &mut self.looked)?;
            if batch.until == until {
                break (reader, host, store);
            }
            self.send_batch(&batch, &host, store, sent)?;
            until = batch.until;
            sent.until = until;
            if !each(sent) {
                return Ok(());
            }
            if !batch.has_more {
                break (reader, host, store);
            }
        };
        sent.until = until;
        let (open, bytes) = self.send_open(&reader, &host, store)?;
        sent.open += open;
        let more = self.send_runs_and_gaps(&reader, store, until)?;
        sent.bytes += bytes + more;
        self.ledger.arrived(until, open, bytes + more, SystemTime::now())?;
        Ok(())
    }

    fn send_batch(
        &mut self,
        batch: &Batch,
        host: &str,
        store: u64,
        sent: &mut Sent,
    ) -> Result<(), FleetError> {
        let first = batch.ends.first().map(ended_us);
        if batch.missing > 0 {
            // What is missing lies between what was sent last and what is sent now.
            let number = batch.until.saturating_sub(batch.ends.len() as u64);
            let until = first.unwrap_or(self.last_us);
            let until = if until == 0 { signed(micros(SystemTime::now())) } else { until };
            let from = if self.last_us == 0 { until } else { self.last_us };
            self.send_gap(
                host,
                store,
                OWN_GAPS | number,
                (from, until.max(from)),
                Some(batch.missing),
                "unsent",
            )?;
            sent.missing += batch.missing;
        }
        let mut rest = batch.ends.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(count_of_days(rest).min(count_of_bytes(rest)));
            rest = later;
            let known = self.known(store, now)?;
            let missing: Vec<Flat> = now
                .iter()
                .filter(|told| !known.contains(&told.sequence))
                .map(|told| Flat::of(told, store))
                .collect();
            // Until it is noted that they have arrived, nobody knows.
            self.doubt.get_or_insert_default();
            let bytes = self.insert(ENDS, &missing, &[])?;
            let until = now.last().map_or(0, |told| told.sequence);
            self.ledger.arrived(until, missing.len() as u64, bytes, SystemTime::now())?;
            self.doubt = None;
            sent.ends += missing.len() as u64;
            sent.known += known.len() as u64;
            sent.bytes += bytes;
            self.last_us = now.last().map_or(self.last_us, ended_us);
        }
        // Numbers that are gone count as sent as well.
        self.ledger.arrived(batch.until, 0, 0, SystemTime::now())?;
        Ok(())
    }

    /// Returns which of these ends the server has, where that is in doubt.
    fn known(&mut self, store: u64, ends: &[Told]) -> Result<FxHashSet<u64>, FleetError> {
        let Some(query_id) = self.doubt.clone() else { return Ok(FxHashSet::default()) };
        let (Some(first), Some(last)) = (ends.first(), ends.last()) else { return Ok(FxHashSet::default()) };
        if !query_id.is_empty() {
            let begin = Instant::now();
            // What is still being written would not be seen, and then be there twice until the server has merged.
            while self.client.is_running(&query_id)? && begin.elapsed() < PATIENCE {
                thread::sleep(PAUSE);
            }
        }
        let hosts: FxHashSet<&str> =
            ends.iter().map(|told| told.host.as_deref().unwrap_or_default()).collect();
        let sql = format!(
            "SELECT sequence FROM {ENDS} WHERE host IN ({}) AND store = {store} AND sequence >= {} AND sequence <= {}
             AND ended_us >= {} AND ended_us <= {} FORMAT RowBinary",
            hosts.into_iter().map(crate::client::quoted).collect::<Vec<_>>().join(", "),
            first.sequence,
            last.sequence,
            ends.iter().map(ended_us).min().unwrap_or(0),
            ends.iter().map(ended_us).max().unwrap_or(0),
        );
        let mut answer = Vec::new();
        self.client.ask(&sql, None)?.take(16 * MOST).read_to_end(&mut answer)?;
        let (numbers, rest) = answer.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(FleetError::Garbled);
        }
        let known: FxHashSet<u64> = numbers.iter().map(|number| u64::from_le_bytes(*number)).collect();
        Ok(known)
    }

    /// Sends rows, each followed by the values of `more`. Returns the bytes.
    fn insert(&mut self, table: &str, rows: &[Flat], more: &[(u64, u8)]) -> Result<u64, FleetError> {
        let Some(server) = &self.server else { return Ok(0) };
        if rows.is_empty() {
            return Ok(0);
        }
        let columns = server.row_columns(table);
        let mut names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        names.extend(if more.is_empty() { [].as_slice() } else { &["version", "gone"] });
        let mut out = Vec::with_capacity(rows.len() * 256);
        for (at, row) in rows.iter().enumerate() {
            put(&columns, row, &mut out);
            if let Some((version, gone)) = more.get(at) {
                version.put(&mut out);
                gone.put(&mut out);
            }
        }
        self.insert_bytes(table, &names, &out)
    }

    fn insert_bytes(&mut self, table: &str, names: &[&str], rows: &[u8]) -> Result<u64, FleetError> {
        let sql = format!("INSERT INTO {table} ({}) FORMAT RowBinary", names.join(", "));
        let query_id = new_query_id();
        let result = self.client.insert(&sql, rows, &query_id);
        if result.is_err() && table == ENDS {
            self.doubt = Some(query_id);
        }
        result
    }

    /// Sends what has become of the open sockets since the last time.
    fn send_open(&mut self, reader: &Reader, host: &str, store: u64) -> Result<(u64, u64), FleetError> {
        let Some((at, open)) = reader.open_now(&mut self.looked)? else { return Ok((0, 0)) };
        let known = match self.open.take() {
            Some(known) => known,
            None => {
                self.end_elsewhere(reader, host, store)?;
                self.open_there(host, store)?
            }
        };
        // The clock of this host may have been set back since: what comes later replaces what came before all the same.
        let version = micros(at).max(self.open_version.saturating_add(1));
        self.open_version = version;
        let mut now: FxHashMap<u64, u64> = FxHashMap::default();
        let (mut rows, mut more) = (Vec::new(), Vec::new());
        for told in &open {
            let mut row = Flat::of(told, store);
            row.sequence = row.open_key();
            let content = content(&row);
            now.insert(row.sequence, content);
            if known.get(&row.sequence) != Some(&content) {
                rows.push(row);
                more.push((version, 0));
            }
        }
        for key in known.keys().filter(|key| !now.contains_key(key)) {
            rows.push(Flat { host: host.as_bytes().into(), store, sequence: *key, ..Flat::default() });
            more.push((version, 1));
        }
        let bytes = self.insert(OPEN, &rows, &more)?;
        self.open = Some(now);
        Ok((rows.len() as u64, bytes))
    }

    /// Tells that nothing is open any more on the hosts where this store was before.
    fn end_elsewhere(&mut self, reader: &Reader, host: &str, store: u64) -> Result<(), FleetError> {
        let before: FxHashSet<String> = reader
            .runs()?
            .into_iter()
            .map(|run| run.host.as_deref().unwrap_or_default().to_owned())
            .collect();
        for earlier in before.iter().filter(|earlier| *earlier != host) {
            let open = self.open_there(earlier, store)?;
            self.open_version = self.open_version.saturating_add(1);
            let (mut rows, mut more) = (Vec::new(), Vec::new());
            for sequence in open.into_keys() {
                rows.push(Flat { host: earlier.as_bytes().into(), store, sequence, ..Flat::default() });
                more.push((self.open_version, 1));
            }
            self.insert(OPEN, &rows, &more)?;
        }
        Ok(())
    }

    /// Asks which sockets of this store are open as far as the server knows. What it knows of each is not compared.
    fn open_there(&mut self, host: &str, store: u64) -> Result<FxHashMap<u64, u64>, FleetError> {
        let sql = format!(
            "SELECT sequence, max(version), argMax(gone, version) FROM {OPEN} WHERE host = {} AND store = {store}
             GROUP BY sequence FORMAT RowBinary",
            crate::client::quoted(host)
        );
        let mut answer = self.client.ask(&sql, None)?;
        let mut known = FxHashMap::default();
        while !answer.fill_buf()?.is_empty() {
            let key = u64::take(&mut answer)?;
            let version = u64::take(&mut answer)?;
            self.open_version = self.open_version.max(version);
            if u8::take(&mut answer)? == 0 {
                known.insert(key, 0);
            }
        }
        Ok(known)
    }

    fn send_runs_and_gaps(&mut self, reader: &Reader, store: u64, sent: u64) -> Result<u64, FleetError> {
        let has_filter = self.server.as_ref().is_some_and(|server| server.has(RUNS, "filter"));
        let mut bytes = 0;
        let mut out = Vec::new();
        for run in reader.runs()? {
            let until = micros(run.until);
            if self.told.insert((true, run.id), until) != Some(until) {
                put_run(&run, store, sent, has_filter, &mut out);
            }
        }
        if !out.is_empty() {
            let mut names = vec![
                "host",
                "store",
                "run",
                "boot",
                "from_us",
                "until_us",
                "mode",
                "namespace",
                "sent",
                "version",
            ];
            names.extend(has_filter.then_some("filter"));
            bytes += self.insert_bytes(RUNS, &names, &out)?;
        }
        for (number, gap) in reader.noted_gaps()? {
            let content = micros(gap.until).wrapping_add(gap.lost.unwrap_or(0));
            if self.told.insert((false, number), content) != Some(content) {
                let span = (signed(micros(gap.from)), signed(micros(gap.until)));
                let host = reader.host_at(gap.from).unwrap_or_default();
                bytes += self.send_gap(host, store, number, span, gap.lost, cause_word(&gap))?;
            }
        }
        Ok(bytes)
    }

    fn send_gap(
        &mut self,
        host: &str,
        store: u64,
        number: u64,
        (from, until): (i64, i64),
        lost: Option<u64>,
        cause: &str,
    ) -> Result<u64, FleetError> {
        let mut out = Vec::new();
        put_text(host, &mut out);
        store.put(&mut out);
        number.put(&mut out);
        from.put(&mut out);
        until.put(&mut out);
        lost.put(&mut out);
        put_text(cause, &mut out);
        micros(SystemTime::now()).put(&mut out);
        let names = ["host", "store", "gap", "from_us", "until_us", "lost", "cause", "version"];
        self.insert_bytes(GAPS, &names, &out)
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    Box::<[u8]>::from(text.as_bytes()).put(out);
}

fn put_run(run: &Run, store: u64, sent: u64, has_filter: bool, out: &mut Vec<u8>) {
    put_text(run.host.as_deref().unwrap_or_default(), out);
    store.put(out);
    run.id.put(out);
    put_text(&run.boot, out);
    signed(micros(run.from)).put(out);
    signed(micros(run.until)).put(out);
    put_text(run.mode.as_deref().unwrap_or_default(), out);
    run.namespace.map(|namespace| namespace.inode).put(out);
    sent.put(out);
    // The newest is the one that reaches furthest.
    micros(run.until).put(out);
    if has_filter {
        put_text(run.filter.as_deref().unwrap_or_default(), out);
    }
}

/// Writes the values of these columns.
fn put(columns: &[&Column], row: &Flat, out: &mut Vec<u8>) {
    for column in columns {
        (column.put)(row, out);
    }
}

fn cause_word(gap: &Gap) -> &'static str {
    CAUSES.iter().find(|(cause, _)| *cause == gap.cause).map_or("unseen", |(_, word)| word)
}

fn ended_us(told: &Told) -> i64 {
    told.record.ended.map_or(0, |(at, _)| i64::try_from(at.as_micros()).unwrap_or(i64::MAX))
}

/// Returns how many of these ends one insert may have by their size; each has the texts of its process.
fn count_of_bytes(ends: &[Told]) -> usize {
    let mut bytes = 0_usize;
    let too_many = |told: &Told| {
        let process = told.process.as_ref().and_then(|(_, process)| process.record.as_ref());
        let texts = process.map_or(0, |record| {
            let texts = [Some(&record.name), Some(&record.comm), record.executable.as_ref()];
            let more = [record.arguments.as_ref(), record.cgroup.as_ref()];
            texts.into_iter().chain(more).flatten().map(|text| text.len()).sum()
        });
        bytes = bytes.saturating_add(texts).saturating_add(USUAL_BYTES);
        bytes > MOST_BYTES
    };
    ends.iter().position(too_many).unwrap_or(ends.len()).max(1)
}

/// Returns how many of these ends lie in as many days as one insert may have.
fn count_of_days(ends: &[Told]) -> usize {
    let mut days: FxHashSet<i64> = FxHashSet::default();
    let too_many = |told: &Told| {
        // By whatever time zone the server goes: an end near midnight counts for both.
        let hours = ended_us(told).div_euclid(3_600_000_000);
        days.extend([(hours - 14).div_euclid(24), (hours + 14).div_euclid(24)]);
        days.len() > MOST_DAYS
    };
    ends.iter().position(too_many).unwrap_or(ends.len()).max(1)
}

/// Returns microseconds since 1970.
fn micros(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}
