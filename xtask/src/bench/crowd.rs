//! Processes that hold idle connections, in the network namespace of the thread that calls them together.

use super::built;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Processes with connections. Dropped, they end, and wait until they have.
#[derive(Debug)]
pub(crate) struct Crowd {
    children: Vec<Child>,
    /// How many sockets they hold, listeners included.
    pub(crate) sockets: usize,
}

impl Crowd {
    /// Lets so many processes hold about so many sockets together: each a listener, the others the two ends of
    /// connections.
    pub(crate) fn gather(sockets: usize, processes: usize) -> Result<Self> {
        let connections = (sockets / processes).saturating_sub(1) / 2;
        let mut crowd = Self { children: Vec::new(), sockets: processes * (connections * 2 + 1) };
        for number in 0..processes {
            let child = Command::new(built("examples/hold"))
                .args([connections, 20_000 + number, 1 + number % 250].map(|number| number.to_string()))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .context("run hold")?;
            crowd.children.push(child);
        }
        for child in &mut crowd.children {
            let output = child.stdout.take().context("the output of hold")?;
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).context("hear from hold")?;
            if line != "ready\n" {
                bail!("hold could not make its connections");
            }
        }
        Ok(crowd)
    }

    /// How many processes there are.
    pub(crate) fn processes(&self) -> usize {
        self.children.len()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // All pipes first, so that they end side by side.
        for child in &mut self.children {
            drop(child.stdin.take());
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}
