//! Connections that come and go, that stay, and that are passed to another process.

use crate::link::{Door, Link};
use crate::log::{Log, NEVER, Span, now, ready};
use crate::receiver::{self, Lasts};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const THREADS: u8 = 2;
/// Connections that each thread keeps to the end.
const STEADY: usize = 400;
/// How many of them pass their far end to the receiver, and how many leave it in flight.
const STEADY_PASSED: usize = 50;
const IN_FLIGHT: usize = 10;
/// Short-lived connections of each thread at one time.
const LIVE: usize = 60;
/// Ports they come from.
const PORTS: u16 = 150;
const FIRST_PORT: u16 = 20_000;
/// One in this many is passed to the receiver.
const PASSED: u64 = 5;
/// Each connection is two sockets; two threads make 500 connections a second, and end as many.
const PAUSE: Duration = Duration::from_millis(4);

pub(crate) fn run() -> io::Result<()> {
    let mut threads = Vec::new();
    let mut churners = Vec::new();
    for number in 1..=THREADS {
        churners.push(Churner::begin(number)?);
    }
    let over = ready()?;
    for mut churner in churners {
        let over = std::sync::Arc::clone(&over);
        threads.push(std::thread::spawn(move || churner.work(&over).and_then(|()| churner.end())));
    }
    for thread in threads {
        thread.join().map_err(|_| io::Error::other("a thread panicked"))??.print()?;
    }
    Ok(())
}

struct Churner {
    number: u8,
    door: Door,
    log: Log,
    steady: Vec<Link>,
    live: VecDeque<Link>,
    /// The socket to the receiver, and the receiver's process ID.
    out: OwnedFd,
    receiver: u32,
    /// A socket that nobody reads.
    limbo: (OwnedFd, OwnedFd),
}

impl Churner {
    fn begin(number: u8) -> io::Result<Self> {
        let (out, inner) = receiver::pair()?;
        // The receiver ends when this end of the pair closes.
        let child = Command::new(std::env::current_exe()?)
            .arg("receiver")
            .stdin(Stdio::from(inner))
            .stdout(Stdio::null())
            .spawn()?;
        let mut log = Log::default();
        let door = Door::open(SocketAddrV4::new([127, 0, 0, number].into(), 10_000), &mut log)?;
        let limbo = receiver::pair()?;
        let (steady, live) = (Vec::new(), VecDeque::new());
        let mut this = Self { number, door, log, steady, live, out, receiver: child.id(), limbo };
        for which in 0..STEADY {
            let mut link = Link::open(&this.door, this.from(0))?;
            if which < STEADY_PASSED {
                this.pass(&mut link, Lasts::Always)?;
            } else if which < STEADY_PASSED + IN_FLIGHT {
                this.let_fly(&mut link)?;
            }
            this.steady.push(link);
        }
        Ok(this)
    }

    fn from(&self, port: u16) -> SocketAddrV4 {
        SocketAddrV4::new([127, 0, 1, self.number].into(), port)
    }

    /// Closes this process's descriptor of the far end.
    fn disown(link: &mut Link, must_to: u64) {
        drop(link.far.take());
        for (_, span) in &mut link.far_owners {
            span.must_to = span.must_to.min(must_to);
            span.may_to = span.may_to.min(now());
        }
    }

    fn pass(&self, link: &mut Link, lasts: Lasts) -> io::Result<()> {
        let Some(far) = &link.far else { return Ok(()) };
        let sent = now();
        receiver::send(&self.out, far.as_fd(), lasts)?;
        Self::disown(link, sent);
        let mut answer = [0];
        if rustix::io::read(&self.out, &mut answer)? == 0 {
            return Err(io::Error::other("the receiver has ended"));
        }
        link.far_owners
            .push((self.receiver, Span { may_from: sent, must_from: now(), must_to: NEVER, may_to: NEVER }));
        Ok(())
    }

    fn let_fly(&self, link: &mut Link) -> io::Result<()> {
        let Some(far) = &link.far else { return Ok(()) };
        let sent = now();
        receiver::send(&self.limbo.0, far.as_fd(), Lasts::Always)?;
        Self::disown(link, sent);
        Ok(())
    }

    fn work(&mut self, over: &AtomicBool) -> io::Result<()> {
        let mut count = 0_u64;
        let mut next = Instant::now();
        while !over.load(Ordering::Relaxed) {
            let port = FIRST_PORT + u16::try_from(count % u64::from(PORTS)).unwrap_or(0);
            count += 1;
            let mut link = match Link::open(&self.door, self.from(port)) {
                Ok(link) => link,
                Err(error) => {
                    return Err(io::Error::new(error.kind(), format!("from port {port}: {error}")));
                }
            };
            if count.is_multiple_of(PASSED) {
                self.pass(&mut link, Lasts::AWhile)?;
            }
            self.live.push_back(link);
            if self.live.len() > LIVE
                && let Some(link) = self.live.pop_front()
            {
                link.close(&mut self.log);
            }
            next += PAUSE;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<Log> {
        for link in self.steady.drain(..).chain(self.live.drain(..)) {
            link.stay(&mut self.log);
        }
        Ok(std::mem::take(&mut self.log))
    }
}
