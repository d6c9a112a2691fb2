use super::*;
use crate::linux::fake::{Fake, stat_line};
use rustix::io::Errno;
use std::os::unix::ffi::OsStrExt;

const ID: ProcessKey = ProcessKey { pid: 10, start_time: 500 };

fn alive() -> Fake {
    Fake::new().file("/proc/10/stat", stat_line(10, 'S', 1, 0, 1, 500))
}

fn asked(fake: &Fake, fields: ProcessFields) -> Process {
    processes(fake, &[ID], fields).data.remove(0)
}

fn runs(path: &str, deleted: bool) -> Result<Executable, Missing> {
    Ok(Executable { path: path.into(), deleted })
}

#[test]
fn only_wanted_fields_are_read() {
    let fake = alive().file("/proc/10/comm", "cat\n").file("/proc/10/exe", "/bin/cat");
    let process = asked(&fake, ProcessFields::NAME);
    assert_eq!((process.name, process.comm), (Ok("cat".into()), Ok("cat".into())));
    assert_eq!(process.unit, Err(Missing::NotRead));
    assert_eq!(fake.asked(), ["/proc/10/stat", "/proc/10/exe", "/proc/10/comm", "/proc/10/stat"]);
}

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let fake = Fake::new()
        .file("/proc/10/stat", stat_line(10, 'S', 1, 0, 1, 500))
        .file("/proc/10/comm", "ten\n")
        .file("/proc/12/stat", stat_line(12, 'S', 1, 0, 1, 501))
        .file("/proc/12/comm", "twelve\n");
    let wanted = [(12, 501), (11, 1), (10, 500)].map(|(pid, start_time)| ProcessKey { pid, start_time });
    let answers = processes(&fake, &wanted, ProcessFields::NAME).data;
    assert_eq!(answers.iter().map(|answer| answer.id).collect::<Vec<_>>(), wanted);
    let names: Vec<_> = answers.into_iter().map(|answer| answer.name).collect();
    assert_eq!(names, [Ok("twelve".into()), Err(Missing::Gone), Ok("ten".into())]);
}

#[test]
fn names_are_bytes() {
    for (comm, expected) in [
        (&b"cat\n"[..], &b"cat"[..]),
        (b"a\nb\n\n", b"a\nb\n"),
        (b"\x1b[2J) \xff\n", b"\x1b[2J) \xff"),
        (b"no end", b"no end"),
        (b"\n", b""),
    ] {
        let process = asked(&alive().file("/proc/10/comm", comm), ProcessFields::NAME);
        assert_eq!(process.comm.unwrap().as_bytes(), expected);
    }
}

#[test]
fn a_reused_process_id_is_gone() {
    let gone = Process::unknown(ID, Missing::Gone);
    let successor = stat_line(10, 'S', 1, 0, 1, 501);
    let all = ProcessFields::all();
    let fake = Fake::new().file("/proc/10/stat", &successor).file("/proc/10/comm", "other\n");
    assert_eq!(asked(&fake, all), gone);
    // It ends while it is read.
    let fake = alive().fails("/proc/10/stat", Errno::SRCH).file("/proc/10/comm", "cat\n");
    assert_eq!(asked(&fake, all), gone);
    let fake = alive().file("/proc/10/stat", &successor).file("/proc/10/comm", "cat\n");
    assert_eq!(asked(&fake, all), gone);
    assert_eq!(asked(&Fake::new(), all), gone);
}

