//! Routes, counters and interfaces as JSON, one document for each report.
//!
//! Keys and units are described in `docs/json.md`. Numbers are numbers, what is not known is `null`, and counters have
//! their SNMP names. Routes are written one after the other, so that a full Internet table needs no second copy.

use super::json::SCHEMA;
use netstat_model::Warning;
use netstat_model::{
    Counters, Interface, InterfaceCounters, InterfaceFlags, InterfaceStats, NextHop, PersistentRoute, Prefix,
    Route, RouteKind, RouteStore,
};
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};
use std::ffi::OsStr;
use std::io::{self, Write};
use std::net::IpAddr;

/// Writes a document and a line end.
///
/// # Errors
/// What the writer answers.
pub fn write_document<W: Write>(document: &impl Serialize, out: &mut W) -> io::Result<()> {
    let mut buffered = io::BufWriter::with_capacity(64 * 1024, out);
    document
        .serialize(&mut serde_json::Serializer::with_formatter(&mut buffered, Plain(CompactFormatter)))?;
    buffered.write_all(b"\n")?;
    buffered.flush()
}

/// Compact JSON in which nothing moves the cursor of a terminal or turns the direction of its text: JSON leaves such
/// characters as they are unless they are ASCII.
struct Plain(CompactFormatter);

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut from = 0;
        for (at, character) in fragment.char_indices().filter(|(_, character)| is_hostile(*character)) {
            self.0.write_string_fragment(out, fragment.get(from..at).unwrap_or_default())?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            from = at + character.len_utf8();
        }
        self.0.write_string_fragment(out, fragment.get(from..).unwrap_or_default())
    }
}

fn is_hostile(character: char) -> bool {
    matches!(character, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `-r`.
#[derive(Serialize)]
pub struct RoutesDocument<'a> {
    schema: u32,
    report: &'static str,
    interfaces: Vec<InterfaceEntry>,
    #[serde(serialize_with = "routes")]
    routes: &'a [Route],
    persistent_routes: Vec<PersistentEntry>,
    warnings: Vec<String>,
}

impl<'a> RoutesDocument<'a> {
    /// A document of what the system said.
    pub fn new(
        interfaces: &[Interface],
        routes: &'a [Route],
        persistent: &[PersistentRoute],
        warnings: &[Warning],
    ) -> Self {
        Self {
            schema: SCHEMA,
            report: "routes",
            interfaces: interfaces.iter().map(InterfaceEntry::new).collect(),
            routes,
            persistent_routes: persistent.iter().map(PersistentEntry::new).collect(),
            warnings: texts(warnings),
        }
    }
}

/// `-s` and `-e`.
#[derive(Serialize)]
pub struct CountersDocument<'a> {
    schema: u32,
    report: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interfaces: Option<Vec<CountersEntry<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counters: Option<&'a Counters>,
    warnings: Vec<String>,
}

impl<'a> CountersDocument<'a> {
    /// A document of the parts that were asked for.
    pub fn new(
        interfaces: Option<&'a [InterfaceCounters]>,
        counters: Option<&'a Counters>,
        warnings: &[Warning],
    ) -> Self {
        let entry = |interface: &'a InterfaceCounters| CountersEntry {
            index: interface.index,
            name: text(&interface.name),
            loopback: interface.loopback,
            statistics: &interface.stats,
        };
        Self {
            schema: SCHEMA,
            report: "statistics",
            interfaces: interfaces.map(|all| all.iter().map(entry).collect()),
            counters,
            warnings: texts(warnings),
        }
    }
}

