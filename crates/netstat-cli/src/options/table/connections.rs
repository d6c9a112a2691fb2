//! Options of the connection table.

use super::super::arguments::{Netns, OWNER_METHODS, ProtocolName, SOCKET_SOURCES};
use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

pub(super) const OPTIONS: &[Entry] = entries! { Connections;
    ['a'] "all" synopsis, switch(all);
        "Show listening ports and UDP as well",
        "Shows all connections and listening ports: TCP listeners and UDP sockets.",
        "모든 연결과 수신 대기 포트를 표시합니다. TCP 수신 대기와 UDP 소켓도 포함됩니다."
        details "Without it only TCP connections are shown, in every state but LISTENING. A filter implies it."
                "지정하지 않으면 TCP 연결만, LISTENING을 뺀 모든 상태로 표시합니다. 필터를 쓰면 자동으로 \
                 적용됩니다.";
    ['b'] "executable" synopsis, switch(executable);
        "Show the executable behind each row",
        "Shows below each row, in [], the executable that made the connection or listens, and above that its service, if it has one. Root is needed for other users' processes.",
        "각 행 아래에 연결을 만들었거나 수신 대기 중인 실행 파일을 []로 표시하고, 속한 서비스가 있으면 그 위에 \
         표시합니다. 다른 사용자의 프로세스를 보려면 root 권한이 필요합니다."
        details "On Linux the service is the systemd unit the process runs in, and the executable of a script is \
                 the script."
                "Linux에서 서비스는 프로세스가 속한 systemd 유닛이고, 스크립트의 실행 파일은 스크립트 \
                 자신입니다.";
    ['d'] "dscp", switch(dscp);
        "Show the DSCP value of each connection",
        "Shows the DSCP value that each connection marks its packets with.",
        "각 연결이 패킷에 표시하는 DSCP 값을 표시합니다."
        details "The value is a number from 0 to 63."
                "값은 0~63의 숫자입니다."
        inferred "The heading and the place of the column: no output of Windows with it was found."
                 "머리글과 열의 위치: 이 열이 있는 Windows 출력을 찾지 못했습니다.";
    ['f'] "full-names" synopsis, switch(full_names);
        "Show full host names of foreign addresses",
        "Shows the names of foreign addresses in full (FQDN), not cut at the first dot.",
        "외부 주소의 이름을 첫 점에서 자르지 않고 전체(FQDN)로 표시합니다."
        details "It has no effect with -n, which shows no names."
                "이름을 표시하지 않는 -n과 함께 쓰면 아무 효과가 없습니다.";
    ['i'] "time-in-state" synopsis, switch(time_in_state);
        "Show how long connections have been in their state",
        "Shows how long a TCP connection has been in its current state.",
        "TCP 연결이 현재 상태에 머문 시간을 표시합니다."
        details "In milliseconds, where the operating system knows it."
                "운영 체제가 알려 주는 경우 밀리초로 표시합니다."
        inferred "The place of the column, and its alignment beside -o and -t: only its heading is known."
                 "열의 위치, 그리고 -o, -t와 함께 쓸 때의 정렬: 머리글만 알려져 있습니다.";
    ['n'] "numeric" synopsis, switch(numeric);
        "Show addresses and ports as numbers",
        "Shows addresses and ports as numbers and does no name lookups.",
        "주소와 포트를 숫자로 표시하고, 이름을 조회하지 않습니다.";
    ['o'] "pid" synopsis, switch(pid);
        "Show the ID of the process that owns each row",
        "Shows the ID of the process (PID) that owns each connection.",
        "각 연결을 소유한 프로세스의 ID(PID)를 표시합니다."
        details "It is 0 for a connection that no longer has a process, such as one in TIME_WAIT."
                "TIME_WAIT처럼 프로세스가 없는 연결은 0입니다.";
    ['p'] "protocol" synopsis,
        value(protocol, "proto", "tcp", ValueKind::Choice(&ProtocolName::NAMES), values::parse_protocol);
        "Show one protocol only",
        "Shows the connections of one protocol: TCP, UDP, TCPv6 or UDPv6. With -s it may also be IP, IPv6, ICMP or \
         ICMPv6, and selects one section of the statistics.",
        "한 프로토콜의 연결만 표시합니다: TCP, UDP, TCPv6, UDPv6. -s와 함께 쓰면 IP, IPv6, ICMP, ICMPv6도 되며, \
         통계에서 그 부분만 표시합니다."
        details "TCP and UDP mean those over IPv4. The name is the next word, even if p stands between other letters \
                 (-apn tcp), or follows it directly (-ptcp, -anptcp). Without \
                 -a, udp and udpv6 show the connected UDP sockets."
                "TCP와 UDP는 IPv4의 것입니다. 이름은 p가 다른 글자 사이에 있더라도 다음 단어이거나(-apn tcp), \
                 바로 뒤에 붙습니다(-ptcp, -anptcp). -a가 없으면 udp와 udpv6는 연결된 UDP 소켓을 표시합니다."
        inferred "What udp and udpv6 show without -a, and that ip, ipv6, icmp and icmpv6 without -s are an error."
                 "-a 없이 udp와 udpv6가 표시하는 것, 그리고 -s 없이 쓴 ip, ipv6, icmp, icmpv6가 오류라는 것.";
    ['q'] "bound", switch(bound);
        "Show bound ports that do not listen as well",
        "Shows what -a shows, and TCP ports that are bound but neither listening nor connected.",
        "-a가 표시하는 것에 더해, 바인드만 되고 수신 대기도 연결도 하지 않은 TCP 포트를 표시합니다."
        details "Linux reports such ports since version 6.8."
                "Linux에서는 6.8부터 이런 포트를 알려 줍니다."
        inferred "Where the BOUND rows stand if there are IPv6 rows too, and their IPv6 form."
                 "IPv6 행도 있을 때 BOUND 행의 위치와 그 IPv6 형식.";
    ['t'] "offload" synopsis, switch(offload);
        "Show the offload state of each connection",
        "Shows whether each TCP connection is handled by the network adapter (offloaded) or by this host.",
        "각 TCP 연결을 네트워크 어댑터가 처리하는지(오프로드) 이 호스트가 처리하는지 표시합니다."
        inferred "UDP rows if -o is given too."
                 "-o도 준 경우의 UDP 행.";
    ['y'] "template" synopsis, switch(template);
        "Show the TCP template of each connection",
        "Shows the TCP template of each connection: on Linux its congestion control.",
        "각 연결의 TCP 템플릿을 표시합니다. Linux에서는 혼잡 제어 방식입니다."
        details "Windows does not allow it with other options; here it can be combined."
                "Windows에서는 다른 옵션과 함께 쓸 수 없지만, 여기서는 함께 쓸 수 있습니다."
        inferred "The place of the column, and every combination with other options."
                 "열의 위치, 그리고 다른 옵션과 함께 쓴 모든 경우.";
    [] "family", value(family, "LIST", "unix", ValueKind::Families, values::parse_families);
        "Show the sockets of these families",
        "Shows the sockets of these address families, separated by commas, in a table of columns: inet (TCP and UDP), unix, raw, ping, packet, netlink, vsock, xdp, sctp, mptcp, bluetooth, unlisted; or all but unlisted: all. Linux only.",
        "이 주소 체계의 소켓을 열로 된 표로 표시합니다. 쉼표로 구분합니다: inet(TCP와 UDP), unix, raw, ping, \
         packet, netlink, vsock, xdp, sctp, mptcp, bluetooth, unlisted, 또는 all(unlisted 제외 전부). Linux 전용입니다."
        details "Without it the table has TCP and UDP, as on Windows. With it all sockets of the families are shown, as with \
                 -a, and the columns follow the families: -o adds the process ID, --process the name, and of a Unix socket \
                 both also those of the process at the other end. Where the kernel cannot list a family that was named, a \
                 warning says so; with all it is left out if the kernel has no such sockets. unlisted are sockets in no \
                 table, to which only descriptors lead: made and never bound, reset by their peers and not \
                 closed, or of a family that this program does not list; netstat --family unlisted --group-by process \
                 counts them by process, which shows a leak."
                "지정하지 않으면 Windows처럼 TCP와 UDP를 표시합니다. 지정하면 -a를 준 것처럼 그 주소 체계의 \
                 모든 소켓을 표시하고, 열도 주소 체계에 맞춥니다. -o는 프로세스 ID, --process는 이름을 \
                 더하고, 유닉스 소켓이면 상대쪽 프로세스의 것도 더합니다. 지정한 주소 체계를 커널이 나열하지 \
                 못하면 경고하고, all일 때는 커널에 그런 소켓이 없으면 그냥 뺍니다. unlisted는 디스크립터로만 \
                 찾을 수 있고 어떤 테이블에도 없는 소켓입니다: 만들기만 하고 바인드하지 않은 것, 상대가 \
                 초기화했는데 닫지 않은 것, 이 프로그램이 나열하지 않는 주소 체계의 것. netstat --family \
                 unlisted --group-by process는 이를 프로세스별로 세어 누수를 찾아 줍니다.";
    [] "at", value(at, "WHEN", "yesterday 14:05", ValueKind::Free, |text| values::parse_when("--at", text));
        "Show the table as it was at a time",
        "Shows the table as it was at this time, from what netstat record kept: '10 minutes ago', 14:05, 'yesterday 14:05', 2026-11-29, RFC 3339, or how long ago, such as 2h.",
        "netstat record가 저장한 기록에서 이 시각의 표를 표시합니다: '10분 전', 14:05, '어제 14:05', 2026-11-29, \
         RFC 3339, 또는 2h처럼 얼마 전인지."
        details "netstat check judges that table. What was not kept (queues, congestion windows) is unknown. Before the first record, after the last one, \
                 and where nothing was recorded there is no table, but a line that says so and exit code 1."
                "netstat check는 그 표를 점검합니다. 저장하지 않는 것(큐, 혼잡 윈도)은 확인 불가입니다. 첫 기록 이전, 마지막 기록 이후, 기록이 \
                 비어 있는 구간에서는 표 대신 그렇다는 한 줄과 종료 코드 1을 냅니다.";
    [] "store", value(store, "PATH", "/var/lib/netstat", ValueKind::Directory, |text| {
            values::parse_directory("--store", text)
        });
        "Name the folder or file of the history",
        "Names the folder or file of the history for --at, netstat history and netstat record. The default is /var/lib/netstat; on Windows, netstat in ProgramData.",
        "--at, netstat history, netstat record가 쓸 기록의 폴더나 파일을 지정합니다. 지정하지 않으면 \
         /var/lib/netstat, Windows에서는 ProgramData의 netstat입니다."
        details "To read, it may be the history of another host."
                "읽기만 할 때는 다른 호스트의 기록이어도 됩니다.";
    [] "from", value(fleet.from, "URL", "clickhouse://ch.example.com/netstat", ValueKind::Free, |text| values::parse_target("--from", text));
        "Ask about the hosts that netstat ship sends from",
        "For netstat history and --at: asks this database about all hosts that netstat ship sends from: clickhouse://[USER@]HOST[:PORT]/DATABASE, with ?secure=1 for TLS.",
        "netstat history와 --at에서: netstat ship으로 보내는 모든 호스트의 기록을 이 데이터베이스에서 봅니다: \
         clickhouse://[사용자@]호스트[:포트]/데이터베이스. TLS는 ?secure=1."
        details "docs/fleet.md has questions worth asking, and the tables. Ctrl+C takes the question back on the server."
                "docs/fleet.ko.md에 물어볼 만한 질문과 테이블 설명이 있습니다. Ctrl+C를 누르면 서버에서도 질의를 취소합니다.";
    [] "host", value(fleet.host, "GLOB", "web*", ValueKind::Free, values::parse_host);
        "With --from, ask about these hosts only",
        "With --from, asks about hosts whose names match only, as hostname does in a filter.",
        "--from과 함께, 이름이 맞는 호스트만 봅니다. 필터의 hostname과 같습니다.";
    [] "credentials", value(fleet.credentials, "FILE", "/etc/netstat/clickhouse", ValueKind::File, |text| {
            values::parse_file("--credentials", text)
        });
        "Read user and password from a file",
        "With --from and netstat ship, reads user and password from this file: lines user=NAME and password=TEXT. Nobody else may be able to read it.",
        "--from과 netstat ship에서, 이 파일에서 사용자와 암호를 읽습니다: user=이름, password=암호를 한 줄씩. 다른 사람이 읽을 수 \
         없는 파일이어야 합니다."
        details "Without it they come from NETSTAT_CLICKHOUSE_USER and NETSTAT_CLICKHOUSE_PASSWORD, else from CLICKHOUSE_USER \
                 and CLICKHOUSE_PASSWORD. A password in a URL is refused, because everybody sees it in the list of processes."
                "지정하지 않으면 환경 변수 NETSTAT_CLICKHOUSE_USER와 NETSTAT_CLICKHOUSE_PASSWORD, 없으면 CLICKHOUSE_USER와 \
                 CLICKHOUSE_PASSWORD를 씁니다. URL에 적은 암호는 프로세스 목록에서 누구나 볼 수 있으므로 받지 않습니다.";
    [] "max-rows", value(fleet.most, "N", "1000000", ValueKind::Free, values::parse_max_rows);
        "With --from, fetch at most this many connections",
        "With --from, fetches at most this many connections, a million if it is not given: where more match, none is shown.",
        "--from과 함께, 연결을 이 수까지만 가져옵니다. 지정하지 않으면 100만입니다. 더 많이 맞으면 아무것도 표시하지 않습니다.";
    [] "owners", value(owners, "METHOD", "proc", ValueKind::Choice(&OWNER_METHODS), values::parse_owners);
        "Choose how the owners of sockets are found",
        "Chooses how the owners of sockets are found: auto, bpf or proc. The default, auto, reads /proc if fewer than 2,000 files are open on the machine; otherwise, or where /proc refuses a process, it uses a BPF program in the kernel if possible.",
        "소켓의 소유자를 찾는 방법을 고릅니다: auto, bpf, proc. 기본값 auto는 시스템에 열린 파일이 2,000개보다 \
         적으면 /proc를 읽고, 많으면 가능한 경우 커널의 BPF 프로그램을 씁니다. /proc가 어떤 프로세스를 거부할 \
         때도 BPF를 씁니다."
        details "BPF needs Linux 5.17 and root (CAP_BPF and CAP_PERFMON). It sees the descriptors of all processes and \
                 is many times faster if there are many. With bpf nothing else is tried: where it is not possible, that \
                 is an error."
                "BPF를 쓰려면 Linux 5.17 이상과 root(CAP_BPF와 CAP_PERFMON)가 필요합니다. 모든 프로세스의 \
                 디스크립터를 볼 수 있고, 프로세스가 많으면 몇 배에서 몇십 배 빠릅니다. bpf를 지정하면 다른 \
                 방법을 쓰지 않으며, 쓸 수 없으면 오류입니다.";
    [] "source", value(source, "METHOD", "diag", ValueKind::Choice(&SOCKET_SOURCES), values::parse_source);
        "Choose how sockets are listed (Linux)",
        "Chooses how TCP and UDP sockets are listed: auto, iter, diag or proc. The default, auto, lists TCP sockets with a BPF program in the kernel where there are more than 10,000 and it may be loaded, otherwise with sock_diag, otherwise from /proc/net. Linux only.",
        "TCP와 UDP 소켓의 목록을 얻는 방법을 고릅니다: auto, iter, diag, proc. 기본값 auto는 TCP 소켓이 10,000개보다 많고 \
         권한이 있으면 커널의 BPF 프로그램을 쓰고, 아니면 sock_diag를, 그것도 안 되면 /proc/net을 씁니다. Linux \
         전용입니다."
        details "With iter the program lists TCP, which needs Linux 5.17 and root (CAP_BPF and CAP_PERFMON); UDP and \
                 sockets that are only bound come from sock_diag. With a method that is named nothing else is tried: where it is not \
                 possible, that is an error. -v says what was used."
                "iter를 지정하면 TCP는 BPF 프로그램으로, UDP와 바인드만 된 소켓은 sock_diag로 얻습니다. BPF를 쓰려면 Linux \
                 5.17 이상과 root(CAP_BPF와 CAP_PERFMON)가 필요합니다. 방법을 지정하면 다른 방법을 쓰지 않으며, 쓸 \
                 수 없으면 오류입니다. 쓴 방법은 -v로 볼 수 있습니다.";
    [] "netns", value(netns, "NAMESPACE", "web", ValueKind::Namespace, values::parse_netns);
        "Ask in another network namespace, or in all",
        "Looks into another network namespace: by its name in ip netns, by the ID of a process in it, or by the path of its file. With all, one table shows the sockets of every network namespace of this machine, such as those of containers.",
        "다른 네트워크 네임스페이스를 조회합니다: ip netns의 이름, 그 안에 있는 프로세스의 ID, 또는 파일 경로. \
         all을 주면 컨테이너를 비롯해 이 시스템의 모든 네트워크 네임스페이스의 소켓을 한 표로 표시합니다."
        details "Root is needed (CAP_SYS_ADMIN). A number is a process ID. With all, the classic table has a column NETNS: the name of the namespace, or the container that lives \
                 in it, else its number. Reports other than tables of sockets take one namespace. Linux only."
                "root 권한(CAP_SYS_ADMIN)이 필요합니다. 숫자는 프로세스 ID입니다. all을 주면 기본 표에 \
                 네임스페이스 열이 생깁니다: 네임스페이스의 이름, 그 안의 컨테이너, 둘 다 없으면 번호입니다. \
                 소켓 표가 아닌 보고서에는 네임스페이스를 하나만 지정할 수 있습니다. Linux 전용입니다.";
    [] "all-namespaces", effect(Effect::Switch(|arguments| arguments.netns = Some(Netns::All)));
        "The same as --netns all",
        "The same as --netns all.",
        "--netns all과 같습니다.";
    [] "path", switch(path);
        "Show full paths of executables",
        "With -b, shows the full path of the executable instead of its name; with --process, or without -b, shows it \
         in the column PROCESS.",
        "-b와 함께 쓰면 실행 파일의 이름 대신 전체 경로를 표시합니다. --process와 함께 쓰거나 -b 없이 쓰면 \
         '프로세스' 열에 표시합니다."
        details "An executable that has been deleted since it was started is marked."
                "시작한 뒤에 지워진 실행 파일은 따로 표시합니다.";
    [] "geo", effect(Effect::Value(
            Value { name: "FILE", example: "asn.mmdb", kind: ValueKind::File },
            |arguments, text| {
                arguments.geo.push(values::parse_file("--geo", text)?);
                Ok(())
            },
        ));
        "Take countries and networks from this file",
        "Reads the countries and networks of addresses from this file in MaxMind's format, for the columns and filter words country and network. Without it, countries come from a built-in table.",
        "country, network 열과 필터 단어가 쓸 국가와 네트워크를 MaxMind 형식의 이 파일에서 읽습니다. 지정하지 \
         않으면 국가는 프로그램에 들어 있는 표에서 찾습니다."
        details "It may be repeated: the first file that knows an address wins, and the built-in table knows the rest \
                 of the countries. The table names the country where the holder of an address is registered. \
                 Networks come from files only, such as ASN databases. No network lookups are made."
                "여러 번 쓸 수 있습니다. 주소를 아는 첫 파일의 값을 쓰고, 나머지 국가는 내장된 표에서 \
                 찾습니다. 이 표의 국가는 주소 보유자가 등록된 나라입니다. 네트워크는 ASN 데이터베이스 같은 \
                 파일에서만 찾습니다. 외부에 조회하지 않습니다.";
    [] "resolve-timeout",
        value(resolve_timeout, "SECONDS", "500ms", ValueKind::Free, values::parse_resolve_timeout);
        "Limit the time that name lookups may take",
        "Limits the time that all name lookups together may take: 2, 2s or 500ms. The default is 2 seconds.",
        "이름 조회 전체에 쓸 시간을 제한합니다: 2, 2s, 500ms. 기본값은 2초입니다."
        details "An address without a name by then is shown as a number. 0 does not wait at all; the maximum is an \
                 hour."
                "그때까지 이름을 찾지 못한 주소는 숫자로 표시합니다. 0은 전혀 기다리지 않으며, 최댓값은 한 \
                 시간입니다.";
};
