//! Compares the ends that were made with those that were kept, one by one.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The addresses of the generator's servers begin so.
const SERVERS: &str = "127.77.";

/// What tells an end from others: its side, the server and the port of the client.
type Key = (bool, SocketAddr, u16);

/// How an end was made, or kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    pid: Option<u32>,
    reason: String,
}

/// Ends by what tells them from others. Ports are used again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ends(BTreeMap<Key, Vec<End>>);

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) made: usize,
    pub(super) kept: usize,
    pub(super) missing: usize,
    pub(super) invented: usize,
    pub(super) other_process: usize,
    pub(super) no_process: usize,
    pub(super) other_reason: usize,
    /// Some of those that are missing.
    pub(super) examples: Vec<String>,
}

/// How many are shown.
const EXAMPLES: usize = 5;

impl Ends {
    fn add(&mut self, key: Key, end: End) {
        self.0.entry(key).or_default().push(end);
    }

    /// Reads what the generator printed.
    pub(super) fn of_generator(text: &str) -> Result<Self> {
        let mut ends = Self::default();
        for line in text.lines().filter(|line| !line.starts_with("ready ")) {
            let read = || {
                let [side, pid, server, port, reason] = line.split(' ').collect::<Vec<_>>()[..] else {
                    return None;
                };
                let key = (side == "out", server.parse().ok()?, port.parse().ok()?);
                Some((key, End { pid: Some(pid.parse().ok()?), reason: reason.to_owned() }))
            };
            let (key, end) = read().with_context(|| format!("ends printed {line}"))?;
            ends.add(key, end);
        }
        Ok(ends)
    }

    /// Reads what the history printed: `side,pid,laddr,lport,raddr,rport,reason`.
    pub(super) fn of_history(text: &str) -> Self {
        let mut ends = Self::default();
        for line in text.lines() {
            let [side, pid, from, here, to, there, reason] = line.split(',').collect::<Vec<_>>()[..] else {
                continue;
            };
            let is_client = side == "out";
            let (server, service, client) = if is_client { (to, there, here) } else { (from, here, there) };
            // What is open has not ended, and a listener has no remote end.
            if !server.starts_with(SERVERS) || reason.is_empty() || reason == "unseen" || side == "listen" {
                continue;
            }
            let Ok(server) = format!("{server}:{service}").parse() else { continue };
            // Of what was refused the generator does not know the port.
            let port = if reason == "refused" { 0 } else { client.parse().unwrap_or(0) };
            ends.add((is_client, server, port), End { pid: pid.parse().ok(), reason: reason.to_owned() });
        }
        ends
    }

    pub(super) fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Judges what was kept of these.
    pub(super) fn judge(&self, kept: &Self) -> Verdict {
        let mut verdict = Verdict { made: self.count(), kept: kept.count(), ..Verdict::default() };
        for (key, made) in &self.0 {
            let mut found = kept.0.get(key).cloned().unwrap_or_default();
            let missing = made.len().saturating_sub(found.len());
            verdict.missing += missing;
            if missing > 0 && verdict.examples.len() < EXAMPLES {
                verdict.examples.push(format!("{key:?}: made {made:?}, kept {found:?}"));
            }
            verdict.invented += found.len().saturating_sub(made.len());
            let mut rest = Vec::new();
            for end in made {
                match found.iter().position(|it| it == end) {
                    Some(at) => drop(found.swap_remove(at)),
                    None => rest.push(end),
                }
            }
            for (made, kept) in rest.into_iter().zip(found) {
                verdict.no_process += usize::from(kept.pid.is_none());
                verdict.other_process += usize::from(kept.pid.is_some() && kept.pid != made.pid);
                verdict.other_reason += usize::from(kept.reason != made.reason);
            }
        }
        let strange = kept.0.iter().filter(|(key, _)| !self.0.contains_key(key));
        verdict.invented += strange.map(|(_, ends)| ends.len()).sum::<usize>();
        verdict
    }

    /// The processes of ends by side, server and port, where the port was used once.
    pub(super) fn processes(&self) -> impl Iterator<Item = (Key, u32)> {
        self.0.iter().filter_map(|(key, ends)| match ends.as_slice() {
            [End { pid: Some(pid), .. }] if key.2 != 0 => Some((*key, *pid)),
            _ => None,
        })
    }
}

pub(super) fn print(what: &str, verdict: &Verdict, lost: u64) {
    let Verdict { made, kept, missing, invented, other_process, no_process, other_reason, examples } =
        verdict;
    println!(
        "{what}: made {made}, kept {kept}, missing {missing}, invented {invented}, told as lost {lost}; other process \
         {other_process}, no process {no_process}, other reason {other_reason}"
    );
    examples.iter().for_each(|example| println!("  missing: {example}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: &str = "\
out 7 127.77.0.1:80 40000 closed-by-us
in 8 127.77.0.1:80 40000 closed-by-peer
out 9 127.77.0.2:1 0 refused
ready 1.0 3
";

    fn judged(history: &str) -> Verdict {
        Ends::of_generator(MADE).unwrap().judge(&Ends::of_history(history))
    }

    #[test]
    fn a_history_that_is_right_has_no_faults() {
        let history = "side,pid,laddr,lport,raddr,rport,reason\n\
            out,7,127.0.0.1,40000,127.77.0.1,80,closed-by-us\nin,8,127.77.0.1,80,127.0.0.1,40000,closed-by-peer\n\
            out,9,127.0.0.1,33333,127.77.0.2,1,refused\nout,3,10.0.0.1,5,10.0.0.2,80,refused\n\
            listen,8,127.77.0.1,80,,,closed\n";
        assert_eq!(judged(history), Verdict { made: 3, kept: 3, ..Verdict::default() });
    }

    #[test]
    fn each_fault_is_counted() {
        let history = "out,6,127.0.0.1,40000,127.77.0.1,80,reset-by-peer\n\
            in,,127.77.0.1,80,127.0.0.1,40000,closed-by-peer\nin,8,127.77.0.1,80,127.0.0.1,50000,closed-by-peer\n";
        let expected = Verdict {
            made: 3,
            kept: 3,
            missing: 1,
            invented: 1,
            other_process: 1,
            no_process: 1,
            other_reason: 1,
            examples: Vec::new(),
        };
        let verdict = judged(history);
        assert_eq!(verdict.examples.len(), 1, "{verdict:?}");
        assert_eq!(Verdict { examples: Vec::new(), ..verdict }, expected);
        assert!(Ends::of_generator("out 7\n").is_err());
    }
}
