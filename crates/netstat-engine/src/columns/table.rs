//! The table of columns: one row each. To add a column, add a row.

use super::{Column, ColumnNeeds, Given, Kind, NO_PROCESS, Origin, Value};
use super::{detail, ends};
use crate::enrich::StandIns;
use crate::family;
use crate::flow::{FLOW_FIELDS, Rates};
use crate::row::{Foreign, IDLE_FIELDS, LIFESPAN_FIELDS, Row, Section, idle, keepalive, lasted, started};
use crate::text::words::short_container;
use crate::text::{Text, lifespan};
use netstat_model::query::{Fields, ProcessFields};
use netstat_model::{
    Container, Endpoint, FamilyFacts, IpEndpoint, Lifespan, Missing, Namespace, NetworkNamespace, NoOwner,
    Owner, Process, Protocol, SocketRef, SocketType, TcpFields, TcpState,
};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

const NOTHING: ColumnNeeds = ColumnNeeds::NOTHING;
const COMMON: ColumnNeeds = fields(Fields::COMMON);
/// The names of the interfaces that link-local addresses belong to.
const ZONES: ColumnNeeds = ColumnNeeds { interfaces: true, ..NOTHING };
/// The process ID alone, with nothing read of the process itself.
const OWNERS: ColumnNeeds = process(ProcessFields::empty());
const USER: ColumnNeeds = ColumnNeeds {
    users: true,
    // A Windows socket belongs to the account of its process.
    ..if cfg!(windows) { process(ProcessFields::ACCOUNT) } else { COMMON }
};

const fn fields(fields: Fields) -> ColumnNeeds {
    ColumnNeeds { fields, ..NOTHING }
}

/// The course of the connection is kept for these columns only.
const fn tcp(tcp: TcpFields) -> ColumnNeeds {
    ColumnNeeds { tcp, ..NOTHING }
}

const fn process(process: ProcessFields) -> ColumnNeeds {
    ColumnNeeds { owners: true, process, ..NOTHING }
}

/// Makes [`ALL`] of rows `name (key in JSON and CSV, where it is not the name), heading in English and in Korean, kind unit,
/// needs`, then `on_linux` for what Windows never has, the meaning in English and in Korean, and the value.
macro_rules! columns {
    (@key $name:literal) => { $name };
    (@key $name:literal $key:literal) => { $key };
    (@linux) => { false };
    (@linux on_linux) => { true };
    ($($name:literal $(as $key:literal)?, $heading:literal $headed:literal, $kind:ident $unit:literal, $needs:expr
       $(, $linux:ident)?; $meaning:literal, $korean:literal, $origin:ident $value:expr;)*) => {
        /// Every column, in the order of the documents, and of JSON and CSV.
        pub const ALL: &[&Column] = &[$(&Column {
            name: $name,
            key: columns!(@key $name $($key)?),
            heading: Text::fixed($heading, $headed),
            kind: Kind::$kind,
            unit: $unit,
            needs: $needs,
            linux_only: columns!(@linux $($linux)?),
            meaning: Text::fixed($meaning, $korean),
            origin: Origin::$origin($value),
        }),*];
    };
}

