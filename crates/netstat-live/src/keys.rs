//! The keys: one table, from which the help and the line at the bottom are made.

use crate::event::Key;
use netstat_engine::text::Text;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    First,
    Last,
    Open,
    Back,
    NextTab,
    PreviousTab,
    Tab(u8),
    Sort,
    Reverse,
    Filter,
    Find,
    FindNext,
    FindPrevious,
    Columns,
    Group,
    Fold,
    Tag,
    UntagAll,
    Pause,
    Earlier,
    Later,
    MinuteEarlier,
    MinuteLater,
    Now,
    Faster,
    Slower,
    Whole,
    Names,
    Copy,
    Export,
    Capture,
    Command,
    Close,
    EndProcess,
    Help,
    Clear,
    Suspend,
    End,
}

/// One line of the table of keys.
pub(crate) struct Binding {
    pub(crate) keys: &'static [Key],
    pub(crate) action: Action,
    /// How the keys are written in the help; empty where another line has them.
    pub(crate) written: &'static str,
    /// What it does.
    pub(crate) does: Text,
    /// The word in the line at the bottom, with its key.
    pub(crate) short: Option<(&'static str, Text)>,
}

macro_rules! bindings {
    ($([$($key:expr),*], $action:expr, $written:literal, $english:literal, $korean:literal
       $(, $name:literal $short:literal $short_korean:literal)?;)*) => {
        /// Every key.
        pub(crate) static BINDINGS: &[Binding] = &[$(Binding {
            keys: &[$($key),*],
            action: $action,
            written: $written,
            does: Text::fixed($english, $korean),
            short: bindings!(@short $($name $short $short_korean)?),
        }),*];
    };
    (@short) => { None };
    (@short $name:literal $short:literal $korean:literal) => { Some(($name, Text::fixed($short, $korean))) };
}

use Key::{BackTab, Backspace, Char, Ctrl, Esc, F, Left, PageDown, PageUp, Right};

bindings! {
    [F(1), Char('?')], Action::Help, "F1 ?", "this help", "도움말", "F1" "help" "도움말";
    [Key::Up, Char('k')], Action::Up, "Up Down j k", "move the cursor", "커서 이동";
    [Key::Down, Char('j')], Action::Down, "", "move the cursor", "커서 이동";
    [PageUp, Ctrl('b')], Action::PageUp, "PgUp PgDn", "a screen up or down", "한 화면 위아래로";
    [PageDown, Ctrl('f')], Action::PageDown, "", "a screen down", "한 화면 아래로";
    [Ctrl('u')], Action::HalfUp, "Ctrl+U Ctrl+D", "half a screen up or down", "반 화면 위아래로";
    [Ctrl('d')], Action::HalfDown, "", "half a screen down", "반 화면 아래로";
    [Char('g'), Key::Home], Action::First, "g Home", "top; the list flows again", "맨 위로. 다시 흐름";
    [Char('G'), Key::End], Action::Last, "G End", "to the bottom", "맨 아래로";
    [Key::Enter, Right, Char('l')], Action::Open, "Enter l", "details, or what is in it", "자세히, 또는 안의 연결";
    [Esc, Left, Char('h'), Backspace], Action::Back, "Esc h", "one step back", "한 단계 뒤로";
    [Key::Tab], Action::NextTab, "1-7 Tab", "go to a tab", "탭으로 이동";
    [BackTab], Action::PreviousTab, "", "the tab before", "이전 탭";
    [Char('1')], Action::Tab(0), "", "connections", "연결";
    [Char('2')], Action::Tab(1), "", "processes", "프로세스";
    [Char('3')], Action::Tab(2), "", "remotes", "원격";
    [Char('4')], Action::Tab(3), "", "listening", "수신 대기";
    [Char('5')], Action::Tab(4), "", "interfaces", "인터페이스";
    [Char('6')], Action::Tab(5), "", "findings", "진단";
    [Char('7')], Action::Tab(6), "", "events", "이벤트";
    [F(2), Char('c')], Action::Columns, "F2 c", "choose columns", "열 고르기";
    [F(3), Char('\\')], Action::Find, "F3 \\", "find in the rows shown", "보이는 행에서 찾기", "F3" "find" "찾기";
    [Char('n')], Action::FindNext, "n N", "next found, one before", "다음, 이전 찾기";
    [Char('N')], Action::FindPrevious, "", "the one before", "이전 찾기";
    [F(4), Char('/')], Action::Filter, "F4 /", "filter, netstat's words", "필터(명령줄 문법)", "F4" "filter" "필터";
    [F(5), Char('t')], Action::Group, "F5 t", "group by the next column", "다음 열로 묶기", "F5" "group" "묶기";
    [Char('z')], Action::Fold, "z", "fold, unfold a group", "그룹 접기, 펼치기";
    [F(6), Char('s')], Action::Sort, "F6 s", "sort by the next column", "다음 열로 정렬", "F6" "sort" "정렬";
    [Char('S')], Action::Reverse, "S", "sort the other way round", "정렬 방향 바꾸기";
    [F(7), Char('x')], Action::Close, "F7 x", "close the connection", "연결 닫기", "F7" "close" "닫기";
    [F(9)], Action::EndProcess, "F9", "end the process", "프로세스 끝내기", "F9" "end" "끝내기";
    [Char(' ')], Action::Tag, "Space", "tag the row", "행에 표시하기";
    [Char('u')], Action::UntagAll, "u", "take all tags away", "모든 표시 지우기";
    [Char('p')], Action::Pause, "p", "pause; looking goes on", "화면 멈춤(조회는 계속)", "p" "pause" "멈춤";
    [Char('<'), Char('[')], Action::MinuteEarlier, "< > [ ]", "a minute back, forward", "1분 전, 후의 표", "<" "past" "과거";
    [Char('>'), Char(']')], Action::MinuteLater, "", "a minute forward", "1분 후의 표";
    [Char(',')], Action::Earlier, ", .", "a look back, forward", "한 조회 전, 후의 표";
    [Char('.')], Action::Later, "", "a look forward", "한 조회 후의 표";
    [Char('0')], Action::Now, "0", "back to now", "현재로";
    [Char('i')], Action::Faster, "i I", "look more, less often", "더 자주, 더 드물게 조회";
    [Char('I')], Action::Slower, "", "look less often", "더 드물게 조회";
    [Char('a')], Action::Whole, "a", "whole addresses", "주소를 줄이지 않고 표시";
    [Char('r')], Action::Names, "r", "names of addresses", "주소의 이름 표시";
    [Char('y')], Action::Copy, "y", "copy the foreign address", "외부 주소 복사";
    [Char('e')], Action::Export, "e", "write the rows to a file", "행을 파일로 저장", "e" "export" "저장";
    [Char('w')], Action::Capture, "w", "write packets to a file", "패킷을 파일로 저장";
    [Char('=')], Action::Command, "=", "the command for this view", "이 화면을 만드는 명령";
    [Ctrl('l')], Action::Clear, "Ctrl+L", "draw the screen again", "화면 다시 그리기";
    [Ctrl('z')], Action::Suspend, "Ctrl+Z", "suspend", "일시 중단";
    [Char('q'), F(10), Ctrl('c')], Action::End, "q F10 Ctrl+C", "end", "끝내기", "q" "quit" "종료";
}

/// Returns what a key does in the table.
pub(crate) fn action(key: Key) -> Option<Action> {
    BINDINGS.iter().find(|binding| binding.keys.contains(&key)).map(|binding| binding.action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_one_thing() {
        let mut seen = Vec::new();
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(!seen.contains(key), "{key:?}");
            seen.push(*key);
        }
    }

    #[test]
    fn no_letter_ends_anything_but_the_program() {
        assert_eq!(action(Char('k')), Some(Action::Up));
        // It asks first.
        assert_eq!(action(Char('x')), Some(Action::Close));
    }
}
