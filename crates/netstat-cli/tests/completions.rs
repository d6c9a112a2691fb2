//! Completions, as whoever presses Tab sees them: in a shell of its own, on a terminal.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use support::{Folder, Keeper};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the shell prints at the end of an answer, and never otherwise: as it is typed it has quotes within.
const END: &str = "<=END=>";

/// A shell on a terminal.
struct Shell {
    terminal: OwnedFd,
    child: Child,
    _home: Folder,
}

/// What a shell did when Tab was pressed.
struct Pressed {
    /// The words that it would hand to the program.
    words: Vec<String>,
    /// All that it showed, in words.
    shown: Vec<String>,
}

impl Shell {
    /// Starts a shell, if there is such a program, without the settings of anybody.
    fn start(words: &[&str], setup: &str) -> Option<Self> {
        if let Err(error) = Command::new(words[0]).arg("--version").output() {
            netstat_lab::skip(format_args!("{}: {error}", words[0]));
            return None;
        }
        let home = Folder::new(&format!("completions-{}", words[0]));
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize { ws_row: 200, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let path = PathBuf::from(ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap());
        let end = || std::fs::File::options().read(true).write(true).open(&path).unwrap();
        let folder = Path::new(support::NETSTAT).parent().unwrap();
        let old = std::env::var("PATH").unwrap_or_default();
        let child = Command::new("setsid")
            .arg("--ctty")
            .args(words)
            .env_clear()
            .env("PATH", format!("{}:{old}", folder.display()))
            .env("HOME", &home.0)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&home.0)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let shell = Self { terminal, child, _home: home };
        // A shell that still starts reads nothing but lines.
        shell.send(&format!("{setup}\n"));
        shell.ask("", "");
        Some(shell)
    }

    fn send(&self, keys: &str) {
        let mut rest = keys.as_bytes();
        while !rest.is_empty() {
            let written = rustix::io::write(&self.terminal, rest).unwrap();
            rest = &rest[written..];
        }
    }

