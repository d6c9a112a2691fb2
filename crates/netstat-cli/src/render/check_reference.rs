//! `netstat check --list`, `--explain`, and the Markdown reference made of the explanations.

use super::contents::with_links;
use netstat_check::{ALL, Check, Setting, System, Text};
use netstat_engine::both;
use netstat_engine::text::Language;
use netstat_engine::text::wrapped;

/// Returns the list of the checks, a line each.
pub(crate) fn listed(language: Language) -> String {
    let width = ALL.iter().map(|check| check.name.len()).max().unwrap_or_default();
    ALL.iter().map(|check| format!("{:<width$}  {}\n", check.name, check.data.summary.of(language))).collect()
}

const SETTINGS: Text = Text::fixed(
    "Settings (--set NAME=VALUE, or a table of the check in the file of --config):",
    "설정 (--set 이름=값, 또는 --config 파일에 있는 검사의 표):",
);
const SOURCES: Text = Text::fixed("Sources:", "근거:");

const LINUX_ONLY: Text = Text::fixed(
    "Windows does not tell what this check needs, so there it reports that it does not know.",
    "이 검사에 필요한 것을 Windows가 알려 주지 않으므로 Windows에서는 확인 불가로 보고합니다.",
);

/// Returns everything about a check on the system of this program, for people.
pub(crate) fn explained(check: &Check, language: Language) -> String {
    explained_on(System::THIS, check, language)
}

