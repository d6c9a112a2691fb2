//! Options of `netstat check`. They exist only after that word, so they cannot collide with those of Windows.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind};
use super::super::values;
use netstat_check as check;

/// Options of the other lists that `netstat check` takes as well.
pub(in super::super) const SHARED: [&str; 11] =
    ["color", "count", "generate", "geo", "help", "json", "lang", "owners", "record", "replay", "utf8"];

pub(super) const OPTIONS: &[Entry] = &[
    Entry {
        letters: &[],
        long: "config",
        in_synopsis: false,
        summary: "Read the settings of the checks from a TOML file",
        help: "Reads the settings of the checks from a TOML file: a table for each check, in it a line for each setting.",
        details: "An unknown name is an error. --set wins over the file. docs/check.md lists every setting.",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Value(
            Value { name: "FILE", example: "check.toml", kind: ValueKind::File },
            |arguments, text| {
                arguments.check.config = Some(values::parse_file("--config", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "explain",
        in_synopsis: false,
        summary: "Explain the rule of a check and its settings",
        help: "Explains the rule of a check, its settings, and where its evidence comes from.",
        details: "",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Value(
            Value { name: "NAME", example: "close-wait", kind: ValueKind::Choice(&check::NAMES) },
            |arguments, text| {
                arguments.check.explain = Some(values::parse_check("--explain", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "learn",
        in_synopsis: false,
        summary: "Write a policy of the current state",
        help: "Writes a policy file that allows every current listener and destination: netstat check policy --learn > \
               policy.toml.",
        details: "A filter leaves out what the file should not allow. Read the file before you trust it.",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Switch(|arguments| arguments.check.learn = true),
    },
    Entry {
        letters: &[],
        long: "policy",
        in_synopsis: false,
        summary: "Check against the policy in this file",
        help: "Checks against the policy in this file, as --learn writes it: who may listen, and who may connect where.",
        details: "netstat check --explain policy describes the file. The setting policy.file names it permanently.",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Value(
            Value { name: "FILE", example: "policy.toml", kind: ValueKind::File },
            |arguments, text| {
                arguments.check.policy = Some(values::parse_file("--policy", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "list",
        in_synopsis: false,
        summary: "List the checks",
        help: "Lists the checks, a line for each.",
        details: "",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Switch(|arguments| arguments.check.list = true),
    },
    Entry {
        letters: &[],
        long: "set",
        in_synopsis: false,
        summary: "Change a setting of a check",
        help: "Changes a setting of a check, as in --set close-wait.warning=200; may be repeated.",
        details: "netstat check --explain NAME shows the settings of a check and the reasons for their defaults.",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Value(
            Value { name: "NAME=VALUE", example: "close-wait.warning=200", kind: ValueKind::Free },
            |arguments, text| {
                arguments.check.set.push(values::parse_setting(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "watch",
        in_synopsis: false,
        summary: "Repeat every TIME and show what changes",
        help: "Repeats every TIME (10s, 500ms) until Ctrl+C, and shows what appeared, got worse, eased or went away.",
        details: "Rates are measured between two looks. A plain number of seconds does the same: netstat check 10. --count N \
                  stops after N looks. With --json each look is a document on its own line.",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Value(
            Value { name: "TIME", example: "10s", kind: ValueKind::Free },
            |arguments, text| {
                arguments.check.watch = Some(values::parse_watch(text)?);
                Ok(())
            },
        ),
    },
];
