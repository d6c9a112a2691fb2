//! The multicast groups of interfaces (`-g`).

use super::cells::{fill, host};
use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::Group;
use netstat_engine::text::escape;
use std::io::{self, Write};
use std::net::IpAddr;

/// Writes the title, the headings and the rows. `name` returns the name of an address.
pub(crate) fn render_groups<'n>(
    groups: &[Group<'_>],
    name: impl Fn(IpAddr) -> Option<&'n str>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    sheet.line("IPv6/IPv4 Group Memberships")?;
    sheet.line("Interface       RefCnt Group")?;
    sheet.line("--------------- ------ ---------------------")?;
    for group in groups {
        let start = sheet.buffer.len();
        escape::write_bytes(&mut sheet.buffer, group.interface);
        fill(&mut sheet.buffer, start, 15);
        sheet.buffer.extend_from_slice(format!(" {:<6} ", group.users).as_bytes());
        sheet.buffer.extend_from_slice(&host(group.address, name(group.address)));
        sheet.end_line()?;
    }
    sheet.hand_on()
}
