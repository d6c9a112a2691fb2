//! `netstat capture` with filters on what first bytes tell, and the names in QUIC. The oracle is tshark.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::on_own_thread;
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use support::capturing::{Capturing, has_tshark, tshark};
use support::{Folder, command, finish};

/// The first two datagrams of a client of QUIC that asks for quic.example.org and offers h3: a ClientHello of 1,314 bytes, with a
/// key of X25519MLKEM768, in five pieces out of their order. They were encrypted by the AES-GCM of Python's cryptography.
const INITIALS: [&str; 2] = [
    "\
    c2000000010800112233445566770000449ebf5842ebccf2fd98023a7af01c9c8a9e1e35d0e4e6e6edc1ed5120ef166350b5a110571a46\
    af0c3c9e45dd00859f01142527564a52f91a9b197e29b3ae10ec143a71de4e0eeb1891b820ec7093b2bea1f9fad8802650f12031dfc588\
    0f367fc12b3a533f276d0f7207b49169e0ca8182b6f4c4304fc4d9aca20a6166be0d6564a653fe4d7b575567ff2e2275a26ba37ea3e984\
    94bbf1ccf7d7f65f225bc539ec380cd3f1424dd8162261ebc699ab7c26854198b6ed5ac661a97a680447166d3484b584c1a7ee1fdf20c4\
    94e525317954bcdbb22ad33c811da942638a7db4add90dc698033d7115e73be9bf51f47b8dbfb4d5d8b864acbb74ac1d3f12328c22a5c4\
    81660c63c2ae9b19eee4687125befe0737ce0a0511c555f61cba13f764d4e46e0b505a9ea8b25ef68d62c913f285d2ab787fbffffd6324\
    be19cf2354f9493791b63d0640097692766b19eda0b35b14b03e97dac7c8f48a22d04664439725b8a73e29163c865436cadc7da4c3bf0c\
    1dda253d8e1d9eb09e0e87030b21b2557bdb67b8e44dfde40b6ca5951830cf7f885283bbabd061107feac8e2c024f99dbc41908aabdc2d\
    9231d73bece795bb80685c1611607ce1ee0b0224241b145b2db2159147b896b2869c2c808586b0fd4322e9a0e7f47c6974baeb469b7682\
    d916acbb13d0054c94aa8617f7864c6039edd7cf134780a629a2ba4d372c4860ab6b2718e0501591c06d5735de6e87cd860c19a3ad5373\
    0b70f64f893c5b52b8f7b5a4b31b40539718d2629ef37ba10298ba908d3d0b99872a011be42ad634cd9bd5485ebb24b8bf05a5c179f8fa\
    9808e2b7b796873fdf5b7c47a44eb62f632aaaa3b2bf6029cf88bd295e9df928086de62a153932151aa42d0211009812909f23c776b216\
    ac3d1b9557dded58e0ea2579e2e04b92856aabd66b4746e42611351716d351832726a1e3fe68312d8bf258f9721930f1d8f573b9674387\
    930afc6bd3f8d04bb8242cf67254e6b1677774f6032e98a7dee799b3a8a4606f2e5eeecfb0d2db0eb3aaaf1231a305b9edbf2d2fde9444\
    fcfc290820f1246469ee2efd8fdd49d704f540eb29f6a3f975c65694269e33f348b5dca073e6ea8c0933b05bc3c74f94f710350694fae7\
    2ee23bfb146414e987db59ab87c66d08d26b100edefa86a3192181accfb4f8e693b64fb917d9861d3c6d6691ea0932784fab2835d2c449\
    ba5337c78df2af1bbff800b289be8e521f2f080c6c7fe1efa8973a53ce8570567e2150058016be3913f2a6c7b36072034414b20c521506\
    314071cdb8a33e0897464f248465021d92c9b7056058170789bac9b0066a47a2e3851deb0e9a86d5b9fbdfa95ec41354019fea6ba5119b\
    6c09821b669cb54067455349bf624056cb1aec9e8ae5164e965c7651e06cde3f99df052ee75f261095d6fac34d5cdca6557473b28f90d4\
    0fc70a8b46196b9ac7591fdf3af5baebb281525090868e3f5aa256d97c06d26d2efefecd2d71e61b7f27a0e3c814684afea0f1979cb7dc\
    bbc114294b7e50e1faa710b64ce431f8777e2b1c9236d9d742b453c7cec7ea3259a4f57ee96bfd88d3f22151577b5e15686e6fdba16108\
    e274d6a8c23555d9c2b98207efb5060a4aa27e19deaafca70fb47d065ccbf62e7ca2bce31654e3b8639b6a2611",
    "\
    c4000000010800112233445566770000449e035e31813877471bd9cfc5f588b30da09c138caf046e3b859b582bccbefeceac3b170df8f4\
    ccabbc754012fe8b95d0284b96b88db07547b7ee94bd1a51a3124e3a140de39cac2ea71a3b9726d2d2db09b6b7782854063a641634fcf4\
    4b5e5d322b5a5c4b5a02f2a342821886e731e10893c7ffe614428c440ef9e216b8bfd6b136e8a027947c0cdff888707362ba96a620c3cf\
    07592702e7078192d880629aff130f84172edde2bfbb8ab9f04471ca61764778578448e4d7e90e8cf09e7804ea78c4311d4e54de4b42fa\
    d556a54c57aa570539504d09194bcc21d68f0af536613a954360a84de5973bcac05f51f77efa4ca58cbeff86e0930164a2bfc19cdb9d5d\
    0d918dffcd4c8dfd02e06f826dd76d853406a726fe27254b47e2791129e8ce2183ab0974fabd42945393e5bca445826b9111c129bd26a7\
    7229105913043de90416ef185ccc690fb4552cedc78bb58cb7f416aa80b16f7df9989fa47483c7e456212390d7bb7cb7f189ac01eb44f0\
    844a198f1fbbf40e813047cd59e5ade6bb4c064abf9ad89b30ac686e1948eb4d9a03d6b0e283a13c4ea38c896f2b9867187a70f489ea68\
    d0251342dcb7d52ccc87638e514fb3474398d9bc2f267191b9f94ecdd624ed8bf566741640e6b176541b7a15a74ac6627b4ac9efa73755\
    eba3fd63c5c53c20e430a77ae47b82759d6292acdf32963e300e4727c3e830e0953e3e936bcaf359faa99cd897a36f32ae99b165b09558\
    b36a32dd270af45fef7d97d92db206796064759431ab3075c9ea13d397056c011a580d42342576c9ac4b9726b504b81cabd71753d39cc6\
    56cd7c5fc429a82f078fb92c58dc7aee95f8af172d13af9981b4e8dc7693aa5a736e7c0bce53f85b573a60ab1443f08a70d8f942b9e22e\
    41bd07d0edde98ba458848e409bf7ea105cebe1c678a6227c49cddfb91bf39c18215fc0a279f02411bb22eb8953a2ae1c516fd43254042\
    fc7cfd637ceaeea485e735208dce32939c0449f4b5de0cc9a0e81d04f20c7169d0b54e213f5c2f5b197c9b2955ea0f5ba53f29556dfbad\
    fd888c1c62d4908c872388a9dd5963243e21dcd24ef484159dbcafc0c37c54be7641c910d25c7f00ce0dc493d389d286a29b5bb41436bc\
    3c4c0aed476fd03ca6b2c75e4a914d0d90234007bc4cf23676ec014ef58c903418f6f97c7f3a1b8c7303886584a61004dd912f7c45a642\
    6464a081a9ae51471a347f6f4a40106a6dbe73141e32034023fa28c2993ec8839d53e284edb9261d8dd48d6633aa398e4579def12d20bb\
    d400f4b59d627df57fe40ca46c7cf9c02a902de97e52ac7304f09eadfdfe4a7f8d47da6f61b663f40156774a07793a2ef731ce62f5c9e6\
    df95c5bcf32c96fd6b47c2f57e5205599f8eef5da37b23ba47a04e2b1428854c7b8071b1eb075276a8891212cdeab93aa2bc9e53978772\
    3f1855cce9a17eeae0fb897cd83ed632de4b0bcf781d50e373c129c4b0fb34a1263f1e6cb6ae555079afe2482a4da9293cbdfc0167d235\
    b6e28214b74d59b191babfeca01aeac75139e924fe0cb910f21290edb5ed091cb80f2125c616dd6055b60ceb6e818fd13d3c177ce21515\
    4086a63c5d07d31fc319553357771187d5245cd7e70d8885b14654ffd6f9fbb179cc56ced9bb0a49b64c0cb8af",
];

