//! Interfaces with all that net-tools knows of them (`-i -e`): a block of lines each, as ifconfig has them.

use super::cells::host;
use super::hardware::Hardware;
use super::interfaces::{InterfaceRow, write_title};
use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::{AddressV6, Device};
use netstat_engine::text::escape;
use netstat_model::{Interface, InterfaceAddress, InterfaceFlags, InterfaceHardware};
use std::io::{self, Write};
use std::net::Ipv4Addr;

/// The flags with their bits in Linux and their words, in the order of the words. Two have none.
const FLAGS: [(InterfaceFlags, u16, &str); 16] = [
    (InterfaceFlags::UP, 1, "UP,"),
    (InterfaceFlags::BROADCAST, 1 << 1, "BROADCAST,"),
    (InterfaceFlags::DEBUG, 1 << 2, "DEBUG,"),
    (InterfaceFlags::LOOPBACK, 1 << 3, "LOOPBACK,"),
    (InterfaceFlags::POINT_TO_POINT, 1 << 4, "POINTOPOINT,"),
    (InterfaceFlags::NO_TRAILERS, 1 << 5, "NOTRAILERS,"),
    (InterfaceFlags::RUNNING, 1 << 6, "RUNNING,"),
    (InterfaceFlags::NO_ARP, 1 << 7, "NOARP,"),
    (InterfaceFlags::PROMISCUOUS, 1 << 8, "PROMISC,"),
    (InterfaceFlags::ALL_MULTICAST, 1 << 9, "ALLMULTI,"),
    (InterfaceFlags::SLAVE, 1 << 11, "SLAVE,"),
    (InterfaceFlags::MASTER, 1 << 10, "MASTER,"),
    (InterfaceFlags::MULTICAST, 1 << 12, "MULTICAST,"),
    (InterfaceFlags::DYNAMIC, 1 << 15, "DYNAMIC,"),
    (InterfaceFlags::PORT_SELECTION, 1 << 13, ""),
    (InterfaceFlags::AUTOMATIC_MEDIA, 1 << 14, ""),
];

/// Names of connectors by their number, of which the first is that of all others.
const PORTS: [&str; 7] = ["unknown", "10base2", "10baseT", "AUI", "100baseT", "100baseTX", "100baseFX"];

/// Bits of the scope of an IPv6 address, and their words.
const SCOPES: [(u8, &str); 3] = [(0x20, "link,"), (0x40, "site,"), (0x10, "host,")];
/// The scope of an address with an IPv4 address in it.
const COMPATIBLE: u8 = 0x80;

/// Writes the title and the blocks.
pub(crate) fn render_interface_blocks(
    rows: &[InterfaceRow<'_>],
    with_title: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    write_title(&mut sheet, with_title)?;
    for row in rows {
        block(row, &mut sheet)?;
    }
    sheet.hand_on()
}

fn block(row: &InterfaceRow<'_>, sheet: &mut Sheet<'_, impl Write>) -> io::Result<()> {
    let interface = row.interface;
    escape::write_bytes(&mut sheet.buffer, row.name);
    let mtu = interface.mtu.unwrap_or(0);
    sheet.line(&format!(": {}  mtu {mtu}", flags(interface.flags)))?;
    if let Some(address) = row.address {
        sheet.line(&line_v4(address, interface.flags))?;
    }
    for address in row.v6 {
        sheet.line(&line_v6(address))?;
    }
    let kind = Hardware::by_number(interface.link_type);
    sheet.buffer.extend_from_slice(format!("        {}", kind.name).as_bytes());
    kind.write_address(interface.hardware_address.as_deref().unwrap_or_default(), &mut sheet.buffer);
    if let Some(length) = interface.queue_length {
        sheet.buffer.extend_from_slice(format!("  txqueuelen {length}").as_bytes());
    }
    sheet.line(&format!("  ({})", kind.title))?;
    let resources = interface.hardware.unwrap_or_default();
    if interface.flags.contains(InterfaceFlags::PORT_SELECTION) {
        sheet.line(&media(interface, resources))?;
    }
    if let Some(device) = row.counters {
        counters(device, kind.compresses(), sheet)?;
    }
    if let Some(line) = device_line(resources) {
        sheet.line(&line)?;
    }
    sheet.end_line()
}

/// Returns `flags=65<UP,RUNNING>`. Without words there is no bracket at the end, or at all.
fn flags(flags: InterfaceFlags) -> String {
    let all = FLAGS.iter().filter(|(flag, ..)| flags.contains(*flag));
    let (mut number, mut words) = (0, String::new());
    for (_, bit, word) in all {
        number |= bit;
        words.push_str(word);
    }
    let end = match words.strip_suffix(',') {
        Some(words) => format!("<{words}>"),
        None if number == 0 => "<".to_owned(),
        None => String::new(),
    };
    // net-tools takes it for a number that may be less than zero.
    format!("flags={}{end}", number.cast_signed())
}

fn line_v4(address: &InterfaceAddress, flags: InterfaceFlags) -> String {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(address.prefix_length.into())).unwrap_or(0);
    let mut line = format!("        inet {}  netmask {}", address.address, Ipv4Addr::from(mask));
    if flags.contains(InterfaceFlags::BROADCAST) {
        let broadcast = address.broadcast.unwrap_or(Ipv4Addr::UNSPECIFIED);
        line.push_str(&format!("  broadcast {broadcast}"));
    }
    if flags.contains(InterfaceFlags::POINT_TO_POINT) {
        line.push_str(&format!("  destination {}", address.peer.unwrap_or(address.address)));
    }
    line
}

