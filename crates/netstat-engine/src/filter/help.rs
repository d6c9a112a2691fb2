//! The help text on the filter language.

use super::lexer::SIGN_WORDS;
use super::syntax::{EXAMPLES, GROUPS, PRIMARIES, PROTOCOLS, REASON_GROUPS, STATES};
use crate::both;
use crate::family::FAMILIES;
use crate::text::lifespan::{NAMED_REASONS, known_reason};
use crate::text::{Language, Text, cells, wrapped};
use std::fmt::Write as _;

/// The width of a terminal that everybody has.
const WIDTH: usize = 80;

/// Returns the grammar and examples, in lines of at most 80 cells, made from the tables that the parser uses.
pub fn help(language: Language) -> String {
    let mut text = String::new();
    let say = |text: &mut String, more: &Text| text.push_str(more.of(language));
    say(
        &mut text,
        &both!(
            "Words after the options are a filter: only sockets that match are shown.\n\nTests:\n",
            "옵션 뒤의 단어는 필터입니다. 필터에 맞는 소켓만 표시합니다.\n\n조건:\n"
        ),
    );
    for primary in &PRIMARIES {
        let mut test = primary.words.join("|");
        if !primary.argument.is_empty() {
            test = format!("{test} {}", primary.argument);
        }
        hanging(&mut text, &format!("  {test:<24}   "), primary.help.of(language));
    }
    let comparisons: Vec<_> = SIGN_WORDS.iter().map(|(word, _)| *word).collect();
    paragraphs(
        &mut text,
        language,
        &both!(
            "\n\
             Short forms: :8080 a port, 192.168.20.100 an address, 10.0.0.0/8 a network, 1.2.3.4:443 and \
             [2001:db8::1]:443 an address and port, ESTABLISHED a state, tcp a protocol.\n\
             \n\
             Joined by: and (or nothing), or, not (or !), parentheses. not binds closer than and, and closer than or.\n\
             \n\
             Compared by: > >= < <= = !=, or {comparisons}, which need no shell quoting.\n\
             Ports can be compared too, as in ss: sport = :80, dport != :443, dport ge 1024.\n\
             \n",
            "\n\
             줄여 쓰기: :8080은 포트, 192.168.20.100은 주소, 10.0.0.0/8은 네트워크, 1.2.3.4:443과 \
             [2001:db8::1]:443은 주소와 포트, ESTABLISHED는 상태, tcp는 프로토콜입니다.\n\
             \n\
             결합: and(생략 가능), or, not(또는 !), 괄호. not이 and보다, and가 or보다 먼저 결합합니다.\n\
             \n\
             비교: > >= < <= = !=, 또는 {comparisons}. 단어는 셸에서 따옴표가 필요 없습니다.\n\
             ss처럼 포트도 비교할 수 있습니다: sport = :80, dport != :443, dport ge 1024.\n\
             \n",
            comparisons = comparisons.join(" ")
        ),
    );
    let names: Vec<_> = STATES
        .iter()
        .map(|(_, name, others)| {
            std::iter::once(*name).chain(others.iter().copied()).collect::<Vec<_>>().join("|")
        })
        .collect();
    wrap(&mut text, both!("S, states: ", "S, 상태: ").of(language), &names);
    say(
        &mut text,
        &both!(
            "  In any letter case, with - or _ (time-wait, TIME_WAIT). Groups of states:\n",
            "  대소문자 구분 없이, -와 _ 모두 됩니다(time-wait, TIME_WAIT). 상태 그룹:\n"
        ),
    );
    for (name, _, help) in &GROUPS {
        hanging(&mut text, &format!("  {name:<14} "), help.of(language));
    }
    say(
        &mut text,
        &both!(
            "  CLOSING in capitals is the single state, in lower case the group.\n\n",
            "  대문자 CLOSING은 상태 하나, 소문자 closing은 그룹입니다.\n\n"
        ),
    );
    let protocols: Vec<_> = PROTOCOLS.iter().map(|(word, ..)| (*word).to_owned()).collect();
    wrap(&mut text, both!("P, protocols: ", "P, 프로토콜: ").of(language), &protocols);
    say(
        &mut text,
        &both!("  tcp and udp mean both families.\n", "  tcp와 udp는 IPv4와 IPv6 모두를 뜻합니다.\n"),
    );
    let families: Vec<_> = FAMILIES
        .iter()
        .map(|family| {
            std::iter::once(family.name).chain(family.others.iter().copied()).collect::<Vec<_>>().join("|")
        })
        .collect();
    wrap(&mut text, both!("F, families: ", "F, 주소 체계: ").of(language), &families);
    say(
        &mut text,
        &both!(
            "  A filter that names a family lists its sockets, as --family does.\n  inet4 and inet6 are parts of inet.\n\n",
            "  필터에 주소 체계를 쓰면 --family처럼 그 소켓을 표시합니다.\n  inet4와 inet6는 inet의 일부입니다.\n\n"
        ),
    );
    let reasons: Vec<_> = NAMED_REASONS.into_iter().filter_map(known_reason).map(str::to_owned).collect();
    wrap(&mut text, both!("R, reasons: ", "R, 종료 이유: ").of(language), &reasons);
    say(
        &mut text,
        &both!(
            "  error-N for an error that has no word. Groups of reasons:\n",
            "  단어가 없는 오류는 error-N입니다. 종료 이유 그룹:\n"
        ),
    );
    for (name, _, help) in &REASON_GROUPS {
        hanging(&mut text, &format!("  {name:<14} "), help);
    }
    paragraphs(
        &mut text,
        language,
        &both!(
            "\n\
             A, addresses: an address, a network (10.0.0.0/8, fd00::/8) or a host name, each with an optional port \
             (10.0.0.1:22, [::1]:443).\n\
             GLOB: * any characters, ? one, [a-z] one of these, [!a-z] none of these; the whole name has to match. A name \
             with spaces, parentheses or comparison signs needs double quotes, inside those of the shell.\n\
             CC: a two-letter country code (KR): where the holder of the address is registered, unless a --geo file \
             knows better. ASN: a network by its number (AS15169); its name is a GLOB in any letter case.\n\
             SIZE: bytes, or with K, M, G (1K is 1024). TIME: with us, ms, s, m, h or d.\n\
             WHEN: \"10 minutes ago\", 14:05, \"yesterday 14:05\", 2026-11-29, 2026-11-29T14:05:09Z, or how long ago: 2h.\n\
             \n\
             public is what the registries of special-purpose addresses (RFC 6890 and later) leave to the internet; \
             private is the rest, except loopback and multicast.\n\
             \n\
             An unknown value matches neither a test nor its negation. A listener has no remote end: rport 80 does \
             not match it, not rport 80 does.\n\
             \n\
             Examples:\n",
            "\n\
             A, 주소: 주소, 네트워크(10.0.0.0/8, fd00::/8), 호스트 이름. 뒤에 포트를 붙일 수 있습니다 \
             (10.0.0.1:22, [::1]:443).\n\
             GLOB: *는 아무 문자열, ?는 한 글자, [a-z]는 이 중 하나, [!a-z]는 이것이 아닌 하나. 이름 전체가 맞아야 합니다. \
             공백, 괄호, 비교 기호가 든 이름은 큰따옴표로 묶고, 셸의 따옴표는 그 바깥에 씁니다.\n\
             CC: 두 글자 국가 코드(KR). 주소 보유자가 등록된 나라이며, --geo 파일이 있으면 그 값을 씁니다. \
             ASN: 네트워크의 번호(AS15169). 이름은 대소문자를 구분하지 않는 GLOB입니다.\n\
             SIZE: 바이트, 또는 K, M, G를 붙인 값(1K는 1024). TIME: us, ms, s, m, h, d를 붙인 값.\n\
             WHEN: \"10분 전\", 14:05, \"어제 14:05\", 2026-11-29, 2026-11-29T14:05:09Z, 또는 얼마 전인지: 2h.\n\
             \n\
             public은 특수 용도 주소(RFC 6890과 그 이후)를 뺀 인터넷 주소이고, private은 나머지에서 루프백과 \
             멀티캐스트를 뺀 주소입니다.\n\
             \n\
             확인할 수 없는 값은 조건에도, 그 부정에도 맞지 않습니다. 수신 대기 소켓에는 상대가 없으므로 rport 80에는 \
             맞지 않고, not rport 80에는 맞습니다.\n\
             \n\
             예:\n"
        ),
    );
    for (filter, help) in &EXAMPLES {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  netstat '{filter}'");
        hanging(&mut text, "      ", help.of(language));
    }
    text
}

