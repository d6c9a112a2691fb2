use super::ancestry::Ancestry;
use super::made::{Again, INITIAL, attach_listing, attach_open, held, socket, sockets, times_asked, unowned};
use super::search::decode_ring;
use super::*;
use crate::linux::descriptor_links::{MOST_LINKS, decode_socket_link};
use crate::linux::fake::{Fake, stat_line};
use netstat_model::query::{Keep, Kinds};
use netstat_model::{Namespace, Owner, Ownership, ProcessKey, Socket};
use proptest::prelude::*;
use rustix::io::Errno;

/// Searches in `/proc` for the owners of sockets that all stay open.
fn attached(fake: &Fake, sockets: &mut [Socket]) -> Vec<Warning> {
    attach_open(fake, sockets, Owners::Proc).unwrap().warnings
}

/// Searches in `/proc`; `answers` is what listing the sockets again answers, the last one over and over. Also returns how often
/// they were listed.
fn attached_asking(fake: &Fake, sockets: &mut [Socket], answers: Vec<Again>) -> (Vec<Warning>, usize) {
    let mut answers = answers.into_iter();
    let mut last = None;
    let mut asked = 0;
    let answer = attach_listing(fake, sockets, Owners::Proc, &mut || {
        asked += 1;
        match answers.next() {
            Some(Ok(answer)) => {
                last = Some(answer.clone());
                Ok(answer)
            }
            Some(Err(error)) => Err(error),
            None => Ok(last.clone().unwrap()),
        }
    });
    (answer.unwrap().warnings, asked)
}

fn privileged(fake: Fake) -> Fake {
    fake.file("/proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n")
}

fn ordinary(fake: Fake) -> Fake {
    fake.file("/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n")
}

#[test]
fn an_owner_has_its_start_time_parent_and_lowest_descriptor() {
    let links = [(9, "socket:[77]"), (3, "socket:[77]"), (1, "/dev/null"), (4, "socket:[78]")];
    let other = [(3, "socket:[99]"), (4, "pipe:[77]")];
    let fake = Fake::new().alive(10, 1, 500, &links).alive(11, 1, 501, &other);
    // A row may be listed more than once.
    let mut sockets = sockets(&[77, 77, 77]);
    assert_eq!(attached(&fake, &mut sockets), []);
    let process = ProcessKey { pid: 10, start_time: 500 };
    let owner = Owner { process, parent: Some(1), descriptor: Some(3) };
    for socket in &sockets {
        assert_eq!(socket.ownership, Ownership::Held(vec![owner]));
    }
    // Only the stat of an owner is read.
    let asked = ["/proc/10/stat", "/proc/11/stat"].map(|path| times_asked(&fake, path));
    assert_eq!(asked, [1, 0]);
}

#[test]
fn nothing_is_read_where_no_socket_can_have_an_owner() {
    let fake = Fake::new().alive(10, 1, 500, &[(0, "socket:[0]")]);
    let mut sockets = sockets(&[0]);
    sockets[0].id.inode = None;
    for by in [Owners::Auto, Owners::Proc] {
        let answer = attach_open(&fake, &mut sockets, by).unwrap();
        assert_eq!((answer.data, answer.warnings), (OwnerMethod::NotNeeded, vec![]));
        assert_eq!(unowned(&sockets[0]), NoOwner::NoProcess);
        assert_eq!(fake.asked(), [""; 0]);
    }
}

#[test]
fn sockets_without_an_owner_are_listed_again_where_they_are() {
    for (namespaces, expected) in
        [([Some(7), Some(8), Some(8)], Some(vec![8])), ([Some(7), Some(8), None], None)]
    {
        let fake = Fake::new().alive(10, 1, 5, &[(3, "socket:[1]")]).file("/proc/self/ns/pid", INITIAL);
        let mut table = SocketTable::new(Keep::EVERYTHING);
        for (inode, namespace) in (1..).zip(namespaces) {
            let mut socket = socket(inode);
            socket.namespace = namespace.map(|inode| Namespace { inode });
            assert!(table.push_wanted(&(&socket).into()));
        }
        let search = Search::new(&fake, &table, Owners::Proc, Walk::Full, Found::default());
        let mut asked = Vec::new();
        attach_asking(search, &mut table, &mut |within, each| {
            asked.push(within.map(|within| within.iter().map(|of| of.inode).collect::<Vec<_>>()));
            (1..4).for_each(|inode| each(ShortId { inode, cookie: 0 }));
            Ok(Vec::new())
        })
        .unwrap();
        assert_eq!(asked, [expected.clone(), expected]);
    }
}

