use super::*;
use crate::linux::source::{OwnersProgram, Walk};
use crate::linux::stat::decode_stat;
use netstat_model::owner_method::{BpfStep, NoBpf};
use proptest::prelude::*;
use rustix::io::Errno;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

fn record(start: u64, cookie: u64, numbers: [u32; 4]) -> Vec<u8> {
    let long = [start, cookie].into_iter().flat_map(u64::to_ne_bytes);
    long.chain(numbers.into_iter().flat_map(u32::to_ne_bytes)).collect()
}

fn decoded(bytes: &[u8]) -> Option<Vec<Record>> {
    decode_records(bytes).map(Iterator::collect)
}

#[test]
fn the_fields_are_the_right_ones() {
    let bytes = [record(1_239_999_999, 5, [77, 3, 10, 1]), record(0, 0, [78, 0, 11, 0])].concat();
    let expected = [
        Record { start_time: 123, cookie: Some(5), inode: 77, descriptor: 3, pid: 10, parent: 1 },
        Record { start_time: 0, cookie: None, inode: 78, descriptor: 0, pid: 11, parent: 0 },
    ];
    assert_eq!(decoded(&bytes).unwrap(), expected);
    assert_eq!(decoded(b"").unwrap(), []);
}

#[test]
fn partial_and_empty_records_are_rejected() {
    let bytes = record(1, 2, [77, 3, 10, 1]);
    for len in 1..bytes.len() {
        assert_eq!(decoded(&bytes[..len]), None, "{len}");
    }
    assert_eq!(decoded(&record(1, 2, [0, 3, 10, 1])).unwrap(), []);
    assert_eq!(decoded(&record(1, 2, [77, 3, 0, 1])).unwrap(), []);
}

#[test]
fn a_final_zero_record_means_more() {
    let (told, more) = (record(1, 2, [77, 3, 10, 1]), record(0, 0, [0; 4]));
    let pieces = [(vec![], false), (told.clone(), false), (more.clone(), true), (vec![0; 31], false)];
    let both = [([&told[..], &more[..]].concat(), true), ([more, told].concat(), false)];
    for (piece, says) in pieces.into_iter().chain(both) {
        assert_eq!(records::says_more(&piece), says, "{piece:?}");
    }
}

#[test]
fn rings_are_known_where_the_walk_says_that_it_told_of_them() {
    let (ring, end) = (record(1, 0, [0, 3, 10, 1]), record(0, 0, [0, 1, 0, 0]));
    let others = [record(1, 2, [77, 3, 11, 1]), record(0, 0, [0; 4])].concat();
    for (pieces, expected) in [
        (vec![ring.clone(), others.clone(), [&ring[..], &end].concat()], Some(vec![10])),
        (vec![others.clone(), end], Some(vec![])),
        (vec![ring, others], None),
        (vec![], None),
    ] {
        let mut rings = Rings::default();
        pieces.iter().for_each(|piece| rings.note(piece));
        assert_eq!(rings.processes().map(|all| all.into_iter().collect::<Vec<_>>()), expected);
    }
}

#[test]
fn a_clock_tick_is_10_ms() {
    assert_eq!(rustix::param::clock_ticks_per_second(), 100);
}

#[test]
fn error_numbers_map_to_reasons() {
    let reason = |step, errno: Errno| Failure { step, errno: errno.raw_os_error() }.reason();
    let refused = |step, errno: Errno| NoBpf::Refused { step, errno: errno.raw_os_error() };
    for (step, errno, expected) in [
        (BpfStep::MakeMap, Errno::PERM, NoBpf::NotPermitted),
        (BpfStep::MakeMap, Errno::ACCESS, NoBpf::NotPermitted),
        (BpfStep::MakeMap, Errno::NOSYS, NoBpf::KernelTooOld),
        (BpfStep::LoadLoader, Errno::PERM, NoBpf::NotPermitted),
        (BpfStep::LoadLoader, Errno::INVAL, NoBpf::KernelTooOld),
        (BpfStep::Load, Errno::TOOBIG, NoBpf::KernelTooOld),
        (BpfStep::Load, Errno::ACCESS, refused(BpfStep::Load, Errno::ACCESS)),
        (BpfStep::Load, Errno::NOENT, refused(BpfStep::Load, Errno::NOENT)),
        (BpfStep::Read, Errno::NOMEM, refused(BpfStep::Read, Errno::NOMEM)),
    ] {
        assert_eq!(reason(step, errno), expected, "{step:?} {errno:?}");
    }
    let text = refused(BpfStep::Load, Errno::NOENT).to_string();
    assert_eq!(text, "the kernel refused to load the BPF program: No such file or directory");
}

#[test]
fn failures_come_back_from_a_recording() {
    for step in [
        BpfStep::MakeMap,
        BpfStep::FillMap,
        BpfStep::LoadLoader,
        BpfStep::Load,
        BpfStep::Attach,
        BpfStep::Start,
        BpfStep::Read,
    ] {
        let failure = Failure { step, errno: 22 };
        assert_eq!(Failure::from_bytes(&failure.to_bytes()), Some(failure));
    }
    for bytes in [&b""[..], b"\0", b"\0\0\0\0", b"\0\0\0\0\0\0", b"\xff\0\0\0\0"] {
        assert_eq!(Failure::from_bytes(bytes), None, "{bytes:?}");
    }
}

