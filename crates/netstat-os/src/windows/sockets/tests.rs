use super::layout::End;
use super::*;
use crate::windows::fake::{Fake, NOT_SUPPORTED, table};
use netstat_model::Endpoint;
use proptest::prelude::*;
use std::mem::{offset_of, size_of};
use std::net::IpAddr;
use windows_sys::Win32::NetworkManagement::IpHelper as ip;

fn everything() -> SocketQuery {
    SocketQuery::new(Kinds::TCP_UDP, States::all().difference(States::BOUND))
}

fn put(row: &mut [u8], offset: usize, bytes: &[u8]) {
    row[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// A row with its fields at the offsets of the layout.
fn row(layout: &Layout, state: u32, local: (&str, u16), remote: (&str, u16), pid: u32) -> Vec<u8> {
    let mut row = vec![0; layout.size];
    let mut end = |end: End, (address, port): (&str, u16)| {
        match address.parse().unwrap() {
            IpAddr::V4(address) => put(&mut row, end.address, &address.octets()),
            IpAddr::V6(address) => put(&mut row, end.address, &address.octets()),
        }
        if let Some(scope) = end.scope {
            put(&mut row, scope, &7u32.to_le_bytes());
        }
        put(&mut row, end.port, &port.to_be_bytes());
    };
    end(layout.local, local);
    if let Some(place) = layout.remote {
        end(place, remote);
    }
    if let Some(place) = layout.state {
        put(&mut row, place, &state.to_le_bytes());
    }
    put(&mut row, layout.pid, &pid.to_le_bytes());
    put(&mut row, layout.created, &1234u64.to_le_bytes());
    row
}

pub(in crate::windows) fn tables() -> Fake {
    let nobody = ("0.0.0.0", 0);
    let nobody6 = ("::", 0);
    Fake::new()
        .fails(Question::UdpTable2(Family::V4), NOT_THERE)
        .fails(Question::UdpTable2(Family::V6), NOT_THERE)
        .says(
            Question::TcpTable(Family::V4),
            table(
                FIRST_ROW,
                &[
                    row(&TCP_V4, 2, ("0.0.0.0", 135), nobody, 1712),
                    row(&TCP_V4, 5, ("10.0.0.1", 50000), ("192.0.2.7", 443), 4),
                    row(&TCP_V4, 11, ("10.0.0.1", 50001), ("192.0.2.7", 443), 0),
                ],
            ),
        )
        .says(
            Question::TcpTable(Family::V6),
            table(
                FIRST_ROW,
                &[
                    row(&TCP_V6, 2, ("::", 135), nobody6, 1712),
                    row(&TCP_V6, 5, ("fe80::1", 50002), ("fe80::2", 80), 8),
                    row(&TCP_V6, 5, ("::ffff:10.0.0.1", 50003), ("::ffff:10.0.0.2", 80), 8),
                ],
            ),
        )
        .says(
            Question::UdpTable(Family::V4),
            table(FIRST_ROW, &[row(&UDP_V4, 0, ("0.0.0.0", 5353), nobody, 9)]),
        )
        .says(Question::UdpTable(Family::V6), table(FIRST_ROW, &[row(&UDP_V6, 0, ("::", 5353), nobody6, 9)]))
}

fn shown(sockets: &[Socket]) -> Vec<String> {
    let end = |end: &Endpoint| {
        let end = end.ip().unwrap();
        format!("{} {} {}", end.address, end.scope, end.port)
    };
    sockets
        .iter()
        .map(|socket| {
            let pid = match socket.ownership {
                Ownership::Listed { pid, since } => format!("{pid} since {since}"),
                _ => "nobody".into(),
            };
            let state = socket.state.map_or("-".into(), |state| format!("{state:?}"));
            format!(
                "{} > {} {state} {pid}",
                end(&socket.local),
                socket.remote.as_ref().map_or("-".into(), end)
            )
        })
        .collect()
}

/// `ERROR_PROC_NOT_FOUND`.
const NOT_THERE: i32 = 127;

#[test]
fn offsets_of_rows_with_peers_match_the_windows_structures() {
    // The headers of Windows declare the rows, but not the functions that return them.
    type Udp = ip::MIB_UDPROW2;
    let peer = UDP_V4.peer.unwrap();
    assert_eq!(peer.row_size, size_of::<Udp>());
    assert_eq!(
        (peer.end.address, peer.end.port),
        (offset_of!(Udp, dwRemoteAddr), offset_of!(Udp, dwRemotePort))
    );
    assert_eq!(
        (UDP_V4.pid, UDP_V4.created),
        (offset_of!(Udp, dwOwningPid), offset_of!(Udp, liCreateTimestamp))
    );
    assert_eq!(FIRST_ROW, offset_of!(ip::MIB_UDPTABLE2, table));

    type Udp6 = ip::MIB_UDP6ROW2;
    let peer = UDP_V6.peer.unwrap();
    assert_eq!(peer.row_size, size_of::<Udp6>());
    assert_eq!(
        (peer.end.address, peer.end.scope, peer.end.port),
        (
            offset_of!(Udp6, ucRemoteAddr),
            Some(offset_of!(Udp6, dwRemoteScopeId)),
            offset_of!(Udp6, dwRemotePort)
        )
    );
    assert_eq!(
        (UDP_V6.pid, UDP_V6.created),
        (offset_of!(Udp6, dwOwningPid), offset_of!(Udp6, liCreateTimestamp))
    );
    assert_eq!(FIRST_ROW, offset_of!(ip::MIB_UDP6TABLE2, table));
}

#[test]
fn offsets_match_the_windows_structures() {
    fn is(layout: Layout, size: usize, pid: usize, created: usize) {
        assert_eq!((layout.size, layout.pid, layout.created), (size, pid, created), "{layout:?}");
    }
    type Tcp = ip::MIB_TCPROW_OWNER_MODULE;
    is(TCP_V4, size_of::<Tcp>(), offset_of!(Tcp, dwOwningPid), offset_of!(Tcp, liCreateTimestamp));
    assert_eq!(TCP_V4.state, Some(offset_of!(Tcp, dwState)));
    assert_eq!(
        (TCP_V4.local.address, TCP_V4.local.port),
        (offset_of!(Tcp, dwLocalAddr), offset_of!(Tcp, dwLocalPort))
    );
    let remote = TCP_V4.remote.unwrap();
    assert_eq!((remote.address, remote.port), (offset_of!(Tcp, dwRemoteAddr), offset_of!(Tcp, dwRemotePort)));

    type Tcp6 = ip::MIB_TCP6ROW_OWNER_MODULE;
    is(TCP_V6, size_of::<Tcp6>(), offset_of!(Tcp6, dwOwningPid), offset_of!(Tcp6, liCreateTimestamp));
    assert_eq!(TCP_V6.state, Some(offset_of!(Tcp6, dwState)));
    assert_eq!(
        (TCP_V6.local.address, TCP_V6.local.scope, TCP_V6.local.port),
        (
            offset_of!(Tcp6, ucLocalAddr),
            Some(offset_of!(Tcp6, dwLocalScopeId)),
            offset_of!(Tcp6, dwLocalPort)
        )
    );
    let remote = TCP_V6.remote.unwrap();
    assert_eq!(
        (remote.address, remote.scope, remote.port),
        (
            offset_of!(Tcp6, ucRemoteAddr),
            Some(offset_of!(Tcp6, dwRemoteScopeId)),
            offset_of!(Tcp6, dwRemotePort)
        )
    );

    type Udp = ip::MIB_UDPROW_OWNER_MODULE;
    is(UDP_V4, size_of::<Udp>(), offset_of!(Udp, dwOwningPid), offset_of!(Udp, liCreateTimestamp));
    assert_eq!(
        (UDP_V4.local.address, UDP_V4.local.port),
        (offset_of!(Udp, dwLocalAddr), offset_of!(Udp, dwLocalPort))
    );

    type Udp6 = ip::MIB_UDP6ROW_OWNER_MODULE;
    is(UDP_V6, size_of::<Udp6>(), offset_of!(Udp6, dwOwningPid), offset_of!(Udp6, liCreateTimestamp));
    assert_eq!(
        (UDP_V6.local.address, UDP_V6.local.scope, UDP_V6.local.port),
        (
            offset_of!(Udp6, ucLocalAddr),
            Some(offset_of!(Udp6, dwLocalScopeId)),
            offset_of!(Udp6, dwLocalPort)
        )
    );

    assert_eq!(offset_of!(ip::MIB_TCPTABLE_OWNER_MODULE, table), FIRST_ROW);
    assert_eq!(offset_of!(ip::MIB_TCP6TABLE_OWNER_MODULE, table), FIRST_ROW);
    assert_eq!(offset_of!(ip::MIB_UDPTABLE_OWNER_MODULE, table), FIRST_ROW);
    assert_eq!(offset_of!(ip::MIB_UDP6TABLE_OWNER_MODULE, table), FIRST_ROW);
}

#[test]
fn all_tables_are_decoded() {
    let answer = sockets(&tables(), &everything()).unwrap();
    assert_eq!(
        shown(&answer.data),
        [
            "0.0.0.0 0 135 > - Listen 1712 since 1234",
            "10.0.0.1 0 50000 > 192.0.2.7 0 443 Established 4 since 1234",
            "10.0.0.1 0 50001 > 192.0.2.7 0 443 TimeWait nobody",
            ":: 0 135 > - Listen 1712 since 1234",
            "fe80::1 7 50002 > fe80::2 7 80 Established 8 since 1234",
            "10.0.0.1 0 50003 > 10.0.0.2 0 80 Established 8 since 1234",
            ":: 0 5353 > - - 9 since 1234",
            "0.0.0.0 0 5353 > - - 9 since 1234",
        ]
    );
    assert_eq!(answer.warnings, []);
}

#[test]
fn only_what_the_query_selects_is_read() {
    let source = tables();
    let answer = sockets(&source, &SocketQuery::new(Kinds::TCP_V4, States::CONNECTIONS)).unwrap();
    let locals: Vec<u16> = answer.data.iter().filter_map(|socket| socket.local.port()).collect();
    assert_eq!(locals, [50000, 50001, 50003]);
    assert_eq!(source.asked(), [Question::TcpTable(Family::V4), Question::TcpTable(Family::V6)]);

    let source = tables();
    let answer = sockets(&source, &SocketQuery::new(Kinds::UDP_V6, States::LISTEN)).unwrap();
    assert_eq!(shown(&answer.data), [":: 0 5353 > - - 9 since 1234"]);
    let asked = [Question::UdpTable(Family::V6), Question::Version, Question::UdpTable2(Family::V6)];
    assert_eq!(source.asked(), asked);
}

#[test]
fn a_refused_table_is_an_error_and_one_cut_short_a_warning() {
    let source = tables().fails(Question::UdpTable(Family::V4), NOT_SUPPORTED);
    let error = sockets(&source, &everything()).unwrap_err();
    assert_eq!((error.operation, error.source.raw_os_error()), (Operation::ListSockets, Some(NOT_SUPPORTED)));

    let mut bytes =
        table(FIRST_ROW, &vec![row(&TCP_V4, 2, ("0.0.0.0", 1), ("0.0.0.0", 0), 1); 2]).bytes().to_vec();
    bytes.pop();
    let source = tables().says(Question::TcpTable(Family::V4), crate::windows::memory::Memory::flat(bytes));
    let answer = sockets(&source, &SocketQuery::new(Kinds::TCP_V4, States::LISTEN)).unwrap();
    assert_eq!(shown(&answer.data), ["0.0.0.0 0 1 > - Listen 1 since 1234"]);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: "table of TCP sockets", count: 1 }]);
}