/// A process: its ID, parent and start time, and whether it holds the socket.
type Kin = (u32, u32, u64, bool);

#[test]
fn owners_are_ordered_by_ancestry_and_age() {
    let family: &[Kin] = &[
        (50, 1, 100, true),
        (20, 50, 400, true),
        (60, 20, 500, true),
        (40, 50, 150, false),
        (30, 40, 300, true),
    ];
    // 60 is older than its parent, so that got the ID of the real parent, and 60 descends from nobody.
    let mut replaced = family.to_vec();
    replaced[2].2 = 200;
    // Started in the same tick; no ancestor; 10 is younger than 5, so it is not the parent of 5.
    let tick: &[Kin] = &[(900, 1, 100, true), (7, 900, 100, true)];
    let strangers: &[Kin] =
        &[(1, 0, 0, false), (10, 1, 300, true), (11, 10, 400, true), (12, 1, 200, true), (13, 1, 200, true)];
    let successor: &[Kin] = &[(10, 1, 900, true), (5, 10, 100, true)];
    let cycle: &[Kin] =
        &[(10, 20, 100, true), (20, 30, 100, false), (30, 10, 100, true), (40, 20, 100, true)];
    for (tree, expected) in [
        (family, &[50, 30, 20, 60][..]),
        (&replaced, &[50, 60, 30, 20]),
        (tick, &[900, 7]),
        (strangers, &[12, 13, 10, 11]),
        (successor, &[5, 10]),
        // In a broken recording no order is right, but the search ends.
        (cycle, &[]),
    ] {
        let fake = tree.iter().fold(Fake::new(), |fake, &(pid, parent, start, holds)| {
            fake.alive(pid, parent, start, &[(5, if holds { "socket:[77]" } else { "/dev/null" })])
        });
        let mut rows = sockets(&[77]);
        attached(&fake, &mut rows);
        let found: Vec<u32> = held(&rows[0]).into_iter().map(|(pid, _)| pid).collect();
        if expected.is_empty() {
            assert_eq!(found.len(), 3);
        } else {
            assert_eq!(found, expected);
        }
        // 40 is read once, also where it is only between two owners.
        let has_40 = tree.iter().any(|kin| kin.0 == 40);
        assert_eq!(times_asked(&fake, "/proc/40/stat"), usize::from(has_40));
    }
}

#[test]
fn processes_that_end_meanwhile_are_not_owners_and_no_error() {
    let fake = privileged(Fake::new())
        .file("/proc/self/ns/pid", INITIAL)
        .pid(10)
        .alive(11, 1, 500, &[(3, "socket:[77]")])
        .pid(12)
        .fails("/proc/12/fd", Errno::SRCH)
        .fails("/proc/12/stat", Errno::SRCH)
        // It held the socket, and ended before its stat was read.
        .pid(13)
        .links("/proc/13/fd", &[(3, "socket:[77]"), (4, "socket:[88]")])
        .fails("/proc/13/stat", Errno::SRCH);
    let mut rows = sockets(&[77, 88]);
    let answers = vec![Ok(Answer::whole(sockets(&[77])))];
    let vanished = vec![Warning::OwnersVanished { sockets: 1 }];
    assert_eq!(attached_asking(&fake, &mut rows, answers), (vanished, 1));
    assert_eq!(held(&rows[0]), [(11, 3)]);
    assert_eq!(unowned(&rows[1]), NoOwner::Vanished);
}

