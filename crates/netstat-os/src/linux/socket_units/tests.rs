use super::*;
use crate::linux::fake::Fake;
use proptest::prelude::*;
use rustix::io::Errno;

/// Formats each listener as `protocol end unit > service`.
fn formatted(answer: &Answer<Vec<StandIn>>) -> Vec<String> {
    let one =
        |one: &StandIn| format!("{} {} {} > {}", one.protocol.name(), one.end, one.by, one.behind.join(" "));
    answer.data.iter().map(one).collect()
}

/// Reads one unit of this name and text.
fn parsed(name: &str, text: &str) -> (Vec<String>, usize) {
    let text = String::from_utf8(FORMAT.keep(text.as_bytes())).unwrap();
    let unit = Unit::parse(name, &text);
    let odd = unit.not_understood;
    (formatted(&Answer::whole(unit.stand_ins().collect())), odd)
}

#[test]
fn every_form_of_an_address_is_understood() {
    for (setting, expected) in [
        ("ListenStream=22", &["TCP [::]:22", "TCP 0.0.0.0:22"][..]),
        ("ListenStream=127.0.0.1:631", &["TCP 127.0.0.1:631"]),
        ("ListenStream=[::1]:631", &["TCP [::1]:631"]),
        ("ListenStream=[::ffff:10.0.0.1]:80", &["TCP 10.0.0.1:80"]),
        ("ListenStream=[fe80::1]:22%eth0", &["TCP [fe80::1]:22"]),
        ("ListenStream=[fe80::1]:22%%wlan0", &["TCP [fe80::1]:22"]),
        ("ListenDatagram=69", &["UDP [::]:69", "UDP 0.0.0.0:69"]),
        ("ListenStream=%t/db.sock", &["UNIX /run/db.sock"]),
        ("ListenDatagram=@ISCSIADM", &["UNIX @ISCSIADM"]),
        ("ListenSequentialPacket=/run/udev/control", &["UNIX /run/udev/control"]),
        ("ListenStream=vsock::22", &["VSOCK 4294967295:22"]),
        ("ListenDatagram=vsock:2:9", &["VSOCK 2:9"]),
        ("ListenStream=vsock-seqpacket:3:9", &["VSOCK 3:9"]),
        ("SocketProtocol=mptcp\nListenStream=80", &["MPTCP [::]:80", "MPTCP 0.0.0.0:80"]),
        ("SocketProtocol=udplite\nListenDatagram=80", &[]),
        ("ListenFIFO=/run/x", &[]),
        ("ListenNetlink=kobject-uevent 1", &[]),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|place| format!("{place} a.socket > a.service")).collect();
        assert_eq!(parsed("a.socket", &format!("[Socket]\n{setting}\n")), (expected, 0), "{setting}");
    }
    for odd in [
        "70000",
        "+22",
        "10.0.0.1",
        "10.0.0:1",
        "[::1]",
        "[::1]:",
        "[x]:1",
        "vsock:22",
        "vsock:a:1",
        "%H:1",
        "%",
        "",
    ] {
        let (listens, count) = parsed("a.socket", &format!("[Socket]\nListenStream={odd}\n"));
        assert_eq!((listens.len(), count), (0, usize::from(!odd.is_empty())), "{odd}");
    }
}

#[test]
fn the_unit_that_is_started_is_named() {
    for (name, settings, service) in [
        ("ssh.socket", "", "ssh.service"),
        ("sshd.socket", "Accept=yes", "sshd@.service"),
        ("sshd.socket", "Accept=yes\nAccept=no", "sshd.service"),
        ("api.socket", "Service=backend.service", "backend.service"),
        ("api.socket", "Service=backend.service\nService=", "api.service"),
        ("web@8080.socket", "", "web@8080.service"),
        ("web@8080.socket", "Accept=TRUE", "web@.service"),
        ("web@8080.socket", "Service=%p-%i.service", "web-8080.service"),
        ("web.socket", "Service=%H.service", ""),
    ] {
        let (listens, _) = parsed(name, &format!("[Socket]\nListenStream=/x\n{settings}\n"));
        assert_eq!(listens, [format!("UNIX /x {name} > {service}")], "{settings}");
    }
}

#[test]
fn settings_of_other_sections_and_secrets_are_not_kept() {
    let text = b"[Unit]\nDescription=x\n[Socket]\nListenStream=\\\n 80\nExecStartPre=/bin/x --password y\n[Install]\nWantedBy=z\n";
    assert_eq!(
        String::from_utf8(FORMAT.keep(text)).unwrap(),
        "[Unit]\n[Socket]\nListenStream=  80\n[Install]\n"
    );
}

