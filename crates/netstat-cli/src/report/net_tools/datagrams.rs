//! The raw and UDP-Lite sockets of a list, from the kernel's own tables, in their order.

use super::tables::{optional, where_there};
use crate::render::net_tools::{InetRow, PortNames};
use crate::report::{Failure, Session};
use crate::settings::{SocketList, Which};
use netstat_engine::kernel_text::{DatagramSocket, ProtocolNames, datagram_sockets};
use netstat_model::{Family, Transport};
use netstat_os::TextTable;
use std::net::IpAddr;

/// Raw or UDP-Lite sockets of one list.
pub(super) struct Datagrams {
    rows: Vec<(Family, DatagramSocket)>,
    /// Whether the system has no such sockets of IPv4, as net-tools tells.
    pub(super) are_missing: bool,
}

/// The state of a socket that is connected.
const CONNECTED: u32 = 1;
/// The state of one that is not.
const UNCONNECTED: u32 = 7;

/// What every one of them has for a timer.
const NO_TIMER: &str = "off (0.00/0/0)";

impl Datagrams {
    /// Raw sockets.
    pub(super) fn raw(session: &Session<'_>, list: &SocketList) -> Result<Self, Failure> {
        Self::read(session, list, list.raw, [TextTable::RawV4, TextTable::RawV6])
    }

    /// UDP-Lite sockets.
    pub(super) fn udp_lite(session: &Session<'_>, list: &SocketList) -> Result<Self, Failure> {
        Self::read(session, list, list.udplite, [TextTable::UdpLiteV4, TextTable::UdpLiteV6])
    }

    fn read(
        session: &Session<'_>,
        list: &SocketList,
        wanted: bool,
        [v4, v6]: [TextTable; 2],
    ) -> Result<Self, Failure> {
        let mut all = Self { rows: Vec::new(), are_missing: false };
        for family in list.families.iter().filter(|_| wanted) {
            let table = if *family == Family::V4 { v4 } else { v6 };
            let Some(text) = where_there(&session.backend, table)? else {
                all.are_missing |= *family == Family::V4;
                continue;
            };
            let shown = |socket: &DatagramSocket| match list.which {
                Which::All => true,
                Which::Servers => socket.remote.0.is_unspecified(),
                Which::Connected => !socket.remote.0.is_unspecified(),
            };
            all.rows.extend(datagram_sockets(&text).into_iter().filter(shown).map(|row| (*family, row)));
        }
        Ok(all)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Keeps those with these inodes.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(u64) -> bool) {
        self.rows.retain(|(_, socket)| is_wanted(socket.inode));
    }

    /// The addresses that can have a name.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.rows.iter().flat_map(|(_, socket)| [socket.local.0, socket.remote.0])
    }

    /// The rows of raw sockets, without their processes.
    pub(super) fn raw_rows(&self) -> impl Iterator<Item = InetRow<'_>> {
        self.rows.iter().map(|(family, socket)| InetRow {
            state: socket.state.to_string().into(),
            ..row(if *family == Family::V4 { "raw" } else { "raw6" }, *family, socket, PortNames::Protocols)
        })
    }

    /// The rows of UDP-Lite sockets, without their processes.
    pub(super) fn udp_lite_rows(&self) -> impl Iterator<Item = InetRow<'_>> {
        self.rows.iter().map(|(family, socket)| {
            let name = if *family == Family::V4 { "udpl" } else { "udpl6" };
            row(name, *family, socket, PortNames::Of(Transport::Udp))
        })
    }
}

fn row(
    protocol: &'static str,
    family: Family,
    socket: &DatagramSocket,
    ports: PortNames,
) -> InetRow<'static> {
    // net-tools writes an IPv4 address within an IPv6 one as IPv4.
    let end = |(address, port): (IpAddr, u16)| (address.to_canonical(), port);
    let state = match socket.state {
        CONNECTED => "ESTABLISHED",
        UNCONNECTED => "",
        _ => "UNKNOWN",
    };
    InetRow {
        protocol,
        is_six: family == Family::V6,
        ports,
        recv_queue: Some(socket.recv_queue),
        send_queue: Some(socket.send_queue),
        local: end(socket.local),
        remote: end(socket.remote),
        state: state.into(),
        uid: Some(socket.uid),
        inode: socket.inode,
        process: None,
        timer: NO_TIMER.into(),
    }
}

/// Reads the names of protocols.
pub(super) fn protocol_names(session: &Session<'_>) -> Result<ProtocolNames, Failure> {
    Ok(ProtocolNames::parse(&optional(session, TextTable::Protocols)?))
}
