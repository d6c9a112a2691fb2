//! Who answers a client on another machine, as the rules say it, and as a connection shows it.

use super::tests::skip_unless;
use super::*;
use crate::linux::live::Live;
use netstat_lab::{Namespace, Neighbour};
use netstat_model::{Family, Passage, Transport};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

/// How long a client waits for an answer that never comes, and for one that comes.
const IMPATIENCE: Duration = Duration::from_millis(700);
const PATIENCE: Duration = Duration::from_secs(10);

/// A router with a client on one side and a container on the other.
struct Network {
    client: Neighbour,
    _container: Neighbour,
}

/// Answers on these ports of TCP and UDP with a word and the port.
fn serve(word: &'static str, ports: &[u16]) {
    for &port in ports {
        let listener = TcpListener::bind(("::", port)).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = stream.unwrap().write_all(format!("{word} {port}").as_bytes());
            }
        });
        // One of each family: an answer of a socket for both might have another source address.
        for any in ["0.0.0.0", "::"] {
            let socket = bind_udp(any, port);
            std::thread::spawn(move || {
                let mut bytes = [0; 64];
                while let Ok((_, from)) = socket.recv_from(&mut bytes) {
                    let _ = socket.send_to(format!("{word} {port}").as_bytes(), from);
                }
            });
        }
    }
}

/// Binds a UDP socket of one family alone.
fn bind_udp(address: &str, port: u16) -> UdpSocket {
    use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt};
    let address = SocketAddr::new(address.parse().unwrap(), port);
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, SocketType::DGRAM, None).unwrap();
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true).unwrap();
    }
    bind(&socket, &address).unwrap();
    socket.into()
}

impl Network {
    fn new(router: &Namespace) -> Self {
        let (client, container) = (Neighbour::new().unwrap(), Neighbour::new().unwrap());
        client.connect(router, "e0", "e1").unwrap();
        container.connect(router, "v0", "v1").unwrap();
        router
            .ip("addr add 198.51.100.10/24 dev e0\naddr add fd00:1::10/64 dev e0 nodad\n\
                 addr add 172.17.0.1/24 dev v0\naddr add fd00:2::1/64 dev v0 nodad\n")
            .unwrap();
        client.run(|there| {
            there.ip("addr add 198.51.100.99/24 dev e1\naddr add fd00:1::99/64 dev e1 nodad\n").unwrap();
        });
        container.run(|there| {
            there
                .ip("addr add 172.17.0.2/24 dev v1\nroute add default via 172.17.0.1\n\
                     addr add fd00:2::2/64 dev v1 nodad\nroute add default via fd00:2::1\n")
                .unwrap();
            serve("behind", &[80, 81, 53]);
        });
        serve("here", &[7000, 8080]);
        for name in ["net/ipv4/conf/all/forwarding", "net/ipv6/conf/all/forwarding"] {
            router.set_sysctl(name, "1").unwrap();
        }
        // Addresses of IPv6 take a moment.
        netstat_lab::eventually("the container", || TcpStream::connect("[fd00:2::2]:80").ok()).unwrap();
        let network = Self { client, _container: container };
        netstat_lab::eventually("the router", || {
            network.answer(Transport::Tcp, Family::V6, 7000, IMPATIENCE)
        })
        .unwrap();
        network
    }

