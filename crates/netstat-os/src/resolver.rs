//! Host names from the system resolver: hosts file, DNS, mDNS, or whatever it is configured for.
//!
//! One look-up at a time, and it may take as long as the resolver pleases; a caller with many addresses asks from several
//! threads.
//!
//! ```
//! use netstat_model::HostAddress;
//! use netstat_os::NameLookup;
//! use netstat_os::resolver::SystemResolver;
//!
//! let name = SystemResolver::default().name_of(HostAddress::new("127.0.0.1".parse()?, 0));
//! println!("{}", name.as_deref().unwrap_or("127.0.0.1"));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

use super::tape::{Player, Recorder};
use netstat_model::HostAddress;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};
use std::sync::Arc;

/// Looks up host names. Called from several threads at once, and may block. Must not panic: the look-up would stay
/// pending for ever.
pub trait NameLookup: Send + Sync {
    /// Returns the full name of an address; `None` if it has none or the look-up failed.
    fn name_of(&self, address: HostAddress) -> Option<String>;

    /// Returns the full name of the host with this short name; `None` if it has none or the look-up failed.
    fn full_name_of(&self, host: &str) -> Option<String>;
}

/// The resolver of the running system. Names from DNS are untrusted text: escape them before they reach a terminal.
#[derive(Debug, Clone, Copy)]
#[doc(alias = "getnameinfo")]
pub struct SystemResolver {
    /// Returns the unchecked name that the resolver has for an address.
    name_of_end: fn(&SocketAddr) -> Option<String>,
    /// Returns the full name of this host if the system stores it.
    own_full_name: fn() -> Option<String>,
}

impl SystemResolver {
    /// Makes a resolver of the system's own functions.
    #[cfg(windows)]
    pub(crate) fn new(
        name_of_end: fn(&SocketAddr) -> Option<String>,
        own_full_name: fn() -> Option<String>,
    ) -> Self {
        Self { name_of_end, own_full_name }
    }
}

/// Asks getnameinfo; Unix stores no full name of the host.
#[cfg(not(windows))]
impl Default for SystemResolver {
    fn default() -> Self {
        Self { name_of_end, own_full_name: || None }
    }
}

/// `NI_NAMEREQD`: fail where there is no name instead of returning the number; and `NI_NUMERICSERV`: do not look up the
/// port, for which the resolver would read the service database each time.
#[cfg(not(windows))]
const FLAGS: i32 = 8 | 2;

/// Returns the unchecked name that the resolver has for an address.
#[cfg(not(windows))]
fn name_of_end(end: &SocketAddr) -> Option<String> {
    dns_lookup::getnameinfo(end, FLAGS).ok().map(|(name, _)| name)
}

/// How many of the addresses of this host are looked up for its full name.
const OWN_ADDRESSES: usize = 8;

impl NameLookup for SystemResolver {
    fn name_of(&self, address: HostAddress) -> Option<String> {
        let end = match address.address {
            IpAddr::V4(v4) => SocketAddr::V4(SocketAddrV4::new(v4, 0)),
            IpAddr::V6(v6) => SocketAddr::V6(SocketAddrV6::new(v6, 0, 0, address.scope)),
        };
        accepted(&(self.name_of_end)(&end)?)
    }

    /// Takes the name that the system stores, or else one that the host's addresses have, if it begins with the short name.
    ///
    /// The canonical name from getaddrinfo would be simpler, but the wrapper in dns-lookup panics if it is not UTF-8, and a
    /// hosts file or a directory service may return such a name.
    fn full_name_of(&self, host: &str) -> Option<String> {
        if let Some(name) = full_name_among(host, (self.own_full_name)().into_iter()) {
            return Some(name);
        }
        let mut addresses: Vec<HostAddress> = Vec::new();
        for end in (host, 0).to_socket_addrs().ok()? {
            let scope = if let SocketAddr::V6(v6) = end { v6.scope_id() } else { 0 };
            let address = HostAddress::new(end.ip(), scope);
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let names = addresses.into_iter().take(OWN_ADDRESSES).filter_map(|address| self.name_of(address));
        full_name_among(host, names)
    }
}

/// Returns the first of the names that is a full name of the host.
fn full_name_among(host: &str, mut names: impl Iterator<Item = String>) -> Option<String> {
    names.find(|name| name.split_once('.').is_some_and(|(label, _)| label.eq_ignore_ascii_case(host)))
}

/// Returns the name without the final dot. One that looks like an address is rejected: the owner of a reverse zone could
/// make an address look like another.
fn accepted(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.is_empty() && name.parse::<IpAddr>().is_err()).then(|| name.to_owned())
}

