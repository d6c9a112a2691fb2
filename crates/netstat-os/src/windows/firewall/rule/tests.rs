use super::*;
use netstat_model::Family;
use proptest::prelude::*;

fn asked(protocol: Transport, port: u16, program: &str, services: &[&str]) -> Inbound {
    Inbound {
        protocol,
        family: Family::V4,
        address: None,
        port,
        program: (!program.is_empty()).then(|| program.into()),
        services: Some(services.iter().map(OsString::from).collect()),
    }
}

fn rule(text: &str) -> Rule {
    Rule::decode("id", &format!("v2.30|Action=Allow|Active=TRUE|Dir=In|{text}|")).unwrap()
}

const SVCHOST: &str = r"C:\Windows\System32\svchost.exe";

#[test]
fn a_rule_of_windows_is_decoded() {
    let text = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=3389|\
        App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|\
        Desc=@FirewallAPI.dll,-28756|EmbedCtxt=@FirewallAPI.dll,-28752|";
    let rule = Rule::decode("RemoteDesktop-UserMode-In-TCP", text).unwrap();
    assert_eq!(
        (rule.name.as_str(), rule.action, rule.active, rule.profiles),
        ("RemoteDesktop-UserMode-In-TCP", Some(Action::Allow), Some(true), Profiles::PRIVATE)
    );
    let matches = |inbound: Inbound| rule.matches(&inbound);
    assert_eq!(matches(asked(Transport::Tcp, 3389, SVCHOST, &["TermService"])), Match::Yes);
    assert_eq!(matches(asked(Transport::Udp, 3389, SVCHOST, &["TermService"])), Match::No);
    assert_eq!(matches(asked(Transport::Tcp, 3390, SVCHOST, &["TermService"])), Match::No);
    assert_eq!(matches(asked(Transport::Tcp, 3389, SVCHOST, &["Dnscache"])), Match::No);
    assert_eq!(matches(asked(Transport::Tcp, 3389, SVCHOST, &["Dnscache", "TermService"])), Match::Maybe);
    assert_eq!(matches(asked(Transport::Tcp, 3389, r"C:\rdp\xrdp.exe", &["TermService"])), Match::No);
    assert_eq!(matches(asked(Transport::Tcp, 3389, "", &["TermService"])), Match::Maybe);
    let unknown = Inbound { services: None, ..asked(Transport::Tcp, 3389, SVCHOST, &[]) };
    assert_eq!(rule.matches(&unknown), Match::Maybe);
}

#[test]
fn rules_that_are_disabled_or_outbound_are_left_out() {
    for text in
        ["v2.0|Action=Block|Dir=Out|", "v2.0|Action=Allow|Active=FALSE|Dir=In|", "V2.0|dir=x|Dir=out|"]
    {
        assert_eq!(Rule::decode("id", text), None, "{text}");
    }
    assert_eq!(Rule::decode("id", "V2.0|Action=block|Dir=in|").unwrap().active, None);
}

#[test]
fn ports_are_numbers_ranges_and_words() {
    let tcp = |rule: &Rule, port| rule.matches(&asked(Transport::Tcp, port, SVCHOST, &[]));
    for (text, port, expected) in [
        ("Protocol=6", 1, Match::Yes),
        ("Protocol=256", 1, Match::Yes),
        ("Protocol=1", 1, Match::No),
        ("Protocol=x", 1, Match::Maybe),
        ("Protocol=6|LPort=80", 80, Match::Yes),
        ("Protocol=6|LPort=80", 81, Match::No),
        ("Protocol=6|LPort=80|LPort=443", 443, Match::Yes),
        ("Protocol=6|LPort=80,443", 443, Match::Yes),
        ("Protocol=6|LPort2_10=5000-5020", 5020, Match::Yes),
        ("Protocol=6|LPort2_10=5000-5020", 5021, Match::No),
        ("Protocol=6|LPort2_10=5020-5000", 5010, Match::Maybe),
        ("Protocol=6|LPort=70000", 80, Match::Maybe),
        ("Protocol=6|LPort=RPC-EPMap", 135, Match::Yes),
        ("Protocol=6|LPort=RPC-EPMap", 136, Match::No),
        ("Protocol=6|LPort=RPC", 49664, Match::Maybe),
        ("Protocol=6|LPort2_10=IPHTTPSIn", 443, Match::Maybe),
        ("Protocol=6|LPort2_10=IPTLSIn|LPort2_10=IPHTTPSIn", 139, Match::No),
        ("Protocol=17|LPort=Teredo", 3544, Match::No),
        ("Protocol=6|LPort=80|LPort=RPC", 80, Match::Yes),
        ("Protocol=6|LPortFoo=80", 80, Match::Maybe),
    ] {
        assert_eq!(tcp(&rule(text), port), expected, "{text} {port}");
    }
}

