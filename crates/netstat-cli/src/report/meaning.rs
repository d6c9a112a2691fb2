//! What a word that is neither option nor filter is the name of on this machine.

use netstat_engine::enrich::UserNames;
use netstat_engine::filter::{Filter, NumbersOnly};
use netstat_engine::select::Selection;
use netstat_model::query::{Kinds, Owners, SocketQuery, States};
use netstat_os::{NameDatabases, Opened, Origin, Routes};
use std::ffi::{OsStr, OsString};

/// Longer words are no names.
const LONGEST: usize = 64;

/// Returns what the word names, and what to type to see that; `None` if it names nothing here, or that could not be found out.
pub(crate) fn meaning(word: &OsStr) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
    let text = word.to_str().filter(|text| text.len() <= LONGEST && text.bytes().all(plain))?;
    let system = netstat_os::open(Origin::Live).ok()?;
    if system.interfaces().is_ok_and(|answer| answer.data.iter().any(|interface| interface.name == word)) {
        return Some(format!(
            "{text} is an interface: netstat -e -v shows its counters, netstat -r its routes"
        ));
    }
    for (keyword, what) in [("process", "a process"), ("unit", "a unit")] {
        if holds_sockets(&system, keyword, text) {
            return Some(format!("{text} is {what}: type netstat -ano {keyword} {text}"));
        }
    }
    let is_user = UserNames::parse(&system.users().data).uid(text).is_some();
    is_user.then(|| format!("{text} is a user: type netstat -ano user {text}"))
}

/// Returns true if a test of a filter is known to match a socket.
fn holds_sockets(system: &Opened, keyword: &str, name: &str) -> bool {
    let words = [OsString::from(keyword), OsString::from(name)];
    let Ok(filter) = Filter::parse(&words, &NumbersOnly) else { return false };
    let query = SocketQuery::new(Kinds::TCP_UDP, States::all());
    let selection = Selection::new(query, Some(&filter), Owners::Auto);
    selection.take(system, |_| true).is_ok_and(|selected| selected.sockets.iter().next().is_some())
}
