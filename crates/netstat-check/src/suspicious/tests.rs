use super::super::CheckSettings;
use super::super::made::{also_held_by, fact, lines, process, run, seen, tcp};
use super::super::text::EN;
use super::super::{Evidence, NamedList};
use super::*;
use netstat_engine::enrich::AddressList;
use netstat_model::{Missing, Ownership, Process, Socket};
use std::sync::Arc;

/// A connection that was made from here.
fn out(remote: &str) -> Socket {
    tcp("10.0.0.1:40000", remote, TcpState::Established)
}

fn deleted(mut process: Process) -> Process {
    if let Ok(executable) = &mut process.executable {
        executable.deleted = true;
    }
    process
}

fn one(socket: Socket, process: Process) -> Evidence {
    seen(vec![(socket, Some(process))])
}

/// The severity and the keys of the facts that count.
fn found(evidence: &Evidence, settings: &[&str]) -> (&'static str, Vec<&'static str>) {
    let findings = run(&CHECK, evidence, settings);
    assert_eq!(findings.len(), 1, "{:?}", lines(&findings));
    let counted = |fact: &&Fact| fact.text.as_ref().is_some_and(|text| text.of(EN).ends_with(']'));
    (findings[0].severity.word(), findings[0].facts.iter().filter(counted).map(|fact| fact.key).collect())
}

#[test]
fn ordinary_programs_are_not_reported() {
    for (path, remote) in [
        ("/usr/lib/firefox/firefox", "8.8.8.8:443"),
        ("/opt/google/chrome/chrome", "[2606:4700::1111]:443"),
        ("/usr/lib/apt/methods/http", "8.8.8.8:80"),
        ("/usr/bin/psql", "8.8.8.8:5432"),
        ("/usr/bin/mysql", "8.8.8.8:3306"),
        ("/usr/bin/ssh", "8.8.8.8:22"),
        ("/usr/bin/python3.11", "8.8.8.8:443"),
        ("/usr/bin/python3.11", "8.8.8.8:9418"),
        ("/usr/bin/python3.11", "8.8.8.8:1234"),
        ("/usr/bin/perl", "8.8.8.8:50000"),
        ("/usr/lib/jvm/java-17/bin/java", "8.8.8.8:9092"),
        ("/usr/bin/transmission-daemon", "8.8.8.8:51413"),
        ("/usr/games/game", "8.8.8.8:3333"),
        ("/usr/bin/tor", "8.8.8.8:9001"),
        ("/home/u/.local/share/JetBrains/ide", "8.8.8.8:443"),
        ("/home/u/.cargo/bin/cargo", "8.8.8.8:443"),
        ("/home/u/.vscode-server/bin/x/node", "8.8.8.8:443"),
        ("/tmp/.mount_Obsidian/obsidian", "8.8.8.8:443"),
        ("/home/u/.hidden/thing", "8.8.8.8:443"),
        ("C:\\Program Files\\Mozilla Firefox\\firefox.exe", "8.8.8.8:443"),
        ("C:\\Windows\\System32\\svchost.exe", "8.8.8.8:443"),
        ("C:\\Users\\u\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe", "8.8.8.8:443"),
        ("C:\\Users\\u\\AppData\\Local\\Discord\\app-1\\Discord.exe", "8.8.8.8:50001"),
        ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe", "8.8.8.8:443"),
    ] {
        let (severity, keys) = found(&one(out(remote), process(7, path)), &[]);
        assert_eq!(severity, "ok", "{path} to {remote}: {keys:?}");
        // Nor after an update has replaced the file.
        let (severity, keys) = found(&one(out("8.8.8.8:443"), deleted(process(7, path))), &[]);
        let hidden = path.contains("/.hidden/");
        assert_eq!(severity, if hidden { "notice" } else { "ok" }, "{path} replaced: {keys:?}");
    }
}

