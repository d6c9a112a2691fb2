//! The reports made of the socket table: connections, processes by ports (`-c`), and RDMA (`-x`).

use super::in_place::MARK;
use super::{Displayed, Failure, Session, System, as_read, elsewhere, places, unavailable};
use crate::output;
use crate::render::classic::{Classic, LastColumns, NameColumn, OwnerLines};
use crate::render::format::{Frame, Groups, Rows};
use crate::render::{LineEnd, process_counts::render_process_counts, rdma::render_rdma, sockets};
use crate::settings::{Capture, Connections, Layout, Report};
use netstat_engine::both;
use netstat_engine::columns::{self, Column, ColumnNeeds, Given};
use netstat_engine::enrich::{StandIns, UserNames};
use netstat_engine::flow::FLOW_FIELDS;
use netstat_engine::row::{Row, Section};
use netstat_engine::select::{OwnersOf, Selected, Selection, Streamed, read_processes};
use netstat_engine::text::time::rfc_3339;
use netstat_engine::text::{Language, Zone};
use netstat_engine::view::groups::count_groups;
use netstat_engine::view::sort::Order;
use netstat_engine::view::{ConnectionsOptions, ConnectionsView, PortHolder, count_ports};
use netstat_model::Warning;
use netstat_model::error::words_of;
use netstat_model::query::{Fields, Kinds, ProcessFields, Scope, SocketQuery};
use netstat_model::{
    EndpointRef, Keeper, Namespace, NetworkNamespace, Process, ProcessKey, SocketTable, TcpFields, TcpState,
};
use netstat_os::{Machine, NameDatabases, Processes, Rdma, Routes};
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::rc::Rc;

