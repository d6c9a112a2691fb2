//! Recordings of the answers of an operating system: a folder that can be attached to a bug report and replayed by a test.
//!
//! `index.jsonl` has a line for each question, in order: the operation, its object, and either where the answer lies in
//! `answers.bin` or the system's error number. Each display of a repeated report ends with a line that has the number of
//! entries so far, which shows whether a recording is complete: a truncated one could pass for a different answer of the
//! system. When a question is repeated, it gets the next answer recorded for it, and the last one from then on. A question
//! that was never recorded is an error, never an empty answer.
//!
//! ```
//! use netstat_os::tape::{Player, Recorder};
//!
//! let folder = std::env::temp_dir().join(format!("netstat-tape-example-{}", std::process::id()));
//! let recorder = Recorder::create(&folder)?;
//! recorder.add("read", "/proc/uptime", Ok(b"12.34 5.67\n"));
//! recorder.finish()?;
//! let player = Player::open(&folder)?;
//! assert_eq!(player.answer("read", "/proc/uptime")?, b"12.34 5.67\n");
//! assert!(player.answer("read", "/proc/stat").is_err());
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), std::io::Error>(())
//! ```

use netstat_model::{Error, Operation};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const INDEX: &str = "index.jsonl";
const ANSWERS: &str = "answers.bin";

/// The format of the folder. Others are refused.
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    netstat_recording: u32,
    system: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tail {
    /// The number of entries so far.
    end: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// The operation: `read`, `netlink` ...
    op: String,
    /// Its object: a path, or the bytes of a request in hexadecimal.
    on: String,
    /// Where the answer begins in `answers.bin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    len: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
}

/// The system that a recording was made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    #[cfg(target_os = "linux")]
    Linux,
    Windows,
}

impl System {
    /// Takes the word of [`std::env::consts::OS`]; `None` if no back end of this program replays recordings made there.
    fn of_word(word: &str) -> Option<Self> {
        match word {
            #[cfg(target_os = "linux")]
            "linux" => Some(Self::Linux),
            "windows" => Some(Self::Windows),
            _ => None,
        }
    }

    /// Returns true if the numbers of its errors are those of the running system.
    pub(crate) fn is_this(self) -> bool {
        Self::of_word(std::env::consts::OS) == Some(self)
    }
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    files: Mutex<Files>,
}

/// The answers since the last display stay in memory, so that the files end with a complete display whenever the
/// program is killed.
#[derive(Debug)]
struct Files {
    index: File,
    answers: File,
    new_index: Vec<u8>,
    new_answers: Vec<u8>,
    at: u64,
    entries: u64,
    failed: Option<io::Error>,
}

impl Recorder {
    /// Starts a recording in `folder`, which is created if needed.
    ///
    /// # Errors
    /// When the folder already holds a recording, or cannot be written.
    pub fn create(folder: &Path) -> io::Result<Self> {
        create_folder(folder)?;
        let index = create_file(&folder.join(INDEX))?;
        let answers = create_file(&folder.join(ANSWERS))?;
        let head = Head { netstat_recording: VERSION, system: std::env::consts::OS.into() };
        let mut files = Files {
            index,
            answers,
            new_index: Vec::new(),
            new_answers: Vec::new(),
            at: 0,
            entries: 0,
            failed: None,
        };
        files.line(&head)?;
        Ok(Self { files: Mutex::new(files) })
    }

    /// Adds a question and its answer. Those after the last [`finish`](Self::finish), such as late name look-ups, are not
    /// written.
    pub fn add(&self, op: &str, on: &str, answer: Result<&[u8], &io::Error>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.failed.is_none()
            && let Err(error) = files.add(op, on, answer)
        {
            files.failed = Some(error);
        }
    }

    /// Writes the answers added so far. Call at the end of each display.
    ///
    /// # Errors
    /// When any of them could not be added or written.
    pub fn finish(&self) -> io::Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.failed.take().map_or_else(|| files.write(), Err)
    }
}

