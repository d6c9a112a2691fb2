//! What checks say of the system as it is, or of a table of the past as far as a history has what they need.

use super::past::{PastSystem, users_of};
use super::{Session, check, explain};
use netstat_check::{
    Check, CheckSettings, Evidence, EvidenceNeeds, EvidenceSource, Finding, JointNeeds, Surroundings, Twice,
    lacking,
};
use netstat_engine::both;
use netstat_engine::enrich::UserNames;
use netstat_engine::text::Text;
use netstat_html::{Judged, NotJudged};
use netstat_model::query::Fields;
use netstat_model::{
    Answer, Conntrack, Counters, Error, Firewall, Inbound, InterfaceCounters, Limits, Operation,
    SnapshotInfo, TcpFields, Warning,
};
use netstat_os::{CounterSources, Machine, NameDatabases, Restrictions};
use netstat_store::{At, Past, Reader, Standing};
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Judges the system as it is.
pub(super) fn now(session: &Session<'_>) -> Result<Judged, Text> {
    match check::judge_now(session) {
        Ok((findings, warnings)) => {
            let lacks = warnings.iter().map(lacking).collect();
            Ok(Judged { at: None, findings, not_judged: not_asked(), lacks })
        }
        Err(trouble) => Err(trouble.line),
    }
}

/// Judges the last table of a span.
pub(super) fn past(session: &Session<'_>, reader: &Reader, until: SystemTime) -> Result<Judged, Text> {
    let Some((at, time)) = last_table(reader, until) else {
        return Err(both!(
            "Not judged: no table of the end of this span is known.",
            "점검하지 않았습니다: 이 기간의 끝에 해당하는 연결 표를 알 수 없습니다."
        ));
    };
    let mut not_judged = not_asked();
    let mut chosen = Vec::new();
    for check in netstat_check::ALL {
        match lacks(&check.needs) {
            _ if is_asked_by_name(check.name) => {}
            None => chosen.push(check),
            Some(what) => not_judged.push(NotJudged { check: check.name, why: not_kept(&what) }),
        }
    }
    let table = table(session, reader, (at, time), &chosen, &CheckSettings::default())
        .map_err(|error| explain(&error, session.settings))?;
    let lacks = table.warnings.iter().map(lacking).collect();
    Ok(Judged { at: Some(time), findings: table.findings, not_judged, lacks })
}

/// What checks found in a table of the past.
pub(super) struct JudgedTable {
    pub(super) findings: Vec<Finding>,
    pub(super) evidence: Evidence,
    pub(super) info: SnapshotInfo,
    pub(super) warnings: Vec<Warning>,
}

