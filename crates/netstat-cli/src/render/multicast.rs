//! The groups that interfaces belong to (`--multicast`), as text and as JSON. Windows has no such report, so the layout is our
//! own:
//!
//! ```text
//!
//! Multicast Groups
//!
//! Interface  Group              Users  Joined by
//! eth0       224.0.0.1              1  kernel
//! eth0       224.0.0.251            2  unknown
//! eth0       01:80:c2:00:00:0e      1  lldpd (812)
//! ```

use super::header::Header;
use super::report_json::texts;
use super::table::{Head, Table};
use super::{LineEnd, Sheet};
use netstat_engine::columns::Align;
use netstat_engine::text::{Language, decimal, escape};
use netstat_engine::view::multicast::{GroupAddress, Membership};
use netstat_model::{Process, ProcessKey, SnapshotInfo, Warning};
use rustc_hash::FxHashMap;
use std::io::{self, Write};
use std::net::IpAddr;

/// The words of the report in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MulticastWords {
    title: &'static str,
    /// Interface, group, users, who joined.
    headings: [&'static str; 4],
    kernel: &'static str,
    unknown: &'static str,
    none: &'static str,
}

impl MulticastWords {
    const ENGLISH: Self = Self {
        title: "Multicast Groups",
        headings: ["Interface", "Group", "Users", "Joined by"],
        kernel: "kernel",
        unknown: "unknown",
        none: "None",
    };
    const KOREAN: Self = Self {
        title: "멀티캐스트 그룹",
        headings: ["인터페이스", "그룹", "가입 수", "가입한 프로세스"],
        kernel: "커널",
        unknown: "알 수 없음",
        none: "없음",
    };

    /// Returns the words of a language.
    pub fn of(language: Language) -> Self {
        match language {
            Language::English => Self::ENGLISH,
            Language::Korean => Self::KOREAN,
        }
    }
}

/// Writes an empty line, the title, an empty line, the headings and the rows.
pub fn render_multicast<W: Write>(
    memberships: &[Membership<'_>],
    processes: &FxHashMap<ProcessKey, Process>,
    words: MulticastWords,
    width: Option<usize>,
    line_end: LineEnd,
    out: &mut W,
) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut *out, line_end);
    for line in ["", words.title, ""] {
        sheet.line(line)?;
    }
    if memberships.is_empty() {
        sheet.line(words.none)?;
        return sheet.hand_on();
    }
    sheet.hand_on()?;
    let aligned = |(at, heading): (usize, &str)| Head {
        heading: heading.to_owned(),
        align: if at == 2 { Align::Right } else { Align::Left },
    };
    let mut table = Table::new(words.headings.into_iter().enumerate().map(aligned).collect());
    for membership in memberships {
        table.cell(|out| escape::write_bytes(out, membership.interface));
        table.cell(|out| out.extend_from_slice(group(&membership.group).as_bytes()));
        table.cell(|out| decimal(out, u64::from(membership.users)));
        table.cell(|out| write_joined(out, membership, processes, words));
    }
    table.render(width, line_end, out)
}

fn group(group: &GroupAddress) -> String {
    match group {
        GroupAddress::Ip(address) => address.to_string(),
        GroupAddress::Link(address) => {
            address.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
        }
    }
}

fn write_joined(
    out: &mut Vec<u8>,
    membership: &Membership<'_>,
    processes: &FxHashMap<ProcessKey, Process>,
    words: MulticastWords,
) {
    let start = out.len();
    let mut part = |write: &dyn Fn(&mut Vec<u8>)| {
        if out.len() > start {
            out.extend_from_slice(b", ");
        }
        write(out);
    };
    if membership.kernel {
        part(&|out| out.extend_from_slice(words.kernel.as_bytes()));
    }
    for id in &membership.processes {
        part(&|out| match processes.get(id).and_then(|process| process.name.as_ref().ok()) {
            Some(name) => {
                escape::write_text(out, name);
                out.extend_from_slice(format!(" ({})", id.pid).as_bytes());
            }
            None => decimal(out, u64::from(id.pid)),
        });
    }
    if !membership.complete {
        part(&|out| out.extend_from_slice(words.unknown.as_bytes()));
    }
}

/// The document of `--multicast --json`.
#[derive(serde::Serialize)]
pub struct MulticastDocument<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    report: &'static str,
    memberships: Vec<MembershipObject>,
    warnings: Vec<String>,
}

