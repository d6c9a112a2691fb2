//! Rows that a server counts: of columns that nobody groups by, only what tells rows apart is left.

use crate::row::COLUMNS;
use netstat_engine::columns::Column;
use std::collections::BTreeSet;

/// Returns the columns of a row that columns of the display are made of; `None` where rows cannot be counted by them.
fn needed(column: &Column) -> Option<&'static [&'static str]> {
    Some(match column.name {
        "host" => &["host"],
        "laddr" => &["local", "local_scope"],
        "lport" => &["local_port"],
        "local" => &["local", "local_scope", "local_port"],
        "raddr" => &["remote", "remote_scope"],
        "country" => &["remote"],
        "rport" => &["remote_port"],
        "foreign" => &["remote", "remote_scope", "remote_port"],
        "proto" | "state" | "side" => &[],
        "reason" => &["reason"],
        "pid" => &["pid"],
        "process" => &["process_name"],
        "comm" => &["comm"],
        "path" => &["path"],
        "unit" => &["unit"],
        "container" => &["runtime", "container", "pod"],
        _ => return None,
    })
}

/// Columns that tell what a process is.
const OF_PROCESS: [&str; 7] = ["process_name", "comm", "path", "unit", "runtime", "container", "pod"];

/// Returns what to select for each column of a row, so that rows that are alike can be counted; `None` where they cannot.
/// `address` writes an address as the tables have it.
pub(crate) fn counted(columns: &[&Column], address: &dyn Fn(&str) -> String) -> Option<Vec<String>> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for column in columns {
        wanted.extend(needed(column)?);
    }
    // What a row is by its family and protocol is always needed: it decides how many rows of a table it makes.
    let (first, last) = (address("::ffff:0.0.0.0"), address("::ffff:255.255.255.255"));
    let (v4, v6, any) = (address("::ffff:127.0.0.1"), address("::1"), address("::"));
    let family = |end: &str| format!("if({end} >= {first} AND {end} <= {last}, {v4}, {v6})");
    let of_process: Vec<&str> = OF_PROCESS.into_iter().filter(|name| wanted.contains(name)).collect();
    let is_of_process = !of_process.is_empty() || wanted.contains("pid");
    let select = |column: &crate::row::Column| match column.name {
        name if wanted.contains(name) => name.to_owned(),
        name @ ("proto" | "side" | "has_remote" | "v6_only") => name.to_owned(),
        "reason" => "if(reason = '', '', 'closed')".to_owned(),
        "local" => format!("if(local = {any}, {any}, {})", family("local")),
        "remote" => format!("if(has_remote = 0, {any}, {})", family("remote")),
        // Processes that are alike are one.
        "process" if is_of_process => {
            let mut parts =
                vec!["toString(process_known)".to_owned(), "ifNull(toString(cgroup) = '', 2)".to_owned()];
            parts.extend(of_process.iter().map(|name| format!("ifNull(toString({name}), '-')")));
            format!(
                "cityHash64({})",
                parts.into_iter().map(|part| format!("toString({part})")).collect::<Vec<_>>().join(", ")
            )
        }
        "pid" if is_of_process => "if(isNull(pid), NULL, toUInt32(1))".to_owned(),
        "process_known" if is_of_process => "process_known".to_owned(),
        // Whether there was one decides between none and unknown.
        "cgroup" if is_of_process => "if(isNull(cgroup), NULL, '')".to_owned(),
        _ => column.nothing.to_owned(),
    };
    Some(COLUMNS.iter().map(select).collect())
}
