//! Options of `netstat check`. They mean something only after that word, so the command line of Windows stays its own.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind};
use super::super::values;
use crate::check;

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
        details: "A name that no check knows is an error. --set comes after it and wins. docs/check.md has every setting.",
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
        summary: "Say by which rule a check judges, and its settings",
        help: "Says by which rule a check judges, what can be set, and where its evidence comes from.",
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
        summary: "Write a policy of what is there now",
        help: "Writes the file of a policy that allows every listener and destination that is there now: netstat check \
               policy --learn > policy.toml.",
        details: "A filter before it leaves out what the file is not to allow. Read the file before it is trusted.",
        inferred: None,
        report: Topic::Check,
        effect: Effect::Switch(|arguments| arguments.check.learn = true),
    },
    Entry {
        letters: &[],
        long: "policy",
        in_synopsis: false,
        summary: "Check by the policy in this file",
        help: "Checks by the policy in this file, as --learn writes one: who may listen, and who may go where.",
        details: "netstat check --explain policy tells what is in it. The setting policy.file names it for good.",
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
        details: "netstat check --explain NAME shows the settings of a check and why they are what they are.",
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
        summary: "Go on, and show what changes",
        help: "Goes on until CTRL+C is pressed, looks again after each pause of TIME (10s, 500ms), and shows what \
               appeared, got worse, eased or went away.",
        details: "Rates are then those between two looks. A plain number does the same: netstat check 10. --count ends it \
                  after so many looks. With --json each look is a document on a line of its own.",
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
