use crate::{Endpoint, IpEndpoint, Namespace, Process, Protocol, SocketRef, TcpState};

/// A listener that one process keeps for another, which is started or handed the connection when somebody comes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StandIn {
    /// The process that keeps it.
    pub keeper: Keeper,
    /// The protocol of the listener.
    pub protocol: Protocol,
    /// Where it listens; the interface of an address is left out.
    pub end: Endpoint,
    /// By what it is kept: the systemd unit of the socket, the URL of http.sys, `portproxy`, `kernel`.
    pub by: Box<str>,
    /// For whom: the systemd unit that is started, the processes behind http.sys as `NAME (PID)`, the target of the port
    /// proxy as `HOST:PORT`, what the kernel has it for as `KIND:INTERFACE`. Empty where that is not known.
    pub behind: Vec<Box<str>>,
    /// The network namespace that it is in, where that was looked at: a list of all of them has others like it.
    pub namespace: Option<Namespace>,
}

impl StandIn {
    /// Returns whether a socket is this listener, if its keeper holds it. http.sys listens on the addresses that it was told,
    /// whatever a URL says.
    pub fn is(&self, socket: &SocketRef<'_>) -> bool {
        let is_elsewhere =
            socket.namespace().is_some_and(|of| self.namespace.is_some_and(|looked_at| of != looked_at));
        if socket.protocol != self.protocol || is_elsewhere || !may_listen(socket) {
            return false;
        }
        match (self.end.ip(), socket.local.ip()) {
            (Some(kept), Some(end)) if self.keeper == Keeper::HttpSys => kept.port == end.port,
            (Some(kept), Some(end)) => kept == IpEndpoint { scope: 0, ..end },
            _ => self.end.as_ref() == socket.local,
        }
    }
}

/// Returns whether others can come to a socket.
fn may_listen(socket: &SocketRef<'_>) -> bool {
    match socket.state {
        Some(state) => state == TcpState::Listen,
        None => socket.remote.is_none(),
    }
}

/// A process that keeps listeners for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Keeper {
    /// systemd, as the first process.
    ServiceManager,
    /// The HTTP server in the Windows kernel.
    HttpSys,
    /// The port proxy of Windows, a part of its service `iphlpsvc`.
    PortProxy,
    /// The Linux kernel, which has sockets that no process holds.
    Kernel,
}

impl Keeper {
    /// All of them.
    pub const ALL: &[Self] = &[Self::ServiceManager, Self::HttpSys, Self::PortProxy, Self::Kernel];

    /// Returns as what a process keeps listeners for others; `None` if it keeps none.
    pub fn of(process: &Process) -> Option<Self> {
        let is_named = |name: &str| process.name.as_ref().is_ok_and(|found| found.eq_ignore_ascii_case(name));
        let services = || process.unit.as_ref().ok().and_then(|unit| unit.to_str()).into_iter();
        match process.id.pid {
            1 if is_named("systemd") => Some(Self::ServiceManager),
            4 if is_named("System") => Some(Self::HttpSys),
            _ if services()
                .flat_map(|unit| unit.split(", "))
                .any(|of| of.eq_ignore_ascii_case("iphlpsvc")) =>
            {
                Some(Self::PortProxy)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Missing, ProcessKey};

    #[test]
    fn a_keeper_is_known_by_its_number_and_its_name() {
        let process = |pid, name: &str, unit: &str| {
            let mut process = Process::unknown(ProcessKey { pid, start_time: 1 }, Missing::NotRead);
            process.name = Ok(name.into());
            process.unit = Ok(unit.into());
            Keeper::of(&process)
        };
        assert_eq!(process(1, "systemd", "init.scope"), Some(Keeper::ServiceManager));
        assert_eq!(process(1, "nginx", "init.scope"), None, "the first process of a container");
        assert_eq!(process(812, "systemd", "user@1000.service"), None);
        assert_eq!(process(4, "System", ""), Some(Keeper::HttpSys));
        assert_eq!(process(900, "svchost.exe", "Dnscache, iphlpsvc"), Some(Keeper::PortProxy));
        assert_eq!(process(900, "svchost.exe", "iphlpsvc2"), None);
        assert_eq!(Keeper::of(&Process::unknown(ProcessKey { pid: 1, start_time: 1 }, Missing::Gone)), None);
    }
}
