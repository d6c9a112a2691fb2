//! Options of the connection table.

use super::super::arguments::{OWNERS_NAMES, ProtocolName};
use super::super::values;
use super::{Effect, Entry, Report, Value, ValueKind};

pub(super) const OPTIONS: &[Entry] = &[
    Entry {
        letters: &['a'],
        long: "all",
        in_synopsis: true,
        summary: "Show listening ports and UDP as well",
        help: "Shows every connection, and the ports that listen: TCP listeners and UDP sockets.",
        details: "Without it only TCP connections are shown, in every state but LISTENING, unless a filter says which rows \
                  are wanted.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.all = true),
    },
    Entry {
        letters: &['b'],
        long: "executable",
        in_synopsis: true,
        summary: "Show the executable behind each row",
        help: "Shows below each row the executable that made the connection or listens, in [], and above it the \
               service it belongs to where there is one. Of other users' processes this can only be told with \
               the right to look into them.",
        details: "On Linux the service is the systemd unit the process runs in.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.executable = true),
    },
    Entry {
        letters: &['d'],
        long: "dscp",
        in_synopsis: false,
        summary: "Show the DSCP value of each connection",
        help: "Shows the DSCP value that each connection marks its packets with.",
        details: "The value is a number from 0 to 63.",
        inferred: Some("The heading and the place of the column: no output of Windows with it was found."),
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.dscp = true),
    },
    Entry {
        letters: &['f'],
        long: "full-names",
        in_synopsis: true,
        summary: "Show whole host names of foreign addresses",
        help: "Shows the names of foreign addresses in full (FQDN), not cut at the first dot.",
        details: "Together with -n there are no names, and it has no effect.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.full_names = true),
    },
    Entry {
        letters: &['i'],
        long: "time-in-state",
        in_synopsis: true,
        summary: "Show how long connections have been in their state",
        help: "Shows for how long a TCP connection has been in its current state.",
        details: "In milliseconds, where the operating system knows it.",
        inferred: Some(
            "The place of the column, and how it stands beside -o and -t: only its heading is known.",
        ),
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.time_in_state = true),
    },
    Entry {
        letters: &['n'],
        long: "numeric",
        in_synopsis: true,
        summary: "Show addresses and ports as numbers",
        help: "Shows addresses and ports as numbers, and looks no names up.",
        details: "",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.numeric = true),
    },
    Entry {
        letters: &['o'],
        long: "pid",
        in_synopsis: true,
        summary: "Show the ID of the process that owns each row",
        help: "Shows the ID of the process (PID) that owns each connection.",
        details: "It is 0 for a connection that has no process any more, such as one in TIME_WAIT.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.pid = true),
    },
    Entry {
        letters: &['p'],
        long: "protocol",
        in_synopsis: true,
        summary: "Show one protocol only",
        help: "Shows the connections of one protocol: TCP, UDP, TCPv6 or UDPv6. With -s it may also be IP, IPv6, \
               ICMP or ICMPv6, and selects one section of the statistics.",
        details: "TCP and UDP mean those over IPv4. The name is the next word, also when p stands in the middle of \
                  other letters (-apn tcp), or follows it directly (-ptcp, -anptcp). Of several -p the last holds. Without -a, udp and udpv6 show \
                  the connected UDP sockets.",
        inferred: Some(
            "What udp and udpv6 show without -a, and that ip, ipv6, icmp and icmpv6 without -s are an error.",
        ),
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "proto", example: "tcp", kind: ValueKind::Choice(&ProtocolName::NAMES) },
            |arguments, text| {
                arguments.protocol = Some(values::parse_protocol(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &['q'],
        long: "bound",
        in_synopsis: false,
        summary: "Show bound ports that do not listen as well",
        help: "Shows what -a shows, and the TCP ports that a process has bound and neither listens on nor has \
               connected.",
        details: "Linux tells of such ports from version 6.8 on.",
        inferred: Some("Where the BOUND rows stand when there are IPv6 rows too, and their IPv6 form."),
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.bound = true),
    },
    Entry {
        letters: &['t'],
        long: "offload",
        in_synopsis: true,
        summary: "Show the offload state of each connection",
        help: "Shows whether each TCP connection is handled by the network adapter (offloaded) or by this host.",
        details: "",
        inferred: Some("UDP rows when -o is there too."),
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.offload = true),
    },
    Entry {
        letters: &['y'],
        long: "template",
        in_synopsis: true,
        summary: "Show the TCP template of each connection",
        help: "Shows the TCP template of each connection: on Linux its congestion control.",
        details: "Windows does not let it be combined with other options; here it may be.",
        inferred: Some("The place of the column, and every combination with other options."),
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.template = true),
    },
    Entry {
        letters: &[],
        long: "owners",
        in_synopsis: false,
        summary: "Choose how the owners of sockets are found",
        help: "Chooses how the owners of sockets are found: auto, bpf or proc. Without it auto: from /proc where there \
               are fewer than 4,000 files open on the machine, else by a BPF program in the kernel, where that is possible.",
        details: "BPF needs Linux 5.17 and root (CAP_BPF and CAP_PERFMON). It sees the descriptors of all processes and is \
                  many times faster where there are many. With bpf nothing else is tried: where it is not possible, \
                  that is an error.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "MEANS", example: "proc", kind: ValueKind::Choice(&OWNERS_NAMES) },
            |arguments, text| {
                arguments.owners = Some(values::parse_owners(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "path",
        in_synopsis: false,
        summary: "Show full paths of executables",
        help: "With -b, shows the full path of the executable instead of its name; with --process, and without -b, in the \
               column PROCESS.",
        details: "An executable that has been deleted since it was started is marked.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.path = true),
    },
    Entry {
        letters: &[],
        long: "geo",
        in_synopsis: false,
        summary: "Take countries and networks from this file",
        help: "Takes countries and networks of addresses from this file in MaxMind's format, for the columns and the \
               filter words country and network. Without it countries come from a table in the program.",
        details: "It may be repeated: the first file that knows an address is believed, and what none knows of \
                  countries the table does. The table says where whoever announces an address is registered. \
                  Networks are in files only, such as those for ASN. Nothing is ever asked of anybody.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "FILE", example: "asn.mmdb", kind: ValueKind::File },
            |arguments, text| {
                arguments.geo.push(values::parse_file("--geo", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "resolve-timeout",
        in_synopsis: false,
        summary: "Limit the time that name look-ups may take",
        help: "Limits the time that all name look-ups together may take: 2, 2s or 500ms. Without it 2 seconds.",
        details: "What has no name by then is shown as a number. 0 does not wait at all; an hour is the longest.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "SECONDS", example: "500ms", kind: ValueKind::Free },
            |arguments, text| {
                arguments.resolve_timeout = Some(values::parse_resolve_timeout(text)?);
                Ok(())
            },
        ),
    },
];
