//! The table of processes by ports (`-c`). No sample of the Windows table is known, so the layout is our own, in
//! the style of the other tables:
//!
//! ```text
//!
//! Ports in Use by Process
//!
//!   PID      TCP    UDP    Total  Process
//!   4711     120    2      122    nginx
//!   0        31     0      31     (no process)
//!   -        2      1      3      (not known)
//! ```
//!
//! `0` and `-` mean in the first column what they mean in the connection table, and the process has the name that it has
//! there.

use super::{LineEnd, Sheet};
use netstat_engine::both;
use netstat_engine::text::words::UNKNOWN;
use netstat_engine::text::{Language, Text, decimal, escape, pad};
use netstat_engine::view::{PortCount, PortHolder};
use netstat_model::{Process, ProcessKey};
use rustc_hash::FxHashMap;
use std::ffi::OsStr;
use std::io::{self, Write};

static TITLE: Text = Text::fixed("Ports in Use by Process", "프로세스별 사용 포트");

static HEADINGS: Text =
    Text::fixed("  PID      TCP    UDP    Total  Process", "  PID      TCP    UDP    합계   프로세스");

/// Writes the table: an empty line, the title, an empty line, the headings, the rows.
pub fn render_process_counts<W: Write>(
    counts: &[PortCount],
    processes: &FxHashMap<ProcessKey, Process>,
    language: Language,
    line_end: LineEnd,
    out: &mut W,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, line_end);
    sheet.line("")?;
    sheet.line(TITLE.of(language))?;
    sheet.line("")?;
    sheet.line(HEADINGS.of(language))?;
    for count in counts {
        let buffer = &mut sheet.buffer;
        buffer.extend_from_slice(b"  ");
        let start = buffer.len();
        match count.holder {
            PortHolder::Process(id) => decimal(buffer, u64::from(id.pid)),
            PortHolder::NoProcess => buffer.push(b'0'),
            PortHolder::NotKnown => buffer.extend_from_slice(UNKNOWN.as_bytes()),
        }
        pad(buffer, start, 7);
        for number in [count.tcp, count.udp, count.total()] {
            buffer.extend_from_slice(b"  ");
            let start = buffer.len();
            decimal(buffer, u64::try_from(number).unwrap_or(u64::MAX));
            pad(buffer, start, 5);
        }
        buffer.extend_from_slice(b"  ");
        match count.holder {
            PortHolder::Process(id) => escape::write_text(buffer, name(processes, id)),
            PortHolder::NoProcess => {
                buffer.extend_from_slice(both!("(no process)", "(프로세스 없음)").of(language).as_bytes());
            }
            PortHolder::NotKnown => {
                buffer.extend_from_slice(both!("(not known)", "(확인 불가)").of(language).as_bytes());
            }
        }
        sheet.end_line()?;
    }
    sheet.hand_on()
}

fn name(processes: &FxHashMap<ProcessKey, Process>, id: ProcessKey) -> &OsStr {
    processes.get(&id).and_then(|process| process.name.as_deref().ok()).unwrap_or(OsStr::new(UNKNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::Missing;

    #[test]
    fn layout() {
        let id = |pid| ProcessKey { pid, start_time: 1 };
        let mut processes = FxHashMap::default();
        let mut nginx = Process::unknown(id(4711), Missing::NotRead);
        nginx.name = Ok("nginx".into());
        processes.insert(id(4711), nginx);
        let mut odd = Process::unknown(id(4_194_304), Missing::NotPermitted);
        odd.name = Ok("a\nb".into());
        processes.insert(id(4_194_304), odd);
        let count = |holder, tcp, udp| PortCount { holder, tcp, udp };
        let counts = [
            count(PortHolder::Process(id(4711)), 120, 2),
            count(PortHolder::NoProcess, 31, 0),
            count(PortHolder::NotKnown, 2, 1),
            count(PortHolder::Process(id(4_194_304)), 65535, 65535),
            count(PortHolder::Process(id(5)), 1, 0),
        ];
        let mut out = Vec::new();
        render_process_counts(&counts, &processes, Language::English, LineEnd::Lf, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\nPorts in Use by Process\n\n\
             \x20 PID      TCP    UDP    Total  Process\n\
             \x20 4711     120    2      122    nginx\n\
             \x20 0        31     0      31     (no process)\n\
             \x20 -        2      1      3      (not known)\n\
             \x20 4194304  65535  65535  131070  a\\x0ab\n\
             \x20 5        1      0      1      -\n"
        );
    }
}
