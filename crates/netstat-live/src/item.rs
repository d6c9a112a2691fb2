//! What the rows of a tab are, and what is in their cells.

use crate::amount::short;
use crate::beside::{Beside, Fact, Happening, What, of_finding};
use crate::book::Book;
use crate::environment::Environment;
use crate::group::{Group, Grouping};
use crate::mark::{Mark, Slot};
use crate::named::Names;
use crate::tab::{Source, Spec, Tab};
use netstat_engine::both;
use netstat_engine::columns::{Column, ColumnNeeds, Given, Value, by_name};
use netstat_engine::filter::{Context, Filter, Tri};
use netstat_engine::flow::Rates;
use netstat_engine::text::escape;
use netstat_model::{HostAddress, NoOwner, Owner, ProcessKey, Protocol, SocketKey, TcpFields, TcpState};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::time::SystemTime;

/// What a row is, from one look to the next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ItemKey {
    Socket(SocketKey),
    Process(Option<ProcessKey>),
    Remote(IpAddr),
    Link(u32),
    /// By its name.
    Group(String),
    /// The check, its subject, and the number among those that are equal.
    Finding(&'static str, String, usize),
    Event(u64),
}

/// A row of a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    Socket(Slot),
    /// `None` stands for the sockets whose process is not known, or that have none.
    Process(Option<ProcessKey>),
    Remote(IpAddr),
    /// An interface, by its index.
    Link(u32),
    /// Sockets that have the same in a column, by number.
    Group(u32),
    /// A finding, by its place.
    Finding(u32),
    /// An event, by its number.
    Event(u64),
}

/// More sockets of a group are not compared to say what all of them have.
const MOST_COMPARED: usize = 1000;

/// What is summed over the sockets of a group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    pub(crate) connections: u64,
    pub(crate) listeners: u64,
    rates: Option<Rates>,
    /// One of its sockets.
    sample: Option<Slot>,
    /// The processes, by name.
    holders: BTreeSet<ProcessKey>,
}

/// The groups of a tab.
pub(crate) type Groups = FxHashMap<Item, Totals>;

/// Returns whether a socket waits for somebody.
pub(crate) fn waits(socket: &netstat_model::SocketRef<'_>) -> bool {
    match socket.protocol {
        Protocol::Tcp => matches!(socket.state, Some(TcpState::Listen | TcpState::Bound)),
        _ => socket.remote.is_none(),
    }
}

/// Sums up the groups of a tab over sockets.
pub(crate) fn groups(tab: Tab, book: &Book, slots: impl Iterator<Item = Slot>) -> Groups {
    let mut groups = Groups::default();
    for slot in slots {
        let Some(socket) = book.socket(slot).filter(|_| book.mark(slot) != Mark::Gone) else { continue };
        let principal = socket.ownership().principal().map(|owner| owner.process);
        let item = match tab {
            Tab::Processes => Item::Process(principal),
            Tab::Remotes => match socket.remote.and_then(|end| end.address()) {
                Some(address) => Item::Remote(address),
                None => continue,
            },
            Tab::Connections | Tab::Listening => Item::Socket(slot),
            Tab::Links | Tab::Findings | Tab::Events => continue,
        };
        let totals = groups.entry(item).or_default();
        if waits(&socket) {
            totals.listeners += 1;
        } else {
            totals.connections += 1;
        }
        if let Some(rates) = book.rates(slot) {
            totals.rates = Some(totals.rates.unwrap_or_default().and(rates));
        }
        totals.sample.get_or_insert(slot);
        totals.holders.extend(principal);
    }
    groups
}

/// What cells are made from.
pub(crate) struct Cells<'a> {
    pub(crate) book: &'a Book,
    pub(crate) environment: &'a Environment,
    pub(crate) groups: &'a Groups,
    pub(crate) grouping: Option<&'a Grouping>,
    pub(crate) beside: &'a Beside,
    pub(crate) names: &'a Names,
    /// What every look reads, where the past is shown: nothing else is known of it.
    pub(crate) past: Option<ColumnNeeds>,
    pub(crate) now: Option<SystemTime>,
}