const NAME_OF: &str = "host_name_of";
const FULL_NAME_OF: &str = "full_name_of";

/// Records the answers of another resolver.
pub(super) struct RecordingResolver<L> {
    inner: L,
    recorder: Arc<Recorder>,
}

impl<L: NameLookup> RecordingResolver<L> {
    pub(super) fn new(inner: L, recorder: Arc<Recorder>) -> Self {
        Self { inner, recorder }
    }

    fn note(&self, op: &str, on: &str, name: Option<String>) -> Option<String> {
        let none = io::Error::from(io::ErrorKind::NotFound);
        self.recorder.add(op, on, name.as_ref().map(String::as_bytes).ok_or(&none));
        name
    }
}

impl<L: NameLookup> NameLookup for RecordingResolver<L> {
    fn name_of(&self, address: HostAddress) -> Option<String> {
        self.note(NAME_OF, &address.to_string(), self.inner.name_of(address))
    }

    fn full_name_of(&self, host: &str) -> Option<String> {
        self.note(FULL_NAME_OF, host, self.inner.full_name_of(host))
    }
}

/// Replays the look-ups of a recording. Those that were not finished then have no answer now.
impl NameLookup for Player {
    fn name_of(&self, address: HostAddress) -> Option<String> {
        played(self, NAME_OF, &address.to_string())
    }

    fn full_name_of(&self, host: &str) -> Option<String> {
        played(self, FULL_NAME_OF, host)
    }
}

fn played(player: &Player, op: &str, on: &str) -> Option<String> {
    Some(std::str::from_utf8(player.answer(op, on).ok()?).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl NameLookup for Fixed {
        fn name_of(&self, address: HostAddress) -> Option<String> {
            (address.scope == 0).then(|| format!("name-of-{address}"))
        }
        fn full_name_of(&self, host: &str) -> Option<String> {
            Some(format!("{host}.example"))
        }
    }

    #[test]
    fn a_replay_has_the_names_of_the_recording_and_no_others() {
        let folder = std::env::temp_dir().join(format!("netstat-names-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let known = HostAddress::new("192.0.2.1".parse().unwrap(), 0);
        let nameless = HostAddress::new("fe80::1".parse().unwrap(), 3);
        let never_asked = HostAddress::new("127.0.0.1".parse().unwrap(), 0);

        let recorder = Arc::new(Recorder::create(&folder).unwrap());
        let recording = RecordingResolver::new(Fixed, Arc::clone(&recorder));
        assert_eq!(recording.name_of(known).as_deref(), Some("name-of-192.0.2.1"));
        assert_eq!(recording.name_of(nameless), None);
        assert_eq!(recording.full_name_of("web").as_deref(), Some("web.example"));
        recorder.finish().unwrap();
        drop((recording, recorder));

        let played = Player::open(&folder).unwrap();
        assert_eq!(played.name_of(known).as_deref(), Some("name-of-192.0.2.1"));
        assert_eq!(played.name_of(nameless), None);
        assert_eq!(played.name_of(never_asked), None);
        assert_eq!(played.full_name_of("web").as_deref(), Some("web.example"));
        assert_eq!(played.full_name_of("other"), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_name_that_looks_like_an_address_is_none() {
        for odd in ["", ".", "10.0.0.1", "10.0.0.1.", "::1", "fe80::1"] {
            assert_eq!(accepted(odd), None, "{odd}");
        }
        assert_eq!(accepted("a.example.").as_deref(), Some("a.example"));
        assert_eq!(accepted("1.0.0.10.example").as_deref(), Some("1.0.0.10.example"));
    }

    #[test]
    fn a_full_name_begins_with_the_short_one() {
        let among = |names: &[&str]| full_name_among("web1", names.iter().map(|&name| name.to_owned()));
        assert_eq!(among(&["localhost", "Web1.example.org"]).as_deref(), Some("Web1.example.org"));
        assert_eq!(among(&["web1", "web10.example.org", "localhost.localdomain"]), None);
    }
}
