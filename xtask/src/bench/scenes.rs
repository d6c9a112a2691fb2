//! The sockets that exist while programs are measured: a few on a small host, many in another namespace.

use super::checks;
use super::crowd::Crowd;
use super::namespaces::{self, Spread};
use super::profile::{self, Profile};
use super::runs::{Contender, LSOF, NET_TOOLS, Programs, SS, Series, in_turn};
use crate::workspace::built;
use anyhow::{Context, Result, bail};
use netstat_lab::Namespace;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// All runs of each program, by the name of the contender.
pub(super) type Results = BTreeMap<String, Series>;

/// A number of sockets, and what each program took with them.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// The round number of sockets that was asked for.
    pub(super) size: usize,
    /// The exact number of sockets.
    pub(super) sockets: usize,
    /// Processes that hold them; on the small host, all processes.
    pub(super) processes: usize,
    pub(super) results: Results,
    /// What `netstat check` took, one check at a time and all together; measured for one size only.
    pub(super) checks: Results,
    pub(super) profiles: Vec<Profile>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Scenes {
    /// A small host.
    pub(super) small: Scene,
    /// The small host while another namespace holds many sockets, which are the ones counted here.
    pub(super) beside: Option<Scene>,
    pub(super) large: Vec<Scene>,
    /// The same sockets in one namespace and in many.
    pub(super) spread: Spread,
}

/// The names of the contenders that targets refer to.
pub(super) mod name {
    pub(crate) const FLOOR: &str = "floor F";
    pub(crate) const FILTER_FLOOR: &str = "floor of the filter";
    pub(crate) const AN: &str = "netstat -an";
    pub(crate) const ANO: &str = "netstat -ano";
    pub(crate) const FILTER: &str = "netstat -an, one port";
    pub(crate) const FILTER_OWNER: &str = "netstat -ano, one port";
    pub(crate) const UNSORTED: &str = "netstat -an --sort none";
    pub(crate) const COLUMNS: &str = "netstat --columns local,foreign,state,rtt,bytes_sent,bytes_received";
    pub(crate) const GROUPS: &str = "netstat --group-by process,state";
    pub(crate) const JSON: &str = "netstat -ano --json";
    pub(crate) const AN_DIAG: &str = "netstat -an --source diag";
    pub(crate) const COLUMNS_DIAG: &str =
        "netstat --columns local,foreign,state,rtt,bytes_sent,bytes_received --source diag";
    pub(crate) const SS_TANP: &str = "ss -tanp";
    pub(crate) const SS_TUNAP: &str = "ss -tunap";
    pub(crate) const NET_TOOLS_TANP: &str = "net-tools netstat -tanp";
    pub(crate) const LSOF: &str = "lsof -nP -iTCP";
}

/// Columns with the course of each connection.
const COLUMNS: [&str; 2] = ["--columns", "local,foreign,state,rtt,bytes_sent,bytes_received"];

/// A filter for a port that only one connection has.
const ONE_PORT: [&str; 2] = ["port", "10000"];

/// Above this number of sockets, programs that would take minutes are left out, and the others run a few times only.
const MANY: usize = 100_000;
const RUNS_WITH_MANY: usize = 5;

/// The number of sockets on a small host.
const SMALL: usize = 280;

/// Returns how many processes to start: each may hold 20,000 descriptors.
fn processes_for(size: usize) -> usize {
    10.max(size.div_ceil(18_000))
}

/// Measures everything. The calling thread changes its namespace meanwhile.
pub(super) fn play(programs: &Programs, sizes: &[usize], runs: usize) -> Result<Scenes> {
    let small_net = Namespace::enter().context("enter a network namespace")?;
    // About a hundred processes, those of the machine included.
    let small_crowd = Crowd::gather(SMALL, 100_usize.saturating_sub(count_processes()).clamp(20, 90))?;
    let small_contenders = small_host(programs)?;
    let (sockets, processes) = (small_crowd.sockets, count_processes());
    println!("a small host: {sockets} sockets, {processes} processes");
    let results = in_turn(&small_contenders, runs * 2);
    let small = Scene { size: SMALL, sockets, processes, results, ..Scene::default() };

    let (mut large, mut beside) = (Vec::new(), None);
    let beside_size = sizes.iter().copied().filter(|&size| size <= MANY).max();
    for &size in sizes {
        println!("{size} sockets");
        let large_net = Namespace::enter().context("enter another network namespace")?;
        let crowd = Crowd::gather(size, processes_for(size))?;
        let (sockets, processes) = (crowd.sockets, crowd.processes());
        let runs_here = if size > MANY { runs.min(RUNS_WITH_MANY) } else { runs };
        let results = in_turn(&contenders(programs, size)?, runs_here);
        let mut scene = Scene { size, sockets, processes, results, ..Scene::default() };
        if Some(size) == beside_size {
            scene.checks = in_turn(&checks::contenders(programs)?, runs.min(5));
            scene.profiles = profile::of(programs);
        }
        large.push(scene);
        drop(large_net);
        if Some(size) == beside_size {
            println!("the small host again, with {sockets} sockets in the other namespace");
            let results = in_turn(&small_contenders, runs * 2);
            let profiles = Vec::from_iter(profile::one(&programs.netstat, "-ano"));
            beside = Some(Scene { size, sockets, processes, results, profiles, ..Scene::default() });
        }
    }
    drop(small_crowd);
    drop(small_net);
    let spread = namespaces::play(programs, runs)?;
    Ok(Scenes { small, beside, large, spread })
}