fn explained_on(system: System, check: &Check, language: Language) -> String {
    let data = check.data;
    let mut text = format!("{}: {}\n", check.name, data.summary.of(language));
    let is_windows = system == System::Windows;
    if is_windows && data.linux_only {
        text.push('\n');
        for line in wrapped(LINUX_ONLY.of(language), 79) {
            text.push_str(&format!("{line}\n"));
        }
        return text;
    }
    for paragraph in data.rule_on(language, Some(system)) {
        text.push('\n');
        for line in wrapped(paragraph, 79) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    let mut settings = data.settings.iter().filter(|setting| !(is_windows && setting.linux_only)).peekable();
    if settings.peek().is_some() {
        text.push_str(&format!("\n{}\n", SETTINGS.of(language)));
        for setting in settings {
            let unit = setting.unit.of(language);
            let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
            text.push_str(&format!("  {}.{}={}{unit}\n", check.name, setting.name, default(setting)));
            for line in wrapped(setting.meaning.of(language), 75) {
                text.push_str(&format!("      {line}\n"));
            }
        }
    }
    text.push_str(&format!("\n{}\n", SOURCES.of(language)));
    for source in data.sources_on(language, Some(system)) {
        text.push_str(&format!("  {source}\n"));
    }
    text
}

/// Returns the default of a setting; a list has none.
fn default(setting: &Setting) -> String {
    if setting.list.is_some() { String::new() } else { setting.default.to_string() }
}

/// Returns the reference of all checks, in Markdown.
pub(crate) fn markdown(language: Language) -> String {
    let mut page = both!(
        "<!-- Made by netstat --generate checks. Do not edit. -->\n# The checks of netstat check\n\n\
         `netstat check` runs all of them, `netstat check NAME...` the named ones; add a filter after the names to check\n\
         only matching sockets. `netstat check --list` and `netstat check --explain NAME` print the same as this page.\n\n\
         | severity | meaning | exit code |\n|---|---|---|\n\
         | ok | nothing is wrong | 0 |\n\
         | notice | worth knowing; nobody has to act | 0 |\n\
         | warning | somebody should look at it soon | 1 |\n\
         | critical | it hurts now, or will within minutes | 2 |\n\
         | unknown | an input is missing: the check abstains and says what it needs | 3 |\n\n\
         The exit code is that of the worst finding; critical is worst, then warning, then unknown. An error has 3 as well.\n\n\
         `netstat check --at WHEN` judges the table as it was at a time, and `netstat check --since WHEN` what happened since\n\
         then (up to `--until`), from what [`netstat record`](recorder.md) kept. A moment is judged by the checks that need\n\
         nothing but what a history keeps; a span by port-exhaustion (the most ports at once), close-wait (what grows) and\n\
         connecting (what failed). The others say that they do not know it of the past, which counts where they are named.\n\
         Where the history of a span is not whole, \"nothing is wrong\" becomes unknown. `--json` has the span as `since` and\n\
         `until`.\n\n\
         Change settings with `--set NAME=VALUE`, or permanently in a TOML file that `--config FILE` names:\n\n\
         ```toml\n[close-wait]\nwarning = 200\n```\n",
        "<!-- netstat --lang ko --generate checks가 만든 파일입니다. 고치지 마십시오. -->\n# netstat check의 검사\n\n\
         `netstat check`는 모든 검사를, `netstat check 이름...`은 그 검사만 실행합니다. 이름 뒤에 필터를 쓰면 맞는 소켓만\n\
         검사합니다. `netstat check --list`와 `netstat check --explain 이름`에도 이 문서와 같은 내용이 나옵니다.\n\n\
         | 심각도 | 의미 | 종료 코드 |\n|---|---|---|\n\
         | 정상 | 문제가 없음 | 0 |\n\
         | 알림 | 알아 둘 만하지만 조치할 필요는 없음 | 0 |\n\
         | 경고 | 곧 살펴봐야 함 | 1 |\n\
         | 위험 | 지금 장애가 있거나 몇 분 안에 생김 | 2 |\n\
         | 확인 불가 | 판단에 필요한 값이 없음: 판단하지 않고 무엇이 필요한지 알려 줌 | 3 |\n\n\
         종료 코드는 가장 나쁜 결과의 것입니다. 위험이 가장 나쁘고, 경고, 확인 불가의 순서입니다. 오류도 3입니다.\n\n\
         `netstat check --at 시각`은 그 시각의 연결 표를, `netstat check --since 시각`은 그때부터(`--until`까지) 있었던 일을\n\
         [`netstat record`](recorder.ko.md)의 기록으로 점검합니다. 한 시각은 기록에 있는 것만으로 판단할 수 있는 검사가, 기간은\n\
         port-exhaustion(동시에 쓴 포트의 최대), close-wait(늘어나는 것), connecting(실패한 연결)이 점검합니다. 나머지 검사는\n\
         지난 일은 알 수 없다고 답하며, 이름을 지정한 검사만 종료 코드에 반영됩니다. 기간의 기록이 완전하지 않으면 이상이 없다는\n\
         결과 대신 확인 불가가 됩니다. `--json`에는 기간이 `since`와 `until`로 들어갑니다.\n\n\
         설정은 `--set 이름=값`으로 바꾸고, 계속 적용하려면 TOML 파일에 적어 `--config 파일`로 지정합니다:\n\n\
         ```toml\n[close-wait]\nwarning = 200\n```\n"
    )
    .of(language)
    .to_owned();
    for check in ALL {
        let data = check.data;
        page.push_str(&format!("\n## {}\n\n{}.\n", check.name, capitalised(data.summary.of(language))));
        for paragraph in data.rule_on(language, None) {
            page.push_str(&format!("\n{paragraph}\n"));
        }
        if !data.settings.is_empty() {
            let columns = both!("| setting | default | unit | meaning |", "| 설정 | 기본값 | 단위 | 의미 |");
            page.push_str(&format!("\n{}\n|---|---|---|---|\n", columns.of(language)));
            for setting in &data.settings {
                page.push_str(&format!(
                    "| `{}.{}` | {} | {} | {} |\n",
                    check.name,
                    setting.name,
                    default(setting),
                    setting.unit.of(language),
                    setting.meaning.of(language)
                ));
            }
        }
        page.push_str(&format!("\n{}\n\n", SOURCES.of(language)));
        for source in data.sources_on(language, None) {
            page.push_str(&format!("- {source}\n"));
        }
    }
    with_links(&page.replace('\u{a0}', " "), "check", language)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_on_windows_names_nothing_that_linux_alone_has() {
        for check in ALL {
            for language in [Language::English, Language::Korean] {
                let here = explained_on(System::Windows, check, language);
                for word in [
                    "sysctl",
                    "tcp_max",
                    "tcp_tw",
                    "tcp_syn",
                    "net.ipv4",
                    "/proc/sys",
                    "/proc/net/snmp",
                    "linux: ",
                    "windows: ",
                ] {
                    assert!(!here.contains(word), "{} says {word} on Windows: {here}", check.name);
                }
                let on_linux = explained_on(System::Linux, check, language);
                assert!(!on_linux.contains("linux: ") && !on_linux.contains("netsh"), "{on_linux}");
            }
        }
        for language in [Language::English, Language::Korean] {
            let page = markdown(language);
            assert!(
                !page.contains("linux: ") && page.contains("netsh") && page.contains("tcp_tw_reuse"),
                "{page}"
            );
        }
    }
}
