//! `netstat check`: what is wrong, who does it, how sure that is, and what to do next.
//!
//! A check is one file here and one line in [`ALL`]. It says what it needs to know ([`Needs`]), and is then a pure function
//! of the [`Evidence`] and the [`Thresholds`]: it asks the system nothing, and does not know the time. Its texts stand in
//! its own file, both languages side by side.
//!
//! | file | its job |
//! |---|---|
//! | `finding.rs` | what a check answers |
//! | `text.rs` | texts in both languages, and numbers in them |
//! | `evidence.rs` | what the system was asked, once or twice |
//! | `marks.rs` | what is kept of an earlier look |
//! | `waiting.rs` | connections that wait for an answer, and whether it is late |
//! | `needs.rs` | what a check needs of it |
//! | `thresholds.rs` | settings: defaults, `--config`, `--set` |
//! | `holders.rs` | sockets by the process that holds them |
//! | `identity.rs` | who a process is, as facts |
//! | `surroundings.rs` | what is known beyond the tables of the system: places of addresses, lists, the policy |
//! | `lacking.rs` | what the evidence may lack, in words |
//! | `changes.rs` | what changed from one round of `--watch` to the next |
//! | `explain.rs` | `--list`, `--explain`, and the document made of them |
//! | all others | one check each |

mod buffers;
mod changes;
mod close_wait;
mod connecting;
mod conntrack;
mod evidence;
mod explain;
mod exposed;
mod finding;
mod half_open;
mod holders;
mod identity;
mod lacking;
mod listen_queue;
#[cfg(test)]
mod made;
mod marks;
mod needs;
mod policy;
mod port_exhaustion;
mod retransmission;
mod stalled;
mod surroundings;
mod suspicious;
mod text;
mod thresholds;
mod waiting;

pub(crate) use changes::{Change, changes, retold};
pub(crate) use evidence::{Evidence, Input, Lack, Moment, SocketKey, listening};
pub(crate) use explain::{explained, listed, markdown, wrapped, wrapped_step};
pub(crate) use finding::{Culprit, Fact, Finding, Severity, worst};
pub(crate) use holders::Holder;
pub(crate) use lacking::lacking;
pub(crate) use marks::Marks;
pub(crate) use needs::Needs;
pub(crate) use policy::{CHECK as POLICY, FILE as POLICY_FILE, Policy, learned};
pub(crate) use surroundings::{Firewalled, NamedList, Surroundings, inbound};
pub(crate) use suspicious::{CHECK as SUSPICIOUS, LISTS as ADDRESS_LISTS};
pub(crate) use text::{Text, duration, grouped};
pub(crate) use thresholds::{Assignment, Setting, Thresholds, parse_assignment};

/// Every check, in the order in which they are run and shown.
pub(crate) const ALL: [&Check; 12] = [
    &port_exhaustion::CHECK,
    &close_wait::CHECK,
    &listen_queue::CHECK,
    &connecting::CHECK,
    &half_open::CHECK,
    &retransmission::CHECK,
    &stalled::CHECK,
    &buffers::CHECK,
    &conntrack::CHECK,
    &exposed::CHECK,
    &policy::CHECK,
    &suspicious::CHECK,
];

/// The names of all checks, in the same order.
pub(crate) const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = ALL[i].name;
        i += 1;
    }
    names
};

/// One thing that can be wrong, and how it is recognised.
#[derive(Debug)]
pub(crate) struct Check {
    /// The stable name, in lower case with dashes.
    pub(crate) name: &'static str,
    /// What it looks for, in a few words.
    pub(crate) summary: Text,
    /// By which rule it judges, and why so; paragraphs have an empty line between.
    pub(crate) rule: Text,
    /// What can be set.
    pub(crate) settings: &'static [&'static Setting],
    /// Where the evidence comes from, and where the rule can be read up.
    pub(crate) sources: &'static [&'static str],
    /// What it has to know.
    pub(crate) needs: Needs,
    /// Judges. At least one finding: one that says all is well has [`Severity::Ok`].
    pub(crate) run: fn(&Evidence, &Thresholds) -> Vec<Finding>,
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The check of a name, in any letter case; `_` does for `-`.
pub(crate) fn by_name(name: &str) -> Option<&'static Check> {
    let same = |known: &str| {
        known.len() == name.len()
            && known
                .bytes()
                .zip(name.bytes())
                .all(|(known, typed)| known == typed.to_ascii_lowercase() || (known == b'-' && typed == b'_'))
    };
    ALL.into_iter().find(|check| same(check.name))
}

#[cfg(test)]
mod tests;
