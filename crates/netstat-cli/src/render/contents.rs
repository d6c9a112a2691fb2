//! The list of contents of a Markdown page.

/// Returns a page with a list of its sections behind its first paragraph.
pub(crate) fn with_contents(page: &str) -> String {
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
    }
}
