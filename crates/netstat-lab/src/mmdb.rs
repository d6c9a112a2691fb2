//! Small address databases in MaxMind's format, for tests of their readers.

use std::net::IpAddr;

/// A value of a record.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// Text, of less than 285 bytes.
    Text(&'a str),
    /// A number of 16 bits.
    Short(u16),
    /// A number of 32 bits.
    Number(u32),
    /// A number of 64 bits.
    Long(u64),
    /// Names and values, fewer than 285.
    Map(&'a [(&'a str, Value<'a>)]),
    /// An empty list.
    NoList,
}

/// A database of both families.
#[derive(Debug)]
pub struct Mmdb {
    /// Each node of the tree: where a 0 leads, and where a 1 leads.
    nodes: Vec<[Place; 2]>,
    data: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Nothing,
    Node(usize),
    Data(usize),
}

/// The separator between tree and data.
const SEPARATOR: [u8; 16] = [0; 16];

impl Mmdb {
    /// Makes an empty database.
    pub fn new() -> Self {
        Self { nodes: vec![[Place::Nothing; 2]], data: Vec::new() }
    }

    /// Adds a record for a network, which must not be inside one that was added before.
    #[must_use]
    pub fn with(mut self, address: IpAddr, length: u8, record: Value<'_>) -> Self {
        let data = Place::Data(self.data.len());
        write(&mut self.data, &record);
        // IPv4 is at ::/96.
        let (bits, length) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), length + 96),
            IpAddr::V6(v6) => (v6.to_bits(), length),
        };
        let mut node = 0;
        for at in 0..length {
            let side = usize::from(bits >> (127 - at) & 1 == 1);
            if at + 1 == length {
                self.nodes[node][side] = data;
                break;
            }
            node = match self.nodes[node][side] {
                Place::Node(next) => next,
                _ => {
                    self.nodes.push([Place::Nothing; 2]);
                    let next = self.nodes.len() - 1;
                    self.nodes[node][side] = Place::Node(next);
                    next
                }
            };
        }
        self
    }

    /// Encodes the file.
    pub fn bytes(&self) -> Vec<u8> {
        let count = self.nodes.len();
        let mut file = Vec::new();
        for place in self.nodes.iter().flatten() {
            let record = match place {
                Place::Nothing => count,
                Place::Node(node) => *node,
                Place::Data(offset) => count + SEPARATOR.len() + offset,
            };
            file.extend_from_slice(&u32::try_from(record).unwrap_or(u32::MAX).to_be_bytes()[1..]);
        }
        file.extend_from_slice(&SEPARATOR);
        file.extend_from_slice(&self.data);
        file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        write(
            &mut file,
            &Value::Map(&[
                ("binary_format_major_version", Value::Short(2)),
                ("binary_format_minor_version", Value::Short(0)),
                ("build_epoch", Value::Long(1_700_000_000)),
                ("database_type", Value::Text("lab")),
                ("description", Value::Map(&[])),
                ("ip_version", Value::Short(6)),
                ("languages", Value::NoList),
                ("node_count", Value::Number(count)),
                ("record_size", Value::Short(24)),
            ]),
        );
        file
    }
}

impl Default for Mmdb {
    fn default() -> Self {
        Self::new()
    }
}

/// Encodes the control bytes of a value: its type and its size.
fn write_control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (small, more) = match u8::try_from(size) {
        Ok(size) if size < 29 => (size, None),
        _ => (29, Some(u8::try_from(size.saturating_sub(29)).unwrap_or(u8::MAX))),
    };
    match kind.checked_sub(7) {
        Some(extended @ 1..) => out.extend([small, extended]),
        _ => out.push(kind << 5 | small),
    }
    out.extend(more);
}

fn write_number(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    write_control(out, kind, bytes.len());
    out.extend_from_slice(bytes);
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_control(out, 2, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn write(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Text(text) => write_text(out, text),
        Value::Short(number) => write_number(out, 5, &number.to_be_bytes()),
        Value::Number(number) => write_number(out, 6, &number.to_be_bytes()),
        Value::Long(number) => write_number(out, 9, &number.to_be_bytes()),
        Value::NoList => write_control(out, 11, 0),
        Value::Map(entries) => {
            write_control(out, 7, entries.len());
            for (name, value) in *entries {
                write_text(out, name);
                write(out, value);
            }
        }
    }
}
