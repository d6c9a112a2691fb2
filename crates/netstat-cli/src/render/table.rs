//! A text table whose columns are as wide as their content.
//!
//! Two spaces separate columns, numbers are right-aligned, and the last cell of a line is not padded. If the
//! terminal is too narrow, the widest columns of text shrink, and cut cells end with `…`. Where that is not
//! enough, each row becomes a block with a line for each column, the heading before the value, nothing cut.

use super::{LineEnd, Sheet, colour};
use netstat_engine::columns::Align;
use netstat_engine::text::{blanks, cells};
use std::io::{self, Write};
use unicode_width::UnicodeWidthChar;

/// Cells that a column of text keeps while another can give way: the longest state has as many.
const READABLE: usize = 12;

/// Spaces between columns.
const GAP: usize = 2;

/// A heading and its alignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The heading.
    pub heading: String,
    /// The alignment of its cells.
    pub align: Align,
}

/// A table, filled cell by cell.
#[derive(Debug)]
pub struct Table {
    heads: Vec<Head>,
    /// The width of each column so far.
    widths: Vec<usize>,
    /// The text of all cells, and of each its bytes and its width.
    text: Vec<u8>,
    cells: Vec<(u32, u32)>,
    /// The column of the next cell.
    next: usize,
    /// The coloured cells in order, and the escape sequence that begins the colour.
    colours: Vec<(usize, &'static [u8])>,
    /// Whether a line of headings stands above the rows.
    header: bool,
}

impl Table {
    /// Makes a table without rows.
    pub fn new(heads: Vec<Head>) -> Self {
        let widths = heads.iter().map(|head| cells(head.heading.as_bytes())).collect();
        Self {
            heads,
            widths,
            text: Vec::new(),
            cells: Vec::new(),
            next: 0,
            colours: Vec::new(),
            header: true,
        }
    }

    /// Leaves the headings out, or not, of a table that has no rows yet.
    #[must_use]
    pub fn with_header(mut self, header: bool) -> Self {
        if !header {
            self.widths.fill(0);
        }
        self.header = header;
        self
    }

    /// Makes no column narrower than it was before, and notes how wide they are.
    #[must_use]
    pub fn no_narrower_than(mut self, before: &mut Vec<usize>) -> Self {
        for (width, before) in self.widths.iter_mut().zip(&*before) {
            *width = (*width).max(*before);
        }
        before.clone_from(&self.widths);
        self
    }

    /// Adds the next cell of a row; a row has as many as there are heads. The text must be safe for a terminal and
    /// have no line endings.
    pub fn cell(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        write(&mut self.text);
        let text = self.text.get(start..).unwrap_or_default();
        let width = cells(text);
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        self.cells.push((number(text.len()), number(width)));
        if let Some(widest) = self.widths.get_mut(self.next) {
            *widest = width.max(*widest);
        }
        self.next = if self.next + 1 < self.heads.len() { self.next + 1 } else { 0 };
    }

    /// Colours the last added cell.
    pub fn colour(&mut self, begin: &'static [u8]) {
        if let Some(last) = self.cells.len().checked_sub(1)
            && !begin.is_empty()
        {
            self.colours.push((last, begin));
        }
    }

    /// Writes the headings and the rows. `width` is that of the terminal in cells; `None` for unlimited lines.
    pub fn render<W: Write>(&self, width: Option<usize>, line_end: LineEnd, out: &mut W) -> io::Result<()> {
        let mut sheet = Sheet::new(out, line_end);
        self.pieces(width, line_end, |_, piece| {
            sheet.buffer.extend_from_slice(piece);
            sheet.hand_on_if_full()
        })?;
        sheet.hand_on()
    }

