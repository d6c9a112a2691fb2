//! The words after `netstat record`: a filter.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use super::words;
use std::ffi::OsString;

/// Takes the filter, and rejects options that do not go together.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    words::settle(plain, arguments)?;
    if let Some(seconds) = arguments.interval {
        return Err(complaint!(
            "netstat record runs until it is stopped: leave {seconds} out, or for a port type port {seconds}",
            "netstat record는 중지할 때까지 실행됩니다. 간격 {seconds}초를 빼거나, 포트라면 이렇게 입력하세요: port {seconds}",
            seconds = seconds.to_string()
        ));
    }
    let typed = &arguments.recorder;
    if typed.status && typed.stop {
        return Err(complaint!(
            "--status and --stop cannot be combined: type one of them",
            "--status와 --stop은 함께 쓸 수 없습니다. 하나만 입력하세요"
        ));
    }
    if arguments.record.is_some() && arguments.replay.is_some() {
        return Err(complaint!(
            "--record and --replay cannot be combined: type one of them",
            "--record와 --replay는 함께 쓸 수 없습니다. 하나만 입력하세요"
        ));
    }
    if typed.install_service && typed.uninstall_service {
        return Err(complaint!(
            "--install-service and --uninstall-service cannot be combined: type one of them",
            "--install-service와 --uninstall-service는 함께 쓸 수 없습니다. 하나만 입력하세요"
        ));
    }
    let service = match (typed.install_service, typed.uninstall_service) {
        (true, _) => Some("--install-service"),
        (_, true) => Some("--uninstall-service"),
        _ => None,
    };
    let without = [
        (typed.status, "--status"),
        (typed.stop, "--stop"),
        (typed.follow, "--follow"),
        (typed.ship.is_some(), "--ship"),
        (arguments.record.is_some(), "--record"),
        (arguments.replay.is_some(), "--replay"),
        (arguments.owners.is_some(), "--owners"),
        (typed.uninstall_service && !arguments.geo.is_empty(), "--geo"),
    ];
    if typed.uninstall_service && !arguments.filter.is_empty() {
        return Err(complaint!(
            "--uninstall-service and a filter cannot be combined: the service is removed as a whole",
            "--uninstall-service에는 필터를 쓸 수 없습니다. 서비스 전체를 제거합니다"
        ));
    }
    if let (Some(service), Some((_, option))) = (service, without.iter().find(|(given, _)| *given)) {
        return Err(complaint!(
            "{service} and {option} cannot be combined: type one of them",
            "{service}와 {option}는 함께 쓸 수 없습니다. 하나만 입력하세요",
            service,
            option = *option
        ));
    }
    let asks = if typed.status { Some("--status") } else { typed.stop.then_some("--stop") };
    let asks = asks.or_else(|| typed.uninstall_service.then_some("--uninstall-service"));
    let records = [
        (typed.follow, "--follow"),
        (typed.opens, "--opens"),
        (typed.arguments, "--arguments"),
        (typed.udp, "--udp"),
        (typed.keep.is_some(), "--keep"),
        (typed.keep_days.is_some(), "--keep-days"),
        (arguments.owners.is_some(), "--owners"),
        (typed.ship.is_some(), "--ship"),
        (!arguments.geo.is_empty(), "--geo"),
    ];
    if let Some(asks) = asks.filter(|_| !arguments.filter.is_empty()) {
        return Err(complaint!(
            "{asks} records nothing, so a filter has no effect: leave it out",
            "{asks}: 기록하지 않으므로 필터는 아무 일도 하지 않습니다. 빼고 입력하세요",
            asks
        ));
    }
    if let (Some(asks), Some((_, option))) = (asks, records.iter().find(|(given, _)| *given)) {
        return Err(complaint!(
            "{asks} records nothing, so {option} has no effect: leave it out",
            "{asks}: 기록하지 않으므로 {option} 옵션은 아무 일도 하지 않습니다. 빼고 입력하세요",
            asks,
            option = *option
        ));
    }
    if typed.ship.is_some() && typed.follow && arguments.store.is_none() {
        return Err(complaint!(
            "--ship sends what is kept, and --follow keeps nothing: add --store, or leave one of the two out",
            "--ship은 저장한 것을 보내는데 --follow는 저장하지 않습니다. --store를 더하거나 둘 중 하나를 빼세요"
        ));
    }
    if typed.opens && !typed.follow {
        return Err(complaint!(
            "--opens needs --follow: type netstat record --follow --opens",
            "--opens에는 --follow가 필요합니다. 이렇게 입력하세요: netstat record --follow --opens"
        ));
    }
    Ok(())
}
