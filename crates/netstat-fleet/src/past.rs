//! [`FleetPast`]: the histories of many hosts as a system that is asked through the traits of the contract.

use crate::client::{Client, new_query_id, quoted, refusal};
use crate::course::Course;
use crate::error::FleetError;
use crate::known::{Hosts, Place};
use crate::question::{Asked, Question};
use crate::row::{COLUMNS, Column, Flat, MARK, Read, micros, take_mark};
use crate::sql::{Decided, Rows, decided};
use crate::tables::{ENDS, OPEN, Server};
use crate::wire::Wire as _;
use netstat_engine::filter::Context;
use netstat_model::query::{Listing, ProcessFields, Scope, Visit};
use netstat_model::{
    Answer, Error, Missing, Namespace, Operation, OwnerMethod, Process, ProcessKey, Socket, SocketRef,
    SocketTable,
};
use netstat_os::{Machine, Processes, Sockets};
use netstat_store::{Presence, Seen, show};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long Linux keeps the end that closed first, in microseconds.
const TIME_WAIT: i64 = 60_000_000;

/// A server whose tables can be asked.
pub struct Fleet {
    client: Client,
    server: Server,
    hosts: Hosts,
    course: Arc<Course>,
}

impl Fleet {
    /// Asks a server what it has.
    ///
    /// # Errors
    /// When it does not answer, refuses, or has no tables of this program.
    pub fn open(client: Client) -> Result<Self, FleetError> {
        let server = Server::look(&client)?;
        server.check(&client)?;
        let hosts = Hosts::read(&client, &server)?;
        Ok(Self { client, server, hosts, course: Arc::default() })
    }

    /// Returns what is known of its hosts.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Returns the client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns whether its tables have a type for addresses.
    pub(crate) fn has_addresses(&self) -> bool {
        self.server.has_addresses()
    }

    /// Asks for text; the question can be taken back.
    pub(crate) fn text(&self, sql: &str) -> Result<String, FleetError> {
        let id = new_query_id();
        self.course.begin(&id)?;
        let result = self.client.text_as(sql, Some(&id));
        self.course.end();
        match result {
            Err(_) if self.course.is_cancelled() => Err(FleetError::Cancelled),
            result => result,
        }
    }

    /// Returns the course of its questions.
    pub fn course(&self) -> Arc<Course> {
        Arc::clone(&self.course)
    }

    /// Returns the names of users that mean the same user on every host, in the form of `/etc/passwd`.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn users(&self) -> Result<Vec<u8>, FleetError> {
        let text = self.client.text(&format!(
            "SELECT uid, any(user) FROM (SELECT process_uid AS uid, user FROM {ENDS}
                 WHERE isNotNull(process_uid) AND isNotNull(user) GROUP BY uid, user)
             GROUP BY uid HAVING count() = 1 FORMAT TabSeparated"
        ))?;
        let mut users = Vec::new();
        for (uid, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            let name = crate::known::unescaped(name);
            if !name.contains([':', '\n']) {
                users.extend_from_slice(format!("{name}:x:{uid}:::\n").as_bytes());
            }
        }
        Ok(users)
    }
}

/// The histories of many hosts as a system that can be asked for its sockets and processes.
pub struct FleetPast<'f> {
    fleet: &'f Fleet,
    question: Question<'f>,
    processes: RefCell<FxHashMap<ProcessKey, Process>>,
    failed: RefCell<Option<FleetError>>,
}

/// The most hosts that a question names.
const MOST_NAMED: usize = 200;

/// What is open, by its store and its key there.
type There = FxHashMap<(Place, u64), Row>;

/// Takes out a socket that has ended.
fn take_out(there: &mut There, ended: &Row) {
    if there.is_empty() {
        return;
    }
    let key = ((host_of(&ended.flat), ended.flat.store), ended.flat.open_key());
    // One without a cookie may have been used again by then.
    if there.get(&key).is_some_and(|open| open.begun() <= ended.flat.ended_us) {
        there.remove(&key);
    }
}

