//! How options combine: what would be ignored is an error.

use super::arguments::{Arguments, Netns, ProtocolName};
use super::complaint::{Complaint, complaint};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::view::sort::Order;
use netstat_model::query::Kinds;

/// Complains about a second `-p`.
pub(super) fn two_protocols(one: ProtocolName, two: ProtocolName) -> Complaint {
    let (one, two) = (one.name(), two.name());
    complaint!(
        "-p {one} and -p {two} cannot be combined: type one of them; to see several, netstat -an tcp or udp",
        "-p {one}, -p {two}: 함께 쓸 수 없습니다. 하나만 입력하세요. 여럿을 보려면: netstat -an tcp or udp",
        one,
        two
    )
}

/// Returns the options that were typed.
fn typed(options: &[(bool, &'static str)]) -> Vec<&'static str> {
    options.iter().filter(|(typed, _)| *typed).map(|(_, spelling)| *spelling).collect()
}

/// Rejects two reports at once, and options that the report does not read.
fn check_reports(arguments: &Arguments) -> Result<(), Complaint> {
    let counters = arguments.ethernet || arguments.statistics;
    let spelling = if arguments.ethernet { "-e" } else { "-s" };
    let reports = typed(&[
        (arguments.route, "-r"),
        (counters, spelling),
        (arguments.network_direct, "-x"),
        (arguments.port_counts, "-c"),
        (arguments.interfaces, "--interfaces"),
        (arguments.multicast, "--multicast"),
    ]);
    if let [one, two, ..] = reports[..] {
        return Err(complaint!(
            "{one} and {two} are two reports: type one of them",
            "{one}, {two}: 서로 다른 보고서입니다. 하나만 입력하세요",
            one,
            two
        ));
    }
    let belongs = |options: &[(bool, &'static str)], to: &Text, example: &str| match typed(options)[..] {
        [option, ..] => Err(complaint!(
            "{option} works only with {to}: leave it out, or type, for example, {example}",
            "{option}: {to}에만 쓸 수 있습니다. 빼고 입력하세요. 입력 예: {example}",
            option,
            to,
            example
        )),
        [] => Ok(()),
    };
    let of_routes = Text::same("-r".to_owned());
    let of_counters = both!("-s and -e", "-s와 -e");
    if !arguments.route {
        belongs(&[(arguments.tables.is_some(), "--table")], &of_routes, "netstat -r --table all")?;
    }
    let of_text = [(arguments.no_extra, "--no-extra"), (arguments.no_rates, "--no-rates")];
    if arguments.interfaces {
        belongs(&of_text[..1], &of_counters, "netstat -s --no-extra")?;
        if arguments.json() {
            belongs(&of_text, &both!("text output", "텍스트 출력"), "netstat --interfaces 5 --no-rates")?;
        }
    } else if !counters {
        belongs(&of_text, &of_counters, "netstat -s --no-extra")?;
    } else if arguments.json() {
        belongs(
            &of_text,
            &both!("the text output of -s and -e", "-s, -e의 텍스트 출력"),
            "netstat -s --no-extra",
        )?;
        belongs(
            &[(arguments.protocol.is_some(), "-p")],
            &both!("the text output of -s", "-s의 텍스트 출력"),
            "netstat -s -p tcp",
        )?;
    }
    let has_table = reports.is_empty() || arguments.statistics && arguments.protocol.is_some();
    if !has_table && !arguments.port_counts {
        belongs(
            &[(arguments.protocol.is_some(), "-p")],
            &both!("the connection table and -s", "연결 표와 -s"),
            "netstat -s -p tcp",
        )?;
    }
    if !has_table {
        let of_table = [
            (arguments.family.is_some(), "--family"),
            (arguments.path, "--path"),
            (arguments.resolve_timeout.is_some(), "--resolve-timeout"),
            (!arguments.geo.is_empty(), "--geo"),
        ];
        belongs(&of_table, &both!("the connection table", "연결 표"), "netstat -an --path")?;
    }
    if arguments.verbose && !arguments.ethernet && !has_table && !arguments.port_counts {
        return Err(complaint!(
            "-v has no effect with {report}: leave it out",
            "-v: {report} 옵션과 함께 쓰면 아무 일도 하지 않습니다. 빼고 입력하세요",
            report = *reports.first().unwrap_or(&"-r")
        ));
    }
    let numbers = arguments.numeric || arguments.columns.is_some() || !arguments.formats.is_empty();
    if arguments.resolve_timeout.is_some() && numbers {
        return Err(complaint!(
            "--resolve-timeout has no effect: only the Windows table without -n looks up names; leave it out",
            "--resolve-timeout: 이름은 -n 없는 Windows 표에서만 조회하므로 아무 일도 하지 않습니다. 빼고 입력하세요"
        ));
    }
    let of_windows =
        [(arguments.process, "--process"), (arguments.cmdline, "--cmdline"), (arguments.path, "--path")];
    let of_windows_table = both!("the Windows table", "Windows 표");
    if arguments.columns.is_some() {
        belongs(&of_windows, &of_windows_table, "--columns local,foreign,state,process")?;
    }
    if arguments.group_by.is_some() {
        belongs(&of_windows, &of_windows_table, "--group-by process")?;
    }
    if arguments.exists || arguments.wait {
        let option = if arguments.exists { "--exists" } else { "--wait" };
        let formats = !arguments.formats.is_empty();
        let others = [(arguments.path, "--path"), (formats, "--json, --jsonl, --csv")];
        if let [shape, ..] = typed(&[&shape(arguments)[..], &others].concat())[..] {
            return Err(complaint!(
                "{option} prints nothing: leave {shape} out",
                "{option}: 아무것도 출력하지 않습니다. 빼야 할 것: {shape}",
                option,
                shape
            ));
        }
    }
    Ok(())
}

/// Rejects a network namespace that would be ignored.
pub(super) fn check_namespace(arguments: &Arguments) -> Result<(), Complaint> {
    let Some(netns) = &arguments.netns else { return Ok(()) };
    if *netns == Netns::All && (arguments.verb.is_some() || !has_rows(arguments)) {
        return Err(complaint!(
            "--netns all is for tables of sockets: name one namespace, as ip netns lists them or by a PID",
            "--netns all은 소켓 표에만 쓸 수 있습니다. ip netns의 이름이나 PID로 네임스페이스 하나를 지정하세요"
        ));
    }
    let is_unlisted = arguments.family.is_some_and(|family| family.kinds.contains(Kinds::UNLISTED));
    if *netns != Netns::All && is_unlisted {
        return Err(complaint!(
            "the network namespace of sockets in no table is not known: to see those of all namespaces, type --netns all",
            "어떤 테이블에도 없는 소켓은 네트워크 네임스페이스를 알 수 없습니다. 모두 보려면 --netns all을 입력하세요"
        ));
    }
    if *netns != Netns::All && arguments.at.is_some() {
        return Err(complaint!(
            "--at shows the network namespace of the recorder: for another, type --netns all netns INODE",
            "--at은 기록기의 네트워크 네임스페이스를 봅니다. 다른 것을 보려면 이렇게 입력하세요: --netns all netns INODE"
        ));
    }
    if *netns != Netns::All && arguments.replay.is_some() {
        return Err(complaint!(
            "a recording is of the network namespace it was made in: leave --netns out",
            "--replay로 읽는 것은 저장할 때의 네트워크 네임스페이스입니다. --netns를 빼고 입력하세요"
        ));
    }
    Ok(())
}

/// Returns true if the report is made of sockets.
fn has_rows(arguments: &Arguments) -> bool {
    !(arguments.interfaces
        || arguments.multicast
        || arguments.ethernet
        || arguments.network_direct
        || arguments.route
        || arguments.statistics)
}

/// Returns the word that asks for a pause between two displays.
pub(super) fn pause(arguments: &Arguments) -> Option<String> {
    arguments.interval.map(|seconds| seconds.to_string()).or(arguments.watch.map(|_| "--watch".to_owned()))
}

/// Checks how options combine.
pub(super) fn check(arguments: &Arguments) -> Result<(), Complaint> {
    if arguments.record.is_some() && arguments.replay.is_some() {
        return Err(Complaint::record_and_replay());
    }
    for (given, option) in [(arguments.exists, "--exists"), (arguments.wait, "--wait")] {
        if given && arguments.filter.is_empty() {
            return Err(complaint!(
                "{option} needs a filter: type, for example, netstat {option} lport 8080 state listening",
                "{option}: 필터가 필요합니다. 입력 예: netstat {option} lport 8080 state listening",
                option
            ));
        }
        if given && let Some(pause) = pause(arguments) {
            return Err(complaint!(
                "{option} shows nothing to repeat: leave {pause} out",
                "{option}: 되풀이할 것이 없습니다. {pause} 없이 입력하세요",
                option,
                pause
            ));
        }
    }
    if arguments.exists && arguments.wait {
        return Err(complaint!(
            "--exists and --wait cannot be combined: --wait also says whether a row matches",
            "--exists와 --wait는 함께 쓸 수 없습니다. --wait만으로도 맞는 행이 있는지 알 수 있습니다"
        ));
    }
    if arguments.timeout.is_some() && !arguments.wait {
        return Err(complaint!(
            "--timeout belongs to --wait: type --wait, or leave --timeout out",
            "--timeout은 --wait의 옵션입니다. --wait를 함께 입력하거나 --timeout을 빼세요"
        ));
    }
    if !arguments.filter.is_empty() && !has_rows(arguments) {
        return Err(complaint!(
            "filters work only on connection tables, not with -r, -s, -e, -x, --interfaces or --multicast: leave one of the \
             two out",
            "필터는 연결 표에만 쓸 수 있고, -r, -s, -e, -x, --interfaces, --multicast와는 함께 쓸 수 없습니다. 둘 중 하나를 빼세요"
        ));
    }
    check_namespace(arguments)?;
    check_past(arguments)?;
    check_reports(arguments)?;
    check_shape(arguments)?;
    if let (Some(seconds), Some(_)) = (arguments.interval, arguments.watch) {
        return Err(complaint!(
            "{seconds} is an interval, and --watch has one as well: leave one of the two out",
            "{seconds}: 간격인데 --watch에도 간격이 있습니다. 둘 중 하나를 빼세요",
            seconds = seconds.to_string()
        ));
    }
    if let (Some(count), None) = (arguments.count, pause(arguments)) {
        return Err(complaint!(
            "--count {count} needs an interval in seconds: type, for example, netstat -ano 5 --count {count}",
            "--count {count}: 초 단위 간격이 필요합니다. 입력 예: netstat -ano 5 --count {count}",
            count = count.to_string()
        ));
    }
    if let (Some(protocol), Some(_)) = (arguments.protocol, arguments.family) {
        return Err(complaint!(
            "-p {protocol} and families cannot be combined: type one of them; to see one protocol of several, netstat \
             --family unix,inet family unix or tcp",
            "-p {protocol}: 주소 체계와 함께 쓸 수 없습니다. 하나만 입력하세요. 여럿 중 한 프로토콜을 보려면: netstat \
             --family unix,inet family unix or tcp",
            protocol = protocol.name()
        ));
    }
    if let Some(protocol) = arguments.protocol.filter(|protocol| !protocol.has_sockets())
        && !arguments.statistics
    {
        let name = protocol.name();
        // The version of IP is a filter, and ICMP has no sockets to filter.
        let sockets = match protocol {
            ProtocolName::Ip => "netstat -an ipv4",
            ProtocolName::Ipv6 => "netstat -an ipv6",
            _ => "netstat -an",
        };
        return Err(complaint!(
            "-p {name} has no connections to show: for its statistics type netstat -s -p {name}, for sockets {sockets}",
            "-p {name}: 표시할 연결이 없는 프로토콜입니다. 통계를 보려면 netstat -s -p {name}, 소켓을 보려면 {sockets}",
            name,
            sockets
        ));
    }
    Ok(())
}

/// Checks what goes with `--at`.
fn check_past(arguments: &Arguments) -> Result<(), Complaint> {
    if arguments.at.is_none() {
        return match arguments.store {
            Some(_) => Err(complaint!(
                "--store belongs to --at: type, for example, netstat -ano --at '10 minutes ago'",
                "--store는 --at과 함께 씁니다. 입력 예: netstat -ano --at '10분 전'"
            )),
            None => Ok(()),
        };
    }
    if !has_rows(arguments) {
        return Err(complaint!(
            "--at shows tables of connections, not -r, -s, -e, -x, --interfaces or --multicast: leave one out",
            "--at은 연결 표에만 쓸 수 있고, -r, -s, -e, -x, --interfaces, --multicast와는 함께 쓸 수 없습니다. 하나를 빼세요"
        ));
    }
    if let Some(pause) = pause(arguments) {
        return Err(complaint!(
            "--at shows one moment, and nothing to repeat: leave {pause} out",
            "--at은 한 시각만 표시하므로 되풀이할 것이 없습니다. {pause} 없이 입력하세요",
            pause
        ));
    }
    let others = [
        (arguments.exists, "--exists"),
        (arguments.wait, "--wait"),
        (arguments.record.is_some(), "--record"),
        (arguments.replay.is_some(), "--replay"),
        (arguments.owners.is_some(), "--owners"),
    ];
    match typed(&others)[..] {
        [option, ..] => Err(complaint!(
            "{option} asks the running system, --at its history: leave one of the two out",
            "{option}: 지금의 시스템에 묻는 옵션이고, --at은 기록을 봅니다. 둘 중 하나를 빼세요",
            option
        )),
        [] => Ok(()),
    }
}

/// Returns the options that choose columns and order of the connection table, each with whether it was typed.
fn shape(arguments: &Arguments) -> [(bool, &'static str); 7] {
    [
        (arguments.columns.is_some(), "--columns"),
        (arguments.group_by.is_some(), "--group-by"),
        (arguments.sort.is_some(), "--sort"),
        (arguments.limit.is_some(), "--limit"),
        (arguments.process, "--process"),
        (arguments.cmdline, "--cmdline"),
        (arguments.no_header, "--no-header"),
    ]
}

/// Checks how the options combine that choose columns, order and format of the connection table.
pub(super) fn check_shape(arguments: &Arguments) -> Result<(), Complaint> {
    let format = arguments.formats.first();
    if let Some((one, two)) =
        format.zip(arguments.formats.iter().find(|other| Some(other) != format.as_ref()))
    {
        let (one, two) = (one.name, two.name);
        return Err(complaint!(
            "--{one} and --{two} cannot be combined: type one of them",
            "--{one}, --{two}: 함께 쓸 수 없습니다. 하나만 입력하세요",
            one,
            two
        ));
    }
    let typed = shape(arguments).into_iter().find_map(|(typed, spelling)| typed.then_some(spelling));
    let other = [
        (arguments.route, "-r"),
        (arguments.statistics, "-s"),
        (arguments.ethernet, "-e"),
        (arguments.network_direct, "-x"),
        (arguments.port_counts, "-c"),
        (arguments.interfaces, "--interfaces"),
        (arguments.multicast, "--multicast"),
    ];
    let other = other.into_iter().find_map(|(typed, spelling)| typed.then_some(spelling));
    let has_document = arguments.route
        || arguments.statistics
        || arguments.ethernet
        || arguments.interfaces
        || arguments.multicast;
    let format = format.filter(|format| !(has_document && format.of_every_report));
    let format = format.map(|format| format!("--{}", format.name));
    if let (Some(typed), Some(other)) = (typed.map(str::to_owned).or(format), other) {
        return Err(complaint!(
            "{typed} is for the connection table, not for {other}: type one of the two",
            "{typed}: 연결 표에만 쓸 수 있고, {other} 옵션과 함께 쓸 수 없습니다. 둘 중 하나만 입력하세요",
            typed,
            other
        ));
    }
    if let (true, Some(format)) = (arguments.no_header, arguments.formats.first()) {
        return Err(complaint!(
            "--no-header is for text tables, not for --{format}: leave it out",
            "--no-header: 텍스트 표에만 쓸 수 있고, --{format} 출력에는 쓸 수 없습니다. 빼고 입력하세요",
            format = format.name
        ));
    }
    let Some(group_by) = &arguments.group_by else { return Ok(()) };
    if arguments.columns.is_some() {
        return Err(complaint!(
            "--columns and --group-by cannot be combined: --group-by shows the columns that it counts by",
            "--columns와 --group-by는 함께 쓸 수 없습니다. --group-by는 세는 기준인 열을 표시합니다"
        ));
    }
    match arguments.sort {
        Some(Order::By { column, .. }) if !group_by.contains(&column) => Err(complaint!(
            "--sort {column} needs that column in --group-by: groups are sorted by one of their columns, and without --sort \
             the largest comes first",
            "--sort {column}: 그 열이 --group-by에 있어야 합니다. 그룹은 그 열 중 하나로 정렬하며, --sort가 없으면 큰 것부터 \
             표시합니다",
            column = column.name
        )),
        _ => Ok(()),
    }
}
