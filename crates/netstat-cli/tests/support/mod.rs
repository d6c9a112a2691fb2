//! Running the real program, reading its tables, and the tables that sockets ought to give: all of it written from
//! the format of Windows, none of it with the code under test.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod capturing;

use netstat_lab::{Family, Flavor, Held, Namespace, Protocol, RemoteHost, Row, TcpState};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program under test.
pub(crate) const NETSTAT: &str = env!("CARGO_BIN_EXE_netstat");

pub(crate) const TITLE: &str = "\nActive Connections\n\n";
pub(crate) const HEADING: &str = "  Proto  Local Address          Foreign Address        State";
pub(crate) const HEADING_WITH_PID: &str =
    "  Proto  Local Address          Foreign Address        State           PID";

/// Opens sockets in every state over every kind of address, listeners of every kind, and UDP sockets with and without a
/// peer.
pub(crate) fn every_state(namespace: &Namespace, host: &RemoteHost) -> Vec<Held> {
    let mut held = Vec::new();
    let lists_bound = netstat_lab::lists_bound();
    for flavor in Flavor::ALL {
        for state in TcpState::ALL {
            if state == TcpState::Bound && !lists_bound {
                continue;
            }
            let one =
                host.hold(state, flavor).unwrap_or_else(|error| panic!("{state:?} {flavor:?}: {error}"));
            held.push(one);
        }
        held.push(host.hold_udp(flavor).unwrap());
    }
    for place in netstat_lab::Place::ALL {
        held.push(namespace.listener(place, 0).unwrap());
        held.push(namespace.udp(place, 0).unwrap());
        held.push(namespace.udp_connected(place, 9).unwrap());
    }
    held
}

/// The program with these arguments, in English.
pub(crate) fn command(words: &str) -> Command {
    command_of(Path::new(NETSTAT), words)
}

pub(crate) fn command_of(program: &Path, words: &str) -> Command {
    let mut command = Command::new(program);
    command.args(words.split_ascii_whitespace()).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// Output and exit code of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) complaint: String,
    pub(crate) code: Option<i32>,
}

pub(crate) fn finish(mut command: Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Run {
        text: String::from_utf8(stdout).expect("standard output is UTF-8"),
        complaint: String::from_utf8(stderr).expect("standard error is UTF-8"),
        code: status.code(),
    }
}

/// Runs the program, which has to succeed. Nothing may be on standard error but the warnings that cannot be avoided: a
/// socket was closed while its owner was looked up; where the machine has a process that not even root may read, such a socket
/// may be one of that process; and other tests have sockets in network namespaces of their own.
pub(crate) fn netstat(words: &str) -> String {
    let run = finish(command(words));
    let vanished = |line: &&str| {
        let unavoidable = [
            "closed while owners were looked up",
            "not readable, so some owners",
            "reading it was refused",
            "whether sockets alone keep more",
            "in this network namespace, but",
        ];
        unavoidable.iter().any(|words| line.contains(words))
    };
    let said: Vec<&str> = run.complaint.lines().filter(|line| !vanished(line)).collect();
    assert_eq!((run.code, said), (Some(0), vec![]), "netstat {words}\n{}", run.text);
    run.text
}

/// A temporary folder, removed when the value is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("netstat-e2e-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A row of the classic table, split into words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) proto: String,
    pub(crate) local: String,
    pub(crate) foreign: String,
    /// Empty for UDP.
    pub(crate) state: String,
    /// Columns after the state: the process ID with `-o`, and further ones.
    pub(crate) rest: Vec<String>,
    /// Lines of `-b` below the row, unparsed.
    pub(crate) below: Vec<String>,
}

impl Line {
    pub(crate) fn parse(text: &str) -> Self {
        let mut words = text.split_ascii_whitespace().map(str::to_owned);
        let mut word = |what| words.next().unwrap_or_else(|| panic!("a row without {what}: {text:?}"));
        let proto = word("protocol");
        assert!(text.starts_with(&format!("  {proto}    ")), "not where it belongs: {text:?}");
        let (local, foreign) = (word("local end"), word("foreign end"));
        let state = match &*proto {
            "TCP" => word("state"),
            "UDP" => String::new(),
            _ => panic!("neither TCP nor UDP: {text:?}"),
        };
        Self { proto, local, foreign, state, rest: words.collect(), below: Vec::new() }
    }

