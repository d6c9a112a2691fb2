//! Sockets between two looks: whether anything happened, what the kernel destroyed, and single sockets again.

use super::sockets::{Again, identity_request};
use super::source::{Closings, Netlink, Next, Source};
use super::{events, wire};
use crate::contract::{Destroyed, DestroyedSockets};
use netstat_model::query::SocketQuery;
use netstat_model::{Error, Operation, SocketRef, SocketTable};
use std::io;

/// `SOCK_DIAG_BY_FAMILY`.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// How many sockets are asked for in one datagram. The answers have to fit into the buffer of the socket.
const AT_ONCE: usize = 64;

/// Returns the counters that move when a socket of TCP or UDP is opened or ends, or a segment or datagram passes; `None` where
/// they cannot be read.
///
/// What is of the whole machine is left out. A `bind` alone moves none of them, nor does a program that reads what has arrived.
pub(super) fn pulse(source: &dyn Source) -> Option<Vec<u8>> {
    let mut pulse = Vec::new();
    let mut text = Vec::new();
    source.read("/proc/thread-self/net/snmp", &mut text).ok()?;
    for line in lines(&text).filter(|line| line.starts_with(b"Tcp:") || line.starts_with(b"Udp:")) {
        pulse.extend_from_slice(line);
    }
    source.read("/proc/thread-self/net/sockstat", &mut text).ok()?;
    for line in lines(&text).filter(|line| line.starts_with(b"TCP:") || line.starts_with(b"UDP:")) {
        // Name and value by turns.
        let mut words = line.split(|byte| *byte == b' ').skip(1);
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            if !matches!(name, b"alloc" | b"mem") {
                pulse.push(b' ');
                pulse.extend_from_slice(value);
            }
        }
    }
    // A kernel without IPv6 has neither.
    for path in ["/proc/thread-self/net/sockstat6", "/proc/thread-self/net/snmp6"] {
        match source.read(path, &mut text) {
            Ok(()) => lines(&text)
                .filter(|line| [&b"TCP6:"[..], b"UDP6:", b"Udp6"].iter().any(|name| line.starts_with(name)))
                .for_each(|line| pulse.extend_from_slice(line)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    Some(pulse)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

/// Reads sockets again, by their identity. Those that are not there any more, and those without a cookie, are left out.
pub(super) fn again(
    source: &dyn Source,
    sockets: &[SocketRef<'_>],
    query: &SocketQuery,
) -> Result<SocketTable, Error> {
    let mut again = Again::new(query, source);
    for some in sockets.chunks(AT_ONCE) {
        let known = some.iter().filter_map(|socket| {
            let request = identity_request(socket, query)?;
            Some((wire::request(SOCK_DIAG_BY_FAMILY, &request), socket.protocol.transport()?))
        });
        let (requests, mut protocols): (Vec<Vec<u8>>, Vec<_>) = known.unzip();
        if requests.is_empty() {
            continue;
        }
        // The kernel takes them one by one, in this order, and answers each with a message: a socket or an error.
        protocols.reverse();
        source
            .netlink(Netlink::SockDiag, &requests.concat(), &mut |datagram| {
                for message in wire::messages(datagram).flatten() {
                    let Some(protocol) = protocols.pop() else { break };
                    if let Some(row) = message.of_kind(SOCK_DIAG_BY_FAMILY) {
                        again.add(row, protocol);
                    }
                }
                if protocols.is_empty() { Next::Done } else { Next::More }
            })
            .map_err(|error| Error::new(Operation::ListSockets, error))?;
    }
    Ok(again.table())
}

/// Hears what the kernel says of TCP sockets that it destroys.
pub(super) struct Hearing<'a> {
    source: &'a dyn Source,
    closings: Box<dyn Closings + 'a>,
    /// How many messages the kernel had no room for.
    dropped: u64,
}

impl<'a> Hearing<'a> {
    /// Begins to listen; `None` where the kernel does not let this user listen.
    pub(super) fn begin(source: &'a dyn Source) -> Option<Self> {
        Some(Self { source, closings: source.closings().ok()?, dropped: 0 })
    }
}

impl DestroyedSockets for Hearing<'_> {
    fn take(&mut self, into: &mut Vec<Destroyed>) -> Result<u64, Error> {
        let mut gone = Vec::new();
        let overrun = self
            .closings
            .take(&mut |datagram| events::decode_destroyed(datagram, &mut gone))
            .map_err(|error| Error::new(Operation::WatchConnections, error))?;
        into.append(&mut gone);
        if !overrun {
            return Ok(0);
        }
        let dropped = events::dropped(self.source, self.closings.inode());
        // Some were lost, however many.
        let lost = dropped.map_or(1, |dropped| dropped.saturating_sub(self.dropped).max(1));
        self.dropped = dropped.unwrap_or(self.dropped);
        Ok(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::Linux;
    use crate::linux::fake::Fake;
    use crate::{SocketWatch, Sockets};
    use netstat_lab::on_own_thread;
    use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, States, Visit};
    use netstat_model::{TcpFields, TcpState};
    use std::io::Write;
    use std::net::{TcpListener, TcpStream, UdpSocket};

    const SNMP: &str = "Ip: InReceives\nIp: 7\nTcp: InSegs OutSegs\nTcp: 5 6\nUdp: InDatagrams\nUdp: 3\n";
    const SOCKSTAT: &str =
        "sockets: used 33\nTCP: inuse 3 orphan 0 tw 12 alloc 13 mem 1\nUDP: inuse 2 mem 9\n";

    fn fake(snmp: &str, sockstat: &str) -> Option<Vec<u8>> {
        pulse(
            &Fake::new()
                .file("/proc/thread-self/net/snmp", snmp)
                .file("/proc/thread-self/net/sockstat", sockstat),
        )
    }

    #[test]
    fn only_what_is_of_this_namespace_and_of_tcp_and_udp_is_a_pulse() {
        let still = fake(SNMP, SOCKSTAT);
        assert!(still.is_some());
        for (one, other) in
            [("Ip: 7", "Ip: 8"), ("used 33", "used 34"), ("alloc 13", "alloc 15"), ("mem 9", "mem 1")]
        {
            assert_eq!(fake(&SNMP.replace(one, other), &SOCKSTAT.replace(one, other)), still, "{one}");
        }
        for (one, other) in
            [("Tcp: 5", "Tcp: 6"), ("Udp: 3", "Udp: 4"), ("inuse 3", "inuse 4"), ("tw 12", "tw 11")]
        {
            assert_ne!(fake(&SNMP.replace(one, other), &SOCKSTAT.replace(one, other)), still, "{one}");
        }
        assert_eq!(pulse(&Fake::new().file("/proc/thread-self/net/snmp", SNMP)), None, "half of it is none");
    }

    #[test]
    fn the_pulse_beats_with_every_segment_and_socket() {
        on_own_thread(|_| {
            let system = Linux::live();
            let beat = |what: &str, before: &mut Option<Vec<u8>>| {
                let now = system.pulse();
                assert!(now.is_some() && now != *before, "{what}");
                *before = now;
            };
            let mut last = system.pulse();
            assert_eq!(system.pulse(), last, "nothing happens in here");
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            beat("a listener", &mut last);
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let server = listener.accept().unwrap();
            beat("a connection", &mut last);
            client.write_all(b"x").unwrap();
            beat("a segment", &mut last);
            let bound = UdpSocket::bind("127.0.0.1:0").unwrap();
            beat("a UDP socket", &mut last);
            drop(bound);
            beat("its end", &mut last);
            drop(server);
            beat("a FIN", &mut last);
        });
    }

    #[test]
    fn a_socket_is_read_again_by_its_identity_and_no_other_instead() {
        on_own_thread(|_| {
            let system = Linux::live();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let v6 = TcpListener::bind("[::1]:0").unwrap();
            let mut clients: Vec<TcpStream> = [listener.local_addr(), v6.local_addr()]
                .into_iter()
                .flat_map(|to| (0..40).map(move |_| TcpStream::connect(to.as_ref().unwrap()).unwrap()))
                .collect();
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            let query = SocketQuery {
                fields: Fields::COMMON,
                tcp: TcpFields::BYTES_SENT,
                ..SocketQuery::new(Kinds::TCP_UDP, States::all())
            };
            let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
            let (table, _) = system.sockets(&listing, &mut |_| Visit::Keep).unwrap().data;
            let before: Vec<SocketRef<'_>> = table.iter().collect();
            assert_eq!(before.len(), 2 + 80 + 80 + 1);
            for client in &mut clients {
                client.write_all(b"abc").unwrap();
            }
            let gone = clients.pop().unwrap();
            let port = gone.local_addr().unwrap().port();
            rustix::net::sockopt::set_socket_linger(&gone, Some(std::time::Duration::ZERO)).unwrap();
            drop((gone, udp));
            let again = system.again(&before, &query).unwrap();
            assert_eq!(again.len(), before.len() - 3, "the connection, both ends of it, and the UDP socket");
            assert!(again.iter().all(|socket| socket.local.port() != Some(port)));
            let sent = again.iter().filter(|socket| socket.tcp_number(TcpFields::BYTES_SENT) == Some(3));
            assert_eq!(sent.count(), 79);
            let identities = |table: &mut dyn Iterator<Item = SocketRef<'_>>| {
                table
                    .map(|socket| (socket.id, socket.local_ip(), socket.remote_ip(), socket.state))
                    .collect::<Vec<_>>()
            };
            let kept = |socket: &SocketRef<'_>| again.iter().any(|other| other.id == socket.id);
            let expected = identities(&mut before.iter().copied().filter(kept));
            assert_eq!(identities(&mut again.iter()), expected, "in the order in which they were asked for");
            // Another socket has its ends now, and another cookie.
            let mut wrong =
                before.iter().find(|socket| socket.state == Some(TcpState::Established)).unwrap().to_socket();
            wrong.id.cookie = wrong.id.cookie.map(|cookie| cookie ^ 1);
            assert!(system.again(&[SocketRef::from(&wrong)], &query).unwrap().is_empty());
        });
    }

    #[test]
    fn what_is_destroyed_is_heard() {
        on_own_thread(|_| {
            let system = Linux::live();
            let mut hearing = system.destroyed().unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            let port = client.local_addr().unwrap().port();
            let mut heard = Vec::new();
            assert_eq!(hearing.take(&mut heard).unwrap(), 0);
            assert!(heard.is_empty());
            rustix::net::sockopt::set_socket_linger(&client, Some(std::time::Duration::ZERO)).unwrap();
            drop((client, server));
            // A child of another test may hold them until it executes its program.
            netstat_lab::eventually("the end of the client is heard", || {
                assert_eq!(hearing.take(&mut heard).unwrap(), 0);
                heard.iter().any(|gone| gone.local.port == port).then_some(())
            })
            .unwrap();
        });
    }
}
