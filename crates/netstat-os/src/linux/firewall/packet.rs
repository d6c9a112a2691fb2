//! A packet on its way: what is known of it, and the registers of the rule that looks at it.

use super::places::{Case, Link};
use super::rules::{Addresses, Comparison, IPV4, IPV6, Load, NEW, Ports, Store};
use netstat_model::{Family, Inbound, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

/// Bits of `enum ip_conntrack_status`: the destination is translated, and two that change on the way.
const DESTINATION_TRANSLATED: u32 = 1 << 5;
const TRANSLATION_DONE: u32 = 1 << 7 | 1 << 8;

/// `RTN_UNICAST` and `RTN_LOCAL`.
pub(super) const UNICAST: u32 = 1;
pub(super) const LOCAL: u32 = 2;

/// Whether a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    Maybe,
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

impl Match {
    pub(super) fn inverted(self, inverted: bool) -> Self {
        match self {
            Self::Yes if inverted => Self::No,
            Self::No if inverted => Self::Yes,
            same => same,
        }
    }
}

/// Where the packet leaves the machine, as far as it has been decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    /// Not decided, or to a socket of this machine.
    None,
    Link(Rc<Link>),
    Unknown,
}

/// The rule that gave a packet another destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Diverted {
    pub(super) rule: Rc<str>,
    /// The ports of the socket that gets it without a change of the packet, if it is such a rule.
    pub(super) proxied: Option<(u16, u16)>,
}

/// What changes of a packet as it goes from rule to rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// The cases in which it is so: bits, by their places in the list of cases.
    pub(super) cases: u128,
    pub(super) addresses: Addresses,
    pub(super) ports: Ports,
    /// The last rule that changed either.
    pub(super) diverted: Option<Diverted>,
    /// Whether the connection is translated, so that no other chain of the type `nat` sees it.
    pub(super) translated: bool,
    /// Whether it is tracked, as its state: [`NEW`], [`INVALID`](super::rules::INVALID) before it is looked at, or
    /// [`UNTRACKED`](super::rules::UNTRACKED). `None` where that depends.
    pub(super) tracking: Option<u16>,
    /// The mark, and which bits of it are known.
    pub(super) mark: (u32, u32),
    pub(super) output: Output,
    /// `RTN_*` of a destination that is not the one of its case; `None` where it is not known.
    pub(super) destination_type: Option<u32>,
}

impl State {
    /// Returns a packet that has just arrived. Something before the rules may have marked it.
    pub(super) fn new(cases: u128) -> Self {
        Self {
            cases,
            addresses: Addresses::Same,
            ports: Ports::Same,
            diverted: None,
            translated: false,
            tracking: Some(NEW),
            mark: (0, 0),
            output: Output::None,
            destination_type: None,
        }
    }

    /// Returns whether it differs from another in nothing but its cases.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.addresses == other.addresses
            && self.ports == other.ports
            && self.diverted == other.diverted
            && self.translated == other.translated
            && self.tracking == other.tracking
            && self.mark == other.mark
            && self.output == other.output
            && self.destination_type == other.destination_type
    }

    /// Sets the bits of the mark below the mask, all others being kept.
    pub(super) fn set_mark(&mut self, mask: u32, with: Option<u32>) {
        let (value, known) = self.mark;
        self.mark = match with {
            Some(with) => ((value & !mask) ^ with, known | mask),
            None => (value & !mask, known & !mask),
        };
    }

    /// Returns the port: the first and the last that it may be.
    pub(super) fn port(&self, asked: u16) -> (u16, u16) {
        match self.ports {
            Ports::Range(first, last) if (first..=last).contains(&asked) => (asked, asked),
            ports => ports.of((asked, asked)),
        }
    }
}

/// A byte, and which bits of it are known.
type Byte = (u8, u8);

const UNKNOWN: Byte = (0, 0);

/// What the value in a register comes from, where there is more to it than its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// An interface of which it is only known that it is not the loopback.
    Interface,
    /// One of the numbers from `offset` on.
    Choice { modulus: u32, offset: u32 },
}

/// What one rule sees of a packet.
#[derive(Debug, Clone)]
pub(super) struct View<'a> {
    pub(super) inbound: &'a Inbound,
    /// The case that is looked at; `None` for all of them at once.
    pub(super) case: Option<&'a Case>,
    /// Whether the answer may differ from case to case.
    pub(super) depends_on_case: bool,
    registers: [Byte; REGISTER_BYTES],
    origin: Option<(usize, Origin)>,
}

const REGISTER_BYTES: usize = 80;

