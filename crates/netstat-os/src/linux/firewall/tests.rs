use super::rules::{Engine, Expression, NftKey, Rule, Verdict};
use super::*;
use crate::linux::fake::Fake;
use crate::linux::live::Live;
use crate::linux::wire::tests::{Script, done, message};
use Passage::{Closed, Depends, Open};
use netstat_model::{Family, Judgement, Passage, Transport};
use proptest::prelude::*;
use std::io::Write;
use std::process::{Command, Stdio};

pub(super) fn tcp(port: u16) -> Inbound {
    let (protocol, family) = (Transport::Tcp, Family::V4);
    Inbound { protocol, family, address: None, port, program: None, services: None }
}

pub(super) fn udp(port: u16) -> Inbound {
    Inbound { protocol: Transport::Udp, ..tcp(port) }
}

pub(super) fn v6(inbound: Inbound) -> Inbound {
    Inbound { family: Family::V6, ..inbound }
}

/// Runs a program with this input and returns whether it succeeded; `None` if it is not installed.
fn feed(program: &str, words: &[&str], input: &str) -> Option<bool> {
    let mut command = Command::new(program);
    let child = command.args(words).stdin(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let mut child = child.ok()?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Some(child.wait().unwrap().success())
}

/// Feeds a program, and counts the test as skipped where it is missing or cannot load the rules.
pub(super) fn skip_unless(program: &str, words: &[&str], input: &str) -> bool {
    let taken = feed(program, words, input);
    if taken != Some(true) {
        netstat_lab::skip(format_args!("{program} {taken:?}"));
    }
    taken == Some(true)
}

/// Loads the rules with `nft`, and judges the packets by them.
fn passages(rules: &str, asked: &[Inbound]) -> Option<Vec<(Passage, Vec<String>)>> {
    netstat_lab::on_own_thread(|_| {
        let Some(taken) = feed("nft", &["-f", "-"], rules) else {
            netstat_lab::skip("nft is missing; install nftables");
            return None;
        };
        assert!(taken, "nft rejects\n{rules}");
        let firewall = firewall(&Live, asked);
        assert_eq!(
            firewall.unread.iter().filter(|unread| unread.of == "nftables").count(),
            0,
            "{firewall:?}"
        );
        let answers = firewall.judgements.into_iter().map(Option::unwrap);
        Some(answers.map(|judgement| (judgement.passage, judgement.by)).collect())
    })?
}

/// Puts the rules into an input chain, and compares what becomes of each packet.
fn check(policy: &str, rules: &str, cases: &[(Inbound, Passage)]) {
    let text = format!(
        "table inet f {{\n\
         set open {{ type inet_service; flags interval; elements = {{ 80, 8000-8100 }} }}\n\
         set bad {{ type ipv4_addr; elements = {{ 192.0.2.1 }}\n}}\n\
         chain web {{ tcp dport 443 accept; tcp dport 444 return; tcp dport 445 drop; }}\n\
         chain end {{ tcp dport 1000 accept; }}\n\
         chain input {{ type filter hook input priority 0; policy {policy};\n{rules}\n}}\n}}\n"
    );
    let asked: Vec<Inbound> = cases.iter().map(|(inbound, _)| inbound.clone()).collect();
    let Some(found) = passages(&text, &asked) else { return };
    for ((inbound, expected), (passage, by)) in cases.iter().zip(found) {
        assert_eq!(passage, *expected, "{inbound:?} under {policy}: {rules}");
        assert_eq!(by, ["nftables inet f input"]);
    }
}

#[test]
fn a_port_is_open_closed_or_depends() {
    check(
        "drop",
        "tcp dport 22 accept",
        &[(tcp(22), Open), (tcp(23), Closed), (udp(22), Closed), (v6(tcp(22)), Open)],
    );
    check("accept", "tcp dport 23 drop", &[(tcp(22), Open), (tcp(23), Closed), (udp(23), Open)]);
    check("accept", "tcp dport 23 reject", &[(tcp(23), Closed), (tcp(22), Open)]);
    check("drop", "tcp dport { 80, 443 } accept", &[(tcp(80), Open), (tcp(443), Open), (tcp(81), Closed)]);
    check("drop", "tcp dport 1000-2000 accept", &[(tcp(1000), Open), (tcp(2000), Open), (tcp(2001), Closed)]);
    check("drop", "tcp dport != 22 accept", &[(tcp(22), Closed), (tcp(23), Open)]);
    check("drop", "tcp dport >= 1024 accept", &[(tcp(1023), Closed), (tcp(1024), Open)]);
    check(
        "drop",
        "tcp dport @open accept",
        &[(tcp(80), Open), (tcp(8050), Open), (tcp(8101), Closed), (tcp(79), Closed)],
    );
    check("drop", "tcp dport != @open accept", &[(tcp(80), Closed), (tcp(81), Open)]);
    check("drop", "meta l4proto udp accept", &[(udp(5), Open), (tcp(5), Closed)]);
    check("drop", "meta nfproto ipv6 tcp dport 22 accept", &[(tcp(22), Closed), (v6(tcp(22)), Open)]);
    check(
        "drop",
        "meta l4proto . th dport { tcp . 22, udp . 53 } accept",
        &[(tcp(22), Open), (udp(53), Open), (udp(22), Closed)],
    );
}

#[test]
fn rules_for_other_than_new_remote_connections_open_nothing() {
    let usual = "ct state established,related accept\nct state invalid drop\niif lo accept\niifname \"lo\" accept\n\
                 meta l4proto icmp accept\ntcp dport 22 ct state new counter log accept";
    check("drop", usual, &[(tcp(22), Open), (tcp(3306), Closed), (udp(22), Closed)]);
    check("drop", "iifname != \"lo\" tcp dport 5 accept", &[(tcp(5), Open), (tcp(6), Closed)]);
    check(
        "drop",
        "ct state vmap { established : accept, related : accept, invalid : drop }\ntcp dport 22 accept",
        &[(tcp(22), Open), (tcp(5), Closed)],
    );
    check("accept", "tcp flags & (fin|syn|rst|ack) != syn ct state new drop", &[(tcp(22), Open)]);
    check("accept", "tcp flags & (fin|syn) == (fin|syn) drop", &[(tcp(22), Open)]);
}

#[test]
fn rules_about_the_sender_give_depends() {
    check("drop", "ip saddr 10.0.0.0/8 tcp dport 5432 accept", &[(tcp(5432), Depends), (tcp(5433), Closed)]);
    check("accept", "ip saddr @bad drop", &[(tcp(22), Depends)]);
    check("drop", "iifname \"eth0\" tcp dport 22 accept", &[(tcp(22), Depends), (tcp(23), Closed)]);
    check("drop", "tcp dport 22 limit rate 5/minute accept", &[(tcp(22), Depends)]);
    check("drop", "ip saddr 10.0.0.0/8 accept\ntcp dport 22 accept", &[(tcp(22), Open), (tcp(23), Depends)]);
    check("accept", "fib saddr . iif oif missing drop", &[(tcp(22), Depends)]);
}

#[test]
fn jump_returns_and_goto_does_not() {
    let cases =
        [(tcp(443), Open), (tcp(444), Closed), (tcp(445), Closed), (tcp(446), Closed), (tcp(1000), Open)];
    check("drop", "jump web\ntcp dport 1000 accept", &cases);
    check(
        "accept",
        "jump web\ntcp dport 446 drop",
        &[(tcp(443), Open), (tcp(444), Open), (tcp(445), Closed), (tcp(446), Closed)],
    );
    check("drop", "goto end\ntcp dport 22 accept", &[(tcp(1000), Open), (tcp(22), Closed)]);
    check(
        "drop",
        "tcp dport vmap { 443 : jump web, 22 : accept, 23 : drop }",
        &[(tcp(443), Open), (tcp(22), Open), (tcp(23), Closed), (tcp(24), Closed)],
    );
    check("accept", "ip saddr 10.0.0.0/8 jump web", &[(tcp(445), Depends), (tcp(443), Open)]);
}

#[test]
fn a_packet_must_pass_every_chain() {
    let rules = "table ip a { chain in { type filter hook input priority 0; policy drop; tcp dport { 22, 80 } accept; }\n}\n\
                 table inet b { chain raw { type filter hook prerouting priority -300; policy accept; tcp dport 80 drop; }\n}\n\
                 table ip6 c { chain in { type filter hook input priority 0; policy drop; }\n}\n\
                 table inet d { chain out { type filter hook output priority 0; policy drop; }\n}\n\
                 table ip e { chain nat { type nat hook prerouting priority -100; policy accept; tcp dport 22 redirect to :23; }\n}\n";
    let Some(found) = passages(rules, &[tcp(22), tcp(80), tcp(5), v6(tcp(22))]) else { return };
    let by: Vec<(Passage, Vec<&str>)> =
        found.iter().map(|(passage, by)| (*passage, by.iter().map(String::as_str).collect())).collect();
    assert_eq!(
        by,
        [
            // All of it goes to port 23.
            (Closed, vec![]),
            (Closed, vec!["nftables inet b raw"]),
            (Closed, vec!["nftables ip a in"]),
            (Closed, vec!["nftables ip6 c in"]),
        ]
    );
}

#[test]
fn a_dormant_table_is_ignored() {
    let rules = "table inet a { flags dormant; chain in { type filter hook input priority 0; policy drop; }\n}\n\
                 table inet b { chain in { type filter hook input priority 0; policy accept; tcp dport 23 drop; }\n}\n";
    let Some(found) = passages(rules, &[tcp(22), tcp(23)]) else { return };
    let by = || vec!["nftables inet b in".to_owned()];
    assert_eq!(found, [(Open, by()), (Closed, by())]);
}

#[test]
fn untracked_connections_have_their_own_state() {
    let rules = "table inet r { chain pre { type filter hook prerouting priority raw; tcp dport 80 notrack; \
                 ip saddr 10.0.0.0/8 tcp dport 81 notrack; }\n\
                 chain late { type filter hook prerouting priority filter; tcp dport 83 notrack; }\n}\n\
                 table inet f { chain in { type filter hook input priority 0; policy drop; ct state untracked accept; \
                 ct state new tcp dport 82 accept; }\n}\n";
    let asked = [tcp(80), tcp(81), tcp(82), tcp(83)];
    let Some(found) = passages(rules, &asked) else { return };
    assert_eq!(
        found.into_iter().map(|(passage, _)| passage).collect::<Vec<_>>(),
        [Open, Depends, Open, Closed]
    );
}

#[test]
fn an_ingress_chain_can_only_give_depends() {
    let chain = |family: &str, name: &str| {
        format!(
            "table {family} {name} {{ chain i {{ type filter hook ingress device lo priority 0; tcp dport 23 drop; }}\n}}\n"
        )
    };
    for family in ["netdev", "inet"] {
        let Some(found) = passages(&chain(family, "n"), &[tcp(22), tcp(23)]) else { return };
        let by = || vec![format!("nftables {family} n i")];
        assert_eq!(found, [(Open, by()), (Depends, by())]);
    }
}

#[test]
fn adjacent_ranges_and_catch_all_elements() {
    let ranges = "tcp dport vmap { 0-79 : drop, 80 : accept, 81-65535 : drop }";
    check("accept", ranges, &[(tcp(79), Closed), (tcp(80), Open), (tcp(9000), Closed)]);
    check("drop", "tcp dport { 0-65535 } counter accept", &[(tcp(22), Open), (udp(22), Closed)]);
    let all_else = "tcp dport vmap { 80-90 : accept, * : drop }";
    check("accept", all_else, &[(tcp(85), Open), (tcp(22), Closed), (tcp(9000), Closed)]);
}

#[test]
fn iptables_state_bits_differ_from_nftables() {
    let found = netstat_lab::on_own_thread(|_| {
        let rules = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 80 -j CT --notrack\nCOMMIT\n\
                     *filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n\
                     -A INPUT -m conntrack --ctstate DNAT -j ACCEPT\n\
                     -A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
        match feed("iptables-nft-restore", &[], rules) {
            Some(true) => {}
            other => {
                netstat_lab::skip(format_args!("iptables-nft-restore {other:?}"));
                return None;
            }
        }
        let judgements = firewall(&Live, &[tcp(80), tcp(22), tcp(23)]).judgements;
        Some(judgements.into_iter().map(|judgement| judgement.unwrap().passage).collect::<Vec<_>>())
    });
    if let Some(Some(found)) = found {
        assert_eq!(found, [Open, Open, Closed]);
    }
}

#[test]
fn rules_of_iptables_nft_are_understood() {
    let found = netstat_lab::on_own_thread(|_| {
        let rules = "*filter\n:INPUT DROP [0:0]\n\
                     -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
                     -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n\
                     -A INPUT -p tcp -m multiport --dports 80,8000:8100 -m comment --comment web -j ACCEPT\n\
                     -A INPUT -p udp -m udp --dport 53 -j REJECT\nCOMMIT\n";
        match feed("iptables-nft-restore", &[], rules) {
            Some(true) => {}
            other => {
                netstat_lab::skip(format_args!("iptables-nft-restore {other:?}"));
                return None;
            }
        }
        let asked = [tcp(22), tcp(80), tcp(8050), tcp(8101), udp(53), udp(80)];
        Some(
            firewall(&Live, &asked)
                .judgements
                .into_iter()
                .map(|judgement| judgement.unwrap().passage)
                .collect::<Vec<_>>(),
        )
    });
    if let Some(Some(found)) = found {
        assert_eq!(found, [Open, Open, Open, Closed, Closed, Closed]);
    }
}

#[test]
fn no_rules_mean_open() {
    let Some(found) = passages("", &[tcp(22)]) else { return };
    assert_eq!(found, [(Open, Vec::new())]);
}

#[test]
fn unreadable_rules_are_reported() {
    // Fake has no nftables; but there are tables of iptables-legacy, which it does not give out.
    let names = "/proc/thread-self/net/ip_tables_names";
    let found = firewall(&Fake::new().file(names, "nat\nfilter\n"), &[tcp(22)]);
    let open = Judgement { passage: Open, by: Vec::new(), diverted: Vec::new() };
    assert_eq!(found.judgements, [Some(open)]);
    let reasons: Vec<&str> = found.unread.iter().map(|unread| unread.reason.as_str()).collect();
    assert!(
        matches!(reasons[..], [nat, filter] if nat.contains(" nat:") && filter.contains(" filter:")),
        "{reasons:?}"
    );
    let source = Fake::new().fails(names, Errno::ACCESS);
    assert_eq!(firewall(&source, &[]).unread[0].of, "iptables-legacy");
    let found = firewall(&Script::new([(vec![], Some(1))]), &[tcp(22)]);
    assert_eq!((found.judgements, found.unread[0].of), (vec![None], "nftables"));
    assert!(found.unread[0].reason.contains("root"));
}

#[test]
fn services_of_ipvs_are_reported() {
    let table = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n";
    let unread = |text: &str| firewall(&Fake::new().file("/proc/thread-self/net/ip_vs", text), &[]).unread;
    assert_eq!(unread(table), []);
    let found = unread(&format!("{table}TCP  C6336450:0050 rr\n  -> 0A000002:0050 Masq 1 0 0\n"));
    assert!(matches!(&found[..], [one] if one.of == "IPVS" && one.reason.contains("(1)")), "{found:?}");
}

#[test]
fn jump_loops_terminate() {
    let chain = |name: &str, hook: bool| {
        let mut list = Vec::new();
        wire::put_attribute(&mut list, 1, b"t\0");
        wire::put_attribute(&mut list, 3, format!("{name}\0").as_bytes());
        if hook {
            let mut inner = Vec::new();
            wire::put_attribute(&mut inner, 1, &1u32.to_be_bytes());
            wire::put_attribute(&mut inner, 2, &0u32.to_be_bytes());
            wire::put_attribute(&mut list, 4, &inner);
        }
        decode::decode_chain(&[nfgenmsg(1), list].concat()).unwrap()
    };
    let rule = |to: &str| Rule {
        chain: NftKey { engine: Engine::Nftables, family: 1, table: "t".into(), name: to.into() },
        number: 1,
        expressions: vec![Expression::Verdict(Verdict::Jump(to.into()))],
    };
    let source = Fake::new();
    let passage = |rules: Vec<Rule>| {
        let ruleset = Ruleset::new(vec![chain("a", true)], rules);
        Firewalled { ruleset: &ruleset, places: &Places::new(&source) }.judge(&tcp(22)).0.passage
    };
    assert_eq!(passage(std::iter::repeat_n(rule("a"), 50).collect()), Depends);
    // A program in user space may decide either way.
    let queue = Rule { expressions: vec![Expression::Verdict(Verdict::Queue)], ..rule("a") };
    assert_eq!(passage(vec![queue]), Depends);
}

/// A chain that the kernel calls.
fn base(engine: Engine, name: &str, number: u32, translates: bool) -> Chain {
    let key = NftKey { engine, family: rules::IPV4, table: "t".into(), name: name.into() };
    let hook = rules::Hook { number, priority: -100, devices: Vec::new() };
    Chain { key, hook: Some(hook), policy_drops: false, translates }
}

fn rule_of(chain: &Chain, expressions: Vec<Expression>) -> Rule {
    Rule { chain: chain.key.clone(), number: 1, expressions }
}

/// Judges TCP port 22 by these rules, and says whether all that may divert were followed.
fn judged(chains: &[&Chain], rules: Vec<Rule>, sets: Vec<(NftKey, Set)>) -> (Judgement, bool) {
    let mut ruleset = Ruleset::new(chains.iter().copied().cloned().collect(), rules);
    sets.into_iter().for_each(|(key, set)| ruleset.add_set(key, set));
    let source = Fake::new();
    Firewalled { ruleset: &ruleset, places: &Places::new(&source) }.judge(&tcp(22))
}

#[test]
fn rules_that_are_not_followed_are_told_of_where_they_may_divert() {
    for (hook, is_whole) in [(rules::PREROUTING, false), (rules::LOCAL_IN, true)] {
        let chain = base(Engine::Nftables, "c", hook, false);
        let again = Expression::Verdict(Verdict::Jump("c".into()));
        for expression in [Expression::Unknown, again] {
            assert_eq!(judged(&[&chain], vec![rule_of(&chain, vec![expression])], vec![]).1, is_whole);
        }
        // Six unknown values out of 64 each are too many ways.
        let key = NftKey { name: "m".into(), ..chain.key.clone() };
        let element =
            |at: u8| rules::Element { key: vec![at; 4], value: Some(vec![0; 4]), ..Default::default() };
        let look =
            Expression::Lookup { of: 8, set: "m".into(), inverted: false, found: rules::Found::Value(9) };
        let map = Set::new((0..64).map(element).collect(), rules::KeyForm::default());
        let rule = rule_of(&chain, [vec![Expression::Compute { into: 8 }], vec![look; 6]].concat());
        let (judgement, whole) = judged(&[&chain], vec![rule], vec![(key, map)]);
        assert_eq!((judgement.passage, whole), (Depends, is_whole));
    }
}

#[test]
fn a_chance_within_a_longer_key_is_not_the_key() {
    let chain = base(Engine::Nftables, "c", rules::LOCAL_IN, false);
    let choice = |of| Expression::Load { into: of, what: rules::Load::Choice { modulus: 2, offset: 0 } };
    let judge = |rest: &[u8]| {
        let element = |at: u32, verdict| rules::Element {
            key: [&at.to_ne_bytes(), rest].concat(),
            verdict: Some(verdict),
            ..Default::default()
        };
        let elements = vec![element(0, Verdict::Accept), element(1, Verdict::Drop)];
        let port = Expression::Load { into: 9, what: rules::Load::Transport(2, 2) };
        let found = rules::Found::Verdict;
        let look = Expression::Lookup { of: 8, set: "m".into(), inverted: false, found };
        let key = NftKey { name: "m".into(), ..chain.key.clone() };
        let drop = Expression::Verdict(Verdict::Drop);
        let rules = vec![rule_of(&chain, vec![choice(8), port, look]), rule_of(&chain, vec![drop])];
        judged(&[&chain], rules, vec![(key, Set::new(elements, rules::KeyForm::default()))]).0.passage
    };
    assert_eq!(judge(&[]), Depends);
    assert_eq!(judge(&[0, 22, 0, 0]), Depends);
}

#[test]
fn of_chains_of_both_programs_with_one_priority_either_may_be_first() {
    let to = |chain: &Chain, port| {
        let (addresses, ports) = (rules::Addresses::OfInterface, rules::Ports::Range(port, port));
        rule_of(chain, vec![Expression::TranslateTo { addresses, ports }])
    };
    let ends = |engine| {
        let (one, two) = (base(Engine::Nftables, "a", 0, true), base(engine, "b", 0, true));
        let (judgement, _) = judged(&[&one, &two], vec![to(&one, 80), to(&two, 81)], vec![]);
        let port = |diversion: &netstat_model::Diversion| match diversion.to {
            Target::Here { ports, .. } | Target::Behind { ports, .. } => ports.0,
        };
        let mut ports: Vec<u16> = judgement.diverted.iter().map(port).collect();
        ports.sort_unstable();
        ports
    };
    assert_eq!(ends(Engine::Legacy), [80, 81]);
    assert_eq!(ends(Engine::Nftables), [81], "the newest is the first");
}

#[test]
fn shifted_ports_begin_anew_after_the_last() {
    let ports = rules::Ports::Shifted { base: 8000, first: 90, last: 99 };
    assert_eq!(ports.of((8003, 8003)), (93, 93));
    assert_eq!(ports.of((8013, 8013)), (93, 93));
    assert_eq!(ports.of((8013, 8016)), (93, 96));
    assert_eq!(ports.of((8008, 8011)), (90, 99));
}

/// Encodes a rule of the chain `a` in the table `t`.
fn encoded_rule(name: &[u8], data: &[u8]) -> Vec<u8> {
    let (mut element, mut list, mut rule) = (Vec::new(), Vec::new(), nfgenmsg(1));
    wire::put_attribute(&mut element, 1, name);
    wire::put_attribute(&mut element, 2, data);
    wire::put_attribute(&mut list, 1, &element);
    wire::put_attribute(&mut rule, 1, b"t\0");
    wire::put_attribute(&mut rule, 2, b"a\0");
    wire::put_attribute(&mut rule, 4, &list);
    rule
}

#[test]
fn a_first_packet_is_not_offloaded() {
    let rule = decode::decode_rule(&encoded_rule(b"flow_offload\0", &[])).unwrap();
    assert_eq!(rule.expressions, [Expression::Never]);
}

#[test]
fn a_set_that_cannot_be_read_is_reported() {
    let mut hook = Vec::new();
    wire::put_attribute(&mut hook, 1, &1u32.to_be_bytes());
    wire::put_attribute(&mut hook, 2, &0u32.to_be_bytes());
    let mut chain = nfgenmsg(1);
    wire::put_attribute(&mut chain, 1, b"t\0");
    wire::put_attribute(&mut chain, 3, b"a\0");
    wire::put_attribute(&mut chain, 4, &hook);
    let mut data = Vec::new();
    wire::put_attribute(&mut data, 1, b"m\0");
    wire::put_attribute(&mut data, 2, &8u32.to_be_bytes());
    wire::put_attribute(&mut data, 3, &0u32.to_be_bytes());
    let script = Script::new(
        [
            (vec![message(NFTABLES | 3, 0, &chain), done()], None),
            (vec![done()], None),
            (vec![message(NFTABLES | 6, 0, &encoded_rule(b"lookup\0", &data)), done()], None),
            (vec![done()], None),
            (vec![], Some(Errno::NOMEM.raw_os_error())),
        ]
        .into_iter()
        .chain(std::iter::repeat_n((vec![done()], None), 20)),
    );
    let found = firewall(&script, &[tcp(22)]);
    assert_eq!(found.judgements[0].as_ref().unwrap().passage, Depends);
    assert!(
        matches!(&found.unread[..], [one] if one.of == "sets of nftables" && one.reason.contains("inet t m")),
        "{found:?}"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes: Vec<u8>) {
        decode::decode_table(&bytes);
        decode::decode_chain(&bytes);
        decode::decode_set(&bytes);
        decode::decode_rule(&bytes);
        decode::decode_elements(&bytes);
        places::decode_all(&bytes);
        tenants::decode_all(&bytes);
    }

    /// Judging terminates for any rules.
    #[test]
    fn arbitrary_rules_are_judged(
        number in 0u32..2,
        first in 0usize..14,
        expressions in proptest::collection::vec(
            proptest::collection::vec((1u16..8, proptest::collection::vec(any::<u8>(), 0..9)), 0..4), 0..6,
        ),
    ) {
        let names: [&[u8]; 14] = [
            b"meta\0", b"cmp\0", b"payload\0", b"bitwise\0", b"lookup\0", b"range\0", b"immediate\0", b"match\0",
            b"ct\0", b"target\0", b"nat\0", b"redir\0", b"tproxy\0", b"fib\0",
        ];
        let mut list = Vec::new();
        for (at, attributes) in expressions.iter().enumerate() {
            let (mut data, mut element) = (Vec::new(), Vec::new());
            attributes.iter().for_each(|(kind, value)| wire::put_attribute(&mut data, *kind, value));
            wire::put_attribute(&mut element, 1, names[(first + at) % names.len()]);
            wire::put_attribute(&mut element, 2, &data);
            wire::put_attribute(&mut list, 1, &element);
        }
        let mut rule = nfgenmsg(1);
        wire::put_attribute(&mut rule, 1, b"t\0");
        wire::put_attribute(&mut rule, 2, b"a\0");
        wire::put_attribute(&mut rule, 4, &list);
        let mut hook = Vec::new();
        wire::put_attribute(&mut hook, 1, &number.to_be_bytes());
        wire::put_attribute(&mut hook, 2, &0u32.to_be_bytes());
        let mut chain = nfgenmsg(1);
        wire::put_attribute(&mut chain, 1, b"t\0");
        wire::put_attribute(&mut chain, 3, b"a\0");
        wire::put_attribute(&mut chain, 4, &hook);
        let script = Script::new([
            (vec![message(NFTABLES | 3, 0, &chain), done()], None),
            (vec![done()], None),
            (vec![message(NFTABLES | 6, 0, &rule), done()], None),
        ].into_iter().chain(std::iter::repeat_n((vec![done()], None), 20)));
        let found = firewall(&script, &[tcp(22), udp(53)]);
        prop_assert_eq!(found.judgements.len(), 2);
    }
}