#[test]
fn the_kernel_is_asked_what_it_knows() {
    // A seccomp filter or an unprivileged_bpf_disabled refuses the question, which is not an answer.
    assert!(syscall::knows_relocations() || release() < (5, 17));
}

fn release() -> (u32, u32) {
    let uname = rustix::system::uname();
    let mut numbers = uname.release().to_str().unwrap().split(|char: char| !char.is_ascii_digit());
    let mut number = || numbers.next().unwrap().parse().unwrap();
    (number(), number())
}

/// Reads the records of the running kernel; `None` if this user may not.
fn fetched(walk: Walk) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    let program = Program::load();
    match program
        .and_then(|program| program.walk(walk, &mut |piece| records.extend(decode_records(piece).unwrap())))
    {
        Ok(()) => Some(records),
        Err(failure) => {
            let reason = failure.reason();
            let as_it_should = match reason {
                NoBpf::NotPermitted => true,
                NoBpf::KernelTooOld => release() < (5, 17),
                _ => false,
            };
            assert!(as_it_should, "{failure:?}: {reason}");
            netstat_lab::skip(format_args!("BPF: {reason}"));
            None
        }
    }
}

#[test]
fn records_of_this_process_agree_with_proc() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let Some(records) = fetched(Walk::Full) else { return };
    let descriptor = u32::try_from(listener.as_raw_fd()).unwrap();
    let own: Vec<_> = records
        .iter()
        .filter(|record| record.pid == std::process::id() && record.descriptor == descriptor)
        .collect();
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    let stat = decode_stat(&std::fs::read("/proc/self/stat").unwrap()).unwrap();
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(format!("socket:[{}]", own[0].inode), link.to_str().unwrap());
    assert_eq!((own[0].start_time, own[0].parent), (stat.start_time, stat.parent));
}

#[test]
fn one_program_can_walk_repeatedly() {
    if fetched(Walk::Full).is_none() {
        return;
    }
    let program = Program::load().unwrap();
    let finds = |descriptor: RawFd| {
        let mut found = false;
        let descriptor = u32::try_from(descriptor).unwrap();
        let walked = program.walk(Walk::Full, &mut |piece| {
            let mut records = decode_records(piece).unwrap();
            found |= records.any(|of| of.pid == std::process::id() && of.descriptor == descriptor);
        });
        assert_eq!(walked, Ok(()));
        found
    };
    let first = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    assert!(finds(first.as_raw_fd()));
    let second = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    assert!(finds(first.as_raw_fd()) && finds(second.as_raw_fd()));
}

#[test]
fn maps_of_the_recorder_are_in_the_order_of_its_loader() {
    let build = include_str!("../../../bpf/generated/recorder.build");
    let named =
        |kind: &str| -> Vec<&str> { build.lines().filter_map(|line| line.strip_prefix(kind)).collect() };
    assert_eq!(named("map "), ["drafts", "ring", "ends", "marks", "counters", "wishes"]);
    assert_eq!(named("program "), ["state_1", "state_2", "destroy_1", "destroy_2"]);
}

#[test]
fn maps_of_flows_are_in_the_order_of_their_loader() {
    let build = include_str!("../../../bpf/generated/udp.build");
    let named =
        |kind: &str| -> Vec<&str> { build.lines().filter_map(|line| line.strip_prefix(kind)).collect() };
    let maps =
        ["drafts", "made", "sockets", "peers", "attempts", "ring", "flows", "marks", "counters", "wishes"];
    assert_eq!(named("map "), maps);
    let programs = [
        "sendmsg4",
        "sendmsg6",
        "recvmsg4",
        "recvmsg6",
        "created",
        "closed",
        "connect4",
        "connect6",
        "sent",
        "received",
        "left",
        "destroyed",
    ];
    assert_eq!(named("program "), programs);
}

#[test]
fn nothing_stays_open() {
    // Other tests in this process load the program too, so this one runs in a process of its own.
    const ALONE: &str = "NETSTAT_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        // The harness knows a test by its path without the crate.
        let (_, module) = module_path!().split_once("::").unwrap();
        command.args(["--exact", "--nocapture", &format!("{module}::nothing_stays_open")]).env(ALONE, "1");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let count = || {
        std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter(|entry| {
                let link = std::fs::read_link(entry.as_ref().unwrap().path());
                link.is_ok_and(|link| link.to_string_lossy().contains("bpf"))
            })
            .count()
    };
    if fetched(Walk::Full).is_none() {
        return;
    }
    assert_eq!(count(), 0);
    let program = Program::load().unwrap();
    assert_eq!(count(), 1, "the link alone");
    drop(program);
    assert_eq!(count(), 0);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let records = decoded(&bytes);
        prop_assert_eq!(records.is_some(), bytes.len() % 32 == 0);
        let _ = Failure::from_bytes(&bytes);
    }
}

#[test]
fn a_walk_of_everything_tells_of_other_families() {
    let (unix, _peer) = UnixStream::pair().unwrap();
    let descriptor = u32::try_from(unix.as_raw_fd()).unwrap();
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    let inode = |walk| {
        let mut records = fetched(walk)?.into_iter();
        let of = records.find(|of| of.pid == std::process::id() && of.descriptor == descriptor);
        Some(of.map(|of| format!("socket:[{}]", of.inode)))
    };
    let Some(told) = inode(Walk::Everything) else { return };
    assert_eq!(told.as_deref(), link.to_str());
    assert_eq!(inode(Walk::Full), Some(None));
}
