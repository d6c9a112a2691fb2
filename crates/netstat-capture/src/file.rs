//! [`CaptureFile`]: what a capture leaves behind.

use crate::capture::EndOf;
use crate::comment::{comment, of_application};
use crate::kept::Kept;
use crate::pcapng::{Note, Origin, PcapngWriter, Statistics};
use netstat_engine::enrich::HostsFile;
use netstat_engine::text::escape;
use netstat_model::Interface;
use rustc_hash::FxHashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Types of links in files: Ethernet, and packets with a header of Linux that says which interface they were at.
const ETHERNET: u16 = 1;
const LINUX_COOKED: u16 = 276;

/// Their numbers on Linux (`ARPHRD_ETHER`, `ARPHRD_LOOPBACK`), and the length of their header.
const ETHER: u16 = 1;
const LOOPBACK: u16 = 772;
const ETHERNET_HEADER: usize = 14;

/// Bytes of the header of Linux.
const COOKED_HEADER: usize = 20;

/// A file that is being written.
#[derive(Debug)]
pub struct CaptureFile<W: Write> {
    writer: PcapngWriter<W>,
    snap: u32,
    /// The number in the file of each interface, and how many packets were written there.
    interfaces: FxHashMap<(u32, u16), (u32, u64)>,
    names: FxHashMap<u32, String>,
    /// Names of addresses that no packet has had yet.
    hosts: HostsFile,
}

/// Creates a file that only its owner may read. It must not be there, nor may a link.
///
/// # Errors
/// Those of the system: `AlreadyExists` if it is there.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl<W: Write> CaptureFile<W> {
    /// Begins. `snap` is how many bytes of each packet there are at most.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(out: W, origin: &Origin, interfaces: &[Interface], snap: Option<usize>) -> io::Result<Self> {
        let mut file = Self {
            writer: PcapngWriter::new(out, origin)?,
            snap: snap.map_or(0, |snap| u32::try_from(snap).unwrap_or(0)),
            interfaces: FxHashMap::default(),
            names: FxHashMap::default(),
            hosts: HostsFile::default(),
        };
        for interface in interfaces {
            let mut name = Vec::new();
            escape::write_word(&mut name, &interface.name);
            file.names.insert(interface.index, String::from_utf8_lossy(&name).into_owned());
            file.interface(interface.index, link_of(interface.link_type.unwrap_or(ETHER)))?;
        }
        Ok(file)
    }

    /// Has names of addresses, which are written with the first packet from or to each.
    #[must_use]
    pub fn with_hosts(self, hosts: HostsFile) -> Self {
        Self { hosts, ..self }
    }

    /// Returns the number of an interface in the file.
    fn interface(&mut self, index: u32, link: u16) -> io::Result<u32> {
        if let Some((number, _)) = self.interfaces.get(&(index, link)) {
            return Ok(*number);
        }
        // One that was made meanwhile has no name here.
        let unnamed = || format!("interface-{index}");
        let name = self.names.get(&index).cloned().unwrap_or_else(unnamed);
        let number = self.writer.interface(&name, "", link, self.snap)?;
        self.interfaces.insert((index, link), (number, 0));
        Ok(number)
    }

    /// Writes a packet, with what is known of its ends on this machine.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn packet(&mut self, kept: &Kept, ends: &[EndOf]) -> io::Result<()> {
        let link = if kept.network < ETHERNET_HEADER { LINUX_COOKED } else { link_of(kept.link_type) };
        let number = self.interface(kept.interface, link)?;
        if let Some((from, to)) = kept.frame.as_ref().map(|frame| frame.addresses) {
            let named = [from, to].map(|address| (address, self.hosts.take(address)));
            self.writer.names(&named)?;
        }
        let told = kept.application.as_ref().map(of_application);
        let comments: Vec<String> = ends.iter().map(comment).chain(told).collect();
        let held = ends.iter().find_map(|end| end.holder.socket.ownership.principal());
        let note = Note {
            at: kept.at,
            length: kept.length,
            is_outgoing: kept.is_outgoing(),
            lacks_checksum: !kept.has_checksum,
            pid: held.map(|owner| owner.process.pid),
            comments: &comments,
        };
        if link == ETHERNET {
            self.writer.packet(number, &kept.bytes, &note)?;
        } else {
            let (bytes, length) = cooked(kept);
            self.writer.packet(number, &bytes, &Note { length, ..note })?;
        }
        if let Some((_, written)) = self.interfaces.get_mut(&(kept.interface, link)) {
            *written += 1;
        }
        Ok(())
    }

    /// Returns how many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    /// Returns what is written to.
    pub fn out(&self) -> &W {
        self.writer.out()
    }

    /// Hands on what is in memory.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Returns how many bytes the end of the file takes.
    pub fn bytes_of_end(&self) -> u64 {
        /// More than a block of counts has.
        const BLOCK: u64 = 512;
        u64::try_from(self.interfaces.len()).unwrap_or(u64::MAX).saturating_mul(BLOCK)
    }

    /// Ends with what was counted, in words too, from one moment to another.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self, span: (Duration, Duration), comment: &str) -> io::Result<W> {
        let mut counted: Vec<(u32, u64)> = self.interfaces.values().copied().collect();
        counted.sort_unstable();
        for (number, delivered) in counted {
            self.writer.statistics(number, &Statistics { span, delivered, comment })?;
        }
        self.writer.finish()
    }
}

/// Returns the type of a link in a file.
fn link_of(link_type: u16) -> u16 {
    if matches!(link_type, ETHER | LOOPBACK) { ETHERNET } else { LINUX_COOKED }
}

/// Returns a packet with a header of Linux in place of that of its link, and how many bytes it had so.
fn cooked(kept: &Kept) -> (Vec<u8>, u32) {
    let packet = kept.bytes.get(kept.network..).unwrap_or_default();
    let protocol: u16 = match packet.first().map(|first| first >> 4).filter(|_| kept.frame.is_some()) {
        Some(4) => 0x0800,
        Some(6) => 0x86dd,
        _ => kept.protocol,
    };
    let kind = match kept.is_outgoing() {
        Some(false) => 0,
        Some(true) => 4,
        None => 3,
    };
    let mut bytes = Vec::with_capacity(COOKED_HEADER + packet.len());
    bytes.extend(protocol.to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(kept.interface.to_be_bytes());
    bytes.extend(kept.link_type.to_be_bytes());
    bytes.extend([kind, 0]);
    bytes.resize(COOKED_HEADER, 0);
    bytes.extend_from_slice(packet);
    let header = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let length = kept.length.saturating_sub(header(kept.network)).saturating_add(header(COOKED_HEADER));
    (bytes, length)
}
