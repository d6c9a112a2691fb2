//! [`State`]: everything that the screen shows, and how events change it. No clock, no terminal, no system.

mod asking;
mod capturing;
mod past;
mod press;
mod rows;
mod seen;
mod telling;
mod typing;

use crate::beside::Beside;
use crate::book::Book;
use crate::deed::Dialog;
use crate::environment::Environment;
use crate::event::{Effect, Event};
use crate::group::Grouping;
use crate::item::{Cells, Groups, Item, ItemKey};
use crate::last::LastLook;
use crate::layout::Layout;
use crate::line::Line;
use crate::mark::Mark;
use crate::named::Names;
use crate::paused::Paused;
use crate::ring::Ring;
use crate::tab::{Source, Spec, Tab};
use netstat_engine::columns::{self, Column, ColumnNeeds};
use netstat_engine::filter::{Filter, FilterError};
use netstat_engine::flow::FLOW_FIELDS;
use netstat_engine::text::Text;
use netstat_model::query::{Fields, ProcessFields};
use netstat_model::{HostAddress, SocketKey, TcpFields};
use rustc_hash::FxHashSet;
use std::time::{Duration, SystemTime};

/// What is read of every socket. What else a filter or the details need is added.
pub(crate) fn base_needs() -> ColumnNeeds {
    ColumnNeeds {
        fields: Fields::COMMON,
        tcp: FLOW_FIELDS | TcpFields::RTT | TcpFields::TOTAL_RETRANSMITS,
        owners: true,
        process: ProcessFields::NAME
            | ProcessFields::EXECUTABLE
            | ProcessFields::UNIT
            | ProcessFields::CONTAINER
            | if cfg!(windows) { ProcessFields::ACCOUNT } else { ProcessFields::USER },
        users: true,
        interfaces: true,
        namespaces: false,
        stand_ins: false,
        countries: true,
        networks: true,
    }
}

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    /// The name of a column of the tab.
    pub(crate) column: &'static str,
    pub(crate) descending: bool,
}

/// The row that the cursor belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) key: ItemKey,
    /// The line of the table on which it stands.
    pub(crate) line: usize,
}

/// What keys are for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mode {
    Table,
    /// The filter is being typed.
    Filter(Line, Option<FilterError>),
    /// A text to find is being typed.
    Find(Line),
    /// The columns are being chosen, the cursor at this one.
    Columns(usize),
    /// The name of a file for the rows is being typed.
    Export(Line),
    /// The name of a file for the packets that a filter means is being typed.
    Capture(Line, String),
    /// The keys, from this line on.
    Help(usize),
    /// All that a finding says, from this line on.
    Finding(u32, usize),
    /// All that is known of a socket, from this line on.
    Details(SocketKey, usize),
    /// Somebody is asked whether something is to be done.
    Dialog(Box<Dialog>),
}

/// Everything that the screen shows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) environment: Environment,
    book: Book,
    /// How it was before.
    ring: Ring,
    pub(crate) paused: Option<Paused>,
    pub(crate) beside: Beside,
    /// Whether packets are being written.
    captures: bool,
    pub(crate) tab: Tab,
    pub(crate) mode: Mode,
    filter: Option<Filter>,
    /// The filters of what is wrong, each with the place of its finding.
    accused: Vec<(Filter, u32)>,
    pub(crate) filter_text: String,
    found: String,
    sorts: [Sort; Tab::ALL.len()],
    /// The columns that somebody chose.
    chosen: [Option<Vec<&'static Spec>>; Tab::ALL.len()],
    items: Vec<Item>,
    groups: Groups,
    /// How sockets are grouped, where they are rows.
    grouping: Option<Grouping>,
    /// How many rows there are, those in folded groups among them.
    shown: usize,
    pub(crate) top: usize,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) tags: FxHashSet<ItemKey>,
    pub(crate) size: (u16, u16),
    pub(crate) interval: Duration,
    read_only: bool,
    pub(crate) whole: bool,
    pub(crate) names: Names,
    /// What is said at the bottom.
    pub(crate) message: Option<Text>,
    pub(crate) failure: Option<Text>,
    pub(crate) last: LastLook,
    /// When the order was made, and when a key was pressed.
    ordered: Duration,
    pressed: Duration,
    now: Duration,
    needs: ColumnNeeds,
    visible: Vec<SocketKey>,
    asks_links: bool,
    asks_checks: bool,
    /// Whether the rows may differ from what they were.
    pub(crate) is_dirty: bool,
    /// Whether the screen differs from what was drawn.
    pub(crate) wants_drawing: bool,
    /// Where a group was opened, for the way back.
    opened_from: Option<(Tab, String)>,
}

