//! The families of sockets beyond TCP and UDP: each from sock_diag, or from `/proc/net` where the kernel has no handler for
//! it there.

use super::answers::{Dumped, Lines};
use super::{Lister, bluetooth, ip, netlink, packet, sctp, unix, vsock, xdp};
use crate::linux::source::NetworkSource;
use netstat_model::error::words_of;
use netstat_model::query::{Kinds, SocketQuery};
use netstat_model::{BluetoothProtocol, Error, Operation, Protocol, Socket, SocketType, Warning};
use rustix::io::Errno;
use std::io;

/// How the sockets of one family are listed.
struct Family {
    kind: Kinds,
    /// Its name on the command line.
    name: &'static str,
    /// The name of its list in a warning.
    what: &'static str,
    /// A protocol of it, for the warning that `/proc/net` was read.
    protocol: Protocol,
    /// What its lines in `/proc/net/protocols` begin with, while the kernel has it.
    protocols: &'static [&'static str],
    sock_diag: Option<fn(&dyn NetworkSource, &SocketQuery) -> Dumped>,
    proc_net: Option<fn(&dyn NetworkSource) -> Lines>,
    /// Whether its file knows all that is shown, so that nothing is to be said where the kernel has no handler.
    is_whole: bool,
}

const FAMILIES: [Family; 10] = [
    Family {
        kind: Kinds::UNIX,
        name: "unix",
        what: "table of Unix sockets",
        protocol: Protocol::Unix(SocketType::Stream),
        protocols: &["UNIX"],
        sock_diag: Some(unix::from_sock_diag),
        proc_net: Some(unix::from_proc_net),
        is_whole: false,
    },
    Family {
        kind: Kinds::RAW,
        name: "raw",
        what: "table of raw sockets",
        protocol: Protocol::Raw(0),
        protocols: &["RAW"],
        sock_diag: Some(ip::raw_from_sock_diag),
        proc_net: Some(ip::raw_from_proc_net),
        is_whole: true,
    },
    Family {
        kind: Kinds::PING,
        name: "ping",
        what: "table of ping sockets",
        protocol: Protocol::Ping,
        protocols: &["PING"],
        sock_diag: None,
        proc_net: Some(ip::ping_from_proc_net),
        is_whole: true,
    },
    Family {
        kind: Kinds::PACKET,
        name: "packet",
        what: "table of packet sockets",
        protocol: Protocol::Packet(SocketType::Raw),
        protocols: &["PACKET"],
        sock_diag: Some(packet::from_sock_diag),
        proc_net: Some(packet::from_proc_net),
        is_whole: false,
    },
    Family {
        kind: Kinds::NETLINK,
        name: "netlink",
        what: "table of netlink sockets",
        protocol: Protocol::Netlink(0),
        protocols: &["NETLINK"],
        sock_diag: Some(netlink::from_sock_diag),
        proc_net: Some(netlink::from_proc_net),
        is_whole: false,
    },
    Family {
        kind: Kinds::VSOCK,
        name: "vsock",
        what: "table of vsock sockets",
        protocol: Protocol::Vsock(SocketType::Stream),
        protocols: &["AF_VSOCK", "VSOCK"],
        sock_diag: Some(vsock::from_sock_diag),
        proc_net: None,
        is_whole: false,
    },
    Family {
        kind: Kinds::XDP,
        name: "xdp",
        what: "table of XDP sockets",
        protocol: Protocol::Xdp,
        protocols: &["XDP"],
        sock_diag: Some(xdp::from_sock_diag),
        proc_net: None,
        is_whole: false,
    },
    Family {
        kind: Kinds::MPTCP,
        name: "mptcp",
        what: "table of MPTCP sockets",
        protocol: Protocol::Mptcp,
        protocols: &["MPTCP"],
        sock_diag: Some(ip::mptcp_from_sock_diag),
        proc_net: None,
        is_whole: false,
    },
    Family {
        kind: Kinds::SCTP,
        name: "sctp",
        what: "table of SCTP sockets",
        protocol: Protocol::Sctp,
        protocols: &["SCTP"],
        sock_diag: Some(sctp::from_sock_diag),
        proc_net: Some(sctp::from_proc_net),
        is_whole: true,
    },
    Family {
        kind: Kinds::BLUETOOTH,
        name: "bluetooth",
        what: "table of Bluetooth sockets",
        protocol: Protocol::Bluetooth(BluetoothProtocol::L2cap),
        protocols: &bluetooth::PROTOCOLS,
        sock_diag: None,
        proc_net: Some(bluetooth::from_proc_net),
        is_whole: true,
    },
];

