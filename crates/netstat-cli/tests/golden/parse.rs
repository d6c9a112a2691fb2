//! Parses the text of a sample into the model.

use netstat_engine::view::Names;
use netstat_model::{
    Executable, Family, IpEndpoint, Missing, NoOwner, Owner, Ownership, Process, ProcessKey, Socket,
    TcpState, Transport,
};
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::net::IpAddr;

/// The names in a sample. Their addresses are made up. They are given as full names, so that shortening them is tested
/// too.
pub(crate) struct SampleNames {
    own: Option<String>,
    hosts: HashMap<IpAddr, String>,
}

const SERVICES: [(&str, u16); 3] = [("http", 80), ("https", 443), ("ms-do", 7680)];

impl Names for SampleNames {
    fn host(&self, end: &IpEndpoint) -> Option<&str> {
        self.hosts.get(&end.address).map(String::as_str)
    }

    fn service(&self, port: u16, protocol: Transport) -> Option<&str> {
        assert_eq!(protocol, Transport::Tcp, "no sample names a UDP peer");
        SERVICES.iter().find(|(_, number)| *number == port).map(|(name, _)| *name)
    }

    fn own_name(&self) -> Option<&str> {
        self.own.as_deref()
    }

    fn is_own(&self, _: IpAddr) -> bool {
        false
    }
}

/// The contents of the rows.
pub(crate) struct Parsed {
    pub(crate) sockets: Vec<Socket>,
    pub(crate) processes: FxHashMap<ProcessKey, Process>,
    pub(crate) names: SampleNames,
}

/// Which cells the rows of a sample have.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    pub(crate) pid: bool,
    pub(crate) offload: bool,
    pub(crate) owner_lines: bool,
    /// The name of the host.
    pub(crate) host: Option<&'a str>,
}

pub(crate) fn is_row(line: &str) -> bool {
    line.starts_with("  TCP    ") || line.starts_with("  UDP    ")
}

/// Recognizes a line of `-b`: one blank and an executable in brackets or the error, or two blanks and a component.
pub(crate) fn is_owner_line(line: &str) -> bool {
    let failure = line == " Can not obtain ownership information";
    let executable = line.starts_with(" [") && line.ends_with(']');
    let component = line.strip_prefix("  ").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    failure || executable || component
}

/// Parses rows and the lines of `-b` below each.
pub(crate) fn parse(lines: &[String], cells: Cells<'_>) -> Parsed {
    let mut parsed = Parsed {
        sockets: Vec::new(),
        processes: FxHashMap::default(),
        names: SampleNames {
            own: cells.host.map(|host| format!("{host}.example.test")),
            hosts: HashMap::new(),
        },
    };
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let mut owner_lines = Vec::new();
        while let Some(next) = lines.next_if(|next| is_owner_line(next)) {
            owner_lines.push(next.as_str());
        }
        row(&mut parsed, line, &owner_lines, cells);
    }
    parsed
}

