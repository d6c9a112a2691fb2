//! `netstat capture`: the packets of connections, with the process of each.

mod clock;
mod writing;

pub(super) use writing::cannot_write;

use super::unavailable::Available;
use super::{Session, explain, is_said, rights};
use crate::output::{self, Reader, Trouble, Warnings};
use crate::render::packets::{write_packet, write_start};
use crate::settings::Capturing as Asked;
use clock::now;
use netstat_capture::{Capture, Counts, Cut, Starts, prefilter};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::system;
use netstat_model::Warning;
use netstat_model::history::{ConnectionEvent, EventMethod};
use netstat_model::query::Owners;
use netstat_os::{
    Confined, EventStream, EventWishes, Events, PacketCounts, PacketStream, Packets, Routes as _,
};
use rustc_hash::FxHashMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use writing::Writing;

/// What a filter on packets may ask: what sockets have, and what first bytes tell.
pub(super) const OF_PACKETS: Available = Available {
    is: |column| column.is_available() || matches!(column.name, "app" | "name"),
    ..Available::LIVE
};

/// How long to wait for packets before events and sockets are looked at.
const PATIENCE: Duration = Duration::from_millis(20);

/// Captures until it is told to end, the time is over or the file is full.
///
/// # Errors
/// What failed, and what to do.
pub(super) fn run(session: &Session<'_>, asked: &Asked) -> Result<ExitCode, Trouble> {
    rights::may_open_what_the_user_names()
        .map_err(|why| both!("netstat capture is refused: {why}", "netstat capture 거부: {why}", why))?;
    let system = &*session.backend;
    // Events begin first, so that no connection begins without them.
    let events = system.events(EventWishes {
        arguments: false,
        without_bpf: session.settings.owners == Owners::Proc,
        tcp_alone: false,
        flows: false,
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
        Some(path) => Target::File(Box::new(Writing::begin(session, asked, path)?)),
        None => Target::Lines(Lines::begin(session, asked.follow_text)?),
    };
    say_what_was_given_up(session, netstat_os::confine());
    // Its thread must not have the rights that were given up. Until then Ctrl+C ends this program, which has captured nothing.
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).map_err(|error| {
        both!("cannot wait for Ctrl+C: {why}", "Ctrl+C를 기다릴 수 없습니다: {why}", why = error.to_string())
    })?;
    let begun = Instant::now();
    if !tells_all {
        output::complain(&both!(
            "connections that end within a moment may have no process: {method}",
            "순식간에 끝나는 연결은 프로세스를 알 수 없을 수 있습니다: {method}",
            method = system::event_method(&course.events.method())
        ));
    }
    if let Some(path) = &asked.write {
        let file = writing::named(path, asked.files);
        // A ring is never full.
        let ends_itself = asked.duration.is_some() || asked.max_size.is_some() && asked.files.is_none();
        output::complain(&if ends_itself {
            both!(
                "capturing to {file}; to end it earlier, Ctrl+C",
                "{file}에 캡처하는 중입니다. 먼저 끝내려면 Ctrl+C",
                file
            )
        } else {
            both!("capturing to {file} until Ctrl+C", "{file}에 캡처하는 중입니다. 끝내려면 Ctrl+C", file)
        });
    }
    let is_over =
        || stopped.load(Ordering::Relaxed) || asked.duration.is_some_and(|most| begun.elapsed() >= most);
    let mut failed = None;
    while !is_over() && !target.is_over() && failed.is_none() {
        course.step()?;
        failed = target.take(&mut course.capture, false).err();
    }
    let counted = course.end()?;
    if failed.is_none() {
        failed = target.take(&mut course.capture, true).err();
    }
    course.capture.leave_out();
    let said = summary(&course.capture.counts(), &counted);
    if let Some(trouble) = failed {
        return Err(cut_short(&said, asked, trouble));
    }
    match target {
        Target::File(writing) => {
            let file = writing::named(writing.path(), asked.files);
            let overwritten = writing.overwritten();
            let finished = writing.finish(now(system), said.english());
            let bytes = finished.map_err(|trouble| cut_short(&said, asked, trouble))?;
            let said = if overwritten == 0 {
                said
            } else {
                both!(
                    "{said}; {overwritten:packet|packets} written were overwritten by later ones",
                    "{said}, 저장한 것 중 나중 패킷으로 덮어쓴 패킷 {overwritten}개",
                    said,
                    overwritten
                )
            };
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

/// Says what was counted by a capture that could not be written to its end. Returns why.
fn cut_short(said: &Text, asked: &Asked, trouble: Trouble) -> Trouble {
    let file = asked.write.as_deref().map_or_else(Text::default, |path| writing::named(path, asked.files));
    output::complain(&both!(
        "{said}; the last of those written are not in {file}, or none: netstat capture --read shows what is",
        "{said}, 저장한 것 중 마지막 패킷들 또는 전부가 {file}에 없음. 들어 있는 것은 netstat capture --read로 확인하세요",
        said = said.clone(),
        file
    ));
    trouble
}

/// Says what rights this program has no more, where that was asked for.
fn say_what_was_given_up(session: &Session<'_>, confined: Option<Confined>) {
    let Some(confined) = confined.filter(|_| session.settings.verbose) else { return };
    let kept = match &confined.capabilities {
        Ok(kept) if kept.is_empty() => both!("it has no capabilities", "capability 없음"),
        Ok(kept) => both!("of capabilities it has {kept}", "남은 capability: {kept}", kept = kept.join(", ")),
        Err(error) => both!(
            "its capabilities could not be given up: {why}",
            "capability를 내려놓지 못했습니다: {why}",
            why = system::io_error(error)
        ),
    };
    let refused = match &confined.calls {
        Ok(()) => both!(
            "it may open no file to write, start no program and no network connection",
            "쓰기용 파일 열기, 프로그램 실행, 네트워크 연결은 거부됨"
        ),
        Err(error) => both!(
            "system calls could not be restricted: {why}",
            "시스템 호출을 제한하지 못했습니다: {why}",
            why = system::io_error(error)
        ),
    };
    output::complain(&both!(
        "rights from now on: {kept}; {refused}",
        "이제부터의 권한: {kept}. {refused}",
        kept,
        refused
    ));
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
            "{said}, {left_out} left out because nothing more could be written",
            "{said}, 더 쓸 수 없어 뺌 {left_out}",
            said,
            left_out = counts.left_out
        );
    }
    if counts.too_large > 0 {
        said = both!(
            "{said}, {too_large} left out because each is larger than a file may be",
            "{said}, 하나가 파일 최대 크기보다 커서 뺌 {too_large}",
            said,
            too_large = counts.too_large
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
    File(Box<Writing<'a>>),
    Lines(Lines<'a>),
}

impl Target<'_> {
    /// Whether there is no room for more, or nobody reads on.
    fn is_over(&self) -> bool {
        match self {
            Self::File(writing) => writing.is_over(),
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
    /// What each end sends, where that is asked for.
    starts: Option<Starts>,
    text: Vec<u8>,
    reader: Reader,
}

impl<'a> Lines<'a> {
    fn begin(session: &'a Session<'a>, follows_text: bool) -> Result<Self, Trouble> {
        let interfaces = session.backend.interfaces().map_err(|error| explain(&error, session.settings))?;
        let names = interfaces.data.into_iter().map(|interface| (interface.index, interface.name)).collect();
        let starts = follows_text.then(Starts::default);
        Ok(Self { session, names, starts, text: Vec::new(), reader: Reader::Listening })
    }

    fn take(&mut self, capture: &mut Capture<'_>, is_last: bool) -> Result<(), Trouble> {
        let Self { session, names, starts, text, .. } = self;
        let taken = capture.settle(is_last, |kept, ends| {
            let unnamed = || OsString::from(kept.interface.to_string());
            let name = names.entry(kept.interface).or_insert_with(unnamed);
            write_packet(text, kept, ends, name, &session.zone);
            if let Some(starts) = starts {
                write_start(text, &starts.add(kept), output::language());
            }
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
