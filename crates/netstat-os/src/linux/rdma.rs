//! RDMA connections and listeners, from the RDMA netlink family (`RDMA_NL_NLDEV`, Linux 4.17).

use super::source::{Netlink, Source};
use super::wire::{self, Message, Rows};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Endpoint, RdmaEndpoint, RdmaRole};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const RDMA_NL_NLDEV: u16 = 5 << 10;
const CMD_GET: u16 = RDMA_NL_NLDEV | 1;
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

/// `RDMA_CM_LISTEN` of the kernel's `enum rdma_cm_state`, before and after two states were put in ahead of it. The
/// numbers overlap with those of states that have a peer, which a listener has not.
const STATES_LISTEN: [u8; 2] = [8, 10];

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// All RDMA connection manager endpoints; none where the kernel has no RDMA.
pub(super) fn endpoints(source: &dyn Source) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
    let failed = |error| Error::new(Operation::ListRdma, error);
    let mut devices = Devices(Vec::new());
    match wire::dump(source, Netlink::Rdma, &wire::dump_request(CMD_GET, &[]), &mut devices) {
        Ok(_) => {}
        Err(error) if is_absent(&error) => return Ok(Answer::whole(Vec::new())),
        Err(error) => return Err(failed(error)),
    }
    let mut answer = Answer::whole(Vec::new());
    for device in devices.0 {
        let mut body = Vec::new();
        wire::put_attribute(&mut body, ATTR_DEV_INDEX, &device.to_ne_bytes());
        let mut rows = Endpoints { from: answer.data.len(), found: &mut answer.data };
        let request = wire::dump_request(CMD_RES_CM_ID_GET, &body);
        let end = wire::dump(source, Netlink::Rdma, &request, &mut rows).map_err(failed)?;
        if end.interrupted || end.overrun {
            answer.warnings.push(Warning::DumpInterrupted { what: "list of RDMA resources" });
        }
        let ports = interfaces(source, device).map_err(failed)?;
        for (endpoint, port) in answer.data.iter_mut() {
            if endpoint.interface.is_none() {
                endpoint.interface = ports.iter().find(|(number, _)| number == port).map(|&(_, index)| index);
            }
        }
    }
    Ok(Answer {
        data: answer.data.into_iter().map(|(endpoint, _)| endpoint).collect(),
        warnings: answer.warnings,
    })
}

/// No RDMA in the kernel: no such netlink family, or nobody listens to it.
fn is_absent(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let number = error.raw_os_error();
    [Errno::PROTONOSUPPORT, Errno::CONNREFUSED, Errno::AFNOSUPPORT, Errno::INVAL, Errno::OPNOTSUPP]
        .iter()
        .any(|errno| number == Some(errno.raw_os_error()))
}

struct Devices(Vec<u32>);

impl Rows for Devices {
    fn row(&mut self, message: Message<'_>) -> bool {
        let index = wire::attributes(message.payload)
            .find(|&(kind, _)| kind == ATTR_DEV_INDEX)
            .and_then(|(_, value)| wire::u32_at(value, 0));
        self.0.extend(index);
        index.is_some()
    }

    fn restart(&mut self) -> bool {
        self.0.clear();
        true
    }
}

/// The network interface of each port of a device.
fn interfaces(source: &dyn Source, device: u32) -> io::Result<Vec<(u32, u32)>> {
    const CMD_PORT_GET: u16 = RDMA_NL_NLDEV | 5;
    struct Ports(Vec<(u32, u32)>);
    impl Rows for Ports {
        fn row(&mut self, message: Message<'_>) -> bool {
            let (mut port, mut interface) = (None, None);
            for (kind, value) in wire::attributes(message.payload) {
                match kind {
                    ATTR_PORT_INDEX => port = wire::u32_at(value, 0),
                    ATTR_NDEV_INDEX => interface = wire::u32_at(value, 0),
                    _ => {}
                }
            }
            self.0.extend(port.zip(interface));
            port.is_some()
        }
        fn restart(&mut self) -> bool {
            self.0.clear();
            true
        }
    }
    let mut body = Vec::new();
    wire::put_attribute(&mut body, ATTR_DEV_INDEX, &device.to_ne_bytes());
    let mut ports = Ports(Vec::new());
    wire::dump(source, Netlink::Rdma, &wire::dump_request(CMD_PORT_GET, &body), &mut ports)?;
    Ok(ports.0)
}

/// Each endpoint with the port of its device.
struct Endpoints<'a> {
    from: usize,
    found: &'a mut Vec<(RdmaEndpoint, u32)>,
}

impl Rows for Endpoints<'_> {
    fn row(&mut self, message: Message<'_>) -> bool {
        for (kind, list) in wire::attributes(message.payload) {
            if kind == ATTR_RES_CM_ID {
                let entries = wire::attributes(list).filter(|&(kind, _)| kind == ATTR_RES_CM_ID_ENTRY);
                self.found.extend(entries.map(|(_, entry)| decode_endpoint(entry)));
            }
        }
        true
    }

    fn restart(&mut self) -> bool {
        self.found.truncate(self.from);
        true
    }
}

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
            // A kernel user has a name instead of a number.
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

/// `struct sockaddr_storage` with an IPv4 or IPv6 address in it.
fn decode_sockaddr(bytes: &[u8]) -> Option<Endpoint> {
    let port = wire::be16_at(bytes, 2)?;
    match wire::u16_at(bytes, 0)? {
        AF_INET => Some(Endpoint::new(IpAddr::V4(Ipv4Addr::from(wire::array_at::<4>(bytes, 4)?)), port, 0)),
        AF_INET6 => {
            let scope = wire::u32_at(bytes, 24)?;
            Some(Endpoint::new(IpAddr::V6(Ipv6Addr::from(wire::array_at::<16>(bytes, 8)?)), port, scope))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
