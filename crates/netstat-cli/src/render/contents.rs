//! What stands at the top of a Markdown page.

use netstat_engine::text::Language;

/// Returns a page with a link to the same page in the other language below its title, and a list of its sections behind its
/// first paragraph. `name` is that of its file in English, without its ending.
pub(crate) fn with_links(page: &str, name: &str, language: Language) -> String {
    let page = with_contents(page);
    let link = match language {
        Language::English => format!("[한국어]({name}.ko.md)"),
        Language::Korean => format!("[English]({name}.md)"),
    };
    let title = page.find("\n# ").map_or(0, |at| at + 1);
    let behind =
        page.get(title..).and_then(|rest| rest.find("\n\n")).map_or(page.len(), |end| title + end + 2);
    let (before, after) = page.split_at(behind);
    format!("{before}{link}\n\n{after}")
}

fn with_contents(page: &str) -> String {
    let links: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| format!("[{heading}](#{})", anchor(heading)))
        .collect();
    let title = page.find("\n# ").map_or(0, |at| at + 1);
    let behind = |at: usize| page.get(at..).and_then(|rest| rest.find("\n\n")).map(|end| at + end + 2);
    let place = behind(title).and_then(behind).unwrap_or(page.len());
    let (before, after) = page.split_at(place);
    format!("{before}{}\n\n{after}", links.join(" ·\n"))
}

/// Returns the anchor that a heading has on the pages of code hosts.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|character| character.is_alphanumeric() || matches!(character, '-' | '_')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_stand_behind_the_first_paragraph() {
        let page = "<!-- made -->\n# A page\n\nOne\nparagraph.\n\nAnother.\n\n## One, `two`\n\nx\n\n### Deep\n\n## Three\n";
        let expected = page.replace("Another.", "[One, `two`](#one-two) ·\n[Three](#three)\n\nAnother.");
        assert_eq!(with_contents(page), expected);
        let linked = expected.replace("One\n", "[English](a.md)\n\nOne\n");
        assert_eq!(with_links(page, "a", Language::Korean), linked);
    }
}