/// The connection table: sockets, then who holds them, which rows they make, what is known of the processes, in which
/// order, and in which form.
pub(super) fn table(
    session: &mut Session<'_>,
    system: &impl System,
    table: &Connections,
    out: &mut impl Write,
) -> Displayed {
    let needs = needs(table);
    let mut rows = session.rows(table.rows);
    let mut selection = session.selection(query(&rows, needs.fields, needs.tcp));
    if needs.owners {
        selection.owners_of = OwnersOf::Everything;
    }
    if session.in_place.is_none() && is_streamed(table, &selection) {
        let streamed = stream(session, system, table, &rows, &selection, out)?;
        session.tell_listed(streamed.listed_by);
        return Ok(streamed.warnings);
    }
    let Selected { mut sockets, kinds, method, mut warnings, .. } =
        selection.take(system, |socket| rows.wants(socket))?;
    if sockets.is_empty()
        && let Some(line) = elsewhere::hint(session, &selection, |socket| rows.wants(socket))
    {
        session.complain(line);
    }
    if let Some(line) = as_read::hint(session, sockets.is_empty()) {
        session.complain(line);
    }
    if needs.owners && shows_owners_alone(table) && session.displays <= 1 && are_in_time_wait(&sockets) {
        session.complain(both!(
            "these rows are in TIME_WAIT, of which the kernel keeps no owner",
            "모두 TIME_WAIT이며, 커널은 TIME_WAIT의 소유자를 남기지 않습니다"
        ));
    }
    session.tell_listed(sockets.listed_by());
    session.tell(method);
    if session.display_number().is_none() && shows_rates(table, session.available) {
        session.complain(both!(
            "rates are those between two looks: add an interval, as in netstat --columns process,foreign,down,up 1",
            "속도는 두 번 조회해야 알 수 있습니다. 간격을 붙이세요. 입력 예: netstat --columns process,foreign,down,up 1"
        ));
    }
    if needs.tcp.contains(FLOW_FIELDS) && session.display_number().is_some() {
        let mut flows = Rc::unwrap_or_clone(std::mem::take(&mut session.flows));
        flows.look(&sockets, system.uptime()?);
        session.flows = Rc::new(flows);
    }
    let flows = Rc::clone(&session.flows);
    rows.kinds = kinds;
    let mut view = match table.order {
        Order::AsGiven => ConnectionsView::unsorted(&sockets, &rows),
        Order::Usual | Order::By { .. } => ConnectionsView::new(&mut sockets, &rows),
    };
    let needs = ColumnNeeds {
        // An end of a packet socket is an interface.
        interfaces: needs.interfaces || kinds.intersects(Kinds::PACKET),
        // Finding the names takes a look at every process, which nobody waits for who has not named a namespace.
        namespaces: needs.namespaces
            && (session.settings.scope == Scope::All || session.settings.namespace.is_some()),
        ..needs
    };
    let known = Known::read(system, &view, table, needs, session.settings.scope, &mut warnings);
    let given = Given {
        processes: &known.processes,
        users: &known.users,
        interfaces: &known.interfaces,
        own: known.own,
        names_zones: !system.has_accounts(),
        namespaces: &known.namespaces,
        stand_ins: &known.stand_ins,
        geo: &session.geo,
        zone: if needs.fields.contains(Fields::LIFESPAN) { &session.zone } else { &Zone::UTC },
        now: if needs.fields.contains(Fields::LIFESPAN) { system.now() } else { None },
        rates: &|socket| flows.rates(socket),
    };
    warnings.extend(places::lack(table, needs, &session.geo));
    warnings.extend(unavailable::lack(table, session.available));
    if let (Order::By { column, descending }, true) = (table.order, table.group_by.is_empty()) {
        view.sort(column, descending, &given);
    }
    if !table.group_by.is_empty() {
        render_groups(session, system, table, &view, &given, &warnings, out)?;
        return Ok(warnings);
    }
    if let Some(in_place) = &mut session.in_place {
        in_place.begin(view.rows().skip(table.limit.unwrap_or(usize::MAX)));
    }
    if let Some(rows) = table.limit {
        view.limit(rows);
    }
    match &table.form {
        Layout::Classic => {
            let names = table
                .names
                .as_ref()
                .map(|names| (session.names.look_up(system, &view, names, &mut warnings), names.full));
            let colour = output::shows_colour(table.colour);
            let classic = Classic {
                columns: &table.extras.columns(),
                names: names.as_ref().map(|(lookup, full)| NameColumn { lookup, full: *full }),
                owners: table.owner_lines.then_some(OwnerLines {
                    lookup: &known.processes,
                    stand_ins: &known.stand_ins,
                    path: table.path,
                }),
                last: (!table.last.is_empty()).then_some(LastColumns { columns: &table.last, given }),
                header: table.header,
                ..Classic::plain(session.settings.language, table.pid, colour)
            };
            match &mut session.in_place {
                Some(in_place) => classic.each_piece(&view, |row, text| {
                    // The mark stands in the margin.
                    let margin = row.and(text.strip_prefix(MARK));
                    in_place.add(row, margin.unwrap_or(text));
                })?,
                None => classic.render(&view, out)?,
            }
        }
        Layout::Columns(columns) => {
            let style = table_style(table, session.settings.language);
            if let Some(in_place) = &mut session.in_place {
                let style = sockets::TableStyle {
                    width: style.width.map(|width| width.saturating_sub(MARK.len())),
                    ..style
                };
                let rows: Vec<Row<'_>> = view.rows().collect();
                sockets::each_piece(&view, columns, &given, style, |row, text| {
                    let row = row.and_then(|number| rows.get(number));
                    let margin = if row.is_some() { b"" } else { MARK };
                    in_place.add(row, &[margin, text].concat());
                });
            } else {
                if table.header {
                    write_time(session, system, out)?;
                }
                match &mut session.widths {
                    Some(widths) => {
                        sockets::render_more_sockets(&view, columns, &given, style, widths, out)?;
                    }
                    None => sockets::render_sockets(&view, columns, &given, style, out)?,
                }
            }
        }
        Layout::Data(format, columns) => {
            let (info, display) = (system.info(), session.display_number());
            let frame = Frame { info: &info, display, warnings: &warnings };
            let all_owners_known = !warnings.iter().any(Warning::hides_owners);
            let rows = Rows { view: &view, columns, given: &given, all_owners_known };
            (format.sockets)(&rows, &frame, out)?;
        }
    }
    Ok(warnings)
}

