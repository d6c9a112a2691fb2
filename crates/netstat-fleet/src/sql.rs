//! A filter as SQL, as far as a server can decide it.
//!
//! A filter says yes, no, or that it is unknown. So of each part there are two conditions, one that holds for every row of
//! which it may say yes, and one for no; each is exact, or lets more through. What is not exact is decided on this side.

use crate::client::quoted;
use crate::row::address_bytes;
use netstat_engine::filter::{Algebra, Comparison, Event, Filter, Glob, Ports, Quantity, Side, Test};
use netstat_engine::text::lifespan;
use netstat_model::query::{Kinds, States};
use netstat_model::{Prefix, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which rows are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Those that ended, with all of their lives.
    Ended,
    /// Those that are open.
    Open,
    /// The table of a moment, of which every row of the same ends is needed: ends that are used again wait no longer.
    Moment,
}

/// A condition that holds for every row that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    /// SQL; `None` for one that always holds.
    sql: Option<String>,
    /// Whether it holds for no other row.
    exact: bool,
}

impl Bound {
    const ANY: Self = Self { sql: None, exact: false };

    fn exact(sql: impl Into<String>) -> Self {
        Self { sql: Some(sql.into()), exact: true }
    }

    fn at_least(sql: impl Into<String>) -> Self {
        Self { sql: Some(sql.into()), exact: false }
    }

    fn all(of: &[&Self]) -> Self {
        let parts: Vec<&str> = of.iter().filter_map(|bound| bound.sql.as_deref()).collect();
        let sql = (!parts.is_empty()).then(|| format!("({})", parts.join(" AND ")));
        Self { sql, exact: of.iter().all(|bound| bound.exact) }
    }

    fn any(of: &[&Self]) -> Self {
        let parts: Option<Vec<&str>> = of.iter().map(|bound| bound.sql.as_deref()).collect();
        let sql = parts.map(|parts| format!("({})", parts.join(" OR ")));
        Self { exact: sql.is_some() && of.iter().all(|bound| bound.exact), sql }
    }
}

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    yes: Bound,
    no: Bound,
}

impl Part {
    const UNDECIDED: Self = Self { yes: Bound::ANY, no: Bound::ANY };

    /// A condition that is never unknown.
    fn plain(sql: String) -> Self {
        Self { no: Bound::exact(format!("(NOT {sql})")), yes: Bound::exact(sql) }
    }

    /// A condition that is unknown where another does not hold.
    fn where_known(known: &str, sql: &str) -> Self {
        Self {
            yes: Bound::exact(format!("({known} AND {sql})")),
            no: Bound::exact(format!("({known} AND NOT {sql})")),
        }
    }

    /// A condition on a column that is unknown where there is no value.
    fn of_value(column: &str, compared: &str) -> Self {
        let known = format!("isNotNull({column})");
        Self::where_known(&known, &format!("ifNull({column}, 0) {compared}"))
    }

    fn never() -> Self {
        Self { yes: Bound::exact("0"), no: Bound::exact("1") }
    }

    /// What holds for more rows than are meant.
    fn at_least(sql: String) -> Self {
        Self { yes: Bound::at_least(sql), no: Bound::ANY }
    }
}

/// Puts filters into SQL.
struct Sql {
    rows: Rows,
    /// Whether addresses have a type of their own.
    has_addresses: bool,
}

/// What a server decides of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    /// SQL that holds for every row that matches; `1` for a filter of which nothing can be decided.
    pub(crate) sql: String,
    /// Whether it holds for no other row.
    pub(crate) is_whole: bool,
}

/// Returns what a server decides of a filter.
pub(crate) fn decided(filter: Option<&Filter>, rows: Rows, has_addresses: bool) -> Decided {
    let Some(filter) = filter else { return Decided { sql: "1".to_owned(), is_whole: true } };
    let Part { yes, .. } = filter.fold(&mut Sql { rows, has_addresses });
    Decided { sql: yes.sql.unwrap_or_else(|| "1".to_owned()), is_whole: yes.exact }
}

impl Algebra for Sql {
    type Of = Part;

    fn not(&mut self, Part { yes, no }: Part) -> Part {
        Part { yes: no, no: yes }
    }

    fn all(&mut self, of: Vec<Part>) -> Part {
        let (yes, no): (Vec<&Bound>, Vec<&Bound>) = of.iter().map(|part| (&part.yes, &part.no)).unzip();
        Part { yes: Bound::all(&yes), no: Bound::any(&no) }
    }

