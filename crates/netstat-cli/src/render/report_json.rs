//! Routes, counters and interfaces as JSON, one document for each report.
//!
//! `docs/json.md` describes keys and units. Numbers are numbers, what is unknown is `null`, and counters have their SNMP
//! names. Routes are written one after the other, so that a full Internet table needs no second copy.

use super::header::Header;
use netstat_engine::text::escape::is_unseen;
use netstat_model::{
    Counters, Interface, InterfaceAddress, InterfaceCounters, InterfaceFlags, NextHop, PersistentRoute,
    Prefix, Route, RouteKind, RouteStore, SnapshotInfo, Warning,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::num::NonZeroU32;

/// Writes a document and a line end.
pub fn write_document<W: Write>(document: &impl Serialize, out: &mut W) -> io::Result<()> {
    let mut buffered = io::BufWriter::with_capacity(64 * 1024, out);
    document
        .serialize(&mut serde_json::Serializer::with_formatter(&mut buffered, Plain(CompactFormatter)))?;
    buffered.write_all(b"\n")?;
    buffered.flush()
}

/// Compact JSON that is safe for a terminal: control characters and characters that change the direction of text are
/// escaped. JSON itself demands that of ASCII control characters only.
struct Plain(CompactFormatter);

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut from = 0;
        for (at, character) in fragment.char_indices().filter(|(_, character)| is_unseen(*character)) {
            self.0.write_string_fragment(out, fragment.get(from..at).unwrap_or_default())?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            from = at + character.len_utf8();
        }
        self.0.write_string_fragment(out, fragment.get(from..).unwrap_or_default())
    }
}

/// `-r`.
#[derive(serde::Serialize)]
pub struct RoutesDocument<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    report: &'static str,
    interfaces: List<'a, Interface>,
    routes: List<'a, Route>,
    persistent_routes: List<'a, PersistentRoute>,
    warnings: Vec<String>,
}

impl<'a> RoutesDocument<'a> {
    /// Makes a document of what the system reported.
    pub fn new(
        info: &'a SnapshotInfo,
        interfaces: &'a [Interface],
        routes: &'a [Route],
        persistent: &'a [PersistentRoute],
        warnings: &[Warning],
    ) -> Self {
        Self {
            header: Header::new(info),
            report: "routes",
            interfaces: List(interfaces),
            routes: List(routes),
            persistent_routes: List(persistent),
            warnings: texts(warnings),
        }
    }
}

/// `-s` and `-e`.
#[derive(serde::Serialize)]
pub struct CountersDocument<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    report: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interfaces: Option<List<'a, InterfaceCounters>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<&'a Counters>,
    warnings: Vec<String>,
}

impl<'a> CountersDocument<'a> {
    /// Makes a document of the parts that were asked for.
    pub fn new(
        info: &'a SnapshotInfo,
        interfaces: Option<&'a [InterfaceCounters]>,
        counters: Option<&'a Counters>,
        warnings: &[Warning],
    ) -> Self {
        Self {
            header: Header::new(info),
            report: "statistics",
            interfaces: interfaces.map(List),
            counters,
            warnings: texts(warnings),
        }
    }
}

pub(super) fn texts(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

/// Items as an array of objects.
struct List<'a, T>(&'a [T]);

/// An item of the model as an object with the keys of the documents.
pub(super) struct Object<'a, T>(pub(super) &'a T);

impl<T> Serialize for List<'_, T>
where
    for<'o> Object<'o, T>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Object))
    }
}

/// Says which keys the objects of a type have.
macro_rules! objects {
    ($($type:ident $name:ident { $($key:literal: $value:expr,)* })*) => {
        $(impl Serialize for Object<'_, $type> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $name = self.0;
                let mut map = serializer.serialize_map(None)?;
                $(map.serialize_entry($key, &$value)?;)*
                map.end()
            }
        })*
    };
}

objects! {
    Interface interface {
        "index": interface.index,
        "name": text(&interface.name),
        "description": interface.description.as_deref().map(text),
        "alias": interface.alias.as_deref().map(text),
        "kind": interface.kind.as_deref().map(text),
        "link_type": interface.link_type,
        "hardware_address": interface.hardware_address.as_deref().map(colons),
        "up": interface.flags.contains(InterfaceFlags::UP),
        "running": interface.flags.contains(InterfaceFlags::RUNNING),
        "loopback": interface.flags.contains(InterfaceFlags::LOOPBACK),
        "point_to_point": interface.flags.contains(InterfaceFlags::POINT_TO_POINT),
        "mtu_bytes": interface.mtu,
        "addresses": List(&interface.addresses),
    }
    InterfaceAddress own {
        "address": own.address,
        "prefix_length": own.prefix_length,
        "peer": own.peer,
    }
    InterfaceCounters interface {
        "index": interface.index,
        "name": text(&interface.name),
        "loopback": interface.loopback,
        "statistics": interface.stats,
    }
    Route route {
        "destination": prefix(&route.destination),
        "type": Kind::of(route.kind),
        "table": route.table,
        "metric": route.metric,
        "protocol": route.protocol,
        "tos": route.tos,
        "preferred_source": route.preferred_source,
        "from": route.from.as_deref().map(prefix),
        "expires_seconds": route.expires,
        "next_hops": List(route.next_hops.as_slice()),
    }
    NextHop hop {
        "gateway": hop.gateway,
        "interface": hop.interface.map(NonZeroU32::get),
        "weight": hop.weight,
        "dead": hop.dead,
        "linkdown": hop.linkdown,
        "onlink": hop.onlink,
    }
    PersistentRoute route {
        "destination": prefix(&route.destination),
        "type": Kind::of(route.kind),
        "table": route.table,
        "metric": route.metric,
        "gateway": route.gateway,
        "interface": route.interface.as_deref().map(text),
        "source": source(route.store),
    }
}

