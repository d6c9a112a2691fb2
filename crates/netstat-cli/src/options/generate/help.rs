//! The help text, in the layout of the Windows one.

use super::super::arguments::Verb;
use super::super::entry::Entry;
use super::super::table::{self, INTERVAL};
use super::super::verb::takes;
use netstat_check as check;
use netstat_engine::both;
use netstat_engine::text::{Language, Text, cells, wrapped};
use std::iter::once;

/// What the program does.
pub(super) static SUMMARY: Text = Text::fixed(
    "Shows network connections, routes, and statistics of protocols and interfaces.",
    "네트워크 연결, 라우팅 테이블, 프로토콜과 인터페이스의 통계를 표시합니다.",
);

/// The words that may come first.
const VERBS: [(Verb, &str); 10] = [
    (
        Verb::Check,
        "As the first word: says what is wrong, which process causes it, and what to do next. See netstat check --help.",
    ),
    (Verb::Record, "As the first word: watches connections open and end. See netstat record --help."),
    (
        Verb::History,
        "As the first word: tells what connections there were, from what netstat record kept. See netstat history --help.",
    ),
    (Verb::Close, "As the first word: closes connections, after asking. See netstat close --help."),
    (
        Verb::End,
        "As the first word: ends the processes that hold sockets, after asking. See netstat end --help.",
    ),
    (Verb::Live, "As the first word: shows connections as they come and go. See netstat live --help."),
    (
        Verb::Capture,
        "As the first word: keeps the packets of connections, with the process of each. See netstat capture --help.",
    ),
    (
        Verb::Metrics,
        "As the first word: gives what there is to Prometheus, OpenMetrics and OpenTelemetry. See netstat metrics --help.",
    ),
    (
        Verb::Report,
        "As the first word: makes a page of what happened, with plots and tables, to mail to somebody. See netstat report --help.",
    ),
    (
        Verb::Ship,
        "As the first word: sends what netstat record keeps to ClickHouse. See netstat ship --help.",
    ),
];

/// The column in which descriptions start.
const DESCRIPTIONS: usize = 16;

/// The maximum width of a line. The synopsis may exceed it, as on Windows.
const WIDTH: usize = 79;

/// The help text of `/?`, which has no Korean because no Korean one of Windows was found to follow.
pub(in super::super) fn help() -> String {
    let entries: Vec<_> = table::sorted().into_iter().filter(|entry| entry.report.verb().is_none()).collect();
    let named = entries
        .iter()
        .filter(|entry| entry.in_synopsis)
        .map(|entry| format!("[{}]", entry.short_with_value()));
    let synopsis: Vec<_> =
        once("NETSTAT".to_owned()).chain(named).chain(once(format!("[{}]", INTERVAL.name))).collect();
    let mut text = format!("\n{}\n\n{}\n\n", SUMMARY.english(), synopsis.join(" "));
    for entry in entries {
        push_item(&mut text, &entry.short_with_value(), &described(entry, Language::English));
    }
    for (verb, help) in VERBS {
        push_item(&mut text, verb.name(), help);
    }
    push_item(&mut text, INTERVAL.name, INTERVAL.help.english());
    text.push('\n');
    text
}

/// Returns the help of an option, with its long spelling where it is listed by its letter.
pub(super) fn described(entry: &Entry, language: Language) -> String {
    let help = entry.help.of(language);
    // Asked for by its letter, the help is shorter.
    let long = !entry.letters.is_empty() && entry.long != "help";
    if long { format!("{help} (--{})", entry.long) } else { help.to_owned() }
}

/// The help text of a first word.
pub(in super::super) fn help_of(verb: Verb, language: Language) -> String {
    match verb {
        Verb::Check => help_of_check(language),
        Verb::Record => help_of_record(language),
        Verb::History => help_of_history(language),
        Verb::Close | Verb::End => help_of_act(verb, language),
        Verb::Live => help_of_live(language),
        Verb::Capture => help_of_capture(language),
        Verb::Metrics => help_of_metrics(language),
        Verb::Report => help_of_report(language),
        Verb::Ship => help_of_ship(language),
    }
}

