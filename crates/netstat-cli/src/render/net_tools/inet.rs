//! The list of TCP, UDP, UDP-Lite and raw sockets.
//!
//! Columns are as wide as net-tools makes them; what does not fit moves the rest of its row. Addresses are cut so that they
//! fit their column with the port behind them, which is never cut, unless `-W` says otherwise. The number of a process and
//! the name of its program share 19 bytes.

use super::cells::{self, cut, fill};
use super::process::{Process, write_process};
use crate::render::{LineEnd, Sheet};
use netstat_engine::text::escape;
use netstat_model::{Family, SocketRef, TcpState, Timer, TimerKind, Transport};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which columns follow the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct InetColumns {
    /// `-e`.
    pub(crate) user_and_inode: bool,
    /// `-p`.
    pub(crate) program: bool,
    /// `-o`.
    pub(crate) timer: bool,
    /// Addresses in full (`-W`).
    pub(crate) wide: bool,
}

/// What the list shows in place of numbers; `None` shows the number.
pub(crate) trait InetNames {
    /// The name of a host.
    fn host(&self, address: IpAddr) -> Option<&str>;
    /// The name of a port.
    fn service(&self, port: u16, protocol: Transport) -> Option<&str>;
    /// The name of a protocol over IP.
    fn protocol(&self, number: u16) -> Option<&str>;
    /// The name of a user.
    fn user(&self, uid: u32) -> Option<&str>;
    /// Whether names of hosts are wanted, which writes the unspecified IPv6 address in brackets.
    fn names_hosts(&self) -> bool;
}

/// The list.
pub(crate) struct Inet<'a> {
    pub(crate) columns: InetColumns,
    pub(crate) names: &'a dyn InetNames,
    /// The words behind the title: `only servers`.
    pub(crate) which: &'static str,
}

/// What a row shows.
pub(crate) struct InetRow<'a> {
    pub(crate) protocol: &'static str,
    /// Whether it is an IPv6 socket.
    pub(crate) is_six: bool,
    pub(crate) ports: PortNames,
    pub(crate) recv_queue: Option<u32>,
    pub(crate) send_queue: Option<u32>,
    pub(crate) local: (IpAddr, u16),
    /// Unspecified without a peer.
    pub(crate) remote: (IpAddr, u16),
    pub(crate) state: Cow<'a, str>,
    /// The user that made it.
    pub(crate) uid: Option<u32>,
    /// 0 without.
    pub(crate) inode: u64,
    pub(crate) process: Option<Process<'a>>,
    pub(crate) timer: Cow<'a, str>,
}

/// Where the names of ports come from.
#[derive(Clone, Copy)]
pub(crate) enum PortNames {
    /// They are those of a transport protocol.
    Of(Transport),
    /// Ports are numbers of protocols.
    Protocols,
}

