//! What a socket is, and where it leads.

use super::{Column, Kind, Needs, Origin, Value};
use crate::view::{Foreign, Row};
use netstat_model::query::{Fields, ProcessFields};
use netstat_model::{Endpoint, Protocol, Section, Socket, TcpState};
use std::ffi::OsStr;

/// The protocol as `-p` names it, in capitals.
pub(super) const PROTO: Column = Column {
    name: "proto",
    key: "proto",
    heading: "Proto",
    unit: "",
    meaning: "Protocol: TCP, TCPv6, UDP or UDPv6",
    kind: Kind::Text,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| {
        Value::word(match row.section {
            Section::TcpV4 => "TCP",
            Section::TcpV6 => "TCPv6",
            Section::UdpV4 => "UDP",
            Section::UdpV6 => "UDPv6",
        })
    }),
};

/// The local end.
pub(super) const LOCAL: Column = Column {
    name: "local",
    key: "local",
    heading: "Local Address",
    unit: "",
    meaning: "Local address and port",
    kind: Kind::End,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| Value::End(row.local())),
};

/// The local address by itself.
pub(super) const LADDR: Column = Column {
    name: "laddr",
    key: "laddr",
    heading: "Local Host",
    unit: "",
    meaning: "Local address without the port",
    kind: Kind::Text,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| Value::Host(row.local())),
};

/// The local port by itself.
pub(super) const LPORT: Column = Column {
    name: "lport",
    key: "lport",
    heading: "Local Port",
    unit: "",
    meaning: "Local port",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| Value::Number(row.local().port.into())),
};

/// The foreign end.
pub(super) const FOREIGN: Column = Column {
    name: "foreign",
    key: "foreign",
    heading: "Foreign Address",
    unit: "",
    meaning: "Foreign address and port; null in JSON where there is none",
    kind: Kind::End,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| match (row.foreign(), row.socket.remote) {
        (_, Some(end)) => Value::End(end),
        (Foreign::Anybody, None) => Value::Absent("*:*"),
        (Foreign::End(end), None) if end == Endpoint::ANY_V4 => Value::Absent("0.0.0.0:0"),
        (Foreign::End(_), None) => Value::Absent("[::]:0"),
    }),
};

/// The foreign address by itself.
pub(super) const RADDR: Column = Column {
    name: "raddr",
    key: "raddr",
    heading: "Foreign Host",
    unit: "",
    meaning: "Foreign address without the port",
    kind: Kind::Text,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| row.socket.remote.map_or(Value::Absent("*"), Value::Host)),
};

/// The foreign port by itself.
pub(super) const RPORT: Column = Column {
    name: "rport",
    key: "rport",
    heading: "Foreign Port",
    unit: "",
    meaning: "Foreign port",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| {
        row.socket.remote.map_or(Value::Absent("*"), |end| Value::Number(end.port.into()))
    }),
};

/// The state, by the word of the classic table.
pub(super) const STATE: Column = Column {
    name: "state",
    key: "state",
    heading: "State",
    unit: "",
    meaning: "TCP state; UDP has none",
    kind: Kind::Text,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| match (row.socket.protocol, row.socket.state) {
        (Protocol::Udp, _) => Value::Absent("-"),
        (Protocol::Tcp, None) => Value::Unknown,
        (Protocol::Tcp, Some(state)) => Value::State(state),
    }),
};

/// The user that made the socket.
pub(super) const USER: Column = Column {
    name: "user",
    key: "user",
    heading: "User",
    unit: "",
    meaning: "User the socket belongs to; the number where it has no name. Windows: the user of its process",
    kind: Kind::Text,
    needs: if cfg!(windows) {
        Needs { users: true, ..Needs::process(ProcessFields::ACCOUNT) }
    } else {
        Needs { users: true, ..Needs::NOTHING }
    },
    origin: Origin::Row(|row, given| match row.socket.uid {
        Some(uid) => match given.users.name(uid) {
            Some(name) => Value::Text(OsStr::new(name).into()),
            None => Value::Text(std::ffi::OsString::from(uid.to_string()).into()),
        },
        None => {
            let process =
                row.socket.ownership.principal().and_then(|owner| given.processes.process(owner.process));
            match process.map(|process| &process.account) {
                Some(Ok(account)) => Value::Text(account.as_os_str().into()),
                _ => Value::Unknown,
            }
        }
    }),
};

fn listens(socket: &Socket) -> bool {
    socket.state == Some(TcpState::Listen)
}

/// Bytes, or connections of a listener.
pub(super) const RECVQ: Column = Column {
    name: "recvq",
    key: "recvq",
    heading: "Recv-Q",
    unit: "bytes",
    meaning: "Received and not yet read by the process; of a listener, connections waiting to be accepted",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| Value::number(row.socket.recv_queue)),
};

