//! The sockets of UDP that looks have seen: no packet says when one begins or ends.

use crate::holder::{Certainty, Holder};
use netstat_model::{IpEndpoint, SocketId};
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

/// The most sockets that are remembered, and for how long one that is gone is.
const MOST: usize = 1 << 14;

/// How far from a packet a socket may have been seen for it to be believed at all.
const APART: Duration = Duration::from_secs(1);

/// A socket, and the first and the last moment at which it was there.
#[derive(Debug)]
struct Seen {
    id: SocketId,
    from: Duration,
    until: Duration,
    holder: Rc<Holder>,
}

/// The sockets, by their local ports.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    by_port: FxHashMap<u16, Vec<Seen>>,
    count: usize,
}

impl Datagrams {
    /// Notes what a look from one moment to another has seen.
    pub(crate) fn see(&mut self, from: Duration, until: Duration, holder: Holder) {
        let Some(local) = holder.socket.local.ip() else { return };
        if self.count >= MOST {
            self.by_port.clear();
            self.count = 0;
        }
        let seen = self.by_port.entry(local.port).or_default();
        let is_it =
            |seen: &&mut Seen| seen.id == holder.socket.id && seen.holder.socket.local == holder.socket.local;
        // The look was over before it was known to be there no more.
        match seen.iter_mut().find(is_it) {
            Some(known) => (known.until, known.holder) = (until, Rc::new(holder)),
            None => {
                self.count += 1;
                seen.push(Seen { id: holder.socket.id, from, until, holder: Rc::new(holder) });
            }
        }
    }

    /// Returns the socket that a packet of a moment went to or came from. `has_begun` says whether a process was there
    /// at that moment.
    pub(crate) fn holder(
        &self,
        at: Duration,
        local: IpEndpoint,
        remote: IpEndpoint,
        has_begun: impl Fn(&Holder) -> bool,
    ) -> Option<(Rc<Holder>, Certainty)> {
        let seen = self.by_port.get(&local.port)?;
        let fits = |seen: &&Seen| {
            let socket = &seen.holder.socket;
            let bound = socket.local.ip();
            bound.is_some_and(|bound| is_there(bound.address, local.address))
                && socket.remote.as_ref().is_none_or(|end| end.ip() == Some(remote))
        };
        let apart = |seen: &Seen| seen.from.saturating_sub(at).max(at.saturating_sub(seen.until));
        let mut fitting: Vec<&Seen> = seen.iter().filter(fits).filter(|seen| apart(seen) <= APART).collect();
        // As the kernel chooses: connected sockets, then those of this address.
        let rank = |seen: &Seen| {
            let socket = &seen.holder.socket;
            let is_bound = socket.local.address().is_some_and(|address| !address.is_unspecified());
            (socket.remote.is_none(), !is_bound)
        };
        let there = fitting.iter().filter(|seen| apart(seen).is_zero()).map(|seen| rank(seen)).min();
        match there {
            Some(best) => {
                fitting.retain(|seen| apart(seen).is_zero() && rank(seen) == best);
                let (first, others) = fitting.split_first()?;
                if others.is_empty() {
                    return Some((Rc::clone(&first.holder), Certainty::Certain));
                }
                let mut holder = Holder::clone(&first.holder);
                others.iter().for_each(|other| holder.share(&other.holder));
                Some((Rc::new(holder), Certainty::Certain))
            }
            // Nobody saw one at that moment, so it is said how far away it was.
            None => {
                fitting.retain(|seen| seen.until <= at || has_begun(&seen.holder));
                match fitting[..] {
                    [one] => Some((Rc::clone(&one.holder), Certainty::SeenApart(apart(one)))),
                    _ => None,
                }
            }
        }
    }
}

/// Returns whether a socket of one address gets what comes to another.
fn is_there(bound: IpAddr, address: IpAddr) -> bool {
    match bound {
        IpAddr::V4(bound) if bound.is_unspecified() => address.is_ipv4(),
        // One of IPv6 may take both; whether it does not is known of few.
        IpAddr::V6(bound) if bound.is_unspecified() => true,
        bound => bound == address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::bare;
    use netstat_model::{Endpoint, Owner, Ownership, ProcessKey, Transport};

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn end(text: &str) -> IpEndpoint {
        let address: std::net::SocketAddr = text.parse().unwrap();
        IpEndpoint::new(address.ip(), address.port(), 0)
    }

    fn socket(local: &str, remote: Option<&str>, pid: u32) -> Holder {
        let mut socket = bare(Transport::Udp, end(local), end(local));
        socket.remote = remote.map(|remote| Endpoint::Ip(end(remote)));
        socket.id.cookie = Some(pid.into());
        let process = ProcessKey { pid, start_time: 1 };
        socket.ownership = Ownership::Held(vec![Owner { process, parent: None, descriptor: None }]);
        Holder { socket, processes: Vec::new(), sharing: 1 }
    }

    fn found(all: &Datagrams, at: u64, local: &str, remote: &str) -> Option<(Vec<u32>, Certainty)> {
        let (holder, certainty) = all.holder(ms(at), end(local), end(remote), |_| true)?;
        Some((holder.socket.ownership.owners().iter().map(|owner| owner.process.pid).collect(), certainty))
    }

    #[test]
    fn a_socket_has_what_comes_while_it_is_seen() {
        let mut all = Datagrams::default();
        for (from, until) in [(10, 12), (50, 52)] {
            all.see(ms(from), ms(until), socket("0.0.0.0:53", None, 1));
            all.see(ms(from), ms(until), socket("10.0.0.1:53", None, 2));
            all.see(ms(from), ms(until), socket("10.0.0.1:53", Some("10.0.0.2:9"), 3));
        }
        let certain = |pid| Some((vec![pid], Certainty::Certain));
        assert_eq!(found(&all, 30, "10.0.0.7:53", "10.0.0.2:9"), certain(1));
        assert_eq!(found(&all, 30, "10.0.0.1:53", "10.0.0.3:9"), certain(2));
        assert_eq!(found(&all, 30, "10.0.0.1:53", "10.0.0.2:9"), certain(3));
        assert_eq!(found(&all, 30, "10.0.0.1:54", "10.0.0.2:9"), None);
        assert_eq!(found(&all, 3000, "10.0.0.7:53", "10.0.0.2:9"), None);
    }

    #[test]
    fn what_was_seen_later_says_so_and_two_of_them_say_nothing() {
        let mut all = Datagrams::default();
        all.see(ms(50), ms(52), socket("0.0.0.0:53", None, 1));
        assert_eq!(
            found(&all, 30, "10.0.0.7:53", "10.0.0.2:9"),
            Some((vec![1], Certainty::SeenApart(ms(20))))
        );
        assert!(all.holder(ms(30), end("10.0.0.7:53"), end("10.0.0.2:9"), |_| false).is_none());
        all.see(ms(60), ms(62), socket("0.0.0.0:53", None, 2));
        assert_eq!(found(&all, 30, "10.0.0.7:53", "10.0.0.2:9"), None);
    }

    #[test]
    fn sockets_that_share_a_port_are_named_together() {
        let mut all = Datagrams::default();
        for pid in [1, 2] {
            all.see(ms(10), ms(20), socket("0.0.0.0:53", None, pid));
        }
        assert_eq!(found(&all, 15, "10.0.0.7:53", "10.0.0.2:9"), Some((vec![1, 2], Certainty::Certain)));
    }
}