fn initials() -> Vec<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    INITIALS.iter().map(|hex| hex.as_bytes().chunks(2).map(byte).collect()).collect()
}

#[test]
fn the_server_in_quic_is_the_one_that_tshark_finds() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-quic");
        let file = folder.path("x.pcapng");
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let capturing = Capturing::start(&format!("--names port {port}"), &file);
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        for datagram in initials() {
            client.send_to(&datagram, server.local_addr().unwrap()).unwrap();
        }
        let (counts, said) = capturing.end();
        counts.assert_whole();
        assert_eq!(counts.written, 2, "{said}");
        // tshark knows QUIC by its port.
        let found = |field: &str| {
            let output = std::process::Command::new("tshark")
                .args(["-n", "-d", &format!("udp.port=={port},quic"), "-T", "fields", "-e", field, "-r"])
                .arg(&file)
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap().split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found("tls.handshake.extensions_server_name"), "quic.example.org");
        assert_eq!(found("tls.handshake.extensions_alpn_str"), "h3");
        let comments = tshark(&file, "frame", &["frame.comment"]);
        assert!(!comments[0][0].contains("app "), "{comments:?}");
        assert!(comments[1][0].ends_with("app quic quic.example.org h3"), "{comments:?}");
        let read = |filter: &str| {
            let mut asked = command("capture --csv --columns app,name --read");
            asked.arg(&file).args(filter.split(' '));
            let run = finish(asked);
            assert_eq!((run.code, run.complaint.as_str()), (Some(0), ""));
            run.text.lines().skip(1).collect::<Vec<_>>().join("|")
        };
        // Both ends are here.
        assert_eq!(read("app quic"), "quic,quic.example.org h3|quic,quic.example.org h3");
        assert_eq!(read("name *.example.org"), "quic,quic.example.org h3|quic,quic.example.org h3");
        assert_eq!((read("app tls"), read("name h3")), (String::new(), String::new()));
    });
}

