//! The routing tables (`-r`).

use super::cells::{cut, fill, host};
use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::{RouteV4, RouteV6};
use netstat_engine::text::escape;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `RTF_UP`.
const UP: u32 = 1;
/// `RTF_GATEWAY`.
const GATEWAY: u32 = 1 << 1;
/// `RTF_HOST`.
const HOST: u32 = 1 << 2;
/// `RTF_REJECT`.
const REJECT: u32 = 1 << 9;
/// `RTF_CACHE`.
const CACHE: u32 = 1 << 24;

/// The letters of flags of IPv6, in the order in which they are written.
const LETTERS_V6: [(u32, char); 12] = [
    (UP, 'U'),
    (REJECT, '!'),
    (GATEWAY, 'G'),
    (HOST, 'H'),
    (1 << 16, 'D'),
    (1 << 18, 'A'),
    (CACHE, 'C'),
    (1 << 17, 'a'),
    (1 << 22, 'e'),
    (1 << 5, 'm'),
    (1 << 21, 'n'),
    (1 << 25, 'f'),
];

/// Which columns the routes of IPv4 have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteColumns {
    /// Segment size, window and round-trip time.
    Usual,
    /// Metric, references and uses (`-e`).
    Metric,
    /// All of these (`-ee`).
    All,
    /// No columns and no routes: the title alone (`-eee`).
    None,
}

impl RouteColumns {
    fn headings(self) -> &'static str {
        match self {
            Self::Usual => "Flags   MSS Window  irtt Iface",
            Self::Metric => "Flags Metric Ref    Use Iface",
            Self::All => "Flags Metric Ref    Use Iface    MSS   Window irtt",
            Self::None => "",
        }
    }
}

/// What routes show in place of addresses; `None` shows the address.
pub(crate) trait RouteNames {
    /// The name of a host.
    fn host(&self, address: IpAddr) -> Option<&str>;
    /// The name of a network.
    fn network(&self, address: Ipv4Addr) -> Option<&str>;
    /// Whether names are wanted at all.
    fn are_wanted(&self) -> bool;
}

/// Writes the routes of IPv4.
pub(crate) fn render_v4(
    routes: &[RouteV4<'_>],
    columns: RouteColumns,
    names: &dyn RouteNames,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    sheet.line("Kernel IP routing table")?;
    if columns == RouteColumns::None {
        return sheet.hand_on();
    }
    sheet.line(&format!("Destination     Gateway         Genmask         {}", columns.headings()))?;
    for route in routes.iter().filter(|route| route.flags & UP != 0) {
        let rejects = route.flags & REJECT != 0;
        let dash = || "-".to_owned();
        let value = |number: i64| if rejects { dash() } else { number.to_string() };
        let gateway = if rejects { b"-".to_vec() } else { gateway(route, names) };
        let mask = route.mask.to_string().into_bytes();
        for mut cell in [destination(route, names), gateway, mask] {
            cut(&mut cell, 15);
            let start = sheet.buffer.len();
            sheet.buffer.extend_from_slice(&cell);
            fill(&mut sheet.buffer, start, 16);
        }
        let flags = flags_v4(route.flags);
        let mut interface = Vec::new();
        escape::write_bytes(&mut interface, if rejects { b"-" } else { route.interface });
        let interface = String::from_utf8_lossy(&interface);
        let (mss, window, rtt) = (value(route.mtu), value(route.window), value(route.rtt));
        let references = if rejects { dash() } else { "0".to_owned() };
        let (metric, uses) = (route.metric, route.uses);
        sheet.line(&match columns {
            RouteColumns::Usual => format!("{flags:<6}{mss:>5} {window:<5} {rtt:>6} {interface}"),
            RouteColumns::Metric => format!("{flags:<5} {metric:<6} {references:<2} {uses:>7} {interface}"),
            RouteColumns::All | RouteColumns::None => format!(
                "{flags:<5} {metric:<6} {references:<2} {uses:>7} {interface:<8.6} {mss:<5} {window:<6} {rtt}"
            ),
        })?;
    }
    sheet.hand_on()
}

/// Writes the headings of the routing cache of IPv4, which no kernel since Linux 3.6 has.
pub(crate) fn render_cache_v4(columns: RouteColumns, out: &mut impl Write) -> io::Result<()> {
    let more = if columns == RouteColumns::All { "  TOS HHRef HHUptod     SpecDst" } else { "" };
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    sheet.line("Kernel IP routing cache")?;
    if columns == RouteColumns::None {
        return sheet.hand_on();
    }
    sheet.line(&format!("Source          Destination     Gateway         {}{more}", columns.headings()))?;
    sheet.hand_on()
}

fn destination(route: &RouteV4<'_>, names: &dyn RouteNames) -> Vec<u8> {
    let address = route.destination;
    if address.is_unspecified() && names.are_wanted() {
        return b"default".to_vec();
    }
    let is_host = route.flags & HOST != 0 || u32::from(address) & !u32::from(route.mask) != 0;
    host(address.into(), if is_host { names.host(address.into()) } else { names.network(address) })
}

fn gateway(route: &RouteV4<'_>, names: &dyn RouteNames) -> Vec<u8> {
    let address = IpAddr::from(route.gateway);
    host(address, if address.is_unspecified() { None } else { names.host(address) })
}

fn flags_v4(flags: u32) -> String {
    let mut letters = String::from(if flags & REJECT == 0 { "U" } else { "!" });
    if flags & GATEWAY != 0 && flags & REJECT == 0 {
        letters.push('G');
    }
    if flags & HOST != 0 {
        letters.push('H');
    }
    letters
}

/// Writes the routes of IPv6: those of the table, or those of the cache.
pub(crate) fn render_v6(
    routes: &[RouteV6<'_>],
    cache: bool,
    names: &dyn RouteNames,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    sheet.line(if cache { "Kernel IPv6 routing cache" } else { "Kernel IPv6 routing table" })?;
    sheet.line("Destination                    Next Hop                   Flag Met Ref  Use If")?;
    let cell = |address: Ipv6Addr| match address {
        Ipv6Addr::UNSPECIFIED if names.are_wanted() => b"[::]".to_vec(),
        address => host(address.into(), names.host(address.into())),
    };
    for route in routes.iter().filter(|route| (route.flags & CACHE != 0) == cache) {
        let start = sheet.buffer.len();
        sheet.buffer.extend_from_slice(&cell(route.destination));
        sheet.buffer.extend_from_slice(format!("/{}", route.length).as_bytes());
        fill(&mut sheet.buffer, start, 30);
        sheet.buffer.push(b' ');
        let start = sheet.buffer.len();
        sheet.buffer.extend_from_slice(&cell(route.gateway));
        fill(&mut sheet.buffer, start, 26);
        let letters = LETTERS_V6.iter().filter(|(bit, _)| route.flags & bit != 0).map(|(_, letter)| *letter);
        let letters: String = letters.collect();
        // net-tools takes these for signed numbers.
        let [metric, references, uses] = [route.metric, route.references, route.uses].map(u32::cast_signed);
        let numbers = format!(" {letters:<4} {metric:<3} {references} {uses:>6} ");
        sheet.buffer.extend_from_slice(numbers.as_bytes());
        escape::write_word(&mut sheet.buffer, OsStr::new(&*String::from_utf8_lossy(route.interface)));
        sheet.end_line()?;
    }
    sheet.hand_on()
}

#[cfg(test)]
mod tests;