columns! {
    "proto", "Proto" "프로토콜", Text "", NOTHING;
        "Protocol: TCP, TCPv6, UDP or UDPv6; with --family others as well",
        "프로토콜: TCP, TCPv6, UDP, UDPv6. --family를 쓰면 다른 것도 있음",
        Row |row, _| Value::word(match row.section {
            Section::TcpV4 => "TCP",
            Section::TcpV6 => "TCPv6",
            Section::UdpV4 => "UDP",
            Section::UdpV6 => "UDPv6",
            Section::Other => row.socket.protocol.name(),
        });
    "local", "Local Address" "로컬 주소", End "", ZONES;
        "Local address and port, or the name of a Unix socket, else * and its inode",
        "로컬 주소와 포트, 또는 유닉스 소켓의 이름. 이름이 없으면 *와 inode",
        Row |row, given| ends::value(&row.socket, row.local(), given);
    "laddr", "Local Host" "로컬 IP", Text "", ZONES;
        "Local address without the port",
        "로컬 주소(포트 제외)",
        Row |row, given| {
            row.local().ip().map_or(Value::Absent("-"), |end| ends::host(&row.socket, end, given))
        };
    "lport", "Local Port" "로컬 포트", Number "", NOTHING;
        "Local port",
        "로컬 포트",
        Row |row, _| row.local().port().map_or(Value::Absent("-"), |port| Value::Number(port.into()));
    "foreign", "Foreign Address" "외부 주소", End "", ZONES;
        "Foreign address and port, or the name of the Unix socket there; null in JSON where there is none",
        "외부 주소와 포트, 또는 상대 유닉스 소켓의 이름. JSON에서 없으면 null",
        Row |row, given| match (row.foreign(), row.socket.remote) {
            (_, Some(end)) => ends::value(&row.socket, end, given),
            (Foreign::Anybody, None) if row.section == Section::Other => Value::Absent("-"),
            (Foreign::Anybody, None) => Value::Absent("*:*"),
            (Foreign::End(Endpoint::Ip(IpEndpoint::ANY_V4)), None) => Value::Absent("0.0.0.0:0"),
            (Foreign::End(_), None) => Value::Absent("[::]:0"),
        };
    "raddr", "Foreign Host" "외부 IP", Text "", ZONES;
        "Foreign address without the port",
        "외부 주소(포트 제외)",
        Row |row, given| {
            let host = row.socket.remote_ip().map(|end| ends::host(&row.socket, end, given));
            host.unwrap_or(Value::Absent(no_peer(row)))
        };
    "rport", "Foreign Port" "외부 포트", Number "", NOTHING;
        "Foreign port",
        "외부 포트",
        Row |row, _| {
            let port = row.socket.remote_ip().map(|end| Value::Number(end.port.into()));
            port.unwrap_or(Value::Absent(no_peer(row)))
        };
    "country", "Country" "국가", Text "", ColumnNeeds { countries: true, ..NOTHING };
        "Country of the foreign address, as its two-letter code",
        "외부 주소의 국가, 두 글자 코드",
        Row |row, given: &Given<'_>| {
            of_remote(row, |address| given.geo.country(address).map(|country| country.to_string()))
        };
    "network", "Network" "네트워크", Text "", ColumnNeeds { networks: true, ..NOTHING };
        "Network of the foreign address: number and name of its autonomous system, with --geo",
        "외부 주소의 네트워크: 자율 시스템(AS)의 번호와 이름. --geo 필요",
        Row |row, given: &Given<'_>| {
            of_remote(row, |address| given.geo.network(address).map(|network| network.to_string()))
        };
    "state", "State" "상태", Text "", NOTHING;
        "TCP state, or what corresponds to it; UDP has none",
        "TCP 상태 또는 그에 해당하는 것. UDP에는 없음",
        Row |row, _| match (row.socket.protocol, row.socket.state) {
            (_, Some(state)) => Value::State(state),
            (Protocol::Tcp, None) => Value::Unknown,
            (_, None) => Value::Absent("-"),
        };
    "pid", "PID" "PID", Number "", OWNERS;
        "ID of the process that holds the socket; 0 where there is none, null in JSON",
        "소켓을 가진 프로세스의 ID. 없으면 0, JSON에서는 null",
        Owner |owner, _| Value::Number(owner.process.pid.into());
    "pids", "PIDs" "PID 목록", Numbers "", OWNERS;
        "IDs of all processes that hold the socket, as far as they may be read; an array in JSON",
        "소켓을 가진 모든 프로세스의 ID(읽을 수 있는 범위). JSON에서는 배열",
        Row |row, _| {
            let ownership = row.socket.ownership();
            match (ownership.owners(), ownership.unowned()) {
                // Not the 0 of the column of one process: to kill 0 is to kill oneself.
                ([], Some(NoOwner::NoProcess | NoOwner::Kernel)) => Value::Absent("-"),
                ([], _) => Value::Unknown,
                (owners, _) => Value::Numbers(owners.iter().map(|owner| owner.process.pid.into()).collect()),
            }
        };
    "nspid", "NS-PID" "NS-PID", Number "", process(ProcessFields::NAMESPACE_PID), on_linux;
        "ID of the process in its own PID namespace: in a container the one by which it knows itself",
        "자기 PID 네임스페이스에서의 프로세스 ID: 컨테이너 안에서 보이는 번호",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.namespace_pid, |pid| Value::Number((*pid).into()))
        };
    "process", "Process" "프로세스", Text "", process(ProcessFields::NAME);
        "Name of the program: its executable, or the script if that was started by its own name (#!)",
        "프로그램 이름: 실행 파일, 또는 자기 이름으로(#!) 실행한 스크립트",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.name, |name| Value::Text(name.as_os_str().into()))
        };
    "path", "Path" "경로", Text "", process(ProcessFields::EXECUTABLE);
        "Executable of the process, marked (deleted) if the file is gone",
        "프로세스의 실행 파일. 파일이 지워졌으면 (deleted) 표시",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.executable, |executable| {
                let mut path = Cow::Borrowed(executable.path.as_os_str());
                if executable.deleted {
                    path.to_mut().push(" (deleted)");
                }
                Value::Text(path)
            })
        };
    "cmdline", "Command line" "명령줄", Words "", process(ProcessFields::COMMAND_LINE);
        "Command line of the process; an array in JSON",
        "프로세스의 명령줄. JSON에서는 배열",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.command_line, |words| Value::Words(words))
        };
    "user", "User" "사용자", Text "", USER;
        "Owner of the socket, by name or else by number. Windows: the user of its process",
        "소켓의 소유자, 이름 또는 번호. Windows에서는 프로세스의 사용자",
        Row |row, given| match row.socket.uid() {
            Some(uid) => detail::named_or_number(given.users.name(uid).map(OsStr::new), uid),
            None => {
                let owner = row.socket.ownership().principal();
                match owner.and_then(|owner| given.processes.get(&owner.process)).map(|it| &it.account) {
                    Some(Ok(account)) => Value::Text(account.as_os_str().into()),
                    _ => Value::Unknown,
                }
            }
        };
    "unit", "Unit" "유닛", Text "", process(ProcessFields::UNIT);
        "Service the process belongs to: its systemd unit",
        "프로세스가 속한 서비스: systemd 유닛",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.unit, |unit| Value::Text(unit.as_os_str().into()))
        };
    "behind", "Behind" "맡긴 대상", Text "", ColumnNeeds { stand_ins: true, ..process(ProcessFields::NAME.union(ProcessFields::UNIT)) };
        "For whom systemd keeps a listener: its socket unit > what that starts; for which tunnel or server the kernel has a socket. Windows: who is behind http.sys or portproxy",
        "systemd가 대신 수신 대기하는 대상: 소켓 유닛 > 시작되는 유닛. 커널의 소켓이면 그것을 쓰는 터널이나 서버. Windows에서는 http.sys, portproxy 뒤의 프로세스나 주소",
        Row behind;
    "container", "Container" "컨테이너", Container "", process(ProcessFields::CONTAINER), on_linux;
        "Container the process runs in, as runtime:name, or runtime:ID where the name may not be read",
        "프로세스가 실행되는 컨테이너: 런타임:이름, 이름을 읽을 수 없으면 런타임:ID",
        Owner |owner, given| process_field(owner, given, |process| &process.container, Value::Container);
    "pod", "Pod" "파드", Text "", process(ProcessFields::CONTAINER), on_linux;
        "Kubernetes pod the process runs in, by its UID",
        "프로세스가 실행되는 Kubernetes 파드의 UID",
        Owner |owner, given| {
            match process_field(owner, given, |process| &process.container, Value::Container) {
                Value::Container(Container { pod: Some(pod), .. }) => Value::word(pod),
                Value::Container(_) => Value::Absent("-"),
                other => other,
            }
        };
    "netns", "Netns" "네임스페이스", Text "", ColumnNeeds { namespaces: true, ..fields(Fields::NAMESPACE) }, on_linux;
        "Network namespace of the socket: its name, or the container that lives in it, else its inode",
        "소켓의 네트워크 네임스페이스: 이름, 그 안의 컨테이너, 또는 inode",
        Row |row, given| row.socket.namespace().map_or(Value::Unknown, |of| namespace(of, given));
    "netns_inode", "Netns inode" "Netns inode", Number "", fields(Fields::NAMESPACE), on_linux;
        "Inode of the network namespace, as in /proc/PID/ns/net",
        "네트워크 네임스페이스의 inode, /proc/PID/ns/net과 같음",
        Row |row, _| Value::number(row.socket.namespace().map(|of| of.inode));
    "fd", "FD" "FD", Number "", ColumnNeeds { fields: Fields::COMMON, ..OWNERS }, on_linux;
        "Lowest descriptor by which the process holds the socket",
        "프로세스가 소켓을 가진 디스크립터 중 가장 작은 번호",
        Owner |owner, _| Value::number(owner.descriptor);
    "recvq", "Recv-Q" "수신 큐", Number "bytes", COMMON, on_linux;
        "Received and not yet read by the process; of a listener, connections waiting to be accepted",
        "받았지만 프로세스가 아직 읽지 않은 것. 수신 대기 소켓에서는 수락을 기다리는 연결",
        Row |row, _| Value::number(row.socket.recv_queue());
    "sendq", "Send-Q" "송신 큐", Number "bytes", COMMON, on_linux;
        "Not yet sent or not yet acknowledged; a listener has none",
        "아직 보내지 않았거나 확인 응답을 받지 못한 것. 수신 대기 소켓에는 없음",
        Row |row, _| if listens(&row.socket) { Value::Absent("-") } else { Value::number(row.socket.send_queue()) };
    "backlog", "Backlog" "백로그", Number "connections", COMMON, on_linux;
        "How many connections may wait to be accepted; listeners only",
        "수락을 기다릴 수 있는 연결의 최대 수. 수신 대기 소켓에만 있음",
        Row |row, _| if listens(&row.socket) { Value::number(row.socket.send_queue()) } else { Value::Absent("-") };
    "timer", "Timer" "타이머", Timer "", COMMON, on_linux;
        "Running TCP timer: what for, milliseconds left, how often it fired in a row",
        "동작 중인 TCP 타이머: 용도, 남은 밀리초, 연속으로 만료된 횟수",
        Row |row, _| row.socket.timer().map_or(Value::Absent("-"), Value::Timer);
    "rtt" as "rtt_us", "RTT (ms)" "RTT (ms)", Microseconds "ms", tcp(TcpFields::RTT);
        "Smoothed round-trip time",
        "왕복 시간(평활값)",
        Row |row, _| time(row, TcpFields::RTT);
    "rttvar" as "rttvar_us", "RTT var (ms)" "RTT 변동 (ms)", Microseconds "ms", tcp(TcpFields::RTTVAR);
        "Variation of the round-trip time",
        "왕복 시간의 변동",
        Row |row, _| time(row, TcpFields::RTTVAR);
    "min_rtt" as "min_rtt_us", "Min RTT (ms)" "최소 RTT (ms)", Microseconds "ms", tcp(TcpFields::MIN_RTT);
        "Shortest round-trip time of the last minutes",
        "최근 몇 분 동안 가장 짧은 왕복 시간",
        Row |row, _| time(row, TcpFields::MIN_RTT);
    "cwnd", "Cwnd" "혼잡 윈도", Number "segments", tcp(TcpFields::CWND), on_linux;
        "Congestion window",
        "혼잡 윈도",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::CWND));
    "mss", "MSS" "MSS", Number "bytes", tcp(TcpFields::MSS);
        "Maximum segment size for sending",
        "보낼 때의 최대 세그먼트 크기",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::MSS));
    "pacing", "Pacing" "페이싱", Number "bytes/s", tcp(TcpFields::PACING_RATE), on_linux;
        "Pacing rate: the kernel sends no faster",
        "페이싱 속도: 커널은 이보다 빨리 보내지 않음",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::PACING_RATE));
    "delivery", "Delivery" "전달 속도", Number "bytes/s", tcp(TcpFields::DELIVERY_RATE), on_linux;
        "Latest measured rate at which data arrived at the peer",
        "데이터가 상대에 도착한 속도, 가장 최근 측정값",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::DELIVERY_RATE));
    "retrans", "Retrans" "재전송", Number "segments", tcp(TcpFields::TOTAL_RETRANSMITS);
        "Retransmitted since the connection began",
        "연결이 시작된 뒤 재전송한 수",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::TOTAL_RETRANSMITS));
    "bytes_sent", "Bytes sent" "송신 바이트", Number "bytes", tcp(TcpFields::BYTES_SENT);
        "Data sent since the connection began, retransmissions included",
        "연결이 시작된 뒤 보낸 데이터, 재전송 포함",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::BYTES_SENT));
    "bytes_received", "Bytes received" "수신 바이트", Number "bytes", tcp(TcpFields::BYTES_RECEIVED);
        "Data received since the connection began",
        "연결이 시작된 뒤 받은 데이터",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::BYTES_RECEIVED));
    "bytes_acked", "Bytes acked" "확인 바이트", Number "bytes", tcp(TcpFields::BYTES_ACKED);
        "Data that the peer has acknowledged, each byte once: what was sent, without retransmissions",
        "상대가 확인한 데이터, 바이트마다 한 번씩: 재전송을 뺀 송신량",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::BYTES_ACKED));
    "down", "Down/s" "수신/s", Number "bytes/s", tcp(FLOW_FIELDS);
        "Bytes received per second since the look before: with an interval, and in netstat live",
        "직전 조회 이후 초당 받은 바이트. 간격을 주었을 때와 netstat live에서만",
        Row |row, given| rate(row, given, |rates| rates.down);
    "up", "Up/s" "송신/s", Number "bytes/s", tcp(FLOW_FIELDS);
        "Bytes sent per second since the look before, retransmissions included",
        "직전 조회 이후 초당 보낸 바이트, 재전송 포함",
        Row |row, given| rate(row, given, |rates| rates.up);
    "down10", "Down/s 10s" "수신/s 10초", Number "bytes/s", tcp(FLOW_FIELDS);
        "Bytes received per second, on average over the last ten seconds",
        "초당 받은 바이트, 최근 10초 평균",
        Row |row, given| rate(row, given, |rates| rates.down10);
    "up10", "Up/s 10s" "송신/s 10초", Number "bytes/s", tcp(FLOW_FIELDS);
        "Bytes sent per second, on average over the last ten seconds",
        "초당 보낸 바이트, 최근 10초 평균",
        Row |row, given| rate(row, given, |rates| rates.up10);
    "segs", "Segs" "세그먼트", Number "segments", tcp(TcpFields::SEGS_OUT.union(TcpFields::SEGS_IN));
        "Sent and received together, with or without data",
        "보낸 세그먼트와 받은 세그먼트의 합, 데이터가 없는 것도 포함",
        Row |row, _| {
            let number = |field| row.socket.tcp_number(field);
            let both = number(TcpFields::SEGS_OUT).zip(number(TcpFields::SEGS_IN));
            Value::number(both.map(|(sent, received)| sent.saturating_add(received)))
        };
    "segs_out", "Segs out" "송신 세그먼트", Number "segments", tcp(TcpFields::SEGS_OUT);
        "Sent, with or without data",
        "보낸 세그먼트, 데이터가 없는 것도 포함",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::SEGS_OUT));
    "segs_in", "Segs in" "수신 세그먼트", Number "segments", tcp(TcpFields::SEGS_IN);
        "Received, with or without data",
        "받은 세그먼트, 데이터가 없는 것도 포함",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::SEGS_IN));
    "congestion", "Congestion" "혼잡 제어", Text "", fields(Fields::CONGESTION), on_linux;
        "Congestion control of a connection",
        "연결의 혼잡 제어 방식",
        Row |row: &Row<'_>, _| row.socket.congestion().map_or(Value::Unknown, Value::word);
    "dscp", "DSCP" "DSCP", Number "", fields(Fields::TRAFFIC_CLASS), on_linux;
        "Differentiated services code point of what the socket sends, 0 to 63",
        "소켓이 보내는 패킷의 DSCP 값, 0~63",
        Row |row, _| Value::number(row.socket.traffic_class().map(|class| class >> 2));
    "mark", "Mark" "마크", Number "", fields(Fields::MARK), on_linux;
        "Firewall and routing mark (SO_MARK); needs CAP_NET_ADMIN",
        "방화벽과 라우팅의 마크(SO_MARK). CAP_NET_ADMIN 필요",
        Row |row, _| Value::number(row.socket.mark());
    "drops", "Drops" "폐기", Number "packets", fields(Fields::MEMORY), on_linux;
        "Dropped by the socket, mostly because its buffer was full",
        "소켓이 버린 수, 대부분 버퍼가 가득 차서",
        Row |row, _| Value::number(row.socket.memory().and_then(|memory| memory.drops));
    "interface", "Interface" "인터페이스", Text "", ColumnNeeds { interfaces: true, ..COMMON }, on_linux;
        "Interface the socket is bound to, by name or else by index",
        "소켓이 바인드된 인터페이스, 이름 또는 번호",
        Row |row, given| match row.socket.interface() {
            Some(index) => detail::named_or_number(given.interface(index, &row.socket), index),
            None => Value::Absent("-"),
        };
    "inode", "Inode" "Inode", Number "", NOTHING, on_linux;
        "Inode of the socket, as in /proc/PID/fd",
        "소켓의 inode, /proc/PID/fd와 같음",
        Row |row, _| Value::number(row.socket.id.inode);
    "cookie", "Cookie" "쿠키", Number "", COMMON, on_linux;
        "Kernel's own number of the socket, not reused until reboot",
        "커널이 소켓에 붙인 고유 번호, 재부팅 전까지 다시 쓰지 않음",
        Row |row, _| Value::number(row.socket.id.cookie);
    "idle" as "idle_ms", "Idle (ms)" "유휴 (ms)", Milliseconds "ms", ColumnNeeds { tcp: IDLE_FIELDS, ..fields(Fields::AGE) }, on_linux;
        "Since data last went either way, or since the connection was established if none did",
        "마지막으로 데이터가 오간 뒤 지난 시간. 오간 적이 없으면 연결된 뒤 지난 시간",
        Row |row, _| idle(&row.socket).map_or(Value::Unknown, Value::Milliseconds);
    "keepalive", "Keepalive" "Keepalive", Text "", COMMON, on_linux;
        "Whether an idle peer is asked for a sign of life: on or off; unknown while another timer runs",
        "조용한 상대에게 살아 있는지 묻는지: on, off. 다른 타이머가 동작 중이면 확인 불가",
        Row |row, _| keepalive(&row.socket).map_or(Value::Unknown, |is_on| Value::word(if is_on { "on" } else { "off" }));
    "age" as "age_ms", "Age (ms)" "경과 (ms)", Milliseconds "ms", fields(Fields::AGE);
        "Since the connection was established; on Linux known while one side has sent no data",
        "연결된 뒤 지난 시간. Linux에서는 한쪽이 데이터를 보내지 않은 동안에만 알 수 있음",
        Row |row, _| row.socket.age().map_or(Value::Unknown, Value::Milliseconds);
    "comm", "Comm" "Comm", Text "", process(ProcessFields::NAME), on_linux;
        "Name of the main thread, 15 bytes at most: a process may give itself any",
        "주 스레드의 이름, 최대 15바이트. 프로세스가 마음대로 붙일 수 있음",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.comm, |name| Value::Text(name.as_os_str().into()))
        };
    "started", "Started" "시작", Time "", fields(LIFESPAN_FIELDS);
        "When it began, in your time zone; of an open connection where its age is known, or netstat record saw it",
        "시작한 시각(보는 사람의 시간대). 열린 연결은 경과 시간을 알거나 netstat record가 보았을 때",
        Row |row, given: &Given<'_>| moment(started(&row.socket, given.now), given);
    "ended", "Ended" "종료", Time "", fields(Fields::LIFESPAN);
        "When it ended: netstat history",
        "끝난 시각: netstat history",
        Row |row, given: &Given<'_>| match row.socket.lifespan() {
            Some(life) => life.ended.map_or(Value::Absent("-"), |(at, _)| Value::Time(at, given.zone)),
            // What is there has not ended.
            None => Value::Absent("-"),
        };
    "lasted" as "lasted_us", "Lasted (ms)" "지속 (ms)", Microseconds "ms", fields(LIFESPAN_FIELDS);
        "How long it was there, or has been so far, where known",
        "있었던 시간, 또는 지금까지 지난 시간. 알 수 있는 경우",
        Row |row, _| lasted(&row.socket).map_or(Value::Unknown, Value::Microseconds);
    "reason", "Reason" "종료 이유", Text "", fields(Fields::LIFESPAN);
        "How it ended: closed-by-us, reset-by-peer, refused and others of netstat --help filter",
        "어떻게 끝났는지: closed-by-us, reset-by-peer, refused 등. netstat --help filter 참고",
        Row |row, _| match row.socket.lifespan().and_then(|life| life.ended) {
            Some((_, reason)) => Value::Text(match lifespan::reason(reason) {
                Cow::Borrowed(word) => OsStr::new(word).into(),
                Cow::Owned(word) => OsString::from(word).into(),
            }),
            None => Value::Absent("-"),
        };
    "side", "Side" "방향", Text "", fields(Fields::LIFESPAN);
        "Which end began it: out is this one, in the other; listen for a listener. netstat history",
        "어느 쪽이 시작했는지: out은 이쪽, in은 상대, listen은 수신 대기. netstat history",
        Row |row, _| {
            row.socket.lifespan().and_then(|life| lifespan::side(life.role)).map_or(Value::Unknown, Value::word)
        };
    "host", "Host" "호스트", Text "", fields(Fields::LIFESPAN);
        "Name of the machine it was on: netstat history",
        "소켓이 있던 시스템의 이름: netstat history",
        Row |row: &Row<'_>, _| row.socket.lifespan().and_then(|life| life.host.as_deref()).map_or(Value::Unknown, Value::word);
    "first_fin", "First FIN" "첫 FIN", Time "", fields(Fields::LIFESPAN);
        "When the first of its ends closed its direction: netstat history",
        "두 쪽 중 먼저 닫은 시각: netstat history",
        Row |row, given: &Given<'_>| match row.socket.lifespan() {
            Some(life) => life.first_fin.map_or(Value::Absent("-"), |(at, _)| Value::Time(at, given.zone)),
            None => Value::Unknown,
        };
    "started_before", "Started Before" "시작 (이전)", Time "", fields(Fields::LIFESPAN);
        "Where it is not known when it began: when it was there already. netstat history",
        "시작한 시각을 모를 때: 이미 있었던 시각. netstat history",
        Row |row, given: &Given<'_>| bound(&row.socket, |life| life.started_before, given);
    "started_after", "Started After" "시작 (이후)", Time "", fields(Fields::LIFESPAN);
        "Where it is not known when it began: when it was not there yet. netstat history",
        "시작한 시각을 모를 때: 아직 없었던 시각. netstat history",
        Row |row, given: &Given<'_>| bound(&row.socket, |life| life.started_after, given);
    "app", "App" "앱 프로토콜", Text "", fields(Fields::APPLICATION);
        "Protocol of the application: tls, quic, dns, mdns, http or ssh. netstat capture --read",
        "애플리케이션 프로토콜: tls, quic, dns, mdns, http, ssh. netstat capture --read",
        Row |row, _| detail::app(&row.socket);
    "name", "Name" "이름", Text "", fields(Fields::APPLICATION);
        "Name that its first bytes tell: of the TLS server, DNS question, HTTP host or SSH version. netstat capture --read",
        "처음 바이트에 담긴 이름: TLS 서버, DNS 질의, HTTP 호스트, SSH 버전. netstat capture --read",
        Row |row, _| detail::name(&row.socket);
    "family", "Family" "주소 체계", Text "", NOTHING;
        "Family of the socket, as for --family",
        "소켓의 주소 체계, --family의 이름",
        Row |row, _| Value::word(family::of(row.socket.protocol));
    "type", "Type" "유형", Text "", NOTHING;
        "How the socket transfers: stream, dgram, seqpacket or raw",
        "소켓의 전송 방식: stream, dgram, seqpacket, raw",
        Row |row, _| match row.socket.protocol.socket_type() {
            Some(SocketType::Stream) => Value::word("stream"),
            Some(SocketType::Datagram) => Value::word("dgram"),
            Some(SocketType::SeqPacket) => Value::word("seqpacket"),
            Some(SocketType::Raw) => Value::word("raw"),
            None => Value::Unknown,
        };
    "peer_inode", "Peer Inode" "상대 inode", Number "", COMMON, on_linux;
        "Inode of the Unix socket at the other end",
        "상대 유닉스 소켓의 inode",
        Row |row, _| match peer(row) {
            Some(inode) => Value::Number(inode),
            None => no_other_end(row),
        };
    "peer_pid", "Peer PID" "상대 PID", Number "", OWNERS, on_linux;
        "ID of the process that holds the Unix socket at the other end",
        "상대 유닉스 소켓을 가진 프로세스의 ID",
        Row |row, given: &Given<'_>| of_peer(row, given, |owner, _| Value::Number(owner.process.pid.into()));
    "peer_process", "Peer Process" "상대 프로세스", Text "", process(ProcessFields::NAME), on_linux;
        "Name of the program that holds the Unix socket at the other end",
        "상대 유닉스 소켓을 가진 프로그램의 이름",
        Row |row, given| of_peer(row, given, |owner, given| {
            process_field(owner, given, |process| &process.name, |name| Value::Text(name.as_os_str().into()))
        });
    "detail", "Detail" "상세", Text "", ColumnNeeds { interfaces: true, ..COMMON }, on_linux;
        "What only sockets of its family have: rings, groups, subflows; with -o also whether a path is deleted",
        "그 주소 체계의 소켓에만 있는 것: 링, 그룹, 서브플로. -o를 주면 경로가 지워졌는지도",
        Row |row, given| {
            let parts = row.socket.family_facts().map(|facts| detail::parts(facts, &row.socket, given)).unwrap_or_default();
            if parts.is_empty() { Value::Absent("-") } else { Value::Text(OsString::from(parts.join(", ")).into()) }
        };
}

