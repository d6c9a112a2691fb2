use super::*;
use netstat_engine::text::cells;
use netstat_engine::view::rates::Rate;
use std::time::Duration;

fn counter(total: Option<u64>, grown: Option<u64>) -> Option<Value> {
    Some(Value::Counter { total, rate: grown.and_then(|grown| Rate::of(grown, Duration::from_secs(1))) })
}

fn text(blocks: &[Block], line_end: LineEnd) -> String {
    let mut out = Vec::new();
    render_ethernet(&mut out, blocks, &Labels::ENGLISH, line_end).unwrap();
    String::from_utf8(out).unwrap()
}

fn block(name: Option<&str>) -> Block {
    let rows = vec![
        Row {
            measure: Measure::Bytes,
            received: counter(Some(1_774_347_996), Some(5120)),
            sent: counter(Some(265_623_222), Some(88)),
        },
        Row {
            measure: Measure::Unicast,
            received: counter(Some(670_392), Some(0)),
            sent: counter(None, None),
        },
        Row { measure: Measure::UnknownProtocols, received: counter(None, None), sent: None },
        Row {
            measure: Measure::Packets,
            received: counter(Some(u64::MAX), None),
            sent: counter(Some(1), None),
        },
        Row { measure: Measure::Collisions, received: None, sent: counter(Some(4), None) },
    ];
    Block { name: name.map(Into::into), rows }
}

#[test]
fn unknown_is_a_dash_and_rates_come_last() {
    let expected = "\
Interface Statistics

                           Received            Sent

Bytes                    1774347996       265623222  (+5120/s, +88/s)
Unicast packets              670392               -  (+0/s, -)
Unknown protocols                 -
Packets              18446744073709551615               1
Collisions                                        4
";
    assert_eq!(text(&[block(None)], LineEnd::Lf), expected);
    assert_eq!(text(&[block(None)], LineEnd::CrLf), expected.replace('\n', "\r\n"));
}

#[test]
fn blocks_of_interfaces_have_escaped_names_and_a_blank_line_between() {
    let text = text(&[block(Some("eth0")), block(Some("a\x1b[2Jb"))], LineEnd::Lf);
    assert!(text.starts_with("Interface Statistics for eth0\n\n"), "{text}");
    assert!(text.contains("  4\n\nInterface Statistics for a\\x1b[2Jb\n\n"), "{text}");
    assert!(!text.contains('\x1b') && text.ends_with("  4\n"), "{text}");
}

#[test]
fn every_label_is_as_wide_as_the_others() {
    for measure in [
        Measure::Bytes,
        Measure::Unicast,
        Measure::NonUnicast,
        Measure::Discards,
        Measure::Errors,
        Measure::UnknownProtocols,
        Measure::Packets,
        Measure::Multicast,
        Measure::Missed,
        Measure::NoHandler,
        Measure::Collisions,
    ] {
        for language in [Language::English, Language::Korean] {
            let label = Labels::in_language(language).label(measure);
            assert_eq!(cells(label.as_bytes()), 21, "{measure:?} {language:?}");
        }
    }
}
