//! `netstat close` and `netstat end`.

use super::super::arguments::{ActArguments, Netns, Verb};
use super::{arguments, complaint_about, is_one_plain_line};

#[test]
fn a_filter_says_what() {
    let close = arguments("close dst 203.0.113.9 rport 443 --dry-run --yes");
    assert_eq!((close.verb, close.filter.len()), (Some(Verb::Close), 4));
    assert_eq!(close.act, ActArguments { dry_run: true, yes: true, ..ActArguments::default() });
    let end = arguments("END --kill --this-terminal --netns all process curl");
    assert_eq!((end.verb, end.netns), (Some(Verb::End), Some(Netns::All)));
    assert_eq!(end.act, ActArguments { kill: true, this_terminal: true, ..ActArguments::default() });
}

#[test]
fn what_says_nothing_or_too_much_is_refused() {
    for (line, words) in [
        ("close", "needs a filter"),
        ("end --yes", "needs a filter"),
        ("close 8080", "lport 8080"),
        ("end lport 8080 5", "repeats nothing"),
        ("close lport 80 --kill", "--kill is not for netstat close"),
        ("close lport 80 --replay x", "--replay is not for netstat close"),
        ("end lport 80 --at 10:30", "--at is not for netstat end"),
        ("close lport 80 --record x", "--record is not for netstat close"),
        ("close lport 80 and", "the filter is not understood"),
        ("-an --yes", "--yes belongs to netstat close"),
        ("-an --kill", "--kill belongs to netstat end"),
    ] {
        let complaint = complaint_about(line);
        assert!(complaint.contains(words), "{line}: {complaint}");
        assert!(is_one_plain_line(&complaint), "{line}: {complaint}");
    }
}