    /// The process ID, in a table with `-o`.
    pub(crate) fn pid(&self) -> &str {
        self.rest.first().map(String::as_str).unwrap_or_else(|| panic!("no process ID: {self:?}"))
    }

    /// The row as Windows writes it without `-o`.
    pub(crate) fn plain(&self) -> String {
        let Self { proto, local, foreign, state, .. } = self;
        format!("  {proto:<5}  {local:<21}  {foreign:<21}  {state}\n")
    }

    /// The row as Windows writes it with `-o`.
    pub(crate) fn with_pid(&self) -> String {
        let Self { proto, local, foreign, state, .. } = self;
        format!("  {proto:<5}  {local:<21}  {foreign:<21}  {state:<12}    {}\n", self.pid())
    }
}

/// Parses a table with this heading.
pub(crate) fn rows(text: &str, heading: &str) -> Vec<Line> {
    let head = format!("{TITLE}{heading}\n");
    let body = text.strip_prefix(&head).unwrap_or_else(|| panic!("another head:\n{text}"));
    assert!(body.is_empty() || body.ends_with('\n'), "cut short:\n{text}");
    let mut rows: Vec<Line> = Vec::new();
    for line in body.lines() {
        if line.starts_with("  TCP    ") || line.starts_with("  UDP    ") {
            rows.push(Line::parse(line));
        } else {
            let below =
                &mut rows.last_mut().unwrap_or_else(|| panic!("a line before any row:\n{text}")).below;
            below.push(line.to_owned());
        }
    }
    rows
}

/// Runs the program with arguments that include `-o` and `-n`, and parses its table.
pub(crate) fn table(words: &str) -> Vec<Line> {
    rows(&netstat(words), HEADING_WITH_PID)
}

/// Returns the only row with this protocol and local address.
pub(crate) fn at<'a>(table: &'a [Line], proto: &str, local: &str) -> &'a Line {
    let mut found = table.iter().filter(|line| line.proto == proto && line.local == local);
    match (found.next(), found.next()) {
        (Some(line), None) => line,
        (None, _) => panic!("no {proto} row at {local} in {table:#?}"),
        _ => panic!("{proto} {local} is there twice in {table:#?}"),
    }
}

/// Which rows the options select.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) tcp4: bool,
    pub(crate) tcp6: bool,
    pub(crate) udp4: bool,
    pub(crate) udp6: bool,
    pub(crate) listening: bool,
    pub(crate) bound: bool,
}

impl Wanted {
    pub(crate) const ALL: Self =
        Self { tcp4: true, tcp6: true, udp4: true, udp6: true, listening: true, bound: true };
}

fn is_v4(address: IpAddr) -> bool {
    address.to_canonical().is_ipv4()
}

/// An address as the table writes it.
pub(crate) fn shown(end: SocketAddr) -> String {
    match (end.ip().to_canonical(), end) {
        (IpAddr::V4(v4), _) => format!("{v4}:{}", end.port()),
        (IpAddr::V6(v6), SocketAddr::V6(whole)) if whole.scope_id() != 0 => {
            format!("[{v6}%{}]:{}", whole.scope_id(), end.port())
        }
        (IpAddr::V6(v6), _) => format!("[{v6}]:{}", end.port()),
    }
}

fn word(state: TcpState) -> &'static str {
    match state {
        TcpState::Bound => "BOUND",
        TcpState::Listen => "LISTENING",
        TcpState::SynSent => "SYN_SENT",
        TcpState::SynReceived => "SYN_RECEIVED",
        TcpState::Established => "ESTABLISHED",
        TcpState::FinWait1 => "FIN_WAIT_1",
        TcpState::FinWait2 => "FIN_WAIT_2",
        TcpState::CloseWait => "CLOSE_WAIT",
        TcpState::Closing => "CLOSING",
        TcpState::LastAck => "LAST_ACK",
        TcpState::TimeWait => "TIME_WAIT",
    }
}

