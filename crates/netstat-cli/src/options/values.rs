//! Parses the values of options.

mod places;
mod quantities;

use super::arguments::{
    Colour, Dialect, FamilyChoice, LANGUAGES, Netns, OWNER_METHODS, ProtocolName, SOCKET_SOURCES, by_name,
};
use super::complaint::{Complaint, complaint};
use super::document::Document;
use super::habits;
use netstat_check::{self as check, Assignment, Check};
use netstat_engine::both;
use netstat_engine::columns::{self, Column};
use netstat_engine::family;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::{Language, Text, When, nearest};
use netstat_engine::view::sort::Order;
use netstat_fleet::{Target, TargetError};
use netstat_live::Tab;
use netstat_model::query::{Kinds, Owners, SocketSource, Tables, UnknownTable};
pub(super) use places::{parse_listen, parse_otlp};
pub(super) use quantities::{
    parse_budget, parse_count, parse_every, parse_files, parse_interval, parse_keep_days, parse_lasts,
    parse_limit, parse_max_rows, parse_max_size, parse_resolve_timeout, parse_size, parse_snap, parse_top,
    parse_wait_timeout, parse_watch,
};
use std::ffi::OsStr;
use std::path::PathBuf;

/// Parses the name of a check.
pub(super) fn parse_check(option: &str, text: &OsStr) -> Result<&'static Check, Complaint> {
    let name = text.to_str().unwrap_or_default();
    check::by_name(name).ok_or_else(|| {
        let instead = match nearest(name, check::NAMES, (name.len() / 3).clamp(1, 3)) {
            Some(near) => type_this(&format!("{option} {near}")),
            None => both!("type netstat check --list to see the checks", "검사 목록: netstat check --list"),
        };
        complaint!(
            "{option} does not know the check {name}: {instead}",
            "{option} {name}: 없는 검사입니다. {instead}",
            option,
            name = quoted(text),
            instead
        )
    })
}

/// Parses the value of `--set`.
pub(super) fn parse_setting(text: &OsStr) -> Result<Assignment, Complaint> {
    let Some(setting) = text.to_str() else {
        return Err(complaint!(
            "--set {word} is not UTF-8: type, for example, --set close-wait.warning=200",
            "--set {word}: UTF-8이 아닙니다. 입력 예: --set close-wait.warning=200",
            word = quoted(text)
        ));
    };
    check::parse_assignment(setting)
        .map_err(|why| complaint!("--set {word}: {why}", "--set {word}: {why}", word = quoted(text), why))
}

/// Parses the name of a file.
pub(super) fn parse_file(option: &str, text: &OsStr) -> Result<PathBuf, Complaint> {
    if text.is_empty() {
        return Err(complaint!(
            "the file name after {option} is empty: type the name of a file",
            "{option}: 뒤의 파일 이름이 비어 있습니다. 파일 이름을 입력하세요",
            option
        ));
    }
    Ok(PathBuf::from(text))
}

/// Parses a moment, whose words mean nothing until it is known what time it is.
pub(super) fn parse_when(option: &str, text: &OsStr) -> Result<When, Complaint> {
    When::parse(text.to_str().unwrap_or_default()).map_err(|instead| {
        complaint!(
            "{option} {word} is not a time: {instead}",
            "{option} {word}: 시각이 아닙니다. {instead}",
            option,
            word = quoted(text),
            instead
        )
    })
}

/// Parses the value of `-p`.
pub(super) fn parse_protocol(text: &OsStr) -> Result<ProtocolName, Complaint> {
    let name = text.to_str().unwrap_or_default();
    ProtocolName::from_name(name).ok_or_else(|| {
        let near = habits::protocol(name)
            .or_else(|| nearest(name, ProtocolName::NAMES, (name.len() / 3).clamp(1, 2)));
        let instead = match (habits::version(name).or_else(|| habits::protocols(name)), near) {
            (Some(instead), _) => instead,
            (None, Some(near)) => type_this(&format!("-p {near}")),
            (None, None) => both!(
                "type tcp, tcpv6, udp or udpv6; with -s also ip, ipv6, icmp or icmpv6",
                "쓸 수 있는 것: tcp, tcpv6, udp, udpv6. -s와 함께라면 ip, ipv6, icmp, icmpv6도"
            ),
        };
        complaint!(
            "{word} is not a protocol that -p knows: {instead}",
            "{word}: -p가 모르는 프로토콜입니다. {instead}",
            word = quoted(text),
            instead
        )
        .about(text)
    })
}

