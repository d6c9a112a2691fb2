//! A process that continuously makes child processes, each of which inherits one of its connections.

use crate::link::{Door, Link};
use crate::log::{Log, NEVER, Span, now, ready};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::net::SocketAddrV4;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const LINKS: usize = 20;
/// Children that stay, each the only holder of the near end of a connection.
const HEIRS: usize = 5;
/// Short-lived children at one time.
const CHILDREN: usize = 4;
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn run() -> io::Result<()> {
    let mut log = Log::default();
    let door = Door::open(SocketAddrV4::new([127, 0, 0, 100].into(), 10_000), &mut log)?;
    let from = SocketAddrV4::new([127, 0, 1, 100].into(), 0);
    let mut links = Vec::new();
    for _ in 0..LINKS {
        links.push(Link::open(&door, from)?);
    }
    let mut heirs = Vec::new();
    for link in links.iter_mut().take(HEIRS) {
        let begun = now();
        let heir = spawn(link, Stdio::piped())?;
        // A second connection stays with both; of the first, our end is closed, so that only the child has it.
        link.near_owners
            .push((heir.id(), Span { may_from: begun, must_from: now(), must_to: NEVER, may_to: NEVER }));
        heirs.push(heir);
    }

    let over = ready()?;
    let mut children: VecDeque<(Child, u64)> = VecDeque::new();
    // Between fork and exec a child has copies of all descriptors.
    let mut forked: Vec<(u32, Span)> = Vec::new();
    let mut next = Instant::now();
    let mut count = 0_usize;
    while !over.load(Ordering::Relaxed) {
        let Some(link) = links.get(HEIRS + count % (LINKS - HEIRS)) else { break };
        count += 1;
        let begun = now();
        children.push_back((spawn(link, Stdio::piped())?, begun));
        if children.len() > CHILDREN
            && let Some((child, begun)) = children.pop_front()
        {
            forked.push(end(child, begun)?);
        }
        next += PAUSE;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    for (child, begun) in children {
        forked.push(end(child, begun)?);
    }
    for mut link in links {
        link.near_owners.extend(&forked);
        link.far_owners.extend(&forked);
        link.stay(&mut log);
    }
    let id = format!("listener-{}", door.address);
    for &(pid, span) in &forked {
        log.own(&id, pid, span);
    }
    log.print()?;
    drop(heirs);
    Ok(())
}

/// A child whose standard output is the near end of the connection; it ends when its input does.
fn spawn(link: &Link, input: Stdio) -> io::Result<Child> {
    let near = link.near.try_clone()?;
    Command::new(std::env::current_exe()?).arg("child").stdin(input).stdout(Stdio::from(near)).spawn()
}

fn end(mut child: Child, begun: u64) -> io::Result<(u32, Span)> {
    drop(child.stdin.take());
    child.wait()?;
    Ok((child.id(), Span::perhaps(begun, now())))
}

/// Runs as a child.
pub(crate) fn child() {
    let _ = io::stdin().read_to_end(&mut Vec::new());
}
