//! The project's chores: `cargo xtask COMMAND`.

#[cfg(target_os = "linux")]
mod accuracy;
#[cfg(target_os = "linux")]
mod bench;
mod bpf;
mod ci;
#[cfg(target_os = "linux")]
mod companion;
mod fuzz;
mod generate;
mod geo;
#[cfg(target_os = "linux")]
mod instructions;
#[cfg(target_os = "linux")]
mod kernels;
mod measured;
#[cfg(target_os = "linux")]
mod package;
mod tidy;
#[cfg(target_os = "linux")]
mod windows;
mod workspace;

use anyhow::{Result, bail};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  ci                  everything that must hold before a change goes in, except the tests
  tidy                rules that no other tool checks: who may use whom, file sizes, names, licences ...
  generate            write the man page, the option reference, the schemas and the completions
  generate --check    name those that are out of date
  bpf                 build the kernel programs from their C sources (clang, bpftool)
  bpf --check         fail if they are out of date
  geo FILE            pack the countries of a database in MaxMind's format into the built-in table
  fuzz [SECONDS]      run each fuzz target for this long (default: 30)
  bench [--quick | --million | --sizes N,N] [--output FILE]
                      measure speed and memory, and write docs/performance.md (--quick: only print)
                      (Linux, root)
  bench capture [--netstat FILE]
                      measure netstat capture beside dumpcap and tcpdump (Linux, root)
  bench live          measure netstat live with idle connections, on a terminal (Linux, root, util-linux)
  bench history [ENDS [FOLDER]]
                      write a history of ten million connections and ask it what operators ask
  bench record [--only PART] [--seconds N] [--ends N] [--trial]
                      measure the flight recorder: cpu, idle, open, complete, stopped, killed, owners, queries; --trial
                      takes a debug build (Linux, root, clang, bpftool, python3)
  accuracy [--runs N] [--output FILE]
                      measure what is missed, invented and wrong while sockets come and go, and write
                      docs/accuracy.md (Linux, root)
  instructions        count the instructions for 100,000 recorded sockets, and store the counts (Linux, valgrind)
  instructions --check
                      fail if they have grown by more than 5 %
  kernels [GUEST...]  boot kernels of Debian in qemu, compare inside with /proc and ss, and write docs/kernels.md; with
                      names, only boot these and print (Linux, Debian)
  kernels --quick [--or-skip]
                      the same with one old kernel and one new one; go on with a message where they cannot be had
  kernels --page      write docs/kernels.md of what was kept
  windows             build netstat.exe and run its tests under Wine, after installing what that takes (Debian)
  windows --or-skip   go on with a message where that cannot be installed
  package [NAME...]   make the packages below target/package/out: archives, deb, rpm, container, windows; for x86_64,
                      aarch64 (Debian; rustup, PyPI)
  package --test [NAME...]
                      make them, and install, use, upgrade and remove them where that is possible
  package --check [NAME...]
                      make them twice in two folders, and fail unless all bytes are the same
";

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["ci"] => ci::run(),
        ["tidy"] => tidy::run(),
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        ["bpf"] => bpf::write(),
        ["bpf", "--check"] => bpf::check(),
        ["geo", path] => geo::write(path),
        ["fuzz"] => fuzz::run(30),
        ["fuzz", seconds] => match seconds.parse() {
            Ok(seconds) => fuzz::run(seconds),
            Err(_) => bail!("{seconds} is not a whole number of seconds"),
        },
        ["bench", "history", arguments @ ..] => {
            workspace::run_example("netstat-store", "ten_million", arguments)
        }
        #[cfg(target_os = "linux")]
        ["bench", "capture", arguments @ ..] => bench::capture::run(arguments),
        ["bench", "live"] => bench::live::run(),
        #[cfg(target_os = "linux")]
        ["bench", "record", arguments @ ..] => bench::record::run(arguments),
        #[cfg(target_os = "linux")]
        ["bench", arguments @ ..] => bench::run(arguments),
        #[cfg(target_os = "linux")]
        ["accuracy", arguments @ ..] => accuracy::run(arguments),
        #[cfg(target_os = "linux")]
        ["instructions", arguments @ ..] => instructions::run(arguments),
        #[cfg(target_os = "linux")]
        ["kernels", arguments @ ..] => kernels::run(arguments),
        #[cfg(target_os = "linux")]
        ["windows"] => windows::run(false),
        #[cfg(target_os = "linux")]
        ["windows", "--or-skip"] => windows::run(true),
        #[cfg(target_os = "linux")]
        ["package", names @ ..] => package::run(names),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [] => bail!("a command is missing\n\n{HELP}"),
        [other, ..] => bail!("unknown command or arguments: {other}\n\n{HELP}"),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
