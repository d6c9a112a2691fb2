//! Chains, rules and sets of nftables and of iptables, decoded.

use netstat_model::Family;
use std::net::IpAddr;

/// Families of tables (`NFPROTO_*`).
pub(super) const INET: u8 = 1;
pub(super) const IPV4: u8 = 2;
pub(super) const NETDEV: u8 = 5;
pub(super) const IPV6: u8 = 10;

/// The hooks that an inbound packet passes (`enum nf_inet_hooks`).
pub(super) const PREROUTING: u32 = 0;
pub(super) const LOCAL_IN: u32 = 1;
pub(super) const FORWARD: u32 = 2;
pub(super) const POSTROUTING: u32 = 4;
/// The hook where an interface hands a packet over, which has another number in each family that has it.
const INGRESS: [(u8, u32); 2] = [(NETDEV, 0), (INET, 5)];

/// The state bit of a packet without a connection: `NF_CT_STATE_INVALID_BIT`.
pub(super) const INVALID: u16 = 1;
/// The state bit of a new connection: `NF_CT_STATE_BIT(IP_CT_NEW)`.
pub(super) const NEW: u16 = 8;
/// The state bit of a connection that is not tracked: `NF_CT_STATE_UNTRACKED_BIT`.
pub(super) const UNTRACKED: u16 = 64;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Table {
    pub(super) family: u8,
    pub(super) name: String,
    /// `flags dormant`: the kernel skips its chains.
    pub(super) dormant: bool,
}

/// The part of the kernel that a table belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Engine {
    /// nftables, iptables-nft included.
    Nftables,
    /// The tables of iptables-legacy.
    Legacy,
}

/// What identifies a chain or a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct NftKey {
    pub(super) engine: Engine,
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) name: String,
}

impl NftKey {
    /// Names a chain as its program does, for people.
    pub(super) fn title(&self) -> String {
        let family = match (self.engine, self.family) {
            (Engine::Legacy, IPV6) => return format!("ip6tables-legacy {} {}", self.table, self.name),
            (Engine::Legacy, _) => return format!("iptables-legacy {} {}", self.table, self.name),
            (_, IPV4) => "ip",
            (_, IPV6) => "ip6",
            (_, NETDEV) => "netdev",
            _ => "inet",
        };
        format!("nftables {family} {} {}", self.table, self.name)
    }
}

/// Where the kernel calls a base chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hook {
    pub(super) number: u32,
    pub(super) priority: i32,
    /// The interfaces of an ingress chain. A name that ends in `*` stands for all that begin so.
    pub(super) devices: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Chain {
    pub(super) key: NftKey,
    /// `None` for a chain that only rules lead to.
    pub(super) hook: Option<Hook>,
    /// Whether the policy is to drop what no rule decides.
    pub(super) policy_drops: bool,
    /// Whether its type is `nat`: it sees the first packet of a connection, unless an earlier one has translated it.
    pub(super) translates: bool,
}

impl Chain {
    /// Returns the hook that calls it, unless that is for one interface alone.
    pub(super) fn ip_hook(&self) -> Option<u32> {
        let hook = self.hook.as_ref()?.number;
        let is_ip = [INET, IPV4, IPV6].contains(&self.key.family);
        (is_ip && [PREROUTING, LOCAL_IN, FORWARD, POSTROUTING].contains(&hook)).then_some(hook)
    }

    /// Whether inbound packets pass this chain.
    pub(super) fn sees_inbound(&self) -> bool {
        self.ip_hook().is_some() || self.is_ingress()
    }

    /// Whether it sees the packets of some interfaces only.
    pub(super) fn is_ingress(&self) -> bool {
        self.hook.as_ref().is_some_and(|hook| INGRESS.contains(&(self.key.family, hook.number)))
    }

    /// Returns the place among the chains of its hook. All chains of the type `nat` are called where destinations are
    /// translated (`NF_IP_PRI_NAT_DST`), or sources; their priorities order them among themselves.
    pub(super) fn order(&self) -> (i32, i32) {
        let Some(hook) = &self.hook else { return (0, 0) };
        match (self.translates, hook.number) {
            (true, PREROUTING) => (-100, hook.priority),
            (true, _) => (100, hook.priority),
            (false, _) => (hook.priority, 0),
        }
    }

    /// Whether packets of the family pass it.
    pub(super) fn sees(&self, family: Family) -> bool {
        let own = match family {
            Family::V4 => IPV4,
            Family::V6 => IPV6,
        };
        [INET, NETDEV, own].contains(&self.key.family)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Rule {
    pub(super) chain: NftKey,
    /// The handle by which `nft` deletes it; in iptables-legacy its number in the chain.
    pub(super) number: u64,
    pub(super) expressions: Vec<Expression>,
}

impl Rule {
    /// Names the rule, for people.
    pub(super) fn title(&self) -> String {
        let number = match self.chain.engine {
            Engine::Nftables => "handle",
            Engine::Legacy => "rule",
        };
        format!("{} {number} {}", self.chain.title(), self.number)
    }
}

/// What a rule does with a packet that it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    Drop,
    /// A program decides.
    Queue,
    Continue,
    Return,
    Jump(String),
    Goto(String),
}

/// A property of a packet that a rule loads into a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Layer4Protocol,
    NetworkProtocol,
    EtherType,
    InterfaceName,
    InterfaceIndex,
    OutputName,
    OutputIndex,
    PacketType,
    Mark,
    ConnectionState,
    /// Bits of `enum ip_conntrack_status`, among them whether addresses are translated.
    ConnectionStatus,
    /// `enum ip_conntrack_dir`.
    Direction,
    /// The destination with which the packet arrived.
    OriginalAddress,
    OriginalPort,
    /// `RTN_*` of the destination.
    DestinationType,
    /// A number from `offset` on, below `offset` + `modulus`, by chance or in turn.
    Choice {
        modulus: u32,
        offset: u32,
    },
    /// Offset and length in the network header.
    Network(u32, u32),
    /// Offset and length in the transport header.
    Transport(u32, u32),
    /// A property we do not model.
    Other,
}

