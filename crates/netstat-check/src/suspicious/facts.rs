//! What is odd about a connection, and how much each fact weighs.
//!
//! A fact that is true of honest programs every day weighs less than 40, so that it is no finding by itself.

use super::super::Text;
use super::super::data::say;
use super::texts::{DATA, SOURCE};
use netstat_model::{Executable, Process};
use std::ffi::{OsStr, OsString};

/// An odd fact and its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reason {
    /// Its key in JSON.
    pub(super) key: &'static str,
    pub(super) weight: u32,
    pub(super) text: Text,
}

/// Weights, from everyday facts to rare ones.
pub(super) const DELETED: u32 = 20;
pub(super) const HIDDEN: u32 = 20;
pub(super) const TEMPORARY: u32 = 40;
pub(super) const MEMORY: u32 = 60;
pub(super) const KERNEL_NAME: u32 = 60;
pub(super) const OTHER_NAME: u32 = 40;
pub(super) const INTERPRETER: u32 = 15;
pub(super) const PIPE: u32 = 30;
pub(super) const SHELL: u32 = 40;
pub(super) const PORT: u32 = 10;
pub(super) const HIGH_PORTS: u32 = 15;
pub(super) const BACKDOOR: u32 = 30;
pub(super) const COUNTRY: u32 = 20;
pub(super) const NETWORK: u32 = 15;
pub(super) const LISTED_IN: u32 = 30;
pub(super) const LISTED_OUT: u32 = 60;

/// Returns the last part of a path of either system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Returns a path of either system in lower case and with slashes.
fn folded(path: &str) -> String {
    path.replace('\\', "/").to_ascii_lowercase()
}

/// Returns whether a path is in a directory that anybody may write to or that is emptied: nothing is installed there.
fn is_temporary(path: &str) -> bool {
    // The image of an AppImage is mounted there while it runs.
    if path.starts_with("/tmp/.mount_") {
        return false;
    }
    let unix = ["/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/run/user/", "/var/run/user/"];
    if unix.iter().any(|folder| path.starts_with(folder)) {
        return true;
    }
    // A path of Windows begins with its drive.
    let drive = path.get(1..3) == Some(":/") && path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let windows = [
        "/appdata/local/temp/",
        "/windows/temp/",
        "/$recycle.bin/",
        "/users/public/",
        "/temp/",
        "/perflogs/",
    ];
    drive && windows.iter().any(|folder| path.contains(folder))
}

/// Hidden directories in which programs are installed all the same.
const INSTALLED: &str = ".local .cargo .rustup .nvm .npm .volta .bun .deno .pyenv .rbenv .rvm .asdf .sdkman .jdks \
    .dotnet .gradle .m2 .steam .mozilla .nix-profile .linuxbrew .krew .venv .conda .var .snapshots";

/// Returns the part of a path that hides the file.
fn hidden_part(path: &str) -> Option<&str> {
    let parts = path.split('/').filter(|part| part.len() > 1 && part.starts_with('.') && *part != "..");
    let mut hidden = parts.filter(|part| {
        let editor = part.contains("vscode") || part.contains("cursor") || part.starts_with(".mount_");
        !editor && !INSTALLED.split(' ').any(|known| known == *part)
    });
    hidden.next()
}

/// Returns what is odd about the executable of a process.
pub(super) fn of_executable(executable: &Executable) -> Vec<Reason> {
    let shown = executable.path.to_string_lossy();
    let path = folded(&shown);
    let mut reasons = Vec::new();
    let shown: &str = &shown;
    if path.starts_with("/memfd:") || path.starts_with("memfd:") {
        let text = say!("memory-only", path = shown);
        return vec![Reason { key: "memory_only", weight: MEMORY, text }];
    }
    if executable.deleted {
        reasons.push(Reason { key: "deleted", weight: DELETED, text: say!("deleted", path = shown) });
    }
    if is_temporary(&path) {
        reasons.push(Reason { key: "temporary", weight: TEMPORARY, text: say!("temporary", path = shown) });
    }
    // A hidden place among temporary files counts twice: no installer needs one.
    if let Some(part) = hidden_part(&path) {
        reasons.push(Reason { key: "hidden", weight: HIDDEN, text: say!("hidden", part, path = shown) });
    }
    reasons
}

const SHELLS: [&str; 15] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "tcsh", "csh", "busybox", "cmd", "mshta",
    "rundll32", "regsvr32",
];
const PIPES: [&str; 8] =
    ["nc", "ncat", "netcat", "socat", "nc.traditional", "nc.openbsd", "telnet", "cryptcat"];
const INTERPRETERS: [&str; 12] = [
    "python",
    "perl",
    "ruby",
    "php",
    "lua",
    "tclsh",
    "awk",
    "gawk",
    "powershell",
    "pwsh",
    "wscript",
    "cscript",
];

