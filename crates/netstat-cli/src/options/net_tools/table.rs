//! The options of the net-tools dialect. Letters keep their case here: `-W` is not `-w`.

use super::arguments::NetToolsArguments;
use crate::options::arguments::{Dialect, OWNER_METHODS};
use crate::options::command::Command;
use crate::options::complaint::Complaint;
use crate::options::entry::ValueKind;
use crate::options::values;
use crate::render::net_tools::{AddressFamily, FIRST_NAMES, INET, INET6};
use netstat_engine::text::Text;
use std::ffi::OsStr;

/// One option: its spellings, its text and its effect.
pub(in crate::options) struct Entry {
    /// Its letters, the usual one first; empty if it has only long spellings.
    pub(in crate::options) letters: &'static [char],
    /// Its long spellings, without their dashes; empty if it has only letters.
    pub(in crate::options) long: &'static [&'static str],
    /// What it does, for the usage text and the reference.
    pub(in crate::options) help: Text,
    pub(super) effect: Effect,
}

/// What an option does.
pub(super) enum Effect {
    /// Sets fields; takes no value.
    Switch(fn(&mut NetToolsArguments)),
    /// Adds address families from a value, which has this name in the usage text.
    Families(&'static str),
    /// Sets fields from a value, which has this name in the usage text, and of which a shell may offer this.
    Value(&'static str, ValueKind, fn(&mut NetToolsArguments, &OsStr) -> Result<(), Complaint>),
    /// Replaces the report by another command.
    Answer(fn() -> Command),
}

impl Entry {
    /// Returns true if a value belongs to it.
    pub(in crate::options) fn takes_value(&self) -> bool {
        self.value().is_some()
    }

    /// Returns what a shell may offer for its value; `None` if it takes none.
    pub(in crate::options) fn value(&self) -> Option<&ValueKind> {
        match &self.effect {
            Effect::Value(_, kind, _) => Some(kind),
            Effect::Families(_) => Some(&ValueKind::List(FIRST_NAMES)),
            Effect::Switch(_) | Effect::Answer(_) => None,
        }
    }
}

/// Adds one address family.
macro_rules! add {
    ($family:ident) => {
        Effect::Switch(|arguments| arguments.families.push(AddressFamily::$family))
    };
}

/// Sets one field to true.
macro_rules! set {
    ($field:ident) => {
        Effect::Switch(|arguments| arguments.$field = true)
    };
}

/// Every option, in the order of the usage text.
pub(in crate::options) const OPTIONS: &[Entry] = &[
    Entry {
        letters: &['t'],
        long: &["tcp"],
        help: Text::fixed("TCP sockets", "TCP 소켓"),
        effect: set!(tcp),
    },
    Entry {
        letters: &['u'],
        long: &["udp"],
        help: Text::fixed("UDP sockets", "UDP 소켓"),
        effect: set!(udp),
    },
    Entry {
        letters: &['w'],
        long: &["raw"],
        help: Text::fixed("raw sockets", "raw 소켓"),
        effect: set!(raw),
    },
    Entry {
        letters: &['U'],
        long: &["udplite"],
        help: Text::fixed("UDP-Lite sockets", "UDP-Lite 소켓"),
        effect: set!(udplite),
    },
    Entry {
        letters: &['S'],
        long: &["sctp"],
        help: Text::fixed("nothing: SCTP sockets are not listed", "없음: SCTP 소켓은 나열하지 않음"),
        effect: set!(sctp),
    },
    Entry {
        letters: &['l'],
        long: &["listening"],
        help: Text::fixed("only sockets without a peer", "상대가 없는 소켓만"),
        effect: set!(listening),
    },
    Entry {
        letters: &['a'],
        long: &["all"],
        help: Text::fixed(
            "all sockets; without -a and -l those with a peer",
            "모든 소켓. -a도 -l도 없으면 상대가 있는 것",
        ),
        effect: set!(all),
    },
    Entry { letters: &['4'], long: INET, help: Text::fixed("IPv4 only", "IPv4만"), effect: add!(Inet) },
    Entry { letters: &['6'], long: INET6, help: Text::fixed("IPv6 only", "IPv6만"), effect: add!(Inet6) },
    Entry {
        letters: &['A'],
        long: &["protocol"],
        help: Text::fixed("these address families: inet, inet6, unix", "이 주소 체계만: inet, inet6, unix"),
        effect: Effect::Families("FAMILY"),
    },
    Entry {
        letters: &['n'],
        long: &["numeric"],
        help: Text::fixed(
            "numbers instead of names of hosts, ports and users",
            "호스트, 포트, 사용자의 이름 대신 숫자",
        ),
        effect: Effect::Switch(|arguments| {
            arguments.numeric_hosts = true;
            arguments.numeric_ports = true;
            arguments.numeric_users = true;
        }),
    },
    Entry {
        letters: &[],
        long: &["numeric-hosts"],
        help: Text::fixed("addresses instead of names of hosts", "호스트 이름 대신 주소"),
        effect: set!(numeric_hosts),
    },
    Entry {
        letters: &[],
        long: &["numeric-ports"],
        help: Text::fixed("numbers instead of names of ports", "포트 이름 대신 숫자"),
        effect: set!(numeric_ports),
    },
    Entry {
        letters: &[],
        long: &["numeric-users"],
        help: Text::fixed("numbers instead of names of users", "사용자 이름 대신 숫자"),
        effect: set!(numeric_users),
    },
    Entry {
        letters: &['p'],
        long: &["programs", "program"],
        help: Text::fixed("ID and name of the process of each socket", "소켓마다 프로세스의 ID와 이름"),
        effect: set!(programs),
    },
    Entry {
        letters: &['e'],
        long: &["extend", "extended"],
        help: Text::fixed("user and inode of each socket", "소켓마다 사용자와 inode"),
        effect: Effect::Switch(|arguments| arguments.extend = arguments.extend.saturating_add(1)),
    },
    Entry {
        letters: &['o'],
        long: &["timers"],
        help: Text::fixed("timer of each socket", "소켓마다 타이머"),
        effect: set!(timers),
    },
    Entry {
        letters: &['W'],
        long: &["wide"],
        help: Text::fixed("addresses in full, however long", "아무리 길어도 주소 전체"),
        effect: set!(wide),
    },
    Entry {
        letters: &['c'],
        long: &["continuous"],
        help: Text::fixed("again every second until Ctrl+C", "Ctrl+C를 누를 때까지 매초 다시"),
        effect: set!(continuous),
    },
    Entry {
        letters: &['V'],
        long: &["version"],
        help: Text::fixed("the version of this program", "이 프로그램의 버전"),
        effect: Effect::Answer(|| Command::Version),
    },
    Entry {
        letters: &['v'],
        long: &["verbose"],
        help: Text::fixed(
            "also which families of sockets this system has not",
            "이 시스템에 없는 주소 체계도 알림",
        ),
        effect: set!(verbose),
    },
    Entry {
        letters: &['x'],
        long: &["unix"],
        help: Text::fixed("Unix sockets", "유닉스 소켓"),
        effect: add!(Unix),
    },
    Entry {
        letters: &['g'],
        long: &["groups"],
        help: Text::fixed("multicast groups of interfaces", "인터페이스의 멀티캐스트 그룹"),
        effect: set!(groups),
    },
    Entry {
        letters: &['r'],
        long: &["route"],
        help: Text::fixed("routing table", "라우팅 테이블"),
        effect: set!(routes),
    },
    Entry {
        letters: &['C'],
        long: &["cache"],
        help: Text::fixed("with -r, the routing cache", "-r과 함께, 라우팅 캐시"),
        effect: set!(cache),
    },
    Entry {
        letters: &['F'],
        long: &["fib"],
        help: Text::fixed("with -r, the routing table (the default)", "-r과 함께, 라우팅 테이블(기본값)"),
        effect: set!(fib),
    },
    Entry {
        letters: &['i'],
        long: &["interfaces"],
        help: Text::fixed(
            "interfaces; -a adds those down, -e the details",
            "인터페이스. -a는 꺼진 것도, -e는 자세히",
        ),
        effect: set!(interfaces),
    },
    Entry {
        letters: &['s'],
        long: &["statistics"],
        help: Text::fixed("counters of protocols", "프로토콜 카운터"),
        effect: set!(statistics),
    },
    Entry {
        letters: &['M'],
        long: &["masquerade"],
        help: Text::fixed(
            "nothing: no kernel since 2.4 has that table",
            "없음: 2.4 이후의 커널에는 이 테이블이 없음",
        ),
        effect: set!(masquerade),
    },
    Entry {
        letters: &['Z'],
        long: &["context"],
        help: Text::fixed(
            "nothing: SELinux contexts are not shown",
            "없음: SELinux 컨텍스트는 표시하지 않음",
        ),
        effect: set!(contexts),
    },
    Entry {
        letters: &['d'],
        long: &[],
        help: Text::fixed("nothing", "없음"),
        effect: Effect::Switch(|_| {}),
    },
    Entry {
        letters: &['2', 'f'],
        long: &["l2cap", "rfcomm"],
        help: Text::fixed("nothing: Bluetooth sockets are not listed", "없음: 블루투스 소켓은 나열하지 않음"),
        effect: set!(bluetooth),
    },
    Entry {
        letters: &[],
        long: &["bluetooth"],
        help: Text::fixed("the same", "위와 같음"),
        effect: add!(Bluetooth),
    },
    Entry {
        letters: &[],
        long: &["ipx"],
        help: Text::fixed("nothing: IPX sockets are not listed", "없음: IPX 소켓은 나열하지 않음"),
        effect: add!(Ipx),
    },
    Entry {
        letters: &[],
        long: &["ax25"],
        help: Text::fixed("nothing: AX.25 sockets are not listed", "없음: AX.25 소켓은 나열하지 않음"),
        effect: add!(Ax25),
    },
    Entry {
        letters: &[],
        long: &["x25"],
        help: Text::fixed("nothing: X.25 sockets are not listed", "없음: X.25 소켓은 나열하지 않음"),
        effect: add!(X25),
    },
    Entry {
        letters: &[],
        long: &["netrom"],
        help: Text::fixed("nothing: NET/ROM sockets are not listed", "없음: NET/ROM 소켓은 나열하지 않음"),
        effect: add!(NetRom),
    },
    Entry {
        letters: &[],
        long: &["rose"],
        help: Text::fixed("nothing: ROSE sockets are not listed", "없음: ROSE 소켓은 나열하지 않음"),
        effect: add!(Rose),
    },
    Entry {
        letters: &[],
        long: &["ddp", "appletalk"],
        help: Text::fixed(
            "nothing: no list has AppleTalk sockets",
            "없음: 어느 목록에도 AppleTalk 소켓이 없음",
        ),
        effect: add!(AppleTalk),
    },
    Entry {
        letters: &['N'],
        long: &["symbolic"],
        help: Text::fixed(
            "nothing: no list here has hardware addresses",
            "없음: 여기 목록에는 하드웨어 주소가 없음",
        ),
        effect: Effect::Switch(|_| {}),
    },
    Entry {
        letters: &[],
        long: &["dialect"],
        help: Text::fixed(
            "net-tools or windows: whose options these are",
            "net-tools 또는 windows: 어느 쪽의 옵션인지",
        ),
        effect: Effect::Value("NAME", ValueKind::Choice(&Dialect::NAMES), |_, name| {
            values::parse_dialect(name).map(drop)
        }),
    },
    Entry {
        letters: &[],
        long: &["owners"],
        help: Text::fixed(
            "auto, bpf or proc: how processes are found",
            "auto, bpf, proc: 프로세스를 찾는 방법",
        ),
        effect: Effect::Value("METHOD", ValueKind::Choice(&OWNER_METHODS), |arguments, text| {
            arguments.owners = Some(values::parse_owners(text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &[],
        long: &["record"],
        help: Text::fixed(
            "also write every answer of the system to DIR",
            "시스템의 모든 응답을 DIR에도 저장",
        ),
        effect: Effect::Value("DIR", ValueKind::Directory, |arguments, text| {
            arguments.record = Some(values::parse_directory("--record", text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &[],
        long: &["replay"],
        help: Text::fixed("answer from DIR, which --record wrote", "--record가 저장한 DIR로 답함"),
        effect: Effect::Value("DIR", ValueKind::Directory, |arguments, text| {
            arguments.replay = Some(values::parse_directory("--replay", text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &['h'],
        long: &["help"],
        help: Text::fixed("this text", "도움말"),
        effect: Effect::Answer(|| Command::NetToolsUsage(None)),
    },
    Entry {
        letters: &['?'],
        long: &[],
        help: Text::fixed("this text, on standard error", "도움말, 표준 오류로"),
        effect: Effect::Answer(|| Command::NetToolsUsage(Some(String::new()))),
    },
];

/// Finds an option by letter, whose case matters.
pub(in crate::options) fn by_letter(letter: char) -> Option<&'static Entry> {
    OPTIONS.iter().find(|entry| entry.letters.contains(&letter))
}

/// Finds an option by long spelling without dashes, whose case matters.
pub(in crate::options) fn by_long(long: &str) -> Option<&'static Entry> {
    OPTIONS.iter().find(|entry| entry.long.contains(&long))
}

/// Returns the long spellings that begin like this one, as getopt_long(3) completes them.
pub(super) fn beginning_with(long: &str) -> impl Iterator<Item = (&'static str, &'static Entry)> {
    OPTIONS.iter().flat_map(move |entry| {
        entry.long.iter().filter(move |name| name.starts_with(long)).map(move |name| (*name, entry))
    })
}
