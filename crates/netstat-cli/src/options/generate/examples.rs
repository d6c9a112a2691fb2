//! Commands worth showing.

use netstat_engine::text::Text;

/// Commands, and what they do.
pub(super) static EXAMPLES: [(&str, Text); 6] = [
    (
        "netstat -ano",
        Text::fixed(
            "All connections and listeners, as numbers, with the process ID.",
            "모든 연결과 수신 대기 포트를 숫자로, 프로세스 ID와 함께.",
        ),
    ),
    ("netstat -anob", Text::fixed("The same, with the executable of each.", "위와 같고, 실행 파일도 함께.")),
    (
        "netstat -an -p tcp",
        Text::fixed(
            "TCP over IPv4 only; -anp tcp and -an -ptcp are the same.",
            "IPv4의 TCP만. -anp tcp, -an -ptcp도 같음.",
        ),
    ),
    ("netstat -ano 5 --count 12", Text::fixed("Every five seconds, for a minute.", "5초마다, 1분 동안.")),
    ("netstat -rn", Text::fixed("The routing table.", "라우팅 테이블.")),
    ("netstat -s -p udp", Text::fixed("The statistics of UDP over IPv4.", "IPv4의 UDP 통계.")),
];
