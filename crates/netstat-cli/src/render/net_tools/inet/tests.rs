use super::*;
use netstat_model::{IpEndpoint, Socket};
use std::time::Duration;

/// Names for one host, one port and one user.
struct Named;

impl InetNames for Named {
    fn host(&self, address: IpAddr) -> Option<&str> {
        (address == Ipv4Addr::LOCALHOST).then_some("a-rather-long-name.example")
    }

    fn service(&self, port: u16, _: Transport) -> Option<&str> {
        (port == 22).then_some("ssh")
    }

    fn protocol(&self, number: u16) -> Option<&str> {
        (number == 1).then_some("icmp")
    }

    fn user(&self, uid: u32) -> Option<&str> {
        (uid == 0).then_some("root")
    }

    fn names_hosts(&self) -> bool {
        true
    }
}

/// No names at all, as with `-n`.
struct Numbers;

impl InetNames for Numbers {
    fn host(&self, _: IpAddr) -> Option<&str> {
        None
    }

    fn service(&self, _: u16, _: Transport) -> Option<&str> {
        None
    }

    fn protocol(&self, _: u16) -> Option<&str> {
        None
    }

    fn user(&self, _: u32) -> Option<&str> {
        None
    }

    fn names_hosts(&self) -> bool {
        false
    }
}

fn end(text: &str) -> IpEndpoint {
    let end: std::net::SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

fn socket(protocol: Transport, family: Family, local: &str, remote: Option<&str>) -> Socket {
    let mut socket = Socket::new(protocol, family, end(local), remote.map(end));
    socket.recv_queue = Some(3);
    socket.send_queue = Some(128);
    socket
}

fn sockets() -> Vec<Socket> {
    let (tcp, udp) = (Transport::Tcp, Transport::Udp);
    let mut listener = socket(tcp, Family::V4, "127.0.0.1:22", None);
    listener.state = Some(TcpState::Listen);
    let long = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:50124";
    let mut connection = socket(tcp, Family::V6, long, Some("[::ffff:127.0.0.1]:22"));
    connection.state = Some(TcpState::FinWait2);
    connection.id.inode = Some(18036);
    connection.timer = Some(Timer {
        kind: TimerKind::Retransmit,
        expires_in: Duration::from_millis(12_345),
        retransmits: 2,
    });
    let open = socket(udp, Family::V6, "[::]:123", None);
    let mut unread = socket(udp, Family::V4, "0.0.0.0:68", Some("192.0.2.1:67"));
    unread.recv_queue = None;
    vec![listener, connection, open, unread]
}

fn text(columns: InetColumns, names: &dyn InetNames, process: Option<Process<'_>>) -> String {
    let inet = Inet { columns, names, which: "servers and established" };
    let mut out = Vec::new();
    let mut sheet = inet.begin(&mut out).unwrap();
    for socket in &sockets() {
        inet.add(&mut sheet, &InetRow::of(&socket.into(), Some(0), process).unwrap()).unwrap();
    }
    sheet.hand_on().unwrap();
    String::from_utf8(out).unwrap().replace("\r\n", "\n")
}

/// Lines as net-tools 2.10 wrote them; the ends of lines are blanks.
#[test]
fn rows_are_as_wide_as_those_of_net_tools() {
    assert_eq!(
        text(InetColumns::default(), &Numbers, None),
        "Active Internet connections (servers and established)\n\
         Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n\
         tcp        3      0 127.0.0.1:22            0.0.0.0:*               LISTEN     \n\
         tcp6       3    128 2001:db8:aaaa:bbb:50124 127.0.0.1:22            FIN_WAIT2  \n\
         udp6       3    128 :::123                  :::*                               \n\
         udp        -    128 0.0.0.0:68              192.0.2.1:67            ESTABLISHED\n"
    );
    let all = InetColumns { user_and_inode: true, program: true, timer: true, wide: true };
    assert_eq!(
        text(all, &Named, None),
        "Active Internet connections (servers and established)\n\
         Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      \
         PID/Program name     Timer\n\
         tcp        3      0 a-rather-long-name.example:ssh 0.0.0.0:*               LISTEN      root       0          \
         -                    off (0.00/0/0)\n\
         tcp6       3    128 2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff:50124 127.0.0.1:ssh           FIN_WAIT2   root       \
         18036      -                    on (12.34/2/0)\n\
         udp6       3    128 [::]:123                [::]:*                              root       0          \
         -                    off (0.00/0/0)\n\
         udp        -    128 0.0.0.0:68              192.0.2.1:67            ESTABLISHED root       0          \
         -                    off (0.00/0/0)\n"
    );
}

#[test]
fn a_long_name_leaves_room_for_the_port() {
    let text = text(InetColumns::default(), &Named, None);
    assert!(text.contains(" a-rather-long-name.:ssh 0.0.0.0:*  "), "{text}");
}

#[test]
fn timers_have_three_numbers() {
    for (kind, expected) in [
        (TimerKind::Retransmit, "on (0.30/4/0)"),
        (TimerKind::KeepAlive, "keepalive (0.30/0/4)"),
        (TimerKind::TimeWait, "timewait (0.30/0/0)"),
        (TimerKind::Probe, "probe (0.30/0/4)"),
    ] {
        let mut socket = socket(Transport::Tcp, Family::V4, "127.0.0.1:22", None);
        socket.timer = Some(Timer { kind, expires_in: Duration::from_millis(309), retransmits: 4 });
        assert_eq!(timer(&SocketRef::from(&socket)), expected);
    }
}
