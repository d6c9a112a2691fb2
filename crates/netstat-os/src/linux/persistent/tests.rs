use super::*;
use crate::linux::fake::Fake;
use crate::linux::wire::tests::Script;
use netstat_model::RouteKind;
use proptest::prelude::*;
use rustix::io::Errno;

/// Formats each route as `destination/length gateway interface metric table`, with `-` for what is missing.
fn formatted(routes: &[PersistentRoute]) -> Vec<String> {
    routes
        .iter()
        .map(|route| {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            let interface = route.interface.as_ref().map(|name| name.to_str().unwrap().to_owned());
            let mut text = format!(
                "{}/{} {} {} {} {}",
                route.destination.address,
                route.destination.length,
                or_dash(route.gateway.map(|gateway| gateway.to_string())),
                or_dash(interface),
                or_dash(route.metric.map(|metric| metric.to_string())),
                route.table,
            );
            if route.kind != RouteKind::Unicast {
                text += &format!(" {:?}", route.kind).to_lowercase();
            }
            text
        })
        .collect()
}

fn parsed(store: RouteStore, parse: impl FnOnce(&mut Reader<'_>)) -> (Vec<String>, usize) {
    let nothing = Script::new([]);
    let mut reader = Reader::new(&nothing, store);
    parse(&mut reader);
    (formatted(&reader.routes), reader.files.not_understood)
}

#[test]
fn networkd() {
    let (routes, odd) = parsed(RouteStore::Networkd, |reader| {
        let kept = networkd::FORMAT.keep(
            b"[Match]\nName=eth0\n# [Route]\n[Network]\nGateway=10.0.0.1\nGateway=fd00::1\nGateway=_dhcp4\n\
             [Route]\nDestination=10.5.0.0/16\nGateway=10.0.0.2\nMetric=50\nTable=1000\n\
             [Route]\nDestination=192.0.2.7\n\
             [Route]\nType=blackhole\nDestination=10.66.1.2/16\n\
             [Route]\nGateway=_ipv6ra\nDestination=fd09::/64\n\
             [Route]\nDestination=10.7.0.0/16\nMultiPathRoute=10.0.0.3@eth1 20\nMultiPathRoute=10.0.0.4\n\
             [Route]\nDestination=\\\n 10.8.0.0/16\nGateway=10.0.0.5\nTable=local\n\
             [Route]\nDestination=nonsense\nGateway=10.0.0.6\n\
             [Route]\nMetric=7\n\
             [Address]\nGateway=10.9.9.9\n",
        );
        networkd::parse(&String::from_utf8(kept).unwrap(), reader);
    });
    assert_eq!(
        routes,
        [
            "0.0.0.0/0 10.0.0.1 eth0 - 254",
            "::/0 fd00::1 eth0 - 254",
            "10.5.0.0/16 10.0.0.2 eth0 50 1000",
            "192.0.2.7/32 - eth0 - 254",
            "10.66.0.0/16 - eth0 - 254 blackhole",
            "10.7.0.0/16 10.0.0.3 eth1 - 254",
            "10.7.0.0/16 10.0.0.4 eth0 - 254",
            "10.8.0.0/16 10.0.0.5 eth0 - 255",
        ]
    );
    assert_eq!(odd, 2);
}

#[test]
fn earlier_folders_and_masks_win_and_drop_ins_add() {
    let route = |address: &str| format!("[Match]\nName=e*\n[Network]\nGateway={address}\n");
    let fake = Fake::new()
        .names("/etc/systemd/network", &[b"10-a.network", b"20-b.network", b"30-c.network.d", b"x.link"])
        .names("/run/systemd/network", &[b"10-a.network", b"30-c.network"])
        .names("/usr/lib/systemd/network", &[b"20-b.network"])
        .names("/etc/systemd/network/30-c.network.d", &[b"more.conf", b"no.txt"])
        .file("/etc/systemd/network/10-a.network", route("10.0.0.1"))
        .file("/run/systemd/network/10-a.network", route("10.0.0.2"))
        .file("/etc/systemd/network/20-b.network", "")
        .file("/usr/lib/systemd/network/20-b.network", route("10.0.0.3"))
        .file("/run/systemd/network/30-c.network", route("10.0.0.4"))
        .file("/etc/systemd/network/30-c.network.d/more.conf", "[Route]\nGateway=10.0.0.5\nMetric=9");
    let answer = routes(&fake);
    let wanted = ["0.0.0.0/0 10.0.0.1 - - 254", "0.0.0.0/0 10.0.0.4 - - 254", "0.0.0.0/0 10.0.0.5 - 9 254"];
    assert_eq!(formatted(&answer.data), wanted);
    assert_eq!(answer.warnings, [], "nothing is wrong");
}

#[test]
fn network_manager() {
    let folder = "/etc/NetworkManager/system-connections";
    let fake = Fake::new()
        .names("/run/NetworkManager/system-connections", &[b"a.nmconnection"])
        .names(folder, &[b"a.nmconnection", b"b.nmconnection", b".hidden.nmconnection", b"c.nmconnection~"])
        .file(
            "/run/NetworkManager/system-connections/a.nmconnection",
            "[connection]\nuuid=1\ninterface-name=eth0\n[ipv4]\nmethod=manual\n\
             address1=10.0.0.5/24,10.0.0.1\nroute-metric=100\nroute1=10.5.0.0/16,10.0.0.2,50\n\
             route1_options=table=1000,onlink=true\nroute2=10.6.0.0/16\nroute3=10.7.0.0/16,0.0.0.0,7\n\
             route4=10.8.0.0/16\nroute4_options=type=blackhole\nroute5=bad\nroutes6=10.9.0.0;16;10.0.0.3;4;\n\
             [ipv6]\nmethod=manual\ngateway=fd00::1\nroute1=fd05::/64,fd00::2\nroute-metric=-1\n",
        )
        .file(&format!("{folder}/a.nmconnection"), "[connection]\nuuid=1\n[ipv4]\nroute1=10.99.0.0/16\n")
        .file(
            &format!("{folder}/b.nmconnection"),
            "[connection]\nuuid=2\n[ipv4]\naddress1=10.0.1.5/24,10.0.1.1\nnever-default=true\n\
             [ipv6]\nmethod=disabled\ngateway=fd00::9\n",
        );
    let answer = routes(&fake);
    assert_eq!(
        formatted(&answer.data),
        [
            "0.0.0.0/0 10.0.0.1 eth0 100 254",
            "10.5.0.0/16 10.0.0.2 eth0 50 1000",
            "10.6.0.0/16 - eth0 100 254",
            "10.7.0.0/16 - eth0 7 254",
            "10.8.0.0/16 - eth0 100 254 blackhole",
            "10.9.0.0/16 10.0.0.3 eth0 4 254",
            "::/0 fd00::1 eth0 - 254",
            "fd05::/64 fd00::2 eth0 - 254",
        ]
    );
    let warning =
        Warning::PersistentSources { read: vec!["NetworkManager"], refused: vec![], not_understood: 1 };
    assert_eq!(answer.warnings, [warning]);
}

#[test]
fn unreadable_files_are_reported() {
    let fake = Fake::new()
        .names("/etc/NetworkManager/system-connections", &[b"a.nmconnection"])
        .fails("/etc/NetworkManager/system-connections/a.nmconnection", Errno::ACCESS)
        .fails("/etc/network/interfaces", Errno::ACCESS);
    let answer = routes(&fake);
    assert_eq!(answer.data, []);
    let text = answer.warnings[0].to_string();
    assert!(text.contains("could not read that of NetworkManager: Permission denied"), "{text}");
    assert!(text.contains("that of ifupdown: Permission denied"), "{text}");
    assert!(!text.contains("systemd-networkd"), "{text}");
}

#[test]
fn ifupdown() {
    let (routes, odd) = parsed(RouteStore::Ifupdown, |reader| {
        ifupdown::parse(
            "auto eth0\niface eth0 inet static\n  address 10.0.0.5/24\n  gateway 10.0.0.1\n  metric 5\n\
             \x20 up ip route add 10.5.0.0/16 via 10.0.0.2 dev $IFACE || true\n\
             \x20 post-up /sbin/ip -6 route replace default via fd00::1 metric 7 table 1000 2>/dev/null\n\
             \x20 up ip route add blackhole 10.66.0.0/16; ip link set eth0 up\n\
             \x20 up route add -net 10.6.0.0 netmask 255.255.0.0 gw 10.0.0.3 metric 3\n\
             \x20 up route add -host 10.7.0.1 dev eth1\n\
             \x20 up route add default gw 10.0.0.4\n\
             \x20 up ip route add 10.8.0.0/16 via $GATEWAY\n\
             \x20 down ip route add 10.9.0.0/16 via 10.0.0.9\n\
             \x20 up ip route del 10.9.0.0/16\n\
             \x20 up route add -net 10.6.0.0 netmask 255.0.255.0 gw 10.0.0.3\n\
             source interfaces.d/*\nsource-directory more\n\
             iface eth0 inet6 static\n  gateway fd00::2\nauto eth9\ngateway 1.1.1.1\n",
            reader,
        );
    });
    assert_eq!(
        routes,
        [
            "10.5.0.0/16 10.0.0.2 eth0 - 254",
            "::/0 fd00::1 - 7 1000",
            "10.66.0.0/16 - - - 254 blackhole",
            "10.6.0.0/16 10.0.0.3 - 3 254",
            "10.7.0.1/32 - eth1 - 254",
            "0.0.0.0/0 10.0.0.4 - - 254",
            "0.0.0.0/0 10.0.0.1 eth0 5 254",
            "::/0 fd00::2 eth0 - 254",
        ]
    );
    assert_eq!(odd, 2);
}

#[test]
fn included_files_are_read_once() {
    let stanza = |gateway: &str| format!("iface a inet static\n gateway {gateway}\n");
    let fake = Fake::new()
        .file("/etc/network/interfaces", "source interfaces.d/*.cfg\nsource-directory interfaces.e\n")
        .names("/etc/network/interfaces.d", &[b"a.cfg", b"b.txt"])
        .names("/etc/network/interfaces.e", &[b"c", b"d.cfg"])
        .file(
            "/etc/network/interfaces.d/a.cfg",
            format!("source /etc/network/interfaces\n{}", stanza("10.0.0.1")),
        )
        .file("/etc/network/interfaces.e/c", stanza("10.0.0.2"));
    let answer = routes(&fake);
    assert_eq!(formatted(&answer.data), ["0.0.0.0/0 10.0.0.1 a - 254", "0.0.0.0/0 10.0.0.2 a - 254"]);
}

#[test]
fn glob_patterns() {
    for (pattern, name, wanted) in [
        ("*", "anything", true),
        ("*.cfg", "a.cfg", true),
        ("*.cfg", "a.cfg2", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*b*", "xxaxxbxx", true),
        ("", "", true),
        ("", "a", false),
    ] {
        assert_eq!(ifupdown::matches(pattern.as_bytes(), name.as_bytes()), wanted, "{pattern} {name}");
    }
    let many = "a".repeat(20_000);
    assert!(!ifupdown::matches("*a*a*a*a*a*b".as_bytes(), many.as_bytes()));
}

#[test]
fn secrets_are_left_out() {
    let keyfile = b"[connection]\nid=secret-a\nuuid=1\n[wifi-security]\npsk=secret-b\n[ipv4]\nmethod=auto\n\
                    dhcp-client-id=secret-c\nroute1=10.0.0.0/8,10.1.1.1\n[vpn-secrets]\npassword=secret-d\n";
    let interfaces =
        b"iface wlan0 inet dhcp\n wpa-psk secret-e\n up wpa_passphrase x secret-f\n gateway 10.0.0.1\n\
                       wireless-key \\\n secret-g\n up ip route add 10.5.0.0/16 via 10.0.0.2\n";
    let network = b"[Match]\nName=eth0\n[DHCPv4]\nSendOption=secret-h\n[Network]\nGateway=10.0.0.1\n";
    for (kept, wanted) in [
        (keyfile::FORMAT.keep(keyfile), "route1=10.0.0.0/8,10.1.1.1"),
        (ifupdown::FORMAT.keep(interfaces), "up ip route add 10.5.0.0/16 via 10.0.0.2"),
        (networkd::FORMAT.keep(network), "Gateway=10.0.0.1"),
    ] {
        let kept = String::from_utf8(kept).unwrap();
        assert!(!kept.contains("secret-"), "{kept}");
        assert!(kept.contains(wanted), "{kept}");
    }
}

#[test]
fn a_recording_holds_only_what_is_kept() {
    use crate::linux::live::Live;
    use crate::linux::source::Recording;
    use crate::tape::Recorder;
    let folder = std::env::temp_dir().join(format!("netstat-kept-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("a.nmconnection");
    std::fs::write(&file, "[connection]\nuuid=wanted\n[wifi-security]\npsk=hidden\n").unwrap();
    let recording = Recording::new(Live, Recorder::create(&folder.join("tape")).unwrap().into());
    let mut bytes = Vec::new();
    recording.read_kept(file.to_str().unwrap(), &|text| keyfile::FORMAT.keep(text), &mut bytes).unwrap();
    recording.finish().unwrap();
    let all: Vec<u8> = std::fs::read_dir(folder.join("tape"))
        .unwrap()
        .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    std::fs::remove_dir_all(&folder).unwrap();
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("uuid=wanted") && !all.contains("hidden"), "{all}");
}

proptest! {
    #[test]
    fn no_text_panics(
        words in proptest::collection::vec(prop::sample::select(vec![
            "[Route]", "[ipv4]", "[Network]", "Gateway=", "route1=", "address1=", "10.0.0.1", "/33", "/8", "fd00::/129",
            "\n", " ", "\\\n", ";", ",", "iface", "up", "ip", "route", "add", "via", "dev", "-6", "netmask", "gw",
            "default", "MultiPathRoute=", "@", "table", "metric", "99999999999", "é", "\u{0}", "route1_options=", "=",
        ]), 0..60),
        noise: String,
    ) {
        let text = words.concat() + &noise;
        parse_all(&text);
    }
}
