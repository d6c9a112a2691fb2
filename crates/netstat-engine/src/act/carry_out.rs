//! Acts, and looks at what became of it.

use crate::both;
use crate::text::Text;
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, Scope, SocketQuery, States, Visit};
use netstat_model::{
    Answer, Endpoint, EndpointRef, Error, Namespace, ProcessKey, Socket, SocketKey, SocketRef, Warning,
};
use netstat_os::{Actions, Closed, Ended, Ending, Machine, Sockets};
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::{Duration, Instant, SystemTime};

/// How often to look whether sockets are gone.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a target, as it was seen afterwards.
#[derive(Debug)]
pub enum Became {
    /// It is gone.
    Gone,
    /// It was gone before anything was done.
    GoneBefore,
    /// It is still there, although the system accepted to close or end it.
    StillThere,
    /// It is still there, because the system refused.
    Refused(Error),
    /// Nobody could look: whether it is gone is not known.
    NotSeen,
}

/// What became of targets.
#[derive(Debug)]
pub struct Outcome {
    /// What became of each, in their order.
    pub became: Vec<Became>,
    /// Why nobody could look afterwards.
    pub blind: Option<Error>,
}

impl Outcome {
    /// Says what was seen, in a line: `closed 3, 1 was gone already`.
    pub fn text(&self, closes: bool) -> Text {
        let count = |is: fn(&Became) -> bool| self.became.iter().filter(|became| is(became)).count();
        let gone = count(|became| matches!(became, Became::Gone));
        let before = count(|became| matches!(became, Became::GoneBefore));
        let stays = count(|became| matches!(became, Became::StillThere | Became::Refused(_)));
        let unseen = count(|became| matches!(became, Became::NotSeen));
        let done = if closes {
            both!("closed {gone}", "{gone}개를 닫음", gone)
        } else {
            both!("ended {gone}", "{gone}개를 끝냄", gone)
        };
        let others = [
            (before, both!("{before} {before?was|were} gone already", "{before}개는 이미 없었음", before)),
            (stays, both!("{stays} {stays?is|are} still there", "{stays}개는 남아 있음", stays)),
            (
                unseen,
                both!(
                    "what became of {unseen} is not known",
                    "{unseen}개는 어떻게 되었는지 알 수 없음",
                    unseen
                ),
            ),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text);
        others.fold(done, |said, more| both!("{said}, {more}", "{said}, {more}", said, more))
    }
}

