//! Options of `netstat report`. The span and the history are named as in `netstat history`.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat report` takes as well.
pub(in super::super) const SHARED: [&str; 8] =
    ["generate", "geo", "help", "lang", "since", "store", "until", "utf8"];

pub(super) const OPTIONS: &[Entry] = entries! { Report;
    ['o'] "page", value(page, "FILE", "report.html", ValueKind::File, |text| values::parse_file("--page", text));
        "Write the page to this file",
        "Writes the page to this file, or with - to standard output. Only its owner may read the file. One that is there \
         already is never overwritten.",
        "보고서를 이 파일에 씁니다. -를 주면 표준 출력에 씁니다. 파일은 소유자만 읽을 수 있게 만들고, 이미 있는 파일은 덮어쓰지 \
         않습니다."
        details "docs/report.md says what is in it." "내용은 docs/report.ko.md에 설명되어 있습니다.";
};
