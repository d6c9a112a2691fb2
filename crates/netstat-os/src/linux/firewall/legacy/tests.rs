use super::*;
use crate::linux::firewall::firewall;
use crate::linux::firewall::tests::{skip_unless, tcp, v6};
use crate::linux::live::Live;
use netstat_model::Passage::{Closed, Depends, Open};
use netstat_model::{Passage, Target};
use proptest::prelude::*;

/// Appends a match or a target.
fn put(into: &mut Vec<u8>, name: &str, revision: u8, data: &[u8]) {
    let size = (XT_HEADER + data.len()).next_multiple_of(8);
    let start = into.len();
    into.extend_from_slice(&u16::try_from(size).unwrap().to_ne_bytes());
    into.extend_from_slice(name.as_bytes());
    into.resize(start + 31, 0);
    into.push(revision);
    into.extend_from_slice(data);
    into.resize(start + size, 0);
}

/// Returns an entry of IPv4 for TCP and a destination network, without or with a match on the port.
fn entry(network: [u8; 4], mask: [u8; 4], port: Option<u16>, target: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; V4.size];
    bytes[4..8].copy_from_slice(&network);
    bytes[12..16].copy_from_slice(&mask);
    if let Some(port) = port {
        bytes[80..82].copy_from_slice(&6u16.to_ne_bytes());
        let mut tcp = [0u16, u16::MAX, port, port].map(u16::to_ne_bytes).concat();
        tcp.extend([0; 4]);
        put(&mut bytes, "tcp", 0, &tcp);
    }
    let target_at = u16::try_from(bytes.len()).unwrap();
    put(&mut bytes, target, 0, data);
    let next = u16::try_from(bytes.len()).unwrap();
    bytes[88..90].copy_from_slice(&target_at.to_ne_bytes());
    bytes[90..92].copy_from_slice(&next.to_ne_bytes());
    bytes
}

#[test]
fn a_table_is_decoded_from_the_structures_of_the_kernel() {
    let standard = |verdict: i32| verdict.to_ne_bytes().to_vec();
    let range =
        [&1u32.to_ne_bytes()[..], &3u32.to_ne_bytes(), &[10, 0, 0, 2, 10, 0, 0, 2], &[0, 80, 0, 80]].concat();
    let any = ([0; 4], [0; 4]);
    let jump_to = |place: usize| standard(i32::try_from(place).unwrap());
    let jump_size = entry(any.0, any.1, None, "", &standard(0)).len();
    let policy = entry(any.0, any.1, None, "", &standard(-1));
    let head = entry(any.0, any.1, None, "ERROR", b"own\0");
    let own = jump_size + policy.len() + head.len();
    let underflow = u32::try_from(jump_size).unwrap();
    let entries = [
        entry([192, 0, 2, 0], [255, 255, 255, 0], None, "", &jump_to(own)),
        policy,
        head,
        entry(any.0, any.1, Some(8080), "DNAT", &range),
        entry(any.0, any.1, None, "", &standard(-5)),
        entry(any.0, any.1, None, "ERROR", b"ERROR\0"),
    ]
    .concat();
    let mut bytes = vec![0; INFO];
    bytes[32..36].copy_from_slice(&1u32.to_ne_bytes());
    bytes[56..60].copy_from_slice(&underflow.to_ne_bytes());
    bytes.extend(&entries);
    let (chains, rules) = decode_table(IPV4, "nat", &bytes).unwrap();
    assert_eq!(
        chains.iter().map(|chain| chain.key.title()).collect::<Vec<_>>(),
        ["iptables-legacy nat PREROUTING"]
    );
    assert_eq!((chains[0].order(), chains[0].policy_drops), ((-100, -100), true));
    let titles: Vec<String> = rules.iter().map(Rule::title).collect();
    assert_eq!(
        titles,
        [
            "iptables-legacy nat PREROUTING rule 1",
            "iptables-legacy nat own rule 1",
            "iptables-legacy nat own rule 2"
        ]
    );
    assert_eq!(rules[0].expressions.last(), Some(&Expression::Verdict(Verdict::Jump("own".into()))));
    assert!(matches!(rules[1].expressions.last(), Some(Expression::TranslateTo { .. })), "{rules:?}");
    assert_eq!(rules[2].expressions, [Expression::Verdict(Verdict::Return)]);
    // An entry that is longer than the table, and a jump to nowhere.
    assert_eq!(decode_table(IPV4, "nat", &bytes[..bytes.len() - 1]), None);
    let place = INFO + jump_size - 8;
    bytes[place..place + 4].copy_from_slice(&7u32.to_ne_bytes());
    assert_eq!(decode_table(IPV4, "nat", &bytes), None);
}