fn row(parsed: &mut Parsed, line: &str, owner_lines: &[&str], cells: Cells<'_>) {
    let index = u64::try_from(parsed.sockets.len()).unwrap();
    let mut fields = line.split_whitespace();
    let mut field = |what: &str| fields.next().unwrap_or_else(|| panic!("no {what} in {line:?}"));
    let protocol = match field("protocol") {
        "TCP" => Transport::Tcp,
        "UDP" => Transport::Udp,
        other => panic!("protocol {other:?}"),
    };
    let local = endpoint(field("local address")).unwrap_or_else(|| panic!("local address in {line:?}"));
    let family = if local.address.is_ipv4() { Family::V4 } else { Family::V6 };
    let foreign = field("foreign address");
    let state = (protocol == Transport::Tcp).then(|| state(field("state")));
    let remote = match foreign {
        "*:*" => None,
        _ if matches!(state, Some(TcpState::Listen | TcpState::Bound)) => {
            let any = [Some("0.0.0.0:0"), Some("[::]:0")];
            let own = cells.host.map(|host| format!("{host}:0"));
            assert!(any.contains(&Some(foreign)) || own.as_deref() == Some(foreign), "{line:?}");
            None
        }
        _ => Some(peer(parsed, foreign, local.address.is_ipv4(), cells.host)),
    };
    let pid = cells.pid.then(|| field("process ID").parse::<u32>().unwrap());
    if cells.offload && protocol == Transport::Tcp {
        assert_eq!(field("offload state"), "InHost");
    }
    assert_eq!(fields.next(), None, "a field too many in {line:?}");

    let mut socket = Socket::new(protocol, family, local, remote);
    socket.state = state;
    // Equal rows keep the order of the sample.
    socket.id.inode = Some(index);
    let has_process = match pid {
        Some(pid) => pid != 0,
        None => !owner_lines.is_empty(),
    };
    socket.ownership = if has_process {
        // On Windows the component differs between rows of one process, so each row gets a process of its own here.
        let id = ProcessKey { pid: pid.unwrap_or(1), start_time: index };
        if cells.owner_lines {
            parsed.processes.insert(id, process(id, owner_lines));
        }
        Ownership::Held(vec![Owner { process: id, parent: None, descriptor: None }])
    } else {
        assert!(owner_lines.is_empty(), "{line:?} has no process and yet {owner_lines:?}");
        Ownership::Unowned(NoOwner::NoProcess)
    };
    parsed.sockets.push(socket);
}

fn process(id: ProcessKey, lines: &[&str]) -> Process {
    let mut process = Process::unknown(id, Missing::NotPermitted);
    let (executable, unit) = match *lines {
        [" Can not obtain ownership information"] => return process,
        [executable] => (executable, None),
        [component, executable] => (executable, Some(component)),
        _ => panic!("lines {lines:?}"),
    };
    let name = executable.strip_prefix(" [").unwrap().strip_suffix(']').unwrap();
    process.executable = Ok(Executable { path: format!("/some/folder/{name}").into(), deleted: false });
    process.unit = unit.map(|line| line.strip_prefix("  ").unwrap().into()).ok_or(Missing::NotApplicable);
    process
}

/// Parses `a.b.c.d:port` or `[address%scope]:port`.
pub(crate) fn endpoint(text: &str) -> Option<IpEndpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let (address, scope) = match host.strip_prefix('[') {
        None => (IpAddr::V4(host.parse().ok()?), 0),
        Some(rest) => {
            let inside = rest.strip_suffix(']')?;
            let (address, scope) = inside.split_once('%').unwrap_or((inside, "0"));
            (IpAddr::V6(address.parse().ok()?), scope.parse().ok()?)
        }
    };
    Some(IpEndpoint { address, scope, port })
}

fn peer(parsed: &mut Parsed, text: &str, v4: bool, own: Option<&str>) -> IpEndpoint {
    if let Some(end) = endpoint(text) {
        return end;
    }
    let (host, port) = text.rsplit_once(':').unwrap();
    let port = match SERVICES.iter().find(|(name, _)| *name == port) {
        Some((_, number)) => *number,
        None => port.parse().unwrap_or_else(|_| panic!("service {port:?}")),
    };
    if let Some(end) = endpoint(&format!("{host}:{port}")) {
        return end;
    }
    let address: IpAddr = if own == Some(host) {
        if v4 { "127.0.0.1" } else { "::1" }.parse().unwrap()
    } else {
        let number = parsed.names.hosts.len() + 1;
        let address = if v4 { format!("198.18.0.{number}") } else { format!("2001:db8::{number:x}") };
        let address = address.parse().unwrap();
        parsed.names.hosts.insert(address, format!("{host}.example.test"));
        address
    };
    IpEndpoint { address, scope: 0, port }
}

fn state(word: &str) -> TcpState {
    match word {
        "LISTENING" => TcpState::Listen,
        "SYN_SENT" => TcpState::SynSent,
        "ESTABLISHED" => TcpState::Established,
        "FIN_WAIT_2" => TcpState::FinWait2,
        "CLOSE_WAIT" => TcpState::CloseWait,
        "TIME_WAIT" => TcpState::TimeWait,
        "BOUND" => TcpState::Bound,
        other => panic!("state {other:?}"),
    }
}
