//! Interfaces and routes in private networks, compared with `ip -j`.

use netstat_lab::{Namespace, on_own_thread};
use netstat_model::query::{Families, RouteQuery, Tables};
use netstat_model::{Interface, InterfaceFlags, NextHop, NextHops, Route, RouteKind, TABLE_MAIN};
use netstat_os::{Origin, Routes};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::process::Command;

const ALL: RouteQuery = RouteQuery { tables: Tables::All, families: Families::all() };

/// A veth pair.
const LINKS: &str = "\
link add v0 type veth peer name v1
link set v0 address 02:00:00:00:00:10 addrgenmode none mtu 1400
link set v1 address 02:00:00:00:00:11 addrgenmode none alias \"uplink to core\"
link set v0 up
link set v1 up
";

/// Addresses and a route of each form, to be added once the links are up.
const ROUTES: &str = "\
addr add 10.1.0.1/24 dev v0
addr add 10.2.0.1/24 dev v0
addr add 10.5.0.1 peer 10.5.0.2 dev v0
addr add fd00::1/64 dev v0 nodad
route add default via 10.1.0.9 dev v0 metric 50
route add 10.6.0.0/16 nexthop via 10.1.0.7 dev v0 weight 3 nexthop via 10.2.0.8 dev v0
route add 10.7.0.0/16 via inet6 fd00::9 dev v0
route add 10.8.0.0/16 dev v1
route add 10.9.0.0/16 via 10.2.0.9 dev v0 src 10.1.0.1
route add blackhole 10.10.0.0/16
route add unreachable 10.11.0.0/16 metric 4294967295
route add prohibit 10.12.0.0/16
route add throw 10.13.0.0/16
route add 10.14.0.0/16 via 10.1.0.9 metric 7
route add 10.14.0.0/16 via 10.1.0.9 metric 5
route add 10.15.0.0/16 via 10.1.0.9 table 1000
route add 10.16.0.0/16 via 10.1.0.9 table 77
route add fd01::/64 via fd00::9
route add fd02::/64 nexthop via fd00::7 dev v0 nexthop via fd00::8 dev v0 weight 9
route add blackhole fd03::/64
route add fd04:1111:2222:3333:4444:5555:6666:0/112 dev v1
";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    destination: String,
    kind: String,
    table: u32,
    metric: u32,
    source: Option<IpAddr>,
    hops: Vec<(Option<IpAddr>, Option<String>, u32)>,
}