    /// Lists everybody who may answer, by the rules.
    fn judged(&self, protocol: Transport, family: Family, port: u16) -> Vec<String> {
        let inbound = Inbound { protocol, family, address: None, port, program: None, services: None };
        let found = firewall(&Live, &[inbound]);
        assert_eq!(found.unread, []);
        let judgement = found.judgements[0].as_ref().unwrap();
        let mut all = Vec::new();
        if judgement.passage != Passage::Closed {
            all.push(format!("here {port}"));
        }
        // What comes from the container is not the client's.
        let is_ours = |from: &[String]| from.is_empty() || from.iter().any(|interface| interface == "e0");
        let met = judgement.diverted.iter().filter(|diversion| diversion.passage != Passage::Closed);
        for diversion in met.filter(|diversion| is_ours(&diversion.from)) {
            let (word, (first, last)) = match diversion.to {
                Target::Here { ports, .. } => ("here", ports),
                Target::Behind { ports, .. } => ("behind", ports),
            };
            all.extend((first..=last).map(|port| format!("{word} {port}")));
        }
        all.sort_unstable();
        all.dedup();
        // The list of ports that are passed on tells the same of this one.
        let published = found.published.iter().find(|published| {
            (published.protocol, published.family) == (protocol, family)
                && (published.ports.0..=published.ports.1).contains(&port)
        });
        let rules = |diverted: &[netstat_model::Diversion]| -> Vec<String> {
            diverted.iter().map(|diversion| diversion.rule.clone()).collect()
        };
        assert_eq!(
            published.map_or(Vec::new(), |published| rules(&published.judgement.diverted)),
            rules(&judgement.diverted),
            "{port}"
        );
        all
    }

    /// Returns who answers the client; nothing where nobody does.
    fn answer(&self, protocol: Transport, family: Family, port: u16, patience: Duration) -> Option<String> {
        let address = if family == Family::V4 { "198.51.100.10" } else { "fd00:1::10" };
        let to = SocketAddr::new(address.parse().unwrap(), port);
        self.client.run(move |_| {
            let mut bytes = [0; 64];
            let length = match protocol {
                Transport::Tcp => {
                    let mut stream = TcpStream::connect_timeout(&to, patience).ok()?;
                    stream.set_read_timeout(Some(patience)).unwrap();
                    stream.read(&mut bytes).ok()?
                }
                Transport::Udp => {
                    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                    let socket = UdpSocket::bind(any).unwrap();
                    socket.set_read_timeout(Some(patience)).unwrap();
                    socket.connect(to).unwrap();
                    socket.send(b"?").ok()?;
                    socket.recv(&mut bytes).ok()?
                }
            };
            Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
        })
    }

    /// Compares both for TCP and IPv4, and with what is right.
    fn check(&self, rules: &str, cases: &[(u16, &[&str])]) {
        let all = cases.iter().map(|(port, right)| (Transport::Tcp, Family::V4, *port, *right));
        self.check_all(rules, &all.collect::<Vec<_>>());
    }

    fn check_all(&self, rules: &str, cases: &[(Transport, Family, u16, &[&str])]) {
        for (protocol, family, port, right) in cases {
            let judged = self.judged(*protocol, *family, *port);
            assert_eq!(judged, *right, "{protocol:?} {family:?} {port} under {rules}");
            let patience = if right.is_empty() { IMPATIENCE } else { PATIENCE };
            let answer = self.answer(*protocol, *family, *port, patience);
            match right {
                [] => assert_eq!(answer, None, "{protocol:?} {family:?} {port} under {rules}"),
                _ => assert!(
                    answer.as_ref().is_some_and(|answer| judged.contains(answer)),
                    "{answer:?} for {protocol:?} {family:?} {port} under {rules}"
                ),
            }
        }
    }

    /// Loads rules of nftables in place of all others.
    fn nft(&self, rules: &str) -> String {
        let text = format!("flush ruleset\n{rules}");
        assert!(skip_unless("nft", &["-f", "-"], &text), "{text}");
        text
    }
}

/// An input chain that drops what does not come to these ports.
fn input(ports: &str) -> String {
    let accept = if ports.is_empty() {
        String::new()
    } else {
        format!("meta l4proto {{ tcp, udp }} th dport {{ {ports} }} accept;")
    };
    format!(
        "table inet f {{ chain input {{ type filter hook input priority 0; policy drop; \
         ct state established,related accept; iifname lo accept; icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept; {accept} }}\n}}\n"
    )
}

/// A table with a chain that translates.
fn nat(family: &str, rules: &str) -> String {
    format!("table {family} n {{ {rules}\n}}\n")
}

