//! [`Walk`]: looks by listing every socket.

use super::{Look, LookSource, LookWishes};
use crate::select::{OwnersOf, Selection};
use netstat_model::query::{Fields, Owners, ProcessFields, Scope, SocketQuery, States};
use netstat_model::{Error, ProcessKey, SocketKey};
use netstat_os::{Machine, Processes, Sockets};
use rustc_hash::FxHashSet;
use std::time::Instant;

/// How a walk lists sockets.
#[derive(Debug, Clone, Copy, Default)]
pub struct WalkWishes {
    /// Which network namespaces.
    pub scope: Scope,
    /// How owners are found.
    pub owners: Owners,
}

/// Lists every socket at each look.
pub struct Walk<'a, S> {
    system: &'a S,
    how: WalkWishes,
    wishes: LookWishes,
    /// The processes that were told of.
    told: FxHashSet<ProcessKey>,
}

impl<'a, S: Sockets + Processes + Machine> Walk<'a, S> {
    /// Returns a source of looks at a system. Nothing is asked yet.
    pub fn new(system: &'a S, how: WalkWishes, wishes: LookWishes) -> Self {
        Self { system, how, wishes, told: FxHashSet::default() }
    }
}

impl<S: Sockets + Processes + Machine> LookSource for Walk<'_, S> {
    fn look(&mut self, _visible: &[SocketKey]) -> Result<Look, Error> {
        let begun = Instant::now();
        let needs = self.wishes.needs;
        let query = SocketQuery {
            // The cookie is the identity from one look to the next.
            fields: needs.fields | Fields::COMMON,
            tcp: needs.tcp,
            scope: self.how.scope,
            ..SocketQuery::new(self.wishes.kinds, States::all())
        };
        let selection =
            Selection { owners_of: OwnersOf::Everything, ..Selection::new(query, None, self.how.owners) };
        let selected = selection.take(self.system, |_| true)?;
        let info = self.system.info();
        let mut warnings = selected.warnings;
        let new: Vec<ProcessKey> =
            selected.sockets.processes().into_iter().filter(|process| !self.told.contains(process)).collect();
        let fields = needs.process | ProcessFields::NAME;
        let processes = if new.is_empty() {
            Vec::new()
        } else {
            let answer = self.system.processes(&new, fields);
            warnings.extend(answer.warnings);
            answer.data
        };
        self.told.extend(new);
        Ok(Look {
            info,
            sockets: selected.sockets,
            whole: true,
            closed: Vec::new(),
            lost: 0,
            processes,
            method: selected.method,
            warnings,
            took: begun.elapsed(),
        })
    }

    fn set_wishes(&mut self, wishes: LookWishes) {
        if wishes.needs.process != self.wishes.needs.process {
            self.told.clear();
        }
        self.wishes = wishes;
    }

    fn forget_processes(&mut self) {
        self.told.clear();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::columns::ColumnNeeds;
    use crate::flow::FLOW_FIELDS;
    use netstat_model::query::Kinds;
    use netstat_os::Origin;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_look_has_what_was_opened_since_and_names_a_process_once() {
        let system = netstat_os::open(Origin::Live).unwrap();
        let needs = ColumnNeeds { tcp: FLOW_FIELDS, ..ColumnNeeds::NOTHING };
        let mut walk = Walk::new(&system, WalkWishes::default(), LookWishes { kinds: Kinds::TCP_UDP, needs });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut ends = |want: usize, named: bool| {
            let look = walk.look(&[]).unwrap();
            assert!(look.whole);
            let of_port = look.sockets.iter().filter(|socket| {
                socket.local.port() == Some(port) || socket.remote.and_then(|end| end.port()) == Some(port)
            });
            assert_eq!(of_port.count(), want);
            let own = look.processes.iter().any(|process| process.id.pid == std::process::id());
            assert_eq!(own, named);
        };
        ends(1, true);
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        ends(3, false);
        drop((stream, listener));
    }
}
