//! What each letter means in both dialects, in Markdown.

use super::super::net_tools::OPTIONS;
use super::super::table;
use crate::render::contents::with_contents;

/// What differs from net-tools, and why.
const DIFFERENCES: [&str; 19] = [
    "Text from outside (names of programs and hosts, paths) is escaped: net-tools writes control characters as they are, or \
     as dots. A name is cut between characters, not within one.",
    "A path of a Unix socket is whole, with blanks as `\\x20`; net-tools cuts it at the first blank.",
    "INTERVAL and FILTER are understood, where net-tools ignores such words: `netstat -tulpn port 80`. UDP-Lite sockets \
     match no filter.",
    "`-S` and the families beyond inet, inet6 and unix: where the system has none, both say so in the same words; where it \
     has, this program says that it does not list them.",
    "`-Z` is refused with SELinux, too.",
    "`-i`: an address whose label does not begin with the name of its interface has a row as well; net-tools stops at it \
     with an error.",
    "`-i -e` has no IPX and AppleTalk addresses, and no `outfill` and `keepalive` of serial lines. Hardware of the kinds IrDA \
     and Ash, which Linux no longer has, is UNSPEC. A hardware address that is too short for its kind ends in zeros; in \
     net-tools it ends in what lay in its memory.",
    "`-r` with a family beyond inet and inet6 says that it has no routing.",
    "`-r -i` and other pairs of reports are an error that says so; net-tools shows its usage text alone.",
    "`--tcpip` is `--ip`; net-tools reports an internal error and goes on. `--ipv4`, `--ipv6` and `--extended` are \
     understood as well.",
    "What is wrong with an option is followed by the usage text of this program; the exit code is 3, as in net-tools.",
    "`-h` writes nothing to standard error; net-tools writes a part of its list of families there.",
    "A beginning that several long options have is refused with a list of these in an order of its own.",
    "`-V` gives the version of this program.",
    "Names of hosts are waited for 2 seconds; an address that has none by then is a number, and that is said.",
    "Names come from files and the resolver as everywhere in this program; net-tools takes the names of `getservent` and \
     `getprotoent`, which other sources of names may give.",
    "The timer of a half-open request counts the answers that were sent; net-tools counts those that were due.",
    "`-g -c` shows the same groups in every display; net-tools misreads those of IPv4 from the second on.",
    "Errors of the system are in the words of this program.",
];

/// The reference.
pub(super) fn markdown() -> String {
    let mut page = String::from(
        "<!-- Made by netstat --generate dialects. Do not edit. -->\n# Dialects of the command line\n\n\
         netstat understands the command line of Windows, which the rest of this documentation is about, and that of\n\
         net-tools, the netstat that Linux distributions had for decades. A command line in the net-tools dialect gives what\n\
         net-tools 2.10 gives, to the byte: headings, columns, widths, order, exit codes.\n\n\
         The dialect is chosen, in this order,\n\n\
         1. by `--dialect windows` or `--dialect net-tools`,\n\
         2. by the environment variable `NETSTAT_DIALECT`, which has one of the same values,\n\
         3. by what is typed: an option that only one dialect knows decides, as in `-tulpn`, `-anp` without a protocol behind\n   \
         it, `-l`, `-W`, `--tcp`, or `-anob`, `/a`, `--json`. What both know is that of Windows. A command line with options\n   \
         that only net-tools knows beside others that only Windows knows is an error that says what to type.\n\n\
         A package that replaces net-tools can make its dialect the default: it installs the program as\n\
         `/usr/lib/netstat/netstat`, and `packaging/net-tools/netstat`, which sets the variable where it is not set, as\n\
         `/usr/bin/netstat`, after `dpkg-divert` or as an alternative.\n\n\
         ## Letters\n\nThe case of letters matters in the net-tools dialect alone.\n\n\
         | letter | Windows | net-tools | without more, means |\n|---|---|---|---|\n",
    );
    for letter in ('a'..='z').chain('A'..='Z').chain(['2', '4', '6', '?']) {
        // The upper case of a letter of Windows is the same letter.
        let windows = table::by_letter(letter, None).filter(|entry| entry.letters.contains(&letter));
        let also = table::by_letter(letter, None);
        let net_tools = OPTIONS.iter().find(|entry| entry.letters.contains(&letter));
        let winner = match (also, net_tools) {
            (Some(_), Some(_)) => "Windows",
            (None, Some(_)) => "net-tools",
            (Some(_), None) => "Windows",
            (None, None) => continue,
        };
        if windows.is_none() && net_tools.is_none() {
            continue;
        }
        // A value that only one dialect takes decides as well.
        let winner = match letter {
            'p' => "Windows with a protocol behind it, else net-tools",
            'A' => "net-tools with a family behind it, else Windows",
            _ => winner,
        };
        let of_windows = also.map_or("", |entry| entry.summary);
        let of_net_tools = net_tools.map_or("", |entry| entry.help);
        page.push_str(&format!("| `-{letter}` | {of_windows} | {of_net_tools} | {winner} |\n"));
    }
    page.push_str("\n## What differs from net-tools\n\n");
    for difference in DIFFERENCES {
        page.push_str(&format!("- {difference}\n"));
    }
    page.push_str(
        "\nRows of sockets stand in the order of the hash tables of the kernel, as in `/proc/net`, which is the order of \
         net-tools as\nwell.\n",
    );
    with_contents(&page)
}
