//! The sockets that are there while the programs run: some in a small host, many in another namespace.

use super::checks;
use super::profile::{self, Profile};
use super::runs::{Contender, LSOF, NET_TOOLS, Programs, SS, Series, in_turn};
use super::{Crowd, built};
use anyhow::{Context, Result, bail};
use netstat_lab::Namespace;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What each program did, by the name of the contender.
pub(crate) type Results = BTreeMap<String, Series>;

/// Many sockets, and what each program made of them.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The round number that was asked for.
    pub(crate) size: usize,
    /// How many sockets there are, exactly.
    pub(crate) sockets: usize,
    pub(crate) processes: usize,
    pub(crate) results: Results,
    /// What `netstat check` took, each check by itself and all together; empty but for one size.
    pub(crate) checks: Results,
    pub(crate) profiles: Vec<Profile>,
}

/// A small host, alone and beside many sockets of another namespace.
#[derive(Debug)]
pub(crate) struct SmallHost {
    pub(crate) sockets: usize,
    /// Processes on the machine.
    pub(crate) processes: usize,
    pub(crate) alone: Results,
    /// Beside many sockets.
    pub(crate) beside: Option<Beside>,
}

/// Many sockets elsewhere, and what the programs did then.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) sockets: usize,
    pub(crate) results: Results,
    /// Where the time of `netstat -ano` goes.
    pub(crate) profile: Option<Profile>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Scenes {
    pub(crate) small: SmallHost,
    pub(crate) scenes: Vec<Scene>,
}

/// The names of the contenders that the targets speak of.
pub(crate) mod name {
    pub(crate) const FLOOR: &str = "floor F";
    pub(crate) const FILTER_FLOOR: &str = "floor of the filter";
    pub(crate) const AN: &str = "netstat -an";
    pub(crate) const ANO: &str = "netstat -ano";
    pub(crate) const FILTER: &str = "netstat -an, one port";
    pub(crate) const FILTER_OWNER: &str = "netstat -ano, one port";
    pub(crate) const UNSORTED: &str = "netstat -an --sort none";
    pub(crate) const SS_TANP: &str = "ss -tanp";
    pub(crate) const SS_TUNAP: &str = "ss -tunap";
    pub(crate) const NET_TOOLS_TANP: &str = "net-tools netstat -tanp";
    pub(crate) const LSOF: &str = "lsof -nP -iTCP";
}

/// The filter of the port that one connection alone has.
const ONE_PORT: [&str; 2] = ["port", "10000"];

/// With more sockets than this, programs that need minutes for them are left out, and the others run a few times.
const MANY: usize = 100_000;
const RUNS_WITH_MANY: usize = 5;

/// The most sockets that a small host has.
const SMALL: usize = 280;

/// A process may hold 20,000 descriptors.
fn processes_for(size: usize) -> usize {
    10.max(size.div_ceil(18_000))
}

/// Measures everything. The calling thread is in a namespace of its own meanwhile.
pub(crate) fn play(programs: &Programs, sizes: &[usize], runs: usize) -> Result<Scenes> {
    let small_net = Namespace::enter().context("a network namespace of its own")?;
    // A hundred processes, those of the machine included.
    let small_crowd = Crowd::gather(SMALL, 100_usize.saturating_sub(count_processes()).clamp(20, 90))?;
    let small_contenders = small_host(programs)?;
    let processes = count_processes();
    println!("a small host: {} sockets, {processes} processes", small_crowd.sockets);
    let alone = in_turn(&small_contenders, runs * 2);
    let mut small = SmallHost { sockets: small_crowd.sockets, processes, alone, beside: None };

    let mut scenes = Vec::new();
    let beside_size = sizes.iter().copied().filter(|&size| size <= MANY).max();
    for &size in sizes {
        println!("{size} sockets");
        let large_net = Namespace::enter().context("another network namespace")?;
        let crowd = Crowd::gather(size, processes_for(size))?;
        let runs_here = if size > MANY { runs.min(RUNS_WITH_MANY) } else { runs };
        let results = in_turn(&contenders(programs, size)?, runs_here);
        let (mut checks, mut profiles) = (Results::new(), Vec::new());
        if Some(size) == beside_size {
            checks = in_turn(&checks::contenders(programs)?, runs.min(5));
            profiles = profile::of(programs);
        }
        scenes.push(Scene {
            size,
            sockets: crowd.sockets,
            processes: crowd.processes(),
            results,
            checks,
            profiles,
        });
        drop(large_net);
        if Some(size) == beside_size {
            println!("the small host again, with {} sockets in the other namespace", crowd.sockets);
            let results = in_turn(&small_contenders, runs * 2);
            let profile = profile::one(&programs.netstat, "-ano");
            small.beside = Some(Beside { sockets: crowd.sockets, results, profile });
        }
    }
    drop(small_crowd);
    drop(small_net);
    Ok(Scenes { small, scenes })
}

