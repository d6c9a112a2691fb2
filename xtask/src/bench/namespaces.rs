//! Many sockets in one network namespace, and the same number spread over many.

use super::crowd::Crowd;
use super::runs::{Contender, Programs, Series, in_turn};
use anyhow::{Context, Result};
use netstat_lab::Namespace;
use std::collections::BTreeMap;

/// The number of namespaces, and of sockets in each.
pub(super) const NAMESPACES: usize = 100;
const SOCKETS: usize = 100;

/// What was measured.
#[derive(Debug)]
pub(super) struct Spread {
    pub(super) sockets: usize,
    pub(super) results: BTreeMap<String, Series>,
}

/// The names of the contenders, of whose times the targets are about the second of each pair as a multiple of the first.
pub(super) const PAIRS: [[&str; 2]; 2] = [
    ["netstat -an in one namespace", "netstat --netns all -an"],
    ["netstat -ano in one namespace", "netstat --netns all -ano"],
];

/// Measures both. The calling thread comes back.
pub(super) fn play(programs: &Programs, runs: usize) -> Result<Spread> {
    println!("{SOCKETS} sockets in each of {NAMESPACES} namespaces");
    let words = [["-an"], ["-ano"]];
    let ours = |name: &str, arguments: &[&str]| Contender::new(name, &programs.netstat, arguments);
    let mut results = {
        let _net = Namespace::enter().context("enter a network namespace")?;
        let _crowd = Crowd::gather(NAMESPACES * SOCKETS, NAMESPACES)?;
        let alone: Vec<_> = PAIRS.iter().zip(words).map(|([name, _], words)| ours(name, &words)).collect();
        in_turn(&alone, runs)
    };
    let mut crowds = Vec::new();
    for _ in 0..NAMESPACES {
        // The processes keep it.
        let _net = Namespace::enter().context("enter a network namespace")?;
        crowds.push(Crowd::gather(SOCKETS, 1)?);
    }
    let spread = PAIRS.iter().zip(words).map(|([_, name], [word])| ours(name, &["--netns", "all", word]));
    let spread: Vec<_> = spread.collect();
    results.extend(in_turn(&spread, runs));
    Ok(Spread { sockets: crowds.iter().map(|crowd| crowd.sockets).sum(), results })
}
