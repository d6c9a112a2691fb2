//! Packs the details of a socket.

use crate::SocketRef;
use crate::details::{Details, Present, TIMERS};
use std::time::Duration;

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
        let namespace = socket.namespace().and_then(|of| u32::try_from(of.inode).ok());
        is_known(Present::NAMESPACE, namespace.is_some());
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
            namespace: namespace.unwrap_or_default(),
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
}
