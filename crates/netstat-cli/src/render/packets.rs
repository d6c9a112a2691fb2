//! Packets as lines, as people know them from tcpdump, with the process beside each end.

use netstat_capture::frame::{Content, Flags, Frame};
use netstat_capture::{Certainty, EndOf, Kept, Over, Start};
use netstat_engine::both;
use netstat_engine::text::{Language, Zone, escape};
use netstat_model::{IpEndpoint, Transport};
use std::ffi::OsStr;
use std::io::Write as _;
use std::time::UNIX_EPOCH;

/// Writes the line of a packet. `interface` is the name of its interface, which is escaped here.
pub(crate) fn write_packet(out: &mut Vec<u8>, kept: &Kept, ends: &[EndOf], interface: &OsStr, zone: &Zone) {
    let at = UNIX_EPOCH.checked_add(kept.at).unwrap_or(UNIX_EPOCH);
    let time = zone.time_of_day(at);
    let direction = match kept.is_outgoing() {
        Some(false) => "In ",
        Some(true) => "Out",
        None => "-  ",
    };
    // A vector takes everything.
    let _ = write!(out, "{time}.{:06} ", kept.at.subsec_micros());
    escape::write_word(out, interface);
    let _ = write!(out, " {direction} ");
    match (&kept.frame, kept.ends) {
        (Some(frame), Some((transport, source, destination))) => {
            end(out, source, ends);
            out.extend_from_slice(b" > ");
            end(out, destination, ends);
            out.extend_from_slice(b": ");
            content(out, frame, transport);
        }
        (Some(frame), None) => {
            let (from, to) = frame.addresses;
            let _ = write!(out, "{from} > {to}: ");
            content(out, frame, Transport::Udp);
        }
        (None, _) => {
            let _ = write!(out, "ethertype 0x{:04x}, length {}", kept.protocol, kept.length);
        }
    }
    if let Some(application) = &kept.application {
        let _ = write!(out, ", {}", application.protocol.name());
        if let Some(name) = &application.name {
            out.push(b' ');
            escape::write_text(out, OsStr::new(&**name));
        }
    }
    out.push(b'\n');
}

/// Writes what a packet adds to the readable start of what its sender sends, each line below the packet and escaped.
pub(crate) fn write_start(out: &mut Vec<u8>, start: &Start, language: Language) {
    let lines = start.text.split_inclusive(|&byte| byte == b'\n');
    for line in lines {
        out.extend_from_slice(b"        ");
        escape::write_text_bytes(out, line.trim_ascii_end());
        out.push(b'\n');
    }
    let why = match start.over {
        Some(Over::Binary) => both!("(what follows is not text)", "(이어지는 데이터는 텍스트가 아님)"),
        Some(Over::Long) => both!("(and more)", "(이하 생략)"),
        None => return,
    };
    let _ = writeln!(out, "        {}", why.of(language));
}

/// Writes an end, and the process there.
fn end(out: &mut Vec<u8>, end: IpEndpoint, ends: &[EndOf]) {
    let _ = write!(out, "{end}");
    let Some(known) = ends.iter().find(|known| known.local == end) else { return };
    let Some(owner) = known.holder.socket.ownership.principal() else { return };
    out.push(b' ');
    match known.holder.principal().and_then(|process| process.name.as_deref().ok()) {
        Some(name) => escape::write_word(out, name),
        None => out.push(b'-'),
    }
    let mark = if known.certainty == Certainty::Certain { "" } else { "?" };
    let _ = write!(out, " ({}{mark})", owner.process.pid);
}

fn content(out: &mut Vec<u8>, frame: &Frame, transport: Transport) {
    let length = frame.payload;
    let _ = match frame.content {
        Content::Tcp { flags, sequence, acknowledgment, window, .. } => {
            let end = sequence.wrapping_add(u32::try_from(length).unwrap_or(0));
            let numbers = if length > 0 { format!("{sequence}:{end}") } else { sequence.to_string() };
            let acknowledged =
                if flags.contains(Flags::ACK) { format!(", ack {acknowledgment}") } else { String::new() };
            write!(out, "Flags [{flags}], seq {numbers}{acknowledged}, win {window}, length {length}")
        }
        Content::Udp { .. } => write!(out, "UDP, length {length}"),
        Content::Fragment => {
            let number = frame.fragment.map_or(0, |(number, _)| number);
            write!(out, "fragment of {number}, length {length}")
        }
        Content::Quoted { .. } => {
            let about = match transport {
                Transport::Tcp => "TCP",
                Transport::Udp => "UDP",
            };
            write!(out, "ICMP error about {about}, length {length}")
        }
        Content::Other(protocol) => write!(out, "ip-proto-{protocol}, length {length}"),
    };
}
