//! What `netstat check` answers, and what is asked of every answer.

use crate::support::{Folder, NETSTAT, Run, command, finish};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// One finding of the JSON form.
#[derive(Debug, Clone)]
pub(crate) struct Finding(Value);

impl Finding {
    pub(crate) fn severity(&self) -> &str {
        self.0["severity"].as_str().unwrap()
    }

    pub(crate) fn sentence(&self) -> &str {
        self.0["sentence"].as_str().unwrap()
    }

    /// What it is about; empty for the system.
    pub(crate) fn subject(&self) -> &str {
        self.0["subject"].as_str().unwrap_or_default()
    }

    /// The sentence and the facts in words, a line each.
    pub(crate) fn words(&self) -> String {
        let details = self.0["details"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        std::iter::once(self.sentence()).chain(details).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn fact(&self, key: &str) -> &Value {
        self.0["facts"].get(key).unwrap_or_else(|| panic!("no fact {key} in {self:#?}"))
    }

    pub(crate) fn number(&self, key: &str) -> f64 {
        self.fact(key).as_f64().unwrap_or_else(|| panic!("{key} is no number in {self:#?}"))
    }

    /// The processes, with how many sockets each holds.
    pub(crate) fn processes(&self) -> Vec<(Option<u64>, u64)> {
        let processes = self.0["processes"].as_array().unwrap();
        processes.iter().map(|one| (one["pid"].as_u64(), one["sockets"].as_u64().unwrap())).collect()
    }

    pub(crate) fn command(&self) -> Option<&str> {
        self.0["command"].as_str()
    }

    /// The lines that its command shows when it is typed.
    pub(crate) fn rows(&self) -> Vec<String> {
        let line = self.command().unwrap_or_else(|| panic!("no command in {self:#?}"));
        let folder = Path::new(NETSTAT).parent().unwrap().to_str().unwrap();
        let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).env("PATH", path).env("LC_ALL", "C");
        let run = finish(shell);
        assert_eq!(run.code, Some(0), "{line}\n{run:?}");
        // Without the title and the heading, which everything has.
        let lines = run.text.lines().filter(|line| !line.is_empty() && *line != "Active Connections");
        lines.skip(1).map(str::to_owned).collect()
    }
}

/// One look, as JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) document: Value,
    pub(crate) run: Run,
}

/// `netstat check ... --json`: a document that its schema allows, and an exit code that agrees with it.
pub(crate) fn ask(words: &str) -> Answer {
    let run = finish(command(&format!("check {words} --json")));
    let document: Value =
        serde_json::from_str(&run.text).unwrap_or_else(|error| panic!("{error} in check {words}: {run:?}"));
    assert_valid(&document);
    assert_eq!(Some(document["exit_code"].as_i64().unwrap()), run.code.map(i64::from), "{run:?}");
    let severities = ["ok", "notice", "warning", "critical", "unknown"];
    let code = [0, 0, 1, 2, 3];
    let worst = severities.iter().position(|word| document["severity"] == *word).unwrap();
    assert_eq!(document["exit_code"], code[worst], "{document:#}");
    Answer { document, run }
}

