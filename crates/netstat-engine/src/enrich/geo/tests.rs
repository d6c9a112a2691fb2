use super::*;
use proptest::prelude::*;
use std::net::Ipv4Addr;

fn at(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn code(geo: &Geo, address: &str) -> Option<String> {
    geo.country(at(address)).map(|country| country.to_string())
}

#[test]
fn the_built_in_table_has_public_addresses_only() {
    let geo = Geo::built_in();
    for (address, country) in [
        ("8.8.8.8", "US"),
        ("168.126.63.1", "KR"),
        ("::ffff:168.126.63.1", "KR"),
        ("193.0.6.139", "NL"),
        ("200.3.14.10", "UY"),
        ("2001:4860:4860::8888", "US"),
        ("2001:200::1", "JP"),
        // NAT64 and 6to4 addresses count as the IPv4 address in them.
        ("64:ff9b::168.126.63.1", "KR"),
        ("2002:a87e:3f01::1", "KR"),
    ] {
        assert_eq!(code(&geo, address).as_deref(), Some(country), "{address}");
    }
    for nowhere in [
        "0.0.0.0",
        "10.1.2.3",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "64:ff9b::10.0.0.1",
        "2002:0a00:0001::1",
    ] {
        assert_eq!(code(&geo, nowhere), None, "{nowhere}");
    }
    assert!(!geo.has_networks());
    assert_eq!(geo.network(at("8.8.8.8")), None);
}

#[test]
fn a_country_code_has_two_letters() {
    assert_eq!(Country::new("kr").map(|country| country.to_string()).as_deref(), Some("KR"));
    for odd in ["", "K", "KOR", "K1", "é", "K "] {
        assert_eq!(Country::new(odd), None, "{odd}");
    }
}

/// Makes a table with one block of these runs for IPv4, and none for IPv6.
fn table(runs: &[u8]) -> Vec<u8> {
    let mut bytes = b"geo1\0\0\0\x07\x02KRUS".to_vec();
    for number in [1, runs.len(), 0, 0] {
        bytes.extend(u32::try_from(number).unwrap().to_be_bytes());
    }
    // The block begins at 0.0.0.16, with the first run.
    bytes.extend(16u64.to_be_bytes());
    bytes.extend(0u32.to_be_bytes());
    bytes.extend(runs);
    bytes
}

#[test]
fn a_run_begins_where_the_one_before_ends() {
    // 16 units of KR, 3 * 2 of no country, 300 * 4 of US.
    let bytes = table(&[1, 4, 0, 129, 3, 2, 130, 0xac, 2]);
    let table = CountryTable::new(&bytes).unwrap();
    assert_eq!(table.day(), 7);
    for (address, country) in [
        (15, None),
        (16, Some("KR")),
        (31, Some("KR")),
        (32, None),
        (37, None),
        (38, Some("US")),
        (38 + 1199, Some("US")),
        (38 + 1200, None),
        (u32::MAX, None),
    ] {
        let found = table.country(IpAddr::V4(Ipv4Addr::from_bits(address)));
        assert_eq!(found, country.and_then(Country::new), "{address}");
    }
    assert_eq!(table.country(at("2001:4860::")), None);
}

proptest! {
    #[test]
    fn no_table_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..60), runs: Vec<u8>, v4: u32, v6: u128) {
        for bytes in [&table(&runs), { bytes.splice(0..0, *b"geo1"); &bytes }] {
            if let Some(table) = CountryTable::new(bytes) {
                table.country(IpAddr::V4(Ipv4Addr::from_bits(v4)));
                table.country(IpAddr::V6(std::net::Ipv6Addr::from_bits(v6)));
            }
        }
    }

    #[test]
    fn no_file_is_too_odd(bytes: Vec<u8>) {
        prop_assert!(Geo::built_in().add(bytes).is_err());
    }
}

#[cfg(target_os = "linux")]
mod files {
    use super::*;
    use netstat_lab::{Mmdb, MmdbValue as Value};

    fn with(file: &Mmdb) -> Geo {
        let mut geo = Geo::built_in();
        geo.add(file.bytes()).unwrap();
        geo
    }

