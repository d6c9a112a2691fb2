//! The report of interfaces and routes (`-r`, which is `route print`), to the byte.
//!
//! ```text
//! IPv4        %17s destination  %17s netmask  %17s gateway  %17s interface  %7s metric
//! IPv6        %3u if  %6u metric  %-24s destination  gateway
//! persistent  %17s destination  %17s netmask  %17s gateway  ··%6s metric
//! interface   %3u...xx xx xx xx xx xx ......description
//! ```
//!
//! Known from samples: all of this, and that `On-link` is followed by a space inside its IPv4 column and by none in
//! the IPv6 table; that an IPv6 destination of more than 24 characters has its gateway on the next line; that a
//! table without rows has neither headings nor a closing rule.
//!
//! Our own choice:
//!
//! - What is too long for its column pushes the rest of its row, and one space always separates two columns: an
//!   IPv4 route by an IPv6 gateway, a metric of more than six digits.
//! - The gateway of a route that leads nowhere is `blackhole`, `unreachable`, `prohibit` or `throw`; what is
//!   unknown is `-`.
//! - The metric is the kernel's. On Windows it includes that of the interface; Linux has no interface metric.
//! - Where the model of a device is unknown, as on Linux, the description of an interface is its name, then the
//!   kind the kernel reports (`veth`, `bridge`) in parentheses, then its alias.
//! - The loopback interface has no link address, although Linux reports six zeros.
//! - A persistent IPv6 route without a metric has 4294967295, one without a known interface 0, as on Windows.
//! - With `--table` a row ends with what tells it from another with the same cells: table (of several), `from`, `tos`,
//!   `expires`, `onlink`, `linkdown`, `dead`.
//! - A persistent IPv4 route to a neighbour has `On-link`, as in the active table.

use super::{LineEnd, Sheet};
use netstat_engine::text::words::UNKNOWN;
use netstat_engine::text::{Language, address, blanks, decimal, escape};
use netstat_engine::view::routes::{Leads, PersistentRow, RouteRow, RoutesView, Through};
use netstat_model::query::Tables;
use netstat_model::{
    Family, Interface, InterfaceFlags, Prefix, RouteKind, TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN,
};
use std::io::{self, Write};
use std::net::Ipv4Addr;

/// The words of the report in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteWords<'a> {
    /// Above the interfaces.
    pub interface_list: &'a str,
    /// Above the IPv4 part.
    pub v4_title: &'a str,
    /// Above the IPv6 part.
    pub v6_title: &'a str,
    /// Above the active routes.
    pub active: &'a str,
    /// Above the persistent routes.
    pub persistent: &'a str,
    /// The headings of active IPv4 routes.
    pub v4_heading: &'a str,
    /// The headings of IPv6 routes.
    pub v6_heading: &'a str,
    /// The headings of persistent IPv4 routes.
    pub persistent_heading: &'a str,
    /// What stands for the gateway of a route to a neighbour.
    pub on_link: &'a str,
    /// What stands for the rows of an empty table.
    pub none: &'a str,
}

impl RouteWords<'static> {
    /// English.
    pub const ENGLISH: Self = Self {
        interface_list: "Interface List",
        v4_title: "IPv4 Route Table",
        v6_title: "IPv6 Route Table",
        active: "Active Routes:",
        persistent: "Persistent Routes:",
        v4_heading: "Network Destination        Netmask          Gateway       Interface  Metric",
        v6_heading: " If Metric Network Destination      Gateway",
        persistent_heading: "  Network Address          Netmask  Gateway Address  Metric",
        on_link: "On-link",
        none: "None",
    };

    /// Korean, as far as a sample shows it. The IPv6 title is modelled on the IPv4 one, and the word for an empty
    /// table is a guess; headings without a sample stay English.
    pub const KOREAN: Self = Self {
        interface_list: "인터페이스 목록",
        v4_title: "IPv4 경로 테이블",
        v6_title: "IPv6 경로 테이블",
        active: "활성 경로:",
        persistent: "영구 경로:",
        v4_heading: "네트워크 대상      네트워크 마스크     게이트웨이      인터페이스    메트릭",
        on_link: "연결됨",
        none: "없음",
        ..Self::ENGLISH
    };

    /// Returns the words of a language.
    pub fn of(language: Language) -> Self {
        match language {
            Language::English => Self::ENGLISH,
            Language::Korean => Self::KOREAN,
        }
    }
}

/// The line between the parts.
const RULE: &str = "===========================================================================";

