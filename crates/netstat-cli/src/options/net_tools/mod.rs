//! The net-tools dialect: the options of the netstat that Linux distributions have in net-tools.
//!
//! | file | its job |
//! |---|---|
//! | `table.rs` | the options |
//! | `arguments.rs` | the command line as typed, as data |
//! | `families.rs` | words that are address families |
//! | `parse.rs` | words to arguments, as getopt_long(3) does it |
//! | `stop.rs` | what ends parsing early |
//! | `usage.rs` | the text of `--help` |
//! | `translate.rs` | such a command line in the words of the Windows dialect, where that was asked for |

mod arguments;
mod families;
mod parse;
mod stop;
mod table;
mod translate;
mod usage;

pub(crate) use arguments::NetToolsArguments;
pub(super) use families::is_family;
pub(super) use parse::parse;
pub(super) use table::{Entry, OPTIONS, by_letter, by_long};
pub(super) use translate::{EXAMPLES, complaint, complaint_about_p};
pub(super) use usage::usage;