fn ip(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new("ip").arg("-j").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn witness() -> Vec<Fact> {
    let mut facts: Vec<Fact> = [("-4", "0.0.0.0/0", "/32"), ("-6", "::/0", "/128")]
        .into_iter()
        .flat_map(|(family, everything, host)| {
            ip(&[family, "-d", "route", "show", "table", "all"])
                .into_iter()
                .map(move |route| fact(&route, everything, host))
        })
        .collect();
    facts.sort();
    facts
}

fn fact(route: &Value, everything: &str, host: &str) -> Fact {
    let text = |key: &str| route[key].as_str();
    let destination = match text("dst").unwrap() {
        "default" => everything.to_owned(),
        prefix if prefix.contains('/') => prefix.to_owned(),
        address => format!("{address}{host}"),
    };
    let table = match text("table") {
        None | Some("main") => TABLE_MAIN,
        Some("local") => 255,
        Some("default") => 253,
        Some(number) => number.parse().unwrap(),
    };
    let kind = text("type").unwrap_or("unicast").to_owned();
    let hop = |hop: &Value| {
        let gateway =
            hop["gateway"].as_str().or(hop["via"]["host"].as_str()).map(|text| text.parse().unwrap());
        let weight = hop["weight"].as_u64().map_or(1, |weight| u32::try_from(weight).unwrap());
        (gateway, hop["dev"].as_str().map(str::to_owned), weight)
    };
    let mut hops: Vec<_> = match route["nexthops"].as_array() {
        Some(hops) => hops.iter().map(hop).collect(),
        None => {
            [hop(route)].into_iter().filter(|(gateway, dev, _)| gateway.is_some() || dev.is_some()).collect()
        }
    };
    hops.sort();
    Fact {
        destination,
        kind,
        table,
        metric: route["metric"].as_u64().map_or(0, |metric| u32::try_from(metric).unwrap()),
        source: text("prefsrc").map(|text| text.parse().unwrap()),
        hops,
    }
}

fn ours(routes: &[Route], interfaces: &[Interface]) -> Vec<Fact> {
    let names: BTreeMap<u32, String> =
        interfaces.iter().map(|i| (i.index, i.name.to_str().unwrap().to_owned())).collect();
    let mut facts: Vec<Fact> = routes
        .iter()
        .map(|route| {
            let mut hops: Vec<_> = route
                .next_hops
                .as_slice()
                .iter()
                .map(|hop| (hop.gateway, hop.interface.map(|index| names[&index.get()].clone()), hop.weight))
                .collect();
            hops.sort();
            Fact {
                destination: format!("{}/{}", route.destination.address, route.destination.length),
                kind: format!("{:?}", route.kind).to_lowercase(),
                table: route.table,
                metric: route.metric,
                source: route.preferred_source,
                hops,
            }
        })
        .collect();
    facts.sort();
    facts
}

/// Asserts equality; on failure shows only what differs.
fn same(ours: &[Fact], theirs: &[Fact]) {
    let only = |here: &[Fact], there: &[Fact]| -> Vec<Fact> {
        here.iter().filter(|fact| there.binary_search(fact).is_err()).take(5).cloned().collect()
    };
    assert_eq!(only(ours, theirs), only(theirs, ours));
    assert_eq!(ours.len(), theirs.len());
}

fn read(query: &RouteQuery) -> (Vec<Interface>, Vec<Route>) {
    let backend = netstat_os::open(Origin::Live).unwrap();
    let interfaces = backend.interfaces().unwrap();
    let routes = backend.routes(query).unwrap();
    assert_eq!((interfaces.warnings, routes.warnings), (vec![], vec![]));
    (interfaces.data, routes.data)
}

fn netstat() -> String {
    netstat_with(&[])
}

/// Runs `-r` with more words. Nothing is wrong, so nothing may be on standard error.
fn netstat_with(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netstat"));
    let output = command.args(["-r", "--lang", "en"]).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// Builds the network; skips the test and returns false where the kernel has no veth.
fn built(namespace: &Namespace) -> bool {
    let available = Command::new("ip").args(["link", "add", "probe", "type", "veth"]).output().unwrap();
    if !available.status.success() {
        netstat_lab::skip("this kernel has no veth devices");
        return false;
    }
    namespace.ip("link del probe\n").unwrap();
    namespace.ip(LINKS).unwrap();
    // A link comes up a moment after it is set up, and the kernel then adds routes of its own.
    netstat_lab::eventually("links that are ready", || {
        let local = ip(&["-6", "route", "show", "table", "local"]);
        let ready = |name: &str| local.iter().any(|route| route["dev"] == name && route["dst"] == "ff00::/8");
        (ready("v0") && ready("v1")).then_some(())
    })
    .unwrap();
    namespace.ip(ROUTES).unwrap();
    // Addresses also take a moment, even without duplicate address detection.
    netstat_lab::eventually("an address that is ready", || {
        let local = ip(&["-6", "route", "show", "table", "local"]);
        local.iter().any(|route| route["dst"] == "fd00::1").then_some(())
    })
    .unwrap();
    true
}

#[test]
fn routes_are_those_of_ip_route() {
    on_own_thread(|namespace| {
        if !built(namespace) {
            return;
        }
        let (interfaces, routes) = read(&ALL);
        same(&ours(&routes, &interfaces), &witness());
        let kinds = [RouteKind::Blackhole, RouteKind::Unreachable, RouteKind::Prohibit, RouteKind::Throw];
        assert!(kinds.iter().all(|kind| routes.iter().any(|route| route.kind == *kind)));
        assert!(
            routes
                .iter()
                .any(|route| matches!(&route.next_hops, NextHops::Many(hops) if hops[0].weight == 3))
        );

        let one = RouteQuery { tables: Tables::Id(1000), families: Families::all() };
        let (_, of_one) = read(&one);
        assert_eq!(of_one.len(), 1);
        let (_, by_default) = read(&RouteQuery::default());
        assert_eq!(by_default.len(), routes.len() - 2, "tables 77 and 1000 are left out");
        let (_, v4) = read(&RouteQuery { tables: Tables::All, families: Families::V4 });
        assert_eq!(v4.len(), routes.iter().filter(|route| route.destination.address.is_ipv4()).count());
    });
}

#[test]
fn interfaces_are_those_of_ip_link() {
    on_own_thread(|namespace| {
        if !built(namespace) {
            return;
        }
        for kind in ["bridge", "macvlan", "ifb", "dummy", "ipip"] {
            let link: &[&str] = if kind == "macvlan" { &["link", "v0"] } else { &[] };
            let made = Command::new("ip")
                .args(["link", "add", &format!("t-{kind}")])
                .args(link)
                .args(["type", kind])
                .output()
                .unwrap();
            if !made.status.success() {
                println!("not compared: this kernel has no {kind} devices");
            }
        }
        let witness = ip(&["-d", "addr"]);
        let (interfaces, _) = read(&ALL);
        assert_eq!(interfaces.len(), witness.len());
        for (ours, theirs) in interfaces.iter().zip(&witness) {
            assert_eq!(Some(u64::from(ours.index)), theirs["ifindex"].as_u64());
            assert_eq!(ours.name.to_str(), theirs["ifname"].as_str());
            assert_eq!(ours.mtu.map(u64::from), theirs["mtu"].as_u64());
            assert_eq!(
                ours.alias.as_deref().map(|alias| alias.to_str().unwrap()),
                theirs["ifalias"].as_str()
            );
            let kind = ours.kind.as_deref().map(|kind| kind.to_str().unwrap());
            assert_eq!(kind, theirs["linkinfo"]["info_kind"].as_str());
            let address =
                ours.hardware_address.as_ref().filter(|address| address.len() == 6).map(|address| {
                    address.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
                });
            let theirs_address = theirs["address"].as_str().filter(|text| text.contains(':'));
            assert_eq!(address.as_deref(), theirs_address, "{ours:?}");
            let has = |flag: &str| theirs["flags"].as_array().unwrap().iter().any(|has| has == flag);
            assert_eq!(ours.flags.contains(InterfaceFlags::UP), has("UP"));
            assert_eq!(ours.flags.contains(InterfaceFlags::LOOPBACK), has("LOOPBACK"));
            assert_eq!(ours.flags.contains(InterfaceFlags::POINT_TO_POINT), has("POINTOPOINT"));
            let addresses: Vec<_> = ours
                .addresses
                .iter()
                .map(|own| (own.address, own.peer, u64::from(own.prefix_length)))
                .collect();
            let theirs_addresses: Vec<_> = theirs["addr_info"]
                .as_array()
                .unwrap()
                .iter()
                .map(|info| {
                    let parse = |key: &str| info[key].as_str().map(|text| text.parse::<IpAddr>().unwrap());
                    (parse("local").unwrap(), parse("address"), info["prefixlen"].as_u64().unwrap())
                })
                .collect();
            assert_eq!(addresses, theirs_addresses, "{ours:?}");
        }
    });
}

#[test]
fn the_report_has_the_layout_of_windows() {
    on_own_thread(|namespace| {
        if !built(namespace) {
            return;
        }
        let report = netstat();
        let (interfaces, _) = read(&ALL);
        let index = |name: &str| interfaces.iter().find(|found| found.name == name).unwrap().index;
        let (v0, v1) = (index("v0"), index("v1"));
        for lines in [
            "  1...........................lo\n".to_owned(),
            format!("{v0:>3}...02 00 00 00 00 10 ......v0 (veth)\n"),
            format!("{v1:>3}...02 00 00 00 00 11 ......v1 (veth) uplink to core\n"),
            "          0.0.0.0          0.0.0.0         10.1.0.9         10.1.0.1     50\n".to_owned(),
            "         10.1.0.0    255.255.255.0         On-link          10.1.0.1      0\n".to_owned(),
            "         10.1.0.1  255.255.255.255         On-link          10.1.0.1      0\n".to_owned(),
            // Each next hop with the interface address whose subnet it is in.
            "         10.6.0.0      255.255.0.0         10.1.0.7         10.1.0.1      0\n         \
             10.6.0.0      255.255.0.0         10.2.0.8         10.2.0.1      0\n"
                .to_owned(),
            "         10.7.0.0      255.255.0.0          fd00::9         10.1.0.1      0\n".to_owned(),
            "         10.8.0.0      255.255.0.0         On-link                v1      0\n".to_owned(),
            "         10.9.0.0      255.255.0.0         10.2.0.9         10.1.0.1      0\n".to_owned(),
            "        10.10.0.0      255.255.0.0        blackhole                -      0\n".to_owned(),
            "        10.11.0.0      255.255.0.0      unreachable                - 4294967295\n".to_owned(),
            "        10.12.0.0      255.255.0.0         prohibit                -      0\n".to_owned(),
            "        10.13.0.0      255.255.0.0            throw                -      0\n".to_owned(),
            // Lower metric first, as in the kernel.
            "        10.14.0.0      255.255.0.0         10.1.0.9         10.1.0.1      5\n        \
             10.14.0.0      255.255.0.0         10.1.0.9         10.1.0.1      7\n"
                .to_owned(),
            format!("{v0:>3}   1024 fd01::/64                fd00::9\n"),
            format!("{v0:>3}   1024 fd02::/64                fd00::7\n"),
            format!("{v0:>3}   1024 fd02::/64                fd00::8\n"),
            "  1   1024 fd03::/64                blackhole\n".to_owned(),
            format!("{v1:>3}   1024 fd04:1111:2222:3333:4444:5555:6666:0/112\n{:36}On-link\n", ""),
        ] {
            assert!(report.contains(&lines), "{lines}--- not in\n{report}");
        }
        assert!(!report.contains("10.15.0.0") && !report.contains("10.16.0.0"), "{report}");
        let hops: usize = witness()
            .iter()
            .filter(|fact| fact.table >= 253 && fact.table <= 255)
            .map(|fact| fact.hops.len().max(1))
            .sum();
        let v4 = |line: &&str| {
            line.split_whitespace().next().is_some_and(|first| first.contains('.') && !line.contains("..."))
        };
        let v6 = |line: &&str| {
            line.split_whitespace().nth(2).is_some_and(|third| third.contains(":") && third.contains('/'))
        };
        let rows = report.lines().filter(v4).count() + report.lines().filter(v6).count();
        assert_eq!(rows, hops, "{report}");
    });
}

/// With `nexthop_compat_mode` off, the kernel gives the ID of a next hop object only.
#[test]
fn rows_of_all_tables_say_what_tells_them_apart() {
    on_own_thread(|namespace| {
        if !built(namespace) {
            return;
        }
        namespace
            .ip("route add 10.17.0.0/16 via 10.1.0.9 tos 0x10 table 77\n\
                 route add 10.18.0.0/16 via 192.0.2.77 dev v0 onlink\n\
                 route add fd05::/64 dev v0 expires 600\n\
                 link set v1 down\n")
            .unwrap();
        let row = |text: &str, destination: &str| -> String {
            let row = text.lines().find(|line| line.contains(destination)).map(str::to_owned);
            row.unwrap_or_else(|| panic!("no {destination} in {text}"))
        };
        // The other end of the pair is down, so this one has no carrier; the kernel uses its routes all the same.
        let all = netstat_lab::eventually("a link without carrier", || {
            let all = netstat_with(&["--table", "all"]);
            row(&all, "10.18.0.0").ends_with("  onlink linkdown").then_some(all)
        })
        .unwrap();
        assert!(row(&all, "10.15.0.0").ends_with("  table 1000 linkdown"), "{all}");
        assert!(row(&all, "10.17.0.0").ends_with("  table 77 tos 0x10 linkdown"), "{all}");
        assert!(row(&all, "127.0.0.0").ends_with("  table local"), "{all}");
        assert!(row(&all, "fd05::/64").contains("  expires "), "{all}");
        let of_77 = netstat_with(&["--table", "77"]);
        assert!(row(&of_77, "10.17.0.0").ends_with("  tos 0x10 linkdown"), "{of_77}");
        let usual = netstat();
        assert!(
            !["table ", "onlink", "linkdown", "expires"].iter().any(|word| usual.contains(word)),
            "{usual}"
        );
        let document: Value = serde_json::from_str(&netstat_with(&["--json"])).unwrap();
        let route =
            document["routes"].as_array().unwrap().iter().find(|it| it["destination"] == "10.18.0.0/16");
        let hop = &route.unwrap()["next_hops"][0];
        assert_eq!([&hop["linkdown"], &hop["dead"], &hop["onlink"]], [true, false, true], "{document:#}");
    });
}

#[test]
fn next_hop_objects_are_resolved() {
    on_own_thread(|namespace| {
        if !built(namespace) {
            return;
        }
        let objects = "nexthop add id 5 via 10.1.0.9 dev v0\nnexthop add id 6 via 10.2.0.9 dev v0\n\
                       nexthop add id 7 group 5,10/6,20\nnexthop add id 8 blackhole\nnexthop add id 9 via fd00::9 dev v0\n";
        if let Err(error) = namespace.ip(objects) {
            netstat_lab::skip(format_args!("this kernel or ip has no next hop objects: {error}"));
            return;
        }
        namespace
            .ip("route add 10.100.0.0/16 nhid 5\nroute add 10.101.0.0/16 nhid 7\nroute add 10.102.0.0/16 nhid 8\n\
                 route add fd0a::/64 nhid 9\nroute add 10.103.0.0/16 nhid 9\n")
            .unwrap();
        let (interfaces, told) = read(&ALL);
        same(&ours(&told, &interfaces), &witness());
        if namespace.set_sysctl("net/ipv4/nexthop_compat_mode", "0").is_err() {
            netstat_lab::skip("cannot set net.ipv4.nexthop_compat_mode");
            return;
        }
        let (_, resolved) = read(&ALL);
        // In compatible mode the kernel shows loopback as the interface of a blackhole object.
        let without = |mut facts: Vec<Fact>| {
            facts.iter_mut().filter(|fact| fact.kind == "blackhole").for_each(|fact| fact.hops.clear());
            facts.sort();
            facts
        };
        same(&without(ours(&resolved, &interfaces)), &without(ours(&told, &interfaces)));
        let group = resolved.iter().find(|route| route.destination.address == IpAddr::from([10, 101, 0, 0]));
        let weights: Vec<u32> =
            group.unwrap().next_hops.as_slice().iter().map(|hop: &NextHop| hop.weight).collect();
        assert_eq!(weights, [10, 20]);
    });
}

#[test]
fn fifty_thousand_routes_are_all_shown() {
    const MANY: usize = 50_000;
    on_own_thread(|namespace| {
        if !built(namespace) {
            return;
        }
        let mut batch = String::new();
        for number in 0..MANY {
            let (high, low) = (number / 256, number % 256);
            let gateway = 2 + number % 200;
            writeln!(batch, "route add 20.{high}.{low}.0/24 via 10.1.0.{gateway}").unwrap();
        }
        namespace.ip(&batch).unwrap();
        let report = netstat();
        let rows: Vec<&str> = report.lines().filter(|line| line.trim_start().starts_with("20.")).collect();
        assert_eq!(rows.len(), MANY);
        for (number, row) in rows.iter().enumerate() {
            let destination = format!("20.{}.{}.0", number / 256, number % 256);
            let gateway = format!("10.1.0.{}", 2 + number % 200);
            assert_eq!(
                *row,
                format!("{destination:>17}    255.255.255.0{gateway:>17}         10.1.0.1      0")
            );
        }
    });
}