/// Whether the owner of a row is in a column of its own or what rows are counted by. Beside the columns of Windows it is 0, as
/// there.
fn shows_owners_alone(table: &Connections) -> bool {
    !table.group_by.is_empty() || matches!(table.form, Layout::Columns(_)) || !table.last.is_empty()
}

/// Whether rates are shown or sorted by because somebody asked for them.
fn shows_rates(table: &Connections, available: unavailable::Available) -> bool {
    let is_rate =
        |column: &Column| matches!(column.name, "down" | "up" | "down10" | "up10") && (available.is)(column);
    let sorted = matches!(table.order, Order::By { column, .. } if is_rate(column));
    let shown = match &table.form {
        Layout::Columns(columns) => columns.iter().any(|column| is_rate(column)),
        Layout::Data(_, columns) => *columns != columns::ALL && columns.iter().any(|column| is_rate(column)),
        Layout::Classic => false,
    };
    sorted || shown
}

fn are_in_time_wait(sockets: &SocketTable) -> bool {
    !sockets.is_empty() && sockets.iter().all(|socket| socket.state == Some(TcpState::TimeWait))
}

/// Returns whether rows can be written as they come: they stay in the system's order and show nothing that has to be looked
/// up.
fn is_streamed(table: &Connections, selection: &Selection<'_>) -> bool {
    table.order == Order::AsGiven
        && table.form == Layout::Classic
        && table.group_by.is_empty()
        && table.names.is_none()
        && table.last.is_empty()
        && matches!(selection.owners_of, OwnersOf::Nothing)
        && !selection.needs_owners_to_match()
}

/// Writes the rows as they come and keeps none.
fn stream(
    session: &Session<'_>,
    system: &impl System,
    table: &Connections,
    rows: &ConnectionsOptions,
    selection: &Selection<'_>,
    out: &mut impl Write,
) -> Result<Streamed, Failure> {
    let colour = output::shows_colour(table.colour);
    let columns = table.extras.columns();
    let classic = Classic {
        columns: &columns,
        header: table.header,
        ..Classic::plain(session.settings.language, table.pid, colour)
    };
    let mut sheet = classic.begin(out)?;
    let mut left = table.limit.unwrap_or(usize::MAX);
    let mut failed = None;
    let streamed = selection.stream(system, |socket| {
        if !rows.wants(socket) {
            return true;
        }
        for section in Section::of_socket(socket, selection.query.kinds) {
            if left == 0 {
                return false;
            }
            left -= 1;
            if let Err(error) = classic.add(&mut sheet, &Row { socket: *socket, section }) {
                failed = Some(error);
                return false;
            }
        }
        true
    });
    if let Some(error) = failed {
        return Err(Failure::Output(error));
    }
    let streamed = streamed?;
    sheet.hand_on()?;
    Ok(streamed)
}

fn render_groups(
    session: &Session<'_>,
    system: &impl System,
    table: &Connections,
    view: &ConnectionsView<'_>,
    given: &Given<'_>,
    warnings: &[Warning],
    out: &mut impl Write,
) -> std::io::Result<()> {
    let columns = &table.group_by;
    let mut groups = count_groups(view, columns, table.order, given);
    groups.truncate(table.limit.unwrap_or(usize::MAX));
    match &table.form {
        Layout::Classic | Layout::Columns(_) => {
            if table.header {
                write_time(session, system, out)?;
            }
            sockets::render_groups(&groups, columns, table_style(table, session.settings.language), out)
        }
        Layout::Data(format, _) => {
            let (info, display) = (system.info(), session.display_number());
            let frame = Frame { info: &info, display, warnings };
            (format.groups)(&Groups { groups: &groups, columns }, &frame, out)
        }
    }
}