#[test]
fn refused_processes_are_counted_if_an_owner_is_missing() {
    let base = || {
        ordinary(Fake::new())
            .alive(10, 1, 500, &[(3, "socket:[77]")])
            .pid(11)
            .file("/proc/11/stat", stat_line(11, 'S', 1, 0, 1, 5))
            .fails("/proc/11/fd", Errno::ACCESS)
            .pid(12)
            .fails("/proc/12", Errno::PERM)
            // Kernel threads and ended processes have no descriptors.
            .pid(13)
            .file("/proc/13/stat", stat_line(13, 'S', 2, 0x0020_8040, 1, 5))
            .fails("/proc/13/fd", Errno::ACCESS)
            .pid(14)
            .file("/proc/14/stat", stat_line(14, 'Z', 2, 0, 1, 5))
            .fails("/proc/14/fd", Errno::ACCESS)
    };
    let mut rows = sockets(&[77]);
    let incomplete = Warning::OwnersIncomplete { reason: "2 could not be read".into(), root_could: true };
    assert!(incomplete.hides_owners());
    assert_eq!(attached(&base(), &mut rows), [incomplete]);
    let mut rows = sockets(&[77, 88]);
    let same = vec![Ok(Answer::whole(rows.clone()))];
    let (warnings, asked) = attached_asking(&base(), &mut rows, same);
    assert_eq!(warnings, [Warning::OwnersNotPermitted { processes: 2, as_root: false }]);
    assert_eq!(asked, 1);
    assert_eq!(held(&rows[0]), [(10, 3)]);
    assert_eq!(unowned(&rows[1]), NoOwner::NotPermitted);
}

#[test]
fn a_refusal_does_not_prevent_the_second_pass() {
    let refusing = |fake: Fake| {
        ordinary(fake)
            .pid(5)
            .file("/proc/5/stat", stat_line(5, 'S', 1, 0, 1, 5))
            .fails("/proc/5/fd", Errno::ACCESS)
    };
    let fake = refusing(Fake::new())
        .alive(10, 1, 500, &[(1, "/dev/null")])
        .links("/proc/10/fd", &[(1, "/dev/null"), (6, "socket:[77]")]);
    let mut rows = sockets(&[77]);
    assert_eq!(
        attached(&fake, &mut rows),
        [Warning::OwnersIncomplete { reason: "1 could not be read".into(), root_could: true }]
    );
    assert_eq!(held(&rows[0]), [(10, 6)]);

    let gone = vec![Ok(Answer::whole(vec![]))];
    let mut rows = sockets(&[77]);
    let vanished = Warning::OwnersVanished { sockets: 1 };
    assert!(attached_asking(&refusing(Fake::new()), &mut rows, gone).0.contains(&vanished));
    assert_eq!(unowned(&rows[0]), NoOwner::Vanished);
}

#[test]
fn a_process_that_could_not_be_read_may_be_the_owner() {
    let fake =
        privileged(Fake::new()).file("/proc/self/ns/pid", INITIAL).pid(10).fails("/proc/10", Errno::MFILE);
    let mut rows = sockets(&[77]);
    let warnings = attached(&fake, &mut rows);
    assert!(matches!(&warnings[..], [Warning::SourceUnavailable { .. }]), "{warnings:?}");
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);

    let fake = Fake::new().pid(10).links("/proc/10/fd", &[(3, "socket:[77]")]).file("/proc/10/stat", "odd");
    let mut rows = sockets(&[77]);
    assert!(matches!(&attached(&fake, &mut rows)[..], [Warning::SourceUnavailable { .. }]));
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);
}

#[test]
fn a_proc_that_cannot_be_listed_is_an_error() {
    let fake = Fake::new().fails("/proc", Errno::ACCESS);
    let mut table: SocketTable = SocketTable::default();
    assert!(table.push_wanted(&(&socket(77)).into()));
    let query = SocketQuery::new(Kinds::TCP_UDP, States::all());
    let error = attach(&fake, &mut table, &query, Owners::Proc, Found::default()).unwrap_err();
    assert_eq!(error.operation, Operation::FindOwners);
    assert_eq!(error.source.raw_os_error(), Some(Errno::ACCESS.raw_os_error()));
}

#[test]
fn processes_outside_the_pid_namespace_may_hold_any_socket_too() {
    for (namespace, complete) in [(INITIAL, true), ("pid:[4026532001]", false)] {
        let fake = privileged(Fake::new()).file("/proc/self/ns/pid", namespace).alive(
            10,
            1,
            500,
            &[(3, "socket:[77]")],
        );
        let warnings = attached(&fake, &mut sockets(&[77]));
        assert_eq!(!warnings.iter().any(Warning::hides_owners), complete, "{warnings:?}");
    }
}

