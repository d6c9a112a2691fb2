//! [`Captured`]: a capture as a system that can be asked for its connections, as a history can.

use crate::comment::{self, Said};
use crate::first_bytes::Heard;
use crate::flow::{FlowKey, Place};
use crate::fragments::Fragments;
use crate::frame::Frame;
use crate::openings::Openings;
use crate::read::{Flaw, ReadError, Recorded, each_packet};
use crate::talk::Talk;
use netstat_model::query::{Listing, ProcessFields, Visit};
use netstat_model::{
    Answer, Error, Missing, Namespace, NoOwner, Operation, Owner, OwnerMethod, Ownership, Process,
    ProcessKey, Socket, SocketRef, SocketTable,
};
use netstat_os::{Machine, Processes, Sockets};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The most connections that are kept: a file from elsewhere may have any number.
pub const MOST_CONNECTIONS: usize = 1 << 20;

/// The connections of a capture.
#[derive(Debug, Default)]
pub struct Captured {
    sockets: Vec<Socket>,
    processes: FxHashMap<ProcessKey, Process>,
    /// What is wrong with the file.
    pub flaw: Option<Flaw>,
    /// How many packets there are, and how many of them belong to no connection.
    pub packets: u64,
    /// See [`packets`](Self::packets).
    pub without_connection: u64,
    /// How many packets belong to connections that there was no room for.
    pub left_out: u64,
    /// How many packets came over links whose packets are not read, by the type of the link (LINKTYPE_ of tcpdump).
    pub unread: BTreeMap<u16, u64>,
    last: Option<Duration>,
}

/// What is gathered while packets are read.
#[derive(Debug, Default)]
struct Gathering {
    talks: Vec<(FlowKey, Talk, [Option<ProcessKey>; 2])>,
    /// The talk of each flow that goes on.
    current: FxHashMap<FlowKey, usize>,
    fragments: Fragments,
    openings: Openings,
    processes: FxHashMap<(u32, Option<String>, Option<String>), ProcessKey>,
}

impl Captured {
    /// Reads a capture of any program.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn read(from: impl Read) -> Result<Self, ReadError> {
        let mut captured = Self::default();
        let mut gathering = Gathering::default();
        captured.flaw = each_packet(from, |packet| {
            captured.packets += 1;
            if let Some(link) = packet.unread_link {
                *captured.unread.entry(link).or_default() += 1;
            }
            captured.last = captured.last.max(packet.at);
            match packet.frame.and_then(|frame| gathering.add(packet, &frame, &mut captured.processes)) {
                Some(true) => {}
                Some(false) => captured.left_out += 1,
                None => captured.without_connection += 1,
            }
        })?;
        for (key, talk, owners) in gathering.talks {
            captured.add(&key, &talk, owners);
        }
        Ok(captured)
    }

    /// Adds the socket at each end that is known to be local; the one that began where none is.
    fn add(&mut self, key: &FlowKey, talk: &Talk, owners: [Option<ProcessKey>; 2]) {
        let is_local = |place: Place| owners.get(place).is_some_and(Option::is_some);
        let places = match (is_local(0), is_local(1)) {
            (true, true) => vec![0, 1],
            (true, false) => vec![0],
            (false, true) => vec![1],
            (false, false) => vec![talk.probably_local()],
        };
        for place in places {
            let mut socket = talk.socket(key, place);
            socket.ownership = match owners.get(place).copied().flatten() {
                Some(process) => Ownership::Held(vec![Owner { process, parent: None, descriptor: None }]),
                None => Ownership::Unowned(NoOwner::Vanished),
            };
            self.sockets.push(socket);
        }
    }
}

impl Gathering {
    /// Adds a packet: `None` for one of no connection, `Some(false)` if there is no room for its connection.
    fn add(
        &mut self,
        packet: &Recorded<'_>,
        frame: &Frame,
        processes: &mut FxHashMap<ProcessKey, Process>,
    ) -> Option<bool> {
        // The interface of an address is known by its number here, which is none of this machine.
        let (transport, source, destination) = self.fragments.ends(frame, 0)?;
        let (key, sender) = FlowKey::new(transport, source, destination);
        let goes_on = self.current.get(&key).copied().filter(|&at| {
            self.talks.get(at).is_some_and(|(_, talk, _)| !talk.is_another(sender, &frame.content))
        });
        let at = match goes_on {
            Some(at) => at,
            None if self.talks.len() >= MOST_CONNECTIONS => return Some(false),
            None => {
                self.talks.push((key, Talk::default(), [None; 2]));
                self.current.insert(key, self.talks.len() - 1);
                self.talks.len() - 1
            }
        };
        let (_, talk, owners) = self.talks.get_mut(at)?;
        talk.add(packet.at, sender, packet.is_outgoing, frame);
        if let Heard::Application(told) = self.openings.add(&key, sender, frame, packet.payload) {
            talk.tell(sender, told, false);
        }
        if let Some(said) = packet.comments.iter().find_map(|text| comment::read_application(text)) {
            talk.tell(sender, said, true);
        }
        for said in packet.comments.iter().filter_map(|text| comment::read(text)) {
            let place = (0..2).find(|&place| is_same(key.seen_from(place).0, said.local));
            let Some(owner) = place.and_then(|place| owners.get_mut(place)) else { continue };
            let start_time = u64::try_from(self.processes.len()).unwrap_or(u64::MAX);
            let Said { name, pid, unit, .. } = &said;
            let id = (*pid, name.clone(), unit.clone());
            let process = *self.processes.entry(id).or_insert(ProcessKey { pid: *pid, start_time });
            processes.entry(process).or_insert_with(|| comment::process(&said, process));
            *owner = Some(process);
        }
        Some(true)
    }
}

