//! Titles, headings and fixed lines of the connection table, in the languages that samples exist of.
//!
//! Korean Windows translates the title and the headings of the connection table and leaves the rows, states
//! included, in English. No sample shows how it words the rest. The headings of `-t`, `-i`, `-d`, `-y` and `-x` stay English,
//! because a guess would break scripts that search for the real text; the line for an unknown owner is a sentence to read.

use netstat_engine::text::Language;

/// The line after a row whose owner or executable may not be known.
pub(super) fn no_ownership(language: Language) -> &'static str {
    match language {
        Language::English => " Can not obtain ownership information",
        Language::Korean => " 소유권 정보를 가져올 수 없습니다",
    }
}

/// The title of the connection table.
pub(super) fn connections_title(language: Language) -> &'static str {
    match language {
        Language::English => "Active Connections",
        Language::Korean => "활성 연결",
    }
}

/// The headings of the connection table up to the state.
pub(super) fn connections_heading(language: Language) -> &'static str {
    match language {
        Language::English => "  Proto  Local Address          Foreign Address        State",
        Language::Korean => "  프로토콜  로컬 주소           외부 주소              상태",
    }
}

/// The headings of the connection table up to the process ID. The Korean ones stand three cells too far to the
/// right in every sample.
pub(super) fn connections_heading_with_pid(language: Language) -> &'static str {
    match language {
        Language::English => "  Proto  Local Address          Foreign Address        State           PID",
        Language::Korean => "  프로토콜  로컬 주소              외부 주소              상태            PID",
    }
}

/// What `-b` prints without elevation on Windows: the system's own text for that error.
pub(crate) fn elevation_required(language: Language) -> &'static str {
    match language {
        Language::English => "The requested operation requires elevation.",
        Language::Korean => "요청한 작업을 수행하려면 권한 상승이 필요합니다.",
    }
}
