//! What a table keeps of a socket beside its row, when it was asked for.

use crate::{SocketMemory, SocketRef, Timer, TimerKind};
use bitflags::bitflags;
use std::time::Duration;

bitflags! {
    /// Which numbers of [`Details`] are known.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Present: u16 {
        const COOKIE = 1;
        const UID = 1 << 1;
        const RECV_QUEUE = 1 << 2;
        const SEND_QUEUE = 1 << 3;
        const INTERFACE = 1 << 4;
        const TRAFFIC_CLASS = 1 << 5;
        const CONGESTION = 1 << 6;
        const TIME_IN_STATE = 1 << 7;
        const AGE = 1 << 8;
        const MARK = 1 << 9;
        const CGROUP_ID = 1 << 10;
        const DESCRIPTOR = 1 << 11;
    }
}

/// The smaller facts about one socket, packed. The larger ones have columns of their own in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Details {
    pub(super) cookie: u64,
    cgroup_id: u64,
    /// Microseconds.
    age: u64,
    /// Microseconds.
    time_in_state: u64,
    uid: u32,
    recv_queue: u32,
    send_queue: u32,
    interface: u32,
    mark: u32,
    /// The descriptor of the one process that holds the socket.
    pub(super) descriptor: u32,
    /// Milliseconds until the timer fires.
    timer_expires: u32,
    /// Place among the courses of connections in the table, and among the memories; the largest number for none.
    tcp: u32,
    memory: u32,
    /// Place of the name in the table.
    pub(super) congestion: u16,
    traffic_class: u8,
    /// 0 where no timer runs.
    timer: u8,
    timer_retransmits: u8,
    present: Present,
}