/// Sends a request for a host over a connection of its own. Returns the port of the client.
fn ask(server: &TcpListener, host: &str) -> u16 {
    let mut client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    write!(client, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let _served = server.accept().unwrap();
    client.local_addr().unwrap().port()
}

#[test]
fn a_filter_on_a_name_keeps_whole_connections_and_no_others() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-by-name");
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        for filter in ["name *.example.org", "app http name shop.example.org", "not name other.test"] {
            let file = folder.path(format!("{}.pcapng", filter.len()));
            let capturing = Capturing::start(&format!("rport {port} {filter}"), &file);
            let wanted = ask(&server, "shop.example.org");
            let other = ask(&server, "other.test");
            let (counts, said) = capturing.end();
            counts.assert_whole();
            assert_eq!(counts.dropped, 0, "{said}");
            let ports = |filter: &str| tshark(&file, filter, &["tcp.srcport"]).len();
            // The handshake, which says nothing yet, is kept as well.
            assert_eq!(ports(&format!("tcp.port == {wanted} and tcp.flags.syn == 1")), 2, "{filter}: {said}");
            assert_eq!(ports("http.request"), 1);
            assert_eq!(ports(&format!("tcp.port == {other}")), 0, "{filter}");
            // The filter was asked for; what was found was not.
            let comments = tshark(&file, "frame", &["frame.comment"]).concat().join("\n");
            assert!(!comments.contains("app http"), "{comments}");
        }
    });
}

#[test]
fn what_is_none_of_the_protocols_matches_a_filter_that_leaves_one_out() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-no-name");
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = server.local_addr().unwrap();
        for (filter, expected) in [("not app tls", 1), ("not name *.org", 1), ("app tls", 0)] {
            let file = folder.path(format!("{}.pcapng", filter.len()));
            let capturing = Capturing::start(&format!("rport {} {filter}", to.port()), &file);
            let mut client = TcpStream::connect(to).unwrap();
            client.write_all(b"\0none of them").unwrap();
            let _served = server.accept().unwrap();
            let (counts, said) = capturing.end();
            counts.assert_whole();
            assert_eq!(tshark(&file, "tcp.len > 0", &["tcp.srcport"]).len(), expected, "{filter}: {said}");
        }
    });
}

#[test]
fn a_filter_on_a_name_is_for_captures() {
    for (words, reason) in [
        ("-an app tls", "the filter cannot be used: app is unknown, this system does not report it"),
        ("-an name *.org", "the filter cannot be used: name is unknown, this system does not report it"),
    ] {
        let run = finish(command(words));
        assert!(run.complaint.contains(reason), "{words}: {}", run.complaint);
    }
}
