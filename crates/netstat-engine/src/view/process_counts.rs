//! Which processes use how many ports (`-c`): what to look at when a machine runs out of ports.

use netstat_model::{NoOwner, ProcessKey, SocketTable, Transport};

/// A holder of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortHolder {
    /// No process: closed connections that linger, and sockets of the kernel itself.
    NoProcess,
    /// A process.
    Process(ProcessKey),
    /// An unknown process.
    NotKnown,
}

/// The number of distinct local ports of a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortCount {
    /// The holder.
    pub holder: PortHolder,
    /// TCP ports.
    pub tcp: usize,
    /// UDP ports.
    pub udp: usize,
}

impl PortCount {
    /// Returns TCP and UDP ports together.
    pub fn total(&self) -> usize {
        self.tcp + self.udp
    }
}

/// Counts the distinct local ports of each process, TCP and UDP separately; most first, equal counts by process.
///
/// A port counts once for a process, however many sockets and addresses it has there; it counts for every
/// process that holds it, so that a master does not hide its workers. Sockets without a process, and
/// sockets whose process is not known, are counted under [`PortHolder::NoProcess`] and [`PortHolder::NotKnown`]. A
/// socket that has no port yet counts for nobody.
pub fn count_ports(sockets: &SocketTable) -> Vec<PortCount> {
    let mut ports: Vec<(PortHolder, Transport, u16)> = Vec::with_capacity(sockets.len());
    for socket in sockets.iter() {
        let (Some(transport), Some(port @ 1..)) = (socket.protocol.transport(), socket.local.port()) else {
            continue;
        };
        let mut add = |holder| ports.push((holder, transport, port));
        let ownership = socket.ownership();
        match ownership.unowned() {
            Some(NoOwner::NoProcess | NoOwner::Kernel) => add(PortHolder::NoProcess),
            _ if ownership.owners().is_empty() => add(PortHolder::NotKnown),
            _ => ownership.owners().iter().for_each(|owner| add(PortHolder::Process(owner.process))),
        }
    }
    ports.sort_unstable();
    ports.dedup();
    let mut counts: Vec<PortCount> = ports
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|of_one| {
            let &(holder, ..) = of_one.first()?;
            let tcp = of_one.iter().filter(|(_, protocol, _)| *protocol == Transport::Tcp).count();
            Some(PortCount { holder, tcp, udp: of_one.len() - tcp })
        })
        .collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.total()));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{Family, IpEndpoint, Owner, Ownership, Socket};

    fn socket(protocol: Transport, local: &str, port: u16, ownership: Ownership) -> Socket {
        let local = IpEndpoint::new(local.parse().unwrap(), port, 0);
        let mut socket = Socket::new(protocol, Family::V4, local, None);
        socket.ownership = ownership;
        socket
    }

    fn held(pids: &[u32]) -> Ownership {
        let owner = |&pid| Owner { process: id(pid), parent: None, descriptor: None };
        Ownership::Held(pids.iter().map(owner).collect())
    }

    fn id(pid: u32) -> ProcessKey {
        ProcessKey { pid, start_time: 1 }
    }

    #[test]
    fn ports_are_counted_once_for_each_holder() {
        use Transport::{Tcp, Udp};
        let sockets = [
            socket(Tcp, "0.0.0.0", 80, held(&[10, 11])),
            socket(Tcp, "127.0.0.1", 80, held(&[10])),
            socket(Tcp, "::", 80, held(&[10])),
            socket(Udp, "0.0.0.0", 80, held(&[11])),
            socket(Tcp, "10.0.0.1", 5000, Ownership::Unowned(NoOwner::NoProcess)),
            socket(Tcp, "10.0.0.1", 5001, Ownership::Unowned(NoOwner::Kernel)),
            socket(Tcp, "10.0.0.1", 5002, Ownership::Unowned(NoOwner::NoProcess)),
            socket(Udp, "10.0.0.1", 5003, Ownership::Unowned(NoOwner::NotPermitted)),
            socket(Udp, "10.0.0.1", 0, held(&[12])),
            socket(Udp, "10.0.0.1", 5004, Ownership::Held(Vec::new())),
        ];
        assert_eq!(
            count_ports(&sockets.into_iter().collect()),
            [
                PortCount { holder: PortHolder::NoProcess, tcp: 3, udp: 0 },
                PortCount { holder: PortHolder::Process(id(11)), tcp: 1, udp: 1 },
                PortCount { holder: PortHolder::NotKnown, tcp: 0, udp: 2 },
                PortCount { holder: PortHolder::Process(id(10)), tcp: 1, udp: 0 },
            ]
        );
        assert_eq!(count_ports(&SocketTable::default()), []);
    }
}
