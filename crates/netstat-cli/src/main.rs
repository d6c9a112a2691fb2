//! The `netstat` program; all of it is in the library beside this file.

fn main() -> std::process::ExitCode {
    netstat_cli::run(std::env::args_os().skip(1))
}
