//! How options combine: what would be ignored is an error.

use super::arguments::{Arguments, Netns, ProtocolName};
use super::complaint::{Complaint, complaint};
use netstat_engine::view::sort::Order;

/// Complains about a second `-p`.
pub(super) fn two_protocols(one: ProtocolName, two: ProtocolName) -> Complaint {
    let (one, two) = (one.name(), two.name());
    complaint!(
        "-p {one} and -p {two} cannot be combined: type one of them; to see several, netstat -an tcp or udp"
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
        return Err(complaint!("{one} and {two} are two reports: type one of them"));
    }
    let belongs = |options: &[(bool, &'static str)], to: &str, example: &str| match typed(options)[..] {
        [option, ..] => {
            Err(complaint!("{option} belongs to {to}: leave it out, or type, for example, {example}"))
        }
        [] => Ok(()),
    };
    if !arguments.route {
        belongs(&[(arguments.tables.is_some(), "--table")], "-r", "netstat -r --table all")?;
    }
    let of_text = [(arguments.no_extra, "--no-extra"), (arguments.no_rates, "--no-rates")];
    if arguments.interfaces {
        belongs(&of_text[..1], "-s and -e", "netstat -s --no-extra")?;
        if arguments.json() {
            belongs(&of_text, "text", "netstat --interfaces 5 --no-rates")?;
        }
    } else if !counters {
        belongs(&of_text, "-s and -e", "netstat -s --no-extra")?;
    } else if arguments.json() {
        belongs(&of_text, "the text of -s and -e", "netstat -s --no-extra")?;
        belongs(&[(arguments.protocol.is_some(), "-p")], "the text of -s", "netstat -s -p tcp")?;
    }
    let has_table = reports.is_empty() || arguments.statistics && arguments.protocol.is_some();
    if !has_table && !arguments.port_counts {
        belongs(
            &[(arguments.protocol.is_some(), "-p")],
            "the table of connections and -s",
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
        belongs(&of_table, "the table of connections", "netstat -an --path")?;
    }
    if arguments.verbose && !arguments.ethernet && !has_table && !arguments.port_counts {
        return Err(complaint!("-v says nothing beside {}: leave it out", reports.first().unwrap_or(&"-r")));
    }
    let numbers = arguments.numeric || arguments.columns.is_some() || !arguments.formats.is_empty();
    if arguments.resolve_timeout.is_some() && numbers {
        return Err(Complaint::new(
            "--resolve-timeout has no effect: only the table of Windows without -n looks names up; leave it out",
        ));
    }
    let of_windows =
        [(arguments.process, "--process"), (arguments.cmdline, "--cmdline"), (arguments.path, "--path")];
    if arguments.columns.is_some() {
        belongs(&of_windows, "the table of Windows", "--columns local,foreign,state,process")?;
    }
    if arguments.group_by.is_some() {
        belongs(&of_windows, "the table of Windows", "--group-by process")?;
    }
    if arguments.exists || arguments.wait {
        let option = if arguments.exists { "--exists" } else { "--wait" };
        let formats = !arguments.formats.is_empty();
        let others = [(arguments.path, "--path"), (formats, "--json, --jsonl and --csv")];
        if let [shape, ..] = typed(&[&shape(arguments)[..], &others].concat())[..] {
            return Err(complaint!("{option} prints nothing: leave {shape} out"));
        }
    }
    Ok(())
}

/// Rejects a network namespace that would be ignored.
pub(super) fn check_namespace(arguments: &Arguments) -> Result<(), Complaint> {
    let Some(netns) = &arguments.netns else { return Ok(()) };
    if *netns == Netns::All && (arguments.verb.is_some() || !has_rows(arguments)) {
        return Err(Complaint::new(
            "--netns all is for tables of sockets: name one namespace, as ip netns lists them or by a PID",
        ));
    }
    if *netns != Netns::All && arguments.at.is_some() {
        return Err(Complaint::new(
            "--at is of the network namespace of the recorder: for another type --netns all netns INODE",
        ));
    }
    if *netns != Netns::All && arguments.replay.is_some() {
        return Err(Complaint::new(
            "a recording is of the network namespace it was made in: leave --netns out",
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

/// Returns how the words call the pause between two displays.
pub(super) fn pause(arguments: &Arguments) -> Option<&'static str> {
    arguments.interval.map(|_| "the interval").or(arguments.watch.map(|_| "--watch"))
}

/// Checks how options combine.
pub(super) fn check(arguments: &Arguments) -> Result<(), Complaint> {
    if arguments.record.is_some() && arguments.replay.is_some() {
        return Err(Complaint::record_and_replay());
    }
    for (given, option) in [(arguments.exists, "--exists"), (arguments.wait, "--wait")] {
        if given && arguments.filter.is_empty() {
            return Err(complaint!(
                "{option} needs a filter: type, for example, netstat {option} lport 8080 state listening"
            ));
        }
        if given && let Some(pause) = pause(arguments) {
            return Err(complaint!("{option} shows nothing to repeat: leave {pause} out"));
        }
    }
    if arguments.exists && arguments.wait {
        return Err(Complaint::new(
            "--exists and --wait cannot be combined: --wait also says whether a row matches",
        ));
    }
    if arguments.timeout.is_some() && !arguments.wait {
        return Err(Complaint::new("--timeout belongs to --wait: type --wait, or leave --timeout out"));
    }
    if !arguments.filter.is_empty() && !has_rows(arguments) {
        return Err(Complaint::new(
            "filters work only on connection tables, not with -r, -s, -e, -x, --interfaces or --multicast: leave one of the \
             two out",
        ));
    }
    check_namespace(arguments)?;
    check_past(arguments)?;
    check_reports(arguments)?;
    check_shape(arguments)?;
    if let (Some(seconds), Some(_)) = (arguments.interval, arguments.watch) {
        return Err(complaint!(
            "{seconds} is an interval, and --watch has one as well: leave one of the two out"
        ));
    }
    if let (Some(count), None) = (arguments.count, pause(arguments)) {
        return Err(complaint!(
            "--count {count} needs an interval in seconds: type, for example, netstat -ano 5 --count {count}"
        ));
    }
    if let (Some(protocol), Some(_)) = (arguments.protocol, arguments.family) {
        return Err(complaint!(
            "-p {} and families cannot be combined: type one of them; to see one protocol of several, netstat --family \
             unix,inet family unix or tcp",
            protocol.name()
        ));
    }
    if let Some(protocol) = arguments.protocol.filter(|protocol| !protocol.has_sockets())
        && !arguments.statistics
    {
        let name = protocol.name();
        return Err(complaint!(
            "-p {name} has no connections to show: type netstat -s -p {name} for its statistics, or -p tcp or udp"
        ));
    }
    Ok(())
}

/// Checks what goes with `--at`.
fn check_past(arguments: &Arguments) -> Result<(), Complaint> {
    if arguments.at.is_none() {
        return match arguments.store {
            Some(_) => Err(Complaint::new(
                "--store belongs to --at: type, for example, netstat -ano --at '10 minutes ago'",
            )),
            None => Ok(()),
        };
    }
    if !has_rows(arguments) {
        return Err(Complaint::new(
            "--at shows tables of connections, not -r, -s, -e, -x, --interfaces or --multicast: leave one out",
        ));
    }
    if let Some(pause) = pause(arguments) {
        return Err(complaint!("--at shows one moment, and nothing to repeat: leave {pause} out"));
    }
    let others = [
        (arguments.exists, "--exists"),
        (arguments.wait, "--wait"),
        (arguments.record.is_some(), "--record"),
        (arguments.replay.is_some(), "--replay"),
        (arguments.owners.is_some(), "--owners"),
    ];
    match typed(&others)[..] {
        [option, ..] => {
            Err(complaint!("{option} asks the running system, --at its history: leave one of the two out"))
        }
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
        return Err(complaint!("--{one} and --{two} cannot be combined: type one of them"));
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
            "{typed} is for the table of connections, not for {other}: type one of the two"
        ));
    }
    if let (true, Some(format)) = (arguments.no_header, arguments.formats.first()) {
        return Err(complaint!("--no-header is for tables of text, not for --{}: leave it out", format.name));
    }
    let Some(group_by) = &arguments.group_by else { return Ok(()) };
    if arguments.columns.is_some() {
        return Err(Complaint::new(
            "--columns and --group-by cannot be combined: --group-by shows the columns that it counts by",
        ));
    }
    match arguments.sort {
        Some(Order::By { column, .. }) if !group_by.contains(&column) => Err(complaint!(
            "--sort {} needs that column in --group-by: groups are sorted by one of their columns, and without --sort \
             the largest comes first",
            column.name
        )),
        _ => Ok(()),
    }
}
