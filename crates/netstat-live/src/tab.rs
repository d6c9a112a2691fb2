//! The tabs and their columns.

use crate::beside::Fact;
use netstat_engine::columns::{self, Column as Of, Kind, by_name};
use netstat_engine::text::Text;
use netstat_model::query::Fields;
use std::sync::LazyLock;

/// A page of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Sockets that have a peer, or are on their way to or from one.
    Connections,
    /// Processes that hold sockets.
    Processes,
    /// Addresses that there are connections with.
    Remotes,
    /// Sockets that wait for somebody.
    Listening,
    /// Network interfaces.
    Links,
    /// What the checks found.
    Findings,
    /// What happened of late.
    Events,
}

impl Tab {
    /// Every tab, in the order of the line that names them.
    pub const ALL: [Self; 7] = [
        Self::Connections,
        Self::Processes,
        Self::Remotes,
        Self::Listening,
        Self::Links,
        Self::Findings,
        Self::Events,
    ];

    /// Picks what belongs to this tab, of one for each in the order of [`ALL`](Self::ALL).
    pub(crate) fn of<T>(self, each: [T; Self::ALL.len()]) -> T {
        let [connections, processes, remotes, listening, links, findings, events] = each;
        match self {
            Self::Connections => connections,
            Self::Processes => processes,
            Self::Remotes => remotes,
            Self::Listening => listening,
            Self::Links => links,
            Self::Findings => findings,
            Self::Events => events,
        }
    }

    /// Returns its name on the command line.
    pub fn name(self) -> &'static str {
        self.of(["connections", "processes", "remotes", "listening", "links", "findings", "events"])
    }

    /// Returns its name on the screen.
    pub(crate) fn title(self) -> &'static Text {
        static TITLES: [Text; 7] = [
            Text::fixed("Connections", "연결"),
            Text::fixed("Processes", "프로세스"),
            Text::fixed("Remotes", "원격"),
            Text::fixed("Listening", "수신 대기"),
            Text::fixed("Links", "인터페이스"),
            Text::fixed("Findings", "진단"),
            Text::fixed("Events", "이벤트"),
        ];
        self.of(TITLES.each_ref())
    }

    /// Returns the names of its own columns, by which it sorts.
    pub fn column_names(self) -> impl Iterator<Item = &'static str> {
        self.columns().iter().map(|spec| spec.name)
    }

    /// Returns whether it can have the column of this name.
    pub fn has_column(self, name: &str) -> bool {
        self.possible().iter().any(|spec| spec.name == name)
    }

    /// Returns whether it sorts by the column of this name: it does by each that it can have.
    pub fn sorts_by(self, column: &str) -> bool {
        self.has_column(column)
    }

    /// Returns its columns, in their order on the screen.
    pub(crate) fn columns(self) -> &'static [Spec] {
        self.of([CONNECTIONS, PROCESSES, REMOTES, LISTENING, LINKS, FINDINGS, EVENTS])
    }
}

/// Where the text of a cell comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The column of this name.
    Column(&'static str),
    /// The state, in short where there is little room.
    State,
    /// Bytes a second received.
    Down,
    /// Bytes a second sent.
    Up,
    /// The remote address of a group.
    Address,
    /// Connections of a group.
    Connections,
    /// Listeners of a group.
    Listeners,
    /// The names of the processes of a group.
    Holders,
    /// Of what is no socket.
    Fact(Fact),
}

/// A column of a tab.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Its name for sorting.
    pub(crate) name: &'static str,
    pub(crate) heading: Text,
    pub(crate) source: Source,
    /// The least width, in cells, and the one beyond which there is no use for more.
    pub(crate) widths: (u16, u16),
    pub(crate) right: bool,
    /// Which are left out first where there is no room: the highest.
    pub(crate) rank: u8,
}

impl Spec {
    /// Returns whether its cells are addresses, which have what matters least in their middle.
    pub(crate) fn is_address(&self) -> bool {
        matches!(
            self.source,
            Source::Address | Source::Column("local" | "foreign") | Source::Fact(Fact::Local | Fact::Foreign)
        )
    }
}

