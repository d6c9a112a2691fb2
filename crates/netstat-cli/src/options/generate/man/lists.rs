//! What the man page lists beside what the program knows: forms of the command line, exit codes, variables and files.

use netstat_engine::text::Text;

/// The forms of a command line, and what each is for.
pub(super) static FORMS: [(Text, Text); 15] = [
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
        Text::fixed("close filter [options]", "close 필터 [옵션]"),
        Text::fixed("Closes connections, after asking.", "물은 뒤에 연결을 닫습니다."),
    ),
    (
        Text::fixed("end filter [options]", "end 필터 [옵션]"),
        Text::fixed(
            "Ends the processes that hold sockets, after asking.",
            "물은 뒤에 소켓을 가진 프로세스를 끝냅니다.",
        ),
    ),
    (
        Text::fixed("live [filter] [options] [interval]", "live [필터] [옵션] [간격]"),
        Text::fixed("Connections as they come and go, in the terminal.", "터미널에서 실시간으로 보는 연결."),
    ),
    (
        Text::fixed("capture [filter] [-w file] [options]", "capture [필터] [-w 파일] [옵션]"),
        Text::fixed(
            "Keeps or shows the packets of connections, with the process of each.",
            "연결의 패킷을 프로세스와 함께 저장하거나 표시합니다.",
        ),
    ),
    (
        Text::fixed(
            "metrics --listen address | --once | --otlp url [options]",
            "metrics --listen 주소 | --once | --otlp URL [옵션]",
        ),
        Text::fixed(
            "The state of the network as metrics, for Prometheus, OpenMetrics and OpenTelemetry.",
            "Prometheus, OpenMetrics, OpenTelemetry를 위한 네트워크 상태 메트릭.",
        ),
    ),
    (
        Text::fixed("report -o file [options]", "report -o 파일 [옵션]"),
        Text::fixed(
            "Makes a page of what happened, with plots and tables.",
            "무슨 일이 있었는지 그래프와 표가 있는 보고서를 만듭니다.",
        ),
    ),
    (
        Text::fixed("ship --to url [options]", "ship --to url [옵션]"),
        Text::fixed(
            "Sends what netstat record keeps to ClickHouse.",
            "netstat record가 저장한 것을 ClickHouse로 보냅니다.",
        ),
    ),
    (
        Text::fixed("--help [topic]", "--help [주제]"),
        Text::fixed(
            "Help: in short with -h, about a topic (filter, columns, check, record, history, close, end, live, capture, metrics, report, ship, examples).",
            "도움말. -h는 짧게, 주제를 주면 그 주제(filter, columns, check, record, history, close, end, live, capture, metrics, report, ship, examples)만.",
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
pub(in super::super) static EXAMPLES: [(&str, Text); 10] = [
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
    (
        "netstat close dst 203.0.113.9 rport 443",
        Text::fixed(
            "Closes the connections to one service of one host.",
            "한 호스트의 한 서비스로 가는 연결을 닫습니다.",
        ),
    ),
    (
        "netstat end lport 8080 listening",
        Text::fixed("Ends what listens on port 8080.", "8080 포트에서 수신 대기하는 프로세스를 끝냅니다."),
    ),
    (
        "netstat capture process curl -w curl.pcapng --for 30s",
        Text::fixed(
            "The packets of curl, for Wireshark.",
            "curl의 패킷을 Wireshark로 볼 수 있게 저장합니다.",
        ),
    ),
    (
        "netstat report --since 24h -o report.html",
        Text::fixed(
            "What happened in a day, as a page to mail.",
            "하루 동안 있었던 일을 메일로 보낼 수 있는 보고서로.",
        ),
    ),
    (
        "netstat live process nginx",
        Text::fixed("The connections of nginx as they come and go.", "nginx의 연결을 실시간으로 봅니다."),
    ),
];

/// Exit codes, and what they mean.
pub(super) static EXIT_CODES: [(&str, Text); 4] = [
    (
        "0",
        Text::fixed(
            "The report was shown. With netstat close and end: all targets are gone. With --exists and --wait: a row matches. With netstat record --status: a recorder is running.",
            "보고서를 표시했습니다. netstat close와 end에서는 대상이 모두 없어졌습니다. --exists와 --wait에서는 맞는 행이 있습니다. netstat record --status에서는 기록기가 \
             실행 중입니다.",
        ),
    ),
    (
        "1",
        Text::fixed(
            "An error occurred, the command line was not understood, or help was asked for as on Windows (/?, -?); the reason is \
             on standard error. With netstat close and end: some targets are still there, or there was nothing to do. With \
             --exists: no row matches. With --wait: the time was up. With netstat record --status: no \
             recorder is running.",
            "오류가 났거나, 명령줄을 이해하지 못했거나, Windows 방식(/?, -?)으로 도움말을 요청했습니다. 이유는 표준 \
             오류에 있습니다. netstat close와 end에서는 일부가 남았거나 할 일이 없었습니다. --exists에서는 맞는 행이 없습니다. --wait에서는 시간이 다 되었습니다. netstat record \
             --status에서는 실행 중인 기록기가 없습니다.",
        ),
    ),
    (
        "2",
        Text::fixed(
            "With --exists and --wait: an error, or the answer depends on something that could not be read. With netstat close \
             and end: an error, or nothing could be done.",
            "--exists와 --wait에서는 오류이거나, 읽지 못한 것에 따라 답이 달라집니다. netstat close와 end에서는 오류이거나 아무것도 하지 \
             못했습니다.",
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
pub(super) static ENVIRONMENT: [(&str, Text); 5] = [
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
pub(super) static FILES: [(&str, Text); 6] = [
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
