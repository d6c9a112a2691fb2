//! RDMA connections and listeners, from the RDMA netlink family (`RDMA_NL_NLDEV`, Linux 4.17).

use super::source::{Netlink, Source};
use super::wire::{self, Message};
use netstat_model::{Answer, Error, IpEndpoint, Operation, RdmaEndpoint, RdmaRole, Warning};
use rustix::io::Errno;
use std::net::IpAddr;

const RDMA_NL_NLDEV: u16 = 5 << 10;
const CMD_GET: u16 = RDMA_NL_NLDEV | 1;
const CMD_PORT_GET: u16 = RDMA_NL_NLDEV | 5;
const CMD_RES_CM_ID_GET: u16 = RDMA_NL_NLDEV | 11;

const ATTR_DEV_INDEX: u16 = 1;
const ATTR_PORT_INDEX: u16 = 3;
const ATTR_RES_STATE: u16 = 27;
const ATTR_RES_PID: u16 = 28;
const ATTR_RES_CM_ID: u16 = 30;
const ATTR_RES_CM_ID_ENTRY: u16 = 31;
const ATTR_RES_SRC_ADDR: u16 = 33;
const ATTR_RES_DST_ADDR: u16 = 34;
const ATTR_NDEV_INDEX: u16 = 50;

/// `RDMA_CM_LISTEN` of the kernel's `enum rdma_cm_state`, before and after two states were inserted ahead of it. Each
/// number also stands for a state of a connection in the other numbering; but a listener has no peer.
const STATES_LISTEN: [u8; 2] = [8, 10];

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// The errors of a kernel without RDMA: there is no such netlink family, or nothing answers it.
const NO_RDMA: [Errno; 5] =
    [Errno::PROTONOSUPPORT, Errno::CONNREFUSED, Errno::AFNOSUPPORT, Errno::INVAL, Errno::OPNOTSUPP];

/// Lists all endpoints of the RDMA connection manager; none where the kernel has no RDMA.
pub(super) fn endpoints(source: &dyn Source) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
    let failed = |error| Error::new(Operation::ListRdma, error);
    let device_index = |message: Message<'_>| number(message.payload, ATTR_DEV_INDEX);
    let devices = match wire::collect(source, Netlink::Rdma, CMD_GET, &[], device_index) {
        Ok((devices, _)) => devices,
        Err(error) if Errno::from_io_error(&error).is_some_and(|errno| NO_RDMA.contains(&errno)) => {
            Vec::new()
        }
        Err(error) => return Err(failed(error)),
    };
    let mut answer = Answer::whole(Vec::new());
    for device in devices {
        let mut body = Vec::new();
        wire::put_attribute(&mut body, ATTR_DEV_INDEX, &device.to_ne_bytes());
        let (endpoints, end) =
            wire::collect(source, Netlink::Rdma, CMD_RES_CM_ID_GET, &body, |message| Some(decode(message)))
                .map_err(failed)?;
        if end.interrupted || end.overrun {
            answer.warnings.push(Warning::DumpInterrupted { what: "list of RDMA resources" });
        }
        // A port without a network interface sends only its number.
        let port = |message: Message<'_>| {
            let port = number(message.payload, ATTR_PORT_INDEX)?;
            Some((port, number(message.payload, ATTR_NDEV_INDEX)))
        };
        let (ports, _) = wire::collect(source, Netlink::Rdma, CMD_PORT_GET, &body, port).map_err(failed)?;
        answer.data.extend(endpoints.into_iter().flatten().map(|(endpoint, port)| RdmaEndpoint {
            interface: ports.iter().find(|(number, _)| *number == port).and_then(|&(_, interface)| interface),
            ..endpoint
        }));
    }
    Ok(answer)
}

fn number(list: &[u8], wanted: u16) -> Option<u32> {
    wire::attributes(list).find(|&(kind, _)| kind == wanted).and_then(|(_, value)| wire::u32_at(value, 0))
}

fn decode(message: Message<'_>) -> Vec<(RdmaEndpoint, u32)> {
    wire::attributes(message.payload)
        .filter(|&(kind, _)| kind == ATTR_RES_CM_ID)
        .flat_map(|(_, list)| wire::attributes(list))
        .filter(|&(kind, _)| kind == ATTR_RES_CM_ID_ENTRY)
        .map(|(_, entry)| decode_endpoint(entry))
        .collect()
}

/// Decodes an endpoint and the port of its device.
pub(super) fn decode_endpoint(entry: &[u8]) -> (RdmaEndpoint, u32) {
    let mut endpoint = RdmaEndpoint {
        role: RdmaRole::Connection,
        kernel: true,
        interface: None,
        local: None,
        remote: None,
        pid: None,
    };
    let mut port = 0;
    let mut listening = false;
    for (kind, value) in wire::attributes(entry) {
        match kind {
            ATTR_RES_STATE => {
                listening = wire::u8_at(value, 0).is_some_and(|state| STATES_LISTEN.contains(&state));
            }
            // A user in the kernel has a name (ATTR_RES_KERN_NAME) instead.
            ATTR_RES_PID => {
                endpoint.pid = wire::u32_at(value, 0);
                endpoint.kernel = false;
            }
            ATTR_PORT_INDEX => port = wire::u32_at(value, 0).unwrap_or(0),
            ATTR_RES_SRC_ADDR => endpoint.local = decode_sockaddr(value),
            ATTR_RES_DST_ADDR => endpoint.remote = decode_sockaddr(value),
            _ => {}
        }
    }
    if listening && endpoint.remote.is_none() {
        endpoint.role = RdmaRole::Listener;
    }
    (endpoint, port)
}

/// Decodes `struct sockaddr_storage` that holds an IPv4 or IPv6 address.
fn decode_sockaddr(bytes: &[u8]) -> Option<IpEndpoint> {
    let port = wire::be16_at(bytes, 2)?;
    match wire::u16_at(bytes, 0)? {
        AF_INET => Some(IpEndpoint::new(IpAddr::from(wire::array_at::<4>(bytes, 4)?), port, 0)),
        AF_INET6 => {
            let scope = wire::u32_at(bytes, 24)?;
            Some(IpEndpoint::new(IpAddr::from(wire::array_at::<16>(bytes, 8)?), port, scope))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
