//! Whatever is pressed, seen and resized: nothing panics, no row is there twice, and the cursor stays where a key put it.

use super::made::{connection, listener, look, moved, process, state};
use crate::event::{Event, Key};
use crate::item::Item;
use crate::mark::Mark;
use crate::state::{Cursor, Mode, State};
use crate::tab::Tab;
use netstat_engine::look::Look;
use netstat_engine::text::Language;
use netstat_model::{Socket, TcpState, Transport};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// What happens to one socket of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Open(u8),
    Close(u8),
    State(u8, u8),
    /// The kernel gives it another cookie, in TIME_WAIT.
    Rest(u8),
    Move(u8, u16),
}

#[derive(Debug, Clone)]
enum Step {
    Key(Key),
    /// Types a filter.
    Filter(&'static str),
    Click(u16, u16),
    Wheel(i8),
    Resize(u16, u16),
    /// A look, so many milliseconds later, whole or with the rows that changed, some of them told twice.
    Look {
        after: u16,
        changes: Vec<Change>,
        whole: bool,
        twice: bool,
    },
    Fail,
    Draw,
}

/// The machine that is looked at.
pub(super) struct Machine {
    sockets: BTreeMap<u8, (u64, Socket)>,
    /// The next cookie. Ports are made of it, so that each socket has ends of its own.
    next: u64,
    has_cookies: bool,
    now: Duration,
}

const STATES: [TcpState; 5] =
    [TcpState::Established, TcpState::CloseWait, TcpState::FinWait1, TcpState::Listen, TcpState::SynSent];

impl Machine {
    pub(super) fn new(has_cookies: bool) -> Self {
        Self { sockets: BTreeMap::new(), next: 0, has_cookies, now: Duration::ZERO }
    }

