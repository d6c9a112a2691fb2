//! `netstat capture`: the packets of connections, with the process of each.

use super::{Session, explain, is_said, rights};
use crate::output::{self, Reader, Trouble, Warnings};
use crate::render::packets::write_packet;
use crate::settings::Capturing as Asked;
use netstat_capture::pcapng::Origin;
use netstat_capture::{Capture, CaptureFile, Counts, Cut, create, prefilter};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system;
use netstat_model::Warning;
use netstat_model::history::{ConnectionEvent, EventMethod};
use netstat_model::query::Owners;
use netstat_os::{
    EventStream, EventWishes, Events, Machine, PacketCounts, PacketStream, Packets, Routes as _,
};
use rustc_hash::FxHashMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long to wait for packets before events and sockets are looked at.
const PATIENCE: Duration = Duration::from_millis(20);

/// More than what stands beside the bytes of a packet.
const BESIDE: u64 = 4096;

/// Captures until it is told to end, the time is over or the file is full.
///
/// # Errors
/// What failed, and what to do.
pub(super) fn run(session: &Session<'_>, asked: &Asked) -> Result<ExitCode, Trouble> {
    rights::may_open_what_the_user_names()
        .map_err(|why| both!("netstat capture is refused: {why}", "netstat capture 거부: {why}", why))?;
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|error| {
        both!("cannot wait for Ctrl+C: {why}", "Ctrl+C를 기다릴 수 없습니다: {why}", why = error.to_string())
    })?;
    let system = &*session.backend;
    // Events begin first, so that no connection begins without them.
    let events = system.events(EventWishes {
        arguments: false,
        without_bpf: session.settings.owners == Owners::Proc,
        tcp_alone: false,
    });
    let cut = Cut { snap: asked.snap, headers: asked.headers };
    let tells_all = events.method() == EventMethod::Bpf;
    let mut capture = Capture::new(system, session.filter.as_ref(), cut, session.settings.owners, tells_all);
    if asked.names {
        capture.tell_names();
    }
    let first = capture.look(system);
    let packets = system.packets(&prefilter(session.filter.as_ref()));
    let mut course = Course {
        session,
        events,
        packets: packets.map_err(|error| refused(session, &error))?,
        capture,
        told: Vec::new(),
        warnings: Warnings::default(),
        has_failed: false,
    };
    course.note_look(first);
    let mut target = match &asked.write {
        Some(path) => Target::File(Writing::begin(session, asked, path)?),
        None => Target::Lines(Lines::begin(session)?),
    };
    let (begun, clock) = (Instant::now(), now(system));
    if !tells_all {
        output::complain(&both!(
            "connections that end within a moment may have no process: {method}",
            "순식간에 끝나는 연결은 프로세스를 알 수 없을 수 있습니다: {method}",
            method = system::event_method(&course.events.method())
        ));
    }
    if let Some(path) = &asked.write {
        output::complain(&both!(
            "capturing to {file} until Ctrl+C",
            "{file}에 캡처하는 중입니다. 끝내려면 Ctrl+C",
            file = quoted(path.as_os_str())
        ));
    }
    let is_over =
        || stopped.load(Ordering::Relaxed) || asked.duration.is_some_and(|most| begun.elapsed() >= most);
    while !is_over() && !target.is_over() {
        course.step()?;
        target.take(&mut course.capture, false)?;
    }
    let counted = course.end()?;
    target.take(&mut course.capture, true)?;
    course.capture.leave_out();
    let said = summary(&course.capture.counts(), &counted);
    match target {
        Target::File(writing) => {
            let file = quoted(writing.path.as_os_str());
            let bytes = writing.finish((clock, now(system)), said.english())?;
            output::complain(&both!(
                "{file}: {said}; {bytes:byte|bytes}",
                "{file}: {said}, {bytes}바이트",
                file,
                said,
                bytes
            ));
        }
        Target::Lines(_) => output::complain(&said),
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the time of day, since 1970.
fn now(system: &impl Machine) -> Duration {
    system.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}

/// Says why nothing can be captured, and what to type instead.
fn refused(session: &Session<'_>, error: &netstat_model::Error) -> Text {
    let why = explain(error, session.settings);
    match error.source.kind() {
        ErrorKind::PermissionDenied => both!(
            "{why}; it takes CAP_NET_RAW: type sudo netstat capture and the rest again",
            "{why}. CAP_NET_RAW 권한이 필요합니다. sudo netstat capture로 다시 실행하세요",
            why
        ),
        ErrorKind::Unsupported if cfg!(windows) => both!(
            "netstat capture does not capture on Windows yet: pktmon of Windows does, pktmon start --capture, pktmon stop, \
             pktmon etl2pcap",
            "Windows에서는 아직 캡처할 수 없습니다. Windows의 pktmon을 쓰세요: pktmon start --capture, pktmon stop, \
             pktmon etl2pcap"
        ),
        _ => why,
    }
}

/// Says what became of the packets.
fn summary(counts: &Counts, counted: &PacketCounts) -> Text {
    let seen = counted.seen.saturating_sub(counts.copies);
    let mut said = both!(
        "{seen:packet|packets} seen, {written} written, {not_matched} not matched, {not_attributed} not attributed, \
         {dropped} dropped by the kernel",
        "본 패킷 {seen}개, 저장 {written}, 필터에 맞지 않음 {not_matched}, 프로세스 확인 불가 {not_attributed}, 커널이 버림 \
         {dropped}",
        seen,
        written = counts.written,
        not_matched = counts.not_matched + counted.odd,
        not_attributed = counts.not_attributed,
        dropped = counted.dropped
    );
    if counts.left_out > 0 {
        said = both!(
            "{said}, {left_out} left out because the file is full",
            "{said}, 파일이 가득 차서 뺌 {left_out}",
            said,
            left_out = counts.left_out
        );
    }
    if counts.without_process > 0 {
        said = both!(
            "{said}; of {without:packet|packets} written the process is not known",
            "{said}, 저장한 것 중 프로세스를 모르는 패킷 {without}개",
            said,
            without = counts.without_process
        );
    }
    said
}

/// Packets and what is known of them, as they come.
struct Course<'a> {
    session: &'a Session<'a>,
    packets: Box<dyn PacketStream + 'a>,
    events: Box<dyn EventStream + 'a>,
    capture: Capture<'a>,
    told: Vec<ConnectionEvent>,
    warnings: Warnings,
    /// Whether it was said that something failed that is tried again.
    has_failed: bool,
}