/// Counts the processes of the machine.
fn count_processes() -> usize {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)).count()
}

/// Prepares the bare program, which sends the dump requests that netstat sends with these arguments.
fn floor(programs: &Programs, name: &str, arguments: &[&str]) -> Result<Contender> {
    let requests = requests(programs, &[arguments, &["--source", "diag"]].concat())?;
    Ok(Contender { arguments: requests, ..Contender::new(name, built("examples/floor"), &[]) })
}

fn small_host(programs: &Programs) -> Result<Vec<Contender>> {
    let ours = |name: &str, arguments: &[&str]| Contender::new(name, &programs.netstat, arguments);
    let floor = floor(programs, name::FLOOR, &["-an"])?;
    let mut all = vec![floor, ours(name::AN, &["-an"]), ours(name::ANO, &["-ano"])];
    if programs.has(SS) {
        all.push(Contender::new(name::SS_TUNAP, SS, &["-tunap"]));
    }
    Ok(all)
}

fn contenders(programs: &Programs, size: usize) -> Result<Vec<Contender>> {
    let ours = |name: &str, arguments: &[&str]| Contender::new(name, &programs.netstat, arguments);
    let [word, port] = ONE_PORT;
    let [columns, names] = COLUMNS;
    let diag = ["--source", "diag"];
    let mut all = vec![
        floor(programs, name::FLOOR, &["-an"])?,
        ours(name::AN, &["-an"]),
        ours(name::ANO, &["-ano"]),
        ours("netstat -an -p tcp", &["-an", "-p", "tcp"]),
        ours("netstat -ano --owners bpf", &["-ano", "--owners", "bpf"]),
        ours("netstat -ano --owners proc", &["-ano", "--owners", "proc"]),
        ours(name::UNSORTED, &["-an", "--sort", "none"]),
        ours(name::COLUMNS, &[columns, names]),
        ours(name::GROUPS, &["--group-by", "process,state"]),
        ours(name::JSON, &["-ano", "--json"]),
        ours(name::AN_DIAG, &["-an", diag[0], diag[1]]),
        ours(name::COLUMNS_DIAG, &[columns, names, diag[0], diag[1]]),
        floor(programs, name::FILTER_FLOOR, &["-an", word, port])?,
        ours(name::FILTER, &["-an", word, port]),
        ours(name::FILTER_OWNER, &["-ano", word, port]),
    ];
    // The last is whether it can cope with many sockets.
    let others: [(&str, &str, &[&str], bool); 5] = [
        ("ss -tan", SS, &["-tan"], true),
        (name::SS_TANP, SS, &["-tanp"], false),
        ("net-tools netstat -tan", NET_TOOLS, &["-tan"], true),
        (name::NET_TOOLS_TANP, NET_TOOLS, &["-tanp"], false),
        (name::LSOF, LSOF, &["-nP", "-iTCP"], false),
    ];
    for (name, program, arguments, with_many) in others {
        if programs.has(program) && (with_many || size <= MANY) {
            all.push(Contender::new(name, program, arguments));
        }
    }
    Ok(all)
}

/// Returns the dump requests that netstat sends with these arguments, in hexadecimal. They come from a recording, so
/// that the floor always asks for the same.
pub(crate) fn requests(programs: &Programs, arguments: &[&str]) -> Result<Vec<String>> {
    let folder = built("bench-recording");
    let _ = std::fs::remove_dir_all(&folder);
    let status = Command::new(&programs.netstat)
        .args(arguments)
        .arg("--record")
        .arg(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("run netstat --record")?;
    let index = std::fs::read_to_string(folder.join("index.jsonl")).context("read the recording");
    let _ = std::fs::remove_dir_all(&folder);
    if !status.success() {
        bail!("netstat {} --record failed ({status})", arguments.join(" "));
    }
    let found = requests_in(&index?);
    if found.is_empty() {
        bail!("netstat {} sends no dump request", arguments.join(" "));
    }
    Ok(found)
}

fn requests_in(index: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in index.lines() {
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let on = entry["on"].as_str().filter(|_| entry["op"] == "netlink sock_diag");
        // A request is repeated after an interrupted dump.
        found.extend(on.filter(|on| !found.iter().any(|found| found == on)).map(str::to_owned));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_from_a_recording_once_each() {
        let index = concat!(
            "{\"netstat_recording\":1,\"system\":\"linux\"}\n",
            "{\"op\":\"netlink sock_diag\",\"on\":\"4c00\",\"at\":0,\"len\":1}\n",
            "{\"op\":\"read\",\"on\":\"/etc/services\",\"at\":1,\"len\":1}\n",
            "{\"op\":\"netlink sock_diag\",\"on\":\"4c00\",\"at\":0,\"len\":1}\n",
            "{\"op\":\"netlink sock_diag\",\"on\":\"4800\",\"at\":0,\"len\":1}\n",
        );
        assert_eq!(requests_in(index), ["4c00", "4800"]);
    }

    #[test]
    fn no_process_exceeds_its_descriptor_limit() {
        for size in [1_000, 100_000, 1_000_000] {
            assert!(size / processes_for(size) < 19_000);
        }
        assert_eq!(processes_for(100_000), 10);
        assert!(processes_for(1_000_000) >= 50);
    }
}
