use super::*;
use crate::linux::descriptor_links::MOST_LINKS;
use crate::linux::fake::{Fake, stat_line};
use crate::linux::owners::made::{INITIAL, attach_found, attach_listing, attach_open, held, times_asked};
use netstat_model::owner_method::BpfStep;
use netstat_model::{Answer, Error, Holder, NoOwner, Owner, Ownership, Socket, Warning};
use proptest::prelude::*;
use rustix::io::Errno;

const STATUS: &str = "Name:\tx\nNSpid:\t9\nCapEff:\t000001ffffffffff\n";

fn socket(inode: u64, cookie: Option<u64>) -> Socket {
    let mut socket = crate::linux::owners::made::socket(inode);
    socket.id.cookie = cookie;
    socket
}

/// Adds so many open files that BPF is worth it.
fn many(fake: Fake) -> Fake {
    fake.file("/proc/sys/fs/file-nr", "2000\t0\t9223372036854775807\n")
}

/// A record of a process that started at tick 5.
fn record(cookie: u64, inode: u32, fd: u32, pid: u32, parent: u32) -> Vec<u8> {
    let long = [50_000_000, cookie].into_iter().flat_map(u64::to_ne_bytes);
    long.chain([inode, fd, pid, parent].into_iter().flat_map(u32::to_ne_bytes)).collect()
}

fn fake() -> Fake {
    many(Fake::new()).file("/proc/self/status", STATUS).file("/proc/self/ns/pid", INITIAL)
}

#[test]
fn each_process_is_an_owner_with_its_lowest_descriptor() {
    let walk = [
        record(0, 77, 9, 20, 10),
        record(0, 77, 4, 10, 1),
        record(0, 99, 3, 10, 1),
        record(0, 77, 5, 20, 10),
        record(0, 77, 3, 10, 1),
    ];
    for by in [Owners::Auto, Owners::Bpf] {
        let fake = fake().walk(walk.concat(), Ok(()));
        let mut sockets = [socket(77, None), socket(77, None)];
        let answer = attach_open(&fake, &mut sockets, by).unwrap();
        assert_eq!((answer.data, answer.warnings), (OwnerMethod::Bpf, vec![]));
        let owner = |pid, parent, descriptor| Owner {
            process: ProcessKey { pid, start_time: 5 },
            parent: Some(parent),
            descriptor: Some(descriptor),
        };
        let owners = Ownership::Held(vec![owner(10, 1, 3), owner(20, 10, 5)]);
        assert_eq!([&sockets[0].ownership, &sockets[1].ownership], [&owners, &owners]);
        assert_eq!(times_asked(&fake, "/proc"), 0);
    }
}

#[test]
fn another_cookie_is_another_socket() {
    for (wanted, told, same) in
        [(Some(5), 5, true), (Some(5), 0, true), (None, 6, true), (None, 0, true), (Some(5), 6, false)]
    {
        let walk = record(told, 77, 3, 10, 1);
        let fake = fake().walk(walk.clone(), Ok(())).walk(walk, Ok(()));
        let mut sockets = [socket(77, wanted)];
        attach_open(&fake, &mut sockets, Owners::Bpf).unwrap();
        let expected = Ownership::Unowned(NoOwner::Kernel);
        assert_eq!(sockets[0].ownership != expected, same, "{wanted:?} {told}");
    }
    // Two sockets with the same inode are told apart.
    let walk = record(6, 77, 3, 10, 1);
    let fake = fake().walk(walk.clone(), Ok(())).walk(walk, Ok(()));
    let mut sockets = [socket(77, Some(5)), socket(77, Some(6))];
    attach_open(&fake, &mut sockets, Owners::Bpf).unwrap();
    assert_eq!(sockets[0].ownership, Ownership::Unowned(NoOwner::NotPermitted));
    assert_eq!(held(&sockets[1]), [(10, 3)]);
}