    fn any(&mut self, of: Vec<Part>) -> Part {
        let (yes, no): (Vec<&Bound>, Vec<&Bound>) = of.iter().map(|part| (&part.yes, &part.no)).unzip();
        Part { yes: Bound::any(&yes), no: Bound::all(&no) }
    }

    fn test(&mut self, test: &Test) -> Part {
        let is_of_ends = matches!(
            test,
            Test::Port(..)
                | Test::Zone(..)
                | Test::Host(..)
                | Test::Name(..)
                | Test::HostName(_)
                | Test::Namespace(_)
        );
        if self.rows == Rows::Moment && !is_of_ends {
            return Part::UNDECIDED;
        }
        let part = self.part(test);
        let is_of_owner = matches!(test, Test::Pid(_) | Test::Process(_) | Test::Path(_) | Test::Unit(_))
            || matches!(test, Test::User(_));
        // Nothing is counted of what is open.
        if is_of_owner && self.rows != Rows::Ended { Part { no: Bound::ANY, ..part } } else { part }
    }
}

impl Sql {
    fn part(&self, test: &Test) -> Part {
        match test {
            Test::Port(side, ports) => self.of_side(*side, |end| among(&format!("{end}_port"), ports)),
            Test::Zone(side, index) => self.of_side(*side, |end| format!("({end}_scope = {index})")),
            Test::Host(side, networks) => self.hosts(*side, networks),
            Test::Protocol(protocol) => Part::plain(proto(*protocol)),
            Test::Kinds(kinds) => {
                let words = [Transport::Tcp, Transport::Udp]
                    .into_iter()
                    .filter(|transport| kinds.intersects(Kinds::of_protocol((*transport).into())))
                    .map(proto)
                    .collect::<Vec<_>>();
                if words.is_empty() {
                    Part::never()
                } else {
                    Part::plain(format!("({})", words.join(" OR ")))
                }
            }
            Test::State(states) => self.states(*states),
            Test::Name(..) => Part::never(),
            Test::Pid(pids) => Part::of_value("pid", &format!("IN ({})", list(pids))),
            Test::Process(glob) => process(glob),
            Test::Path(glob) => like("path", glob, Part::where_known),
            Test::Unit(glob) => unit(glob),
            Test::Container(_) | Test::Pod(_) => Part::at_least("(container != '')".to_owned()),
            Test::HostName(glob) => match pattern(&glob.pattern().to_ascii_lowercase()) {
                Some(Pattern { sql, is_exact }) => {
                    let part = Part::where_known("host != ''", &format!("lower(host) {sql}"));
                    // A letter that is not of ASCII may have another form there.
                    if is_exact { part } else { Part::at_least(part.yes.sql.unwrap_or_default()) }
                }
                None => Part::UNDECIDED,
            },
            Test::Namespace(inodes) => Part::of_value("namespace", &format!("IN ({})", list(inodes))),
            Test::User(users) => Part::of_value("uid", &format!("IN ({})", list(users))),
            Test::Number(quantity, comparison, limit) => self.number(*quantity, *comparison, *limit),
            Test::Time(Event::Started, comparison, limit) => {
                Part::of_value("started_us", &format!("{} toInt64({limit})", sign(*comparison)))
            }
            Test::Time(Event::Ended, comparison, limit) => {
                Part::plain(format!("(reason != '' AND ended_us {} toInt64({limit}))", sign(*comparison)))
            }
            Test::Reason(reasons) => {
                let words: Vec<String> =
                    reasons.iter().map(|reason| quoted(&lifespan::reason(*reason))).collect();
                Part::plain(format!("(reason IN ({}))", words.join(", ")))
            }
            // An unknown reason of a newer version is unseen here, and names of countries and networks are.
            Test::Family(_)
            | Test::Reach(_)
            | Test::Country(_)
            | Test::NetworkNumber(_)
            | Test::NetworkName(_)
            | Test::NamespacePid(_)
            | Test::Account(_)
            | Test::App(_)
            | Test::AppName(_) => Part::UNDECIDED,
        }
    }

    fn of_side(&self, side: Side, of: impl Fn(&str) -> String) -> Part {
        let local = || of("local");
        let remote = || format!("(has_remote = 1 AND {})", of("remote"));
        Part::plain(match side {
            Side::Local => local(),
            Side::Remote => remote(),
            Side::Either => format!("({} OR {})", local(), remote()),
        })
    }

