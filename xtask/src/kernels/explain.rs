//! Why a kernel has something said, for the page. A sentence without an explanation fails the command: a difference that
//! nobody can explain is a bug of ours or something new.

/// Returns what is said without what differs from boot to boot: numbers of processes and sockets, releases of kernels.
pub(super) fn pattern(said: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in said.split(' ') {
        let is_number =
            word.trim_matches(|c: char| !c.is_alphanumeric()).replace(',', "").parse::<u64>().is_ok();
        let is_release = word.contains("-amd64");
        words.push(if is_release {
            "(release)".to_owned()
        } else if is_number {
            word.chars().filter(|c| !c.is_ascii_digit() && *c != ',').fold("N".to_owned(), |mut all, c| {
                all.push(c);
                all
            })
        } else {
            word.to_owned()
        });
    }
    words.join(" ")
}

/// Beginnings or parts of sentences, and why they are said.
const WHY: &[(&str, &str, &str)] = &[
    (
        "TCP sockets were listed by sock_diag, not with BPF",
        "Not a lack: with few sockets, or more fields than BPF tells, sock_diag is the better means.",
        "문제가 아닙니다. 소켓이 적거나 BPF가 알려 주지 않는 값이 필요하면 sock_diag가 더 낫습니다.",
    ),
    (
        "TCP sockets were listed with BPF",
        "The iterator was asked for (`--source iter`) and works.",
        "반복자를 쓰라고 했고(`--source iter`) 동작합니다.",
    ),
    (
        "TCP sockets were listed from /proc/net",
        "Asked for (`--source proc`), or there is no tcp_diag.",
        "그렇게 하라고 했거나(`--source proc`) tcp_diag가 없습니다.",
    ),
    (
        "owners were found with BPF",
        "BPF was asked for, or is the better means here.",
        "BPF를 쓰라고 했거나 여기서는 BPF가 더 낫습니다.",
    ),
    (
        "owners were found in /proc, not with BPF: few files are open",
        "Not a lack: with few open files /proc is faster.",
        "문제가 아닙니다. 열린 파일이 적으면 /proc가 더 빠릅니다.",
    ),
    (
        "owners were found in /proc, not with BPF: it was not requested",
        "Asked for (`--owners proc`).",
        "그렇게 하라고 했습니다(`--owners proc`).",
    ),
    ("capturing to", "How far a capture is.", "캡처의 진행 상황입니다."),
    ("packets seen,", "How far a capture is.", "캡처의 진행 상황입니다."),
    (
        "processes were not readable, so some owners show as -; run with sudo",
        "A user without rights sees the descriptors of the own processes alone.",
        "권한이 없는 사용자는 자기 프로세스의 디스크립터만 볼 수 있습니다.",
    ),
    (
        "processes were not readable, so some owners show as -; root needs CAP_SYS_PTRACE here",
        "Root of a user namespace has no rights over processes outside of it.",
        "사용자 네임스페이스의 root는 그 밖의 프로세스에 권한이 없습니다.",
    ),
    (
        "/proc may hide the processes of other users (hidepid)",
        "With hidepid a user does not see the processes of others at all.",
        "hidepid를 쓰면 사용자는 다른 사용자의 프로세스를 아예 볼 수 없습니다.",
    ),
    (
        "cannot list the sockets: sock_diag: udp_diag is not loaded",
        "`--source iter` was asked for, which lists TCP; /proc/net is read for UDP only where no means is named.",
        "`--source iter`는 TCP만 얻습니다. 방법을 지정하지 않았을 때만 UDP를 /proc/net에서 읽습니다.",
    ),
    (
        "_diag is not loaded; modprobe",
        "The module is not there; that protocol is read from /proc/net, which tells less.",
        "모듈이 없어 그 프로토콜은 정보가 더 적은 /proc/net에서 읽습니다.",
    ),
    (
        "bound-only sockets are",
        "Older kernels accept the question and list none.",
        "오래된 커널은 이 질문을 받아들이지만 하나도 알려 주지 않습니다.",
    ),
    (
        "it needs Linux 5.17 or later, built with BPF",
        "The kernel does not know programs that load programs, or has no type information of itself.",
        "프로그램을 올리는 BPF 프로그램을 모르거나 자신의 타입 정보가 없는 커널입니다.",
    ),
    (
        "not permitted; loading BPF programs takes CAP_BPF and CAP_PERFMON",
        "A user without rights, or root of a user namespace, may load no BPF program; owners come from /proc.",
        "권한이 없는 사용자나 사용자 네임스페이스의 root는 BPF 프로그램을 올릴 수 없어 소유자를 /proc에서 찾습니다.",
    ),
    (
        "the kernel is locked down (confidentiality",
        "Confidentiality forbids BPF to read the memory of the kernel; owners come from /proc.",
        "confidentiality에서는 BPF가 커널 메모리를 읽을 수 없어 소유자를 /proc에서 찾습니다.",
    ),
    (
        "the BPF compiler is off",
        "The programs call functions of the kernel, which takes the compiler.",
        "프로그램이 커널 함수를 호출하는데, 여기에는 컴파일러가 필요합니다.",
    ),
    (
        "the mark of sockets is unknown",
        "The kernel tells it with CAP_NET_ADMIN only.",
        "커널은 CAP_NET_ADMIN이 있을 때만 알려 줍니다.",
    ),
    (
        "sockets cannot be listed: the kernel has no",
        "The module is not among those that the guests have.",
        "게스트에 넣지 않은 모듈입니다.",
    ),
    (
        "complete: every end of a TCP connection is seen",
        "The best mode of the recorder: events from BPF.",
        "기록기의 가장 좋은 방식으로, BPF 이벤트를 씁니다.",
    ),
];

/// Returns why a sentence is said, in English and Korean; `None` if nobody knows.
pub(super) fn why(said: &str) -> Option<(&'static str, &'static str)> {
    let (_, en, ko) = WHY.iter().find(|(part, _, _)| said.contains(part))?;
    Some((en, ko))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_boot_to_boot_is_left_out() {
        let said = "bound-only sockets are missing: they need Linux 6.8, this is 6.1.0-57-cloud-amd64";
        assert_eq!(pattern(said), "bound-only sockets are missing: they need Linux 6.8, this is (release)");
        assert_eq!(pattern("104 packets seen, 23,380 bytes"), "N packets seen, N bytes");
        assert_eq!(pattern("(PID 7)"), "(PID N)");
    }

    #[test]
    fn what_nobody_knows_is_not_explained() {
        assert!(why("owners were found with BPF").is_some());
        assert_eq!(why("something new"), None);
    }
}