/// How the view begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    /// The words of the filter.
    pub filter: String,
    /// The tab.
    pub tab: Tab,
    /// The column to sort by, and whether the largest comes first.
    pub sort: Option<(String, bool)>,
    /// The pause between two looks.
    pub interval: Duration,
    /// The moment of a recorder's history that is shown first.
    pub at: Option<SystemTime>,
    /// Whether nothing is closed and ended.
    pub read_only: bool,
    /// By which column sockets are grouped.
    pub group_by: Option<&'static Column>,
    /// The columns of the tab; its own if there are none.
    pub columns: Vec<&'static Column>,
}

impl State {
    /// Begins with an empty table.
    ///
    /// # Errors
    /// Where the filter is wrong.
    pub(crate) fn new(environment: Environment, beginning: &Beginning) -> Result<Self, FilterError> {
        let mut state = Self {
            environment,
            book: Book::going_back(),
            ring: Ring::default(),
            paused: None,
            beside: Beside::default(),
            tab: beginning.tab,
            captures: false,
            mode: Mode::Table,
            filter: None,
            accused: Vec::new(),
            filter_text: String::new(),
            found: String::new(),
            sorts: Tab::ALL.map(|tab| Sort {
                column: match tab {
                    Tab::Remotes => "foreign",
                    Tab::Links => "link",
                    Tab::Findings => "severity",
                    Tab::Events => "time",
                    Tab::Connections | Tab::Processes | Tab::Listening => "process",
                },
                descending: false,
            }),
            chosen: [const { None }; Tab::ALL.len()],
            items: Vec::new(),
            groups: Groups::default(),
            grouping: beginning.group_by.map(Grouping::by),
            shown: 0,
            top: 0,
            cursor: None,
            tags: FxHashSet::default(),
            size: (80, 24),
            interval: beginning.interval,
            read_only: beginning.read_only,
            whole: false,
            names: Names::default(),
            message: None,
            failure: None,
            last: LastLook::default(),
            ordered: Duration::ZERO,
            pressed: Duration::ZERO,
            now: Duration::ZERO,
            needs: base_needs(),
            visible: Vec::new(),
            asks_links: false,
            asks_checks: false,
            is_dirty: true,
            wants_drawing: true,
            opened_from: None,
        };
        state.set_filter(&beginning.filter)?;
        if !beginning.columns.is_empty() {
            let named = beginning.columns.iter().filter_map(|column| state.column(column.name)).collect();
            *state.tab.of(state.chosen.each_mut()) = Some(named);
        }
        if let Some((name, descending)) = &beginning.sort
            && let Some(spec) = state.column(name)
        {
            *state.sort_mut() = Sort { column: spec.name, descending: *descending };
        }
        Ok(state)
    }

    /// Keeps no looks: nobody goes back.
    pub(crate) fn forget_the_past(&mut self) {
        self.book.stop_going_back();
    }

    /// Returns what is read of each socket.
    pub(crate) fn needs(&self) -> ColumnNeeds {
        self.needs
    }

