//! The counters of protocols (`-s`).
//!
//! Counters stand in the order of the kernel. One that net-tools does not know is shown by its name, if it is not 0, and stays
//! in the block of the counter before it.

mod words;

use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::Counter;
use netstat_engine::text::escape;
use std::ffi::OsStr;
use std::io::{self, Write};
use words::{Shown, of_group};

/// The block of counters that was written last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Plain,
    Received,
    Sent,
}

impl Block {
    fn indent(self) -> &'static str {
        if self == Self::Plain { "    " } else { "        " }
    }
}

/// Writes the counters of the groups that are shown, with a title above each.
pub(crate) fn render_statistics(
    counters: &[Counter<'_>],
    is_shown: impl Fn(&str) -> bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    let mut block = Block::Plain;
    let mut last = None;
    for counter in counters {
        let known_group = of_group(counter.group);
        if last.replace(counter.group) != Some(counter.group) {
            // A group that net-tools knows ends a block, shown or not.
            if !known_group.is_empty() {
                block = Block::Plain;
            }
            if !is_shown(counter.group) {
                continue;
            }
            escape::write_word(&mut sheet.buffer, OsStr::new(counter.group));
            sheet.line(":")?;
        }
        if !is_shown(counter.group) {
            continue;
        }
        let known = known_group.iter().find(|(name, ..)| *name == counter.name);
        let Some((_, shown, words)) = known else {
            if counter.value != 0 {
                sheet.buffer.extend_from_slice(block.indent().as_bytes());
                escape::write_word(&mut sheet.buffer, OsStr::new(counter.name));
                sheet.line(&format!(": {}", counter.value))?;
            }
            continue;
        };
        let (next, heading) = match shown {
            Shown::Hidden => continue,
            Shown::NonZero if counter.value == 0 => continue,
            Shown::Always | Shown::NonZero => (Block::Plain, None),
            Shown::In => (Block::Received, Some("ICMP input histogram:")),
            Shown::Out => (Block::Sent, Some("ICMP output histogram:")),
        };
        if let Some(heading) = heading.filter(|_| next != block) {
            sheet.line(&format!("{}{heading}", block.indent()))?;
        }
        block = next;
        if counter.value != 0 || *shown == Shown::Always {
            let line = words.replace("{}", &counter.value.to_string());
            sheet.line(&format!("{}{line}", block.indent()))?;
        }
    }
    sheet.hand_on()
}

#[cfg(test)]
mod tests;