/// Returns the inode of the socket at the other end.
fn peer(row: &Row<'_>) -> Option<u64> {
    row.socket.family_facts().and_then(FamilyFacts::peer)
}

/// Returns what stands for the other end of a socket of which the system does not tell it: whether it has one is known of a
/// Unix socket without a connection.
fn no_other_end(row: &Row<'_>) -> Value<'static> {
    match (row.socket.protocol, row.socket.state) {
        (Protocol::Unix(_), Some(TcpState::Established)) => Value::Unknown,
        _ => Value::Absent("-"),
    }
}

/// Returns a value of the principal process at the other end.
fn of_peer<'a>(
    row: &Row<'a>,
    given: &Given<'a>,
    value: for<'b> fn(&Owner, &Given<'b>) -> Value<'b>,
) -> Value<'a> {
    let ownership = row.socket.peer_ownership();
    match (ownership.principal(), ownership.unowned()) {
        (Some(owner), _) => value(&owner, given),
        (None, Some(NoOwner::NoProcess | NoOwner::Kernel)) => Value::Absent("-"),
        (None, Some(_)) => Value::Unknown,
        (None, None) => no_other_end(row),
    }
}

/// Returns who is behind a listener. Of one that a keeper of listeners holds that is unknown where nobody tells it.
fn behind<'a>(row: &Row<'a>, given: &Given<'a>) -> Value<'a> {
    if let Some(text) = given.stand_ins.behind(&row.socket, given.processes) {
        return Value::Text(OsString::from(text).into());
    }
    let ownership = row.socket.ownership();
    let is_known =
        |owner: &Owner| given.processes.get(&owner.process).is_some_and(|process| process.name.is_ok());
    match ownership.owners() {
        [] => of_nobody(ownership.unowned()),
        owners if owners.iter().all(is_known) && StandIns::keeper(&row.socket, given.processes).is_none() => {
            Value::Absent("-")
        }
        _ => Value::Unknown,
    }
}

