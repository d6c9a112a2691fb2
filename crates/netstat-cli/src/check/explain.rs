//! `--list`, `--explain`, and the document made of the explanations.

use super::text::EN;
use super::thresholds::Default;
use super::{ALL, Check, Setting, Text};
use crate::text::{Language, cells};

/// The checks, a line each.
pub(crate) fn listed(language: Language) -> String {
    let width = ALL.iter().map(|check| check.name.len()).max().unwrap_or_default();
    ALL.iter().map(|check| format!("{:<width$}  {}\n", check.name, check.summary.of(language))).collect()
}

/// The headings of an explanation.
struct Headings {
    settings: Text,
    needs: Text,
}

const HEADINGS: Headings = Headings {
    settings: Text::fixed(
        "Settings (--set NAME=VALUE, or a table of the check in the file of --config):",
        "설정 (--set 이름=값, 또는 --config 파일에 있는 검사의 표):",
    ),
    needs: Text::fixed("Sources:", "근거:"),
};

/// Everything about a check, for people.
pub(crate) fn explained(check: &Check, language: Language) -> String {
    let mut text = format!("{}: {}\n", check.name, check.summary.of(language));
    for paragraph in check.rule.of(language).split("\n\n") {
        text.push('\n');
        for line in wrapped(paragraph, 79) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    if !check.settings.is_empty() {
        text.push_str(&format!("\n{}\n", HEADINGS.settings.of(language)));
        for setting in check.settings {
            text.push_str(&format!("  {}\n", assignment(check, setting, language)));
            for line in wrapped(setting.meaning.of(language), 75) {
                text.push_str(&format!("      {line}\n"));
            }
        }
    }
    text.push_str(&format!("\n{}\n", HEADINGS.needs.of(language)));
    for source in check.sources {
        text.push_str(&format!("  {source}\n"));
    }
    text
}

/// A setting as it is typed, with its default and unit.
fn assignment(check: &Check, setting: &Setting, language: Language) -> String {
    let value = match setting.default {
        Default::Number(number) => number.to_string(),
        Default::Words(words) => words.join(","),
        Default::Ports | Default::Countries => String::new(),
    };
    let unit = setting.unit.of(language);
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    format!("{}.{}={value}{unit}", check.name, setting.name)
}

/// The reference of all checks, in Markdown.
pub(crate) fn markdown() -> String {
    let mut page = String::from(
        "<!-- Made by netstat --generate checks. Do not edit. -->\n# The checks of netstat check\n\n\
         `netstat check` runs them all, `netstat check NAME...` those that are named; words after the names are a filter of\n\
         the sockets. `netstat check --list` and `netstat check --explain NAME` say the same as this page, in Korean as \
         well.\n\n\
         | severity | meaning | exit code |\n|---|---|---|\n\
         | ok | nothing is wrong | 0 |\n\
         | notice | worth knowing; nobody has to do anything | 0 |\n\
         | warning | somebody should look at it soon | 1 |\n\
         | critical | it hurts now, or will within minutes | 2 |\n\
         | unknown | an input is missing: the check abstains and says what it needs | 3 |\n\n\
         The exit code is that of the worst finding; critical is worst, then warning, then unknown. An error has 3 as well.\n\n\
         Settings are changed with `--set NAME=VALUE`, or for good in a TOML file that `--config FILE` names:\n\n\
         ```toml\n[close-wait]\nwarning = 200\n```\n",
    );
    for check in ALL {
        page.push_str(&format!("\n## {}\n\n{}.\n", check.name, capitalised(check.summary.of(EN))));
        for paragraph in check.rule.of(EN).split("\n\n") {
            page.push_str(&format!("\n{paragraph}\n"));
        }
        if !check.settings.is_empty() {
            page.push_str("\n| setting | default | unit | meaning |\n|---|---|---|---|\n");
            for setting in check.settings {
                let value = match setting.default {
                    Default::Number(number) => number.to_string(),
                    Default::Words(words) => words.join(", "),
                    Default::Ports | Default::Countries => String::new(),
                };
                page.push_str(&format!(
                    "| `{}.{}` | {value} | {} | {} |\n",
                    check.name,
                    setting.name,
                    setting.unit.of(EN),
                    setting.meaning.of(EN)
                ));
            }
        }
        page.push_str("\nSources:\n\n");
        for source in check.sources {
            page.push_str(&format!("- {source}\n"));
        }
    }
    page.replace('\u{a0}', " ")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Lines of at most `width` display cells, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    filled(text.split(' ').map(str::to_owned), width)
}

/// Lines of a step to take. A command in it is not broken, however long it is: it is there to be copied.
pub(crate) fn wrapped_step(text: &str, width: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut in_command = false;
    for word in text.split(' ') {
        // What explains a command is in brackets, or goes on in Korean.
        in_command &= !word.starts_with('(') && word.is_ascii();
        match pieces.last_mut() {
            Some(command) if in_command => {
                command.push(' ');
                command.push_str(word);
            }
            _ => {
                in_command = COMMANDS.contains(&word);
                pieces.push(word.to_owned());
            }
        }
        in_command &= !word.ends_with([',', ';']);
    }
    filled(pieces, width)
}

/// What commands begin with.
const COMMANDS: [&str; 14] = [
    "Find-NetRoute",
    "cat",
    "cp",
    "grep",
    "ip",
    "mtr",
    "netsh",
    "netstat",
    "pathping",
    "ping",
    "pktmon",
    "reg",
    "sysctl",
    "tcpdump",
];

/// Lines of at most `width` display cells, broken between pieces.
fn filled(pieces: impl IntoIterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
        match lines.last_mut() {
            Some(line) if cells(line.as_bytes()) + 1 + cells(piece.as_bytes()) <= width => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped_step;

    #[test]
    fn a_command_to_copy_is_not_broken() {
        for (step, lines) in [
            (
                "if it is meant to be so: netstat check --set exposed.except=6379",
                &["if it is meant to be so:", "netstat check --set exposed.except=6379"][..],
            ),
            (
                "widen it: sysctl -w net.ipv4.ip_local_port_range='1024 65535' (reserve ports first), or connect",
                &[
                    "widen it:",
                    "sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
                    "(reserve ports first), or",
                    "connect",
                ],
            ),
            (
                "sysctl -w net.core.somaxconn=4096 후 프로그램을 다시",
                &["sysctl -w net.core.somaxconn=4096", "후 프로그램을 다시"],
            ),
            ("ping a, netstat check connecting", &["ping a,", "netstat check connecting"]),
        ] {
            assert_eq!(wrapped_step(step, 25), lines);
        }
    }
}
