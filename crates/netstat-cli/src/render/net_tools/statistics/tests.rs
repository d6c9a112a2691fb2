use super::*;
use netstat_engine::kernel_text::{counters, counters_v6};

fn text(counters: &[Counter<'_>]) -> String {
    let mut out = Vec::new();
    render_statistics(counters, |_| true, &mut out).unwrap();
    String::from_utf8(out).unwrap().replace("\r\n", "\n")
}

#[test]
fn counters_have_the_words_of_net_tools() {
    let kernel = "Ip: Forwarding DefaultTTL InReceives InHdrErrors ForwDatagrams\nIp: 2 64 9 0 0\n\
                  Icmp: InMsgs InCsumErrors InDestUnreachs InEchos OutMsgs OutEchos\nIcmp: 1 0 1 0 0 0\n\
                  IcmpMsg: InType3\nIcmpMsg: 1\nUdpLite: InDatagrams\nUdpLite: 0\n\
                  TcpExt: SyncookiesSent DelayedACKLost TCPOdd\nTcpExt: 0 3 4\n";
    assert_eq!(
        text(&counters(kernel.as_bytes())),
        "Ip:\n    Forwarding: 2\n    9 total packets received\n    0 forwarded\n\
         Icmp:\n    1 ICMP messages received\n    ICMP input histogram:\n        destination unreachable: 1\n    \
         0 ICMP messages sent\n    ICMP output histogram:\n\
         IcmpMsg:\n        InType3: 1\n\
         UdpLite:\n\
         TcpExt:\n    Quick ack mode was activated 3 times\n    TCPOdd: 4\n"
    );
    let kernel =
        "Ip6InReceives 0\nIp6InOctets 5\nIcmp6InErrors 0\nIcmp6OutEchos 2\nIcmp6InEchos 0\nInode 1\n";
    assert_eq!(
        text(&counters_v6(kernel.as_bytes())),
        "Ip6:\n    0 total packets received\n    Ip6InOctets: 5\n\
         Icmp6:\n    0 input ICMP message failed\n    ICMP output histogram:\n        echo requests: 2\n        \
         ICMP input histogram:\nInode:\n        Inode: 1\n"
    );
}
