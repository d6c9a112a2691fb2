//! What the command line can ask for and Windows does not have, and the quotes of its command prompt.

use super::arguments::FamilyChoice;
use super::command::Command;
use super::complaint::{Complaint, complaint};
use netstat_model::query::Kinds;
use std::ffi::{OsStr, OsString};

/// Rejects what Windows does not have. Every family is TCP and UDP there.
pub(super) fn limit(mut command: Command) -> Result<Command, Complaint> {
    let Command::Run(arguments) = &mut command else { return Ok(command) };
    if arguments.netns.is_some() {
        return Err(complaint!(
            "Windows has no network namespaces: leave --netns out",
            "Windows에는 네트워크 네임스페이스가 없습니다. --netns를 빼고 입력하세요"
        ));
    }
    if arguments.multicast {
        return Err(complaint!(
            "--multicast is for Linux: netsh interface ipv4 show joins lists groups of Windows, and of ipv6 likewise",
            "--multicast는 Linux 전용입니다. Windows의 그룹 보기: netsh interface ipv4 show joins (ipv6도 같음)"
        ));
    }
    match &mut arguments.family {
        Some(FamilyChoice { kinds, all: true }) => *kinds = Kinds::TCP_UDP,
        Some(FamilyChoice { kinds, .. }) if *kinds != Kinds::TCP_UDP => {
            return Err(complaint!(
                "Windows lists TCP and UDP sockets only: type --family inet, or leave --family out",
                "Windows에서는 TCP와 UDP 소켓만 볼 수 있습니다. --family inet을 입력하거나 --family를 빼세요"
            ));
        }
        _ => {}
    }
    Ok(command)
}

/// Takes off single quotes in pairs, around a word or around several, as other shells do: the command prompt hands them on,
/// and splits what is between them at spaces. A quote may stand at the beginning of a word or behind its `=`.
pub(super) fn unquoted(words: &[OsString]) -> Vec<OsString> {
    let mut taken = Vec::new();
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        match quoted_at(rest) {
            Some((word, count)) => {
                taken.push(word);
                rest = rest.get(count..).unwrap_or_default();
            }
            None => {
                taken.push(first.clone());
                rest = behind;
            }
        }
    }
    taken
}

/// Returns the word that begins here without its quotes, and how many words it is made of.
fn quoted_at(words: &[OsString]) -> Option<(OsString, usize)> {
    let first = words.first()?.to_str()?;
    let (before, inside) = match first.strip_prefix('\'') {
        Some(inside) => ("", inside),
        None => first.split_once("='")?,
    };
    let equals = if first.starts_with('\'') { "" } else { "=" };
    let mut whole = inside.to_owned();
    let mut others = words.iter().skip(1).map(OsString::as_os_str).map(OsStr::to_str);
    let mut count = 1;
    loop {
        if let Some(text) = whole.strip_suffix('\'') {
            return (!text.contains('\'')).then(|| (format!("{before}{equals}{text}").into(), count));
        }
        whole.push(' ');
        whole.push_str(others.next()??);
        count += 1;
    }
}

/// Turns the single quotes around words of a text for people into double ones, which the command prompt understands.
/// Apostrophes stay.
pub(super) fn double_quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\'') {
        let (before, from) = rest.split_at(at);
        let from = from.get(1..).unwrap_or_default();
        shown.push_str(before);
        let opens = !shown.ends_with(char::is_alphanumeric);
        match from.find('\'').filter(|_| opens).and_then(|end| from.split_at_checked(end)) {
            Some((inside, behind)) if !inside.is_empty() && !inside.contains('\n') => {
                shown.push_str(&format!("\"{}\"", inside.replace('"', "\\\"")));
                rest = behind.get(1..).unwrap_or_default();
            }
            _ => {
                shown.push('\'');
                rest = from;
            }
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotes_in_pairs_are_taken_off() {
        for (typed, meant) in [
            (&["':8080'"][..], &[":8080"][..]),
            (&["-an", "'lport", "80'", "5"], &["-an", "lport 80", "5"]),
            (&["--at", "'10", "minutes", "ago'"], &["--at", "10 minutes ago"]),
            (&["--since='10", "minutes", "ago'"], &["--since=10 minutes ago"]),
            (&["'a'", "b", "'c'"], &["a", "b", "c"]),
            // Not in pairs.
            (&["'a", "b"], &["'a", "b"]),
            (&["process", "it's"], &["process", "it's"]),
            (&["'"], &["'"]),
            (&["'a'b'"], &["'a'b'"]),
            (&["--x=a'b'"], &["--x=a'b'"]),
        ] {
            let words: Vec<OsString> = typed.iter().map(OsString::from).collect();
            assert_eq!(unquoted(&words), meant.iter().map(OsString::from).collect::<Vec<_>>(), "{typed:?}");
        }
    }

    #[test]
    fn texts_for_the_command_prompt_have_double_quotes() {
        for (text, shown) in [
            ("  netstat ':8080'\n", "  netstat \":8080\"\n"),
            ("'10 minutes ago', 14:05, 'yesterday 14:05'", "\"10 minutes ago\", 14:05, \"yesterday 14:05\""),
            ("netstat 'process \"my app\"'", "netstat \"process \\\"my app\\\"\""),
            ("for other users' processes, and 'all'", "for other users' processes, and \"all\""),
            ("the netstat of Windows' own", "the netstat of Windows' own"),
            ("don't", "don't"),
            ("a ' b\n'c", "a ' b\n'c"),
        ] {
            assert_eq!(double_quoted(text), shown);
        }
    }

    #[test]
    fn no_help_for_the_command_prompt_shows_a_command_in_single_quotes() {
        use super::super::command::Manner;
        use netstat_engine::text::Language;
        for command in [Command::HelpFilter, Command::Help(Manner::Unix), Command::HelpExamples] {
            let text = double_quoted(&command.answer(Language::English).unwrap().text);
            let quoted: Vec<&str> = text.lines().filter(|line| line.contains("netstat '")).collect();
            assert_eq!(quoted, [""; 0]);
        }
        assert!(
            double_quoted(&Command::HelpFilter.answer(Language::English).unwrap().text)
                .contains("netstat \"")
        );
    }
}
