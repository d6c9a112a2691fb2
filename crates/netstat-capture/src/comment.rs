//! What is said of a packet in its comments, and read from them again: one for each end on this machine, and one for what the
//! first bytes of its connection tell.
//!
//! `process curl (4711) at 192.0.2.1:40000 unit cron.service container docker:9f2e4c7d1a0b state ESTABLISHED`. Names have no
//! spaces: what would be one is escaped.

use crate::capture::EndOf;
use crate::first_bytes;
use crate::holder::Certainty;
use netstat_engine::text::{escape, words};
use netstat_model::{Application, ApplicationProtocol, IpEndpoint, Missing, Ownership, Process};
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::net::SocketAddr;

/// Says whose one end of a packet is.
pub fn comment(end: &EndOf) -> String {
    let mut text = String::new();
    let socket = &end.holder.socket;
    match (&socket.ownership, end.holder.principal()) {
        (Ownership::Held(owners), process) => {
            let name = process.and_then(|process| process.name.as_deref().ok()).map_or("-".to_owned(), word);
            let pid = owners.first().map_or(0, |owner| owner.process.pid);
            let _ = write!(text, "process {name} ({pid}) at {}", end.local);
            if let Some(process) = process {
                of_process(&mut text, process);
            }
            if owners.len() > 1 {
                let others: Vec<String> =
                    owners.iter().skip(1).map(|owner| owner.process.pid.to_string()).collect();
                let _ = write!(text, " also {}", others.join(","));
            }
        }
        _ => {
            let _ = write!(text, "no-process at {}", end.local);
        }
    }
    if let Some(state) = socket.state {
        let _ = write!(text, " state {}", words::state(state));
    }
    if end.holder.sharing > 1 {
        let _ = write!(text, " one-of {}", end.holder.sharing);
    }
    if let Certainty::SeenApart(apart) = end.certainty {
        // Nobody saw the socket at that very moment.
        let _ = write!(text, " seen-apart {}ms", apart.as_millis());
    }
    text
}

fn of_process(text: &mut String, process: &Process) {
    if let Ok(unit) = process.unit.as_deref() {
        let _ = write!(text, " unit {}", word(unit));
    }
    if let Ok(container) = &process.container {
        let _ = write!(text, " container {}", word(OsStr::new(&words::short_container(container))));
    }
}

fn word(name: &OsStr) -> String {
    let mut shown = Vec::new();
    escape::write_word(&mut shown, name);
    String::from_utf8_lossy(&shown).into_owned()
}

/// Says what the first bytes of a connection tell: `app tls example.org h2`.
pub fn of_application(application: &Application) -> String {
    let mut text = format!("app {}", application.protocol.name());
    if let Some(name) = &application.name {
        let _ = write!(text, " {name}");
    }
    text
}

/// Reads a comment about the first bytes of a connection; `None` for one that says something else. It is a claim as well.
pub fn read_application(comment: &str) -> Option<Application> {
    let said = comment.strip_prefix("app ")?;
    let (protocol, name) = said.split_once(' ').map_or((said, None), |(word, name)| (word, Some(name)));
    let protocol = ApplicationProtocol::ALL.into_iter().find(|known| known.name() == protocol)?;
    let is_odd = name.is_some_and(|name| !first_bytes::is_name(name));
    (!is_odd).then(|| Application { protocol, name: name.map(Box::from) })
}

/// What a comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The name of the process, as it is written.
    pub name: Option<String>,
    /// Its ID.
    pub pid: u32,
    /// The end that it is at.
    pub local: IpEndpoint,
    /// Its unit.
    pub unit: Option<String>,
}

/// Reads a comment; `None` for one that says something else. Whoever wrote the file wrote it: it is a claim.
pub fn read(comment: &str) -> Option<Said> {
    let mut words = comment.strip_prefix("process ")?.split(' ');
    let name = words.next().filter(|name| *name != "-").map(str::to_owned);
    let pid = words.next()?.strip_prefix('(')?.strip_suffix(')')?.parse().ok()?;
    let local: SocketAddr =
        words.next().filter(|word| *word == "at").and_then(|_| words.next())?.parse().ok()?;
    let scope = if let SocketAddr::V6(address) = local { address.scope_id() } else { 0 };
    let unit = words.position(|word| word == "unit").and_then(|_| words.next()).map(str::to_owned);
    Some(Said { name, pid, local: IpEndpoint::new(local.ip(), local.port(), scope), unit })
}