#[test]
fn after_a_failure_proc_is_read_from_the_start() {
    let failure = Failure { step: BpfStep::Read, errno: Errno::NOMEM.raw_os_error() };
    let read = record(0, 77, 3, 99, 1);
    let odd = NoBpf::Refused { step: BpfStep::Read, errno: Errno::BADMSG.raw_os_error() };
    let nspid = "NSpid:\t9\t1\n";
    let cases = [
        (fake(), NoBpf::NotPermitted),
        (fake().walk(read.clone(), Err(failure)), failure.reason()),
        (fake().walk([&read[..], b"x"].concat(), Ok(())), odd),
        (
            many(Fake::new()).file("/proc/self/status", nspid).walk(read.clone(), Ok(())),
            NoBpf::OtherNamespace,
        ),
        (many(Fake::new()).walk(read, Ok(())), NoBpf::OtherNamespace),
    ];
    for (fake, reason) in cases {
        let fake = fake.alive(10, 1, 5, &[(4, "socket:[77]")]);
        let mut sockets = [socket(77, None)];
        let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
        assert_eq!((answer.data, answer.warnings), (OwnerMethod::Proc(reason), vec![]));
        assert_eq!(held(&sockets[0]), [(10, 4)], "{reason}");
    }
}

#[test]
fn a_program_that_was_refused_is_not_loaded_again() {
    let fake = fake().alive(10, 1, 5, &[]);
    let mut sockets = [socket(77, None)];
    let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
    assert_eq!(answer.data, OwnerMethod::Proc(NoBpf::NotPermitted));
    assert_eq!(sockets[0].ownership, Ownership::Unowned(NoOwner::Kernel));
    assert_eq!((times_asked(&fake, "/proc"), times_asked(&fake, "bpf load")), (2, 1));
}

#[test]
fn auto_reads_proc_where_few_files_are_open() {
    let few = OwnerMethod::Proc(NoBpf::FewFiles);
    for (files, expected) in [
        (Some("739\t0\t2466177\n"), few),
        (Some("1999\t0\t2466177\n"), few),
        (Some("2000\t0\t2466177\n"), OwnerMethod::Bpf),
        // Unknown: BPF never takes long.
        (Some("many"), OwnerMethod::Bpf),
        (Some(""), OwnerMethod::Bpf),
        (None, OwnerMethod::Bpf),
    ] {
        let mut fake = Fake::new()
            .file("/proc/self/status", STATUS)
            .walk(record(0, 1, 3, 10, 1), Ok(()))
            .alive(10, 1, 5, &[(3, "socket:[1]")]);
        if let Some(text) = files {
            fake = fake.file("/proc/sys/fs/file-nr", text);
        }
        let mut sockets = [socket(1, None)];
        let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
        assert_eq!(answer.data, expected, "{files:?}");
        assert_eq!(held(&sockets[0]), [(10, 3)]);
        let loaded = usize::from(expected == OwnerMethod::Bpf);
        assert_eq!(times_asked(&fake, "bpf load"), loaded, "{files:?}");
    }
    // BPF is used if it is requested.
    let fake = Fake::new().file("/proc/self/status", STATUS).walk(record(0, 77, 3, 10, 1), Ok(()));
    let mut sockets = [socket(77, None)];
    assert_eq!(attach_open(&fake, &mut sockets, Owners::Bpf).unwrap().data, OwnerMethod::Bpf);
}

#[test]
fn auto_tries_bpf_where_proc_refuses_a_process() {
    let refusing = |status: &str| {
        Fake::new()
            .file("/proc/sys/fs/file-nr", "739\t0\t2466177\n")
            .file("/proc/self/status", status)
            .alive(10, 1, 5, &[(3, "socket:[1]")])
            .pid(20)
            .file("/proc/20/stat", stat_line(20, 'S', 1, 0, 1, 5))
            .fails("/proc/20/fd", Errno::ACCESS)
            // The socket of 10 is held by 20 as well.
            .walk([record(0, 2, 4, 20, 1), record(0, 1, 3, 10, 1), record(0, 1, 5, 20, 1)].concat(), Ok(()))
    };
    // CAP_BPF and CAP_PERFMON, and nothing else.
    let fake = refusing("NSpid:\t9\nCapEff:\t000000c000000000\n");
    let mut sockets = [socket(1, None), socket(2, None)];
    let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
    assert_eq!((answer.data, answer.warnings), (OwnerMethod::Bpf, vec![]));
    assert_eq!(held(&sockets[0]), [(10, 3), (20, 5)]);
    assert_eq!(held(&sockets[1]), [(20, 4)]);
    // Without these it is known to fail, and is not tried.
    let fake = refusing("NSpid:\t9\nCapEff:\t0000000000000000\n");
    let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
    assert_eq!(answer.data, OwnerMethod::Proc(NoBpf::NotPermitted));
    assert_eq!(times_asked(&fake, "bpf load"), 0);
}

