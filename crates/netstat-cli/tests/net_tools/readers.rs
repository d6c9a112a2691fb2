//! Programs of others that read the output of netstat, from the registries of Python and of Node: they have to read ours as they
//! read that of net-tools, and find in the table of Windows what is there.
//!
//! They are installed once, below the target folder. Where that cannot be done, the test is skipped.

use crate::compare::{ORACLE, at_rest, has_oracle, oracle, ours};
use crate::support::{self, Folder, NETSTAT};
use netstat_lab::{Loop, Namespace, Place, skip};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs an installer for two minutes at most; returns whether it succeeded.
fn installs(command: &[&str], folder: &Path) -> bool {
    let [name, ..] = command else { return false };
    let mut installer = Command::new("timeout");
    installer.args(["-k", "5", "120"]).args(command).arg(folder);
    installer.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let has = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    has(name) && installer.status().is_ok_and(|status| status.success())
}

/// Returns the folder that a package is installed in, with the file that says that it is.
fn installed(name: &str, command: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let done = folder.join("installed");
    if !done.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        if !installs(command, &folder) {
            skip(format!("{} could not be installed", command.join(" ")));
            return None;
        }
        std::fs::write(done, "").unwrap();
    }
    Some(folder)
}

fn with_sockets(body: impl FnOnce(&Namespace) + Send) {
    netstat_lab::on_own_thread(|namespace| {
        namespace.ip("route add 198.51.100.0/24 dev lo\n").unwrap();
        let _unix = std::os::unix::net::UnixDatagram::pair().unwrap();
        let _listeners = [8080, 8081].map(|port| namespace.listener(Place::AnyV4, port).unwrap());
        let _six = namespace.listener(Place::LoopbackV6, 8082).unwrap();
        let _udp = [
            namespace.udp(Place::AnyV4, 8083).unwrap(),
            namespace.udp_connected(Place::LoopbackV4, 9).unwrap(),
        ];
        let _pairs = [Loop::V4, Loop::V6].map(|kind| namespace.connected(kind).unwrap());
        body(namespace);
    });
}

/// Reads a text with jc, and returns what it read as JSON.
fn jc(folder: &Path, text: &str) -> String {
    let script = "import json, sys; sys.path.insert(0, sys.argv[1]); import jc; \
                  print(json.dumps(jc.parse('netstat', sys.stdin.read(), quiet=True), indent=1))";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "jc does not read\n{text}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn jc_reads_ours_as_it_reads_that_of_net_tools() {
    let install = ["python3", "-m", "pip", "install", "--quiet", "jc==1.26.1", "--target"];
    let Some(folder) = installed("jc", &install).filter(|_| has_oracle()) else { return };
    with_sockets(|_| {
        for words in ["", "-a", "-apee", "-tulpn", "-rne", "-rnee", "-r", "-i", "-ia", "-xap", "-wan", "-l"] {
            let (wanted, got) =
                at_rest(|| jc(&folder, &oracle(words).text), || jc(&folder, &ours(words).text));
            assert_eq!(got, wanted, "netstat {words}");
            assert!(words == "-wan" || wanted.contains('{'), "netstat {words}: {wanted}");
        }
        // The table of Windows.
        let read = jc(&folder, &support::netstat("-ano"));
        let pid = std::process::id();
        for line in [
            "\"local_address\": \"0.0.0.0\"",
            "\"local_port_num\": 8080",
            "\"state\": \"LISTENING\"",
            &format!("\"pid\": {pid}"),
        ] {
            assert!(read.contains(line), "no {line} in\n{read}");
        }
        let rows = support::netstat("-ano --no-header").lines().count();
        assert_eq!(read.matches("\"proto\"").count(), rows, "{read}");
    });
}

/// What the packages of Node read from a program, which is the only one in PATH.
fn node(folder: &Path, program: &str, platforms: &str) -> String {
    let path = Folder::new(&format!("readers-{}", if program == NETSTAT { "ours" } else { "net-tools" }));
    std::fs::create_dir_all(&path.0).unwrap();
    std::os::unix::fs::symlink(program, path.path("netstat")).unwrap();
    // What Node runs a command line with on Windows: cmd.exe /d /s /c "WORDS".
    let shell = path.path("cmd.exe");
    std::fs::write(&shell, "#!/bin/sh\nwords=${4#?}\nexec /bin/sh -c \"${words%?}\"\n").unwrap();
    std::fs::set_permissions(&shell, std::fs::Permissions::from_mode(0o755)).unwrap();
    let which = Command::new("sh").args(["-c", "command -v node"]).output().unwrap();
    let node = String::from_utf8(which.stdout).unwrap();
    let mut command = Command::new(node.trim());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/net_tools/readers.js");
    command.arg(script).arg(folder).args(["8080", "8081", "8082", "8083", "7"]);
    command.env("PATH", &path.0).env("PLATFORMS", platforms).env("LC_ALL", "C").stdin(Stdio::null());
    let run = support::finish(command);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.text
}

#[test]
fn packages_of_node_read_ours_as_they_read_that_of_net_tools() {
    let install = [
        "npm",
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "find-process@2.1.1",
        "node-netstat@1.9.0",
        "--prefix",
    ];
    let Some(folder) = installed("node", &install).filter(|_| has_oracle()) else { return };
    with_sockets(|_| {
        let (wanted, got) = at_rest(|| node(&folder, ORACLE, "linux"), || node(&folder, NETSTAT, "linux"));
        assert_eq!(got, wanted);
        let pid = std::process::id();
        // Of net-tools, find-process reads TCP alone: a UDP row has no state.
        let found = format!("\"8080\":{pid},\"8081\":{pid},\"8082\":{pid},\"8083\":");
        assert!(got.contains(&found), "{got}");
        // The same through the command line of Windows.
        let windows = node(&folder, NETSTAT, "win32");
        assert!(windows.contains(&format!("{found}{pid}")), "{windows}");
        let rows = support::netstat("-ano --no-header").lines().count();
        assert_eq!(windows.matches("\"protocol\"").count(), rows, "{windows}");
        assert_eq!(windows.matches("\"state\":\"LISTENING\"").count(), 5, "{windows}");
    });
}