/// Appends text behind its beginning, with its other lines below it.
fn hanging(text: &mut String, begin: &str, words: &str) {
    let indent = cells(begin.as_bytes());
    for (at, line) in wrapped(words, WIDTH.saturating_sub(indent)).iter().enumerate() {
        let before = if at == 0 { begin } else { "" };
        let _ = writeln!(text, "{before:indent$}{line}");
    }
}

/// Appends paragraphs, a line each, of which the lines that begin with a name in capitals hang.
fn paragraphs(text: &mut String, language: Language, lines: &Text) {
    for paragraph in lines.of(language).lines() {
        if paragraph.is_empty() {
            text.push('\n');
        }
        let name = paragraph.split([':', ',']).next().unwrap_or_default();
        let hangs = name.bytes().all(|byte| byte.is_ascii_uppercase());
        let width = if hangs { WIDTH - 2 } else { WIDTH };
        for (at, line) in wrapped(paragraph, width).iter().enumerate() {
            let indent = if at > 0 && hangs { "  " } else { "" };
            let _ = writeln!(text, "{indent}{line}");
        }
    }
}

/// Appends words separated by commas.
fn wrap(text: &mut String, heading: &str, words: &[String]) {
    let mut line = heading.to_owned();
    for (at, word) in words.iter().enumerate() {
        let comma = if at + 1 < words.len() { ", " } else { "" };
        if cells(line.as_bytes()) + word.len() + 1 > WIDTH {
            let _ = writeln!(text, "{}", line.trim_end());
            line = "  ".to_owned();
        }
        line.push_str(word);
        line.push_str(comma);
    }
    let _ = writeln!(text, "{line}");
}
