//! The filter language, which selects sockets.
//!
//! A filter is parsed once ([`Filter::parse`]), narrows the query to the system ([`Filter::narrow`]), and then tests each
//! socket that is returned ([`Filter::decided`], [`Filter::matches`]). The kernel only pre-selects: it may return more
//! sockets than match, never fewer, so the result is the same with and without its help.
//!
//! ```
//! use netstat_engine::filter::{Context, Filter, NumbersOnly, Tri};
//! use netstat_model::{IpEndpoint, Family, Transport, Socket, TcpState};
//!
//! let filter = Filter::parse(&["lport 8000-8999 and not closing".into()], &NumbersOnly)?;
//! let local = IpEndpoint::new("192.0.2.1".parse()?, 8080, 0);
//! let mut socket = Socket::new(Transport::Tcp, Family::V4, local, None);
//! socket.state = Some(TcpState::Listen);
//! assert_eq!(filter.matches(&socket, &Context::NOTHING), Tri::Yes);
//!
//! // Errors point at the mistake.
//! let error = Filter::parse(&["prot 80".into()], &NumbersOnly).unwrap_err();
//! assert_eq!(error.nearest.as_deref(), Some("port"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Unknown values
//!
//! A test of an unknown value (the round-trip time of a listener, an owner that the system does not reveal) is
//! [`Tri::Unknown`], and so is its negation: neither `rtt > 1ms` nor `not rtt > 1ms` selects a socket with an unknown
//! round-trip time. `and` and `or` follow Kleene's logic: `unknown and no` is no, `unknown or yes` is yes.
//!
//! Where such a value exists and could not be read (the owner, the name or path of a process, whether an IPv6 listener of
//! `/proc/net` also takes IPv4), nobody can say that the socket does not match: [`Filter::may_match`]. A process counts by
//! the holders that are known; others may hold the socket as well where the system does not let all be read.
//!
//! A value that a socket is known not to have is different: a listener has no remote end, so `rport 80` is no, and
//! `not rport 80` is yes. Likewise, UDP has no state.

mod algebra;
mod canonical;
mod compile;
mod contradiction;
mod countries;
mod error;
mod evaluate;
mod expression;
mod glob;
mod help;
mod lexer;
mod moment;
mod next;
mod parse;
mod ports;
mod quantity;
mod syntax;
#[cfg(test)]
mod tests;

pub use algebra::Algebra;
pub use compile::Narrowed;
pub use error::FilterError;
pub use evaluate::{Context, FilterNeeds, Stage, Tri};
pub use expression::{Event, Side, Test};
pub use glob::Glob;
pub use help::help;
pub use next::{Names, Next, NextWord, as_value, next};
pub use ports::Ports;
pub use quantity::{Comparison, Quantity};

use crate::both;
use crate::enrich::Geo;
use crate::text::Text;
use expression::{Expression, Join};
use netstat_model::query::Kinds;
use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// A parsed filter.
///
/// Its text (`Display`) is canonical: names are replaced by numbers, and parsing it gives the same filter.
#[derive(Debug, Clone)]
pub struct Filter {
    expression: Expression,
    /// Databases of countries and networks; without them, these are unknown.
    geo: Option<Arc<Geo>>,
    /// When the sockets are there, for what began before; without it that is unknown.
    now: Option<SystemTime>,
}

/// Filters are equal if their expressions are, whatever databases they use.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl Eq for Filter {}

/// Resolves the names in a filter, while it is parsed and once for each name. The default methods know no names.
pub trait Lookups {
    /// Returns the ports of a service such as `http`, for any protocol; empty if there is no such service.
    fn ports(&self, _service: &str) -> Vec<u16> {
        Vec::new()
    }

    /// Returns the addresses of a host.
    ///
    /// # Errors
    /// A short text for the user that says why there are none.
    fn addresses(&self, _host: &str) -> Result<Vec<IpAddr>, Text> {
        Err(both!("host names are not looked up here", "여기서는 호스트 이름을 조회하지 않음"))
    }

    /// Returns the moment that words such as `10 minutes ago` mean. RFC 3339 needs nobody to ask.
    ///
    /// # Errors
    /// What to type instead, as a phrase.
    fn moment(&self, _words: &str) -> Result<SystemTime, Text> {
        Err(both!("type a time as 2026-11-29T14:05:09Z", "2026-11-29T14:05:09Z처럼 입력하세요"))
    }

    /// Returns the index of an interface; `None` if there is none of this name.
    fn interface(&self, _name: &str) -> Option<u32> {
        None
    }

    /// Returns true if a user is the account of a process, as on Windows, and not a number of a socket.
    fn has_accounts(&self) -> bool {
        false
    }

    /// Returns the ID of a user; `None` if there is no such user.
    ///
    /// # Errors
    /// A short text for the user that says why the lookup failed.
    fn user(&self, _name: &str) -> Result<Option<u32>, Text> {
        Ok(None)
    }

    /// Returns the inode of a network namespace; `None` if there is none of this name.
    ///
    /// # Errors
    /// A short text for the user that says why the lookup failed.
    fn namespace(&self, _name: &str) -> Result<Option<u64>, Text> {
        Ok(None)
    }
}

/// Knows no names: a filter may contain only numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct NumbersOnly;

impl Lookups for NumbersOnly {}

impl Filter {
    /// Parses the words of a command line, joined by single spaces.
    ///
    /// # Errors
    /// What is wrong, where, and what was expected there.
    pub fn parse(words: &[OsString], lookups: &dyn Lookups) -> Result<Self, FilterError> {
        parse::parse(words, lookups).map(Self::from)
    }

    /// Returns the filter with databases of countries and networks.
    #[must_use]
    pub fn with_geo(self, geo: Arc<Geo>) -> Self {
        Self { geo: Some(geo), ..self }
    }

    /// Says when the sockets are there that are tested from now on: it makes of an age when a connection began.
    pub fn set_now(&mut self, now: Option<SystemTime>) {
        self.now = now;
    }

    /// Returns two tests that no socket passes together although the filter asks for both, as they are written.
    pub fn contradiction(&self) -> Option<(String, String)> {
        contradiction::find(&self.expression)
    }

    /// Returns tests that every socket passes that matches: those joined by `and`, outside of any `not`. There may be none.
    pub fn required_tests(&self) -> impl Iterator<Item = &Test> {
        let members = match &self.expression {
            Expression::Joined(Join::All, members) => members.as_slice(),
            single => std::slice::from_ref(single),
        };
        members.iter().filter_map(|member| match member {
            Expression::Test(test) => Some(test),
            Expression::Not(_) | Expression::Joined(..) => None,
        })
    }

    /// Returns the kinds of the families that the filter names.
    pub fn named_kinds(&self) -> Kinds {
        let mut named = Kinds::empty();
        self.each_test(|test| match test {
            Test::Kinds(kinds) => named |= *kinds,
            Test::Name(..) => named |= Kinds::UNIX,
            _ => {}
        });
        named
    }

    /// Calls `call` with every test of the filter, in the order of its text.
    pub fn each_test(&self, mut call: impl FnMut(&Test)) {
        self.expression.each(&mut call);
    }
}

impl From<Expression> for Filter {
    fn from(expression: Expression) -> Self {
        Self { expression, geo: None, now: None }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}
