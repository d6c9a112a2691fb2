//! Sockets that have no list here: whether the system has any is said with the words of net-tools.

use super::tables::where_there;
use crate::output;
use crate::render::net_tools::AddressFamily;
use crate::report::{Displayed, Session};
use crate::settings::Without;
use netstat_engine::text::Text;
use netstat_model::Error;
use netstat_os::{Opened, TextTable};

/// The exit code where something has no list.
pub(super) const FAILED: u8 = 1;

/// Whether lists follow.
pub(super) type GoesOn = bool;

/// Says that the system has no sockets of a kind.
pub(super) fn say_without(what: &str, without: Without) -> GoesOn {
    if without != Without::Ignore {
        output::say(&format!("netstat: no support for `{what}' on this system."));
    }
    without != Without::Fail
}

/// SCTP.
pub(super) fn sctp(system: &Opened, without: Without) -> Result<GoesOn, Error> {
    unlisted(system, TextTable::Sctp, "AF INET (sctp)", without)
}

/// A family of its own.
pub(super) fn family(system: &Opened, family: AddressFamily, without: Without) -> Result<GoesOn, Error> {
    let (table, what) = match family {
        AddressFamily::Ipx => (TextTable::Ipx, "AF IPX"),
        AddressFamily::Ax25 => (TextTable::Ax25, "AF AX25"),
        AddressFamily::X25 => (TextTable::X25, "AF X25"),
        AddressFamily::NetRom => (TextTable::NetRom, "AF NETROM"),
        AddressFamily::Rose => (TextTable::Rose, "AF ROSE"),
        _ => return Ok(true),
    };
    unlisted(system, table, what, without)
}

/// Says that the system has no such sockets, or that they are not listed. An error never looks like an empty list.
fn unlisted(system: &Opened, table: TextTable, what: &str, without: Without) -> Result<GoesOn, Error> {
    if where_there(system, table)?.is_none() {
        return Ok(say_without(what, without));
    }
    output::complain(&Text::same(format!("sockets of {what} are not listed here: type ss --all")));
    Ok(without != Without::Fail)
}

/// Says what a net-tools without Bluetooth says, which is that of all distributions.
pub(super) fn bluetooth() {
    output::say(
        "netstat: feature `AF BLUETOOTH' not supported.\n\
         Please recompile `net-tools' with newer kernel source or full configuration.",
    );
}

/// `-Z`.
pub(super) fn contexts(session: &mut Session<'_>) -> Displayed {
    let enabled = where_there(&session.backend, TextTable::SecurityContexts)?.is_some();
    if enabled {
        output::complain(&Text::same("SELinux contexts of sockets are not shown: type ss -Z".to_owned()));
    } else {
        output::say("SELinux is not enabled on this machine.");
    }
    session.ended = Some(FAILED);
    Ok(Vec::new())
}
