//! The reports of the net-tools dialect.

mod names;
mod sockets;

use super::{Displayed, Session};
use crate::settings::NetTools;
use std::io::Write;

/// Shows a report.
pub(super) fn show(session: &mut Session<'_>, report: &NetTools, out: &mut impl Write) -> Displayed {
    match report {
        NetTools::Sockets(list) => sockets::list(session, list, out),
    }
}
