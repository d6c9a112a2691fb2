//! What speaks against a connection, and how much.
//!
//! A fact that honest programs have every day weighs less than 40, so that alone it is no finding.

use super::super::Text;
use super::super::text::{Particle, particle};
use netstat_model::Executable;
use std::ffi::OsStr;

/// One of the things that are looked at, and its weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reason {
    /// What it is, for programs.
    pub(super) key: &'static str,
    pub(super) weight: u32,
    pub(super) text: Text,
}

/// Weights, from what happens every day to what hardly ever does.
pub(super) const DELETED: u32 = 20;
pub(super) const HIDDEN: u32 = 20;
pub(super) const TEMPORARY: u32 = 40;
pub(super) const MEMORY: u32 = 60;
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

/// The last part of a path of either system.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Where a file lies, of either system: in small letters and with slashes, so that both can be compared alike.
fn folded(path: &str) -> String {
    path.replace('\\', "/").to_ascii_lowercase()
}

/// Directories that anybody may write to, or that are emptied: nothing is installed there.
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

/// Directories with a dot before their name in which programs are installed all the same.
const INSTALLED: [&str; 26] = [
    ".local",
    ".cargo",
    ".rustup",
    ".nvm",
    ".npm",
    ".volta",
    ".bun",
    ".deno",
    ".pyenv",
    ".rbenv",
    ".rvm",
    ".asdf",
    ".sdkman",
    ".jdks",
    ".dotnet",
    ".gradle",
    ".m2",
    ".steam",
    ".mozilla",
    ".nix-profile",
    ".linuxbrew",
    ".krew",
    ".venv",
    ".conda",
    ".var",
    ".snapshots",
];

/// The part of a path that hides the file from a glance.
fn hidden_part(path: &str) -> Option<&str> {
    let parts = path.split('/').filter(|part| part.len() > 1 && part.starts_with('.') && *part != "..");
    let mut hidden = parts.filter(|part| {
        let editor = part.contains("vscode") || part.contains("cursor") || part.starts_with(".mount_");
        !editor && !INSTALLED.contains(part)
    });
    hidden.next()
}

/// What the file says that a process runs.
pub(super) fn of_executable(executable: &Executable) -> Vec<Reason> {
    let shown = executable.path.to_string_lossy();
    let path = folded(&shown);
    let mut reasons = Vec::new();
    let mut add = |key, weight, english: String, korean: String| {
        reasons.push(Reason { key, weight, text: Text::new(english, korean) });
    };
    if path.starts_with("/memfd:") || path.starts_with("memfd:") {
        add(
            "memory_only",
            MEMORY,
            format!("its executable was never a file, only memory ({shown})"),
            format!("실행 파일이 파일이었던 적 없이 메모리에만 있음({shown})"),
        );
        return reasons;
    }
    if executable.deleted {
        add(
            "deleted",
            DELETED,
            format!("its executable {shown} has been deleted or replaced since it started"),
            format!("시작한 뒤 실행 파일이 지워지거나 바뀜({shown})"),
        );
    }
    if is_temporary(&path) {
        add(
            "temporary",
            TEMPORARY,
            format!("its executable lies in a directory for temporary files ({shown})"),
            format!("실행 파일이 임시 파일의 디렉터리에 있음({shown})"),
        );
    }
    // A hidden place among temporary files is both: no installer asks for that.
    if let Some(part) = hidden_part(&path) {
        add(
            "hidden",
            HIDDEN,
            format!("its executable lies in a hidden place, {part} ({shown})"),
            format!("실행 파일이 숨은 곳 {part}에 있음({shown})"),
        );
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

/// What the name of a process says.
pub(super) fn of_name(name: &OsStr) -> Option<Reason> {
    let shown = name.to_string_lossy();
    let lower = folded(&shown);
    let plain = file_name(&lower);
    let plain = plain.strip_suffix(".exe").unwrap_or(plain);
    // `python3.12` and `php-cgi8.2` are what `python` and `php` are.
    let versionless = plain.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let reason = |key, weight, english: String, korean: String| {
        Some(Reason { key, weight, text: Text::new(english, korean) })
    };
    if SHELLS.contains(&plain) {
        return reason(
            "shell",
            SHELL,
            format!("a shell holds it ({shown}), and shells mostly let other programs speak to the network"),
            format!("셸이 들고 있음({shown}). 셸은 대개 다른 프로그램에 네트워크를 맡김"),
        );
    }
    if PIPES.contains(&plain) {
        return reason(
            "pipe",
            PIPE,
            format!("it is a tool that connects anything to anything ({shown})"),
            format!("무엇이든 이어 주는 도구임({shown})"),
        );
    }
    if INTERPRETERS.contains(&versionless) {
        return reason(
            "interpreter",
            INTERPRETER,
            format!("an interpreter holds it ({shown}), so its name does not say what runs"),
            format!("인터프리터가 들고 있음({shown}). 이름으로는 무엇이 도는지 알 수 없음"),
        );
    }
    None
}

/// Ports that programs of attackers are known to use, and hardly anybody else on the internet.
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

/// Ports on which services of the internet are.
const USUAL: [u16; 45] = [
    20, 21, 22, 25, 43, 53, 80, 110, 119, 123, 143, 194, 443, 465, 554, 563, 587, 636, 853, 873, 989, 990,
    993, 995, 1194, 1433, 1521, 1723, 1883, 1935, 2083, 3306, 3478, 5222, 5223, 5228, 5432, 5671, 5672, 6379,
    8080, 8443, 8883, 9418, 27017,
];

/// Where the ports begin that systems give to clients.
const CLIENTS: u16 = 32_768;

/// What the ports of a connection say that was made from here.
pub(super) fn of_ports(local: u16, remote: u16, usual: &[u16]) -> Option<Reason> {
    if USUAL.contains(&remote) || usual.contains(&remote) {
        return None;
    }
    if let Some((_, of)) = BACKDOORS.iter().find(|(port, _)| *port == remote) {
        return Some(Reason {
            key: "known_port",
            weight: BACKDOOR,
            text: Text::new(
                format!("port {remote} is known for back doors and their like ({of})"),
                format!(
                    "포트 {} 백도어 같은 것이 쓰는 포트로 알려짐({of})",
                    particle(&remote.to_string(), Particle::Topic)
                ),
            ),
        });
    }
    let (key, weight, english, korean) = if remote >= CLIENTS && local >= CLIENTS {
        (
            "high_ports",
            HIGH_PORTS,
            format!(
                "it goes from a high port to a high port ({local} to {remote}), where no service is at home"
            ),
            format!("높은 포트에서 높은 포트로 감({local}에서 {remote}로). 정해진 서비스가 없는 곳"),
        )
    } else {
        (
            "unusual_port",
            PORT,
            format!("port {remote} is not one of the usual services"),
            format!("포트 {} 흔한 서비스의 것이 아님", particle(&remote.to_string(), Particle::Topic)),
        )
    };
    Some(Reason { key, weight, text: Text::new(english, korean) })
}
