//! What is told of a row, and of the view itself.

use super::State;
use crate::item::Item;
use crate::tab::Tab;
use netstat_engine::columns::{self, by_name};
use netstat_engine::text::quote::for_shell;
use netstat_model::SocketKey;
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
                .filter(|column| column.is_available())
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

    /// Returns the line about the row of the cursor.
    pub(crate) fn summary(&self) -> Vec<String> {
        let Some(Item::Socket(slot)) = self.at_cursor() else { return Vec::new() };
        let Some(row) = self.shown_book().row(slot) else { return Vec::new() };
        let language = self.environment.language;
        self.cells().with(|filled| {
            let part = |name: &str| {
                let column = by_name(name)?;
                let value = column.value(&row, &filled.given);
                if value.is_none() {
                    return None;
                }
                let mut text = Vec::new();
                value.write_text(&mut text);
                Some(format!(
                    "{} {}",
                    column.heading.of(language).to_lowercase(),
                    String::from_utf8_lossy(&text)
                ))
            };
            let line =
                |names: &[&str]| names.iter().filter_map(|name| part(name)).collect::<Vec<_>>().join("  ");
            vec![
                line(&["process", "pid", "user", "unit", "container", "path"]),
                line(&[
                    "rtt",
                    "retrans",
                    "recvq",
                    "sendq",
                    "bytes_sent",
                    "bytes_received",
                    "country",
                    "network",
                    "timer",
                ]),
            ]
        })
    }
}
