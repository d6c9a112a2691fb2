//! The lists of Internet sockets, and of Unix sockets.
//!
//! Rows stand in the order of the kernel, which is that of `/proc/net`: TCP before UDP before
//! UDP-Lite before raw, IPv4 sockets before IPv6 sockets.

use super::datagrams::{Datagrams, protocol_names};
use super::names::{ListNames, addresses_of};
use super::unlisted;
use crate::output;
use crate::render::Sheet;
use crate::render::net_tools::{Inet, InetRow, is_listener, render_unix};
use crate::report::{Displayed, Failure, Session, rights};
use crate::settings::{SocketList, UnixList, Which};
use netstat_engine::kernel_text::{ProtocolNames, unix_sockets};
use netstat_engine::select::{OwnersOf, Selected, Selection, read_processes};
use netstat_model::query::{Fields, Kinds, ProcessFields, SocketQuery, States};
use netstat_model::{
    Family, IpEndpoint, Process, ProcessKey, SocketRef, SocketTable, TcpState, Transport, Warning,
};
use netstat_os::{TextTable, TextTables};
use rustc_hash::FxHashMap;
use std::io::{self, Write};

/// What net-tools says where it may not look into all processes.
const NOT_PERMITTED: &str = "(Not all processes could be identified, non-owned process info\n will not be shown, you \
                             would have to be root to see it all.)";

pub(super) fn list(session: &mut Session<'_>, list: &SocketList, out: &mut impl Write) -> Displayed {
    let (mut udp_lite, mut raw) = (Datagrams::udp_lite(session, list)?, Datagrams::raw(session, list)?);
    let mut kinds = Kinds::empty();
    // An IPv6 socket may carry IPv4.
    kinds.set(Kinds::TCP, list.tcp);
    kinds.set(Kinds::UDP, list.udp);
    let filtered = session.filter.is_some();
    kinds.set(Kinds::RAW, !raw.is_empty() && (list.columns.program || filtered));
    let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(kinds, states(list)) };
    let mut selection = session.selection(query);
    if list.columns.program {
        selection.owners_of = OwnersOf::Everything;
    }
    let wanted = |socket: &SocketRef<'_>| {
        socket.ip().is_none() || socket.family.is_some_and(|family| list.families.contains(&family))
    };
    let Selected { sockets, mut warnings, .. } = selection.take(&*session.backend, wanted)?;
    let mut holders = holders_by_inode(sockets.iter().filter(|socket| socket.ip().is_none()));
    if filtered {
        raw.retain(|inode| holders.contains_key(&inode));
        udp_lite.retain(|_| false);
    }
    let mut processes = FxHashMap::default();
    if list.columns.program {
        processes = read_programs(session, &sockets, &mut warnings);
        if !udp_lite.is_empty() {
            let (more, programs) = holders_of_unlisted(session)?;
            holders.extend(more);
            processes.extend(programs);
        }
    }
    let rows = || sockets.iter().filter(|socket| socket.ip().is_some() && is_shown(socket, list.which));
    let protocols = match list.numeric_ports || raw.is_empty() {
        true => ProtocolNames::default(),
        false => protocol_names(session)?,
    };
    let addresses = addresses_of(rows()).chain(udp_lite.addresses()).chain(raw.addresses());
    let names =
        ListNames::look_up(&mut session.names, &*session.backend, list, addresses, protocols, &mut warnings);
    let inet = Inet { columns: list.columns, names: &names, which: list.which.words() };
    let mut sheet = inet.begin(out)?;
    let add_all = |sheet: &mut Sheet<'_, _>, protocol: Transport| -> io::Result<()> {
        for family in &list.families {
            for socket in rows().filter(|it| it.protocol == protocol && it.family == Some(*family)) {
                let process = first_holder(&socket).map(|key| (key.pid, processes.get(&key)));
                if let Some(row) = InetRow::of(&socket, uid(&socket, &sockets), process) {
                    inet.add(sheet, &row)?;
                }
            }
        }
        Ok(())
    };
    let process_of = |inode| {
        let key = (*holders.get(&inode)?)?;
        Some((key.pid, processes.get(&key)))
    };
    add_all(&mut sheet, Transport::Tcp)?;
    sheet.hand_on()?;
    let mut goes_on = true;
    if list.sctp && list.families.contains(&Family::V4) {
        // net-tools reads a table of listeners and one of associations.
        let tables = if list.which == Which::All { 2 } else { 1 };
        for _ in 0..tables {
            goes_on = goes_on && unlisted::sctp(&session.backend, list.without)?;
        }
    }
    if goes_on {
        add_all(&mut sheet, Transport::Udp)?;
        for row in udp_lite.udp_lite_rows() {
            inet.add(&mut sheet, &InetRow { process: process_of(row.inode), ..row })?;
        }
        sheet.hand_on()?;
        goes_on = !udp_lite.are_missing || unlisted::say_without("AF INET (udplite)", list.without);
    }
    if goes_on {
        for row in raw.raw_rows() {
            inet.add(&mut sheet, &InetRow { process: process_of(row.inode), ..row })?;
        }
        sheet.hand_on()?;
        goes_on = !raw.are_missing || unlisted::say_without("AF INET (raw)", list.without);
    }
    if !goes_on {
        session.ended = Some(unlisted::FAILED);
    }
    if list.columns.program {
        let known = Known::of(sockets.iter(), &warnings);
        say_what_is_hidden(session, known)?;
    }
    Ok(warnings)
}