macro_rules! specs {
    ($name:ident: $($word:literal $heading:literal $korean:literal $source:expr, $least:literal..$most:literal
       $side:ident $rank:literal;)*) => {
        const $name: &[Spec] = &[$(Spec {
            name: $word,
            heading: Text::fixed($heading, $korean),
            source: $source,
            widths: ($least, $most),
            right: specs!(@$side),
            rank: $rank,
        }),*];
    };
    (@left) => { false };
    (@right) => { true };
}

use Source::Column;

specs! { CONNECTIONS:
    "process" "PROCESS" "프로세스" Column("process"), 9..18 left 0;
    "pid" "PID" "PID" Column("pid"), 7..7 right 4;
    "user" "USER" "사용자" Column("user"), 8..12 left 7;
    "local" "LOCAL" "로컬 주소" Column("local"), 21..47 left 1;
    "foreign" "FOREIGN" "외부 주소" Column("foreign"), 19..47 left 0;
    "country" "CC" "국가" Column("country"), 4..4 left 6;
    "state" "STATE" "상태" Source::State, 7..11 left 2;
    "down" "DOWN" "수신/s" Source::Down, 6..7 right 0;
    "up" "UP" "송신/s" Source::Up, 6..7 right 0;
    "rtt" "RTT ms" "RTT ms" Column("rtt"), 8..8 right 5;
    "retrans" "RETR" "재전송" Column("retrans"), 6..6 right 8;
    "sendq" "UNSENT" "미전송" Column("sendq"), 7..7 right 8;
    "unit" "UNIT" "유닛" Column("unit"), 12..28 left 7;
    "container" "CONTAINER" "컨테이너" Column("container"), 14..24 left 9;
}

specs! { PROCESSES:
    "process" "PROCESS" "프로세스" Column("process"), 12..24 left 0;
    "pid" "PID" "PID" Column("pid"), 7..7 right 1;
    "connections" "CONN" "연결" Source::Connections, 6..8 right 0;
    "listeners" "LISTEN" "수신 대기" Source::Listeners, 9..9 right 2;
    "down" "DOWN" "수신/s" Source::Down, 6..7 right 0;
    "up" "UP" "송신/s" Source::Up, 6..7 right 0;
    "user" "USER" "사용자" Column("user"), 8..14 left 4;
    "unit" "UNIT" "유닛" Column("unit"), 12..32 left 3;
    "container" "CONTAINER" "컨테이너" Column("container"), 14..30 left 5;
    "path" "PATH" "경로" Column("path"), 16..60 left 6;
}

specs! { REMOTES:
    "foreign" "ADDRESS" "주소" Source::Address, 15..39 left 0;
    "country" "CC" "국가" Column("country"), 4..4 left 2;
    "network" "NETWORK" "네트워크" Column("network"), 16..40 left 4;
    "connections" "CONN" "연결" Source::Connections, 6..8 right 0;
    "down" "DOWN" "수신/s" Source::Down, 6..7 right 0;
    "up" "UP" "송신/s" Source::Up, 6..7 right 0;
    "process" "PROCESSES" "프로세스" Source::Holders, 12..60 left 1;
}

specs! { LISTENING:
    "process" "PROCESS" "프로세스" Column("process"), 9..24 left 0;
    "pid" "PID" "PID" Column("pid"), 7..7 right 1;
    "user" "USER" "사용자" Column("user"), 8..12 left 3;
    "proto" "PROTO" "프로토콜" Column("proto"), 8..8 left 0;
    "local" "LOCAL" "로컬 주소" Column("local"), 19..47 left 0;
    "recvq" "WAITING" "대기" Column("recvq"), 8..8 right 2;
    "backlog" "BACKLOG" "백로그" Column("backlog"), 7..7 right 2;
    "unit" "UNIT" "유닛" Column("unit"), 12..32 left 4;
    "container" "CONTAINER" "컨테이너" Column("container"), 14..30 left 5;
}

