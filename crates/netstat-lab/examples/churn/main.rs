//! Sockets that come and go, for `cargo xtask accuracy`, and a log of what existed when.
//!
//! - `churn connections`: two threads that together open and close about 1,000 sockets a second from few ports, so that
//!   pairs of addresses are reused; connections that stay; and connections with one end that is passed to another process
//!   (`churn receiver`, which it starts), or that is in flight in a Unix socket and never received.
//! - `churn family`: a process that continuously makes child processes, each of which inherits one of its connections.
//!
//! Prints `ready`, runs until its standard input closes, and then prints the log: see `log.rs`.

#[cfg(target_os = "linux")]
mod connections;
#[cfg(target_os = "linux")]
mod family;
#[cfg(target_os = "linux")]
mod link;
#[cfg(target_os = "linux")]
mod log;
#[cfg(target_os = "linux")]
mod receiver;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    let done = match word.as_str() {
        "connections" => connections::run(),
        "family" => family::run(),
        "receiver" => receiver::run(),
        "child" => {
            family::child();
            Ok(())
        }
        _ => Err(std::io::Error::other("usage: churn connections | family")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("churn {word}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("churn: runs on Linux only");
    ExitCode::FAILURE
}
