use super::*;
use crate::windows::fake::Fake;
use proptest::prelude::*;
use std::mem::offset_of;
use windows_sys::Win32::System::WindowsProgramming as nt;

const ADDRESS: u64 = 0x7ff0_0000;

/// The list as the kernel writes it: each entry is followed by its name.
pub(in crate::windows) fn list_of(processes: &[(u32, u32, u64, &str)]) -> Memory {
    let mut bytes = Vec::new();
    for (index, (pid, parent, start, name)) in processes.iter().enumerate() {
        let at = bytes.len();
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let size = 256 + name.len().next_multiple_of(8);
        bytes.resize(at + size, 0);
        let mut put =
            |offset: usize, value: &[u8]| bytes[at + offset..][..value.len()].copy_from_slice(value);
        if index + 1 < processes.len() {
            put(NEXT, &u32::try_from(size).unwrap().to_le_bytes());
        }
        put(CREATE_TIME, &start.to_le_bytes());
        put(NAME_LENGTH, &u16::try_from(name.len()).unwrap().to_le_bytes());
        if !name.is_empty() {
            put(NAME, &(ADDRESS + at as u64 + 256).to_le_bytes());
        }
        put(PID, &u64::from(*pid).to_le_bytes());
        put(PARENT, &u64::from(*parent).to_le_bytes());
        put(256, &name);
    }
    Memory::new(ADDRESS, bytes)
}

#[test]
fn offsets_match_the_windows_structure() {
    type Entry = nt::SYSTEM_PROCESS_INFORMATION;
    assert_eq!(NEXT, offset_of!(Entry, NextEntryOffset));
    assert_eq!(NAME_LENGTH, offset_of!(Entry, ImageName.Length));
    assert_eq!(NAME, offset_of!(Entry, ImageName.Buffer));
    assert_eq!(PID, offset_of!(Entry, UniqueProcessId));
    // winternl.h hides some fields as reserved: the parent follows the process, and the creation time is the fifth of
    // the times and sizes before the name.
    assert_eq!(PARENT, offset_of!(Entry, Reserved2));
    assert_eq!(CREATE_TIME, offset_of!(Entry, Reserved1) + 24);
}

#[test]
fn a_process_is_found_by_pid_and_start() {
    let source = Fake::new()
        .says(Question::Processes, list_of(&[(0, 0, 0, ""), (4, 0, 10, "System"), (8, 4, 20, "한.exe")]));
    let wanted = [ProcessKey { pid: 8, start_time: 20 }, ProcessKey { pid: 4, start_time: ENDED }];
    let known = processes(&source, &wanted, ProcessFields::NAME).data;
    assert_eq!(known[0].name, Ok("한.exe".into()));
    assert_eq!(known[0].executable, Err(Missing::NotRead));
    assert_eq!(known[1].name, Err(Missing::Gone));
    let parents: Vec<u32> = list(&source).unwrap().iter().map(|process| process.parent).collect();
    assert_eq!(parents, [0, 0, 4]);
}

#[test]
fn a_name_outside_is_empty_and_a_refused_list_is_unreadable() {
    let memory = list_of(&[(8, 4, 20, "a.exe")]);
    let moved = Memory::new(ADDRESS + 4096, memory.bytes().to_vec());
    assert_eq!(decode_list(&moved)[0].name, "");
    let known = processes(&Fake::new(), &[ProcessKey { pid: 8, start_time: 20 }], ProcessFields::NAME).data;
    assert_eq!(known[0].name, Err(Missing::Unreadable));
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn every_field_is_read() {
    let id = ProcessKey { pid: 8, start_time: 20 };
    let line = [wide("a.exe -k")].concat();
    let string =
        [&[u8::try_from(line.len()).unwrap(), 0, 0, 0, 0, 0, 0, 0][..], &0x5010u64.to_le_bytes(), &line]
            .concat();
    let source = Fake::new()
        .says(Question::Processes, list_of(&[(8, 4, 20, "a.exe"), (4, 0, 10, "System")]))
        .says(Question::Process(8, Part::Path), Memory::flat(wide(r"C:\Dir\a.exe")).after(20))
        .says(Question::Process(8, Part::CommandLine), Memory::new(0x5000, string).after(20))
        .fails(Question::Process(8, Part::User), 5)
        .says(Question::Services(0), Memory::flat(Vec::new()).after(0));
    let known = processes(&source, &[id, ProcessKey { pid: 4, start_time: 10 }], ProcessFields::all()).data;
    assert_eq!(known[0].executable.as_ref().unwrap().path.as_os_str(), r"C:\Dir\a.exe");
    assert_eq!(known[0].command_line, Ok(vec!["a.exe".into(), "-k".into()]));
    assert_eq!(known[0].account, Err(Missing::NotPermitted));
    assert_eq!(
        (&known[0].unit, &known[0].container),
        (&Err(Missing::NotApplicable), &Err(Missing::NotApplicable))
    );
    assert_eq!((&known[1].name, &known[1].executable), (&Ok("System".into()), &Err(Missing::NotApplicable)));
}

#[test]
fn a_successor_with_the_same_pid_is_not_this_process() {
    let id = ProcessKey { pid: 8, start_time: 20 };
    let source = Fake::new()
        .says(Question::Processes, list_of(&[(8, 4, 20, "a.exe")]))
        .says(Question::Process(8, Part::Path), Memory::flat(wide("b.exe")).after(21));
    let known = processes(&source, &[id], ProcessFields::EXECUTABLE).data;
    assert_eq!(known[0].executable, Err(Missing::Gone));
}

proptest! {
    #[test]
    fn no_bytes_panic(address: u64, bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        decode_all(&Memory::new(address, bytes));
    }

    #[test]
    fn any_offset_terminates(next: u32, name: u64, length: u16) {
        let mut bytes = vec![0; 512];
        bytes[..4].copy_from_slice(&next.to_le_bytes());
        bytes[NAME_LENGTH..][..2].copy_from_slice(&length.to_le_bytes());
        bytes[NAME..][..8].copy_from_slice(&name.to_le_bytes());
        prop_assert!(!decode_list(&Memory::new(ADDRESS, bytes)).is_empty());
    }
}