/// Processes by the inode of a socket that they hold.
type Holders = FxHashMap<u64, Option<ProcessKey>>;

/// Returns who holds sockets that no table of the engine lists, as UDP-Lite sockets are. What such a search may miss beyond
/// them is not asked here.
fn holders_of_unlisted(session: &Session<'_>) -> Result<(Holders, FxHashMap<ProcessKey, Process>), Failure> {
    let mut selection = session.selection(SocketQuery::new(Kinds::UNLISTED, States::all()));
    selection.owners_of = OwnersOf::Everything;
    let Selected { sockets, mut warnings, .. } = selection.take(&*session.backend, |_| true)?;
    Ok((holders_by_inode(sockets.iter()), read_programs(session, &sockets, &mut warnings)))
}

/// Returns who holds these sockets.
fn holders_by_inode<'s>(sockets: impl Iterator<Item = SocketRef<'s>>) -> Holders {
    sockets.filter_map(|socket| Some((socket.id.inode?, first_holder(&socket)))).collect()
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

/// What a list with processes knows of them.
struct Known {
    /// Whether processes could not be looked into.
    some_hidden: bool,
    /// Whether the process of any socket is known.
    any_known: bool,
}

impl Known {
    fn of<'s>(mut sockets: impl Iterator<Item = SocketRef<'s>>, warnings: &[Warning]) -> Self {
        Self {
            some_hidden: warnings.iter().any(Warning::asks_for_root),
            any_known: sockets.any(|socket| first_holder(&socket).is_some()),
        }
    }

    /// What is known of the sockets of all kinds. net-tools looks at all processes, whatever it lists.
    fn of_everything(session: &Session<'_>) -> Result<Self, Failure> {
        let query = SocketQuery::new(Kinds::all(), States::all());
        let mut selection = Selection::new(query, None, session.settings.owners);
        selection.owners_of = OwnersOf::Everything;
        let Selected { sockets, warnings, .. } = selection.take(&*session.backend, |_| true)?;
        Ok(Self::of(sockets.iter(), &warnings))
    }
}

/// Says that processes could not be looked into, as net-tools does in each display.
fn say_what_is_hidden(session: &mut Session<'_>, known: Known) -> Result<(), Failure> {
    if session.said_what_is_hidden == session.displays {
        return Ok(());
    }
    let user = rights::effective_user().filter(|user| *user != 0);
    let Known { some_hidden, any_known } = match user {
        Some(_) if !known.some_hidden || !known.any_known => Known::of_everything(session)?,
        _ => known,
    };
    if some_hidden {
        session.said_what_is_hidden = session.displays;
        match user {
            Some(user) if !any_known => output::say(&format!(
                "(No info could be read for \"-p\": geteuid()={user} but you should be root.)"
            )),
            _ => output::say(NOT_PERMITTED),
        }
    }
    Ok(())
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
    let Selected { sockets, mut warnings, .. } = selection.take(&*session.backend, |_| true)?;
    let inodes = holders_by_inode(sockets.iter());
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
    if list.programs {
        let known = Known::of(sockets.iter(), &warnings);
        say_what_is_hidden(session, known)?;
    }
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
