//! What takes the place of the table: the help, and the details of a socket.

use super::words::{bars, wrapped};
use super::{BOLD, Canvas, DIM, PLAIN, RED, REVERSED, safe};
use crate::amount::short;
use crate::beside::finding_lines;
use crate::deed::Dialog;
use crate::keys::BINDINGS;
use netstat_engine::both;
use netstat_engine::columns::by_name;
use netstat_engine::flow::Rates;
use netstat_engine::text::cells;
use netstat_model::SocketKey;

/// Cells of the names of columns.
const NAMES: u16 = 24;

/// Cells of the keys of the help.
const KEYS: u16 = 13;

/// Draws the list of keys, from this line on where there is no room for all.
pub(super) fn help(canvas: &mut Canvas<'_, '_>, from: usize) {
    let language = canvas.state.environment.language;
    let lines: Vec<(&str, &str)> = BINDINGS
        .iter()
        .filter(|binding| !binding.written.is_empty())
        .map(|binding| (binding.written, binding.does.of(language)))
        .collect();
    let room = usize::from(canvas.height.saturating_sub(4)).max(1);
    let columns = if lines.len() > room && canvas.width >= 80 { 2 } else { 1 };
    let per_column = lines.len().div_ceil(columns);
    let from = from.min(per_column.saturating_sub(room));
    let width = canvas.width / if columns == 1 { 1 } else { 2 };
    for (at, (keys, does)) in lines.iter().enumerate() {
        let column = if at < per_column { 0 } else { width };
        let Some(line) = (at % per_column).checked_sub(from).filter(|line| *line < room) else { continue };
        let line = 1 + u16::try_from(line).unwrap_or(u16::MAX);
        canvas.put(column, line, keys, KEYS, BOLD);
        canvas.put(column + KEYS + 1, line, does, width.saturating_sub(KEYS + 2), PLAIN);
    }
    let marks = both!(
        "marks: + new ~ changed - closed ! see Findings * tagged ? owner unknown",
        "표시: + 새 연결 ~ 상태 변경 - 닫힘 ! 진단 참고 * 고른 행 ? 소유자 모름"
    );
    let end = match per_column > room {
        true => both!("Up Down: more   any other key: back", "위아래: 더 보기   다른 키: 뒤로"),
        false => both!("any key: back", "아무 키: 뒤로"),
    };
    canvas.put(0, canvas.height.saturating_sub(2), marks.of(language), canvas.width, DIM);
    canvas.put(0, canvas.height.saturating_sub(1), end.of(language), canvas.width, DIM);
}

/// Draws the columns that the tab can have, and which are shown.
pub(super) fn columns(canvas: &mut Canvas<'_, '_>, at: usize) {
    let language = canvas.state.environment.language;
    let shown = canvas.state.columns();
    let possible = canvas.state.tab.possible();
    let room = usize::from(canvas.height.saturating_sub(4)).max(1);
    let from = (at + 1).saturating_sub(room);
    for (line, (place, spec)) in (2..).zip(possible.iter().enumerate().skip(from).take(room)) {
        let mark = if shown.iter().any(|of| of.name == spec.name) { 'x' } else { ' ' };
        let style = if place == at { REVERSED } else { PLAIN };
        canvas.wash(line, style);
        canvas.put(0, line, if place == at { ">" } else { " " }, 1, style);
        canvas.put(1, line, &format!("[{mark}] {}", spec.name), NAMES, style);
        let meaning = by_name(spec.name).map_or(&spec.heading, |column| &column.meaning);
        canvas.put(NAMES + 2, line, meaning.of(language), canvas.width.saturating_sub(NAMES + 2), style);
        if place == at {
            canvas.point(0, line);
        }
    }
    let end = both!(
        "Space: show, hide   u: the usual ones   Esc: back",
        "Space: 표시, 숨기기   u: 기본 열로   Esc: 뒤로"
    );
    canvas.put(0, canvas.height.saturating_sub(1), end.of(language), canvas.width, DIM);
}

/// Draws all that a finding says, its sentences whole.
pub(super) fn finding(canvas: &mut Canvas<'_, '_>, at: u32, from: usize) {
    let language = canvas.state.environment.language;
    let lines = canvas.state.beside.finding(at).map(|(finding, _)| finding_lines(finding, language));
    let width = usize::from(canvas.width.saturating_sub(1)).max(1);
    let lines: Vec<String> =
        lines.unwrap_or_default().iter().flat_map(|line| wrapped(&safe(line), width)).collect();
    let room = usize::from(canvas.height.saturating_sub(4));
    let from = from.min(lines.len().saturating_sub(room));
    for (line, text) in (2..).zip(lines.iter().skip(from).take(room)) {
        canvas.put(0, line, text, canvas.width, PLAIN);
    }
    let end = both!("Esc: back   Up Down: more", "Esc: 뒤로   위아래: 더 보기");
    canvas.put(0, canvas.height.saturating_sub(1), end.of(language), canvas.width, DIM);
}

