//! Just enough of the grammar of Rust to tell code from comments and strings, and tests from the program.

use std::collections::{BTreeMap, BTreeSet};

/// A Rust file, read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The text.
    pub(super) text: String,
    /// The text with all that is comment, string or character made blank; as many lines, and as many bytes.
    pub(super) code: String,
    /// For each line whether it belongs to tests.
    test: Vec<bool>,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    /// Its line, counted from 1.
    pub(super) line: usize,
    /// Whether it is about what it stands in: `#![..]`.
    pub(super) inner: bool,
    /// What is between the brackets, without white space.
    pub(super) text: String,
    /// Where it ends in the code.
    end: usize,
}

/// Whether a character can be part of a name.
pub(super) fn in_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        let code = without_comments_and_strings(text);
        let mut source = Self { text: text.to_owned(), test: vec![false; text.lines().count() + 1], code };
        for attribute in source.attributes() {
            if is_for_tests(&attribute) {
                let last = source.line(item_end(&source.code, attribute.end));
                for test in source.test.iter_mut().take(last).skip(attribute.line - 1) {
                    *test = true;
                }
            }
        }
        source
    }

    /// The whole file belongs to tests.
    pub(super) fn all_test(&mut self) {
        self.test.fill(true);
    }

    /// Whether a line, counted from 1, belongs to tests.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test.get(line.saturating_sub(1)).copied().unwrap_or(false)
    }

    /// The line of a place in the code, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.code.bytes().take(at).filter(|&byte| byte == b'\n').count()
    }

    /// Where a path or word stands in the code by itself, not as a part of a longer name.
    pub(super) fn places(&self, word: &str) -> Vec<usize> {
        let starts = |at: usize| !self.code.get(..at).is_some_and(|before| before.ends_with(in_name));
        let ends = |at: usize| !self.code.get(at..).is_some_and(|after| after.starts_with(in_name));
        self.code
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(|&at| starts(at) && ends(at + word.len()))
            .collect()
    }

    /// All attributes.
    pub(super) fn attributes(&self) -> Vec<Attribute> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices('#') {
            let rest = self.code.get(at + 1..).unwrap_or_default();
            let trimmed = rest.trim_start();
            let (inner, body) = match trimmed.strip_prefix('!') {
                Some(body) => (true, body.trim_start()),
                None => (false, trimmed),
            };
            if !body.starts_with('[') {
                continue;
            }
            let begin = self.code.len() - body.len();
            let end = closing(&self.code, begin);
            let text = self.code.get(begin + 1..end.saturating_sub(1)).unwrap_or_default();
            let text = text.chars().filter(|char| !char.is_whitespace()).collect();
            found.push(Attribute { line: self.line(at), inner, text, end });
        }
        found
    }

    /// The paths that are imported, each in full: `use a::{b, c::d};` has `a::b` and `a::c::d`.
    pub(super) fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in self.places("use") {
            let rest = self.code.get(at + 3..).unwrap_or_default();
            let tree = rest.split(';').next().unwrap_or_default();
            let mut paths = Vec::new();
            expand("", tree, &mut paths);
            found.extend(paths.into_iter().map(|path| (self.line(at), path)));
        }
        found
    }
}

fn expand(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let mut depth = 0usize;
    let parts = tree.split(|char: char| {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        char == ',' && depth == 0
    });
    for part in parts {
        let part = part.trim();
        match part.split_once('{') {
            Some((head, tail)) => {
                let head: String = head.split_whitespace().collect();
                let tail = tail.trim_end();
                expand(&format!("{prefix}{head}"), tail.strip_suffix('}').unwrap_or(tail), into);
            }
            None => {
                // What it is called here is of no interest.
                let name: String = part.split(" as ").next().unwrap_or_default().split_whitespace().collect();
                if !name.is_empty() {
                    into.push(format!("{prefix}{name}"));
                }
            }
        }
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    let text = attribute.text.as_str();
    !attribute.inner && (text == "cfg(test)" || text.starts_with("cfg(all(test,") || text == "test")
}

/// Where the item ends that follows an attribute: at its semicolon, or at the end of its braces.
fn item_end(code: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(char) = code.get(at..).and_then(|rest| rest.chars().next()) {
        match char {
            ';' => return at + 1,
            '{' => return closing(code, at),
            '(' | '[' => at = closing(code, at),
            char => at += char.len_utf8(),
        }
    }
    code.len()
}

/// The place after the bracket that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (at, char) in code.get(open..).unwrap_or_default().char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return open + at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let begins_name = !code.ends_with(in_name);
        let skipped = comment(rest).or_else(|| if begins_name { string(rest) } else { None });
        let taken = skipped.unwrap_or(char.len_utf8()).max(1);
        let (here, after) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        if skipped.is_some() {
            code.extend(here.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            code.push_str(here);
        }
        rest = after;
    }
    code
}

/// How long the comment is that the text begins with, if it does.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            return (at > 2).then_some(at);
        }
    }
    (depth > 0).then_some(text.len())
}

/// How long the string or character is that the text begins with, its letters in front included.
fn string(text: &str) -> Option<usize> {
    let letters = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    let rest = text.get(letters..)?;
    let raw = text.get(..letters)?.ends_with('r');
    if raw {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let body = rest.get(hashes..)?.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let begin = letters + hashes + 1;
        return Some(body.find(&end).map_or(text.len(), |at| begin + at + end.len()));
    }
    let quote = rest.chars().next().filter(|char| matches!(char, '"' | '\''))?;
    let mut chars = rest.char_indices().skip(1).peekable();
    if quote == '\'' {
        // A lifetime has no second quote after its first character.
        let (_, first) = chars.next()?;
        let (at, second) = chars.next()?;
        if first != '\\' {
            return (second == '\'').then_some(letters + at + 1);
        }
    }
    let mut escaped = false;
    for (at, char) in chars {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            char if char == quote => return Some(letters + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// The files that only tests have: those in a folder of tests, benchmarks or fuzz targets, and modules that
/// another file declares under `#[cfg(test)]`, with all that is below them.
pub(super) fn test_files(sources: &BTreeMap<&str, Source>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, source) in sources {
        if path.split('/').any(|part| matches!(part, "tests" | "benches" | "fuzz" | "tests.rs")) {
            found.insert((*path).to_owned());
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let below = match name {
            "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
            name => format!("{folder}/{}", name.trim_end_matches(".rs")),
        };
        for at in source.places("mod").into_iter().filter(|&at| source.is_test(source.line(at))) {
            let declared = source.code.get(at + 3..).and_then(|rest| rest.split_once(';'));
            let Some(module) =
                declared.map(|(module, _)| module.trim()).filter(|name| name.chars().all(in_name))
            else {
                continue;
            };
            let (file, inside) = (format!("{below}/{module}.rs"), format!("{below}/{module}/"));
            let hit = |path: &&&str| **path == file || path.starts_with(&inside);
            found.extend(sources.keys().filter(hit).map(|path| (*path).to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests;