/// One row of an answer, and how many there are of it.
struct Row {
    flat: Flat,
    read: Read,
    alike: u64,
}

impl Row {
    /// When it is known to have been there at the latest.
    fn begun(&self) -> i64 {
        self.flat.started_us.or(self.flat.started_before_us).unwrap_or(0)
    }
}

impl<'f> FleetPast<'f> {
    /// Returns what a question is answered from.
    pub fn new(fleet: &'f Fleet, question: Question<'f>) -> Self {
        Self { fleet, question, processes: RefCell::default(), failed: RefCell::default() }
    }

    /// Returns why there is no answer, as exactly as it is known.
    pub fn take_failure(&self) -> Option<FleetError> {
        self.failed.take()
    }

    /// Returns the order of the rows, and how many are wanted where the server decides all of the filter.
    fn order(&self, is_whole: bool) -> (String, Option<usize>) {
        let Some(first) = self.question.first else { return (String::new(), None) };
        let Some(column) = first.column() else { return (String::new(), None) };
        let direction = if first.descending { " DESC" } else { "" };
        // What is not known comes last.
        let order = format!(" ORDER BY isNull({column}), {column}{direction}, host, store, sequence");
        match first.rows.filter(|_| is_whole && matches!(self.question.asked, Asked::Span(_))) {
            // What is there twice until it is merged counts once.
            Some(rows) => (format!("{order} LIMIT 1 BY host, store, sequence LIMIT {rows}"), Some(rows)),
            // All rows are needed, and sorted here.
            None if first.by.is_some() => (String::new(), None),
            None => (order, None),
        }
    }

    /// Returns whether rows are counted by the server; they are if nothing needs to be decided here.
    pub fn is_counted(&self) -> bool {
        self.counted().is_some()
    }

    fn counted(&self) -> Option<Vec<String>> {
        let is_whole = matches!(self.question.asked, Asked::Span(_)) && self.decided(Rows::Ended).is_whole;
        let all_there = COLUMNS.iter().all(|column| self.fleet.server.has(ENDS, column.name));
        let groups = self.question.groups.filter(|_| is_whole && all_there)?;
        let address = |text: &str| {
            let address = text.parse().unwrap_or(std::net::Ipv6Addr::UNSPECIFIED);
            crate::sql::address(address.into(), self.fleet.server.has_addresses())
        };
        crate::groups::counted(groups, &address)
    }

    fn decided(&self, rows: Rows) -> Decided {
        decided(self.question.filter, rows, self.fleet.server.has_addresses())
    }