    /// Takes an event. `now` is the time since the view began.
    pub(crate) fn update(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        self.now = now;
        let mut effects = Vec::new();
        match event {
            Event::Key(key) => {
                self.pressed = now;
                self.is_dirty = true;
                self.press(key, &mut effects);
            }
            Event::Click(column, line) => {
                self.pressed = now;
                self.is_dirty = true;
                self.click(column, line);
            }
            Event::Wheel(lines) => {
                self.pressed = now;
                self.is_dirty = true;
                self.turn(isize::from(lines) * 3);
            }
            Event::Resize(width, height) => {
                self.size = (width, height);
                self.is_dirty = true;
            }
            Event::Look(look) => self.look(*look, &mut effects),
            Event::Recalled(time, found) => {
                self.is_dirty = true;
                self.recalled(time, found.map(|found| *found));
            }
            Event::Links(at, counters) => {
                self.is_dirty |= self.tab == Tab::Links && self.paused.is_none();
                if self.paused.is_none() {
                    self.beside.take_links(at, counters);
                }
            }
            Event::Findings(findings) => {
                self.is_dirty = true;
                self.beside.take_findings(findings);
                self.accuse();
            }
            Event::Named(names) => {
                self.is_dirty |= !names.is_empty();
                self.names.take(names);
            }
            Event::Captured(said) => {
                self.captures = false;
                self.message = Some(said);
            }
            Event::NoLinks(why) | Event::NotJudged(why) | Event::Said(why) => {
                self.is_dirty |= self.message.as_ref() != Some(&why);
                self.message = Some(why);
            }
            Event::Failed(why) => {
                self.is_dirty |= self.failure.as_ref() != Some(&why);
                self.failure = Some(why);
            }
            Event::Done { said, left } => {
                self.is_dirty = true;
                self.told(said, left);
            }
            Event::Redraw => {
                self.is_dirty = true;
                effects.push(Effect::Clear);
            }
            Event::Suspend => effects.push(Effect::Suspend),
            Event::End => effects.push(Effect::End),
        }
        self.settle();
        self.wants_drawing |= std::mem::take(&mut self.is_dirty);
        let needs = self.needed();
        if needs != self.needs {
            self.needs = needs;
            effects.push(Effect::Read(needs));
        }
        for (tab, asked, effect) in [
            (Tab::Links, &mut self.asks_links, Effect::Links as fn(bool) -> Effect),
            (Tab::Findings, &mut self.asks_checks, Effect::Judge),
        ] {
            let wanted = self.tab == tab;
            if *asked != wanted {
                *asked = wanted;
                effects.push(effect(wanted));
            }
        }
        if self.names.wanted {
            let asked: Vec<HostAddress> =
                self.on_screen().filter_map(|item| self.cells().host(item)).collect();
            effects.extend(self.names.ask(asked).map(Effect::Name));
        }
        let book = self.shown_book();
        let slots: Vec<_> = self
            .on_screen()
            .filter_map(|item| match item {
                Item::Socket(slot) if book.mark(slot) != Mark::Gone => Some(slot),
                _ => None,
            })
            .collect();
        let visible: Vec<SocketKey> = slots.iter().filter_map(|slot| book.key(*slot).cloned()).collect();
        if visible != self.visible {
            let sockets = slots.iter().filter_map(|slot| Some(book.socket(*slot)?.to_socket())).collect();
            self.visible = visible;
            effects.push(Effect::Visible(sockets));
        }
        effects
    }

    /// What has to be read for what is shown and asked.
    fn needed(&self) -> ColumnNeeds {
        let mut needs = base_needs();
        if let Some(filter) = &self.filter {
            let of_filter = filter.needs();
            needs.fields |= of_filter.fields;
            needs.tcp |= of_filter.tcp;
            needs.process |= of_filter.processes;
        }
        for spec in self.chosen.iter().flatten().flatten() {
            if let Source::Column(name) = spec.source
                && let Some(column) = columns::by_name(name)
            {
                needs = needs.and(ColumnNeeds::of(&[column]));
            }
        }
        if let Some(grouping) = &self.grouping {
            needs = needs.and(ColumnNeeds::of(&[grouping.column]));
        }
        if matches!(self.mode, Mode::Details(..)) && !self.is_past() {
            let all: Vec<_> = columns::ALL
                .iter()
                .copied()
                .filter(|column| column.is_available() && !column.needs.fields.contains(Fields::LIFESPAN))
                .collect();
            needs = needs.and(ColumnNeeds::of(&all));
            needs.namespaces = false;
        }
        needs
    }

    /// Returns the book that is shown.
    pub(crate) fn shown_book(&self) -> &Book {
        self.paused.as_ref().map_or(&self.book, |paused| &paused.book)
    }