#[test]
fn rings_are_looked_for_as_long_as_that_is_affordable() {
    let ring = [(3, "anon_inode:[io_uring]")];
    let links = vec![(4, "/dev/null"); MOST_LINKS + 1];
    let kernel = Holder::Nobody(NoOwner::Kernel);
    let unknown = Holder::Nobody(NoOwner::NotPermitted);
    // Processes 9 to 11, of which 10 may hold the socket; 9 may hold descriptors up to the limit.
    for (disabled, first, second, third, expected) in [
        ("0\n", 1, &ring[..], &ring[..0], Holder::Process(10)),
        ("2\n", 1, &ring, &[], kernel),
        ("0\n", MOST_LINKS - 1, &ring, &[], Holder::Process(10)),
        ("0\n", MOST_LINKS, &[], &[], kernel),
        ("0\n", MOST_LINKS, &ring, &[], unknown),
        ("0\n", MOST_LINKS + 1, &[], &ring, unknown),
    ] {
        let fake = Fake::new()
            .file("/proc/sys/kernel/io_uring_disabled", disabled)
            .file("/proc/sys/fs/file-nr", "1000000\t0\t9\n")
            .file("/proc/self/status", STATUS)
            .file("/proc/self/ns/pid", INITIAL)
            .walk(Vec::new(), Ok(()))
            .walk(Vec::new(), Ok(()))
            .alive(9, 1, 5, &links[..first])
            .alive(10, 1, 5, second)
            .alive(11, 1, 5, third)
            .file("/proc/10/fdinfo/3", "UserFiles:\t1\n    0: socket:[77]\n");
        let mut sockets = [socket(77, None)];
        let answer = attach_open(&fake, &mut sockets, Owners::Bpf).unwrap();
        assert_eq!(sockets[0].ownership.holder(), expected, "{disabled} {first} {second:?}");
        let is_said = answer.warnings.iter().any(|warning| warning.to_string().contains("io_uring"));
        assert_eq!(is_said, expected == unknown, "{:?}", answer.warnings);
        if expected == unknown {
            assert_eq!(
                times_asked(&fake, "/proc/11/fd"),
                0,
                "nothing is read once the limit has cut a process"
            );
        }
    }
}

#[test]
fn proc_is_read_for_the_processes_whose_rings_bpf_told_of() {
    let ring = record(0, 0, 3, 10, 1);
    let told = [&ring[..], &record(0, 0, 1, 0, 0)].concat();
    // A program that does not say that it told of rings may have left some out.
    for (walk, read) in [(told, 0), (ring, 1), (Vec::new(), 1)] {
        let fake = fake()
            .walk(Vec::new(), Ok(()))
            .walk(walk, Ok(()))
            .alive(10, 1, 5, &[(3, "anon_inode:[io_uring]")])
            .alive(11, 1, 5, &[(4, "/dev/null")])
            .file("/proc/10/fdinfo/3", "UserFiles:\t1\n    0: socket:[77]\n");
        let mut sockets = [socket(77, None)];
        attach_open(&fake, &mut sockets, Owners::Bpf).unwrap();
        assert_eq!(sockets[0].ownership.holder(), Holder::Process(10));
        assert_eq!((times_asked(&fake, "/proc/10/fd"), times_asked(&fake, "/proc/11/fd")), (1, read));
    }
}

#[test]
fn a_requested_method_is_the_only_one_used() {
    let walk = record(0, 77, 3, 99, 1);
    let fake = fake().walk(walk, Ok(())).alive(10, 1, 5, &[(4, "socket:[77]")]);
    let mut sockets = [socket(77, None)];
    let answer = attach_open(&fake, &mut sockets, Owners::Proc).unwrap();
    assert_eq!(answer.data, OwnerMethod::Proc(NoBpf::NotAsked));
    assert_eq!(held(&sockets[0]), [(10, 4)]);
    assert_eq!(times_asked(&fake, "bpf load"), 0);

    let fake = Fake::new().file("/proc/self/status", STATUS).alive(10, 1, 5, &[(4, "socket:[77]")]);
    let error = attach_open(&fake, &mut sockets, Owners::Bpf).unwrap_err().to_string();
    assert!(error.starts_with("cannot find the owners of the sockets: by BPF: not permitted; "), "{error}");
    assert_eq!(times_asked(&fake, "/proc"), 0);
}

