//! `--watch` on a terminal: a report that is drawn again in place, with marks on the rows that came and went.

use crate::output;
use netstat_engine::both;
use netstat_engine::row::{Row, Section};
use netstat_engine::text::quote::one_line;
use netstat_engine::text::{Language, Text};
use netstat_model::SocketKey;
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::{self, Write};
use std::time::Duration;
use unicode_width::UnicodeWidthChar;

/// What a row is, whatever is shown of it. A socket may make a row of IPv4 and one of IPv6.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RowKey(SocketKey, Section);

impl RowKey {
    pub(super) fn of(row: &Row<'_>) -> Self {
        Self(SocketKey::of(row.socket), row.section)
    }
}

/// Whether a row was in the display before, and is in this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Stays,
    Came,
    /// It stood in the display before and is shown once more.
    Went,
}

impl Mark {
    fn bytes(self, coloured: bool) -> &'static [u8] {
        match (self, coloured) {
            (Self::Stays, _) => MARK,
            (Self::Came, false) => b"+ ",
            (Self::Came, true) => b"\x1b[32m+\x1b[0m ",
            (Self::Went, false) => b"- ",
            (Self::Went, true) => b"\x1b[31m-\x1b[0m ",
        }
    }
}

/// What a mark takes of the line.
pub(super) const MARK: &[u8] = b"  ";

/// A row as it is drawn: one line, or several.
type Drawn = (Mark, Vec<u8>);

/// The rows of the display before, by which those of this one are marked.
#[derive(Debug, Default)]
struct Follower {
    before: Option<Vec<(RowKey, Vec<u8>)>>,
    hidden_before: FxHashSet<RowKey>,
}

impl Follower {
    /// Marks the rows of the next display, and puts those that went where they stood: behind the row that they followed.
    /// One that is only hidden did not go, and one that was hidden does not come.
    fn follow(&mut self, rows: Vec<(RowKey, Vec<u8>)>, hidden: FxHashSet<RowKey>) -> Vec<Drawn> {
        let now: FxHashSet<&RowKey> = rows.iter().map(|(key, _)| key).collect();
        let before = self.before.take();
        let old: FxHashSet<&RowKey> = before.iter().flatten().map(|(key, _)| key).collect();
        let mut went: FxHashMap<Option<&RowKey>, Vec<&[u8]>> = FxHashMap::default();
        let mut last = None;
        for (key, text) in before.iter().flatten() {
            if now.contains(key) {
                last = Some(key);
            } else if !hidden.contains(key) {
                went.entry(last).or_default().push(text);
            }
        }
        let mut drawn = Vec::with_capacity(rows.len());
        let gone = |texts: Option<Vec<&[u8]>>| {
            texts.into_iter().flatten().map(|text| (Mark::Went, text.to_owned())).collect::<Vec<_>>()
        };
        drawn.extend(gone(went.remove(&None)));
        for (key, text) in &rows {
            let was_there = old.contains(key) || self.hidden_before.contains(key);
            let mark = if before.is_some() && !was_there { Mark::Came } else { Mark::Stays };
            drawn.push((mark, text.clone()));
            drawn.extend(gone(went.remove(&Some(key))));
        }
        self.before = Some(rows);
        self.hidden_before = hidden;
        drawn
    }
}

/// What a display is made of before it is drawn.
#[derive(Debug, Default)]
struct Content {
    head: Vec<u8>,
    /// `None` if the report has no rows that can be followed.
    rows: Option<Vec<(RowKey, Vec<u8>)>>,
    hidden: FxHashSet<RowKey>,
    /// What the display lacks, and hints.
    notes: Vec<Text>,
}

/// A report that is drawn in place.
#[derive(Debug)]
pub(super) struct InPlace {
    pause: Duration,
    language: Language,
    coloured: bool,
    begun: bool,
    follower: Follower,
    content: Content,
}

impl InPlace {
    /// Begins with an empty screen.
    pub(super) fn new(pause: Duration, language: Language, coloured: bool) -> Self {
        Self {
            pause,
            language,
            coloured,
            begun: false,
            follower: Follower::default(),
            content: Content::default(),
        }
    }