#[test]
fn deleted_hidden_and_temporary_executables_are_reported() {
    for (path, remote, severity, expected) in [
        ("/memfd:x", "8.8.8.8:443", "warning", &["memory_only"][..]),
        ("/tmp/a", "8.8.8.8:443", "notice", &["temporary"]),
        ("/dev/shm/.x/kdevtmpfsi", "8.8.8.8:3333", "warning", &["temporary", "hidden", "known_port"]),
        ("/tmp/.x/kworker", "8.8.8.8:443", "warning", &["temporary", "hidden"]),
        ("/var/tmp/x", "8.8.8.8:50000", "notice", &["temporary", "high_ports"]),
        ("/usr/bin/bash", "8.8.8.8:443", "notice", &["shell"]),
        ("/usr/bin/bash", "8.8.8.8:4444", "warning", &["shell", "known_port"]),
        ("/usr/bin/nc.openbsd", "8.8.8.8:31337", "warning", &["pipe", "known_port"]),
        ("/usr/bin/python3.11", "8.8.8.8:4444", "notice", &["interpreter", "known_port"]),
        ("/tmp/python3", "8.8.8.8:4444", "warning", &["temporary", "interpreter", "known_port"]),
        ("/home/u/.x/a", "8.8.8.8:4444", "notice", &["hidden", "known_port"]),
        ("C:\\Users\\x\\AppData\\Local\\Temp\\a.exe", "8.8.8.8:443", "notice", &["temporary"]),
        (
            "C:\\Users\\x\\AppData\\Local\\Temp\\a.exe",
            "8.8.8.8:4444",
            "warning",
            &["temporary", "known_port"],
        ),
        ("C:\\Windows\\Temp\\a.exe", "8.8.8.8:443", "notice", &["temporary"]),
        ("c:\\users\\public\\svchost.exe", "8.8.8.8:443", "notice", &["temporary"]),
        ("C:\\Windows\\System32\\cmd.exe", "8.8.8.8:4444", "warning", &["shell", "known_port"]),
        ("C:\\Windows\\System32\\rundll32.exe", "8.8.8.8:443", "notice", &["shell"]),
    ] {
        let (is, keys) = found(&one(out(remote), process(7, path)), &[]);
        assert_eq!((is, keys.as_slice()), (severity, expected), "{path} to {remote}");
    }
    let (severity, keys) = found(&one(out("8.8.8.8:14444"), deleted(process(7, "/tmp/xmrig"))), &[]);
    assert_eq!((severity, keys), ("warning", vec!["deleted", "temporary", "known_port"]));
    let (severity, keys) = found(&one(out("8.8.8.8:8080"), deleted(process(7, "/usr/bin/python3"))), &[]);
    assert_eq!((severity, keys.len()), ("ok", 0));
}

/// A process that has given itself other names.
fn calls_itself(path: &str, comm: &str, title: &str) -> Process {
    let mut process = process(7, path);
    process.comm = Ok(comm.into());
    process.command_line = Ok(vec![title.into()]);
    process
}

#[test]
fn a_name_that_the_executable_does_not_have_is_a_fact() {
    let judged = |path, comm, title| found(&one(out("8.8.8.8:443"), calls_itself(path, comm, title)), &[]);
    for (path, comm, title, severity, keys) in [
        ("/usr/bin/perl", "[kworker/0:0]", "[kworker/0:0]", "warning", &["interpreter", "kernel_name"][..]),
        ("/opt/a", "kworker/0:1", "/opt/a", "warning", &["kernel_name"]),
        ("/opt/a", "a", "[rcu_preempt]", "warning", &["kernel_name"]),
        ("/usr/bin/perl", "perl", "/usr/sbin/apache2 -k start", "notice", &["interpreter", "other_name"]),
        ("/opt/a", "a", "sshd: kim@pts/0", "notice", &["other_name"]),
    ] {
        assert_eq!(judged(path, comm, title), (severity, keys.to_vec()), "{path} {comm} {title}");
    }
    for (path, comm, title) in [
        ("/usr/sbin/nginx", "nginx", "nginx: worker process"),
        ("/usr/lib/openssh/sshd-session", "sshd-session", "sshd-session: user"),
        ("/usr/lib/postgresql/15/bin/postgres", "postgres", "postgres: checkpointer"),
        ("/usr/bin/python3.11", "gunicorn: maste", "gunicorn: master [app]"),
        ("/usr/bin/node", "MainThread", "node"),
        ("/usr/bin/lxc-start", "lxc-start", "[lxc monitor] /var/lib/lxc web"),
    ] {
        assert_eq!(judged(path, comm, title).0, "ok", "{path} {comm} {title}");
    }
    // The applet of busybox is what it says, a script is not.
    let named = |path, name: &str| {
        let mut process = calls_itself(path, name, name);
        process.name = Ok(name.into());
        found(&one(out("8.8.8.8:443"), process), &[])
    };
    assert_eq!(named("/bin/busybox", "crond"), ("notice", vec!["shell"]));
    assert_eq!(named("/usr/bin/perl", "sshd"), ("notice", vec!["interpreter", "other_name"]));
}