    /// Returns what is shown until the end of an answer.
    fn receive(&self) -> String {
        let (start, mut all) = (Instant::now(), Vec::new());
        loop {
            let text = String::from_utf8_lossy(&all).into_owned();
            if text.contains(END) {
                return text;
            }
            let mut ends = [PollFd::new(&self.terminal, PollFlags::IN)];
            poll(&mut ends, Some(&Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap();
            if !ends[0].revents().is_empty() {
                let mut part = [0; 4096];
                let length = rustix::io::read(&self.terminal, &mut part).unwrap();
                all.extend(&part[..length]);
            }
            assert!(start.elapsed() < PATIENCE, "no answer: {text}");
        }
    }

    /// Types a line and presses keys, then has the shell print the words that have become of the line.
    fn ask(&self, line: &str, keys: &str) -> Pressed {
        // Ctrl+A and Ctrl+E go to the ends of the line.
        self.send(&format!("{line}{keys}\x01printf '<%s>\\n' \x05 '=E''ND='\n"));
        let received = self.receive();
        // The cursor moves between two words, and colours change within one.
        let (text, moved) = (without_sequences(&received, ""), without_sequences(&received, " "));
        let printed = |line: &str| Some(line.trim_end().strip_prefix('<')?.strip_suffix('>')?.to_owned());
        let mut words: Vec<String> = text.lines().filter_map(printed).collect();
        words.pop();
        Pressed {
            words,
            shown: [text, moved].iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect(),
        }
    }

    /// Presses Tab behind each line, which becomes the other.
    #[track_caller]
    fn completes(&self, lines: &[(&str, &[&str])]) {
        for (line, words) in lines {
            let pressed = self.ask(&format!("netstat {line}"), "\t");
            assert_eq!(pressed.words, [&["netstat"], *words].concat(), "{line}");
        }
    }

    /// Presses keys behind each line: some words are shown, and others are not.
    #[track_caller]
    fn lists(&self, keys: &str, lines: &[(&str, &[&str], &[&str])]) {
        for (line, shown, hidden) in lines {
            let pressed = self.ask(&format!("netstat {line}"), keys);
            // The line that was typed is shown, too.
            let is_shown = |word: &&str| pressed.shown.iter().any(|other| other == word);
            let missing: Vec<_> = shown.iter().filter(|word| !is_shown(word)).collect();
            let odd: Vec<_> = hidden.iter().filter(|word| is_shown(word)).collect();
            assert!(missing.is_empty() && odd.is_empty(), "{line}: {missing:?} {odd:?} {:?}", pressed.shown);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts something else in place of what moves the cursor or colours the text.
fn without_sequences(text: &str, instead: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character == '\x1b' {
            plain.push_str(instead);
        }
        match (character, rest.peek()) {
            ('\x1b', Some('[')) => {
                rest.next();
                while rest.next().is_some_and(|inside| !matches!(inside, '@'..='~')) {}
            }
            ('\x1b', Some(']')) => while rest.next().is_some_and(|inside| inside != '\x07') {},
            ('\x1b', Some('(')) => _ = rest.nth(1),
            ('\x1b', _) => _ = rest.next(),
            ('\r', _) => {}
            _ => plain.push(character),
        }
    }
    plain
}

/// A program whose name no shell takes as it is, and one that listens.
struct Machine {
    _cat: Keeper,
    _odd: Keeper,
    _programs: Folder,
}

impl Machine {
    fn new(name: &str) -> Self {
        let programs = Folder::new(name);
        let odd = programs.path("we ird'$(x)");
        // The file is another one, whose name is that of the process.
        std::fs::copy("/bin/cat", &odd).unwrap();
        let listener = || TcpListener::bind(("127.0.0.1", 47_080)).unwrap();
        Self {
            _cat: Keeper::cat(TcpListener::bind(("127.0.0.1", 48080)).unwrap()),
            _odd: Keeper::start(&mut Command::new(&odd), listener().into()),
            _programs: programs,
        }
    }
}

fn tree(file: &str) -> String {
    format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"))
}

/// Lines that every shell completes to the same words.
const SAME: &[(&str, &[&str])] = &[
    ("--numer", &["--numeric"]),
    ("-an -p udpv", &["-an", "-p", "udpv6"]),
    ("port 80 --no-he", &["port", "80", "--no-header"]),
    ("--lang=k", &["--lang=ko"]),
    ("--columns pid,loc", &["--columns", "pid,local"]),
    ("--sort rtt:d", &["--sort", "rtt:desc"]),
    ("--netns al", &["--netns", "all"]),
    ("--family unix,netl", &["--family", "unix,netlink"]),
    ("state establi", &["state", "established"]),
    ("proto udp,tcpv6", &["proto", "udp,tcpv6"]),
    ("state established,time-w", &["state", "established,time-wait"]),
    ("country US,X", &["country", "US,XK"]),
    ("not proc", &["not", "process"]),
    ("lport 80 and coun", &["lport", "80", "and", "country"]),
    ("lport :480", &["lport", ":48080"]),
    (":480", &[":48080"]),
    ("process ca", &["process", "cat"]),
    ("process \\\"we", &["process", "\"we ird'$(x)\""]),
    ("user roo", &["user", "root"]),
    ("src %l", &["src", "%lo"]),
    ("check close-", &["check", "close-wait"]),
    ("check close-wait listen-", &["check", "close-wait", "listen-queue"]),
    ("check --set close-wait.warni", &["check", "--set", "close-wait.warning="]),
    ("check --expl", &["check", "--explain"]),
    ("record --fol", &["record", "--follow"]),
    ("history --sin", &["history", "--since"]),
    ("hist", &["history"]),
    ("-an che", &["-an", "che"]),
    ("-tulpn --masq", &["-tulpn", "--masquerade"]),
    ("-tulpn -A un", &["-tulpn", "-A", "unix"]),
    ("--generate complete-pow", &["--generate", "complete-powershell"]),
    ("--help fil", &["--help", "filter"]),
    ("'lport 80 and proc", &["lport 80 and process"]),
];

/// Lines behind which several words may stand, some of these, and some that may not.
const SEVERAL: &[(&str, &[&str], &[&str])] = &[
    ("", &["check", "record", "history", "lport", "established"], &["half-open", "gt", "--json"]),
    ("lport 80 ", &["and", "or", "rport", "listening"], &["history", "half-open", "--json"]),
    ("check ", &["half-open", "close-wait", "lport"], &["--set", "record"]),
    ("check --", &["--set", "--explain"], &["--columns", "--follow"]),
    ("record --", &["--follow", "--keep"], &["--set", "--columns"]),
    ("history --", &["--since", "--follow"], &["--set", "--keep"]),
    ("close --", &["--yes", "--dry-run"], &["--kill", "--json"]),
    ("end --", &["--yes", "--kill"], &["--json"]),
    ("close lpo", &["lport"], &["history"]),
    ("rtt ", &["gt", "le", "ne"], &["and", "lport"]),
    ("country K", &["KR", "KE"], &["US", "JP"]),
    ("--color ", &["auto", "always", "never"], &["lport"]),
    ("-tulpn --", &["--numeric-hosts", "--tcp"], &["--columns", "--json"]),
];

#[test]
fn bash() {
    netstat_lab::on_own_thread(|_| {
        let _machine = Machine::new("completions-of-bash");
        let setup = format!(
            "bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off'; \
             bind 'set enable-bracketed-paste off'; source '{}'",
            tree("crates/netstat-cli/completions/netstat.bash")
        );
        let Some(bash) = Shell::start(&["bash", "--norc", "--noprofile", "-i"], &setup) else { return };
        bash.completes(SAME);
        // Bash replaces what stands behind the last colon, and shows that alone.
        bash.lists("\t\t", SEVERAL);
        bash.lists("\t\t", &[("--sort rtt:", &["asc", "desc"], &["rtt:asc", "pid"])]);
        bash.lists("\t\t", &[("\\(po", &["\\(port", "\\(pod"], &["check"])]);
    });
}

#[test]
fn zsh() {
    netstat_lab::on_own_thread(|_| {
        let _machine = Machine::new("completions-of-zsh");
        let setup = format!(
            "fpath=('{}' $fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=9999; PS1='> '; \
             unsetopt BEEP AUTO_MENU PROMPT_SP; unset zle_bracketed_paste",
            tree("crates/netstat-cli/completions")
        );
        let Some(zsh) = Shell::start(&["zsh", "-f", "-i"], &setup) else { return };
        zsh.completes(SAME);
        zsh.lists("\t\t", SEVERAL);
        // What a word means is shown behind it.
        zsh.lists("\t\t", &[("--sort rtt:", &["rtt:asc", "rtt:desc", "smallest"], &["pid"])]);
    });
}

#[test]
fn fish() {
    netstat_lab::on_own_thread(|_| {
        let _machine = Machine::new("completions-of-fish");
        let setup = format!(
            "function fish_prompt; echo '> '; end; source '{}'",
            tree("crates/netstat-cli/completions/netstat.fish")
        );
        let Some(fish) = Shell::start(&["fish", "--no-config", "-i"], &setup) else { return };
        fish.completes(SAME);
        fish.lists("\t", SEVERAL);
        fish.lists("\t", &[("--sort rtt:", &["rtt:asc", "rtt:desc"], &["pid"])]);
    });
}
