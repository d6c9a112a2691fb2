//! What is told of a row, and of the view itself.

use super::{State, base_needs};
use crate::amount::short;
use crate::item::{Item, is_of_the_past, text_of};
use crate::mark::{Mark, Slot};
use crate::tab::{Source, Tab};
use netstat_engine::both;
use netstat_engine::columns::{self, Value, by_name};
use netstat_engine::flow::Rates;
use netstat_engine::text::Text;
use netstat_engine::text::quote::for_shell;
use netstat_model::{NoOwner, SocketKey};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::time::Duration;

impl State {
    /// Returns the command that shows what is shown.
    pub(crate) fn command(&self) -> String {
        let mut command = "netstat live".to_owned();
        if !self.filter_text.is_empty() {
            command.push(' ');
            command.push_str(&for_shell(OsStr::new(&self.filter_text)));
        }
        if self.tab != Tab::Connections {
            command.push_str(&format!(" --view {}", self.tab.name()));
        }
        if let Some(grouping) = &self.grouping {
            command.push_str(&format!(" --group-by {}", grouping.column.name));
        }
        if let Some(chosen) = self.tab.of(self.chosen.each_ref()) {
            let names: Vec<&str> = chosen.iter().map(|spec| spec.name).collect();
            command.push_str(&format!(" --columns {}", names.join(",")));
        }
        if let Some(time) = self.shown_look().time.filter(|_| self.is_past()) {
            command.push_str(&format!(" --at '{}'", self.environment.zone.to_the_second(time)));
        }
        if self.read_only {
            command.push_str(" --read-only");
        }
        command.push_str(&self.environment.options);
        let sort = self.sort();
        command.push_str(&format!(" --sort {}{}", sort.column, if sort.descending { ":desc" } else { "" }));
        if self.interval != Duration::from_secs(1) {
            command.push_str(&format!(" --watch {}ms", self.interval.as_millis()));
        }
        command
    }

    /// Returns the lines of the details of a socket: heading, value.
    pub(crate) fn details(&self, key: &SocketKey) -> Vec<(String, String)> {
        let Some(slot) = self.shown_book().slot(key) else { return Vec::new() };
        let language = self.environment.language;
        self.cells().with(|filled| {
            let Some(row) = self.shown_book().row(slot) else { return Vec::new() };
            columns::ALL
                .iter()
                .filter(|column| {
                    column.is_available() && (!self.is_past() || is_of_the_past(column, base_needs()))
                })
                .filter_map(|column| {
                    let value = column.value(&row, &filled.given);
                    if value.is_none() {
                        return None;
                    }
                    let mut text = Vec::new();
                    value.write_text(&mut text);
                    Some((
                        column.heading.of(language).to_owned(),
                        String::from_utf8_lossy(&text).into_owned(),
                    ))
                })
                .collect()
        })
    }

    /// Returns how fast bytes have gone over a socket, look by look, up to the present; empty in the past.
    pub(crate) fn course(&self, key: &SocketKey) -> VecDeque<Option<Rates>> {
        if self.paused.is_some() {
            return VecDeque::new();
        }
        let Some(slot) = self.book.slot(key) else { return VecDeque::new() };
        let now = self.book.rates(slot);
        let mut course = self.ring.rates(slot, key, now);
        course.push_back(now);
        course
    }

    /// Returns whether a socket is closed.
    pub(crate) fn is_gone(&self, key: &SocketKey) -> bool {
        self.shown_book().slot(key).is_none_or(|slot| self.shown_book().mark(slot) == Mark::Gone)
    }

