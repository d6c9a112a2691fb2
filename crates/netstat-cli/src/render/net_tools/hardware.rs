//! Kinds of link-layer hardware, and how net-tools writes their addresses.

use netstat_engine::text::escape;

/// A kind of hardware.
pub(super) struct Hardware {
    /// Its Linux number (`ARPHRD_ETHER` and its kin).
    number: u16,
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    form: Form,
}

/// How an address is written.
enum Form {
    /// Not at all.
    Hidden,
    /// As nothing, behind a blank.
    Empty,
    /// As so many bytes, with this between them.
    Lower(usize, &'static str),
    /// The same, with letters in upper case.
    Upper(usize, &'static str),
    /// As the call sign of a radio amateur.
    CallSign,
    /// As a number of two bytes.
    Number,
}

/// Serial lines that compress headers.
const COMPRESSING: [u16; 2] = [257, 259];

static KINDS: [Hardware; 22] = [
    kind(772, "loop", "Local Loopback", Form::Hidden),
    kind(1, "ether", "Ethernet", Form::Lower(6, ":")),
    kind(768, "tunnel", "IPIP Tunnel", Form::Empty),
    kind(776, "sit", "IPv6-in-IPv4", Form::Hidden),
    kind(512, "ppp", "Point-to-Point Protocol", Form::Hidden),
    kind(256, "slip", "Serial Line IP", Form::Hidden),
    kind(257, "cslip", "VJ Serial Line IP", Form::Hidden),
    kind(258, "slip6", "6-bit Serial Line IP", Form::Hidden),
    kind(259, "cslip6", "VJ 6-bit Serial Line IP", Form::Hidden),
    kind(264, "adaptive", "Adaptive Serial Line IP", Form::Hidden),
    kind(0, "netrom", "AMPR NET/ROM", Form::CallSign),
    kind(3, "ax25", "AMPR AX.25", Form::CallSign),
    kind(270, "rose", "AMPR ROSE", Form::Lower(5, "")),
    kind(7, "arcnet", "ARCnet", Form::Upper(1, "")),
    kind(15, "dlci", "Frame Relay DLCI", Form::Number),
    kind(770, "frad", "Frame Relay Access Device", Form::Hidden),
    kind(27, "eui64", "Generic EUI-64", Form::Upper(8, ":")),
    // Linux gives it no addresses.
    kind(271, "x25", "generic X.25", Form::Empty),
    kind(513, "hdlc", "(Cisco)-HDLC", Form::Hidden),
    kind(516, "lapb", "LAPB", Form::Hidden),
    kind(774, "fddi", "Fiber Distributed Data Interface", Form::Upper(6, "-")),
    kind(780, "hippi", "HIPPI", Form::Upper(6, ":")),
];

/// Everything else; the number is that of Linux for an interface without a kind.
static OTHER: Hardware = kind(65535, "unspec", "UNSPEC", Form::Upper(16, "-"));

const fn kind(number: u16, name: &'static str, title: &'static str, form: Form) -> Hardware {
    Hardware { number, name, title, form }
}

impl Hardware {
    /// Returns the kind with a number.
    pub(super) fn by_number(number: Option<u16>) -> &'static Self {
        KINDS.iter().find(|kind| Some(kind.number) == number).unwrap_or(&OTHER)
    }

    /// Returns whether it counts packets that were compressed.
    pub(super) fn compresses(&self) -> bool {
        COMPRESSING.contains(&self.number)
    }

    /// Appends an address behind a blank, where this kind shows addresses. net-tools keeps eight bytes of one.
    pub(super) fn write_address(&self, address: &[u8], out: &mut Vec<u8>) {
        let mut bytes = [0; 16];
        for (byte, given) in bytes.iter_mut().zip(address.iter().take(8)) {
            *byte = *given;
        }
        let octets = |count, separator: &str, write: fn(&u8) -> String| {
            let all: Vec<String> = bytes.iter().take(count).map(write).collect();
            all.join(separator)
        };
        let text = match self.form {
            Form::Hidden => return,
            Form::Empty => String::new(),
            Form::Lower(count, separator) => octets(count, separator, |byte| format!("{byte:02x}")),
            Form::Upper(count, separator) => octets(count, separator, |byte| format!("{byte:02X}")),
            Form::Number => {
                let [first, second, ..] = bytes;
                i16::from_ne_bytes([first, second]).to_string()
            }
            Form::CallSign => call_sign(bytes),
        };
        out.push(b' ');
        escape::write_bytes(out, text.as_bytes());
    }
}

/// Returns a call sign: six letters, each shifted by a bit, and the number of a station.
fn call_sign(bytes: [u8; 16]) -> String {
    let letters = bytes.iter().take(6).map(|byte| char::from(byte >> 1));
    let text: String = letters.take_while(|letter| !matches!(letter, '\0' | ' ')).collect();
    let [_, _, _, _, _, _, station, ..] = bytes;
    match (station & 0x1e) >> 1 {
        0 => text,
        station => format!("{text}-{station}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: u16, address: &[u8]) -> String {
        let mut out = Vec::new();
        Hardware::by_number(Some(number)).write_address(address, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn addresses_are_written_as_their_kind_has_them() {
        let bytes = [0x02, 0xab, 0, 0, 0, 1, 7, 8, 9];
        for (number, expected) in [
            (1, " 02:ab:00:00:00:01"),
            (772, ""),
            (768, " "),
            (774, " 02-AB-00-00-00-01"),
            (27, " 02:AB:00:00:00:01:07:08"),
            (7, " 02"),
            (778, " 02-AB-00-00-00-01-07-08-00-00-00-00-00-00-00-00"),
        ] {
            assert_eq!(written(number, &bytes), expected, "{number}");
        }
        assert_eq!(written(1, &[]), " 00:00:00:00:00:00");
        assert_eq!(written(15, &(-2i16).to_ne_bytes()), " -2");
        let call_sign = [b'D' << 1, b'L' << 1, b'1' << 1, b'\x1b' << 1, b' ' << 1, b'X' << 1, 5 << 1];
        assert_eq!(written(3, &call_sign), " DL1\\x1b-5");
    }
}
