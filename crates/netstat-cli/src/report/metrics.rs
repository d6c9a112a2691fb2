//! `netstat metrics`: the state of the network for Prometheus, OpenMetrics and OpenTelemetry.

use super::collector::{collector, complaint};
use super::logs::Logs;
use super::{Session, check, past, recorder_status, rights};
use crate::output::{self, Trouble, Warnings};
use crate::render::recorder_status::RecorderStatus;
use crate::settings::{Metrics, Sending, Task};
use netstat_check::{CheckSettings, JointNeeds, POLICY, Surroundings, lacking};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system;
use netstat_metrics::{
    Asker, Exposure, Form, Known, Looks, Recorder, Resource, Sender, SendingCounts, Wishes, desk,
    metrics_json, serve, text, write_file,
};
use netstat_os::{Machine, Opened};
use netstat_store::{Beside, is_recording};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long `--once` tries to send.
const ONCE: Duration = Duration::from_secs(60);

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Answers `netstat metrics`.
pub(super) fn run(session: &Session<'_>, asked: &Metrics) -> Result<ExitCode, Trouble> {
    if asked.output.is_some() || asked.store_named {
        rights::may_open_what_the_user_names()
            .map_err(|why| both!("netstat metrics is refused: {why}", "netstat metrics 거부: {why}", why))?;
    }
    let counts = asked.otlp.as_ref().map(|_| Arc::new(SendingCounts::default()));
    let sender = match (&asked.otlp, &counts) {
        (Some(sending), Some(counts)) => Some(collector(sending, counts)?),
        _ => None,
    };
    let logs = match (&asked.otlp, &counts) {
        (Some(sending @ Sending { logs: Some(since), .. }), Some(counts)) => {
            let since = match since {
                Some(when) => past::moment(session, "--since", when)?,
                None => session.backend.now().unwrap_or_else(SystemTime::now),
            };
            let sender = collector(sending, counts)?;
            Some(Logs::new(asked.store.clone(), sender, since, Arc::clone(counts)))
        }
        _ => None,
    };
    let resource = Resource { host: session.backend.host_name().ok(), version: VERSION };
    // A place that cannot be had is known before anything is measured.
    let listener = asked.listen.map(listen).transpose()?;
    let mut measuring = Measuring::begin(session, asked, counts)?;
    if asked.once {
        let exposure = measuring.look();
        match sender {
            Some(mut sender) => {
                let sent =
                    sender.send("/v1/metrics", &metrics_json(&exposure, &resource), Instant::now() + ONCE);
                if let Some(why) = complaint(&sent) {
                    return Err(why.into());
                }
                if let Some(mut logs) = logs
                    && let Err(why) = logs.send(&resource, Instant::now() + ONCE)
                {
                    return Err(why.into());
                }
            }
            None => write(asked, &exposure)?,
        }
        return Ok(if measuring.is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let (asker, desk) = desk();
    let stopper = asker.clone();
    ctrlc::set_handler(move || stopper.stop()).map_err(|error| {
        both!("cannot wait for Ctrl+C: {why}", "Ctrl+C를 기다릴 수 없습니다: {why}", why = error.to_string())
    })?;
    let no_thread =
        |error| both!("cannot begin: {why}", "시작할 수 없습니다: {why}", why = system::io_error(&error));
    if let Some(listener) = listener {
        let asker = asker.clone();
        serve(listener, Arc::new(move || asker.ask())).map_err(no_thread)?;
    }
    if let (Some(sender), Some(sending)) = (sender, &asked.otlp) {
        let interval = sending.interval;
        let resource = resource.clone();
        let keep = move || keep_sending(sender, &asker, &resource, interval);
        thread::Builder::new().name("otlp".to_owned()).spawn(keep).map_err(no_thread)?;
    }
    if let (Some(logs), Some(sending)) = (logs, &asked.otlp) {
        let interval = sending.interval;
        let keep = move || keep_logging(logs, &resource, interval);
        thread::Builder::new().name("logs".to_owned()).spawn(keep).map_err(no_thread)?;
    }
    desk.answer(|| measuring.look());
    Ok(ExitCode::SUCCESS)
}

/// Takes the place where to answer.
fn listen(place: std::net::SocketAddr) -> Result<TcpListener, Text> {
    let listener = TcpListener::bind(place).map_err(|error| {
        both!(
            "cannot listen at {place}: {why}; netstat check bind {port} says who does",
            "{place}에서 수신 대기할 수 없습니다: {why}. 누가 쓰는지 보기: netstat check bind {port}",
            place = place.to_string(),
            why = system::io_error(&error),
            port = place.port().to_string()
        )
    })?;
    // Port 0 is any.
    let place = listener.local_addr().unwrap_or(place);
    output::complain(&both!(
        "metrics are at http://{place}/metrics",
        "메트릭 주소: http://{place}/metrics",
        place = place.to_string()
    ));
    if !place.ip().is_loopback() {
        output::complain(&both!(
            "other machines can reach {place} and see the programs and connections of this one",
            "{place}에는 다른 컴퓨터도 접속해 이 컴퓨터의 프로그램과 연결을 볼 수 있습니다",
            place = place.to_string()
        ));
    }
    Ok(listener)
}

/// Sends what is measured, again and again. What cannot be sent is said once, until it works again.
fn keep_sending(mut sender: Sender, asker: &Asker, resource: &Resource, interval: Duration) {
    let mut said = None;
    loop {
        let next = Instant::now() + interval;
        if let Some(exposure) = asker.ask() {
            let sent = sender.send("/v1/metrics", &metrics_json(&exposure, resource), next);
            let why = complaint(&sent);
            if let Some(why) = why.as_ref().filter(|why| said.as_ref() != Some(*why)) {
                output::complain(why);
            }
            said = why;
        }
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Sends connections that ended, again and again. Why that fails is said once, until it works again.
fn keep_logging(mut logs: Logs, resource: &Resource, interval: Duration) {
    let mut said = None;
    loop {
        let next = Instant::now() + interval;
        let why = logs.send(resource, next).err();
        if let Some(why) = why.as_ref().filter(|why| said.as_ref() != Some(*why)) {
            output::complain(why);
        }
        said = why;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Writes metrics as text, to the file that is named or to standard output.
fn write(asked: &Metrics, exposure: &Arc<Exposure>) -> Result<(), Trouble> {
    let text = text(exposure, Form::Prometheus);
    match asked.output.as_ref().filter(|file| file.as_os_str() != "-") {
        Some(file) => write_file(file, text.as_bytes()).map_err(|error| {
            both!(
                "{file} cannot be written: {why}",
                "{file} 파일을 쓸 수 없습니다: {why}",
                file = quoted(file.as_os_str()),
                why = system::io_error(&error)
            )
            .into()
        }),
        None => {
            // It is UTF-8, whatever the code page.
            output::write_utf8(output::Utf8::Data);
            output::text(text.as_bytes())?;
            Ok(())
        }
    }
}

/// Looks, and what is said of them.
struct Measuring<'a> {
    looks: Looks<'a, Opened>,
    asked: &'a Metrics,
    counts: Option<Arc<SendingCounts>>,
    said: Warnings,
    /// What failed at the last look: it is said again when something else does.
    failed: Vec<Text>,
    /// Whether nothing failed that was asked for. The recorder of a history that nobody named need not be there.
    is_whole: bool,
}

impl<'a> Measuring<'a> {
    fn begin(
        session: &'a Session<'_>,
        asked: &'a Metrics,
        counts: Option<Arc<SendingCounts>>,
    ) -> Result<Self, Trouble> {
        let mut checks = match &asked.checks.task {
            Task::Run { checks, .. } => checks.clone(),
            Task::List | Task::Explain(_) | Task::Learn => Vec::new(),
        };
        let settings: CheckSettings = check::check_settings(&asked.checks)?;
        let needs = JointNeeds::of(checks.iter().map(|check| check.needs));
        let mut known = Vec::new();
        let surroundings: Surroundings =
            check::surroundings(session, &asked.checks, &settings, &needs, &mut known)?;
        if surroundings.policy.is_none() {
            checks.retain(|check| *check != &POLICY);
        }
        let mut said = Warnings::default();
        said.say_as(known, lacking);
        let owners = session.settings.owners;
        let wishes = Wishes { checks, settings, surroundings, owners, top: asked.top, version: VERSION };
        let looks = Looks::begin(&*session.backend, wishes);
        Ok(Self { looks, asked, counts, said, failed: Vec::new(), is_whole: true })
    }

    /// Looks, and says what is missing where it was not said before.
    fn look(&mut self) -> Arc<Exposure> {
        let recorder = recorder(self.asked);
        let mut failed = Vec::new();
        self.is_whole = recorder.is_ok() || !self.asked.store_named;
        let recorder = match recorder {
            Ok(known) => known,
            Err(why) => {
                failed.push(why);
                Known::Failed
            }
        };
        let beside = netstat_metrics::Beside { recorder, sending: self.counts.as_deref() };
        let measured = self.looks.take(beside);
        self.is_whole &= measured.failures.is_empty();
        failed.extend(measured.failures.iter().map(system::error));
        for why in failed.iter().filter(|why| !self.failed.contains(why)) {
            output::complain(why);
        }
        self.failed = failed;
        self.said.say_as(check::each_once(measured.warnings), lacking);
        Arc::new(measured.exposure)
    }
}

/// Returns what the recorder tells, if there ever was one.
fn recorder(asked: &Metrics) -> Result<Known<Recorder>, Text> {
    let store = &asked.store;
    let beside = Beside::of(store);
    let unreadable = |why: Text| {
        let named = quoted(beside.status().as_os_str());
        both!("{named} cannot be read: {why}", "{named} 파일을 읽을 수 없습니다: {why}", named, why)
    };
    let Some(status) =
        recorder_status::read(&beside).map_err(|error| unreadable(system::io_error(&error)))?
    else {
        return Ok(Known::Nothing);
    };
    let running = is_recording(store).map_err(|error| super::past::store_error(&error))?;
    Ok(Known::Told(told(&status, running)))
}

fn told(status: &RecorderStatus, running: bool) -> Recorder {
    let time = |milliseconds: u64| -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
    };
    Recorder {
        running,
        at: time(status.at),
        oldest: status.oldest.and_then(time),
        bytes: status.bytes,
        kept: status.ends,
        open: status.open,
        opened: status.opened,
        // Those that were there before are counted by themselves.
        ended: status.ended.saturating_add(status.ended_of_before),
        lost: [status.lost, status.lost_begins, status.lost_processes, status.lost_half_closed],
        unseen: status.unseen,
        late: status.late,
        skipped: status.skipped,
        saved: status.saved,
        not_followed: status.not_followed,
        failed_writes: status.failed_writes,
    }
}