fn help_of_record(language: Language) -> String {
    let begin = both!(
        "\nWatches connections open and end: by whom, to whom, for how long, and how they\nended.\n\n\
         NETSTAT record [FILTER] [OPTIONS]\n\n",
        "\n연결이 열리고 끝나는 것을 지켜봅니다: 누가, 어디로, 얼마 동안, 어떻게 끝났는지.\n\n\
         NETSTAT record [필터] [옵션]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    let filter = both!(
        "Keeps only matching connections (netstat --help filter), judged while they are open and by what is known at \
         their ends, as in not loopback. Whoever asks the history is told.",
        "필터에 맞는 연결만 저장합니다(netstat --help filter). 열려 있는 동안, 그리고 끝날 때 알려진 것으로 판단합니다. \
         예: not loopback. 나중에 기록을 볼 때 이 필터를 알려 줍니다."
    );
    push_item(&mut text, both!("FILTER", "필터").of(language), filter.of(language));
    push_options(&mut text, Verb::Record, language);
    text.push('\n');
    text
}

fn help_of_ship(language: Language) -> String {
    let begin = both!(
        "\nSends what netstat record keeps to ClickHouse, where netstat history --from asks\nabout many hosts, until Ctrl+C.\n\n\
         NETSTAT ship --to URL [OPTIONS]\n\n",
        "\nnetstat record가 저장한 것을 ClickHouse로 보냅니다. 여러 호스트의 기록은\nnetstat history --from으로 봅니다. \
         Ctrl+C를 누를 때까지 계속합니다.\n\n\
         NETSTAT ship --to URL [옵션]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    push_options(&mut text, Verb::Ship, language);
    text.push('\n');
    text
}

fn help_of_history(language: Language) -> String {
    let begin = both!(
        "\nTells what connections there were: by whom, to whom, for how long, and how they\nended.\n\n\
         NETSTAT history [FILTER] [OPTIONS]\n\n",
        "\n지난 연결을 보여 줍니다: 누가, 어디로, 얼마 동안, 어떻게 끝났는지.\n\n\
         NETSTAT history [필터] [옵션]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    let filter = both!(
        "Shows only matching connections (netstat --help filter), as in process curl reason failed lasted lt 5s.",
        "필터에 맞는 연결만 표시합니다(netstat --help filter). 예: process curl reason failed lasted lt 5s."
    );
    push_item(&mut text, both!("FILTER", "필터").of(language), filter.of(language));
    push_options(&mut text, Verb::History, language);
    text.push('\n');
    text
}

fn help_of_act(verb: Verb, language: Language) -> String {
    let (begin, filter) = match verb {
        Verb::Close => (
            both!(
                "\nCloses connections, after listing them and asking. Both sides are told at once\n(reset). Nothing but the \
                 connections that are listed is closed: the system\ncompares the identity of each.\n\n\
                 NETSTAT close FILTER [OPTIONS]\n\n",
                "\n연결을 보여 주고 물은 뒤에 닫습니다. 양쪽 모두 곧바로 알게 됩니다(reset).\n시스템이 같은 연결인지 확인하므로 \
                 보여 준 연결만 닫습니다.\n\n\
                 NETSTAT close 필터 [옵션]\n\n"
            ),
            both!(
                "Which connections (netstat --help filter), as in dst 203.0.113.9 rport 443. Listeners are closed where \
                 listening is part of it, UDP sockets where udp is.",
                "어느 연결을 닫을지(netstat --help filter). 예: dst 203.0.113.9 rport 443. 수신 대기 소켓은 listening, UDP \
                 소켓은 udp가 들어 있을 때 닫습니다."
            ),
        ),
        _ => (
            both!(
                "\nEnds the processes that hold sockets, after listing them and asking. Nothing\nbut the processes that are \
                 listed is ended: the identity of each is compared.\n\n\
                 NETSTAT end FILTER [OPTIONS]\n\n",
                "\n소켓을 가진 프로세스를 보여 주고 물은 뒤에 끝냅니다. 같은 프로세스인지\n확인하므로, 번호가 다른 \
                 프로세스로 넘어가도 보여 준 것만 끝냅니다.\n\n\
                 NETSTAT end 필터 [옵션]\n\n"
            ),
            both!(
                "Which sockets (netstat --help filter), as in lport 8080 listening, or process curl.",
                "어느 소켓을 가진 프로세스인지(netstat --help filter). 예: lport 8080 listening, 또는 process curl."
            ),
        ),
    };
    let mut text = begin.of(language).to_owned();
    push_item(&mut text, both!("FILTER", "필터").of(language), filter.of(language));
    push_options(&mut text, verb, language);
    let codes = both!(
        "\nExit code: 0 all are gone; 1 some are still there, or there was nothing to do;\n2 nothing could be done, or an \
         error.\n\n",
        "\n종료 코드: 0 모두 닫거나 끝냄, 1 일부가 남았거나 할 일이 없음,\n2 아무것도 하지 못했거나 오류.\n\n"
    );
    text.push_str(codes.of(language));
    text
}

fn help_of_live(language: Language) -> String {
    let begin = both!(
        "\nShows connections as they come and go, with how fast bytes go over each.\n\n\
         NETSTAT live [FILTER] [OPTIONS] [interval]\n\n",
        "\n연결이 생기고 사라지는 것을 송수신 속도와 함께 실시간으로 보여 줍니다.\n\n\
         NETSTAT live [필터] [옵션] [간격]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    let filter = both!(
        "Shows only matching sockets (netstat --help filter), as in process nginx not loopback.",
        "필터에 맞는 소켓만 표시합니다(netstat --help filter). 예: process nginx not loopback."
    );
    push_item(&mut text, both!("FILTER", "필터").of(language), filter.of(language));
    push_options(&mut text, Verb::Live, language);
    let keys = both!("\nF1 lists the keys, q ends.\n\n", "\nF1: 키 목록, q: 종료.\n\n");
    text.push_str(keys.of(language));
    text
}

fn help_of_capture(language: Language) -> String {
    let begin = both!(
        "\nKeeps the packets of connections in a file that Wireshark opens, or prints a\nline for each, with its process.\n\n\
         NETSTAT capture [FILTER] [-w FILE] [OPTIONS]\n\
         NETSTAT capture --read FILE [FILTER] [OPTIONS]\n\n",
        "\n연결의 패킷을 Wireshark로 열 수 있는 파일에 저장하거나 한 줄씩 출력하고,\n패킷마다 프로세스를 적습니다.\n\n\
         NETSTAT capture [필터] [-w 파일] [옵션]\n\
         NETSTAT capture --read 파일 [필터] [옵션]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    let filter = both!(
        "Keeps only packets of matching connections (netstat --help filter), as in process curl rport 443. Without a filter, \
         every packet.",
        "필터에 맞는 연결의 패킷만 저장합니다(netstat --help filter). 예: process curl rport 443. 필터가 없으면 모든 패킷을 \
         저장합니다."
    );
    push_item(&mut text, both!("FILTER", "필터").of(language), filter.of(language));
    push_options(&mut text, Verb::Capture, language);
    text.push('\n');
    text
}

fn help_of_metrics(language: Language) -> String {
    let begin = both!(
        "\nGives the state of the network as metrics: to Prometheus by HTTP, to\nnode_exporter by a file, to OpenTelemetry by OTLP.\n\n\
         NETSTAT metrics --listen ADDRESS [OPTIONS]\n\
         NETSTAT metrics --once [-o FILE] [OPTIONS]\n\
         NETSTAT metrics --otlp URL [OPTIONS] [interval]\n\n",
        "\n네트워크 상태를 메트릭으로 제공합니다: HTTP로 Prometheus에, 파일로\nnode_exporter에, OTLP로 OpenTelemetry에.\n\n\
         NETSTAT metrics --listen 주소 [옵션]\n\
         NETSTAT metrics --once [-o 파일] [옵션]\n\
         NETSTAT metrics --otlp URL [옵션] [간격]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    push_options(&mut text, Verb::Metrics, language);
    let interval = both!(
        "The seconds between two sendings of --otlp, 60 if it is not given.",
        "--otlp로 보내는 간격(초). 지정하지 않으면 60입니다."
    );
    push_item(&mut text, both!("interval", "간격").of(language), interval.of(language));
    text.push('\n');
    text
}

fn help_of_report(language: Language) -> String {
    let begin = both!(
        "\nMakes a page of what happened, from what netstat record kept: one HTML file with\nplots, tables and findings, which needs nothing \
         else.\n\n\
         NETSTAT report [--since WHEN] [--until WHEN] -o FILE [OPTIONS]\n\n",
        "\nnetstat record의 기록으로 무슨 일이 있었는지 보고서를 만듭니다. 그래프, 표, 점검\n결과가 든 HTML 파일 하나이며 다른 것은 \
         필요 없습니다.\n\n\
         NETSTAT report [--since 시각] [--until 시각] -o 파일 [옵션]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    push_options(&mut text, Verb::Report, language);
    text.push('\n');
    text
}

/// Adds the options that go with a first word.
fn push_options(text: &mut String, verb: Verb, language: Language) {
    for entry in table::sorted().into_iter().filter(|entry| takes(verb, entry)) {
        if !matches!(entry.long, "generate" | "help") {
            let name = format!("--{}", entry.long_with_value().trim_start_matches('-'));
            push_item(text, &name, entry.help.of(language));
        }
    }
}

fn help_of_check(language: Language) -> String {
    let begin = both!(
        "\nSays what is wrong with the network of this host, which process causes it, and\nwhat to do next.\n\n\
         NETSTAT check [NAME...] [FILTER] [OPTIONS]\n\n",
        "\n이 호스트의 네트워크에 무슨 문제가 있고, 어느 프로세스 때문이며, 무엇을 해야\n하는지 알려 줍니다.\n\n\
         NETSTAT check [이름...] [필터] [옵션]\n\n"
    );
    let mut text = begin.of(language).to_owned();
    let name = both!("A check; without any, all of them:", "검사 이름. 주지 않으면 모두 실행합니다:");
    push_item(&mut text, both!("NAME", "이름").of(language), name.of(language));
    for known in check::ALL {
        push_item(&mut text, "", &format!("{}: {}", known.name, known.data.summary.of(language)));
    }
    let filter = both!(
        "Checks only matching sockets (netstat --help filter). Counters always cover the whole system.",
        "필터에 맞는 소켓만 검사합니다(netstat --help filter). 카운터는 항상 시스템 전체의 값입니다."
    );
    push_item(&mut text, both!("FILTER", "필터").of(language), filter.of(language));
    push_options(&mut text, Verb::Check, language);
    let codes = both!(
        "\nExit code: 0 nothing, or notices; 1 warning; 2 critical; 3 unknown, or an error.\n\n",
        "\n종료 코드: 0 정상 또는 알림, 1 경고, 2 위험, 3 확인 불가 또는 오류.\n\n"
    );
    text.push_str(codes.of(language));
    text
}

pub(super) fn push_item(text: &mut String, item: &str, description: &str) {
    let mut start = format!("  {item}");
    // An item that leaves no space before the description gets its own line.
    if cells(start.as_bytes()) >= DESCRIPTIONS {
        text.push_str(&start);
        text.push('\n');
        start.clear();
    }
    for line in wrapped(description, WIDTH - DESCRIPTIONS) {
        let free = DESCRIPTIONS.saturating_sub(cells(start.as_bytes()));
        text.push_str(&format!("{start}{:free$}{line}\n", ""));
        start.clear();
    }
}