specs! { LINKS:
    "link" "INTERFACE" "인터페이스" Source::Fact(Fact::LinkName), 12..24 left 0;
    "down" "DOWN" "수신/s" Source::Fact(Fact::LinkDown), 7..8 right 0;
    "up" "UP" "송신/s" Source::Fact(Fact::LinkUp), 7..8 right 0;
    "packets_in" "PKT IN" "수신 패킷" Source::Fact(Fact::PacketsIn), 9..9 right 1;
    "packets_out" "PKT OUT" "송신 패킷" Source::Fact(Fact::PacketsOut), 9..9 right 1;
    "errors" "ERRORS" "오류" Source::Fact(Fact::Errors), 7..8 right 0;
    "drops" "DROPS" "버림" Source::Fact(Fact::Drops), 7..8 right 0;
}

specs! { FINDINGS:
    "severity" "SEVERITY" "심각도" Source::Fact(Fact::Severity), 10..10 left 0;
    "check" "CHECK" "검사" Source::Fact(Fact::Check), 14..18 left 1;
    "finding" "FINDING" "내용" Source::Fact(Fact::Sentence), 14..200 left 0;
}

specs! { EVENTS:
    "time" "TIME" "시각" Source::Fact(Fact::Time), 8..8 left 1;
    "what" "WHAT" "일" Source::Fact(Fact::What), 14..18 left 0;
    "process" "PROCESS" "프로세스" Source::Fact(Fact::Process), 9..18 left 0;
    "pid" "PID" "PID" Source::Fact(Fact::Pid), 7..7 right 3;
    "local" "LOCAL" "로컬 주소" Source::Fact(Fact::Local), 19..47 left 2;
    "foreign" "FOREIGN" "외부 주소" Source::Fact(Fact::Foreign), 18..47 left 0;
    "lasted" "LASTED" "지속" Source::Fact(Fact::Lasted), 12..14 right 4;
    "received" "RECEIVED" "받음" Source::Fact(Fact::Received), 8..9 right 4;
    "sent" "SENT" "보냄" Source::Fact(Fact::Sent), 6..7 right 4;
}

/// Returns every column that rows of sockets can have beyond those of a tab.
pub(crate) fn more() -> &'static [Spec] {
    static MORE: LazyLock<Vec<Spec>> = LazyLock::new(|| {
        let is_shown =
            |column: &&Of| column.is_available() && !column.needs.fields.contains(Fields::LIFESPAN);
        columns::ALL
            .iter()
            .copied()
            .filter(is_shown)
            .map(|column| Spec {
                name: column.name,
                heading: column.heading.clone(),
                source: Source::Column(column.name),
                widths: match column.kind {
                    Kind::End => (19, 47),
                    Kind::Number | Kind::Milliseconds | Kind::Microseconds => (9, 12),
                    _ => (10, 30),
                },
                right: matches!(column.kind, Kind::Number | Kind::Milliseconds | Kind::Microseconds),
                rank: 0,
            })
            .collect()
    });
    &MORE
}

impl Tab {
    /// Returns the columns that it can have, its own first.
    pub(crate) fn possible(self) -> Vec<&'static Spec> {
        let own = self.columns();
        let fits = |spec: &&Spec| match self {
            Self::Connections | Self::Listening => true,
            Self::Processes => by_name(spec.name).is_some_and(Of::is_of_owner),
            Self::Remotes | Self::Links | Self::Findings | Self::Events => false,
        };
        let is_new = |spec: &&Spec| own.iter().all(|of| of.name != spec.name);
        own.iter().chain(more().iter().filter(fits).filter(is_new)).collect()
    }
}