#[test]
fn a_condition_that_cannot_be_decided_may_match() {
    for text in [
        "RA4=LocalSubnet",
        "RA4=10.0.0.0/255.0.0.0",
        "RA6=fe80::/10",
        "LA4=192.168.1.1",
        "RPort=53",
        "IF={0e1c9c6d-0000-0000-0000-000000000000}",
        "IFType=Wireless",
        "Security=Authenticate",
        "RMauth=O:LSD:(A;;CC;;;S-1-5-84-0-0-0-0-0)",
        "LUOwn=S-1-5-21-1",
        "Platform=2:6:2",
        "Quantum=TRUE",
        "stray",
        "Profile=Moon",
        "Dir2=In",
    ] {
        let rule = rule(&format!("Protocol=6|LPort=80|{text}"));
        assert_eq!(rule.matches(&asked(Transport::Tcp, 80, SVCHOST, &[])), Match::Maybe, "{text}");
        assert_eq!(rule.matches(&asked(Transport::Tcp, 81, SVCHOST, &[])), Match::No, "{text}");
        assert_eq!(rule.profiles, Profiles::all(), "{text}");
    }
    for text in ["Edge=TRUE", "Defer=App", "Name=Web", "Desc=a=b", "EmbedCtxt=x"] {
        let rule = rule(&format!("Protocol=6|LPort=80|{text}"));
        assert_eq!(rule.matches(&asked(Transport::Tcp, 80, SVCHOST, &[])), Match::Yes, "{text}");
    }
}

#[test]
fn a_malformed_rule_may_match_anything() {
    for text in
        ["", "|", "Action=Allow", "x2.0|Action=Allow|", "v|Dir=In|", "v2.0|Action=Allow|Dir=In|Action=Block|"]
    {
        assert_eq!(Rule::decode("id", text), Some(Rule::not_understood("id")), "{text}");
    }
    assert_eq!(Rule::not_understood("id").matches(&asked(Transport::Udp, 9, SVCHOST, &[])), Match::Maybe);
    let odd = Rule::decode("id", "v2.0|Action=Ponder|Active=TRUE|Dir=In|").unwrap();
    assert_eq!(odd.action, None);
    let nowhere = Rule::decode("id", "v2.0|Action=Allow|Active=TRUE|").unwrap();
    assert_eq!(nowhere.matches(&asked(Transport::Tcp, 9, SVCHOST, &[])), Match::Maybe);
}