#[derive(serde::Serialize)]
struct MembershipObject {
    interface: String,
    index: Option<u32>,
    family: &'static str,
    group: String,
    users: u32,
    kernel: bool,
    /// Null where not one of them is known and there are more.
    processes: Option<Vec<ProcessObject>>,
    complete: bool,
}

#[derive(serde::Serialize)]
struct ProcessObject {
    pid: u32,
    name: Option<String>,
}

impl<'a> MulticastDocument<'a> {
    /// Makes a document of the memberships and the processes that were read.
    pub fn new(
        info: &'a SnapshotInfo,
        memberships: &[Membership<'_>],
        processes: &FxHashMap<ProcessKey, Process>,
        warnings: &[Warning],
    ) -> Self {
        let process = |id: &ProcessKey| ProcessObject {
            pid: id.pid,
            name: processes
                .get(id)
                .and_then(|process| Some(process.name.as_ref().ok()?.to_string_lossy().into_owned())),
        };
        let object = |one: &Membership<'_>| MembershipObject {
            interface: String::from_utf8_lossy(one.interface).into_owned(),
            index: one.index,
            family: match &one.group {
                GroupAddress::Ip(IpAddr::V4(_)) => "ipv4",
                GroupAddress::Ip(IpAddr::V6(_)) => "ipv6",
                GroupAddress::Link(_) => "link",
            },
            group: group(&one.group),
            users: one.users,
            kernel: one.kernel,
            processes: (one.complete || !one.processes.is_empty())
                .then(|| one.processes.iter().map(process).collect()),
            complete: one.complete,
        };
        Self {
            header: Header::new(info),
            report: "multicast",
            memberships: memberships.iter().map(object).collect(),
            warnings: texts(warnings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::Missing;

    fn rows() -> (Vec<Membership<'static>>, FxHashMap<ProcessKey, Process>) {
        let id = |pid| ProcessKey { pid, start_time: 1 };
        let mut named = Process::unknown(id(812), Missing::NotRead);
        named.name = Ok("a\u{1b}[2Jb".into());
        let one = |group, kernel, processes, complete| Membership {
            interface: b"eth\x1b0",
            index: Some(2),
            group,
            users: 3,
            kernel,
            processes,
            complete,
        };
        let ip = |text: &str| GroupAddress::Ip(text.parse().unwrap());
        let all = vec![
            one(ip("224.0.0.1"), true, vec![], true),
            one(ip("ff02::fb"), false, vec![], false),
            one(GroupAddress::Link(vec![1, 0x80, 0xc2, 0, 0, 0xe]), true, vec![id(812), id(9)], false),
        ];
        (all, [(named.id, named)].into_iter().collect())
    }

    fn shown(language: Language, all: &[Membership<'_>]) -> String {
        let mut out = Vec::new();
        let words = MulticastWords::of(language);
        render_multicast(all, &rows().1, words, None, LineEnd::Lf, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_table_says_who_joined_and_what_nobody_knows() {
        let expected = "\nMulticast Groups\n\n\
            Interface  Group              Users  Joined by\n\
            eth\\x1b0   224.0.0.1              3  kernel\n\
            eth\\x1b0   ff02::fb               3  unknown\n\
            eth\\x1b0   01:80:c2:00:00:0e      3  kernel, a\\x1b[2Jb (812), 9, unknown\n";
        assert_eq!(shown(Language::English, &rows().0), expected);
        let korean = shown(Language::Korean, &rows().0);
        assert!(korean.contains("멀티캐스트 그룹") && korean.contains("알 수 없음"), "{korean}");
        assert_eq!(shown(Language::English, &[]), "\nMulticast Groups\n\nNone\n");
    }

    #[test]
    fn in_json_unknown_is_null_and_not_empty() {
        let (all, processes) = rows();
        let info = SnapshotInfo { at: None, uptime: None, host: None, boot_id: None, namespace: None };
        let document = MulticastDocument::new(&info, &all, &processes, &[]);
        let value = serde_json::to_value(&document).unwrap();
        let rows = value["memberships"].as_array().unwrap();
        let told: Vec<_> =
            rows.iter().map(|row| (&row["family"], &row["processes"], &row["complete"])).collect();
        let json = serde_json::json!([
            ["ipv4", [], true],
            ["ipv6", null, false],
            ["link", [{"pid": 812, "name": "a\u{1b}[2Jb"}, {"pid": 9, "name": null}], false],
        ]);
        assert_eq!(serde_json::to_value(told).unwrap(), json);
    }
}