#[test]
fn facts_below_the_limit_are_not_nothing() {
    let script = one(out("8.8.8.8:4443"), process(7, "/usr/bin/python3.11"));
    let said = |evidence: &Evidence| run(&CHECK, evidence, &[])[0].sentence.of(EN).to_owned();
    assert!(said(&script).contains("1 with odd facts below the limit"), "{}", said(&script));
    let plain = one(out("8.8.8.8:443"), process(7, "/usr/bin/firefox"));
    assert_eq!(said(&plain), "1 connection with public addresses, nothing odd about them");
}

#[test]
fn a_connection_that_no_process_has_open_is_not_known() {
    let mut socket = out("8.8.8.8:443");
    socket.ownership = Ownership::Unowned(NoOwner::Kernel);
    let findings = run(&CHECK, &seen(vec![(socket, None)]), &[]);
    assert_eq!(findings[0].severity.word(), "unknown", "{:?}", lines(&findings));
}

/// The same evidence, with another process that holds its only socket as well.
fn shared(mut evidence: Evidence, other: Process) -> Evidence {
    also_held_by(&mut evidence, other.id);
    evidence.processes.insert(other.id, other);
    evidence
}

#[test]
fn other_holders_of_a_connection_count_too() {
    let script = || one(out("8.8.8.8:443"), process(7, "/usr/bin/python3.11"));
    assert_eq!(found(&script(), &[]).0, "ok");
    let with_shell = || shared(script(), process(8, "/usr/bin/dash"));
    assert_eq!(found(&with_shell(), &[]), ("notice", vec!["interpreter", "shell"]));
    let finding = &run(&CHECK, &with_shell(), &[])[0];
    assert_eq!(fact(finding, "also_held_by"), Some(serde_json::json!(["dash (8)"])));
    // What a process of a pool says, it says once.
    let pool = shared(script(), process(9, "/usr/bin/python3.11"));
    assert_eq!(found(&pool, &[]).0, "ok");
    // That the script is usual does not make its shell so.
    let usual = ["suspicious.usual-paths=/usr/bin/python*"];
    assert_eq!(found(&with_shell(), &usual), ("notice", vec!["shell"]));
    assert_eq!(found(&with_shell(), &["suspicious.usual-paths=/usr/bin/*"]).0, "ok");
}

#[test]
fn only_connections_to_public_addresses_count() {
    let bad = || process(7, "/tmp/x");
    for socket in [
        out("10.0.0.9:4444"),
        out("127.0.0.1:4444"),
        out("[fe80::1]:4444"),
        out("100.64.0.1:4444"),
        tcp("10.0.0.1:40000", "8.8.8.8:4444", TcpState::TimeWait),
        tcp("0.0.0.0:4444", "", TcpState::Listen),
    ] {
        assert_eq!(found(&one(socket, bad()), &[]).0, "ok");
    }
    let attempt = tcp("10.0.0.1:40000", "8.8.8.8:4444", TcpState::SynSent);
    assert_eq!(found(&one(attempt, bad()), &[]).0, "warning");
}

#[test]
fn clients_of_a_local_service_may_come_from_anywhere() {
    let sshd = || process(5, "/usr/sbin/sshd");
    let evidence = |process: Process| {
        seen(vec![
            (tcp("0.0.0.0:22", "", TcpState::Listen), Some(sshd())),
            (tcp("10.0.0.1:22", "168.126.63.1:4444", TcpState::Established), Some(process)),
        ])
    };
    assert_eq!(found(&evidence(sshd()), &["suspicious.usual-countries=US"]).0, "ok");
    // A shell that listens is one all the same.
    assert_eq!(found(&evidence(process(9, "/usr/bin/bash")), &[]), ("notice", vec!["shell"]));
}

#[test]
fn settings_name_what_is_usual() {
    let python = || one(out("168.126.63.1:4444"), process(7, "/usr/bin/python3"));
    let with = |setting: &str| found(&python(), &[setting]);
    assert_eq!(with("suspicious.usual-countries=US").1, ["interpreter", "known_port", "country"]);
    assert_eq!(with("suspicious.usual-countries=US").0, "warning");
    assert_eq!(with("suspicious.usual-countries=us,kr").1, ["interpreter", "known_port"]);
    assert_eq!(with("suspicious.usual-ports=4444").0, "ok");
    assert_eq!(with("suspicious.usual-paths=/usr/bin/python*").0, "ok");
    assert_eq!(with("suspicious.notice=46").0, "ok");
    assert_eq!(with("suspicious.warning=45").0, "warning");
    // An odd country alone is nothing.
    let firefox = one(out("168.126.63.1:443"), process(7, "/usr/bin/firefox"));
    assert_eq!(found(&firefox, &["suspicious.usual-countries=US"]).0, "ok");
}

