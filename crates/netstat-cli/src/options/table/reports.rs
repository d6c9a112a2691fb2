//! Options that ask for another report than the connection table.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

pub(super) const OPTIONS: &[Entry] = entries! { Other;
    ['c'] "port-counts", switch(port_counts);
        "List processes by the number of ports they hold",
        "Lists the processes that hold TCP or UDP ports, the one with the most ports first.",
        "TCP 또는 UDP 포트를 가진 프로세스를 포트가 많은 순서로 표시합니다."
        inferred "The whole report: no output of Windows was found.";
    ['e'] "ethernet" synopsis, switch(ethernet);
        "Show interface statistics",
        "Shows interface statistics: bytes, packets, discards and errors. With -s the protocol statistics follow.",
        "인터페이스 통계를 표시합니다: 바이트, 패킷, 폐기, 오류. -s와 함께 쓰면 프로토콜 통계가 이어집니다."
        details "It is the sum of all interfaces but loopback; with -v each interface is shown by itself. Counters that \
                 the system does not have are shown as -: Linux does not tell unicast from broadcast packets, and has \
                 rows for all packets and, where the driver counts them, multicast packets."
        inferred "Which interfaces are counted; counters do not wrap at 32 bits.";
    ['r'] "route" synopsis, switch(route);
        "Show the routing table",
        "Shows the routing table.",
        "라우팅 테이블을 표시합니다."
        details "It is always numeric; -n is allowed."
        inferred "The order of interfaces and of routes with the same prefix.";
    ['s'] "statistics" synopsis, switch(statistics);
        "Show statistics by protocol",
        "Shows statistics by protocol: IP, IPv6, ICMP, ICMPv6, TCP, TCPv6, UDP and UDPv6, or the one that -p selects.",
        "프로토콜별 통계를 표시합니다: IP, IPv6, ICMP, ICMPv6, TCP, TCPv6, UDP, UDPv6. -p를 주면 그 프로토콜만 \
         표시합니다."
        inferred "The connection table that follows -s -p with tcp, tcpv6, udp or udpv6.";
    [] "interfaces", switch(interfaces);
        "Show each interface in a line",
        "Shows each interface in a line: state, MTU, counters of what it received and sent, addresses.",
        "인터페이스를 한 줄씩 표시합니다: 상태, MTU, 송수신 카운터, 주소."
        details "With an interval each display but the first adds the change per second, as in 12 (+3/s); --no-rates leaves it \
                 out. Counters that the system does not have are shown as -. The interfaces of net-tools are those of \
                 --dialect net-tools -i.";
    [] "multicast", switch(multicast);
        "Show multicast groups and who joined them",
        "Shows the multicast groups that each interface belongs to: those of IPv4 and IPv6, and link-layer addresses.",
        "각 인터페이스가 속한 멀티캐스트 그룹을 표시합니다: IPv4, IPv6, 링크 계층 주소."
        details "Linux does not tell which processes joined a group of IP, so most of them are unknown; those whose packet \
                 sockets joined a link-layer address are told, and where the kernel itself is the only one that joined it \
                 says kernel. The number of users is how often the group was joined. Linux only: Windows has netsh \
                 interface ipv4 show joins.";
    [] "no-extra", switch(no_extra);
        "With -s or -e, show only what Windows shows",
        "With -s or -e, shows only what Windows shows.",
        "-s나 -e와 함께, Windows가 표시하는 것만 표시합니다."
        details "Without it more rows follow those of Windows: retransmission rate, listen queue overflows, buffer \
                 errors and the like. With it there is nothing in -s that a program made for Windows cannot read: no \
                 rates, no rows without a number, and TCP, which Linux counts for both families together, under the \
                 heading for IPv4.";
    [] "no-rates", switch(no_rates);
        "With -s, -e or --interfaces and an interval, show no rates",
        "With -s, -e or --interfaces and an interval, shows no rates beside the counters.",
        "-s, -e, --interfaces에 간격을 준 경우, 카운터 옆의 초당 변화량을 표시하지 않습니다."
        details "Without it each display but the first adds the change per second, as in (+12/s).";
    [] "table", value(tables, "ID", "all", ValueKind::Choice(&["main", "local", "default", "all"]), values::parse_tables);
        "With -r, show this routing table",
        "With -r, shows the routing table of this number, or main, local, default or all.",
        "-r과 함께, 이 번호나 이름(main, local, default, all)의 라우팅 테이블을 표시합니다."
        details "Without it -r shows main, local and default. With it a row ends with what its columns do not tell, where \
                 there is any: table, from, tos, expires, onlink, linkdown, dead. Linux only.";
    ['v'] "verbose", switch(verbose);
        "Show each interface (with -e); say how owners were found",
        "With -e, shows each interface by itself. With -b, -o and other reports that look up socket owners, says on \
         standard error how they were found, and whether sockets may have other owners as well; the table is the same.",
        "-e와 함께 쓰면 인터페이스를 하나씩 표시합니다. -b, -o처럼 소켓의 소유자를 찾는 명령에서는 소유자를 \
         어떻게 찾았는지, 다른 소유자가 더 있을 수 있는지를 표준 오류에 출력합니다. 표는 같습니다."
        inferred "The block of each interface: Windows has no such report.";
    ['x'] "network-direct" synopsis, switch(network_direct);
        "Show NetworkDirect (RDMA) connections",
        "Shows the connections, listeners and shared endpoints of NetworkDirect (RDMA).",
        "NetworkDirect(RDMA)의 연결, 리스너, 공유 엔드포인트를 표시합니다."
        details "The letters a, n and o are allowed beside it."
        inferred "The column positions and the blank lines.";
};
