//! `netstat check --at` and `--since`.

use super::History;
use serde_json::Value;
use std::process::Command;

#[test]
fn checks_judge_a_moment_of_the_past() {
    let history = History::new("check-at");
    // At 14:10 a connection waits to be closed; one is no leak.
    let (code, out, error) = history.run(&["check", "close-wait", "--at", "2026-09-21T14:10:00Z"]);
    assert!(code == 0 && out.contains("close-wait: 1 connection in CLOSE_WAIT"), "{out}{error}");
    let set = ["--set", "close-wait.notice=1", "--set", "close-wait.warning=1"];
    let words = ["check", "close-wait", "--at", "2026-09-21T14:10:00Z", "--json"];
    let (code, out, _) = history.run(&[&words[..], &set].concat());
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["severity"], &json["exit_code"]), (1, &"warning".into(), &1.into()), "{out}");
    assert_eq!(json["checks"][0]["findings"][0]["processes"][0]["name"], "curl");
    assert_eq!(json["time"], "2026-09-21T14:10:00.000Z");
    assert_eq!((&json["since"], &json["until"]), (&Value::Null, &Value::Null));
    // Before it was closed by the peer there was none.
    let words = ["check", "close-wait", "--at", "2026-09-21T14:05:55Z"];
    assert_eq!(history.run(&[&words[..], &set].concat()).0, 0);
    // What a history does not keep is not judged, and said where it is asked for by name.
    let (code, out, _) = history.run(&["check", "conntrack", "--at", "2026-09-21T14:10:00Z"]);
    assert!(code == 3 && out.contains("conntrack: not known of the past"), "{out}");
    let (code, out, _) = history.run(&["check", "--at", "2026-09-21T14:10:00Z"]);
    assert!(code == 0 && out.contains("Not judged, or only in part: ") && out.contains("conntrack"), "{out}");
    // A filter judges only what it selects.
    let (_, out, _) = history.run(&["check", "close-wait", "process sshd", "--at", "2026-09-21T14:10:00Z"]);
    assert!(out.contains("0 connections in CLOSE_WAIT"), "{out}");
    let (code, out, error) = history.run(&["check", "--at", "2026-09-21T13:00:00Z"]);
    assert!(code == 3 && out.is_empty() && error.contains("the history begins at"), "{out}{error}");
    let (code, _, error) = history.run(&["check", "close-wait", "--at", "2026-09-21T14:30:01Z"]);
    assert!(code == 0 && error.contains("7 ends of connections were lost"), "{error}");
}

#[test]
fn checks_judge_a_span_of_the_past() {
    let history = History::new("check-since");
    let span = ["--since", "2026-09-21T14:01:00Z", "--until", "2026-09-21T14:20:00Z"];
    let (code, out, error) = history.run(&[&["check", "--json"][..], &span].concat());
    let json: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{error}"));
    assert_eq!((code, &json["severity"]), (1, &"warning".into()), "{out}");
    assert_eq!(json["since"], "2026-09-21T14:01:00.000000Z");
    let of = |name: &str| {
        let checks = json["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap()["findings"][0].clone()
    };
    let failed = of("connecting");
    assert_eq!(failed["severity"], "warning");
    assert_eq!(failed["sentence"], "200 connections to 203.0.113.9:5432 failed: 200 refused");
    assert_eq!((&failed["facts"]["failed"], &failed["facts"]["program"]), (&200.into(), &"retry".into()));
    // The command shows the rows.
    let command = failed["command"].as_str().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let shown = Command::new(env!("CARGO_BIN_EXE_netstat"))
        .args(words)
        .arg("--csv")
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let rows = String::from_utf8(shown.stdout).unwrap().lines().count();
    assert_eq!(rows, 201, "{command}");
    assert_eq!(of("close-wait")["severity"], "ok");
    let (code, out, _) = history.run(&[&["check", "close-wait"][..], &span].concat());
    assert!(code == 0 && out.contains("whose number grew"), "{out}");
    assert!(out.contains("1 check of 200 connections that ended"), "{out}");
    // Where ends were lost, that nothing is wrong is not known.
    let (code, out, _) = history.run(&["check", "close-wait", "--since", "2026-09-21T14:25:00Z"]);
    assert!(code == 3 && out.contains("7 ends of connections were lost"), "{out}");
    // What is wrong is so, whatever else there may be; that there may be more is said beside it.
    let words = ["check", "connecting", "--since", "2026-09-21T14:01:00Z", "--json"];
    let (code, out, error) = history.run(&words);
    let json: Value = serde_json::from_str(&out).unwrap();
    let lost = "7 ends of connections were lost";
    assert!(code == 1 && json["warnings"][0].as_str().unwrap().contains(lost), "{out}");
    assert!(error.contains(lost), "{error}");
    // Nor is it where the history has not all of the span.
    let (code, out, _) =
        history.run(&["check", "close-wait", "--since", "2026-09-20", "--until", "2026-09-21T14:20:00Z"]);
    assert!(code == 3 && out.contains("begins at 2026-09-21 14:00:30"), "{out}");
    let (code, out, _) = history.run(&[&["check", "exposed"][..], &span].concat());
    assert!(code == 3 && out.contains("exposed: it judges a moment, not a span"), "{out}");
    let (_, korean, _) = history.run(&[&["check", "connecting", "--lang", "ko"][..], &span].concat());
    assert!(korean.contains("이곳으로 가는 연결 200개 실패"), "{korean}");
    for (words, said) in [
        (&["check", "port 80", "--since", "2h"][..], "--since judges all connections"),
        (&["check", "--at", "2h", "--since", "2h"], "leave one of the two out"),
        (&["check", "--since", "2h", "--watch", "5s"], "--watch the running system"),
    ] {
        let (code, _, error) = history.run(words);
        assert!(code != 0 && error.contains(said), "{words:?}: {error}");
    }
}
