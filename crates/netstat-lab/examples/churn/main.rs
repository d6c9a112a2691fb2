//! Sockets that come and go, for `cargo xtask accuracy`, and a log of what was there when.
//!
//! - `churn connections`: two threads that together open and close about 1,000 sockets a second from few ports, so that
//!   pairs of addresses are used again; connections that stay; and connections one end of which is passed to another
//!   process (`churn receiver`, started by it), or lies in a socket between two, received by nobody.
//! - `churn family`: a process with connections that makes child processes all the time, each of which has one of them.
//!
//! Says `ready`, goes on until its standard input closes, and then prints the log: see `log.rs`.

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
    eprintln!("churn: written for Linux");
    ExitCode::FAILURE
}
