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
use std::ffi::OsString;

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
    Some(both!(
        "nothing matches in this network namespace, but {found:socket|sockets} in others {found?does|do}: {command}",
        "이 네트워크 네임스페이스에는 맞는 것이 없지만, 다른 네임스페이스에 소켓 {found}개가 있습니다: {command}",
        found,
        command = command_everywhere(std::env::args_os().skip(1))
    ))
}

/// Returns the command line that asks the same of all network namespaces: what is listed depends on its other options too.
fn command_everywhere(typed: impl Iterator<Item = OsString>) -> String {
    let mut command = "netstat --netns all".to_owned();
    let mut is_value = false;
    for word in typed {
        let text = word.to_string_lossy();
        if !std::mem::take(&mut is_value) && !text.starts_with("--netns=") {
            is_value = text == "--netns";
            if !is_value {
                command.push(' ');
                command.push_str(&for_shell(&word));
            }
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_asked_of_all_namespaces() {
        let of = |typed: &[&str]| command_everywhere(typed.iter().map(OsString::from));
        assert_eq!(of(&["-anq", "lport", "80"]), "netstat --netns all -anq lport 80");
        assert_eq!(
            of(&["--netns", "web", "-an", "--family", "ping"]),
            "netstat --netns all -an --family ping"
        );
        assert_eq!(of(&["--netns=web", "process", "python*"]), "netstat --netns all process 'python*'");
    }
}