const TIMERS: [TimerKind; 4] =
    [TimerKind::Retransmit, TimerKind::KeepAlive, TimerKind::TimeWait, TimerKind::Probe];

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Details {
    /// Packs the facts; `congestion` is the place of its name.
    pub(super) fn new(socket: &SocketRef<'_>, congestion: Option<u16>) -> Self {
        let mut present = Present::empty();
        let mut is_known = |flag: Present, known: bool| present.set(flag, known);
        is_known(Present::COOKIE, socket.id.cookie.is_some());
        is_known(Present::CONGESTION, congestion.is_some());
        let (uid, recv_queue, send_queue) = (socket.uid(), socket.recv_queue(), socket.send_queue());
        let (interface, traffic_class) = (socket.interface(), socket.traffic_class());
        let (age, time_in_state) = (socket.age(), socket.time_in_state());
        let (mark, cgroup_id) = (socket.mark(), socket.cgroup_id());
        is_known(Present::UID, uid.is_some());
        is_known(Present::RECV_QUEUE, recv_queue.is_some());
        is_known(Present::SEND_QUEUE, send_queue.is_some());
        is_known(Present::INTERFACE, interface.is_some());
        is_known(Present::TRAFFIC_CLASS, traffic_class.is_some());
        is_known(Present::TIME_IN_STATE, time_in_state.is_some());
        is_known(Present::AGE, age.is_some());
        is_known(Present::MARK, mark.is_some());
        is_known(Present::CGROUP_ID, cgroup_id.is_some());
        let timer = socket.timer();
        let expires = timer.map_or(0, |timer| timer.expires_in.as_millis());
        Self {
            cookie: socket.id.cookie.unwrap_or_default(),
            cgroup_id: cgroup_id.unwrap_or_default(),
            age: age.map(micros).unwrap_or_default(),
            time_in_state: time_in_state.map(micros).unwrap_or_default(),
            uid: uid.unwrap_or_default(),
            recv_queue: recv_queue.unwrap_or_default(),
            send_queue: send_queue.unwrap_or_default(),
            interface: interface.unwrap_or_default(),
            mark: mark.unwrap_or_default(),
            descriptor: 0,
            timer_expires: u32::try_from(expires).unwrap_or(u32::MAX),
            tcp: u32::MAX,
            memory: u32::MAX,
            congestion: congestion.unwrap_or_default(),
            traffic_class: traffic_class.unwrap_or_default(),
            timer: timer
                .and_then(|timer| TIMERS.iter().position(|kind| *kind == timer.kind))
                .and_then(|place| u8::try_from(place + 1).ok())
                .unwrap_or(0),
            timer_retransmits: timer.map_or(0, |timer| timer.retransmits),
            present,
        }
    }

    fn known<T>(&self, flag: Present, value: T) -> Option<T> {
        self.present.contains(flag).then_some(value)
    }

    pub(super) fn cookie(&self) -> Option<u64> {
        self.known(Present::COOKIE, self.cookie)
    }

    pub(crate) fn uid(&self) -> Option<u32> {
        self.known(Present::UID, self.uid)
    }

    pub(crate) fn recv_queue(&self) -> Option<u32> {
        self.known(Present::RECV_QUEUE, self.recv_queue)
    }

    pub(crate) fn send_queue(&self) -> Option<u32> {
        self.known(Present::SEND_QUEUE, self.send_queue)
    }

    pub(crate) fn interface(&self) -> Option<u32> {
        self.known(Present::INTERFACE, self.interface)
    }

    pub(crate) fn traffic_class(&self) -> Option<u8> {
        self.known(Present::TRAFFIC_CLASS, self.traffic_class)
    }

    pub(crate) fn time_in_state(&self) -> Option<Duration> {
        self.known(Present::TIME_IN_STATE, Duration::from_micros(self.time_in_state))
    }

    pub(crate) fn age(&self) -> Option<Duration> {
        self.known(Present::AGE, Duration::from_micros(self.age))
    }

    pub(crate) fn mark(&self) -> Option<u32> {
        self.known(Present::MARK, self.mark)
    }

    pub(crate) fn cgroup_id(&self) -> Option<u64> {
        self.known(Present::CGROUP_ID, self.cgroup_id)
    }

    pub(crate) fn timer(&self) -> Option<Timer> {
        let kind = *TIMERS.get(usize::from(self.timer).checked_sub(1)?)?;
        let expires_in = Duration::from_millis(self.timer_expires.into());
        Some(Timer { kind, expires_in, retransmits: self.timer_retransmits })
    }

    /// The place of the name of the congestion control.
    pub(super) fn congestion(&self) -> Option<u16> {
        self.known(Present::CONGESTION, self.congestion)
    }

    /// The place of the course of the connection.
    pub(crate) fn tcp(&self) -> Option<usize> {
        (self.tcp != u32::MAX).then_some(self.tcp as usize)
    }

    /// The place of the memory of the socket.
    pub(super) fn memory(&self) -> Option<usize> {
        (self.memory != u32::MAX).then_some(self.memory as usize)
    }

    pub(super) fn set_larger(&mut self, tcp: Option<u32>, memory: Option<u32>) {
        self.tcp = tcp.unwrap_or(u32::MAX);
        self.memory = memory.unwrap_or(u32::MAX);
    }

    /// By which descriptor the one process holds the socket, where that is known.
    pub(super) fn descriptor(&self) -> Option<u32> {
        self.known(Present::DESCRIPTOR, self.descriptor)
    }

    pub(super) fn set_descriptor(&mut self, descriptor: Option<u32>) {
        self.present.set(Present::DESCRIPTOR, descriptor.is_some());
        self.descriptor = descriptor.unwrap_or_default();
    }
}

/// The numbers of [`SocketMemory`]; the largest one stands for an unknown one.
pub(super) type MemoryRow = [u32; 9];

pub(super) fn pack_memory(memory: &SocketMemory) -> MemoryRow {
    [
        memory.recv_allocated,
        memory.recv_limit,
        memory.send_allocated,
        memory.send_limit,
        memory.reserved,
        memory.send_queued,
        memory.options,
        memory.backlog,
        memory.drops,
    ]
    .map(|number| number.unwrap_or(u32::MAX))
}

pub(super) fn unpack_memory(row: &MemoryRow) -> SocketMemory {
    let [
        recv_allocated,
        recv_limit,
        send_allocated,
        send_limit,
        reserved,
        send_queued,
        options,
        backlog,
        drops,
    ] = row.map(|number| (number != u32::MAX).then_some(number));
    SocketMemory {
        recv_allocated,
        recv_limit,
        send_allocated,
        send_limit,
        reserved,
        send_queued,
        options,
        backlog,
        drops,
    }
}
