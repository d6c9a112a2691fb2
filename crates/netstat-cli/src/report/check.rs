//! `netstat check`: takes looks at the system, lets the chosen checks judge them, and shows what they found.

use super::{Session, explain, files};
use crate::output::{self, Reader, Trouble, Utf8, Warnings};
use crate::render::{check as people, check_json, check_reference};
use crate::settings::{Checks, Tape, Task};
use netstat_check::{
    BIND, Check, CheckSettings, Evidence, EvidenceSource, Finding, JointNeeds, NamedList, POLICY, Policy,
    SUSPICIOUS, Surroundings, changes, lacking, learned, retold, worst,
};
use netstat_engine::both;
use netstat_engine::enrich::{AddressList, UserNames};
use netstat_engine::text::quote::one_line;
use netstat_engine::text::{Language, Text};
use netstat_engine::watch::{Next, watch};
use netstat_model::{Error, SnapshotInfo, Warning};
use netstat_os::{Machine, NameDatabases, Opened};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The pause between the two looks of a single run that judges rates.
const PAUSE: Duration = Duration::from_secs(1);

/// Returns the text of a task that asks nothing of the system; `None` if checks are to be run.
pub(super) fn text(checks: &Checks, language: Language) -> Option<String> {
    match &checks.task {
        Task::List => Some(check_reference::listed(language)),
        Task::Explain(check) => Some(check_reference::explained(check, language)),
        Task::Run { .. } | Task::Learn => None,
    }
}

/// Runs the checks once, or again and again. The exit code is that of the worst finding of the last look.
pub(super) fn run(session: &Session<'_>, checks: &Checks) -> Result<ExitCode, Trouble> {
    let (mut chosen, named) = match &checks.task {
        Task::Run { checks, named } => (checks.clone(), *named),
        Task::Learn => (vec![&POLICY], true),
        Task::List | Task::Explain(_) => return Ok(ExitCode::SUCCESS),
    };
    let check_settings = check_settings(checks)?;
    let needs = |chosen: &[&'static Check]| JointNeeds::of(chosen.iter().map(|check| check.needs));
    let mut known = Vec::new();
    let surroundings = surroundings(session, checks, &check_settings, &needs(&chosen), &mut known)?;
    let language = session.settings.language;
    let mut said = Warnings::default();
    let mut say = |warnings: &[Warning]| {
        said.say_as(warnings.iter().cloned(), lacking);
    };
    if checks.task == Task::Learn {
        let mut source = source(session, needs(&chosen), surroundings);
        let mut lacks = Vec::new();
        let learning = watch(
            &mut source,
            |source| look(session, source, &mut lacks),
            |_| session.finish(),
            |_, look| {
                Ok(if let Look::Whole { .. } = look { Next::Done(look) } else { Next::LookAgain(PAUSE) })
            },
        )?;
        let Look::Whole { evidence, warnings, .. } = learning else { return Ok(ExitCode::FAILURE) };
        // The file is read as UTF-8, whatever the code page.
        output::write_utf8(Utf8::Data);
        output::text(learned(&evidence, &check_settings).as_bytes())?;
        say(&warnings);
        return Ok(ExitCode::SUCCESS);
    }
    if surroundings.policy.is_none() {
        if named && chosen.contains(&&POLICY) {
            let why = both!(
                "there is no policy to check by: name its file with --policy FILE; netstat check policy --learn writes one",
                "검사할 정책이 없습니다. --policy FILE로 파일을 지정하세요. 파일은 netstat check policy --learn으로 만듭니다"
            );
            return Err(why.into());
        }
        // Without a file it judges nothing, and is not counted among those that did.
        chosen.retain(|check| *check != &POLICY);
    }
    if BIND.thresholds(&check_settings).words("ports").is_empty() {
        if named && chosen.contains(&&BIND) {
            return Err(both!(
                "bind needs a port: type, for example, netstat check bind 4873",
                "bind에는 포트가 필요합니다. 입력 예: netstat check bind 4873"
            )
            .into());
        }
        chosen.retain(|check| *check != &BIND);
    } else if session.filter.is_some() && chosen.contains(&&BIND) {
        let why = both!(
            "bind looks at every socket of a port, and a filter would hide some: leave the filter out",
            "bind는 포트의 모든 소켓을 봅니다. 필터를 쓰면 일부가 가려지므로 빼고 입력하세요"
        );
        return Err(why.into());
    }
    let mut source = source(session, needs(&chosen), surroundings);
    let style = people::FindingStyle {
        language,
        width: terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)),
        colour: output::shows_colour(checks.colour),
        named,
    };
    say(&known);
    // What the first of two looks lacks is said with the second.
    let mut lacks = Vec::new();
    let mut told: Option<Vec<Finding>> = None;
    let mut begin = None;
    let mut looks: u64 = 0;
    let settings = session.settings;
    watch(
        &mut source,
        |source| look(session, source, &mut lacks),
        |_| session.finish(),
        |source, look| {
            let Look::Whole { evidence, info, warnings: found } = look else {
                // A recording has both looks and the time between them.
                let is_replay = matches!(settings.tape, Tape::Replay(_));
                return Ok(Next::LookAgain(if is_replay { Duration::ZERO } else { PAUSE }));
            };
            let warnings: Vec<Warning> = known.iter().cloned().chain(found).collect();
            let findings: Vec<Finding> =
                chosen.iter().flat_map(|check| check.judge(&evidence, &check_settings)).collect();
            let counted = findings.iter().filter(|finding| named || !finding.never_told);
            let overall = worst(counted);
            let since = evidence.now.at.as_ref().ok().map(|at| at.saturating_sub(*begin.get_or_insert(*at)));

            let looked = people::Looked::of(&evidence);
            let mut out = Vec::new();
            let written = if checks.json {
                let words: Vec<String> =
                    warnings.iter().map(|warning| lacking(warning).of(language).to_owned()).collect();
                check_json::render((&findings, overall), &chosen, &looked, &info, words, language, &mut out)
            } else if let Some(told) = &told {
                people::render_changes(&changes(told, &findings), since, &style, &mut out)
            } else {
                people::render(&findings, &chosen, &looked, &style, &mut out)
            };
            let mut stdout = output::stdout();
            let reader =
                output::outcome(written.and_then(|()| stdout.write_all(&out)).and_then(|()| stdout.flush()))?;
            say(&warnings);
            told = Some(told.take().map_or_else(|| findings.clone(), |told| retold(&told, &findings)));

            looks += 1;
            // A look without changes writes nothing, so only asking tells whether the reader is gone.
            let done = reader == Reader::Gone
                || output::reader() == Reader::Gone
                || settings.repeat.count.is_some_and(|count| looks >= count);
            let Some(pause) = settings.repeat.pause.filter(|_| !done) else {
                return Ok(Next::Done(ExitCode::from(overall.exit_code())));
            };
            source.keep(*evidence);
            Ok(Next::LookAgain(pause))
        },
    )
}