/// Returns the value found by name, or complains that the text is none of the names.
fn choice<T>(
    option: &str,
    found: Option<T>,
    names: &[&str],
    what: &Text,
    text: &OsStr,
) -> Result<T, Complaint> {
    found.ok_or_else(|| {
        let typed: Vec<String> = names.iter().map(|name| format!("{option} {name}")).collect();
        let (last, others) =
            typed.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
        complaint!(
            "{option} {word} {what}: type {others} or {last}",
            "{option} {word}: {what}. 다음 중 하나를 입력하세요: {others}, {last}",
            option,
            word = quoted(text),
            what,
            others = others.join(", "),
            last
        )
    })
}

pub(super) fn parse_owners(text: &OsStr) -> Result<Owners, Complaint> {
    let name = text.to_str().unwrap_or_default();
    let found = by_name(&OWNER_METHODS, &[Owners::Auto, Owners::Bpf, Owners::Proc], name);
    choice("--owners", found, &OWNER_METHODS, &both!("is not an owner method", "없는 방법입니다"), text)
}

pub(super) fn parse_source(text: &OsStr) -> Result<SocketSource, Complaint> {
    let sources = [SocketSource::Auto, SocketSource::Iter, SocketSource::Diag, SocketSource::Proc];
    let found = by_name(&SOCKET_SOURCES, &sources, text.to_str().unwrap_or_default());
    let what = both!("is not a way to list sockets", "없는 방법입니다");
    choice("--source", found, &SOCKET_SOURCES, &what, text)
}

pub(super) fn parse_view(text: &OsStr) -> Result<Tab, Complaint> {
    let names = Tab::ALL.map(Tab::name);
    let found = by_name(&names, &Tab::ALL, text.to_str().unwrap_or_default());
    choice("--view", found, &names, &both!("is not a tab", "없는 탭입니다"), text)
}

pub(super) fn parse_netns(text: &OsStr) -> Result<Netns, Complaint> {
    match text.to_str() {
        Some("") => Err(complaint!(
            "--netns needs a network namespace: type --netns all, or a name, PID or path",
            "--netns에는 네트워크 네임스페이스가 필요합니다. --netns all, 또는 이름, PID, 경로를 입력하세요"
        )),
        Some(word) if word.eq_ignore_ascii_case("all") => Ok(Netns::All),
        _ => Ok(Netns::One(text.to_owned())),
    }
}

pub(super) fn parse_tables(text: &OsStr) -> Result<Tables, Complaint> {
    text.to_str().unwrap_or_default().parse().map_err(|UnknownTable| {
        complaint!(
            "--table {word} is not a routing table: type its number, or main, local, default or all",
            "--table {word}: 없는 라우팅 테이블입니다. 번호, 또는 main, local, default, all을 입력하세요",
            word = quoted(text)
        )
    })
}

pub(super) fn parse_lang(text: &OsStr) -> Result<Language, Complaint> {
    let name = text.to_str().unwrap_or_default();
    let found = by_name(&LANGUAGES, &[Language::English, Language::Korean], name);
    choice("--lang", found, &LANGUAGES, &both!("is not supported", "지원하지 않는 언어입니다"), text)
}

pub(super) fn parse_color(text: &OsStr) -> Result<Colour, Complaint> {
    let found = text.to_str().and_then(Colour::from_name);
    choice("--color", found, &Colour::NAMES, &both!("is not known", "없는 값입니다"), text)
}

