//! A recording made on Windows, replayed by the program for whatever system the tests run on.

use super::fake::table;
use super::memory::Memory;
use super::processes::tests::list_of;
use super::source::{Part, Question};
use crate::tape::Recorder;
use crate::{Origin, Processes, Routes, Sockets, open};
use netstat_model::query::{Kinds, Listing, OwnerSearch, Owners, ProcessFields, SocketQuery, States, Visit};
use netstat_model::{Family, Missing, ProcessKey};
use std::{fs, io};

#[test]
fn a_recording_made_on_windows_replays_on_every_system() {
    let folder = std::env::temp_dir().join(format!("netstat-tape-of-windows-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let recorder = Recorder::create(&folder).unwrap();
    let answer = |question: Question, answer: Result<Memory, i32>| {
        let answer = answer.map(|memory| memory.to_recording()).map_err(io::Error::from_raw_os_error);
        recorder.add(question.function(), &question.arguments(), answer.as_deref());
    };
    let mut row = vec![0; 160];
    row[0] = 2;
    row[4..8].copy_from_slice(&[127, 0, 0, 1]);
    row[8..10].copy_from_slice(&8080u16.to_be_bytes());
    row[20..24].copy_from_slice(&940u32.to_le_bytes());
    row[24..32].copy_from_slice(&150u64.to_le_bytes());
    answer(Question::TcpTable(Family::V4), Ok(table(8, &[row])));
    answer(Question::TcpTable(Family::V6), Ok(table(8, &[])));
    answer(Question::Processes, Ok(list_of(&[(940, 700, 100, "웹서버.exe")])));
    // ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION: EIO and EPIPE on Linux.
    answer(Question::Process(940, Part::User), Err(5));
    answer(Question::Interfaces, Err(32));
    recorder.finish().unwrap();
    let index = folder.join("index.jsonl");
    let told = fs::read_to_string(&index).unwrap();
    fs::write(&index, told.replacen(std::env::consts::OS, "windows", 1)).unwrap();

    let system = open(Origin::Replay(&folder)).unwrap();
    let query = SocketQuery::new(Kinds::TCP, States::LISTEN);
    let listing = Listing { query: &query, owners: OwnerSearch::All(Owners::Auto), may_restart: true };
    let (sockets, _) = system.sockets(&listing, &mut |_| Visit::KeepWithOwners).unwrap().data;
    let owners: Vec<_> = sockets.iter().flat_map(|socket| socket.ownership().owners().to_vec()).collect();
    let id = ProcessKey { pid: 940, start_time: 100 };
    assert_eq!(owners.iter().map(|owner| owner.process).collect::<Vec<_>>(), [id]);
    let processes = system.processes(&[id], ProcessFields::NAME | ProcessFields::ACCOUNT).data;
    assert_eq!(processes[0].name, Ok("웹서버.exe".into()));
    assert_eq!(processes[0].account, Err(Missing::NotPermitted));
    let refused = system.interfaces().unwrap_err().to_string();
    if cfg!(not(windows)) {
        assert_eq!(refused, "cannot list the network interfaces: error 32 of Windows");
    }
    drop(system);
    // Windows removes no file that is still mapped or open.
    let _ = fs::remove_dir_all(&folder);
}
