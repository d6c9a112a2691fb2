//! `--multicast`: the groups that interfaces belong to, and who joined them.

use super::{Displayed, Failure, Session};
use crate::output;
use crate::render::LineEnd;
use crate::render::multicast::{MulticastDocument, MulticastWords, render_multicast};
use crate::render::report_json::write_document;
use netstat_engine::kernel_text::{Group, groups_link, groups_v4, groups_v6};
use netstat_engine::select::{OwnersOf, read_processes};
use netstat_engine::view::multicast::{GroupAddress, MulticastLists, memberships};
use netstat_model::error::words_of;
use netstat_model::query::{Kinds, ProcessFields, SocketQuery, States};
use netstat_model::{Error, GroupMember, Operation, ProcessKey, SocketTable, Warning};
use netstat_os::{Machine, Routes, TextTable, TextTables};
use std::io::{self, ErrorKind, Write};

pub(super) fn groups(session: &mut Session<'_>, json: bool, out: &mut impl Write) -> Displayed {
    let tables = [TextTable::GroupsV4, TextTable::GroupsV6, TextTable::GroupsLink];
    let mut texts = Vec::with_capacity(tables.len());
    for table in tables {
        texts.push(session.backend.text_table(table)?);
    }
    if texts.iter().all(Option::is_none) {
        let why = "there is neither /proc/net/igmp nor /proc/net/igmp6 nor /proc/net/dev_mcast";
        return Err(missing(why).into());
    }
    // A kernel without IPv6, for instance, has no groups of it.
    let text = |at: usize| texts.get(at).and_then(Option::as_deref).unwrap_or_default();
    let ip: Vec<Group<'_>> = groups_v4(text(0)).into_iter().chain(groups_v6(text(1))).collect();
    let link = groups_link(text(2));
    let interfaces = session.backend.interfaces()?;
    let mut warnings = interfaces.warnings;
    let packets = packets(session, &mut warnings);
    // The programs that look cost some milliseconds, which groups that the kernel alone joined do not need.
    let told = MulticastLists {
        ip: &ip,
        link: &link,
        members: None,
        packets: packets.as_ref(),
        interfaces: &interfaces.data,
    };
    let is_known =
        memberships(&told).iter().all(|one| one.complete || matches!(one.group, GroupAddress::Link(_)));
    let members = if is_known { None } else { members(session, &mut warnings) };
    let lists = MulticastLists { members: members.as_deref(), ..told };
    let all = memberships(&lists);
    let mut joined: Vec<ProcessKey> = all.iter().flat_map(|one| one.processes.iter().copied()).collect();
    joined.sort_unstable();
    joined.dedup();
    let processes = read_processes(&*session.backend, &joined, ProcessFields::NAME, &mut warnings);
    if json {
        let info = session.backend.info();
        write_document(&MulticastDocument::new(&info, &all, &processes, &warnings), out)?;
    } else {
        let words = MulticastWords::of(session.settings.language);
        render_multicast(&all, &processes, words, output::width(), LineEnd::NATIVE, out)
            .map_err(Failure::from)?;
    }
    Ok(warnings)
}

fn missing(why: &str) -> Error {
    Error::new(Operation::ReadTextTable, io::Error::new(ErrorKind::NotFound, why))
}

/// Asks which sockets joined groups of IP; `None`, with the reason as a warning, where that is not told.
fn members(session: &Session<'_>, warnings: &mut Vec<Warning>) -> Option<Vec<GroupMember>> {
    let answer = session.backend.group_members();
    warnings.extend(answer.warnings);
    answer.data
}

/// Lists the packet sockets with their owners; `None`, with the reason as a warning, where that failed.
fn packets(session: &Session<'_>, warnings: &mut Vec<Warning>) -> Option<SocketTable> {
    let mut selection = session.selection(SocketQuery::new(Kinds::PACKET, States::all()));
    selection.owners_of = OwnersOf::Everything;
    match selection.take(&*session.backend, |_| true) {
        Ok(selected) => {
            warnings.extend(selected.warnings);
            Some(selected.sockets)
        }
        Err(error) => {
            let reason = words_of(&error.source);
            warnings.push(Warning::SourceUnavailable { what: "who joined link-layer addresses", reason });
            None
        }
    }
}