    /// Returns the lines about the row of the cursor.
    pub(crate) fn summary(&self) -> Vec<String> {
        match self.at_cursor() {
            Some(Item::Socket(slot)) => self.summary_of_socket(slot),
            Some(Item::Finding(at)) => {
                let Some((finding, _)) = self.beside.finding(at) else { return Vec::new() };
                let language = self.environment.language;
                let next = finding.next.first().map(|next| both!("next: {next}", "다음 단계: {next}", next));
                let next = next.map(|next| text_of(&Value::Named(next.of(language).to_owned())));
                [Some(text_of(&Value::Named(finding.sentence.of(language).to_owned()))), next]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Some(item) => self.summary_of_group(item),
            None => Vec::new(),
        }
    }

    fn summary_of_socket(&self, slot: Slot) -> Vec<String> {
        let Some(row) = self.shown_book().row(slot) else { return Vec::new() };
        let language = self.environment.language;
        self.cells().with(|filled| {
            let known = |name: &str| {
                let value = by_name(name)?.value(&row, &filled.given);
                (!value.is_none()).then(|| text_of(&value))
            };
            let number = |name: &str| match by_name(name)?.value(&row, &filled.given) {
                Value::Number(number) => Some(short(number)),
                _ => None,
            };
            let say = |text: Option<Text>| text.map(|text| text.of(language).to_owned());
            let who = match row.socket.ownership().unowned() {
                Some(why) => vec![say(Some(no_owner(why)))],
                None => vec![
                    known("process").map(|name| match known("pid") {
                        Some(pid) => format!("{name} ({pid})"),
                        None => name,
                    }),
                    say(known("user").map(|user| both!("user {user}", "사용자 {user}", user))),
                    known("unit"),
                    known("container"),
                    known("path"),
                ],
            };
            let is_listener = row.socket.remote.is_none();
            let queues = if is_listener { ("", "") } else { ("recvq", "sendq") };
            let course = vec![
                say(known("rtt").map(|rtt| both!("rtt {rtt} ms", "왕복 {rtt} ms", rtt))),
                say(number("retrans").map(|n| both!("retrans {n}", "재전송 {n}", n))),
                say(number(queues.0).map(|n| both!("unread {n}", "안 읽음 {n}", n))),
                say(number(queues.1).map(|n| both!("unsent {n}", "미전송 {n}", n))),
                say(number("bytes_sent").map(|n| both!("sent {n}", "보냄 {n}", n))),
                say(number("bytes_received").map(|n| both!("received {n}", "받음 {n}", n))),
                known("country"),
                known("network"),
            ];
            [who, course].map(joined).into()
        })
    }

    fn summary_of_group(&self, item: Item) -> Vec<String> {
        if let Item::Group(number) = item {
            let group = self.grouping.as_ref().and_then(|all| all.group(number));
            let count = group.map_or(0, |group| group.slots.len() as u64);
            let text = both!(
                "{count:socket|sockets}; Enter or z folds and unfolds",
                "소켓 {count}개. Enter나 z로 접고 펼칩니다",
                count
            );
            return vec![text.of(self.environment.language).to_owned()];
        }
        let Some(totals) = self.groups.get(&item) else { return Vec::new() };
        let language = self.environment.language;
        let (connections, listeners) = (totals.connections, totals.listeners);
        let held = both!(
            "{connections:connection|connections}, {listeners:listener|listeners}",
            "연결 {connections}개, 수신 대기 {listeners}개",
            connections,
            listeners
        );
        self.cells().with(|filled| {
            let columns = self.columns();
            let named = columns.iter().filter(|spec| {
                matches!(
                    spec.source,
                    Source::Column("process" | "user" | "unit" | "container" | "path" | "network")
                ) || matches!(spec.source, Source::Address | Source::Holders)
            });
            let texts = named.map(|spec| filled.value(item, spec)).filter(|value| !value.is_none());
            let texts = texts.map(|value| Some(text_of(&value)).filter(|text| !text.is_empty())).collect();
            vec![joined(texts), held.of(language).to_owned()]
        })
    }
}

fn joined(parts: Vec<Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// Says why no process is shown.
fn no_owner(why: NoOwner) -> Text {
    match why {
        NoOwner::NoProcess => both!(
            "no process: the kernel finishes this connection",
            "프로세스 없음: 커널이 마무리하는 연결입니다"
        ),
        NoOwner::NotPermitted => both!(
            "owner not known: another user's process; root sees it",
            "소유자 모름: 다른 사용자의 프로세스이며 root로 실행하면 보입니다"
        ),
        NoOwner::Kernel => both!("no process: the kernel holds it", "프로세스 없음: 커널이 가진 소켓입니다"),
        NoOwner::OtherNamespace => both!(
            "owner not known: a process of another PID namespace",
            "소유자 모름: 다른 PID 네임스페이스의 프로세스입니다"
        ),
        NoOwner::Vanished => both!(
            "owner not known: it was gone when it was looked for",
            "소유자 모름: 찾을 때 이미 사라졌습니다"
        ),
    }
}
