//! What a part of the program must not reach for: the invariants of ARCHITECTURE.md.

use super::Complaint;
use super::rust::Source;

/// A path or macro that the files under a folder do without.
struct Ban {
    under: &'static str,
    what: &'static str,
    /// What of it is harmless.
    but: &'static [&'static str],
    /// How the complaint goes on after the name.
    why: &'static str,
}

const fn ban(under: &'static str, what: &'static str, why: &'static str) -> Ban {
    Ban { under, what, but: &[], why }
}

const RENDER: &str = "crates/netstat-cli/src/render";
const CORE: &str = "crates/netstat-core/src/";
const MODEL: &str = "crates/netstat-core/src/model";
const PRINTS: &str = "in the core, which never prints; return data or a Warning";
const EXITS: &str = "in the core, which never ends the process; return an Error";

const BANS: &[Ban] = &[
    ban(RENDER, "netstat_os", "in render, which only turns rows into bytes; let the view hand it the data"),
    ban(MODEL, "std::fs", "in the model, which is plain data; read in os"),
    ban(MODEL, "crate::os", "in the model, which is plain data; let os know the model"),
    ban(CORE, "println!", PRINTS),
    ban(CORE, "print!", PRINTS),
    ban(CORE, "eprintln!", PRINTS),
    ban(CORE, "eprint!", PRINTS),
    ban(CORE, "io::stdout", PRINTS),
    ban(CORE, "io::stderr", PRINTS),
    ban(CORE, "process::exit", EXITS),
    ban(CORE, "process::abort", EXITS),
    Ban {
        under: CORE,
        what: "std::env",
        but: &["std::env::consts"],
        why: "in the core, which reads neither arguments nor the environment; let the caller pass it",
    },
];

fn is_under(path: &str, under: &str) -> bool {
    path.strip_prefix(under).is_some_and(|rest| under.ends_with('/') || rest.starts_with(['/', '.']))
}

/// Whether `path` is `what` or something in it.
fn is_in(path: &str, what: &str) -> bool {
    path.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The places where a file reaches for what it must do without. Tests may.
pub(super) fn crossed(path: &str, source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for ban in BANS.iter().filter(|ban| is_under(path, ban.under)) {
        let written = source
            .places(ban.what)
            .into_iter()
            .filter(|&at| {
                !ban.but.iter().any(|but| source.code.get(at..).is_some_and(|code| code.starts_with(but)))
            })
            .map(|at| source.line(at));
        let imported = source.imports().into_iter().filter_map(|(line, import)| {
            // `use std::{process::exit}` has what is banned as `process::exit` at its end.
            let suffix = import.match_indices("::").filter_map(|(at, _)| import.get(at + 2..));
            let hit = std::iter::once(import.as_str()).chain(suffix).any(|path| is_in(path, ban.what));
            (hit && !ban.but.iter().any(|but| is_in(&import, but))).then_some(line)
        });
        let mut lines: Vec<usize> = written.chain(imported).filter(|&line| !source.is_test(line)).collect();
        lines.sort_unstable();
        lines.dedup();
        complaints.extend(
            lines.into_iter().map(|line| Complaint::new(path, line, format!("{} {}", ban.what, ban.why))),
        );
    }
    if is_under(path, MODEL) {
        for attribute in source.attributes() {
            if attribute.text.starts_with("cfg(") && !source.is_test(attribute.line) {
                let what = "has a cfg in the model, which is the same on every system; make it an Option";
                complaints.push(Complaint::new(path, attribute.line, what));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: [usize; 0] = [];

    fn lines(path: &str, text: &str) -> Vec<usize> {
        crossed(path, &Source::new(text)).iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn render_does_not_know_the_system() {
        let table = "crates/netstat-cli/src/render/table.rs";
        assert_eq!(lines(table, "use netstat_os::Backend;\n"), [1]);
        assert_eq!(lines(table, "use netstat_core::{model::Socket, os::{self, Backend}};\n"), [1]);
        assert_eq!(lines(table, "fn a() {\n    netstat_os::open();\n}\n"), [2]);
        assert_eq!(lines(table, "use netstat_model::Socket;\nuse netstat_core::oslo;\n"), NOWHERE);
        assert_eq!(lines("crates/netstat-cli/src/render.rs", "use netstat_os;\n"), [1]);
        assert_eq!(lines("crates/netstat-cli/src/view/table.rs", "use netstat_os;\n"), NOWHERE);
        assert_eq!(lines("crates/netstat-cli/src/renderings.rs", "use netstat_os;\n"), NOWHERE);
    }

    #[test]
    fn the_core_neither_prints_nor_ends_nor_looks_around() {
        let core = "crates/netstat-core/src/os/a.rs";
        for text in [
            "fn a() { println!(); }\n",
            "fn a() { std::eprint!(\"x\"); }\n",
            "fn a() { std::process::exit(1); }\n",
            "use std::process::exit;\n",
            "use std::{fs, process::{self, exit}};\n",
            "use std::{env, fs};\n",
            "fn a() { std::env::var(\"X\"); }\n",
            "use std::io::{self, stdout};\n",
        ] {
            assert_eq!(lines(core, text), [1], "{text}");
        }
        for text in [
            "fn a() { std::env::consts::OS; }\n",
            "use std::env::consts::OS;\n",
            "// println!\nuse std::process::Command;\n",
            "#[cfg(test)]\nmod tests {\n    fn a() { println!(\"{:?}\", std::env::temp_dir()); }\n}\n",
        ] {
            assert_eq!(lines(core, text), NOWHERE, "{text}");
        }
        assert_eq!(lines("crates/netstat-cli/src/main.rs", "fn a() { println!(); }\n"), NOWHERE);
    }

    #[test]
    fn the_model_is_plain_data() {
        let model = "crates/netstat-core/src/model/socket.rs";
        assert_eq!(lines(model, "use std::fs;\n#[cfg(windows)]\nfn a() {}\nuse crate::os;\n"), [1, 4, 2]);
        assert_eq!(lines(model, "#[cfg(test)]\nmod tests {}\nuse std::net::IpAddr;\n"), NOWHERE);
    }
}
