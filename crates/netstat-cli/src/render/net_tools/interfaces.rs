//! The table of interfaces (`-i`).

use super::cells::fill;
use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::Device;
use netstat_engine::text::escape;
use netstat_model::InterfaceFlags;
use std::cmp::Ordering;
use std::io::{self, Write};

/// A row: the counters, and what else is known of the interface.
pub(crate) struct InterfaceRow<'a> {
    pub(crate) device: Device<'a>,
    pub(crate) mtu: u32,
    pub(crate) flags: InterfaceFlags,
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

/// Writes the title, which the first of several displays has, the headings and the rows.
pub(crate) fn render_interfaces(
    rows: &[InterfaceRow<'_>],
    with_title: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    if with_title {
        sheet.line("Kernel Interface table")?;
    }
    sheet.line("Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg")?;
    for InterfaceRow { device, mtu, flags } in rows {
        let start = sheet.buffer.len();
        escape::write_bytes(&mut sheet.buffer, device.name);
        fill(&mut sheet.buffer, start, 15);
        let ([packets, errors, drops, overruns], sent) = (device.received, device.sent);
        let numbers = format!(" {mtu:>5} {packets:>8} {errors:>6} {drops:>6} {overruns:<6}");
        sheet.buffer.extend_from_slice(numbers.as_bytes());
        let [packets, errors, drops, overruns] = sent;
        let letters: String =
            LETTERS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, letter)| letter).collect();
        let letters = if letters.is_empty() { "[NO FLAGS]" } else { &letters };
        sheet.line(&format!(" {packets:>8} {errors:>6} {drops:>6} {overruns:>6} {letters}"))?;
    }
    sheet.hand_on()
}

/// Compares names of interfaces so that `eth2` stands before `eth10`.
pub(crate) fn by_name(one: &[u8], two: &[u8]) -> Ordering {
    let (mut one, mut two) = (one, two);
    while let (Some(a), Some(b)) = (one.first(), two.first()) {
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (first, second) = (digits(&mut one), digits(&mut two));
            // Without zeros in front the longer number is the larger one.
            match (first.len(), first).cmp(&(second.len(), second)) {
                Ordering::Equal => continue,
                unequal => return unequal,
            }
        }
        if a != b {
            return a.cmp(b);
        }
        (one, two) = (one.get(1..).unwrap_or_default(), two.get(1..).unwrap_or_default());
    }
    one.len().cmp(&two.len())
}

/// Splits the digits off the beginning, without the zeros in front of them.
fn digits<'a>(name: &mut &'a [u8]) -> &'a [u8] {
    let end = name.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(name.len());
    let (number, rest) = name.split_at_checked(end).unwrap_or_default();
    *name = rest;
    let zeros = number.iter().position(|&byte| byte != b'0').unwrap_or(number.len());
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names: Vec<&[u8]> =
            vec![b"lo", b"eth10", b"eth2", b"eth2.7", b"averylong", b"eth", b"eth02x"];
        names.sort_by(|one, two| by_name(one, two));
        assert_eq!(names, [&b"averylong"[..], b"eth", b"eth2", b"eth2.7", b"eth02x", b"eth10", b"lo"]);
    }

    #[test]
    fn a_row_is_as_wide_as_that_of_net_tools() {
        let device = Device { name: b"eth10", received: [12, 1, 2, 3], sent: [123_456_789, 4, 5, 6] };
        let flags = InterfaceFlags::UP | InterfaceFlags::BROADCAST | InterfaceFlags::PROMISCUOUS;
        let none = Device { name: b"averylongname01", received: [0; 4], sent: [0; 4] };
        let rows = [
            InterfaceRow { device, mtu: 1500, flags },
            InterfaceRow { device: none, mtu: 65536, flags: InterfaceFlags::empty() },
        ];
        let mut out = Vec::new();
        render_interfaces(&rows, true, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap().replace("\r\n", "\n");
        let body = text.split_once("Flg\n").unwrap().1;
        assert_eq!(
            body,
            "eth10            1500       12      1      2 3      123456789      4      5      6 BPU\n\
             averylongname01 65536        0      0      0 0             0      0      0      0 [NO FLAGS]\n"
        );
    }
}
