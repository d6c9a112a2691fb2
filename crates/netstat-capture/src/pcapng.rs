//! Writes pcapng, the format of Wireshark: a section with its interfaces, packets with what is known of them, and counts.

use std::io::{self, Write};
use std::net::IpAddr;
use std::time::Duration;

/// Types of blocks.
pub(crate) const SECTION: u32 = 0x0a0d_0d0a;
pub(crate) const INTERFACE: u32 = 1;
pub(crate) const STATISTICS: u32 = 5;
const NAMES: u32 = 4;
pub(crate) const PACKET: u32 = 6;

/// Says in which order the bytes of a section are.
pub(crate) const ORDER: u32 = 0x1a2b_3c4d;

/// Numbers of options, each of its block.
pub(crate) const COMMENT: u16 = 1;
pub(crate) const NAME: u16 = 2;
pub(crate) const RESOLUTION: u16 = 9;
pub(crate) const FLAGS: u16 = 2;
pub(crate) const PROCESS: u16 = 8;
const OS: u16 = 3;
const APPLICATION: u16 = 4;
const HARDWARE: u16 = 2;
const DESCRIPTION: u16 = 3;
const BEGIN: u16 = 2;
const END: u16 = 3;
const DELIVERED: u16 = 8;

/// Types of records of names: of an address of IPv4, and of one of IPv6.
const OF_V4: u16 = 1;
const OF_V6: u16 = 2;

/// Times are in nanoseconds: a power of ten.
const NANOSECONDS: u8 = 9;

/// Bits of the flags of a packet.
pub(crate) const INBOUND: u32 = 1;
pub(crate) const OUTBOUND: u32 = 2;
const NO_CHECKSUM: u32 = 1 << 9;

/// Where a capture was made, and by what.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The name of the machine.
    pub host: Option<String>,
    /// Its operating system.
    pub os: String,
    /// The program.
    pub application: String,
    /// What was asked for.
    pub comment: String,
}

/// What is written of a packet beside its bytes.
#[derive(Debug, Clone, Default)]
pub struct Note<'a> {
    /// When it was, since 1970.
    pub at: Duration,
    /// How many bytes it had.
    pub length: u32,
    /// Whether it went out, where that is known.
    pub is_outgoing: Option<bool>,
    /// Whether its checksum was still to be made.
    pub lacks_checksum: bool,
    /// The process that it is of.
    pub pid: Option<u32>,
    /// What is said of it.
    pub comments: &'a [String],
}

/// What was counted at an interface.
#[derive(Debug, Clone, Default)]
pub struct Statistics<'a> {
    /// When the capture began and ended, since 1970.
    pub span: (Duration, Duration),
    /// Packets that were written.
    pub delivered: u64,
    /// All counts, in words.
    pub comment: &'a str,
}

