//! Questions on the terminal. Whatever is not a clear yes is a no.

use super::words::Words;
use crate::output::{self, Trouble};
use crate::settings::{Act, Deed, Settings};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::for_shell;
use netstat_model::query::Scope;
use std::io::{self, IsTerminal};

/// From this number on the number itself is to be typed.
const MANY: usize = 11;

/// Returns the filter as it is typed.
pub(super) fn filter_words(settings: &Settings) -> String {
    settings.filter.iter().map(|word| for_shell(word)).collect::<Vec<_>>().join(" ")
}

/// Returns the command line of what was asked for, with more words at its end.
pub(super) fn command(asked: &Act, settings: &Settings, more: &str) -> String {
    let verb = if asked.deed == Deed::Close { "close" } else { "end" };
    let mut command = format!("netstat {verb} {}", filter_words(settings));
    match (&settings.namespace, settings.scope) {
        (Some(of), _) => command.push_str(&format!(" --netns {}", for_shell(of))),
        (None, Scope::All) => command.push_str(" --netns all"),
        (None, Scope::Own) => {}
    }
    let flags = [
        (asked.deed == Deed::Kill, " --kill"),
        (asked.how.this_terminal, " --this-terminal"),
        (asked.how.yes, " --yes"),
    ];
    flags.iter().filter(|(given, _)| *given).for_each(|(_, flag)| command.push_str(flag));
    command + more
}

/// Refuses to go on where nobody can be asked.
///
/// # Errors
/// The command that works without.
pub(super) fn can_ask(asked: &Act, settings: &Settings) -> Result<(), Trouble> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(both!(
        "there is no terminal to ask on: type {yes}, or to see what it would do {dry_run}",
        "물어볼 터미널이 없습니다. 이렇게 입력하세요: {yes}, 또는 무엇을 할지만 보려면 {dry_run}",
        yes = command(asked, settings, " --yes"),
        dry_run = command(asked, settings, " --dry-run")
    )
    .into())
}

/// Reads a line; empty at its end, and where it is no text.
fn read() -> String {
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) | Err(_) => {
            output::error_text("\n");
            String::new()
        }
        Ok(_) => line.trim().to_lowercase(),
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer, "y" | "yes" | "예" | "네")
}

/// Asks whether to go on with so many targets.
pub(super) fn confirm(words: &Words<'_>, count: usize) -> bool {
    output::error_text(&format!("{} ", words.question(count, count >= MANY).of(words.language)));
    let answer = read();
    if count >= MANY { answer == count.to_string() } else { is_yes(&answer) }
}

/// Asks about what this terminal comes through.
pub(super) fn confirm_terminal(words: &Words<'_>, is_red: bool) -> bool {
    let question: Text = words.question_of_terminal();
    let (begin, end) = if is_red { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
    output::error_text(&format!("{begin}{}{end} ", question.of(words.language)));
    is_yes(&read())
}