impl<'a> InetRow<'a> {
    /// Returns the row of a TCP or UDP socket. `uid` is the user that made it.
    pub(crate) fn of(socket: &SocketRef<'_>, uid: Option<u32>, process: Option<Process<'a>>) -> Option<Self> {
        let socket = socket.ip()?;
        let is_six = socket.family == Some(Family::V6);
        let protocol = match (socket.protocol, is_six) {
            (Transport::Tcp, false) => "tcp",
            (Transport::Tcp, true) => "tcp6",
            (Transport::Udp, false) => "udp",
            (Transport::Udp, true) => "udp6",
        };
        // The kernel shows net-tools no limit of an accept queue.
        let send_queue = if socket.state == Some(TcpState::Listen) { Some(0) } else { socket.send_queue() };
        let any = if is_six { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let remote = socket.remote.map_or((any, 0), |end| (end.address, end.port));
        Some(Self {
            protocol,
            is_six,
            ports: PortNames::Of(socket.protocol),
            recv_queue: socket.recv_queue(),
            send_queue,
            local: (socket.local.address, socket.local.port),
            remote,
            state: state(&socket).into(),
            uid,
            inode: socket.id.inode.unwrap_or(0),
            process,
            timer: timer(&socket).into(),
        })
    }
}

/// The bytes of an address and its port, without the colon between them.
const END: usize = 22;

impl Inet<'_> {
    /// Writes the title and the headings.
    pub(crate) fn begin<'w, W: Write>(&self, out: &'w mut W) -> io::Result<Sheet<'w, W>> {
        let mut sheet = Sheet::new(out, LineEnd::NATIVE);
        sheet.line(&format!("Active Internet connections ({})", self.which))?;
        let headings = &mut sheet.buffer;
        headings.extend_from_slice(
            b"Proto Recv-Q Send-Q Local Address           Foreign Address         State      ",
        );
        if self.columns.user_and_inode {
            headings.extend_from_slice(b" User       Inode     ");
        }
        if self.columns.program {
            headings.extend_from_slice(b" PID/Program name    ");
        }
        if self.columns.timer {
            headings.extend_from_slice(b" Timer");
        }
        sheet.end_line()?;
        Ok(sheet)
    }

    /// Writes a row.
    pub(crate) fn add<W: Write>(&self, sheet: &mut Sheet<'_, W>, row: &InetRow<'_>) -> io::Result<()> {
        let out = &mut sheet.buffer;
        let (protocol, recv, send) = (row.protocol, number(row.recv_queue), number(row.send_queue));
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{protocol:<5} {recv:>6} {send:>6} ");
        for end in [row.local, row.remote] {
            let start = out.len();
            self.write_end(out, end, row);
            fill(out, start, 23);
            out.push(b' ');
        }
        let start = out.len();
        out.extend_from_slice(row.state.as_bytes());
        fill(out, start, 11);
        if self.columns.user_and_inode {
            out.push(b' ');
            let start = out.len();
            match (row.uid, row.uid.and_then(|uid| self.names.user(uid))) {
                (_, Some(name)) => escape::write_word(out, OsStr::new(name)),
                (uid, None) => out.extend_from_slice(number(uid).as_bytes()),
            }
            fill(out, start, 10);
            let _ = write!(out, " {:<10}", row.inode);
        }
        if self.columns.program {
            out.push(b' ');
            let start = out.len();
            write_process(out, row.process);
            fill(out, start, 20);
        }
        if self.columns.timer {
            out.push(b' ');
            out.extend_from_slice(row.timer.as_bytes());
        }
        sheet.end_line()
    }

    fn write_end(&self, out: &mut Vec<u8>, (address, port): (IpAddr, u16), row: &InetRow<'_>) {
        // net-tools finds no name for an IPv4 address of an IPv6 socket.
        let name = if row.is_six && address.is_ipv4() { None } else { self.names.host(address) };
        let mut host = match address {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) if self.names.names_hosts() => b"[::]".to_vec(),
            address => cells::host(address, name),
        };
        let name = match row.ports {
            PortNames::Of(protocol) => self.names.service(port, protocol),
            PortNames::Protocols => self.names.protocol(port),
        };
        let mut port = match (port, name) {
            (0, _) => b"*".to_vec(),
            (number, None) => number.to_string().into_bytes(),
            (_, Some(name)) => {
                let mut escaped = Vec::new();
                escape::write_word(&mut escaped, OsStr::new(name));
                escaped
            }
        };
        if !self.columns.wide && host.len() + port.len() > END {
            cut(&mut port, END - 4);
            cut(&mut host, END - port.len());
        }
        out.extend_from_slice(&host);
        out.push(b':');
        out.extend_from_slice(&port);
    }
}

/// Returns a number as text, `-` where it is not known.
fn number(known: Option<u32>) -> String {
    known.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// Returns the word for the state. UDP has one only for a socket with a peer.
fn state(socket: &SocketRef<'_>) -> &'static str {
    match socket.state {
        None if socket.protocol == Transport::Udp => {
            if socket.remote.is_some() {
                "ESTABLISHED"
            } else {
                ""
            }
        }
        Some(TcpState::Established) => "ESTABLISHED",
        Some(TcpState::SynSent) => "SYN_SENT",
        Some(TcpState::SynReceived) => "SYN_RECV",
        Some(TcpState::FinWait1) => "FIN_WAIT1",
        Some(TcpState::FinWait2) => "FIN_WAIT2",
        Some(TcpState::TimeWait) => "TIME_WAIT",
        Some(TcpState::Closed | TcpState::Bound) => "CLOSE",
        Some(TcpState::CloseWait) => "CLOSE_WAIT",
        Some(TcpState::LastAck) => "LAST_ACK",
        Some(TcpState::Listen) => "LISTEN",
        Some(TcpState::Closing) => "CLOSING",
        Some(TcpState::DeleteTcb | TcpState::Unknown(_)) | None => "UNKNOWN",
    }
}

/// Returns `kind (seconds/retransmissions/probes)`.
fn timer(socket: &SocketRef<'_>) -> String {
    let Some(Timer { kind, expires_in, retransmits }) = socket.timer() else {
        return "off (0.00/0/0)".to_owned();
    };
    let (word, retransmits, probes) = match kind {
        TimerKind::Retransmit => ("on", retransmits, 0),
        TimerKind::KeepAlive => ("keepalive", 0, retransmits),
        TimerKind::TimeWait => ("timewait", 0, 0),
        TimerKind::Probe => ("probe", 0, retransmits),
    };
    let hundredths = expires_in.as_millis() / 10;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{word} ({}.{:02}/{retransmits}/{probes})", hundredths / 100, hundredths % 100);
    text
}

#[cfg(test)]
mod tests;
