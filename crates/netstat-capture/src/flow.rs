//! Conversations: the packets between two ends from one handshake to the next, and what is known of the sockets there.

use crate::first_bytes::Heard;
use crate::frame::{Content, Flags};
use crate::holder::Holder;
use netstat_model::history::ConnectionRole;
use netstat_model::{IpEndpoint, Transport};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// The most conversations between the same two ends that are remembered, and of what was seen and told of each end.
const MOST: usize = 64;

/// Of so many conversations what they told is remembered: packets of those before wait no more.
const MOST_HEARD: usize = 4;

/// So much the clock of events may be off against that of packets.
const OFF: Duration = Duration::from_micros(200);

/// Two ends, in their order, whoever sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FlowKey {
    pub(crate) transport: Transport,
    /// The lesser end, and the greater.
    pub(crate) ends: [IpEndpoint; 2],
}

/// One of the two ends of a flow, by its place.
pub(crate) type Place = usize;

impl FlowKey {
    /// Returns the flow of a packet, and which of its ends has sent it.
    pub(crate) fn new(transport: Transport, source: IpEndpoint, destination: IpEndpoint) -> (Self, Place) {
        if source <= destination {
            (Self { transport, ends: [source, destination] }, 0)
        } else {
            (Self { transport, ends: [destination, source] }, 1)
        }
    }

    /// Returns an end and the other one.
    pub(crate) fn seen_from(&self, place: Place) -> (IpEndpoint, IpEndpoint) {
        let [low, high] = self.ends;
        if place == 0 { (low, high) } else { (high, low) }
    }
}

/// The socket at one end as it was seen by a look, which took from one moment to another.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) holder: Rc<Holder>,
}

/// The socket at one end as events tell of it.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) cookie: u64,
    pub(crate) role: ConnectionRole,
    /// When it began; `None` where it was there before.
    pub(crate) started: Option<Duration>,
    /// When it ended; `None` while it is open.
    pub(crate) ended: Option<Duration>,
    pub(crate) holder: Rc<Holder>,
}

/// What is known of one end of a flow.
#[derive(Debug, Default)]
pub(crate) struct End {
    sightings: Vec<Sighting>,
    lives: Vec<Life>,
}

impl End {
    /// Notes what a look has seen.
    pub(crate) fn see(&mut self, sighting: Sighting) {
        if self.sightings.len() >= MOST {
            self.sightings.remove(0);
        }
        self.sightings.push(sighting);
    }

    /// Notes what events tell, perhaps not for the first time.
    pub(crate) fn tell(&mut self, life: Life) {
        match self.lives.iter_mut().find(|known| known.cookie == life.cookie && life.cookie != 0) {
            Some(known) => {
                known.ended = life.ended.or(known.ended);
                // Who holds it may be known by now, and is not forgotten.
                if life.holder.is_held() || !known.holder.is_held() {
                    known.holder = life.holder;
                }
            }
            None => {
                if self.lives.len() >= MOST {
                    self.lives.remove(0);
                }
                self.lives.push(life);
            }
        }
    }
}

/// The packets between two ends from one handshake to the next.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// When its first packet was.
    pub(crate) begin: Duration,
    /// The number of its first byte, and who has sent it; `None` where it was there before.
    pub(crate) syn: Option<(u32, Place)>,
    /// The sockets at its ends, once they are known.
    pub(crate) holders: [Option<Rc<Holder>>; 2],
    /// What its first bytes have told.
    heard: Heard,
}

/// What goes on between two ends.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    pub(crate) ends: [End; 2],
    conversations: VecDeque<Conversation>,
    /// How many conversations were forgotten.
    forgotten: u64,
    /// When its last packet was.
    pub(crate) last: Duration,
}

impl Flow {
    /// Adds a packet. Returns the number of its conversation.
    pub(crate) fn add(&mut self, at: Duration, sender: Place, content: &Content) -> u64 {
        self.last = at;
        let syn = match content {
            Content::Tcp { flags, sequence, .. }
                if flags.contains(Flags::SYN) && !flags.contains(Flags::ACK) =>
            {
                Some((*sequence, sender))
            }
            _ => None,
        };
        // One that is sent again begins nothing.
        let begins = self.conversations.back().is_none_or(|last| syn.is_some() && last.syn != syn);
        if begins { self.begin(at, syn) } else { self.last_number() }
    }

    /// Begins another conversation. Returns its number.
    pub(crate) fn begin(&mut self, at: Duration, syn: Option<(u32, Place)>) -> u64 {
        if self.conversations.len() == MOST {
            self.conversations.pop_front();
            self.forgotten += 1;
        }
        self.conversations.push_back(Conversation { begin: at, syn, ..Conversation::default() });
        if let Some(old) = self.conversations.iter_mut().rev().nth(MOST_HEARD) {
            old.heard = Heard::More;
        }
        self.last_number()
    }

    fn last_number(&self) -> u64 {
        self.forgotten + u64::try_from(self.conversations.len()).unwrap_or_default() - 1
    }