/// A chain that translates before routing.
fn pre(rules: &str) -> String {
    format!("chain pre {{ type nat hook prerouting priority -100; {rules}\n}}")
}

fn has_nft() -> bool {
    skip_unless("nft", &["-f", "-"], "")
}

#[test]
fn rules_of_nftables_say_who_answers() {
    use Family::{V4, V6};
    use Transport::{Tcp, Udp};
    netstat_lab::on_own_thread(|router| {
        if !has_nft() {
            return;
        }
        let network = Network::new(router);
        let check = |rules: &str, cases: &[(u16, &[&str])]| network.check(&network.nft(rules), cases);
        let behind: &[&str] = &["behind 80"];
        // Both families, both protocols, whatever INPUT says.
        let both = [
            input(""),
            nat("ip", &pre("tcp dport 8080 dnat to 172.17.0.2:80; udp dport 5300 dnat to 172.17.0.2:53;")),
            nat("ip6", &pre("tcp dport 8080 dnat to [fd00:2::2]:80; udp dport 5300 dnat to [fd00:2::2]:53;")),
        ];
        let rules = network.nft(&both.concat());
        let dns: &[&str] = &["behind 53"];
        let none: &[&str] = &[];
        network.check_all(
            &rules,
            &[
                (Tcp, V4, 8080, behind),
                (Tcp, V6, 8080, behind),
                (Udp, V4, 5300, dns),
                (Udp, V6, 5300, dns),
                (Udp, V4, 8080, none),
                (Tcp, V6, 7000, none),
            ],
        );
        // A redirected packet passes INPUT with its new port.
        check(
            &[input("7000"), nat("inet", &pre("tcp dport 8081 redirect to :7000"))].concat(),
            &[(8081, &["here 7000"]), (7000, &["here 7000"]), (8080, none)],
        );
        check(
            &[input("8081"), nat("ip", &pre("tcp dport 8081 redirect to :7000"))].concat(),
            &[(8081, none)],
        );
        // FORWARD has its own rules, on the new port, the old one, or the fact of translation.
        let forward = |rule: &str| {
            let dnat = "ip protocol tcp ip daddr 198.51.100.10 tcp dport 8080 counter dnat to 172.17.0.2:80";
            let chain = "chain forward { type filter hook forward priority 0; policy drop; ct state established accept;";
            [nat("ip", &format!("{}\n{chain} {rule} }}", pre(dnat))), input("")].concat()
        };
        for (rule, right) in [
            ("", none),
            ("ct status dnat accept;", behind),
            ("tcp dport 8080 accept;", none),
            ("tcp dport 80 accept;", behind),
            ("meta l4proto tcp ct original proto-dst 8080 accept;", behind),
            ("ct original ip daddr 198.51.100.10 oifname \"v0\" iifname \"e0\" accept;", behind),
            ("oifname \"e0\" accept;", none),
            ("fib daddr type local accept;", none),
            ("ip daddr != 172.17.0.0/24 accept;", none),
        ] {
            check(&forward(rule), &[(8080, right)]);
        }
        // Maps, ranges of ports, chance, jumps, sets, concatenations, negations.
        let second: &[&str] = &["behind 81"];
        let either: &[&str] = &["behind 80", "behind 81"];
        for (rules, right) in [
            ("tcp dport 8080 dnat to 172.17.0.2:80-81", either),
            (
                "dnat ip addr . port to tcp dport map { 8080 : 172.17.0.2 . 81, 8081 : 172.17.0.2 . 80 }",
                second,
            ),
            (
                "iifname != \"v0\" fib daddr type local ip daddr . tcp dport { 198.51.100.10 . 8080 } dnat to 172.17.0.2:80",
                behind,
            ),
            ("iifname \"v0\" tcp dport 8080 dnat to 172.17.0.2:80", none),
            ("tcp dport != { 22, 443 } counter dnat to 172.17.0.2:80", behind),
            ("tcp dport 8000-8100 meta mark set 7 meta mark 7 dnat to 172.17.0.2:81", second),
            ("tcp dport 8080 return; meta l4proto tcp dnat to 172.17.0.2:80", none),
            ("ip daddr 127.0.0.1 tcp dport 8080 dnat to 172.17.0.2:80", none),
        ] {
            // What is not translated for some interface is dropped.
            check(&[input(""), nat("ip", &pre(rules))].concat(), &[(8080, right)]);
        }
        let balanced = "chain a { meta l4proto tcp dnat to 172.17.0.2:80; }\nchain b { meta l4proto tcp dnat to 172.17.0.2:81; }\n\
             chain service { numgen random mod 2 vmap { 0 : goto a, 1 : goto b }; }\n\
             map services { type inet_proto . inet_service : verdict; elements = { tcp . 8080 : goto service } }\n";
        let jump = pre("fib daddr type local meta l4proto . th dport vmap @services");
        check(&[input(""), nat("ip", &[balanced, &jump].concat())].concat(), &[(8080, either)]);
        // The order of chains, and what they see.
        let filter = |priority: i32, rule: &str| {
            let chain = format!("chain x {{ type filter hook prerouting priority {priority}; {rule}; }}");
            let table = nat("ip", &format!("{chain}\n{}", pre("tcp dport 8080 dnat to 172.17.0.2:80")));
            [input("8080"), table].concat()
        };
        check(&filter(-50, "tcp dport 80 drop"), &[(8080, none)]);
        check(&filter(-150, "tcp dport 80 drop"), &[(8080, behind)]);
        check(&filter(-150, "tcp dport 8080 drop"), &[(8080, none)]);
        let late = "chain late { type nat hook prerouting priority -90; tcp dport 8080 redirect to :7000; }";
        let two = nat("ip", &format!("{late}\n{}", pre("tcp dport 8080 dnat to 172.17.0.2:80")));
        check(&[input("7000"), two].concat(), &[(8080, behind)]);
        // Among chains of the same priority the newest comes first.
        let other = "chain a { type nat hook prerouting priority -100; tcp dport 8080 redirect to :7000; }";
        let own = pre("tcp dport 8080 dnat to 172.17.0.2:80");
        check(&[input("7000"), nat("ip", &format!("{other}\n{own}"))].concat(), &[(8080, behind)]);
        let here: &[&str] = &["here 7000"];
        check(&[input("7000"), nat("ip", &format!("{own}\n{other}"))].concat(), &[(8080, here)]);
        // A chain that translates sources sees what has another destination.
        let redirect = pre("tcp dport 8081 redirect to :7000");
        let late = "chain in { type nat hook input priority 100; tcp dport 7000 drop; }";
        check(&nat("ip", &format!("{redirect}\n{late}")), &[(8081, none), (8080, &["here 8080"])]);
        // Before connections are tracked none is new.
        let raw = |state: &str| {
            let rule = format!("tcp dport 8080 ct state {state} drop;");
            nat("ip", &format!("chain raw {{ type filter hook prerouting priority -300; {rule} }}"))
        };
        check(&raw("new"), &[(8080, &["here 8080"])]);
        check(&raw("invalid"), &[(8080, none)]);
        // What is not tracked is not translated. All packets of both ways are exempt.
        let raw = "chain raw { type filter hook prerouting priority -300; tcp dport 8080 notrack; }\n\
             chain out { type filter hook output priority -300; tcp sport 8080 notrack; }\n";
        let table = nat("ip", &[raw, &pre("tcp dport 8080 dnat to 172.17.0.2:80")].concat());
        check(&table, &[(8080, &["here 8080"])]);
        // An interface that hands packets over.
        let ingress = |device: &str| {
            let chain = format!(
                "chain i {{ type filter hook ingress device {device} priority 0; tcp dport 8080 drop; }}\n"
            );
            let dnat = nat("ip", &pre("iifname e0 tcp dport 8080 dnat to 172.17.0.2:80"));
            [format!("table netdev i {{ {chain} }}\n"), dnat, input("")].concat()
        };
        check(&ingress("e0"), &[(8080, none)]);
        check(&ingress("v0"), &[(8080, behind)]);
        // Addresses that lead nowhere, to the loopback, and back here.
        let to = |address: &str| {
            [input(""), nat("ip", &pre(&format!("tcp dport 8080 dnat to {address}")))].concat()
        };
        check(&to("203.0.113.1:80"), &[(8080, none)]);
        check(&to("172.17.0.1:7000"), &[(8080, none)]);
        let open = |address: &str| {
            [input("7000"), nat("ip", &pre(&format!("tcp dport 8080 dnat to {address}")))].concat()
        };
        check(&open("172.17.0.1:7000"), &[(8080, &["here 7000"])]);
        check(&open("127.0.0.1:7000"), &[(8080, none)]);
        let six = [input("7000"), nat("ip6", &pre("tcp dport 8080 dnat to [::1]:7000"))].concat();
        network.check_all(&network.nft(&six), &[(Tcp, V6, 8080, none)]);
        router.set_sysctl("net/ipv4/conf/e0/route_localnet", "1").unwrap();
        check(&open("127.0.0.1:7000"), &[(8080, &["here 7000"])]);
        router.set_sysctl("net/ipv4/conf/all/forwarding", "0").unwrap();
        check(&to("172.17.0.2:80"), &[(8080, none)]);
        router.set_sysctl("net/ipv6/conf/all/forwarding", "0").unwrap();
        let rules =
            network.nft(&[input(""), nat("ip6", &pre("tcp dport 8080 dnat to [fd00:2::2]:80"))].concat());
        network.check_all(&rules, &[(Tcp, V6, 8080, none)]);
    });
}