#[test]
fn further_fields_are_read_if_the_query_asks_for_them() {
    let fields = Fields::OFFLOAD | Fields::MODULE | Fields::AGE;
    let asked = SocketQuery { fields, ..SocketQuery::new(Kinds::TCP_V4, States::ESTABLISHED) };
    let connection = row(&TCP_V4, 5, ("10.0.0.1", 50000), ("192.0.2.7", 443), 4);
    let mut handled = vec![0; 28];
    handled[4..20].copy_from_slice(&connection[4..20]);
    handled[24] = 1;
    let mut module = [0x1010u64.to_le_bytes(), [0; 8]].concat();
    module.extend("Svc\0".encode_utf16().flat_map(u16::to_le_bytes));
    let source = tables()
        .says(Question::TcpTable2(Family::V4), table(4, &[handled]))
        .says(
            Question::OwnerModule(Transport::Tcp, Family::V4, connection.into()),
            crate::windows::memory::Memory::new(0x1000, module),
        )
        .says(Question::Time, crate::windows::memory::Memory::flat(20_001_234u64.to_le_bytes().to_vec()));
    let answer = sockets(&source, &asked).unwrap();
    let known = answer.data[0].windows.as_deref().unwrap();
    assert_eq!(
        (known.offload, known.module.as_deref()),
        (Some(netstat_model::Offload::Offloading), Some("Svc"))
    );
    assert_eq!(answer.data[0].age, Some(Duration::from_secs(2)));
    // The IPv6 table with the offload state of the other row was refused.
    assert_eq!(answer.data[1].windows.as_deref().unwrap().offload, None);
    assert_eq!(answer.warnings.len(), 1);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        decode_all(&bytes);
    }

    #[test]
    fn a_table_has_no_more_rows_than_fit(count: u32, rows in proptest::collection::vec(any::<u8>(), 0..900)) {
        let bytes = [&count.to_le_bytes(), &[0; 4][..], &rows].concat();
        for layout in &LAYOUTS {
            let (sockets, lacking) = decode_table(&bytes, layout);
            prop_assert_eq!(sockets.count() as u64 + lacking, u64::from(count));
        }
    }
}
