//! The services that run in each process.

use super::part::missing;
use crate::windows::memory::{Memory, u32_at, u64_at};
use crate::windows::mib_table::rows;
use crate::windows::source::{Question, Source};
use netstat_model::Missing;
use rustc_hash::FxHashMap;
use std::ffi::OsString;

/// The most answers that are read. A machine has a few.
const MOST_PIECES: usize = 1000;

/// Returns the names of the services by PID, separated by commas where a process has several. They come in pieces, each
/// with the handle for the next: Windows returns no more than 256 KiB at once.
pub(super) fn by_process(source: &dyn Source) -> Result<FxHashMap<u32, OsString>, Missing> {
    let mut by_pid = FxHashMap::default();
    let mut resume = 0;
    for _ in 0..MOST_PIECES {
        let answer = source.ask(&Question::Services(resume)).map_err(|error| missing(&error))?;
        resume = decode(&answer, &mut by_pid).ok_or(Missing::Unreadable)?;
        if resume == 0 {
            return Ok(by_pid);
        }
    }
    Err(Missing::Unreadable)
}

/// Offset of the resume handle, after the number of rows.
const RESUME: usize = 4;
/// Offset of the first row.
const FIRST_ROW: usize = 8;
// Size and offsets of `ENUM_SERVICE_STATUS_PROCESSW`.
const ROW: usize = 56;
const NAME: usize = 0;
const PID: usize = 44;

/// Adds the names in an answer. Returns the handle for the rest, 0 if there is none; `None` if rows are missing.
#[doc(alias = "ENUM_SERVICE_STATUS_PROCESSW")]
pub(super) fn decode(answer: &Memory, by_pid: &mut FxHashMap<u32, OsString>) -> Option<u32> {
    let resume = u32_at(answer.bytes(), RESUME)?;
    let (rows, lacking) = rows(answer.bytes(), FIRST_ROW, ROW);
    for row in rows {
        let name = u64_at(row, NAME).and_then(|name| answer.text_at(name));
        let (Some(name), Some(pid @ 1..)) = (name, u32_at(row, PID)) else { continue };
        let names = by_pid.entry(pid).or_default();
        if !names.is_empty() {
            names.push(", ");
        }
        names.push(name);
    }
    (lacking == 0).then_some(resume)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;
    use std::mem::{offset_of, size_of};
    use windows_sys::Win32::System::Services::ENUM_SERVICE_STATUS_PROCESSW as Row;

    #[test]
    fn offsets_match_the_windows_structure() {
        assert_eq!((ROW, NAME), (size_of::<Row>(), offset_of!(Row, lpServiceName)));
        assert_eq!(PID, offset_of!(Row, ServiceStatusProcess.dwProcessId));
    }

    /// An answer with these services, and the handle for the rest.
    fn piece(services: &[(u32, &str)], resume: u32) -> Memory {
        let mut bytes = vec![0; services.len() * ROW];
        for (index, (pid, name)) in services.iter().enumerate() {
            let at = 0x1000 + bytes.len() as u64;
            bytes[index * ROW..][..8].copy_from_slice(&at.to_le_bytes());
            bytes[index * ROW + PID..][..4].copy_from_slice(&pid.to_le_bytes());
            bytes.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        }
        Memory::new(0x1000, bytes).after(u64::from(resume) << 32 | services.len() as u64)
    }

    #[test]
    fn a_process_may_have_several_services() {
        let services = [(900, "RpcEptMapper"), (900, "RpcSs"), (0, "Stopped"), (4000, "Dnscache")];
        let running = by_process(&Fake::new().says(Question::Services(0), piece(&services, 0))).unwrap();
        assert_eq!(running[&900], "RpcEptMapper, RpcSs");
        assert_eq!(running[&4000], "Dnscache");
        assert_eq!(running.len(), 2);
        assert_eq!(by_process(&Fake::new().fails(Question::Services(0), 5)), Err(Missing::NotPermitted));
    }

    #[test]
    fn services_beyond_one_answer_are_asked_for_by_the_handle() {
        let begins = || Fake::new().says(Question::Services(0), piece(&[(900, "RpcSs")], 640));
        let ends = begins().says(Question::Services(640), piece(&[(900, "LSM"), (4000, "Dnscache")], 0));
        let running = by_process(&ends).unwrap();
        assert_eq!((&*running[&900], &*running[&4000]), ("RpcSs, LSM".as_ref(), "Dnscache".as_ref()));
        // Never a part for the whole: the rest is refused, cut off, or without an end.
        assert_eq!(by_process(&begins().fails(Question::Services(640), 5)), Err(Missing::NotPermitted));
        let cut = Memory::flat(2u64.to_le_bytes().to_vec());
        assert_eq!(by_process(&begins().says(Question::Services(640), cut)), Err(Missing::Unreadable));
        let round = begins().says(Question::Services(640), piece(&[(7, "X")], 640));
        assert_eq!(by_process(&round), Err(Missing::Unreadable));
        assert_eq!(round.asked().len(), MOST_PIECES);
    }
}