#[test]
fn error_numbers_map_to_reasons() {
    let all = ProcessFields::all();
    let fake = alive()
        .fails("/proc/10/comm", Errno::IO)
        .fails("/proc/10/exe", Errno::ACCESS)
        .fails("/proc/10/cgroup", Errno::PERM);
    let Answer { data, warnings } = processes(&fake, &[ID], all);
    let process = &data[0];
    let said: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    for (fact, why) in
        [("exe", "Permission denied"), ("comm", "Input/output error"), ("cgroup", "Operation not permitted")]
    {
        let text = format!("some facts about 1 process are unknown: /proc/PID/{fact}: {why}");
        assert!(said.contains(&text), "{said:?}");
    }
    assert_eq!(process.comm, Err(Missing::Unreadable));
    assert_eq!(process.name, Err(Missing::Unreadable));
    assert_eq!(process.executable, Err(Missing::NotPermitted));
    assert_eq!(process.unit, Err(Missing::NotPermitted));

    // The same reason of several processes is one warning.
    let busy = Fake::new().fails("/proc/10", Errno::MFILE).fails("/proc/11", Errno::MFILE);
    let two = [ID, ProcessKey { pid: 11, ..ID }];
    let Answer { data, warnings } = processes(&busy, &two, all);
    assert_eq!(data, two.map(|id| Process::unknown(id, Missing::Unreadable)));
    let reason = "/proc/PID: Too many open files".to_owned();
    assert_eq!(warnings, [Warning::ProcessesUnreadable { processes: 2, reason }]);

    let nothing = processes(&Fake::new().names("/proc", &[]), &two, all);
    assert!(
        nothing.warnings[0]
            .to_string()
            .starts_with("some facts about 2 processes are unknown: /proc is not mounted")
    );
    assert_eq!(nothing.data[0], Process::unknown(ID, Missing::Unreadable));

    let hidden = Fake::new().fails("/proc/10", Errno::PERM);
    assert_eq!(asked(&hidden, all), Process::unknown(ID, Missing::NotPermitted));
    let odd = Fake::new().file("/proc/10/stat", "nonsense");
    assert_eq!(asked(&odd, all), Process::unknown(ID, Missing::Unreadable));
    // No control groups in this kernel; no file though the process lives.
    let process = asked(&alive(), all);
    assert_eq!(process.unit, Err(Missing::NotApplicable));
    assert_eq!(process.executable, Err(Missing::Unreadable));
}

#[test]
fn kernel_threads_run_no_file() {
    for errno in [Errno::NOENT, Errno::ACCESS] {
        let fake = Fake::new()
            .file("/proc/10/stat", stat_line(10, 'I', 2, 0x0420_8060, 1, 500))
            .fails("/proc/10/exe", errno);
        assert_eq!(asked(&fake, ProcessFields::EXECUTABLE).executable, Err(Missing::NotApplicable));
    }
}

#[test]
fn an_ended_main_thread_has_the_executable_of_its_threads() {
    let ended = |threads| Fake::new().file("/proc/10/stat", stat_line(10, 'Z', 1, 0, threads, 500));
    for errno in [Errno::NOENT, Errno::ACCESS] {
        let fake = ended(1).fails("/proc/10/exe", errno);
        assert_eq!(asked(&fake, ProcessFields::EXECUTABLE).executable, Err(Missing::Gone));
        let fake = ended(3)
            .fails("/proc/10/exe", errno)
            .names("/proc/10/task", &[b"10", b"11", b"12"])
            .file("/proc/10/task/12/exe", "/bin/threads");
        assert_eq!(asked(&fake, ProcessFields::EXECUTABLE).executable, runs("/bin/threads", false));
        let fake = ended(2)
            .fails("/proc/10/exe", errno)
            .names("/proc/10/task", &[b"10", b"11"])
            .fails("/proc/10/task/11/exe", Errno::ACCESS);
        assert_eq!(asked(&fake, ProcessFields::EXECUTABLE).executable, Err(Missing::NotPermitted));
    }
    // It ended between the two looks.
    let fake = alive().file("/proc/10/stat", stat_line(10, 'Z', 1, 0, 1, 500));
    assert_eq!(asked(&fake, ProcessFields::EXECUTABLE).executable, Err(Missing::Gone));
}

#[test]
fn a_deleted_suffix_may_be_part_of_the_name() {
    let exe = |target: &str| alive().file("/proc/10/exe", target);
    let executable = |fake: Fake| asked(&fake, ProcessFields::EXECUTABLE).executable;
    assert_eq!(executable(exe("/tmp/a")), runs("/tmp/a", false));
    assert_eq!(executable(exe("/tmp/a (deleted)")), runs("/tmp/a", true));
    assert_eq!(executable(exe("/tmp/a (deleted) (deleted)")), runs("/tmp/a (deleted)", true));

    // The replies to `exe` come in turn: first where the link points, then which file it is.
    let named =
        exe("/tmp/a (deleted)").file_is("/proc/10/exe", 1, 2).file_is("/proc/10/root/tmp/a (deleted)", 1, 2);
    assert_eq!(executable(named), runs("/tmp/a (deleted)", false));
    // Another file by that name does not hide that the one that runs is gone.
    let decoy =
        exe("/tmp/a (deleted)").file_is("/proc/10/exe", 1, 2).file_is("/proc/10/root/tmp/a (deleted)", 1, 3);
    assert_eq!(executable(decoy), runs("/tmp/a", true));
}

