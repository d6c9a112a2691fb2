//! Errors in a file of the user. They name the place and what belongs there, never what stands there: the file may be
//! another than was meant, and secret.

use super::text::Text;
use netstat_engine::both;

/// Returns an error with the line of a position in bytes.
pub(crate) fn at_line(text: &str, position: usize, why: &Text) -> Text {
    let line = 1 + text.bytes().take(position).filter(|&byte| byte == b'\n').count();
    both!("line {line}: {why}", "{line}번째 줄: {why}", line = line.to_string(), why)
}

/// Takes out of a message of the parser what it quotes of the file. The parser has no Korean.
pub(crate) fn without_content(message: &str) -> Text {
    let message = message.replace('\n', " ");
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => {
            both!("not understood: expected {expected}", "이해할 수 없음. 필요한 것: {expected}", expected)
        }
        None if message.contains(['`', '"']) => both!("not understood", "이해할 수 없음"),
        None => Text::same(message),
    }
}