#[test]
fn a_socket_without_a_process_belongs_to_the_kernel_or_another_namespace() {
    for (namespace, expected) in [(INITIAL, NoOwner::Kernel), ("pid:[4026532001]", NoOwner::OtherNamespace)] {
        let fake = privileged(Fake::new()).file("/proc/self/ns/pid", namespace).alive(
            10,
            1,
            500,
            &[(3, "socket:[77]")],
        );
        let mut rows = sockets(&[77, 88]);
        let answers = vec![Ok(Answer::whole(rows.clone()))];
        let elsewhere = expected == NoOwner::OtherNamespace;
        let warnings = if elsewhere { vec![Warning::OwnersInOtherNamespace] } else { vec![] };
        assert_eq!(attached_asking(&fake, &mut rows, answers), (warnings, 2));
        assert_eq!(unowned(&rows[1]), expected);
        assert_eq!(times_asked(&fake, "/proc"), 2, "no third pass");
    }
    let fake = privileged(Fake::new()).fails("/proc/self/ns/pid", Errno::ACCESS);
    let mut rows = sockets(&[88]);
    assert!(matches!(&attached(&fake, &mut rows)[..], [Warning::SourceUnavailable { .. }]));
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);
}

#[test]
fn hidden_processes_may_be_the_owners() {
    let mounts = "sysfs /sys sysfs rw 0 0\nproc /proc proc rw,nosuid,hidepid=invisible 0 0\n";
    let fake = || Fake::new().file("/proc/self/ns/pid", INITIAL).file("/proc/self/mounts", mounts);
    let mut rows = sockets(&[88]);
    let warnings = attached(&ordinary(fake()), &mut rows);
    assert!(matches!(&warnings[..], [Warning::SourceUnavailable { .. }]), "{warnings:?}");
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);
    attached(&privileged(fake()), &mut rows);
    assert_eq!(unowned(&rows[0]), NoOwner::Kernel);

    let not_mounted = attached(&Fake::new(), &mut rows);
    let [Warning::SourceUnavailable { reason, .. }] = &not_mounted[..] else { panic!("{not_mounted:?}") };
    assert!(reason.contains("/proc/self/mounts") && !reason.contains("hidepid"), "{reason}");
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);

    for (mounts, hides) in [
        ("proc /proc proc rw,relatime 0 0\n", false),
        ("proc /proc proc rw,hidepid=2 0 0\nproc /proc proc rw 0 0\n", false),
        ("proc /proc proc rw 0 0\nproc /proc proc rw,hidepid=2 0 0\n", true),
        ("proc /proc proc rw,hidepid=0 0 0\n", false),
        ("proc /proc proc rw,hidepid=off 0 0\n", false),
        ("proc /proc proc rw,gid=4,hidepid=ptraceable 0 0\n", true),
        ("proc /mnt/proc proc rw,hidepid=2 0 0\nproc /proc proc rw 0 0\n", false),
        ("", true),
        ("proc /proc proc", true),
    ] {
        assert_eq!(decode_hidepid(mounts.as_bytes()), hides, "{mounts}");
    }
}

#[test]
fn the_second_pass_finds_what_the_first_missed() {
    let nothing = [(1, "/dev/null")];
    // A descriptor moved here from a process that was not read yet.
    let moved = Fake::new()
        .alive(10, 1, 500, &nothing)
        .links("/proc/10/fd", &[(1, "/dev/null"), (6, "socket:[77]")])
        .alive(11, 1, 500, &[(3, "socket:[88]")]);
    // A process was born meanwhile.
    let born = Fake::new()
        .names("/proc", &[b"1", b"uptime"])
        .names("/proc", &[b"1", b"20", b"uptime"])
        .alive(1, 0, 1, &[(0, "socket:[88]")])
        .alive(20, 1, 900, &[(3, "socket:[77]")]);
    // A thread has a table of its own.
    let thread = Fake::new()
        .pid(10)
        .file("/proc/10/stat", stat_line(10, 'S', 1, 0, 3, 500))
        .links("/proc/10/fd", &[(0, "socket:[88]")])
        .names("/proc/10/task", &[b"10", b"11", b"12"])
        .links("/proc/10/task/11/fd", &nothing)
        .links("/proc/10/task/12/fd", &[(1, "/dev/null"), (8, "socket:[77]")]);
    for (fake, late, early) in
        [(moved, (10, 6), (11, 3)), (born, (20, 3), (1, 0)), (thread, (10, 8), (10, 0))]
    {
        let mut rows = sockets(&[77, 88]);
        assert_eq!(attached(&privileged(fake), &mut rows), []);
        assert_eq!(held(&rows[0]), [late]);
        assert_eq!(held(&rows[1]), [early], "found once");
    }
}

