//! Text broken into lines between its words.

use super::cells;

/// Breaks text into lines of at most `width` display cells.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    filled(text.split(' ').map(str::to_owned), width)
}

/// Joins pieces into lines of at most `width` display cells.
pub fn filled(pieces: impl IntoIterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
        match lines.last_mut() {
            Some(line) if cells(line.as_bytes()) + 1 + cells(piece.as_bytes()) <= width => {
                line.push(' ');
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    lines
}