/// Parses families separated by commas, or `all`.
pub(super) fn parse_families(text: &OsStr) -> Result<FamilyChoice, Complaint> {
    let words = text.to_str().unwrap_or_default();
    if words.eq_ignore_ascii_case("all") {
        return Ok(FamilyChoice { kinds: Kinds::LISTED, all: true });
    }
    let mut kinds = Kinds::empty();
    for name in words.split(',').map(str::trim) {
        let family = family::by_name(name).ok_or_else(|| {
            let names = || family::FAMILIES.iter().map(|family| family.name).chain(["all"]);
            let instead = match nearest(name, names(), (name.len() / 3).clamp(1, 2)) {
                Some(near) => type_this(near),
                None => both!(
                    "type one or more of {names}",
                    "다음 중에서 입력하세요: {names}",
                    names = names().collect::<Vec<_>>().join(", ")
                ),
            };
            complaint!(
                "--family does not know {name}: {instead}",
                "--family {name}: 없는 주소 체계입니다. {instead}",
                name = quoted(OsStr::new(name)),
                instead
            )
        })?;
        kinds |= family.kinds;
    }
    Ok(FamilyChoice { kinds, all: false })
}

/// Parses the value of `--dialect`.
pub(super) fn parse_dialect(name: &OsStr) -> Result<Dialect, Complaint> {
    name.to_str().and_then(Dialect::from_name).ok_or_else(|| {
        complaint!(
            "--dialect {name} is not known: type --dialect windows or --dialect net-tools",
            "--dialect {name}: 없는 방언입니다. 다음 중 하나를 입력하세요: --dialect windows, --dialect net-tools",
            name = quoted(name)
        )
    })
}

/// Parses columns separated by commas.
pub(super) fn parse_columns(option: &str, text: &OsStr) -> Result<Vec<&'static Column>, Complaint> {
    let mut list: Vec<&'static Column> = Vec::new();
    let Some(names) = text.to_str() else { return Err(no_column(option, text)) };
    for name in names.split(',') {
        let column = parse_column(option, name)?;
        if list.contains(&column) {
            return Err(complaint!(
                "{option} names {column} twice: name each column once",
                "{option}: {column} 열이 두 번 있습니다. 한 번만 입력하세요",
                option,
                column = column.name
            ));
        }
        list.push(column);
    }
    Ok(list)
}

fn no_column(option: &str, name: &OsStr) -> Complaint {
    unknown_column(option, name, &to_see_columns())
}

fn unknown_column(option: &str, name: &OsStr, instead: &Text) -> Complaint {
    complaint!(
        "{option} does not know the column {name}: {instead}",
        "{option} {name}: 없는 열입니다. {instead}",
        option,
        name = quoted(name),
        instead
    )
}

fn to_see_columns() -> Text {
    both!("type netstat --columns help to see the columns", "열 목록: netstat --columns help")
}

/// Says what to type.
fn type_this(words: &str) -> Text {
    both!("type {words}", "이렇게 입력하세요: {words}", words)
}

fn parse_column(option: &str, name: &str) -> Result<&'static Column, Complaint> {
    let name = name.trim();
    columns::by_name(name).ok_or_else(|| {
        let names = columns::ALL.iter().map(|column| column.name);
        let instead = match nearest(name, names, (name.len() / 3).clamp(1, 3)) {
            Some(near) => type_this(near),
            None => to_see_columns(),
        };
        if name.is_empty() {
            return complaint!(
                "{option} has an empty name in its list: {instead}",
                "{option}: 목록에 빈 이름이 있습니다. {instead}",
                option,
                instead
            );
        }
        unknown_column(option, OsStr::new(name), &instead)
    })
}

pub(super) fn parse_sort(text: &OsStr) -> Result<Order, Complaint> {
    let Some(text) = text.to_str() else { return Err(no_column("--sort", text)) };
    if text.eq_ignore_ascii_case("none") {
        return Ok(Order::AsGiven);
    }
    if let Some((first, _)) = text.split_once(',') {
        let first = parse_column("--sort", first.split(':').next().unwrap_or(first))?;
        return Err(complaint!(
            "--sort {word} names several columns, and takes one: type --sort {first}",
            "--sort {word}: 열은 하나만 쓸 수 있습니다. 이렇게 입력하세요: --sort {first}",
            word = quoted(OsStr::new(text)),
            first = first.name
        ));
    }
    let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
    let column = parse_column("--sort", name)?;
    let descending = match direction.to_ascii_lowercase().as_str() {
        "asc" => false,
        "desc" => true,
        _ => {
            return Err(complaint!(
                "--sort does not know the direction {direction}: type {column}:desc or {column}:asc",
                "--sort {direction}: 없는 방향입니다. 다음 중 하나를 입력하세요: {column}:desc, {column}:asc",
                direction = quoted(OsStr::new(direction)),
                column = column.name
            ));
        }
    };
    Ok(Order::By { column, descending })
}

