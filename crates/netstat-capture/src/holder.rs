//! [`Holder`]: the socket at one end of a connection, and who holds it.

use crate::first_bytes::Heard;
use netstat_engine::filter::{Context, Filter};
use netstat_model::{
    Family, IpEndpoint, NoOwner, Owner, Ownership, Process, ProcessKey, Socket, SocketRef, Transport,
};
use std::net::IpAddr;
use std::time::Duration;

/// How it is known that this socket had the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It was there.
    Certain,
    /// It was seen so much later, or earlier, and no other was at that port then: nobody saw it at that moment.
    SeenApart(Duration),
}

/// A socket of this machine that packets go to and come from, and the processes that hold it.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// The socket. Its ends may be wildcards.
    pub socket: Socket,
    /// What is known of the processes that hold it.
    pub processes: Vec<Process>,
    /// How many sockets share the port, any of which may have had the packet.
    pub sharing: usize,
}

/// What a filter says of one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It matches.
    Yes,
    /// It does not.
    No,
    /// What decides is not known, or not yet.
    Open,
}

impl Holder {
    /// Returns whether a process is known to hold it.
    pub fn is_held(&self) -> bool {
        matches!(self.socket.ownership, Ownership::Held(_))
    }

    /// Returns the process to show where there is room for one.
    pub fn principal(&self) -> Option<&Process> {
        let owner = self.socket.ownership.principal()?;
        self.processes.iter().find(|process| process.id == owner.process)
    }

    /// Adds another socket of the same port.
    pub(crate) fn share(&mut self, other: &Self) {
        self.sharing += other.sharing;
        let more = |owner: &Owner, known: &[Owner]| !known.iter().any(|of| of.process == owner.process);
        match (&mut self.socket.ownership, &other.socket.ownership) {
            (Ownership::Held(owners), Ownership::Held(others)) => {
                let new: Vec<Owner> = others.iter().filter(|owner| more(owner, owners)).copied().collect();
                owners.extend(new);
            }
            (Ownership::Held(_), _) => self.socket.ownership = Ownership::Unowned(NoOwner::NotPermitted),
            _ => {}
        }
        self.processes.extend(other.processes.iter().cloned());
    }
}

/// Returns a socket of which nothing but its ends is known.
pub(crate) fn bare(transport: Transport, local: IpEndpoint, remote: IpEndpoint) -> Socket {
    let family = if matches!(local.address, IpAddr::V4(_)) { Family::V4 } else { Family::V6 };
    Socket::new(transport, family, local, Some(remote))
}

/// Asks a filter about one end of a packet.
pub(crate) fn judge(
    filter: Option<&Filter>,
    transport: Transport,
    (local, remote): (IpEndpoint, IpEndpoint),
    holder: Option<&Holder>,
    heard: &Heard,
) -> Verdict {
    let Some(filter) = filter else { return Verdict::Yes };
    let mut socket = bare(transport, local, remote);
    match filter.by_ends(&socket) {
        Some(true) => return Verdict::Yes,
        Some(false) => return Verdict::No,
        None => {}
    }
    socket.application = heard.application().cloned().map(Box::new);
    let Some(holder) = holder else {
        // What first bytes tell may be enough.
        let is_enough =
            *heard != Heard::More && filter.matches(&socket, &in_view_of(heard, Context::NOTHING)).is_yes();
        return if is_enough { Verdict::Yes } else { Verdict::Open };
    };
    // The packet says more of the ends than a socket that is not connected.
    socket = Socket {
        local: socket.local,
        remote: socket.remote,
        family: holder.socket.family,
        application: socket.application,
        ..holder.socket.clone()
    };
    let find = |id: ProcessKey| holder.processes.iter().find(|process| process.id == id);
    let context = in_view_of(heard, Context::new(&find));
    let of = |socket: &Socket| {
        if filter.matches(socket, &context).is_yes() {
            Verdict::Yes
        } else if filter.may_match_untold(socket, &context) || is_unknown(socket) {
            Verdict::Open
        } else {
            Verdict::No
        }
    };
    let Ownership::Held(owners) = &socket.ownership else { return of(&socket) };
    if holder.sharing < 2 {
        return of(&socket);
    }
    // Whichever of them had it, the answer must be the same.
    let alone = owners
        .clone()
        .into_iter()
        .map(|owner| Socket { ownership: Ownership::Held(vec![owner]), ..socket.clone() });
    let mut verdicts: Vec<Verdict> = alone.map(|socket| of(&socket)).collect();
    verdicts.dedup();
    match verdicts[..] {
        [one] => one,
        _ => Verdict::Open,
    }
}

/// Returns a context in which a connection has no application where its first bytes have said so.
fn in_view_of<'a>(heard: &Heard, context: Context<'a>) -> Context<'a> {
    if *heard == Heard::Nothing { context.of_no_application() } else { context }
}

/// Returns whether nobody has looked at a socket yet, or it was not accepted: then a process may hold it soon.
fn is_unknown(socket: &Socket) -> bool {
    let owners = SocketRef::from(socket).ownership();
    !owners.is_read() || owners.unowned().is_some()
}
