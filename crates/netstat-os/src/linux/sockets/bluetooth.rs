//! Bluetooth sockets, from `/proc/net`, where each protocol has a file while its module is loaded. Nothing of them is in
//! sock_diag, and the addresses of both ends are for root alone, in a place that names no inode.

use super::answers::Lines;
use crate::linux::source::NetworkSource;
use netstat_model::{BluetoothFacts, BluetoothProtocol, Endpoint, FamilyFacts, Protocol, Socket, SocketId};
use std::io::ErrorKind;

/// Their names in `/proc/net/protocols`.
pub(super) const PROTOCOLS: [&str; 8] = ["HCI", "L2CAP", "SCO", "RFCOMM", "BNEP", "CMTP", "HIDP", "ISO"];

/// Lists the sockets of each protocol that the kernel has.
pub(super) fn from_proc_net(source: &dyn NetworkSource) -> Lines {
    let (mut sockets, mut odd, mut bytes) = (Vec::new(), 0, Vec::new());
    let mut missing = Some(ErrorKind::NotFound.into());
    for protocol in BluetoothProtocol::ALL {
        match source.read(&format!("/proc/net/{}", protocol.name()), &mut bytes) {
            Ok(()) => {
                let (more, malformed) = decode_file(&bytes, protocol);
                sockets.extend(more);
                odd += malformed;
                missing = None;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    missing.map_or(Ok((sockets, odd)), Err)
}

/// Decodes the file of a protocol. Returns the sockets and the number of malformed lines.
pub(in crate::linux) fn decode_file(bytes: &[u8], protocol: BluetoothProtocol) -> (Vec<Socket>, u64) {
    let (mut sockets, mut odd) = (Vec::new(), 0);
    for line in bytes.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty()) {
        match std::str::from_utf8(line).ok().and_then(|line| decode_line(line, protocol)) {
            Some(socket) => sockets.push(socket),
            None => odd += 1,
        }
    }
    (sockets, odd)
}

/// Decodes `sk RefCnt Rmem Wmem User Inode Parent`. Some protocols have more behind that.
fn decode_line(line: &str, protocol: BluetoothProtocol) -> Option<Socket> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, received, sent, uid, inode, parent, ..] = words[..] else { return None };
    let (inode, parent): (u64, u64) = (inode.parse().ok()?, parent.parse().ok()?);
    let mut socket = Socket::of_protocol(Protocol::Bluetooth(protocol), Endpoint::Inode(inode), None);
    socket.id = SocketId { inode: (inode != 0).then_some(inode), cookie: None };
    (socket.recv_queue, socket.send_queue) = (Some(received.parse().ok()?), Some(sent.parse().ok()?));
    socket.uid = Some(uid.parse().ok()?);
    let facts = BluetoothFacts { listener: (parent != 0).then_some(parent) };
    socket.family_facts = Some(Box::new(FamilyFacts::Bluetooth(facts)));
    Some(socket)
}

#[cfg(test)]
mod tests;