    /// Returns what the rows of the past have to be, by their times.
    fn times(&self) -> (String, String, Rows) {
        let begun = "ifNull(started_us, ifNull(started_before_us, toInt64(9223372036854775807)))";
        match self.question.asked {
            Asked::Table(at) => {
                let at = micros(at);
                let begun = format!("{begun} <= toInt64({at})");
                let ends = format!(
                    "({} AND ((ended_us > toInt64({at}) AND {begun}) OR (proto = 'tcp' AND reason = 'closed-by-us'
                     AND ended_us <= toInt64({at}))))",
                    crate::sql::not_before(at.saturating_sub(TIME_WAIT).saturating_add(1))
                );
                (ends, begun, Rows::Moment)
            }
            Asked::Span(span) => {
                let since = span.since.map(|since| crate::sql::not_before(micros(since)));
                let since = since.unwrap_or_else(|| "1".to_owned());
                match span.until {
                    None => (since, "1".to_owned(), Rows::Ended),
                    Some(until) => {
                        let until = micros(until);
                        let begun = format!("{begun} < toInt64({until})");
                        let ends = format!("({since} AND (ended_us < toInt64({until}) OR {begun}))");
                        (ends, begun, Rows::Ended)
                    }
                }
            }
        }
    }

    /// Returns the table of what is open, each socket once, as it is now.
    fn open_table(&self) -> String {
        // FINAL leaves the newest row of each; the table has no more rows than there are sockets and as many that were.
        format!("{OPEN} FINAL")
    }

    /// Takes out what has ended as far as its host has told: while a sender catches up, its ends are there before it is
    /// known what is no longer open. Of a host that keeps up both come together.
    fn leave_out_ended(&self, there: &mut There) -> Result<(), FleetError> {
        let Asked::Span(_) = self.question.asked else { return Ok(()) };
        let mut behind: Vec<(&str, SystemTime)> = self.fleet.hosts.silent(self.question.now, |_| true);
        behind.retain(|(name, _)| there.keys().any(|((host, _), _)| **host == **name));
        for some in behind.chunks(MOST_NAMED) {
            let of_host = |(host, last): &(&str, SystemTime)| {
                format!("(host = {} AND {})", quoted(host), crate::sql::not_before(micros(*last)))
            };
            let of_hosts: Vec<String> = some.iter().map(of_host).collect();
            self.fetch(ENDS, &format!("{ENDS} WHERE {}", of_hosts.join(" OR ")), &mut |row| {
                take_out(there, &row);
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }

    /// Calls `each` with the rows of both tables.
    fn rows(&self, each: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<(), FleetError> {
        let (of_ends, of_open, rows) = self.times();
        let of_filter = self.decided(rows);
        let ends = format!("{} WHERE {of_ends} AND {}", ENDS, of_filter.sql);
        let (order, limit) = self.order(of_filter.is_whole);
        let counted = self.counted();
        let open = format!(
            "{} WHERE gone = 0 AND {of_open} AND {}",
            self.open_table(),
            self.decided(if rows == Rows::Moment { rows } else { Rows::Open }).sql
        );
        // What is open comes first: what ends meanwhile is told by its end, which is asked about later.
        let mut there = There::default();
        let mut count = 0;
        self.fetch(OPEN, &open, &mut |row| {
            count += 1;
            let key = ((host_of(&row.flat), row.flat.store), row.flat.open_key());
            there.insert(key, row);
            // More than may come is not kept either.
            if count > self.question.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if count > self.question.most {
            return Err(FleetError::TooMany(count, self.question.most));
        }
        self.leave_out_ended(&mut there)?;
        let is_enough = |rows: u64| rows.saturating_add(count) <= self.question.most;
        // How many come is known where rows are counted, or few are wanted.
        if counted.is_none() && !limit.is_some_and(|limit| is_enough(limit as u64)) {
            let matching = self.fleet.text(&format!("SELECT count() FROM {ends}"))?;
            let matching: u64 = matching.trim_end().parse().map_err(|_| FleetError::Garbled)?;
            if !is_enough(matching) {
                return Err(FleetError::TooMany(matching.saturating_add(count), self.question.most));
            }
        }
        if let Some(select) = counted {
            let sql = format!(
                "SELECT toUInt32({MARK}), {}, count() FROM {ends} GROUP BY {} FORMAT RowBinary",
                select.join(", "),
                grouped(&select)
            );
            self.run(&sql, true, &mut |row| each(&row))?;
            for row in there.values() {
                let _: ControlFlow<()> = each(row);
            }
            return Ok(());
        }
        let ends = ends + &order;
        let mut stopped = false;
        let mut seen: FxHashSet<(u32, u64, u64)> = FxHashSet::default();
        let mut hosts: FxHashMap<Box<[u8]>, u32> = FxHashMap::default();
        self.fetch(ENDS, &ends, &mut |row| {
            take_out(&mut there, &row);
            let next = u32::try_from(hosts.len()).unwrap_or(u32::MAX);
            let host = match hosts.get(&row.flat.host) {
                Some(host) => *host,
                None => *hosts.entry(row.flat.host.clone()).or_insert(next),
            };
            // What was sent twice and is not merged yet is there once.
            if !seen.insert((host, row.flat.store, row.flat.sequence)) {
                return ControlFlow::Continue(());
            }
            let flow = each(&row);
            stopped = flow.is_break();
            flow
        })?;
        if !stopped {
            for row in there.values() {
                if each(row).is_break() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Asks for the rows of a table that pass.
    fn fetch(
        &self,
        table: &str,
        from_where: &str,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), FleetError> {
        let columns: Vec<&Column> = COLUMNS.iter().collect();
        let selected: Vec<&str> = columns
            .iter()
            .map(|column| {
                let is_there = self.fleet.server.has(table, column.name);
                let is_wanted = self.question.wants_processes || !is_of_process(column.name);
                if is_there && is_wanted { column.name } else { column.nothing }
            })
            .collect();
        let sql =
            format!("SELECT toUInt32({MARK}), {} FROM {from_where} FORMAT RowBinary", selected.join(", "));
        self.run(&sql, false, each)
    }

    fn run(
        &self,
        sql: &str,
        is_counted: bool,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), FleetError> {
        let columns: Vec<&Column> = COLUMNS.iter().collect();
        let id = new_query_id();
        self.fleet.course.begin(&id)?;
        let result = self.read(sql, &id, &columns, is_counted, each);
        self.fleet.course.end();
        match result {
            Err(_) if self.fleet.course.is_cancelled() => Err(FleetError::Cancelled),
            result => result,
        }
    }

    fn read(
        &self,
        sql: &str,
        id: &str,
        columns: &[&Column],
        is_counted: bool,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), FleetError> {
        let mut answer = self.fleet.client.ask(sql, Some(id))?;
        loop {
            match take_mark(&mut answer) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err((_, said)) if said.starts_with(b"Code: ") => {
                    return Err(refusal(&String::from_utf8_lossy(&said), 500, self.fleet.client.target()));
                }
                Err((error, _)) => return Err(error.into()),
            }
            let flat = Flat::take(columns, &mut answer)?;
            self.fleet.course.count();
            let alike = if is_counted { u64::take(&mut answer)? } else { 1 };
            let read = flat.read();
            if each(Row { flat, read, alike }).is_break() {
                // The rest is not wanted.
                self.fleet.client.cancel(id);
                return Ok(());
            }
        }
    }

    /// Whether what is open matches, of which nothing is counted; what has ended was counted because it does.
    fn is_wanted(&self, row: &Row, socket: &Socket) -> bool {
        let Some(filter) = self.question.filter.filter(|_| row.read.record.ended.is_none()) else {
            return true;
        };
        let known = row.flat.process_key().map(|key| row.flat.described(key));
        let find = |key: ProcessKey| known.as_ref().filter(|process| process.id == key);
        filter.matches(socket, &Context::new(&find)).is_yes()
    }

    fn note_process(&self, flat: &Flat) {
        if let Some(key) = flat.process_key() {
            self.processes.borrow_mut().entry(key).or_insert_with(|| flat.described(key));
        }
    }

    fn each(
        &self,
        scope: Scope,
        visit: &mut dyn FnMut(&Socket) -> ControlFlow<()>,
    ) -> Result<(), FleetError> {
        match self.question.asked {
            Asked::Table(at) => self.table_at(at, scope, visit),
            Asked::Span(_) => {
                let is_counted = self.is_counted();
                self.rows(&mut |row| {
                    let last = self.fleet.hosts.last(&(host_of(&row.flat), row.flat.store));
                    let mut socket = row.read.socket(Seen::Whole { last });
                    if is_counted && !self.is_wanted(row, &socket) {
                        return ControlFlow::Continue(());
                    }
                    self.note_process(&row.flat);
                    if let Some(life) = &mut socket.lifespan {
                        life.alike = row.alike;
                    }
                    visit(&socket)
                })
            }
        }
    }

    fn table_at(
        &self,
        at: SystemTime,
        scope: Scope,
        visit: &mut dyn FnMut(&Socket) -> ControlFlow<()>,
    ) -> Result<(), FleetError> {
        let moment = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut waiting = Vec::new();
        let mut used: FxHashSet<Ends> = FxHashSet::default();
        let ends_of = |flat: &Flat| {
            let end = |address: [u8; 16], port: u16| {
                let mut end = [0; 18];
                let (first, last) = end.split_at_mut(16);
                first.copy_from_slice(&address);
                last.copy_from_slice(&port.to_le_bytes());
                end
            };
            let local = end(flat.local, flat.local_port);
            (host_of(flat), local, end(flat.remote, flat.remote_port), flat.namespace)
        };
        let mut stopped = false;
        self.rows(&mut |row| {
            let place = (host_of(&row.flat), row.flat.store);
            // Of a host that was not recorded then, nothing is said.
            let Some(own) = self.fleet.hosts.recorded(&place, at) else { return ControlFlow::Continue(()) };
            let own = own.filter(|_| scope == Scope::Own);
            if own.zip(row.flat.namespace).is_some_and(|(own, namespace)| own.inode != namespace) {
                return ControlFlow::Continue(());
            }
            match row.read.presence(moment) {
                Presence::Open => {
                    used.insert(ends_of(&row.flat));
                    self.note_process(&row.flat);
                    let flow = visit(&row.read.socket(Seen::At(moment)));
                    stopped = flow.is_break();
                    flow
                }
                Presence::Waits => {
                    waiting.push((row.flat.ended_us, ends_of(&row.flat), row.read.socket(Seen::At(moment))));
                    ControlFlow::Continue(())
                }
                Presence::Absent => ControlFlow::Continue(()),
            }
        })?;
        if stopped {
            return Ok(());
        }
        // Ends that were used again wait no longer.
        waiting.sort_by_key(|(ended, ..)| std::cmp::Reverse(*ended));
        for (_, ends, socket) in waiting {
            if used.insert(ends) && visit(&socket).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Returns what rows are grouped by: what changes from one to the next.
fn grouped(select: &[String]) -> String {
    let is_fixed = |sql: &&String| COLUMNS.iter().any(|column| column.nothing == **sql);
    let mut by: Vec<&str> = select.iter().filter(|sql| !is_fixed(sql)).map(String::as_str).collect();
    by.dedup();
    by.join(", ")
}

/// Both ends of a socket, each as its address and port, in a network namespace of a host.
type Ends = (Box<str>, [u8; 18], [u8; 18], Option<u64>);

/// Whether a column tells of a process more than its IDs.
fn is_of_process(name: &str) -> bool {
    let first = crate::row::place("process_known");
    crate::row::place(name).zip(first).is_some_and(|(place, first)| place >= first)
}

fn host_of(flat: &Flat) -> Box<str> {
    String::from_utf8_lossy(&flat.host).into()
}

impl Sockets for FleetPast<'_> {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        let mut table = SocketTable::new(listing.query.keep());
        self.each(listing.query.scope, &mut |socket| show(socket, listing, visit, &mut table)).map_err(
            |why| {
                let source = io::Error::other(why.to_string());
                self.failed.replace(Some(why));
                Error { operation: Operation::ReadHistory, source }
            },
        )?;
        Ok(Answer { data: (table, OwnerMethod::NotNeeded), warnings: Vec::new() })
    }
}

impl Processes for FleetPast<'_> {
    fn processes(&self, wanted: &[ProcessKey], _: ProcessFields) -> Answer<Vec<Process>> {
        let known = self.processes.borrow();
        let process = |key: &ProcessKey| {
            known.get(key).cloned().unwrap_or_else(|| Process::unknown(*key, Missing::Gone))
        };
        Answer { data: wanted.iter().map(process).collect(), warnings: Vec::new() }
    }
}

impl Machine for FleetPast<'_> {
    fn host_name(&self) -> Result<String, Error> {
        // There are many.
        Err(Error { operation: Operation::ReadHostName, source: io::ErrorKind::NotFound.into() })
    }

    fn uptime(&self) -> Result<Duration, Error> {
        Err(Error { operation: Operation::ReadUptime, source: io::ErrorKind::Unsupported.into() })
    }

    fn now(&self) -> Option<SystemTime> {
        Some(match self.question.asked {
            Asked::Table(at) => at,
            Asked::Span(_) => self.question.now,
        })
    }

    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    fn namespace(&self) -> Option<Namespace> {
        None
    }
}
