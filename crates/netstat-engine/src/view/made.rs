//! Sockets for tests of views.

use crate::columns::Given;
use crate::columns::made::{Facts, connection};
use netstat_model::{Socket, SocketTable, TcpInfo, TcpState};
use std::sync::LazyLock;
use std::time::Duration;

static NOBODY: LazyLock<Facts> = LazyLock::new(Facts::default);

/// Nothing but the sockets is known.
pub(crate) fn nothing_given() -> Given<'static> {
    NOBODY.given()
}

pub(crate) fn sockets_in_states(ports: &[(u16, TcpState)]) -> SocketTable {
    ports.iter().map(|(port, state)| connection(*port, *state)).collect()
}

/// Milliseconds each.
pub(crate) fn sockets_with_ports_and_rtts(ports: &[(u16, Option<u64>)]) -> SocketTable {
    let socket = |&(port, rtt): &(u16, Option<u64>)| Socket {
        tcp: Some(Box::new(TcpInfo { rtt: rtt.map(Duration::from_millis), ..TcpInfo::default() })),
        ..connection(port, TcpState::Established)
    };
    ports.iter().map(socket).collect()
}
