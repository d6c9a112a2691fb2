//! Says how the words of a filter that finds nothing were read, where they may be meant otherwise.

use super::Session;
use crate::settings::Purpose;
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use std::ffi::OsStr;
use std::net::Ipv6Addr;

/// Returns a line about the first word that may be an IPv6 address with a port behind it. Said once, and only if there is no
/// row to show.
pub(super) fn hint(session: &Session<'_>, is_empty: bool) -> Option<Text> {
    let settings = session.settings;
    if !is_empty || session.displays > 1 || settings.purpose != Purpose::Show {
        return None;
    }
    settings.filter.iter().find_map(|word| address_and_port(word))
}

/// Explains a word such as `::1:9601`, the form in which some tables show an address and a port.
fn address_and_port(word: &OsStr) -> Option<Text> {
    let text = word.to_str()?;
    text.parse::<Ipv6Addr>().ok()?;
    let (address, port) = text.rsplit_once(':')?;
    address.parse::<Ipv6Addr>().ok()?;
    port.parse::<u16>().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(both!(
        "{word} is read as an address: with the port {port} it is '[{address}]:{port}'",
        "{word}: 주소로 읽었습니다. {port}번 포트라면 이렇게 입력하세요: '[{address}]:{port}'",
        word = quoted(word),
        port,
        address
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_end_with_a_port_is_explained() {
        for (word, meant) in [
            ("::1:9601", Some("'[::1]:9601'")),
            ("2001:db8::1:443", Some("'[2001:db8::1]:443'")),
            // Hexadecimal, or no address without it.
            ("::1:96ab", None),
            ("::9601", None),
            ("2001:db8:1:2:3:4:5:443", None),
            ("[::1]:9601", None),
            ("::1", None),
            ("127.0.0.1:80", None),
        ] {
            let said = address_and_port(word.as_ref());
            let command = said.as_ref().map(|said| said.english().rsplit(' ').next().unwrap());
            assert_eq!(command, meant, "{word}");
        }
    }
}