    /// Begins a display of rows. `hidden` are those that are there and not shown, because of a limit.
    pub(super) fn begin<'a>(&mut self, hidden: impl Iterator<Item = Row<'a>>) {
        self.content.rows = Some(Vec::new());
        self.content.hidden = hidden.map(|row| RowKey::of(&row)).collect();
    }

    /// Adds a row without the cells of its mark, or what stands above the rows.
    pub(super) fn add(&mut self, row: Option<&Row<'_>>, text: &[u8]) {
        match (row, &mut self.content.rows) {
            (Some(row), Some(rows)) => rows.push((RowKey::of(row), text.to_owned())),
            _ => self.content.head.extend_from_slice(text),
        }
    }

    /// Adds a line for the foot: a warning or a hint.
    pub(super) fn note(&mut self, line: Text) {
        self.content.notes.push(line);
    }

    /// Draws what was added, or a report without rows that can be followed: `text`. `time` is that of the display.
    pub(super) fn draw(&mut self, text: &[u8], time: &str, out: &mut impl Write) -> io::Result<()> {
        let Content { head, rows, hidden, notes } = std::mem::take(&mut self.content);
        let marks = rows.is_some();
        let rows = match rows {
            Some(rows) => self.follower.follow(rows, hidden),
            None => {
                let lines = text.split_inclusive(|byte| *byte == b'\n');
                lines.map(|line| (Mark::Stays, line.to_owned())).collect()
            }
        };
        let status = self.status(time, marks.then_some(&rows));
        let notes = notes.iter().map(|note| one_line(note.of(self.language))).collect();
        let frame = Frame { status, head, rows, marks, notes };
        let mut bytes = Vec::new();
        let size = output::size().unwrap_or((usize::MAX, usize::MAX));
        if !self.begun {
            // What stood on the terminal scrolls up and is not lost.
            bytes.extend(std::iter::repeat_n(b'\n', size.1.min(1000)));
            self.begun = true;
        }
        frame.write(size, self.language, self.coloured, &mut bytes);
        out.write_all(&bytes)
    }

    fn status(&self, time: &str, rows: Option<&Vec<Drawn>>) -> String {
        let counted = rows.map(|rows| {
            let count = |mark| rows.iter().filter(|(of, _)| *of == mark).count();
            let (came, went) = (count(Mark::Came), count(Mark::Went));
            (rows.len() - went, came, went)
        });
        let pause = both!("every {pause}, Ctrl+C ends", "{pause} 간격, Ctrl+C로 종료", pause = self.pause);
        let text = match counted {
            None => both!("{time}  {pause}", "{time}  {pause}", time, pause),
            Some((rows, came, went)) => both!(
                "{time}  rows: {rows}, +{came}, -{went}  {pause}",
                "{time}  행 {rows}개, +{came}, -{went}  {pause}",
                time,
                rows,
                came,
                went,
                pause
            ),
        };
        text.of(self.language).to_owned()
    }
}

/// One display.
struct Frame {
    status: String,
    head: Vec<u8>,
    rows: Vec<Drawn>,
    marks: bool,
    notes: Vec<String>,
}