impl Files {
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.new_index, line)?;
        self.new_index.push(b'\n');
        Ok(())
    }

    fn add(&mut self, op: &str, on: &str, answer: Result<&[u8], &io::Error>) -> io::Result<()> {
        let (at, len, errno) = match answer {
            Ok(bytes) => {
                self.new_answers.extend_from_slice(bytes);
                (Some(self.at), Some(bytes.len() as u64), None)
            }
            // An error without a number is our own, about bytes that make no sense.
            Err(error) => (None, None, Some(error.raw_os_error().unwrap_or(0))),
        };
        self.at += len.unwrap_or(0);
        self.entries += 1;
        self.line(&Entry { op: op.into(), on: on.into(), at, len, errno })
    }

    fn write(&mut self) -> io::Result<()> {
        self.line(&Tail { end: self.entries })?;
        self.answers.write_all(&self.new_answers)?;
        self.new_answers.clear();
        self.index.write_all(&self.new_index)?;
        self.new_index.clear();
        Ok(())
    }
}

/// Creates the folder for this user alone, because answers to a privileged user must not be readable by others.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn create_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Returns bytes in hexadecimal, for the object of a question.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The usual cause is a replay with other options, which ask other questions.
fn no_answer(op: &str, on: &str) -> String {
    format!("the recording has no answer to: {op} {on}; replay it with the options it was recorded with")
}

/// Replays a recording.
#[derive(Debug)]
pub struct Player {
    system: System,
    answers: Vec<u8>,
    questions: Mutex<FxHashMap<(String, String), Asked>>,
}

#[derive(Debug, Default)]
struct Asked {
    answers: Vec<Result<(usize, usize), i32>>,
    next: usize,
}

