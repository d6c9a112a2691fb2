//! The reports made of the socket table: connections, processes by ports (`-c`), and RDMA (`-x`).

use super::select::{Selected, read, select};
use super::{Displayed, Session};
use crate::columns::{Extras, Facts};
use crate::render::classic::{Classic, NameColumn, OwnerLines};
use crate::render::words::Offload;
use crate::render::{LineEnd, process_counts::render_process_counts, rdma::render_rdma};
use crate::settings::Connections;
use crate::view::{ConnectionsOptions, ConnectionsView, Holder, count_ports};
use netstat_core::model::ProcessId;
use netstat_core::os::Backend;
use netstat_core::query::{Fields, ProcessFields, Programs, SocketQuery};
use std::collections::HashMap;
use std::io::Write;

/// The connection table.
pub(super) fn table(session: &mut Session<'_>, table: &Connections, out: &mut impl Write) -> Displayed {
    let mut rows = session.rows(table.rows);
    let query = query(&rows, fields(table.extras));
    let owners = table.pid || table.owner_lines;
    let Selected { sockets, kinds, mut warnings } =
        select(&session.backend, session.filter.as_ref(), query, owners)?;
    rows.kinds = kinds;
    let view = ConnectionsView::new(&sockets, &rows);
    let processes = if table.owner_lines {
        read(&session.backend, &view.processes(), ProcessFields::EXECUTABLE | ProcessFields::UNIT)
    } else {
        HashMap::new()
    };
    let names = table
        .names
        .as_ref()
        .map(|names| (session.names.look_up(&session.backend, &view, names, &mut warnings), names.full));
    let classic = Classic {
        language: session.settings.language,
        line_end: LineEnd::NATIVE,
        pid: table.pid,
        columns: &table.extras.columns(),
        // Linux has no TCP offload engine: every connection is handled by the host's own stack.
        facts: Facts { offload: Offload::InHost },
        names: names.as_ref().map(|(lookup, full)| NameColumn { lookup, full: *full }),
        owners: table.owner_lines.then_some(OwnerLines { lookup: &processes, path: table.path }),
    };
    classic.render(&view, out)?;
    Ok(warnings)
}

/// The table of processes by the number of ports they hold.
pub(super) fn process_counts(
    session: &mut Session<'_>,
    rows: &ConnectionsOptions,
    out: &mut impl Write,
) -> Displayed {
    let query = query(&session.rows(*rows), Fields::empty());
    let selected = select(&session.backend, session.filter.as_ref(), query, true)?;
    let counts = count_ports(&selected.sockets);
    let holders: Vec<ProcessId> = counts
        .iter()
        .filter_map(|count| match count.holder {
            Holder::Process(id) => Some(id),
            Holder::NoProcess | Holder::NotKnown => None,
        })
        .collect();
    let fields = ProcessFields::NAME | ProcessFields::EXECUTABLE;
    let processes = read(&session.backend, &holders, fields);
    render_process_counts(&counts, &processes, LineEnd::NATIVE, out)?;
    Ok(selected.warnings)
}

/// The table of RDMA endpoints.
pub(super) fn rdma(session: &mut Session<'_>, out: &mut impl Write) -> Displayed {
    let answer = session.backend.rdma()?;
    render_rdma(&answer.data, LineEnd::NATIVE, out)?;
    Ok(answer.warnings)
}

/// What the rows are made of.
pub(super) fn query(rows: &ConnectionsOptions, fields: Fields) -> SocketQuery {
    SocketQuery { kinds: rows.kinds, states: rows.states(), fields, programs: Programs::default() }
}

fn fields(extras: Extras) -> Fields {
    let mut fields = Fields::empty();
    fields.set(Fields::TRAFFIC_CLASS, extras.dscp);
    fields.set(Fields::CONGESTION, extras.template);
    fields.set(Fields::TIME_IN_STATE, extras.time_in_state);
    fields
}
