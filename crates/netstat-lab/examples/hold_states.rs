//! Holds sockets in known states for the tests of the Windows build: prints a line for each, `PROTOCOL LOCAL FOREIGN
//! STATE` as the table has them, then its process ID as `ready PID`, and keeps them until its standard input closes.
//!
//! Uses the standard library only, so that it runs wherever netstat does.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hold_states: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut held = Held::default();
    for loopback in ["127.0.0.1:0", "[::1]:0"] {
        held.tcp(loopback, &mut out)?;
        held.udp(loopback, &mut out)?;
    }
    for any in ["0.0.0.0:0", "[::]:0"] {
        held.listener(any, &mut out)?;
    }
    held.touch();
    writeln!(out, "ready {}", std::process::id())?;
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// Sockets, open until this is dropped.
#[derive(Default)]
struct Held {
    listeners: Vec<TcpListener>,
    streams: Vec<TcpStream>,
    datagrams: Vec<UdpSocket>,
}

impl Held {
    /// Sets an option of each socket. Wine holds sockets in a process of its own, and reports an owner only once that
    /// process has used the socket.
    fn touch(&self) {
        for listener in &self.listeners {
            let _ = listener.set_ttl(64);
        }
        for stream in &self.streams {
            let _ = stream.set_nodelay(true);
        }
        for socket in &self.datagrams {
            let _ = socket.set_ttl(64);
        }
    }

    fn listener(&mut self, at: &str, out: &mut impl Write) -> io::Result<TcpListener> {
        let listener = TcpListener::bind(at)?;
        let local = listener.local_addr()?;
        let any = if local.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        writeln!(out, "TCP {local} {any} LISTENING")?;
        self.listeners.push(listener.try_clone()?);
        Ok(listener)
    }

    /// Makes a listener, a connection with both ends, and one that is half-closed.
    fn tcp(&mut self, loopback: &str, out: &mut impl Write) -> io::Result<()> {
        let listener = self.listener(loopback, out)?;
        let mut connect = |states: [&str; 2]| {
            let active = TcpStream::connect(listener.local_addr()?)?;
            let (passive, _) = listener.accept()?;
            for (end, state) in [(&active, states[0]), (&passive, states[1])] {
                writeln!(out, "TCP {} {} {state}", end.local_addr()?, end.peer_addr()?)?;
            }
            self.streams.push(active.try_clone()?);
            self.streams.push(passive.try_clone()?);
            Ok::<_, io::Error>((active, passive))
        };
        connect(["ESTABLISHED", "ESTABLISHED"])?;
        let (active, mut passive) = connect(["FIN_WAIT_2", "CLOSE_WAIT"])?;
        active.shutdown(Shutdown::Write)?;
        // The FIN arrived here, so its acknowledgement is at least on the way to the other end.
        passive.read_to_end(&mut Vec::new()).map(drop)
    }

    /// Makes a socket without a peer, and one with a peer.
    fn udp(&mut self, loopback: &str, out: &mut impl Write) -> io::Result<()> {
        let alone = UdpSocket::bind(loopback)?;
        writeln!(out, "UDP {} *:* -", alone.local_addr()?)?;
        let connected = UdpSocket::bind(loopback)?;
        let peer: SocketAddr = alone.local_addr()?;
        connected.connect(peer)?;
        writeln!(out, "UDP {} {peer} -", connected.local_addr()?)?;
        self.datagrams.extend([alone, connected]);
        Ok(())
    }
}
