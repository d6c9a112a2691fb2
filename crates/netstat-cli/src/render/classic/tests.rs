use super::*;
use crate::render::extras::Extras;
use netstat_engine::enrich::StandIns;
use netstat_engine::view::{ConnectionsOptions, Names};
use netstat_model::TcpState::*;
use netstat_model::query::Kinds;
use netstat_model::{
    Executable, Family, IpEndpoint, Missing, Owner, Ownership, ProcessKey, Socket, SocketRef, TcpState,
    Transport, WindowsSocket,
};
use proptest::prelude::*;
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

pub(super) const ALL: ConnectionsOptions =
    ConnectionsOptions { listening: true, bound: true, kinds: Kinds::TCP_UDP };

pub(super) const NUMERIC: Classic<'static> = Classic {
    language: Language::English,
    line_end: LineEnd::Lf,
    pid: false,
    columns: &[],
    names: None,
    owners: None,
    last: None,
    colour: false,
    header: true,
};

fn end(text: &str) -> IpEndpoint {
    let (host, port) = text.rsplit_once(':').unwrap();
    IpEndpoint::new(host.trim_matches(['[', ']']).parse().unwrap(), port.parse().unwrap(), 0)
}

fn socket(protocol: Transport, local: &str, remote: Option<&str>) -> Socket {
    let family = if local.starts_with('[') { Family::V6 } else { Family::V4 };
    Socket::new(protocol, family, end(local), remote.map(end))
}

fn tcp(local: &str, remote: Option<&str>, state: TcpState) -> Socket {
    Socket { state: Some(state), ..socket(Transport::Tcp, local, remote) }
}

pub(super) fn udp(local: &str, remote: Option<&str>) -> Socket {
    socket(Transport::Udp, local, remote)
}

fn id(pid: u32) -> ProcessKey {
    ProcessKey { pid, start_time: 1 }
}

pub(super) fn owned(pid: u32, socket: Socket) -> Socket {
    let owner = Owner { process: id(pid), parent: None, descriptor: None };
    Socket { ownership: Ownership::Held(vec![owner]), ..socket }
}

