//! The reports made of the socket table: connections, processes by ports (`-c`), and RDMA (`-x`).

use super::{Display, Session};
use crate::columns::{Extras, Facts};
use crate::render::classic::{Classic, NameColumn, OwnerLines};
use crate::render::words::Offload;
use crate::render::{LineEnd, process_counts::render_process_counts, rdma::render_rdma};
use crate::settings::Connections;
use crate::view::{ConnectionsOptions, ConnectionsView, Holder, count_ports};
use netstat_core::Error;
use netstat_core::model::{Process, ProcessId};
use netstat_core::os::Backend;
use netstat_core::query::{Fields, ProcessFields, SocketQuery};
use std::collections::HashMap;

/// The connection table.
pub(super) fn table(session: &mut Session<'_>, table: &Connections) -> Result<Display, Error> {
    let query = query(&table.rows, fields(table.extras));
    let mut answer = session.backend.sockets(&query)?;
    if table.pid || table.owner_lines {
        let owners = session.backend.attach_owners(&mut answer.data, &query, session.settings.owners)?;
        answer.warnings.extend(owners.warnings);
    }
    let view = ConnectionsView::new(&answer.data, &table.rows);
    let processes = if table.owner_lines {
        read_processes(&session.backend, &view.processes(), ProcessFields::EXECUTABLE | ProcessFields::UNIT)
    } else {
        HashMap::new()
    };
    let names = table.names.as_ref().map(|names| {
        (session.names.look_up(&session.backend, &view, names, &mut answer.warnings), names.full)
    });
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
    let mut bytes = Vec::new();
    to_memory(classic.render(&view, &mut bytes));
    Ok(Display { bytes, warnings: answer.warnings })
}

/// The table of processes by the number of ports they hold.
pub(super) fn process_counts(session: &mut Session<'_>, rows: &ConnectionsOptions) -> Result<Display, Error> {
    let query = query(rows, Fields::empty());
    let mut answer = session.backend.sockets(&query)?;
    let owners = session.backend.attach_owners(&mut answer.data, &query, session.settings.owners)?;
    answer.warnings.extend(owners.warnings);
    let counts = count_ports(&answer.data);
    let holders: Vec<ProcessId> = counts
        .iter()
        .filter_map(|count| match count.holder {
            Holder::Process(id) => Some(id),
            Holder::NoProcess | Holder::NotKnown => None,
        })
        .collect();
    let fields = ProcessFields::NAME | ProcessFields::EXECUTABLE;
    let processes = read_processes(&session.backend, &holders, fields);
    let mut bytes = Vec::new();
    to_memory(render_process_counts(&counts, &processes, LineEnd::NATIVE, &mut bytes));
    Ok(Display { bytes, warnings: answer.warnings })
}

/// The table of RDMA endpoints.
pub(super) fn rdma(session: &mut Session<'_>) -> Result<Display, Error> {
    let answer = session.backend.rdma()?;
    let mut bytes = Vec::new();
    to_memory(render_rdma(&answer.data, LineEnd::NATIVE, &mut bytes));
    Ok(Display { bytes, warnings: answer.warnings })
}

fn query(rows: &ConnectionsOptions, fields: Fields) -> SocketQuery {
    SocketQuery { kinds: rows.kinds, states: rows.states(), fields }
}

fn fields(extras: Extras) -> Fields {
    let mut fields = Fields::empty();
    fields.set(Fields::TRAFFIC_CLASS, extras.dscp);
    fields.set(Fields::CONGESTION, extras.template);
    fields.set(Fields::TIME_IN_STATE, extras.time_in_state);
    fields
}

fn read_processes(
    backend: &impl Backend,
    wanted: &[ProcessId],
    fields: ProcessFields,
) -> HashMap<ProcessId, Process> {
    backend.processes(wanted, fields).into_iter().map(|process| (process.id, process)).collect()
}

/// Memory takes whatever is written to it.
fn to_memory(written: std::io::Result<()>) {
    debug_assert!(written.is_ok());
}
