//! `netstat check`: what is wrong, who does it, how sure that is, and what to do next.
//!
//! A check is one file here and one line in [`ALL`]. It says what it needs to know ([`EvidenceNeeds`]), and is then a pure function
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

mod assignments;
mod buffers;
mod changes;
mod close_wait;
mod connecting;
mod conntrack;
mod data;
mod definition;
mod evidence;
mod exposed;
mod finding;
mod half_open;
mod held_by;
mod holders;
mod identity;
mod joint_needs;
mod keys;
mod lacking;
mod listen_queue;
#[cfg(test)]
mod made;
mod marks;
mod needs;
mod policy;
mod port_exhaustion;
mod registry;
mod retransmission;
mod stalled;
mod surroundings;
mod suspicious;
mod text;
mod thresholds;
mod waiting;

pub(crate) use assignments::{Assignment, parse_assignment};
pub(crate) use changes::{Change, changes, retold};
pub(crate) use data::Setting;
pub(crate) use definition::Check;
pub(crate) use evidence::{Evidence, Input, Lack, Moment, listening};
pub(crate) use finding::{Culprit, Fact, Finding, Severity, worst};
pub(crate) use held_by::HeldBy;
pub(crate) use joint_needs::JointNeeds;
pub(crate) use keys::{ProcessKey, SocketKey};
pub(crate) use lacking::lacking;
pub(crate) use marks::Marks;
pub(crate) use needs::EvidenceNeeds;
pub(crate) use policy::{CHECK as POLICY, Policy, learned};
pub(crate) use registry::{ALL, NAMES, by_name};
pub(crate) use surroundings::{Firewalled, NamedList, Surroundings, inbound};
pub(crate) use suspicious::CHECK as SUSPICIOUS;
pub(crate) use text::{Text, duration, grouped};
pub(crate) use thresholds::{CheckSettings, Thresholds};

#[cfg(test)]
mod tests;