fn texts(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

/// What is not text becomes text with a mark where it was not.
fn text(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

#[derive(Serialize)]
struct CountersEntry<'a> {
    index: u32,
    name: String,
    loopback: bool,
    statistics: &'a InterfaceStats,
}

#[derive(Serialize)]
struct InterfaceEntry {
    index: u32,
    name: String,
    description: Option<String>,
    alias: Option<String>,
    kind: Option<String>,
    link_type: Option<u16>,
    hardware_address: Option<String>,
    up: bool,
    running: bool,
    loopback: bool,
    point_to_point: bool,
    mtu_bytes: Option<u32>,
    addresses: Vec<AddressEntry>,
}

#[derive(Serialize)]
struct AddressEntry {
    address: IpAddr,
    prefix_length: u8,
    peer: Option<IpAddr>,
}

impl InterfaceEntry {
    fn new(interface: &Interface) -> Self {
        let has = |flag| interface.flags.contains(flag);
        let colons =
            |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
        Self {
            index: interface.index,
            name: text(&interface.name),
            description: interface.description.as_deref().map(text),
            alias: interface.alias.as_deref().map(text),
            kind: interface.kind.as_deref().map(text),
            link_type: interface.link_type,
            hardware_address: interface.hardware_address.as_deref().map(colons),
            up: has(InterfaceFlags::UP),
            running: has(InterfaceFlags::RUNNING),
            loopback: has(InterfaceFlags::LOOPBACK),
            point_to_point: has(InterfaceFlags::POINT_TO_POINT),
            mtu_bytes: interface.mtu,
            addresses: interface
                .addresses
                .iter()
                .map(|own| AddressEntry {
                    address: own.address,
                    prefix_length: own.prefix_length,
                    peer: own.peer,
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct RouteEntry<'a> {
    destination: String,
    #[serde(rename = "type")]
    kind: Word,
    table: u32,
    metric: u32,
    protocol: Option<u8>,
    tos: u8,
    preferred_source: Option<IpAddr>,
    from: Option<String>,
    #[serde(serialize_with = "hops")]
    next_hops: &'a [NextHop],
}

fn routes<S: Serializer>(routes: &&[Route], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(routes.iter().map(|route| RouteEntry {
        destination: prefix(route.destination),
        kind: Word::of(route.kind),
        table: route.table,
        metric: route.metric,
        protocol: route.protocol,
        tos: route.tos,
        preferred_source: route.preferred_source,
        from: route.from.as_deref().copied().map(prefix),
        next_hops: route.next_hops.as_slice(),
    }))
}

#[derive(Serialize)]
struct HopEntry {
    gateway: Option<IpAddr>,
    interface: Option<u32>,
    weight: u32,
    dead: bool,
}

fn hops<S: Serializer>(hops: &&[NextHop], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hops.iter().map(|hop| HopEntry {
        gateway: hop.gateway,
        interface: hop.interface.map(std::num::NonZeroU32::get),
        weight: hop.weight,
        dead: hop.dead,
    }))
}

#[derive(Serialize)]
struct PersistentEntry {
    destination: String,
    #[serde(rename = "type")]
    kind: Word,
    table: u32,
    metric: Option<u32>,
    gateway: Option<IpAddr>,
    interface: Option<String>,
    source: &'static str,
}

impl PersistentEntry {
    fn new(route: &PersistentRoute) -> Self {
        Self {
            destination: prefix(route.destination),
            kind: Word::of(route.kind),
            table: route.table,
            metric: route.metric,
            gateway: route.gateway,
            interface: route.interface.as_deref().map(text),
            source: match route.store {
                RouteStore::Networkd => "systemd-networkd",
                RouteStore::NetworkManager => "NetworkManager",
                RouteStore::Ifupdown => "ifupdown",
                RouteStore::Registry => "registry",
            },
        }
    }
}

fn prefix(prefix: Prefix) -> String {
    format!("{}/{}", prefix.address, prefix.length)
}

/// The kind of a route: a word, or the number where there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Word {
    Known(&'static str),
    Number(u8),
}

impl Word {
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
    use std::ffi::OsString;
    use std::num::NonZeroU32;

    fn written(document: &impl Serialize) -> (String, Value) {
        let mut out = Vec::new();
        write_document(document, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    fn interface(name: &str) -> Interface {
        Interface {
            index: 2,
            name: OsString::from(name),
            description: None,
            alias: None,
            kind: None,
            link_type: Some(1),
            hardware_address: Some(Box::new([2, 0, 0, 0, 0, 16])),
            flags: InterfaceFlags::UP,
            mtu: None,
            addresses: vec![InterfaceAddress {
                address: "192.0.2.1".parse().unwrap(),
                peer: None,
                prefix_length: 24,
            }],
        }
    }

    #[test]
    fn what_is_not_known_is_null_and_numbers_are_numbers() {
        let (text, value) = written(&RoutesDocument::new(&[interface("eth0")], &[], &[], &[]));
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
            next_hops: NextHops::Many([hop(7, 2), hop(8, 0)].into()),
        };
        let odd = Route { kind: RouteKind::Unknown(99), next_hops: NextHops::None, ..route.clone() };
        let (_, value) = written(&RoutesDocument::new(&[], &[route, odd], &[], &[]));
        let expected = json!([
            {"gateway": "10.0.0.7", "interface": 2, "weight": 1, "dead": false},
            {"gateway": "10.0.0.8", "interface": null, "weight": 1, "dead": false},
        ]);
        assert_eq!(value["routes"][0]["next_hops"], expected);
        assert_eq!(value["routes"][0]["destination"], "10.6.0.0/16");
        assert_eq!((&value["routes"][1]["type"], &value["routes"][1]["next_hops"]), (&json!(99), &json!([])));
    }

    #[test]
    fn hostile_names_stay_text_and_move_no_cursor() {
        let name = "a\u{1b}[2J\u{202e}b\u{9b}\u{e0041}\"\\한";
        let (text, value) = written(&RoutesDocument::new(&[interface(name)], &[], &[], &[]));
        assert_eq!(value["interfaces"][0]["name"], name);
        assert!(
            !text.trim_end().chars().any(|character| character.is_control() || is_hostile(character)),
            "{text:?}"
        );
        assert!(text.contains('한'));
    }

    #[test]
    fn only_what_was_asked_for_is_there() {
        let counters = Counters::default();
        let (_, value) = written(&CountersDocument::new(None, Some(&counters), &[]));
        assert!(value.get("interfaces").is_none() && value["counters"].is_object());
        let (_, value) = written(&CountersDocument::new(Some(&[]), None, &[]));
        assert!(value.get("counters").is_none() && value["interfaces"].as_array().unwrap().is_empty());
    }
}
