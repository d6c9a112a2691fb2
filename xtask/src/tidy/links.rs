//! Links between the project's own documents.

use super::complaint::Complaint;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Reports the links of a Markdown file that lead nowhere. Links to other sites are not followed.
pub(super) fn broken(path: &str, text: &str, paths: &[&str]) -> Vec<Complaint> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (targets, anchors) = read(text);
    let mut complaints = Vec::new();
    for (line, target) in targets {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let exists = if file.is_empty() {
            anchor.is_empty() || anchors.iter().any(|known| known == anchor)
        } else {
            resolve(folder, file).is_some_and(|file| {
                let inside = format!("{file}/");
                paths.iter().any(|path| *path == file || path.starts_with(&inside))
            })
        };
        if !exists {
            let what = format!("links to {target}, which does not exist; correct the link");
            complaints.push(Complaint::new(path, line, what));
        }
    }
    complaints
}

/// The most lines of a page in `docs/` that needs no list of contents.
const SHORT: usize = 60;

/// Reports a page in `docs/` that whoever looks for something does not find: a long one without a list of contents, or one
/// that the guide does not name.
pub(super) fn hidden(path: &str, text: &str, guide: &str) -> Vec<Complaint> {
    let is_guide = |name: &str| ["README.md", "README.ko.md"].contains(&name);
    let Some(name) = path.strip_prefix("docs/").filter(|name| name.ends_with(".md") && !is_guide(name))
    else {
        return Vec::new();
    };
    let mut complaints = Vec::new();
    if !read(guide).0.iter().any(|(_, target)| target == name) {
        complaints.push(Complaint::new(
            path,
            1,
            "is not named in the guide of its language (docs/README.md, docs/README.ko.md); say there what it answers".to_owned(),
        ));
    }
    let (targets, _) = read(text);
    let sections = text.lines().filter_map(|line| line.strip_prefix("## "));
    let missing = sections
        .map(|heading| slug(&heading.replace('`', "")))
        .find(|slug| !targets.iter().any(|(_, target)| target.strip_prefix('#') == Some(slug)));
    if let Some(missing) = missing.filter(|_| text.lines().count() > SHORT) {
        let what = format!("has no list of contents with #{missing}; add it behind the first paragraph");
        complaints.push(Complaint::new(path, 1, what));
    }
    complaints
}

/// Makes a path relative to the top of the project; `None` where it leads out of it.
fn resolve(folder: &str, file: &str) -> Option<String> {
    let (folder, file) = file.strip_prefix('/').map_or((folder, file), |file| ("", file));
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(file.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Reads a document: the line and target of each link and image, and the anchors of its headings.
pub(super) fn read(text: &str) -> (Vec<(usize, String)>, Vec<String>) {
    let (mut targets, mut anchors) = (Vec::new(), Vec::new());
    let mut heading = None;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let line = text.bytes().take(range.start).filter(|&byte| byte == b'\n').count() + 1;
                targets.push((line, dest_url.into_string()));
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let again = anchors.iter().filter(|known| **known == slug).count();
                anchors.push(if again == 0 { slug } else { format!("{slug}-{again}") });
            }
            _ => {}
        }
    }
    (targets, anchors)
}

/// Makes the anchor that GitHub gives a heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|char| match char {
        ' ' => Some('-'),
        '-' | '_' => Some(char),
        char => char.is_alphanumeric().then_some(char),
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: [usize; 0] = [];

    const PATHS: [&str; 3] = ["README.md", "docs/options.md", "docs/img/a.png"];

    fn lines(path: &str, text: &str) -> Vec<usize> {
        broken(path, text, &PATHS).iter().map(|complaint| complaint.line).collect()
    }

    #[test]
    fn files_and_folders_are_found_relative_to_the_document() {
        assert_eq!(lines("README.md", "[a](docs/options.md) ![b](docs/img/a.png) [c](docs)\n"), NOWHERE);
        assert_eq!(lines("docs/options.md", "[a](../README.md#x) [b](img/a.png) [c](/README.md)\n"), NOWHERE);
        assert_eq!(lines("README.md", "fine\n[a](options.md)\n[b](docs/gone.md)\n"), [2, 3]);
        assert_eq!(lines("README.md", "[a](../outside.md)\n"), [1]);
        assert_eq!(
            lines("README.md", "[name]\n\n[name]: docs/gone.md \"title\"\n[x]: docs/options.md\n"),
            [1]
        );
    }

    #[test]
    fn anchors_are_those_of_the_headings() {
        let text = "# Who holds port 8080?\n\n## A `-b`\n\n## A `-b`\n[1](#who-holds-port-8080) [2](#a--b) [3](#a--b-1) [4](#gone)\n";
        let complaints = broken("README.md", text, &PATHS);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].to_string().starts_with("README.md:6: links to #gone,"));
        assert_eq!(lines("README.md", "# 설치\n[1](#설치)\n"), NOWHERE);
    }

    #[test]
    fn pages_are_found() {
        let guide = "[a](a.md)\n";
        let long = format!("# A\n\n[B `c`](#b-c)\n\n## B `c`\n{}", "x\n".repeat(SHORT));
        let complaints = |path: &str, text: &str| hidden(path, text, guide).len();
        assert_eq!(complaints("docs/a.md", &long), 0);
        assert_eq!(complaints("docs/b.md", &long), 1);
        assert_eq!(complaints("docs/a.md", &format!("{long}## D\n")), 1);
        assert_eq!(complaints("docs/a.md", "# A\n\n## B\n"), 0);
        assert_eq!(complaints("README.md", &format!("{long}## D\n")), 0);
    }

    #[test]
    fn code_and_other_sites_are_not_followed() {
        let text = "`[a](gone)`\n```\n[b](gone)\n```\n[c](https://example.org/x) [d](mailto:a@example.org)\n";
        assert_eq!(lines("README.md", text), NOWHERE);
    }
}
