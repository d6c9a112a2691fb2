//! Processes in a store: each run of a program has a number, and what many of them share is kept once.

use crate::clock::Boot;
use crate::guard::Spent;
use crate::row::ProcessId;
use crate::schema::{signed, unsigned};
use netstat_model::history::{ProcessInstance, ProcessRecord};
use netstat_model::{Container, ContainerRuntime, ProcessKey};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher as _};

/// What is known of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldProcess {
    /// Its process ID, and that of its parent.
    pub pid: u32,
    /// See [`pid`](Self::pid).
    pub parent: Option<u32>,
    /// The rest, where it was kept.
    pub record: Option<ProcessRecord>,
}

/// The runtimes in the order of their numbers.
const RUNTIMES: [ContainerRuntime; 7] = [
    ContainerRuntime::Docker,
    ContainerRuntime::Podman,
    ContainerRuntime::Containerd,
    ContainerRuntime::CriO,
    ContainerRuntime::Kubernetes,
    ContainerRuntime::Lxc,
    ContainerRuntime::Nspawn,
];

/// Asks for processes and what is known of them, in the order in which they are read.
const RECORDS: &str =
    "SELECT pid, start, executions, process.id, parent, program.id, uid, user, name, comm, executable,
         arguments, cgroup, unit, runtime, container, pod
     FROM process LEFT JOIN program ON program.id = process.program";

/// Returns the number of a process; `None` where the store does not know it.
pub(crate) fn find(
    connection: &Connection,
    boot: Boot,
    instance: &ProcessInstance,
) -> rusqlite::Result<Option<ProcessId>> {
    connection
        .prepare_cached("SELECT id FROM process WHERE boot = ? AND pid = ? AND start = ? AND executions = ?")?
        .query_row(
            params![boot, instance.process.pid, signed(instance.process.start_time), instance.executions],
            |row| row.get(0).map(unsigned),
        )
        .optional()
}

/// Writes a process of which nothing but its number is known.
pub(crate) fn insert_bare(
    transaction: &Transaction<'_>,
    id: ProcessId,
    boot: Boot,
    instance: &ProcessInstance,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO process(id, boot, pid, start, executions) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            signed(id),
            boot,
            instance.process.pid,
            signed(instance.process.start_time),
            instance.executions
        ])?;
    Ok(())
}

/// Writes what is known of a process.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    id: ProcessId,
    boot: Boot,
    record: &ProcessRecord,
) -> rusqlite::Result<()> {
    let program = program(transaction, record)?;
    let ProcessInstance { process, executions } = record.instance;
    transaction
        .prepare_cached(
            "INSERT INTO process(id, boot, pid, start, executions, parent, program) VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT(id) DO UPDATE SET parent = excluded.parent, program = excluded.program",
        )?
        .execute(params![
            signed(id),
            boot,
            process.pid,
            signed(process.start_time),
            executions,
            record.parent,
            program
        ])?;
    Ok(())
}

fn runtime_number(runtime: ContainerRuntime) -> Option<i64> {
    RUNTIMES.iter().position(|known| *known == runtime).and_then(|at| i64::try_from(at).ok())
}

