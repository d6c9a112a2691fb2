use super::super::fake::{Fake, packed};
use super::*;
use netstat_model::Passage::{Closed, Depends, Open};
use netstat_model::{Family, Judgement, Passage, Transport};
use proptest::prelude::*;

fn tcp(port: u16) -> Inbound {
    Inbound {
        protocol: Transport::Tcp,
        family: Family::V4,
        address: None,
        port,
        program: Some(r"C:\pg\postgres.exe".into()),
        services: Some(Vec::new()),
    }
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// Values of a key, by name.
type Values = Vec<(String, Vec<u8>)>;

/// The registry of a machine, by its keys.
#[derive(Default)]
struct Machine(Vec<(&'static str, Values)>);

impl Machine {
    /// A machine whose firewall is on, as after installation, with these rules.
    fn new(rules: &[&str]) -> Self {
        let mut machine = Self::default().rules(RULES, rules);
        for keys in &PROFILES {
            machine = machine.number(keys.local, "EnableFirewall", 1);
        }
        machine
    }

    fn rules(self, key: &'static str, rules: &[&str]) -> Self {
        let rule = |(at, text): (usize, &&str)| (format!("rule{at}"), wide(&format!("v2.30|{text}|")));
        self.values(key, rules.iter().enumerate().map(rule).collect())
    }

    fn number(self, key: &'static str, name: &str, number: u32) -> Self {
        self.values(key, vec![(name.to_owned(), number.to_le_bytes().to_vec())])
    }

    fn values(mut self, key: &'static str, mut values: Values) -> Self {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => known.append(&mut values),
            None => self.0.push((key, values)),
        }
        self
    }

    fn source(&self) -> Fake {
        let mut fake = Fake::new();
        let all = [&MANAGED[..], &HARDENING, &OLD, &[RULES, SERVICE]].concat();
        let of_profiles = PROFILES.iter().flat_map(|keys| [keys.policy, keys.mdm, &[keys.local]].concat());
        for key in all.into_iter().chain(of_profiles) {
            fake = fake.fails(Question::RegistryValues(key), 2);
        }
        for (key, values) in &self.0 {
            let values: Vec<(&str, &[u8])> =
                values.iter().map(|(name, data)| (name.as_str(), data.as_slice())).collect();
            fake = fake.says(Question::RegistryValues(key), packed(&values));
        }
        fake
    }

    fn judge(&self, inbound: Inbound) -> Judgement {
        let firewall = firewall(&self.source(), &[inbound]);
        assert_eq!(firewall.unread, []);
        firewall.judgements[0].clone().unwrap()
    }

    fn passage(&self, port: u16) -> Passage {
        self.judge(tcp(port)).passage
    }
}

const PG: &str =
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5432|App=C:\pg\postgres.exe|Name=Postgres";

#[test]
fn the_default_applies_without_a_rule() {
    let machine = Machine::new(&[]);
    assert_eq!(machine.judge(tcp(5432)).by, ["Windows firewall: blocks by default"]);
    assert_eq!(machine.passage(5432), Closed);
    let mut open = Machine::new(&[]);
    for keys in &PROFILES {
        open = open.number(keys.local, "DefaultInboundAction", 0);
    }
    assert_eq!(open.judge(tcp(5432)).by, ["Windows firewall: allows by default"]);
    assert_eq!(open.passage(5432), Open);
    let odd = Machine::new(&[]).number(PROFILES[0].local, "DefaultInboundAction", 7);
    assert_eq!(odd.passage(5432), Depends);
}

#[test]
fn a_blocking_rule_overrides_an_allowing_one() {
    let machine = Machine::new(&[PG]);
    assert_eq!(machine.judge(tcp(5432)).by, ["Windows firewall: rule Postgres"]);
    assert_eq!((machine.passage(5432), machine.passage(5433)), (Open, Closed));
    let block = "Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort2_10=5000-6000|Name=No";
    let both = Machine::new(&[PG, block]);
    assert_eq!(
        both.judge(tcp(5432)),
        Judgement { passage: Closed, by: vec!["Windows firewall: rule No".to_owned()], diverted: Vec::new() }
    );
    // A rule that blocks some senders neither closes the port nor leaves it open.
    let some = Machine::new(&[PG, "Action=Block|Active=TRUE|Dir=In|RA4=203.0.113.0/24|Name=Some"]);
    assert_eq!(some.judge(tcp(5432)).by, ["Windows firewall: rule Postgres and rule Some"]);
    assert_eq!((some.passage(5432), some.passage(5433)), (Depends, Closed));
    // Authenticated senders may pass it.
    let bypass =
        Machine::new(&[PG, block, "Action=ByPass|Active=TRUE|Dir=In|Security=Authenticate|Name=Admin"]);
    assert_eq!((bypass.passage(5432), bypass.passage(80)), (Depends, Depends));
}

#[test]
fn a_rule_for_some_senders_opens_to_some() {
    let machine =
        Machine::new(&["Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=5432|RA4=LocalSubnet|Name=Lan"]);
    assert_eq!((machine.passage(5432), machine.passage(80)), (Depends, Closed));
}

#[test]
fn it_depends_if_profiles_differ() {
    let rule = format!("{PG}|Profile=Domain|Profile=Private");
    let machine = Machine::new(&[&rule]);
    assert_eq!(
        machine.judge(tcp(5432)),
        Judgement {
            passage: Depends,
            by: vec![
                "Windows firewall (domain and private): rule Postgres".to_owned(),
                "Windows firewall (public): blocks by default".to_owned(),
            ],
            diverted: Vec::new(),
        }
    );
    let off = Machine::new(&[]).number(PROFILES[1].policy[0], "EnableFirewall", 0);
    assert_eq!(
        off.judge(tcp(80)).by,
        ["Windows firewall (domain and public): blocks by default", "Windows firewall (private): off"]
    );
}

#[test]
fn a_shielded_profile_ignores_rules() {
    let mut machine = Machine::new(&[PG]);
    for keys in &PROFILES {
        machine = machine.number(keys.local, "DoNotAllowExceptions", 1);
    }
    assert_eq!(machine.judge(tcp(5432)).by, ["Windows firewall: no exceptions are allowed"]);
    assert_eq!(machine.passage(5432), Closed);
}

#[test]
fn group_policy_wins() {
    let mut off = Machine::new(&[]);
    let mut alone = Machine::new(&[PG]);
    for keys in &PROFILES {
        off = off.number(keys.policy[0], "EnableFirewall", 0);
        alone = alone.number(keys.policy[0], "AllowLocalPolicyMerge", 0);
    }
    assert_eq!(off.judge(tcp(80)).by, ["Windows firewall: off"]);
    assert_eq!((off.passage(80), alone.passage(5432)), (Open, Closed));
    let alone = alone.number(PROFILES[0].local, "AllowLocalPolicyMerge", 1);
    assert_eq!(alone.passage(5432), Closed);
    let own = Machine::new(&[PG]).number(PROFILES[0].local, "AllowLocalPolicyMerge", 0);
    assert_eq!(own.passage(5432), Open, "the machine itself cannot switch off its own rules");
    let with_rule =
        alone.rules(MANAGED[0], &["Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=22|Name=Ssh"]);
    assert_eq!((with_rule.passage(22), with_rule.passage(5432)), (Open, Closed));
    // The profile of Windows XP applies to networks outside of the domain.
    let old = Machine::new(&[]).number(policy!("StandardProfile"), "EnableFirewall", 0);
    assert_eq!(
        old.judge(tcp(80)).by,
        ["Windows firewall (domain): blocks by default", "Windows firewall (private and public): off"]
    );
    // Two administrations that differ: which of them takes precedence is unknown.
    let two = off.number(PROFILES[2].mdm[0], "EnableFirewall", 1);
    assert_eq!(two.passage(80), Depends);
}

#[test]
fn openings_in_the_old_form_leave_nothing_certain() {
    let list = vec![("80:TCP".to_owned(), wide("80:TCP:*:enabled:web"))];
    let machine = Machine::new(&[PG]).values(OLD[0], list);
    assert_eq!((machine.passage(80), machine.passage(5432)), (Depends, Depends));
    assert_eq!(machine.judge(tcp(80)).by, ["Windows firewall: rule of Group Policy 80:TCP"]);
}

#[test]
fn an_odd_rule_leaves_nothing_certain() {
    let machine = Machine::new(&[PG]).values(RULES, vec![("odd".to_owned(), b"\x00\xd8\x01".to_vec())]);
    assert_eq!((machine.passage(80), machine.passage(5432)), (Depends, Depends));
    let word = Machine::new(&[PG, "Action=Ponder|Active=TRUE|Dir=In|Protocol=6|LPort=80"]);
    assert_eq!((word.passage(80), word.passage(81), word.passage(5432)), (Depends, Closed, Open));
    // A rule that does not say whether it is enabled.
    let unsaid = Machine::new(&["Action=Allow|Dir=In|Protocol=6|LPort=80"]);
    assert_eq!(unsaid.passage(80), Depends);
    let odd = Machine::new(&[]).values(PROFILES[0].policy[0], vec![("EnableFirewall".to_owned(), wide("1"))]);
    assert_eq!(odd.passage(80), Depends);
}

#[test]
fn without_its_service_the_firewall_may_be_off() {
    assert_eq!(Machine::new(&[]).number(SERVICE, "Start", 2).passage(80), Closed);
    assert_eq!(Machine::new(&[]).number(SERVICE, "Start", DISABLED).passage(80), Depends);
}

#[test]
fn services_that_windows_restricts_are_not_open() {
    let open = r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|Name=All";
    let block = r"Action=Block|Dir=In|App=%SystemRoot%\System32\svchost.exe|Svc=DHCPServer|Name=Others";
    let allow =
        r"Action=Allow|Dir=In|Protocol=6|LPort=67|App=%SystemRoot%\System32\svchost.exe|Svc=DHCPServer";
    let machine = Machine::new(&[open]).rules(HARDENING[1], &[block, allow]);
    let of = |port, service: &str| {
        let program = Some(r"C:\Windows\System32\svchost.exe".into());
        machine.judge(Inbound { program, services: Some(vec![service.into()]), ..tcp(port) }).passage
    };
    assert_eq!((of(67, "DHCPServer"), of(68, "DHCPServer"), of(68, "Dnscache")), (Open, Depends, Open));
    assert_eq!(machine.passage(80), Open);
}

#[test]
fn rules_that_cannot_be_read_are_reported() {
    let fake = Machine::default().source();
    let answer = firewall(&fake, &[tcp(80), tcp(81)]);
    assert_eq!(answer.judgements, [None, None]);
    assert_eq!(
        answer.unread,
        [UnreadRules { of: "the Windows firewall", reason: "the registry has no FirewallPolicy".to_owned() }]
    );
    let refused = |key| {
        let fake = Machine::new(&[PG]).source().fails(Question::RegistryValues(key), 5);
        let answer = firewall(&fake, &[tcp(80), tcp(5432)]);
        let passages: Vec<Option<Passage>> =
            answer.judgements.iter().map(|judgement| Some(judgement.as_ref()?.passage)).collect();
        (passages, answer.unread.iter().map(|unread| unread.of).collect::<Vec<_>>())
    };
    assert_eq!(refused(RULES), (vec![None, None], vec!["the Windows firewall"]));
    let depends = vec![Some(Depends), Some(Depends)];
    assert_eq!(refused(MANAGED[0]), (depends.clone(), vec!["rules of Group Policy or a management service"]));
    assert_eq!(refused(PROFILES[1].policy[0]), (depends.clone(), vec!["settings of the Windows firewall"]));
    assert_eq!(refused(OLD[3]), (depends, Vec::new()));
    assert_eq!(refused(HARDENING[0]).1, ["rules for services of Windows"]);
    assert_eq!(refused(HARDENING[0]).0, [Some(Closed), Some(Depends)]);
}

#[test]
fn values_that_are_cut_off_leave_nothing_certain() {
    let rules = wide(&format!("v2.30|{PG}|"));
    let whole = packed(&[("rule", rules.as_slice()), ("more", b"xx")]);
    let cut = crate::windows::memory::Memory::flat(whole.bytes()[..whole.bytes().len() - 1].to_vec());
    let fake = Machine::new(&[]).source().says(Question::RegistryValues(RULES), cut);
    let judgement = firewall(&fake, &[tcp(5432)]).judgements[0].clone().unwrap();
    assert_eq!(judgement.passage, Depends);
    assert_eq!(number(&decode_numbers(b"\xff"), "EnableFirewall"), Some(None));
}

/// One inbound rule of every kind that Windows has after installation.
const INSTALLED: [&str; 16] = [
    r"Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=68|RPort=67|App=%SystemRoot%\system32\svchost.exe|Svc=dhcp|Name=@FirewallAPI.dll,-25301|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=58|ICMP6=134:*|RA6=fe80::/64|App=System|Name=@FirewallAPI.dll,-25009|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=2|App=System|Name=@FirewallAPI.dll,-25376|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=Teredo|App=%SystemRoot%\system32\svchost.exe|Svc=iphlpsvc|Name=@FirewallAPI.dll,-25326|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=IPTLSIn|LPort2_10=IPHTTPSIn|App=System|Name=@FirewallAPI.dll,-25426|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=17|Profile=Private|LPort=5353|App=%SystemRoot%\system32\svchost.exe|Svc=dnscache|Name=@%SystemRoot%\system32\firewallapi.dll,-37303|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=445|RA4=LocalSubnet|RA6=LocalSubnet|App=System|Name=@FirewallAPI.dll,-28511|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=445|App=System|Name=@FirewallAPI.dll,-28511|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=RPC|RA4=LocalSubnet|App=%SystemRoot%\system32\spoolsv.exe|Svc=Spooler|Name=@FirewallAPI.dll,-28535|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|LPort=RPC-EPMap|RA4=LocalSubnet|Svc=Rpcss|Name=@FirewallAPI.dll,-28539|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=17|Profile=Public|LPort2_24=Ply2Disc|App=%SystemRoot%\system32\svchost.exe|Svc=QWAVE|Name=@FirewallAPI.dll,-36004|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=7680|App=%SystemRoot%\system32\svchost.exe|Svc=dosvc|Name=@%systemroot%\system32\dosvc.dll,-102|Edge=TRUE|",
    r"Action=Allow|Active=TRUE|Dir=In|Profile=Domain|Profile=Private|Name=@{Store_1.0_x64__8wekyb3d8bbwe?ms-resource://Store/name}|LUOwn=S-1-5-21-1-2-3-1001|AppPkgId=S-1-15-2-1-2-3|EmbedCtxt=@{Store}|Platform=2:6:2|Platform2=GTEQ|",
    r"Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|App=C:\Users\kim\AppData\Local\Chat\chat.exe|Name=chat.exe|Desc=chat.exe|Defer=User|",
    r"Action=Allow|Active=TRUE|Dir=Out|Profile=Public|Name=Everything|",
];

#[test]
fn a_machine_after_installation() {
    let machine = Machine::new(&INSTALLED);
    let passage = |protocol, port, program: &str, service: &str| {
        let services: Vec<_> =
            Some(service).filter(|name| !name.is_empty()).map(Into::into).into_iter().collect();
        let (program, services) = (Some(program.into()), Some(services));
        machine.judge(Inbound { protocol, program, services, ..tcp(port) }).passage
    };
    let svchost = r"C:\Windows\System32\svchost.exe";
    for (protocol, port, program, service, expected) in [
        (Transport::Tcp, 5432, r"C:\pg\postgres.exe", "postgresql-x64-16", Closed),
        (Transport::Tcp, 6379, r"C:\Users\kim\redis-server.exe", "", Closed),
        (Transport::Tcp, 3389, svchost, "TermService", Closed),
        (Transport::Tcp, 7680, svchost, "DoSvc", Open),
        (Transport::Tcp, 445, "System", "", Depends),
        (Transport::Tcp, 139, "System", "", Closed),
        (Transport::Tcp, 135, svchost, "RpcSs", Depends),
        (Transport::Tcp, 49_664, r"C:\Windows\System32\lsass.exe", "SamSs", Closed),
        (Transport::Tcp, 49_668, r"C:\Windows\System32\spoolsv.exe", "Spooler", Depends),
        (Transport::Tcp, 49_668, "spoolsv.exe", "Spooler", Depends),
        (Transport::Tcp, 1433, "sqlservr.exe", "MSSQLSERVER", Closed),
        (Transport::Udp, 5353, svchost, "Dnscache", Depends),
        (Transport::Udp, 161, r"C:\Windows\System32\snmp.exe", "SNMP", Closed),
        (Transport::Tcp, 9000, r"C:\Users\kim\AppData\Local\Chat\chat.exe", "", Depends),
    ] {
        assert_eq!(passage(protocol, port, program, service), expected, "{port} {program} {service}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode_all(&bytes);
    }
}