/// Draws what is known of a socket.
pub(super) fn details(canvas: &mut Canvas<'_, '_>, key: &SocketKey, from: usize) {
    let language = canvas.state.environment.language;
    let lines = canvas.state.details(key);
    if canvas.state.is_gone(key) {
        let text = both!(
            "this socket is closed; this is what was last known of it",
            "닫힌 소켓입니다. 마지막으로 알려진 내용:"
        );
        canvas.put(0, 1, text.of(language), canvas.width, RED);
    }
    let widest = lines.iter().map(|(heading, _)| cells(heading.as_bytes())).max().unwrap_or(0);
    let begin = u16::try_from(widest).unwrap_or(0) + 2;
    let course = canvas.state.course(key);
    // Of UDP and of listeners there is no rate.
    let first = if course.iter().flatten().next().is_some() {
        let graph = [
            (both!("Down", "수신"), (|rates| rates.down) as fn(Rates) -> u64),
            (both!("Up", "송신"), |rates| rates.up),
        ];
        for (line, (heading, of)) in (2..).zip(graph) {
            let now = course.back().copied().flatten().map(|rates| format!("{} B/s", short(of(rates))));
            let now = now.unwrap_or_default();
            let room =
                usize::from(canvas.width).saturating_sub(usize::from(begin) + cells(now.as_bytes()) + 1);
            let values = course.iter().map(|rates| rates.map(of));
            let bars = bars(values, room, canvas.state.environment.ascii);
            canvas.put(0, line, heading.of(language), begin, DIM);
            let end = canvas.put(begin, line, &bars, canvas.width, PLAIN);
            canvas.put(end + 1, line, &now, canvas.width, PLAIN);
        }
        4
    } else {
        2
    };
    let room = usize::from(canvas.height.saturating_sub(first + 2));
    let from = from.min(lines.len().saturating_sub(room));
    for (line, (heading, value)) in (first..).zip(lines.iter().skip(from).take(room)) {
        canvas.put(0, line, heading, begin, DIM);
        canvas.put(begin, line, &safe(value), canvas.width, PLAIN);
    }
    let end = both!(
        "Esc: back   Up Down: more   y: copy the address",
        "Esc: 뒤로   위아래: 더 보기   y: 주소 복사"
    );
    canvas.put(0, canvas.height.saturating_sub(1), end.of(language), canvas.width, DIM);
}

/// Draws a question, and what it is about.
pub(super) fn dialog(canvas: &mut Canvas<'_, '_>, dialog: &Dialog) {
    let language = canvas.state.environment.language;
    let width = usize::from(canvas.width.saturating_sub(1)).max(1);
    let question = match dialog.is_sure {
        true => both!(
            "You may lose this terminal: it depends on what is listed here. Do it all the same?",
            "이 터미널이 끊길 수 있습니다. 아래 대상에 달려 있습니다. 그래도 할까요?"
        ),
        false => dialog.deed.question(),
    };
    let style = if dialog.is_sure { RED } else { BOLD };
    let mut line = 2;
    for text in wrapped(question.of(language), width) {
        canvas.put(0, line, &text, canvas.width, style);
        line += 1;
    }
    let room = usize::from(canvas.height.saturating_sub(line + 3));
    let shown = dialog.lines.len().min(if dialog.lines.len() > room { room.saturating_sub(1) } else { room });
    for text in dialog.lines.iter().take(shown) {
        canvas.put(2, line, text, canvas.width, PLAIN);
        line += 1;
    }
    let more = dialog.lines.len() - shown;
    if more > 0 {
        let text = both!("and {more} more", "외 {more}개", more = more as u64);
        canvas.put(2, line, text.of(language), canvas.width, DIM);
        line += 1;
    }
    let keys = match dialog.wants_number() {
        true => both!(
            "type the number and Enter: {typed}_    Esc: leave it",
            "개수를 입력하고 Enter: {typed}_    Esc: 그대로 두기",
            typed = dialog.typed.clone()
        ),
        false => both!("y: do it    Enter or Esc: leave it", "y: 실행    Enter, Esc: 그대로 두기"),
    };
    canvas.put(2, line + 1, keys.of(language), canvas.width, style);
    canvas.point(0, line + 1);
}
