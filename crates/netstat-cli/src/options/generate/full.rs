//! The help text of `--help`: every option, grouped by what people want.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::help::{SUMMARY, described, push_item};
use super::short::EXAMPLES;
use netstat_engine::both;
use netstat_engine::text::{Language, Text};

/// What people want of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Rows,
    Columns,
    Form,
    Reports,
    Scripts,
    Program,
}

/// The groups in their order, with their headings.
static GROUPS: [(Group, Text); 6] = [
    (Group::Rows, Text::fixed("Which rows", "어떤 행을 볼지")),
    (Group::Columns, Text::fixed("What each row shows", "행마다 무엇을 볼지")),
    (Group::Form, Text::fixed("How it is shown", "어떻게 볼지")),
    (Group::Reports, Text::fixed("Other reports", "다른 보고서")),
    (Group::Scripts, Text::fixed("For scripts", "스크립트용")),
    (Group::Program, Text::fixed("General", "프로그램")),
];

/// Returns the group of an option.
fn group(entry: &Entry) -> Group {
    match entry.long {
        "all" | "bound" | "protocol" | "family" | "netns" | "all-namespaces" | "limit" => Group::Rows,
        "no-header" | "color" | "columns" | "group-by" | "sort" | "numeric" | "full-names"
        | "resolve-timeout" | "count" | "lang" | "json" | "jsonl" | "csv" | "utf8" => Group::Form,
        "exists" | "wait" | "timeout" => Group::Scripts,
        _ => match entry.report {
            Topic::Connections => Group::Columns,
            Topic::Other => Group::Reports,
            _ => Group::Program,
        },
    }
}

/// Returns the text.
pub(in super::super) fn full(language: Language) -> String {
    let begin = both!(
        "Usage: netstat [OPTIONS] [FILTER] [interval]\n       netstat check [NAME...] [FILTER] [OPTIONS]\n       \
         netstat record [OPTIONS]\n       netstat history [FILTER] [OPTIONS]\n       netstat close|end FILTER [OPTIONS]\n       netstat live [FILTER] [OPTIONS]\n       netstat capture [FILTER] [-w FILE] [OPTIONS]\n       netstat report [--since WHEN] -o FILE\n       netstat ship --to URL [OPTIONS]\n\n\
         Words after the options are a filter, as in netstat -ano port 8080:\nsee netstat --help filter.\n",
        "사용법: netstat [옵션] [필터] [초]\n        netstat check [이름...] [필터] [옵션]\n        \
         netstat record [옵션]\n        netstat history [필터] [옵션]\n        netstat close|end 필터 [옵션]\n        netstat live [필터] [옵션]\n        netstat capture [필터] [-w 파일] [옵션]\n        netstat report [--since 시각] -o 파일\n        netstat ship --to URL [옵션]\n\n\
         옵션 뒤의 단어는 필터입니다. 예: netstat -ano port 8080.\n문법은 netstat --help filter에 있습니다.\n"
    );
    let mut text = format!("{}\n\n{}", SUMMARY.of(language), begin.of(language));
    for (wanted, heading) in &GROUPS {
        text.push_str(&format!("\n{}:\n", heading.of(language)));
        let entries = table::sorted().into_iter().filter(|entry| entry.report.verb().is_none());
        for entry in entries.filter(|entry| group(entry) == *wanted) {
            push_item(&mut text, &entry.short_with_value(), &described(entry, language));
        }
    }
    let interval = match language {
        Language::English => INTERVAL.name,
        Language::Korean => "초",
    };
    push_item(&mut text, interval, INTERVAL.help.of(language));
    let more = both!(
        "\nMore: netstat -h in short; netstat --help filter, columns, check, record,\nhistory, close, end, live, capture, metrics, report, ship or examples; checks:\nnetstat check --list.\n",
        "\n더 보기: 요약은 netstat -h, 주제별로는 netstat --help filter, columns, check,\nrecord, history, close, end, live, capture, metrics, report, ship, examples.\n검사 목록은 netstat check --list.\n"
    );
    text.push_str(more.of(language));
    text
}

/// Returns the text of `--help examples`.
pub(in super::super) fn examples(language: Language) -> String {
    let mut text = String::new();
    for (command, meaning) in EXAMPLES.iter().chain(&super::examples::EXAMPLES) {
        text.push_str(&format!("{command}\n    {}\n", meaning.of(language)));
    }
    text
}
