//! The file that packets are written to, or a ring of files.

use super::clock::now;
use crate::output::{self, Reader, Trouble};
use crate::report::{Session, explain};
use crate::settings::Capturing as Asked;
use netstat_capture::pcapng::Origin;
use netstat_capture::{Capture, CaptureFile, Packed, Packing, create};
use netstat_engine::both;
use netstat_engine::enrich::HostsFile;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system;
use netstat_model::Interface;
use netstat_os::{Machine as _, NameDatabases as _, Routes as _};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// More than what stands beside the bytes of a packet.
const BESIDE: u64 = 4096;

/// How often what was written is handed to the system, so that it is there whatever becomes of this program.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a packet was not written.
enum Stop {
    Full,
    /// It would not go into an empty file either.
    TooLarge,
    Failed(io::Error),
}

/// Files that are being written, one after the other; one alone where no ring was asked for.
pub(super) struct Writing<'a> {
    asked: &'a Asked,
    path: &'a Path,
    origin: Origin,
    interfaces: Vec<Interface>,
    hosts: HostsFile,
    packing: Packing,
    files: Vec<One>,
    /// The file that is being written, and where it stands among them.
    current: Option<CaptureFile<Packed>>,
    at: usize,
    since: Duration,
    /// How large a file is before its first packet.
    empty: u64,
    overwritten: u64,
    is_full: bool,
    /// Whether nobody reads standard output any more.
    is_gone: bool,
    handed_on: Instant,
}

/// A file, which is open all the time: later nothing may be opened any more.
struct One {
    path: PathBuf,
    file: File,
    packets: u64,
    /// How many bytes it had when it was closed.
    bytes: u64,
}

impl One {
    fn new(path: PathBuf, file: File) -> Self {
        Self { path, file, packets: 0, bytes: 0 }
    }

    /// Returns the file to write to from its start on. Standard output may be a pipe, or have something in it already.
    fn emptied(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        if !is_stdout(&self.path) {
            file.rewind()?;
            file.set_len(0)?;
        }
        Ok(file)
    }
}

impl<'a> Writing<'a> {
    /// Creates the files.
    pub(super) fn begin(session: &Session<'_>, asked: &'a Asked, path: &'a Path) -> Result<Self, Trouble> {
        let system = &*session.backend;
        let comment = |filter| format!("netstat capture {filter}");
        let host = system.host_name().ok();
        let mut hosts = HostsFile::parse(&system.hosts().data);
        let addresses = system.local_addresses().map(|answer| answer.data).unwrap_or_default();
        for address in addresses.into_iter().filter(|address| !address.is_loopback()) {
            if let Some(host) = &host {
                hosts.add(address, host);
            }
        }
        let origin = Origin {
            host,
            os: std::env::consts::OS.to_owned(),
            application: concat!("netstat ", env!("CARGO_PKG_VERSION")).to_owned(),
            comment: session.filter.as_ref().map_or_else(String::new, comment),
        };
        let interfaces = system.interfaces().map_err(|error| explain(&error, session.settings))?.data;
        let files = if is_stdout(path) {
            vec![One::new(path.to_path_buf(), standard_output()?)]
        } else {
            create_all(paths(path, asked.files))?
        };
        let packing = Packing::of(path);
        let mut writing = Self {
            asked,
            path,
            origin,
            interfaces,
            hosts,
            packing,
            files,
            current: None,
            at: 0,
            since: now(system),
            empty: 0,
            overwritten: 0,
            is_full: false,
            is_gone: false,
            handed_on: Instant::now(),
        };
        // Each of them can be opened from the start on.
        for at in (1..writing.files.len()).rev() {
            writing.at = at;
            writing.open()?;
            writing.close(writing.since, both!("no packets yet", "아직 패킷 없음").english())?;
        }
        writing.at = 0;
        writing.open()?;
        Ok(writing)
    }

    /// Whether there is no room for more, or nobody reads on.
    pub(super) fn is_over(&self) -> bool {
        self.is_full || self.is_gone || is_stdout(self.path) && output::reader() == Reader::Gone
    }

