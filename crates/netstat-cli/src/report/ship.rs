//! `netstat ship`: what a recorder keeps goes to where it is asked for.

use super::fleet::{client, fleet_error};
use super::past::{self, store_error};
use super::{Session, rights};
use crate::output::{self, Trouble};
use crate::render::ship_status;
use crate::settings::{FleetPlace, Ship, ShipTask};
use netstat_engine::both;
use netstat_engine::text::{Language, Text, escape};
use netstat_fleet::{Flavour, FleetError, Sender, Sent, Server, schema};
use netstat_store::{Fault, Reader, Shipped, StoreError, is_shipping};
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the server may take for one insert.
const INSERTING: Duration = Duration::from_secs(120);

/// How long to wait before the next try after one that failed, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often to look whether it is time to stop.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers `netstat ship`.
pub(super) fn run(session: &Session<'_>, asked: &Ship) -> Result<ExitCode, Trouble> {
    rights::may_open_what_the_user_names()
        .map_err(|why| both!("netstat ship is refused: {why}", "netstat ship 거부: {why}", why))?;
    match (asked.task, &asked.place) {
        (ShipTask::Status, place) => status(session, asked, place.as_ref()),
        (ShipTask::Schema, place) => print_schema(place.as_ref()),
        (ShipTask::Create, Some(place)) => create(place),
        (ShipTask::Once, Some(place)) => once(asked, place),
        (ShipTask::Run(every), Some(place)) => until_stopped(asked, place, every),
        (ShipTask::Create | ShipTask::Once | ShipTask::Run(_), None) => Ok(ExitCode::FAILURE),
    }
}

fn print_schema(place: Option<&FleetPlace>) -> Result<ExitCode, Trouble> {
    let (flavour, cluster, days) = match place {
        Some(place) => {
            let client = client(place, INSERTING)?;
            let server = Server::look(&client).map_err(|error| fleet_error(&error, place))?;
            (server.flavour, place.target.cluster.as_deref(), place.target.days)
        }
        None => (Flavour::Modern, None, 30),
    };
    let statements = schema(flavour, cluster, days);
    let text: String = statements.iter().map(|statement| format!("{statement};\n\n")).collect();
    output::people(text.trim_end_matches('\n'))?;
    output::people("\n")?;
    Ok(ExitCode::SUCCESS)
}

fn create(place: &FleetPlace) -> Result<ExitCode, Trouble> {
    let client = client(place, INSERTING)?;
    let server = Server::create(&client).map_err(|error| fleet_error(&error, place))?;
    server.check(&client).map_err(|error| fleet_error(&error, place))?;
    output::complain(&both!(
        "the tables are there: {server}, ClickHouse {version}",
        "테이블이 준비되었습니다: {server}, ClickHouse {version}",
        server = place.target.to_string(),
        version = shown(&server.version)
    ));
    Ok(ExitCode::SUCCESS)
}

fn sender(store: &Path, place: &FleetPlace) -> Result<Sender, Trouble> {
    let sender = client(place, INSERTING).map(|client| Sender::new(client, store))?;
    sender.map_err(|error| fleet_error(&error, place).into())
}

fn once(asked: &Ship, place: &FleetPlace) -> Result<ExitCode, Trouble> {
    // Without a history there is nothing to wait for.
    past::open(&asked.store)?;
    let mut sender = sender(&asked.store, place)?;
    let begin = Instant::now();
    let sent = sender.send(&mut |_| true).map_err(|error| fleet_error(&error, place))?;
    output::complain(&both!(
        "{ends:end of a connection was|ends of connections were} sent, and {open:change|changes} of open sockets, in {bytes} bytes and {time}",
        "끝난 연결 {ends}개와 열린 소켓의 변화 {open}건을 {bytes}바이트로 {time} 만에 보냈습니다",
        ends = sent.ends,
        open = sent.open,
        bytes = sent.bytes,
        time = begin.elapsed()
    ));
    say_missing(&sent);
    Ok(ExitCode::SUCCESS)
}

/// Says what was deleted on this host before it could be sent.
fn say_missing(sent: &Sent) {
    if let missing @ 1.. = sent.missing {
        output::complain(&both!(
            "{missing:end of a connection was|ends of connections were} deleted here to make room before they could be sent: a \
             larger history has more patience (netstat record --keep)",
            "보내기 전에 공간을 비우느라 끝난 연결 {missing}개를 지웠습니다. 기록의 크기를 늘리면 더 오래 기다릴 수 있습니다(netstat record \
             --keep)",
            missing
        ));
    }
}

fn until_stopped(asked: &Ship, place: &FleetPlace, every: Duration) -> Result<ExitCode, Trouble> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|error| {
        both!("cannot wait for Ctrl+C: {why}", "Ctrl+C를 기다릴 수 없습니다: {why}", why = error.to_string())
    })?;
    let sender = sender(&asked.store, place)?;
    keep_sending(sender, place, every, &stopped).map_err(|why| why.into())
}

