//! Options of `netstat metrics`.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat metrics` takes as well.
pub(in super::super) const SHARED: [&str; 10] =
    ["config", "generate", "help", "lang", "netns", "owners", "policy", "set", "since", "store"];

pub(super) const OPTIONS: &[Entry] = entries! { Metrics;
    [] "listen", value(metrics.listen, "ADDRESS", "127.0.0.1:9478", ValueKind::Free, values::parse_listen);
        "Answer Prometheus at this address",
        "Answers Prometheus at this address and port, under /metrics, until Ctrl+C; a port alone is that of 127.0.0.1. Each \
         question is one look at the system, and one within a second gets the same.",
        "이 주소와 포트의 /metrics에서 Ctrl+C를 누를 때까지 Prometheus에 응답합니다. 포트만 쓰면 127.0.0.1입니다. 요청마다 \
         시스템을 한 번 조회하고, 1초 안의 다른 요청에는 같은 답을 줍니다."
        details "Nobody is asked who they are: an address that others reach shows them the programs and connections of this \
                 machine."
                "누구인지 묻지 않으므로, 다른 곳에서 닿는 주소라면 이 컴퓨터의 프로그램과 연결이 그곳에도 보입니다.";
    [] "logs", switch(metrics.logs);
        "With --otlp, send connections that ended as logs",
        "With --otlp, also sends each connection that ends as a log record, from what netstat record keeps. Without --since, \
         those that end from now on.",
        "--otlp와 함께, netstat record가 저장한 기록에서 끝나는 연결을 로그 레코드로도 보냅니다. --since를 지정하지 않으면 지금부터 \
         끝나는 연결만 보냅니다.";
    [] "once", switch(once);
        "Measure or send once, and end",
        "Measures or sends once, and ends. netstat metrics prints the metrics as text, unless -o or --otlp says where they go; \
         netstat ship sends what is there and not sent yet.",
        "한 번만 하고 끝납니다. netstat metrics는 -o나 --otlp로 보낼 곳을 주지 않으면 메트릭을 텍스트로 출력하고, netstat ship은 아직 \
         보내지 않은 것을 모두 보냅니다.";
    [] "otlp", value(metrics.otlp, "URL", "http://127.0.0.1:4318", ValueKind::Free, values::parse_otlp);
        "Send to this OpenTelemetry collector",
        "Sends the metrics to this collector of OpenTelemetry, by OTLP over HTTP, every interval seconds.",
        "이 OpenTelemetry 수집기에 interval초마다 메트릭을 보냅니다(HTTP를 통한 OTLP)."
        details "Headers, such as those that carry a password, come from the environment variable OTEL_EXPORTER_OTLP_HEADERS."
                "암호 같은 것을 넣는 헤더는 환경 변수 OTEL_EXPORTER_OTLP_HEADERS에서 가져옵니다.";
    ['o'] "output", value(metrics.output, "FILE", "netstat.prom", ValueKind::File, |text| values::parse_file("--output", text));
        "With --once, write to this file",
        "With --once, writes to this file, as the textfile collector of node_exporter reads it. Who reads it sees the former \
         file or the new one, and never half of one.",
        "--once와 함께, node_exporter의 textfile 수집기가 읽는 이 파일에 씁니다. 읽는 쪽은 이전 파일이나 새 파일을 볼 뿐, 쓰다 \
         만 것은 보지 않습니다.";
    [] "top", value(metrics.top, "N", "20", ValueKind::Free, values::parse_top);
        "Name so many processes and destinations",
        "Names so many processes and destinations, those with the most (20 if it is not given). All other processes are one.",
        "가장 많은 프로세스와 대상을 이만큼만 이름으로 구분합니다(지정하지 않으면 20). 나머지 프로세스는 하나로 합칩니다.";
};
