//! What a word that is neither option nor filter is the name of on this machine.

use netstat_engine::both;
use netstat_engine::enrich::UserNames;
use netstat_engine::filter::{Filter, NumbersOnly};
use netstat_engine::select::Selection;
use netstat_engine::text::Text;
use netstat_model::query::{Kinds, Owners, SocketQuery, States};
use netstat_os::{NameDatabases, Opened, Origin, Routes};
use std::ffi::{OsStr, OsString};

/// Longer words are no names.
const LONGEST: usize = 64;

/// Returns what the word names, and what to type to see that; `None` if it names nothing here, or that could not be found out.
/// A word that `may_be_program` is one that has no sockets now.
pub(crate) fn meaning(word: &OsStr, may_be_program: bool) -> Option<Text> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
    let text = word.to_str().filter(|text| text.len() <= LONGEST && text.bytes().all(plain))?;
    let system = netstat_os::open(Origin::Live).ok()?;
    if system.interfaces().is_ok_and(|answer| answer.data.iter().any(|interface| interface.name == word)) {
        return Some(both!(
            "{text} is an interface: netstat -e -v shows its counters, netstat -r its routes",
            "{text}: 인터페이스입니다. 카운터는 netstat -e -v, 경로는 netstat -r로 볼 수 있습니다",
            text
        ));
    }
    let kinds =
        [("process", Text::fixed("a process", "프로세스")), ("unit", Text::fixed("a unit", "유닛(서비스)"))];
    for (keyword, what) in kinds {
        if holds_sockets(&system, keyword, text) {
            return Some(both!(
                "{text} is {what}: type netstat -ano {keyword} {text}",
                "{text}: {what} 이름입니다. 이렇게 입력하세요: netstat -ano {keyword} {text}",
                text,
                what,
                keyword
            ));
        }
    }
    let is_user = UserNames::parse(&system.users().data).uid(text).is_some();
    if is_user {
        return Some(both!(
            "{text} is a user: type netstat -ano user {text}",
            "{text}: 사용자 이름입니다. 이렇게 입력하세요: netstat -ano user {text}",
            text
        ));
    }
    may_be_program.then(|| {
        both!(
            "if {text} is a program, it has no sockets now: netstat -ano process {text} shows them",
            "{text}: 프로그램이라면 지금은 소켓이 없습니다. 볼 때는 이렇게 입력하세요: netstat -ano process {text}",
            text
        )
    })
}

/// Returns true if a test of a filter is known to match a socket.
fn holds_sockets(system: &Opened, keyword: &str, name: &str) -> bool {
    let words = [OsString::from(keyword), OsString::from(name)];
    let Ok(filter) = Filter::parse(&words, &NumbersOnly) else { return false };
    let query = SocketQuery::new(Kinds::TCP_UDP, States::all());
    let selection = Selection::new(query, Some(&filter), Owners::Auto);
    selection.take(system, |_| true).is_ok_and(|selected| selected.sockets.iter().next().is_some())
}