    pub(super) fn look(&mut self, after: u16, changes: &[Change], whole: bool, twice: bool) -> Look {
        self.now += Duration::from_millis(u64::from(after));
        let (mut told, mut closed) = (Vec::new(), Vec::new());
        for change in changes {
            let (Change::Open(of)
            | Change::Close(of)
            | Change::State(of, _)
            | Change::Rest(of)
            | Change::Move(of, _)) = *change;
            if let Change::Open(_) = change {
                if !self.sockets.contains_key(&of) {
                    self.next += 1;
                    self.sockets.insert(of, (self.next, made(self.next, of, self.has_cookies)));
                }
            } else if let Some((_, socket)) = self.sockets.get_mut(&of) {
                match *change {
                    Change::State(_, state) if socket.remote.is_some() => {
                        socket.state = STATES.get(usize::from(state) % STATES.len()).copied();
                    }
                    Change::Rest(_)
                        if socket.remote.is_some() && socket.state != Some(TcpState::TimeWait) =>
                    {
                        socket.state = Some(TcpState::TimeWait);
                        self.next += 1;
                        if self.has_cookies {
                            socket.id.cookie = Some(self.next);
                        }
                    }
                    Change::Move(_, by) => {
                        let before = socket.tcp.as_ref().and_then(|tcp| tcp.bytes_sent).unwrap_or(0);
                        *socket = moved(socket.clone(), before, before + u64::from(by));
                    }
                    Change::Close(_) => {
                        closed.push(socket.clone());
                        self.sockets.remove(&of);
                    }
                    _ => {}
                }
            }
            told.push(of);
        }
        let of_all: Vec<u8> = self.sockets.keys().copied().collect();
        let mut rows: Vec<Socket> = (if whole { of_all } else { told })
            .iter()
            .filter_map(|of| self.sockets.get(of).map(|(_, socket)| socket.clone()))
            .collect();
        if twice {
            rows.extend(rows.clone());
        }
        let processes =
            (1..5).map(|pid| process(pid, ["", "nginx", "sshd", "curl", "db"][pid as usize], None));
        let mut look = look(0, rows, processes.collect());
        look.info.uptime = Some(Duration::from_secs(1000) + self.now);
        look.whole = whole;
        look.is_current = whole;
        look.closed = closed;
        look
    }
}

fn made(cookie: u64, of: u8, has_cookie: bool) -> Socket {
    let (pid, port) = (u32::from(of) % 5, 1024 + cookie);
    let mut socket = match of % 8 {
        0 => listener(cookie, Transport::Tcp, &format!("0.0.0.0:{port}"), pid),
        1 => listener(cookie, Transport::Udp, &format!("[::1]:{port}"), pid),
        _ => connection(
            cookie,
            &format!("192.0.2.1:{port}"),
            &format!("198.51.100.{}:443", of % 6),
            TcpState::Established,
            pid,
        ),
    };
    if !has_cookie {
        socket.id.cookie = None;
    }
    socket
}

fn key() -> impl Strategy<Value = Key> {
    let all: Vec<Key> = crate::keys::BINDINGS
        .iter()
        .flat_map(|binding| binding.keys)
        .copied()
        .chain([Key::Delete, Key::Char('ä'), Key::Char('한'), Key::Char('"')])
        .collect();
    proptest::sample::select(all)
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0..24_u8).prop_map(Change::Open),
        2 => (0..24_u8).prop_map(Change::Close),
        2 => (0..24_u8, any::<u8>()).prop_map(|(of, state)| Change::State(of, state)),
        4 => (0..24_u8).prop_map(Change::Rest),
        2 => (0..24_u8, any::<u16>()).prop_map(|(of, by)| Change::Move(of, by)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let filters =
        ["state established", "lport 1024-1040", "udp", "port", "", "not state listen", "raddr 198.51.100.3"];
    prop_oneof![
        6 => key().prop_map(Step::Key),
        // Most keys lead elsewhere: these keep the cursor in the table.
        4 => proptest::sample::select(vec![Key::Down, Key::Up, Key::PageDown, Key::Char(' ')]).prop_map(Step::Key),
        1 => proptest::sample::select(filters.to_vec()).prop_map(Step::Filter),
        1 => (0..200_u16, 0..60_u16).prop_map(|(column, line)| Step::Click(column, line)),
        1 => (-3..=3_i8).prop_map(Step::Wheel),
        1 => (0..200_u16, 0..60_u16).prop_map(|(width, height)| Step::Resize(width, height)),
        10 => (0..4000_u16, proptest::collection::vec(change(), 0..12), prop::bool::weighted(0.8), prop::bool::weighted(0.1))
            .prop_map(|(after, changes, whole, twice)| Step::Look { after, changes, whole, twice }),
        1 => Just(Step::Fail),
        2 => Just(Step::Draw),
    ]
}

/// What the row of the cursor is, whatever name it has.
fn under_cursor(state: &State) -> Option<String> {
    state.cursor.as_ref()?;
    Some(match state.at_cursor()? {
        Item::Socket(slot) => {
            let socket = state.shown_book().socket(slot).unwrap();
            format!("{:?} {:?}", socket.local, socket.remote)
        }
        other => format!("{other:?}"),
    })
}

fn of_details(state: &State) -> Option<String> {
    let Mode::Details(key, _) = &state.mode else { return None };
    let socket = state.shown_book().slot(key).and_then(|slot| state.shown_book().socket(slot));
    Some(socket.map_or_else(|| "gone".to_owned(), |socket| format!("{:?} {:?}", socket.local, socket.remote)))
}

fn tagged(state: &State) -> usize {
    state
        .items()
        .iter()
        .filter(|item| state.key_of(**item).is_some_and(|key| state.tags.contains(&key)))
        .count()
}

fn check(state: &State) -> Result<(), TestCaseError> {
    let items = state.items();
    let unique: HashSet<String> =
        items.iter().map(|item| format!("{:?}", state.key_of(*item).unwrap())).collect();
    prop_assert_eq!(unique.len(), items.len(), "a row is there twice");
    let rows = usize::from(state.layout().rows);
    if let Some(Cursor { key, line }) = &state.cursor {
        let here = state.at_cursor().and_then(|item| state.key_of(item));
        prop_assert_eq!(here.as_ref(), Some(key));
        prop_assert_eq!(state.index(), state.top + line);
        prop_assert!(rows == 0 || *line < rows, "the cursor is on line {} of {}", line, rows);
    }
    prop_assert!(items.is_empty() || state.top < items.len());
    Ok(())
}

fn run(steps: Vec<Step>, has_cookies: bool, tab: Tab) -> Result<(), TestCaseError> {
    let mut state = state(Language::Korean, false, tab, "");
    let mut machine = Machine::new(has_cookies);
    for step in steps {
        let before =
            (under_cursor(&state), state.cursor.as_ref().map(|cursor| cursor.line), of_details(&state));
        let (tags, paused) = (tagged(&state), state.paused.is_some());
        let shown = format!("{step:?}");
        let (events, by_hand) = match step {
            Step::Key(key) => (vec![Event::Key(key)], true),
            Step::Filter(text) => {
                let typed = text.chars().map(Key::Char);
                let keys =
                    [Key::Char('/'), Key::Ctrl('u')].into_iter().chain(typed).chain([Key::Enter, Key::Esc]);
                (keys.map(Event::Key).collect(), true)
            }
            Step::Click(column, line) => (vec![Event::Click(column, line)], true),
            Step::Wheel(lines) => (vec![Event::Wheel(lines)], true),
            Step::Resize(width, height) => (vec![Event::Resize(width, height)], false),
            Step::Look { after, changes, whole, twice } => {
                (vec![Event::Look(Box::new(machine.look(after, &changes, whole, twice)))], false)
            }
            Step::Fail => (vec![Event::Failed(netstat_engine::both!("refused", "거부됨"))], false),
            Step::Draw => {
                let (width, height) = state.size;
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal.draw(|frame| crate::draw::draw(&state, frame)).unwrap();
                state.is_dirty = false;
                continue;
            }
        };
        let is_resize = matches!(events.first(), Some(Event::Resize(..)));
        for event in events {
            state.update(event, machine.now);
        }
        check(&state)?;
        if by_hand {
            continue;
        }
        let (cursor, line, details) = before;
        prop_assert_eq!(&under_cursor(&state), &cursor, "{}: the cursor is on another row", shown);
        prop_assert_eq!(of_details(&state), details, "{}: the details are of another socket", shown);
        let at_an_end = {
            let rows = usize::from(state.layout().rows);
            state.top == 0 || state.top + rows >= state.items().len()
        };
        let now = state.cursor.as_ref().map(|cursor| cursor.line);
        prop_assert!(is_resize || at_an_end || now == line, "{}: line {:?} became {:?}", shown, line, now);
        if paused && !is_resize {
            prop_assert_eq!(tagged(&state), tags, "{}: what is paused changed", shown);
        }
        let book = state.shown_book();
        prop_assert_eq!(book.open(), book.slots().filter(|slot| book.mark(*slot) != Mark::Gone).count());
    }
    // What is known in the end is what is there.
    state.update(Event::Look(Box::new(machine.look(1, &[], true, false))), machine.now);
    if state.paused.is_none() {
        prop_assert_eq!(state.open(), machine.sockets.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cursor_belongs_to_its_row(
        steps in proptest::collection::vec(step(), 1..80),
        has_cookies: bool,
        tab in proptest::sample::select(Tab::ALL.to_vec()),
    ) {
        run(steps, has_cookies, tab)?;
    }
}
