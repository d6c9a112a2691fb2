//! The `netstat` program.

use options::Command;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

mod options;

fn main() -> ExitCode {
    let command = match options::parse(std::env::args_os().skip(1)) {
        Ok(command) => command,
        Err(complaint) => return fail(&complaint.to_string()),
    };
    if let Some(answer) = command.answer() {
        let text = answer.text.as_bytes();
        let written = if answer.to_stderr {
            std::io::stderr().write_all(text)
        } else {
            std::io::stdout().write_all(text).and_then(|()| std::io::stdout().flush())
        };
        return match written {
            // Nobody reads on: that is success.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&format!("cannot write: {error}")),
            _ => ExitCode::from(answer.exit_code),
        };
    }
    let Command::Run(_arguments) = command else { return ExitCode::SUCCESS };
    fail("this build has the command line only: no report is connected to it yet")
}

/// One line on standard error, and the exit code of failure.
fn fail(line: &str) -> ExitCode {
    // Where standard error is closed too, the exit code has to say it all.
    let _ = writeln!(std::io::stderr(), "netstat: {line}");
    ExitCode::FAILURE
}