proptest! {
    #[test]
    fn arbitrary_tables_are_decoded_without_panic(info: [u8; 8], size in 0u16..300, mut bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for (family, layout) in [(IPV4, &V4), (IPV6, &V6)] {
            decode_table(family, "nat", &bytes);
            let mut table = vec![0; INFO];
            table[32..40].copy_from_slice(&info);
            // Offsets that may be right let the decoder get further.
            if let Some(place) = bytes.get_mut(layout.target_offset..layout.target_offset + 4) {
                let at = u16::try_from(layout.size).unwrap();
                place.copy_from_slice(&[at.to_ne_bytes(), (at + size).to_ne_bytes()].concat());
            }
            table.extend(&bytes);
            decode_table(family, "nat", &table);
        }
    }
}

/// Loads rules with `iptables-legacy-restore` or its twin; whether they are there.
fn load(program: &str, rules: &str) -> bool {
    skip_unless(program, &[], rules)
}

#[test]
fn rules_of_iptables_legacy_decide_on_packets() {
    netstat_lab::on_own_thread(|_| {
        let filter = "*filter\n:INPUT DROP [0:0]\n:web - [0:0]\n\
                      -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
                      -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -g web\n\
                      -A web -p tcp -m multiport --dports 80,8000:8100 -j ACCEPT\n\
                      -A web -p tcp -m tcp ! --dport 1:1000 -m comment --comment high -j RETURN\n\
                      -A web -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n\
                      *nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 90 -j REDIRECT --to-ports 80\n\
                      -A PREROUTING -p tcp -m tcp --dport 91 -j DNAT --to-destination :22\nCOMMIT\n";
        if !load("iptables-legacy-restore", filter) {
            return;
        }
        let cases = [(22, Open), (80, Open), (8050, Open), (9000, Closed), (443, Depends), (90, Closed)];
        let asked: Vec<_> = cases.iter().map(|(port, _)| tcp(*port)).collect();
        let found = firewall(&Live, &asked);
        assert_eq!(found.unread, []);
        let passages: Vec<Passage> =
            found.judgements.iter().flatten().map(|judgement| judgement.passage).collect();
        assert_eq!(passages, cases.map(|(_, passage)| passage));
        let redirected = found.published.iter().map(|published| {
            let diversion = &published.judgement.diverted[0];
            let Target::Here { ports: (port, _), .. } = diversion.to else { panic!("{published:?}") };
            (published.ports.0, port, diversion.passage, diversion.rule.as_str())
        });
        assert_eq!(
            redirected.collect::<Vec<_>>(),
            [
                (90, 80, Open, "iptables-legacy nat PREROUTING rule 1"),
                (91, 22, Open, "iptables-legacy nat PREROUTING rule 2")
            ]
        );
    });
}

#[test]
fn rules_of_ip6tables_legacy_are_those_of_ipv6_alone() {
    netstat_lab::on_own_thread(|_| {
        let rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -d fd00::/8 -p tcp -m tcp --dport 22 -j ACCEPT\n\
                     -A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n";
        if !load("ip6tables-legacy-restore", rules) {
            return;
        }
        let asked = [v6(tcp(80)), v6(tcp(22)), v6(tcp(23)), tcp(23)];
        let passages: Vec<Passage> = firewall(&Live, &asked)
            .judgements
            .into_iter()
            .map(|judgement| judgement.unwrap().passage)
            .collect();
        assert_eq!(passages, [Open, Depends, Closed, Open]);
    });
}