impl<'a> Cells<'a> {
    /// Returns whether a process holds a socket, but nobody could tell which.
    pub(crate) fn has_unknown_owner(&self, slot: Slot) -> bool {
        self.book.socket(slot).is_some_and(|socket| {
            let why = socket.ownership().unowned();
            matches!(why, Some(NoOwner::NotPermitted | NoOwner::OtherNamespace | NoOwner::Vanished))
        })
    }

    /// Returns the host at the other end of a row.
    pub(crate) fn host(&self, item: Item) -> Option<HostAddress> {
        match item {
            Item::Socket(slot) => self.book.socket(slot)?.remote_ip().map(HostAddress::from),
            Item::Remote(address) => Some(HostAddress::new(address, 0)),
            _ => None,
        }
    }

    /// Returns the name of that host with the port, safe for a terminal, where it is known and wanted.
    fn named(&self, item: Item) -> Option<String> {
        let mut text = Vec::new();
        escape::write_text(&mut text, OsStr::new(self.names.of(self.host(item)?)?));
        let name = String::from_utf8_lossy(&text).into_owned();
        Some(match item {
            Item::Socket(slot) => format!("{name}:{}", self.book.socket(slot)?.remote_ip()?.port),
            _ => name,
        })
    }

    /// Calls `call` with what columns look up.
    pub(crate) fn with<T>(&self, call: impl FnOnce(&Filled<'_>) -> T) -> T {
        let environment = self.environment;
        let rates = |socket: &netstat_model::SocketRef<'_>| self.book.rates_of(socket);
        let given = Given {
            processes: self.book.processes(),
            users: &environment.users,
            interfaces: &environment.interfaces,
            own: environment.own,
            names_zones: environment.names_zones,
            namespaces: &environment.namespaces,
            stand_ins: &environment.stand_ins,
            geo: &environment.geo,
            zone: &environment.zone,
            now: self.now,
            rates: &rates,
        };
        call(&Filled { cells: self, given })
    }
}

/// Cells, with what columns look up.
pub(crate) struct Filled<'a> {
    cells: &'a Cells<'a>,
    pub(crate) given: Given<'a>,
}