/// The widest IPv6 destination that has its gateway beside it, and the column where that begins.
const V6_DESTINATION: usize = 24;
const V6_GATEWAY: usize = 36;

/// The characters of a link address in the list of interfaces.
const LINK_ADDRESS: usize = 24;

/// Writes the report. Memory is bounded, whatever the number of routes.
pub fn render_routes<W: Write>(
    view: &RoutesView<'_>,
    words: &RouteWords<'_>,
    line_end: LineEnd,
    out: &mut W,
) -> io::Result<()> {
    let mut page = Page { sheet: Sheet::new(out, line_end), words, cell: Vec::new() };
    page.sheet.line(RULE)?;
    page.sheet.line(words.interface_list)?;
    for interface in view.interfaces() {
        page.interface(interface)?;
    }
    page.sheet.line(RULE)?;
    for (family, title) in [(Family::V4, words.v4_title), (Family::V6, words.v6_title)] {
        if view.has(family) {
            page.sheet.line("")?;
            page.sheet.line(title)?;
            page.sheet.line(RULE)?;
            let [heading, persistent_heading] = match family {
                Family::V4 => [words.v4_heading, words.persistent_heading],
                Family::V6 => [words.v6_heading; 2],
            };
            page.part(words.active, heading, view.rows(family), |page, row| {
                match family {
                    Family::V4 => page.v4_row(&row),
                    Family::V6 => {
                        page.v6_row(row.interface, u64::from(row.metric), row.destination, row.leads)?;
                    }
                }
                if view.tables() != Tables::Default {
                    write_details(&mut page.sheet.buffer, &row, view.tables());
                }
                Ok(())
            })?;
            page.part(
                words.persistent,
                persistent_heading,
                view.persistent(family),
                |page, row| match family {
                    Family::V4 => {
                        page.persistent_v4_row(&row);
                        Ok(())
                    }
                    Family::V6 => {
                        let metric = u64::from(row.metric.unwrap_or(u32::MAX));
                        page.v6_row(Some(row.interface.unwrap_or(0)), metric, row.destination, row.leads)
                    }
                },
            )?;
        }
    }
    page.sheet.hand_on()
}

struct Page<'p, W: Write> {
    sheet: Sheet<'p, W>,
    words: &'p RouteWords<'p>,
    /// One cell, before its width is known.
    cell: Vec<u8>,
}

