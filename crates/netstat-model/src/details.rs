//! What a table keeps of a socket beside its row, when it was asked for.

use crate::OwnershipRef;
use crate::owner_lists::{OwnerLists, OwnerMark};
use crate::{
    Application, FamilyFacts, Lifespan, Namespace, SocketMemory, TcpFields, TcpInfo, Timer, TimerKind,
    WindowsSocket,
};
use bitflags::bitflags;
use std::time::Duration;

bitflags! {
    /// Which numbers of [`Details`] are known.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Present: u16 {
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
        const NAMESPACE = 1 << 12;
    }
}

/// The smaller facts about one socket, packed. The larger ones have columns of their own in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Details {
    pub(crate) cookie: u64,
    pub(crate) cgroup_id: u64,
    /// Microseconds.
    pub(crate) age: u64,
    /// Microseconds.
    pub(crate) time_in_state: u64,
    pub(crate) uid: u32,
    pub(crate) recv_queue: u32,
    pub(crate) send_queue: u32,
    pub(crate) interface: u32,
    pub(crate) mark: u32,
    /// The inode of the network namespace, which the kernel counts with 32 bits.
    pub(crate) namespace: u32,
    /// The descriptor of the one process that holds the socket.
    pub(crate) descriptor: u32,
    /// Milliseconds until the timer fires.
    pub(crate) timer_expires: u32,
    /// Place among the courses of connections in the table, and among the memories; the largest number for none.
    pub(crate) tcp: u32,
    pub(crate) memory: u32,
    /// Place of the name in the table.
    pub(crate) congestion: u16,
    pub(crate) traffic_class: u8,
    /// 0 where no timer runs.
    pub(crate) timer: u8,
    pub(crate) timer_retransmits: u8,
    pub(crate) present: Present,
}

pub(crate) const TIMERS: [TimerKind; 4] =
    [TimerKind::Retransmit, TimerKind::KeepAlive, TimerKind::TimeWait, TimerKind::Probe];

const _: () = assert!(size_of::<Details>() == 80);

impl Details {
    fn known<T>(&self, flag: Present, value: T) -> Option<T> {
        self.present.contains(flag).then_some(value)
    }

