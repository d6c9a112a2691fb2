//! `cargo xtask instructions`: counts the instructions that netstat needs for a fixed recording of 100,000 sockets, with
//! callgrind. Unlike a time, the count is nearly the same on every machine, so it can be stored and compared.

mod recording;

use crate::bench::{Programs, requests};
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::path::Path;
use std::process::{Command, Stdio};

/// The file with the stored counts.
const KEPT: &str = "xtask/instructions.json";

/// The most that a count may grow, in percent.
const GROWTH: u64 = 5;

/// What is counted: its name, its options, and the owner method where it looks up owners.
const CASES: [(&str, &str, Option<&str>); 3] = [
    ("netstat -an", "-an", None),
    ("netstat -ano --owners bpf", "-ano", Some("bpf")),
    ("netstat -ano --owners proc", "-ano", Some("proc")),
];

/// Counts, and stores the counts or compares them with the stored ones.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let check = match arguments {
        [] => false,
        ["--check"] => true,
        _ => bail!("the only argument of instructions is --check"),
    };
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        bail!("valgrind is missing; install the package of that name");
    }
    workspace::build(&["--package", "netstat-cli"])?;
    let programs = Programs::find();
    let folder = workspace::built("instructions-recording");
    recording::write(&folder, &requests(&programs, &["-an"])?)?;
    let mut counts = Map::new();
    for (name, argument, owners) in CASES {
        let count = count(&programs, &folder, argument, owners).with_context(|| name.to_owned())?;
        println!("{name}: {count} instructions, {} a socket", count / recording::SOCKETS as u64);
        counts.insert(name.to_owned(), count.into());
    }
    std::fs::remove_dir_all(&folder).context("remove the recording")?;
    let path = workspace::root().join(KEPT);
    if check {
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {KEPT}"))?;
        let kept: Value = serde_json::from_str(&text).with_context(|| format!("read {KEPT}"))?;
        return compare(&kept, &counts);
    }
    let note = format!(
        "Instructions for {} sockets, by `cargo xtask instructions`, which writes this file; --check compares with it.",
        recording::SOCKETS
    );
    counts.insert("about".into(), note.into());
    counts.insert("compiler".into(), compiler()?.into());
    let text = serde_json::to_string_pretty(&Value::Object(counts))? + "\n";
    std::fs::write(&path, text).with_context(|| format!("write {KEPT}"))?;
    println!("written to {KEPT}");
    Ok(())
}

fn compiler() -> Result<String> {
    let mut rustc = workspace::program("rustc");
    rustc.arg("--version");
    Ok(String::from_utf8_lossy(&workspace::output(rustc)?).trim().to_owned())
}

fn count(programs: &Programs, recording: &Path, argument: &str, owners: Option<&str>) -> Result<u64> {
    let counted = recording.join("callgrind.out");
    let output = recording.join("output.txt");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", counted.display()))
        .arg(&programs.netstat)
        .arg(argument)
        .arg("--replay")
        .arg(recording);
    if let Some(method) = owners {
        valgrind.args(["--owners", method]);
    }
    let status = valgrind
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&output)?)
        .status()
        .context("run valgrind")?;
    if !status.success() {
        bail!("netstat {argument} --replay failed under valgrind ({status})");
    }
    let text = std::fs::read_to_string(&output)?;
    let rows = text.lines().filter(|line| line.starts_with("  TCP ")).count();
    if rows != recording::SOCKETS {
        bail!("netstat {argument} --replay shows {rows} TCP rows instead of {}", recording::SOCKETS);
    }
    let unknown = text.lines().filter(|line| line.starts_with("  TCP ") && line.ends_with(['-', ' ']));
    if owners.is_some() && unknown.count() > 0 {
        bail!("netstat {argument} --replay does not show all owners");
    }
    total(&std::fs::read_to_string(&counted)?).context("callgrind gave no count")
}

/// Finds the count in callgrind's output file.
fn total(text: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix("totals:")?.trim().parse().ok())
}

fn compare(kept: &Value, counts: &Map<String, Value>) -> Result<()> {
    let mut grown = Vec::new();
    for (name, now) in counts {
        let (Some(then), Some(now)) = (kept[name].as_u64(), now.as_u64()) else {
            bail!("{KEPT} has no count for {name}; run cargo xtask instructions");
        };
        if now > then + then / 100 * GROWTH {
            grown.push(format!("{name}: {now} instructions, {then} before"));
        } else if now < then - then / 100 * GROWTH {
            println!("{name} needs fewer than before ({then}); run cargo xtask instructions to store that");
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    let with = kept["compiler"].as_str().unwrap_or("an unknown compiler");
    bail!(
        "over {GROWTH} % more instructions than in {KEPT} (counted with {with}, this is {}). Make it faster again, or \
         run cargo xtask instructions and give the reason in the commit message:\n{}",
        compiler()?,
        grown.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_total_is_found_in_the_output_of_callgrind() {
        assert_eq!(total("events: Ir\nfn=(1)\n1 5\ntotals: 12345\n"), Some(12345));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn growth_up_to_five_percent_is_allowed() {
        let kept = json!({ "netstat -an": 1_000, "compiler": "rustc 1" });
        let counts = |count: u64| Map::from_iter([("netstat -an".to_owned(), Value::from(count))]);
        assert!(compare(&kept, &counts(1_050)).is_ok());
        assert!(compare(&kept, &counts(500)).is_ok());
        let error = compare(&kept, &counts(1_051)).unwrap_err().to_string();
        assert!(error.contains("netstat -an: 1051 instructions, 1000 before"), "{error}");
        assert!(compare(&json!({}), &counts(1)).is_err());
    }
}
