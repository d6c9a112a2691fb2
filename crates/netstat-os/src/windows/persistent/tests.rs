use super::super::fake::{Fake, packed, table};
use super::super::interfaces::tests::row;
use super::super::mib_table::FIRST_ROW;
use super::*;
use proptest::prelude::*;
use std::net::Ipv6Addr;

/// The data of a value of the store.
fn settings(metric: u32) -> Vec<u8> {
    let mut data = vec![0xff; 48];
    data[METRIC..][..4].copy_from_slice(&metric.to_le_bytes());
    data
}

/// The name of a value of the store, `luid` in the digits of the registry.
fn v4_name(network: [u8; 4], length: u8, luid: &str, gateway: [u8; 4]) -> String {
    let hex = |bytes: [u8; 4]| bytes.map(|byte| format!("{byte:02x}")).concat();
    format!(
        "00000000{}{length:02x}000000{}{luid}{luid}{}00000000",
        hex(network),
        "0".repeat(24),
        hex(gateway)
    )
}

fn v6_name(network: &str, length: u8, luid: &str, gateway: &str) -> String {
    let hex = |text: &str| {
        let address: Ipv6Addr = text.parse().unwrap();
        address.octets().map(|byte| format!("{byte:02X}")).concat()
    };
    format!(
        "00000000{}{length:02x}000000{}00000000{luid}{luid}{}",
        hex(network),
        "0".repeat(24),
        hex(gateway)
    )
}

/// A machine whose only interface is called Ethernet and has the LUID 9 << 32.
fn machine(text: &[&str], v4: &[(&str, &[u8])], v6: &[(&str, &[u8])]) -> Fake {
    let text: Vec<(&str, &[u8])> = text.iter().map(|&name| (name, &[0, 0][..])).collect();
    Fake::new()
        .says(Question::RegistryValues(TEXT_KEY), packed(&text))
        .says(Question::RegistryValues(V4_KEY), packed(v4))
        .says(Question::RegistryValues(V6_KEY), packed(v6))
        .says(Question::Interfaces, table(FIRST_ROW, &[row(9, "Ethernet", "Card")]))
}

const LUID: &str = "0000000009000000";
const GONE: &str = "0000000007000600";

fn shown(answer: &Answer<Vec<PersistentRoute>>) -> Vec<String> {
    let line = |route: &PersistentRoute| {
        let gateway = route.gateway.map_or_else(|| "-".into(), |gateway| gateway.to_string());
        let interface =
            route.interface.as_ref().map_or("-".into(), |name| name.to_string_lossy().into_owned());
        let metric = route.metric.map_or_else(|| "-".into(), |metric| metric.to_string());
        let Prefix { address, length } = route.destination;
        format!("{address}/{length} {gateway} {interface} {metric}")
    };
    answer.data.iter().map(line).collect()
}

#[test]
fn the_text_of_route_add_is_decoded() {
    let texts = [
        "157.0.0.0,255.0.0.0,157.55.80.1,3",
        "0.0.0.0,0.0.0.0,192.168.1.1,-1",
        "10.1.2.3,255.255.255.255,10.0.0.1,4294967295",
        "10.2.0.0,255.255.0.0,10.0.0.1",
    ];
    let answer = routes(&machine(&texts, &[], &[])).unwrap();
    assert_eq!(answer.warnings, []);
    assert_eq!(
        shown(&answer),
        [
            "157.0.0.0/8 157.55.80.1 - 3",
            "0.0.0.0/0 192.168.1.1 - -",
            "10.1.2.3/32 10.0.0.1 - -",
            "10.2.0.0/16 10.0.0.1 - -",
        ]
    );
    assert!(answer.data.iter().all(|route| route.store == RouteStore::Registry && route.table == TABLE_MAIN));
}

#[test]
fn text_that_is_not_a_route_is_counted() {
    let texts = [
        "",
        "10.0.0.0",
        "10.0.0.0,255.0.255.0,10.0.0.1,1",
        "10.0.0.0,255.0.0.0,10.0.0.1,1,1",
        "10.0.0.0,255.0.0.0,10.0.0.1,x",
        "::,::,::,1",
        "10.0.0.0,255.0.0.0,10.0.0.1,-2",
    ];
    let answer = routes(&machine(&texts, &[], &[])).unwrap();
    assert_eq!(answer.data, []);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: WHAT, count: 7 }]);
}

#[test]
fn the_store_of_the_network_stack_is_decoded() {
    let gateway = v4_name([0, 0, 0, 0], 0, LUID, [192, 168, 1, 1]);
    let known = v4_name([157, 0, 0, 0], 8, GONE, [157, 55, 80, 1]);
    let (six, away) = (v6_name("2001:db8::", 32, LUID, "fe80::1"), v6_name("2001:db8:1::", 48, GONE, "::"));
    let (none, five) = (settings(NO_METRIC), settings(5));
    let fake = machine(
        &["157.0.0.0,255.0.0.0,157.55.80.1,3"],
        &[(&gateway, &none), (&known, &none)],
        &[(&six, &five), (&away, &none)],
    );
    let answer = routes(&fake).unwrap();
    assert_eq!(answer.warnings, []);
    assert_eq!(
        shown(&answer),
        [
            "157.0.0.0/8 157.55.80.1 - 3",
            "0.0.0.0/0 192.168.1.1 Ethernet -",
            "2001:db8::/32 fe80::1 Ethernet 5",
            "2001:db8:1::/48 - - -",
        ]
    );
}

#[test]
fn a_malformed_value_of_the_store_is_counted() {
    let good = v6_name("2001:db8::", 32, LUID, "::");
    let long = v6_name("2001:db8::", 129, LUID, "::");
    let (odd_digit, data) = (good.replace('D', "g"), settings(1));
    let six: Vec<(&str, &[u8])> =
        vec![(&good[2..], &data), (&long, &data), (&odd_digit, &data), (&good, &data[..METRIC + 3])];
    let answer = routes(&machine(&[], &[], &six)).unwrap();
    assert_eq!(answer.data, []);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: WHAT, count: 4 }]);
}

#[test]
fn a_missing_key_has_no_routes_and_a_refused_one_is_reported() {
    let not_there = |fake: Fake| {
        [TEXT_KEY, V4_KEY, V6_KEY]
            .into_iter()
            .fold(fake, |fake, key| fake.fails(Question::RegistryValues(key), 2))
    };
    assert_eq!(routes(&not_there(Fake::new())).unwrap(), Answer::whole(Vec::new()));
    let refused = |key| routes(&not_there(Fake::new()).fails(Question::RegistryValues(key), 5));
    assert!(refused(TEXT_KEY).unwrap_err().to_string().starts_with("cannot list the routes: "));
    // A refused undocumented key must not hide the other routes.
    let answer = refused(V6_KEY).unwrap();
    assert_eq!((answer.data.len(), answer.warnings.len()), (0, 1));
    assert!(
        answer.warnings[0].to_string().starts_with("whether there are more persistent routes is unknown: ")
    );
}

#[test]
fn cut_off_values_are_counted_once() {
    let whole = packed(&[("10.0.0.0,255.0.0.0,10.0.0.1,1", b"x"), ("name", b"data")]);
    let mut names = Vec::new();
    let odd = decode_values(&whole.bytes()[..whole.bytes().len() - 1], |value| {
        names.push(value.name.clone());
        true
    });
    assert_eq!((names.len(), odd), (1, 1));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode_all(&bytes);
    }
}
