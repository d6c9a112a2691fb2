use super::*;
use netstat_engine::kernel_text::Traffic;

fn shown(row: &InterfaceRow<'_>) -> String {
    let mut out = Vec::new();
    render_interface_blocks(std::slice::from_ref(row), false, &mut out).unwrap();
    String::from_utf8(out).unwrap().replace("\r\n", "\n")
}

fn bare(interface: &Interface) -> InterfaceRow<'_> {
    InterfaceRow {
        name: interface.name.as_encoded_bytes(),
        interface,
        address: None,
        v6: &[],
        counters: None,
    }
}

#[test]
fn sizes_are_cut_and_a_unit_begins_above_its_size() {
    for (bytes, expected) in [
        (0, "0.0 B"),
        (1024, "1024.0 B"),
        (1025, "1.0 KiB"),
        (1 << 20, "1024.0 KiB"),
        (1_999_999, "1.9 MiB"),
        ((1 << 60) - 1, "1023.9 PiB"),
        (1 << 60, "1024.0 PiB"),
        ((1 << 60) + 1, "1.0 EiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(size(bytes), expected, "{bytes}");
    }
}

#[test]
fn flags_without_words_have_no_bracket() {
    for (set, expected) in [
        (InterfaceFlags::UP | InterfaceFlags::MULTICAST, "flags=4097<UP,MULTICAST>"),
        (InterfaceFlags::UP | InterfaceFlags::DYNAMIC, "flags=-32767<UP,DYNAMIC>"),
        (InterfaceFlags::MASTER | InterfaceFlags::SLAVE, "flags=3072<SLAVE,MASTER>"),
        (InterfaceFlags::empty(), "flags=0<"),
        (InterfaceFlags::PORT_SELECTION, "flags=8192"),
    ] {
        assert_eq!(flags(set), expected);
    }
    assert_eq!(flags(InterfaceFlags::all()).split('<').next(), Some("flags=-1"), "every bit has its flag");
}

#[test]
fn addresses_of_ipv6_have_words_for_their_scope() {
    let line = |address: &str, scope| {
        line_v6(&AddressV6 { address: address.parse().unwrap(), length: 64, scope, interface: b"x" })
    };
    for (address, scope, expected) in [
        ("2001:db8::1", 0, "2001:db8::1  prefixlen 64  scopeid 0x0<global>"),
        ("fe80::1", 0x20, "fe80::1  prefixlen 64  scopeid 0x20<link>"),
        ("fec0::1", 0x40, "fec0::1  prefixlen 64  scopeid 0x40<site>"),
        ("::1", 0x10, "::1  prefixlen 64  scopeid 0x10<host>"),
        ("::102:304", 0x80, "::1.2.3.4  prefixlen 64  scopeid 0x80<compat,global>"),
        ("::ffff:1.2.3.4", 0, "1.2.3.4  prefixlen 64  scopeid 0x0<global>"),
        ("fe80::1", 0xe0, "fe80::1  prefixlen 64  scopeid 0xe0<compat,link,site>"),
        ("fe80::1", 1, "fe80::1  prefixlen 64  scopeid 0x1"),
    ] {
        assert_eq!(line(address, scope), format!("        inet6 {expected}"));
    }
}

#[test]
fn prefixes_of_any_length_have_a_mask() {
    let line = |length| line_v4(&InterfaceAddress::new([1, 2, 3, 4].into(), length), InterfaceFlags::empty());
    for (length, expected) in [
        (0, "0.0.0.0"),
        (1, "128.0.0.0"),
        (31, "255.255.255.254"),
        (32, "255.255.255.255"),
        (255, "255.255.255.255"),
    ] {
        assert_eq!(line(length), format!("        inet 1.2.3.4  netmask {expected}"));
    }
}

#[test]
fn the_driver_may_tell_where_the_hardware_is() {
    let hardware = InterfaceHardware {
        memory_start: 0xf710_0000,
        memory_end: 0xf712_0000,
        base_address: 0x1_0300,
        interrupt: 0x114,
        dma: 3,
        port: 4,
    };
    let flags = InterfaceFlags::PORT_SELECTION | InterfaceFlags::AUTOMATIC_MEDIA;
    let interface = Interface {
        hardware: Some(hardware),
        flags,
        queue_length: Some(1000),
        ..Interface::new(1, "e\u{1b}")
    };
    let expected = "e\\x1b: flags=24576  mtu 0\n        unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  \
        txqueuelen 1000  (UNSPEC)\n        media 100baseTautoselect\n        device interrupt 20  base 0x300  \
        memory 0xf7100000-f7120000    dma 0x3\n\n";
    assert_eq!(shown(&bare(&interface)), expected);
    let nothing = InterfaceHardware { base_address: 0xff, ..InterfaceHardware::default() };
    assert_eq!(device_line(nothing), None);
    assert_eq!(device_line(InterfaceHardware { interrupt: 256, ..nothing }), None);
}

#[test]
fn serial_lines_count_what_they_compressed() {
    let traffic = Traffic { compressed: 7, ..Traffic::default() };
    let device = Device {
        name: b"sl0",
        received: traffic,
        sent: traffic,
        frame_errors: 1,
        collisions: 2,
        carrier_errors: 3,
    };
    let interface = Interface { link_type: Some(257), ..Interface::new(1, "sl0") };
    let text = shown(&InterfaceRow { counters: Some(&device), ..bare(&interface) });
    let expected = "sl0: flags=0<  mtu 0\n        cslip  (VJ Serial Line IP)\n        RX packets 0  bytes 0 (0.0 B)\n        \
        RX compressed:7\n        RX errors 0  dropped 0  overruns 0  frame 1\n        TX packets 0  bytes 0 (0.0 B)\n        \
        TX compressed 7\n        TX errors 0  dropped 0 overruns 0  carrier 3  collisions 2\n\n";
    assert_eq!(text, expected);
}