#[test]
fn a_socket_gone_before_or_after_the_second_pass_has_vanished() {
    for answers in [
        vec![Ok(Answer::whole(vec![]))],
        vec![Ok(Answer::whole(sockets(&[77]))), Ok(Answer::whole(vec![]))],
        // Another cookie: the inode was used again. No inode: the process closed the socket.
        vec![Ok(Answer::whole({
            let mut other = sockets(&[77]);
            other[0].id.cookie = Some(2);
            other
        }))],
        vec![Ok(Answer::whole(vec![Socket { id: Default::default(), ..socket(77) }]))],
    ] {
        let fake = privileged(Fake::new()).file("/proc/self/ns/pid", INITIAL);
        let mut rows = sockets(&[77]);
        rows[0].id.cookie = Some(1);
        let vanished = [Warning::OwnersVanished { sockets: 1 }];
        assert_eq!(attached_asking(&fake, &mut rows, answers).0, vanished);
        assert_eq!(unowned(&rows[0]), NoOwner::Vanished);
    }
}

#[test]
fn a_second_list_that_fails_proves_nothing() {
    let fake = privileged(Fake::new()).file("/proc/self/ns/pid", INITIAL);
    let refused = || Err(Error::new(Operation::ListSockets, Errno::NOBUFS.into()));
    let mut rows = sockets(&[77]);
    let (warnings, _) = attached_asking(&fake, &mut rows, vec![refused()]);
    assert!(matches!(&warnings[..], [Warning::SourceUnavailable { .. }]), "{warnings:?}");
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);

    let interrupted = Warning::DumpInterrupted { what: "TCP table" };
    let bound = Warning::BoundUnavailable { release: Some("6.1".into()) };
    let again = Answer { data: vec![], warnings: vec![bound, interrupted.clone()] };
    let (warnings, _) = attached_asking(&fake, &mut rows, vec![Ok(again)]);
    let expected = [interrupted, Warning::OwnersVanished { sockets: 1 }];
    assert_eq!(warnings, expected, "warnings about the first list are not repeated");
}

#[test]
fn the_threads_of_an_ended_main_thread_are_read() {
    let zombie = |fake: Fake| {
        fake.pid(10)
            .file("/proc/10/stat", stat_line(10, 'Z', 1, 0, 3, 500))
            .names("/proc/10/task", &[b"10", b"11", b"12"])
            .fails("/proc/10/task/11/fd", Errno::NOENT)
            .links("/proc/10/task/12/fd", &[(3, "socket:[77]")])
    };
    for fake in [
        zombie(Fake::new()).links("/proc/10/fd", &[]),
        zombie(Fake::new()).fails("/proc/10/fd", Errno::ACCESS),
        zombie(Fake::new()).fails("/proc/10/fd", Errno::NOENT),
    ] {
        let mut rows = sockets(&[77]);
        assert_eq!(attached(&fake, &mut rows), []);
        assert_eq!(held(&rows[0]), [(10, 3)]);
        assert_eq!(rows[0].ownership.principal().unwrap().process.start_time, 500);
    }
    let refused = Fake::new()
        .pid(10)
        .file("/proc/10/stat", stat_line(10, 'Z', 1, 0, 2, 500))
        .fails("/proc/10/fd", Errno::ACCESS)
        .names("/proc/10/task", &[b"10", b"11"])
        .fails("/proc/10/task/11/fd", Errno::ACCESS);
    let mut rows = sockets(&[77]);
    assert_eq!(attached(&refused, &mut rows), [Warning::OwnersNotPermitted { processes: 1, as_root: false }]);
}

