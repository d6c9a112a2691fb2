//! Says that other network namespaces have what a filter does not find in this one.

use super::Session;
use crate::settings::{Purpose, Report, Tape};
use netstat_engine::both;
use netstat_engine::select::{Kept, OwnersOf, Selection};
use netstat_engine::text::Text;
use netstat_engine::text::quote::for_shell;
use netstat_model::SocketRef;
use netstat_model::query::{Scope, SocketQuery};
use netstat_os::Machine;

/// Returns a line with the command that shows what matches elsewhere; `None` where nothing does, or nobody can tell: this
/// is an offer, so what cannot be entered is passed over. Asked once, and only if there is no row to show.
pub(super) fn hint(
    session: &Session<'_>,
    selection: &Selection<'_>,
    wants: impl Fn(&SocketRef<'_>) -> bool,
) -> Option<Text> {
    let settings = session.settings;
    let is_first = session.displays <= 1 && settings.purpose == Purpose::Show;
    // A recording is of what was asked for, and nobody can be asked about the past.
    let is_live = settings.tape == Tape::None
        && settings.past.is_none()
        && matches!(settings.report, Report::Connections(_));
    if !is_first || !is_live || settings.filter.is_empty() || selection.query.scope == Scope::All {
        return None;
    }
    let own = session.backend.namespace()?;
    let query = SocketQuery { scope: Scope::All, ..selection.query.clone() };
    let (filter, owners) = (selection.filter, selection.owners);
    let everywhere = Selection { query, filter, owners, owners_of: OwnersOf::Nothing };
    let keep = |socket: &SocketRef<'_>| {
        if socket.namespace() != Some(own) && wants(socket) { Kept::Row } else { Kept::Nothing }
    };
    let found = everywhere.sift(&*session.backend, keep).ok()?.sockets.len();
    if found == 0 {
        return None;
    }
    let words: Vec<String> = settings.filter.iter().map(|word| for_shell(word)).collect();
    Some(both!(
        "nothing matches in this network namespace, but {found:socket|sockets} in others {found?does|do}: netstat -ano \
         --netns all {words}",
        "이 네트워크 네임스페이스에는 맞는 것이 없지만, 다른 네임스페이스에 소켓 {found}개가 있습니다: netstat -ano --netns all \
         {words}",
        found,
        words = words.join(" ")
    ))
}
