//! `netstat -e`.

use super::sample;
use netstat_cli::render::LineEnd;
use netstat_cli::render::ethernet::{Labels, render_ethernet};
use netstat_engine::view::ethernet::{Block, Measure, Row};
use netstat_engine::view::rates::Value;

const INTERVAL: &str = "win_e_interval_-e-t-5.txt";
const PSUTIL: &str = "win_e_psutil-comment.txt";
const CHINESE: &str = "zh_e_netstat-e.txt";

pub(super) const SAMPLES: [&str; 3] = [INTERVAL, PSUTIL, CHINESE];

/// The labels of Chinese Windows, with their blanks.
const CHINESE_LABELS: Labels = Labels {
    title: "接口统计",
    heading: "                           接收的            发送的",
    rows: [
        "字节                ",
        "单播数据包      ",
        "非单播数据包  ",
        "丢弃             ",
        "错误               ",
        "未知协议    ",
    ],
    ..Labels::ENGLISH
};

const MEASURES: [Measure; 6] = [
    Measure::Bytes,
    Measure::Unicast,
    Measure::NonUnicast,
    Measure::Discards,
    Measure::Errors,
    Measure::UnknownProtocols,
];

/// Parses the six lines with numbers into a block.
fn parse(lines: &[String]) -> Block {
    assert_eq!(lines.len(), MEASURES.len());
    let row = |(line, measure): (&String, Measure)| {
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
        let mut value = || numbers.next().map(|number| Value::Counter { total: Some(number), rate: None });
        Row { measure, received: value(), sent: value() }
    };
    Block { name: None, rows: lines.iter().zip(MEASURES).map(row).collect() }
}

fn render(blocks: &[Block], labels: &Labels) -> String {
    let mut out = Vec::new();
    render_ethernet(&mut out, blocks, labels, LineEnd::Lf).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_report_of_psutil() {
    let lines = sample(PSUTIL);
    assert_eq!(render(&[parse(&lines[4..])], &Labels::ENGLISH), lines.join("\n") + "\n");
}

#[test]
fn the_report_of_chinese_windows() {
    let lines = sample(CHINESE);
    assert_eq!(render(&[parse(&lines[4..])], &CHINESE_LABELS), lines.join("\n") + "\n");
}

#[test]
fn a_repetition_follows_without_a_blank_line() {
    let lines = sample(INTERVAL);
    // The sample begins with the prompt and ends after the headings of the second block.
    let first = parse(&lines[5..11]);
    let block = render(&[first], &Labels::ENGLISH);
    let text = format!("{block}{block}");
    assert!(text.starts_with(&(lines[1..].join("\n") + "\n")), "{text}");
}