#[test]
fn a_missing_owner_is_looked_for_a_second_time() {
    let fake = fake().walk(Vec::new(), Ok(())).walk(record(0, 77, 3, 10, 1), Ok(()));
    let mut sockets = [socket(77, None), socket(78, None)];
    let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
    assert_eq!((answer.data, answer.warnings), (OwnerMethod::Bpf, vec![]));
    assert_eq!(held(&sockets[0]), [(10, 3)]);
    assert_eq!(sockets[1].ownership, Ownership::Unowned(NoOwner::Kernel));
    // One program walks twice.
    assert_eq!((times_asked(&fake, "bpf load"), times_asked(&fake, "bpf walk")), (1, 2));
    // It makes no difference to BPF whether /proc hides processes.
    assert_eq!(times_asked(&fake, "/proc/self/mounts"), 0);
}

#[test]
fn a_socket_gone_since_has_vanished() {
    let fake = fake().walk(Vec::new(), Ok(()));
    let mut sockets = [socket(77, Some(5))];
    let by = Owners::Auto;
    let other = vec![socket(77, Some(6))];
    attach_listing(&fake, &mut sockets, by, &mut || Ok(Answer::whole(other.clone()))).unwrap();
    assert_eq!(sockets[0].ownership, Ownership::Unowned(NoOwner::Vanished));
    assert_eq!(times_asked(&fake, "bpf walk"), 1);
}

#[test]
fn inside_a_pid_namespace_the_owner_is_outside() {
    let fake = many(Fake::new())
        .file("/proc/self/status", STATUS)
        .file("/proc/self/ns/pid", "pid:[4026532001]")
        .walk(Vec::new(), Ok(()))
        .walk(Vec::new(), Ok(()));
    let mut sockets = [socket(77, None)];
    attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
    assert_eq!(sockets[0].ownership, Ownership::Unowned(NoOwner::OtherNamespace));
}

#[test]
fn after_a_failed_second_walk_refusals_in_proc_count() {
    let failure = Failure { step: BpfStep::Load, errno: Errno::NOMEM.raw_os_error() };
    let fake = fake()
        .walk(record(0, 78, 3, 10, 1), Ok(()))
        .walk(record(0, 77, 3, 99, 1), Err(failure))
        .pid(20)
        .file("/proc/20/stat", stat_line(20, 'S', 1, 0, 1, 5))
        .fails("/proc/20/fd", Errno::ACCESS);
    let mut sockets = [socket(77, None), socket(78, None)];
    let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
    assert_eq!(answer.data, OwnerMethod::Proc(failure.reason()));
    assert_eq!(answer.warnings, [Warning::OwnersNotPermitted { processes: 1, as_root: false }]);
    assert_eq!(sockets[0].ownership, Ownership::Unowned(NoOwner::NotPermitted));
    assert_eq!(held(&sockets[1]), [(10, 3)]);
}

#[test]
fn a_process_that_may_be_hidden_from_bpf_may_be_the_owner() {
    let line = |pid, flags| stat_line(pid, 'S', 1, flags, 1, 5);
    for (flags, expected, refused) in [(0, NoOwner::NotPermitted, 1), (0x0020_0000, NoOwner::Kernel, 0)] {
        let fake = fake()
            .walk(Vec::new(), Ok(()))
            .walk(Vec::new(), Ok(()))
            .alive(10, 1, 5, &[])
            .pid(20)
            .fails("/proc/20/exe", Errno::ACCESS)
            .file("/proc/20/stat", line(20, flags));
        let mut sockets = [socket(77, None)];
        let answer = attach_open(&fake, &mut sockets, Owners::Auto).unwrap();
        assert_eq!(sockets[0].ownership, Ownership::Unowned(expected));
        let warnings = [Warning::OwnersNotPermitted { processes: refused, as_root: false }];
        assert_eq!(answer.warnings, warnings[..refused]);
    }
}