/// Sort key of a row: block, local address, scope and port, remote address, scope and port.
type Place = (u8, (u128, u32, u16), Option<(u128, u32, u16)>);

fn number(end: SocketAddr) -> (u128, u32, u16) {
    let address = match end.ip().to_canonical() {
        IpAddr::V4(v4) => u32::from(v4).into(),
        IpAddr::V6(v6) => u128::from(v6),
    };
    let scope = if let SocketAddr::V6(v6) = end { v6.scope_id() } else { 0 };
    (address, scope, end.port())
}

/// The table to expect for these sockets, in order and with process IDs: this process if it holds the socket, 0 if no
/// process does. A dual-stack socket has a row for each family.
pub(crate) fn expected<'a>(made: impl IntoIterator<Item = &'a Row>, wanted: Wanted) -> Vec<Line> {
    let mut placed: Vec<(Place, Line)> = Vec::new();
    for row in made {
        let tcp = row.protocol == Protocol::Tcp;
        let state = row.state;
        let selected = match (tcp, state) {
            (true, Some(TcpState::Listen)) => wanted.listening || wanted.bound,
            (true, Some(TcpState::Bound)) => wanted.bound,
            (true, _) => true,
            (false, _) => {
                wanted.listening || wanted.bound || (row.remote.is_some() && !wanted.tcp4 && !wanted.tcp6)
            }
        };
        if !selected {
            continue;
        }
        let any = row.local.ip().is_unspecified();
        let both = row.family == Family::V6 && any && row.remote.is_none() && row.v6_only == Some(false);
        let v4 = is_v4(row.local.ip());
        for v4_row in [true, false] {
            let kind = match (tcp, v4_row) {
                (true, true) => wanted.tcp4,
                (true, false) => wanted.tcp6,
                (false, true) => wanted.udp4,
                (false, false) => wanted.udp6,
            };
            if !kind || !(both || v4 == v4_row) {
                continue;
            }
            let local = if v4_row && any { ([0, 0, 0, 0], row.local.port()).into() } else { row.local };
            let foreign = match row.remote {
                Some(end) => shown(end),
                None if !tcp => "*:*".to_owned(),
                None if v4_row => "0.0.0.0:0".to_owned(),
                None => "[::]:0".to_owned(),
            };
            let block = match (tcp, v4_row) {
                (true, true) => u8::from(state == Some(TcpState::Bound)),
                (true, false) => 2 + u8::from(state == Some(TcpState::Bound)),
                (false, true) => 4,
                (false, false) => 5,
            };
            let own = std::process::id();
            let pid = match &*row.pids {
                [] => 0,
                pids if pids.contains(&own) => own,
                pids => pids[0],
            };
            let line = Line {
                proto: if tcp { "TCP" } else { "UDP" }.to_owned(),
                local: shown(local),
                foreign,
                state: state.map(word).unwrap_or_default().to_owned(),
                rest: vec![pid.to_string()],
                below: Vec::new(),
            };
            placed.push(((block, number(local), row.remote.map(number)), line));
        }
    }
    placed.sort();
    placed.into_iter().map(|(_, line)| line).collect()
}

/// Asserts that this is one line, `netstat: ...`, without control characters.
pub(crate) fn assert_one_line(complaint: &str) {
    assert!(complaint.starts_with("netstat: "), "{complaint:?}");
    let line = complaint.strip_suffix('\n').unwrap_or_else(|| panic!("no end of line: {complaint:?}"));
    assert!(!line.chars().any(char::is_control), "{complaint:?}");
}

/// Asserts that the tables are equal; on failure shows only what differs.
pub(crate) fn assert_same(left: &[Line], right: &[Line], what: &str) {
    let only = |a: &[Line], b: &[Line]| {
        a.iter().filter(|line| !b.contains(line)).map(|line| format!("{line:?}\n")).collect::<String>()
    };
    if left != right {
        panic!(
            "{what}: {} rows and {}\nonly left:\n{}only right:\n{}",
            left.len(),
            right.len(),
            only(left, right),
            only(right, left)
        );
    }
}

