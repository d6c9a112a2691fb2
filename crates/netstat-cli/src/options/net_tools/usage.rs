//! The text of `netstat --dialect net-tools --help`.

use super::table::{Effect, Entry, OPTIONS};
use std::fmt::Write as _;

/// Cells before the explanations.
const COLUMN: usize = 30;

/// Returns the usage text.
pub(in crate::options) fn usage() -> String {
    let mut text = String::from(
        "usage: netstat [OPTION]... [INTERVAL] [FILTER]   (the options of net-tools)\n\
         \x20      netstat --dialect windows --help          (those of Windows, and more)\n\n",
    );
    for entry in OPTIONS {
        let spellings = format!("  {}", spellings(entry));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{spellings:<COLUMN$}{}", entry.help.english());
    }
    text.push_str("\nnetstat --help filter explains filters, as in netstat -tulpn port 80.\n");
    text
}

/// Returns the spellings that the usage text shows.
fn spellings(entry: &Entry) -> String {
    let mut all: Vec<String> = entry.letters.iter().take(1).map(|letter| format!("-{letter}")).collect();
    all.extend(entry.long.iter().take(2).map(|long| format!("--{long}")));
    let mut text = all.join(", ");
    if let Effect::Value(name, ..) | Effect::Families(name) = entry.effect {
        text.push(' ');
        text.push_str(name);
    }
    text
}