/// Searches with a quick look that began while the sockets were listed. Also returns the principal owners.
fn with_head_start(
    fake: &Fake,
    mut sockets: Vec<Socket>,
    by: Owners,
) -> (Result<Answer<OwnerMethod>, Error>, Vec<Holder>) {
    let same = sockets.clone();
    let found = std::thread::scope(|scope| HeadStart::begin(scope, fake, by).finish());
    let list = &mut || Ok(Answer::whole(same.clone()));
    let answer = attach_found(fake, &mut sockets, by, found, list);
    (answer, sockets.iter().map(|socket| socket.ownership.holder()).collect())
}

#[test]
fn a_head_start_may_find_all_owners() {
    let walk = [record(7, 77, 3, 10, 1), record(0, 78, 4, 10, 1), record(0, 99, 5, 11, 1)].concat();
    let fake = fake().walk(walk, Ok(()));
    let sockets = vec![socket(77, Some(7)), socket(78, Some(8)), socket(77, Some(7))];
    let (answer, holders) = with_head_start(&fake, sockets, Owners::Auto);
    let answer = answer.unwrap();
    assert_eq!((answer.data, answer.warnings), (OwnerMethod::Bpf, vec![]));
    let ten = Holder::Process(10);
    assert_eq!(holders, [ten; 3]);
    let asked = ["bpf load", "bpf quick walk", "bpf walk", "/proc"].map(|what| times_asked(&fake, what));
    assert_eq!(asked, [1, 1, 0, 0]);
}

#[test]
fn an_owner_missed_by_the_head_start_is_looked_for_from_the_start() {
    // 78 came after the first look, 79 has no owner.
    let walk = |inode| record(0, inode, 3, 10, 1);
    let fake =
        fake().walk(walk(77), Ok(())).walk([walk(77), walk(78)].concat(), Ok(())).walk(Vec::new(), Ok(()));
    let sockets = vec![socket(77, None), socket(78, None), socket(79, None)];
    let (answer, holders) = with_head_start(&fake, sockets, Owners::Bpf);
    assert_eq!(answer.unwrap().data, OwnerMethod::Bpf);
    let ten = Holder::Process(10);
    assert_eq!(holders, [ten, ten, Holder::Nobody(NoOwner::Kernel)]);
    let asked = ["bpf load", "bpf quick walk", "bpf walk"].map(|what| times_asked(&fake, what));
    assert_eq!(asked, [1, 1, 2], "a quick look may skip sockets, so full ones follow");
}

#[test]
fn a_head_start_that_fails_leaves_no_trace() {
    let failure = Failure { step: BpfStep::Read, errno: Errno::NOMEM.raw_os_error() };
    let fake = || fake().walk(record(0, 77, 3, 99, 1), Err(failure)).alive(10, 1, 5, &[(4, "socket:[77]")]);
    let (answer, holders) = with_head_start(&fake(), vec![socket(77, None)], Owners::Auto);
    assert_eq!(answer.unwrap().data, OwnerMethod::Proc(failure.reason()));
    assert_eq!(holders, [Holder::Process(10)]);
    let (answer, _) = with_head_start(&fake(), vec![socket(77, None)], Owners::Bpf);
    assert!(answer.is_err());
    // There is none if it is not worth it.
    let (answer, holders) = with_head_start(&fake(), vec![socket(77, None)], Owners::Proc);
    assert_eq!(answer.unwrap().data, OwnerMethod::Proc(NoBpf::NotAsked));
    assert_eq!(holders, [Holder::Process(10)]);
}

proptest! {
    #[test]
    fn arbitrary_walks_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), records in 0..9_usize) {
        let mut bytes = bytes;
        bytes.truncate(bytes.len().min(records * 32));
        let fake = fake().walk(bytes.clone(), Ok(())).walk(bytes, Ok(()));
        let mut sockets = [socket(77, Some(5)), socket(u64::MAX, None)];
        prop_assert!(attach_open(&fake, &mut sockets, Owners::Auto).is_ok());
    }

    #[test]
    fn arbitrary_numbers_of_files_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = decode_open_files(&bytes);
    }
}