#[test]
fn rules_of_iptables_say_who_answers() {
    use Family::{V4, V6};
    use Transport::Tcp;
    // The rules of Docker, and others, for both programs.
    let docker = "*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n\
         -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n\
         -A DOCKER -i v0 -j RETURN\n\
         -A DOCKER ! -i v0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n\
         -A DOCKER -d 127.0.0.1/32 ! -i v0 -p tcp -m tcp --dport 8083 -j DNAT --to-destination 172.17.0.2:80\n\
         -A DOCKER -d 198.51.100.10/32 -p tcp -m multiport --dports 8084,9000:9010 -j DNAT --to-destination 172.17.0.2:81\n\
         -A DOCKER -p tcp -m tcp --dport 8090:8091 -j DNAT --to-destination 172.17.0.2:80-81/8090\n\
         -A DOCKER -p tcp -m tcp --dport 8085 -j REDIRECT --to-ports 7000\n\
         -A DOCKER -p tcp -m tcp --dport 8086 -j MARK --set-xmark 0x8000/0x8000\n\
         -A DOCKER -p tcp -m tcp --dport 8086 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n\
         *filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OWN - [0:0]\n\
         -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 7000 -j ACCEPT\n\
         -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
         -A FORWARD -m mark --mark 0x8000/0x8000 -j DROP\n\
         -A FORWARD -m conntrack --ctorigdstport 9005 -j DROP\n\
         -A FORWARD ! -i v0 -o v0 -j OWN\n\
         -A OWN -d 172.17.0.2/32 -p tcp -m tcp --dport 80:81 --tcp-flags FIN,SYN,RST,ACK SYN -m comment --comment own -j ACCEPT\nCOMMIT\n";
    let six = "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to-destination [fd00:2::2]:80\n\
         -A PREROUTING -p tcp -m tcp --dport 8085 -j REDIRECT --to-ports 7000\nCOMMIT\n";
    for (program, program_six) in [
        ("iptables-nft-restore", "ip6tables-nft-restore"),
        ("iptables-legacy-restore", "ip6tables-legacy-restore"),
    ] {
        netstat_lab::on_own_thread(|router| {
            let network = Network::new(router);
            if !skip_unless(program, &[], docker) || !skip_unless(program_six, &[], six) {
                return;
            }
            let none: &[&str] = &[];
            network.check(
                program,
                &[
                    (8080, &["behind 80"]),
                    (8083, none),
                    (8084, &["behind 81"]),
                    (9004, &["behind 81"]),
                    (9005, none),
                    (9011, none),
                    (8090, &["behind 80"]),
                    (8091, &["behind 81"]),
                    (8085, &["here 7000"]),
                    // The mark is set before this rule of another chain sees it. What is dropped is not there.
                    (8086, none),
                    (7000, &["here 7000"]),
                ],
            );
            let (web, own): (&[&str], &[&str]) = (&["behind 80"], &["here 7000"]);
            network
                .check_all(program_six, &[(Tcp, V6, 8080, web), (Tcp, V6, 8085, own), (Tcp, V4, 22, none)]);
        });
    }
}