fn line_v6(own: &AddressV6<'_>) -> String {
    let (scope, length) = (own.scope, own.length);
    let mut words = String::new();
    if scope & COMPATIBLE != 0 {
        words.push_str("compat,");
    }
    if scope & !COMPATIBLE == 0 {
        words.push_str("global,");
    }
    words.extend(SCOPES.iter().filter(|(bit, _)| scope & bit != 0).map(|(_, word)| *word));
    let words = words.strip_suffix(',').map(|words| format!("<{words}>")).unwrap_or_default();
    // net-tools leaves out what makes an IPv4 address one of IPv6.
    let address = own.address.to_ipv4_mapped().map_or(own.address.into(), Into::into);
    let address = String::from_utf8_lossy(&host(address, None)).into_owned();
    format!("        inet6 {address}  prefixlen {length}  scopeid {scope:#x}{words}")
}

fn media(interface: &Interface, resources: InterfaceHardware) -> String {
    let [unknown, ..] = PORTS;
    let port = PORTS.get(usize::from(resources.port)).unwrap_or(&unknown);
    let automatic = interface.flags.contains(InterfaceFlags::AUTOMATIC_MEDIA);
    format!("        media {port}{}", if automatic { "autoselect" } else { "" })
}

fn counters(device: &Device<'_>, with_compressed: bool, sheet: &mut Sheet<'_, impl Write>) -> io::Result<()> {
    let (received, sent) = (&device.received, &device.sent);
    let total = |packets, bytes| format!("packets {packets}  bytes {bytes} ({})", size(bytes));
    sheet.line(&format!("        RX {}", total(received.packets, received.bytes)))?;
    if with_compressed {
        sheet.line(&format!("        RX compressed:{}", received.compressed))?;
    }
    sheet.line(&format!(
        "        RX errors {}  dropped {}  overruns {}  frame {}",
        received.errors, received.drops, received.overruns, device.frame_errors
    ))?;
    sheet.line(&format!("        TX {}", total(sent.packets, sent.bytes)))?;
    if with_compressed {
        sheet.line(&format!("        TX compressed {}", sent.compressed))?;
    }
    sheet.line(&format!(
        "        TX errors {}  dropped {} overruns {}  carrier {}  collisions {}",
        sent.errors, sent.drops, sent.overruns, device.carrier_errors, device.collisions
    ))
}

/// Returns a number of bytes with one digit behind the point, cut and not rounded. A unit begins above its size.
fn size(bytes: u64) -> String {
    const UNITS: [(u32, &str); 5] = [(50, "PiB"), (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let (tenths, unit) = if bytes > 1 << 60 {
        // A tenth, rounded up, as ten times as many bytes would not fit.
        (bytes / 115_292_150_460_684_697, "EiB")
    } else {
        let unit = UNITS.iter().find(|(shift, _)| bytes > 1 << shift);
        unit.map_or((bytes * 10, "B"), |(shift, unit)| ((bytes * 10) >> shift, *unit))
    };
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Returns the line of what the driver tells. The system call of net-tools has room for the low bits of two of the numbers.
fn device_line(resources: InterfaceHardware) -> Option<String> {
    let InterfaceHardware { memory_start, memory_end, base_address, interrupt, dma, .. } = resources;
    let (base, interrupt) = (base_address & 0xffff, interrupt & 0xff);
    // Lower ones are no ports.
    let has_port = base >= 0x100;
    if interrupt == 0 && memory_start == 0 && dma == 0 && !has_port {
        return None;
    }
    let mut line = "        device ".to_owned();
    if interrupt != 0 {
        line.push_str(&format!("interrupt {interrupt}  "));
    }
    if has_port {
        line.push_str(&format!("base {base:#x}  "));
    }
    if memory_start != 0 {
        line.push_str(&format!("memory {memory_start:#x}-{memory_end:x}  "));
    }
    if dma != 0 {
        line.push_str(&format!("  dma {dma:#x}"));
    }
    Some(line)
}

#[cfg(test)]
mod tests;
