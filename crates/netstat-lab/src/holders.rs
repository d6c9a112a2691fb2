//! Child processes that share a socket of the test, as a server's workers do.

use crate::error::{Doing, LabError, Result};
use crate::held::Held;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Child processes that hold one socket. They end when this value is dropped, and also when the test process
/// ends in any way: each reads a pipe whose only writing end the test has.
///
/// `PR_SET_PDEATHSIG` would not do: it fires when the *thread* that made the child ends, and tests have many.
#[derive(Debug)]
pub struct Holders {
    children: Vec<Child>,
}

impl Holders {
    /// Starts `count` children that hold the socket, and adds their PIDs to its row.
    pub fn share(held: &mut Held, count: usize) -> Result<Self> {
        Self::share_with(Path::new("cat"), held, count)
    }

    /// Like [`Holders::share`], with another program: a copy of `cat` whose name the processes get.
    /// It must behave like `cat` without arguments: echo its input and end with it. The socket is its standard error.
    pub fn share_with(program: &Path, held: &mut Held, count: usize) -> Result<Self> {
        let mut holders = Self { children: Vec::new() };
        for _ in 0..count {
            let Some(socket) = held.descriptor() else {
                return Err(LabError::failed("share a socket", "no descriptor holds it"));
            };
            let socket = socket.try_clone_to_owned().doing(|| "duplicate a socket".into())?;
            let mut child = Command::new(program)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::from(socket))
                .spawn()
                .doing(|| format!("run {}", program.display()))?;
            let answer = echo(&mut child);
            // From here on, the child is in the list and ends with it, whatever the answer was.
            held.row.pids.push(child.id());
            holders.children.push(child);
            answer.doing(|| format!("read from {}", program.display()))?;
        }
        held.row.pids.sort_unstable();
        Ok(holders)
    }

    /// Returns the PIDs of the children in the order of their start.
    pub fn pids(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }
}

impl Drop for Holders {
    fn drop(&mut self) {
        // All pipes first, so that the children end at the same time.
        for child in &mut self.children {
            drop(child.stdin.take());
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

/// Waits until the program runs: before its exec, a child has its parent's name and copies of all its descriptors.
fn echo(child: &mut Child) -> io::Result<()> {
    let (Some(input), Some(output)) = (&mut child.stdin, &mut child.stdout) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    input.write_all(b".")?;
    output.read_exact(&mut [0])
}