    /// Returns what is said of the look that is shown.
    pub(crate) fn shown_look(&self) -> &LastLook {
        self.paused.as_ref().map_or(&self.last, |paused| &paused.last)
    }

    /// Returns how many sockets are open, shown or not.
    pub(crate) fn open(&self) -> usize {
        self.shown_book().open()
    }

    /// Returns for how long the screen has been paused.
    pub(crate) fn paused_for(&self) -> Option<Duration> {
        self.paused.as_ref().map(|paused| self.now.saturating_sub(paused.since))
    }

    /// Returns the column by which the rows of the tab are grouped.
    pub(crate) fn grouped_by(&self) -> Option<&'static str> {
        let grouping =
            self.grouping.as_ref().filter(|_| matches!(self.tab, Tab::Connections | Tab::Listening))?;
        Some(grouping.column.name)
    }

    /// Returns how many rows there are, those in folded groups among them.
    pub(crate) fn shown(&self) -> usize {
        self.shown
    }

    /// Returns the rows of the tab.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(crate) fn has_looked(&self) -> bool {
        self.book.looks() > 0
    }

    /// Returns how the rows of the tab are sorted.
    pub(crate) fn sort(&self) -> Sort {
        self.tab.of(self.sorts)
    }

    fn sort_mut(&mut self) -> &mut Sort {
        self.tab.of(self.sorts.each_mut())
    }

    /// Returns what cells are made from.
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells {
            book: self.shown_book(),
            environment: &self.environment,
            groups: &self.groups,
            grouping: self.grouping.as_ref(),
            beside: &self.beside,
            names: &self.names,
            past: self.is_past().then(base_needs),
            now: self.shown_look().time,
        }
    }

    /// Returns the identity of a row.
    pub(crate) fn key_of(&self, item: Item) -> Option<ItemKey> {
        Some(match item {
            Item::Socket(slot) => ItemKey::Socket(self.shown_book().key(slot)?.clone()),
            Item::Process(process) => ItemKey::Process(process),
            Item::Remote(address) => ItemKey::Remote(address),
            Item::Link(index) => ItemKey::Link(index),
            Item::Group(number) => ItemKey::Group(self.grouping.as_ref()?.group(number)?.name.clone()),
            Item::Finding(at) => {
                let (finding, number) = self.beside.finding(at)?;
                ItemKey::Finding(finding.check, finding.subject.clone(), *number)
            }
            Item::Event(number) => ItemKey::Event(number),
        })
    }

    /// Returns the columns of the tab: those that were chosen, else its own.
    pub(crate) fn columns(&self) -> Vec<&'static Spec> {
        match self.tab.of(self.chosen.each_ref()) {
            Some(chosen) => chosen.clone(),
            None => self.tab.columns().iter().collect(),
        }
    }

    /// Returns the column of the tab that has this name.
    pub(super) fn column(&self, name: &str) -> Option<&'static Spec> {
        self.tab.possible().into_iter().find(|spec| spec.name == name)
    }

    /// Returns where things stand on the screen.
    pub(crate) fn layout(&self) -> Layout {
        let chosen = self.tab.of(self.chosen.each_ref()).is_some();
        Layout::new(self.size, (&self.columns(), chosen), matches!(self.mode, Mode::Filter(_, Some(_))))
    }

    /// Returns the rows that are on the screen.
    pub(crate) fn on_screen(&self) -> impl Iterator<Item = Item> + '_ {
        let rows = usize::from(self.layout().rows);
        self.items.iter().skip(self.top).take(rows).copied()
    }

    /// Returns the row of the cursor: the first of the screen until it is moved.
    pub(crate) fn at_cursor(&self) -> Option<Item> {
        self.items.get(self.index()).copied()
    }

    /// Returns the place of the cursor among the rows.
    pub(crate) fn index(&self) -> usize {
        match &self.cursor {
            Some(cursor) => (self.top + cursor.line).min(self.items.len().saturating_sub(1)),
            // The newest event is the last.
            None if self.tab == Tab::Events => self.items.len().saturating_sub(1),
            None => self.top,
        }
    }
}