pub(super) fn table(classic: &Classic<'_>, sockets: &[Socket]) -> String {
    let mut out = Vec::new();
    let mut sockets = sockets.iter().cloned().collect();
    classic.render(&ConnectionsView::new(&mut sockets, &ALL), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The lines from the headings on.
pub(super) fn lines(classic: &Classic<'_>, sockets: &[Socket]) -> Vec<String> {
    table(classic, sockets).lines().skip(3).map(str::to_owned).collect()
}

/// The rows alone.
fn rows(classic: &Classic<'_>, sockets: &[Socket]) -> Vec<String> {
    lines(classic, sockets).split_off(if classic.columns.is_empty() { 1 } else { 2 })
}

pub(super) fn sockets() -> [Socket; 4] {
    [
        owned(4711, tcp("0.0.0.0:22", None, Listen)),
        Socket {
            time_in_state: Some(Duration::from_millis(1_234_567)),
            traffic_class: Some(0xb9),
            congestion: Some("cubic".into()),
            ..owned(4_194_304, tcp("10.0.0.1:22", Some("10.0.0.2:40000"), Established))
        },
        owned(53, udp("0.0.0.0:53", None)),
        Socket { traffic_class: Some(0x20), ..owned(53, udp("10.0.0.1:54", Some("10.0.0.2:54"))) },
    ]
}

#[test]
fn plain_and_with_process_ids() {
    assert_eq!(
        table(&NUMERIC, &sockets()),
        "\nActive Connections\n\n\
         \x20 Proto  Local Address          Foreign Address        State\n\
         \x20 TCP    0.0.0.0:22             0.0.0.0:0              LISTENING\n\
         \x20 TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED\n\
         \x20 UDP    0.0.0.0:53             *:*                    \n\
         \x20 UDP    10.0.0.1:54            10.0.0.2:54            \n"
    );
    assert_eq!(
        lines(&Classic { pid: true, ..NUMERIC }, &sockets()),
        [
            "  Proto  Local Address          Foreign Address        State           PID",
            "  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       4711",
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     4194304",
            "  UDP    0.0.0.0:53             *:*                                    53",
            "  UDP    10.0.0.1:54            10.0.0.2:54                            53",
        ]
    );
}

#[test]
fn an_empty_table_has_its_headings() {
    let heading = "  Proto  Local Address          Foreign Address        State";
    assert_eq!(
        table(&Classic { line_end: LineEnd::CrLf, ..NUMERIC }, &[]),
        format!("\r\nActive Connections\r\n\r\n{heading}\r\n")
    );
}

fn with_columns(extras: Extras, pid: bool) -> Vec<String> {
    lines(&Classic { columns: &extras.columns(), pid, ..NUMERIC }, &sockets())
}

#[test]
fn one_further_column() {
    assert_eq!(
        with_columns(Extras { offload: true, ..Extras::default() }, false),
        [
            "  Proto  Local Address          Foreign Address        State           Offload State",
            "",
            "  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       InHost      ",
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     InHost      ",
            "  UDP    0.0.0.0:53             *:*                    ",
            "  UDP    10.0.0.1:54            10.0.0.2:54            ",
        ]
    );
    assert_eq!(
        with_columns(Extras { offload: true, ..Extras::default() }, true),
        [
            "  Proto  Local Address          Foreign Address        State           PID      Offload State",
            "",
            "  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       4711\tInHost      ",
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     4194304\tInHost      ",
            "  UDP    0.0.0.0:53             *:*                                    53",
            "  UDP    10.0.0.1:54            10.0.0.2:54                            53",
        ]
    );
    assert_eq!(
        with_columns(Extras { time_in_state: true, ..Extras::default() }, false),
        [
            "  Proto  Local Address          Foreign Address        State           Time in State (ms)",
            "",
            "  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       -",
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     1234567",
            "  UDP    0.0.0.0:53             *:*                    ",
            "  UDP    10.0.0.1:54            10.0.0.2:54            ",
        ]
    );
    assert_eq!(
        with_columns(Extras { dscp: true, ..Extras::default() }, true),
        [
            "  Proto  Local Address          Foreign Address        State           PID      DSCP",
            "",
            "  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       4711\t-",
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     4194304\t46",
            "  UDP    0.0.0.0:53             *:*                                    53\t-",
            "  UDP    10.0.0.1:54            10.0.0.2:54                            53\t8",
        ]
    );
    assert_eq!(
        with_columns(Extras { template: true, ..Extras::default() }, false),
        [
            "  Proto  Local Address          Foreign Address        State           Template",
            "",
            "  TCP    0.0.0.0:22             0.0.0.0:0              LISTENING       Not Applicable",
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     cubic",
            "  UDP    0.0.0.0:53             *:*                    ",
            "  UDP    10.0.0.1:54            10.0.0.2:54            ",
        ]
    );
}

fn expand_tabs(line: &str) -> String {
    line.chars().fold(String::new(), |mut out, character| {
        if character == '\t' {
            out.push_str(&" ".repeat(8 - out.len() % 8));
        } else {
            out.push(character);
        }
        out
    })
}

#[test]
fn all_further_columns_line_up() {
    let all = Extras { offload: true, time_in_state: true, dscp: true, template: true };
    assert_eq!(
        with_columns(all, true)[3..],
        [
            "  TCP    10.0.0.1:22            10.0.0.2:40000         ESTABLISHED     4194304\
             \tInHost       \t1234567           \t46  \tcubic",
            "  UDP    0.0.0.0:53             *:*                                    53\
             \t             \t                  \t-",
            "  UDP    10.0.0.1:54            10.0.0.2:54                            53\
             \t             \t                  \t8",
        ]
    );
    // Every set of columns, with and without process IDs: the cells stand below their headings.
    for set in 1u8..16 {
        let [offload, time_in_state, dscp, template] = [1, 2, 4, 8].map(|bit| set & bit != 0);
        let extras = Extras { offload, time_in_state, dscp, template };
        for pid in [false, true] {
            let lines = with_columns(extras, pid);
            let (heading, row) = (&lines[0], expand_tabs(&lines[3]));
            for (wanted, heading_word, cell) in [
                (pid, "PID", "4194304"),
                (offload, "Offload State", "InHost"),
                (time_in_state, "Time in State (ms)", "1234567"),
                (dscp, "DSCP", "46"),
                (template, "Template", "cubic"),
            ] {
                assert_eq!(heading.contains(heading_word), wanted);
                if wanted {
                    let at = heading.find(heading_word).unwrap();
                    assert!(row[at..].starts_with(cell), "{heading}\n{row}");
                }
            }
        }
    }
}

#[test]
fn columns_say_unknown_rather_than_nothing() {
    let extras = Extras { time_in_state: true, dscp: true, template: true, offload: false };
    let columns = extras.columns();
    let form = Classic { columns: &columns, ..NUMERIC };
    let cells = |socket: Socket| -> String { rows(&form, &[socket])[0][71..].to_owned() };
    let peer = Some("10.0.0.2:1");
    assert_eq!(cells(tcp("10.0.0.1:1", peer, Established)), "-                 \t-   \t-");
    for state in [TimeWait, SynReceived] {
        assert_eq!(cells(tcp("10.0.0.1:1", peer, state)), "-                 \t-   \tNot Applicable");
    }
    let zero = Socket { traffic_class: Some(3), ..tcp("10.0.0.1:1", peer, Established) };
    assert_eq!(cells(zero), "-                 \t0   \t-");
    let long = Socket { time_in_state: Some(Duration::MAX), ..tcp("10.0.0.1:1", peer, FinWait2) };
    assert_eq!(cells(long), "18446744073709551 \t-   \t-");
}

#[test]
fn korean_headings() {
    let form = Classic { language: Language::Korean, ..NUMERIC };
    let offload = Extras { offload: true, ..Extras::default() }.columns();
    let head = |form: Classic<'_>| table(&form, &[]).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        head(form),
        ["", "활성 연결", "", "  프로토콜  로컬 주소           외부 주소              상태"]
    );
    assert_eq!(
        head(Classic { pid: true, ..form })[3],
        "  프로토콜  로컬 주소              외부 주소              상태            PID"
    );
    // What no sample shows stands where the rows have it.
    assert_eq!(
        head(Classic { columns: &offload, ..form })[3],
        "  프로토콜  로컬 주소           외부 주소              상태            Offload State"
    );
    assert_eq!(
        head(Classic { columns: &offload, pid: true, ..form })[3],
        "  프로토콜  로컬 주소              외부 주소              상태            PID   Offload State"
    );
}

#[test]
fn long_values_push() {
    let sockets = [
        owned(8844, udp("[fe80::244e:2f1e:2096:62b2]:1900", None)),
        owned(
            15788,
            tcp(
                "[2409:408d:3d82:b61f:9d2c:47ae:e495:f849]:51224",
                Some("[2405:200:1630:ca7::1011]:443"),
                CloseWait,
            ),
        ),
        owned(1, tcp("255.255.255.255:12345", Some("255.255.255.255:12345"), SynReceived)),
    ];
    assert_eq!(
        rows(&Classic { pid: true, ..NUMERIC }, &sockets),
        [
            "  TCP    255.255.255.255:12345  255.255.255.255:12345  SYN_RECEIVED    1",
            "  TCP    [2409:408d:3d82:b61f:9d2c:47ae:e495:f849]:51224  [2405:200:1630:ca7::1011]:443  CLOSE_WAIT      15788",
            "  UDP    [fe80::244e:2f1e:2096:62b2]:1900  *:*                                    8844",
        ]
    );
}

fn unowned(reason: NoOwner) -> Ownership {
    Ownership::Unowned(reason)
}

#[test]
fn process_ids_of_sockets_without_one() {
    let form = Classic { pid: true, ..NUMERIC };
    for (ownership, wanted) in [
        (unowned(NoOwner::NoProcess), "0"),
        (unowned(NoOwner::Kernel), "0"),
        (unowned(NoOwner::NotPermitted), "-"),
        (unowned(NoOwner::OtherNamespace), "-"),
        (unowned(NoOwner::Vanished), "-"),
        (Ownership::NotRead, "-"),
        (Ownership::Held(Vec::new()), "-"),
    ] {
        let socket = Socket { ownership, ..tcp("10.0.0.1:1", Some("10.0.0.2:1"), TimeWait) };
        assert_eq!(
            rows(&form, &[socket])[0],
            format!("  TCP    10.0.0.1:1             10.0.0.2:1             TIME_WAIT       {wanted}")
        );
    }
}

#[test]
fn odd_states_stay_in_their_column() {
    let form = Classic { pid: true, ..NUMERIC };
    let cells = |state| {
        rows(&form, &[owned(7, Socket { state, ..tcp("10.0.0.1:1", None, Closed) })])[0][55..].to_owned()
    };
    assert_eq!(cells(Some(Unknown(200))), "UNKNOWN_200     7");
    assert_eq!(cells(Some(DeleteTcb)), "DELETE_TCB      7");
    assert_eq!(cells(None), "UNKNOWN         7");
}

#[test]
fn dual_stack_rows() {
    let dual = |socket: Socket| Socket { v6_only: Some(false), ..owned(9, socket) };
    let sockets = [dual(tcp("[::]:80", None, Listen)), dual(udp("[::]:53", None))];
    assert_eq!(
        rows(&Classic { pid: true, ..NUMERIC }, &sockets),
        [
            "  TCP    0.0.0.0:80             0.0.0.0:0              LISTENING       9",
            "  TCP    [::]:80                [::]:0                 LISTENING       9",
            "  UDP    0.0.0.0:53             *:*                                    9",
            "  UDP    [::]:53                *:*                                    9",
        ]
    );
}

#[derive(Default)]
struct Fake {
    own: Option<&'static str>,
    own_addresses: Vec<IpAddr>,
    hosts: HashMap<IpAddr, &'static str>,
}

impl Names for Fake {
    fn host(&self, end: &IpEndpoint) -> Option<&str> {
        assert!(!end.address.is_unspecified() && !end.address.is_loopback(), "asked of another machine only");
        self.hosts.get(&end.address).copied()
    }

    fn service(&self, port: u16, protocol: Transport) -> Option<&str> {
        assert_ne!(port, 0);
        match (port, protocol) {
            (443, Transport::Tcp) => Some("https"),
            (53, Transport::Udp) => Some("domain"),
            (6666, _) => Some(""),
            (7777, _) => Some("a b"),
            _ => None,
        }
    }

    fn own_name(&self) -> Option<&str> {
        self.own
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.own_addresses.contains(&address)
    }
}

fn fake() -> Fake {
    let hosts = [
        ("192.0.2.1", "lb-140-82-112-25-iad.example.com"),
        ("192.0.2.2", "47.224.186.35.bc.example.com"),
        ("192.0.2.3", "192.0.2.3"),
        ("192.0.2.4", ".example.com"),
        ("192.0.2.5", "evil\u{1b}[2J name.example.com"),
        ("192.0.2.6", ""),
        ("2001:db8::1", "whatsapp-cdn6.example.com"),
        ("2001:db8::2", "2001:db8::2"),
        ("fe80::2", "fe80::2%eth0"),
    ];
    Fake {
        own: Some("Server-02.example.local"),
        own_addresses: vec!["10.0.0.1".parse().unwrap()],
        hosts: hosts.into_iter().map(|(address, name)| (address.parse().unwrap(), name)).collect(),
    }
}

/// The foreign cell.
fn named(fake: &Fake, full: bool, socket: Socket) -> String {
    let form = Classic { names: Some(NameColumn { lookup: fake, full }), ..NUMERIC };
    let rows = rows(&form, &[socket]);
    rows[0].split_whitespace().nth(2).unwrap().to_owned()
}

#[test]
fn foreign_names() {
    for (remote, short, full) in [
        ("192.0.2.1:443", "lb-140-82-112-25-iad:https", "lb-140-82-112-25-iad.example.com:https"),
        ("192.0.2.2:444", "47:444", "47.224.186.35.bc.example.com:444"),
        ("192.0.2.3:443", "192.0.2.3:https", "192.0.2.3:https"),
        ("192.0.2.4:443", "192.0.2.4:https", ".example.com:https"),
        ("192.0.2.5:443", "evil\\x1b[2J\\x20name:https", "evil\\x1b[2J\\x20name.example.com:https"),
        ("192.0.2.6:6666", "192.0.2.6:6666", "192.0.2.6:6666"),
        ("192.0.2.9:7777", "192.0.2.9:a\\x20b", "192.0.2.9:a\\x20b"),
        ("[2001:db8::1]:443", "whatsapp-cdn6:https", "whatsapp-cdn6.example.com:https"),
        ("[2001:db8::2]:443", "[2001:db8::2]:https", "[2001:db8::2]:https"),
        ("[fe80::2]:443", "[fe80::2]:https", "[fe80::2]:https"),
        ("[2001:db8::3]:80", "[2001:db8::3]:80", "[2001:db8::3]:80"),
        ("10.0.0.1:443", "Server-02:https", "Server-02.example.local:https"),
        ("127.0.0.53:53", "Server-02:53", "Server-02.example.local:53"),
        ("[::1]:443", "Server-02:https", "Server-02.example.local:https"),
    ] {
        let local = if remote.starts_with('[') { "[2001:db8::9]:5" } else { "10.0.0.1:5" };
        let socket = tcp(local, Some(remote), Established);
        assert_eq!(named(&fake(), false, socket.clone()), short);
        assert_eq!(named(&fake(), true, socket), full);
    }
}

#[test]
fn names_where_there_is_no_peer() {
    for (socket, wanted) in [
        (tcp("10.0.0.1:443", None, Listen), "Server-02:0"),
        (tcp("[::]:443", None, Listen), "Server-02:0"),
        (tcp("10.0.0.1:443", None, Bound), "Server-02:0"),
        (udp("10.0.0.1:53", None), "*:*"),
        (udp("10.0.0.1:5", Some("192.0.2.1:53")), "lb-140-82-112-25-iad:domain"),
    ] {
        assert_eq!(named(&fake(), false, socket), wanted);
    }
    let nameless = Fake::default();
    assert_eq!(named(&nameless, false, tcp("10.0.0.1:443", None, Listen)), "0.0.0.0:0");
    assert_eq!(named(&nameless, false, tcp("[::]:443", None, Listen)), "[::]:0");
}

#[test]
fn the_local_column_stays_numeric() {
    let fake = fake();
    let form = Classic { names: Some(NameColumn { lookup: &fake, full: false }), ..NUMERIC };
    assert_eq!(
        rows(&form, &[tcp("127.0.0.1:443", Some("127.0.0.1:443"), Established)]),
        ["  TCP    127.0.0.1:443          Server-02:https        ESTABLISHED"]
    );
}

fn processes() -> FxHashMap<ProcessKey, Process> {
    let process = |pid, path: &str, deleted, unit: Option<&str>| {
        let mut process = Process::unknown(id(pid), Missing::NotApplicable);
        process.executable = Ok(Executable { path: path.into(), deleted });
        process.unit = unit.map(Into::into).ok_or(Missing::NotApplicable);
        process
    };
    [
        process(1, "/usr/sbin/sshd", false, Some("ssh.service")),
        process(2, "/tmp/x\u{1b}[31m y", true, None),
        Process::unknown(id(3), Missing::NotPermitted),
        process(4, "/usr/bin/same", false, Some("same")),
        process(5, "/", false, Some("a\nb")),
        process(6, "/bin/x", false, Some("TCP    0.0.0.0:22")),
    ]
    .into_iter()
    .map(|process| (process.id, process))
    .collect()
}

#[test]
fn owner_lines() {
    let processes = processes();
    let lines = |path, ownership| {
        let form = Classic {
            owners: Some(OwnerLines { lookup: &processes, stand_ins: &StandIns::default(), path }),
            ..NUMERIC
        };
        rows(&form, &[Socket { ownership, ..tcp("10.0.0.1:1", None, Listen) }]).split_off(1)
    };
    let held = |pid| owned(pid, udp("10.0.0.1:1", None)).ownership;
    assert_eq!(lines(false, held(1)), ["  ssh.service", " [sshd]"]);
    assert_eq!(lines(true, held(1)), ["  ssh.service", " [/usr/sbin/sshd]"]);
    assert_eq!(lines(false, held(2)), [" [x\\x1b[31m y]"]);
    assert_eq!(lines(true, held(2)), [" [/tmp/x\\x1b[31m y (deleted)]"]);
    assert_eq!(lines(false, held(4)), [" [same]"]);
    assert_eq!(lines(false, held(5)), ["  a\\x0ab", " [/]"]);
    assert_eq!(lines(false, held(6)), ["  TCP\\x20\\x20\\x20\\x200.0.0.0:22", " [x]"]);
    // Windows: one of several services of the process, or none where it does not tell which.
    let of_windows = |module: Option<&str>| {
        let stand_ins = StandIns::default();
        let form = Classic {
            owners: Some(OwnerLines { lookup: &processes, stand_ins: &stand_ins, path: false }),
            ..NUMERIC
        };
        let windows = WindowsSocket { module: module.map(Into::into), ..WindowsSocket::default() };
        let socket = owned(1, tcp("10.0.0.1:1", None, Listen));
        rows(&form, &[Socket { windows: Some(Box::new(windows)), ..socket }]).split_off(1)
    };
    assert_eq!(of_windows(Some("Dnscache")), ["  Dnscache", " [sshd]"]);
    assert_eq!(of_windows(None), [" [sshd]"]);
    for ownership in [
        held(3),
        held(99),
        Ownership::NotRead,
        Ownership::Held(Vec::new()),
        unowned(NoOwner::Kernel),
        unowned(NoOwner::NotPermitted),
        unowned(NoOwner::OtherNamespace),
        unowned(NoOwner::Vanished),
    ] {
        assert_eq!(lines(false, ownership), [" Can not obtain ownership information"]);
    }
    assert_eq!(lines(false, unowned(NoOwner::NoProcess)), [""; 0]);
    assert_eq!(lines(false, held(0)), [""; 0]);
}

fn any_end() -> impl Strategy<Value = IpEndpoint> {
    (any::<IpAddr>(), any::<u16>(), any::<u32>())
        .prop_map(|(address, port, scope)| IpEndpoint::new(address, port, scope))
}

pub(super) fn any_socket() -> impl Strategy<Value = Socket> {
    let state = prop_oneof![
        prop::sample::select(vec![
            Closed,
            Listen,
            SynSent,
            SynReceived,
            Established,
            TimeWait,
            Bound,
            DeleteTcb
        ]),
        any::<u8>().prop_map(Unknown)
    ];
    let ownership = prop_oneof![
        Just(Ownership::NotRead),
        Just(unowned(NoOwner::NoProcess)),
        Just(unowned(NoOwner::Vanished)),
        any::<u32>().prop_map(|pid| owned(pid, udp("0.0.0.0:1", None)).ownership)
    ];
    let facts = (any::<Option<u8>>(), any::<Option<Duration>>(), any::<Option<String>>());
    (any_end(), prop::option::of(any_end()), prop::option::of(state), any::<bool>(), ownership, facts)
        .prop_map(|(local, remote, state, is_tcp, ownership, (traffic_class, time_in_state, congestion))| {
            let is_v4 = local.address.is_ipv4();
            let remote = remote.filter(|end| end.address.is_ipv4() == is_v4);
            Socket {
                state,
                v6_only: Some(false),
                ownership,
                traffic_class,
                time_in_state,
                congestion: congestion.map(Into::into),
                ..Socket::new(if is_tcp { Transport::Tcp } else { Transport::Udp }, Family::V6, local, remote)
            }
        })
}

proptest! {
    #[test]
    fn any_socket_is_one_line_in_each_section(
        sockets in prop::collection::vec(any_socket(), 0..20),
        set in 0u8..16,
        pid: bool,
        names: bool,
    ) {
        let [offload, time_in_state, dscp, template] = [1, 2, 4, 8].map(|bit| set & bit != 0);
        let columns = Extras { offload, time_in_state, dscp, template }.columns();
        let fake = fake();
        let names = names.then_some(NameColumn { lookup: &fake, full: true });
        let form = Classic { columns: &columns, pid, names, ..NUMERIC };
        let text = table(&form, &sockets);
        let wanted: usize = sockets.iter().map(|socket| {
            let families = SocketRef::from(socket).families();
            usize::from(families.v4) + usize::from(families.v6)
        }).sum();
        let head = if columns.is_empty() { 4 } else { 5 };
        prop_assert_eq!(text.split('\n').count() - 1, wanted + head);
        for row in text.split('\n').skip(head).take(wanted) {
            prop_assert!(row.starts_with("  TCP    ") || row.starts_with("  UDP    "), "{row:?}");
            prop_assert!(row.chars().all(|character| character == '\t' || !character.is_control()), "{row:?}");
            // Parsers count: protocol, local, foreign, then the state of TCP, then the process ID.
            let fields = row.split_whitespace().count();
            let least = 3 + usize::from(row.starts_with("  TCP")) + usize::from(pid);
            prop_assert!(fields >= least, "{row:?}");
        }
    }
}