    /// Notes what the first bytes of a conversation tell: it is what it said first.
    pub(crate) fn hear(&mut self, number: u64, heard: &Heard) {
        let conversation = self.place(number).and_then(|place| self.conversations.get_mut(place));
        if let Some(conversation) = conversation
            && conversation.heard.application().is_none()
            && *heard != Heard::More
        {
            conversation.heard = heard.clone();
        }
    }

    /// Returns what the first bytes of a conversation have told.
    pub(crate) fn heard(&self, number: u64) -> Heard {
        self.conversation(number).map(|(conversation, _)| conversation.heard.clone()).unwrap_or_default()
    }

    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.forgotten)?).ok()
    }

    /// Returns a conversation by its number, and when the next one begins.
    fn conversation(&self, number: u64) -> Option<(&Conversation, Option<Duration>)> {
        let place = self.place(number)?;
        Some((self.conversations.get(place)?, self.conversations.get(place + 1).map(|next| next.begin)))
    }

    /// Returns the socket at one end of a conversation that had a packet of a moment, if it is known. `read` is until when all packets were seen: what is
    /// known of a later moment may belong to a handshake that nobody has seen yet. The last look counts if `is_last` says
    /// so, otherwise the first.
    pub(crate) fn holder(
        &mut self,
        number: u64,
        place: Place,
        at: Duration,
        read: Duration,
        is_last: bool,
    ) -> Option<Rc<Holder>> {
        let holder = self.of_conversation(number, place, read, is_last)?;
        let (conversation, _) = self.conversation(number)?;
        // The handshake of another connection may have been lost on the way to this program.
        let is_followed = |life: &Life| {
            let is_other = holder.socket.id.cookie.is_some_and(|cookie| cookie != life.cookie);
            is_other && life.started.is_some_and(|it| conversation.begin + OFF < it && it + OFF <= at)
        };
        let is_over = self.ends.get(place)?.lives.iter().any(is_followed);
        (!is_over).then_some(holder)
    }

    fn of_conversation(
        &mut self,
        number: u64,
        place: Place,
        read: Duration,
        is_last: bool,
    ) -> Option<Rc<Holder>> {
        let (conversation, next) = self.conversation(number)?;
        let known = conversation.holders.get(place)?;
        if let Some(holder) = known
            && holder.is_held()
            && !is_last
        {
            return Some(Rc::clone(holder));
        }
        let end = self.ends.get(place)?;
        let told = end.lives.iter().rev().find(|life| self.is_of(life, number, conversation, next, read));
        let sees = |sighting: &&Sighting| {
            sighting.until <= read
                && conversation.begin <= sighting.from
                && next.is_none_or(|next| sighting.until < next)
        };
        let seen = end.sightings.iter().rev().find(sees).map(|sighting| &sighting.holder);
        let holder = match (told.map(|life| &life.holder), seen) {
            // Events know who, and a look knows everything else.
            (Some(told), Some(seen)) if told.is_held() && (is_last || !seen.is_held()) => {
                let mut both = Holder::clone(seen);
                both.socket.ownership = told.socket.ownership.clone();
                both.processes.clone_from(&told.processes);
                Some(Rc::new(both))
            }
            (Some(told), _) if told.is_held() => Some(Rc::clone(told)),
            (told, seen) => seen.or(told).or(known.as_ref()).cloned(),
        };
        let at = self.place(number)?;
        if let Some(place) = self.conversations.get_mut(at).and_then(|it| it.holders.get_mut(place)) {
            place.clone_from(&holder);
        }
        holder
    }

    /// Returns whether a life is that of a socket of this conversation.
    fn is_of(
        &self,
        life: &Life,
        number: u64,
        conversation: &Conversation,
        next: Option<Duration>,
        read: Duration,
    ) -> bool {
        let begin = conversation.begin;
        let before =
            number.checked_sub(1).and_then(|number| self.conversation(number)).map(|(it, _)| it.begin);
        if life.ended.is_some_and(|ended| ended + OFF < begin) {
            return false;
        }
        match (life.started, life.role) {
            // It was there before the first of its packets, which is in the middle.
            (None, _) => conversation.syn.is_none(),
            // The handshake comes before it.
            (Some(started), ConnectionRole::Passive) => {
                let is_before = conversation.syn.is_none() || begin <= started + OFF;
                started <= read && is_before && next.is_none_or(|next| started < next)
            }
            // The first packet comes after it.
            (Some(started), _) => {
                started <= begin + OFF && before.is_none_or(|before| before + OFF < started)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::bare;
    use netstat_model::{Owner, Ownership, ProcessKey};

    const SYN: Flags = Flags::SYN;

    fn tcp(flags: Flags, sequence: u32) -> Content {
        Content::Tcp { ports: (1, 2), flags, sequence, acknowledgment: 0, window: 0 }
    }

    fn end(port: u16) -> IpEndpoint {
        IpEndpoint::new([127, 0, 0, 1].into(), port, 0)
    }

    fn held_by(pid: u32) -> Rc<Holder> {
        let mut socket = bare(Transport::Tcp, end(1), end(2));
        let process = ProcessKey { pid, start_time: 1 };
        socket.ownership = Ownership::Held(vec![Owner { process, parent: None, descriptor: None }]);
        Rc::new(Holder { socket, processes: Vec::new(), sharing: 1 })
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn pid(flow: &mut Flow, number: u64, read: u64) -> Option<u32> {
        let holder = flow.holder(number, 0, ms(0), ms(read), false)?;
        holder.socket.ownership.principal().map(|owner| owner.process.pid)
    }

    fn life(role: ConnectionRole, started: u64, ended: Option<u64>, pid: u32) -> Life {
        Life { cookie: 1, role, started: Some(ms(started)), ended: ended.map(ms), holder: held_by(pid) }
    }

    #[test]
    fn a_handshake_begins_a_conversation_and_its_repetition_does_not() {
        let mut flow = Flow::default();
        assert_eq!(flow.add(ms(1), 0, &tcp(Flags::ACK, 5)), 0);
        assert_eq!(flow.add(ms(2), 0, &tcp(SYN, 7)), 1);
        assert_eq!(flow.add(ms(3), 0, &tcp(SYN, 7)), 1);
        assert_eq!(flow.add(ms(4), 1, &tcp(SYN | Flags::ACK, 9)), 1);
        assert_eq!(flow.add(ms(5), 0, &tcp(SYN, 8)), 2);
        for number in 3..100 {
            assert_eq!(flow.add(ms(number), 0, &tcp(SYN, 100 + u32::try_from(number).unwrap())), number);
        }
        assert!(flow.holder(0, 0, ms(100), ms(100), false).is_none());
    }

    #[test]
    fn what_was_told_is_kept_of_the_last_conversations_alone() {
        let mut flow = Flow::default();
        for number in 0..100 {
            flow.add(ms(number), 0, &tcp(SYN, u32::try_from(number).unwrap()));
            flow.hear(number, &Heard::Nothing);
            flow.hear(number, &Heard::More);
        }
        let heard: Vec<u64> = (0..100).filter(|number| flow.heard(*number) == Heard::Nothing).collect();
        assert_eq!(heard, [96, 97, 98, 99]);
    }

    #[test]
    fn a_look_tells_of_the_conversation_that_was_there() {
        let mut flow = Flow::default();
        flow.add(ms(10), 0, &tcp(SYN, 7));
        flow.ends[0].sightings.push(Sighting { from: ms(20), until: ms(30), holder: held_by(7) });
        // Another one may have begun meanwhile.
        assert_eq!(pid(&mut flow, 0, 25), None);
        flow.add(ms(25), 0, &tcp(SYN, 8));
        assert_eq!((pid(&mut flow, 0, 40), pid(&mut flow, 1, 40)), (None, None));
        flow.ends[0].sightings.push(Sighting { from: ms(50), until: ms(60), holder: held_by(8) });
        assert_eq!((pid(&mut flow, 0, 60), pid(&mut flow, 1, 60)), (None, Some(8)));
    }

    #[test]
    fn events_tell_connections_of_a_millisecond_apart() {
        let mut flow = Flow::default();
        let active = ConnectionRole::Active;
        flow.add(ms(100), 0, &tcp(SYN, 1));
        flow.add(ms(200), 0, &tcp(SYN, 2));
        flow.add(ms(300), 0, &tcp(SYN, 3));
        flow.ends[0].lives.push(life(active, 99, Some(101), 1));
        flow.ends[0].lives.push(life(active, 299, None, 3));
        assert_eq!([0, 1, 2].map(|number| pid(&mut flow, number, 400)), [Some(1), None, Some(3)]);
    }

    #[test]
    fn a_packet_after_a_handshake_that_was_lost_is_of_nobody() {
        let mut flow = Flow::default();
        let active = ConnectionRole::Active;
        flow.add(ms(100), 0, &tcp(SYN, 1));
        let mut first = held_by(1).as_ref().clone();
        first.socket.id.cookie = Some(1);
        flow.ends[0].lives.push(Life { holder: Rc::new(first), ..life(active, 100, Some(110), 1) });
        flow.ends[0].lives.push(Life { cookie: 2, ..life(active, 150, None, 2) });
        let is_known = |flow: &mut Flow, at| flow.holder(0, 0, ms(at), ms(400), false).is_some();
        assert!(is_known(&mut flow, 105) && is_known(&mut flow, 149));
        assert!(!is_known(&mut flow, 151));
    }

    #[test]
    fn a_server_is_told_of_after_the_handshake() {
        let mut flow = Flow::default();
        let passive = ConnectionRole::Passive;
        flow.add(ms(100), 0, &tcp(SYN, 1));
        flow.ends[0].lives.push(life(passive, 140, None, 1));
        assert_eq!(pid(&mut flow, 0, 120), None);
        flow.add(ms(130), 0, &tcp(SYN, 2));
        assert_eq!([0, 1].map(|number| pid(&mut flow, number, 150)), [None, Some(1)]);
    }
}
