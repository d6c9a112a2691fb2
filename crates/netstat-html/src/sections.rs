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

/// Returns the sum of numbers, which a damaged history may have of any size.
pub(crate) fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum, number| sum.saturating_add(*number))
}

/// The colours of names: one that is in several plots has the same in each.
#[derive(Debug, Default)]
pub(crate) struct Colours(Vec<(String, usize)>);

impl Colours {
    /// Returns the colours of the names in a plot, of which no two are the same while there are enough.
    fn choose<'n>(&mut self, names: impl Iterator<Item = &'n str> + Clone) -> Vec<usize> {
        let known = |colours: &Self, name: &str| {
            colours.0.iter().find(|(known, _)| known == name).map(|(_, colour)| *colour)
        };
        let mut used: Vec<usize> = names.clone().filter_map(|name| known(self, name)).collect();
        let mut chosen = Vec::new();
        for name in names {
            let colour = known(self, name).unwrap_or_else(|| {
                let free = (0..LINES).find(|colour| !used.contains(colour)).unwrap_or(0);
                used.push(free);
                self.0.push((name.to_owned(), free));
                free
            });
            chosen.push(colour);
        }
        chosen
    }
}

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

    /// Returns how connections ended, in the words of `reason` in a filter.
    pub(crate) fn reason(&self, reason: EndReason) -> String {
        lifespan::reason(reason).into_owned()
    }

    /// Returns the lines of those with most, and one of all others together.
    pub(crate) fn lines<'l>(
        &self,
        lines: impl Iterator<Item = (String, &'l [u64])>,
        total: &[u64],
        others: &Text,
        colours: &mut Colours,
    ) -> Vec<Series> {
        let mut sorted: Vec<_> = lines.filter(|(_, values)| sum(values) > 0).collect();
        sorted.sort_by_key(|(_, values)| Reverse(sum(values)));
        sorted.truncate(LINES);
        let mut rest = total.to_vec();
        for (_, values) in &sorted {
            for (rest, value) in rest.iter_mut().zip(*values) {
                *rest = rest.saturating_sub(*value);
            }
        }
        let chosen = colours.choose(sorted.iter().map(|(name, _)| name.as_str()));
        let mut series: Vec<Series> = sorted
            .into_iter()
            .zip(chosen)
            .map(|((name, values), colour)| Series { name, colour, values: self.frame.known(values) })
            .collect();
        if sum(&rest) > 0 {
            series.push(Series { name: self.say(others), colour: OTHERS, values: self.frame.known(&rest) });
        }
        series
    }
}
