//! Output to consoles, files and pipes.

use crate::folder::Folder;
use crate::holder::on_wine;
use crate::run::output;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

const NETSTAT: &str = env!("CARGO_BIN_EXE_netstat");

/// The title of the connection table in Korean, and its bytes in code page 949.
const TITLE: &str = "활성 연결";
const TITLE_949: &[u8] = b"\xc8\xb0\xbc\xba \xbf\xac\xb0\xe1";

/// The exit code of in_console if it cannot start the program.
const NOT_STARTED: i32 = 100;

/// Runs the example in_console, which must exit with `code`, and returns the contents of its two files.
fn in_console(words: &[&str], netstat: &str, code: i32) -> (Vec<u8>, Vec<u8>) {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let folder = Folder::new(&format!("console-{}", RUNS.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir(&folder.0).unwrap();
    let program = std::env::var_os("NETSTAT_IN_CONSOLE")
        .expect("NETSTAT_IN_CONSOLE is the path of the example in_console; cargo xtask windows sets it");
    let [first, second] = ["first", "second"].map(|name| folder.0.join(name));
    let mut command = Command::new(program);
    command.args(words).args([&first, &second]).arg(NETSTAT).args(netstat.split_whitespace());
    let mut done = output(&mut command);
    for _ in 0..2 {
        // As in `run::output`, for the processes that the example starts.
        if on_wine() && done.status.code() == Some(NOT_STARTED) {
            done = output(&mut command);
        }
    }
    assert_eq!(done.status.code(), Some(code), "{words:?} netstat {netstat}: {done:?}");
    (fs::read(first).unwrap(), fs::read(second).unwrap())
}

/// Returns standard output and standard error of a run, redirected to files, in a console with this code page.
fn on_page(page: &str, netstat: &str, code: i32) -> (Vec<u8>, Vec<u8>) {
    in_console(&["page", page], netstat, code)
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[test]
fn files_are_in_the_code_page_of_the_console() {
    let title = |page, words: &str| {
        let (out, complaints) = on_page(page, words, 0);
        assert_eq!(complaints, b"", "{words}");
        out.split(|&byte| byte == b'\n').nth(1).unwrap().strip_suffix(b"\r").unwrap().to_vec()
    };
    assert_eq!(title("949", "-an --lang ko"), TITLE_949);
    assert_eq!(title("850", "-ano --lang ko"), b"?? ??");
    assert_eq!(title("437", "-an -o --lang ko"), b"?? ??");
    assert_eq!(title("65001", "-an --lang ko"), TITLE.as_bytes());
    assert_eq!(title("949", "-an --lang ko --utf8"), TITLE.as_bytes());
    assert_eq!(title("949", "-an --lang en"), b"Active Connections");
    let checks = |words: &str| on_page("949", &format!("check --list --lang ko {words}"), 0).0;
    assert!(holds(&checks(""), b"\xbf\xac\xb0\xe1"));
    assert!(holds(&checks("--utf8"), "연결".as_bytes()));
}

#[test]
fn errors_are_in_the_code_page_of_the_console() {
    let complaint = |page, words| on_page(page, words, 1).1;
    assert!(holds(&complaint("850", "--crème"), b"\"--cr\x8ame\""), "{:?}", complaint("850", "--crème"));
    assert!(holds(&complaint("437", "--crème한"), b"\"--cr\x8ame?\""));
    assert!(holds(&complaint("437", "--\u{100}x"), b"\"--?x\""), "a similar letter must not replace it");
    assert!(holds(&complaint("949", "--활성"), b"\"--\xc8\xb0\xbc\xba\""));
    assert!(holds(&complaint("949", "--utf8 --활성"), "\"--활성\"".as_bytes()));
}

#[test]
fn lines_for_people_end_in_cr_lf() {
    let ends = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        assert!(!text.is_empty() && text.matches('\n').count() == text.matches("\r\n").count(), "{text:?}");
    };
    let output = |words: &str| output(Command::new(NETSTAT).args(words.split(' ')));
    ends(&output("/?").stderr);
    ends(&output("--help").stdout);
    ends(&output("--bogus").stderr);
    assert!(!output("--generate man").stdout.contains(&b'\r'), "documents have LF on every system");
}

/// The OEM code page of the system, from the registry.
fn system_page() -> String {
    let key = r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage";
    let answer = output(Command::new("reg").args(["query", key, "/v", "OEMCP"])).stdout;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split_whitespace().last().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

#[test]
fn without_a_console_files_are_in_the_oem_code_page() {
    use std::os::windows::process::CommandExt;
    const DETACHED_PROCESS: u32 = 8;
    let mut command = Command::new(NETSTAT);
    let done = output(command.args(["-an", "--lang", "ko"]).creation_flags(DETACHED_PROCESS));
    let title = done.stdout.split(|&byte| byte == b'\r').nth(1).unwrap();
    let expected = match system_page().as_str() {
        "949" => TITLE_949,
        "65001" => TITLE.as_bytes(),
        _ => b"?? ??",
    };
    assert_eq!(title, [b"\n", expected].concat(), "{}", system_page());
}

/// The message for a process that is not elevated, from a recording changed to say so.
#[test]
fn messages_of_windows_are_in_the_code_page_of_the_console() {
    let folder = Folder::new("elevation");
    let mut command = Command::new(NETSTAT);
    output(command.args(["-b", "-n", "--record"]).arg(&folder.0));
    let index = fs::read_to_string(folder.0.join("index.jsonl")).unwrap();
    let entry = index.lines().find(|line| line.contains("TokenElevation")).unwrap();
    let entry: serde_json::Value = serde_json::from_str(entry).unwrap();
    let place = |key| usize::try_from(entry[key].as_u64().unwrap()).unwrap();
    let mut answers = fs::read(folder.0.join("answers.bin")).unwrap();
    // The first eight bytes are the address of the answer.
    answers[place("at") + 8..place("at") + place("len")].fill(0);
    fs::write(folder.0.join("answers.bin"), answers).unwrap();
    let (out, complaint) = on_page("949", &format!("-b -n --lang ko --replay {folder}"), 1);
    assert_eq!(out, b"");
    assert!(complaint.starts_with(b"\xbf\xe4\xc3\xbb\xc7\xd1 "), "{complaint:?}");
    assert!(complaint.ends_with(b".\r\n"), "{complaint:?}");
}

/// Code page 437 has a picture of an arrow where ASCII has ESC.
#[test]
fn a_picture_never_becomes_a_control_character() {
    let (_, complaint) = on_page("437", "--\u{2190}[31m", 1);
    assert!(holds(&complaint, b"\"--?[31m\""), "{:?}", String::from_utf8_lossy(&complaint));
}

#[test]
fn data_is_utf8_on_every_code_page() {
    let (out, _) = on_page("949", "--generate schema", 0);
    assert!(std::str::from_utf8(&out).is_ok());
    let (csv, _) = on_page("949", "-an --csv --lang ko", 0);
    assert!(std::str::from_utf8(&csv).unwrap().contains(",laddr,"));
    let words = format!("-an --json --replay {}", Folder::new("한글"));
    let (_, complaint) = on_page("949", &words, 1);
    assert!(holds(&complaint, b"\xc7\xd1\xb1\xdb"), "{:?}", String::from_utf8_lossy(&complaint));
}

/// The exit code of the program, and the mode of the console before and after.
fn modes(text: &[u8]) -> [u32; 3] {
    let numbers: Vec<u32> =
        std::str::from_utf8(text).unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

#[test]
fn a_console_shows_every_character_and_colours_and_is_restored() {
    let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (shown, changed) = in_console(&["shown"], "-an --lang ko", 0);
    let [code, before, after] = modes(&changed);
    assert_eq!((code, before), (0, after));
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains(TITLE), "{shown}");
    assert!(shown.contains("\u{1b}[36mLISTENING"), "{shown}");
    let (shown, _) = in_console(&["shown"], "-an --lang ko --color never", 0);
    assert!(!String::from_utf8(shown).unwrap().contains("\u{1b}[36m"));
}

#[test]
fn an_interrupted_program_restores_the_console() {
    // Without the interruption it would repeat forever.
    let (_, changed) = in_console(&["interrupted"], "-an --lang en 1", 0);
    let [_, before, after] = modes(&changed);
    assert_eq!(before, after);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    for words in ["-an", "-an 1", "-s 1", "-r"] {
        let mut child = Command::new(NETSTAT)
            .args(words.split(' '))
            .args(["--lang", "en"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{words}: {said}");
        assert!(!said.contains("standard output"), "{words}: {said}");
    }
}