impl Course<'_> {
    /// Takes packets, then what is known meanwhile of whose they are.
    fn step(&mut self) -> Result<(), Trouble> {
        if !self.take_packets(PATIENCE)? {
            let drained = now(&*self.session.backend).saturating_sub(self.packets.drained_after());
            self.capture.note_read(drained);
        }
        self.take_events();
        if self.capture.is_look_due() {
            self.look();
        }
        Ok(())
    }

    fn take_packets(&mut self, patience: Duration) -> Result<bool, Trouble> {
        let capture = &mut self.capture;
        let taken = self.packets.take(patience, &mut |packet| capture.packet(packet));
        taken.map_err(|error| explain(&error, self.session.settings).into())
    }

    fn take_events(&mut self) {
        loop {
            let taken = self.events.take(&mut self.told);
            self.events.release();
            self.capture.events(self.packets.boot(), &mut self.told);
            if let Err(error) = &taken {
                self.fail(error);
            }
            if taken.is_err() || !self.events.tells_on() {
                return;
            }
        }
    }

    fn look(&mut self) {
        let looked = self.capture.look(&*self.session.backend);
        self.note_look(looked);
    }

    fn note_look(&mut self, looked: Result<Vec<Warning>, netstat_model::Error>) {
        match looked {
            Ok(mut warnings) => {
                // A socket that is gone by then is told of by events, or counted.
                warnings.retain(|warning| {
                    is_said(warning, self.session.settings)
                        && !matches!(warning, Warning::OwnersVanished { .. })
                });
                self.warnings.say(warnings);
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Says once that something failed. Packets whose process stays unknown are counted.
    fn fail(&mut self, error: &netstat_model::Error) {
        if !std::mem::replace(&mut self.has_failed, true) {
            output::complain(&explain(error, self.session.settings));
        }
    }

    /// Ends: what was seen by now is all there is. Returns what was counted.
    fn end(&mut self) -> Result<PacketCounts, Trouble> {
        let explained = |error| Trouble::from(explain(&error, self.session.settings));
        self.packets.stop().map_err(explained)?;
        let stopped = now(&*self.session.backend);
        while self.take_packets(self.packets.drained_after())? {}
        self.capture.note_read(stopped + self.packets.drained_after());
        self.take_events();
        self.events.finish(&mut self.told);
        self.capture.events(self.packets.boot(), &mut self.told);
        self.look();
        self.capture.note_read(now(&*self.session.backend));
        self.packets.counts().map_err(explained)
    }
}

/// Where packets go.
enum Target<'a> {
    File(Writing<'a>),
    Lines(Lines<'a>),
}

/// Why packets go nowhere any more.
enum Stop {
    Full,
    Failed(io::Error),
}

impl Target<'_> {
    /// Whether there is no room for more, or nobody reads on.
    fn is_over(&self) -> bool {
        match self {
            Self::File(writing) => writing.is_full,
            Self::Lines(lines) => lines.reader == Reader::Gone,
        }
    }

    /// Takes the packets of which it is known whose they are; all of them at the end.
    fn take(&mut self, capture: &mut Capture<'_>, is_last: bool) -> Result<(), Trouble> {
        if self.is_over() {
            return Ok(());
        }
        match self {
            Self::File(writing) => writing.take(capture, is_last),
            Self::Lines(lines) => lines.take(capture, is_last),
        }
    }
}

/// Packets as lines on standard output.
struct Lines<'a> {
    session: &'a Session<'a>,
    names: FxHashMap<u32, OsString>,
    text: Vec<u8>,
    reader: Reader,
}

impl<'a> Lines<'a> {
    fn begin(session: &'a Session<'a>) -> Result<Self, Trouble> {
        let interfaces = session.backend.interfaces().map_err(|error| explain(&error, session.settings))?;
        let names = interfaces.data.into_iter().map(|interface| (interface.index, interface.name)).collect();
        Ok(Self { session, names, text: Vec::new(), reader: Reader::Listening })
    }

    fn take(&mut self, capture: &mut Capture<'_>, is_last: bool) -> Result<(), Trouble> {
        let Self { session, names, text, .. } = self;
        let taken = capture.settle(is_last, |kept, ends| {
            let unnamed = || OsString::from(kept.interface.to_string());
            let name = names.entry(kept.interface).or_insert_with(unnamed);
            write_packet(text, kept, ends, name, &session.zone);
            Ok::<(), Infallible>(())
        });
        let Ok(()) = taken;
        if !self.text.is_empty() {
            let mut stdout = output::stdout();
            self.reader = output::outcome(stdout.write_all(&self.text).and_then(|()| stdout.flush()))?;
            self.text.clear();
        }
        Ok(())
    }
}

/// A file that is being written.
struct Writing<'a> {
    asked: &'a Asked,
    path: &'a Path,
    file: CaptureFile<BufWriter<File>>,
    /// Whether there is no room for more.
    is_full: bool,
}