/// Sends until it is told to stop. What fails is tried again, later and later.
fn keep_sending(
    mut sender: Sender,
    place: &FleetPlace,
    every: Duration,
    stopped: &AtomicBool,
) -> Result<ExitCode, Text> {
    let shows_progress = std::io::stderr().is_terminal();
    let mut wait = FIRST_WAIT;
    let (mut ends, mut bytes) = (0, 0);
    let mut has_failed = false;
    loop {
        // What is there when it is told to stop is sent.
        let is_last = stopped.load(Ordering::Relaxed);
        if is_last && has_failed {
            break;
        }
        // Who is told to stop meanwhile ends with the batch: the rest is sent the next time.
        let result = sender.send(&mut |_| is_last || !stopped.load(Ordering::Relaxed));
        let pause = match result {
            Ok(sent) => {
                if has_failed {
                    output::complain(&both!("it goes on", "전송을 재개합니다"));
                }
                say_missing(&sent);
                (ends, bytes) = (ends + sent.ends, bytes + sent.bytes);
                (wait, has_failed) = (FIRST_WAIT, false);
                if shows_progress {
                    let said = both!(
                        "\r{ends} sent, {bytes} bytes   ",
                        "\r보낸 연결 {ends}개, {bytes}바이트   ",
                        ends,
                        bytes
                    );
                    output::error_text(said.of(output::language()));
                }
                every
            }
            Err(FleetError::Store(error)) if !may_pass(&error) => return Err(store_error(&error)),
            Err(error) => {
                if !has_failed {
                    output::complain(&both!(
                        "{why}; it is tried again, and what is recorded meanwhile waits in the history",
                        "{why}. 다시 시도하며, 그동안의 기록은 저장소에서 기다립니다",
                        why = fleet_error(&error, place)
                    ));
                }
                has_failed = true;
                let now = wait;
                wait = (wait * 2).min(LONGEST_WAIT);
                now
            }
        };
        if is_last {
            break;
        }
        let begin = Instant::now();
        while begin.elapsed() < pause && !stopped.load(Ordering::Relaxed) {
            thread::sleep(PAUSE);
        }
    }
    if shows_progress {
        output::error_text("\n");
    }
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whether a history may be readable and writable again without anybody doing anything.
fn may_pass(error: &StoreError) -> bool {
    matches!(error.fault, Fault::InUse | Fault::Full | Fault::Io(_) | Fault::Database(_))
}

/// A sender beside a recorder.
pub(super) struct Beside {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Beside {
    /// Sends from a store that was opened for writing, until it is ended.
    ///
    /// # Errors
    /// Why nothing can be sent.
    pub(super) fn begin(store: &Path, place: &FleetPlace, every: Duration) -> Result<Self, Trouble> {
        let sender = client(place, INSERTING)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let (flag, store, place) = (Arc::clone(&stopped), store.to_owned(), place.clone());
        let thread = thread::Builder::new().name("ship".to_owned()).spawn(move || {
            let kept = Sender::new(sender, &store)
                .map_err(|error| fleet_error(&error, &place))
                .and_then(|sender| keep_sending(sender, &place, every, &flag));
            if let Err(why) = kept {
                output::complain(&both!(
                    "nothing is sent any more: {why}; netstat ship goes on with it",
                    "더 이상 보내지 않습니다: {why}. 이어서 보내려면 netstat ship",
                    why
                ));
            }
        });
        let thread = thread.map_err(|error| netstat_engine::text::system::io_error(&error))?;
        Ok(Self { stopped, thread })
    }

    /// Sends what is there, and ends.
    pub(super) fn end(self) {
        self.stopped.store(true, Ordering::Relaxed);
        // A panic has been reported by then.
        let _ = self.thread.join();
    }
}

fn status(session: &Session<'_>, asked: &Ship, place: Option<&FleetPlace>) -> Result<ExitCode, Trouble> {
    let reader = super::past::open(&asked.store)?;
    let mut shipped = reader.shipped().map_err(|error| store_error(&error))?;
    if let Some(place) = place {
        shipped.retain(|one| one.target == place.target.to_string());
    }
    if shipped.is_empty() {
        return Err(both!(
            "nothing was sent from this history: type netstat ship --to URL",
            "이 기록에서 보낸 것이 없습니다. 이렇게 입력하세요: netstat ship --to URL"
        )
        .into());
    }
    let (text, is_running) = lines(&reader, &shipped, &asked.store, session.settings.language)?;
    output::people(&text)?;
    Ok(if is_running { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns what was sent, in lines, and whether anything is being sent.
pub(super) fn lines(
    reader: &Reader,
    shipped: &[Shipped],
    store: &Path,
    language: Language,
) -> Result<(String, bool), Trouble> {
    let last = reader.last_sequence().map_err(|error| store_error(&error))?;
    let (mut text, mut any) = (String::new(), false);
    for one in shipped {
        let is_running = is_shipping(store, &one.target).map_err(|error| store_error(&error))?;
        any |= is_running;
        text.push_str(&ship_status::lines(one, last.saturating_sub(one.sequence), is_running, language));
    }
    Ok((text, any))
}

fn shown(text: &str) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, text.as_ref());
    String::from_utf8_lossy(&out).into_owned()
}
