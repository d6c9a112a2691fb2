//! The name of a process: that of its program.
//!
//! The kernel has a name for each thread, `comm`: at first the file name of what was started, cut at 15 bytes. A process
//! may give itself any other, and runtimes do (the main thread of Node.js is `MainThread`). What cannot be chosen is the
//! executable, so the name of a process is that of the file it runs.
//!
//! Some programs run others: an interpreter its scripts, busybox its applets. There the kernel says what was started: its
//! `comm` is the name of the script (`#!` line) or of the link to busybox, and the command line has the whole of it. Of
//! such a process that is the name; of one that has renamed itself since, or whose script was an argument
//! (`python3 app.py`), which the kernel does not tell from any other argument, it is the interpreter.

use netstat_model::{Missing, Process};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Bytes of `comm`, without the NUL at its end: `TASK_COMM_LEN`.
const LENGTH: usize = 15;

/// Programs that run scripts, without the version in their names.
const INTERPRETERS: [&str; 24] = [
    "ash", "awk", "bash", "csh", "dash", "fish", "gawk", "guile", "ksh", "lua", "luajit", "mawk", "mksh",
    "node", "nodejs", "perl", "php", "pypy", "python", "ruby", "sh", "tclsh", "tcsh", "zsh",
];

/// Programs that are many in one file, which one by the name of the link that was started.
const MULTIPLE: [&str; 3] = ["busybox", "coreutils", "toybox"];

/// Returns the name of the program of a process whose executable and `comm` were read. `command_line` is called where its
/// words are needed.
pub(in crate::linux) fn of_program(
    process: &Process,
    command_line: impl FnOnce() -> Vec<OsString>,
) -> Result<OsString, Missing> {
    let comm = process.comm.as_deref();
    match &process.executable {
        Ok(executable) => {
            let file = executable.file_name();
            let started = comm.ok().filter(|comm| *comm != cut(file)).and_then(|comm| {
                let places = places(file)?;
                started(&command_line(), places, comm)
            });
            Ok(started.unwrap_or_else(|| file.to_owned()))
        }
        // The only name that a kernel thread has.
        Err(Missing::NotApplicable) => process.comm.clone(),
        Err(_) => {
            let comm = comm.map_err(|&why| why)?;
            let whole = (comm.len() == LENGTH).then(|| started(&command_line(), (0, 2), comm)).flatten();
            Ok(whole.unwrap_or_else(|| comm.to_owned()))
        }
    }
}

/// Returns what is left of a name in `comm`.
fn cut(name: &OsStr) -> &OsStr {
    let bytes = name.as_bytes();
    OsStr::from_bytes(bytes.get(..LENGTH).unwrap_or(bytes))
}

/// Returns which words of the command line may be what an executable was started for, the first and the last; `None` for one
/// that runs nothing but itself. The kernel puts a script behind its interpreter and at most one argument of that.
fn places(executable: &OsStr) -> Option<(usize, usize)> {
    let name = executable.to_str()?;
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if MULTIPLE.iter().any(|multiple| plain.split('.').next() == Some(multiple)) {
        return Some((0, 2));
    }
    INTERPRETERS.contains(&plain).then_some((1, 2))
}

/// Returns the file name among these words that `comm` is the beginning of.
fn started(words: &[OsString], (first, last): (usize, usize), comm: &OsStr) -> Option<OsString> {
    let words = words.get(first..)?.iter().take(last + 1 - first);
    let mut files = words.filter_map(|word| word.as_bytes().rsplit(|&byte| byte == b'/').next());
    let found = files.find(|file| !file.is_empty() && cut(OsStr::from_bytes(file)) == comm)?;
    Some(OsStr::from_bytes(found).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{Executable, ProcessKey};

    fn named(path: Result<&str, Missing>, comm: &str, words: &[&str]) -> String {
        let id = ProcessKey { pid: 7, start_time: 1 };
        let mut process = Process::unknown(id, Missing::NotRead);
        process.executable = path.map(|path| Executable { path: path.into(), deleted: false });
        process.comm = Ok(comm.into());
        let name = of_program(&process, || words.iter().map(OsString::from).collect());
        name.unwrap().into_string().unwrap()
    }

    #[test]
    fn the_name_is_that_of_the_executable_or_of_what_it_runs() {
        for (path, comm, words, expected) in [
            ("/usr/sbin/nginx", "nginx", &["nginx: master process /usr/sbin/nginx"][..], "nginx"),
            ("/lib/systemd/systemd-resolved", "systemd-resolve", &[], "systemd-resolved"),
            ("/usr/bin/node", "MainThread", &["node", "server.js"], "node"),
            ("/usr/bin/python3.11", "python3", &["python3", "app.py"], "python3.11"),
            // A `#!` line, with an argument, with a long name.
            (
                "/usr/bin/python3.11",
                "fail2ban-server",
                &["/usr/bin/python3", "/usr/bin/fail2ban-server"],
                "fail2ban-server",
            ),
            (
                "/usr/bin/python3.11",
                "unattended-upgr",
                &["/usr/bin/python3", "-u", "/usr/bin/unattended-upgrade-shutdown"],
                "unattended-upgrade-shutdown",
            ),
            ("/usr/bin/perl", "x.pl", &["/usr/bin/perl", "-w", "./x.pl"], "x.pl"),
            // Named by itself.
            ("/usr/bin/perl", "[kworker/0:0]", &["[kworker/0:0]"], "perl"),
            ("/usr/bin/perl", "apache2", &["/usr/sbin/apache2", "-k", "start"], "perl"),
            ("/usr/bin/python3.11", "gunicorn: maste", &["gunicorn: master [app]"], "python3.11"),
            ("/usr/bin/nc.openbsd", "sshd", &["nc", "sshd"], "nc.openbsd"),
            ("/bin/busybox", "httpd", &["httpd", "-f"], "httpd"),
            ("/bin/busybox.static", "httpd", &["/usr/sbin/httpd", "-f"], "httpd"),
            ("/bin/busybox", "busybox", &["busybox", "httpd"], "busybox"),
            ("/memfd:a/b", "3", &["x"], "memfd:a/b"),
        ] {
            assert_eq!(named(Ok(path), comm, words), expected, "{path} {comm}");
        }
    }

    #[test]
    fn without_the_executable_it_is_that_of_the_main_thread() {
        let refused = Err(Missing::NotPermitted);
        assert_eq!(named(refused, "sshd", &["/usr/sbin/other"]), "sshd");
        let resolved = ["/lib/systemd/systemd-resolved"];
        assert_eq!(named(refused, "systemd-resolve", &resolved), "systemd-resolved");
        assert_eq!(named(refused, "systemd-resolve", &["x"]), "systemd-resolve");
        let script = ["/usr/bin/python3", "/usr/bin/unattended-upgrade-shutdown"];
        assert_eq!(named(refused, "unattended-upgr", &script), "unattended-upgrade-shutdown");
        assert_eq!(named(Err(Missing::NotApplicable), "nfsd", &[]), "nfsd");
    }
}
