//! A small HTTP server: one page of metrics, for whoever may reach it.
//!
//! It trusts nobody: heads have a greatest length, each connection has a time in which its head must have come and one in
//! which its answer must have gone, and there are so many connections at a time and no more.

use crate::gzip::gzip;
use crate::look::Exposure;
use crate::request::{self, LONGEST_HEAD, Page, Refusal, Request};
use crate::text::text;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The most connections at a time.
pub const CONNECTIONS: usize = 32;

/// The time in which a head must have come.
const TO_ASK: Duration = Duration::from_secs(5);

/// The time in which an answer must have gone.
const TO_TAKE: Duration = Duration::from_secs(10);

/// How long whatever still comes is read, so that the system does not reset a connection whose answer is on its way.
const TO_LEAVE: Duration = Duration::from_secs(1);

/// The pause after no connection could be taken, for lack of descriptors for example.
const PAUSE: Duration = Duration::from_millis(100);

const ROOT: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>netstat metrics</title></head>\n\
                    <body><h1>netstat metrics</h1><p><a href=\"/metrics\">Metrics</a></p></body></html>\n";

/// Gives what is measured now; `None` where that cannot be had in time.
pub type Ask = dyn Fn() -> Option<Arc<Exposure>> + Send + Sync;

/// Answers whoever connects, on threads of its own, until the program ends.
///
/// # Errors
/// When the system has no thread for it.
pub fn serve(listener: TcpListener, ask: Arc<Ask>) -> io::Result<()> {
    let open = Arc::new(AtomicUsize::new(0));
    thread::Builder::new().name("metrics".to_owned()).spawn(move || {
        loop {
            match listener.accept() {
                Ok((stream, _)) => take(stream, &ask, &open),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    })?;
    Ok(())
}

/// One of the connections that there may be.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn of(open: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(open));
        // What is dropped gives its place back.
        (open.fetch_add(1, Ordering::Relaxed) < CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn take(stream: TcpStream, ask: &Arc<Ask>, open: &Arc<AtomicUsize>) {
    let Some(place) = Place::of(open) else {
        // Nobody waits for this one: what the system does not take at once is not sent.
        if stream.set_nonblocking(true).is_ok() {
            let _ = (&stream).write(&refused(Refusal::Busy, false));
        }
        return;
    };
    let ask = Arc::clone(ask);
    // Without a thread the connection is closed, and its place is free again.
    let _ = thread::Builder::new().name("http".to_owned()).spawn(move || {
        let _place = place;
        // Who is gone need not be told.
        let _ = answer(&stream, &*ask);
    });
}

fn answer(stream: &TcpStream, ask: &Ask) -> io::Result<()> {
    let asked = asked(stream)?;
    let bytes = match asked {
        Err(refusal) => refused(refusal, false),
        Ok(request) => answered(request, ask),
    };
    send(stream, &bytes, Instant::now() + TO_TAKE)?;
    leave(stream)
}

/// Reads the head of a request.
fn asked(mut stream: &TcpStream) -> io::Result<Result<Request, Refusal>> {
    let until = Instant::now() + TO_ASK;
    let mut head = Vec::with_capacity(1024);
    let mut part = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(Refusal::Timeout));
        }
        stream.set_read_timeout(Some(left))?;
        let length = match stream.read(&mut part) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(Err(Refusal::Timeout));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        head.extend(part.iter().take(length));
        if let Some(request) = request::read(&head) {
            return Ok(request);
        }
        debug_assert!(head.len() < LONGEST_HEAD + part.len());
    }
}

fn answered(request: Request, ask: &Ask) -> Vec<u8> {
    let (kind, body) = match request.page {
        Page::Root => ("text/html; charset=utf-8", ROOT.to_owned()),
        Page::Metrics => match ask() {
            Some(exposure) => (request.form.content_type(), text(&exposure, request.form)),
            None => return refused(Refusal::NoAnswer, request.head_only),
        },
    };
    let packed = if request.gzip { gzip(body.as_bytes()).ok() } else { None };
    let encoding = if packed.is_some() { "Content-Encoding: gzip\r\n" } else { "" };
    let body = packed.unwrap_or_else(|| body.into_bytes());
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{encoding}Vary: Accept, Accept-Encoding\r\n{}",
        ending(body.len())
    );
    let mut bytes = head.into_bytes();
    if !request.head_only {
        bytes.extend(body);
    }
    bytes
}

/// Returns the lines that every answer has, and the end of its head.
fn ending(length: usize) -> String {
    format!(
        "Content-Length: {length}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'\r\nConnection: close\r\n\r\n"
    )
}

fn refused(refusal: Refusal, head_only: bool) -> Vec<u8> {
    let status = refusal.status();
    let allow = if refusal == Refusal::MethodNotAllowed { "Allow: GET, HEAD\r\n" } else { "" };
    let body = format!("{status}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n{allow}{}",
        ending(body.len())
    );
    let mut bytes = head.into_bytes();
    if !head_only {
        bytes.extend(body.into_bytes());
    }
    bytes
}

/// Sends all bytes by a time, however slowly they are taken.
fn send(mut stream: &TcpStream, bytes: &[u8], until: Instant) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Says that nothing more comes, and waits a little for the other side to close.
fn leave(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let until = Instant::now() + TO_LEAVE;
    let mut part = [0; 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut part)? == 0 {
            return Ok(());
        }
    }
}
