//! Widths in terminal cells, and padding to them.

use unicode_width::UnicodeWidthStr;

/// The spaces that [`pad`] copies from.
const BLANKS: [u8; 64] = [b' '; 64];

/// Writes spaces.
pub fn blanks(out: &mut Vec<u8>, mut count: usize) {
    while count > 0 {
        let some = count.min(BLANKS.len());
        out.extend_from_slice(BLANKS.get(..some).unwrap_or_default());
        count -= some;
    }
}

/// Pads what was written since `start` to `width` cells; longer text is not cut.
pub fn pad(out: &mut Vec<u8>, start: usize, width: usize) {
    let cells = cells(out.get(start..).unwrap_or_default());
    blanks(out, width.saturating_sub(cells));
}

/// Returns the width of a text in cells: the bytes of plain ASCII, else the widths of its characters.
pub fn cells(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    std::str::from_utf8(text).map_or(text.len(), UnicodeWidthStr::width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_in_cells_and_cuts_nothing() {
        let mut out = b"ab".to_vec();
        out.extend_from_slice("한글".as_bytes());
        pad(&mut out, 2, 6);
        assert_eq!(out, "ab한글  ".as_bytes());
        pad(&mut out, 0, 3);
        assert_eq!(out, "ab한글  ".as_bytes());
    }
}
