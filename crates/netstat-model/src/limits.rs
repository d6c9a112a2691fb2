use std::time::Duration;

/// Ports from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last; not less than the first.
    pub last: u16,
}

impl PortRange {
    /// Whether a port is one of them.
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// The ports that the system chooses from for whoever does not name one, and those it leaves out.
///
/// Linux has one range for all protocols and families; Windows has one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "ip_local_port_range")]
#[doc(alias = "ephemeral")]
pub struct DynamicPorts {
    /// The range.
    pub range: PortRange,
    /// What is never chosen, in it or not; pieces may overlap.
    #[doc(alias = "ip_local_reserved_ports")]
    pub excluded: Vec<PortRange>,
    /// Whether one port may serve connections to different remote ends at a time, when the system chose it: Linux yes,
    /// Windows no.
    pub shared_by_remotes: bool,
}

impl DynamicPorts {
    /// Whether the system may choose a port.
    pub fn contains(&self, port: u16) -> bool {
        self.range.contains(port) && !self.excluded.iter().any(|range| range.contains(port))
    }

    /// How many ports the system chooses from.
    pub fn count(&self) -> usize {
        (self.range.first..=self.range.last).filter(|&port| self.contains(port)).count()
    }
}

/// When a connection may begin with ends that another still has in TIME-WAIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "tcp_tw_reuse")]
pub enum TimeWaitReuse {
    /// Never before its time is over.
    Never,
    /// A second after it began, between addresses of the loopback network only.
    Loopback,
    /// A second after it began, where both ends use timestamps.
    Always,
}

/// What limits how many sockets there can be, and what they hold: settings, which only an administrator changes.
///
/// What limits levels that are counted stands beside them, in [`crate::SocketLevels`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// The ports to choose from for TCP over IPv4.
    pub tcp_v4_ports: Option<DynamicPorts>,
    /// For TCP over IPv6.
    pub tcp_v6_ports: Option<DynamicPorts>,
    /// For UDP over IPv4.
    pub udp_v4_ports: Option<DynamicPorts>,
    /// For UDP over IPv6.
    pub udp_v6_ports: Option<DynamicPorts>,
    /// When ends in TIME-WAIT may be used again. Linux only.
    pub time_wait_reuse: Option<TimeWaitReuse>,
    /// Whether TCP uses timestamps, without which TIME-WAIT is not used again. Linux only.
    #[doc(alias = "tcp_timestamps")]
    pub timestamps: Option<bool>,
    /// How long a socket stays in FIN-WAIT-2 that no process holds. Linux only.
    #[doc(alias = "tcp_fin_timeout")]
    pub fin_timeout: Option<Duration>,
    /// The largest accept queue that a listener gets, whatever it asks for. Linux only.
    pub somaxconn: Option<u64>,
    /// How many half-open connections a listener may have, where nothing less limits it. Linux only.
    #[doc(alias = "tcp_max_syn_backlog")]
    pub max_syn_backlog: Option<u64>,
    /// Whether SYN cookies are sent when the queue of half-open connections is full. Linux only.
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
