//! The reports of the net-tools dialect.

mod datagrams;
mod names;
mod sockets;
mod tables;
mod unlisted;

use super::{Displayed, Session};
use crate::settings::{Lists, NetTools};
use netstat_model::Warning;
use std::io::Write;
use unlisted::FAILED;

/// Shows a report.
pub(super) fn show(session: &mut Session<'_>, report: &NetTools, out: &mut impl Write) -> Displayed {
    let warnings = match report {
        NetTools::Lists(wanted) => lists(session, wanted, out),
        NetTools::Routes(tables) => tables::routes(session, tables, out),
        NetTools::Interfaces(list) => tables::interfaces(session, *list, out),
        NetTools::Counters(groups) => tables::counters(session, *groups, out),
        NetTools::Contexts => unlisted::contexts(session),
    }?;
    Ok(warnings.into_iter().filter(is_told).collect())
}

/// Returns whether a warning is said. A dash tells of a process that is not known, and why is said as net-tools says it; that
/// rows came from `/proc/net` is what people of net-tools expect.
fn is_told(warning: &Warning) -> bool {
    !warning.hides_owners()
        && !matches!(
            warning,
            Warning::OwnersVanished { .. }
                | Warning::ProcessesUnreadable { .. }
                | Warning::ProcNetFallback { .. }
        )
}

/// Shows lists, one after the other, up to one that the system does not have.
fn lists(session: &mut Session<'_>, wanted: &Lists, out: &mut impl Write) -> Displayed {
    let mut warnings = Vec::new();
    if let Some(list) = &wanted.sockets {
        warnings.extend(sockets::list(session, list, out)?);
    }
    if let Some(groups) = &wanted.groups
        && session.ended.is_none()
    {
        warnings.extend(tables::groups(session, groups, out)?);
    }
    if let Some(list) = wanted.unix
        && session.ended.is_none()
    {
        warnings.extend(sockets::unix(session, list, out)?);
    }
    for family in &wanted.unlisted {
        if session.ended.is_none() && !unlisted::family(&session.backend, *family, wanted.without)? {
            session.ended = Some(FAILED);
        }
    }
    if wanted.bluetooth && session.ended.is_none() {
        unlisted::bluetooth();
        session.ended = Some(FAILED);
    }
    Ok(warnings)
}