/// Returns the name of which `word` made this: whatever looks like an escape is one.
fn name_of(word: &str) -> OsString {
    let mut name = Vec::new();
    let mut rest = word;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        name.extend_from_slice(plain.as_bytes());
        let byte = escape.get(2..4).filter(|_| escape.starts_with("\\x"));
        let number = escape.strip_prefix("\\u{").and_then(|text| text.split_once('}'));
        if let Some(byte) = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            name.push(byte);
            rest = escape.get(4..).unwrap_or_default();
        } else if let Some((character, behind)) = number.and_then(|(digits, behind)| {
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, behind))
        }) {
            name.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = behind;
        } else {
            name.push(b'\\');
            rest = escape.get(1..).unwrap_or_default();
        }
    }
    name.extend_from_slice(rest.as_bytes());
    #[cfg(unix)]
    {
        std::os::unix::ffi::OsStringExt::from_vec(name)
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(&name).into_owned().into()
    }
}

/// Returns a process of which nothing but this is known.
pub fn process(said: &Said, id: netstat_model::ProcessKey) -> Process {
    let text = |text: &Option<String>, why| text.as_ref().map(|text| name_of(text)).ok_or(why);
    Process {
        name: text(&said.name, Missing::Gone),
        unit: text(&said.unit, Missing::Gone),
        ..Process::unknown(id, Missing::Gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holder::{Holder, bare};
    use netstat_model::{Owner, ProcessKey, TcpState, Transport};
    use std::rc::Rc;
    use std::time::Duration;

    fn end(name: &str, unit: Option<&str>) -> EndOf {
        let local = IpEndpoint::new([192, 0, 2, 1].into(), 40000, 0);
        let mut socket = bare(Transport::Tcp, local, local);
        let id = ProcessKey { pid: 4711, start_time: 1 };
        socket.ownership = Ownership::Held(vec![Owner { process: id, parent: None, descriptor: None }]);
        socket.state = Some(TcpState::Established);
        let process = Process {
            name: Ok(name.into()),
            unit: unit.map(Into::into).ok_or(Missing::NotApplicable),
            ..Process::unknown(id, Missing::NotApplicable)
        };
        let holder = Rc::new(Holder { socket, processes: vec![process], sharing: 1 });
        EndOf { local, holder, certainty: Certainty::Certain }
    }

    #[test]
    fn a_comment_names_the_process_and_is_read_again() {
        let text = comment(&end("curl", Some("cron.service")));
        assert_eq!(text, "process curl (4711) at 192.0.2.1:40000 unit cron.service state ESTABLISHED");
        let said = read(&text).unwrap();
        assert_eq!((said.name.as_deref(), said.pid), (Some("curl"), 4711));
        assert_eq!((said.local.port, said.unit.as_deref()), (40000, Some("cron.service")));
        let apart = EndOf { certainty: Certainty::SeenApart(Duration::from_millis(12)), ..end("a", None) };
        assert_eq!(comment(&apart), "process a (4711) at 192.0.2.1:40000 state ESTABLISHED seen-apart 12ms");
    }

    #[test]
    fn a_name_cannot_say_anything_else() {
        let text = comment(&end("x (1) at 9.9.9.9:9 unit y\u{1b}[2J\n", None));
        assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text}");
        let said = read(&text).unwrap();
        assert_eq!((said.pid, said.local.port, said.unit), (4711, 40000, None));
        for odd in ["", "process", "process x", "process x (1)", "process x (y) at 1.2.3.4:5", "a comment"] {
            assert_eq!(read(odd), None);
        }
    }

    #[test]
    fn what_first_bytes_tell_is_read_again_and_nothing_else_is() {
        for name in [None, Some("example.org h2"), Some("- GET")] {
            let told = Application { protocol: ApplicationProtocol::Tls, name: name.map(Box::from) };
            assert_eq!(read_application(&of_application(&told)), Some(told));
        }
        let long = format!("app tls {}", "a".repeat(254));
        for odd in
            ["app", "app ", "app x a", "app tls ", "app tls a  b", "app tls \u{1b}[2J", "app tls 한글", &long]
        {
            assert_eq!(read_application(odd), None, "{odd}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_is_read_as_it_was_before_it_was_written() {
        use std::os::unix::ffi::OsStrExt;
        for name in [
            &b"curl"[..],
            b"Web Content",
            b"ev\x1b[31m\x0a",
            b"a\\b",
            b"\\x41",
            b"\xff\xfe",
            "한\u{202e}글".as_bytes(),
            b"\\",
        ] {
            assert_eq!(name_of(&word(OsStr::from_bytes(name))).as_bytes(), name, "{name:?}");
        }
    }

    proptest::proptest! {
        #[cfg(unix)]
        #[test]
        fn any_name_is_read_as_it_was(name in proptest::collection::vec(proptest::num::u8::ANY, 0..12)) {
            use std::os::unix::ffi::OsStrExt;
            let written = word(OsStr::from_bytes(&name));
            let read = name_of(&written);
            proptest::prop_assert_eq!(read.as_bytes(), name.as_slice());
        }

        #[test]
        fn no_comment_breaks_it(text in "\\PC*") {
            name_of(&text);
            read(&text);
        }
    }
}
