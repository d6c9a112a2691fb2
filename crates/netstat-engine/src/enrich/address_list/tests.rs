use super::*;
use proptest::prelude::*;

fn list(text: &str) -> (AddressList, SkippedLines) {
    AddressList::parse(text.as_bytes())
}

fn found(list: &AddressList, address: &str) -> Option<String> {
    list.find(address.parse().unwrap()).map(|entry| format!("{entry} {}", entry.line))
}

#[test]
fn every_supported_format_is_parsed() {
    for (line, inside, entry) in [
        ("1.2.3.4", "1.2.3.4", "1.2.3.4"),
        ("  1.2.3.4\r", "1.2.3.4", "1.2.3.4"),
        ("1.2.3.0/24", "1.2.3.255", "1.2.3.0/24"),
        // Host bits of a network are ignored.
        ("1.2.3.9/24", "1.2.3.0", "1.2.3.0/24"),
        ("2001:db8::/32", "2001:db8:ffff::", "2001:db8::/32"),
        ("::ffff:1.2.3.4", "1.2.3.4", "1.2.3.4"),
        ("1.2.3.4 # scanner", "1.2.3.4", "1.2.3.4"),
        ("1.10.16.0/20 ; SBL256894", "1.10.16.1", "1.10.16.0/20"),
        ("1.2.3.4\tevil.example\t2024-01-01", "1.2.3.4", "1.2.3.4"),
        ("1.2.3.4,443,online", "1.2.3.4", "1.2.3.4"),
        ("\"2021-01-17 07:30:05\",\"1.2.3.4\",\"443\"", "1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:8080", "1.2.3.4", "1.2.3.4"),
        ("[2001:db8::1]:443", "2001:db8::1", "2001:db8::1"),
        ("1.2.3.4-1.2.3.9", "1.2.3.9", "1.2.3.4-1.2.3.9"),
        ("1.2.3.4 - 1.2.3.7 , 000", "1.2.3.7", "1.2.3.4/30"),
        ("2001:db8::1-2001:db8::3", "2001:db8::2", "2001:db8::1-2001:db8::3"),
        ("Some Company: a, b:1.2.3.0-1.2.3.255", "1.2.3.4", "1.2.3.0/24"),
        ("add bad 1.2.3.4 timeout 3600", "1.2.3.4", "1.2.3.4"),
        ("add element inet filter bad { 1.2.3.4, 5.6.7.0/24 }", "5.6.7.8", "5.6.7.0/24"),
        ("elements = { 1.2.3.4,", "1.2.3.4", "1.2.3.4"),
        ("\t\t     1.2.3.4, 1.2.3.5 }", "1.2.3.4", "1.2.3.4"),
        (
            "{\"cidr\":\"1.10.16.0/20\",\"sblid\":\"SBL256894\",\"rir\":\"apnic\"}",
            "1.10.16.9",
            "1.10.16.0/20",
        ),
    ] {
        let (list, skipped) = list(&format!("# a list\n{line}\n"));
        assert_eq!(found(&list, inside), Some(format!("{entry} 2")), "{line}");
        assert_eq!(skipped, SkippedLines::default(), "{line}");
        assert_eq!(found(&list, "9.9.9.9"), None, "{line}");
    }
}

