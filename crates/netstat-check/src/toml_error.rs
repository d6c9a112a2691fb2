//! Errors in a file of the user. They name the place and what belongs there, never what stands there: the file may be
//! another than was meant, and secret.

/// Returns an error with the line of a position in bytes.
pub(crate) fn at_line(text: &str, position: usize, why: &str) -> String {
    let line = 1 + text.bytes().take(position).filter(|&byte| byte == b'\n').count();
    format!("line {line}: {why}")
}

/// Takes out of a message of the parser what it quotes of the file.
pub(crate) fn without_content(message: &str) -> String {
    let message = message.replace('\n', " ");
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("not understood: expected {expected}"),
        None if message.contains(['`', '"']) => "not understood".to_owned(),
        None => message,
    }
}
