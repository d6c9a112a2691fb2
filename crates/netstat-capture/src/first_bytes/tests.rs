//! Tests of what first bytes tell. The ClientHello is one of OpenSSL 3, the messages of DNS are those of RFC 1035 put together by
//! hand.

use super::*;
use proptest::prelude::*;

/// A ClientHello for `shop.example.org` that offers h2 and http/1.1.
const CLIENT_HELLO: &str = "\
    1603010200010001fc030322e57158abf1ed4fabea18b01400f83a4f4895390b0d9f8e0b4061831943af8220f31467cdc87b\
    a0523fd932b2453fdcccfb4f0b09cf8ad3229a218aa78dcd77040024130213031301c02cc030c02bc02fcca9cca8c024c028\
    c023c027009f009e006b006700ff0100018f00000015001300001073686f702e6578616d706c652e6f7267000b0004030001\
    02000a00160014001d0017001e0019001801000101010201030104002300000010000e000c02683208687474702f312e3100\
    16000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205\
    020602002b00050403040303002d00020101003300260024001d00202c2d3787b3b87856c8e192dc57b2bebb04b30faef701\
    2c66ab85d30b6a416739001500cb000000000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000";

fn client_hello() -> Vec<u8> {
    let digits: Vec<u8> = CLIENT_HELLO.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

const WEB: (u16, u16) = (40000, 443);
const TO_DNS: (u16, u16) = (40000, 53);

fn told(heard: Heard) -> String {
    match heard {
        Heard::More => "more".to_owned(),
        Heard::Nothing => "nothing".to_owned(),
        Heard::Application(Application { protocol, name }) => {
            format!("{} {}", protocol.name(), name.as_deref().unwrap_or("without a name"))
        }
    }
}

fn stream(bytes: &[u8]) -> String {
    told(of_stream(bytes, WEB, false))
}

/// A message of DNS: flags, questions, answers as they are.
fn message(flags: u16, counts: (u16, u16), body: &[u8]) -> Vec<u8> {
    let mut message = vec![0x12, 0x34];
    for number in [flags, counts.0, counts.1, 0, 0] {
        message.extend(number.to_be_bytes());
    }
    message.extend(body);
    message
}

fn domain(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

fn question(name: &str, kind: u16) -> Vec<u8> {
    [&domain(name)[..], &kind.to_be_bytes(), &[0, 1]].concat()
}

/// A record whose name is that of the question.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&[0xc0, 12][..], &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60], &length.to_be_bytes(), data].concat()
}

fn datagram(bytes: &[u8], ports: (u16, u16)) -> String {
    of_datagram(bytes, ports).map_or("nothing".to_owned(), |it| told(Heard::Application(it)))
}

#[test]
fn a_client_hello_names_the_server_wherever_it_is_split() {
    let hello = client_hello();
    assert_eq!(stream(&hello), "tls shop.example.org h2");
    for length in 0..hello.len() {
        // The last extension is padding, or the like: what was asked for may be there before the end.
        let so_far = stream(&hello[..length]);
        assert!(so_far == "more" || so_far == "tls shop.example.org h2", "{length}: {so_far}");
        let last = told(of_stream(&hello[..length], WEB, true));
        assert!(last == "nothing" || last.starts_with("tls "), "{length}: {last}");
    }
    // The same handshake in records of 100 bytes.
    let records: Vec<u8> = hello[5..]
        .chunks(100)
        .flat_map(|piece| [&[22, 3, 1, 0, u8::try_from(piece.len()).unwrap()][..], piece].concat())
        .collect();
    assert_eq!(stream(&records), "tls shop.example.org h2");
    // What a server sends, and what is no handshake.
    let server = [&hello[..5], &[2], &hello[6..]].concat();
    assert_eq!((stream(&server), stream(&[23, 3, 3, 0, 9])), ("nothing".to_owned(), "nothing".to_owned()));
}

#[test]
fn a_hostile_name_of_a_server_is_escaped() {
    let mut hello = client_hello();
    let at = hello.windows(4).position(|bytes| bytes == b"shop").unwrap();
    hello[at..at + 4].copy_from_slice(b"\x1b[ \\");
    assert_eq!(stream(&hello), "tls \\027[\\032\\092.example.org h2");
}

#[test]
fn questions_and_answers_of_dns_are_told() {
    let asked = question("www.Example.org", 1);
    assert_eq!(datagram(&message(0x0100, (1, 0), &asked), TO_DNS), "dns www.Example.org A");
    let body =
        [asked, record(5, &domain("x.org")), record(1, &[192, 0, 2, 1]), record(1, &[192, 0, 2, 2])].concat();
    let answer = message(0x8180, (1, 3), &body);
    assert_eq!(datagram(&answer, TO_DNS), "dns www.Example.org A 192.0.2.1,192.0.2.2");
    // Cut off in the second address.
    assert_eq!(datagram(&answer[..answer.len() - 2], TO_DNS), "dns www.Example.org A 192.0.2.1");
    let v6 = [question("a.org", 28), record(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])]
        .concat();
    assert_eq!(datagram(&message(0x8180, (1, 1), &v6), TO_DNS), "dns a.org AAAA 2001:db8::1");
    let missing = message(0x8183, (1, 0), &question("no.org", 65));
    assert_eq!(datagram(&missing, TO_DNS), "dns no.org HTTPS NXDOMAIN");
    assert_eq!(datagram(&message(0x100, (1, 0), &question("", 2)), TO_DNS), "dns . NS");
    assert_eq!(datagram(&message(0x100, (1, 0), &question("a.org", 9999)), TO_DNS), "dns a.org TYPE9999");
    // One of multicast DNS answers without a question.
    let name = domain("TV.local");
    let body = [&name[..], &[0, 1, 0x80, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]].concat();
    assert_eq!(datagram(&message(0x8400, (0, 1), &body), (5353, 5353)), "mdns TV.local A 192.0.2.7");
    // Another port, another class, another operation.
    assert_eq!(datagram(&answer, (1, 2)), "nothing");
    assert_eq!(
        datagram(&message(0x0100, (1, 0), &[domain("a.org"), vec![0, 1, 9, 9]].concat()), TO_DNS),
        "nothing"
    );
    assert_eq!(datagram(&message(0x2800, (1, 0), &question("a.org", 6)), TO_DNS), "nothing");
    // In a stream it stands behind its length.
    let streamed = [&u16::try_from(answer.len()).unwrap().to_be_bytes()[..], &answer].concat();
    assert_eq!(told(of_stream(&streamed[..20], TO_DNS, false)), "more");
    assert_eq!(told(of_stream(&streamed, TO_DNS, false)), "dns www.Example.org A 192.0.2.1,192.0.2.2");
}