/// Returns the value of an owner column for a socket without a visible process. If it is known that there is
/// no process, the value is absent rather than unknown.
pub(super) fn of_unowned(column: &Column, why: Option<NoOwner>) -> Value<'static> {
    match why {
        Some(NoOwner::NoProcess | NoOwner::Kernel) if column.name == "pid" => NO_PROCESS,
        why => of_nobody(why),
    }
}

fn of_nobody(why: Option<NoOwner>) -> Value<'static> {
    match why {
        Some(NoOwner::NoProcess | NoOwner::Kernel) => Value::Absent("-"),
        _ => Value::Unknown,
    }
}

fn namespace<'a>(of: Namespace, given: &Given<'a>) -> Value<'a> {
    match given.namespaces.get(&of.inode) {
        Some(NetworkNamespace { name: Some(name), .. }) => Value::Text(name.as_os_str().into()),
        Some(NetworkNamespace { container: Some(container), .. }) => {
            Value::Text(Cow::Owned(short_container(container).into()))
        }
        _ => Value::Text(Cow::Owned(of.inode.to_string().into())),
    }
}

fn process_field<'a, T: 'a>(
    owner: &Owner,
    given: &Given<'a>,
    field: fn(&'a Process) -> &'a Result<T, Missing>,
    value: fn(&'a T) -> Value<'a>,
) -> Value<'a> {
    match given.processes.get(&owner.process).map(field) {
        Some(Ok(known)) => value(known),
        Some(Err(Missing::NotApplicable)) => Value::Absent("-"),
        Some(Err(_)) | None => Value::Unknown,
    }
}

/// Looks up the foreign address; a socket without one has no place.
fn of_remote<'a>(row: &Row<'a>, look_up: impl Fn(IpAddr) -> Option<String>) -> Value<'a> {
    match row.socket.remote_ip() {
        None => Value::Absent("-"),
        Some(end) => {
            look_up(end.address).map_or(Value::Unknown, |text| Value::Text(OsString::from(text).into()))
        }
    }
}

