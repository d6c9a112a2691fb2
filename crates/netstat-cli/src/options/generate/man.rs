//! The man page, in the man(7) macros, which every formatter of man pages knows.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::examples;
use super::help::SUMMARY;
use netstat_check as check;
use netstat_engine::text::Language;
use netstat_engine::text::wrapped;
use netstat_engine::{columns, filter};

/// The date in the footer: the day the texts of the page last changed. The page shows no version, so that it changes
/// only with its texts.
const REVISED: &str = "2026-11-30";

/// The width of source lines; formatters fill lines themselves.
const WIDTH: usize = 79;

/// The forms of a command line, and what each is for.
const FORMS: [(&str, &str); 9] = [
    ("[options] [filter] [interval]", "The table of connections."),
    ("-r | -s | -e | -c | -x | --interfaces | --multicast [options] [interval]", "Another report."),
    (
        "check [name ...] [filter] [options] [interval]",
        "What is wrong, which process causes it, and what to do next.",
    ),
    ("check bind port ...", "Who or what stops a program from binding a port."),
    ("record [options]", "Watches connections open and end, and keeps them."),
    ("history [filter] [options]", "Connections of the past, as netstat record kept them."),
    (
        "capture [filter] [-w file] [options]",
        "Keeps or shows the packets of connections, with the process of each.",
    ),
    (
        "--help [topic]",
        "Help: in short with -h, about a topic (filter, columns, check, record, history, capture, examples).",
    ),
    (
        "[net-tools options] [filter] [interval]",
        "What net-tools gives, for options that only net-tools knows, as in -tulpn.",
    ),
];

/// More examples than those of the help text, for what it does not show.
pub(super) const EXAMPLES: [(&str, &str); 6] = [
    ("netstat check bind 8080", "Who or what stops a program from binding port 8080."),
    (
        "netstat --columns process,raddr,rtt --sort rtt:desc --limit 10",
        "The ten slowest connections, by process.",
    ),
    ("netstat --group-by process listening", "How many ports each program listens on."),
    ("netstat record --keep 2GiB", "Keeps connections, with at most 2 GiB, until it is told to stop."),
    (
        "netstat history process curl reason failed",
        "What curl failed to connect to, from what netstat record kept.",
    ),
    (
        "netstat capture process curl -w curl.pcapng --for 30s",
        "Keeps the packets of curl, for 30 seconds, in a file that Wireshark opens.",
    ),
];

/// Exit codes, and what they mean.
const EXIT_CODES: [(&str, &str); 4] = [
    (
        "0",
        "The report was shown. With --exists and --wait: a row matches. With netstat record --status: a recorder is running.",
    ),
    (
        "1",
        "An error occurred, the command line was not understood, or help was asked for as on Windows (/?, -?); the reason is \
         on standard error. With --exists: no row matches. With --wait: the time was up. With netstat record --status: no recorder is running.",
    ),
    ("2", "With --exists and --wait: an error, or the answer depends on something that could not be read."),
    ("3", "In the net-tools dialect: the options were not understood, as in net-tools."),
];

/// Environment variables.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("NETSTAT_DIALECT", "windows or net-tools: whose options these are. The option --dialect wins over it."),
    (
        "LC_ALL, LC_MESSAGES, LANG",
        "The language, English or Korean, in this order. The option --lang wins over them.",
    ),
    ("NO_COLOR", "If it is set and not empty, states are not coloured unless --color always is given."),
    ("TERM", "dumb is for terminals without colours."),
    ("TZ", "The time zone of times that are read and shown."),
];

/// Files that are read or written.
const FILES: [(&str, &str); 6] = [
    (
        "/var/lib/netstat",
        "The history that netstat record writes, and that netstat history and --at read. The option --store names another.",
    ),
    ("/run/netns", "The network namespaces that ip netns knows by name, for --netns."),
    ("/etc/services", "The names of ports."),
    ("/etc/passwd", "The names of users."),
    (
        "/proc",
        "The processes that hold sockets; sockets as well, where the kernel does not list them over netlink.",
    ),
    (
        "/usr/lib/systemd/system/netstat-record.service",
        "Runs the recorder as a service, where a package installs it.",
    ),
];

