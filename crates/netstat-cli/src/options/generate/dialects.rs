//! What each letter means in both dialects, in Markdown.

use super::super::net_tools::OPTIONS;
use super::super::table;
use crate::render::contents::with_links;
use netstat_engine::both;
use netstat_engine::text::{Language, Text};

/// What differs from net-tools, and why.
static DIFFERENCES: [Text; 19] = [
    Text::fixed(
        "Text from outside (names of programs and hosts, paths) is escaped: net-tools writes control characters \
         as they are, or as dots. A name is cut between characters, not within one.",
        "외부에서 온 텍스트(프로그램과 호스트의 이름, 경로)는 이스케이프합니다. net-tools는 제어 문자를 그대로, \
         또는 점으로 씁니다. 이름은 글자 중간이 아니라 글자 사이에서 자릅니다.",
    ),
    Text::fixed(
        "A path of a Unix socket is whole, with blanks as `\\x20`; net-tools cuts it at the first blank.",
        "유닉스 소켓의 경로는 전체를, 공백은 `\\x20`으로 표시합니다. net-tools는 첫 공백에서 자릅니다.",
    ),
    Text::fixed(
        "INTERVAL and FILTER are understood, where net-tools ignores such words: `netstat -tulpn port 80`. \
         UDP-Lite sockets match no filter.",
        "net-tools가 무시하는 INTERVAL과 FILTER를 이해합니다: `netstat -tulpn port 80`. UDP-Lite 소켓은 어떤 \
         필터에도 맞지 않습니다.",
    ),
    Text::fixed(
        "`-S` and the families beyond inet, inet6 and unix: where the system has none, both say so in the same \
         words; where it has, this program says that it does not list them.",
        "`-S`, 그리고 inet, inet6, unix가 아닌 주소 체계: 시스템에 없으면 둘 다 같은 말로 없다고 알립니다. 있으면 \
         이 프로그램은 나열하지 않는다고 알립니다.",
    ),
    Text::fixed("`-Z` is refused with SELinux, too.", "`-Z`는 SELinux가 있어도 거부합니다."),
    Text::fixed(
        "`-i`: an address whose label does not begin with the name of its interface has a row as well; net-tools \
         stops at it with an error.",
        "`-i`: 레이블이 인터페이스 이름으로 시작하지 않는 주소도 한 행입니다. net-tools는 거기에서 오류로 \
         멈춥니다.",
    ),
    Text::fixed(
        "`-i -e` has no IPX and AppleTalk addresses, and no `outfill` and `keepalive` of serial lines. Hardware \
         of the kinds IrDA and Ash, which Linux no longer has, is UNSPEC. A hardware address that is too short \
         for its kind ends in zeros; in net-tools it ends in what lay in its memory.",
        "`-i -e`에는 IPX와 AppleTalk 주소, 시리얼 회선의 `outfill`과 `keepalive`가 없습니다. Linux에 더 이상 없는 \
         IrDA와 Ash 하드웨어는 UNSPEC입니다. 종류에 비해 짧은 하드웨어 주소는 0으로 끝납니다. net-tools에서는 \
         메모리에 남아 있던 값으로 끝납니다.",
    ),
    Text::fixed(
        "`-r` with a family beyond inet and inet6 says that it has no routing.",
        "inet, inet6가 아닌 주소 체계와 함께 쓴 `-r`은 라우팅이 없다고 알립니다.",
    ),
    Text::fixed(
        "`-r -i` and other pairs of reports are an error that says so; net-tools shows its usage text alone.",
        "`-r -i`처럼 보고서 둘을 함께 쓰면 그렇다고 알리는 오류입니다. net-tools는 사용법만 표시합니다.",
    ),
    Text::fixed(
        "`--tcpip` is `--ip`; net-tools reports an internal error and goes on. `--ipv4`, `--ipv6` and \
         `--extended` are understood as well.",
        "`--tcpip`는 `--ip`입니다. net-tools는 내부 오류를 알리고 계속합니다. `--ipv4`, `--ipv6`, `--extended`도 \
         이해합니다.",
    ),
    Text::fixed(
        "What is wrong with an option is followed by the usage text of this program; the exit code is 3, as in \
         net-tools.",
        "옵션이 잘못되었으면 이유 뒤에 이 프로그램의 사용법이 나옵니다. 종료 코드는 net-tools처럼 3입니다.",
    ),
    Text::fixed(
        "`-h` writes nothing to standard error; net-tools writes a part of its list of families there.",
        "`-h`는 표준 오류에 아무것도 쓰지 않습니다. net-tools는 주소 체계 목록의 일부를 거기에 씁니다.",
    ),
    Text::fixed(
        "A beginning that several long options have is refused with a list of these in an order of its own.",
        "여러 긴 옵션의 앞부분이면 거부하고 그 목록을 보여 주는데, 순서는 net-tools와 다릅니다.",
    ),
    Text::fixed("`-V` gives the version of this program.", "`-V`는 이 프로그램의 버전입니다."),
    Text::fixed(
        "Names of hosts are waited for 2 seconds; an address that has none by then is a number, and that is said.",
        "호스트 이름은 2초까지 기다립니다. 그때까지 이름을 찾지 못한 주소는 숫자로 표시하고 그렇다고 알립니다.",
    ),
    Text::fixed(
        "Names come from files and the resolver as everywhere in this program; net-tools takes the names of \
         `getservent` and `getprotoent`, which other sources of names may give.",
        "이름은 이 프로그램의 다른 곳처럼 파일과 리졸버에서 찾습니다. net-tools는 `getservent`와 `getprotoent`의 \
         이름을 쓰므로 다른 곳에서 온 이름일 수 있습니다.",
    ),
    Text::fixed(
        "The timer of a half-open request counts the answers that were sent; net-tools counts those that were \
         due.",
        "반열림 요청의 타이머는 보낸 응답의 수를 셉니다. net-tools는 보내야 했던 응답의 수를 셉니다.",
    ),
    Text::fixed(
        "`-g -c` shows the same groups in every display; net-tools misreads those of IPv4 from the second on.",
        "`-g -c`는 표시할 때마다 같은 그룹을 보여 줍니다. net-tools는 두 번째부터 IPv4 그룹을 잘못 읽습니다.",
    ),
    Text::fixed(
        "Errors of the system are in the words of this program.",
        "시스템 오류는 이 프로그램의 말로 표시합니다.",
    ),
];

