//! The machine that a measurement was made on.

use crate::workspace;
use std::fmt;

/// The machine, its system, and the day.
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
        let memory_kib = value(&read("/proc/meminfo"), "MemTotal")
            .and_then(|kib| kib.split(' ').next()?.parse::<u64>().ok())
            .unwrap_or(0);
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: memory_kib.div_ceil(1024 * 1024),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            date: workspace::date(None).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, memory_gib, kernel, date } = self;
        write!(f, "{date}: {processor}, {cores} cores, {memory_gib} GiB of memory, Linux {kernel}")
    }
}
