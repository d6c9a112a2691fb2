use super::*;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[test]
fn routes_are_read_as_the_kernel_writes_them() {
    let [a, b, c, d] = u32::from_ne_bytes([10, 9, 0, 0]).to_be_bytes();
    let text = format!(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n\
         eth0\t{a:02X}{b:02X}{c:02X}{d:02X}\t00000000\t0003\t0\t1\t100\t00000000\t1440\t5000\t800   \n\
         eth0\todd\n"
    );
    let expected = RouteV4 {
        interface: b"eth0",
        destination: Ipv4Addr::new(10, 9, 0, 0),
        mask: Ipv4Addr::UNSPECIFIED,
        gateway: Ipv4Addr::UNSPECIFIED,
        flags: 3,
        uses: 1,
        metric: 100,
        mtu: 1440,
        window: 5000,
        rtt: 800,
    };
    assert_eq!(routes_v4(text.as_bytes()), [expected]);
    let text = b"20010db8000000000000000000000000 40 00000000000000000000000000000000 00 \
        fe800000000000000000000000000001 00000400 00000003 0000000a 80200001     eth0\nodd\n";
    let expected = RouteV6 {
        destination: "2001:db8::".parse().unwrap(),
        length: 64,
        gateway: "fe80::1".parse().unwrap(),
        metric: 1024,
        references: 3,
        uses: 10,
        flags: 0x8020_0001,
        interface: b"eth0",
    };
    assert_eq!(routes_v6(text), [expected]);
}

#[test]
fn groups_belong_to_the_interface_above_them() {
    let group = u32::from_ne_bytes([224, 0, 0, 1]);
    let text = format!(
        "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\
         1\tlo        :     1      V3\n\t\t\t\t{group:08X}     2 0:00000000\t\t0\n\
         4\taveryverylongname:     1      V3\n\t\t\t\t{group:08X}     1 0:00000000\t\t0\n"
    );
    let found: Vec<_> = groups_v4(text.as_bytes())
        .into_iter()
        .map(|group| (String::from_utf8_lossy(group.interface).into_owned(), group.address, group.users))
        .collect();
    let address: IpAddr = "224.0.0.1".parse().unwrap();
    assert_eq!(found, [("lo".to_owned(), address, 2), ("averyverylongname".to_owned(), address, 1)]);
    let text = b"1    lo              ff020000000000000000000000000001     1 0000000C 0\n";
    let expected = Group { interface: b"lo", address: "ff02::1".parse().unwrap(), users: 1 };
    assert_eq!(groups_v6(text), [expected]);
    let text =
        b"2    eth0            2     0     01005e0000fb\n2 eth0 1 0 01005e0000f\n2 eth0 1 0 zz\n3 ib0 1 0\n";
    let expected =
        LinkGroup { index: 2, interface: b"eth0", address: vec![1, 0, 0x5e, 0, 0, 0xfb], users: 2 };
    assert_eq!(groups_link(text), [expected]);
}

#[test]
fn devices_may_lack_the_blank_after_their_name() {
    let text = b"Inter-|   Receive  |  Transmit\n face |bytes    packets errs\n\
        lo:23759      95    1    2    3     7          8         9    23760      96    4    5    6    10      11         12\n\
        odd: 1 2 3\n";
    let traffic = |bytes, packets, [errors, drops, overruns, compressed]: [u64; 4]| Traffic {
        bytes,
        packets,
        errors,
        drops,
        overruns,
        compressed,
    };
    let expected = Device {
        name: b"lo",
        received: traffic(23759, 95, [1, 2, 3, 8]),
        sent: traffic(23760, 96, [4, 5, 6, 12]),
        frame_errors: 7,
        collisions: 10,
        carrier_errors: 11,
    };
    assert_eq!(devices(text), [expected]);
}

#[test]
fn addresses_of_ipv6_have_a_scope() {
    let text = b"fe800000000000000000000000000001 02 40 20 80     eth0\n\
        20010db8000000000000000000000001 02 140 00 80     eth0\n00000000000000000000000000000001 01 80 10 80\n";
    let expected =
        AddressV6 { address: "fe80::1".parse().unwrap(), length: 64, scope: 0x20, interface: b"eth0" };
    assert_eq!(addresses_v6(text), [expected]);
}

