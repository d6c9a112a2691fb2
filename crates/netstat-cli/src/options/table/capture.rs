//! Options of `netstat capture`.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat capture` takes as well.
pub(in super::super) const SHARED: [&str; 17] = [
    "color", "columns", "csv", "for", "generate", "geo", "group-by", "help", "json", "jsonl", "lang",
    "limit", "netns", "owners", "sort", "utf8", "verbose",
];

pub(super) const OPTIONS: &[Entry] = entries! { Capture;
    [] "files", value(capture.files, "N", "10", ValueKind::Free, values::parse_files);
        "Go round so many files",
        "Goes on in a next file when one has the size of --max-size, and after N of them again in the first, whose packets \
         are gone then: the last ones are kept, however long it runs.",
        "파일이 --max-size 크기에 이르면 다음 파일에 이어서 쓰고, N개가 모두 차면 첫 파일부터 다시 씁니다. 그 파일에 있던 패킷은 \
         지워지므로, 오래 실행해도 최근 패킷만 남습니다."
        details "With -w curl.pcapng they are curl.01.pcapng to curl.10.pcapng."
                "-w curl.pcapng이면 curl.01.pcapng부터 curl.10.pcapng까지입니다.";
    [] "follow-text", switch(capture.follow_text);
        "Print the readable start of what is sent",
        "Prints below its packet what each end of a connection sends, from its first byte on as far as it is text, 1,024 bytes \
         at most: requests, answers, banners. It may hold passwords, so it is not printed unless you ask.",
        "연결의 양쪽이 보내는 것을 첫 바이트부터 텍스트인 동안만, 최대 1,024바이트까지 패킷 아래에 출력합니다: 요청, 응답, 배너. 비밀번호가 들어 \
         있을 수 있으므로 지정할 때만 출력합니다.";
    [] "headers", switch(capture.headers);
        "Keep the headers of packets alone",
        "Keeps the headers of packets, and nothing of what programs have sent.",
        "패킷의 헤더만 저장하고, 프로그램이 보낸 내용은 저장하지 않습니다.";
    [] "max-size", value(capture.max_size, "SIZE", "100M", ValueKind::Free, values::parse_max_size);
        "End when the file has this size",
        "Ends before the file becomes larger than this (500K, 100M, 2G).",
        "파일이 이 크기(500K, 100M, 2G)를 넘기 전에 끝냅니다.";
    [] "names", switch(capture.names);
        "Tell names that packets hold",
        "Tells what the first bytes of each connection say: the server of TLS, the question of DNS, the host of HTTP, the \
         version of SSH. They show whom people talk to, so they are not told unless you ask.",
        "연결의 처음 바이트에 담긴 것을 표시합니다: TLS 서버, DNS 질의, HTTP 호스트, SSH 버전. 누가 어디에 접속하는지 드러나므로 지정할 때만 \
         표시합니다."
        details "In lines, and in the comments of a file. --read has them as columns app and name."
                "출력하는 줄과 파일의 주석에 들어갑니다. --read에서는 app, name 열입니다.";
    [] "read", value(capture.read, "FILE", "curl.pcapng", ValueKind::File, |text| values::parse_file("--read", text));
        "Show the connections in this capture",
        "Shows the connections in this capture, of this program or any other (pcapng, pcap), as netstat history shows those \
         of a history.",
        "이 캡처 파일(다른 프로그램이 만든 pcapng, pcap도 됩니다)의 연결을 netstat history처럼 표시합니다."
        details "With --columns, --sort, --limit, --group-by, and the data formats."
                "--columns, --sort, --limit, --group-by와 데이터 형식을 함께 쓸 수 있습니다.";
    [] "snap", value(capture.snap, "BYTES", "256", ValueKind::Free, values::parse_snap);
        "Keep so many bytes of each packet",
        "Keeps at most so many bytes of each packet. Without it, all of them.",
        "패킷마다 최대 이만큼의 바이트만 저장합니다. 지정하지 않으면 모두 저장합니다.";
    ['w'] "write", value(capture.write, "FILE", "curl.pcapng", ValueKind::File, |text| values::parse_file("--write", text));
        "Write the packets to this file",
        "Writes the packets to this file, as pcapng, for Wireshark and tshark. Only its owner may read it. A file that \
         is there already is never overwritten. A name that ends with .gz or .zst has it compressed; - is standard \
         output. Without it, prints a line for each packet.",
        "패킷을 이 파일에 pcapng 형식으로 씁니다. Wireshark와 tshark로 열 수 있습니다. 소유자만 읽을 수 있게 만들고, 이미 있는 \
         파일은 덮어쓰지 않습니다. 이름이 .gz나 .zst로 끝나면 압축하고, -는 표준 출력입니다. 지정하지 않으면 패킷마다 한 줄씩 출력합니다."
        details "docs/capture.md says what is in it." "내용은 docs/capture.ko.md에 설명되어 있습니다.";
};
