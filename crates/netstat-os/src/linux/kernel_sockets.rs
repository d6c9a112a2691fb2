//! What the kernel itself has sockets for, in the network namespace of the reader or in all of them, where it tells their ports:
//!
//! | what | from |
//! |---|---|
//! | VXLAN, Geneve, bare UDP tunnels | rtnetlink, which has the port of each interface |
//! | the NFS server | `/proc/fs/nfsd/portlist` |
//!
//! Who has another socket of the kernel is not known. WireGuard tells its port only together with its private key, which
//! nobody who asks for sockets wants to have read.

use super::host;
use super::namespaces::{self, Place};
use super::source::{Netlink, NetworkSource, Source};
use super::wire;
use libc::{IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO, RTM_GETLINK, RTM_NEWLINK};
use netstat_model::error::words_of;
use netstat_model::query::Scope;
use netstat_model::{Answer, IpEndpoint, Keeper, Namespace, Protocol, StandIn, Warning};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// `struct ifinfomsg`.
const MESSAGE: usize = 16;

/// There where the interface has its socket in another network namespace.
const IFLA_LINK_NETNSID: u16 = 37;

/// The kinds of interfaces whose socket is known by its port, and the attribute with that.
const TUNNELS: [(&str, u16); 3] = [("vxlan", 15), ("geneve", 5), ("bareudp", 1)];

const NFS_SERVER: &str = "/proc/fs/nfsd/portlist";

/// What is behind the sockets of one namespace, by their places.
type Behind = BTreeMap<(Protocol, u16), Vec<Box<str>>>;

/// What is unknown where a list could not be had.
const WHAT: &str = "what the kernel has some sockets for";

/// Returns the sockets that the kernel has for something that is known.
pub(super) fn stand_ins(source: &dyn Source, scope: Scope) -> Answer<Vec<StandIn>> {
    let own = host::namespace(source);
    let mut warnings = Vec::new();
    let mut data = of_own(source, own, &mut warnings);
    if scope == Scope::Own {
        return Answer { data, warnings };
    }
    let places = match namespaces::find(source) {
        // What the list of namespaces lacks is said with the sockets.
        Ok(places) => places.data,
        Err(error) => {
            warnings.push(Warning::SourceUnavailable { what: WHAT, reason: words_of(&error.source) });
            Vec::new()
        }
    };
    for Place { namespace, path } in places {
        if own == Some(namespace.id) {
            continue;
        }
        // One that ends meanwhile has no sockets, and one that may not be entered none that are listed.
        let Ok(within) = source.enter(&path, namespace.id.inode) else { continue };
        let behind = tunnels(&*within, &mut warnings);
        data.extend(behind.iter().flat_map(|(place, behind)| kept(*place, behind, Some(namespace.id))));
    }
    Answer { data, warnings }
}

/// Adds a tunnel for each interface of a namespace that has a socket.
fn tunnels(source: &dyn NetworkSource, warnings: &mut Vec<Warning>) -> Behind {
    let mut behind = Behind::new();
    let decode = |message: wire::Message<'_>| decode_tunnel(message.of_kind(RTM_NEWLINK)?);
    match wire::collect(source, Netlink::Route, RTM_GETLINK, &[0; MESSAGE], decode) {
        Ok((links, end)) => {
            end.warn("list of interfaces", warnings);
            for Tunnel { port, what } in links.into_iter().flatten() {
                behind.entry((Protocol::Udp, port)).or_default().push(what);
            }
        }
        Err(error) => {
            let lack = Warning::SourceUnavailable { what: WHAT, reason: words_of(&error) };
            if !warnings.contains(&lack) {
                warnings.push(lack);
            }
        }
    }
    behind
}

/// Returns those of the reader's namespace.
fn of_own(source: &dyn Source, namespace: Option<Namespace>, warnings: &mut Vec<Warning>) -> Vec<StandIn> {
    let mut behind = tunnels(source, warnings);
    // The server of the machine is in the namespace it booted with, where that is the reader's too.
    let mut bytes = Vec::new();
    if namespace.is_some_and(|own| host::machine_namespace(source) == Some(own))
        && source.read(NFS_SERVER, &mut bytes).is_ok()
    {
        for place in decode_ports(&bytes) {
            behind.entry(place).or_default().push("nfsd".into());
        }
    }
    behind.into_iter().flat_map(|(place, behind)| kept(place, &behind, namespace)).collect()
}

