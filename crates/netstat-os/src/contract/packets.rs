//! Packets as they come and go.

use netstat_model::Error;
use std::time::Duration;

/// Captures packets.
pub trait Packets {
    /// Begins to capture the packets of every interface of the current network namespace that a program lets pass; all of
    /// them for an empty program.
    ///
    /// # Errors
    /// When the system refused it (Linux: without `CAP_NET_RAW`), or has no such thing.
    fn packets(&self, program: &[PacketTest]) -> Result<Box<dyn PacketStream + '_>, Error>;
}

/// Packets as they come and go.
pub trait PacketStream {
    /// Passes on some of the packets that there are, waiting for the first no longer than `patience`. Returns whether there
    /// were any.
    ///
    /// # Errors
    /// When the system refused.
    fn take(&mut self, patience: Duration, each: &mut dyn FnMut(&Packet<'_>)) -> Result<bool, Error>;

    /// Lets no further packet in. Those that are in can be taken afterwards.
    ///
    /// # Errors
    /// When the system refused.
    fn stop(&mut self) -> Result<(), Error>;

    /// What was counted since the stream began.
    ///
    /// # Errors
    /// When the system refused.
    fn counts(&mut self) -> Result<PacketCounts, Error>;

    /// When the machine booted, by the clock of packets, since 1970: events are told by the time since then. The clock may be set
    /// meanwhile.
    fn boot(&self) -> Duration;

    /// How old the youngest packet may be that a [`take`](PacketStream::take) without any did not pass on.
    fn drained_after(&self) -> Duration;
}

/// What a stream of packets has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PacketCounts {
    /// Packets that the program let pass, those among them that were dropped.
    pub seen: u64,
    /// Packets that there was no room for.
    pub dropped: u64,
    /// Packets that made no sense.
    pub odd: u64,
}

/// One packet, at one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// When it came or went, since 1970.
    pub at: Duration,
    /// The index of the interface.
    pub interface: u32,
    /// The type of the link: its number in linux/if_arp.h (`ARPHRD_`).
    pub link_type: u16,
    /// Whether the interface is the loopback, which shows each packet twice: as it goes, and as it comes.
    pub is_loopback: bool,
    /// Which way it went.
    pub direction: PacketDirection,
    /// The protocol after the header of the link, its number in Ethernet.
    pub protocol: u16,
    /// Its bytes from the header of the link on, without a VLAN tag.
    pub frame: &'a [u8],
    /// Where in them the header of the network begins.
    pub network: usize,
    /// How many bytes it had.
    pub length: u32,
    /// The VLAN tag that the system has taken out: its protocol and itself.
    pub vlan: Option<(u16, u16)>,
    /// Whether its checksum was made by then; otherwise the hardware makes it.
    pub has_checksum: bool,
}

/// Which way a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketDirection {
    /// To this machine.
    Incoming,
    /// From it.
    Outgoing,
    /// From another to another.
    Elsewhere,
}

/// One instruction of a program that says which packets are wanted (classic BPF).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketTest {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip if it is so.
    pub if_true: u8,
    /// How many if it is not.
    pub if_false: u8,
    /// With which number.
    pub value: u32,
}

impl PacketTest {
    /// Ends the program: the packet is not wanted.
    pub const RETURN_NOTHING: Self = Self { code: 0x06, if_true: 0, if_false: 0, value: 0 };
}
