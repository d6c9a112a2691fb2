//! The Korean of the pages that measurements write: `docs/accuracy.md` and `docs/performance.md`.
//!
//! Measuring takes hours, and what it writes are the same sentences around other numbers. So the Korean page is made from
//! the English one, sentence by sentence, and what has no Korean here is an error.

use anyhow::{Result, bail};

/// Sentences, headings and cells in English and Korean. A blank, `{}`, stands for anything; in Korean `{0}` is the first.
const PHRASES: &[(&str, &str)] = &[
    ("Accuracy", "정확도"),
    ("Performance", "성능"),
    (
        "Written by `{}`; run it to measure again. {}, {} cores, {} of memory, {}.",
        "`{0}` 명령이 작성한 문서이며, 다시 측정하려면 이 명령을 실행합니다. {1}, 코어 {2}개, 메모리 {3}, {4}.",
    ),
    ("Measured against: {}; the floor F.", "비교 대상: {0}; 하한 F."),
    ("Measured against: {}.", "비교 대상: {0}."),
    (
        "In a network namespace of its own, two threads open and close about 1,000 TCP sockets a second from few ports, so that \
         the same pairs of addresses come up again and again; a fifth of the connections is passed to another process. Beside \
         them are 1,600 sockets that stay: some passed to another process, some in flight between two processes and held by \
         neither, some inherited by child processes, of which 50 a second come and go. All programs run equally often, in turn. \
         The generator logs each action with the times at which it began and ended. A row counts as missed, and an owner as \
         wrong or missed, only if it was so from before the program started until after it ended. `netstat` shows one owner of \
         each socket, and lsof shows no socket that no process holds; those count as missed.",
        "별도의 네트워크 네임스페이스에서 스레드 두 개가 초당 약 1,000개의 TCP 소켓을 몇 안 되는 포트에서 열고 닫아, 같은 주소 쌍이 \
         되풀이해 나타나게 합니다. 연결의 5분의 1은 다른 프로세스로 넘깁니다. 그 밖에 계속 열려 있는 소켓이 1,600개 있습니다: 다른 \
         프로세스로 넘긴 것, 두 프로세스 사이에서 전달 중이라 어느 쪽에도 없는 것, 초당 50개씩 생겼다 사라지는 자식 프로세스가 \
         물려받은 것. 모든 프로그램을 번갈아 같은 횟수로 실행합니다. 생성기는 동작마다 시작과 끝 시각을 기록합니다. 프로그램이 시작하기 \
         전부터 끝난 뒤까지 계속 그러했던 경우에만 행의 누락, 소유자의 오류나 누락으로 셉니다. `netstat`은 소켓마다 소유자 하나를 \
         표시하고, lsof는 어느 프로세스에도 없는 소켓을 표시하지 않는데, 이것은 누락으로 셉니다.",
    ),
    ("runs", "실행 횟수"),
    ("rows that existed during the whole run", "실행하는 내내 있었던 행"),
    ("**missed** of these", "그중 **누락**"),
    ("with the wrong state", "상태가 틀린 행"),
    ("**rows invented**", "**없는데 표시한 행**"),
    ("owners shown", "표시한 소유자"),
    ("**owners wrong**", "**틀린 소유자**"),
    ("owners missed, of rows that existed during the whole run", "실행하는 내내 있었던 행에서 누락한 소유자"),
    ("rows that opened or closed during the run", "실행 중에 열리거나 닫힌 행"),
    ("shown of these", "그중 표시한 행"),
    ("The first errors of `{}`:", "`{0}`의 첫 오류:"),
    ("`{}` - `{}`: missed", "`{0}` - `{1}`: 누락"),
    ("`{}` - `{}`: wrong state", "`{0}` - `{1}`: 상태가 틀림"),
    ("`{}` - `{}`: {} rows instead of {}", "`{0}` - `{1}`: {3}행이어야 하는데 {2}행"),
    ("`{}` - `{}`: {} does not own it", "`{0}` - `{1}`: {2}의 소켓이 아님"),
    ("`{}` - `{}`: {} owners missed", "`{0}` - `{1}`: 소유자 {2}개 누락"),
    (
        "The sockets are established connections over loopback, both ends held by the same process, in a network namespace of \
         their own. Each program runs as a whole process with its output in a file. All programs take turns, after a first run \
         each that does not count; programs that take longer than 2 s run three times, those that take longer than 20 s once. \
         Times are medians in milliseconds. The floor F is a bare program that sends the dump requests of `netstat -an --source \
         diag` and receives the answers into a buffer without decoding them; the floor of the filter sends netstat's filter to the kernel \
         as well. Memory is the peak resident set. Above 100,000 sockets, programs that would take minutes are left out.",
        "소켓은 별도의 네트워크 네임스페이스에서 루프백으로 맺은 연결이며, 양 끝을 같은 프로세스가 가지고 있습니다. 각 프로그램은 \
         출력을 파일로 보내며 처음부터 끝까지 실행합니다. 세지 않는 첫 실행 뒤에 모든 프로그램을 번갈아 실행하고, 2초가 넘는 \
         프로그램은 세 번, 20초가 넘는 프로그램은 한 번만 실행합니다. 시간은 밀리초 단위의 중앙값입니다. 하한 F는 `netstat -an --source diag`의 덤프 \
         요청을 보내고 응답을 해석하지 않은 채 버퍼에 받기만 하는 프로그램이고, 필터의 하한은 netstat의 필터도 커널에 보냅니다. \
         메모리는 최대 상주 크기입니다. 소켓이 100,000개를 넘으면 몇 분씩 걸리는 프로그램은 뺍니다.",
    ),
    ("Targets", "목표"),
    ("{} TCP sockets in {} processes", "프로세스 {1}개의 TCP 소켓 {0}개"),
    ("A small host: {} sockets, {} processes", "작은 호스트: 소켓 {0}개, 프로세스 {1}개"),
    (
        "The same with {} sockets in another network namespace:",
        "다른 네트워크 네임스페이스에 소켓이 {0}개 더 있을 때:",
    ),
    (
        "{} sockets in one namespace, and in {}",
        "한 네임스페이스의 소켓 {0}개, 네임스페이스 {1}개에 나누었을 때",
    ),
    ("{}: {} sockets in {} namespaces", "{0}: 네임스페이스 {2}개의 소켓 {1}개"),
    ("Where the time goes, with {} sockets", "시간이 드는 곳, 소켓 {0}개"),
    ("Where the time goes then: `{}`: {} % in the kernel", "이때 시간이 드는 곳: `{0}`: 커널에서 {1} %"),
    ("`{}`: {} % in the kernel", "`{0}`: 커널에서 {1} %"),
    ("The checks", "검사"),
    (
        "A check that judges a rate looks twice, one second apart, and its wall time includes that second. All checks together \
         look twice.",
        "속도를 판단하는 검사는 1초 간격으로 두 번 확인하며, 경과 시간에 그 1초가 들어 있습니다. 모든 검사를 함께 실행하면 두 번 \
         확인합니다.",
    ),
    (
        "`tcp_diag_dump` is the kernel's walk over all sockets of the machine, which the bare program causes too. `bpf_prog_*` is \
         the program that walks all descriptor tables; `copy_from_kernel_nofault` and `bpf_probe_read_kernel` are its reads. \
         `btf_*` and `bpf_core_*` are the kernel's searches of its own types while it loads the program.",
        "`tcp_diag_dump`는 커널이 시스템의 모든 소켓을 훑는 것으로, 하한 프로그램에서도 일어납니다. `bpf_prog_*`는 모든 디스크립터 \
         테이블을 훑는 프로그램이고, `copy_from_kernel_nofault`와 `bpf_probe_read_kernel`은 그 읽기입니다. `btf_*`와 `bpf_core_*`는 \
         커널이 그 프로그램을 적재하면서 자신의 타입을 찾는 것입니다.",
    ),
    ("what", "대상"),
    ("wanted", "목표"),
    ("measured", "측정"),
    ("met", "달성"),
    ("**not met**", "**미달**"),
    ("not measured", "측정하지 않음"),
    ("not measured (--million)", "측정하지 않음 (--million)"),
    ("{} on a small host, {} sockets elsewhere", "작은 호스트의 {0}, 다른 곳에 소켓 {1}개"),
    ("{} on a small host", "작은 호스트의 {0}"),
    ("{}: memory with {} sockets", "{0}: 소켓 {1}개일 때의 메모리"),
    ("{}: 1,000,000 sockets", "{0}: 소켓 1,000,000개"),
    ("at most {} times the same request of the bare program", "하한 프로그램의 같은 요청의 {0}배 이하"),
    ("works; at most {} times the time of 100,000 (n log n)", "동작함, 100,000개일 때의 {0}배 이하(n log n)"),
    ("at most {} times {}", "{1}의 {0}배 이하"),
    ("at least {} times faster than {}", "{1}보다 {0}배 이상 빠름"),
    (
        "slowed by no more than one walk costs (as the bare program is, plus 10 %)",
        "한 번 훑는 비용만큼만 느려짐(하한 프로그램의 증가분 + 10 %)",
    ),
    ("slowed by {} ms, the bare program by {} ms", "{0} ms 느려짐, 하한 프로그램은 {1} ms"),
    ("at most {} KiB ({} MiB and {} bytes a socket)", "{0} KiB 이하({1} MiB와 소켓당 {2}바이트)"),
    ("at most {} KiB", "{0} KiB 이하"),
    ("peak KiB", "최대 KiB"),
    ("{} KiB", "{0} KiB"),
    ("{} times (processors {})", "{0}배(프로세서 시간 {1}배)"),
    ("{} times, {} sockets", "{0}배, 소켓 {1}개"),
    ("program", "프로그램"),
    ("command", "명령"),
    ("wall ms", "경과 ms"),
    ("user + system ms", "사용자 + 시스템 ms"),
    ("times F", "F의 배수"),
    ("lines", "줄"),
    ("did not run", "실행하지 못함"),
    ("floor F", "하한 F"),
    ("floor of the filter", "필터의 하한"),
    ("{} in one namespace", "한 네임스페이스에서 {0}"),
    ("{}, one port", "{0}, 포트 하나"),
    ("part", "비율"),
    ("where", "위치"),
    ("function", "함수"),
    ("kernel", "커널"),
];

