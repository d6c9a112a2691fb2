//! The man page, in the man(7) macros, which every formatter of man pages knows.

mod lists;

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::examples;
use super::help::SUMMARY;
pub(super) use lists::EXAMPLES;
use lists::{ENVIRONMENT, EXIT_CODES, FILES, FORMS};
use netstat_check as check;
use netstat_engine::text::{Language, Text, wrapped};
use netstat_engine::{both, columns, filter};

/// The date in the footer: the day the texts of the page last changed. The page shows no version, so that it changes
/// only with its texts.
const REVISED: &str = "2026-11-30";

/// The width of source lines; formatters fill lines themselves.
const WIDTH: usize = 79;

/// The man page.
pub(super) fn man(language: Language) -> String {
    let of = |text: Text| text.of(language).to_owned();
    let mut page = String::from(".\\\" ");
    page.push_str(&of(both!(
        "Made by netstat --generate man. Do not edit.",
        "netstat --lang ko --generate man이 만든 파일입니다. 고치지 마십시오."
    )));
    page.push_str(&format!(
        "\n.TH NETSTAT 1 {REVISED} netstat \"{}\"\n",
        of(both!("User Commands", "사용자 명령"))
    ));
    section(&mut page, &of(both!("NAME", "이름")));
    page.push_str(&of(both!(
        "netstat \\- show network connections, routes and statistics\n",
        "netstat \\- 네트워크 연결, 라우팅, 통계 표시\n"
    )));
    section(&mut page, &of(both!("SYNOPSIS", "사용법")));
    for (at, (form, _)) in FORMS.iter().enumerate() {
        let line_break = if at == 0 { "" } else { ".br\n" };
        page.push_str(&format!("{line_break}.B netstat\n"));
        sentence_lines(&mut page, &escape(form.of(language)));
    }
    section(&mut page, &of(both!("DESCRIPTION", "설명")));
    paragraph(&mut page, SUMMARY.of(language));
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        &of(both!(
            "The command line and the output are those of netstat on Windows. Without options it shows TCP connections, with \
             host and service names where they are known.",
            "명령줄과 출력은 Windows의 netstat과 같습니다. 옵션이 없으면 TCP 연결을, 아는 경우 호스트와 서비스의 이름으로 \
             표시합니다."
        )),
    );
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        &of(both!(
            "Letters may be combined in any order and typed in any case, after - or / (-ano, /NAO). Long options take two \
             dashes; their value is the next word or follows an equals sign. Options and filter may stand in any order. A number \
             alone is the interval.",
            "글자 옵션은 -나 / 뒤에 순서와 대소문자에 관계없이 붙여 쓸 수 있습니다(-ano, /NAO). 긴 옵션은 --로 시작하고, \
             값은 다음 단어이거나 등호 뒤에 씁니다. 옵션과 필터의 순서는 자유입니다. 숫자만 쓰면 간격입니다."
        )),
    );
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        &of(both!(
            "The forms of the command line, in the order of the synopsis:",
            "명령줄의 형태는 사용법의 순서대로 다음과 같습니다:"
        )),
    );
    for (form, meaning) in &FORMS {
        item(&mut page, &bold(&format!("netstat {}", form.of(language))), meaning.of(language), "");
    }
    section(&mut page, &of(both!("OPTIONS", "옵션")));
    for (report, heading) in Topic::ALL {
        page.push_str(&format!(".SS {}\n", heading.of(language)));
        for entry in table::sorted().into_iter().filter(|entry| entry.report == report) {
            item(&mut page, &spelled(entry), entry.help.of(language), entry.details.of(language));
            if let Some(inferred) = &entry.inferred {
                page.push_str(".IP\n");
                let what = lower_first(inferred.of(language));
                paragraph(
                    &mut page,
                    &of(both!(
                        "Format not documented by Microsoft: {what}",
                        "Microsoft가 문서화하지 않은 형식: {what}",
                        what
                    )),
                );
            }
        }
        if report == Topic::Program {
            let name = format!("\\fI{}\\fR", INTERVAL.name);
            item(&mut page, &name, INTERVAL.help.of(language), INTERVAL.details.of(language));
        }
    }
    section(&mut page, &of(both!("FILTERS", "필터")));
    filters(&mut page, &filter::help(language));
    section(&mut page, &of(both!("COLUMNS", "열")));
    paragraph(
        &mut page,
        &of(both!(
            "Names of columns, for --columns, --sort and --group-by. They are the keys of JSON and CSV as well.",
            "--columns, --sort, --group-by에 쓰는 열의 이름입니다. JSON과 CSV의 키이기도 합니다."
        )),
    );
    for column in columns::ALL {
        let unit = column.unit_in(language);
        let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
        item(&mut page, &bold(column.name), &format!("{}{unit}.", column.meaning.of(language)), "");
    }
    section(&mut page, &of(both!("CHECKS", "검사")));
    paragraph(
        &mut page,
        &of(both!(
            "netstat check runs all of these, or those that are named. netstat check --explain NAME explains the rule of a check, and \
             lists its settings.",
            "netstat check는 아래 검사를 모두, 이름을 주면 그 검사만 실행합니다. netstat check --explain 이름은 검사의 규칙을 \
             설명하고 설정을 나열합니다."
        )),
    );
    for known in check::ALL {
        let summary = upper_first(known.data.summary.of(language));
        item(&mut page, &bold(known.name), &format!("{summary}."), "");
    }
    section(&mut page, &of(both!("EXAMPLES", "예")));
    let short = super::short::EXAMPLES
        .iter()
        .map(|(command, meaning)| (*command, format!("{}.", upper_first(meaning.of(language)))));
    let others = examples::EXAMPLES.iter().chain(&EXAMPLES);
    let others = others.map(|(command, meaning)| (*command, meaning.of(language).to_owned()));
    for (command, meaning) in short.chain(others) {
        item(&mut page, &bold(command), &meaning, "");
    }
    section(&mut page, &of(both!("EXIT STATUS", "종료 상태")));
    for (code, meaning) in &EXIT_CODES {
        item(&mut page, &bold(code), meaning.of(language), "");
    }
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        &of(both!(
            "The exit codes of netstat check are what monitoring systems expect: 0 ok, or only notices; 1 warning; 2 critical; \
             3 unknown, or an error.",
            "netstat check의 종료 코드는 모니터링 시스템의 관례를 따릅니다: 0 정상 또는 알림만, 1 경고, 2 위험, 3 확인 불가 \
             또는 오류."
        )),
    );
    for (heading, list) in
        [(both!("ENVIRONMENT", "환경 변수"), &ENVIRONMENT[..]), (both!("FILES", "파일"), &FILES)]
    {
        section(&mut page, heading.of(language));
        for (name, meaning) in list {
            item(&mut page, &bold(name), meaning.of(language), "");
        }
    }
    section(&mut page, &of(both!("SEE ALSO", "관련 항목")));
    let others = [("ss", 8), ("ip", 8), ("ip-netns", 8), ("lsof", 8), ("services", 5)];
    let others = others.map(|(name, part)| format!(".BR {} ({part})", escape(name)));
    page.push_str(&format!("{}\n", others.join(",\n")));
    page
}

