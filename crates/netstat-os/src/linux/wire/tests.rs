use super::*;
use crate::linux::fake::Fake;
use crate::linux::source::ProcessSource;
use crate::linux::source::Source;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::Mutex;

/// The datagrams of one answer, and the error number that ends it.
type Answer = (Vec<Vec<u8>>, Option<i32>);

/// Answers each netlink request with the next of its scripts, and has files.
pub(in crate::linux) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    files: Fake,
}

impl Script {
    pub(in crate::linux) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), files: Fake::new() }
    }

    pub(in crate::linux) fn with(self, files: Fake) -> Self {
        Self { files, ..self }
    }

    pub(in crate::linux) fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

impl NetworkSource for Script {
    fn netlink(&self, _: Netlink, _: &[u8], each: &mut dyn FnMut(&[u8]) -> Next) -> io::Result<()> {
        let (datagrams, errno) =
            self.answers.lock().unwrap().pop_front().expect("a request without a script");
        for datagram in datagrams {
            if each(&datagram) == Next::Done {
                return Ok(());
            }
        }
        errno.map_or(Ok(()), |errno| Err(io::Error::from_raw_os_error(errno)))
    }
    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        self.files.read(path, into)
    }
}

impl Source for Script {
    fn read_link(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn names(&self, _: &str, _: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn process(&self, _: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

pub(in crate::linux) fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = dump_request(kind, payload);
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

pub(in crate::linux) fn done() -> Vec<u8> {
    message(NLMSG_DONE, 0, &0i32.to_ne_bytes())
}

fn error(errno: i32) -> Vec<u8> {
    message(NLMSG_ERROR, 0, &(-errno).to_ne_bytes())
}

#[derive(Default)]
struct Kept {
    rows: Vec<Vec<u8>>,
    restarts: usize,
}

impl Rows for Kept {
    fn row(&mut self, message: Message<'_>) -> bool {
        self.rows.push(message.payload.to_vec());
        message.kind == 20
    }
    fn restart(&mut self) -> bool {
        self.rows.clear();
        self.restarts += 1;
        true
    }
}

fn run(script: &Script) -> (io::Result<DumpEnd>, Kept) {
    let mut kept = Kept::default();
    (dump(script, Netlink::SockDiag, &[], &mut kept), kept)
}

const ENOBUFS: i32 = 105;
const EPERM: i32 = 1;

#[test]
fn rows_of_all_datagrams_are_kept() {
    let two = [message(20, 0, b"one!"), message(20, 0, b"two!")].concat();
    let (end, kept) = run(&Script::new([(vec![two, message(20, 0, b"thre"), done()], None)]));
    assert_eq!(end.unwrap(), DumpEnd::default());
    assert_eq!(kept.rows, [b"one!", b"two!", b"thre"]);
}

#[test]
fn an_interrupted_dump_is_repeated() {
    let torn = (vec![message(20, NLM_F_DUMP_INTR, b"torn"), done()], None);
    let whole = (vec![message(20, 0, b"good"), done()], None);
    let script = Script::new([torn.clone(), torn.clone(), whole]);
    let (end, kept) = run(&script);
    assert_eq!(end.unwrap(), DumpEnd::default());
    assert_eq!((kept.rows, kept.restarts), (vec![b"good".to_vec()], 2));

    let script = Script::new(vec![torn; 9]);
    let (end, kept) = run(&script);
    assert!(end.unwrap().interrupted);
    assert_eq!(kept.rows, [b"torn"]);
    assert_eq!(script.left(), 9 - TRIES, "it must give up");
}

#[test]
fn an_overrun_is_repeated_and_fails_without_rows() {
    let overrun = (vec![message(20, 0, b"part")], Some(ENOBUFS));
    let (end, kept) = run(&Script::new([overrun.clone(), (vec![message(20, 0, b"good"), done()], None)]));
    assert_eq!(end.unwrap(), DumpEnd::default());
    assert_eq!(kept.rows, [b"good"]);

    let (end, kept) = run(&Script::new(vec![overrun; TRIES]));
    assert!(end.unwrap().overrun);
    assert_eq!(kept.rows, [b"part"]);

    let (end, _) = run(&Script::new(vec![(vec![], Some(ENOBUFS)); TRIES]));
    assert_eq!(end.unwrap_err().raw_os_error(), Some(ENOBUFS));
}

#[test]
fn an_error_is_never_an_empty_table() {
    for (datagrams, errno) in [
        (vec![error(EPERM)], None),
        (vec![message(20, 0, b"row!"), error(EPERM)], None),
        (vec![message(NLMSG_DONE, 0, &(-EPERM).to_ne_bytes())], None),
        (vec![], Some(EPERM)),
    ] {
        let (end, _) = run(&Script::new([(datagrams, errno)]));
        assert_eq!(end.unwrap_err().raw_os_error(), Some(EPERM));
    }
    let (end, _) = run(&Script::new([(vec![message(20, 0, b"row!")], None)]));
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let (end, _) = run(&Script::new([(vec![error(0)], None)]));
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_change_is_made_only_once_the_kernel_says_so() {
    let asked = |datagrams| change(&Script::new([(datagrams, None)]), Netlink::SockDiag, 21, b"body");
    assert!(asked(vec![error(0)]).is_ok());
    assert!(asked(vec![message(20, 0, b"row!"), error(0)]).is_ok());
    assert_eq!(asked(vec![error(EPERM)]).unwrap_err().raw_os_error(), Some(EPERM));
    for odd in [vec![], vec![done()], vec![message(NLMSG_ERROR, 0, b"")], vec![vec![7; 9]]] {
        assert_eq!(asked(odd.clone()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{odd:?}");
    }
}

#[test]
fn malformed_messages_are_counted_and_skipped() {
    let mut short = message(20, 0, b"row!");
    short.truncate(18);
    let odd_kind = message(99, 0, b"what");
    let (end, kept) = run(&Script::new([(
        vec![short, vec![1, 2, 3], odd_kind, message(NLMSG_NOOP, 0, b""), message(20, 0, b"good"), done()],
        None,
    )]));
    assert_eq!(end.unwrap().odd, 3);
    assert!(kept.rows.contains(&b"good".to_vec()));
}

#[test]
fn a_length_of_zero_does_not_loop() {
    assert_eq!(messages(&[0; 64]).collect::<Vec<_>>(), [None]);
    assert_eq!(attributes(&[0; 64]).count(), 0);
    // An attribute of four bytes is empty, but an attribute all the same.
    assert_eq!(attributes(&[4, 0, 7, 0, 4, 0, 8, 0]).map(|(kind, _)| kind).collect::<Vec<_>>(), [7, 8]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_cut_without_panic(bytes: Vec<u8>) {
        for message in messages(&bytes).flatten() {
            attributes(message.payload).for_each(drop);
        }
        attributes(&bytes).for_each(drop);
    }

    #[test]
    fn attributes_come_back_as_they_were_put(given: Vec<(u16, Vec<u8>)>) {
        let given: Vec<_> = given.into_iter().map(|(kind, value)| (kind & ATTRIBUTE_TYPE, value)).collect();
        let mut bytes = Vec::new();
        for (kind, value) in &given {
            put_attribute(&mut bytes, *kind, value);
        }
        let back: Vec<_> = attributes(&bytes).map(|(kind, value)| (kind, value.to_vec())).collect();
        prop_assert_eq!(back, given);
    }
}
