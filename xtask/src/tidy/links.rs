//! Links between our own documents.

use super::Complaint;

/// The links of a Markdown file that lead nowhere. Only those inside the project are followed.
pub(super) fn broken(path: &str, text: &str, paths: &[&str]) -> Vec<Complaint> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let anchors = anchors(text);
    let mut complaints = Vec::new();
    for (line, target) in targets(text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let there = if file.is_empty() {
            anchor.is_empty() || anchors.iter().any(|known| known == anchor)
        } else {
            resolve(folder, file).is_some_and(|file| {
                let inside = format!("{file}/");
                paths.iter().any(|path| *path == file || path.starts_with(&inside))
            })
        };
        if !there {
            complaints.push(Complaint::new(
                path,
                line,
                format!("links to {target}, which is not there; mend the link"),
            ));
        }
    }
    complaints
}

/// A path from the top of the project; `None` where it leads out of it.
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

/// The lines that are prose, with what is in backquotes taken out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((at + 1, line.split('`').step_by(2).collect::<Vec<_>>().join("`"))),
            _ => {}
        }
        None
    })
}

fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let mut ends: Vec<&str> =
            line.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        // `[name]: target` at the beginning of a line
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            ends.push(target);
        }
        for end in ends {
            let target =
                end.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>']).to_owned();
            found.push((number, target));
        }
    }
    // The prose was a copy; what is given back are parts of the text itself.
    found
        .into_iter()
        .filter_map(|(number, target)| {
            let line = text.lines().nth(number - 1)?;
            let at = line.find(&target)?;
            Some((number, line.get(at..at + target.len())?))
        })
        .collect()
}

/// The anchors that GitHub makes of the headings.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (number, _) in prose(text) {
        let line = text.lines().nth(number - 1).unwrap_or_default();
        let heading = line.trim_start_matches('#');
        if heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let slug: String = heading
            .trim()
            .chars()
            .filter_map(|char| match char {
                ' ' => Some('-'),
                '-' | '_' => Some(char),
                char => char.is_alphanumeric().then_some(char),
            })
            .flat_map(char::to_lowercase)
            .collect();
        let again = anchors.iter().filter(|known| **known == slug).count();
        anchors.push(if again == 0 { slug } else { format!("{slug}-{again}") });
    }
    anchors
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
    fn files_and_folders_are_looked_for_from_where_the_link_is() {
        assert_eq!(lines("README.md", "[a](docs/options.md) ![b](docs/img/a.png) [c](docs)\n"), NOWHERE);
        assert_eq!(lines("docs/options.md", "[a](../README.md#x) [b](img/a.png) [c](/README.md)\n"), NOWHERE);
        assert_eq!(lines("README.md", "fine\n[a](options.md)\n[b](docs/gone.md)\n"), [2, 3]);
        assert_eq!(lines("README.md", "[a](../outside.md)\n"), [1]);
        assert_eq!(lines("README.md", "[name]: docs/gone.md \"title\"\n[x]: docs/options.md\n"), [1]);
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
    fn code_and_other_sites_are_not_followed() {
        let text = "`[a](gone)`\n```\n[b](gone)\n```\n[c](https://example.org/x) [d](mailto:a@example.org)\n";
        assert_eq!(lines("README.md", text), NOWHERE);
    }
}