/// What a rule changes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    Mark,
    /// Offset and length in the network header.
    Network(u32, u32),
    /// Offset and length in the transport header.
    Transport(u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a lookup that finds something leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The rule goes on.
    Match,
    /// The verdict of the element.
    Verdict,
    /// The value of the element is put into this register.
    Value(u32),
}

/// The destination that a rule gives a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ports {
    /// The port stays.
    Same,
    /// As far after `first` as the port is after `base`, beginning anew after `last`.
    Shifted { base: u16, first: u16, last: u16 },
    /// One of these, both included.
    Range(u16, u16),
}

impl Ports {
    /// Returns the ports that some ports become: the first and the last.
    pub(super) fn of(self, (from, to): (u16, u16)) -> (u16, u16) {
        match self {
            Self::Same => (from, to),
            Self::Range(first, last) => (first, last),
            Self::Shifted { base, first, last } => {
                let (first, last) = (first.min(last), first.max(last));
                let size = u32::from(last - first) + 1;
                let (start, end) = (u32::from(from.wrapping_sub(base)), u32::from(to.wrapping_sub(base)));
                if end < start || start / size != end / size {
                    return (first, last);
                }
                let at = |offset: u32| first.saturating_add(u16::try_from(offset % size).unwrap_or(u16::MAX));
                (at(start), at(end))
            }
        }
    }
}

/// The addresses that a rule gives a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Addresses {
    /// The address stays.
    Same,
    /// One of the interface that the packet came by.
    OfInterface,
    /// One of these, both included.
    Range(IpAddr, IpAddr),
    Unknown,
}

/// A part of a rule. `of`, `from` and `into` are numbers of registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Load {
        into: u32,
        what: Load,
    },
    /// Puts a constant into a register.
    Put {
        into: u32,
        value: Vec<u8>,
    },
    Compare {
        of: u32,
        how: Comparison,
        with: Vec<u8>,
    },
    Range {
        of: u32,
        inside: bool,
        from: Vec<u8>,
        to: Vec<u8>,
    },
    Bitwise {
        of: u32,
        into: u32,
        mask: Vec<u8>,
        xor: Vec<u8>,
    },
    /// Computes something that we do not model into a register.
    Compute {
        into: u32,
    },
    Lookup {
        of: u32,
        set: String,
        inverted: bool,
        found: Found,
    },
    Verdict(Verdict),
    /// An iptables match on the local port, for one protocol or (0) for any.
    Ports {
        protocol: u8,
        ranges: Vec<(u16, u16)>,
        inverted: bool,
    },
    /// An iptables match on TCP flags.
    Flags {
        mask: u8,
        with: u8,
        inverted: bool,
    },
    /// An iptables match on the state of the connection.
    State {
        mask: u16,
        /// Whether connections with translated destinations match too.
        translated: bool,
        inverted: bool,
    },
    /// An iptables match on the port with which the packet arrived.
    OriginalPorts {
        range: (u16, u16),
        inverted: bool,
    },
    /// An iptables match on the type of the destination: bits of `RTN_*`.
    DestinationType {
        types: u16,
        inverted: bool,
    },
    /// An iptables match on bits of the mark.
    Mark {
        mask: u32,
        with: u32,
        inverted: bool,
    },
    /// Sets bits of the mark; `None` for what is not known.
    SetMark {
        mask: u32,
        with: Option<u32>,
    },
    Store {
        from: u32,
        what: Store,
    },
    /// Gives the connection another destination, from registers.
    Translate {
        /// Whether the address becomes one of the interface that the packet came by.
        redirects: bool,
        /// The only family that the expression does anything with, in a table of both.
        family: Option<Family>,
        addresses: Option<(u32, u32)>,
        ports: Option<(u32, u32)>,
    },
    /// Gives the connection the destination in the rule.
    TranslateTo {
        addresses: Addresses,
        ports: Ports,
    },
    /// Gives the packet to a local socket of another port, if there is a transparent one: nftables.
    Proxy {
        port: Option<u32>,
    },
    /// The same of iptables, which drops the packet where there is none.
    ProxyTo {
        port: u16,
    },
    /// Exempts the connection from tracking, so that it has no state.
    Untracked,
    /// Has no influence on the verdict.
    Nothing,
    /// Matches no first packet of a connection.
    Never,
    /// A match that we do not model.
    Uncertain,
    /// An expression we do not model: it may match or not, and do anything.
    Unknown,
}

/// How a set compares its keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct KeyForm {
    /// Whether an element stands for all keys up to the next one.
    pub(super) has_ranges: bool,
    /// The lengths of concatenated fields, in bytes; empty for a key of one field. In a key each is padded to a multiple of
    /// four.
    pub(super) fields: Vec<usize>,
}

/// An element of a set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Element {
    /// The key, or the first one of a range; empty for the element that stands for all other keys.
    pub(super) key: Vec<u8>,
    /// The last key of a range of concatenated fields.
    pub(super) key_end: Option<Vec<u8>>,
    /// Whether the key is the first one after a range.
    pub(super) ends_range: bool,
    pub(super) verdict: Option<Verdict>,
    /// What the element of a map stands for.
    pub(super) value: Option<Vec<u8>>,
}
