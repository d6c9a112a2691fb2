use std::time::Duration;

/// A range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PortRange {
    /// The first port.
    pub first: u16,
    /// The last port, not less than the first.
    pub last: u16,
}

impl PortRange {
    /// Returns true if the port is in the range.
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// The ephemeral ports: those that the system assigns to sockets bound without a port.
///
/// Linux has one range for all protocols and families; Windows has one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "ip_local_port_range")]
#[doc(alias = "ephemeral")]
pub struct DynamicPorts {
    /// The range.
    pub range: PortRange,
    /// Ports that are never assigned, inside the range or not; these ranges may overlap.
    #[doc(alias = "ip_local_reserved_ports")]
    pub excluded: Vec<PortRange>,
    /// True if the system may assign one port to several connections at once, as long as their remote ends differ:
    /// true on Linux, false on Windows.
    pub shared_by_remotes: bool,
}

impl DynamicPorts {
    /// Returns true if the system may assign the port.
    pub fn contains(&self, port: u16) -> bool {
        self.range.contains(port) && !self.excluded.iter().any(|range| range.contains(port))
    }

    /// Returns the number of ports that the system may assign.
    pub fn count(&self) -> usize {
        (self.range.first..=self.range.last).filter(|&port| self.contains(port)).count()
    }
}

/// When a new connection may reuse the ends of a socket in TIME-WAIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "tcp_tw_reuse")]
pub enum TimeWaitReuse {
    /// Not before TIME-WAIT is over.
    Never,
    /// One second into TIME-WAIT, between loopback addresses only.
    Loopback,
    /// One second into TIME-WAIT, if both ends use TCP timestamps.
    Always,
}

/// Limits on sockets and their queues, as set by the administrator.
///
/// Limits on counted levels are with those levels, in [`super::SocketLevels`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Ephemeral ports of TCP over IPv4.
    pub tcp_v4_ports: Option<DynamicPorts>,
    /// Ephemeral ports of TCP over IPv6.
    pub tcp_v6_ports: Option<DynamicPorts>,
    /// Ephemeral ports of UDP over IPv4.
    pub udp_v4_ports: Option<DynamicPorts>,
    /// Ephemeral ports of UDP over IPv6.
    pub udp_v6_ports: Option<DynamicPorts>,
    /// When ends in TIME-WAIT may be reused. Linux only.
    pub time_wait_reuse: Option<TimeWaitReuse>,
    /// The first port that a process may bind without `CAP_NET_BIND_SERVICE`. Linux only.
    #[doc(alias = "ip_unprivileged_port_start")]
    pub unprivileged_ports_from: Option<u32>,
    /// True if TCP timestamps are enabled, which reuse of TIME-WAIT depends on. Linux only.
    #[doc(alias = "tcp_timestamps")]
    pub timestamps: Option<bool>,
    /// How long an orphaned socket stays in FIN-WAIT-2. Linux only.
    #[doc(alias = "tcp_fin_timeout")]
    pub fin_timeout: Option<Duration>,
    /// The upper limit on the accept queue of a listener, whatever it asks for. Linux only.
    pub somaxconn: Option<u64>,
    /// The limit on half-open connections of a listener, unless a lower one applies. Linux only.
    #[doc(alias = "tcp_max_syn_backlog")]
    pub max_syn_backlog: Option<u64>,
    /// True if SYN cookies are sent once the queue of half-open connections is full. Linux only.
    #[doc(alias = "tcp_syncookies")]
    pub syn_cookies: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excluded_ports_are_not_counted() {
        let range = |first, last| PortRange { first, last };
        let ports = DynamicPorts {
            range: range(40_000, 40_099),
            shared_by_remotes: true,
            excluded: vec![
                range(40_000, 40_009),
                range(40_005, 40_019),
                range(8080, 8080),
                range(40_099, 41_000),
            ],
        };
        assert_eq!(ports.count(), 79);
        assert!(ports.contains(40_020) && ports.contains(40_098));
        assert!(!ports.contains(40_019) && !ports.contains(40_099) && !ports.contains(8080));
        let all = DynamicPorts { range: range(0, u16::MAX), shared_by_remotes: false, excluded: Vec::new() };
        assert_eq!(all.count(), 65_536);
    }
}