impl Filled<'_> {
    /// Returns the value of a cell.
    pub(crate) fn value(&self, item: Item, spec: &Spec) -> Value<'_> {
        if let Item::Group(number) = item {
            return self.group(number).map_or(Value::Unknown, |group| self.of_group(group, spec));
        }
        let totals = || self.cells.groups.get(&item);
        let count = |of: fn(&Totals) -> u64| Value::Number(totals().map_or(0, of));
        let column = match spec.source {
            Source::Column(name) => by_name(name),
            Source::State => by_name("state"),
            Source::Down => return self.rate(item, |rates| rates.down),
            Source::Up => return self.rate(item, |rates| rates.up),
            Source::Connections => return count(|of| of.connections),
            Source::Listeners => return count(|of| of.listeners),
            Source::Address => match item {
                Item::Remote(address) => {
                    return Value::Host(netstat_model::IpEndpoint::new(address, 0, 0), None);
                }
                _ => return Value::Unknown,
            },
            Source::Holders => return Value::Named(self.holders(item)),
            Source::Fact(fact) => return self.fact(item, fact),
        };
        column.map_or(Value::Unknown, |column| self.of_column(item, column))
    }

    fn group(&self, number: u32) -> Option<&Group> {
        self.cells.grouping?.group(number)
    }

    /// Returns what all sockets of a group have in a column, a sum or a count.
    fn of_group(&self, group: &Group, spec: &Spec) -> Value<'_> {
        let rate =
            |of: fn(Rates) -> u64| group.rates.map_or(Value::Unknown, |rates| Value::Number(of(rates)));
        let language = self.cells.environment.language;
        match spec.source {
            Source::Column("process") => {
                let is_unfolded = self.cells.grouping.is_some_and(|all| all.is_unfolded(&group.name));
                let mark = if is_unfolded { '-' } else { '+' };
                Value::Named(format!("[{mark}] {} ({})", group.name, group.slots.len()))
            }
            Source::Down => rate(|rates| rates.down),
            Source::Up => rate(|rates| rates.up),
            Source::State => group.state().map_or(Value::Absent(""), |(state, count)| {
                Value::Named(format!("{} {count}", state.map_or("", short_state)).trim_start().to_owned())
            }),
            // There is no room beside the name, and each row has them.
            Source::Column("local" | "pid") => Value::Absent(""),
            Source::Column(name) => match self.same(group, name) {
                Some(value) => value,
                None if name == "foreign" => {
                    let remotes = group.remotes as u64;
                    let text = both!("{remotes:remote|remotes}", "원격 {remotes}곳", remotes);
                    Value::Named(text.of(language).to_owned())
                }
                None => Value::Absent(""),
            },
            _ => Value::Absent(""),
        }
    }

    /// Returns the value that all sockets of a group have in a column; `None` where they differ, or are too many to compare.
    fn same(&self, group: &Group, name: &str) -> Option<Value<'_>> {
        let column = by_name(name)?;
        if group.slots.len() > MOST_COMPARED || ["rtt", "retrans", "sendq", "recvq"].contains(&name) {
            return None;
        }
        let mut values = group.slots.iter().map(|slot| self.of_column(Item::Socket(*slot), column));
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// Returns the name of the group of a socket.
    pub(crate) fn group_name(&self, slot: Slot, column: &Column) -> String {
        match self.of_column(Item::Socket(slot), column) {
            _ if column.is_of_owner() && self.cells.has_unknown_owner(slot) => "?".to_owned(),
            value if value.is_none() => "-".to_owned(),
            value => text_of(&value),
        }
    }

    /// Returns whether the system had let go of the other end when it told of a socket.
    fn lost_its_peer(&self, slot: Slot) -> bool {
        self.cells
            .book
            .socket(slot)
            .is_some_and(|socket| socket.state == Some(TcpState::Closed) && socket.remote.is_none())
    }

    /// Returns what happened to a socket, in words.
    pub(crate) fn happening(
        &self,
        (slot, what): (Slot, What),
        time: Option<SystemTime>,
        filter: Option<&Filter>,
    ) -> Option<Happening> {
        let row = self.cells.book.row(slot)?;
        let value = |name: &str| Some(by_name(name)?.value(&row, &self.given));
        let text = |name: &str| value(name).map(|value| text_of(&value)).unwrap_or_default();
        // Those of the last look were not all.
        let is_told = what == What::Closed && row.socket.state == Some(TcpState::Closed);
        let bytes = |field| row.socket.tcp_number(field).filter(|_| is_told);
        let pid = match value("pid") {
            Some(Value::Number(pid)) => Some(pid),
            _ => None,
        };
        let find = |key| self.given.processes.get(&key);
        let context = Context::new(&find);
        let passes = filter.is_none_or(|filter| filter.matches(row.socket, &context) == Tri::Yes);
        let socket = Box::new(row.socket.to_socket());
        let unknown = self.cells.has_unknown_owner(slot);
        let process = if unknown { "?".to_owned() } else { text("process") };
        Some(Happening {
            number: 0,
            passes,
            socket,
            time,
            what,
            process,
            pid,
            local: text("local"),
            foreign: if self.lost_its_peer(slot) { "?".to_owned() } else { text("foreign") },
            how: row
                .socket
                .lifespan()
                .and_then(|life| life.ended)
                .map(|_| text("reason"))
                .unwrap_or_default(),
            lasted: row.socket.lifespan().and_then(|life| life.lasted),
            received: bytes(TcpFields::BYTES_RECEIVED),
            sent: bytes(TcpFields::BYTES_SENT),
        })
    }

    fn fact(&self, item: Item, fact: Fact) -> Value<'_> {
        let (beside, environment) = (self.cells.beside, self.cells.environment);
        match item {
            Item::Link(index) => beside.link(index).map_or(Value::Unknown, |link| link.value(fact)),
            Item::Finding(at) => beside
                .finding(at)
                .map_or(Value::Unknown, |(finding, _)| of_finding(finding, fact, environment.language)),
            Item::Event(number) => beside
                .event(number)
                .map_or(Value::Unknown, |event| event.value(fact, environment.language, &environment.zone)),
            _ => Value::Unknown,
        }
    }

    fn of_column(&self, item: Item, column: &Column) -> Value<'_> {
        if self.cells.past.is_some_and(|always| !is_of_the_past(column, always)) {
            return Value::Unknown;
        }
        let of_socket =
            |slot| self.cells.book.row(slot).map_or(Value::Unknown, |row| column.value(&row, &self.given));
        match item {
            Item::Socket(slot) => of_socket(slot),
            Item::Process(Some(process)) => {
                let owner = Owner { process, parent: None, descriptor: None };
                let of_sample =
                    || self.cells.groups.get(&item).and_then(|totals| totals.sample).map(of_socket);
                column.of_owner(&owner, &self.given).or_else(of_sample).unwrap_or(Value::Unknown)
            }
            Item::Process(None) | Item::Link(_) | Item::Group(_) | Item::Finding(_) | Item::Event(_) => {
                Value::Unknown
            }
            Item::Remote(_) => self
                .cells
                .groups
                .get(&item)
                .and_then(|totals| totals.sample)
                .map_or(Value::Unknown, of_socket),
        }
    }

    fn rate(&self, item: Item, of: impl FnOnce(Rates) -> u64) -> Value<'static> {
        let rates = match item {
            Item::Socket(slot) => self.cells.book.rates(slot),
            group => self.cells.groups.get(&group).and_then(|totals| totals.rates),
        };
        rates.map_or(Value::Unknown, |rates| Value::Number(of(rates)))
    }

    fn holders(&self, item: Item) -> String {
        let Some(totals) = self.cells.groups.get(&item) else { return String::new() };
        let mut names: BTreeSet<Cow<'_, str>> = BTreeSet::new();
        for process in totals.holders.iter().take(50) {
            match self.given.processes.get(process).and_then(|known| known.name.as_ref().ok()) {
                Some(name) => names.insert(name.to_string_lossy()),
                None => names.insert(process.pid.to_string().into()),
            };
        }
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Compares two rows by what is not seen to move: who, then which ends.
    pub(crate) fn compare_usual(&self, one: Item, two: Item) -> Ordering {
        match (one, two) {
            (Item::Socket(one), Item::Socket(two)) => {
                let (Some(one), Some(two)) = (self.cells.book.row(one), self.cells.book.row(two)) else {
                    return Ordering::Equal;
                };
                one.section.cmp(&two.section).then_with(|| one.compare(&two))
            }
            (Item::Process(one), Item::Process(two)) => one.is_none().cmp(&two.is_none()).then(one.cmp(&two)),
            (Item::Remote(one), Item::Remote(two)) => one.cmp(&two),
            (Item::Link(one), Item::Link(two)) => one.cmp(&two),
            (Item::Finding(one), Item::Finding(two)) => one.cmp(&two),
            (Item::Event(one), Item::Event(two)) => one.cmp(&two),
            (Item::Group(one), Item::Group(two)) => {
                let name = |number| self.group(number).map(|group| &group.name);
                name(one).cmp(&name(two))
            }
            _ => Ordering::Equal,
        }
    }

    /// Returns the value by which rows are sorted: of rates the mean of ten seconds, which does not jump.
    pub(crate) fn sort_value(&self, item: Item, spec: &Spec) -> Value<'_> {
        match (spec.source, item) {
            // Findings are sorted by how bad they are, events by when they were.
            (Source::Fact(Fact::Severity), Item::Finding(at)) => Value::Number(at.into()),
            (Source::Fact(Fact::Time), Item::Event(number)) => Value::Number(number),
            (_, Item::Group(number)) => {
                let Some(group) = self.group(number) else { return Value::Unknown };
                match spec.source {
                    Source::Column("process") => Value::Named(group.name.clone()),
                    Source::Down => group.rates.map_or(Value::Unknown, |rates| Value::Number(rates.down10)),
                    Source::Up => group.rates.map_or(Value::Unknown, |rates| Value::Number(rates.up10)),
                    Source::State => Value::Number(group.slots.len() as u64),
                    Source::Column("foreign") => Value::Number(group.remotes as u64),
                    _ => self.of_group(group, spec),
                }
            }
            (Source::Down, _) => self.rate(item, |rates| rates.down10),
            (Source::Up, _) => self.rate(item, |rates| rates.up10),
            _ => self.value(item, spec),
        }
    }

    /// Returns the text of a cell, safe for a terminal and no wider than `width` where whole texts are not asked for.
    pub(crate) fn text(&self, item: Item, spec: &Spec, width: u16) -> String {
        if matches!(item, Item::Group(_)) && !matches!(spec.source, Source::Down | Source::Up) {
            let value = self.value(item, spec);
            // Its name runs on where there is nothing to say.
            return if value.is_none() { String::new() } else { text_of(&value) };
        }
        let gone = matches!(item, Item::Socket(slot) if self.cells.book.mark(slot) == Mark::Gone);
        match (spec.source, item) {
            (Source::Column("foreign"), Item::Socket(slot)) if self.lost_its_peer(slot) => "?".to_owned(),
            (Source::Column("foreign") | Source::Address, _) => {
                self.cells.named(item).unwrap_or_else(|| text_of(&self.value(item, spec)))
            }
            (Source::State, Item::Socket(slot)) => self.state(slot, gone, width),
            (Source::Down | Source::Up, _) if gone => String::new(),
            (Source::Down | Source::Up | Source::Connections | Source::Listeners, _) => {
                match self.value(item, spec) {
                    Value::Number(number) => short(number),
                    _ => "-".to_owned(),
                }
            }
            (Source::Fact(fact), _) if !matches!(fact, Fact::Pid) => match self.value(item, spec) {
                Value::Number(number) => short(number),
                // What is noted of an event is safe already.
                Value::Named(text) if matches!(fact, Fact::Process | Fact::Local | Fact::Foreign) => text,
                Value::Time(time, zone) => {
                    zone.to_the_second(time).rsplit(' ').next().unwrap_or_default().to_owned()
                }
                Value::Microseconds(time) if time.as_secs() == 0 => format!("{} ms", time.as_millis()),
                Value::Microseconds(time) => {
                    netstat_engine::text::both::duration(time).of(self.cells.environment.language).to_owned()
                }
                value if value.is_none() && !matches!(fact, Fact::Pid) => "-".to_owned(),
                value => text_of(&value),
            },
            (Source::Column("sendq" | "recvq" | "retrans"), _) => match self.value(item, spec) {
                Value::Number(number) => short(number),
                value => text_of(&value),
            },
            (Source::Column("rtt"), _) => match self.value(item, spec) {
                // Below a millisecond every digit counts, above ten none behind the point.
                Value::Microseconds(time) if time.as_millis() >= 10 => time.as_millis().to_string(),
                value => text_of(&value),
            },
            (Source::Column("process"), Item::Process(None)) => "?".to_owned(),
            (Source::Column("process"), Item::Socket(slot)) if self.cells.has_unknown_owner(slot) => {
                "?".to_owned()
            }
            (Source::Column("country" | "network"), _) => match self.value(item, spec) {
                value if value.is_none() => String::new(),
                value => text_of(&value),
            },
            _ => text_of(&self.value(item, spec)),
        }
    }

    fn state(&self, slot: Slot, gone: bool, width: u16) -> String {
        if gone {
            let language = self.cells.environment.language;
            return netstat_engine::both!("closed", "닫힘").of(language).to_owned();
        }
        let Some(socket) = self.cells.book.socket(slot) else { return String::new() };
        match socket.state {
            Some(state) if width < 11 => short_state(state).to_owned(),
            Some(state) => netstat_engine::text::words::state(state),
            None => "-".to_owned(),
        }
    }
}