/// Bytes; a listener sends nothing.
pub(super) const SENDQ: Column = Column {
    name: "sendq",
    key: "sendq",
    heading: "Send-Q",
    unit: "bytes",
    meaning: "Not yet sent or not yet acknowledged; a listener has none",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| {
        if listens(row.socket) { Value::Absent("-") } else { Value::number(row.socket.send_queue) }
    }),
};

/// The limit of a listener's queue.
pub(super) const BACKLOG: Column = Column {
    name: "backlog",
    key: "backlog",
    heading: "Backlog",
    unit: "connections",
    meaning: "How many connections may wait to be accepted; listeners only",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| {
        if listens(row.socket) { Value::number(row.socket.send_queue) } else { Value::Absent("-") }
    }),
};

/// The running timer.
pub(super) const TIMER: Column = Column {
    name: "timer",
    key: "timer",
    heading: "Timer",
    unit: "",
    meaning: "Running TCP timer: what for, milliseconds left, how often it fired in a row",
    kind: Kind::Timer,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| row.socket.timer.map_or(Value::Absent("-"), Value::Timer)),
};

/// The congestion control.
pub(super) const CONGESTION: Column = Column {
    name: "congestion",
    key: "congestion",
    heading: "Congestion",
    unit: "",
    meaning: "Congestion control of a connection",
    kind: Kind::Text,
    needs: Needs::fields(Fields::CONGESTION),
    origin: Origin::Row(|row: &Row<'_>, _| {
        row.socket.congestion.as_deref().map_or(Value::Unknown, |name| Value::Text(OsStr::new(name).into()))
    }),
};

/// The DSCP value.
pub(super) const DSCP: Column = Column {
    name: "dscp",
    key: "dscp",
    heading: "DSCP",
    unit: "",
    meaning: "Differentiated services code point of what the socket sends, 0 to 63",
    kind: Kind::Number,
    needs: Needs::fields(Fields::TRAFFIC_CLASS),
    origin: Origin::Row(|row, _| Value::number(row.socket.traffic_class.map(|class| class >> 2))),
};

/// The mark.
pub(super) const MARK: Column = Column {
    name: "mark",
    key: "mark",
    heading: "Mark",
    unit: "",
    meaning: "Mark that routing and firewall rules know it by (SO_MARK); needs CAP_NET_ADMIN",
    kind: Kind::Number,
    needs: Needs::fields(Fields::MARK),
    origin: Origin::Row(|row, _| Value::number(row.socket.mark)),
};

/// Packets thrown away.
pub(super) const DROPS: Column = Column {
    name: "drops",
    key: "drops",
    heading: "Drops",
    unit: "packets",
    meaning: "Thrown away by the socket, mostly because it was full",
    kind: Kind::Number,
    needs: Needs::fields(Fields::MEMORY),
    origin: Origin::Row(|row, _| Value::number(row.socket.memory.as_ref().and_then(|memory| memory.drops))),
};

/// The interface by name.
pub(super) const INTERFACE: Column = Column {
    name: "interface",
    key: "interface",
    heading: "Interface",
    unit: "",
    meaning: "Interface the socket is bound to; the number where it has no name",
    kind: Kind::Text,
    needs: Needs { interfaces: true, ..Needs::NOTHING },
    origin: Origin::Row(|row, given| match row.socket.interface {
        Some(index) => match given.interfaces.get(&index) {
            Some(name) => Value::Text(name.as_os_str().into()),
            None => Value::Text(std::ffi::OsString::from(index.to_string()).into()),
        },
        None => Value::Absent("-"),
    }),
};

/// The inode.
pub(super) const INODE: Column = Column {
    name: "inode",
    key: "inode",
    heading: "Inode",
    unit: "",
    meaning: "Inode of the socket, as in /proc/PID/fd",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| Value::number(row.socket.id.inode)),
};

/// The cookie.
pub(super) const COOKIE: Column = Column {
    name: "cookie",
    key: "cookie",
    heading: "Cookie",
    unit: "",
    meaning: "Kernel's own number of the socket, never used again until reboot",
    kind: Kind::Number,
    needs: Needs::NOTHING,
    origin: Origin::Row(|row, _| Value::number(row.socket.id.cookie)),
};

/// Since the handshake.
pub(super) const AGE: Column = Column {
    name: "age",
    key: "age_ms",
    heading: "Age (ms)",
    unit: "ms",
    meaning: "Since the connection was established; on Linux known while one side has sent no data",
    kind: Kind::Milliseconds,
    needs: Needs::fields(Fields::AGE),
    origin: Origin::Row(|row, _| Value::milliseconds(row.socket.age)),
};