/// Replaces what is not text by U+FFFD.
fn text(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn prefix(prefix: &Prefix) -> String {
    format!("{}/{}", prefix.address, prefix.length)
}

fn source(store: RouteStore) -> &'static str {
    match store {
        RouteStore::Networkd => "systemd-networkd",
        RouteStore::NetworkManager => "NetworkManager",
        RouteStore::Ifupdown => "ifupdown",
        RouteStore::Registry => "registry",
    }
}

/// The kind of a route: a word, or the kernel's number if it has none.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Kind {
    Known(&'static str),
    Number(u8),
}

impl Kind {
    fn of(kind: RouteKind) -> Self {
        Self::Known(match kind {
            RouteKind::Unicast => "unicast",
            RouteKind::Local => "local",
            RouteKind::Broadcast => "broadcast",
            RouteKind::Anycast => "anycast",
            RouteKind::Multicast => "multicast",
            RouteKind::Blackhole => "blackhole",
            RouteKind::Unreachable => "unreachable",
            RouteKind::Prohibit => "prohibit",
            RouteKind::Throw => "throw",
            RouteKind::Unknown(number) => return Self::Number(number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{InterfaceAddress, NextHops};
    use serde_json::{Value, json};
    use std::num::NonZeroU32;
    use std::time::UNIX_EPOCH;

    fn info() -> SnapshotInfo {
        SnapshotInfo { at: Some(UNIX_EPOCH), uptime: None, host: None, boot_id: None, namespace: None }
    }

    fn written(document: &impl Serialize) -> (String, Value) {
        let mut out = Vec::new();
        write_document(document, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    fn interface(name: &str) -> Interface {
        Interface {
            link_type: Some(1),
            hardware_address: Some(Box::new([2, 0, 0, 0, 0, 16])),
            flags: InterfaceFlags::UP,
            addresses: vec![InterfaceAddress::new("192.0.2.1".parse().unwrap(), 24)],
            ..Interface::new(2, name)
        }
    }

    #[test]
    fn what_is_not_known_is_null_and_numbers_are_numbers() {
        let (text, value) = written(&RoutesDocument::new(&info(), &[interface("eth0")], &[], &[], &[]));
        assert_eq!(value["interfaces"][0]["mtu_bytes"], Value::Null);
        assert_eq!(value["interfaces"][0]["hardware_address"], "02:00:00:00:00:10");
        assert_eq!(value["interfaces"][0]["addresses"][0]["prefix_length"], 24);
        assert_eq!((text.lines().count(), text.ends_with('\n')), (1, true));
    }

    #[test]
    fn every_next_hop_is_there() {
        let hop = |last: u8, interface| NextHop {
            gateway: Some([10, 0, 0, last].into()),
            interface: NonZeroU32::new(interface),
            weight: 1,
            dead: false,
            linkdown: false,
            onlink: false,
        };
        let route = Route {
            destination: Prefix::new("10.6.0.0".parse().unwrap(), 16).unwrap(),
            kind: RouteKind::Unicast,
            protocol: Some(3),
            tos: 0,
            table: 254,
            metric: 7,
            preferred_source: None,
            from: None,
            expires: None,
            next_hops: NextHops::Many([hop(7, 2), hop(8, 0)].into()),
        };
        let odd = Route { kind: RouteKind::Unknown(99), next_hops: NextHops::None, ..route.clone() };
        let (_, value) = written(&RoutesDocument::new(&info(), &[], &[route, odd], &[], &[]));
        let expected = json!([
            {"gateway": "10.0.0.7", "interface": 2, "weight": 1, "dead": false, "linkdown": false, "onlink": false},
            {"gateway": "10.0.0.8", "interface": null, "weight": 1, "dead": false, "linkdown": false, "onlink": false},
        ]);
        assert_eq!(value["routes"][0]["next_hops"], expected);
        assert_eq!(value["routes"][0]["destination"], "10.6.0.0/16");
        assert_eq!((&value["routes"][1]["type"], &value["routes"][1]["next_hops"]), (&json!(99), &json!([])));
    }

    #[test]
    fn hostile_names_stay_text_and_move_no_cursor() {
        let name = "a\u{1b}[2J\u{202e}b\u{9b}\u{e0041}\"\\한";
        let (text, value) = written(&RoutesDocument::new(&info(), &[interface(name)], &[], &[], &[]));
        assert_eq!(value["interfaces"][0]["name"], name);
        assert!(
            !text.trim_end().chars().any(|character| character.is_control() || is_unseen(character)),
            "{text:?}"
        );
        assert!(text.contains('한'));
    }

    #[test]
    fn only_what_was_asked_for_is_there() {
        let counters = Counters::default();
        let (_, value) = written(&CountersDocument::new(&info(), None, Some(&counters), &[]));
        assert!(value.get("interfaces").is_none() && value["counters"].is_object());
        let (_, value) = written(&CountersDocument::new(&info(), Some(&[]), None, &[]));
        assert!(value.get("counters").is_none() && value["interfaces"].as_array().unwrap().is_empty());
    }
}
