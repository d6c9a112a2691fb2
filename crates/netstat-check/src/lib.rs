//! `netstat check`: what is wrong, which process causes it, how certain that is, and what to do next.
//!
//! A check is a file here that judges, a TOML file beside it with its texts and settings, and one line in [`ALL`]. It says
//! which evidence it needs ([`EvidenceNeeds`]) and is then a pure function of the [`Evidence`] and its [`Thresholds`]: it
//! asks the system nothing and does not know the time. What it finds does not depend on the checks that run beside it,
//! because evidence is asked for and kept by the sum of all needs ([`JointNeeds`]).
//!
//! | file | its job |
//! |---|---|
//! | `definition.rs`, `registry.rs` | what a check is; the list of all checks |
//! | `needs.rs`, `joint_needs.rs` | the evidence that a check needs; the sum of several checks, and what it lets drop |
//! | `evidence.rs`, `evidence_source.rs` | the evidence: one look at the system, or two; asks for it |
//! | `marks.rs` | what is kept of an earlier look, and how a socket compares with it |
//! | `surroundings.rs` | evidence beyond the tables of the system: places of addresses, lists, the policy, the firewall |
//! | `data.rs` | the TOML file of a check, and `data::say`, which fills its sentences |
//! | `text.rs` | texts in both languages, and the numbers in them |
//! | `thresholds.rs`, `assignments.rs` | the settings that hold; `--config` and `--set` |
//! | `toml_error.rs` | errors in these files, without what stands in them |
//! | `finding.rs` | what a check answers |
//! | `held_by.rs`, `holders.rs`, `identity.rs` | who holds a socket; sockets by holder; who a process is |
//! | `targets.rs` | who answers what a rule sends elsewhere |
//! | `waiting.rs` | connections that wait for an answer, and whether it is late |
//! | `over_time.rs`, `judges_of_spans.rs` | what a history tells of a span; the checks that judge one |
//! | `changes.rs` | what changed from one round of `--watch` to the next |
//! | `lacking.rs` | warnings about missing evidence, in both languages |
//! | all others | one check each |
//!
//! ```
//! use netstat_check::{CheckSettings, EvidenceSource, JointNeeds, Surroundings, by_name, worst};
//!
//! let check = by_name("conntrack").ok_or("no such check")?;
//! let backend = netstat_os::open(netstat_os::Origin::Live)?;
//! let needs = JointNeeds::of([check.needs]);
//! let mut source = EvidenceSource::new(&backend, needs, Surroundings::default());
//! let mut warnings = Vec::new();
//! if source.first_look(&mut warnings)? {
//!     std::thread::sleep(std::time::Duration::from_millis(100));
//! }
//! let findings = check.judge(&source.look(&mut warnings)?, &CheckSettings::default());
//! assert!(!findings.is_empty(), "a check always answers");
//! println!("{}", worst(&findings).word());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod address_gone;
mod assignments;
mod bind;
mod buffers;
mod changes;
mod close_wait;
mod connecting;
mod conntrack;
mod data;
mod definition;
mod descriptors;
mod evidence;
mod evidence_source;
mod exposed;
mod finding;
mod half_open;
mod held_by;
mod holders;
mod identity;
mod idle;
mod joint_needs;
mod judges_of_spans;
mod lacking;
mod listen_queue;
#[cfg(test)]
mod made;
mod marks;
mod needs;
mod over_time;
mod policy;
mod policy_file;
mod port_exhaustion;
mod registry;
mod retransmission;
mod shadowed;
mod stalled;
mod surroundings;
mod suspicious;
mod targets;
mod text;
mod thresholds;
mod toml_error;
mod waiting;

pub use assignments::{Assignment, parse_assignment};
pub use bind::CHECK as BIND;
pub use changes::{Change, changes, retold};
pub use data::{Setting, System};
pub use definition::Check;
pub use evidence::{DescriptorsSince, Evidence, Input, Lack, Listed, Moment};
pub use evidence_source::EvidenceSource;
pub use finding::{Culprit, Fact, Finding, Severity, worst};
pub use held_by::HeldBy;
pub use joint_needs::JointNeeds;
pub use judges_of_spans::{judge_over_time, judges_over_time};
pub use lacking::lacking;
pub use marks::Marks;
pub use needs::{Details, EvidenceNeeds, Twice};
pub use over_time::OverTime;
pub use policy::{CHECK as POLICY, Policy, learned};
pub use port_exhaustion::{PortsTaken, ports_taken};
pub use registry::{ALL, NAMES, by_name};
pub use surroundings::{Firewalled, NamedList, Surroundings};
pub use suspicious::CHECK as SUSPICIOUS;
pub use text::{Text, duration, grouped};
pub use thresholds::{CheckSettings, Thresholds};

#[cfg(test)]
mod tests;