#[test]
fn programs_are_compared_as_windows_does() {
    let of = |rule: &str, asked: &str| program(rule, (!asked.is_empty()).then(|| Path::new(asked)));
    for (rule, asked, expected) in [
        (
            r"C:\Program Files\PostgreSQL\bin\postgres.exe",
            r"c:\program files\postgresql\BIN\Postgres.exe",
            Match::Yes,
        ),
        (r"C:\a.exe", r"C:\b.exe", Match::No),
        (r"%SystemRoot%\system32\svchost.exe", SVCHOST, Match::Yes),
        (r"%windir%\System32\svchost.exe", r"D:\Windows\system32\svchost.exe", Match::Yes),
        (r"%SystemRoot%\system32\svchost.exe", r"C:\WINNT\system32\svchost.exe", Match::Maybe),
        (r"%SystemRoot%\system32\lsass.exe", SVCHOST, Match::No),
        (r"%ProgramFiles%\x\y.exe", r"C:\Program Files\x\y.exe", Match::Yes),
        (r"%ProgramFiles% (x86)\x\y.exe", r"C:\Program Files (x86)\x\y.exe", Match::Yes),
        (r"%ProgramFiles(x86)%\x\y.exe", r"C:\Program Files (x86)\x\y.exe", Match::Yes),
        (r"%SystemDrive%\x\y.exe", r"E:\x\y.exe", Match::Yes),
        (r"%USERPROFILE%\y.exe", r"C:\Users\a\y.exe", Match::Maybe),
        (r"%USERPROFILE%\y.exe", r"C:\Users\a\z.exe", Match::No),
        (r"%a%%b%", r"C:\z.exe", Match::Maybe),
        (r"%a", r"C:\z.exe", Match::Maybe),
        (r"C:\PROGRA~1\x.exe", r"C:\Program Files\x.exe", Match::Maybe),
        (r"\\server\share\x.exe", r"C:\x.exe", Match::Maybe),
        (r"x.exe", r"C:\x.exe", Match::Maybe),
        (r"C:\x.exe", r"\\server\share\x.exe", Match::Maybe),
        (r"%SystemRoot%\system32\svchost.exe", "svchost.exe", Match::Maybe),
        (r"%ProgramFiles%\Chat\chat.exe", "svchost.exe", Match::No),
        (r"C:\PROGRA~1\CHAT~1.EXE", "svchost.exe", Match::Maybe),
        ("%chat%", "svchost.exe", Match::Maybe),
        ("System", "svchost.exe", Match::No),
        ("System", "System", Match::Yes),
        ("System", SVCHOST, Match::No),
        (r"C:\x.exe", "System", Match::No),
        (r"%SystemRoot%\system32\svchost.exe", "System", Match::No),
        ("%kernel%", "System", Match::Maybe),
        (r"C:\x.exe", "", Match::Maybe),
    ] {
        assert_eq!(of(rule, asked), expected, "{rule} {asked}");
    }
}

#[test]
fn a_rule_for_any_service_matches_no_program() {
    let names = |names: &[&str]| names.iter().map(OsString::from).collect::<Vec<_>>();
    assert_eq!(service("*", Some(&names(&["Dnscache"]))), Match::Yes);
    assert_eq!(service("*", Some(&[])), Match::No);
    assert_eq!(service("*", None), Match::Maybe);
    assert_eq!(service("dnscache", Some(&[])), Match::No);
}

#[test]
fn packages_of_the_store_are_not_the_programs_of_others() {
    let rule = rule("AppPkgId=S-1-15-2-1|LUOwn=S-1-5-21-1|Name=@{App?ms-resource://a}");
    assert_eq!(rule.name, "id");
    assert!(self::rule("PFN=App_8wekyb3d8bbwe").package);
    for (program, services, expected) in [
        (r"C:\pg\postgres.exe", &[][..], Match::No),
        (r"C:\Program Files\WindowsApps\a\a.exe", &[], Match::Maybe),
        (r"C:\Windows\System32\backgroundTaskHost.exe", &[], Match::Maybe),
        (SVCHOST, &["TermService"], Match::No),
        ("System", &[], Match::No),
        ("", &[], Match::Maybe),
    ] {
        assert_eq!(rule.matches(&asked(Transport::Tcp, 80, program, services)), expected, "{program}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[vV|=,%~\\\\:A-Za-z0-9.-]{0,60}") {
        decode_any(&bytes);
        decode_any(text.as_bytes());
    }
}
