//! Closing a connection and ending a process: what is asked before, and what is told afterwards.

use super::{Mode, State};
use crate::deed::{self, Deed, Dialog};
use crate::event::{Effect, Key};
use crate::item::ItemKey;
use crate::mark::Mark;
use netstat_engine::act::{Circumstances, line_of};
use netstat_engine::both;
use netstat_engine::text::{Text, escape};
use netstat_model::{ProcessKey, Socket};
use netstat_os::Ending;
use std::time::SystemTime;

impl State {
    pub(super) fn ask_to_close(&mut self) {
        let Some(circumstances) = self.may_act() else { return };
        let sockets = self.chosen_sockets();
        if sockets.is_empty() {
            let book = self.shown_book();
            let is_gone = self
                .chosen()
                .iter()
                .any(|key| matches!(key, ItemKey::Socket(key) if book.slot(key).is_some()));
            self.message = Some(if is_gone {
                both!("it is closed already", "이미 닫혔습니다")
            } else {
                both!(
                    "no open connection is chosen here; Enter on a process or an address shows its connections",
                    "고른 열린 연결이 없습니다. 프로세스나 주소에서 Enter를 누르면 연결이 보입니다"
                )
            });
            return;
        }
        let planned = deed::plan_close(sockets, &circumstances);
        self.ask(planned);
    }

    pub(super) fn ask_to_end(&mut self) {
        let Some(circumstances) = self.may_act() else { return };
        let mut sockets = self.chosen_sockets();
        let processes = self.chosen_processes();
        let book = self.shown_book();
        let held = |socket: &Socket| {
            socket.ownership.principal().is_some_and(|owner| processes.contains(&owner.process))
        };
        sockets.extend(
            book.slots().filter_map(|slot| book.socket(slot)).map(|socket| socket.to_socket()).filter(held),
        );
        if sockets.is_empty() {
            self.message = Some(both!("no process is chosen here", "고른 프로세스가 없습니다"));
            return;
        }
        let planned = deed::plan_end(&sockets, &circumstances);
        self.ask(planned);
    }

    /// Returns what this program depends on, where something can be done at all.
    fn may_act(&mut self) -> Option<Circumstances> {
        if self.read_only {
            self.message = Some(both!(
                "this view was started with --read-only: nothing is closed or ended",
                "--read-only로 시작한 화면입니다. 아무것도 닫거나 끝내지 않습니다"
            ));
            return None;
        }
        if self.is_past() {
            self.message = Some(both!(
                "this is the past: 0 goes back to now, and then this can be done",
                "과거의 화면입니다. 0을 눌러 현재로 돌아온 뒤에 하세요"
            ));
            return None;
        }
        if self.paused.is_some() {
            self.message = Some(both!(
                "the screen is paused: p goes on, and then this can be done",
                "화면이 멈춰 있습니다. p를 눌러 계속한 뒤에 하세요"
            ));
            return None;
        }
        Some(self.environment.circumstances.clone())
    }

    /// Returns the rows that are tagged, else that of the cursor.
    fn chosen(&self) -> Vec<ItemKey> {
        match self.tags.is_empty() {
            true => self.at_cursor().and_then(|item| self.key_of(item)).into_iter().collect(),
            false => self.tags.iter().cloned().collect(),
        }
    }

    /// Returns the open sockets among them, in a lasting order.
    fn chosen_sockets(&self) -> Vec<Socket> {
        let book = self.shown_book();
        let mut slots: Vec<_> = self
            .chosen()
            .into_iter()
            .filter_map(|key| match key {
                ItemKey::Socket(key) => book.slot(&key),
                _ => None,
            })
            .filter(|slot| book.mark(*slot) != Mark::Gone)
            .collect();
        slots.sort_unstable();
        slots.into_iter().filter_map(|slot| Some(book.socket(slot)?.to_socket())).collect()
    }

    fn chosen_processes(&self) -> Vec<ProcessKey> {
        let process = |key| match key {
            ItemKey::Process(process) => process,
            _ => None,
        };
        self.chosen().into_iter().filter_map(process).collect()
    }

    /// Opens the dialog. The targets are what they are now, whatever the rows become.
    fn ask(&mut self, planned: Result<(Deed, bool), Text>) {
        match planned {
            Ok((deed, of_terminal)) => {
                let lines = self.lines_of(&deed);
                let seen = self.last.listed.unwrap_or(SystemTime::UNIX_EPOCH);
                let (is_sure, typed) = (false, String::new());
                self.mode = Mode::Dialog(Box::new(Dialog { deed, lines, of_terminal, is_sure, typed, seen }));
            }
            Err(why) => self.message = Some(why),
        }
    }

    fn lines_of(&self, deed: &Deed) -> Vec<String> {
        match deed {
            Deed::Close(sockets) => sockets
                .iter()
                .map(|socket| {
                    let owner = socket.ownership.principal().map(|owner| self.process_text(owner.process));
                    format!("{}  {}", line_of(socket), owner.unwrap_or_else(|| "?".to_owned()))
                })
                .collect(),
            Deed::End(processes, _) => processes.iter().map(|process| self.process_text(*process)).collect(),
        }
    }

    fn process_text(&self, process: ProcessKey) -> String {
        let known = self.shown_book().processes().get(&process);
        let mut name = Vec::new();
        match known.and_then(|known| known.name.as_ref().ok()) {
            Some(known) => escape::write_text(&mut name, known),
            None => name.push(b'?'),
        }
        format!("{} ({})", String::from_utf8_lossy(&name), process.pid)
    }

    /// Takes a key in the dialog. Everything but a clear yes leaves all as it is.
    pub(super) fn answer(&mut self, mut dialog: Box<Dialog>, key: Key, effects: &mut Vec<Effect>) {
        let is_yes = match (key, dialog.wants_number()) {
            (Key::Char('y'), false) => true,
            (Key::Char(digit @ '0'..='9'), true) if dialog.typed.len() < 9 => {
                dialog.typed.push(digit);
                self.mode = Mode::Dialog(dialog);
                return;
            }
            (Key::Backspace, true) => {
                dialog.typed.pop();
                self.mode = Mode::Dialog(dialog);
                return;
            }
            (Key::Enter, true) => dialog.typed.parse() == Ok(dialog.deed.len()),
            _ => false,
        };
        if is_yes && dialog.of_terminal && !dialog.is_sure {
            // Asked by itself, in red.
            dialog.is_sure = true;
            dialog.typed.clear();
            self.mode = Mode::Dialog(dialog);
        } else if is_yes {
            self.message = Some(both!("working ...", "처리 중 ..."));
            self.tags.clear();
            effects.push(Effect::Act(dialog.deed, dialog.seen));
        } else {
            self.message = Some(both!("nothing was done", "아무것도 하지 않았습니다"));
        }
    }

    /// Says what was seen afterwards. Processes that have not ended can be ended at once, which is a question of its own.
    pub(super) fn told(&mut self, said: Text, left: Option<Vec<ProcessKey>>) {
        self.message = Some(said);
        if let Some(left) = left
            && self.mode == Mode::Table
        {
            let ancestry = &self.environment.circumstances.ancestry;
            let of_terminal = left.iter().any(|process| ancestry.contains(process));
            self.ask(Ok((Deed::End(left, Ending::Forced), of_terminal)));
        }
    }
}
