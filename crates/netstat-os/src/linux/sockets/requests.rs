//! Requests to sock_diag.

use super::decode::{
    AF_INET, INET_DIAG_CONG, INET_DIAG_INFO, INET_DIAG_SKMEMINFO, INET_DIAG_TCLASS, INET_DIAG_TOS, SOCKET_ID,
};
use crate::linux::wire;
use netstat_model::query::{Fields, SocketQuery, States};

pub(super) const INET_DIAG_REQ_BYTECODE: u16 = 1;

/// Returns a request, with the program that makes the kernel skip sockets.
pub(super) fn request(kind: u16, mut body: Vec<u8>, program: Option<&[u8]>) -> Vec<u8> {
    if let Some(program) = program {
        wire::put_attribute(&mut body, INET_DIAG_REQ_BYTECODE, program);
    }
    wire::dump_request(kind, &body)
}

/// Returns a `struct inet_diag_req_v2`.
#[doc(alias = "inet_diag_req_v2")]
pub(super) fn body(family: u8, protocol: u8, extensions: u8, states: u32) -> Vec<u8> {
    let mut body = vec![family, protocol, extensions, 0];
    body.extend_from_slice(&states.to_ne_bytes());
    body.resize(body.len() + SOCKET_ID, 0);
    body
}

/// Returns a `struct inet_diag_req`, whose family the kernel ignores in a dump.
#[doc(alias = "inet_diag_req")]
pub(super) fn body_of_both(extensions: u8, states: u32) -> Vec<u8> {
    let mut body = vec![AF_INET, 0, 0, extensions];
    body.resize(body.len() + SOCKET_ID, 0);
    body.extend_from_slice(&states.to_ne_bytes());
    body.extend_from_slice(&[0; 4]);
    body
}

/// Returns the attributes to request, as bits.
pub(super) fn extensions(query: &SocketQuery) -> u8 {
    let fields = query.fields;
    let mut extensions = 0;
    if fields.contains(Fields::TRAFFIC_CLASS) {
        extensions |= 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1);
    }
    if fields.contains(Fields::CONGESTION) {
        extensions |= 1 << (INET_DIAG_CONG - 1);
    }
    if query.reads_tcp_info() {
        extensions |= 1 << (INET_DIAG_INFO - 1);
    }
    if fields.contains(Fields::MEMORY) {
        extensions |= 1 << (INET_DIAG_SKMEMINFO - 1);
    }
    extensions
}

/// The state numbers of the kernel. Half-open requests are requested as 12 and reported as SYN-RECEIVED (3); bound-only sockets
/// are requested as 13 and reported as CLOSED (7).
pub(super) const KERNEL_STATES: [(u8, States); 13] = [
    (1, States::ESTABLISHED),
    (2, States::SYN_SENT),
    (3, States::SYN_RECEIVED),
    (4, States::FIN_WAIT_1),
    (5, States::FIN_WAIT_2),
    (6, States::TIME_WAIT),
    (7, States::CLOSED),
    (8, States::CLOSE_WAIT),
    (9, States::LAST_ACK),
    (10, States::LISTEN),
    (11, States::CLOSING),
    (12, States::SYN_RECEIVED),
    (13, States::BOUND),
];

pub(super) fn kernel_states(states: States) -> u32 {
    KERNEL_STATES
        .iter()
        .filter(|(_, state)| states.intersects(*state))
        .fold(0, |bits, (number, _)| bits | 1 << number)
}
