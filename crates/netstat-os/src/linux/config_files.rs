//! Configuration files: where they are found, and their sections of settings.

use super::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// How a program writes its files.
pub(super) struct Format {
    /// Whether a backslash at the end of a line continues it on the next one.
    pub(super) joins_lines: bool,
    pub(super) line: fn(&str) -> Option<Line<'_>>,
    /// Decides by section, key and value which settings are kept.
    pub(super) is_kept: fn(&str, &str, &str) -> bool,
}

/// A line that begins a section, or a setting of that section.
pub(super) enum Line<'t> {
    Section(&'t str),
    Setting(&'t str, &'t str),
}

#[derive(Default)]
pub(super) struct Section<'t> {
    /// Empty for settings before the first section.
    pub(super) name: &'t str,
    pub(super) settings: Vec<(&'t str, &'t str)>,
}

impl Format {
    /// Returns the lines that begin a section or hold a setting to be kept. The files hold passwords too, which must not
    /// get into a recording.
    pub(super) fn keep(&self, text: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(text);
        let text = if self.joins_lines { join_lines(&text) } else { text.into_owned() };
        let mut kept = String::new();
        let mut section = "";
        for line in text.lines().map(str::trim) {
            let is_kept = match (self.line)(line) {
                Some(Line::Section(name)) => {
                    section = name;
                    true
                }
                Some(Line::Setting(key, value)) => (self.is_kept)(section, key, value),
                None => false,
            };
            if is_kept {
                kept.extend([line, "\n"]);
            }
        }
        kept.into_bytes()
    }

    /// Parses the lines that [`keep`](Self::keep) has left.
    pub(super) fn sections<'t>(&self, text: &'t str) -> Vec<Section<'t>> {
        let mut sections = Vec::new();
        let mut current = Section::default();
        for line in text.lines() {
            match (self.line)(line.trim()) {
                Some(Line::Section(name)) => {
                    sections.push(std::mem::replace(&mut current, Section { name, settings: Vec::new() }));
                }
                Some(Line::Setting(key, value)) => current.settings.push((key, value)),
                None => {}
            }
        }
        sections.push(current);
        sections
    }
}

/// Reads a line of an INI file: `[Section]` or `Key=Value`; `None` for comments and blank lines.
pub(super) fn ini_line(line: &str) -> Option<Line<'_>> {
    if line.starts_with(['#', ';']) {
        return None;
    }
    match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(name) => Some(Line::Section(name.trim())),
        None => line.split_once('=').map(|(key, value)| Line::Setting(key.trim(), value.trim())),
    }
}

/// Returns the values of a key in all sections of a name, in the order of the file.
pub(super) fn values<'t>(
    sections: &[Section<'t>],
    name: &str,
    key: &str,
) -> impl DoubleEndedIterator<Item = &'t str> {
    let settings = sections.iter().filter(move |section| section.name == name).flat_map(|own| &own.settings);
    settings.filter(move |(found, _)| *found == key).map(|&(_, value)| value)
}

/// Joins lines that end with a backslash with the next one, past comments in between.
fn join_lines(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut is_open = false;
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with(['#', ';']);
        if is_open && is_comment {
            continue;
        }
        let start = line.strip_suffix('\\').filter(|_| !is_comment);
        is_open = start.is_some();
        joined.extend([start.unwrap_or(line), if is_open { " " } else { "\n" }]);
    }
    joined
}

/// Reads the files of one program, and remembers what could not be.
pub(super) struct Files<'a> {
    source: &'a dyn Source,
    /// How many were read.
    pub(super) read: usize,
    /// The first error, apart from files that do not exist.
    pub(super) refused: Option<io::Error>,
    pub(super) not_understood: usize,
}

impl<'a> Files<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self { source, read: 0, refused: None, not_understood: 0 }
    }

    fn note(&mut self, error: io::Error) {
        if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
            self.refused.get_or_insert(error);
        }
    }

    /// Reads what the format keeps of a file.
    pub(super) fn file(&mut self, path: &str, format: &Format) -> Option<String> {
        let mut bytes = Vec::new();
        match self.source.read_kept(path, &|text| format.keep(text), &mut bytes) {
            Ok(()) => {
                self.read += 1;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Err(error) => {
                self.note(error);
                None
            }
        }
    }

    /// Returns where a link leads; `None` if it is none.
    pub(super) fn link(&self, path: &str) -> Option<String> {
        String::from_utf8(self.source.read_link(path).ok()?).ok()
    }

    /// Lists the wanted names in a folder, sorted.
    pub(super) fn names(&mut self, folder: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let answer = self.source.names(folder, &mut |name| match std::str::from_utf8(name) {
            Ok(name) => names.extend(wanted(name).then(|| name.to_owned())),
            Err(_) => self.not_understood += 1,
        });
        if let Err(error) = answer {
            self.note(error);
        }
        names
    }

    /// Lists the wanted files of several folders by name. A file in an earlier folder replaces its namesake in a later one.
    pub(super) fn merged(
        &mut self,
        folders: &[String],
        wanted: impl Fn(&str) -> bool,
    ) -> BTreeMap<String, String> {
        let mut merged = BTreeMap::new();
        for folder in folders {
            for name in self.names(folder, &wanted) {
                let path = format!("{folder}/{name}");
                merged.entry(name).or_insert(path);
            }
        }
        merged
    }
}
