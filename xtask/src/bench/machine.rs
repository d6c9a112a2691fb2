//! What was measured on.

use std::fmt;
use std::process::Command;

/// The machine, the system, and the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    date: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.map(|rest| rest.trim_start_matches([' ', '\t', ':']).trim().to_owned())
        };
        let memory = value(&read("/proc/meminfo"), "MemTotal")
            .and_then(|kib| kib.split(' ').next()?.parse::<u64>().ok())
            .unwrap_or(0);
        let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: memory.div_ceil(1024 * 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            date: date.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}, {} cores, {} GiB of memory, Linux {}",
            self.date, self.processor, self.cores, self.memory_gib, self.kernel
        )
    }
}