/// A process that is the only holder of a socket. It ends when this value is dropped or the test process ends.
pub(crate) struct Keeper(std::process::Child);

impl Keeper {
    /// Hands `socket` over to a `cat`.
    pub(crate) fn cat(socket: impl Into<OwnedFd>) -> Self {
        Self::start(&mut Command::new("cat"), socket.into())
    }

    /// Hands `socket` over, as standard error, to a program that echoes its input and ends with it, as `cat` does.
    pub(crate) fn start(command: &mut Command, socket: OwnedFd) -> Self {
        // A file that was just written is busy (ETXTBSY) while a child of another test has it open.
        let mut child = netstat_lab::eventually("the program run", || {
            let socket = socket.try_clone().unwrap();
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(socket).spawn().ok()
        })
        .unwrap();
        command.stderr(Stdio::null());
        let link = PathBuf::from(format!("socket:[{}]", rustix::fs::fstat(&socket).unwrap().st_ino));
        drop(socket);
        // An echo shows that the child has done its exec: before, it has the name and descriptors of this process.
        let keeper = (child.stdin.as_mut().unwrap(), child.stdout.as_mut().unwrap());
        keeper.0.write_all(b".").unwrap();
        keeper.1.read_exact(&mut [0]).unwrap();
        // Children of other tests hold a copy between their fork and their exec.
        netstat_lab::eventually("the only holder", || (holders(&link) == [child.id()]).then_some(()))
            .unwrap();
        Self(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Processes with a descriptor that is this link.
fn holders(link: &Path) -> Vec<u32> {
    let numbers = |folder: &Path| -> Vec<u32> {
        // The process may have ended meanwhile.
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
    };
    let mut pids = numbers(Path::new("/proc"));
    pids.retain(|pid| {
        let folder = PathBuf::from(format!("/proc/{pid}/fd"));
        let mut descriptors = numbers(&folder).into_iter();
        descriptors.any(|fd| std::fs::read_link(folder.join(fd.to_string())).is_ok_and(|to| to == link))
    });
    pids
}

/// Raises the soft limit of open descriptors to `count`.
pub(crate) fn allow_descriptors(count: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < count) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(count), maximum: limit.maximum }).unwrap();
    }
}

/// Opens sockets whose table is longer than the buffer of a pipe, 64 KiB.
pub(crate) fn more_than_a_pipe_holds() -> Vec<UdpSocket> {
    allow_descriptors(4096);
    (0..2000).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect()
}

/// Connects over loopback; returns both ends and the listener.
pub(crate) fn connection(to: &str) -> (TcpStream, TcpStream, TcpListener) {
    let listener = TcpListener::bind(to).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (client, server, listener)
}

/// Repeats the program until `right` accepts its table.
pub(crate) fn table_when(what: &str, words: &str, mut right: impl FnMut(&[Line]) -> bool) -> Vec<Line> {
    let mut last = Vec::new();
    let seen = netstat_lab::eventually(what, || {
        last = table(words);
        right(&last).then_some(())
    });
    assert!(seen.is_ok(), "{what} is not seen in {last:#?}");
    last
}

/// The user `nobody`.
pub(crate) const OTHER_USER: u32 = 65534;

/// Copies the program to a folder where every user can run it.
pub(crate) fn program_for_all(folder: &Folder) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let program = folder.path("netstat");
    std::fs::copy(NETSTAT, &program).unwrap();
    for path in [&folder.0, &program] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    program
}

/// Runs the program as the user `nobody`.
pub(crate) fn as_other_user(program: &Path, words: &str) -> Run {
    use std::os::unix::process::CommandExt as _;
    netstat_lab::eventually("the program run", || {
        let mut command = command_of(program, words);
        command.uid(OTHER_USER).gid(OTHER_USER).current_dir("/");
        // The copy is busy (ETXTBSY) while a child of another test has it open between its fork and its exec.
        let probe = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
        let output = probe.wait_with_output().unwrap();
        Some(Run {
            text: String::from_utf8(output.stdout).unwrap(),
            complaint: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        })
    })
    .unwrap()
}
