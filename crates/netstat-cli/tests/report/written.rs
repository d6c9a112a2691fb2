//! What is written, and where.

use crate::made::{self, HOSTILE};
use crate::support::Folder;
use crate::{SECOND_DAY, page, report};
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_page_needs_nothing_from_outside() {
    let folder = Folder::new("report-alone");
    let html = std::fs::read_to_string(page(&folder, &[])).unwrap();
    assert!(html.contains("default-src &#39;none&#39;") || html.contains("default-src 'none'"));
    for outside in
        ["http:", "https:", "src=", "@import", "<link", "srcset", "<iframe", "<object", "<base", " style="]
    {
        // The hostile name has one as text.
        let text = html.replace("src=x", "");
        assert!(!text.contains(outside), "{outside}");
    }
    let urls: Vec<&str> = html.match_indices("url(").map(|(at, _)| &html[at..at + 10]).collect();
    assert!(urls.iter().all(|url| *url == "url(#hatch"), "{urls:?}");
    assert!(html.len() < 1 << 20, "{}", html.len());
}

#[test]
fn a_hostile_name_stays_text() {
    let folder = Folder::new("report-hostile");
    let html = std::fs::read_to_string(page(&folder, &[])).unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<img") && !html.contains('\u{202e}'));
    let shown = HOSTILE.replace('<', "&lt;").replace('>', "&gt;").replace('\u{202e}', "\\u{202e}");
    assert!(html.contains(&shown), "it is there");
    assert_eq!(html.matches("<script>").count(), 1);
}

#[test]
fn a_file_is_private_and_never_overwritten() {
    let folder = Folder::new("report-file");
    let file = page(&folder, &[]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    let (code, _, error) =
        report(&folder.path("store"), &[&SECOND_DAY[..], &["--page", file.to_str().unwrap()]].concat());
    assert_eq!(code, 1);
    assert!(error.contains("is there already, and is not overwritten"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let (code, out, error) = report(&folder.path("store"), &[&SECOND_DAY[..], &["-o", "-"]].concat());
    assert_eq!(code, 0);
    assert!(out.starts_with("<!DOCTYPE html>") && out.ends_with("</html>"), "standard output has the page");
    assert!(error.contains("netstat record was not running"), "gaps are said: {error}");
}

#[test]
fn what_is_missing_is_said() {
    let folder = Folder::new("report-missing");
    let html = std::fs::read_to_string(page(&folder, &[])).unwrap();
    assert!(html.contains("nothing was recorded, because netstat record was not running"));
    assert!(html.contains("12 ends of connections were lost"));
    assert!(html.contains("93.7 %") || html.contains("93.6 %"), "how much of the day there is");
    assert!(html.contains("A history does not keep what it needs"), "checks that could not judge");
    // More than the history has.
    let store = folder.path("store");
    let (code, out, _) = report(&store, &["--since", "2026-09-20T00:00:00Z", "-o", "-"]);
    assert_eq!(code, 0);
    assert!(out.contains("the history begins at 2026-09-21 00:00:30"));
    assert!(out.contains("The history ends at 2026-09-23 00:00:00"));
    let nowhere = folder.path("nowhere");
    let (code, out, error) = report(&nowhere, &["-o", "-"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        error.contains("there is no history in") && error.contains("netstat record begins one"),
        "{error}"
    );
}

#[test]
fn the_past_is_judged_as_far_as_it_can_be() {
    let folder = Folder::new("report-judged");
    let html = std::fs::read_to_string(page(&folder, &[])).unwrap();
    // One every five minutes from 15:05 on.
    let found = "curl (76) holds 107 connections in CLOSE_WAIT, all of them for 1 min or longer";
    assert!(html.contains(found), "a leak of the past is found, with how long it lasted");
    assert!(!html.contains("grep 'open files'"), "what to do about processes of today is not said");
}

#[test]
fn a_page_is_korean_where_that_is_asked_for() {
    let folder = Folder::new("report-korean");
    let html = std::fs::read_to_string(page(&folder, &["--lang", "ko"])).unwrap();
    assert!(html.contains("<html lang=\"ko\">") && html.contains("네트워크 보고서: web-1.example"));
    assert!(html.contains("프로세스별 연결") && html.contains("netstat record가 실행되지 않아"));
    assert!(html.contains("--lang ko -o report.html"), "the command makes it again");
    for english in ["Connections by", "Not recorded", "Findings", "Most:", "of the span", "Values for"] {
        assert!(!html.contains(english), "{english}");
    }
}

#[test]
fn the_command_in_a_page_makes_it_again() {
    let folder = Folder::new("report-again");
    let html = std::fs::read_to_string(page(&folder, &[])).unwrap();
    let (_, rest) = html.split_once("<code>netstat report ").unwrap();
    let (words, _) = rest.split_once("</code>").unwrap();
    let words: Vec<&str> = words.split(' ').filter(|word| !word.contains("report.html")).collect();
    let (code, again, _) = report(&folder.path("store"), &[&words[..], &["-"]].concat());
    assert_eq!(code, 0);
    // All but when it was made.
    let without = |html: &str| {
        let (before, rest) = html.split_once("<dt>Made</dt>").unwrap();
        format!("{before}{}", rest.split_once("</div>").unwrap().1)
    };
    assert_eq!(without(&again), without(&html));
}

#[test]
fn a_history_of_a_moment_makes_a_page() {
    let folder = Folder::new("report-moment");
    let store = folder.path("store");
    drop(
        netstat_store::Writer::open(&store, &netstat_store::WriterOptions::default(), &made::clock(60))
            .unwrap(),
    );
    let (code, out, error) = report(&store, &["-o", "-"]);
    assert_eq!(code, 0, "{error}");
    let (_, main) = out.split_once("<main").unwrap();
    let (main, _) = main.split_once("</main>").unwrap();
    assert!(main.contains("None in this span.") && !main.contains("NaN") && !main.contains("inf"), "{main}");
}