/// Whether countries or networks are among what a report shows.
pub(super) fn shows_places(report: &Report) -> bool {
    let table = match report {
        Report::Connections(table) => Some(table),
        Report::History(history) => Some(&history.table),
        Report::Capture(Capture::Read { table, .. }) => Some(&**table),
        Report::Statistics(what) => what.protocols.as_ref().and_then(|protocols| protocols.table.as_ref()),
        Report::Check(checks) => return checks.needs_places(),
        Report::Page(_) => return true,
        _ => None,
    };
    table.map(needs).is_some_and(|needs| needs.countries || needs.networks)
}

/// What has to be read: no more than what is shown, and what it is sorted by.
fn needs(table: &Connections) -> ColumnNeeds {
    let shown = match &table.form {
        _ if !table.group_by.is_empty() => ColumnNeeds::of(&table.group_by),
        Layout::Columns(columns) | Layout::Data(_, columns) => ColumnNeeds::of(columns),
        Layout::Classic => {
            let mut process = ProcessFields::empty();
            let of_lines = ProcessFields::NAME | ProcessFields::EXECUTABLE | ProcessFields::UNIT;
            process.set(of_lines, table.owner_lines);
            let classic = ColumnNeeds {
                fields: fields(table),
                owners: table.pid || table.owner_lines,
                process,
                ..ColumnNeeds::NOTHING
            };
            classic.and(ColumnNeeds::of(&table.last))
        }
    };
    match table.order {
        Order::By { column, .. } => shown.and(column.needs),
        Order::Usual | Order::AsGiven => shown,
    }
}

/// What is known beyond the sockets.
#[derive(Default)]
struct Known {
    processes: FxHashMap<ProcessKey, Process>,
    users: UserNames,
    interfaces: HashMap<u32, OsString>,
    own: Option<Namespace>,
    namespaces: HashMap<u64, NetworkNamespace>,
    stand_ins: StandIns,
}

impl Known {
    /// Reads what is needed and no more. What cannot be read is unknown; why is a warning.
    fn read(
        backend: &(impl Machine + Processes + NameDatabases + Routes),
        view: &ConnectionsView<'_>,
        table: &Connections,
        needs: ColumnNeeds,
        scope: Scope,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let mut known = Self::default();
        if !needs.process.is_empty() {
            let all_owners = matches!(table.form, Layout::Data(format, _) if format.all_owners);
            let wanted = if all_owners || needs.stand_ins { view.all_processes() } else { view.processes() };
            known.processes = read_processes(backend, &wanted, needs.process, warnings);
        }
        let all_columns = matches!(&table.form, Layout::Data(_, shown) if shown == columns::ALL);
        let keepers: &[Keeper] = match needs.stand_ins {
            true if !all_columns => Keeper::ALL,
            // The others take another program to ask, which only somebody who names the column waits for; and what Windows
            // shows below a row does not name them.
            true => &[Keeper::ServiceManager, Keeper::Kernel],
            false if table.owner_lines => &[Keeper::ServiceManager],
            false => &[],
        };
        let of_kernel = needs.stand_ins && view.rows().any(|row| StandIns::may_be_of_kernel(&row.socket));
        known.stand_ins = StandIns::read(backend, &known.processes, of_kernel, keepers, scope, warnings);
        if needs.users {
            let answer = backend.users();
            warnings.extend(answer.warnings);
            known.users = UserNames::parse(&answer.data);
        }
        if needs.interfaces && view.rows().any(|row| names_interface(&row)) {
            known.own = backend.info().namespace;
            match backend.interfaces() {
                Ok(answer) => {
                    warnings.extend(answer.warnings);
                    known.interfaces =
                        answer.data.into_iter().map(|interface| (interface.index, interface.name)).collect();
                }
                Err(error) => warnings.push(Warning::SourceUnavailable {
                    what: "the name of an interface",
                    reason: words_of(&error.source),
                }),
            }
        }
        if needs.namespaces {
            match backend.namespaces() {
                Ok(answer) => {
                    known.namespaces = answer.data.into_iter().map(|of| (of.id.inode, of)).collect();
                }
                Err(error) => warnings.push(Warning::SourceUnavailable {
                    what: "the name of a network namespace",
                    reason: words_of(&error.source),
                }),
            }
        }
        known
    }
}

