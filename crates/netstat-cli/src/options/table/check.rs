//! Options of `netstat check`. They exist only after that word, so they cannot collide with those of Windows.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_check as check;

/// Options of the other lists that `netstat check` takes as well.
pub(in super::super) const SHARED: [&str; 12] = [
    "color", "count", "generate", "geo", "help", "json", "lang", "netns", "owners", "record", "replay",
    "utf8",
];

pub(super) const OPTIONS: &[Entry] = entries! { Check;
    [] "config",
        value(check.config, "FILE", "check.toml", ValueKind::File, |text| values::parse_file("--config", text));
        "Read the settings of the checks from a TOML file",
        "Reads the settings of the checks from a TOML file: a table for each check, in it a line for each setting."
        details "An unknown name is an error. --set wins over the file. docs/check.md lists every setting.";
    [] "explain", value(check.explain, "NAME", "close-wait", ValueKind::Choice(&check::NAMES), |text| {
            values::parse_check("--explain", text)
        });
        "Explain the rule of a check and its settings",
        "Explains the rule of a check, its settings, and where its evidence comes from.";
    [] "learn", switch(check.learn);
        "Write a policy of the current state",
        "Writes a policy file that allows every current listener and destination: netstat check policy --learn > \
         policy.toml."
        details "A filter leaves out what the file should not allow. Read the file before you trust it.";
    [] "policy",
        value(check.policy, "FILE", "policy.toml", ValueKind::File, |text| values::parse_file("--policy", text));
        "Check against the policy in this file",
        "Checks against the policy in this file, as --learn writes it: who may listen, and who may connect where."
        details "netstat check --explain policy describes the file. The setting policy.file names it permanently.";
    [] "list", switch(check.list);
        "List the checks",
        "Lists the checks, a line for each.";
    [] "set", effect(Effect::Value(
            Value { name: "NAME=VALUE", example: "close-wait.warning=200", kind: ValueKind::Setting },
            |arguments, text| {
                arguments.check.set.push(values::parse_setting(text)?);
                Ok(())
            },
        ));
        "Change a setting of a check",
        "Changes a setting of a check, as in --set close-wait.warning=200; may be repeated."
        details "netstat check --explain NAME shows the settings of a check and the reasons for their defaults.";
    [] "watch", value(check.watch, "TIME", "10s", ValueKind::Free, values::parse_watch);
        "Repeat every TIME and show what changes",
        "Repeats every TIME (10s, 500ms) until Ctrl+C, and shows what appeared, got worse, eased or went away."
        details "Rates are measured between two looks. A plain number of seconds does the same: netstat check 10. \
                 --count N stops after N looks. With --json each look is a document on its own line.";
};
