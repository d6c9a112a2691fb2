//! The help text of `-h`, which fits a terminal of 80 columns and 24 lines.

use netstat_engine::both;
use netstat_engine::text::{Language, Text, pad};

/// Commands that show what the program is for, and what they show.
pub(in super::super) static EXAMPLES: [(&str, Text); 6] = [
    ("netstat -ano port 8080", Text::fixed("who holds port 8080", "8080 포트를 누가 쓰는지")),
    ("netstat -ano listening", Text::fixed("what listens", "연결을 기다리는 포트")),
    ("netstat -n process nginx", Text::fixed("the connections of one program", "한 프로그램의 연결")),
    ("netstat -n dst 10.0.0.0/8", Text::fixed("the connections to one network", "한 네트워크로 나간 연결")),
    ("netstat check", Text::fixed("what is wrong, and who causes it", "무엇이 문제이고 누가 일으키는지")),
    ("netstat -an --json", Text::fixed("for programs that read it", "다른 프로그램에서 읽을 때")),
];

/// The options that most people need, in pairs of a line.
static OPTIONS: [[(&str, Text); 2]; 6] = [
    [
        ("-a", Text::fixed("listening ports and UDP too", "수신 대기 포트와 UDP 포함")),
        ("-n", Text::fixed("numbers, no names", "이름 대신 숫자")),
    ],
    [
        ("-o", Text::fixed("process ID of each row", "각 행의 프로세스 ID")),
        ("-b", Text::fixed("program and service", "프로그램과 서비스")),
    ],
    [
        ("-p tcp", Text::fixed("one protocol, also udp, tcpv6", "한 프로토콜 (udp, tcpv6 등)")),
        ("-r", Text::fixed("routing table", "라우팅 테이블")),
    ],
    [
        ("--process", Text::fixed("process name in a column", "프로세스 이름 열")),
        ("-s", Text::fixed("counters of protocols", "프로토콜 통계")),
    ],
    [
        ("--columns LIST", Text::fixed("these columns", "원하는 열만")),
        ("-e", Text::fixed("counters of interfaces", "인터페이스 통계")),
    ],
    [
        ("--sort COLUMN", Text::fixed("in this order", "정렬 순서")),
        ("--limit N", Text::fixed("the first N rows", "처음 N행만")),
    ],
];

/// Returns the text.
pub(in super::super) fn short(language: Language) -> String {
    let begin = both!(
        "Usage: netstat [OPTIONS] [FILTER] [interval]\nWith an interval in seconds the report is repeated.\n\n",
        "사용법: netstat [옵션] [필터] [초]\n초를 적으면 그 간격으로 되풀이합니다.\n\n"
    );
    let mut text = begin.of(language).to_owned();
    for [left, right] in &OPTIONS {
        let left = column(&format!("  {:<15}{}", left.0, left.1.of(language)), 47);
        text.push_str(&format!("{left}{:<10}{}\n", right.0, right.1.of(language)));
    }
    text.push_str(both!("\nExamples:\n", "\n예:\n").of(language));
    for (command, meaning) in &EXAMPLES {
        text.push_str(&format!("  {command:<27}{}\n", meaning.of(language)));
    }
    let more = both!(
        "\nMore: netstat --help, and --help filter, columns, check or examples\n",
        "\n더 보기: netstat --help, 그리고 --help filter, columns, check, examples\n"
    );
    text.push_str(more.of(language));
    text
}

/// Pads a text to a number of cells.
fn column(text: &str, width: usize) -> String {
    let mut out = text.as_bytes().to_vec();
    pad(&mut out, 0, width);
    String::from_utf8_lossy(&out).into_owned()
}
