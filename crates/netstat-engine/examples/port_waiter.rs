//! Waits until somebody listens on a TCP port, and says who. Fails after 30 seconds, or as many as told.
//!
//! `port_waiter PORT [SECONDS]`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program, not the library")]

use netstat_engine::filter::{Filter, NumbersOnly};
use netstat_engine::model::query::ProcessFields;
use netstat_engine::{Query, Snapshot};
use std::error::Error;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().ok_or("which port?")?.parse()?;
    let patience = Duration::from_secs(arguments.next().map_or(Ok(30), |word| word.parse())?);
    // The kernel compares ports itself, so that a look is quick on a machine with many sockets.
    let filter = Filter::parse(&[format!("lport {port}").into()], &NumbersOnly)?;
    let query = Query::tcp().listening().filter(filter).processes(ProcessFields::NAME);
    let begin = Instant::now();
    loop {
        let snapshot = Snapshot::take(&query)?;
        if let Some(socket) = snapshot.iter().next() {
            let pid = socket.ownership().principal().map(|owner| owner.process.pid);
            let name = snapshot.process(&socket).map(|process| &process.name);
            println!("{} is open after {:?}: process {pid:?}, {name:?}", socket.local, begin.elapsed());
            return Ok(ExitCode::SUCCESS);
        }
        if begin.elapsed() >= patience {
            eprintln!("nobody listens on port {port} after {patience:?}");
            return Ok(ExitCode::FAILURE);
        }
        sleep(Duration::from_millis(100));
    }
}