/// Returns where a register begins. There are two views of the same bytes: registers 1 to 4 have 16 bytes each, those
/// from 8 on (`NFT_REG32_00`) 4 bytes.
fn register_start(register: u32) -> Option<usize> {
    let register = usize::try_from(register).ok()?;
    match register {
        1..=4 => Some((register - 1) * 16),
        8..=24 => Some((register - 8) * 4),
        _ => None,
    }
}

/// Returns the bytes of an address, in the family of the packet.
pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// Reads an address of a family.
pub(super) fn address_of(family: Family, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        Family::V4 => Some(Ipv4Addr::from(*bytes.first_chunk::<4>()?).into()),
        Family::V6 => Some(Ipv6Addr::from(*bytes.first_chunk::<16>()?).into()),
    }
}

/// Returns bytes of which every bit is known.
fn known(bytes: &[u8]) -> Vec<Byte> {
    bytes.iter().map(|&byte| (byte, u8::MAX)).collect()
}

/// Returns a number as the kernel puts it into a register, of which some bits are known.
fn word((value, known): (u32, u32)) -> Vec<Byte> {
    value.to_ne_bytes().into_iter().zip(known.to_ne_bytes()).collect()
}

/// Overwrites a part of a header.
fn set(header: &mut [Byte], at: usize, with: &[Byte]) {
    header.iter_mut().skip(at).zip(with).for_each(|(byte, with)| *byte = *with);
}

/// Returns the name of an interface with the zeros that follow it, or its index.
fn name_or_index(link: &Link, name: bool) -> Vec<Byte> {
    if !name {
        return known(&link.index.to_ne_bytes());
    }
    let mut name = link.name.clone();
    name.resize(16, 0);
    known(&name)
}

impl<'a> View<'a> {
    pub(super) fn new(inbound: &'a Inbound, case: Option<&'a Case>) -> Self {
        let registers = [UNKNOWN; REGISTER_BYTES];
        Self { inbound, case, depends_on_case: false, registers, origin: None }
    }

    pub(super) fn protocol(&self) -> u8 {
        match self.inbound.protocol {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        }
    }

    pub(super) fn forget(&mut self) {
        self.registers = [UNKNOWN; REGISTER_BYTES];
        self.origin = None;
    }

    fn put_bits(&mut self, register: u32, bytes: &[Byte], length: usize) {
        let Some(start) = register_start(register) else { return self.forget() };
        let end = start.saturating_add(length);
        self.origin = self.origin.filter(|(place, _)| !(start..end).contains(place));
        for (index, byte) in self.registers.iter_mut().skip(start).take(length).enumerate() {
            *byte = bytes.get(index).copied().unwrap_or((0, u8::MAX));
        }
    }

    /// Puts a value into a register.
    pub(super) fn put(&mut self, register: u32, value: Option<&[u8]>) {
        match value {
            Some(value) => self.put_bits(register, &known(value), value.len().next_multiple_of(4)),
            // A value that is not known may be as long as a register.
            None => self.put_bits(register, &[UNKNOWN; 16], 16),
        }
    }

    fn bits(&self, register: u32, length: usize) -> Option<&[Byte]> {
        let start = register_start(register)?;
        self.registers.get(start..start.checked_add(length)?)
    }

    /// Returns the bytes of a register; `None` where one of them is not known.
    pub(super) fn bytes(&self, register: u32, length: usize) -> Option<Vec<u8>> {
        let known = |(byte, known): &Byte| (*known == u8::MAX).then_some(*byte);
        self.bits(register, length)?.iter().map(known).collect()
    }