fn count_processes() -> usize {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)).count()
}

fn small_host(programs: &Programs) -> Result<Vec<Contender>> {
    let floor = Contender {
        name: name::FLOOR.into(),
        program: built("examples/floor"),
        arguments: requests(programs, &["-an"])?,
        largest_answer: 0,
    };
    let ours = |name: &str, arguments: &[&str]| Contender::new(name, &programs.netstat, arguments);
    let mut all = vec![floor, ours(name::AN, &["-an"]), ours(name::ANO, &["-ano"])];
    if programs.is_there(SS) {
        all.push(Contender::new(name::SS_TUNAP, SS, &["-tunap"]));
    }
    Ok(all)
}

fn contenders(programs: &Programs, size: usize) -> Result<Vec<Contender>> {
    let floor = |name: &str, arguments: &[&str]| {
        requests(programs, arguments).map(|requests| Contender {
            name: name.to_owned(),
            program: built("examples/floor"),
            arguments: requests,
            largest_answer: 0,
        })
    };
    let ours = |name: &str, arguments: &[&str]| Contender::new(name, &programs.netstat, arguments);
    let mut all = vec![
        floor(name::FLOOR, &["-an"])?,
        ours(name::AN, &["-an"]),
        ours(name::ANO, &["-ano"]),
        ours("netstat -an -p tcp", &["-an", "-p", "tcp"]),
    ];
    if programs.has("--owners") {
        for method in ["bpf", "proc"] {
            let name = format!("netstat -ano --owners {method}");
            all.push(ours(&name, &["-ano", "--owners", method]));
        }
    }
    if programs.has("--sort") {
        all.push(ours(name::UNSORTED, &["-an", "--sort", "none"]));
    }
    let [word, port] = ONE_PORT;
    all.push(floor(name::FILTER_FLOOR, &["-an", word, port])?);
    all.push(ours(name::FILTER, &["-an", word, port]));
    all.push(ours(name::FILTER_OWNER, &["-ano", word, port]));
    let others: [(&str, &str, &[&str], bool); 5] = [
        ("ss -tan", SS, &["-tan"], true),
        (name::SS_TANP, SS, &["-tanp"], false),
        ("net-tools netstat -tan", NET_TOOLS, &["-tan"], true),
        (name::NET_TOOLS_TANP, NET_TOOLS, &["-tanp"], false),
        (name::LSOF, LSOF, &["-nP", "-iTCP"], false),
    ];
    let there = others.into_iter().filter_map(|(name, program, arguments, with_many)| {
        (programs.is_there(program) && (with_many || size <= MANY)).then_some((name, program, arguments))
    });
    all.extend(there.map(|(name, program, arguments)| Contender::new(name, program, arguments)));
    Ok(all)
}

/// The dump requests that ours sends with these arguments, in hexadecimal: taken from a recording, so that the floor
/// asks for the same whatever becomes of them.
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
        // Asked again, it answers an interruption.
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
    fn no_process_holds_too_many() {
        for size in [1_000, 100_000, 1_000_000] {
            assert!(size / processes_for(size) < 19_000);
        }
        assert_eq!(processes_for(100_000), 10);
        assert!(processes_for(1_000_000) >= 50);
    }
}