#[test]
fn the_unit_is_that_of_the_cgroup() {
    let unit = |cgroup: &str| asked(&alive().file("/proc/10/cgroup", cgroup), ProcessFields::UNIT).unit;
    assert_eq!(unit("0::/system.slice/nginx.service\n"), Ok("nginx.service".into()));
    assert_eq!(unit("0::/\n"), Err(Missing::NotApplicable));
}

#[test]
fn command_lines_are_words() {
    for (bytes, expected) in [
        (&b"cat\0-n\0a b\0"[..], &["cat", "-n", "a b"][..]),
        (b"cat\0\0x\0", &["cat", "", "x"]),
        (b"nginx: worker process\0\0\0\0", &["nginx: worker process"]),
        (b"no end", &["no end"]),
        (b"\0", &[""]),
    ] {
        let process = asked(&alive().file("/proc/10/cmdline", bytes), ProcessFields::COMMAND_LINE);
        assert_eq!(process.command_line.unwrap(), expected);
    }
    let read = |fake| asked(&fake, ProcessFields::COMMAND_LINE).command_line;
    assert_eq!(read(alive().file("/proc/10/cmdline", "")), Err(Missing::Unreadable));
    let stat = |state, flags| Fake::new().file("/proc/10/stat", stat_line(10, state, 1, flags, 1, 500));
    assert_eq!(read(stat('Z', 0).file("/proc/10/cmdline", "")), Err(Missing::Gone));
    assert_eq!(read(stat('I', 0x0020_0000).file("/proc/10/cmdline", "")), Err(Missing::NotApplicable));
    assert_eq!(read(alive().fails("/proc/10/cmdline", Errno::ACCESS)), Err(Missing::NotPermitted));
    // It ended between the two looks.
    let ends = alive().file("/proc/10/stat", stat_line(10, 'Z', 1, 0, 1, 500)).file("/proc/10/cmdline", "");
    assert_eq!(read(ends), Err(Missing::Gone));
}

#[test]
fn the_user_is_the_effective_one() {
    let read = |status: &str| asked(&alive().file("/proc/10/status", status), ProcessFields::USER).user;
    assert_eq!(read("Name:\tcat\nUmask:\t0022\nUid:\t1000\t33\t0\t33\nGid:\t1\t2\t3\t4\n"), Ok(33));
    assert_eq!(read("Name:\ta\\nUid:\t1\t1\nUid:\t5\t6\t7\t8\n"), Ok(6));
    assert_eq!(read("Name:\tcat\n"), Err(Missing::Unreadable));
    assert_eq!(read("Uid:\t1000\n"), Err(Missing::Unreadable));
}

#[test]
fn the_number_in_its_namespace_is_the_last_one() {
    let read = |status: &str| {
        let process = asked(&alive().file("/proc/10/status", status), ProcessFields::NAMESPACE_PID);
        assert_eq!(process.user, Err(Missing::NotRead));
        process.namespace_pid
    };
    assert_eq!(read("Name:\tcat\nNStgid:\t10\t4\nNSpid:\t10\t4\t1\nNSpgid:\t10\n"), Ok(1));
    assert_eq!(read("NSpid:\t10\n"), Ok(10));
    for odd in ["Name:\tNSpid: 3\n", "NSpid:\n", "NSpid:\t10\t-1\n", "NSpid:\t10\t4294967296\n", ""] {
        assert_eq!(read(odd), Err(Missing::Unreadable), "{odd:?}");
    }
    assert_eq!(asked(&alive(), ProcessFields::NAMESPACE_PID).namespace_pid, Err(Missing::Gone));
}

#[test]
fn the_container_is_that_of_the_cgroup() {
    let id = "ab".repeat(32);
    let read =
        |cgroup: &str| asked(&alive().file("/proc/10/cgroup", cgroup), ProcessFields::CONTAINER).container;
    let found = read(&format!("0::/system.slice/docker-{id}.scope\n")).unwrap();
    assert_eq!(
        (found.runtime, found.id.as_ref(), found.pod),
        (netstat_model::ContainerRuntime::Docker, id.as_str(), None)
    );
    assert_eq!(read("0::/system.slice/nginx.service\n"), Err(Missing::NotApplicable));
    assert_eq!(asked(&alive(), ProcessFields::CONTAINER).container, Err(Missing::NotApplicable));
}