#[test]
fn earlier_folders_masks_links_and_drop_ins_count_as_for_systemd() {
    let fake = Fake::new()
        .names(
            "/etc/systemd/system",
            &[
                b"a.socket",
                b"a.socket.d",
                b"masked.socket",
                b"alias.socket",
                b"ssh.socket",
                b"sockets.target.wants",
                b"x.service",
            ],
        )
        .names(
            "/usr/lib/systemd/system",
            &[b"a.socket", b"a.socket.d", b"masked.socket", b"web@.socket", b"own.socket"],
        )
        .names("/etc/systemd/system/a.socket.d", &[b"20.conf", b"no.txt"])
        .names("/usr/lib/systemd/system/a.socket.d", &[b"10.conf", b"20.conf"])
        .names("/etc/systemd/system/sockets.target.wants", &[b"web@8080.socket", b"a.socket"])
        .file("/etc/systemd/system/a.socket", "[Socket]\nListenStream=1\nListenStream=127.0.0.1:2")
        .file("/etc/systemd/system/a.socket.d/20.conf", "[Socket]\nListenStream=127.0.0.1:3\n")
        .file("/usr/lib/systemd/system/a.socket.d/10.conf", "[Socket]\nListenStream=\n")
        .file("/usr/lib/systemd/system/a.socket.d/20.conf", "[Socket]\nListenStream=127.0.0.1:9\n")
        .file("/etc/systemd/system/masked.socket", "")
        .file("/usr/lib/systemd/system/masked.socket", "[Socket]\nListenStream=4\n")
        // A fake has no link that is a file as well: these are only links.
        .file("/etc/systemd/system/alias.socket", "/usr/lib/systemd/system/own.socket")
        .file("/usr/lib/systemd/system/own.socket", "[Socket]\nListenStream=/own\n")
        .file("/usr/lib/systemd/system/web@.socket", "[Socket]\nListenStream=127.0.0.1:%i\n");
    let answer = stand_ins(&fake);
    assert_eq!(
        formatted(&answer),
        [
            "TCP 127.0.0.1:3 a.socket > a.service",
            "UNIX /own own.socket > own.service",
            "TCP 127.0.0.1:8080 web@8080.socket > web@8080.service",
        ]
    );
    assert_eq!(answer.warnings, []);
    assert!(!fake.asked().iter().any(|path| path.ends_with("no.txt")));
}

#[test]
fn only_active_units_count_where_control_groups_tell_them() {
    let unit = "[Socket]\nListenStream=127.0.0.1:22\n";
    let both = || {
        Fake::new()
            .names("/usr/lib/systemd/system", &[b"ssh.socket", b"sshd.socket", b"web@.socket"])
            .file("/usr/lib/systemd/system/ssh.socket", unit)
            .file("/usr/lib/systemd/system/sshd.socket", unit)
            .file("/usr/lib/systemd/system/web@.socket", "[Socket]\nListenStream=127.0.0.1:%i\n")
    };
    let (ssh, sshd) =
        ("TCP 127.0.0.1:22 ssh.socket > ssh.service", "TCP 127.0.0.1:22 sshd.socket > sshd.service");
    assert_eq!(formatted(&stand_ins(&both())), [ssh, sshd], "nobody knows which");
    for root in GROUPS {
        let slice = format!("{root}/system.slice");
        let grouped = both()
            .names(root, &[b"init.scope", b"system.slice", b"user.slice"])
            .names(&slice, &[b"sshd.socket", b"cron.service", b"system-web.slice"])
            .names(&format!("{slice}/system-web.slice"), &[b"web@80.socket"])
            .names(&format!("{root}/user.slice"), &[b"ssh.socket"]);
        let web = "TCP 127.0.0.1:80 web@80.socket > web@80.service";
        assert_eq!(formatted(&stand_ins(&grouped)), [sshd, web], "{root}");
    }
    let none = both()
        .names("/sys/fs/cgroup", &[b"system.slice"])
        .names("/sys/fs/cgroup/system.slice", &[b"a.service"]);
    assert_eq!(formatted(&stand_ins(&none)), [ssh, sshd], "systemd before 235");
}

#[test]
fn what_is_refused_or_not_understood_is_said() {
    let fake = Fake::new()
        .names("/usr/lib/systemd/system", &[b"a.socket", b"b.socket", b"c.socket"])
        .file("/usr/lib/systemd/system/a.socket", "[Socket]\nListenStream=%H:1\n")
        .fails("/usr/lib/systemd/system/b.socket", Errno::ACCESS)
        .file("/usr/lib/systemd/system/c.socket", "[Socket]\nListenStream=/c\n");
    let answer = stand_ins(&fake);
    assert_eq!(formatted(&answer), ["UNIX /c c.socket > c.service"]);
    let reasons: Vec<String> = answer.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "the unit of some listeners of systemd is unknown: Permission denied",
            "the unit of some listeners of systemd is unknown: some units are written in a way that only systemd understands",
        ]
    );
    let nothing = stand_ins(&Fake::new());
    assert_eq!((nothing.data.len(), nothing.warnings.len()), (0, 0), "a machine without systemd");
}

proptest! {
    #[test]
    fn no_text_panics(text: String, value in "[\\[\\]:%@/0-9a-z.-]{0,20}") {
        parse_any(&text);
        parse_any(&format!("[Socket]\nListenStream={value}\nService={value}\nListenDatagram={value}\n"));
    }
}