#[test]
fn networks_are_usual_by_number_or_name() {
    let usual = |setting: &str| {
        let mut settings = CheckSettings::default();
        settings.assign(&[super::super::parse_assignment(setting).unwrap()]);
        Usual::of(&CHECK.thresholds(&settings))
    };
    let usual = usual("suspicious.usual-networks=AS4766,*Google*");
    assert!(usual.has_network(Some(4766), None) && usual.has_network(Some(1), Some("GOOGLE-CLOUD")));
    assert!(!usual.has_network(Some(1), Some("acme")) && !usual.has_network(None, None));
}

#[test]
fn a_listed_address_is_reported_with_its_line() {
    let on_a_list = |mut evidence: Evidence| {
        let (list, _) = AddressList::parse(b"# bad\n8.8.8.0/24 ; SBL1\n");
        evidence.surroundings.lists = Arc::new(vec![NamedList { name: "drop.txt".into(), list }]);
        evidence
    };
    let evidence = on_a_list(one(out("8.8.8.8:443"), process(7, "/usr/bin/firefox")));
    assert_eq!(found(&evidence, &[]), ("warning", vec!["listed"]));
    let findings = run(&CHECK, &evidence, &[]);
    let text = findings[0].facts.iter().find(|fact| fact.key == "listed").unwrap().text.clone().unwrap();
    assert_eq!(text.of(EN), "8.8.8.8 is on the list drop.txt (line 2: 8.8.8.0/24) [60]");
    // The oddest connection is told in full, and the others that are on a list by their addresses.
    let several = ["8.8.8.8:443", "8.8.8.7:443", "8.8.8.7:80", "1.1.1.1:443"];
    let several = several.map(|remote| (out(remote), Some(process(7, "/usr/bin/firefox"))));
    let finding = &run(&CHECK, &on_a_list(seen(several.into())), &[])[0];
    assert_eq!(fact(finding, "remote"), Some("8.8.8.7:80".into()));
    assert_eq!(fact(finding, "also_listed"), Some(serde_json::json!(["8.8.8.8"])));
    // A scanner that knocks at a service is less.
    let evidence = on_a_list(seen(vec![
        (tcp("0.0.0.0:443", "", TcpState::Listen), Some(process(5, "/usr/sbin/nginx"))),
        (tcp("10.0.0.1:443", "8.8.8.8:50000", TcpState::Established), Some(process(5, "/usr/sbin/nginx"))),
    ]));
    assert_eq!(found(&evidence, &[]).0, "ok");
    assert_eq!(found(&evidence, &["suspicious.notice=30"]), ("notice", vec!["listed"]));
}

#[test]
fn a_process_has_one_finding_for_its_oddest_connection() {
    let mut sockets = vec![
        (out("8.8.8.8:443"), Some(process(7, "/tmp/x"))),
        (out("168.126.63.1:31337"), Some(process(7, "/tmp/x"))),
    ];
    sockets.push((out("9.9.9.9:443"), Some(process(8, "/usr/bin/firefox"))));
    let findings = run(&CHECK, &seen(sockets), &[]);
    assert_eq!(
        lines(&findings),
        [
            "warning [x (7)] x (7) is connected to 168.126.63.1:31337 (KR) and 1 more, and 2 things about it are odd"
        ]
    );
    assert_eq!(
        (fact(&findings[0], "score"), fact(&findings[0], "country")),
        (Some(70.into()), Some("KR".into()))
    );
    assert_eq!(fact(&findings[0], "temporary"), Some(40.into()));
    assert!(findings[0].rows.as_ref().unwrap().ends_with("tcp connected public pid 7"));
    assert_eq!(findings[0].processes[0].sockets, 2);
}

#[test]
fn hidden_owners_are_reported_as_unknown() {
    let mut hidden = process(7, "/usr/bin/x");
    hidden.executable = Err(Missing::NotPermitted);
    let findings = run(&CHECK, &one(out("8.8.8.8:443"), hidden), &[]);
    assert_eq!(findings[0].severity, Severity::Unknown);
    let mut socket = out("8.8.8.8:443");
    socket.ownership = Ownership::Unowned(NoOwner::NotPermitted);
    let findings = run(&CHECK, &seen(vec![(socket.clone(), None)]), &[]);
    assert_eq!(
        lines(&findings),
        [
            "unknown [processes that may not be seen] 1 of 1 connection with public addresses belongs to processes that are not known"
        ]
    );
    // What is known to have no process hides nothing.
    socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    assert_eq!(found(&seen(vec![(socket, None)]), &[]).0, "ok");
}
