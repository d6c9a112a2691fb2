//! Options of `netstat record`.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat record` takes as well.
pub(in super::super) const SHARED: [&str; 10] =
    ["credentials", "generate", "geo", "help", "lang", "owners", "record", "replay", "store", "utf8"];

pub(super) const OPTIONS: &[Entry] = entries! { Record;
    [] "arguments", switch(recorder.arguments);
        "Keep the arguments of processes",
        "Keeps the arguments of processes too. They may hold passwords.",
        "프로세스의 명령줄 인수도 저장합니다. 암호가 들어 있을 수 있습니다.";
    [] "follow", switch(recorder.follow);
        "Print each connection that ends",
        "Prints each connection that ends, until Ctrl+C. After record as a line of JSON, and keeps none, unless --store is \
         given; after history as a running recorder writes them, in the form that is chosen.",
        "끝나는 연결을 Ctrl+C를 누를 때까지 계속 출력합니다. record 뒤에서는 JSON 한 줄씩 출력하며, --store를 주지 않으면 저장하지 \
         않습니다. history 뒤에서는 실행 중인 기록기가 쓰는 대로, 고른 형식으로 출력합니다."
        details "docs/recorder.md explains the lines of JSON. history --follow begins with what ended since --since, where \
                 that is given, with what is open if --opens is, and tells on standard error what is missing, and when no recorder is running."
                "JSON 줄의 의미는 docs/recorder.ko.md에 있습니다. history --follow는 --since를 주면 그때부터 끝난 연결로, --opens를 주면 열려 있는 \
                 연결로 시작하고, \
                 빠진 구간과 기록기가 멈춘 사실을 표준 오류로 알립니다.";
    [] "install-service", switch(recorder.install_service);
        "Install the recorder as a service of Windows",
        "Installs the recorder as the service netstat-record of Windows and starts it, with the options that are typed as well. Takes \
         an administrator.",
        "기록기를 Windows 서비스 netstat-record로 설치하고 시작합니다. 함께 입력한 옵션으로 실행됩니다. 관리자 권한이 필요합니다.";
    [] "keep", value(recorder.keep, "SIZE", "1GiB", ValueKind::Free, values::parse_size);
        "Let the history grow to this size",
        "Lets the history grow to this size (500M, 2G; 1 GiB if it is not given). The oldest connections go first.",
        "기록이 이 크기까지 커지도록 합니다(500M, 2G. 지정하지 않으면 1GiB). 오래된 연결부터 지웁니다.";
    [] "keep-days", value(recorder.keep_days, "N", "30", ValueKind::Free, values::parse_keep_days);
        "Keep the history for this many days",
        "Keeps connections for this many days. Without it, for as long as there is room.",
        "연결을 이 일수 동안 보관합니다. 지정하지 않으면 공간이 있는 동안 보관합니다.";
    [] "opens", switch(recorder.opens);
        "With --follow, print what opens as well",
        "With --follow, also prints each connection and listener that opens, at first those that are open already.",
        "--follow와 함께, 열리는 연결과 수신 대기 포트도 출력합니다. 처음에는 이미 열려 있는 것을 출력합니다.";
    [] "ship", value(recorder.ship, "URL", "clickhouse://ch.example.com/netstat", ValueKind::Free, |text| values::parse_target("--ship", text));
        "Send what is kept to this database as well",
        "Sends what is kept to this database as well, as netstat ship --to does.",
        "저장한 것을 이 데이터베이스로도 보냅니다. netstat ship --to와 같습니다.";
    [] "status", switch(recorder.status);
        "Tell how recorder and ship are doing",
        "Tells whether a recorder is running, what it has counted and lost, how much it keeps, and how far that was sent. \
         After ship, only what was sent, what waits, and what was deleted unsent.",
        "기록기가 실행 중인지, 무엇을 세고 잃었는지, 얼마나 저장하고 어디까지 보냈는지 표시합니다. ship 뒤에서는 보낸 것, 남은 \
         것, 보내기 전에 지워진 것만 표시합니다."
        details "The exit code is 0 if one is running, 1 if not; after ship, 0 if something is being sent."
                "실행 중인 기록기가 있으면 종료 코드 0, 없으면 1입니다. ship 뒤에서는 보내는 중이면 0입니다.";
    [] "stop", switch(recorder.stop);
        "Stop the recorder",
        "Stops the recorder that writes to the store, and waits until it has.",
        "이 기록에 쓰고 있는 기록기를 중지하고, 끝날 때까지 기다립니다."
        details "It waits for ten seconds at most. The exit code is 0 if the recorder has stopped; 1 if it has not yet, and a line says \
                 why and what to type, or if none is running."
                "최대 10초 기다립니다. 기록기가 중지했으면 종료 코드 0, 아직 중지하지 않았거나 실행 중인 기록기가 없으면 1이며, 이유와 \
                 입력할 명령을 알려 줍니다.";
    [] "udp", switch(recorder.udp);
        "Keep with whom UDP sockets talk",
        "Keeps with whom each UDP socket talks as well, how many bytes went each way, and which process it was; and connects of TCP that \
         the system refuses before anything is sent. Linux with BPF.",
        "UDP 소켓이 누구와 통신하는지, 양쪽으로 몇 바이트가 오갔는지, 어느 프로세스인지, 그리고 아무것도 보내기 전에 시스템이 거부한 TCP \
         connect도 기록합니다. BPF를 쓸 수 있는 Linux에서만 됩니다."
        details "Without it UDP sockets are kept as they are seen once a second. A call that sends or receives a datagram takes 1.4 \
                 microseconds more, one of TCP 0.3; docs/recorder.md has the limits."
                "이 옵션이 없으면 UDP 소켓은 1초마다 확인한 대로만 기록합니다. 데이터그램을 보내거나 받는 호출은 1.4마이크로초, TCP의 \
                 호출은 0.3마이크로초 더 걸립니다. 한계는 docs/recorder.ko.md에 있습니다.";
    [] "uninstall-service", switch(recorder.uninstall_service);
        "Remove the service of Windows",
        "Stops the service netstat-record and removes it. Its history stays.",
        "서비스 netstat-record를 중지하고 제거합니다. 기록은 남습니다.";
};