/// Puts a page into Korean.
pub(crate) fn korean(page: &str) -> Result<String> {
    let mut out = String::new();
    let mut headings = Vec::new();
    let mut paragraph = String::new();
    for line in page.lines() {
        let is_prose = !line.is_empty() && !line.starts_with(['#', '|', '[', '-']);
        if is_prose {
            paragraph = if paragraph.is_empty() { line.to_owned() } else { paragraph + " " + line };
            continue;
        }
        if !paragraph.is_empty() {
            out.push_str(&format!("{}\n", wrapped(&phrase(&paragraph)?)));
            paragraph.clear();
        }
        out.push_str(&whole_line(line, &mut headings)?);
    }
    if !paragraph.is_empty() {
        out.push_str(&format!("{}\n", wrapped(&phrase(&paragraph)?)));
    }
    let links: Vec<String> =
        headings.iter().map(|heading| format!("[{heading}](#{})", anchor(heading))).collect();
    Ok(out.replacen(CONTENTS, &format!("{}\n", links.join(" ·\n")), 1))
}

/// Stands for the list of contents until all headings are known.
const CONTENTS: &str = "\u{0}\n";

/// Puts a line that is not part of a paragraph into Korean.
fn whole_line(line: &str, headings: &mut Vec<String>) -> Result<String> {
    if let Some(name) = line.strip_prefix("[한국어](").and_then(|rest| rest.strip_suffix(".ko.md)")) {
        return Ok(format!("[English]({name}.md)\n"));
    }
    if line.starts_with('[') {
        // The first of them stands for all.
        return Ok(if headings.is_empty() && line.contains("](#targets)") {
            CONTENTS.to_owned()
        } else {
            String::new()
        });
    }
    if let Some(cells) = line.strip_prefix("| ").and_then(|rest| rest.strip_suffix('|')) {
        let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
        // What a program says that did not run is its own.
        let is_trouble = cells.iter().skip(2).all(|cell| cell.is_empty()) && cells.len() > 4;
        let mut row = String::from("|");
        for (at, cell) in cells.iter().enumerate() {
            let cell = if is_trouble && at == 1 { (*cell).to_owned() } else { phrase_or_data(cell)? };
            row.push_str(&if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
        }
        return Ok(row + "\n");
    }
    let (mark, text) = match line.split_once(' ') {
        Some((mark @ ("#" | "##" | "###" | "-"), text)) => (mark, text),
        // An empty line, or that below the headings of a table.
        _ => return Ok(format!("{line}\n")),
    };
    let text = phrase(text)?;
    if mark == "##" {
        headings.push(text.clone());
    }
    Ok(format!("{mark} {text}\n"))
}

/// Puts a cell into Korean, unless it is a number, a command or the name of a function.
fn phrase_or_data(cell: &str) -> Result<String> {
    phrase(cell).or_else(|error| {
        let is_command =
            ["netstat ", "net-tools ", "ss ", "lsof ", "`"].iter().any(|name| cell.starts_with(name));
        let is_number = !cell.chars().any(char::is_alphabetic);
        if is_command || is_number { Ok(cell.to_owned()) } else { Err(error) }
    })
}

/// Puts a text into Korean by the first phrase that it is.
fn phrase(text: &str) -> Result<String> {
    for (english, korean) in PHRASES {
        let Some(blanks) = matched(english, text) else { continue };
        let mut filled = (*korean).to_owned();
        for (number, blank) in blanks.iter().enumerate() {
            // The name of a program that was measured is put into Korean as well.
            let blank = phrase(blank).unwrap_or_else(|_| (*blank).to_owned());
            filled = filled.replace(&format!("{{{number}}}"), &blank);
        }
        return Ok(filled);
    }
    bail!("no Korean for {text:?}; add it to xtask/src/measured.rs")
}

/// Returns what stands in the blanks of a phrase, if a text is it.
fn matched<'t>(phrase: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = phrase.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut blanks = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() { rest.strip_suffix(part)?.len() } else { rest.find(part)? };
        let (blank, behind) = rest.split_at_checked(end)?;
        if blank.is_empty() {
            return None;
        }
        blanks.push(blank);
        rest = behind.get(part.len()..)?;
    }
    (rest.is_empty()).then_some(blanks)
}

