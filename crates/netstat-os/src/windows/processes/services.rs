//! The services that run in each process.

use super::part::missing;
use crate::windows::memory::{Memory, u32_at, u64_at};
use crate::windows::mib_table::rows;
use crate::windows::source::{Question, Source};
use netstat_model::Missing;
use rustc_hash::FxHashMap;
use std::ffi::OsString;

/// Returns the names of the services by PID, separated by commas where a process has several.
pub(super) fn by_process(source: &dyn Source) -> Result<FxHashMap<u32, OsString>, Missing> {
    let answer = source.ask(&Question::Services).map_err(|error| missing(&error))?;
    Ok(decode(&answer))
}

/// Offset of the first row, after the number of rows in eight bytes.
const FIRST_ROW: usize = 8;
// Size and offsets of `ENUM_SERVICE_STATUS_PROCESSW`.
const ROW: usize = 56;
const NAME: usize = 0;
const PID: usize = 44;

#[doc(alias = "ENUM_SERVICE_STATUS_PROCESSW")]
pub(super) fn decode(answer: &Memory) -> FxHashMap<u32, OsString> {
    let mut by_pid: FxHashMap<u32, OsString> = FxHashMap::default();
    for row in rows(answer.bytes(), FIRST_ROW, ROW).0 {
        let name = u64_at(row, NAME).and_then(|name| answer.text_at(name));
        let (Some(name), Some(pid @ 1..)) = (name, u32_at(row, PID)) else { continue };
        let names = by_pid.entry(pid).or_default();
        if !names.is_empty() {
            names.push(", ");
        }
        names.push(name);
    }
    by_pid
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

    #[test]
    fn a_process_may_have_several_services() {
        let services = [(900u32, "RpcEptMapper"), (900, "RpcSs"), (0, "Stopped"), (4000, "Dnscache")];
        let mut bytes = vec![0; services.len() * ROW];
        for (index, (pid, name)) in services.iter().enumerate() {
            let at = 0x1000 + bytes.len() as u64;
            bytes[index * ROW..][..8].copy_from_slice(&at.to_le_bytes());
            bytes[index * ROW + PID..][..4].copy_from_slice(&pid.to_le_bytes());
            bytes.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        }
        let answer = Memory::new(0x1000, bytes).after(services.len() as u64);
        let running = by_process(&Fake::new().says(Question::Services, answer)).unwrap();
        assert_eq!(running[&900], "RpcEptMapper, RpcSs");
        assert_eq!(running[&4000], "Dnscache");
        assert_eq!(running.len(), 2);
        assert_eq!(by_process(&Fake::new().fails(Question::Services, 5)), Err(Missing::NotPermitted));
    }
}
