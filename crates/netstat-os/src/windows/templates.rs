//! The template of settings that applies to each TCP connection (`netstat -y`). No documented function returns it; WMI does,
//! which PowerShell is asked for.

use super::source::{Question, Source};
use super::win32_error::{UNKNOWN_FORM, unavailable};
use netstat_model::{IpEndpoint, Socket, Warning};
use rustc_hash::FxHashMap;

const WHAT: &str = "the template of each connection";

/// The templates of connections, by their ends without the numbers of interfaces.
#[derive(Debug, Default)]
pub(super) struct Templates(Option<FxHashMap<(IpEndpoint, IpEndpoint), Box<str>>>);

impl Templates {
    /// Asks for all of them. If that fails they are unknown, with a warning.
    pub(super) fn read(source: &dyn Source, warnings: &mut Vec<Warning>) -> Self {
        Self(Some(match source.ask(&Question::Templates) {
            Ok(lines) => Self::decode(lines.bytes()).unwrap_or_else(|| {
                warnings.push(Warning::SourceUnavailable { what: WHAT, reason: UNKNOWN_FORM.to_owned() });
                FxHashMap::default()
            }),
            Err(error) => {
                warnings.push(unavailable(WHAT, &error));
                FxHashMap::default()
            }
        }))
    }

    /// Whether they were asked for.
    pub(super) fn is_read(&self) -> bool {
        self.0.is_some()
    }

    /// Decodes a line for each socket; those without a connection have no template. `None` if there is not one of them, for no
    /// Windows is without a listener.
    pub(super) fn decode(lines: &[u8]) -> Option<FxHashMap<(IpEndpoint, IpEndpoint), Box<str>>> {
        let lines = lines.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        let template = |line: &str| {
            let mut words = line.split_ascii_whitespace();
            let mut end = || {
                // `fe80::1%12`.
                let address = words.next()?.split('%').next()?.parse().ok()?;
                Some(IpEndpoint::new(address, words.next()?.parse().ok()?, 0))
            };
            Some(((end()?, end()?), words.next().map(Box::from)))
        };
        let mut found = lines.filter_map(template).peekable();
        found.peek()?;
        Some(found.filter_map(|(ends, template)| Some((ends, template?))).collect())
    }

    /// Returns the template of a connection.
    pub(super) fn of(&self, socket: &Socket) -> Option<Box<str>> {
        let plain = |end: IpEndpoint| IpEndpoint { scope: 0, ..end };
        let ends = (plain(socket.local.ip()?), plain(socket.remote.as_ref()?.ip()?));
        self.0.as_ref()?.get(&ends).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;
    use crate::windows::memory::Memory;
    use netstat_model::{Family, Transport};
    use proptest::prelude::*;

    const LINES: &[u8] = b"10.0.0.1 50000 198.51.100.7 443 Internet\r\n::1 49152 ::1 445 Datacenter\r\n\
        fe80::1%12 139 fe80::2%12 50001 InternetCustom\r\n0.0.0.0 135 0.0.0.0 0 \r\nnonsense\r\n1.2.3.4 99999 :: 0 X\r\n";

    fn socket(local: (&str, u16, u32), remote: (&str, u16, u32)) -> Socket {
        let end =
            |(address, port, scope): (&str, u16, u32)| IpEndpoint::new(address.parse().unwrap(), port, scope);
        let family = if local.0.contains(':') { Family::V6 } else { Family::V4 };
        Socket::new(Transport::Tcp, family, end(local), Some(end(remote)))
    }

    #[test]
    fn a_template_is_found_by_the_ends_of_its_connection() {
        let mut warnings = Vec::new();
        let source = Fake::new().says(Question::Templates, Memory::flat(LINES.to_vec()));
        let templates = Templates::read(&source, &mut warnings);
        let of = |local, remote| templates.of(&socket(local, remote));
        assert_eq!(of(("10.0.0.1", 50000, 0), ("198.51.100.7", 443, 0)).as_deref(), Some("Internet"));
        assert_eq!(of(("::1", 49152, 0), ("::1", 445, 0)).as_deref(), Some("Datacenter"));
        assert_eq!(of(("fe80::1", 139, 12), ("fe80::2", 50001, 12)).as_deref(), Some("InternetCustom"));
        assert_eq!(of(("0.0.0.0", 135, 0), ("0.0.0.0", 0, 0)), None, "a listener has none");
        assert_eq!((warnings.len(), Templates::decode(LINES).unwrap().len()), (0, 3));
        assert!(Templates::decode(b"0.0.0.0 135 0.0.0.0 0 \r\n").unwrap().is_empty(), "listeners alone");
    }

    #[test]
    fn templates_that_are_refused_are_unknown_and_said_to_be() {
        let empty = Memory::flat(b"\r\n".to_vec());
        for source in
            [Fake::new().fails(Question::Templates, 5), Fake::new().says(Question::Templates, empty)]
        {
            let mut warnings = Vec::new();
            let templates = Templates::read(&source, &mut warnings);
            assert!(warnings[0].to_string().starts_with("the template of each connection is unknown: "));
            assert_eq!(templates.of(&socket(("::1", 1, 0), ("::1", 2, 0))), None);
            assert!(templates.is_read() && !Templates::default().is_read());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, line in "[0-9a-f:.%]{0,12}( [0-9a-f:.%]{0,6}){0,5}") {
            Templates::decode(&bytes);
            Templates::decode(line.as_bytes());
        }
    }
}