impl Frame {
    /// Writes what fits into a terminal of this width and height over the display before: the status, the head, the rows,
    /// how many do not fit, the notes.
    fn write(&self, size: (usize, usize), language: Language, coloured: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[H");
        let (width, height) = size;
        // The last line stays free for the cursor.
        let mut left = height.saturating_sub(1);
        let mut line = |out: &mut Vec<u8>, parts: &[&[u8]]| {
            if left > 0 {
                left -= 1;
                // Erased first: behind a line that fills the terminal the cursor stands on its last character.
                out.extend_from_slice(b"\x1b[2K");
                cut(&parts.concat(), width, out);
                out.extend_from_slice(b"\r\n");
            }
            left
        };
        line(out, &[self.status.as_bytes()]);
        let mut left = line(out, &[b""]);
        for text in lines(&self.head).skip_while(|text| text.is_empty()) {
            left = line(out, &[text]);
        }
        let notes = self.notes.len().min(left.saturating_sub(1));
        let room = left - notes;
        let total: usize = self.rows.iter().map(|(_, text)| lines(text).count()).sum();
        // The line that tells how many rows do not fit takes the place of one.
        let room = if total > room { room.saturating_sub(1) } else { room };
        let (mut used, mut shown) = (0, 0);
        for (mark, text) in &self.rows {
            used += lines(text).count();
            if used > room {
                break;
            }
            shown += 1;
            let mut begin = if self.marks { mark.bytes(coloured) } else { b"" };
            for text in lines(text) {
                line(out, &[begin, text]);
                begin = if self.marks { MARK } else { b"" };
            }
        }
        let more = self.rows.len() - shown;
        if more > 0 {
            let text = both!(
                "  {more} more: a filter, --sort and --limit choose what is shown",
                "  {more}개 더 있음: 필터, --sort, --limit으로 보여 줄 행을 고릅니다",
                more
            );
            line(out, &[text.of(language).as_bytes()]);
        }
        for note in self.notes.iter().take(notes) {
            line(out, &[b"netstat: ", note.as_bytes()]);
        }
        out.extend_from_slice(b"\x1b[J");
    }
}

/// Writes as much of a line as fits, so that it begins no second one. Escape sequences, which are those of colours, take no
/// room.
fn cut(line: &[u8], width: usize, out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line);
    let (mut used, mut is_escape) = (0, false);
    for character in text.chars() {
        if character == '\x1b' || is_escape {
            is_escape = character != 'm';
        } else {
            used += character.width().unwrap_or(0);
            if used > width {
                continue;
            }
        }
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The lines of a text, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| line.trim_ascii_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{Family, IpEndpoint, Socket, Transport};
    use std::net::Ipv4Addr;

    fn key(port: u16) -> RowKey {
        let local = IpEndpoint::new(Ipv4Addr::LOCALHOST.into(), port, 0);
        RowKey(SocketKey::of(&Socket::new(Transport::Udp, Family::V4, local, None)), Section::UdpV4)
    }

    fn rows(ports: &[u16]) -> Vec<(RowKey, Vec<u8>)> {
        ports.iter().map(|port| (key(*port), format!("{port}\n").into_bytes())).collect()
    }

    /// The rows with their marks: ` 1 +2 -3`.
    fn shown(drawn: &[Drawn]) -> String {
        let word = |(mark, text): &Drawn| {
            let mark = mark.bytes(false).first().copied().unwrap_or(b'?');
            format!("{}{}", char::from(mark), String::from_utf8_lossy(text).trim_end())
        };
        drawn.iter().map(word).collect::<Vec<_>>().join("")
    }

    #[test]
    fn rows_that_came_and_went_are_marked_for_one_display() {
        let mut follower = Follower::default();
        let mut follow_of = |ports: &[u16], hidden: &[u16]| {
            shown(&follower.follow(rows(ports), hidden.iter().map(|port| key(*port)).collect()))
        };
        let mut follow = |ports: &[u16]| follow_of(ports, &[]);
        assert_eq!(follow(&[1, 2, 3]), " 1 2 3", "nothing came with the first display");
        assert_eq!(follow(&[1, 3, 4]), " 1-2 3+4");
        assert_eq!(follow(&[1, 3, 4]), " 1 3 4");
        assert_eq!(follow(&[]), "-1-3-4");
        assert_eq!(follow(&[5]), "+5");
        // Where a row stood that went with its neighbours.
        assert_eq!(follow(&[4, 5, 6, 7]), "+4 5+6+7");
        assert_eq!(follow(&[7]), "-4-5-6 7");
        // What a limit hides is there.
        assert_eq!(follow_of(&[8], &[7]), "+8");
        assert_eq!(follow_of(&[7, 9], &[8]), " 7+9");
        assert_eq!(follow_of(&[9], &[]), "-7 9");
    }

    fn frame(rows: u16) -> Frame {
        Frame {
            status: "status".to_owned(),
            head: b"\r\nhead\r\n".to_vec(),
            rows: (0..rows).map(|row| (Mark::Came, format!("row {row}\r\n").into_bytes())).collect(),
            marks: true,
            notes: vec!["a note".to_owned()],
        }
    }

    fn text(frame: &Frame, height: usize) -> String {
        let mut out = Vec::new();
        frame.write((20, height), Language::English, false, &mut out);
        let text = String::from_utf8(out).unwrap();
        let text = text.strip_prefix("\x1b[H").unwrap().strip_suffix("\x1b[J").unwrap();
        text.replace("\x1b[2K", "").replace("\r\n", "\n")
    }

    #[test]
    fn a_line_is_cut_by_what_is_seen_of_it() {
        let cut_to = |line: &str, width| {
            let mut out = Vec::new();
            cut(line.as_bytes(), width, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(cut_to("\x1b[32mabc\x1b[0m", 3), "\x1b[32mabc\x1b[0m");
        assert_eq!(cut_to("\x1b[32mabcd\x1b[0m e", 3), "\x1b[32mabc\x1b[0m");
        assert_eq!(cut_to("한글", 3), "한");
        assert_eq!(cut_to("abc", 0), "");
    }

    #[test]
    fn a_frame_is_no_higher_than_the_terminal_and_tells_what_is_cut() {
        assert_eq!(text(&frame(2), 24), "status\n\nhead\n+ row 0\n+ row 1\nnetstat: a note\n");
        assert_eq!(text(&frame(2), 7), text(&frame(2), 24), "it fits");
        let cut = text(&frame(9), 8);
        assert!(cut.contains("+ row 1\n  7 more: a filter, \n"), "{cut}");
        for height in 0..12 {
            assert!(text(&frame(9), height).lines().count() < height.max(1), "{height}");
        }
    }
}