#[test]
fn what_the_rules_leave_open_may_be_either() {
    netstat_lab::on_own_thread(|router| {
        if !has_nft() {
            return;
        }
        let network = Network::new(router);
        let judged = |rules: &str| {
            network.nft(rules);
            network.judged(Transport::Tcp, Family::V4, 8080)
        };
        let both = ["behind 80", "here 8080"];
        assert_eq!(
            judged(&nat("ip", &pre("ip saddr 10.0.0.0/8 tcp dport 8080 dnat to 172.17.0.2:80"))),
            both
        );
        assert_eq!(
            judged(&nat("ip", &pre("limit rate 5/minute tcp dport 8080 dnat to 172.17.0.2:80"))),
            both
        );
        assert_eq!(judged(&nat("ip", &pre("iifname e0 tcp dport 8080 dnat to 172.17.0.2:80"))), both);
        // A transparent socket gets it, if there is one, which the rules do not tell.
        let proxy = "table ip t { chain p { type filter hook prerouting priority mangle; tcp dport 8080 tproxy to :7000 meta mark set 1 accept; }\n}\n";
        assert_eq!(judged(proxy), ["here 7000", "here 8080"]);
        assert_eq!(judged(&[proxy, &input("7000")].concat()), Vec::<String>::new());
        assert_eq!(judged(&[proxy, &input("8080")].concat()), ["here 7000", "here 8080"]);
        let answer = || network.answer(Transport::Tcp, Family::V4, 8080, PATIENCE);
        assert_eq!(answer().as_deref(), Some("here 8080"));
        let transparent = TcpListener::bind("0.0.0.0:7001").unwrap();
        netstat_lab::make_transparent(&transparent).unwrap();
        std::thread::spawn(move || {
            for stream in transparent.incoming() {
                let _ = stream.unwrap().write_all(b"here 7001");
            }
        });
        assert_eq!(judged(&proxy.replace("7000", "7001")), ["here 7001", "here 8080"]);
        assert_eq!(answer().as_deref(), Some("here 7001"));
        // In a table of both families, a translation of one does nothing to the other.
        let six = |rules: &str| {
            network.nft(rules);
            network.judged(Transport::Tcp, Family::V6, 8080)
        };
        let untouched = six(&nat("ip", &pre("tcp dport 1 dnat to 172.17.0.2:80")));
        let of_one = nat("inet", &pre("tcp dport 8080 dnat ip to 172.17.0.2:80"));
        assert_eq!(six(&of_one), untouched);
        assert_eq!(judged(&of_one), ["behind 80"]);
        // A rule that changes the packet without a connection.
        let stateless = "table ip t { chain p { type filter hook prerouting priority raw; tcp dport 8080 tcp dport set 7000 ip daddr set 172.17.0.2; }\n}\n";
        assert_eq!(judged(stateless), ["behind 7000"]);
    });
}