#[test]
fn lines_without_an_address_are_counted_except_frames_and_comments() {
    for line in [
        "",
        "   ",
        "# 1.2.3.4",
        "; 1.2.3.4",
        "// 1.2.3.4",
        "create bad hash:net family inet",
        "table inet filter {",
        "set bad {",
        "type ipv4_addr",
        "}",
        "{\"type\":\"metadata\",\"records\":3}",
    ] {
        let (list, skipped) = list(line);
        assert!(list.is_empty() && skipped == SkippedLines::default(), "{line}: {list:?} {skipped:?}");
    }
    for line in [
        "evil.example",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4/33",
        "1.2.3.4/",
        "1.2.3.4/+8",
        "0.0.0.0/0",
        "::/0",
        "first_seen,dst_ip",
        "1.2.3.9-1.2.3.4",
        "1.2.3.4-::1",
        "<html>",
        "{\"cidr\":5,\"cidr",
        "{\"cidr\":\"x\"}",
        "001.2.3.4",
    ] {
        let (list, skipped) = list(&format!("\n{line}\n"));
        assert!(list.is_empty(), "{line}: {list:?}");
        assert_eq!(skipped, SkippedLines { names: 0, invalid: 1, first_invalid: Some(2) }, "{line}");
    }
    let (hosts, skipped) =
        list("127.0.0.1 localhost\n::1 localhost\n0.0.0.0 evil.example\n:: evil.example\n1.2.3.4 x\n");
    assert_eq!((hosts.len(), skipped.names, skipped.invalid), (1, 4, 0));
    let (_, skipped) = AddressList::parse(b"\xef\xbb\xbf1.2.3.4\n\xff\xfe\n");
    assert_eq!(skipped, SkippedLines { names: 0, invalid: 1, first_invalid: Some(2) });
}

#[test]
fn overlapping_entries_are_cut_apart() {
    let (list, _) = list(
        "10.0.0.0/8\n10.1.0.0/16\n10.255.255.250-11.0.0.5\n11.0.0.5\n11.0.0.3-11.0.0.9\n255.255.255.255\n255.255.255.0/24",
    );
    assert_eq!(list.len(), 4);
    for (address, line) in [
        ("10.1.2.3", Some(1)),
        ("10.255.255.255", Some(1)),
        ("11.0.0.0", Some(3)),
        ("11.0.0.5", Some(3)),
        ("11.0.0.6", Some(5)),
        ("11.0.0.10", None),
        ("255.255.255.255", Some(7)),
        ("9.255.255.255", None),
    ] {
        assert_eq!(list.find(address.parse().unwrap()).map(|entry| entry.line), line, "{address}");
    }
}

#[test]
fn a_list_of_300_000_addresses_is_parsed_whole() {
    let text: String =
        (0..300_000u32).map(|n| format!("{}/31\n", Ipv4Addr::from_bits(0x0100_0000 + n * 4))).collect();
    let (list, skipped) = list(&text);
    assert_eq!((list.len(), skipped), (300_000, SkippedLines::default()));
    assert_eq!(found(&list, "1.0.0.5").as_deref(), Some("1.0.0.4/31 2"));
    assert_eq!(found(&list, "1.0.0.6"), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, address: u32) {
        let (list, _) = AddressList::parse(&bytes);
        list.find(Ipv4Addr::from_bits(address).into());
    }

    #[test]
    fn no_lines_panic(lines in "([0-9a-f.:/,{}\" -]{0,40}\n){0,4}", address: u128) {
        let (list, _) = AddressList::parse(lines.as_bytes());
        list.find(Ipv6Addr::from_bits(address).into()).map(|entry| entry.to_string());
    }

    /// Compares the search with a walk through all entries.
    #[test]
    fn an_address_is_on_the_list_if_it_is_in_an_entry(
        entries in proptest::collection::vec((0..64u32, 27..=32u8), 0..12),
        ranges in proptest::collection::vec((0..64u32, 0..8u32), 0..6),
        wanted in 0..72u32,
    ) {
        let address = |n: u32| Ipv4Addr::from_bits(0x0100_0000 + n);
        let mut text = String::new();
        let mut expected = false;
        for (start, length) in entries {
            text += &format!("{}/{length}\n", address(start));
            expected |= Prefix::containing(address(start).into(), length).unwrap().contains(address(wanted).into());
        }
        for (start, size) in ranges {
            text += &format!("{}-{}\n", address(start), address(start + size));
            expected |= (start..=start + size).contains(&wanted);
        }
        let (list, skipped) = list(&text);
        prop_assert_eq!(skipped, SkippedLines::default());
        let entry = list.find(address(wanted).into());
        prop_assert_eq!(entry.is_some(), expected);
        if let Some(entry) = entry {
            prop_assert!(entry.first <= address(wanted) && entry.last >= IpAddr::from(address(wanted)));
        }
    }
}