/// Returns whether a column is of what every look reads, and does not change while nothing happens.
pub(crate) fn is_of_the_past(column: &Column, always: ColumnNeeds) -> bool {
    always.fields.contains(column.needs.fields)
        && always.tcp.contains(column.needs.tcp)
        && !["timer", "keepalive"].contains(&column.name)
}

/// Returns the text of a value, safe for a terminal.
pub(crate) fn text_of(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    match value {
        // Names of several processes are not one word.
        Value::Named(name) => escape::write_text(&mut out, OsStr::new(name)),
        value => value.write_text(&mut out),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns a state in at most seven cells.
fn short_state(state: TcpState) -> &'static str {
    match state {
        TcpState::Closed => "CLOSED",
        TcpState::Listen => "LISTEN",
        TcpState::SynSent => "SYN-S",
        TcpState::SynReceived => "SYN-R",
        TcpState::Established => "ESTAB",
        TcpState::FinWait1 => "FIN-1",
        TcpState::FinWait2 => "FIN-2",
        TcpState::CloseWait => "CLOSE-W",
        TcpState::Closing => "CLOSING",
        TcpState::LastAck => "LAST-A",
        TcpState::TimeWait => "TIME-W",
        TcpState::Bound => "BOUND",
        TcpState::DeleteTcb => "DELETE",
        TcpState::Unknown(_) => "?",
    }
}