/// Whether these are the same end, whatever the interface of a link-local address.
fn is_same(one: netstat_model::IpEndpoint, other: netstat_model::IpEndpoint) -> bool {
    (one.address, one.port) == (other.address, other.port)
}

impl Sockets for Captured {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        let mut table = SocketTable::new(listing.query.keep());
        for socket in self.sockets.iter().filter(|socket| listing.query.selects(*socket)) {
            let socket = SocketRef::from(socket);
            // A table without room for a scope has no room for any further one.
            let _is_kept = match visit(&socket) {
                Visit::Skip => true,
                Visit::Keep | Visit::KeepWithOwners => table.push(&socket),
                Visit::KeepLight { owners } => table.push_light(&socket, owners),
                Visit::Stop => break,
            };
        }
        Ok(Answer { data: (table, OwnerMethod::NotNeeded), warnings: Vec::new() })
    }
}

impl Processes for Captured {
    fn processes(&self, wanted: &[ProcessKey], _: ProcessFields) -> Answer<Vec<Process>> {
        let process = |key: &ProcessKey| {
            self.processes.get(key).cloned().unwrap_or_else(|| Process::unknown(*key, Missing::Gone))
        };
        Answer { data: wanted.iter().map(process).collect(), warnings: Vec::new() }
    }
}

impl Machine for Captured {
    fn host_name(&self) -> Result<String, Error> {
        Err(Error::new(Operation::ReadHostName, io::ErrorKind::Unsupported.into()))
    }

    fn uptime(&self) -> Result<Duration, Error> {
        Err(Error::new(Operation::ReadUptime, io::ErrorKind::Unsupported.into()))
    }