/// Breaks a paragraph into lines.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 90 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn anchor(heading: &str) -> String {
    let kept =
        heading.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_shape_and_its_numbers() {
        let page = "# Performance\n\n[한국어](performance.ko.md)\n\nWritten by `x`; run it to measure again. 2026: A, 2 cores, 4 GiB of \
                    memory, Linux 6.\n\n[Targets](#targets) ·\n[20 TCP sockets in 3 processes](#20)\n\nMeasured against: \
                    `a`; the floor F.\n\n## Targets\n\n| what | wanted | measured | |\n|---|---|---|---|\n| netstat -an, one \
                    port | at most 1.1 times F | 0.80 times (processors 0.8) | met |\n\n## 20 TCP sockets in 3 \
                    processes\n\n| program | wall ms | user + system ms | times F | peak KiB | lines | runs |\n\
                    |---|--:|--:|--:|--:|--:|--:|\n| ss -tan | no such file | | | | | |\n";
        let expected = "# 성능\n\n[English](performance.md)\n\n`x` 명령이 작성한 문서이며, 다시 측정하려면 이 명령을 실행합니다. 2026: A, 코어 2개, 메모리 4 \
                        GiB, Linux 6.\n\n[목표](#목표) ·\n[프로세스 3개의 TCP 소켓 20개](#프로세스-3개의-tcp-소켓-20개)\n\n비교 \
                        대상: `a`; 하한 F.\n\n## 목표\n\n| 대상 | 목표 | 측정 | |\n|---|---|---|---|\n| netstat -an, 포트 \
                        하나 | F의 1.1배 이하 | 0.80배(프로세서 시간 0.8배) | 달성 |\n\n## 프로세스 3개의 TCP 소켓 \
                        20개\n\n| 프로그램 | 경과 ms | 사용자 + 시스템 ms | F의 배수 | 최대 KiB | 줄 | 실행 횟수 |\n\
                        |---|--:|--:|--:|--:|--:|--:|\n| ss -tan | no such file | | | | | |\n";
        assert_eq!(korean(page).unwrap(), expected);
    }

    #[test]
    fn what_has_no_korean_is_an_error() {
        for page in ["A new sentence.\n", "## A new heading\n", "| a new cell | 1 | 2 | 3 | 4 |\n"] {
            let error = korean(page).unwrap_err().to_string();
            assert!(error.contains("no Korean for"), "{error}");
        }
    }

    #[test]
    fn a_phrase_is_all_of_a_text() {
        assert_eq!(matched("{} of {}", "a of b"), Some(vec!["a", "b"]));
        assert_eq!(matched("{} of {}", "a off b"), None);
        assert_eq!(matched("a {}", "a "), None);
        assert_eq!(matched("a", "ab"), None);
    }
}