    /// Returns the mark that a register sets: its bits, and which of them are known.
    pub(super) fn mark(&self, register: u32) -> (u32, u32) {
        let bits = self.bits(register, 4).unwrap_or(&[UNKNOWN; 4]);
        let word = |pick: fn(&Byte) -> u8| {
            let bytes: Vec<u8> = bits.iter().map(pick).collect();
            bytes.first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes))
        };
        (word(|byte| byte.0 & byte.1), word(|byte| byte.1))
    }

    /// Returns the keys that a register may hold, if it is one of a few numbers.
    pub(super) fn choices(&self, register: u32) -> Option<Vec<Vec<u8>>> {
        let (place, Origin::Choice { modulus, offset }) = self.origin? else { return None };
        let is_few = Some(place) == register_start(register) && modulus <= 256;
        let all = || (0..modulus).map(|number| offset.wrapping_add(number).to_ne_bytes().to_vec());
        is_few.then(|| all().collect())
    }

    /// Returns the destination address of the packet.
    fn destination(&mut self, state: &State) -> Option<Vec<u8>> {
        match state.addresses {
            Addresses::Same => self.arrived_at().map(octets),
            Addresses::Range(from, to) if from == to => Some(octets(from)),
            Addresses::Range(..) | Addresses::OfInterface | Addresses::Unknown => None,
        }
    }

    /// Returns the address with which the packet arrived.
    fn arrived_at(&mut self) -> Option<IpAddr> {
        self.depends_on_case = true;
        self.case?.address
    }

    /// Returns `RTN_*` of the destination.
    pub(super) fn destination_type(&mut self, state: &State) -> Option<u32> {
        if state.addresses != Addresses::Same {
            return state.destination_type;
        }
        self.depends_on_case = true;
        self.case?.address_type
    }

    /// Returns what is known of a part of the network header: version, protocol and destination.
    fn network_header(&mut self, state: &State, offset: u32, length: u32) -> Option<Vec<Byte>> {
        let (size, version, protocol_at, address_at) = match self.inbound.family {
            Family::V4 => (20, 0x40, 9, 16),
            Family::V6 => (40, 0x60, 6, 24),
        };
        let mut header = vec![UNKNOWN; size];
        set(&mut header, 0, &[(version, 0xf0)]);
        set(&mut header, protocol_at, &[(self.protocol(), u8::MAX)]);
        let (from, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
        if from.checked_add(length)? > address_at {
            set(&mut header, address_at, &known(&self.destination(state).unwrap_or_default()));
        }
        Some(header.get(from..from.checked_add(length)?)?.to_vec())
    }

    /// Returns what is known of a part of the transport header: the port, and the flags of the first segment of TCP,
    /// which are SYN and perhaps those of congestion control.
    fn transport_header(&self, state: &State, offset: u32, length: u32) -> Option<Vec<Byte>> {
        let mut header = vec![UNKNOWN; 20];
        let (first, last) = state.port(self.inbound.port);
        if first == last {
            set(&mut header, 2, &known(&first.to_be_bytes()));
        }
        if self.inbound.protocol == Transport::Tcp {
            set(&mut header, 13, &[(2, 0x3f)]);
        }
        let (from, length) = (usize::try_from(offset).ok()?, usize::try_from(length).ok()?);
        Some(header.get(from..from.checked_add(length)?)?.to_vec())
    }

    pub(super) fn load(&mut self, state: &State, into: u32, what: Load) {
        let is_tracked = state.tracking == Some(NEW);
        let bits: Option<Vec<Byte>> = match what {
            Load::Layer4Protocol => Some(known(&[self.protocol()])),
            Load::NetworkProtocol => Some(known(&[match self.inbound.family {
                Family::V4 => IPV4,
                Family::V6 => IPV6,
            }])),
            Load::EtherType => Some(known(match self.inbound.family {
                Family::V4 => &[8, 0],
                Family::V6 => &[0x86, 0xdd],
            })),
            // PACKET_HOST, unless it is for many.
            Load::PacketType => {
                self.depends_on_case = true;
                let is_host = |case: &Case| matches!(case.address_type, Some(UNICAST | LOCAL));
                self.case.is_some_and(is_host).then(|| known(&[0]))
            }
            Load::Mark => Some(word(state.mark)),
            Load::ConnectionState => state.tracking.map(|state| word((state.into(), u32::MAX))),
            Load::ConnectionStatus if is_tracked => {
                let translated = if state.translated { DESTINATION_TRANSLATED } else { 0 };
                Some(word((translated, !TRANSLATION_DONE)))
            }
            Load::Direction if is_tracked => Some(known(&[0])),
            Load::OriginalAddress if is_tracked => self.arrived_at().map(|address| known(&octets(address))),
            Load::OriginalPort if is_tracked => Some(known(&self.inbound.port.to_be_bytes())),
            Load::DestinationType => self.destination_type(state).map(|kind| word((kind, u32::MAX))),
            Load::Network(offset, length) => self.network_header(state, offset, length),
            Load::Transport(offset, length) => self.transport_header(state, offset, length),
            Load::InterfaceName | Load::InterfaceIndex => {
                self.depends_on_case = true;
                let link = self.case.and_then(|case| case.link.as_deref());
                link.map(|link| name_or_index(link, what == Load::InterfaceName))
            }
            Load::OutputName | Load::OutputIndex => {
                let none = Link { index: 0, name: Vec::new(), is_stacked: false };
                match &state.output {
                    Output::Unknown => None,
                    Output::None => Some(name_or_index(&none, what == Load::OutputName)),
                    Output::Link(link) => Some(name_or_index(link, what == Load::OutputName)),
                }
            }
            _ => None,
        };
        let origin = match what {
            Load::InterfaceName | Load::InterfaceIndex if bits.is_none() => Some(Origin::Interface),
            Load::Choice { modulus, offset } => Some(Origin::Choice { modulus, offset }),
            _ => None,
        };
        match bits {
            Some(bits) => self.put_bits(into, &bits, bits.len().next_multiple_of(4)),
            None => self.put(into, None),
        }
        if let (Some(place), Some(origin)) = (register_start(into), origin) {
            self.origin = Some((place, origin));
        }
    }

    pub(super) fn bitwise(&mut self, of: u32, into: u32, mask: &[u8], xor: &[u8]) {
        let Some(bits) = self.bits(of, mask.len()) else { return self.put(into, None) };
        let pairs = mask.iter().zip(xor.iter().chain(std::iter::repeat(&0)));
        // A bit outside of the mask is that of the other operand, whatever it was.
        let combined: Vec<Byte> = bits
            .iter()
            .zip(pairs)
            .map(|((byte, known), (mask, xor))| (byte & mask ^ xor, known | !mask))
            .collect();
        self.put_bits(into, &combined, combined.len().next_multiple_of(4));
    }

    pub(super) fn compare(&self, of: u32, how: Comparison, with: &[u8]) -> Match {
        let is_interface = self
            .origin
            .is_some_and(|(place, origin)| origin == Origin::Interface && Some(place) == register_start(of));
        if is_interface && is_loopback(with) {
            return match how {
                Comparison::Equal => Match::No,
                Comparison::NotEqual => Match::Yes,
                _ => Match::Maybe,
            };
        }
        let Some(value) = self.bytes(of, with.len()) else {
            let Some(bits) = self.bits(of, with.len()) else { return Match::Maybe };
            // A bit that is known to differ decides.
            let differs = bits.iter().zip(with).any(|((byte, known), with)| (byte ^ with) & known != 0);
            return match how {
                Comparison::Equal if differs => Match::No,
                Comparison::NotEqual if differs => Match::Yes,
                _ => Match::Maybe,
            };
        };
        let order = value.as_slice().cmp(with);
        match how {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
        .into()
    }

    /// Compares the ports of an iptables match.
    pub(super) fn ports(&self, state: &State, ranges: &[(u16, u16)]) -> Match {
        let (first, last) = state.port(self.inbound.port);
        let inside = |(from, to): &(u16, u16)| *from <= first && last <= *to;
        let touches = |(from, to): &(u16, u16)| *from <= last && first <= *to;
        match () {
            () if ranges.iter().any(inside) => Match::Yes,
            () if ranges.iter().any(touches) => Match::Maybe,
            () => Match::No,
        }
    }

    /// Changes the packet by what a register holds.
    pub(super) fn store(&self, state: &mut State, from: u32, what: Store, rule: &Rc<str>) {
        let address_at = match self.inbound.family {
            Family::V4 => 16,
            Family::V6 => 24,
        };
        let whole = match self.inbound.family {
            Family::V4 => 4,
            Family::V6 => 16,
        };
        match what {
            Store::Mark => state.mark = self.mark(from),
            Store::Network(offset, length)
                if offset < address_at + whole && offset.saturating_add(length) > address_at =>
            {
                let is_whole = (offset, length) == (address_at, whole);
                let bytes = usize::try_from(length).ok().and_then(|length| self.bytes(from, length));
                let address = bytes.filter(|_| is_whole).and_then(|it| address_of(self.inbound.family, &it));
                state.addresses = address.map_or(Addresses::Unknown, |it| Addresses::Range(it, it));
                state.destination_type = None;
                state.diverted = Some(Diverted { rule: Rc::clone(rule), proxied: None });
            }
            Store::Transport(offset, length) if offset < 4 && offset.saturating_add(length) > 2 => {
                let bytes = (offset == 2 && length == 2).then(|| self.bytes(from, 2)).flatten();
                let port = bytes.and_then(|bytes| Some(u16::from_be_bytes(*bytes.first_chunk()?)));
                state.ports = port.map_or(Ports::Range(0, u16::MAX), |port| Ports::Range(port, port));
                state.diverted = Some(Diverted { rule: Rc::clone(rule), proxied: None });
            }
            Store::Network(..) | Store::Transport(..) => {}
        }
    }
}

/// Whether this is the name of the loopback interface, or its index, which is 1 in every namespace.
fn is_loopback(value: &[u8]) -> bool {
    let is_name =
        value.strip_prefix(b"lo").is_some_and(|rest| rest.iter().all(|&byte| byte == 0) && !rest.is_empty());
    is_name || value == 1u32.to_ne_bytes()
}
