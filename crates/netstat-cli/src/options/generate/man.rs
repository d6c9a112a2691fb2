//! The man page, in the man(7) macros, which every formatter of man pages knows.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::examples;
use super::help::SUMMARY;
use netstat_check as check;
use netstat_engine::text::{Language, Text, wrapped};
use netstat_engine::{both, columns, filter};

/// The date in the footer: the day the texts of the page last changed. The page shows no version, so that it changes
/// only with its texts.
const REVISED: &str = "2026-11-30";

/// The width of source lines; formatters fill lines themselves.
const WIDTH: usize = 79;

/// The forms of a command line, and what each is for.
static FORMS: [(Text, Text); 8] = [
    (
        Text::fixed("[options] [filter] [interval]", "[옵션] [필터] [간격]"),
        Text::fixed("The table of connections.", "연결 표."),
    ),
    (
        Text::fixed(
            "-r | -s | -e | -c | -x | --interfaces | --multicast [options] [interval]",
            "-r | -s | -e | -c | -x | --interfaces | --multicast [옵션] [간격]",
        ),
        Text::fixed("Another report.", "다른 보고서."),
    ),
    (
        Text::fixed(
            "check [name ...] [filter] [options] [interval]",
            "check [이름 ...] [필터] [옵션] [간격]",
        ),
        Text::fixed(
            "What is wrong, which process causes it, and what to do next.",
            "무엇이 문제이고, 어느 프로세스 때문이며, 무엇을 해야 하는지.",
        ),
    ),
    (
        Text::fixed("check bind port ...", "check bind 포트 ..."),
        Text::fixed(
            "Who or what stops a program from binding a port.",
            "프로그램이 포트에 바인드하지 못하게 하는 것.",
        ),
    ),
    (
        Text::fixed("record [options]", "record [옵션]"),
        Text::fixed("Watches connections open and end, and keeps them.", "연결의 시작과 끝을 기록합니다."),
    ),
    (
        Text::fixed("history [filter] [options]", "history [필터] [옵션]"),
        Text::fixed(
            "Connections of the past, as netstat record kept them.",
            "netstat record가 저장한 지난 연결.",
        ),
    ),
    (
        Text::fixed("--help [topic]", "--help [주제]"),
        Text::fixed(
            "Help: in short with -h, about a topic (filter, columns, check, record, history, examples).",
            "도움말. -h는 짧게, 주제를 주면 그 주제(filter, columns, check, record, history, examples)만.",
        ),
    ),
    (
        Text::fixed("[net-tools options] [filter] [interval]", "[net-tools 옵션] [필터] [간격]"),
        Text::fixed(
            "What net-tools gives, for options that only net-tools knows, as in -tulpn.",
            "-tulpn처럼 net-tools만 아는 옵션이면 net-tools와 같은 출력.",
        ),
    ),
];

/// More examples than those of the help text, for what it does not show.
pub(super) static EXAMPLES: [(&str, Text); 5] = [
    (
        "netstat check bind 8080",
        Text::fixed(
            "Who or what stops a program from binding port 8080.",
            "프로그램이 8080 포트에 바인드하지 못하게 하는 것.",
        ),
    ),
    (
        "netstat --columns process,raddr,rtt --sort rtt:desc --limit 10",
        Text::fixed("The ten slowest connections, by process.", "가장 느린 연결 10개와 그 프로세스."),
    ),
    (
        "netstat --group-by process listening",
        Text::fixed("How many ports each program listens on.", "프로그램별 수신 대기 포트 수."),
    ),
    (
        "netstat record --keep 2GiB",
        Text::fixed(
            "Keeps connections, with at most 2 GiB, until it is told to stop.",
            "중지할 때까지 연결을 최대 2GiB까지 저장합니다.",
        ),
    ),
    (
        "netstat history process curl reason failed",
        Text::fixed(
            "What curl failed to connect to, from what netstat record kept.",
            "netstat record의 기록에서 curl이 연결하지 못한 곳.",
        ),
    ),
];

