//! Names of ports from the services database.

use netstat_model::Transport;
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// The names of ports in the services database.
///
/// Names come from a file and are only known to be UTF-8: escape them before showing them on a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceNames {
    names: FxHashMap<(Transport, u16), Box<str>>,
}

impl ServiceNames {
    /// Parses the text of the database, as returned by [`netstat_os::NameDatabases::services`].
    ///
    /// A line is `name port/protocol`, then aliases, which are ignored; `#` begins a comment. Of several names of a port
    /// the first wins. All other lines are skipped, as are port 0 and protocols other than TCP and UDP.
    pub fn parse(database: &[u8]) -> Self {
        let database = database.strip_prefix(b"\xef\xbb\xbf").unwrap_or(database);
        let mut names = FxHashMap::default();
        for line in database.split(|&byte| byte == b'\n' || byte == b'\r') {
            if let Some((protocol, port, name)) = parse_line(line)
                && let Entry::Vacant(free) = names.entry((protocol, port))
            {
                free.insert(name.into());
            }
        }
        Self { names }
    }

    /// Returns the ports of a name, in any order. Letter case matters.
    pub fn ports(&self, protocol: Transport, name: &str) -> Vec<u16> {
        let named = self.names.iter().filter(|(key, known)| key.0 == protocol && known.as_ref() == name);
        named.map(|((_, port), _)| *port).collect()
    }

    /// Returns every port that has a name.
    pub fn all(&self) -> impl Iterator<Item = (Transport, u16, &str)> {
        self.names.iter().map(|((protocol, port), name)| (*protocol, *port, name.as_ref()))
    }

    /// Returns the name of a port, if it has one.
    pub fn name(&self, protocol: Transport, port: u16) -> Option<&str> {
        self.names.get(&(protocol, port)).map(AsRef::as_ref)
    }
}

fn parse_line(line: &[u8]) -> Option<(Transport, u16, &str)> {
    let line = line.split(|&byte| byte == b'#').next()?;
    let mut words =
        line.split(|byte| byte.is_ascii_whitespace() || *byte == 0x0b).filter(|word| !word.is_empty());
    let name = std::str::from_utf8(words.next()?).ok()?;
    let (port, protocol) = std::str::from_utf8(words.next()?).ok()?.split_once('/')?;
    // The standard library would also accept a plus sign.
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = port.parse().ok().filter(|&port| port != 0)?;
    let protocol = if protocol.eq_ignore_ascii_case("tcp") {
        Transport::Tcp
    } else if protocol.eq_ignore_ascii_case("udp") {
        Transport::Udp
    } else {
        return None;
    };
    Some((protocol, port, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_by_protocol_and_the_first_wins() {
        let names = ServiceNames::parse(
            b"# a comment\n\
              domain\t\t53/tcp\n\
              domain 53/udp # Domain Name Server\n\
              http 80/tcp www www-http\n\
              other 80/tcp\n\
              syslog 514/udp\n\
              shell 514/tcp cmd\n\
              https\t443/tcp",
        );
        assert_eq!(names.name(Transport::Tcp, 53), Some("domain"));
        assert_eq!(names.name(Transport::Udp, 53), Some("domain"));
        assert_eq!(names.name(Transport::Tcp, 80), Some("http"));
        assert_eq!(names.name(Transport::Udp, 80), None);
        assert_eq!(names.name(Transport::Udp, 514), Some("syslog"));
        assert_eq!(names.name(Transport::Tcp, 514), Some("shell"));
        assert_eq!(names.name(Transport::Tcp, 443), Some("https"), "the last line needs no end");
    }

    #[test]
    fn the_file_of_windows_is_parsed_too() {
        let names = ServiceNames::parse(
            b"\xef\xbb\xbfepmap              135/tcp    loc-srv                #DCE endpoint resolution\r\n\
              ms-do             7680/TCP                           #Microsoft Delivery Optimization\r\n",
        );
        assert_eq!(names.name(Transport::Tcp, 135), Some("epmap"));
        assert_eq!(names.name(Transport::Tcp, 7680), Some("ms-do"));
    }

    #[test]
    fn invalid_lines_are_skipped() {
        for line in [
            "zero 0/tcp",
            "big 65536/tcp",
            "huge 99999999999999999999/tcp",
            "plus +80/tcp",
            "minus -80/tcp",
            "empty /tcp",
            "none 80/",
            "slash 80",
            "sctp 80/sctp",
            "more 80/tcp/udp",
            "# http 80/tcp",
            "http # 80/tcp",
            "80/tcp",
            "",
        ] {
            assert_eq!(ServiceNames::parse(line.as_bytes()), ServiceNames::default(), "{line}");
        }
        assert_eq!(ServiceNames::parse(b"h\xfftp 80/tcp\n"), ServiceNames::default());
        assert_eq!(ServiceNames::parse(b"http 80/tc\xff\n"), ServiceNames::default());
    }

    #[test]
    fn an_invalid_line_does_not_affect_the_next() {
        let names = ServiceNames::parse(b"\xff\xfe\0 80/tcp\nx\n\nhttp 80/tcp\n");
        assert_eq!(names.name(Transport::Tcp, 80), Some("http"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let names = ServiceNames::parse(&bytes);
            prop_assert_eq!(names.name(Transport::Tcp, 0), None);
            for name in names.names.values() {
                prop_assert!(!name.is_empty());
                prop_assert!(!name.contains(['\n', '\r', '#', ' ', '\t']));
            }
        }
    }
}