/// Shows the sockets of the other families of the query to the visitor. A family that could not be listed is a warning
/// beside the others.
///
/// # Errors
/// If it is the only one that was asked for, and the kernel has it.
pub(super) fn list(
    source: &dyn NetworkSource,
    lister: &mut Lister<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let query = lister.listing.query;
    let asks_for_all = query.kinds.contains(Kinds::LISTED.others());
    for family in FAMILIES.iter().filter(|family| query.kinds.contains(family.kind)) {
        if lister.full {
            break;
        }
        match sockets(source, query, family, warnings) {
            Ok(sockets) => {
                let mut left_out = 0;
                for mut socket in sockets {
                    left_out += u64::from(!lister.socket(&mut socket));
                }
                if left_out > 0 {
                    warnings.push(Warning::OddMessages { what: family.what, count: left_out });
                }
            }
            Err(error) => {
                let is_known = is_known(source, family);
                if is_known && query.kinds == family.kind {
                    return Err(Error::new(Operation::ListSockets, error));
                }
                // What the kernel does not have is no news to somebody who wants all there is.
                if is_known || !asks_for_all {
                    let reason = is_known.then(|| words_of(&error));
                    warnings.push(Warning::FamilyUnavailable { family: family.name, reason });
                }
            }
        }
    }
    Ok(())
}

fn sockets(
    source: &dyn NetworkSource,
    query: &SocketQuery,
    family: &Family,
    warnings: &mut Vec<Warning>,
) -> io::Result<Vec<Socket>> {
    let answer = family.sock_diag.map(|ask| ask(source, query));
    let refused = match answer {
        Some(Ok((sockets, end))) => {
            end.warn(family.what, warnings);
            return Ok(sockets);
        }
        Some(Err(refused)) => refused,
        None => Errno::NOENT.into(),
    };
    let is_missing = refused.raw_os_error() == Some(Errno::NOENT.raw_os_error());
    let reason = why_refused(&refused, family.name);
    let Some(read) = family.proc_net else { return Err(io::Error::new(refused.kind(), reason)) };
    let (sockets, odd) = read(source).map_err(|error| {
        io::Error::new(error.kind(), format!("sock_diag: {reason}; /proc/net: {}", words_of(&error)))
    })?;
    if !(is_missing && family.is_whole) {
        warnings.push(Warning::ProcNetFallback { protocol: family.protocol, reason });
    }
    if odd > 0 {
        warnings.push(Warning::OddMessages { what: family.what, count: odd });
    }
    Ok(sockets)
}

/// Returns why sock_diag did not list the sockets of a family. Each has a handler, mostly in a module of its own.
fn why_refused(error: &io::Error, name: &str) -> String {
    if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) {
        format!("the kernel has no {name}_diag, or has not loaded it")
    } else {
        words_of(error)
    }
}

/// Returns whether the kernel has sockets of the family; true where that cannot be told.
fn is_known(source: &dyn NetworkSource, family: &Family) -> bool {
    let mut bytes = Vec::new();
    let Ok(()) = source.read("/proc/net/protocols", &mut bytes) else { return true };
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.any(|line| family.protocols.iter().any(|name| line.starts_with(name.as_bytes())))
}