#[test]
fn counters_keep_their_order_and_unknown_names() {
    let text = b"Tcp: MaxConn Odd New\nTcp: -1 x 18446744073709551615\nUdp: A\nTcpExt: B\nTcpExt: 2\n";
    let found: Vec<_> = counters(text).into_iter().map(|it| (it.group, it.name, it.value)).collect();
    assert_eq!(found, [("Tcp", "MaxConn", -1), ("Tcp", "New", u64::MAX.into()), ("TcpExt", "B", 2)]);
    let found: Vec<_> = counters_v6(b"Ip6InReceives   7\nInode 1\nIcmp6InMsgs x\n")
        .into_iter()
        .map(|it| (it.group, it.name, it.value))
        .collect();
    assert_eq!(found, [("Ip6", "Ip6InReceives", 7), ("Inode", "Inode", 1)]);
}

#[test]
fn the_path_of_a_unix_socket_may_have_blanks() {
    let text = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
        0000000079f19df1: 00000003 00000000 00000000 0002 03 402840\n\
        00000000240743eb: 00000002 00000000 00010000 0001 01 402828 /run/a b: c\n\
        0000000022f86a2e: 00000003 00000000 00000000 0001 02     0 @x@\n\
        rest of a name\n";
    let found: Vec<_> = unix_sockets(text)
        .into_iter()
        .map(|it| {
            (
                it.references,
                it.flags,
                it.kind,
                it.state,
                it.inode,
                String::from_utf8_lossy(it.path).into_owned(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (3, 0, 2, 3, 402_840, String::new()),
            (2, 0x1_0000, 1, 1, 402_828, "/run/a b: c".to_owned()),
            (3, 0, 1, 2, 0, "@x@".to_owned()),
        ]
    );
}

#[test]
fn raw_and_udp_lite_sockets_have_ends_and_numbers() {
    let text = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
        \x20172: 0100007F:00FF 0200007F:0007 01 00000010:0000000A 00:00000000 00000000  1000        0 3269983 2 00000000bf613620 0\n\
        \x20184: 00000000000000000000000001000000:00C8 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0 0\n\
        \x20185: 0000000000000000000000000100000:00C8 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 8 2 0 0\n";
    let rows = datagram_sockets(text);
    let four = DatagramSocket {
        local: ([127, 0, 0, 1].into(), 255),
        remote: ([127, 0, 0, 2].into(), 7),
        state: 1,
        send_queue: 16,
        recv_queue: 10,
        uid: 1000,
        inode: 3_269_983,
    };
    let six = |row: &DatagramSocket| (row.local, row.remote.0, row.state, row.inode);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0], four);
    assert_eq!(six(&rows[1]), ((Ipv6Addr::LOCALHOST.into(), 200), Ipv6Addr::UNSPECIFIED.into(), 7, 7));
}

#[test]
fn protocols_have_names() {
    let names = ProtocolNames::parse(b"# comment\nip\t0\tIP\nicmp 1 ICMP # x\nother 1\nodd x\nlone\n");
    assert_eq!((names.name(1), names.name(0), names.name(2)), (Some("icmp"), Some("ip"), None));
}

#[test]
fn networks_have_names() {
    let names =
        NetworkNames::parse(b"# comment\ndefault 0.0.0.0\nlink-local 169.254 # x\nodd\nodder 1.2.3.x\n");
    assert_eq!(names.name(Ipv4Addr::new(169, 254, 0, 0)), Some("link-local"));
    assert_eq!(names.name(Ipv4Addr::UNSPECIFIED), Some("default"));
    assert_eq!(names.name(Ipv4Addr::new(1, 2, 3, 0)), None);
}

proptest! {
    #[test]
    fn any_text_is_read(text in prop::collection::vec(any::<u8>(), 0..200)) {
        every_table(&text);
    }

    #[test]
    fn text_like_that_of_the_kernel_is_read(text in "([a-zA-Z0-9:]{1,9}[ \t\n]{1,2}){0,40}") {
        every_table(text.as_bytes());
    }
}