    #[test]
    fn countries_in_the_layout_of_each_vendor() {
        let iso = [("iso_code", Value::Text("se"))];
        let registered = [("iso_code", Value::Text("NO"))];
        let file = Mmdb::new()
            .with(at("1.0.0.0"), 24, Value::Map(&[("country", Value::Map(&iso))]))
            .with(at("1.0.1.0"), 24, Value::Map(&[("country_code", Value::Text("FI"))]))
            .with(at("1.0.2.0"), 24, Value::Map(&[("country", Value::Text("DK"))]))
            .with(at("1.0.3.0"), 24, Value::Map(&[("registered_country", Value::Map(&registered))]))
            .with(
                at("1.0.4.0"),
                24,
                Value::Map(&[("country", Value::Text("Sweden")), ("country_code", Value::Text("SE"))]),
            )
            .with(at("2606:4700::"), 32, Value::Map(&[("country_code", Value::Text("IS"))]))
            .with(at("168.126.63.0"), 24, Value::Map(&[("city", Value::Text("Seoul"))]))
            // Entries for private addresses are ignored.
            .with(at("10.0.0.0"), 8, Value::Map(&[("country_code", Value::Text("SE"))]));
        let geo = with(&file);
        for (address, country) in [
            ("1.0.0.1", Some("SE")),
            ("1.0.1.1", Some("FI")),
            ("1.0.2.1", Some("DK")),
            ("1.0.3.1", Some("NO")),
            ("1.0.4.1", Some("SE")),
            ("2606:4700::1", Some("IS")),
            // The built-in table answers for addresses that the file lacks.
            ("168.126.63.1", Some("KR")),
            ("8.8.8.8", Some("US")),
            ("10.0.0.1", None),
        ] {
            assert_eq!(code(&geo, address).as_deref(), country, "{address}");
        }
        assert!(!geo.has_networks());
    }

    #[test]
    fn networks_in_the_layout_of_each_vendor() {
        let maxmind = [
            ("autonomous_system_number", Value::Number(15169)),
            ("autonomous_system_organization", Value::Text("GOOGLE")),
        ];
        let file = Mmdb::new()
            .with(at("1.0.0.0"), 24, Value::Map(&maxmind))
            .with(
                at("1.0.1.0"),
                24,
                Value::Map(&[("asn", Value::Text("AS3786")), ("as_name", Value::Text("LG"))]),
            )
            .with(at("1.0.2.0"), 24, Value::Map(&[("asn", Value::Number(7))]))
            .with(at("1.0.3.0"), 24, Value::Map(&[("organization", Value::Text("Home"))]))
            .with(at("1.0.4.0"), 24, Value::Map(&[("asn", Value::Number(0)), ("as_name", Value::Text(""))]));
        let geo = with(&file);
        assert!(geo.has_networks());
        for (address, network) in [
            ("1.0.0.9", Some("AS15169 GOOGLE")),
            ("1.0.1.9", Some("AS3786 LG")),
            ("1.0.2.9", Some("AS7")),
            ("1.0.3.9", Some("Home")),
            ("1.0.4.9", None),
            ("1.0.5.9", None),
        ] {
            assert_eq!(
                geo.network(at(address)).map(|network| network.to_string()).as_deref(),
                network,
                "{address}"
            );
        }
        assert_eq!(code(&geo, "8.8.8.8").as_deref(), Some("US"), "countries are those of the table");
    }

    #[test]
    fn the_first_file_that_has_an_address_wins() {
        let country = |code| Value::Text(code);
        let first = Mmdb::new().with(at("1.0.0.0"), 24, Value::Map(&[("country_code", country("SE"))]));
        let second = Mmdb::new().with(at("1.0.0.0"), 16, Value::Map(&[("country_code", country("NO"))]));
        let mut geo = with(&first);
        geo.add(second.bytes()).unwrap();
        assert_eq!(code(&geo, "1.0.0.1").as_deref(), Some("SE"));
        assert_eq!(code(&geo, "1.0.9.1").as_deref(), Some("NO"));
    }

    #[test]
    fn a_file_without_countries_and_networks_is_refused() {
        let useless = Mmdb::new().with(at("1.0.0.0"), 24, Value::Map(&[("city", Value::Text("Seoul"))]));
        let error = Geo::built_in().add(useless.bytes()).unwrap_err();
        assert_eq!(error.to_string(), "has neither countries nor networks");
        let error = Geo::built_in().add(b"text".to_vec()).unwrap_err();
        assert!(error.to_string().starts_with("not a valid database in MaxMind's format ("), "{error}");
    }

    proptest! {
        /// A truncated or altered file is refused, or gives some answer.
        #[test]
        fn no_damaged_file_panics(damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut: prop::sample::Index) {
            let maxmind = [
                ("autonomous_system_number", Value::Number(15169)),
                ("country", Value::Map(&[("iso_code", Value::Text("SE"))])),
            ];
            let whole = Mmdb::new().with(at("1.0.0.0"), 24, Value::Map(&maxmind)).with(at("2400::"), 12, Value::Map(&maxmind)).bytes();
            for at_most in [whole.len(), cut.index(whole.len())] {
                let mut file = whole.clone();
                for (index, byte) in &damage {
                    *index.get_mut(&mut file) = *byte;
                }
                file.truncate(at_most);
                let mut geo = Geo::built_in();
                if geo.add(file).is_ok() {
                    for address in ["1.0.0.1", "8.8.8.8", "2400::1"] {
                        geo.country(at(address));
                        geo.network(at(address));
                    }
                }
            }
        }
    }
}
