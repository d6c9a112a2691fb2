//! Runs programs in turn and measures each.
//!
//! `measure` of the laboratory is the stopwatch. hyperfine runs all repetitions of one program before the next, so that a
//! noisy minute hits one of them alone, has no time limit, and reports memory from 1.19 on only (Debian 12 has 1.15).

use crate::workspace::{built, root};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// One run of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Wall time.
    pub(crate) wall: Duration,
    /// Processor time, in the program and in the kernel.
    pub(crate) cpu: Duration,
    /// The part of it in the program itself.
    pub(crate) user: Duration,
    /// Peak resident memory in KiB.
    pub(crate) peak_kib: u64,
    /// The exit code; -1 after a signal, -2 after the time limit.
    pub(crate) code: i32,
}

/// All runs of one program.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    pub(crate) samples: Vec<Sample>,
    /// Lines that it printed in its first run.
    pub(crate) lines: usize,
    /// Why there are no samples.
    pub(crate) trouble: Option<String>,
}

impl Series {
    /// Returns the median of a value of each run.
    pub(crate) fn median<T: Ord + Copy>(&self, of: impl Fn(&Sample) -> T) -> Option<T> {
        let mut values: Vec<T> = self.samples.iter().map(of).collect();
        values.sort_unstable();
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    pub(crate) fn wall(&self) -> Option<Duration> {
        self.median(|sample| sample.wall)
    }
}

/// The programs that are compared.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// The release build of this workspace.
    pub(crate) netstat: PathBuf,
    /// The versions of the others; `None` for one that is missing.
    versions: BTreeMap<&'static str, Option<String>>,
}

/// Other programs by absolute path, since one has the same name as ours, and the option that prints each one's version.
pub(crate) const SS: &str = "/usr/bin/ss";
pub(crate) const NET_TOOLS: &str = "/usr/bin/netstat";
pub(crate) const LSOF: &str = "/usr/bin/lsof";
const OTHERS: [(&str, &str); 3] = [(SS, "-V"), (NET_TOOLS, "--version"), (LSOF, "-v")];

impl Programs {
    pub(crate) fn find() -> Self {
        let versions = OTHERS.map(|(program, option)| (program, version(program, option)));
        for (program, _) in versions.iter().filter(|(_, version)| version.is_none()) {
            println!("{program} is missing; going on without it");
        }
        Self { netstat: built("netstat"), versions: versions.into() }
    }

    /// Returns whether another program is installed.
    pub(crate) fn has(&self, program: &str) -> bool {
        self.versions.get(program).is_some_and(Option::is_some)
    }

    /// Names the others with their versions, in Markdown.
    pub(crate) fn described(&self) -> Vec<String> {
        let described = |(program, version): (_, &Option<String>)| {
            format!("`{program}` {}", version.as_deref().unwrap_or("(missing)"))
        };
        self.versions.iter().map(described).collect()
    }
}

/// Returns the first word with a digit and a dot of what a program prints about its version.
fn version(program: &str, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let word = text
        .split([' ', '\n', ','])
        .find(|word| word.contains('.') && word.chars().any(|c| c.is_ascii_digit()) && !word.contains('/'));
    Some(word.unwrap_or("of unknown version").to_owned())
}

/// Returns the file with the output of the last run. All runs share it, so that nothing large is left.
pub(crate) fn output_file() -> PathBuf {
    built("bench-output.txt")
}

/// A program with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The largest exit code that is no failure.
    pub(crate) largest_answer: i32,
}

impl Contender {
    pub(crate) fn new(name: &str, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { name: name.to_owned(), program: program.into(), arguments, largest_answer: 0 }
    }
}

/// Runs a program once with its output in [`output_file`], and kills it after the time limit.
pub(crate) fn measure(contender: &Contender) -> Result<Sample> {
    let mut child = Command::new(built("examples/measure"))
        .arg(LIMIT.to_string())
        .arg(output_file())
        .arg(&contender.program)
        .args(&contender.arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("run measure")?;
    // Closing it would end the program.
    let input = child.stdin.take();
    let output = child.wait_with_output().context("wait for measure")?;
    drop(input);
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<i64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [wall, cpu, user, peak, code] = numbers[..] else {
        bail!("{} could not be measured: {}", contender.program.display(), output.status);
    };
    let nanos = |number: i64| Duration::from_nanos(number.unsigned_abs());
    Ok(Sample {
        wall: nanos(wall),
        cpu: nanos(cpu),
        user: nanos(user),
        peak_kib: peak.unsigned_abs(),
        code: i32::try_from(code).unwrap_or(-1),
    })
}

/// A program that takes longer than this runs only `FEW` times.
const LONG: Duration = Duration::from_secs(2);
const FEW: usize = 3;
/// A program that takes longer than this runs once.
const VERY_LONG: Duration = Duration::from_secs(20);
/// The most seconds that a program gets.
const LIMIT: u32 = 180;

/// Runs all programs in turn, after a first run each that does not count. Where one fails, its series says why.
pub(super) fn in_turn(contenders: &[Contender], runs: usize) -> BTreeMap<String, Series> {
    let mut all: BTreeMap<String, Series> = BTreeMap::new();
    let mut wanted: Vec<usize> = vec![runs; contenders.len()];
    for round in 0..=runs {
        for (contender, wanted) in contenders.iter().zip(&mut wanted) {
            if round > *wanted {
                continue;
            }
            let series = all.entry(contender.name.clone()).or_default();
            let sample = match measure(contender).and_then(|sample| accept(sample, contender.largest_answer))
            {
                Ok(sample) => sample,
                Err(error) => {
                    series.trouble = Some(format!("{error:#}"));
                    *wanted = 0;
                    continue;
                }
            };
            if round > 0 {
                series.samples.push(sample);
                continue;
            }
            series.lines = lines(&output_file());
            if sample.wall > VERY_LONG {
                series.samples.push(sample);
                *wanted = 0;
            } else if sample.wall > LONG {
                *wanted = FEW.min(runs);
            }
        }
    }
    all
}

/// Fails with the first line of its complaint where a program failed.
fn accept(sample: Sample, largest_answer: i32) -> Result<Sample> {
    match sample.code {
        code if (0..=largest_answer).contains(&code) => Ok(sample),
        -2 => bail!("took more than {LIMIT} s"),
        code => {
            let mut path = output_file().into_os_string();
            path.push(".err");
            let said = std::fs::read_to_string(path).unwrap_or_default();
            bail!("ended with {code}: {}", said.lines().next().unwrap_or("no message"))
        }
    }
}

fn lines(path: &Path) -> usize {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.split(|&byte| byte == b'\n').count().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let sample = |ms| Sample {
            wall: Duration::from_millis(ms),
            cpu: Duration::ZERO,
            user: Duration::ZERO,
            peak_kib: 0,
            code: 0,
        };
        let mut series = Series::default();
        assert_eq!(series.wall(), None);
        series.samples = [9, 1, 2].map(sample).to_vec();
        assert_eq!(series.wall(), Some(Duration::from_millis(2)));
    }
}