    /// Returns what was typed.
    pub(super) fn path(&self) -> &'a Path {
        self.path
    }

    /// Returns how many packets were written that are in no file any more.
    pub(super) fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Begins the file at hand.
    fn open(&mut self) -> Result<(), Trouble> {
        let Some(one) = self.files.get_mut(self.at) else { return Ok(()) };
        let opened = one.emptied().and_then(|file| {
            let out = Packed::new(file, self.packing)?;
            CaptureFile::new(out, &self.origin, &self.interfaces, self.asked.snap)
        });
        let file = opened.map_err(|error| cannot_write(&one.path, &error))?;
        self.overwritten += std::mem::take(&mut one.packets);
        self.empty = file.out().reaches().saturating_add(file.bytes_of_end());
        self.current = Some(file.with_hosts(self.hosts.clone()));
        Ok(())
    }

    /// Ends the file at hand.
    fn close(&mut self, until: Duration, counts: &str) -> Result<(), Trouble> {
        let Some(file) = self.current.take() else { return Ok(()) };
        let ended = file.finish((self.since, until), counts).and_then(Packed::finish);
        let ended = ended.map(|bytes| {
            if let Some(one) = self.files.get_mut(self.at) {
                one.bytes = bytes;
            }
        });
        self.note(ended)
    }

    /// Takes the packets of which it is known whose they are; all of them at the end.
    pub(super) fn take(&mut self, capture: &mut Capture<'_>, is_last: bool) -> Result<(), Trouble> {
        let most = self.asked.max_size.unwrap_or(u64::MAX);
        loop {
            let empty = self.empty;
            let (Some(file), Some(one)) = (&mut self.current, self.files.get_mut(self.at)) else {
                return Ok(());
            };
            let mut until = self.since;
            let written = capture.settle(is_last, |kept, ends| {
                until = kept.at;
                let needed = u64::try_from(kept.bytes.len()).unwrap_or(u64::MAX).saturating_add(BESIDE);
                if empty.saturating_add(needed) > most {
                    return Err(Stop::TooLarge);
                }
                let reached = file.out().reaches().saturating_add(file.bytes_of_end());
                if reached.saturating_add(needed) > most {
                    return Err(Stop::Full);
                }
                file.packet(kept, ends).map_err(Stop::Failed)?;
                one.packets += 1;
                Ok(())
            });
            let is_empty = one.packets == 0;
            match written {
                Ok(()) => {
                    // A compressor that ended its block each time would compress worse.
                    let pause = if is_stdout(self.path) { Duration::ZERO } else { PAUSE };
                    if self.packing == Packing::None && self.handed_on.elapsed() >= pause {
                        self.handed_on = Instant::now();
                        let flushed = file.flush();
                        return self.note(flushed);
                    }
                    return Ok(());
                }
                Err(Stop::Failed(error)) => return self.note(Err(error)),
                // It goes into no file; those after it do.
                Err(Stop::TooLarge) => capture.leave_out_first(),
                Err(Stop::Full) if self.files.len() == 1 || is_empty => {
                    self.is_full = true;
                    return Ok(());
                }
                Err(Stop::Full) => {
                    let counts = both!(
                        "{written:packet|packets} written by then",
                        "그때까지 저장한 패킷 {written}개",
                        written = capture.counts().written
                    );
                    self.close(until, counts.english())?;
                    self.at = (self.at + 1) % self.files.len();
                    self.since = until;
                    self.open()?;
                }
            }
        }
    }

    /// Notes whether what is at hand could be written.
    fn note(&mut self, written: io::Result<()>) -> Result<(), Trouble> {
        match written {
            Err(error) if is_stdout(self.path) && output::is_closed(&error) => {
                self.is_gone = true;
                Ok(())
            }
            Err(error) => {
                Err(cannot_write(self.files.get(self.at).map_or(self.path, |one| &one.path), &error).into())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Ends with what was counted. Returns how large all files are.
    pub(super) fn finish(mut self, until: Duration, counts: &str) -> Result<u64, Trouble> {
        if self.is_gone {
            return Ok(self.current.map_or(0, |file| file.bytes()));
        }
        self.close(until, counts)?;
        Ok(self.files.iter().map(|one| one.bytes).sum())
    }
}

/// Whether what was typed after `-w` means standard output.
fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Returns standard output to write packets to.
fn standard_output() -> Result<File, Trouble> {
    let stdout = io::stdout();
    if stdout.is_terminal() {
        return Err(both!(
            "-w - writes a capture file to standard output, which is a terminal: type, for example, \
             netstat capture port 443 -w - | tshark -r -",
            "-w -: 캡처 파일을 표준 출력으로 내보내는데 표준 출력이 터미널입니다. 입력 예: \
             netstat capture port 443 -w - | tshark -r -"
        )
        .into());
    }
    #[cfg(unix)]
    let own = std::os::fd::AsFd::as_fd(&stdout).try_clone_to_owned();
    #[cfg(windows)]
    let own = std::os::windows::io::AsHandle::as_handle(&stdout).try_clone_to_owned();
    own.map(File::from).map_err(|error| cannot_write(Path::new("-"), &error).into())
}

/// Creates files, all of them or none.
fn create_all(paths: Vec<PathBuf>) -> Result<Vec<One>, Text> {
    let mut files: Vec<One> = Vec::new();
    for path in paths {
        match create(&path) {
            Ok(file) => files.push(One::new(path, file)),
            Err(error) => {
                for made in files {
                    // One that cannot be removed is empty, and its name says what it was for.
                    let _ = std::fs::remove_file(&made.path);
                }
                return Err(cannot_write(&path, &error));
            }
        }
    }
    Ok(files)
}

/// Returns the files of a ring: `curl.pcapng.gz` becomes `curl.01.pcapng.gz` and so on.
fn paths(path: &Path, files: Option<usize>) -> Vec<PathBuf> {
    let Some(files) = files else { return vec![path.to_path_buf()] };
    let name = path.file_name().unwrap_or_default();
    // What ends the name says what is in the file, and by what it is compressed.
    let mut stem = PathBuf::from(name);
    let mut ends = Vec::new();
    for _ in 0..if Packing::of(path) == Packing::None { 1 } else { 2 } {
        if let Some(end) = stem.extension().map(OsString::from) {
            ends.insert(0, end);
            stem.set_extension("");
        }
    }
    let width = files.to_string().len();
    let named = |number: usize| {
        let mut name = stem.clone().into_os_string();
        name.push(format!(".{number:0width$}"));
        for end in &ends {
            name.push(".");
            name.push(end);
        }
        path.with_file_name(name)
    };
    (1..=files).map(named).collect()
}

/// Returns what is written to, as it is said.
pub(super) fn named(path: &Path, files: Option<usize>) -> Text {
    if is_stdout(path) {
        return both!("standard output", "표준 출력");
    }
    let all = paths(path, files);
    match &all[..] {
        [first, .., last] => both!(
            "{first} to {last}",
            "{first}부터 {last}까지",
            first = quoted(first.as_os_str()),
            last = quoted(last.as_os_str())
        ),
        _ => Text::same(quoted(path.as_os_str())),
    }
}

/// Says why a file cannot be written.
pub(in crate::report) fn cannot_write(path: &Path, error: &io::Error) -> Text {
    let file = if is_stdout(path) {
        both!("standard output", "표준 출력")
    } else {
        Text::same(quoted(path.as_os_str()))
    };
    if error.kind() == ErrorKind::AlreadyExists {
        return both!(
            "{file} is there already, and is not overwritten: name another file, or remove it first",
            "{file}: 이미 있는 파일이라 덮어쓰지 않습니다. 다른 이름을 지정하거나 먼저 지우세요",
            file
        );
    }
    both!("cannot write {file}: {why}", "{file}에 쓸 수 없습니다: {why}", file, why = system::io_error(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_ring_are_named_after_what_was_typed() {
        let of = |path: &str, files| -> Vec<String> {
            let paths = paths(Path::new(path), files);
            // Windows separates them by its own sign.
            paths.into_iter().map(|path| path.to_str().unwrap().replace('\\', "/")).collect()
        };
        assert_eq!(of("/tmp/a.pcapng", None), ["/tmp/a.pcapng"]);
        assert_eq!(of("/tmp/a.pcapng", Some(2)), ["/tmp/a.1.pcapng", "/tmp/a.2.pcapng"]);
        assert_eq!(of("a.b.pcapng.zst", Some(10))[8..], ["a.b.09.pcapng.zst", "a.b.10.pcapng.zst"]);
        assert_eq!(of("a.gz", Some(2)), ["a.1.gz", "a.2.gz"]);
        assert_eq!(of("a", Some(2)), ["a.1", "a.2"]);
    }

    #[test]
    fn of_a_ring_all_files_are_made_or_none() {
        let folder = std::env::temp_dir().join(format!("netstat-ring-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let there = folder.join("x.3.pcapng");
        std::fs::write(&there, "mine").unwrap();
        assert!(create_all(paths(&folder.join("x.pcapng"), Some(4))).is_err());
        let left: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!((left, std::fs::read(&there).unwrap()), (vec![there.clone()], b"mine".to_vec()));
        std::fs::remove_file(&there).unwrap();
        assert_eq!(create_all(paths(&folder.join("x.pcapng"), Some(4))).unwrap_or_default().len(), 4);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
