//! The list of TCP and UDP sockets.
//!
//! Columns are as wide as net-tools makes them; what does not fit moves the rest of its row. Addresses are cut so that they
//! fit their column with the port behind them, which is never cut, unless `-W` says otherwise. The number of a process and
//! the name of its program share 19 bytes.

use super::cells::{self, cut, fill};
use crate::render::{LineEnd, Sheet};
use netstat_engine::text::escape;
use netstat_model::{
    Family, IpEndpoint, Process as Program, SocketRef, TcpState, Timer, TimerKind, Transport,
};
use std::ffi::{OsStr, OsString};
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
    /// The name of a user.
    fn user(&self, uid: u32) -> Option<&str>;
    /// Whether names of hosts are wanted, which writes the unspecified IPv6 address in brackets.
    fn names_hosts(&self) -> bool;
}

/// The process of a row: its ID, and what is known of it.
pub(crate) type Process<'a> = (u32, Option<&'a Program>);

/// The list.
pub(crate) struct Inet<'a> {
    pub(crate) columns: InetColumns,
    pub(crate) names: &'a dyn InetNames,
    /// The words behind the title: `only servers`.
    pub(crate) which: &'static str,
}

/// The bytes of an address and its port, without the colon between them.
const END: usize = 22;

/// The bytes of the number of a process and its name, with the slash between them.
const PROCESS: usize = 19;

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

    /// Writes the row of a socket; nothing for one that is neither TCP nor UDP. `uid` is the user that made it.
    pub(crate) fn add<W: Write>(
        &self,
        sheet: &mut Sheet<'_, W>,
        socket: &SocketRef<'_>,
        uid: Option<u32>,
        process: Option<Process<'_>>,
    ) -> io::Result<()> {
        let Some(socket) = socket.ip() else { return Ok(()) };
        let six = socket.family == Some(Family::V6);
        let protocol = match (socket.protocol, six) {
            (Transport::Tcp, false) => "tcp",
            (Transport::Tcp, true) => "tcp6",
            (Transport::Udp, false) => "udp",
            (Transport::Udp, true) => "udp6",
        };
        // The kernel shows net-tools no limit of an accept queue.
        let send = if socket.state == Some(TcpState::Listen) { Some(0) } else { socket.send_queue() };
        let recv = socket.recv_queue();
        let out = &mut sheet.buffer;
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{protocol:<4}  {:>6} {:>6} ", number(recv), number(send));
        let any = if six { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let remote = socket.remote.unwrap_or(IpEndpoint { address: any, scope: 0, port: 0 });
        for end in [&socket.local, &remote] {
            let start = out.len();
            self.write_end(out, end, six, socket.protocol);
            fill(out, start, 23);
            out.push(b' ');
        }
        let start = out.len();
        out.extend_from_slice(state(&socket).as_bytes());
        fill(out, start, 11);
        if self.columns.user_and_inode {
            out.push(b' ');
            let start = out.len();
            match (uid, uid.and_then(|uid| self.names.user(uid))) {
                (_, Some(name)) => escape::write_word(out, OsStr::new(name)),
                (uid, None) => out.extend_from_slice(number(uid).as_bytes()),
            }
            fill(out, start, 10);
            let _ = write!(out, " {:<10}", socket.id.inode.unwrap_or(0));
        }
        if self.columns.program {
            out.push(b' ');
            let start = out.len();
            write_process(out, process);
            fill(out, start, 20);
        }
        if self.columns.timer {
            out.push(b' ');
            out.extend_from_slice(timer(&socket).as_bytes());
        }
        sheet.end_line()
    }

    fn write_end(&self, out: &mut Vec<u8>, end: &IpEndpoint, six: bool, protocol: Transport) {
        // net-tools finds no name for an IPv4 address of an IPv6 socket.
        let name = if six && end.address.is_ipv4() { None } else { self.names.host(end.address) };
        let mut host = match end.address {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) if self.names.names_hosts() => b"[::]".to_vec(),
            address => cells::host(address, name),
        };
        let mut port = Vec::new();
        match end.port {
            0 => port.push(b'*'),
            number => match self.names.service(number, protocol) {
                Some(name) => escape::write_word(&mut port, OsStr::new(name)),
                None => port.extend_from_slice(number.to_string().as_bytes()),
            },
        }
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

/// Writes `PID/name`: the first word of the command line, and of a path its last part.
fn write_process(out: &mut Vec<u8>, process: Option<Process<'_>>) {
    let Some((pid, program)) = process else {
        out.push(b'-');
        return;
    };
    let mut cell = format!("{pid}/").into_bytes();
    let words = program.and_then(|program| program.command_line.as_deref().ok());
    let name = program.and_then(|program| program.name.as_deref().ok());
    let mut shown = Vec::new();
    if let Some(word) = words.map_or(name, |words| words.first().map(OsString::as_os_str)) {
        // Escaping makes no slash.
        escape::write_text(&mut shown, word);
    }
    let last = match shown.as_slice() {
        [b'/', ..] => shown.rsplit(|&byte| byte == b'/').next(),
        [_, b':', b'\\', ..] => shown.rsplit(|&byte| byte == b'\\').next(),
        whole => Some(whole),
    };
    cell.extend_from_slice(last.unwrap_or_default());
    cut(&mut cell, PROCESS);
    out.extend_from_slice(&cell);
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