fn section(page: &mut String, heading: &str) {
    let quote = if heading.contains(' ') { "\"" } else { "" };
    page.push_str(&format!(".SH {quote}{heading}{quote}\n"));
}

/// Writes the help on the filter language, whose lines are paragraphs and, indented, lists.
fn filters(page: &mut String, help: &str) {
    // The heading begins a paragraph by itself.
    let mut begins = false;
    // An indented line goes on with the one before it; below a list of words that is so only behind a comma.
    let (mut is_list, mut goes_on) = (false, false);
    for line in help.lines() {
        let text = line.trim_start();
        match line.len() - text.len() {
            _ if text.is_empty() => begins = true,
            // A word and its meaning, far apart.
            2 if text.contains("   ") || text.starts_with("netstat ") => {
                let (word, meaning) = text.split_once("   ").unwrap_or((text, ""));
                item(page, &bold(word), meaning.trim_start(), "");
                begins = true;
            }
            // What an example finds, or the rest of a paragraph.
            indent if indent > 2 || (indent == 2 && !begins) => {
                if is_list && !goes_on {
                    page.push_str(".br\n");
                }
                paragraph(page, text);
            }
            _ => {
                let (word, _) = text.split_once([':', ',']).unwrap_or_default();
                let is_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
                if begins || is_name {
                    page.push_str(".PP\n");
                }
                begins = false;
                // Addresses are explained in sentences.
                is_list = word.len() == 1 && word != "A";
                paragraph(page, text);
            }
        }
        goes_on = text.ends_with(',');
    }
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escape(text))
}

/// Returns every spelling of an option in bold, and its value in italics: `-p, --protocol proto`.
fn spelled(entry: &Entry) -> String {
    let mut spellings: Vec<_> = entry.letters.iter().map(|letter| format!("\\fB\\-{letter}\\fR")).collect();
    spellings.push(bold(&format!("--{}", entry.long)));
    let value = entry.value().map(|value| format!("\\ \\fI{}\\fR", value.name)).unwrap_or_default();
    spellings.join(", ") + &value
}

fn item(page: &mut String, tag: &str, help: &str, details: &str) {
    // An input line ends with a backslash where its line goes on: a tag is one line.
    page.push_str(&format!(".TP\n{}\n", wrapped(tag, WIDTH - 2).join(" \\\n")));
    paragraph(page, help);
    paragraph(page, details);
}

/// Writes one sentence per line, the convention for man pages, so that changes are easy to review.
fn paragraph(page: &mut String, text: &str) {
    let text = escape(text);
    let mut rest = text.as_str();
    while let Some((sentence, after)) = rest.split_once(". ") {
        sentence_lines(page, &format!("{sentence}."));
        rest = after;
    }
    if !rest.is_empty() {
        sentence_lines(page, rest);
    }
}

fn sentence_lines(page: &mut String, sentence: &str) {
    for line in wrapped(sentence, WIDTH) {
        // A line that begins with a period or an apostrophe would be a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        page.push_str(&format!("{guard}{line}\n"));
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Lowers the first letter, except of an abbreviation.
fn lower_first(text: &str) -> String {
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
