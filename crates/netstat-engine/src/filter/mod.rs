//! The filter language: which sockets to show.
//!
//! A filter is parsed once ([`Filter::parse`]), narrows what is asked of the system ([`Filter::narrow`]), and then
//! decides over each socket that came ([`Filter::decided`], [`Filter::matches`]). What the kernel decides is never
//! final: it may let through more than matches, never less, so the answer is the same with and without its help.
//!
//! # What is not known
//!
//! A test of something that is not known (the round-trip time of a listener, the owner of a socket that the system
//! does not tell) is [`Tri::Unknown`], and so is its negation: neither `rtt > 1ms` nor `not rtt > 1ms` shows a socket
//! whose time nobody knows. `and` and `or` follow Kleene: `unknown and no` is no, `unknown or yes` is yes.
//!
//! What a socket is known not to have is another matter: a listener has no remote end, so `rport 80` is no, and
//! `not rport 80` is yes. UDP has no state in the same way.

mod canonical;
mod compile;
mod countries;
mod error;
mod evaluate;
mod expression;
mod glob;
mod help;
mod lexer;
mod parse;
mod ports;
mod quantity;
mod syntax;
#[cfg(test)]
mod tests;

pub use compile::Narrowed;
pub use error::FilterError;
pub use evaluate::{Context, Known, Needs, Tri};
pub use expression::{Side, Test};
pub use glob::Glob;
pub use help::HELP;
pub use ports::Ports;
pub use quantity::{Comparison, Quantity};

use crate::enrich::Geo;
use expression::Expression;
use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Which sockets to show.
///
/// Its text (`Display`) is canonical: names are the numbers they stood for, and parsing it gives the same filter.
#[derive(Debug, Clone)]
pub struct Filter {
    expression: Expression,
    /// What tells countries and networks of addresses; without it they are not known.
    geo: Option<Arc<Geo>>,
}

/// Filters are the same if they ask the same.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl Eq for Filter {}

/// Who knows what the names in a filter stand for. Asked while parsing, once for each name.
pub trait Lookups {
    /// The ports of a service (`http`), of whatever protocol; empty when there is none of this name.
    fn ports(&self, service: &str) -> Vec<u16>;

    /// The addresses of a host.
    ///
    /// # Errors
    /// Why there are none, in a few words for people.
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String>;

    /// The number of a user; `None` when there is none of this name.
    ///
    /// # Errors
    /// Why it cannot be told, in a few words for people.
    fn user(&self, name: &str) -> Result<Option<u32>, String>;
}

/// Knows no names: a filter may have numbers only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NumbersOnly;

impl Lookups for NumbersOnly {
    fn ports(&self, _: &str) -> Vec<u16> {
        Vec::new()
    }

    fn addresses(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Err("names of hosts are not looked up here".to_owned())
    }

    fn user(&self, _: &str) -> Result<Option<u32>, String> {
        Ok(None)
    }
}

impl Filter {
    /// Reads the words of a command line, joined with one blank, as a filter.
    ///
    /// # Errors
    /// What is wrong, where, and what was expected there.
    pub fn parse(words: &[OsString], lookups: &dyn Lookups) -> Result<Self, FilterError> {
        parse::parse(words, lookups).map(Self::from)
    }

    /// The filter, with countries and networks of addresses from here.
    #[must_use]
    pub fn with_geo(self, geo: Arc<Geo>) -> Self {
        Self { geo: Some(geo), ..self }
    }

    /// Calls with every test of the filter, in the order of its text.
    pub fn each_test(&self, mut call: impl FnMut(&Test)) {
        self.expression.each(&mut call);
    }
}

impl From<Expression> for Filter {
    fn from(expression: Expression) -> Self {
        Self { expression, geo: None }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}