impl<W: Write> Page<'_, W> {
    fn interface(&mut self, interface: &Interface) -> io::Result<()> {
        self.right(3, |out| decimal(out, u64::from(interface.index)));
        let out = &mut self.sheet.buffer;
        out.extend_from_slice(b"...");
        let loopback = interface.flags.contains(InterfaceFlags::LOOPBACK);
        let link_address = interface.hardware_address.as_deref().filter(|_| !loopback).unwrap_or_default();
        for &byte in link_address {
            out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf), b' ']);
        }
        let dots = LINK_ADDRESS.saturating_sub(link_address.len() * 3);
        out.extend(std::iter::repeat_n(b'.', dots));
        if let Some(description) = &interface.description {
            escape::write_text(out, description);
            return self.sheet.end_line();
        }
        escape::write_text(out, &interface.name);
        if let Some(kind) = &interface.kind {
            out.extend_from_slice(b" (");
            escape::write_text(out, kind);
            out.push(b')');
        }
        if let Some(alias) = &interface.alias {
            out.push(b' ');
            escape::write_text(out, alias);
        }
        self.sheet.end_line()
    }

    /// Writes a table of routes: its title, then its headings and rows, or that there are none.
    fn part<R>(
        &mut self,
        title: &str,
        heading: &str,
        rows: impl Iterator<Item = R>,
        row: impl Fn(&mut Self, R) -> io::Result<()>,
    ) -> io::Result<()> {
        self.sheet.line(title)?;
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            self.sheet.buffer.extend_from_slice(b"  ");
            return self.sheet.line(self.words.none);
        }
        self.sheet.line(heading)?;
        for each in rows {
            row(self, each)?;
            self.sheet.end_line()?;
        }
        self.sheet.line(RULE)
    }

    fn v4_row(&mut self, row: &RouteRow<'_>) {
        self.v4_start(row.destination, row.leads);
        self.next_right(17, |out| match row.through {
            Through::Address(address) => address::write_ip(out, address),
            Through::Name(name) => escape::write_word(out, name),
            Through::Nothing => out.extend_from_slice(UNKNOWN.as_bytes()),
        });
        self.next_right(7, |out| decimal(out, u64::from(row.metric)));
    }

    fn persistent_v4_row(&mut self, row: &PersistentRow) {
        self.v4_start(row.destination, row.leads);
        self.sheet.buffer.extend_from_slice(b"  ");
        self.right(6, |out| match row.metric {
            Some(metric) => decimal(out, u64::from(metric)),
            None => out.extend_from_slice(b"Default"),
        });
    }

    /// The columns that active and persistent IPv4 rows share.
    fn v4_start(&mut self, destination: Prefix, leads: Leads) {
        self.right(17, |out| address::write_ip(out, destination.address));
        self.next_right(17, |out| write_mask(out, destination.length));
        let on_link = self.words.on_link;
        self.next_right(17, |out| {
            write_leads(out, leads, on_link);
            if leads == Leads::OnLink {
                out.push(b' ');
            }
        });
    }

    fn v6_row(
        &mut self,
        interface: Option<u32>,
        metric: u64,
        destination: Prefix,
        leads: Leads,
    ) -> io::Result<()> {
        self.right(3, |out| match interface {
            Some(index) => decimal(out, u64::from(index)),
            None => out.extend_from_slice(UNKNOWN.as_bytes()),
        });
        self.sheet.buffer.push(b' ');
        self.right(6, |out| decimal(out, metric));
        let out = &mut self.sheet.buffer;
        out.push(b' ');
        let start = out.len();
        address::write_ip(out, destination.address);
        out.push(b'/');
        decimal(out, u64::from(destination.length));
        let width = out.len() - start;
        if width > V6_DESTINATION {
            self.sheet.end_line()?;
            blanks(&mut self.sheet.buffer, V6_GATEWAY);
        } else {
            blanks(out, V6_DESTINATION - width + 1);
        }
        write_leads(&mut self.sheet.buffer, leads, self.words.on_link);
        Ok(())
    }

    /// Writes a cell aligned to the right end of its column.
    fn right(&mut self, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.cell.clear();
        write(&mut self.cell);
        // Windows counts characters, not cells: the Korean `On-link` shows it.
        blanks(&mut self.sheet.buffer, width.saturating_sub(characters(&self.cell)));
        self.sheet.buffer.extend_from_slice(&self.cell);
    }

    /// Does the same with at least one space before the cell.
    fn next_right(&mut self, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.sheet.buffer.push(b' ');
        self.right(width - 1, write);
    }
}

fn characters(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + (value - 10) }
}

fn write_mask(out: &mut Vec<u8>, length: u8) {
    let mask = u32::MAX.checked_shl(32u32.saturating_sub(u32::from(length))).unwrap_or(0);
    address::write_v4(out, Ipv4Addr::from(mask));
}

fn write_leads(out: &mut Vec<u8>, leads: Leads, on_link: &str) {
    let word = match leads {
        Leads::Gateway(gateway) => return address::write_ip(out, gateway),
        Leads::OnLink => on_link,
        Leads::Nowhere(RouteKind::Blackhole) => "blackhole",
        Leads::Nowhere(RouteKind::Unreachable) => "unreachable",
        Leads::Nowhere(RouteKind::Prohibit) => "prohibit",
        Leads::Nowhere(RouteKind::Throw) => "throw",
        Leads::Nowhere(_) | Leads::Unknown => UNKNOWN,
    };
    out.extend_from_slice(word.as_bytes());
}

/// Writes what tells a route from others with the same cells, in the words of `ip route`.
fn write_details(out: &mut Vec<u8>, row: &RouteRow<'_>, tables: Tables) {
    let route = row.route;
    let mut words: Vec<String> = Vec::new();
    match route.table {
        TABLE_MAIN => {}
        _ if tables != Tables::All => {}
        TABLE_LOCAL => words.push("table local".to_owned()),
        TABLE_DEFAULT => words.push("table default".to_owned()),
        table => words.push(format!("table {table}")),
    }
    if let Some(from) = &route.from {
        words.push(format!("from {}/{}", from.address, from.length));
    }
    if route.tos != 0 {
        words.push(format!("tos 0x{:02x}", route.tos));
    }
    if let Some(seconds) = route.expires {
        words.push(format!("expires {seconds}s"));
    }
    if let Some(hop) = row.hop {
        let flags = [(hop.onlink, "onlink"), (hop.linkdown, "linkdown"), (hop.dead, "dead")];
        words.extend(flags.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned()));
    }
    if !words.is_empty() {
        out.extend_from_slice(b"  ");
        out.extend_from_slice(words.join(" ").as_bytes());
    }
}

#[cfg(test)]
mod tests;
