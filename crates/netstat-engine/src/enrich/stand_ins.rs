use netstat_model::query::Scope;
use netstat_model::{Keeper, NoOwner, Process, ProcessKey, SocketRef, StandIn, Warning};
use netstat_os::Processes;
use rustc_hash::FxHashMap;

/// Who is behind the listeners that one process keeps for another.
#[derive(Debug, Clone, Default)]
pub struct StandIns(Vec<StandIn>);

impl StandIns {
    /// Keeps what the system has told.
    pub fn new(all: Vec<StandIn>) -> Self {
        Self(all)
    }

    /// Asks the system, if one of these processes keeps listeners for others as one of these keepers, or the kernel itself
    /// has some of the sockets.
    pub fn read(
        system: &impl Processes,
        processes: &FxHashMap<ProcessKey, Process>,
        of_kernel: bool,
        asked: &[Keeper],
        scope: Scope,
        warnings: &mut Vec<Warning>,
    ) -> Self {
        let mut keepers: Vec<Keeper> = processes.values().filter_map(Keeper::of).collect();
        keepers.extend(of_kernel.then_some(Keeper::Kernel));
        keepers.retain(|keeper| asked.contains(keeper));
        keepers.sort_unstable();
        keepers.dedup();
        if keepers.is_empty() {
            return Self::default();
        }
        let answer = system.stand_ins(&keepers, scope);
        warnings.extend(answer.warnings);
        Self(answer.data)
    }

    /// Returns whether no process is known to hold a socket, so that it may be the kernel's own. That the reader may not see
    /// all processes does not matter where the kernel says what it has the port for: nobody else gets that port.
    pub fn may_be_of_kernel(socket: &SocketRef<'_>) -> bool {
        let unowned = socket.ownership().unowned();
        matches!(unowned, Some(NoOwner::Kernel | NoOwner::NotPermitted | NoOwner::OtherNamespace))
    }

    /// Returns as what one of the holders of a socket keeps it for others.
    pub fn keeper(socket: &SocketRef<'_>, processes: &FxHashMap<ProcessKey, Process>) -> Option<Keeper> {
        let ownership = socket.ownership();
        if Self::may_be_of_kernel(socket) {
            return Some(Keeper::Kernel);
        }
        let holders = ownership.owners().iter().filter_map(|owner| processes.get(&owner.process));
        holders.filter_map(Keeper::of).next()
    }

    /// Returns by what and for whom a socket is kept: all of them where several units have the same place; none where that
    /// is not known.
    pub fn of(&self, socket: &SocketRef<'_>, processes: &FxHashMap<ProcessKey, Process>) -> Vec<&StandIn> {
        // Most sockets are connections.
        if self.0.is_empty() || socket.remote.is_some() {
            return Vec::new();
        }
        let keeper = Self::keeper(socket, processes);
        self.0.iter().filter(|one| Some(one.keeper) == keeper && one.is(socket)).collect()
    }

    /// Returns that as a text: `ssh.socket > ssh.service`; `None` where it is not known.
    pub fn behind(
        &self,
        socket: &SocketRef<'_>,
        processes: &FxHashMap<ProcessKey, Process>,
    ) -> Option<String> {
        let mut texts: Vec<String> = self.of(socket, processes).into_iter().map(text).collect();
        texts.sort_unstable();
        texts.dedup();
        (!texts.is_empty()).then(|| texts.join(", "))
    }
}

fn text(one: &StandIn) -> String {
    match one.behind.is_empty() {
        true => one.by.to_string(),
        false => format!("{} > {}", one.by, one.behind.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{
        Family, IpEndpoint, Missing, Owner, Ownership, Protocol, Socket, TcpState, Transport,
    };

    fn end(text: &str) -> IpEndpoint {
        let end: std::net::SocketAddr = text.parse().unwrap();
        IpEndpoint::new(end.ip(), end.port(), 0)
    }

    fn kept(keeper: Keeper, place: &str, by: &str, behind: &[&str]) -> StandIn {
        let behind = behind.iter().map(|name| Box::from(*name)).collect();
        StandIn {
            keeper,
            protocol: Protocol::Tcp,
            end: end(place).into(),
            by: by.into(),
            behind,
            namespace: None,
        }
    }

    fn listener(place: &str, holders: &[u32]) -> Socket {
        let owner = |pid: &u32| Owner {
            process: ProcessKey { pid: *pid, start_time: 1 },
            parent: None,
            descriptor: None,
        };
        let local = end(place);
        let family = if local.address.is_ipv4() { Family::V4 } else { Family::V6 };
        let mut socket = Socket::new(Transport::Tcp, family, local, None);
        socket.state = Some(TcpState::Listen);
        socket.ownership = Ownership::Held(holders.iter().map(owner).collect());
        socket
    }

    fn processes() -> FxHashMap<ProcessKey, Process> {
        let named = [(1, "systemd"), (4, "System"), (77, "sshd")].map(|(pid, name)| {
            let id = ProcessKey { pid, start_time: 1 };
            (id, Process { name: Ok(name.into()), ..Process::unknown(id, Missing::NotRead) })
        });
        named.into_iter().collect()
    }

    #[test]
    fn a_listener_is_told_by_its_place_and_only_of_its_keeper() {
        let stand_ins = StandIns::new(vec![
            kept(Keeper::ServiceManager, "[::]:22", "ssh.socket", &["ssh.service"]),
            kept(Keeper::ServiceManager, "127.0.0.1:631", "cups.socket", &["cups.service"]),
            kept(Keeper::ServiceManager, "127.0.0.1:631", "lp.socket", &[]),
            kept(Keeper::HttpSys, "[::]:80", "HTTP://+:80/A/", &["w3wp.exe (6416)"]),
            kept(Keeper::HttpSys, "[::]:80", "HTTP://+:80/B/", &["w3wp.exe (6416)"]),
        ]);
        let behind = |socket: &Socket| stand_ins.behind(&socket.into(), &processes());
        let ssh = Some("ssh.socket > ssh.service".to_owned());
        assert_eq!(behind(&listener("[::]:22", &[1])), ssh);
        assert_eq!(behind(&listener("[::]:22", &[77, 1])), ssh, "the service and systemd");
        assert_eq!(behind(&listener("[::]:22", &[77])), None, "the service alone has made it");
        assert_eq!(behind(&listener("0.0.0.0:22", &[1])), None);
        let both = "cups.socket > cups.service, lp.socket";
        assert_eq!(behind(&listener("127.0.0.1:631", &[1])).as_deref(), Some(both), "nobody knows which");
        let urls = "HTTP://+:80/A/ > w3wp.exe (6416), HTTP://+:80/B/ > w3wp.exe (6416)";
        assert_eq!(behind(&listener("10.0.0.7:80", &[4])).as_deref(), Some(urls), "by its port alone");
        assert_eq!(behind(&listener("10.0.0.7:80", &[1])), None);
        let mut connection = listener("[::]:22", &[1]);
        connection.state = Some(TcpState::Established);
        assert_eq!(behind(&connection), None);
    }
}