/// A socket for each family, of which the kernel has either or both.
fn kept(
    (protocol, port): (Protocol, u16),
    behind: &[Box<str>],
    namespace: Option<Namespace>,
) -> [StandIn; 2] {
    [IpEndpoint::ANY_V4, IpEndpoint::ANY_V6].map(|any| StandIn {
        keeper: Keeper::Kernel,
        protocol,
        end: IpEndpoint { port, ..any }.into(),
        by: "kernel".into(),
        behind: behind.to_vec(),
        namespace,
    })
}

/// An interface with a UDP socket of its own.
#[derive(Debug, PartialEq, Eq)]
struct Tunnel {
    port: u16,
    /// `KIND:NAME`.
    what: Box<str>,
}

/// Decodes an interface; `Some(None)` for one that is no such tunnel, or has its socket elsewhere.
fn decode_tunnel(payload: &[u8]) -> Option<Option<Tunnel>> {
    let (mut name, mut info, mut is_elsewhere) = (None, None, false);
    for (kind, value) in wire::attributes(payload.get(MESSAGE..)?) {
        match kind {
            IFLA_IFNAME => name = wire::text(value),
            IFLA_LINKINFO => info = Some(value),
            IFLA_LINK_NETNSID => is_elsewhere = true,
            _ => {}
        }
    }
    let name: OsString = name?;
    let tunnel = || {
        let part = |wanted| wire::attributes(info?).find(|&(kind, _)| kind == wanted).map(|(_, value)| value);
        let of_kind = wire::text(part(IFLA_INFO_KIND)?)?;
        let (kind, port) = TUNNELS.into_iter().find(|(kind, _)| of_kind == *kind)?;
        let (_, port) = wire::attributes(part(IFLA_INFO_DATA)?).find(|&(kind, _)| kind == port)?;
        let what = format!("{kind}:{}", name.to_string_lossy()).into();
        Some(Tunnel { port: wire::be16_at(port, 0)?, what })
    };
    Some(if is_elsewhere { None } else { tunnel() })
}

/// Decodes the lines `PROTOCOL PORT` of the NFS server.
fn decode_ports(bytes: &[u8]) -> Vec<(Protocol, u16)> {
    let line = |line: &str| {
        let (protocol, port) = line.trim().split_once(' ')?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        Some((protocol, port.parse().ok()?))
    };
    let mut ports: Vec<_> = String::from_utf8_lossy(bytes).lines().filter_map(line).collect();
    // It is there for each family.
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_tunnel(bytes);
    decode_ports(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::wire::put_attribute;
    use proptest::prelude::*;

    fn link(kind: &str, port_attribute: u16, port: u16, more: &[(u16, &[u8])]) -> Vec<u8> {
        let (mut data, mut info, mut bytes) = (Vec::new(), Vec::new(), vec![0; MESSAGE]);
        put_attribute(&mut data, port_attribute, &port.to_be_bytes());
        put_attribute(&mut info, IFLA_INFO_KIND, format!("{kind}\0").as_bytes());
        put_attribute(&mut info, IFLA_INFO_DATA, &data);
        put_attribute(&mut bytes, IFLA_IFNAME, b"vx0\0");
        put_attribute(&mut bytes, IFLA_LINKINFO, &info);
        for (kind, value) in more {
            put_attribute(&mut bytes, *kind, value);
        }
        bytes
    }

    #[test]
    fn a_tunnel_has_the_port_of_its_socket() {
        let found =
            |bytes: &[u8]| decode_tunnel(bytes).unwrap().map(|one| (one.port, one.what.into_string()));
        assert_eq!(found(&link("vxlan", 15, 4789, &[])), Some((4789, "vxlan:vx0".to_owned())));
        assert_eq!(found(&link("geneve", 5, 6081, &[])), Some((6081, "geneve:vx0".to_owned())));
        assert_eq!(found(&link("veth", 15, 4789, &[])), None);
        assert_eq!(found(&link("vxlan", 14, 4789, &[])), None);
        let elsewhere = [(IFLA_LINK_NETNSID, &0u32.to_ne_bytes()[..])];
        assert_eq!(found(&link("vxlan", 15, 4789, &elsewhere)), None, "its socket stayed behind");
        assert_eq!(decode_tunnel(&[0; MESSAGE]), None, "no interface is without a name");
    }

    #[test]
    fn the_nfs_server_lists_its_ports() {
        let found = decode_ports(b"rdma 20049\ntcp 2049\nudp 2049\ntcp 2049\ntcp x\n");
        assert_eq!(found, [(Protocol::Tcp, 2049), (Protocol::Udp, 2049)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "((tcp|udp|x) ?[0-9]{0,6}\n?){0,5}") {
            decode_all(&bytes);
            decode_all(&[link("vxlan", 15, 1, &[]), bytes].concat());
            decode_all(text.as_bytes());
        }
    }
}