    /// Hands on the headings, with `None`, and each row, with its number, as bytes with line ends.
    pub fn pieces<E>(
        &self,
        width: Option<usize>,
        line_end: LineEnd,
        mut hand_on: impl FnMut(Option<usize>, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let fit = self.fit(width);
        // Headings alone tell that there are no rows, and without them nothing tells the lines of a block apart.
        let in_blocks = self.header && !self.cells.is_empty() && matches!(fit, Fit::Blocks);
        let mut piece = Vec::new();
        if self.header && !in_blocks {
            for at in 0..self.heads.len() {
                let heading = self.heading(at);
                self.write_cell(&mut piece, at, heading, cells(heading), &fit, b"");
            }
            piece.extend_from_slice(line_end.bytes());
            hand_on(None, &piece)?;
        }
        let label = self.heads.iter().map(|head| cells(head.heading.as_bytes())).max().unwrap_or(0);
        let mut colours = self.colours.iter().copied().peekable();
        let mut shortened = Vec::new();
        let mut rest = self.text.as_slice();
        for (number, row) in self.cells.chunks(self.heads.len().max(1)).enumerate() {
            piece.clear();
            for (at, &(bytes, used)) in row.iter().enumerate() {
                let Some((cell, behind)) = rest.split_at_checked(bytes as usize) else { break };
                rest = behind;
                let index = number * self.heads.len() + at;
                let colour = colours.next_if(|(cell, _)| *cell == index).map_or(&b""[..], |(_, begin)| begin);
                if in_blocks {
                    let heading = self.heading(at);
                    piece.extend_from_slice(heading);
                    blanks(&mut piece, label - cells(heading) + GAP);
                    write_coloured(&mut piece, cell, colour);
                    piece.extend_from_slice(line_end.bytes());
                    continue;
                }
                match fit.width_of(at) {
                    Some(width) if used as usize > width => {
                        shortened.clear();
                        shorten(&mut shortened, cell, width);
                        self.write_cell(&mut piece, at, &shortened, cells(&shortened), &fit, colour);
                    }
                    _ => self.write_cell(&mut piece, at, cell, used as usize, &fit, colour),
                }
            }
            // Behind a line, and between two blocks.
            let is_last = self.cells.len() <= (number + 1) * self.heads.len();
            if !in_blocks || !is_last {
                piece.extend_from_slice(line_end.bytes());
            }
            hand_on(Some(number), &piece)?;
        }
        Ok(())
    }

    fn heading(&self, at: usize) -> &[u8] {
        self.heads.get(at).map_or(b"", |head| head.heading.as_bytes())
    }

    /// Returns how the rows fit into this width. The widest columns of text give way down to [`READABLE`], and then the last
    /// of them down to its heading.
    fn fit(&self, limit: Option<usize>) -> Fit {
        let mut widths = self.widths.clone();
        let total = widths.iter().sum::<usize>() + GAP * self.heads.len().saturating_sub(1);
        let mut excess = total.saturating_sub(limit.unwrap_or(usize::MAX));
        if excess == 0 {
            return Fit::Whole;
        }
        let heading = |head: &Head| cells(head.heading.as_bytes()).max(1);
        while excess > 0 {
            let columns = self.heads.iter().zip(widths.iter_mut());
            let wide = columns
                .filter(|(head, width)| head.align == Align::Left && **width > heading(head).max(READABLE));
            // Of several that are equally wide the last one.
            let Some((_, widest)) = wide.max_by_key(|(_, width)| **width) else { break };
            *widest = widest.saturating_sub(1);
            excess -= 1;
        }
        let last = self.heads.iter().rposition(|head| head.align == Align::Left);
        if let Some((head, width)) = last.and_then(|at| Some((self.heads.get(at)?, widths.get_mut(at)?))) {
            let narrow = (*width).min(width.saturating_sub(excess).max(heading(head)));
            excess -= *width - narrow;
            *width = narrow;
        }
        if excess == 0 { Fit::Cut(widths) } else { Fit::Blocks }
    }

    /// Writes a cell whose text is `used` cells wide, and what separates it from the next.
    fn write_cell(&self, out: &mut Vec<u8>, at: usize, text: &[u8], used: usize, fit: &Fit, colour: &[u8]) {
        let width = fit.width_of(at).or(self.widths.get(at).copied()).unwrap_or(0);
        let free = width.saturating_sub(used);
        let align = self.heads.get(at).map_or(Align::Left, |head| head.align);
        if align == Align::Right {
            blanks(out, free);
        }
        write_coloured(out, text, colour);
        if at + 1 < self.heads.len() {
            blanks(out, GAP + if align == Align::Left { free } else { 0 });
        }
    }
}

/// How a table fits the terminal.
enum Fit {
    /// As it is.
    Whole,
    /// With these widths of columns.
    Cut(Vec<usize>),
    /// Not as lines.
    Blocks,
}

impl Fit {
    /// The width that a column is cut to.
    fn width_of(&self, column: usize) -> Option<usize> {
        match self {
            Self::Cut(widths) => widths.get(column).copied(),
            Self::Whole | Self::Blocks => None,
        }
    }
}

fn write_coloured(out: &mut Vec<u8>, text: &[u8], colour: &[u8]) {
    out.extend_from_slice(colour);
    out.extend_from_slice(text);
    if !colour.is_empty() {
        out.extend_from_slice(colour::END);
    }
}

/// Writes as much of a text as fits, and an ellipsis.
fn shorten(out: &mut Vec<u8>, text: &[u8], width: usize) {
    let text = String::from_utf8_lossy(text);
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.extend_from_slice("…".as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(heading: &str, align: Align) -> Head {
        Head { heading: heading.to_owned(), align }
    }

    fn table(heads: &[(&str, Align)], cells: &[&str]) -> Table {
        let mut table = Table::new(heads.iter().map(|(heading, align)| head(heading, *align)).collect());
        for cell in cells {
            table.cell(|out| out.extend_from_slice(cell.as_bytes()));
        }
        table
    }

    fn text(table: &Table, width: Option<usize>) -> String {
        let mut out = Vec::new();
        table.render(width, LineEnd::Lf, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const HEADS: [(&str, Align); 3] =
        [("PID", Align::Right), ("Process", Align::Left), ("Rows", Align::Right)];

    #[test]
    fn widths_follow_the_content() {
        let table = table(&HEADS, &["7", "sh", "1", "4711", "systemd-resolved", "12345"]);
        assert_eq!(
            text(&table, None),
            " PID  Process            Rows\n   7  sh                    1\n4711  systemd-resolved  12345\n"
        );
        assert_eq!(text(&table, Some(29)), text(&table, None), "it fits");
    }

    #[test]
    fn the_last_text_gives_way_and_nothing_else() {
        let table = table(&HEADS, &["7", "sh", "1", "4711", "systemd-resolved", "12345"]);
        assert_eq!(
            text(&table, Some(24)),
            " PID  Process       Rows\n   7  sh               1\n4711  systemd-re…  12345\n"
        );
        // Not below its heading.
        assert_eq!(
            text(&table, Some(20)),
            " PID  Process   Rows\n   7  sh           1\n4711  system…  12345\n"
        );
    }

    #[test]
    fn what_no_line_holds_is_a_block() {
        let table = table(&HEADS, &["7", "sh", "1", "4711", "systemd-resolved", "12345"]);
        assert_eq!(
            text(&table, Some(19)),
            "PID      7\nProcess  sh\nRows     1\n\nPID      4711\nProcess  systemd-resolved\nRows     12345\n"
        );
    }

    #[test]
    fn wide_characters_count_as_two_and_are_not_halved() {
        let table = table(&[("A", Align::Left), ("B", Align::Left)], &["x", "한글한글", "xyz", "b"]);
        assert_eq!(text(&table, None), "A    B\nx    한글한글\nxyz  b\n");
        assert_eq!(text(&table, Some(10)), "A    B\nx    한글…\nxyz  b\n");
        assert_eq!(text(&table, Some(9)), "A    B\nx    한…\nxyz  b\n");
    }

    #[test]
    fn colour_does_not_move_anything() {
        let mut coloured = Table::new(HEADS.iter().map(|(heading, align)| head(heading, *align)).collect());
        for cell in ["7", "sh", "1", "8", "bash", "2"] {
            coloured.cell(|out| out.extend_from_slice(cell.as_bytes()));
            coloured.colour(if cell == "sh" { b"\x1b[32m" } else { b"" });
        }
        let plain = text(&table(&HEADS, &["7", "sh", "1", "8", "bash", "2"]), None);
        let shown = text(&coloured, None);
        assert!(shown.contains("\x1b[32msh\x1b[0m     "), "{shown:?}");
        assert_eq!(shown.replace("\x1b[32m", "").replace("\x1b[0m", ""), plain);
    }

    #[test]
    fn a_table_without_rows_or_columns_is_its_headings() {
        assert_eq!(text(&table(&HEADS, &[]), None), "PID  Process  Rows\n");
        assert_eq!(text(&table(&HEADS, &[]), Some(3)), "PID  Process  Rows\n");
        assert_eq!(text(&table(&[], &[]), None), "\n");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_it_must_be(
            rows in proptest::collection::vec(("[0-9]{1,6}", "[a-z가-힣]{1,30}", "[a-z가-힣]{1,30}"), 0..10),
            width in 1usize..120,
        ) {
            let heads = [("N", Align::Right), ("First", Align::Left), ("Second", Align::Left)];
            let flat: Vec<&str> = rows.iter().flat_map(|(a, b, c)| [a.as_str(), b, c]).collect();
            let table = table(&heads, &flat);
            let whole = text(&table, None);
            let cut = text(&table, Some(width));
            let longest = |text: &str| text.lines().map(|line| cells(line.as_bytes())).max().unwrap_or(0);
            if longest(&whole) <= width {
                prop_assert_eq!(&cut, &whole);
            }
            if !rows.is_empty() && matches!(table.fit(Some(width)), Fit::Blocks) {
                // Nothing is cut.
                prop_assert_eq!(cut.lines().count(), (rows.len() * 4).saturating_sub(1));
                prop_assert!(flat.iter().all(|cell| cut.contains(cell)), "{cut}");
                return Ok(());
            }
            prop_assert_eq!(cut.lines().count(), rows.len() + 1);
            prop_assert!(longest(&cut) <= width || rows.is_empty(), "{}", cut);
            for (line, (_, second, third)) in cut.lines().skip(1).zip(&rows) {
                let mut shown = line.split_ascii_whitespace().skip(1);
                for whole in [second, third] {
                    let shown = shown.next().unwrap();
                    let start = shown.strip_suffix('…').unwrap_or(shown);
                    prop_assert!(whole.starts_with(start), "{cut}");
                }
            }
        }
    }
}