#[test]
fn a_hostile_name_of_dns_ends() {
    // Pointers to itself, ahead, and a label that would be a dot.
    for body in
        [&[0xc0, 12, 0, 1, 0, 1][..], &[0xc0, 20, 0, 1, 0, 1, 0, 0, 0, 0], &[1, b'a', 0xc0, 12, 0, 1, 0, 1]]
    {
        assert_eq!(datagram(&message(0x100, (1, 0), body), TO_DNS), "nothing");
    }
    let odd = [3, b'a', b'.', 0xff, 1, b' ', 0, 0, 1, 0, 1];
    assert_eq!(datagram(&message(0x100, (1, 0), &odd), TO_DNS), "dns a\\046\\255.\\032 A");
    let label = "\u{1}".repeat(60);
    let long = datagram(&message(0x100, (1, 0), &question(&[&*label; 4].join("."), 1)), TO_DNS);
    assert_eq!((long.len(), long.ends_with("...")), ("dns ".len() + 253, true));
}

#[test]
fn a_request_tells_host_and_method_and_never_the_path() {
    let request =
        b"GET /secret?token=1 HTTP/1.1\r\nAccept: */*\r\nhOsT:  shop.example.org:8080 \r\nX: y\r\n\r\n";
    assert_eq!(stream(request), "http shop.example.org:8080 GET");
    for length in 0..request.len() {
        let so_far = stream(&request[..length]);
        assert!(so_far == "more" || so_far == "http shop.example.org:8080 GET", "{length}: {so_far}");
        assert!(!told(of_stream(&request[..length], WEB, true)).contains("secret"));
    }
    assert_eq!(stream(b"POST / HTTP/1.0\n\n"), "http - POST");
    assert_eq!(stream(b"GET http://u:p@a.org/x HTTP/1.1\r\n\r\n"), "http a.org GET");
    assert_eq!(stream(b"CONNECT a.org:443 HTTP/1.1\r\n\r\n"), "http a.org:443 CONNECT");
    assert_eq!(stream(b"GET / HTTP/1.1\r\nHost: u:p@\x1b[2J a\r\n"), "http \\027[2J\\032a GET");
    for other in [
        "EHLO a.org\r\n",
        "HTTP/1.1 200 OK\r\n",
        "INVITE sip:a SIP/2.0\r\n",
        "GET / HTTP/2.0\r\n",
        "hello",
        "GET \u{1}",
    ] {
        assert_eq!(stream(other.as_bytes()), "nothing", "{other}");
    }
}

