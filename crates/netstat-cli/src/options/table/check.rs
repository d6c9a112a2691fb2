//! Options of `netstat check`. They exist only after that word, so they cannot collide with those of Windows.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_check as check;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat check` takes as well.
pub(in super::super) const SHARED: [&str; 17] = [
    "at", "color", "count", "generate", "geo", "help", "json", "lang", "netns", "owners", "record", "replay",
    "since", "store", "until", "utf8", "watch",
];

pub(super) const OPTIONS: &[Entry] = entries! { Check;
    [] "config",
        value(check.config, "FILE", "check.toml", ValueKind::File, |text| values::parse_file("--config", text));
        "Read the settings of the checks from a TOML file",
        "Reads the settings of the checks from a TOML file: a table for each check, in it a line for each setting.",
        "검사 설정을 TOML 파일에서 읽습니다. 검사마다 테이블 하나, 그 안에 설정마다 한 줄입니다."
        details "An unknown name is an error. --set wins over the file. docs/check.md lists every setting."
                "모르는 이름은 오류입니다. --set이 파일보다 우선합니다. 모든 설정은 docs/check.ko.md에 \
                 있습니다.";
    [] "explain", value(check.explain, "NAME", "close-wait", ValueKind::Choice(&check::NAMES), |text| {
            values::parse_check("--explain", text)
        });
        "Explain the rule of a check and its settings",
        "Explains the rule of a check, its settings, and where its evidence comes from.",
        "검사의 규칙과 설정, 근거가 되는 값의 출처를 설명합니다.";
    [] "learn", switch(check.learn);
        "Write a policy of the current state",
        "Writes a policy file that allows every current listener and destination: netstat check policy --learn > \
         policy.toml.",
        "지금 있는 수신 대기 포트와 연결 대상을 모두 허용하는 정책 파일을 출력합니다: netstat check policy \
         --learn > policy.toml."
        details "A filter leaves out what the file should not allow. Read the file before you trust it."
                "필터를 주면 파일에서 허용하지 않을 것을 뺄 수 있습니다. 파일을 쓰기 전에 내용을 읽어 \
                 보십시오.";
    [] "policy",
        value(check.policy, "FILE", "policy.toml", ValueKind::File, |text| values::parse_file("--policy", text));
        "Check against the policy in this file",
        "Checks against the policy in this file, as --learn writes it: who may listen, and who may connect where.",
        "이 파일의 정책으로 검사합니다. --learn이 쓴 파일처럼, 누가 수신 대기하고 누가 어디로 연결해도 되는지를 \
         적습니다."
        details "netstat check --explain policy describes the file. The setting policy.file names it permanently."
                "파일의 형식은 netstat check --explain policy가 설명합니다. 설정 policy.file에 적어 두면 항상 \
                 적용됩니다.";
    [] "list", switch(check.list);
        "List the checks",
        "Lists the checks, a line for each.",
        "검사 목록을 한 줄에 하나씩 표시합니다.";
    [] "set", effect(Effect::Value(
            Value { name: "NAME=VALUE", example: "close-wait.warning=200", kind: ValueKind::Setting },
            |arguments, text| {
                arguments.check.set.push(values::parse_setting(text)?);
                Ok(())
            },
        ));
        "Change a setting of a check",
        "Changes a setting of a check, as in --set close-wait.warning=200; may be repeated.",
        "검사의 설정을 바꿉니다. 예: --set close-wait.warning=200. 여러 번 쓸 수 있습니다."
        details "netstat check --explain NAME shows the settings of a check and the reasons for their defaults."
                "netstat check --explain 이름은 검사의 설정과 기본값의 이유를 보여 줍니다.";
};
