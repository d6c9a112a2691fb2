//! Programs of the laboratory that hold or make sockets while others are measured.

use crate::workspace::built;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running example of the laboratory, in the network namespace of the thread that started it.
///
/// It ends when its standard input closes, and so with this value, however this program ends.
#[derive(Debug)]
pub(crate) struct Companion {
    name: &'static str,
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Companion {
    /// Starts an example without waiting for it.
    pub(crate) fn start(name: &'static str, arguments: &[String]) -> Result<Self> {
        let mut child = Command::new(built("examples").join(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("run {name}"))?;
        let output = BufReader::new(child.stdout.take().with_context(|| format!("no output of {name}"))?);
        Ok(Self { name, child, output })
    }

    /// Waits until it has made its sockets.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line).with_context(|| format!("read from {}", self.name))?;
        if line != "ready\n" {
            bail!("{} could not make its sockets", self.name);
        }
        Ok(())
    }

    /// Asks it to end.
    pub(crate) fn hang_up(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Ends it and returns what it wrote after it was ready.
    pub(crate) fn finish(mut self) -> Result<String> {
        self.hang_up();
        let mut log = String::new();
        self.output.read_to_string(&mut log).with_context(|| format!("read from {}", self.name))?;
        let status = self.child.wait().with_context(|| format!("wait for {}", self.name))?;
        if !status.success() {
            bail!("{} failed ({status})", self.name);
        }
        Ok(log)
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.hang_up();
        let _ = self.child.wait();
    }
}
