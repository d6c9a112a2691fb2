//! What takes the place of the table: the help, and the details of a socket.

use super::{BOLD, Canvas, DIM, PLAIN, safe};
use crate::keys::BINDINGS;
use netstat_engine::both;
use netstat_engine::text::cells;
use netstat_model::SocketKey;

/// Draws the list of keys.
pub(super) fn help(canvas: &mut Canvas<'_, '_>) {
    let language = canvas.state.environment.language;
    let lines: Vec<(&str, &str)> = BINDINGS
        .iter()
        .filter(|binding| !binding.written.is_empty())
        .map(|binding| (binding.written, binding.does.of(language)))
        .collect();
    let marks = both!(
        "marks: + new  ~ state changed  - closed  * tagged  ? owner not known",
        "표시: + 새 연결  ~ 상태 바뀜  - 닫힘  * 고른 행  ? 소유자 모름"
    );
    let room = usize::from(canvas.height.saturating_sub(3)).max(1);
    // In two columns where one is too long.
    let per_column =
        if lines.len() > room && canvas.width >= 80 { lines.len().div_ceil(2) } else { lines.len() };
    let width = if per_column < lines.len() { canvas.width / 2 } else { canvas.width };
    for (at, (keys, does)) in lines.iter().enumerate() {
        let column = u16::try_from(at / per_column).unwrap_or(0) * width;
        let line = 2 + u16::try_from(at % per_column).unwrap_or(0);
        if line + 1 < canvas.height {
            canvas.put(column, line, keys, 13, BOLD);
            canvas.put(column + 14, line, does, width.saturating_sub(15), PLAIN);
        }
    }
    canvas.put(0, canvas.height.saturating_sub(1), marks.of(language), canvas.width, DIM);
}

/// Draws what is known of a socket.
pub(super) fn details(canvas: &mut Canvas<'_, '_>, key: &SocketKey, from: usize) {
    let language = canvas.state.environment.language;
    let lines = canvas.state.details(key);
    if lines.is_empty() {
        let text = both!("this socket is closed", "닫힌 소켓입니다");
        canvas.put(0, 2, text.of(language), canvas.width, PLAIN);
    }
    let widest = lines.iter().map(|(heading, _)| cells(heading.as_bytes())).max().unwrap_or(0);
    let begin = u16::try_from(widest).unwrap_or(0) + 2;
    let room = usize::from(canvas.height.saturating_sub(4));
    let from = from.min(lines.len().saturating_sub(room));
    for (line, (heading, value)) in (2..).zip(lines.iter().skip(from).take(room)) {
        canvas.put(0, line, heading, begin, DIM);
        canvas.put(begin, line, &safe(value), canvas.width, PLAIN);
    }
    let end = both!(
        "Esc: back   Up Down: more   y: copy the address",
        "Esc: 뒤로   위아래: 더 보기   y: 주소 복사"
    );
    canvas.put(0, canvas.height.saturating_sub(1), end.of(language), canvas.width, DIM);
}
