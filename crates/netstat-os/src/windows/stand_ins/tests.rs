use super::*;
use crate::windows::fake::{Fake, packed};
use crate::windows::memory::Memory;
use proptest::prelude::*;

const STATE: &[u8] = b"\r\nSnapshot of HTTP service state (Request Queue View): \r\n\
    -----------------------------------------------------\r\n\r\n\
    Request queue name: Request queue is unnamed.\r\n    Version: 2.0\r\n    State: Active\r\n\
    \x20   Request queue 503 verbosity level: Basic\r\n    Max requests: 1000\r\n\
    \x20   Number of active processes attached: 1\r\n    Processes:\r\n\
    \x20       ID: 4532, image: C:\\Windows\\System32\\svchost.exe\r\n        Services: WinRM\r\n\r\n\
    \x20   URL groups:\r\n    URL group ID: F900000040000001\r\n        State: Active\r\n\
    \x20       Number of registered URLs: 2\r\n        Registered URLs:\r\n\
    \x20           HTTP://+:5985/WSMAN/\r\n            HTTP://+:47001/WSMAN/\r\n\r\n\
    Request queue name: DefaultAppPool\r\n    Version: 2.0\r\n    Controller process ID: 3500\r\n\
    \x20   Process IDs:\r\n        6416\r\n        6420\r\n\
    \x20           HTTPS://WWW.EXAMPLE.COM:443:10.0.0.1/\r\n            HTTP://[::1]:8080/X/\r\n            http://host/\r\n\r\n\
    Request queue name: idle\r\n    Process IDs:\r\n        77\r\n";

/// Formats each listener as `end by > behind`.
fn formatted(answer: &Answer<Vec<StandIn>>) -> Vec<String> {
    answer.data.iter().map(|one| format!("{} {} > {}", one.end, one.by, one.behind.join(" "))).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn urls_and_processes_are_read_in_any_language() {
    let queues = parse_queues(STATE).unwrap();
    let expected = [
        (vec![("HTTP://+:5985/WSMAN/", 5985), ("HTTP://+:47001/WSMAN/", 47001)], vec![4532]),
        (
            vec![
                ("HTTPS://WWW.EXAMPLE.COM:443:10.0.0.1/", 443),
                ("HTTP://[::1]:8080/X/", 8080),
                ("http://host/", 80),
            ],
            vec![6416, 6420],
        ),
    ];
    let expected = expected.map(|(urls, processes)| Queue {
        urls: urls.into_iter().map(|(url, port)| (url.into(), port)).collect(),
        processes: processes.into_iter().collect(),
    });
    assert_eq!(queues, expected);
    // Korean, code page 949; not one word is the same.
    let korean: Vec<u8> =
        STATE.iter().map(|&byte| if byte.is_ascii_lowercase() { 0xb0 } else { byte }).collect();
    let ports = |queues: &[Queue]| queues.iter().map(|queue| queue.processes.clone()).collect::<Vec<_>>();
    assert_eq!(ports(&parse_queues(&korean).unwrap()), ports(&expected));
    assert_eq!((parse_queues(b""), parse_queues(b"\r\n---\r\n")), (None, Some(Vec::new())));
    for odd in ["ftp://x:1/", "http://+:70000/", "HTTP://+:/x", "http:/x", ""] {
        assert_eq!(url_port(odd), None, "{odd}");
    }
    for odd in ["", "Max requests: 1000", "Controller process ID: 3500", "-3", "99999999999", "a: b, c"] {
        assert_eq!(process(odd), None, "{odd}");
    }
}

#[test]
fn processes_behind_http_sys_are_named_where_they_can_be() {
    let source = Fake::new().says(Question::HttpQueues, Memory::flat(STATE.to_vec()));
    let answer = stand_ins(&source, &[Keeper::HttpSys]);
    assert_eq!(formatted(&answer)[0], "[::]:5985 HTTP://+:5985/WSMAN/ > 4532");
    assert_eq!(answer.warnings.len(), 1, "the list of processes was refused");
    let listed = processes::tests::list_of(&[(4532, 1, 7, "svchost.exe")]);
    let source = source.says(Question::Processes, listed);
    let answer = stand_ins(&source, &[Keeper::HttpSys]);
    assert_eq!(formatted(&answer)[1], "[::]:47001 HTTP://+:47001/WSMAN/ > svchost.exe (4532)");
    assert_eq!(formatted(&answer)[2], "[::]:443 HTTPS://WWW.EXAMPLE.COM:443:10.0.0.1/ > 6416 6420");
    assert_eq!(answer.warnings, []);
    let nothing = Memory::flat(b"\r\n".to_vec());
    for source in
        [Fake::new().fails(Question::HttpQueues, 5), Fake::new().says(Question::HttpQueues, nothing)]
    {
        let refused = stand_ins(&source, &[Keeper::HttpSys]);
        assert!(refused.warnings[0].to_string().starts_with("the process behind http.sys is unknown: "));
    }
    let source = Fake::new();
    assert_eq!(stand_ins(&source, &[Keeper::ServiceManager]).data.len() + source.asked().len(), 0);
}

#[test]
fn rules_of_the_port_proxy_are_read_from_the_registry() {
    let [v4, _, v6, _] = PROXIES.map(|(key, _)| Question::RegistryValues(key));
    let rules = packed(&[
        ("*/8080", &utf16("10.0.0.5/80")),
        ("192.168.0.2/3389", &utf16("::1/3389")),
        ("host/80", &utf16("10.0.0.5/80")),
        ("*/80", &utf16("nothing")),
    ]);
    let source = Fake::new().says(v4, rules).says(v6, packed(&[("*/53", &utf16("name.example/53"))]));
    let answer = stand_ins(&source, &[Keeper::PortProxy]);
    assert_eq!(
        formatted(&answer),
        [
            "0.0.0.0:8080 portproxy > 10.0.0.5:80",
            "192.168.0.2:3389 portproxy > [::1]:3389",
            "[::]:53 portproxy > name.example:53",
        ]
    );
    // Two rules, and two keys that were refused.
    assert_eq!(answer.warnings.len(), 3);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, line in "[0-9a-z:,/+ \\[\\]\\n]{0,60}") {
        decode_all(&bytes);
        decode_all(line.as_bytes());
        decode_all(format!("---\nx\n http://{line}").as_bytes());
    }
}
