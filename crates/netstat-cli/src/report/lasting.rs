//! What of a recorder the kernel keeps when it is killed: said at its start, by `--status` and by `--stop`.

use super::Session;
use crate::output::{self, Trouble};
use netstat_engine::both;
use netstat_engine::text::quote::{one_line, quoted};
use netstat_engine::text::system::io_error;
use netstat_engine::text::{Language, Text};
use netstat_os::{EventStream, Events as _, NotPinned};
use netstat_store::file_of;
use std::path::{Path, PathBuf};

/// Says if nothing is kept, and whether this recorder goes on behind another.
pub(super) fn say(stream: &dyn EventStream) {
    if stream.has_resumed() && stream.has_lost_some() {
        output::complain(&both!(
            "the recorder before this one was killed while it could not write, and what waited in its memory is lost, which \
             becomes a gap; its programs went on, and what they saw after that is kept",
            "이전 기록기는 기록을 쓰지 못하던 중에 강제 종료되어, 메모리에서 대기하던 것을 잃었습니다(빈 구간으로 남음). 커널 \
             프로그램은 계속 실행되었으며, 그 뒤에 본 것은 기록합니다"
        ));
    } else if stream.has_resumed() {
        output::complain(&both!(
            "the recorder before this one was killed; its programs went on, and what they saw is kept",
            "이전 기록기는 강제 종료되었지만 커널 프로그램은 계속 실행되었습니다. 그동안 본 것도 기록합니다"
        ));
    }
    if let Some(Err(why)) = stream.pinned() {
        output::complain(&both!(
            "if this recorder is killed, what happens until the next one is lost: {why}",
            "이 기록기가 강제 종료되면 다음 기록기가 시작할 때까지의 일은 기록되지 않습니다. {why}",
            why = self::why(why)
        ));
    }
}

/// Says which filter chooses from what the recorder before this one has not written, where it had another.
pub(super) fn say_filter(before: Option<&str>, now: Option<&str>) {
    match (before, now) {
        _ if before == now => {}
        (_, Some(filter)) => output::complain(&both!(
            "what the recorder before this one has not written is chosen by the filter of this one: {filter}",
            "이전 기록기가 쓰지 못한 것은 이번 필터로 고릅니다: {filter}",
            filter = one_line(filter)
        )),
        (_, None) => output::complain(&both!(
            "the recorder before this one had a filter; what it has not written is kept without",
            "이전 기록기에는 필터가 있었지만, 그 기록기가 쓰지 못한 것은 필터 없이 기록합니다"
        )),
    }
}

/// Says why nothing is kept.
pub(super) fn why(why: &NotPinned) -> Text {
    let shown = |path: &Path| quoted(path.as_os_str());
    match why {
        NotPinned::NotMounted(path) => both!(
            "no BPF file system is mounted at {path}",
            "{path}에 BPF 파일 시스템이 마운트되어 있지 않습니다",
            path = shown(path)
        ),
        NotPinned::NotOurs(path) => both!(
            "{path} belongs to somebody else, or others may look into it",
            "{path}: 다른 사용자의 폴더이거나 다른 사용자가 들여다볼 수 있습니다",
            path = shown(path)
        ),
        NotPinned::InUse(path) => both!(
            "{path} is in use by another recorder",
            "{path}: 다른 기록기가 쓰고 있습니다",
            path = shown(path)
        ),
        NotPinned::Refused(path, error) => {
            both!("{path}: {why}", "{path}: {why}", path = shown(path), why = io_error(error))
        }
    }
}

/// Returns both languages of a text.
pub(super) fn both(text: &Text) -> [String; 2] {
    [Language::English, Language::Korean].map(|language| text.of(language).to_owned())
}

/// Returns the path of a file that leads to it from everywhere.
pub(super) fn whole_path(file: &Path) -> PathBuf {
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = whole.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, whole.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => whole,
    }
}

/// Returns the folders of what recorders of a store left behind.
fn left(session: &Session<'_>, store: &Path, remove: bool) -> Result<Vec<PathBuf>, NotPinned> {
    session.backend.left_behind(&whole_path(&file_of(store)), remove)
}

/// Returns what `--status` says of a recorder that does not run.
pub(super) fn status(session: &Session<'_>, store: &Path) -> Option<Text> {
    match left(session, store, false) {
        Ok(folders) if folders.is_empty() => None,
        Ok(folders) => Some(both!(
            "its programs, which go on; netstat record goes on with them, netstat record --stop removes them: {folders}",
            "계속 실행 중인 커널 프로그램. netstat record를 실행하면 이어서 기록하고, netstat record --stop은 없앱니다: {folders}",
            folders = listed(&folders)
        )),
        Err(error) => Some(both!("unknown: {why}", "알 수 없음: {why}", why = why(&error))),
    }
}

/// Removes what recorders of a store left behind. Returns whether there was something.
pub(super) fn remove(session: &Session<'_>, store: &Path) -> Result<bool, Trouble> {
    let folders = left(session, store, true).map_err(|error| {
        both!(
            "no recorder is running; what one that was killed may have left in the kernel cannot be removed: {why}",
            "실행 중인 기록기가 없습니다. 강제 종료된 기록기가 커널에 남겼을 수 있는 것은 없앨 수 없습니다. {why}",
            why = why(&error)
        )
    })?;
    if folders.is_empty() {
        return Ok(false);
    }
    output::complain(&both!(
        "no recorder was running; what one that was killed had left in the kernel is removed: {folders}",
        "실행 중인 기록기가 없습니다. 강제 종료된 기록기가 커널에 남긴 것을 없앴습니다: {folders}",
        folders = listed(&folders)
    ));
    Ok(true)
}

fn listed(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| quoted(folder.as_os_str()).to_string()).collect::<Vec<_>>().join(", ")
}