/// Returns what is odd about the name of a process.
pub(super) fn of_name(name: &OsStr) -> Option<Reason> {
    let shown = name.to_string_lossy();
    let lower = folded(&shown);
    let plain = file_name(&lower);
    let plain = plain.strip_suffix(".exe").unwrap_or(plain);
    // `python3.12` is `python`, and `php-cgi8.2` is `php-cgi`.
    let versionless = plain.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let name: &str = &shown;
    if SHELLS.contains(&plain) {
        return Some(Reason { key: "shell", weight: SHELL, text: say!("shell", name) });
    }
    if PIPES.contains(&plain) {
        return Some(Reason { key: "pipe", weight: PIPE, text: say!("pipe", name) });
    }
    let text = || say!("interpreter", name);
    INTERPRETERS.contains(&versionless).then(|| Reason {
        key: "interpreter",
        weight: INTERPRETER,
        text: text(),
    })
}

/// How the names of kernel threads begin.
const KERNEL_THREADS: [&str; 21] = [
    "kworker/",
    "ksoftirqd/",
    "kthreadd",
    "migration/",
    "rcu_",
    "kswapd",
    "kcompactd",
    "khugepaged",
    "ksmd",
    "kdevtmpfs",
    "kauditd",
    "khungtaskd",
    "oom_reaper",
    "kblockd",
    "kintegrityd",
    "cpuhp/",
    "idle_inject/",
    "irq/",
    "watchdogd",
    "jbd2/",
    "scsi_eh_",
];

/// Programs of servers that nearly every system knows, by the names of their processes.
const WELL_KNOWN: [&str; 14] = [
    "agetty",
    "apache2",
    "chronyd",
    "cron",
    "crond",
    "dbus-daemon",
    "getty",
    "httpd",
    "nginx",
    "NetworkManager",
    "postgres",
    "rsyslogd",
    "sshd",
    "systemd",
];

/// Programs that are many in one file, named by the link that was started.
const APPLETS: [&str; 3] = ["busybox", "coreutils", "toybox"];

/// Returns what is odd about the names that a process has given itself: that of its main thread, and the first word of its
/// command line.
pub(super) fn of_other_names(process: &Process, file: &OsStr) -> Option<Reason> {
    let title = process.command_line.as_ref().ok().and_then(|words| words.first());
    let names = [process.comm.as_deref().ok(), title.map(OsString::as_os_str)];
    let file: &str = &file.to_string_lossy();
    for other in names.into_iter().flatten() {
        let other: &str = &other.to_string_lossy();
        let bare = other.strip_prefix('[').map_or(other, |rest| rest.trim_end_matches(']'));
        if KERNEL_THREADS.iter().any(|thread| bare.starts_with(thread)) && !file.starts_with(bare) {
            let text = say!("kernel-name", other, name = file);
            return Some(Reason { key: "kernel_name", weight: KERNEL_NAME, text });
        }
        // A server writes what it does behind its name: `sshd: user@pts/0`, `/usr/sbin/apache2 -k start`.
        let word = other.split([' ', ':']).next().unwrap_or(other);
        let claimed = file_name(word);
        // An applet of busybox is what its link says.
        let is_own = file.contains(claimed) || APPLETS.iter().any(|program| file.starts_with(program));
        if WELL_KNOWN.contains(&claimed) && !is_own {
            let text = say!("other-name", other, name = file);
            return Some(Reason { key: "other_name", weight: OTHER_NAME, text });
        }
    }
    None
}

/// Ports that attackers' programs are known to use and hardly any other service on the internet.
const BACKDOORS: [(u16, &str); 19] = [
    (1337, "back doors"),
    (3333, "mining"),
    (4444, "Metasploit"),
    (4445, "Metasploit"),
    (5555, "Android debugging, back doors"),
    (6666, "IRC bots"),
    (6667, "IRC, and bots on it"),
    (6697, "IRC, and bots on it"),
    (7777, "mining, back doors"),
    (9001, "Tor"),
    (9030, "Tor"),
    (9050, "Tor"),
    (12345, "NetBus"),
    (14433, "mining"),
    (14444, "mining"),
    (27374, "Sub7"),
    (31337, "Back Orifice"),
    (45700, "mining"),
    (54321, "back doors"),
];

/// Ports of well-known services on the internet.
const USUAL: [u16; 45] = [
    20, 21, 22, 25, 43, 53, 80, 110, 119, 123, 143, 194, 443, 465, 554, 563, 587, 636, 853, 873, 989, 990,
    993, 995, 1194, 1433, 1521, 1723, 1883, 1935, 2083, 3306, 3478, 5222, 5223, 5228, 5432, 5671, 5672, 6379,
    8080, 8443, 8883, 9418, 27017,
];

/// The first port that systems give to clients.
const CLIENTS: u16 = 32_768;

/// Returns what is odd about the ports of a connection that was made from here.
pub(super) fn of_ports(local: u16, remote: u16, usual: &[u16]) -> Option<Reason> {
    if USUAL.contains(&remote) || usual.contains(&remote) {
        return None;
    }
    let (key, weight, text) = match BACKDOORS.iter().find(|(port, _)| *port == remote) {
        Some((port, purpose)) => {
            ("known_port", BACKDOOR, say!("known-port", port = *port, purpose = *purpose))
        }
        None if remote >= CLIENTS && local >= CLIENTS => {
            ("high_ports", HIGH_PORTS, say!("high-ports", local, remote))
        }
        None => ("unusual_port", PORT, say!("unusual-port", port = remote)),
    };
    Some(Reason { key, weight, text })
}