    fn now(&self) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(self.last?)
    }

    fn boot_id(&self) -> Option<Box<str>> {
        None
    }

    fn namespace(&self) -> Option<Namespace> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::made::{tcp, udp, v4};
    use crate::pcapng::{Note, Origin, PcapngWriter};
    use netstat_model::{ConnectionRole, EndReason, TcpState};
    use proptest::prelude::*;

    const A: [u8; 4] = [192, 0, 2, 1];
    const B: [u8; 4] = [192, 0, 2, 2];
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const ACK: u8 = 16;

    /// A capture of these segments, a millisecond apart: whether A sends it, its flags, its number, how many bytes. `note` says
    /// more of the packets that A sends.
    fn captured(segments: &[(bool, u8, u32, usize)], note: &Note<'_>) -> Captured {
        let mut writer = PcapngWriter::new(Vec::new(), &Origin::default()).unwrap();
        writer.interface("eth0", "", 101, 0).unwrap();
        for (number, (is_a, flags, sequence, bytes)) in segments.iter().enumerate() {
            let (from, to, ports) = if *is_a { (A, B, (40000, 80)) } else { (B, A, (80, 40000)) };
            let packet = v4(from, to, 6, 0, &tcp(ports.0, ports.1, *flags, *sequence, &vec![0; *bytes]));
            let at = Duration::from_millis(1000 + u64::try_from(number).unwrap());
            let note = if *is_a { note.clone() } else { Note::default() };
            writer
                .packet(0, &packet, &Note { at, length: u32::try_from(packet.len()).unwrap(), ..note })
                .unwrap();
        }
        Captured::read(&writer.finish().unwrap()[..]).unwrap()
    }

    const HANDSHAKE: [(bool, u8, u32, usize); 3] =
        [(true, SYN, 99, 0), (false, SYN | ACK, 499, 0), (true, ACK, 100, 0)];

    /// The one connection of a handshake and what follows.
    fn connection(more: &[(bool, u8, u32, usize)]) -> Socket {
        let captured = captured(&[&HANDSHAKE, more].concat(), &Note::default());
        let [socket] = &captured.sockets[..] else { panic!("{:?}", captured.sockets) };
        socket.clone()
    }

    fn reason(socket: &Socket) -> Option<EndReason> {
        socket.lifespan.as_ref().unwrap().ended.map(|(_, reason)| reason)
    }

    #[test]
    fn a_connection_has_its_ends_its_course_and_its_end() {
        let socket = connection(&[
            (true, ACK, 100, 10),
            (false, ACK, 500, 1000),
            // Sent again, some of it for the first time.
            (false, ACK, 500, 1000),
            (false, ACK, 1400, 200),
            (true, ACK | FIN, 110, 0),
            (false, ACK | FIN, 1600, 0),
            (true, ACK, 111, 0),
        ]);
        assert_eq!((socket.local.port(), socket.remote.as_ref().unwrap().port()), (Some(40000), Some(80)));
        let tcp = socket.tcp.as_ref().unwrap();
        assert_eq!(
            (tcp.bytes_acked, tcp.bytes_received, tcp.total_retransmits),
            (Some(10), Some(1100), Some(0))
        );
        assert_eq!(tcp.min_rtt, Some(Duration::from_millis(1)));
        assert_eq!((socket.state, reason(&socket)), (Some(TcpState::Closed), Some(EndReason::ClosedByUs)));
        let life = socket.lifespan.as_ref().unwrap();
        assert_eq!((life.role, life.lasted), (ConnectionRole::Active, Some(Duration::from_millis(9))));
        assert_eq!(socket.ownership, Ownership::Unowned(NoOwner::Vanished));
    }

    #[test]
    fn every_ending_is_told_apart() {
        let of = |more: &[_]| {
            let socket = connection(more);
            (socket.state.unwrap(), reason(&socket))
        };
        let closed = |reason| (TcpState::Closed, Some(reason));
        assert_eq!(of(&[]), (TcpState::Established, None));
        assert_eq!(of(&[(false, ACK | FIN, 500, 0)]), (TcpState::CloseWait, None));
        assert_eq!(of(&[(true, ACK | FIN, 100, 0)]), (TcpState::FinWait2, None));
        let both = [(false, ACK | FIN, 500, 0), (true, ACK | FIN, 100, 0)];
        assert_eq!(of(&both), closed(EndReason::ClosedByPeer));
        assert_eq!(of(&[(false, RST, 500, 0)]), closed(EndReason::ResetByPeer));
        assert_eq!(of(&[(true, RST, 100, 0)]), closed(EndReason::AbortedByUs));
        let refused = captured(&[(true, SYN, 99, 0), (false, RST | ACK, 0, 0)], &Note::default());
        assert_eq!(reason(&refused.sockets[0]), Some(EndReason::Refused));
        let asked = captured(&[(true, SYN, 99, 0)], &Note::default());
        assert_eq!(asked.sockets[0].state, Some(TcpState::SynSent));
    }

    #[test]
    fn the_same_ends_may_connect_again() {
        let again = [(true, SYN, 7000, 0), (true, SYN, 7000, 0)];
        let captured = captured(&[&HANDSHAKE[..], &again].concat(), &Note::default());
        let states: Vec<_> = captured.sockets.iter().map(|socket| socket.state.unwrap()).collect();
        assert_eq!(states, [TcpState::Established, TcpState::SynSent]);
    }

    #[test]
    fn a_comment_says_whose_a_connection_is() {
        let comments = ["process curl (4711) at 192.0.2.1:40000".to_owned()];
        let captured = captured(&HANDSHAKE, &Note { comments: &comments, ..Note::default() });
        let [socket] = &captured.sockets[..] else { panic!() };
        let process = captured.processes[&socket.ownership.principal().unwrap().process].clone();
        assert_eq!((process.id.pid, process.name), (4711, Ok("curl".into())));
        // What came in is for this machine.
        let incoming = Note { is_outgoing: Some(false), ..Note::default() };
        let server = super::tests::captured(&HANDSHAKE[..1], &incoming);
        assert_eq!(server.sockets[0].local.port(), Some(80));
        assert_eq!(server.sockets[0].lifespan.as_ref().unwrap().role, ConnectionRole::Passive);
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..40)) {
            let mut writer = PcapngWriter::new(Vec::new(), &Origin::default()).unwrap();
            writer.interface("eth0", "", 101, 0).unwrap();
            for (place, (is_a, flags, sequence, _)) in HANDSHAKE.into_iter().enumerate() {
                let (from, to) = if is_a { (A, B) } else { (B, A) };
                let packet = v4(from, to, 6, 0, &tcp(1, 1, flags, sequence, &[0; 9]));
                let at = Duration::from_secs(u64::try_from(place).unwrap());
                let comments = ["process a (1) at 192.0.2.1:1 unit b".to_owned()];
                let note = Note { at, length: 49, comments: &comments, is_outgoing: Some(is_a), ..Note::default() };
                writer.packet(0, &packet, &note).unwrap();
            }
            let mut file = writer.finish().unwrap();
            for (at, byte) in changes {
                let at = at % file.len();
                file[at] = byte;
            }
            if let Ok(captured) = Captured::read(&file[..]) {
                prop_assert!(captured.packets <= 3);
            }
        }
    }

    /// What the first bytes of a capture of these packets tell: the ports, the flags, and what was sent. `comments` are those of
    /// the first packet.
    fn application(packets: &[(bool, Vec<u8>)], protocol: u8, comments: &[String]) -> Option<String> {
        let mut writer = PcapngWriter::new(Vec::new(), &Origin::default()).unwrap();
        writer.interface("eth0", "", 101, 0).unwrap();
        for (number, (is_a, body)) in packets.iter().enumerate() {
            let (from, to) = if *is_a { (A, B) } else { (B, A) };
            let packet = v4(from, to, protocol, 0, body);
            let length = u32::try_from(packet.len()).unwrap();
            let comments = if number == 0 { comments } else { &[] };
            writer.packet(0, &packet, &Note { length, comments, ..Note::default() }).unwrap();
        }
        let captured = Captured::read(&writer.finish().unwrap()[..]).unwrap();
        let [socket] = &captured.sockets[..] else { panic!("{:?}", captured.sockets) };
        let told = socket.application.as_deref()?;
        Some(format!("{} {}", told.protocol.name(), told.name.as_deref().unwrap_or_default()))
    }

    #[test]
    fn a_connection_has_what_its_first_bytes_tell() {
        let query = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\x03org\0\0\x01\0\x01";
        let mut answer = query.to_vec();
        answer[2] = 0x81;
        answer[7] = 1;
        answer.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04\xc0\0\x02\x07");
        let asked = (true, udp(5, 53, query));
        let answered = (false, udp(53, 5, &answer));
        assert_eq!(application(std::slice::from_ref(&asked), 17, &[]).as_deref(), Some("dns a.org A"));
        let told = application(&[asked.clone(), answered], 17, &[]);
        assert_eq!(told.as_deref(), Some("dns a.org A 192.0.2.7"));
        // Another question of the same socket.
        let mut other = query.to_vec();
        other[13] = b'b';
        let told = application(&[asked, (true, udp(5, 53, &other))], 17, &[]);
        assert_eq!(told.as_deref(), Some("dns a.org A"));
        // The server of SSH, whoever speaks first.
        let line = |is_a, text: &[u8]| {
            let (from, to) = if is_a { (9, 22) } else { (22, 9) };
            (is_a, tcp(from, to, ACK, 1, text))
        };
        let (client, server) = (line(true, b"SSH-2.0-client\r\n"), line(false, b"SSH-2.0-server\r\n"));
        let syn = (true, tcp(9, 22, SYN, 0, b""));
        for packets in [[syn.clone(), client.clone(), server.clone()], [syn.clone(), server, client]] {
            assert_eq!(application(&packets, 6, &[]).as_deref(), Some("ssh SSH-2.0-server"));
        }
        // A comment counts where the bytes are not there.
        let comments = ["app tls a.org h2".to_owned()];
        assert_eq!(application(std::slice::from_ref(&syn), 6, &comments).as_deref(), Some("tls a.org h2"));
        let banner = line(true, b"SSH-2.0-client\r\n");
        assert_eq!(application(&[banner], 6, &comments).as_deref(), Some("ssh SSH-2.0-client"));
        assert_eq!(application(&[syn], 6, &[]), None);
    }

    #[test]
    fn datagrams_and_what_is_neither_are_counted() {
        let mut writer = PcapngWriter::new(Vec::new(), &Origin::default()).unwrap();
        writer.interface("eth0", "", 101, 0).unwrap();
        for packet in [v4(A, B, 17, 0, &udp(5, 53, b"x")), v4(A, B, 1, 0, &[8, 0, 0, 0, 0, 0, 0, 0])] {
            writer
                .packet(0, &packet, &Note { length: u32::try_from(packet.len()).unwrap(), ..Note::default() })
                .unwrap();
        }
        let captured = Captured::read(&writer.finish().unwrap()[..]).unwrap();
        assert_eq!((captured.packets, captured.without_connection, captured.sockets.len()), (2, 1, 1));
        assert_eq!(captured.sockets[0].state, None);
    }
}
