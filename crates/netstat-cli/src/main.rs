//! The `netstat` program. Its code is in the library of this crate.

fn main() -> std::process::ExitCode {
    netstat_cli::start(std::env::args_os().skip(1).collect())
}