/// The reference.
pub(super) fn markdown(language: Language) -> String {
    let mut page = both!(
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
        "<!-- netstat --lang ko --generate dialects가 만든 파일입니다. 고치지 마십시오. -->\n# 명령줄의 두 방언\n\n\
         netstat은 Windows의 명령줄과, Linux 배포판에 오래 들어 있던 net-tools netstat의 명령줄을 모두 이해합니다. 다른\n\
         문서는 모두 Windows 방언에 대한 것입니다. net-tools 방언의 명령줄은 net-tools 2.10과 바이트 단위로 같은 결과를\n\
         냅니다: 머리글, 열, 너비, 순서, 종료 코드.\n\n\
         방언은 다음 순서로 정해집니다.\n\n\
         1. `--dialect windows` 또는 `--dialect net-tools`.\n\
         2. 같은 값을 가진 환경 변수 `NETSTAT_DIALECT`.\n\
         3. 입력한 옵션. 한쪽 방언만 아는 옵션이 있으면 그 방언입니다: `-tulpn`, 뒤에 프로토콜이 없는 `-anp`, `-l`, `-W`,\n   \
         `--tcp`, 또는 `-anob`, `/a`, `--json`. 둘 다 아는 옵션은 Windows의 것입니다. net-tools만 아는 옵션과 Windows만\n   \
         아는 옵션을 섞으면, 무엇을 입력해야 하는지 알려 주는 오류입니다.\n\n\
         net-tools를 대신하는 패키지는 net-tools 방언을 기본값으로 할 수 있습니다. 프로그램을\n\
         `/usr/lib/netstat/netstat`에, 변수가 없을 때 설정해 주는 `packaging/net-tools/netstat`을 `/usr/bin/netstat`에\n\
         설치하면 됩니다. `dpkg-divert`나 alternatives를 씁니다.\n\n\
         ## 글자 옵션\n\n대소문자는 net-tools 방언에서만 구분합니다.\n\n\
         | 글자 | Windows | net-tools | 이것만 쓰면 |\n|---|---|---|---|\n"
    )
    .of(language)
    .to_owned();
    for letter in ('a'..='z').chain('A'..='Z').chain(['2', '4', '6', '?']) {
        // The upper case of a letter of Windows is the same letter.
        let windows = table::by_letter(letter, None).filter(|entry| entry.letters.contains(&letter));
        let also = table::by_letter(letter, None);
        let net_tools = OPTIONS.iter().find(|entry| entry.letters.contains(&letter));
        let winner = match (also, net_tools) {
            (Some(_), Some(_)) => both!("Windows", "Windows의 뜻"),
            (None, Some(_)) => both!("net-tools", "net-tools의 뜻"),
            (Some(_), None) => both!("Windows", "Windows의 뜻"),
            (None, None) => continue,
        };
        if windows.is_none() && net_tools.is_none() {
            continue;
        }
        // A value that only one dialect takes decides as well.
        let winner = match letter {
            'p' => both!(
                "Windows with a protocol behind it, else net-tools",
                "뒤에 프로토콜이 있으면 Windows, 아니면 net-tools의 뜻"
            ),
            'A' => both!(
                "net-tools with a family behind it, else Windows",
                "뒤에 주소 체계가 있으면 net-tools, 아니면 Windows의 뜻"
            ),
            _ => winner,
        };
        let of_windows = also.map_or("", |entry| entry.in_short(language));
        let of_net_tools = net_tools.map_or("", |entry| entry.help.of(language));
        page.push_str(&format!(
            "| `-{letter}` | {of_windows} | {of_net_tools} | {} |\n",
            winner.of(language)
        ));
    }
    page.push_str(both!("\n## What differs from net-tools\n\n", "\n## net-tools와 다른 점\n\n").of(language));
    for difference in &DIFFERENCES {
        page.push_str(&format!("- {}\n", difference.of(language)));
    }
    page.push_str(
        both!(
            "\nRows of sockets stand in the order of the hash tables of the kernel, as in `/proc/net`, which is the order of \
             net-tools as\nwell.\n",
            "\n소켓의 행은 `/proc/net`처럼 커널 해시 테이블의 순서이고, net-tools의 순서도 같습니다.\n"
        )
        .of(language),
    );
    with_links(&page, "dialects", language)
}
