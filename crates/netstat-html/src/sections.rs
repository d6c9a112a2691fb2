//! The sections of a page: each makes plots and tables of what a report tells.

pub(crate) mod findings;
pub(crate) mod lists;
pub(crate) mod overview;
pub(crate) mod quality;
pub(crate) mod traffic;

use crate::plot::{Frame, OTHERS, Series};
use crate::report::{LINES, Report};
use crate::shown::{end, process};
use netstat_engine::text::{Text, lifespan};
use netstat_model::IpEndpoint;
use netstat_model::history::EndReason;
use std::cmp::Reverse;
use std::ffi::OsStr;
use std::net::IpAddr;

/// What every section needs.
pub(crate) struct Scene<'a> {
    pub(crate) report: &'a Report<'a>,
    pub(crate) frame: Frame<'a>,
}

impl Scene<'_> {
    /// Returns a text in the language of the page.
    pub(crate) fn say(&self, text: &Text) -> String {
        text.of(self.report.language).to_owned()
    }

    pub(crate) fn process(&self, name: Option<&OsStr>) -> String {
        process(name, self.report.language)
    }

    /// Returns an address with the country that it is in.
    pub(crate) fn place(&self, (address, scope): (IpAddr, u32)) -> String {
        let text = match scope {
            0 => address.to_string(),
            scope => format!("{address}%{scope}"),
        };
        match self.report.geo.country(address) {
            Some(country) => format!("{text} ({country})"),
            None => text,
        }
    }

    /// Returns where connections led: to a remote end, or in by one of this host.
    pub(crate) fn direction(&self, came_in: bool, to: &IpEndpoint) -> String {
        format!("{} {}", if came_in { "←" } else { "→" }, end(to))
    }

    /// Returns how connections ended, as the words of `reason` in a filter, with what they mean.
    pub(crate) fn reason(&self, reason: EndReason) -> String {
        lifespan::reason(reason).into_owned()
    }

    /// Returns the lines of those with most, and one of all others together.
    pub(crate) fn lines<'l>(
        &self,
        lines: impl Iterator<Item = (String, &'l [u64])>,
        total: &[u64],
        others: &Text,
    ) -> Vec<Series> {
        let sum = |values: &[u64]| values.iter().fold(0_u64, |sum, value| sum.saturating_add(*value));
        let mut sorted: Vec<_> = lines.filter(|(_, values)| sum(values) > 0).collect();
        sorted.sort_by_key(|(_, values)| Reverse(sum(values)));
        sorted.truncate(LINES);
        let mut rest = total.to_vec();
        for (_, values) in &sorted {
            for (rest, value) in rest.iter_mut().zip(*values) {
                *rest = rest.saturating_sub(*value);
            }
        }
        let mut series: Vec<Series> = sorted
            .into_iter()
            .enumerate()
            .map(|(colour, (name, values))| Series { name, colour, values: self.frame.known(values) })
            .collect();
        if sum(&rest) > 0 {
            series.push(Series { name: self.say(others), colour: OTHERS, values: self.frame.known(&rest) });
        }
        series
    }
}
