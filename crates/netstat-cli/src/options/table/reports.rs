//! Options that ask for another report than the connection table.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

pub(super) const OPTIONS: &[Entry] = entries! { Other;
    ['c'] "port-counts", switch(port_counts);
        "List processes by the number of ports they hold",
        "Lists the processes that hold TCP or UDP ports, the one with the most ports first.",
        "TCP 또는 UDP 포트를 가진 프로세스를 포트가 많은 순서로 표시합니다."
        inferred "The whole report: no output of Windows was found."
                 "보고서 전체: Windows의 출력을 찾지 못했습니다.";
    ['e'] "ethernet" synopsis, switch(ethernet);
        "Show interface statistics",
        "Shows interface statistics: bytes, packets, discards and errors. With -s the protocol statistics follow.",
        "인터페이스 통계를 표시합니다: 바이트, 패킷, 폐기, 오류. -s와 함께 쓰면 프로토콜 통계가 이어집니다."
        details "It is the sum of all interfaces but loopback; with -v each interface is shown by itself. Counters that \
                 the system does not have are shown as -: Linux does not tell unicast from broadcast packets, and has \
                 rows for all packets and, where the driver counts them, multicast packets."
                "루프백을 뺀 모든 인터페이스의 합계입니다. -v를 주면 인터페이스를 하나씩 표시합니다. 시스템에 \
                 없는 카운터는 -로 표시합니다. Linux는 유니캐스트와 브로드캐스트 패킷을 구분하지 않으므로, \
                 모든 패킷의 행과 드라이버가 세는 경우 멀티캐스트 패킷의 행이 있습니다."
        inferred "Which interfaces are counted; counters do not wrap at 32 bits."
                 "어느 인터페이스를 세는지. 카운터는 32비트에서 되돌아가지 않습니다.";
    ['r'] "route" synopsis, switch(route);
        "Show the routing table",
        "Shows the routing table.",
        "라우팅 테이블을 표시합니다."
        details "It is always numeric; -n is allowed."
                "항상 숫자로 표시합니다. -n을 붙여도 됩니다."
        inferred "The order of interfaces and of routes with the same prefix."
                 "인터페이스의 순서, 프리픽스가 같은 경로의 순서.";
    ['s'] "statistics" synopsis, switch(statistics);
        "Show statistics by protocol",
        "Shows statistics by protocol: IP, IPv6, ICMP, ICMPv6, TCP, TCPv6, UDP and UDPv6, or the one that -p selects.",
        "프로토콜별 통계를 표시합니다: IP, IPv6, ICMP, ICMPv6, TCP, TCPv6, UDP, UDPv6. -p를 주면 그 프로토콜만 \
         표시합니다."
        inferred "The connection table that follows -s -p with tcp, tcpv6, udp or udpv6."
                 "-s -p에 tcp, tcpv6, udp, udpv6를 주면 뒤따르는 연결 표.";
    [] "interfaces", switch(interfaces);
        "Show each interface in a line",
        "Shows each interface in a line: state, MTU, counters of what it received and sent, addresses.",
        "인터페이스를 한 줄씩 표시합니다: 상태, MTU, 송수신 카운터, 주소."
        details "With an interval each display but the first adds the change per second, as in 12 (+3/s); --no-rates leaves it \
                 out. Counters that the system does not have are shown as -. The interfaces of net-tools are those of \
                 --dialect net-tools -i."
                "간격을 주면 두 번째부터 12 (+3/s)처럼 초당 변화량을 덧붙입니다. --no-rates를 주면 덧붙이지 \
                 않습니다. 시스템에 없는 카운터는 -로 표시합니다. net-tools의 인터페이스 표는 --dialect \
                 net-tools -i입니다.";
    [] "multicast", switch(multicast);
        "Show multicast groups and who joined them",
        "Shows the multicast groups that each interface belongs to: those of IPv4 and IPv6, and link-layer addresses.",
        "각 인터페이스가 속한 멀티캐스트 그룹을 표시합니다: IPv4, IPv6, 링크 계층 주소."
        details "Which processes joined a group of IP a BPF program tells, as root; without it they are unknown. Those whose \
                 packet sockets joined a link-layer address are told in any case, and where the kernel itself is the only \
                 one that joined it says kernel. The number of users is how often the group was joined. Linux only: Windows has netsh \
                 interface ipv4 show joins."
                "IP 그룹에 가입한 프로세스는 root로 실행할 때 BPF 프로그램으로 확인하며, BPF를 쓸 수 없으면 확인 \
                 불가입니다. 패킷 소켓으로 링크 계층 주소에 가입한 프로세스는 언제나 표시하고, 커널만 가입했으면 kernel이라고 \
                 표시합니다. 가입 수는 그룹에 가입한 횟수입니다. Linux 전용이며, Windows에는 netsh interface \
                 ipv4 show joins가 있습니다.";
    [] "no-extra", switch(no_extra);
        "With -s or -e, show only what Windows shows",
        "With -s or -e, shows only what Windows shows.",
        "-s나 -e와 함께, Windows가 표시하는 것만 표시합니다."
        details "Without it more rows follow those of Windows: retransmission rate, listen queue overflows, buffer \
                 errors and the like. With it there is nothing in -s that a program made for Windows cannot read: no \
                 rates, no rows without a number, and TCP, which Linux counts for both families together, under the \
                 heading for IPv4."
                "지정하지 않으면 Windows의 행 뒤에 재전송률, 수신 대기 큐 초과, 버퍼 오류 같은 행이 더 \
                 나옵니다. 지정하면 -s에는 Windows용 프로그램이 읽지 못할 것이 없습니다: 변화량도, 숫자 없는 \
                 행도 없고, Linux가 IPv4와 IPv6를 합쳐 세는 TCP는 IPv4 제목 아래에 나옵니다.";
    [] "no-rates", switch(no_rates);
        "With -s, -e or --interfaces and an interval, show no rates",
        "With -s, -e or --interfaces and an interval, shows no rates beside the counters.",
        "-s, -e, --interfaces에 간격을 준 경우, 카운터 옆의 초당 변화량을 표시하지 않습니다."
        details "Without it each display but the first adds the change per second, as in (+12/s)."
                "지정하지 않으면 두 번째부터 (+12/s)처럼 초당 변화량을 덧붙입니다.";
    [] "table", value(tables, "ID", "all", ValueKind::Choice(&["main", "local", "default", "all"]), values::parse_tables);
        "With -r, show this routing table",
        "With -r, shows the routing table of this number, or main, local, default or all.",
        "-r과 함께, 이 번호나 이름(main, local, default, all)의 라우팅 테이블을 표시합니다."
        details "Without it -r shows main, local and default. With it a row ends with what its columns do not tell, where \
                 there is any: table, from, tos, expires, onlink, linkdown, dead. Linux only."
                "지정하지 않으면 -r은 main, local, default를 표시합니다. 지정하면 열에 없는 정보가 있을 때 행 \
                 끝에 덧붙입니다: table, from, tos, expires, onlink, linkdown, dead. Linux 전용입니다.";
    ['v'] "verbose", switch(verbose);
        "Show each interface (with -e); say how owners were found",
        "With -e, shows each interface by itself. With -b, -o and other reports that look up socket owners, says on \
         standard error how they were found, and whether sockets may have other owners as well; the table is the same.",
        "-e와 함께 쓰면 인터페이스를 하나씩 표시합니다. -b, -o처럼 소켓의 소유자를 찾는 명령에서는 소유자를 \
         어떻게 찾았는지, 다른 소유자가 더 있을 수 있는지를 표준 오류에 출력합니다. 표는 같습니다."
        inferred "The block of each interface: Windows has no such report."
                 "인터페이스별 블록: Windows에는 이런 보고서가 없습니다.";
    ['x'] "network-direct" synopsis, switch(network_direct);
        "Show NetworkDirect (RDMA) connections",
        "Shows the connections, listeners and shared endpoints of NetworkDirect (RDMA).",
        "NetworkDirect(RDMA)의 연결, 리스너, 공유 엔드포인트를 표시합니다."
        details "The letters a, n and o are allowed beside it."
                "a, n, o와 함께 쓸 수 있습니다."
        inferred "The column positions and the blank lines."
                 "열의 위치와 빈 줄.";
};