    fn hosts(&self, side: Side, networks: &[Prefix]) -> Part {
        let among = |end: &str| {
            let each: Vec<String> = networks.iter().map(|network| self.within(end, network)).collect();
            format!("({})", each.join(" OR "))
        };
        let part = self.of_side(side, among);
        let wildcard = networks.iter().any(|network| network.contains(Ipv4Addr::UNSPECIFIED.into()));
        if side == Side::Remote || !wildcard {
            return part;
        }
        // The wildcard of IPv6 may stand for that of IPv4 as well.
        let any = format!("local = {}", self.address(Ipv6Addr::UNSPECIFIED.into()));
        Part::at_least(format!("({} OR {any})", part.yes.sql.unwrap_or_default()))
    }

    /// Returns an address as the tables have it.
    fn address(&self, of: IpAddr) -> String {
        address(of, self.has_addresses)
    }

    fn within(&self, end: &str, network: &Prefix) -> String {
        let network = network.masked();
        if Prefix::host(network.address) == network {
            return format!("{end} = {}", self.address(network.address));
        }
        let first = address_bytes(network.address);
        let bits = match network.address {
            IpAddr::V4(_) => u32::from(network.length) + 96,
            IpAddr::V6(_) => u32::from(network.length),
        };
        let hosts = u128::MAX.checked_shr(bits).unwrap_or(0);
        let last = Ipv6Addr::from_bits(u128::from_be_bytes(first) | hosts);
        let mut sql = format!(
            "({end} >= {} AND {end} <= {}",
            self.address(Ipv6Addr::from(first).into()),
            self.address(last.into())
        );
        let mapped = [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST].map(|end| self.address(end.into()));
        let of_v4 = Ipv4Addr::UNSPECIFIED.to_ipv6_mapped();
        let holds_mapped = network.address.is_ipv6() && Ipv6Addr::from(first) <= of_v4 && of_v4 <= last;
        if holds_mapped {
            let [first, last] = mapped;
            sql.push_str(&format!(" AND NOT ({end} >= {first} AND {end} <= {last})"));
        }
        sql + ")"
    }

    fn states(&self, states: States) -> Part {
        let tcp = proto(Transport::Tcp);
        match self.rows {
            Rows::Ended if states.contains(States::CLOSED) => Part::plain(tcp),
            Rows::Ended => Part::never(),
            Rows::Moment => Part::UNDECIDED,
            Rows::Open if states == States::LISTEN => Part::at_least(format!("({tcp} AND side = 'listen')")),
            Rows::Open if states.contains(States::LISTEN) => Part::at_least(tcp),
            Rows::Open => Part::at_least(format!("({tcp} AND side != 'listen')")),
        }
    }

    fn number(&self, quantity: Quantity, comparison: Comparison, limit: u64) -> Part {
        if self.rows != Rows::Ended {
            return Part::UNDECIDED;
        }
        let column = match quantity {
            Quantity::RoundTripTime => "rtt_us",
            Quantity::Retransmissions => "retransmits",
            Quantity::Lasted => "lasted_us",
            Quantity::BytesAcknowledged => "bytes_sent",
            Quantity::BytesReceived => "bytes_received",
            _ => return Part::UNDECIDED,
        };
        Part::of_value(column, &format!("{} toUInt64({limit})", sign(comparison)))
    }
}

/// Returns an address as the tables have it, whether those have a type of their own or not.
pub(crate) fn address(address: IpAddr, has_type: bool) -> String {
    let mapped = Ipv6Addr::from(address_bytes(address));
    let hex: String = mapped.octets().iter().map(|byte| format!("{byte:02x}")).collect();
    match has_type {
        true => format!("toIPv6('{mapped}')"),
        false => format!("toFixedString(unhex('{hex}'), 16)"),
    }
}

/// Returns that an end was not before a moment, in microseconds since 1970: parts of the table of other days are not looked at.
pub(crate) fn not_before(at: i64) -> String {
    let seconds = at.div_euclid(1_000_000).clamp(0, i64::from(u32::MAX));
    format!("(ended >= toDateTime({seconds}) AND ended_us >= toInt64({at}))")
}

