//! Running programs in turn, and what that took.

use super::built;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// One run of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Time on the clock.
    pub(crate) wall: Duration,
    /// Time on the processors, in the program and in the kernel.
    pub(crate) cpu: Duration,
    /// The part of it in the program.
    pub(crate) user: Duration,
    /// Peak resident memory.
    pub(crate) peak_kib: u64,
    /// The exit code; -1 for a signal, -2 when it took too long.
    pub(crate) code: i32,
}

/// What one program did in all its runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    pub(crate) samples: Vec<Sample>,
    /// Lines of its output, in the last run.
    pub(crate) lines: usize,
    /// Why there are no samples.
    pub(crate) trouble: Option<String>,
}

impl Series {
    /// The median of something.
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
    /// Ours.
    pub(crate) netstat: PathBuf,
    /// What our `--help` says, which tells what can be measured.
    pub(crate) help: String,
    /// Versions of the others; those that are missing have none.
    pub(crate) versions: BTreeMap<&'static str, Option<String>>,
}

/// The others, by their absolute paths because ours has a name of theirs, and how each tells its version.
pub(crate) const SS: &str = "/usr/bin/ss";
pub(crate) const NET_TOOLS: &str = "/usr/bin/netstat";
pub(crate) const LSOF: &str = "/usr/bin/lsof";
const OTHERS: [(&str, &str); 3] = [(SS, "-V"), (NET_TOOLS, "--version"), (LSOF, "-v")];

impl Programs {
    pub(crate) fn find() -> Result<Self> {
        let netstat = built("netstat");
        let help = Command::new(&netstat).arg("--help").output().context("run netstat --help")?;
        let versions = OTHERS.map(|(program, option)| (program, version(program, option)));
        for (program, _) in versions.iter().filter(|(_, version)| version.is_none()) {
            println!("{program} is missing; going on without it");
        }
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        Ok(Self { netstat, help, versions: versions.into() })
    }

    /// Whether ours has an option.
    pub(crate) fn has(&self, option: &str) -> bool {
        self.help.split([' ', '\n', ',', '(', ')', '=']).any(|word| word == option)
    }

    /// Whether a program is there.
    pub(crate) fn is_there(&self, program: &str) -> bool {
        self.versions.get(program).is_none_or(Option::is_some)
    }
}

/// The first word with a digit of what a program says of its version.
fn version(program: &str, option: &str) -> Option<String> {
    let output = Command::new(program).arg(option).stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let word = text
        .split([' ', '\n', ','])
        .find(|word| word.contains('.') && word.chars().any(|c| c.is_ascii_digit()) && !word.contains('/'));
    Some(word.unwrap_or("of unknown version").to_owned())
}

/// The output of the last run. One file for all, so that nothing large is left.
pub(crate) fn output_file() -> PathBuf {
    built("bench-output.txt")
}

/// Runs a program once, for `seconds` at most, with its output in [`output_file`].
pub(crate) fn measure(seconds: u32, program: &Path, arguments: &[String]) -> Result<Sample> {
    let mut child = Command::new(built("examples/measure"))
        .arg(seconds.to_string())
        .arg(output_file())
        .arg(program)
        .args(arguments)
        .current_dir(workspace::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("run measure")?;
    // Held open until the end: it is what keeps the program alive.
    let input = child.stdin.take();
    let output = child.wait_with_output().context("wait for measure")?;
    drop(input);
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<i64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [wall, cpu, user, peak, code] = numbers[..] else {
        bail!("{} could not be measured: {}", program.display(), output.status);
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

/// A program that takes part, with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The largest exit code that is an answer: what `netstat check` finds is one.
    pub(crate) largest_answer: i32,
}

impl Contender {
    pub(crate) fn new(name: &str, program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { name: name.to_owned(), program: program.into(), arguments, largest_answer: 0 }
    }
}

/// What takes longer than this runs a few times only.
const LONG: Duration = Duration::from_secs(2);
const FEW: usize = 3;
/// What takes longer than this does not run again.
const VERY_LONG: Duration = Duration::from_secs(20);
const LIMIT: u32 = 180;

/// Runs all of them in turn, after one run each that does not count, and answers what each took. An error of one ends
/// its part only.
pub(crate) fn in_turn(contenders: &[Contender], runs: usize) -> BTreeMap<String, Series> {
    let mut all: BTreeMap<String, Series> = BTreeMap::new();
    let mut wanted: Vec<usize> = vec![runs; contenders.len()];
    for round in 0..=runs {
        for (contender, wanted) in contenders.iter().zip(&mut wanted) {
            if round > *wanted {
                continue;
            }
            let series = all.entry(contender.name.clone()).or_default();
            let sample = match measure(LIMIT, &contender.program, &contender.arguments) {
                Ok(sample) => sample,
                Err(error) => {
                    series.trouble = Some(format!("{error:#}"));
                    *wanted = 0;
                    continue;
                }
            };
            if let Some(trouble) = trouble(&sample, contender.largest_answer) {
                series.trouble = Some(trouble);
                *wanted = 0;
                continue;
            }
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

fn trouble(sample: &Sample, largest_answer: i32) -> Option<String> {
    match sample.code {
        code if (0..=largest_answer).contains(&code) => None,
        -2 => Some(format!("took more than {LIMIT} s")),
        code => {
            let mut path = output_file().into_os_string();
            path.push(".err");
            let said = std::fs::read_to_string(path).unwrap_or_default();
            Some(format!("ended with {code}: {}", said.lines().next().unwrap_or("without a word")))
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