/// Returns whether a row has an interface in it.
fn names_interface(row: &Row<'_>) -> bool {
    let is_zoned =
        |end: Option<EndpointRef<'_>>| end.and_then(|end| end.ip()).is_some_and(|end| end.scope != 0);
    row.socket.interface().is_some() || is_zoned(Some(row.socket.local)) || is_zoned(row.socket.remote)
}

/// Begins a display of our own tables with the time, if it is one of several.
fn write_time(session: &Session<'_>, system: &impl System, out: &mut impl Write) -> std::io::Result<()> {
    let is_repeated = session.display_number().is_some() && session.in_place.is_none();
    let Some(at) = system.info().at.filter(|_| is_repeated) else {
        return Ok(());
    };
    out.write_all(rfc_3339(at).as_bytes())?;
    out.write_all(LineEnd::NATIVE.bytes())
}

fn table_style(table: &Connections, language: Language) -> sockets::TableStyle {
    sockets::TableStyle {
        width: output::width(),
        colour: output::shows_colour(table.colour),
        line_end: LineEnd::NATIVE,
        header: table.header,
        language,
    }
}

/// The table of processes by the number of ports they hold.
pub(super) fn process_counts(
    session: &mut Session<'_>,
    system: &impl System,
    rows: &ConnectionsOptions,
    out: &mut impl Write,
) -> Displayed {
    let rows = session.rows(*rows);
    let mut selection = session.selection(query(&rows, Fields::empty(), TcpFields::empty()));
    selection.owners_of = OwnersOf::Everything;
    let mut selected = selection.take(system, |_| true)?;
    session.tell_listed(selected.sockets.listed_by());
    session.tell(selected.method);
    let counts = count_ports(&selected.sockets);
    let holders: Vec<ProcessKey> = counts
        .iter()
        .filter_map(|count| match count.holder {
            PortHolder::Process(id) => Some(id),
            PortHolder::NoProcess | PortHolder::NotKnown => None,
        })
        .collect();
    let processes = read_processes(system, &holders, ProcessFields::NAME, &mut selected.warnings);
    render_process_counts(&counts, &processes, session.settings.language, LineEnd::NATIVE, out)?;
    Ok(selected.warnings)
}

/// The table of RDMA endpoints.
pub(super) fn rdma(session: &mut Session<'_>, out: &mut impl Write) -> Displayed {
    let answer = session.backend.rdma()?;
    render_rdma(&answer.data, LineEnd::NATIVE, out)?;
    // Where there is no RDMA the letter was rather that of net-tools.
    if answer.data.is_empty() && !cfg!(windows) && session.displays <= 1 {
        session.complain(both!(
            "there is no NetworkDirect (RDMA) here; for Unix sockets type netstat --family unix, or netstat --dialect net-tools -x",
            "NetworkDirect(RDMA) 연결이 없습니다. Unix 소켓을 보려면 이렇게 입력하세요: netstat --family unix, 또는 netstat \
             --dialect net-tools -x"
        ));
    }
    Ok(answer.warnings)
}

/// Whether it has lines about the owner of each row.
pub(super) fn tells_modules(report: &Report) -> bool {
    matches!(report, Report::Connections(table) if table.owner_lines && table.form == Layout::Classic)
}

/// What the rows are made of.
pub(super) fn query(rows: &ConnectionsOptions, fields: Fields, tcp: TcpFields) -> SocketQuery {
    SocketQuery { fields, tcp, ..SocketQuery::new(rows.kinds, rows.states()) }
}

fn fields(table: &Connections) -> Fields {
    let extras = table.extras;
    let mut fields = Fields::empty();
    fields.set(Fields::OFFLOAD, extras.offload);
    fields.set(Fields::MODULE, table.owner_lines);
    fields.set(Fields::TRAFFIC_CLASS, extras.dscp);
    fields.set(Fields::CONGESTION | Fields::TEMPLATE, extras.template);
    fields.set(Fields::TIME_IN_STATE, extras.time_in_state);
    fields
}
