//! Patterns for names: `*` for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set.

use std::ffi::OsStr;

/// True if letter case is ignored, as in file names of Windows.
const FOLDS_CASE: bool = cfg!(windows);

/// A pattern for a whole name.
///
/// ```
/// use netstat_engine::filter::Glob;
///
/// assert!(Glob::new("nginx*").matches("nginx-worker".as_ref()));
/// assert!(!Glob::new("nginx").matches("nginx-worker".as_ref()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    pattern: Box<str>,
    parts: Box<[Part]>,
    folds: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    One(char),
    AnyOne,
    AnyMany,
    Set { ranges: Box<[(char, char)]>, inside: bool },
}

impl Glob {
    /// Parses a pattern. Every text is valid: a `[` without `]` stands for itself.
    pub fn new(pattern: &str) -> Self {
        Self::parse(pattern, FOLDS_CASE)
    }

    /// Parses a pattern for names whose letter case does not matter, on any system.
    pub fn of_any_case(pattern: &str) -> Self {
        Self::parse(pattern, true)
    }

    fn parse(pattern: &str, folds: bool) -> Self {
        let mut parts = Vec::new();
        let mut rest = pattern.chars();
        while let Some(first) = rest.next() {
            parts.push(match first {
                '*' => Part::AnyMany,
                '?' => Part::AnyOne,
                '[' => match set(rest.as_str(), folds) {
                    Some((part, after)) => {
                        rest = after.chars();
                        part
                    }
                    None => Part::One('['),
                },
                other => Part::One(fold(other, folds)),
            });
        }
        parts.dedup_by(|a, b| *a == Part::AnyMany && *b == Part::AnyMany);
        Self { pattern: pattern.into(), parts: parts.into(), folds }
    }

    /// Returns the pattern as it was written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns true if the whole name matches.
    pub fn matches(&self, name: &OsStr) -> bool {
        self.matches_text(&name.to_string_lossy())
    }

    /// Returns true if the whole text matches.
    pub fn matches_text(&self, text: &str) -> bool {
        let name: Vec<char> = text.chars().map(|character| fold(character, self.folds)).collect();
        let (mut part, mut at) = (0, 0);
        // The last `*`, and where its match ends so far. There is no need to go back to an earlier one.
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() {
            match (self.parts.get(part), name.get(at)) {
                (Some(Part::AnyMany), _) => {
                    star = Some((part, at));
                    part += 1;
                }
                (Some(one), Some(&character)) if one.takes(character) => {
                    part += 1;
                    at += 1;
                }
                _ => match &mut star {
                    Some((star, taken)) => {
                        *taken += 1;
                        (part, at) = (*star + 1, *taken);
                    }
                    None => return false,
                },
            }
        }
        self.parts.iter().skip(part).all(|part| *part == Part::AnyMany)
    }
}

impl Part {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::One(one) => *one == character,
            Self::AnyOne => true,
            Self::AnyMany => false,
            Self::Set { ranges, inside } => {
                ranges.iter().any(|&(from, to)| (from..=to).contains(&character)) == *inside
            }
        }
    }
}

fn fold(character: char, folds: bool) -> char {
    if folds { character.to_ascii_lowercase() } else { character }
}

/// Parses the set after a `[`. Returns it with the text after its `]`, which stands for itself if it comes first.
fn set(text: &str, folds: bool) -> Option<(Part, &str)> {
    let (inside, text) = match text.strip_prefix(['!', '^']) {
        Some(rest) => (false, rest),
        None => (true, text),
    };
    let first = text.chars().next()?;
    let end = text.get(first.len_utf8()..)?.find(']')? + first.len_utf8();
    let members: Vec<char> = text.get(..end)?.chars().map(|character| fold(character, folds)).collect();
    let mut ranges = Vec::new();
    let mut left = members.as_slice();
    while let Some(&from) = left.first() {
        if let [_, '-', to, ..] = left {
            ranges.push((from, *to));
            left = left.get(3..)?;
        } else {
            ranges.push((from, from));
            left = left.get(1..)?;
        }
    }
    Some((Part::Set { ranges: ranges.into(), inside }, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, matching, others) in [
            ("sshd", &["sshd"][..], &["ssh", "sshd2", "xsshd", ""][..]),
            ("*", &["", "a", "abc"], &[]),
            ("", &[""], &["a"]),
            ("ss*d", &["ssd", "sshd", "ss d d"], &["sd", "sshdx"]),
            ("*a*b*", &["ab", "xaxbx", "aab"], &["ba", "a"]),
            ("a?c", &["abc", "aéc", "a?c"], &["ac", "abbc"]),
            ("[a-c]x", &["ax", "cx"], &["dx", "x", "-x"]),
            ("[!a-c]x", &["dx", "-x"], &["ax", "x"]),
            ("[]x]", &["]", "x"], &["a"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("a[b", &["a[b"], &["ab"]),
            ("**a**", &["a", "xay"], &["x"]),
        ] {
            let glob = Glob::new(pattern);
            for name in matching {
                assert!(glob.matches(OsStr::new(name)), "{pattern} {name}");
            }
            for name in others {
                assert!(!glob.matches(OsStr::new(name)), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let glob = Glob::new(&"a*".repeat(500));
        assert!(!glob.matches(OsStr::new(&"b".repeat(100_000))));
        assert!(glob.matches(OsStr::new(&"a".repeat(100_000))));
        let glob = Glob::new("*a*a*a*a*a*a*a*a*b");
        assert!(!glob.matches(OsStr::new(&"a".repeat(2_000))));
    }

    #[test]
    #[cfg(not(windows))]
    fn case_counts() {
        assert!(!Glob::new("SSHD").matches(OsStr::new("sshd")));
    }
}