/// Closes sockets, each only if it is still the one that was listed, and looks again until they are gone or this time is over.
/// `seen` is a time before they were listed.
pub fn close(
    system: &(impl Actions + Sockets + Machine),
    targets: &[Socket],
    seen: SystemTime,
    patience: Duration,
) -> Outcome {
    if targets.is_empty() {
        return Outcome { became: Vec::new(), blind: None };
    }
    let begin = Instant::now();
    let references: Vec<SocketRef<'_>> = targets.iter().map(SocketRef::from).collect();
    let mut told: Vec<Option<Result<Closed, Error>>> =
        system.close(&references, seen).into_iter().map(Some).collect();
    told.resize_with(targets.len(), || None);
    loop {
        let view = match View::take(system, &references) {
            Ok(view) => view,
            Err(error) => {
                let became = told.into_iter().map(unseen).collect();
                return Outcome { became, blind: Some(error) };
            }
        };
        let accepted = |told: &Option<Result<Closed, Error>>| matches!(told, Some(Ok(Closed::Accepted)));
        let waits = told
            .iter()
            .zip(&references)
            .any(|(told, socket)| accepted(told) && view.has(socket) == Some(true));
        if !waits || begin.elapsed() >= patience {
            let one = |(told, socket): (_, &SocketRef<'_>)| judge(told, view.has(socket), socket);
            return Outcome { became: told.into_iter().zip(&references).map(one).collect(), blind: None };
        }
        std::thread::sleep(PAUSE);
    }
}

/// Says what became of a socket, from what the system said and what was seen.
fn judge(told: Option<Result<Closed, Error>>, is_there: Option<bool>, socket: &SocketRef<'_>) -> Became {
    match (told, is_there) {
        (Some(Err(error)), Some(true)) => Became::Refused(error),
        (Some(Err(_)), Some(false)) => Became::GoneBefore,
        (Some(Ok(Closed::Accepted)), Some(false)) => Became::Gone,
        (Some(Ok(Closed::NotFound)), Some(false)) => Became::GoneBefore,
        // Without a cookie it may be another socket with the same ends by now, or the same.
        (Some(Ok(Closed::NotFound)), Some(true)) if socket.id.cookie.is_none() => Became::NotSeen,
        (Some(Ok(_)), Some(true)) => Became::StillThere,
        (told, _) => unseen(told),
    }
}

fn unseen(told: Option<Result<Closed, Error>>) -> Became {
    match told {
        Some(Err(error)) => Became::Refused(error),
        _ => Became::NotSeen,
    }
}

/// Whether sockets are there, and connected as they were.
struct View {
    /// The remote end of each, in the network namespace that it is in.
    there: FxHashMap<(Option<Namespace>, SocketKey), Option<Endpoint>>,
    own: Option<Namespace>,
    /// Whether what is not in it is not there.
    is_whole: bool,
}

impl View {
    fn take(system: &(impl Sockets + Machine), wanted: &[SocketRef<'_>]) -> Result<Self, Error> {
        let own = system.namespace();
        let is_elsewhere = |socket: &SocketRef<'_>| socket.namespace().is_some_and(|of| own != Some(of));
        let scope = if wanted.iter().any(is_elsewhere) { Scope::All } else { Scope::Own };
        // What was closed may stay bound to its port until its process lets go.
        let states = States::all() - States::BOUND - States::CLOSED;
        let fields = Fields::COMMON | Fields::NAMESPACE;
        let query = SocketQuery { fields, scope, ..SocketQuery::new(Kinds::TCP_UDP, states) };
        let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
        let mut view = Self { there: FxHashMap::default(), own, is_whole: true };
        let asked: FxHashSet<_> = wanted.iter().map(|socket| view.key(socket)).collect();
        let mut there = FxHashMap::default();
        let Answer { warnings, .. } = system.sockets(&listing, &mut |socket| {
            let key = view.key(socket);
            if asked.contains(&key) {
                there.insert(key, far(socket));
            }
            Visit::Skip
        })?;
        view.is_whole = !warnings.iter().any(|warning| {
            matches!(
                warning,
                Warning::DumpInterrupted { .. }
                    | Warning::DumpOverrun { .. }
                    | Warning::OddMessages { .. }
                    | Warning::ProcNetFallback { .. }
                    | Warning::NamespacesLeftOut { .. }
            )
        });
        view.there = there;
        Ok(view)
    }

    fn key(&self, socket: &SocketRef<'_>) -> (Option<Namespace>, SocketKey) {
        (socket.namespace().or(self.own), SocketKey::of(*socket))
    }

    /// Returns whether a socket is there; `None` where that was not seen.
    fn has(&self, socket: &SocketRef<'_>) -> Option<bool> {
        match self.there.get(&self.key(socket)) {
            // A UDP socket that was connected may go on without its peer.
            Some(remote) => Some(*remote == far(socket)),
            None => self.is_whole.then_some(false),
        }
    }
}

fn far(socket: &SocketRef<'_>) -> Option<Endpoint> {
    socket.remote.map(EndpointRef::to_owned)
}

/// Ends processes, each only if it is still the one that was listed, and waits up to this time until they have ended.
pub fn end(system: &impl Actions, targets: &[ProcessKey], how: Ending, patience: Duration) -> Outcome {
    let ended = system.end(targets, how, patience).into_iter().map(|ended| match ended {
        Ok(Ended::Yes) => Became::Gone,
        Ok(Ended::Before) => Became::GoneBefore,
        Ok(Ended::NotYet) => Became::StillThere,
        Err(error) => Became::Refused(error),
    });
    Outcome { became: ended.collect(), blind: None }
}
