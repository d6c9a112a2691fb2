//! Judges a packet of which only its destination is known: whether the rules let another machine begin with it.
//!
//! Which profile is in force depends on the network that the packet arrives on, so all are judged, and if they differ, the
//! judgement is that it depends. Blocking rules override allowing ones; without a rule the default of the profile applies.

use super::profiles::Profiles;
use super::rule::{Action, Match, Rule};
use netstat_model::{Inbound, Judgement, Passage};

/// How many rules a judgement names.
const NAMED: usize = 3;

/// The settings of a profile; `None` where one is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Settings {
    /// The firewall is on.
    pub(super) enabled: Option<bool>,
    /// Packets without a rule are let in.
    pub(super) allows: Option<bool>,
    /// Allowing rules are ignored.
    pub(super) shielded: Option<bool>,
    /// Rules of the machine apply in addition to those of its administration.
    pub(super) merges: Option<bool>,
}

/// Everything that decides what the firewall does.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    /// Of the three profiles, in the order of [`Profiles::EACH`].
    pub(super) settings: Vec<Settings>,
    /// Rules of the machine.
    pub(super) local: Vec<Rule>,
    /// Rules of its administration.
    pub(super) managed: Vec<Rule>,
    /// Rules that restrict the services of Windows.
    pub(super) hardening: Vec<Rule>,
}

/// What happens to a packet, and what decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    passage: Passage,
    by: String,
}

impl Outcome {
    fn new(passage: Passage, by: impl Into<String>) -> Self {
        Self { passage, by: by.into() }
    }
}

/// Chooses an outcome by a setting. If the setting is unknown and the outcomes differ, it depends.
fn choose(setting: Option<bool>, yes: impl FnOnce() -> Outcome, no: impl FnOnce() -> Outcome) -> Outcome {
    match setting {
        Some(true) => yes(),
        Some(false) => no(),
        None => {
            let yes = yes();
            if yes.passage == no().passage {
                return yes;
            }
            Outcome::new(Passage::Depends, "settings that are not understood")
        }
    }
}

/// A rule that may match the packet.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    rule: &'a Rule,
    /// Not [`Match::No`].
    matched: Match,
    /// The rule is one of the machine.
    local: bool,
}

impl<'a> Candidate<'a> {
    fn of(rule: &'a Rule, inbound: &Inbound, local: bool) -> Option<Self> {
        // A rule that does not say whether it is enabled may be either.
        let at_most = rule.active.map_or(Match::Maybe, |_| Match::Yes);
        let matched = rule.matches(inbound).min(at_most);
        (matched > Match::No).then_some(Self { rule, matched, local })
    }
}

impl Ruleset {
    pub(super) fn judge(&self, inbound: &Inbound) -> Judgement {
        let local = self.local.iter().filter_map(|rule| Candidate::of(rule, inbound, true));
        let managed = self.managed.iter().filter_map(|rule| Candidate::of(rule, inbound, false));
        let candidates: Vec<Candidate<'_>> = local.chain(managed).collect();
        let mut outcomes: Vec<(Profiles, Outcome)> = Vec::new();
        for (profile, settings) in Profiles::EACH.into_iter().zip(&self.settings) {
            let outcome = outcome(settings, profile, &candidates);
            match outcomes.iter_mut().find(|(_, known)| *known == outcome) {
                Some((profiles, _)) => *profiles |= profile,
                None => outcomes.push((profile, outcome)),
            }
        }
        let title = |(profiles, outcome): &(Profiles, Outcome)| match profiles.words().join(" and ") {
            _ if profiles.is_all() => format!("Windows firewall: {}", outcome.by),
            words => format!("Windows firewall ({words}): {}", outcome.by),
        };
        let mut by: Vec<String> = outcomes.iter().map(title).collect();
        let mut passage = match outcomes.as_slice() {
            [(_, first), rest @ ..] if rest.iter().all(|(_, it)| it.passage == first.passage) => {
                first.passage
            }
            _ => Passage::Depends,
        };
        if passage == Passage::Open && self.restricts(inbound) {
            passage = Passage::Depends;
            by.push("Windows service hardening".to_owned());
        }
        Judgement { passage, by, diverted: Vec::new() }
    }

    /// Returns true if service hardening may block the packet. There an allowing rule is an exception from a blocking
    /// one, and rules are enabled unless they say otherwise.
    fn restricts(&self, inbound: &Inbound) -> bool {
        let best = |action: Option<Action>| {
            let rules = self.hardening.iter().filter(|rule| rule.action == action);
            rules.map(|rule| rule.matches(inbound)).max().unwrap_or(Match::No)
        };
        let blocks = best(Some(Action::Block)).max(best(None));
        blocks > Match::No && best(Some(Action::Allow)) < Match::Yes
    }
}

/// Decides what happens to the packet in a profile.
fn outcome(settings: &Settings, profile: Profiles, candidates: &[Candidate<'_>]) -> Outcome {
    let applies = |candidate: &&Candidate<'_>| {
        candidate.rule.profiles.contains(profile) && (!candidate.local || settings.merges != Some(false))
    };
    let applying: Vec<Candidate<'_>> = candidates
        .iter()
        .filter(applies)
        .map(|candidate| match settings.merges {
            None if candidate.local => Candidate { matched: Match::Maybe, ..*candidate },
            _ => *candidate,
        })
        .collect();
    let by_rules = || choose(settings.allows, || by_rules(&applying, true), || by_rules(&applying, false));
    let shielded = || Outcome::new(Passage::Closed, "no exceptions are allowed");
    let off = || Outcome::new(Passage::Open, "off");
    choose(settings.enabled.map(|on| !on), off, || choose(settings.shielded, shielded, by_rules))
}

/// Decides by the rules of a profile, and without a rule by its default.
fn by_rules(candidates: &[Candidate<'_>], allows: bool) -> Outcome {
    let names = |actions: &[Option<Action>], at_least: Match| -> Vec<&str> {
        let counts = |candidate: &&Candidate<'_>| {
            actions.contains(&candidate.rule.action) && candidate.matched >= at_least
        };
        candidates.iter().filter(counts).map(|candidate| candidate.rule.name.as_str()).collect()
    };
    // A rule that is not understood may do either. Authenticated senders may pass blocking rules.
    let past = names(&[Some(Action::Bypass), None], Match::Maybe);
    let blocked = names(&[Some(Action::Block)], Match::Yes);
    let may_block = names(&[Some(Action::Block), None], Match::Maybe);
    let allowed = names(&[Some(Action::Allow)], Match::Yes);
    let may_allow = names(&[Some(Action::Allow), Some(Action::Bypass), None], Match::Maybe);
    let (certain, deciding, doubtful) = if !blocked.is_empty() {
        (Passage::Closed, blocked, past)
    } else if allows || !allowed.is_empty() {
        (Passage::Open, allowed, may_block)
    } else {
        (Passage::Closed, Vec::new(), may_allow)
    };
    let passage = if doubtful.is_empty() { certain } else { Passage::Depends };
    match ([deciding, doubtful].concat().as_slice(), passage) {
        ([], Passage::Open) => Outcome::new(passage, "allows by default"),
        ([], _) => Outcome::new(passage, "blocks by default"),
        (names, _) => Outcome::new(passage, named(names)),
    }
}

/// Lists the first of some rules by name.
fn named(names: &[&str]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    let mut shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("rule {name}")).collect();
    if names.len() > NAMED {
        shown.push(format!("{} more", names.len() - NAMED));
    }
    shown.join(" and ")
}