/// Parses the value of `--generate`.
pub(super) fn parse_document(text: &OsStr) -> Result<Document, Complaint> {
    let name = text.to_str().unwrap_or_default();
    Document::from_name(name).ok_or_else(|| {
        // A shell alone means its completion.
        let shell = Document::NAMES.into_iter().find(|known| name.len() > 2 && known.ends_with(name));
        let instead = match shell.or_else(|| nearest(name, Document::NAMES, (name.len() / 3).clamp(1, 3))) {
            Some(near) => type_this(&format!("--generate {near}")),
            None => both!(
                "type one of {names}",
                "다음 중 하나를 입력하세요: {names}",
                names = Document::NAMES.join(", ")
            ),
        };
        complaint!(
            "--generate does not know {name}: {instead}",
            "--generate {name}: 없는 문서입니다. {instead}",
            name = quoted(text),
            instead
        )
    })
}

/// Parses the URL of a database.
pub(super) fn parse_target(option: &str, text: &OsStr) -> Result<Target, Complaint> {
    let url = text.to_str().unwrap_or_default();
    let example = format!("{option} clickhouse://ch.example.com/netstat");
    let word = quoted(text);
    Target::parse(url).map_err(|why| match why {
        // The URL is not repeated: it has a password.
        TargetError::Password => complaint!(
            "{option}: a password in a URL is in the list of processes for everybody: put it into a file for --credentials, or \
             into NETSTAT_CLICKHOUSE_PASSWORD",
            "{option}: URL에 적은 암호는 프로세스 목록에서 누구나 볼 수 있습니다. --credentials의 파일이나 환경 변수 \
             NETSTAT_CLICKHOUSE_PASSWORD에 넣으세요",
            option
        ),
        TargetError::Scheme => complaint!(
            "{option} {word} is not the URL of a database: type, for example, {example}",
            "{option} {word}: 데이터베이스의 URL이 아닙니다. 입력 예: {example}",
            option,
            word,
            example
        ),
        TargetError::Host | TargetError::Port => complaint!(
            "{option} {word} names no host with a port: type, for example, {example}",
            "{option} {word}: 호스트와 포트가 올바르지 않습니다. 입력 예: {example}",
            option,
            word,
            example
        ),
        TargetError::Database => complaint!(
            "{option} {word} names no database, of letters, digits and _: type, for example, {example}",
            "{option} {word}: 데이터베이스 이름(영문자, 숫자, _)이 없습니다. 입력 예: {example}",
            option,
            word,
            example
        ),
        TargetError::Setting => complaint!(
            "{option} {word} has something behind its ? that is not NAME=VALUE: type, for example, {example}?secure=1",
            "{option} {word}: ? 뒤에 이름=값이 아닌 것이 있습니다. 입력 예: {example}?secure=1",
            option,
            word,
            example
        ),
    })
}

/// Parses the value of `--host`.
pub(super) fn parse_host(text: &OsStr) -> Result<String, Complaint> {
    text.to_str().filter(|glob| !glob.is_empty()).map(str::to_owned).ok_or_else(|| {
        complaint!(
            "--host {word} names no host: type, for example, --host 'web*'",
            "--host {word}: 호스트 이름이 아닙니다. 입력 예: --host 'web*'",
            word = quoted(text)
        )
    })
}

/// Parses the value of `--record` and `--replay`.
pub(super) fn parse_directory(option: &str, text: &OsStr) -> Result<PathBuf, Complaint> {
    if text.is_empty() {
        return Err(complaint!(
            "the directory name after {option} is empty: type, for example, {option} recording",
            "{option}: 뒤의 폴더 이름이 비어 있습니다. 입력 예: {option} recording",
            option
        ));
    }
    Ok(PathBuf::from(text))
}