/// Lets every check judge the system as it is now that needs nothing to be named for it. Returns what they found, and what
/// the system did not tell.
///
/// # Errors
/// When the system did not list its sockets.
pub(super) fn judge_now(session: &Session<'_>) -> Result<(Vec<Finding>, Vec<Warning>), Trouble> {
    let chosen: Vec<&Check> =
        netstat_check::ALL.into_iter().filter(|check| *check != &POLICY && *check != &BIND).collect();
    let checks = Checks::of(chosen.clone());
    let needs = || JointNeeds::of(chosen.iter().map(|check| check.needs));
    let (mut lacks, mut known) = (Vec::new(), Vec::new());
    let surroundings = surroundings(session, &checks, &CheckSettings::default(), &needs(), &mut known)?;
    let mut source = source(session, needs(), surroundings);
    loop {
        if let Look::Whole { evidence, warnings, .. } = look(session, &mut source, &mut lacks)? {
            let settings = CheckSettings::default();
            let findings = chosen.iter().flat_map(|check| check.judge(&evidence, &settings)).collect();
            known.extend(warnings);
            return Ok((findings, known));
        }
        std::thread::sleep(PAUSE);
    }
}

/// What one look gave.
enum Look {
    /// The first of two looks that a rate is made of.
    First,
    Whole {
        evidence: Box<Evidence>,
        /// Where and when, which a recording has to hold as well.
        info: SnapshotInfo,
        warnings: Vec<Warning>,
    },
}

/// Returns where evidence about the sockets of this session comes from.
fn source<'a>(
    session: &'a Session<'_>,
    needs: JointNeeds,
    surroundings: Surroundings,
) -> EvidenceSource<'a, Opened> {
    EvidenceSource::new(&*session.backend, needs, surroundings)
        .filtered(session.filter.as_ref())
        .owners_by(session.settings.owners)
        .repeated(session.settings.repeat.pause.is_some())
}

/// Takes a look, or before the first one of rates another.
fn look(
    session: &Session<'_>,
    source: &mut EvidenceSource<'_, Opened>,
    lacks: &mut Vec<Warning>,
) -> Result<Look, Trouble> {
    let explained = |error: Error| explain(&error, session.settings);
    if source.first_look(lacks).map_err(explained)? {
        return Ok(Look::First);
    }
    let evidence = Box::new(source.look(lacks).map_err(explained)?);
    let info = session.backend.info();
    Ok(Look::Whole { evidence, info, warnings: each_once(std::mem::take(lacks)) })
}