fn proto(transport: Transport) -> String {
    format!("(proto = '{}')", if transport == Transport::Tcp { "tcp" } else { "udp" })
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Equal => "=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

fn list<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn among(column: &str, ports: &Ports) -> String {
    let each: Vec<String> = ports
        .ranges()
        .map(|range| match range.into_inner() {
            (one, same) if one == same => format!("{column} = {one}"),
            (first, last) => format!("({column} >= {first} AND {column} <= {last})"),
        })
        .collect();
    format!("({})", each.join(" OR "))
}

/// A pattern as SQL has it: a comparison, without its left side.
struct Pattern {
    sql: String,
    is_exact: bool,
}

/// Returns a pattern as SQL has it; `None` for one that it has not.
fn pattern(glob: &str) -> Option<Pattern> {
    if cfg!(windows) || glob.is_empty() {
        // Letter case is ignored there.
        return None;
    }
    if !glob.contains(['*', '?', '[']) {
        // What is no text in UTF-8 is shown with a replacement, which another text may have as well.
        let is_exact = !glob.contains(char::REPLACEMENT_CHARACTER);
        return is_exact.then(|| Pattern { sql: format!("= {}", quoted(glob)), is_exact });
    }
    let mut like = String::new();
    let mut is_exact = true;
    for character in glob.chars() {
        match character {
            '*' => like.push('%'),
            '?' => {
                like.push('%');
                is_exact = false;
            }
            // What a set takes is not looked at, nor how far it goes.
            '[' => {
                like.push('%');
                is_exact = false;
                break;
            }
            '%' | '_' | '\\' => like.extend(['\\', character]),
            character if character.is_ascii() => like.push(character),
            _ => {
                like.push('%');
                is_exact = false;
            }
        }
    }
    Some(Pattern { sql: format!("LIKE {}", quoted(&like)), is_exact })
}

/// Returns the part of a pattern for a column that may have no value.
fn like(column: &str, glob: &Glob, part: impl Fn(&str, &str) -> Part) -> Part {
    let Some(Pattern { sql, is_exact }) = pattern(glob.pattern()) else { return Part::UNDECIDED };
    let part = part(&format!("isNotNull({column})"), &format!("(ifNull({column}, '') {sql})"));
    if is_exact { part } else { Part::at_least(part.yes.sql.unwrap_or_default()) }
}

/// A process is called by its program, by what it calls itself, and by its file.
fn process(glob: &Glob) -> Part {
    let Some(Pattern { sql, is_exact }) = pattern(glob.pattern()) else { return Part::UNDECIDED };
    let name = glob.pattern();
    let file = if name.contains(['*', '?', '[']) {
        let sql = pattern(&format!("*/{name}")).map(|pattern| pattern.sql).unwrap_or_default();
        format!("(ifNull(path, '') {sql})")
    } else {
        let end = pattern(&format!("*/{name}")).map(|pattern| pattern.sql).unwrap_or_default();
        let file = quoted(&format!("/{name}"));
        format!(
            "(ifNull(path, '') = {file} OR (ifNull(path, '') {end} AND NOT (ifNull(path, '') LIKE '/memfd:%')))"
        )
    };
    let any = format!("(process_name {sql} OR comm {sql} OR {file})");
    let yes = format!("(process_known = 1 AND {any})");
    // Where the pattern has a *, it may take a / too.
    if !is_exact || name.contains(['*', '/']) {
        return Part::at_least(yes);
    }
    Part {
        yes: Bound::exact(yes),
        no: Bound::exact(format!("(process_known = 1 AND isNotNull(path) AND NOT {any})")),
    }
}

/// A unit may be named without its `.service`.
fn unit(glob: &Glob) -> Part {
    let name = glob.pattern();
    let (Some(one), Some(other)) = (pattern(name), pattern(&format!("{name}.service"))) else {
        return Part::UNDECIDED;
    };
    let any = format!("(ifNull(unit, '') {} OR ifNull(unit, '') {})", one.sql, other.sql);
    let yes = format!("(isNotNull(unit) AND {any})");
    if !one.is_exact {
        return Part::at_least(yes);
    }
    // Where the control group is known, there is no unit.
    let no = format!(
        "(process_known = 1 AND ((isNotNull(unit) AND NOT {any}) OR (isNull(unit) AND isNotNull(cgroup))))"
    );
    Part { yes: Bound::exact(yes), no: Bound::exact(no) }
}