/// Returns what stands for the address or the port of a peer that is not there.
fn no_peer(row: &Row<'_>) -> &'static str {
    if row.section == Section::Other { "-" } else { "*" }
}

/// The kernel reports the backlog of a listener in the field of the send queue.
fn listens(socket: &SocketRef<'_>) -> bool {
    socket.state == Some(TcpState::Listen)
}

/// Shows what bounds the start of a connection of the past; nothing bounds one that is known, or is not of the past.
fn bound<'a>(
    socket: &SocketRef<'_>,
    of: impl Fn(&Lifespan) -> Option<SystemTime>,
    given: &Given<'a>,
) -> Value<'a> {
    socket.lifespan().and_then(of).map_or(Value::Absent("-"), |at| Value::Time(at, given.zone))
}

fn moment<'a>(moment: Option<SystemTime>, given: &Given<'a>) -> Value<'a> {
    moment.map_or(Value::Unknown, |moment| Value::Time(moment, given.zone))
}

fn rate(row: &Row<'_>, given: &Given<'_>, of: impl FnOnce(Rates) -> u64) -> Value<'static> {
    (given.rates)(&row.socket).map_or(Value::Unknown, |rates| Value::Number(of(rates)))
}

fn time(row: &Row<'_>, field: TcpFields) -> Value<'static> {
    let micros = row.socket.tcp_number(field);
    micros.map_or(Value::Unknown, |micros| Value::Microseconds(Duration::from_micros(micros)))
}
