//! The table of interfaces (`-i`).

use super::cells::fill;
use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::{AddressV6, Device, Traffic};
use netstat_engine::text::escape;
use netstat_model::{Interface, InterfaceAddress, InterfaceFlags};
use std::cmp::Ordering;
use std::io::{self, Write};

/// A row: an interface, or a label of its addresses.
pub(crate) struct InterfaceRow<'a> {
    /// The name of the interface, or the label.
    pub(crate) name: &'a [u8],
    pub(crate) interface: &'a Interface,
    /// The first IPv4 address with this label.
    pub(crate) address: Option<&'a InterfaceAddress>,
    pub(crate) v6: &'a [AddressV6<'a>],
    /// The counters of an interface; a label has none.
    pub(crate) counters: Option<&'a Device<'a>>,
}

/// The letters of flags, in the order in which they are written.
const LETTERS: [(InterfaceFlags, char); 14] = [
    (InterfaceFlags::ALL_MULTICAST, 'A'),
    (InterfaceFlags::BROADCAST, 'B'),
    (InterfaceFlags::DEBUG, 'D'),
    (InterfaceFlags::LOOPBACK, 'L'),
    (InterfaceFlags::MULTICAST, 'M'),
    (InterfaceFlags::DYNAMIC, 'd'),
    (InterfaceFlags::PROMISCUOUS, 'P'),
    (InterfaceFlags::NO_TRAILERS, 'N'),
    (InterfaceFlags::NO_ARP, 'O'),
    (InterfaceFlags::POINT_TO_POINT, 'P'),
    (InterfaceFlags::SLAVE, 's'),
    (InterfaceFlags::MASTER, 'm'),
    (InterfaceFlags::RUNNING, 'R'),
    (InterfaceFlags::UP, 'U'),
];

/// Writes the title of both forms of the table, which the first of several displays has.
pub(super) fn write_title<W: Write>(sheet: &mut Sheet<'_, W>, with_title: bool) -> io::Result<()> {
    if with_title { sheet.line("Kernel Interface table") } else { Ok(()) }
}

/// Writes the title, the headings and the rows.
pub(crate) fn render_interfaces(
    rows: &[InterfaceRow<'_>],
    with_title: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    write_title(&mut sheet, with_title)?;
    sheet.line("Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg")?;
    for row in rows {
        let start = sheet.buffer.len();
        escape::write_bytes(&mut sheet.buffer, row.name);
        fill(&mut sheet.buffer, start, 15);
        let mtu = row.interface.mtu.unwrap_or(0);
        let counters = match row.counters {
            Some(device) => format!("{} {}", numbers(&device.received, true), numbers(&device.sent, false)),
            None => format!("{:<55}", "     - no statistics available -"),
        };
        let flags = row.interface.flags;
        let letters: String =
            LETTERS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, letter)| letter).collect();
        let letters = if flags.is_empty() { "[NO FLAGS]" } else { &letters };
        sheet.line(&format!(" {mtu:>5} {counters} {letters}"))?;
    }
    sheet.hand_on()
}

/// Returns the four counters of a direction. The last of those of what was received stands at the left.
fn numbers(traffic: &Traffic, is_received: bool) -> String {
    let Traffic { packets, errors, drops, overruns, .. } = traffic;
    let first = format!("{packets:>8} {errors:>6} {drops:>6}");
    if is_received { format!("{first} {overruns:<6}") } else { format!("{first} {overruns:>6}") }
}

/// Compares names of interfaces as net-tools does: by what stands before the digits at the end, by their number, and by the
/// number of a label behind a colon, so that `eth2` stands before `eth10`, and `eth0:2` before `eth0:10`.
pub(crate) fn by_name(one: &[u8], two: &[u8]) -> Ordering {
    sort_key(one).cmp(&sort_key(two))
}

fn sort_key(name: &[u8]) -> (&[u8], i64, &[u8], Option<i64>, &[u8]) {
    let (stem, digits) = split_number(name);
    let (base, label) = match stem.strip_suffix(b":").filter(|_| !digits.is_empty()) {
        Some(base) => (base, Some(digits)),
        None => (name, None),
    };
    let (stem, digits) = split_number(base);
    (stem, number(digits), base, label.map(number), label.unwrap_or_default())
}

/// Splits the digits off the end.
fn split_number(name: &[u8]) -> (&[u8], &[u8]) {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    name.split_at_checked(name.len() - digits).unwrap_or_default()
}

fn number(digits: &[u8]) -> i64 {
    let digit = |byte: u8| i64::from(byte.wrapping_sub(b'0'));
    digits.iter().fold(0, |number: i64, &byte| number.saturating_mul(10).saturating_add(digit(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let sorted: Vec<&[u8]> = vec![
            b"averylong",
            b"eth",
            b"eth02",
            b"eth2",
            b"eth2:1",
            b"eth2:02",
            b"eth2:2",
            b"eth2:10",
            b"eth10",
            b"eth2.7",
            b"eth2:x",
            b"lo",
        ];
        let mut names = sorted.clone();
        names.reverse();
        names.sort_by(|one, two| by_name(one, two));
        assert_eq!(names, sorted);
    }

    #[test]
    fn a_row_is_as_wide_as_that_of_net_tools() {
        let traffic = |packets, errors, drops, overruns| Traffic {
            packets,
            errors,
            drops,
            overruns,
            ..Traffic::default()
        };
        let device = Device {
            name: b"eth10",
            received: traffic(12, 1, 2, 3),
            sent: traffic(123_456_789, 4, 5, 6),
            frame_errors: 0,
            collisions: 0,
            carrier_errors: 0,
        };
        let flags = InterfaceFlags::UP | InterfaceFlags::BROADCAST | InterfaceFlags::PROMISCUOUS;
        let eth10 = Interface { flags, mtu: Some(1500), ..Interface::new(1, "eth10") };
        let none = Interface { mtu: Some(65536), ..Interface::new(2, "averylongname01") };
        let row =
            |name, interface, counters| InterfaceRow { name, interface, address: None, v6: &[], counters };
        let rows = [
            row(b"averylongname01", &none, Some(&device)),
            row(b"eth10", &eth10, Some(&device)),
            row(b"eth10:1", &eth10, None),
        ];
        let mut out = Vec::new();
        render_interfaces(&rows, true, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
        let body = text.split_once("Flg\n").unwrap().1;
        assert_eq!(
            body,
            "averylongname01 65536       12      1      2 3      123456789      4      5      6 [NO FLAGS]\n\
             eth10            1500       12      1      2 3      123456789      4      5      6 BPU\n\
             eth10:1          1500      - no statistics available -                        BPU\n"
        );
    }
}
