//! `netstat check`: the firewall in the registry, and what Windows does not report.

use crate::folder::Folder;
use crate::holder::on_wine;
use crate::run::netstat;
use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const POLICY: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const GROUP_POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall";

fn reg(words: &[&str]) {
    let done = crate::run::output(std::process::Command::new("reg").args(words));
    assert!(done.status.success(), "reg {words:?}: {done:?}");
}

fn set_number(key: &str, name: &str, number: &str) {
    reg(&["add", key, "/v", name, "/t", "REG_DWORD", "/d", number, "/f"]);
}

fn set_rule(name: &str, rule: &str) {
    let rule = format!("v2.30|Active=TRUE|Dir=In|{rule}|");
    reg(&["add", &format!(r"{POLICY}\FirewallRules"), "/v", name, "/t", "REG_SZ", "/d", &rule, "/f"]);
}

fn document(words: &str) -> Value {
    let run = netstat(words);
    serde_json::from_str(&run.text).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// Returns every finding with the name of its check.
fn findings(document: &Value) -> Vec<(&str, &Value)> {
    let checks = document["checks"].as_array().unwrap().iter();
    checks
        .flat_map(|check| {
            let findings = check["findings"].as_array().unwrap().iter();
            findings.map(|finding| (check["name"].as_str().unwrap(), finding))
        })
        .collect()
}

/// Only under Wine, whose registry is temporary: the test changes it.
#[test]
fn the_firewall_comes_from_the_registry() {
    if !on_wine() {
        return;
    }
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    // Makes Wine report the owner.
    listener.set_ttl(64).unwrap();
    let port = listener.local_addr().unwrap().port();
    let words = format!("check exposed --json --set exposed.also={port} lport {port}");
    let judged = || {
        let document = document(&words);
        let (_, finding) = findings(&document)[0];
        let word = finding["facts"]["firewall"].as_str().unwrap_or_else(|| panic!("{document}"));
        (word.to_owned(), finding.to_string())
    };
    // A failed run may have left these.
    for key in [GROUP_POLICY, POLICY] {
        let _ = crate::run::output(std::process::Command::new("reg").args(["delete", key, "/f"]));
    }
    let (word, facts) = judged();
    assert!(word == "unknown" && facts.contains("the Windows firewall"), "{facts}");

    for profile in ["DomainProfile", "StandardProfile", "PublicProfile"] {
        set_number(&format!(r"{POLICY}\{profile}"), "EnableFirewall", "1");
    }
    set_rule("other", "Action=Allow|Protocol=6|LPort2_10=1-2|Name=Other");
    let (word, finding) = judged();
    assert_eq!(word, "closed");
    assert!(finding.contains(&format!("\"pid\":{}", std::process::id())), "it is this process: {finding}");

    let program = std::env::current_exe().unwrap();
    let program = program.to_str().unwrap().to_uppercase();
    set_rule("mine", &format!("Action=Allow|Protocol=6|LPort={port}|App={program}|Name=Mine"));
    let (word, facts) = judged();
    assert_eq!(word, "open", "{facts}");

    set_rule("not", &format!("Action=Block|Protocol=6|Profile=Public|LPort2_10={port}-{port}|Name=Not"));
    assert_eq!(judged().0, "depends");
    let said = netstat(&format!("check exposed --set exposed.also={port} lport {port}"));
    let text = said.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains(
            "Windows firewall (domain and private): rule Mine, Windows firewall (public): rule Not"
        ),
        "{said:?}"
    );
    let folder = Folder::new("firewall");
    let live = netstat(&format!("{words} --record {folder}"));
    assert_eq!(netstat(&format!("{words} --replay {folder}")).text, live.text);

    // Settings of Group Policy take precedence.
    for profile in ["DomainProfile", "PrivateProfile", "PublicProfile"] {
        set_number(&format!(r"{GROUP_POLICY}\{profile}"), "AllowLocalPolicyMerge", "0");
    }
    assert_eq!(judged().0, "closed");
    reg(&["delete", GROUP_POLICY, "/f"]);
    reg(&["delete", POLICY, "/f"]);
}

#[test]
fn a_learned_policy_allows_the_current_state() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_ttl(64).unwrap();
    let port = listener.local_addr().unwrap().port();
    let learned = netstat(&format!("check policy --learn lport {port}"));
    assert_eq!(learned.code, Some(0), "{learned:?}");
    for word in [format!("port = {port}"), "path = ".to_owned(), "user = ".to_owned()] {
        assert!(learned.text.contains(&word), "{learned:?}");
    }
    let folder = Folder::new("policy");
    std::fs::create_dir(&folder.0).unwrap();
    let file = folder.0.join("policy.toml");
    let judged = |policy: &str| {
        std::fs::write(&file, policy).unwrap();
        netstat(&format!("check policy --policy {} lport {port}", file.display()))
    };
    let allowed = judged(&learned.text);
    assert_eq!(allowed.code, Some(0), "{allowed:?}\n{}", learned.text);
    let outside = judged("allow.listen = []");
    assert_eq!(outside.code, Some(1), "{outside:?}");
}

/// Only under Wine, where a full queue drops connections and their clients wait. Windows itself refuses them.
#[test]
fn connections_without_an_answer_are_found_without_timers() {
    if !on_wine() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(client) = TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
        queued.push(client);
        assert!(queued.len() < 5000, "the queue does not fill");
    }
    let waiting: Vec<_> = (0..5)
        .map(|_| std::thread::spawn(move || TcpStream::connect_timeout(&address, Duration::from_secs(60))))
        .collect();
    let port = address.port();
    let begun =
        |_: &u32| netstat(&format!("-an syn_sent rport {port}")).text.matches("SYN_SENT").count() >= 5;
    assert!((0..100).any(|look| begun(&look)), "all five clients wait");
    let document = document(&format!("check connecting --json rport {port}"));
    drop(listener);
    for client in waiting {
        assert!(client.join().unwrap().is_err());
    }
    let (_, finding) = findings(&document)[0];
    assert_eq!(finding["severity"], "notice", "{document}");
    assert_eq!(finding["subject"].as_str(), Some(address.to_string().as_str()), "{document}");
    assert_eq!(finding["facts"]["connections"], 5, "{document}");
}

/// A check that lacks data must not report that all is well.
#[test]
fn a_check_without_data_is_not_ok() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _server = listener.accept().unwrap();
    let document = document("check --json");
    let of = |check: &str| -> Vec<&str> {
        let of_check = findings(&document).into_iter().filter(|(name, _)| *name == check);
        of_check.map(|(_, finding)| finding["severity"].as_str().unwrap()).collect()
    };
    for check in ["listen-queue", "stalled", "buffers", "descriptors"] {
        assert_eq!(of(check), ["unknown"], "{document}");
    }
    // The netsh of Wine does not report ports.
    if on_wine() {
        assert!(of("port-exhaustion").contains(&"unknown"), "{document}");
    }
    assert_eq!(of("conntrack"), ["ok"], "{document}");
    for text in findings(&document).into_iter().flat_map(|(_, finding)| texts(finding)) {
        for word in ["sysctl", "/proc/", "root", "nftables"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

/// The texts of a finding: what it says and advises.
fn texts(finding: &Value) -> Vec<String> {
    let next = finding["next"].as_array().into_iter().flatten();
    let all = next.chain([&finding["sentence"], &finding["meaning"]]);
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}
