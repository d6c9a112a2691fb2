//! A [`Source`] in memory, for tests.
//!
//! Answers are stored by path. A path with several answers returns them in turn and repeats the last; a path without any
//! does not exist.

use super::bpf::Failure;
use super::source::{
    FileId, Lasting, Netlink, NetworkSource, Next, OwnersProgram, ProcessSource, RecorderProgram, Source,
    Walk, unpack_time,
};
use rustix::io::Errno;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::Mutex;
use std::time::Duration;

/// The records of a BPF walk, and how it ends.
type FakeWalk = (Vec<u8>, Result<(), Failure>);

#[derive(Debug, Clone)]
enum Reply {
    Bytes(Vec<u8>),
    Links(Vec<(u32, Vec<u8>)>),
    Names(Vec<Vec<u8>>),
    File(FileId),
    Fails(Errno),
}

#[derive(Debug, Default)]
struct Replies {
    all: Vec<Reply>,
    next: usize,
}

/// A system that answers as the test has prepared.
#[derive(Debug, Default)]
pub(super) struct Fake {
    replies: Mutex<HashMap<String, Replies>>,
    asked: Mutex<Vec<String>>,
    pids: BTreeSet<u32>,
    walks: Mutex<VecDeque<FakeWalk>>,
    takes: Mutex<VecDeque<FakeTake>>,
}

/// The records of a take of the recorder, and the counts after it.
type FakeTake = (Vec<Vec<u8>>, Vec<u8>);

/// Returns a line of `/proc/PID/stat` with the given fields.
pub(super) fn stat_line(pid: u32, state: char, parent: u32, flags: u64, threads: u32, start: u64) -> Vec<u8> {
    format!("{pid} (a name) {state} {parent} 1 1 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 {threads} 0 {start} 0 0\n")
        .into_bytes()
}

impl Fake {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn add(self, path: &str, reply: Reply) -> Self {
        self.replies.lock().unwrap().entry(path.to_owned()).or_default().all.push(reply);
        self
    }

    /// Adds a file, or the target of a link.
    pub(super) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.add(path, Reply::Bytes(bytes.as_ref().to_vec()))
    }

    /// Adds a directory of numbered links.
    pub(super) fn links(self, path: &str, links: &[(u32, &str)]) -> Self {
        self.add(path, Reply::Links(links.iter().map(|&(n, to)| (n, to.as_bytes().to_vec())).collect()))
    }

    /// Adds a directory.
    pub(super) fn names(self, path: &str, names: &[&[u8]]) -> Self {
        self.add(path, Reply::Names(names.iter().map(|name| name.to_vec()).collect()))
    }

    /// Adds what [`ProcessSource::file_id`] returns for a path.
    pub(super) fn file_is(self, path: &str, device: u64, inode: u64) -> Self {
        self.add(path, Reply::File(FileId { device, inode }))
    }

    /// Makes every question about the path fail.
    pub(super) fn fails(self, path: &str, errno: Errno) -> Self {
        self.add(path, Reply::Fails(errno))
    }

    /// Adds a process ID to the listing of `/proc`, unless that directory was added by itself.
    pub(super) fn pid(mut self, pid: u32) -> Self {
        self.pids.insert(pid);
        self
    }

    /// Adds a live process with its descriptors.
    pub(super) fn alive(self, pid: u32, parent: u32, start: u64, links: &[(u32, &str)]) -> Self {
        self.pid(pid)
            .file(&format!("/proc/{pid}/stat"), stat_line(pid, 'S', parent, 0, 1, start))
            .links(&format!("/proc/{pid}/fd"), links)
    }

    /// Adds the result of one BPF walk over all descriptors. Without any, the program cannot be loaded.
    pub(super) fn walk(self, bytes: Vec<u8>, end: Result<(), Failure>) -> Self {
        self.walks.lock().unwrap().push_back((bytes, end));
        self
    }

    /// Adds the records of one take of the recorder's programs, and their counts after it. Without any, they cannot be
    /// loaded.
    pub(super) fn take(self, records: &[Vec<u8>], counts: &[u8]) -> Self {
        self.takes.lock().unwrap().push_back((records.to_vec(), counts.to_vec()));
        self
    }

    /// Returns every path that was asked for, in order.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn reply(&self, path: &str) -> io::Result<Reply> {
        self.asked.lock().unwrap().push(path.to_owned());
        let mut replies = self.replies.lock().unwrap();
        let Some(replies) = replies.get_mut(path) else { return Err(Errno::NOENT.into()) };
        let reply = replies.all.get(replies.next).or(replies.all.last()).cloned().unwrap();
        replies.next += 1;
        match reply {
            Reply::Fails(errno) => Err(errno.into()),
            reply => Ok(reply),
        }
    }

    fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        match self.reply(path)? {
            Reply::Bytes(bytes) => Ok(bytes),
            other => panic!("{path} is {other:?}, not a file or link"),
        }
    }
}

impl NetworkSource for Fake {
    fn netlink(&self, _: Netlink, _: &[u8], _: &mut dyn FnMut(&[u8]) -> Next) -> io::Result<()> {
        Err(Errno::PROTONOSUPPORT.into())
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        into.clear();
        into.extend(self.bytes(path)?);
        Ok(())
    }
}

