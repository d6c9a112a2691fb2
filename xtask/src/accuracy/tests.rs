use super::judge::Verdict;
use super::tables::{Table, read_lsof, read_netstat, read_ss};
use super::truth::Truth;

/// A listener, a connection that stays with a second owner, and one that ends at 50.
const LOG: &str = "\
row l 127.0.0.1:80 0.0.0.0:0 LISTEN 0 1 - -
own l 7 0 1 - -
row a 127.0.0.1:80 127.0.0.2:5 ESTABLISHED 0 1 - -
own a 7 0 1 - -
own a 8 0 1 - -
row b 127.0.0.1:80 127.0.0.2:6 ESTABLISHED 0 1 50 55
own b 7 0 1 50 55
";

fn truth() -> Truth {
    let mut truth = Truth::default();
    truth.add(LOG).unwrap();
    truth
}

fn judge(truth: &Truth, table: &Table, from: u64, to: u64) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.judge(truth, table, from, to);
    verdict
}

#[test]
fn a_correct_table_has_no_errors() {
    let netstat = "\nActive Connections\n\n  Proto  Local\n\
        \x20 TCP    127.0.0.1:80     0.0.0.0:0     LISTENING     7\n\
        \x20 TCP    127.0.0.1:80     127.0.0.2:5     ESTABLISHED     7\n\
        \x20 UDP    0.0.0.0:9     *:*     3\n";
    let ss = "Netid State Recv-Q Send-Q Local Peer Process\n\
        udp UNCONN 0 0 0.0.0.0:9 0.0.0.0:*\n\
        tcp LISTEN 0 512 127.0.0.1:80 0.0.0.0:* users:((\"a\",pid=7,fd=3))\n\
        tcp ESTAB 0 0 127.0.0.1:80 127.0.0.2:5 users:((\"a\",pid=7,fd=4),(\"b\",pid=8,fd=0))\n";
    let lsof = "COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME\n\
        a 7 root 3u IPv4 1 0t0 TCP 127.0.0.1:80 (LISTEN)\n\
        a 7 root 4u IPv4 2 0t0 TCP 127.0.0.1:80->127.0.0.2:5 (ESTABLISHED)\n\
        b 8 root 0u IPv4 2 0t0 TCP 127.0.0.1:80->127.0.0.2:5 (ESTABLISHED)\n\
        c 9 root 0u IPv4 2 0t0 UDP *:9\n";
    for (table, owners) in [(read_netstat(netstat), 2), (read_ss(ss), 3), (read_lsof(lsof), 3)] {
        let verdict = judge(&truth(), &table, 60, 70);
        assert_eq!((verdict.certain, verdict.changing), (2, 0), "{table:?}");
        let errors = verdict.missed + verdict.wrong_state + verdict.invented + verdict.owners_wrong;
        assert_eq!((errors + verdict.owners_missed, verdict.owners_shown), (0, owners), "{verdict:?}");
    }
}

#[test]
fn each_error_is_counted() {
    // The listener is missing, a is in the wrong state, twice, with a wrong owner, and b is there after its end.
    let table = read_netstat(
        "  TCP  127.0.0.1:80  127.0.0.2:5  TIME_WAIT  9\n  TCP  127.0.0.1:80  127.0.0.2:5  TIME_WAIT  -\n  TCP  \
         127.0.0.1:80  127.0.0.2:6  ESTABLISHED  0\n  TCP  nonsense\n",
    );
    let verdict = judge(&truth(), &table, 60, 70);
    assert_eq!((verdict.missed, verdict.wrong_state, verdict.owners_wrong), (1, 1, 1), "{verdict:?}");
    assert_eq!(verdict.invented, 3, "{verdict:?}");
    let table = read_netstat("  TCP  127.0.0.1:80  127.0.0.2:5  ESTABLISHED  -\n");
    assert_eq!(judge(&truth(), &table, 60, 70).owners_missed, 1);
    let table = read_ss("tcp ESTAB 0 0 127.0.0.1:80 127.0.0.2:5 users:((\"a\",pid=8,fd=4))\n");
    assert_eq!(judge(&truth(), &table, 60, 70).owners_missed, 1);
}

#[test]
fn a_socket_that_ends_during_the_run_may_be_shown_or_not() {
    for text in ["", "  TCP  127.0.0.1:80  127.0.0.2:6  ESTABLISHED  7\n"] {
        let verdict = judge(&truth(), &read_netstat(text), 40, 53);
        assert_eq!((verdict.changing, verdict.changing_shown), (1, u64::from(!text.is_empty())));
        assert_eq!((verdict.missed, verdict.invented, verdict.owners_wrong), (2, 0, 0), "{verdict:?}");
    }
}

#[test]
fn a_malformed_log_is_an_error() {
    for log in
        ["own x 1 0 0 0 0\n", "row a 1 2 LISTEN 0 0 0 0\n", "nonsense\n", "row a 1.1.1.1:1 1.1.1.1:1 X 0 0\n"]
    {
        assert!(Truth::default().add(log).is_err(), "{log}");
    }
}
