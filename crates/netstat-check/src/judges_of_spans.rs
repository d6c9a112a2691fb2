//! The checks that judge a span: what grew, what was at its peak, what failed.

use super::definition::Check;
use super::finding::{Finding, Severity};
use super::over_time::{Judged, OverTime};
use super::thresholds::{CheckSettings, Thresholds};
use super::{close_wait, connecting, port_exhaustion};
use netstat_engine::both;

type Judge = fn(&OverTime, &Thresholds<'_>) -> Judged;

const JUDGES: [(&Check, Judge); 3] = [
    (&port_exhaustion::CHECK, port_exhaustion::over_time::judge),
    (&close_wait::CHECK, close_wait::over_time::judge),
    (&connecting::CHECK, connecting::over_time::judge),
];

/// Returns whether a check can judge a span.
pub fn judges_over_time(check: &Check) -> bool {
    JUDGES.iter().any(|(judge, _)| *judge == check)
}

/// Judges a span. A check that cannot says that it does not know. Where the history is not whole, that nothing is wrong is not
/// known either.
pub fn judge_over_time(check: &Check, over: &OverTime, settings: &CheckSettings) -> Vec<Finding> {
    let Some((_, judge)) = JUDGES.iter().find(|(known, _)| *known == check) else {
        let mut finding = Finding::never_told(
            both!("it judges a moment, not a span", "기간이 아니라 한 시각을 판단하는 검사"),
            both!(
                "judge a moment: netstat check {name} --at WHEN",
                "한 시각을 점검합니다: netstat check {name} --at 시각",
                name = check.name
            ),
        );
        finding.check = check.name;
        return vec![finding];
    };
    let Judged { mut findings, ok } = judge(over, &check.thresholds(settings));
    let is_wrong = findings.iter().any(|finding| finding.severity > Severity::Notice);
    if let (Some(first), false) = (over.lacks.first(), is_wrong) {
        let mut finding = Finding::unknown(
            match over.lacks.len() - 1 {
                0 => both!(
                    "not all of the span was recorded, so no more can be ruled out: {first}",
                    "기간 전체가 기록되지 않아 다른 이상이 없다고 할 수 없음: {first}",
                    first
                ),
                more => both!(
                    "not all of the span was recorded, so no more can be ruled out: {first}, and {more} more {more?gap|gaps}",
                    "기간 전체가 기록되지 않아 다른 이상이 없다고 할 수 없음: {first}, 그 밖에 {more}건",
                    first,
                    more
                ),
            },
            both!("choose a span that was recorded whole", "빠짐없이 기록된 기간을 고릅니다"),
        );
        finding.subject = "history".to_owned();
        findings.push(finding);
    } else if findings.is_empty() {
        findings.push(Finding::ok(ok));
    }
    findings.iter_mut().for_each(|finding| finding.check = check.name);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Text;
    use crate::text::EN;
    use crate::{ALL, by_name, worst};
    use netstat_model::IpEndpoint;
    use netstat_model::history::EndReason;
    use std::time::Duration;

    fn end(text: &str) -> IpEndpoint {
        let end: std::net::SocketAddr = text.parse().unwrap();
        IpEndpoint::new(end.ip(), end.port(), 0)
    }

    fn over() -> OverTime {
        OverTime {
            length: Duration::from_secs(86_400),
            options: "--since 24h".to_owned(),
            ends: 5000,
            ports: Some(28_232),
            ..OverTime::default()
        }
    }

    fn judged(check: &str, over: &OverTime) -> (Severity, Vec<String>) {
        let findings = judge_over_time(by_name(check).unwrap(), over, &CheckSettings::default());
        let said = findings.iter().map(|finding| {
            assert_eq!(finding.check, check);
            finding.sentence.of(EN).to_owned()
        });
        (worst(&findings), said.collect())
    }

    #[test]
    fn nothing_is_wrong_where_nothing_is_and_all_is_known() {
        for (check, _) in JUDGES {
            assert_eq!(judged(check.name, &over()).0, Severity::Ok, "{}", check.name);
            let lacks = OverTime { lacks: vec![Text::fixed("a gap", "빈 구간")], ..over() };
            let (severity, said) = judged(check.name, &lacks);
            assert_eq!(severity, Severity::Unknown, "{}", check.name);
            assert!(said[0].contains("a gap"), "{said:?}");
        }
        for check in ALL.into_iter().filter(|check| !judges_over_time(check)) {
            let findings = judge_over_time(check, &over(), &CheckSettings::default());
            assert!(findings.iter().all(|finding| finding.never_told), "{}", check.name);
        }
    }

    #[test]
    fn what_failed_is_summed_by_destination() {
        let to = end("203.0.113.9:5432");
        let failure = |reason, program: &str, n| (reason, to, Some(program.into()), n);
        let failures = vec![
            failure(EndReason::Refused, "retry", 60),
            failure(EndReason::Refused, "other", 39),
            failure(EndReason::ConnectTimedOut, "retry", 1),
            (EndReason::ResetByPeer, to, None, 900),
            (EndReason::Refused, end("203.0.113.10:1"), None, 9),
        ];
        let (severity, said) = judged("connecting", &OverTime { failures: failures.clone(), ..over() });
        assert_eq!(severity, Severity::Warning);
        assert_eq!(said, ["100 connections to 203.0.113.9:5432 failed: 99 refused, 1 connect-timed-out"]);
        // A fault that is known is one although there may be more.
        let lacks = OverTime { failures, lacks: vec![Text::fixed("a gap", "빈 구간")], ..over() };
        assert_eq!(judged("connecting", &lacks).0, Severity::Warning);
        let few = vec![failure(EndReason::Refused, "retry", 10)];
        assert_eq!(judged("connecting", &OverTime { failures: few, ..over() }).0, Severity::Notice);
    }

    #[test]
    fn a_leak_grows_and_does_not_shrink_again() {
        let line = |counts: Vec<u64>| OverTime { close_wait: vec![(Some("app".into()), counts)], ..over() };
        let growing: Vec<u64> = (0..48).map(|at| at * 5).collect();
        let (severity, said) = judged("close-wait", &line(growing.clone()));
        assert_eq!(severity, Severity::Warning);
        assert!(said[0].starts_with("app: from 0 connections in CLOSE_WAIT to 235"), "{said:?}");
        // A pool that is full all day, one that comes and goes, and one that fell again.
        let mut fallen = growing;
        fallen.extend([0; 12]);
        for counts in [vec![500; 48], (0..48).map(|at| (at % 12) * 50).collect(), fallen, vec![900], vec![]] {
            assert_eq!(judged("close-wait", &line(counts.clone())).0, Severity::Ok, "{counts:?}");
        }
    }

    #[test]
    fn ports_are_a_share_of_those_that_there_are() {
        let to = end("203.0.113.9:443");
        let taken = |taken, ports| OverTime { destinations: vec![(to, taken)], ports, ..over() };
        assert_eq!(judged("port-exhaustion", &taken(26_000, Some(28_232))).0, Severity::Critical);
        assert_eq!(judged("port-exhaustion", &taken(14_200, Some(28_232))).0, Severity::Warning);
        assert_eq!(judged("port-exhaustion", &taken(100, Some(28_232))).0, Severity::Ok);
        assert_eq!(judged("port-exhaustion", &taken(100, None)).0, Severity::Unknown);
        assert_eq!(judged("port-exhaustion", &OverTime { ports: None, ..over() }).0, Severity::Ok);
    }
}