impl Source for Fake {
    fn read_link(&self, path: &str) -> io::Result<Vec<u8>> {
        self.bytes(path)
    }

    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        if path == "/proc" && !self.replies.lock().unwrap().contains_key(path) {
            self.asked.lock().unwrap().push(path.to_owned());
            each(b"self");
            self.pids.iter().for_each(|pid| each(pid.to_string().as_bytes()));
            return Ok(());
        }
        match self.reply(path)? {
            Reply::Names(names) => names.iter().for_each(|name| each(name)),
            other => panic!("{path} is {other:?}, not a directory"),
        }
        Ok(())
    }

    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        let root = format!("/proc/{pid}");
        let inside = format!("{root}/");
        if self.replies.lock().unwrap().contains_key(&root) {
            self.reply(&root)?;
        } else if !self.replies.lock().unwrap().keys().any(|path| path.starts_with(&inside)) {
            return Err(Errno::NOENT.into());
        }
        Ok(Box::new(FakeProcess { root, fake: self }))
    }

    fn since_1970(&self) -> io::Result<Duration> {
        unpack_time(&self.bytes("clock")?)
    }

    fn owners_program(&self) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
        self.asked.lock().unwrap().push("bpf load".to_owned());
        if self.walks.lock().unwrap().is_empty() {
            return Err(Failure::NOT_RECORDED);
        }
        Ok(Box::new(FakeOwners(self)))
    }

    fn recorder_program(
        &self,
        _pid_namespace: u32,
        _lasting: Option<&Lasting<'_>>,
    ) -> Result<Box<dyn RecorderProgram + '_>, Failure> {
        match self.takes.lock().unwrap().is_empty() {
            true => Err(Failure::NOT_RECORDED),
            false => Ok(Box::new(FakeRecorder { fake: self, counts: Vec::new(), place: 0 })),
        }
    }
}

struct FakeRecorder<'a> {
    fake: &'a Fake,
    counts: Vec<u8>,
    place: u64,
}

impl RecorderProgram for FakeRecorder<'_> {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let take = self.fake.takes.lock().unwrap().pop_front();
        let (records, counts) = take.ok_or(Failure::NOT_RECORDED)?;
        records.iter().for_each(|record| each(record));
        self.counts = counts;
        self.place += 8;
        Ok(())
    }

    fn place(&self) -> u64 {
        self.place
    }

    fn release(&mut self) {}

    fn counts(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(self.counts.clone())
    }
}

struct FakeOwners<'a>(&'a Fake);

impl OwnersProgram for FakeOwners<'_> {
    fn walk(&self, walk: Walk, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let asked = match walk {
            Walk::Quick => "bpf quick walk",
            Walk::Full => "bpf walk",
            Walk::Everything => "bpf walk of everything",
            Walk::Namespaces => "bpf walk of namespaces",
        };
        self.0.asked.lock().unwrap().push(asked.to_owned());
        let walk = self.0.walks.lock().unwrap().pop_front();
        let Some((bytes, end)) = walk else { return Err(Failure::NOT_RECORDED) };
        each(&bytes);
        end
    }
}

struct FakeProcess<'a> {
    root: String,
    fake: &'a Fake,
}

impl FakeProcess<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.root)
    }
}

impl ProcessSource for FakeProcess<'_> {
    fn read(&self, name: &str, into: &mut Vec<u8>) -> io::Result<()> {
        self.fake.read(&self.path(name), into)
    }

    fn read_link(&self, name: &str) -> io::Result<Vec<u8>> {
        self.fake.bytes(&self.path(name))
    }

    fn links(&self, directory: &str, each: &mut dyn FnMut(u32, &[u8]) -> Next) -> io::Result<()> {
        match self.fake.reply(&self.path(directory))? {
            Reply::Links(links) => {
                links.iter().any(|(number, target)| each(*number, target) == Next::Done);
            }
            other => panic!("{directory} is {other:?}, not a directory of links"),
        }
        Ok(())
    }

    fn numbers(&self, directory: &str, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        match self.fake.reply(&self.path(directory))? {
            Reply::Links(links) => links.iter().for_each(|(number, _)| each(*number)),
            Reply::Names(names) => {
                names.iter().filter_map(|name| std::str::from_utf8(name).ok()?.parse().ok()).for_each(each);
            }
            other => panic!("{directory} is {other:?}, not a directory"),
        }
        Ok(())
    }

    fn file_id(&self, name: &str) -> io::Result<FileId> {
        match self.fake.reply(&self.path(name))? {
            Reply::File(id) => Ok(id),
            other => panic!("{name} is {other:?}, not a file ID"),
        }
    }
}

mod tests {
    use super::*;

    #[test]
    fn answers_come_in_turn_and_the_last_one_stays() {
        let fake = Fake::new().file("/a", "one").file("/a", "two").fails("/b", Errno::ACCESS);
        let mut bytes = Vec::new();
        for expected in ["one", "two", "two"] {
            fake.read("/a", &mut bytes).unwrap();
            assert_eq!(bytes, expected.as_bytes());
        }
        assert_eq!(fake.read("/b", &mut bytes).unwrap_err().raw_os_error(), Some(13));
        assert_eq!(fake.read("/c", &mut bytes).unwrap_err().raw_os_error(), Some(2));
        assert!(fake.process(1).is_err());
    }
}