#[test]
fn a_banner_of_ssh_is_told() {
    assert_eq!(stream(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "ssh SSH-2.0-OpenSSH_9.2p1 Debian-2");
    assert_eq!(stream(b"SSH-2.0-x\x1b[31m\n"), "ssh SSH-2.0-x\\027[31m");
    assert_eq!((stream(b"SS"), stream(b"SSH-2.0-x")), ("more".to_owned(), "more".to_owned()));
    assert_eq!(told(of_stream(b"SSH-2.0-x", WEB, true)), "ssh without a name");
    assert_eq!(stream(b"SSH-x\r\n"), "nothing");
    assert_eq!(stream(&[b"SSH-2.0-"[..].to_vec(), vec![b'a'; 300]].concat()), "nothing");
}

/// Real bytes, one of each protocol.
fn samples() -> Vec<(Vec<u8>, (u16, u16))> {
    let body =
        [question("www.example.org", 1), record(5, &domain("x.org")), record(1, &[192, 0, 2, 1])].concat();
    let answer = message(0x8180, (1, 2), &body);
    let streamed = [&u16::try_from(answer.len()).unwrap().to_be_bytes()[..], &answer].concat();
    vec![
        (client_hello(), WEB),
        (answer, TO_DNS),
        (streamed, TO_DNS),
        (b"GET http://a.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n".to_vec(), WEB),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_vec(), WEB),
    ]
}

fn assert_bounded(bytes: &[u8], ports: (u16, u16)) -> Result<(), TestCaseError> {
    let heard = [false, true].map(|is_last| of_stream(bytes, ports, is_last));
    prop_assert_ne!(&heard[1], &Heard::More);
    let streams = heard.into_iter().filter_map(|heard| match heard {
        Heard::Application(application) => Some(application),
        Heard::More | Heard::Nothing => None,
    });
    for name in streams.chain(of_datagram(bytes, ports)).filter_map(|application| application.name) {
        prop_assert!(is_name(&name), "{}", name);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_tell_something_bounded(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        port in proptest::sample::select(vec![53, 443, 5353]),
    ) {
        assert_bounded(&bytes, (1, port))?;
    }

    #[test]
    fn real_bytes_that_were_changed_tell_something_bounded(
        sample in proptest::sample::select(samples()),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..20),
        length in any::<usize>(),
    ) {
        let (mut bytes, ports) = sample;
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(length % (bytes.len() + 1));
        assert_bounded(&bytes, ports)?;
    }
}

#[test]
fn a_name_goes_on_elsewhere_only_so_often() {
    // Each pointer leads to the one before it; the first name is whole.
    let chain = |pointers: u16| {
        let mut body = domain("a.org");
        for number in 0..pointers {
            let before = if number == 0 { 12 } else { 12 + 7 + 2 * (number - 1) };
            body.extend((0xc000 | before).to_be_bytes());
        }
        // The question is the last of them.
        let (pointed, question) = body.split_at(body.len() - 2);
        let mut message = message(0x0100, (1, 0), &[]);
        message.extend(pointed);
        let at = message.len();
        message.extend(question);
        message.extend([0, 1, 0, 1]);
        super::dns::domain(&message, at).map(|(name, _)| name)
    };
    assert_eq!(chain(64).as_deref(), Some("a.org"));
    assert_eq!(chain(65), None);
}