impl Player {
    /// Reads the recording in `folder`.
    ///
    /// # Errors
    /// When it does not exist, is not a recording, was made on a system that this program cannot replay, or is truncated.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Self::decode(&fs::read_to_string(folder.join(INDEX))?, fs::read(folder.join(ANSWERS))?)
    }

    /// Decodes the contents of the two files.
    pub(crate) fn decode(index: &str, answers: Vec<u8>) -> io::Result<Self> {
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        let mut lines = index.lines();
        let head: Head = lines
            .next()
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| invalid(format!("{INDEX} is not a recording")))?;
        if head.netstat_recording != VERSION {
            return Err(invalid(format!(
                "it has format {}, but this program reads format {VERSION}",
                head.netstat_recording
            )));
        }
        let system = System::of_word(&head.system).ok_or_else(|| {
            invalid(format!(
                "it was made on {}, and only the program for that system can replay it",
                head.system
            ))
        })?;
        let mut questions: FxHashMap<(String, String), Asked> = FxHashMap::default();
        let mut entries = 0;
        let mut ended = false;
        for (number, line) in lines.enumerate() {
            let tail: Option<Tail> =
                line.starts_with(r#"{"end":"#).then(|| serde_json::from_str(line).ok()).flatten();
            ended = tail.is_some_and(|tail| tail.end == entries);
            if ended {
                continue;
            }
            entries += 1;
            let bad = |why: &str| invalid(format!("{INDEX}, line {}: {why}", number + 2));
            let entry: Entry = serde_json::from_str(line).map_err(|error| bad(&error.to_string()))?;
            let answer = match (entry.at, entry.len, entry.errno) {
                (Some(at), Some(len), None) => {
                    let from = usize::try_from(at).ok();
                    let to = at.checked_add(len).and_then(|to| usize::try_from(to).ok());
                    match (from, to) {
                        (Some(from), Some(to)) if to <= answers.len() => Ok((from, to)),
                        _ => return Err(bad(&format!("the answer is beyond the end of {ANSWERS}"))),
                    }
                }
                (None, None, Some(errno)) => Err(errno),
                _ => return Err(bad("neither an answer nor an error")),
            };
            questions.entry((entry.op, entry.on)).or_default().answers.push(answer);
        }
        if !ended {
            return Err(invalid(format!("{INDEX} is truncated: it does not end with a complete display")));
        }
        Ok(Self { system, answers, questions: Mutex::new(questions) })
    }

    /// Returns the system that the recording was made on.
    pub(crate) fn system(&self) -> System {
        self.system
    }

    /// Returns the next recorded answer to a question.
    ///
    /// # Errors
    /// The recorded error, or `NotFound` if the question was never recorded.
    pub fn answer(&self, op: &str, on: &str) -> io::Result<&[u8]> {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || io::Error::new(io::ErrorKind::NotFound, no_answer(op, on));
        let asked = questions.get_mut(&(op.to_owned(), on.to_owned())).ok_or_else(unknown)?;
        let answer = asked.answers.get(asked.next).or(asked.answers.last()).copied().ok_or_else(unknown)?;
        asked.next = asked.next.saturating_add(1);
        match answer {
            Ok((from, to)) => Ok(self.answers.get(from..to).unwrap_or_default()),
            Err(0) => Err(io::Error::from(io::ErrorKind::InvalidData)),
            Err(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

/// What a replay answers where something is to be changed.
pub(crate) fn refuse_change<T, A>(targets: &[T], operation: &Operation) -> Vec<Result<A, Error>> {
    let why = || io::Error::new(io::ErrorKind::Unsupported, "a recording cannot be changed");
    targets.iter().map(|_| Err(Error::new(operation.clone(), why()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("netstat-tape-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn answers_come_back_in_order_and_the_last_one_stays() {
        let folder = folder("order");
        let recorder = Recorder::create(&folder).unwrap();
        recorder.add("read", "/a", Ok(b"one"));
        recorder.add("read", "/b", Err(&io::Error::from_raw_os_error(13)));
        recorder.add("read", "/a", Ok(b"two"));
        recorder.finish().unwrap();
        drop(recorder);
        let player = Player::open(&folder).unwrap();
        assert_eq!(player.answer("read", "/a").unwrap(), b"one");
        assert_eq!(player.answer("read", "/a").unwrap(), b"two");
        assert_eq!(player.answer("read", "/a").unwrap(), b"two");
        assert_eq!(player.answer("read", "/b").unwrap_err().raw_os_error(), Some(13));
        assert_eq!(player.answer("read", "/c").unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn answers_after_the_last_finish_are_not_written() {
        let folder = folder("late");
        let recorder = Recorder::create(&folder).unwrap();
        recorder.add("read", "/a", Ok(b"one"));
        recorder.finish().unwrap();
        recorder.add("read", "/b", Ok(b"late"));
        drop(recorder);
        let player = Player::open(&folder).unwrap();
        assert_eq!(player.answer("read", "/a").unwrap(), b"one");
        assert_eq!(player.answer("read", "/b").unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_recording_is_never_overwritten() {
        let folder = folder("twice");
        Recorder::create(&folder).unwrap().finish().unwrap();
        assert_eq!(Recorder::create(&folder).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn invalid_recordings_are_refused() {
        let folder = folder("bad");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(ANSWERS), b"abc").unwrap();
        let head = format!("{{\"netstat_recording\":1,\"system\":\"{}\"}}\n", std::env::consts::OS);
        let end = "{\"end\":1}\n";
        for (index, why) in [
            (String::new(), "is not a recording"),
            ("{\"netstat_recording\":9,\"system\":\"linux\"}\n".into(), "format 9"),
            ("{\"netstat_recording\":1,\"system\":\"plan9\"}\n".into(), "made on plan9"),
            (format!("{head}{{\"op\":\"read\",\"on\":\"/a\",\"at\":2,\"len\":9}}\n{end}"), "beyond the end"),
            (format!("{head}{{\"op\":\"read\",\"on\":\"/a\"}}\n{end}"), "neither"),
            (format!("{head}{{\"op\":\"read\",\"on\":\"/a\",\"at\":0,\"len\":3}}\n"), "truncated"),
            (head.clone(), "truncated"),
            (format!("{head}{end}"), "line 2"),
            (format!("{head}nonsense\n{end}"), "line 2"),
            (
                format!("{head}{{\"op\":\"r\",\"on\":\"\",\"at\":18446744073709551615,\"len\":9}}\n{end}"),
                "beyond",
            ),
        ] {
            fs::write(folder.join(INDEX), index).unwrap();
            let error = Player::open(&folder).unwrap_err().to_string();
            assert!(error.contains(why), "{error} does not say {why}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