/// Exit codes, and what they mean.
static EXIT_CODES: [(&str, Text); 4] = [
    (
        "0",
        Text::fixed(
            "The report was shown. With --exists and --wait: a row matches. With netstat record --status: a recorder is running.",
            "보고서를 표시했습니다. --exists와 --wait에서는 맞는 행이 있습니다. netstat record --status에서는 기록기가 \
             실행 중입니다.",
        ),
    ),
    (
        "1",
        Text::fixed(
            "An error occurred, the command line was not understood, or help was asked for as on Windows (/?, -?); the reason is \
             on standard error. With --exists: no row matches. With --wait: the time was up. With netstat record --status: no \
             recorder is running.",
            "오류가 났거나, 명령줄을 이해하지 못했거나, Windows 방식(/?, -?)으로 도움말을 요청했습니다. 이유는 표준 \
             오류에 있습니다. --exists에서는 맞는 행이 없습니다. --wait에서는 시간이 다 되었습니다. netstat record \
             --status에서는 실행 중인 기록기가 없습니다.",
        ),
    ),
    (
        "2",
        Text::fixed(
            "With --exists and --wait: an error, or the answer depends on something that could not be read.",
            "--exists와 --wait에서는 오류이거나, 읽지 못한 것에 따라 답이 달라집니다.",
        ),
    ),
    (
        "3",
        Text::fixed(
            "In the net-tools dialect: the options were not understood, as in net-tools.",
            "net-tools 방언에서는 net-tools처럼 옵션을 이해하지 못했다는 뜻입니다.",
        ),
    ),
];

/// Environment variables.
static ENVIRONMENT: [(&str, Text); 5] = [
    (
        "NETSTAT_DIALECT",
        Text::fixed(
            "windows or net-tools: whose options these are. The option --dialect wins over it.",
            "windows 또는 net-tools: 어느 쪽의 옵션인지. --dialect 옵션이 우선합니다.",
        ),
    ),
    (
        "LC_ALL, LC_MESSAGES, LANG",
        Text::fixed(
            "The language, English or Korean, in this order. The option --lang wins over them.",
            "언어(영어 또는 한국어). 이 순서로 봅니다. --lang 옵션이 우선합니다.",
        ),
    ),
    (
        "NO_COLOR",
        Text::fixed(
            "If it is set and not empty, states are not coloured unless --color always is given.",
            "비어 있지 않으면 --color always를 주지 않는 한 상태에 색을 입히지 않습니다.",
        ),
    ),
    ("TERM", Text::fixed("dumb is for terminals without colours.", "dumb이면 색이 없는 터미널입니다.")),
    (
        "TZ",
        Text::fixed(
            "The time zone of times that are read and shown.",
            "입력하고 표시하는 시각의 시간대입니다.",
        ),
    ),
];

/// Files that are read or written.
static FILES: [(&str, Text); 6] = [
    (
        "/var/lib/netstat",
        Text::fixed(
            "The history that netstat record writes, and that netstat history and --at read. The option --store names another.",
            "netstat record가 쓰고 netstat history와 --at이 읽는 기록. --store 옵션으로 다른 곳을 지정합니다.",
        ),
    ),
    (
        "/run/netns",
        Text::fixed(
            "The network namespaces that ip netns knows by name, for --netns.",
            "ip netns가 이름으로 아는 네트워크 네임스페이스. --netns가 씁니다.",
        ),
    ),
    ("/etc/services", Text::fixed("The names of ports.", "포트의 이름.")),
    ("/etc/passwd", Text::fixed("The names of users.", "사용자의 이름.")),
    (
        "/proc",
        Text::fixed(
            "The processes that hold sockets; sockets as well, where the kernel does not list them over netlink.",
            "소켓을 가진 프로세스. 커널이 netlink로 나열하지 않는 소켓도 여기서 읽습니다.",
        ),
    ),
    (
        "/usr/lib/systemd/system/netstat-record.service",
        Text::fixed(
            "Runs the recorder as a service, where a package installs it.",
            "기록기를 서비스로 실행합니다. 패키지가 설치한 경우입니다.",
        ),
    ),
];

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
        let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
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
