//! The list of TCP and UDP sockets.
//!
//! Rows stand in the order of the kernel, which is that of `/proc/net`: TCP before UDP, IPv4 sockets before IPv6 sockets.

use super::names::ListNames;
use crate::output;
use crate::render::net_tools::Inet;
use crate::report::{Displayed, Session};
use crate::settings::{SocketList, Which};
use netstat_engine::select::{OwnersOf, Selected, read_processes};
use netstat_model::query::{Fields, Kinds, ProcessFields, SocketQuery, States};
use netstat_model::{Family, IpEndpoint, ProcessKey, SocketRef, SocketTable, TcpState, Transport, Warning};
use std::io::Write;

/// What net-tools says where it may not look into all processes.
const NOT_PERMITTED: &str = "(Not all processes could be identified, non-owned process info\n will not be shown, you \
                             would have to be root to see it all.)";

/// What is said in place of the sockets that are not listed yet.
const OTHER_FAMILIES: &str =
    "raw and Unix sockets, which net-tools lists as well, are left out: ss -w and ss -x list them";

pub(super) fn list(session: &mut Session<'_>, list: &SocketList, out: &mut impl Write) -> Displayed {
    let mut kinds = Kinds::empty();
    // An IPv6 socket may carry IPv4.
    kinds.set(Kinds::TCP, list.tcp);
    kinds.set(Kinds::UDP, list.udp);
    let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(kinds, states(list)) };
    let mut selection = session.selection(query);
    if list.columns.program {
        selection.owners_of = OwnersOf::Everything;
    }
    let wanted = |socket: &SocketRef<'_>| socket.family.is_some_and(|family| list.families.contains(&family));
    let Selected { sockets, method, mut warnings, .. } = selection.take(&session.backend, wanted)?;
    session.tell(method);
    let processes = if list.columns.program {
        let holders: Vec<ProcessKey> = sockets.iter().filter_map(|socket| first_holder(&socket)).collect();
        let fields = ProcessFields::COMMAND_LINE | ProcessFields::NAME;
        read_processes(&session.backend, &holders, fields, &mut warnings)
    } else {
        Default::default()
    };
    let rows = || sockets.iter().filter(|socket| is_shown(socket, list.which));
    let names = ListNames::look_up(&mut session.names, &session.backend, list, rows(), &mut warnings);
    if session.displays == 1 {
        if list.other_families {
            output::complain(OTHER_FAMILIES);
        }
        if warnings.iter().any(Warning::asks_for_root) {
            output::say(NOT_PERMITTED);
        }
    }
    let which = match list.which {
        Which::Connected => "w/o servers",
        Which::Servers => "only servers",
        Which::All => "servers and established",
    };
    let inet = Inet { columns: list.columns, names: &names, which };
    let mut sheet = inet.begin(out)?;
    for protocol in [Transport::Tcp, Transport::Udp] {
        for family in &list.families {
            for socket in rows().filter(|it| it.protocol == protocol && it.family == Some(*family)) {
                let process = first_holder(&socket).map(|key| (key.pid, processes.get(&key)));
                inet.add(&mut sheet, &socket, uid(&socket, &sockets), process)?;
            }
        }
    }
    sheet.hand_on()?;
    // The dash says that a process is not known; why is said to somebody who wants to know everything.
    warnings.retain(|warning| session.settings.verbose || !warning.hides_owners());
    Ok(warnings)
}

/// Returns the states to ask for. Bound-only sockets are not in `/proc/net`. A request has the user of its listener.
fn states(list: &SocketList) -> States {
    let all = States::all().difference(States::BOUND);
    match list.which {
        Which::Servers => States::LISTEN,
        Which::Connected if !list.columns.user_and_inode => all.difference(States::LISTEN),
        Which::Connected | Which::All => all,
    }
}

fn is_shown(socket: &SocketRef<'_>, which: Which) -> bool {
    match which {
        Which::All => true,
        Which::Servers => socket.remote.is_none(),
        Which::Connected => socket.remote.is_some(),
    }
}

/// Returns the process that net-tools finds first: the one with the lowest number.
fn first_holder(socket: &SocketRef<'_>) -> Option<ProcessKey> {
    socket.ownership().owners().iter().map(|owner| owner.process).min()
}

/// Returns the user of a socket as `/proc/net` has it: a request that of its listener, and what has no user root.
fn uid(socket: &SocketRef<'_>, table: &SocketTable) -> Option<u32> {
    if socket.uid().is_some() || !cfg!(target_os = "linux") {
        return socket.uid();
    }
    let listener = || {
        let local = socket.local_ip()?;
        let listeners = table.iter().filter(|it| it.state == Some(TcpState::Listen));
        let takes = |end: IpEndpoint| {
            end.port == local.port && (end.address == local.address || end.address.is_unspecified())
        };
        let mut found = listeners.filter(|it| it.local_ip().is_some_and(takes));
        found.find(|it| it.family == socket.family || it.family == Some(Family::V6))?.uid()
    };
    let of_listener = if socket.state == Some(TcpState::SynReceived) { listener() } else { None };
    Some(of_listener.unwrap_or(0))
}