/// The man page.
pub(super) fn man() -> String {
    let mut page = format!(
        ".\\\" Made by netstat --generate man. Do not edit.\n.TH NETSTAT 1 {REVISED} netstat \"User Commands\"\n\
         .SH NAME\nnetstat \\- show network connections, routes and statistics\n.SH SYNOPSIS\n"
    );
    for (at, (form, _)) in FORMS.iter().enumerate() {
        let line_break = if at == 0 { "" } else { ".br\n" };
        page.push_str(&format!("{line_break}.B netstat\n"));
        sentence_lines(&mut page, &escape(form));
    }
    page.push_str(".SH DESCRIPTION\n");
    paragraph(&mut page, SUMMARY.english());
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        "The command line and the output are those of netstat on Windows. Without options it shows TCP connections, with \
         host and service names where they are known.",
    );
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        "Letters may be combined in any order and typed in any case, after - or / (-ano, /NAO). Long options take two \
         dashes; their value is the next word or follows an equals sign. Options and filter may stand in any order. A number \
         alone is the interval.",
    );
    page.push_str(".PP\nThe forms of the command line, in the order of the synopsis:\n");
    for (form, meaning) in FORMS {
        item(&mut page, &bold(&format!("netstat {form}")), meaning, "");
    }
    page.push_str(".SH OPTIONS\n");
    for (report, heading) in Topic::ALL {
        page.push_str(&format!(".SS {heading}\n"));
        for entry in table::sorted().into_iter().filter(|entry| entry.report == report) {
            item(&mut page, &spelled(entry), entry.help.english(), entry.details);
            if let Some(inferred) = entry.inferred {
                page.push_str(".IP\n");
                paragraph(
                    &mut page,
                    &format!("Format not documented by Microsoft: {}", lower_first(inferred)),
                );
            }
        }
        if report == Topic::Program {
            item(&mut page, &format!("\\fI{}\\fR", INTERVAL.name), INTERVAL.help.english(), INTERVAL.details);
        }
    }
    page.push_str(".SH FILTERS\n");
    filters(&mut page, &filter::help(Language::English));
    page.push_str(".SH COLUMNS\n");
    paragraph(
        &mut page,
        "Names of columns, for --columns, --sort and --group-by. They are the keys of JSON and CSV as well.",
    );
    for column in columns::ALL {
        let unit = if column.unit.is_empty() { String::new() } else { format!(" ({})", column.unit) };
        item(&mut page, &bold(column.name), &format!("{}{unit}.", column.meaning.english()), "");
    }
    page.push_str(".SH CHECKS\n");
    paragraph(
        &mut page,
        "netstat check runs all of these, or those that are named. netstat check --explain NAME explains the rule of a check, and \
         lists its settings.",
    );
    for known in check::ALL {
        item(
            &mut page,
            &bold(known.name),
            &format!("{}.", upper_first(known.data.summary.of(Language::English))),
            "",
        );
    }
    page.push_str(".SH EXAMPLES\n");
    let short = super::short::EXAMPLES
        .iter()
        .map(|(command, meaning)| (*command, format!("{}.", upper_first(meaning.english()))));
    let others = examples::EXAMPLES.iter().map(|(command, meaning)| (*command, meaning.english().to_owned()));
    let own = EXAMPLES.map(|(command, meaning)| (command, meaning.to_owned()));
    for (command, meaning) in short.chain(others).chain(own) {
        item(&mut page, &bold(command), &meaning, "");
    }
    page.push_str(".SH \"EXIT STATUS\"\n");
    for (code, meaning) in EXIT_CODES {
        item(&mut page, &bold(code), meaning, "");
    }
    page.push_str(".PP\nThe exit codes of\n.B netstat check\n");
    paragraph(
        &mut page,
        "are what monitoring systems expect: 0 ok, or only notices; 1 warning; 2 critical; 3 unknown, or \
         an error.",
    );
    for (heading, list) in [("ENVIRONMENT", &ENVIRONMENT[..]), ("FILES", &FILES)] {
        page.push_str(&format!(".SH {heading}\n"));
        for (name, meaning) in list {
            item(&mut page, &bold(name), meaning, "");
        }
    }
    page.push_str(
        ".SH \"SEE ALSO\"\n.BR ss (8),\n.BR ip (8),\n.BR ip\\-netns (8),\n.BR lsof (8),\n.BR services (5)\n",
    );
    page
}

/// Writes the help on the filter language, whose lines are paragraphs and, indented, lists.
fn filters(page: &mut String, help: &str) {
    // The heading begins a paragraph by itself.
    let mut begins = false;
    // An indented line goes on with the one before it; below a list of words that is so only behind a comma.
    let (mut is_list, mut goes_on) = (false, false);
    for line in help.lines() {
        let text = line.trim_start();
        match line.len() - text.len() {
            _ if text.is_empty() => begins = true,
            // A word and its meaning, far apart.
            2 if text.contains("   ") || text.starts_with("netstat ") => {
                let (word, meaning) = text.split_once("   ").unwrap_or((text, ""));
                item(page, &bold(word), meaning.trim_start(), "");
                begins = true;
            }
            // What an example finds, or the rest of a paragraph.
            indent if indent > 2 || (indent == 2 && !begins) => {
                if is_list && !goes_on {
                    page.push_str(".br\n");
                }
                paragraph(page, text);
            }
            _ => {
                let (word, _) = text.split_once([':', ',']).unwrap_or_default();
                let is_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
                if begins || is_name {
                    page.push_str(".PP\n");
                }
                begins = false;
                // Addresses are explained in sentences.
                is_list = word.len() == 1 && word != "A";
                paragraph(page, text);
            }
        }
        goes_on = text.ends_with(',');
    }
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escape(text))
}

/// Returns every spelling of an option in bold, and its value in italics: `-p, --protocol proto`.
fn spelled(entry: &Entry) -> String {
    let mut spellings: Vec<_> = entry.letters.iter().map(|letter| format!("\\fB\\-{letter}\\fR")).collect();
    spellings.push(bold(&format!("--{}", entry.long)));
    let value = entry.value().map(|value| format!("\\ \\fI{}\\fR", value.name)).unwrap_or_default();
    spellings.join(", ") + &value
}

fn item(page: &mut String, tag: &str, help: &str, details: &str) {
    // An input line ends with a backslash where its line goes on: a tag is one line.
    page.push_str(&format!(".TP\n{}\n", wrapped(tag, WIDTH - 2).join(" \\\n")));
    paragraph(page, help);
    paragraph(page, details);
}

/// Writes one sentence per line, the convention for man pages, so that changes are easy to review.
fn paragraph(page: &mut String, text: &str) {
    let text = escape(text);
    let mut rest = text.as_str();
    while let Some((sentence, after)) = rest.split_once(". ") {
        sentence_lines(page, &format!("{sentence}."));
        rest = after;
    }
    if !rest.is_empty() {
        sentence_lines(page, rest);
    }
}

fn sentence_lines(page: &mut String, sentence: &str) {
    for line in wrapped(sentence, WIDTH) {
        // A line that begins with a period or an apostrophe would be a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        page.push_str(&format!("{guard}{line}\n"));
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

fn upper_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Lowers the first letter, except of an abbreviation.
fn lower_first(text: &str) -> String {
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