impl<'a> Writing<'a> {
    fn begin(session: &Session<'_>, asked: &'a Asked, path: &'a Path) -> Result<Self, Trouble> {
        let system = &*session.backend;
        let comment = |filter| format!("netstat capture {filter}");
        let origin = Origin {
            host: system.host_name().ok(),
            os: std::env::consts::OS.to_owned(),
            application: concat!("netstat ", env!("CARGO_PKG_VERSION")).to_owned(),
            comment: session.filter.as_ref().map_or_else(String::new, comment),
        };
        let interfaces = system.interfaces().map_err(|error| explain(&error, session.settings))?.data;
        let file = create(path)
            .and_then(|out| CaptureFile::new(out, &origin, &interfaces, asked.snap))
            .map_err(|error| cannot_write(path, &error))?;
        Ok(Self { asked, path, file, is_full: false })
    }

    fn take(&mut self, capture: &mut Capture<'_>, is_last: bool) -> Result<(), Trouble> {
        let (file, most) = (&mut self.file, self.asked.max_size.unwrap_or(u64::MAX));
        let written = capture.settle(is_last, |kept, ends| {
            let needed = u64::try_from(kept.bytes.len()).unwrap_or(u64::MAX).saturating_add(BESIDE);
            if file.bytes().saturating_add(file.bytes_of_end()).saturating_add(needed) > most {
                return Err(Stop::Full);
            }
            file.packet(kept, ends).map_err(Stop::Failed)
        });
        match written {
            Ok(()) => Ok(()),
            Err(Stop::Full) => {
                self.is_full = true;
                Ok(())
            }
            Err(Stop::Failed(error)) => Err(cannot_write(self.path, &error).into()),
        }
    }

    /// Ends the file with what was counted. Returns how large it is.
    fn finish(self, span: (Duration, Duration), counts: &str) -> Result<u64, Trouble> {
        let end = || -> io::Result<u64> {
            let out = self.file.finish(span, counts)?;
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            Ok(file.metadata()?.len())
        };
        end().map_err(|error| cannot_write(self.path, &error).into())
    }
}

/// Says why a file cannot be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Text {
    let file = quoted(path.as_os_str());
    if error.kind() == ErrorKind::AlreadyExists {
        return both!(
            "{file} is there already, and is not overwritten: name another file, or remove it first",
            "{file}: 이미 있는 파일이라 덮어쓰지 않습니다. 다른 이름을 지정하거나 먼저 지우세요",
            file
        );
    }
    both!("cannot write {file}: {why}", "{file}에 쓸 수 없습니다: {why}", file, why = system::io_error(error))
}
