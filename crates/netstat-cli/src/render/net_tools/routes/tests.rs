use super::*;

/// Names for one host and one network, or none at all.
struct Named(bool);

impl RouteNames for Named {
    fn host(&self, address: IpAddr) -> Option<&str> {
        (self.0 && address == IpAddr::from([10, 1, 2, 1])).then_some("router")
    }

    fn network(&self, address: Ipv4Addr) -> Option<&str> {
        (self.0 && address == Ipv4Addr::new(169, 254, 0, 0)).then_some("link-local")
    }

    fn are_wanted(&self) -> bool {
        self.0
    }
}

fn route(destination: [u8; 4], mask: [u8; 4], gateway: [u8; 4], flags: u32) -> RouteV4<'static> {
    RouteV4 {
        interface: b"averylongname01",
        destination: destination.into(),
        mask: mask.into(),
        gateway: gateway.into(),
        flags,
        uses: 0,
        metric: 100,
        mtu: 1440,
        window: 5000,
        rtt: 800,
    }
}

fn text(columns: RouteColumns, names: bool) -> String {
    let routes = [
        route([0; 4], [0; 4], [10, 1, 2, 1], UP | GATEWAY),
        route([169, 254, 0, 0], [255, 255, 0, 0], [0; 4], UP),
        route([10, 8, 0, 1], [255; 4], [0; 4], UP | HOST),
        route([10, 6, 0, 0], [255, 255, 0, 0], [0; 4], UP | REJECT),
        route([10, 7, 0, 0], [255, 255, 0, 0], [0; 4], 0),
    ];
    let mut out = Vec::new();
    render_v4(&routes, columns, &Named(names), &mut out).unwrap();
    String::from_utf8(out).unwrap().replace("\r\n", "\n")
}

#[test]
fn routes_of_ipv4_have_the_columns_of_net_tools() {
    assert_eq!(
        text(RouteColumns::Usual, false),
        "Kernel IP routing table\n\
         Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n\
         0.0.0.0         10.1.2.1        0.0.0.0         UG     1440 5000     800 averylongname01\n\
         169.254.0.0     0.0.0.0         255.255.0.0     U      1440 5000     800 averylongname01\n\
         10.8.0.1        0.0.0.0         255.255.255.255 UH     1440 5000     800 averylongname01\n\
         10.6.0.0        -               255.255.0.0     !         - -          - -\n"
    );
    let named = text(RouteColumns::Metric, true);
    assert!(named.contains(
        "default         router          0.0.0.0         UG    100    0        0 averylongname01\n"
    ));
    assert!(named.contains(
        "link-local      0.0.0.0         255.255.0.0     U     100    0        0 averylongname01\n"
    ));
    let all = text(RouteColumns::All, false);
    assert!(all.contains(" UH    100    0        0 averyl   1440  5000   800\n"), "{all}");
    assert!(all.contains(" !     100    -        0 -        -     -      -\n"), "{all}");
}

#[test]
fn routes_of_ipv6_have_the_columns_of_net_tools() {
    let route = RouteV6 {
        destination: Ipv6Addr::UNSPECIFIED,
        length: 0,
        gateway: "2001:db8::fe".parse().unwrap(),
        metric: u32::MAX,
        references: 3,
        uses: 10,
        flags: UP | GATEWAY | 1 << 22,
        interface: b"eth0",
    };
    let mut out = Vec::new();
    render_v6(&[route], false, &Named(true), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
    let row = "[::]/0                         2001:db8::fe               UGe  -1  3     10 eth0\n";
    assert!(text.ends_with(row), "{text}");
}
