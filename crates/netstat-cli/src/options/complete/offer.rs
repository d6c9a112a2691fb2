//! Candidates for a word, and the lines that tell a shell of them.

use netstat_engine::text::escape::is_unseen;

/// The most bytes of what a candidate means.
const LONGEST_MEANING: usize = 120;

/// The most candidates: nobody reads more, and whoever types on has fewer.
const MOST: usize = 1000;

/// What the shell itself offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    All,
    Directories,
}

/// Candidates for a word.
#[derive(Debug, Default)]
pub(super) struct Offer {
    candidates: Vec<(String, String)>,
    /// Whether the word may go on behind a candidate.
    pub(super) goes_on: bool,
    pub(super) files: Option<Files>,
}

impl Offer {
    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Adds a word behind what is kept, if it begins with what was typed in any letter case; it continues in that case.
    pub(super) fn add(&mut self, kept: &str, typed: &str, word: &str, meaning: &str) {
        if begins_with(word, typed) {
            let word = in_case_of(typed, word);
            self.push(format!("{kept}{word}"), meaning);
        }
    }

    /// Adds a candidate. One that has what nobody sees is left out: it could do anything to a terminal.
    pub(super) fn push(&mut self, word: String, meaning: &str) {
        let is_there = self.candidates.iter().any(|(other, _)| *other == word);
        if word.is_empty() || is_there || self.candidates.len() >= MOST || word.chars().any(is_unseen) {
            return;
        }
        let meaning: String = meaning.chars().filter(|character| !is_unseen(*character)).collect();
        self.candidates.push((word, brief(&meaning)));
    }

    /// Takes words out again.
    pub(super) fn without(&mut self, words: &[String]) {
        self.candidates.retain(|(word, _)| !words.contains(word));
    }

    /// Returns the lines for a shell. `replacement` is what it puts into its line for a word.
    pub(super) fn lines(&self, replacement: impl Fn(&str) -> Option<String>) -> String {
        let mut text = String::new();
        match self.files {
            Some(Files::All) => text.push_str("\tfiles\n"),
            Some(Files::Directories) => text.push_str("\tdirectories\n"),
            None => {}
        }
        if self.goes_on && !self.is_empty() {
            text.push_str("\tgoes-on\n");
        }
        for (word, meaning) in &self.candidates {
            if let Some(word) = replacement(word) {
                text.push_str(&format!("{word}\t{meaning}\n"));
            }
        }
        text
    }
}

/// Returns whether a word begins with what was typed, in any letter case.
pub(super) fn begins_with(word: &str, typed: &str) -> bool {
    word.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

/// Returns a word in the letter case of what was typed of it.
fn in_case_of(typed: &str, word: &str) -> String {
    let (has_upper, has_lower) = (
        typed.contains(|letter: char| letter.is_ascii_uppercase()),
        typed.contains(|letter: char| letter.is_ascii_lowercase()),
    );
    match (has_upper, has_lower) {
        (true, false) => word.to_ascii_uppercase(),
        (false, true) => word.to_ascii_lowercase(),
        (true, true) => format!("{typed}{}", word.get(typed.len()..).unwrap_or_default()),
        (false, false) => word.to_owned(),
    }
}

/// Returns the first sentence of a text, or as much as a line holds.
fn brief(text: &str) -> String {
    let sentence = text.split(". ").next().unwrap_or_default().trim_end_matches('.');
    if sentence.len() <= LONGEST_MEANING {
        return sentence.to_owned();
    }
    let end = sentence.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST_MEANING).last();
    format!("{}...", sentence.get(..end.unwrap_or_default()).unwrap_or_default())
}
