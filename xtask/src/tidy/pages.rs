//! Pages that users read: each is in English and in Korean, `NAME.md` and `NAME.ko.md`.

use super::complaint::Complaint;
use super::links::read;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag};

/// Reports a page that has no other language, does not link to it, or is of another shape; and a page in Korean that sends
/// its reader to one in English that is there in Korean as well.
pub(super) fn complaints(path: &str, text: &str, page: &dyn Fn(&str) -> Option<String>) -> Vec<Complaint> {
    if !(path.starts_with("docs/") || ["README.md", "README.ko.md"].contains(&path)) {
        return Vec::new();
    }
    let Some(name) = path.strip_suffix(".md") else { return Vec::new() };
    let (name, is_korean) = name.strip_suffix(".ko").map_or((name, false), |name| (name, true));
    let other = if is_korean { format!("{name}.md") } else { format!("{name}.ko.md") };
    let complaint = |line, what| Complaint::new(path, line, what);
    let Some(other_text) = page(&other) else {
        return vec![complaint(1, format!("is in one language only; write {other}"))];
    };
    let mut complaints = Vec::new();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let file = other.rsplit_once('/').map_or(other.as_str(), |(_, file)| file);
    let (targets, _) = read(text);
    if targets.first().is_none_or(|(_, target)| target != file) {
        complaints
            .push(complaint(1, format!("does not begin with a link to {file}; add it below the title")));
    }
    // That of the other language reports the same.
    if is_korean && headings(text) != headings(&other_text) {
        let what = format!("has other headings than {other}; give both the same, of the same levels");
        complaints.push(complaint(1, what));
    }
    for (line, target) in targets.iter().skip(1).filter(|_| is_korean) {
        let (file, _) = target.split_once('#').unwrap_or((target, ""));
        let korean = file
            .strip_suffix(".md")
            .filter(|name| !name.ends_with(".ko"))
            .map(|name| format!("{name}.ko.md"));
        let at = |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        if let Some(korean) = korean.filter(|korean| page(&at(korean)).is_some()) {
            complaints.push(complaint(*line, format!("links to {file} in English; link to {korean}")));
        }
    }
    complaints
}

/// Returns the levels of the headings of a page.
fn headings(text: &str) -> Vec<HeadingLevel> {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES);
    events
        .filter_map(|event| match event {
            Event::Start(Tag::Heading { level, .. }) => Some(level),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, pages: &[(&str, &str)]) -> Vec<String> {
        let page =
            |path: &str| pages.iter().find(|(known, _)| *known == path).map(|(_, text)| (*text).to_owned());
        complaints(path, &page(path).unwrap(), &page).iter().map(ToString::to_string).collect()
    }

    const NONE: [String; 0] = [];

    #[test]
    fn a_page_has_its_other_language() {
        let both = [
            ("docs/a.md", "# A\n\n[한국어](a.ko.md)\n\n## B\n"),
            ("docs/a.ko.md", "# 가\n\n[English](a.md)\n\n## 나\n\n[이것](b.md#c)\n"),
        ];
        assert_eq!(found("docs/a.md", &both), NONE);
        assert_eq!(found("docs/a.ko.md", &both), NONE);
        assert_eq!(
            found("docs/a.md", &both[..1]),
            ["docs/a.md:1: is in one language only; write docs/a.ko.md"]
        );
        let known = [&both[..], &[("docs/b.ko.md", "")]].concat();
        assert_eq!(
            found("docs/a.ko.md", &known),
            ["docs/a.ko.md:7: links to b.md in English; link to b.ko.md"]
        );
    }

    #[test]
    fn a_page_has_the_headings_of_the_other_and_a_link_to_it() {
        let pages =
            [("README.md", "# A\n\n[x](x)\n"), ("README.ko.md", "# 가\n\n[English](README.md)\n\n# 나\n")];
        assert!(found("README.md", &pages)[0].contains("does not begin with a link to README.ko.md"));
        assert!(found("README.ko.md", &pages)[0].contains("has other headings than README.md"));
    }

    #[test]
    fn other_files_have_one_language() {
        assert_eq!(found("ARCHITECTURE.md", &[("ARCHITECTURE.md", "# A\n")]), NONE);
    }
}