    pub(crate) fn cookie(&self) -> Option<u64> {
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

    pub(crate) fn namespace(&self) -> Option<Namespace> {
        self.known(Present::NAMESPACE, Namespace { inode: self.namespace.into() })
    }

    pub(crate) fn timer(&self) -> Option<Timer> {
        let kind = *TIMERS.get(usize::from(self.timer).checked_sub(1)?)?;
        let expires_in = Duration::from_millis(self.timer_expires.into());
        Some(Timer { kind, expires_in, retransmits: self.timer_retransmits })
    }

    /// The place of the name of the congestion control.
    pub(crate) fn congestion(&self) -> Option<u16> {
        self.known(Present::CONGESTION, self.congestion)
    }

    /// The place of the course of the connection.
    pub(crate) fn tcp(&self) -> Option<usize> {
        (self.tcp != u32::MAX).then_some(self.tcp as usize)
    }

    /// The place of the memory of the socket.
    pub(crate) fn memory(&self) -> Option<usize> {
        (self.memory != u32::MAX).then_some(self.memory as usize)
    }

    pub(crate) fn set_larger(&mut self, tcp: Option<u32>, memory: Option<u32>) {
        self.tcp = tcp.unwrap_or(u32::MAX);
        self.memory = memory.unwrap_or(u32::MAX);
    }

    /// By which descriptor the one process holds the socket, where that is known.
    pub(crate) fn descriptor(&self) -> Option<u32> {
        self.known(Present::DESCRIPTOR, self.descriptor)
    }

    pub(crate) fn set_descriptor(&mut self, descriptor: Option<u32>) {
        self.present.set(Present::DESCRIPTOR, descriptor.is_some());
        self.descriptor = descriptor.unwrap_or_default();
    }
}

/// The numbers of [`SocketMemory`]; the largest one stands for an unknown one.
pub(crate) type MemoryRow = [u32; 9];

pub(crate) fn pack_memory(memory: &SocketMemory) -> MemoryRow {
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

pub(crate) fn unpack_memory(row: &MemoryRow) -> SocketMemory {
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

/// What only sockets of one family have, and who holds the socket at the other end.
#[derive(Debug, Clone)]
pub(crate) struct OfFamily {
    /// The place of the details of the socket.
    pub(crate) place: u32,
    pub(crate) facts: FamilyFacts,
    pub(crate) peer_owner: (OwnerMark, u32),
}

/// The details of the sockets of a table: one entry a socket that was kept with them, and columns of what is larger.
#[derive(Debug, Clone, Default)]
pub(crate) struct DetailsColumns {
    /// Which fields of [`TcpInfo`] are kept.
    pub(crate) fields: TcpFields,
    pub(crate) details: Vec<Details>,
    /// The wanted fields of [`TcpInfo`], as many numbers for each connection that has one; the largest number stands for an
    /// unknown one.
    pub(crate) tcp: Vec<u64>,
    pub(crate) memory: Vec<MemoryRow>,
    pub(crate) windows: Vec<Option<Box<WindowsSocket>>>,
    pub(crate) lifespans: Vec<Option<Box<Lifespan>>>,
    pub(crate) applications: Vec<Option<Box<Application>>>,
    /// Few sockets have any. In the order of their places.
    pub(crate) of_family: Vec<OfFamily>,
    /// Names of congestion control algorithms.
    pub(crate) names: Vec<Box<str>>,
    pub(crate) owners: OwnerLists,
}

impl DetailsColumns {
    pub(crate) fn intern_name(&mut self, name: &str) -> Option<u16> {
        let place = self.names.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        });
        u16::try_from(place).ok()
    }

    pub(crate) fn details(&self, place: u32) -> Option<&Details> {
        self.details.get(place as usize)
    }

    pub(crate) fn congestion(&self, details: &Details) -> Option<&str> {
        self.names.get(usize::from(details.congestion()?)).map(AsRef::as_ref)
    }

    pub(crate) fn tcp_info(&self, details: &Details) -> Option<TcpInfo> {
        let width = self.fields.count();
        let numbers = self.tcp.get(details.tcp()? * width..)?.get(..width)?;
        let mut info = TcpInfo::default();
        for (field, &number) in self.fields.each().zip(numbers) {
            info.set_number(field, Some(number).filter(|&number| number != u64::MAX));
        }
        Some(info)
    }

    pub(crate) fn tcp_number(&self, details: &Details, field: TcpFields) -> Option<u64> {
        if !self.fields.contains(field) {
            return None;
        }
        let start = details.tcp()? * self.fields.count();
        self.tcp.get(start + field.place_in(self.fields)).copied().filter(|&number| number != u64::MAX)
    }

    pub(crate) fn ownership(&self, owner: (OwnerMark, u32), details: Option<u32>) -> OwnershipRef<'_> {
        let details = details.and_then(|place| self.details(place));
        self.owners.get(owner, details.and_then(Details::descriptor))
    }

    pub(crate) fn memory(&self, details: &Details) -> Option<SocketMemory> {
        self.memory.get(details.memory()?).map(unpack_memory)
    }

    pub(crate) fn of_family(&self, place: u32) -> Option<&OfFamily> {
        let at = self.of_family.binary_search_by_key(&place, |it| it.place).ok()?;
        self.of_family.get(at)
    }

    pub(crate) fn windows(&self, place: u32) -> Option<&WindowsSocket> {
        self.windows.get(place as usize)?.as_deref()
    }

    pub(crate) fn lifespan(&self, place: u32) -> Option<&Lifespan> {
        self.lifespans.get(place as usize)?.as_deref()
    }

    pub(crate) fn application(&self, place: u32) -> Option<&Application> {
        self.applications.get(place as usize)?.as_deref()
    }

    /// Lets go of all details but the first ones.
    pub(crate) fn truncate(&mut self, details: usize) {
        self.details.truncate(details);
        let ends = |place: &dyn Fn(&Details) -> Option<usize>| {
            self.details.iter().rev().find_map(place).map_or(0, |last| last + 1)
        };
        let (courses, memories) = (ends(&Details::tcp), ends(&Details::memory));
        self.tcp.truncate(courses * self.fields.count());
        self.memory.truncate(memories);
        self.windows.truncate(details);
        self.lifespans.truncate(details);
        self.applications.truncate(details);
        self.of_family.retain(|it| (it.place as usize) < details);
    }
}
