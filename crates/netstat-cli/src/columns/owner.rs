//! The process that holds a socket.

use super::{Column, Given, Kind, NO_PROCESS, Needs, Origin, Value};
use netstat_model::query::ProcessFields;
use netstat_model::{Missing, NoOwner, Owner, Ownership, Process};

/// The value of a socket without a process: where it is known that there is none, that is not unknown.
pub(super) fn of_unowned(column: &Column, ownership: &Ownership) -> Value<'static> {
    match ownership {
        Ownership::Unowned(NoOwner::NoProcess | NoOwner::Kernel) if *column == PID => NO_PROCESS,
        Ownership::Unowned(NoOwner::NoProcess | NoOwner::Kernel) => Value::Absent("-"),
        _ => Value::Unknown,
    }
}

/// A fact of the process.
fn fact<'a, T: 'a>(
    owner: &Owner,
    given: &Given<'a>,
    field: fn(&'a Process) -> &'a Result<T, Missing>,
    value: fn(&'a T) -> Value<'a>,
) -> Value<'a> {
    match given.processes.process(owner.process).map(field) {
        Some(Ok(known)) => value(known),
        Some(Err(Missing::NotApplicable)) => Value::Absent("-"),
        Some(Err(_)) | None => Value::Unknown,
    }
}

/// The process ID.
pub(super) const PID: Column = Column {
    name: "pid",
    key: "pid",
    heading: "PID",
    unit: "",
    meaning: "ID of the process that holds the socket; 0 where there is none, null in JSON",
    kind: Kind::Number,
    needs: Needs::process(ProcessFields::empty()),
    origin: Origin::Owner(|owner, _| Value::Number(owner.process.pid.into())),
};

/// The name.
pub(super) const PROCESS: Column = Column {
    name: "process",
    key: "process",
    heading: "Process",
    unit: "",
    meaning: "Name of the process",
    kind: Kind::Text,
    needs: Needs::process(ProcessFields::NAME),
    origin: Origin::Owner(|owner, given| {
        fact(owner, given, |process| &process.name, |name| Value::Text(name.as_os_str().into()))
    }),
};

/// The executable.
pub(super) const PATH: Column = Column {
    name: "path",
    key: "path",
    heading: "Path",
    unit: "",
    meaning: "Executable of the process; (deleted) is put behind one that is no longer there",
    kind: Kind::Text,
    needs: Needs::process(ProcessFields::EXECUTABLE),
    origin: Origin::Owner(|owner, given| {
        fact(
            owner,
            given,
            |process| &process.executable,
            |executable| {
                let path = executable.path.as_os_str();
                if !executable.deleted {
                    return Value::Text(path.into());
                }
                let mut marked = path.to_owned();
                marked.push(" (deleted)");
                Value::Text(marked.into())
            },
        )
    }),
};

/// The command line.
pub(super) const CMDLINE: Column = Column {
    name: "cmdline",
    key: "cmdline",
    heading: "Command line",
    unit: "",
    meaning: "Command line of the process; an array in JSON",
    kind: Kind::Words,
    needs: Needs::process(ProcessFields::COMMAND_LINE),
    origin: Origin::Owner(|owner, given| {
        fact(owner, given, |process| &process.command_line, |words| Value::Words(words))
    }),
};

/// The systemd unit.
pub(super) const UNIT: Column = Column {
    name: "unit",
    key: "unit",
    heading: "Unit",
    unit: "",
    meaning: "Service the process belongs to: its systemd unit",
    kind: Kind::Text,
    needs: Needs::process(ProcessFields::UNIT),
    origin: Origin::Owner(|owner, given| {
        fact(owner, given, |process| &process.unit, |unit| Value::Text(unit.as_os_str().into()))
    }),
};

/// The container.
pub(super) const CONTAINER: Column = Column {
    name: "container",
    key: "container",
    heading: "Container",
    unit: "",
    meaning: "Container the process runs in, as runtime:ID",
    kind: Kind::Container,
    needs: Needs::process(ProcessFields::CONTAINER),
    origin: Origin::Owner(|owner, given| fact(owner, given, |process| &process.container, Value::Container)),
};

/// The descriptor.
pub(super) const FD: Column = Column {
    name: "fd",
    key: "fd",
    heading: "FD",
    unit: "",
    meaning: "Lowest descriptor by which the process holds the socket",
    kind: Kind::Number,
    needs: Needs::process(ProcessFields::empty()),
    origin: Origin::Owner(|owner, _| Value::number(owner.descriptor)),
};
