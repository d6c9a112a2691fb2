//! The reference of options, in Markdown.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::examples;
use crate::render::contents::with_links;
use netstat_engine::both;
use netstat_engine::text::Language;
use netstat_engine::text::quote::for_shell;

/// The reference.
pub(super) fn markdown(language: Language) -> String {
    let mut page = both!(
        "<!-- Made by netstat --generate markdown. Do not edit. -->\n# Options of netstat\n\n\
         Letters may be combined in any order and typed in any case, after `-` or `/`: `-ano`, `/NAO`. Long options\n\
         take two dashes; their value is the next word or follows an equals sign: `--count 3`, `--count=3`.\n\
         Options may be repeated; the last value counts.\n\n\
         An option is marked *proposed* if some detail of its output is this program's own, because no output of Windows was\n\
         found to follow; the notes below say which.\n",
        "<!-- netstat --lang ko --generate markdown이 만든 파일입니다. 고치지 마십시오. -->\n# netstat의 옵션\n\n\
         글자 옵션은 `-`나 `/` 뒤에 순서와 대소문자에 관계없이 붙여 쓸 수 있습니다: `-ano`, `/NAO`. 긴 옵션은\n\
         `--`로 시작하고, 값은 다음 단어이거나 등호 뒤에 씁니다: `--count 3`, `--count=3`. 같은 옵션을 여러 번 쓰면\n\
         마지막 값을 따릅니다.\n\n\
         출력의 일부를 이 프로그램이 정한 옵션에는 *자체 형식*이라고 적었습니다. 따를 만한 Windows의 출력을 찾지 못한\n\
         것이며, 무엇인지는 아래 참고에 있습니다.\n"
    )
    .of(language)
    .to_owned();
    for (report, heading) in Topic::ALL {
        let columns =
            both!("| option | long | what it does | format |", "| 옵션 | 긴 이름 | 하는 일 | 형식 |");
        page.push_str(&format!(
            "\n## {}\n\n{}\n|---|---|---|---|\n",
            heading.of(language),
            columns.of(language)
        ));
        let entries = || table::sorted().into_iter().filter(move |entry| entry.report == report);
        for entry in entries() {
            page.push_str(&row(entry, language));
        }
        if report == Topic::Program {
            page.push_str(&format!("| `{}` | | {} | |\n", INTERVAL.name, escape(INTERVAL.help.of(language))));
        }
        page.push_str(both!("\nNotes:\n\n", "\n참고:\n\n").of(language));
        for entry in entries() {
            page.push_str(&note(entry, language));
        }
        if report == Topic::Program {
            page.push_str(&format!("- `{}`: {}\n", INTERVAL.name, escape(INTERVAL.details.of(language))));
        }
    }
    page.push_str(both!("\n## Examples\n\n", "\n## 예\n\n").of(language));
    for (command, meaning) in &examples::EXAMPLES {
        page.push_str(&format!("- `{command}`: {}\n", escape(meaning.of(language))));
    }
    page.push_str(
        both!(
            "\n## Exit codes\n\n- 0: the report was shown.\n- 1: an error occurred, the command line was not understood, \
             or help was asked for as on Windows.\n  If the command line was not understood, one line on standard \
             error says what to type instead,\n  and standard output is empty.\n- `netstat check`: \
             0 ok, or notices only; 1 warning; 2 critical; 3 unknown, or an error.\n- `netstat close` and `netstat end`: 0 all are gone; 1 some are \
              still there, or there was nothing to do;\n  2 nothing could be done, or an error.\n\n## Coming from net-tools or ss\n\n\
             A command line with options that only net-tools knows gives what net-tools gives; netstat --dialect net-tools \
             --help\nlists its options. Where both have a letter it means what it means on Windows. With --dialect windows, \
             or beside\noptions that only this program has, such a command line is answered with the nearest command in the \
             words of Windows,\nwhich is not run:\n\n\
             | typed | type instead |\n|---|---|\n",
            "\n## 종료 코드\n\n- 0: 보고서를 표시했습니다.\n- 1: 오류가 났거나, 명령줄을 이해하지 못했거나, Windows \
             방식으로 도움말을 요청했습니다.\n  명령줄을 이해하지 못했으면 표준 오류의 한 줄이 무엇을 입력해야 하는지 \
             알려 주고,\n  표준 출력은 비어 있습니다.\n- `netstat check`: 0 정상 또는 알림만, 1 경고, 2 위험, 3 확인 \
             불가 또는 오류.\n- `netstat close`와 `netstat end`: 0 모두 닫거나 끝냄, 1 일부가 남았거나 할 일이 없음, 2 아무것도 하지 \
              못함 또는 오류.\n\n## net-tools나 ss를 쓰던 경우\n\n\
             net-tools만 아는 옵션이 있는 명령줄은 net-tools와 같은 결과를 냅니다. 그 옵션 목록은 netstat --dialect \
             net-tools --help에\n있습니다. 양쪽에 다 있는 글자는 Windows의 뜻입니다. --dialect windows를 주었거나 이 \
             프로그램에만 있는 옵션과\n섞어 쓰면, 가장 가까운 Windows식 명령을 알려 주기만 하고 실행하지는 않습니다:\n\n\
             | 입력 | 대신 입력할 명령 |\n|---|---|\n"
        )
        .of(language),
    );
    for (typed, instead) in super::super::net_tools::EXAMPLES {
        page.push_str(&format!("| `netstat {typed}` | `{instead}` |\n"));
    }
    with_links(&page, "options", language)
}

fn row(entry: &Entry, language: Language) -> String {
    let value = entry.value().map(|value| format!(" {}", value.name)).unwrap_or_default();
    let letters: Vec<_> = entry.letters.iter().map(|letter| format!("`-{letter}{value}`")).collect();
    let proposed = both!("proposed", "자체 형식");
    let format = if entry.inferred.is_some() { proposed.of(language) } else { "" };
    format!(
        "| {} | `{}` | {} | {format} |\n",
        letters.join(", "),
        entry.long_with_value(),
        escape(entry.help.of(language))
    )
}

fn note(entry: &Entry, language: Language) -> String {
    let mut sentences = Vec::new();
    let details = entry.details.of(language);
    if !details.is_empty() {
        sentences.push(escape(details));
    }
    if let Some(value) = entry.value() {
        let example = format!("`--{} {}`", entry.long, for_shell(value.example.as_ref()));
        sentences.push(both!("Example: {example}.", "예: {example}.", example).of(language).to_owned());
    }
    if let Some(inferred) = &entry.inferred {
        let mark = both!("*Proposed:*", "*자체 형식:*");
        sentences.push(format!("{} {}", mark.of(language), escape(inferred.of(language))));
    }
    if sentences.is_empty() {
        return String::new();
    }
    let name = match entry.letters.first() {
        Some(letter) => format!("`-{letter}`"),
        None => format!("`--{}`", entry.long),
    };
    format!("- {name}: {}\n", sentences.join(" "))
}

/// Escapes Markdown syntax.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