/// Reads what the checks need beyond the tables of the system.
pub(super) fn surroundings(
    session: &Session<'_>,
    checks: &Checks,
    check_settings: &CheckSettings,
    needs: &JointNeeds,
    warnings: &mut Vec<Warning>,
) -> Result<Surroundings, Trouble> {
    let wanted = needs.asked.surroundings;
    let mut known = Surroundings { geo: Arc::clone(&session.geo), ..Surroundings::default() };
    if wanted.users {
        let answer = session.backend.users();
        warnings.extend(answer.warnings);
        known.users = Arc::new(UserNames::parse(&answer.data));
    }
    if wanted.lists {
        let mut lists = Vec::new();
        for path in SUSPICIOUS.thresholds(check_settings).words("lists") {
            let name = one_line(&path);
            let file = files::list(path.as_ref()).map_err(|why| {
                both!(
                    "cannot read the list {name}: {why}",
                    "목록 {name} 파일을 읽을 수 없습니다: {why}",
                    name = &name,
                    why
                )
            })?;
            let (list, skipped) = AddressList::parse(&file);
            if let (true, Some(first)) = (list.is_empty(), skipped.first_invalid) {
                return Err(both!(
                    "the list {name} has no address or network that is understood: {odd:line is|lines are} something else, \
                     the first is line {first}",
                    "목록 {name}에 알아볼 수 있는 주소나 네트워크가 없습니다: 다른 것이 든 줄 {odd}개, 처음은 {first}번째 줄",
                    name,
                    odd = skipped.invalid,
                    first = first.to_string()
                )
                .into());
            }
            if skipped.names + skipped.invalid > 0 || list.is_empty() {
                warnings.push(Warning::AddressList { file: name.clone(), entries: list.len(), skipped });
            }
            lists.push(NamedList { name, list });
        }
        known.lists = Arc::new(lists);
    }
    if wanted.policy && checks.task != Task::Learn {
        let of_settings = || POLICY.thresholds(check_settings).words("file").first().map(PathBuf::from);
        if let Some(path) = checks.policy.clone().or_else(of_settings) {
            let name = one_line(&path.to_string_lossy());
            let text = files::text(&path).map_err(|why| {
                both!(
                    "cannot read the policy {name}: {why}",
                    "정책 {name} 파일을 읽을 수 없습니다: {why}",
                    name = &name,
                    why
                )
            })?;
            let policy = Policy::parse(&text).map_err(|why| in_file(&name, &why))?;
            known.policy = Some(Arc::new(policy));
        }
    }
    Ok(known)
}

/// Returns the settings that hold: the defaults, changed by the file and then by the command line.
pub(super) fn check_settings(checks: &Checks) -> Result<CheckSettings, Trouble> {
    let mut all = match &checks.config {
        None => CheckSettings::default(),
        Some(path) => {
            let name = one_line(&path.to_string_lossy());
            let text = files::text(path).map_err(|why| {
                both!("cannot read {name}: {why}", "{name} 파일을 읽을 수 없습니다: {why}", name = &name, why)
            })?;
            CheckSettings::parse(&text).map_err(|why| in_file(&name, &why))?
        }
    };
    all.assign(&checks.set);
    Ok(all)
}

/// Says what is wrong in a file.
fn in_file(name: &str, why: &Text) -> Text {
    both!("{name}: {why}", "{name}: {why}", name, why)
}

/// Prepares the warnings of a look to be shown: no row is shown that would lack its owner, and the second of two looks
/// lacks what the first one did.
pub(super) fn each_once(warnings: Vec<Warning>) -> Vec<Warning> {
    let mut once: Vec<Warning> = Vec::new();
    for warning in warnings {
        let is_shown = !matches!(warning, Warning::OwnersVanished { .. } | Warning::OwnersIncomplete { .. });
        if is_shown && !once.iter().any(|earlier| warning.repeats(earlier)) {
            once.push(warning);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_looks_lack_the_same_once() {
        let unknown = |what| Warning::SourceUnavailable { what, reason: "it is".to_owned() };
        let refused = |processes| Warning::OwnersNotPermitted { processes, as_root: false };
        let looks = vec![unknown("a"), unknown("b"), refused(3), unknown("a"), refused(2), unknown("c")];
        assert_eq!(each_once(looks), [unknown("a"), unknown("b"), refused(3), unknown("c")]);
    }
}