pub(crate) fn assert_valid(document: &Value) {
    let schema: Value = serde_json::from_str(&crate::support::netstat("--generate check-schema")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = schema.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?} in {document:#}");
}

impl Answer {
    /// The findings of a check, those that all is well included.
    pub(crate) fn of(&self, check: &str) -> Vec<Finding> {
        let checks = self.document["checks"].as_array().unwrap();
        let one = checks.iter().find(|one| one["name"] == check);
        let one = one.unwrap_or_else(|| panic!("{check} did not run: {:#}", self.document));
        one["findings"].as_array().unwrap().iter().cloned().map(Finding).collect()
    }

    /// What is worse than a notice: the names of the checks that accuse, or abstain, and what they say. Where the machine has
    /// a process that not even root may read, it is left out that its descriptors are not known.
    pub(crate) fn accusations(&self) -> Vec<(String, String)> {
        let checks = self.document["checks"].as_array().unwrap();
        let names = checks.iter().map(|one| one["name"].as_str().unwrap());
        let all = names.flat_map(|name| self.of(name).into_iter().map(move |finding| (name, finding)));
        all.filter(|(_, finding)| !["ok", "notice"].contains(&finding.severity()))
            .filter(|(name, finding)| !(*name == "descriptors" && finding.subject() == "processes"))
            .map(|(name, finding)| (name.to_owned(), finding.words()))
            .collect()
    }
}

/// Asks until a check finds something of this severity, and puts to the answer what holds for every finding: the text
/// of it in both languages, the exit code, and that a recording of it says the same.
pub(crate) fn assert_found(check: &str, more: &str, severity: &str) -> Finding {
    assert_found_saying(check, more, severity, "")
}

/// The same for a finding that grows: asks until its words have these too, such as the number that it is to reach. A
/// threshold may be passed before the last of many connections counts.
pub(crate) fn assert_found_saying(check: &str, more: &str, severity: &str, saying: &str) -> Finding {
    let words = format!("{check} {more}");
    let mut last = None;
    let found = netstat_lab::eventually("the finding", || {
        let answer = ask(&words);
        let found = answer
            .of(check)
            .into_iter()
            .find(|finding| finding.severity() == severity && finding.words().contains(saying));
        last = Some(answer);
        found
    });
    let Ok(finding) = found else {
        panic!("{check} finds nothing that is {severity} and says {saying:?}: {:#}", last.unwrap().document)
    };

    let code = match severity {
        "ok" | "notice" => 0,
        "warning" => 1,
        "critical" => 2,
        _ => 3,
    };
    let korean = match severity {
        "ok" => "정상",
        "notice" => "알림",
        "warning" => "경고",
        "critical" => "위험",
        _ => "확인 불가",
    };
    for (lang, word) in [("en", severity), ("ko", korean)] {
        let run = finish(command(&format!("check {words} --lang {lang}")));
        assert_eq!(run.code, Some(code), "{run:?}");
        let head = run.text.lines().find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{run:?}"));
        assert!(head.contains(&format!("{check}: ")), "{head}");
        let hangul = run.text.chars().any(|c| ('가'..='힣').contains(&c));
        assert_eq!(hangul, lang == "ko", "{run:?}");
    }
    assert_replayed(&words);
    finding
}

/// A recording of a check, asked again, gives the same text and the same exit code.
pub(crate) fn assert_replayed(words: &str) {
    let name = format!("check-{:?}-{}", std::thread::current().id(), words.split(' ').next().unwrap());
    let folder = Folder::new(&name.replace(['(', ')'], "-"));
    let path = folder.path("recording");
    let path = path.to_str().unwrap();
    let recorded = finish(command(&format!("check {words} --record {path}")));
    let replayed = finish(command(&format!("check {words} --replay {path}")));
    assert_eq!((&recorded.text, recorded.code), (&replayed.text, replayed.code));
    let header = |text: &str| text.split(",\"report\"").next().map(str::to_owned);
    let recorded = finish(command(&format!("check {words} --json --record {path}-json")));
    let replayed = finish(command(&format!("check {words} --json --replay {path}-json")));
    assert_eq!(header(&recorded.text), header(&replayed.text), "host and time are those of the recording");
}

/// A look-alike: the check says at most that there is something worth knowing.
pub(crate) fn assert_quiet(check: &str, more: &str) {
    let answer = ask(&format!("{check} {more}"));
    assert_eq!(answer.accusations(), [], "{check} accuses what is well");
    assert_eq!(answer.run.code, Some(0));
}

/// Nobody but these accuses, of all checks.
pub(crate) fn assert_only(accusers: &[&str]) -> Answer {
    let answer = ask("");
    let others: Vec<_> =
        answer.accusations().into_iter().filter(|(name, _)| !accusers.contains(&&**name)).collect();
    assert_eq!(others, [], "accused beside {accusers:?}");
    answer
}

/// A number with commas, as sentences have it.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
