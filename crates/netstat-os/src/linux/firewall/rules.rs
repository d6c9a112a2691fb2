//! Chains, rules and sets of nftables, decoded.

use netstat_model::Family;

/// Families of tables (`NFPROTO_*`).
pub(super) const INET: u8 = 1;
pub(super) const IPV4: u8 = 2;
pub(super) const NETDEV: u8 = 5;
pub(super) const IPV6: u8 = 10;

/// The hooks that an inbound packet passes (`enum nf_inet_hooks`).
pub(super) const PREROUTING: u32 = 0;
const LOCAL_IN: u32 = 1;
/// The hook where an interface hands a packet over, which has another number in each family that has it.
const INGRESS: [(u8, u32); 2] = [(NETDEV, 0), (INET, 5)];

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

/// What identifies a chain or a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct NftKey {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) name: String,
}

/// Where the kernel calls a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hook {
    pub(super) number: u32,
    pub(super) priority: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Chain {
    pub(super) key: NftKey,
    /// `None` for a chain that only rules lead to.
    pub(super) hook: Option<Hook>,
    /// Whether the policy is to drop what no rule decides.
    pub(super) policy_drops: bool,
    /// Whether its type is `filter`; others translate addresses or choose routes.
    pub(super) filters: bool,
}

impl Chain {
    /// Whether inbound packets pass this chain.
    pub(super) fn sees_inbound(&self) -> bool {
        let is_ip = [INET, IPV4, IPV6].contains(&self.key.family);
        let is_inbound = self.hook.is_some_and(|hook| [PREROUTING, LOCAL_IN].contains(&hook.number));
        self.filters && (is_ip && is_inbound || self.is_ingress())
    }

    /// Whether it sees the packets of some interfaces only.
    pub(super) fn is_ingress(&self) -> bool {
        self.hook.is_some_and(|hook| INGRESS.contains(&(self.key.family, hook.number)))
    }

    /// Whether packets of the family pass it.
    pub(super) fn sees(&self, family: Family) -> bool {
        let own = match family {
            Family::V4 => IPV4,
            Family::V6 => IPV6,
        };
        [INET, NETDEV, own].contains(&self.key.family)
    }

    /// Names the chain as `nft` does, for people.
    pub(super) fn title(&self) -> String {
        let family = match self.key.family {
            IPV4 => "ip",
            IPV6 => "ip6",
            NETDEV => "netdev",
            _ => "inet",
        };
        format!("nftables {family} {} {}", self.key.table, self.key.name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Rule {
    pub(super) chain: NftKey,
    pub(super) expressions: Vec<Expression>,
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
    PacketType,
    ConnectionState,
    /// Bits of `enum ip_conntrack_status`, among them whether addresses are translated.
    ConnectionStatus,
    /// Offset and length in the network header.
    Network(u32, u32),
    /// Offset and length in the transport header.
    Transport(u32, u32),
    /// A property we do not model.
    Other,
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

/// A part of a rule. `of` and `into` are numbers of registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Load {
        into: u32,
        what: Load,
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
    Lookup {
        of: u32,
        set: String,
        inverted: bool,
        /// Whether the set is a map whose elements hold verdicts.
        verdicts: bool,
    },
    Verdict(Verdict),
    /// An iptables match on the local port, for one protocol or (0) for any.
    Ports {
        protocol: u8,
        ranges: Vec<(u16, u16)>,
        inverted: bool,
    },
    /// An iptables match on the state of the connection.
    State {
        mask: u16,
        /// Whether connections with translated addresses match too.
        translated: bool,
    },
    /// May give a connection another destination, this machine for instance.
    Translates,
    /// Exempts the connection from tracking, so that it has no state.
    Untracked,
    /// Has no influence on the verdict.
    Nothing,
    /// An expression we do not model: it may match or not, and do anything.
    Unknown,
}

/// An element of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Element {
    /// The key, or the first one of a range; empty for the element that stands for all other keys.
    pub(super) key: Vec<u8>,
    /// The last key of a range of concatenated fields.
    pub(super) key_end: Option<Vec<u8>>,
    /// Whether the key is the first one after a range.
    pub(super) ends_range: bool,
    pub(super) verdict: Option<Verdict>,
}