#[test]
fn a_socket_of_an_io_uring_belongs_to_its_process() {
    let info = |files: &str| {
        let places = files.lines().count();
        format!("pos:\t0\nUserFiles:\t{places}\n{files}UserBufs:\t0\nPollList:\n")
    };
    let fake = |files: &str| {
        privileged(Fake::new())
            .file("/proc/self/ns/pid", INITIAL)
            .alive(10, 1, 500, &[(4, "anon_inode:[io_uring]"), (5, "/dev/null")])
            .file("/proc/10/fdinfo/4", info(files))
    };
    let mut rows = sockets(&[77]);
    assert_eq!(attached(&fake("    0: /dev/null\n    2: socket:[77]\n"), &mut rows), []);
    let Ownership::Held(owners) = &rows[0].ownership else { panic!("{rows:?}") };
    assert_eq!((owners[0].process.pid, owners[0].descriptor), (10, None));
    // Rings that hold something else, or nothing.
    for files in ["", "    0: <none>\n    1: socket:[78]\n"] {
        attached(&fake(files), &mut rows);
        assert_eq!(unowned(&rows[0]), NoOwner::Kernel, "{files}");
    }
    // An older kernel writes no inodes.
    let warnings = attached(&fake("    0: TCP\n"), &mut rows);
    assert!(warnings.iter().any(|warning| warning.to_string().contains("io_uring")), "{warnings:?}");
    assert_eq!(unowned(&rows[0]), NoOwner::NotPermitted);
    for (fdinfo, sockets, whole) in [
        ("UserFiles:\t2\n    0: socket:[5]\n    1: socket:[6]\nUserBufs:\t0\n", &[5, 6][..], true),
        ("UserFiles:\t2\n    0: /a b\nUserBufs:\t1\n    0: 0x1/4096\n", &[], true),
        ("UserFiles:\t1\n    0: UDP\n", &[], false),
        ("UserFiles:\t3\n    2: socket:[5]\nUserBufs:\t0\n", &[5], true),
        ("UserFiles:\t0\nUserBufs:\t0\n", &[], true),
        ("UserFiles:\t2\nUserBufs:\t0\nPollList:\n", &[], false),
        ("SqMask:\t0x7\n", &[], false),
        ("", &[], false),
    ] {
        let mut found = Vec::new();
        assert_eq!(decode_ring(fdinfo.as_bytes(), &mut |inode| found.push(inode)), whole, "{fdinfo}");
        assert_eq!(found, sockets, "{fdinfo}");
    }
}

#[test]
fn a_service_comes_before_the_manager_that_activated_it() {
    let holds = [(3, "socket:[77]")];
    let tree = |manager: &str| {
        privileged(Fake::new())
            .alive(1, 0, 1, &holds)
            .file("/proc/1/comm", manager)
            .alive(20, 1, 30, &holds)
            .alive(21, 20, 40, &holds)
            .alive(22, 20, 50, &holds)
    };
    let order = |fake: &Fake| -> Vec<u32> {
        let mut rows = sockets(&[77]);
        attached(fake, &mut rows);
        held(&rows[0]).into_iter().map(|(pid, _)| pid).collect()
    };
    for (manager, expected) in [("systemd\n", [20, 21, 22, 1]), ("nginx\n", [1, 20, 21, 22])] {
        assert_eq!(order(&tree(manager)), expected, "{manager}");
    }
    // Any process may call itself systemd.
    for (exe, expected) in [
        ("/usr/lib/systemd/systemd", [31, 30]),
        ("/usr/lib/systemd/systemd (deleted)", [31, 30]),
        ("/usr/lib/systemd/systemd-executor", [30, 31]),
        ("/usr/sbin/nginx", [30, 31]),
    ] {
        let pair = Fake::new().alive(30, 1, 30, &holds).alive(31, 30, 40, &holds);
        assert_eq!(
            order(&pair.file("/proc/30/comm", "systemd\n").file("/proc/30/exe", exe)),
            expected,
            "{exe}"
        );
    }
    // Before activation it is alone.
    let alone = privileged(Fake::new()).alive(1, 0, 1, &holds).file("/proc/1/comm", "systemd\n");
    let mut rows = sockets(&[77]);
    attached(&alone, &mut rows);
    assert_eq!(held(&rows[0]), [(1, 3)]);
}

