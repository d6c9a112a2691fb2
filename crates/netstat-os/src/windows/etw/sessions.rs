//! The names of our sessions. They live on when the program that began them does not, so that their names say whose they are.

use super::packed::Provider;
use netstat_model::ProcessKey;

const NETWORK: &str = "netstat-network-";
const PROCESS: &str = "netstat-process-";

/// Returns the name of the session of a process.
pub(in crate::windows) fn name(provider: Provider, owner: ProcessKey) -> String {
    let begin = match provider {
        Provider::Network => NETWORK,
        Provider::Process => PROCESS,
    };
    format!("{begin}{}-{}", owner.pid, owner.start_time)
}

/// Returns whose session has a name; `None` where it is not one of ours.
fn owner(name: &str) -> Option<ProcessKey> {
    let rest = name.strip_prefix(NETWORK).or_else(|| name.strip_prefix(PROCESS))?;
    let (pid, start_time) = rest.split_once('-')?;
    let process = ProcessKey { pid: pid.parse().ok()?, start_time: start_time.parse().ok()? };
    // Nothing but what we wrote is ours.
    [Provider::Network, Provider::Process]
        .into_iter()
        .any(|provider| self::name(provider, process) == name)
        .then_some(process)
}

/// Returns whether a session was left behind by a program of ours that is no more.
pub(in crate::windows) fn is_left_behind(name: &str, runs: impl Fn(ProcessKey) -> bool) -> bool {
    owner(name).is_some_and(|owner| !runs(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ours_and_has_no_owner_any_more_is_left_behind() {
        let ours = ProcessKey { pid: 940, start_time: 133_000_000_000_000_000 };
        let runs = |process| process == ours;
        for provider in [Provider::Network, Provider::Process] {
            let name = name(provider, ours);
            assert_eq!(owner(&name), Some(ours));
            assert!(!is_left_behind(&name, runs));
            assert!(is_left_behind(&name, |_| false));
        }
        // The number is used again.
        assert!(is_left_behind("netstat-network-940-5", runs));
        for other in [
            "NT Kernel Logger",
            "netstat-network-",
            "netstat-network-940",
            "netstat-network-+940-5",
            "netstat-network-940-5-x",
        ] {
            assert!(!is_left_behind(other, |_| false), "{other}");
        }
    }
}
