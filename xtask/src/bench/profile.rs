//! Where the time goes, measured with `perf`.

use super::runs::{Programs, output_file};
use crate::workspace::built;
use std::path::Path;
use std::process::{Command, Stdio};

/// The functions that one command spends its time in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    pub(crate) command: String,
    /// Percent of the time, whether it is in the kernel, and the name; the largest first.
    pub(crate) functions: Vec<(f64, bool, String)>,
    /// Percent of the time in the kernel.
    pub(crate) kernel: f64,
}

/// Runs of the command under perf, for enough samples.
const RUNS: usize = 8;
/// Samples a second.
const FREQUENCY: &str = "4999";
/// The number of functions in the report.
const LONGEST: usize = 16;

/// Profiles `-an` and `-ano` with the sockets that exist now. Empty where perf is missing or not permitted.
pub(crate) fn of(programs: &Programs) -> Vec<Profile> {
    let profiles: Option<Vec<Profile>> =
        ["-an", "-ano"].iter().map(|arguments| one(&programs.netstat, arguments)).collect();
    profiles.unwrap_or_else(|| {
        println!("perf is missing or not permitted; going on without profiles");
        Vec::new()
    })
}

/// Profiles netstat with one argument; `None` where perf is missing or not permitted.
pub(crate) fn one(netstat: &Path, arguments: &str) -> Option<Profile> {
    let data = built("bench-perf.data");
    let script = format!("for run in $(seq {RUNS}); do \"$0\" {arguments} >\"$1\"; done");
    let recorded = Command::new("perf")
        .args(["record", "--quiet", "--no-buildid", "--freq", FREQUENCY, "--output"])
        .arg(&data)
        .args(["--", "sh", "-c", &script])
        .arg(netstat)
        .arg(output_file())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let report = recorded.is_ok_and(|status| status.success()).then(|| {
        Command::new("perf")
            .args(["report", "--stdio", "--comms", "netstat", "--sort", "symbol", "--field-separator", ";"])
            .arg("--input")
            .arg(&data)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
    });
    let _ = std::fs::remove_file(&data);
    let text = String::from_utf8_lossy(&report?.ok()?.stdout).into_owned();
    decode(&format!("netstat {arguments}"), &text)
}

/// Decodes the lines of a report, which are `12.34;[k] name`.
fn decode(command: &str, report: &str) -> Option<Profile> {
    let mut functions: Vec<(f64, bool, String)> = report
        .lines()
        .filter_map(|line| {
            let (percent, rest) = line.trim().split_once(';')?;
            let percent: f64 = percent.trim().trim_end_matches('%').parse().ok()?;
            let (mark, name) = rest.trim().split_once(' ')?;
            // Some versions add columns.
            let name = name.split_once(';').map_or(name, |(name, _)| name);
            Some((percent, mark == "[k]", name.trim().to_owned()))
        })
        .collect();
    let total: f64 = functions.iter().map(|(percent, ..)| percent).sum();
    if total <= 0.0 {
        return None;
    }
    let kernel = functions.iter().filter(|(_, kernel, _)| *kernel).map(|(percent, ..)| percent).sum::<f64>();
    for (percent, ..) in &mut functions {
        *percent *= 100.0 / total;
    }
    functions.sort_by(|a, b| b.0.total_cmp(&a.0));
    functions.truncate(LONGEST);
    Some(Profile { command: command.to_owned(), functions, kernel: kernel * 100.0 / total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_decoded() {
        let report =
            "# comment\n\n 30.00;[k] inet_csk_diag_fill  ;-      -\n10.00%;[.] netstat::main\nrubbish\n";
        let profile = decode("x", report).unwrap();
        assert_eq!(profile.functions[0], (75.0, true, "inet_csk_diag_fill".to_owned()));
        assert_eq!(profile.functions[1].2, "netstat::main");
        assert!((profile.kernel - 75.0).abs() < 1e-9);
        assert_eq!(decode("x", "# nothing\n"), None);
    }
}