/// Lets checks judge a table of the past, that have what they need of it.
///
/// # Errors
/// When the history cannot be read.
pub(super) fn table(
    session: &Session<'_>,
    reader: &Reader,
    (at, time): (At, SystemTime),
    chosen: &[&'static Check],
    settings: &CheckSettings,
) -> Result<JudgedTable, Error> {
    let live = Rc::clone(&session.backend);
    let names = || users_of(reader.users());
    let system = PastSystem { past: &Past::table(reader, at, time), users: &names, live: &live };
    let users = UserNames::parse(&system.users().data);
    let surroundings =
        Surroundings { geo: Arc::clone(&session.geo), users: Arc::new(users), ..Surroundings::default() };
    let needs = JointNeeds::of(chosen.iter().map(|check| check.needs));
    let mut warnings = Vec::new();
    let evidence = EvidenceSource::new(&system, needs, surroundings)
        .filtered(session.filter.as_ref())
        .look(&mut warnings)?;
    let mut findings: Vec<Finding> =
        chosen.iter().flat_map(|check| check.judge(&evidence, settings)).collect();
    for finding in &mut findings {
        // Commands would show and touch what is there now.
        (finding.rows, finding.next) = (None, Vec::new());
    }
    // Who holds a connection of the past is known, or will never be.
    warnings.retain(|lack| !matches!(lack, Warning::OwnersVanished { .. }));
    Ok(JudgedTable { findings, evidence, info: system.info(), warnings })
}

/// Returns the last moment of a span that was recorded.
fn last_table(reader: &Reader, until: SystemTime) -> Option<(At, SystemTime)> {
    let last = until.checked_sub(Duration::from_micros(1))?;
    match reader.standing(last) {
        Standing::Recorded(at) => Some((at, last)),
        Standing::Within(gap) => match reader.standing(gap.from) {
            Standing::Recorded(at) => Some((at, gap.from)),
            _ => None,
        },
        _ => None,
    }
}

fn is_asked_by_name(check: &str) -> bool {
    [&netstat_check::BIND, &netstat_check::POLICY].iter().any(|known| known.name == check)
}

/// Returns the checks that judge only what is named for them.
fn not_asked() -> Vec<NotJudged> {
    let (bind, policy) = (netstat_check::BIND.name, netstat_check::POLICY.name);
    vec![
        NotJudged {
            check: bind,
            why: both!(
                "It judges a port that is named: netstat check bind.",
                "지정한 포트를 점검합니다: netstat check bind."
            ),
        },
        NotJudged {
            check: policy,
            why: both!(
                "It judges by a file: netstat check policy.",
                "파일에 따라 점검합니다: netstat check policy."
            ),
        },
    ]
}

pub(super) fn not_kept(what: &Text) -> Text {
    both!("A history does not keep what it needs: {what}.", "기록에는 필요한 것이 없습니다: {what}.", what)
}

/// Returns what a check needs that a history does not keep; `None` if it has all of it.
pub(super) fn lacks(needs: &EvidenceNeeds) -> Option<Text> {
    // Since when a connection is in its state is known, which the last segment would be asked about.
    let course = needs.tcp.difference(TcpFields::LAST_ACK_RECEIVED);
    let lacking = [
        (needs.counters, Text::fixed("counters of the system", "시스템의 카운터")),
        (needs.limits, Text::fixed("limits of the system", "시스템의 한도")),
        (needs.conntrack, Text::fixed("tracked connections", "추적 중인 연결")),
        (needs.descriptors, Text::fixed("descriptors of processes", "프로세스의 디스크립터")),
        (needs.addresses, Text::fixed("addresses of interfaces", "인터페이스의 주소")),
        (needs.surroundings.firewall, Text::fixed("rules of the firewall", "방화벽의 규칙")),
        (
            needs.twice != Twice::Never,
            Text::fixed("two looks a moment apart", "간격을 두고 두 번 조사한 결과"),
        ),
        (!course.is_empty(), Text::fixed("the course of connections", "연결의 진행 상태")),
        (
            needs.fields.intersects(Fields::MEMORY | Fields::AGE | Fields::TIME_IN_STATE),
            Text::fixed("details of sockets", "소켓의 세부 정보"),
        ),
    ];
    let mut all = lacking.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, what)| what);
    let first = all.next()?;
    Some(all.fold(first, |known, more| both!("{known}, {more}", "{known}, {more}", known, more)))
}

/// What a history does not keep is refused, so that a check that asks for it says that it does not know.
fn refused(operation: Operation) -> Error {
    Error { operation, source: ErrorKind::Unsupported.into() }
}

impl<P> CounterSources for PastSystem<'_, P> {
    fn counters(&self) -> Result<Answer<Counters>, Error> {
        Err(refused(Operation::ReadCounters))
    }

    fn interface_counters(&self) -> Result<Answer<Vec<InterfaceCounters>>, Error> {
        Err(refused(Operation::ReadCounters))
    }
}

impl<P> Restrictions for PastSystem<'_, P> {
    fn limits(&self) -> Result<Answer<Limits>, Error> {
        Err(refused(Operation::ReadLimits))
    }

    fn conntrack(&self) -> Result<Answer<Option<Conntrack>>, Error> {
        Err(refused(Operation::ReadConntrack))
    }

    fn firewall(&self, _: &[Inbound]) -> Firewall {
        Firewall::default()
    }
}
