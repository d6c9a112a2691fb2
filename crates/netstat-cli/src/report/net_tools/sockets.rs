//! The lists of TCP and UDP sockets, and of Unix sockets.
//!
//! Rows stand in the order of the kernel, which is that of `/proc/net`: TCP before UDP, IPv4 sockets before IPv6 sockets.

use super::names::ListNames;
use crate::output;
use crate::render::net_tools::{Inet, is_listener, render_unix};
use crate::report::{Displayed, Session};
use crate::settings::{SocketList, UnixList, Which};
use netstat_engine::kernel_text::unix_sockets;
use netstat_engine::select::{OwnersOf, Selected, read_processes};
use netstat_engine::text::Text;
use netstat_model::query::{Fields, Kinds, ProcessFields, SocketQuery, States};
use netstat_model::{
    Family, IpEndpoint, Process, ProcessKey, SocketRef, SocketTable, TcpState, Transport, Warning,
};
use netstat_os::{TextTable, TextTables};
use rustc_hash::FxHashMap;
use std::io::Write;

/// What net-tools says where it may not look into all processes.
const NOT_PERMITTED: &str = "(Not all processes could be identified, non-owned process info\n will not be shown, you \
                             would have to be root to see it all.)";

/// What is said in place of raw sockets.
const RAW: &str = "raw sockets, which net-tools lists as well, are left out: netstat --family raw lists them";

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
    let Selected { sockets, method, mut warnings, .. } = selection.take(&*session.backend, wanted)?;
    session.tell(method);
    let processes = if list.columns.program {
        read_programs(session, &sockets, &mut warnings)
    } else {
        FxHashMap::default()
    };
    let rows = || sockets.iter().filter(|socket| is_shown(socket, list.which));
    let names = ListNames::look_up(&mut session.names, &*session.backend, list, rows(), &mut warnings);
    if session.displays == 1 && list.raw {
        output::complain(&Text::same(RAW.to_owned()));
    }
    let inet = Inet { columns: list.columns, names: &names, which: list.which.words() };
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
    say_what_is_hidden(session, &mut warnings);
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

/// Reads what is shown of the processes that hold the sockets.
fn read_programs(
    session: &Session<'_>,
    sockets: &SocketTable,
    warnings: &mut Vec<Warning>,
) -> FxHashMap<ProcessKey, Process> {
    let holders: Vec<ProcessKey> = sockets.iter().filter_map(|socket| first_holder(&socket)).collect();
    let fields = ProcessFields::COMMAND_LINE | ProcessFields::NAME;
    read_processes(&*session.backend, &holders, fields, warnings)
}

/// Says that processes could not be looked into, as net-tools does, and removes the warnings about that. The dash says that a
/// process is not known; why is said to somebody who wants to know everything.
fn say_what_is_hidden(session: &mut Session<'_>, warnings: &mut Vec<Warning>) {
    if warnings.iter().any(Warning::asks_for_root) && !session.said_what_is_hidden {
        output::say(NOT_PERMITTED);
        session.said_what_is_hidden = true;
    }
    warnings.retain(|warning| session.settings.verbose || !warning.hides_owners());
}

/// Lists Unix sockets: in the order and with the columns of the kernel's own table. Who holds them, and which of them match a
/// filter, is known from the list of all families.
pub(super) fn unix(session: &mut Session<'_>, list: UnixList, out: &mut impl Write) -> Displayed {
    let text = session.backend.text_table(TextTable::Unix)?.unwrap_or_default();
    let mut rows = unix_sockets(&text);
    rows.retain(|socket| match list.which {
        Which::All => true,
        Which::Servers => is_listener(socket),
        Which::Connected => !is_listener(socket),
    });
    if !list.programs && session.filter.is_none() {
        render_unix(&rows, list.which.words(), None, out)?;
        return Ok(Vec::new());
    }
    let mut selection = session.selection(SocketQuery::new(Kinds::UNIX, States::all()));
    if list.programs {
        selection.owners_of = OwnersOf::Everything;
    }
    let Selected { sockets, method, mut warnings, .. } = selection.take(&*session.backend, |_| true)?;
    session.tell(method);
    let inodes: FxHashMap<u64, Option<ProcessKey>> =
        sockets.iter().filter_map(|socket| Some((socket.id.inode?, first_holder(&socket)))).collect();
    if session.filter.is_some() {
        rows.retain(|socket| inodes.contains_key(&socket.inode));
    }
    if list.programs {
        let programs = read_programs(session, &sockets, &mut warnings);
        let process = |inode| {
            let key = (*inodes.get(&inode)?)?;
            Some((key.pid, programs.get(&key)))
        };
        render_unix(&rows, list.which.words(), Some(&process), out)?;
    } else {
        render_unix(&rows, list.which.words(), None, out)?;
    }
    say_what_is_hidden(session, &mut warnings);
    Ok(warnings)
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
