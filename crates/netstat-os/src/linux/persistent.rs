//! Routes that come back at the next start. Linux keeps no list of them: they are in the files of whatever program
//! sets up the network. Three such programs are supported, and each has a file that reads its format.

mod draft;
mod ifupdown;
mod keyfile;
mod networkd;
mod reader;

use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, PersistentRoute, RouteStore, Warning};
use reader::Reader;

/// Returns the persistent routes of all supported programs. If some of their files could not be read or understood, the
/// answer carries [`Warning::PersistentSources`], which names the programs that were found.
pub(super) fn routes(source: &dyn Source) -> Answer<Vec<PersistentRoute>> {
    let mut routes = Vec::new();
    let mut read = Vec::new();
    let mut refused = Vec::new();
    let mut not_understood = 0;
    for (name, store, collect) in [
        ("systemd-networkd", RouteStore::Networkd, networkd::collect as fn(&mut Reader<'_>)),
        ("NetworkManager", RouteStore::NetworkManager, keyfile::collect),
        ("ifupdown", RouteStore::Ifupdown, ifupdown::collect),
    ] {
        let mut reader = Reader::new(source, store);
        collect(&mut reader);
        if reader.files.read > 0 {
            read.push(name);
        }
        refused.extend(reader.files.refused.map(|error| (name, words_of(&error))));
        not_understood += reader.files.not_understood;
        routes.append(&mut reader.routes);
    }
    let is_whole = refused.is_empty() && not_understood == 0;
    let warning = Warning::PersistentSources { read, refused, not_understood };
    Answer { data: routes, warnings: if is_whole { Vec::new() } else { vec![warning] } }
}

/// Parses a text as a file of each program.
#[cfg(any(test, fuzzing))]
pub(super) fn parse_all(text: &str) {
    // Parsers read no files but those that a text names, which a random text does not.
    let mut reader = Reader::new(&super::live::Live, RouteStore::Networkd);
    for (format, parse) in [
        (&networkd::FORMAT, networkd::parse as fn(&str, &mut Reader<'_>)),
        (&keyfile::FORMAT, keyfile::parse),
        (&ifupdown::FORMAT, |text, reader| drop(ifupdown::parse(text, reader))),
    ] {
        parse(&String::from_utf8_lossy(&format.keep(text.as_bytes())), &mut reader);
    }
}

#[cfg(test)]
mod tests;
