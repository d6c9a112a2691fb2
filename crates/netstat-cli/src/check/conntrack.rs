//! `conntrack`: the table in which the firewall keeps what it tracks is full.

use super::text::{decimal, duration, grouped, were};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Lack, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::Conntrack;
use std::time::Duration;

pub(crate) static CHECK: Check = Check {
    name: "conntrack",
    summary: Text::fixed(
        "the firewall's table of tracked connections: nearly full, drops",
        "방화벽의 연결 추적 테이블: 거의 참, 버려진 패킷",
    ),
    rule: Text::fixed(
        "A firewall with state, NAT and container networks keep an entry for each connection. When the table is full, the \
         first packet of every new connection is dropped, and nothing here or there says why. Judged is how full the table \
         is, and, by two looks a second apart, whether packets were dropped or entries pushed out meanwhile.\n\n\
         Entries outlive their connections (established ones by up to five days), so a nearly full table need not mean many \
         connections. Where nothing is tracked there is nothing to judge.",
        "상태를 보는 방화벽, NAT, 컨테이너 네트워크는 연결마다 항목을 하나씩 둡니다. 테이블이 가득 차면 새 연결의 첫 패킷이 모두 버려지고, \
         어디에도 이유가 나오지 않습니다. 테이블이 얼마나 찼는지, 그리고 1초 간격으로 두 번 보는 사이에 패킷이 버려지거나 항목이 밀려났는지 \
         판단합니다.\n\n\
         항목은 연결보다 오래 남으므로(맺어진 것은 최대 닷새) 테이블이 거의 찼다고 연결이 많은 것은 아닙니다. 추적하는 것이 없으면 판단할 \
         것도 없습니다.",
    ),
    settings: &[&NOTICE, &WARNING, &CRITICAL],
    sources: &[
        "nf_conntrack_count, nf_conntrack_max of /proc/sys/net/netfilter; drop, early_drop, insert_failed of \
         /proc/net/stat/nf_conntrack",
        "Linux, Documentation/networking/nf_conntrack-sysctl.rst",
    ],
    needs: Needs { conntrack: true, twice: true, ..Needs::NOTHING },
    run,
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(70.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed("share of the table in use that is worth knowing", "알릴 만한 테이블 사용률"),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(80.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share that is a warning: a quarter more connections fill it",
        "경고할 사용률. 연결이 4분의 1만 늘어도 가득 찹니다",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(95.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed("share that is critical", "위험으로 볼 사용률"),
};

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let table = match &evidence.now.conntrack {
        Ok(Some(table)) => table,
        Ok(None) => {
            return vec![Finding::ok(
                CHECK.name,
                Text::fixed("connections are not tracked here", "여기서는 연결을 추적하지 않음"),
            )];
        }
        Err(lack) => return vec![unknown(lack)],
    };
    let before = evidence.before.as_ref().and_then(|before| before.conntrack.as_ref().ok()?.as_ref());
    let grown = |get: fn(&Conntrack) -> Option<u64>| Some(get(table)?.saturating_sub(before.and_then(get)?));
    let dropped = grown(|table| table.drop);
    let pushed_out = grown(|table| table.early_drop);
    let (Some(entries), Some(max)) = (table.entries, table.max.filter(|max| *max > 0)) else {
        return vec![size_unknown()];
    };
    let percent = entries as f64 * 100.0 / max as f64;
    let filled = thresholds.graded(&CHECK, percent, [&NOTICE, &WARNING, &CRITICAL]);
    let lost = match (dropped.unwrap_or(0), pushed_out.unwrap_or(0)) {
        (0, 0) => None,
        (0, _) => Some(Severity::Warning),
        _ => Some(Severity::Critical),
    };
    let numbers = (grouped(entries), grouped(max), decimal(percent));
    let Some(severity) = filled.max(lost) else {
        return vec![Finding::ok(
            CHECK.name,
            Text::new(
                format!("{} of {} entries are in use ({} %)", numbers.0, numbers.1, numbers.2),
                format!("항목 {}개 가운데 {}개({}%) 사용", numbers.1, numbers.0, numbers.2),
            ),
        )];
    };
    let (entries_text, max_text, percent_text) = numbers;
    let sentence = match dropped.unwrap_or(0) {
        0 => Text::new(
            format!(
                "the table of tracked connections is {percent_text} % full: {entries_text} of {max_text}"
            ),
            format!("연결 추적 테이블이 {percent_text}% 참: {entries_text} / {max_text}"),
        ),
        dropped => Text::new(
            format!(
                "{} dropped for want of an entry in the table of tracked connections ({entries_text} of \
                 {max_text}, {percent_text} %)",
                were(dropped, "packet", "packets")
            ),
            format!(
                "연결 추적 테이블에 자리가 없어 패킷 {}개가 버려짐 ({entries_text} / {max_text}, {percent_text}%)",
                grouped(dropped)
            ),
        ),
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
    finding.amount = percent;
    finding.facts = vec![
        Fact::said("entries", entries),
        Fact::said("max", max),
        Fact::said("percent", percent),
        Fact::said("dropped", dropped),
        Fact::said("pushed_out", pushed_out),
        Fact::said("insert_failed", grown(|table| table.insert_failed)),
    ];
    if table.drop.is_none() {
        finding.facts.push(Fact::shown(
            "drops_known",
            false,
            Text::fixed(
                "whether packets are dropped is not known: this kernel has no /proc/net/stat/nf_conntrack",
                "패킷이 버려지는지는 알 수 없음: 이 커널에는 /proc/net/stat/nf_conntrack이 없음",
            ),
        ));
    }
    if let Some(pushed_out) = pushed_out.filter(|pushed_out| *pushed_out > 0) {
        finding.facts.push(Fact::shown(
            "pushed_out_entries",
            pushed_out,
            Text::new(
                format!("{} pushed out to make room", were(pushed_out, "entry", "entries")),
                format!("자리를 내려고 항목 {}개가 밀려남", grouped(pushed_out)),
            ),
        ));
    }
    finding.facts.extend(time_left(evidence, before.and_then(|before| before.entries), entries, max));
    finding.rows = Some("netstat --group-by raddr connected".to_owned());
    finding.meaning = Some(Text::fixed(
        "More connections pass this machine than the firewall keeps entries for, its own and those it forwards or translates; \
         or entries of old connections are kept for too long. New connections fail without a reason that is told anywhere.",
        "이 컴퓨터를 지나는 연결(스스로의 것, 전달하거나 변환하는 것)이 방화벽의 항목보다 많거나, 옛 연결의 항목이 너무 오래 남습니다. 새 연결이 \
         어디에도 이유를 남기지 않고 실패합니다.",
    ));
    finding.next = vec![
        Text::new(
            format!("make room now: sysctl -w net.netfilter.nf_conntrack_max={}", max.saturating_mul(2)),
            format!(
                "바로 자리를 늘립니다: sysctl -w net.netfilter.nf_conntrack_max={}",
                max.saturating_mul(2)
            ),
        ),
        Text::fixed(
            "see what fills it: conntrack -L, by state; old entries: net.netfilter.nf_conntrack_tcp_timeout_established",
            "무엇이 채우는지 봅니다: conntrack -L, 상태별로. 오래된 항목: net.netfilter.nf_conntrack_tcp_timeout_established",
        ),
    ];
    vec![finding]
}

fn size_unknown() -> Finding {
    Finding::unknown(
        CHECK.name,
        Text::fixed(
            "how full the table of tracked connections is could not be read",
            "연결 추적 테이블이 얼마나 찼는지 읽을 수 없음",
        ),
        where_it_is(),
    )
}

fn where_it_is() -> Text {
    Text::fixed("it is in /proc/sys/net/netfilter", "/proc/sys/net/netfilter에 있습니다")
}

fn unknown(lack: &Lack) -> Finding {
    Finding::unknown(
        CHECK.name,
        Text::new(
            format!("the table of tracked connections could not be read: {}", lack.reason()),
            format!("연결 추적 테이블을 읽을 수 없음: {}", lack.reason()),
        ),
        where_it_is(),
    )
}

fn time_left(evidence: &Evidence, before: Option<u64>, now: u64, max: u64) -> Option<Fact> {
    let rate = evidence.per_second(now.checked_sub(before?)?).filter(|rate| *rate > 0.0)?;
    let left = Duration::try_from_secs_f64(max.saturating_sub(now) as f64 / rate).ok()?;
    // Hours ahead nobody can tell by one second.
    (left < Duration::from_secs(3600)).then(|| {
        Fact::shown(
            "seconds_left",
            left.as_secs(),
            duration(left).around(
                &format!("it grows by {} each second: full in ", decimal(rate)),
                "",
                &format!("초당 {}개씩 늘어남: ", decimal(rate)),
                " 뒤에 가득 참",
            ),
        )
    })
}

#[cfg(test)]
mod tests;