/// Writes a file, block by block.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    out: W,
    bytes: u64,
    interfaces: u32,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a section.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(out: W, origin: &Origin) -> io::Result<Self> {
        let mut writer = Self { out, bytes: 0, interfaces: 0 };
        let mut body = Vec::new();
        body.extend(ORDER.to_ne_bytes());
        body.extend([1u16.to_ne_bytes(), 0u16.to_ne_bytes()].concat());
        // How long the section is nobody knows yet.
        body.extend(u64::MAX.to_ne_bytes());
        if let Some(host) = &origin.host {
            option(&mut body, HARDWARE, host.as_bytes());
        }
        option(&mut body, OS, origin.os.as_bytes());
        option(&mut body, APPLICATION, origin.application.as_bytes());
        option(&mut body, COMMENT, origin.comment.as_bytes());
        writer.block(SECTION, &mut body)?;
        Ok(writer)
    }

    /// Adds an interface. Returns its number, by which packets name it. `link` is the number of the type of its link
    /// (`LINKTYPE_`); a `snap` of 0 stands for no limit.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn interface(&mut self, name: &str, description: &str, link: u16, snap: u32) -> io::Result<u32> {
        let mut body = Vec::new();
        body.extend(link.to_ne_bytes());
        body.extend([0, 0]);
        body.extend(snap.to_ne_bytes());
        option(&mut body, NAME, name.as_bytes());
        if !description.is_empty() {
            option(&mut body, DESCRIPTION, description.as_bytes());
        }
        option(&mut body, RESOLUTION, &[NANOSECONDS]);
        self.block(INTERFACE, &mut body)?;
        self.interfaces += 1;
        Ok(self.interfaces - 1)
    }

    /// Adds a packet.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn packet(&mut self, interface: u32, bytes: &[u8], note: &Note<'_>) -> io::Result<()> {
        let mut body = Vec::with_capacity(bytes.len() + 128);
        body.extend(interface.to_ne_bytes());
        body.extend(time(note.at));
        body.extend(number(bytes.len())?.to_ne_bytes());
        body.extend(note.length.to_ne_bytes());
        padded(&mut body, bytes);
        for comment in note.comments {
            option(&mut body, COMMENT, comment.as_bytes());
        }
        let direction =
            note.is_outgoing.map_or(0, |is_outgoing| if is_outgoing { OUTBOUND } else { INBOUND });
        let flags = direction | if note.lacks_checksum { NO_CHECKSUM } else { 0 };
        if flags != 0 {
            option(&mut body, FLAGS, &flags.to_ne_bytes());
        }
        if let Some(pid) = note.pid {
            // Its thread is not known, which is 0.
            option(&mut body, PROCESS, &[pid.to_ne_bytes(), 0u32.to_ne_bytes()].concat());
        }
        self.block(PACKET, &mut body)
    }

    /// Adds names of addresses.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn names(&mut self, names: &[(IpAddr, Vec<Box<str>>)]) -> io::Result<()> {
        let mut body = Vec::new();
        for (address, names) in names.iter().filter(|(_, names)| !names.is_empty()) {
            let (kind, mut value) = match address {
                IpAddr::V4(address) => (OF_V4, address.octets().to_vec()),
                IpAddr::V6(address) => (OF_V6, address.octets().to_vec()),
            };
            // Wireshark shows the last one, and the first is the one by which a host calls itself.
            for name in names.iter().rev() {
                value.extend_from_slice(name.as_bytes());
                value.push(0);
            }
            option(&mut body, kind, &value);
        }
        if body.is_empty() {
            return Ok(());
        }
        // The end of the records; that of the options is behind it.
        body.extend([0; 4]);
        self.block(NAMES, &mut body)
    }

    /// Adds what was counted at an interface.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn statistics(&mut self, interface: u32, statistics: &Statistics<'_>) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend(interface.to_ne_bytes());
        body.extend(time(statistics.span.1));
        option(&mut body, COMMENT, statistics.comment.as_bytes());
        option(&mut body, BEGIN, &time(statistics.span.0));
        option(&mut body, END, &time(statistics.span.1));
        option(&mut body, DELIVERED, &statistics.delivered.to_ne_bytes());
        self.block(STATISTICS, &mut body)
    }

    /// Returns how many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns what is written to.
    pub fn out(&self) -> &W {
        &self.out
    }

    /// Hands on what is in memory.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Ends, and returns what was written to.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// Writes a block whose options are still without an end.
    fn block(&mut self, kind: u32, body: &mut Vec<u8>) -> io::Result<()> {
        body.extend([0; 4]);
        let length = number(body.len() + 12)?;
        self.out.write_all(&kind.to_ne_bytes())?;
        self.out.write_all(&length.to_ne_bytes())?;
        self.out.write_all(body)?;
        self.out.write_all(&length.to_ne_bytes())?;
        self.bytes += u64::from(length);
        Ok(())
    }
}

fn number(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// Returns a time as blocks have it: the upper half first.
fn time(at: Duration) -> [u8; 8] {
    let nanoseconds = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
    let mut bytes = [0; 8];
    let (upper, lower) = bytes.split_at_mut(4);
    let [high, low] = [nanoseconds >> 32, nanoseconds & 0xffff_ffff];
    upper.copy_from_slice(&u32::try_from(high).unwrap_or(u32::MAX).to_ne_bytes());
    lower.copy_from_slice(&u32::try_from(low).unwrap_or(u32::MAX).to_ne_bytes());
    bytes
}

fn padded(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Adds an option. One that is too long for the format is cut.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..value.len().min(usize::from(u16::MAX))).unwrap_or_default();
    body.extend(code.to_ne_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_ne_bytes());
    padded(body, value);
}
