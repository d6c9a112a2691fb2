//! The reports of the net-tools dialect.

mod names;
mod sockets;
mod tables;

use super::{Displayed, Session};
use crate::settings::NetTools;
use std::io::Write;

/// Shows a report.
pub(super) fn show(session: &mut Session<'_>, report: &NetTools, out: &mut impl Write) -> Displayed {
    match report {
        NetTools::Lists { sockets, groups } => {
            let mut warnings = Vec::new();
            if let Some(list) = sockets {
                warnings.extend(sockets::list(session, list, out)?);
            }
            if let Some(groups) = groups {
                warnings.extend(tables::groups(session, groups, out)?);
            }
            Ok(warnings)
        }
        NetTools::Routes(tables) => tables::routes(session, tables, out),
        NetTools::Interfaces { all } => tables::interfaces(session, *all, out),
        NetTools::Counters(groups) => tables::counters(session, *groups, out),
    }
}