/// Returns the number of what a process shares with others, which is written if it is new.
fn program(transaction: &Transaction<'_>, record: &ProcessRecord) -> rusqlite::Result<i64> {
    let ProcessRecord { uid, user, name, comm, executable, arguments, cgroup, unit, container, .. } = record;
    let mut hasher = FxHasher::default();
    (uid, user, name, comm, executable, arguments, cgroup, unit, container).hash(&mut hasher);
    let hash = signed(hasher.finish());
    let mut known = transaction.prepare_cached(
        "SELECT id FROM program WHERE hash = ?1 AND uid IS ?2 AND user IS ?3 AND name = ?4 AND comm = ?5
             AND executable IS ?6 AND arguments IS ?7 AND cgroup IS ?8 AND unit IS ?9 AND runtime IS ?10
             AND container IS ?11 AND pod IS ?12",
    )?;
    let runtime = container.as_ref().and_then(|container| runtime_number(container.runtime));
    let parameters = params![
        hash,
        uid,
        user.as_deref(),
        &name[..],
        &comm[..],
        executable.as_deref(),
        arguments.as_deref(),
        cgroup.as_deref(),
        unit.as_deref(),
        runtime,
        container.as_ref().map(|container| &*container.id),
        container.as_ref().and_then(|container| container.pod.as_deref()),
    ];
    if let Some(id) = known.query_row(parameters, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO program(hash, uid, user, name, comm, executable, arguments, cgroup, unit, runtime, container, pod)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(parameters)?;
    Ok(transaction.last_insert_rowid())
}

/// Returns the run of a program that a number stands for.
pub(crate) fn instance(connection: &Connection, id: ProcessId) -> rusqlite::Result<Option<ProcessInstance>> {
    connection
        .prepare_cached("SELECT pid, start, executions FROM process WHERE id = ?")?
        .query_row([signed(id)], instance_of)
        .optional()
}

/// Returns what is known of one process.
pub(crate) fn one(connection: &Connection, id: ProcessId) -> rusqlite::Result<ToldProcess> {
    connection.prepare_cached(&format!("{RECORDS} WHERE process.id = ?"))?.query_row([signed(id)], |row| {
        let instance = instance_of(row)?;
        // One that is damaged is unknown.
        let record = record_of(row, instance).ok().flatten();
        Ok(ToldProcess { pid: instance.process.pid, parent: row.get(4)?, record })
    })
}

fn instance_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<ProcessInstance> {
    let process = ProcessKey { pid: row.get(0)?, start_time: unsigned(row.get(1)?) };
    Ok(ProcessInstance { process, executions: row.get(2)? })
}

/// Calls `each` with the number and the record of every process of the store, and with about how many bytes that is. One of
/// which nothing is known but its number has no record, nor has one that is damaged: of these the number is returned.
pub(crate) fn each(
    connection: &Connection,
    mut each: impl FnMut(ProcessId, ProcessInstance, Option<ProcessRecord>, usize) -> Result<(), Spent>,
) -> rusqlite::Result<u64> {
    let mut damaged = 0;
    let mut statement = connection.prepare(RECORDS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(instance) = instance_of(row) else {
            damaged += 1;
            continue;
        };
        let size =
            (8..17).try_fold(64, |size, at| Ok::<_, rusqlite::Error>(size + length(row.get_ref(at)?)))?;
        let record = record_of(row, instance).unwrap_or_else(|_| {
            damaged += 1;
            None
        });
        each(unsigned(row.get(3)?), instance, record, size)?;
    }
    Ok(damaged)
}

/// Reads what is known of a process; `None` where that is nothing but its number.
fn record_of(row: &rusqlite::Row<'_>, instance: ProcessInstance) -> rusqlite::Result<Option<ProcessRecord>> {
    let bytes = |at| row.get::<_, Option<Vec<u8>>>(at).map(|bytes| bytes.map(Vec::into_boxed_slice));
    let text = |at| row.get::<_, Option<String>>(at).map(|text| text.map(String::into_boxed_str));
    if row.get::<_, Option<i64>>(5)?.is_none() {
        return Ok(None);
    }
    Ok(Some(ProcessRecord {
        instance,
        parent: row.get(4)?,
        uid: row.get(6)?,
        user: text(7)?,
        name: bytes(8)?.unwrap_or_default(),
        comm: bytes(9)?.unwrap_or_default(),
        executable: bytes(10)?,
        arguments: bytes(11)?,
        cgroup: bytes(12)?,
        unit: text(13)?,
        container: container(row.get(14)?, text(15)?, text(16)?),
    }))
}

/// Calls `each` with the number of every process, and the name of its program where that is known.
pub(crate) fn names(
    connection: &Connection,
    mut each: impl FnMut(ProcessId, &[u8]) -> Result<(), Spent>,
) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare("SELECT process.id, name FROM process JOIN program ON program.id = process.program")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // One that is damaged has no name.
        if let Ok(name) = row.get_ref(1)?.as_bytes() {
            each(unsigned(row.get(0)?), name)?;
        }
    }
    Ok(())
}

fn length(value: ValueRef<'_>) -> usize {
    value.as_bytes().map_or(0, <[u8]>::len)
}

fn container(runtime: Option<i64>, id: Option<Box<str>>, pod: Option<Box<str>>) -> Option<Container> {
    let runtime = usize::try_from(runtime?).ok().and_then(|at| RUNTIMES.get(at).copied())?;
    Some(Container { runtime, id: id?, name: None, pod, pod_name: None })
}
