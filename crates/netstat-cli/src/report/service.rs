//! `netstat record` as a service of Windows: installing it, removing it, and being one.

#[cfg(windows)]
mod folder;
#[cfg(windows)]
mod manager;
#[cfg(windows)]
mod running;

#[cfg(windows)]
pub(super) use folder::prepare;
#[cfg(windows)]
pub(super) use running::Running;

use crate::output::Trouble;
use crate::settings::{Recording, Settings};
use std::process::ExitCode;

/// Installs the service and starts it.
#[cfg(windows)]
pub(super) fn install(settings: &Settings, recording: &Recording) -> Result<ExitCode, Trouble> {
    use crate::output;
    use netstat_engine::both;
    use netstat_engine::text::quote::quoted;
    let store = recording.store.as_deref().unwrap_or(std::path::Path::new(""));
    let fails = |error: std::io::Error| {
        let why = netstat_engine::text::system::io_error(&error);
        match error.kind() {
            std::io::ErrorKind::PermissionDenied => both!(
                "the service cannot be installed: it takes an administrator",
                "서비스를 설치할 수 없습니다. 관리자 권한이 필요합니다"
            ),
            _ => both!("the service cannot be installed: {why}", "서비스를 설치할 수 없습니다. {why}", why),
        }
    };
    let store = std::path::absolute(store).map_err(fails)?;
    let program = std::env::current_exe().map_err(fails)?;
    let mut words = vec![program.into_os_string(), "record".into(), "--store".into(), store.clone().into()];
    words.extend(["--keep".into(), recording.keep_bytes.to_string().into()]);
    if let Some(time) = recording.keep_for {
        words.extend(["--keep-days".into(), (time.as_secs() / 86_400).to_string().into()]);
    }
    if recording.arguments {
        words.push("--arguments".into());
    }
    for file in &settings.geo {
        // The service has another current folder.
        words.extend(["--geo".into(), std::path::absolute(file).map_err(fails)?.into()]);
    }
    if !settings.filter.is_empty() {
        words.push("--".into());
        words.extend(settings.filter.iter().cloned());
    }
    let command = manager::command_line(&words);
    let service = manager::Manager::open(true).map_err(fails)?;
    // Whoever may not install a service changes no folder; where that fails nothing is installed.
    service.install(&command, || folder::secure(&store)).map_err(|refused| match refused {
        folder::Refused::Foreign(path) => folder::foreign(&path),
        folder::Refused::Error(error) => fails(error),
    })?;
    let store = quoted(store.as_os_str());
    output::people(
        both!(
            "netstat-record is installed and running; its history is in {store}\n",
            "netstat-record 서비스를 설치하고 시작했습니다. 기록은 {store}에 저장합니다\n",
            store
        )
        .of(output::language()),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Stops the service and removes it. Its history stays.
#[cfg(windows)]
pub(super) fn uninstall() -> Result<ExitCode, Trouble> {
    use crate::output;
    use netstat_engine::both;
    /// `ERROR_SERVICE_DOES_NOT_EXIST`.
    const UNKNOWN: i32 = 1060;
    manager::Manager::open(false).and_then(|manager| manager.uninstall()).map_err(|error| {
        let why = netstat_engine::text::system::io_error(&error);
        match (error.raw_os_error(), error.kind()) {
            (Some(UNKNOWN), _) => {
                both!("netstat-record is not installed", "netstat-record 서비스가 설치되어 있지 않습니다")
            }
            (_, std::io::ErrorKind::PermissionDenied) => both!(
                "the service cannot be removed: it takes an administrator",
                "서비스를 제거할 수 없습니다. 관리자 권한이 필요합니다"
            ),
            _ => both!("the service cannot be removed: {why}", "서비스를 제거할 수 없습니다. {why}", why),
        }
    })?;
    output::people(
        both!(
            "netstat-record is removed; its history stays\n",
            "netstat-record 서비스를 제거했습니다. 기록은 남아 있습니다\n"
        )
        .of(output::language()),
    )?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(windows))]
fn refuse() -> Result<ExitCode, Trouble> {
    use netstat_engine::both;
    Err(both!(
        "--install-service and --uninstall-service are for Windows: type systemctl enable --now netstat-record",
        "--install-service와 --uninstall-service는 Windows 전용입니다. 이렇게 입력하세요: systemctl enable --now netstat-record"
    )
    .into())
}

#[cfg(not(windows))]
pub(super) fn install(_: &Settings, _: &Recording) -> Result<ExitCode, Trouble> {
    refuse()
}

#[cfg(not(windows))]
pub(super) fn uninstall() -> Result<ExitCode, Trouble> {
    refuse()
}