#[test]
fn any_number_of_managers_may_share_a_socket() {
    let pids = 2..50_002;
    let mut fake = Fake::new();
    let mut owners = Vec::new();
    for pid in pids.clone() {
        fake = fake
            .file(&format!("/proc/{pid}/comm"), "systemd\n")
            .file(&format!("/proc/{pid}/exe"), "/usr/lib/systemd/systemd");
        let process = ProcessKey { pid, start_time: pid.into() };
        owners.push(Owner { process, parent: Some(1), descriptor: Some(3) });
    }
    Ancestry::new(&fake).put_principal_first(&mut owners);
    let order = owners.iter().map(|owner| owner.process.pid);
    assert!(order.eq(pids.skip(1).chain([2])), "only the first is set aside");
}

#[test]
fn the_descriptors_of_threads_are_limited() {
    let names: Vec<Vec<u8>> = (10..200u32).map(|thread| thread.to_string().into_bytes()).collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let links: Vec<(u32, &str)> = (0..1000).map(|fd| (fd, "/dev/null")).collect();
    let mut fake = privileged(Fake::new())
        .file("/proc/self/ns/pid", INITIAL)
        .pid(10)
        .file("/proc/10/stat", stat_line(10, 'S', 1, 0, 190, 500))
        .links("/proc/10/fd", &links)
        .names("/proc/10/task", &names);
    for thread in 11..200 {
        fake = fake.links(&format!("/proc/10/task/{thread}/fd"), &links);
    }
    let mut rows = sockets(&[77]);
    attached(&fake, &mut rows);
    let tables = fake.asked().iter().filter(|path| path.starts_with("/proc/10/task/")).count();
    assert_eq!(tables, MOST_LINKS.div_ceil(links.len()));
}

#[test]
fn only_links_to_sockets_have_an_inode() {
    assert_eq!(decode_socket_link(b"socket:[1]"), Some(1));
    assert_eq!(decode_socket_link(b"socket:[18446744073709551615]"), Some(u64::MAX));
    for link in [
        &b"socket:[18446744073709551616]"[..],
        b"socket:[]",
        b"socket:[1",
        b"socket:[-1]",
        b"socket:[+1]",
        b"socket:[1] (deleted)",
        b"/tmp/socket:[1]",
        b"pipe:[1]",
        b"",
    ] {
        assert_eq!(decode_socket_link(link), None, "{}", link.escape_ascii());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_socket_link(&bytes);
        let _ = decode_ring(&bytes, &mut |_| {});
        let _ = decode_hidepid(&bytes);
    }

    #[test]
    fn every_inode_is_decoded(inode: u64) {
        prop_assert_eq!(decode_socket_link(format!("socket:[{inode}]").as_bytes()), Some(inode));
    }

    /// In any tree of processes, the first owner is the ancestor of the others or the oldest.
    #[test]
    fn the_order_keeps_every_owner_once(tree in proptest::collection::vec((0u32..12, 0u64..6, any::<bool>()), 1..12)) {
        let mut fake = privileged(Fake::new()).file("/proc/self/ns/pid", INITIAL);
        let mut holders = Vec::new();
        for (pid, &(parent, start, holds)) in (1u32..).zip(&tree) {
            fake = fake.alive(pid, parent, start, if holds { &[(1, "socket:[77]")] } else { &[(1, "x")] });
            if holds { holders.push((start, pid)); }
        }
        let mut rows = sockets(&[77]);
        attached(&fake, &mut rows);
        if holders.is_empty() {
            prop_assert_eq!(unowned(&rows[0]), NoOwner::Kernel);
        } else {
            let mut found: Vec<u32> = held(&rows[0]).into_iter().map(|(pid, _)| pid).collect();
            let rest = &found[1..];
            let start = |pid: u32| tree[pid as usize - 1].1;
            prop_assert!(rest.is_sorted_by_key(|&pid| (start(pid), pid)));
            prop_assert!(rest.iter().all(|&pid| start(found[0]) <= start(pid)));
            found.sort_unstable();
            let mut expected: Vec<u32> = holders.iter().map(|&(_, pid)| pid).collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