/// The columns that fit, each with its width. Of chosen ones the last are left out, of others those of the highest rank.
pub(crate) fn fit(specs: &[&'static Spec], chosen: bool, width: u16) -> Vec<(&'static Spec, u16)> {
    let rank = |spec: &Spec| if chosen { 0 } else { spec.rank };
    let mut specs = specs;
    let least = |specs: &[&Spec]| specs.iter().map(|spec| spec.widths.0 + 1).sum::<u16>();
    while let [rest @ .., _] = specs
        && chosen
        && !rest.is_empty()
        && least(specs) > width + 1
    {
        specs = rest;
    }
    let mut ranks: Vec<u8> = specs.iter().map(|spec| rank(spec)).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let total = |most: u8| -> u16 {
        specs
            .iter()
            .filter(|spec| rank(spec) <= most)
            .map(|spec| spec.widths.0 + 1)
            .sum::<u16>()
            .saturating_sub(1)
    };
    let most = ranks.into_iter().take_while(|&rank| rank == 0 || total(rank) <= width).last().unwrap_or(0);
    let mut fitted: Vec<(&'static Spec, u16)> =
        specs.iter().filter(|spec| rank(spec) <= most).map(|spec| (*spec, spec.widths.0)).collect();
    let mut left = width.saturating_sub(total(most));
    // What is left goes round, a cell each.
    while left > 0 {
        let mut given = false;
        for (spec, has) in &mut fitted {
            if left > 0 && *has < spec.widths.1 {
                (*has, left, given) = (*has + 1, left - 1, true);
            }
        }
        if !given {
            break;
        }
    }
    // A terminal that is too narrow for the least of them cuts the widest: numbers and names first, then ends.
    let mut over = (fitted.iter().map(|(_, has)| has + 1).sum::<u16>()).saturating_sub(width + 1);
    for floor in [true, false] {
        let least = |spec: &Spec| match (floor, spec.is_address(), spec.right) {
            (false, ..) => 1,
            (_, true, _) => 18,
            (_, _, true) => 5,
            _ => 7,
        };
        while over > 0 {
            let cuttable = fitted.iter_mut().filter(|(spec, has)| *has > least(spec));
            let Some((_, widest)) = cuttable.max_by_key(|(_, has)| *has) else { break };
            (*widest, over) = (*widest - 1, over - 1);
        }
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_line_and_no_more() {
        for tab in Tab::ALL {
            for width in 5..300 {
                let fitted = fit(&tab.columns().iter().collect::<Vec<_>>(), false, width);
                let used: u16 = fitted.iter().map(|(_, has)| has + 1).sum::<u16>() - 1;
                assert!(used <= width.max(9), "{tab:?} {width}: {used}");
                assert!(fitted.iter().all(|(_, has)| *has > 0));
            }
        }
    }

    #[test]
    fn chosen_columns_are_shown_as_far_as_they_fit() {
        for tab in Tab::ALL {
            let all = tab.possible();
            for width in 5..300 {
                let fitted = fit(&all, true, width);
                assert!(!fitted.is_empty());
                let used: u16 = fitted.iter().map(|(_, has)| has + 1).sum::<u16>() - 1;
                assert!(used <= width.max(9), "{tab:?} {width}: {used}");
                assert!(fitted.iter().zip(&all).all(|((spec, _), of)| std::ptr::eq(*spec, *of)));
            }
        }
    }

    #[test]
    fn every_column_of_a_tab_is_one_of_the_program() {
        for spec in Tab::ALL.iter().flat_map(|tab| tab.columns()) {
            if let Column(name) = spec.source {
                assert!(by_name(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn at_80_cells_both_ends_the_state_and_the_rates_are_there() {
        let names: Vec<&str> = fit(&CONNECTIONS.iter().collect::<Vec<_>>(), false, 77)
            .iter()
            .map(|(spec, _)| spec.name)
            .collect();
        assert_eq!(names, ["process", "local", "foreign", "state", "down", "up"]);
        let narrow: Vec<&str> = fit(&CONNECTIONS.iter().collect::<Vec<_>>(), false, 38)
            .iter()
            .map(|(spec, _)| spec.name)
            .collect();
        assert_eq!(narrow, ["process", "foreign", "down", "up"]);
    }
}
