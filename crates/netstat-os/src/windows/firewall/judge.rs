//! What the rules of the Windows firewall do with a packet of which little is known: that another machine begins with it.
//!
//! Which profile is in force depends on the network that the packet comes by. So each is judged, and where they differ it
//! depends. Rules that block win over those that allow; what no rule names goes by the default of the profile.

use super::Profiles;
use super::rule::{Action, Match, Rule};
use netstat_model::{Inbound, Judgement, Passage};

/// How many rules are named.
const NAMED: usize = 3;

/// The settings of a profile; `None` where one is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// The firewall is on.
    pub(super) enabled: Option<bool>,
    /// What no rule names is let in.
    pub(super) allows: Option<bool>,
    /// Rules that allow do not count.
    pub(super) shielded: Option<bool>,
    /// Rules of this machine count beside those of its administration.
    pub(super) merges: Option<bool>,
}

/// All that the firewall goes by.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    /// Of the three profiles, in the order of [`Profiles::EACH`].
    pub(super) settings: Vec<Settings>,
    /// Rules of the machine itself.
    pub(super) local: Vec<Rule>,
    /// Rules of its administration.
    pub(super) managed: Vec<Rule>,
    /// What Windows lets its services do, before all else.
    pub(super) hardening: Vec<Rule>,
}

/// What becomes of a packet, and what decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    passage: Passage,
    by: String,
}

impl Way {
    fn new(passage: Passage, by: &str) -> Self {
        Self { passage, by: by.to_owned() }
    }

    /// Where it is not known which of two ways it goes.
    fn or(self, other: Self) -> Self {
        if self.passage == other.passage {
            return self;
        }
        Self::new(Passage::Depends, "settings that are not understood")
    }
}

/// A rule that is about the packet.
#[derive(Debug, Clone, Copy)]
struct About<'a> {
    rule: &'a Rule,
    /// Not [`Match::No`].
    matched: Match,
    /// It is one of the machine itself.
    local: bool,
}

impl<'a> About<'a> {
    fn of(rule: &'a Rule, inbound: &Inbound, local: bool) -> Option<Self> {
        // One that does not say whether it is switched on may be either.
        let at_most = rule.active.map_or(Match::Maybe, |_| Match::Yes);
        let matched = rule.matches(inbound).min(at_most);
        (matched > Match::No).then_some(Self { rule, matched, local })
    }
}

impl Ruleset {
    pub(super) fn judge(&self, inbound: &Inbound) -> Judgement {
        let local = self.local.iter().map(|rule| (rule, true));
        let rules = local.chain(self.managed.iter().map(|rule| (rule, false)));
        let all: Vec<About<'_>> = rules.filter_map(|(rule, local)| About::of(rule, inbound, local)).collect();
        let mut ways: Vec<(Profiles, Way)> = Vec::new();
        for (profile, settings) in Profiles::EACH.into_iter().zip(&self.settings) {
            let holds = |about: &&About<'_>| about.rule.profiles.contains(profile);
            let way = through(settings, &all.iter().filter(holds).copied().collect::<Vec<_>>());
            match ways.iter_mut().find(|(_, known)| *known == way) {
                Some((profiles, _)) => *profiles |= profile,
                None => ways.push((profile, way)),
            }
        }
        let title = |(profiles, way): &(Profiles, Way)| {
            if *profiles == Profiles::all() {
                return format!("Windows firewall: {}", way.by);
            }
            format!("Windows firewall ({}): {}", profiles.words().join(" and "), way.by)
        };
        let mut by: Vec<String> = ways.iter().map(title).collect();
        let mut passages = ways.iter().map(|(_, way)| way.passage);
        let first = passages.next().unwrap_or(Passage::Depends);
        let mut passage = if passages.all(|passage| passage == first) { first } else { Passage::Depends };
        if passage == Passage::Open && self.restricts(inbound) {
            passage = Passage::Depends;
            by.push("Windows service hardening".to_owned());
        }
        Judgement { passage, by }
    }

    /// Whether Windows may keep the service itself from it. There a rule that allows is an exception from one that blocks,
    /// and is switched on unless it says otherwise.
    fn restricts(&self, inbound: &Inbound) -> bool {
        let most = |action: Option<Action>| {
            let of = self.hardening.iter().filter(|rule| rule.action == action);
            of.map(|rule| rule.matches(inbound)).max().unwrap_or(Match::No)
        };
        let blocks = most(Some(Action::Block)).max(most(None));
        blocks > Match::No && most(Some(Action::Allow)) < Match::Yes
    }
}

/// What becomes of it in a profile.
fn through(settings: &Settings, about: &[About<'_>]) -> Way {
    let off = || Way::new(Passage::Open, "off");
    let shield = || Way::new(Passage::Closed, "no exceptions are allowed");
    let by_rules = || {
        let counts = about.iter().filter(|about| !about.local || settings.merges != Some(false));
        let counted: Vec<About<'_>> = counts
            .map(|about| match settings.merges {
                None if about.local => About { matched: Match::Maybe, ..*about },
                _ => *about,
            })
            .collect();
        match settings.allows {
            Some(allows) => decide(&counted, allows),
            None => decide(&counted, true).or(decide(&counted, false)),
        }
    };
    let on = || match settings.shielded {
        Some(true) => shield(),
        Some(false) => by_rules(),
        None => shield().or(by_rules()),
    };
    match settings.enabled {
        Some(false) => off(),
        Some(true) => on(),
        None => off().or(on()),
    }
}

/// What the rules of a profile say, and where none does, the default.
fn decide(about: &[About<'_>], allows: bool) -> Way {
    let names = |actions: &[Option<Action>], at_least: Match| -> Vec<&str> {
        let counts = |about: &&About<'_>| actions.contains(&about.rule.action) && about.matched >= at_least;
        about.iter().filter(counts).map(|about| about.rule.name.as_str()).collect()
    };
    // A rule that was not understood may do either; whoever proves himself may pass what blocks.
    let past = names(&[Some(Action::Bypass), None], Match::Maybe);
    let blocked = names(&[Some(Action::Block)], Match::Yes);
    let may_block = names(&[Some(Action::Block), None], Match::Maybe);
    let allowed = names(&[Some(Action::Allow)], Match::Yes);
    let may_allow = names(&[Some(Action::Allow), Some(Action::Bypass), None], Match::Maybe);
    let (passage, by) = if !blocked.is_empty() {
        if past.is_empty() {
            (Passage::Closed, blocked)
        } else {
            (Passage::Depends, [blocked, past].concat())
        }
    } else if allows || !allowed.is_empty() {
        if may_block.is_empty() {
            (Passage::Open, allowed)
        } else {
            (Passage::Depends, [allowed, may_block].concat())
        }
    } else if may_allow.is_empty() {
        (Passage::Closed, Vec::new())
    } else {
        (Passage::Depends, may_allow)
    };
    match (passage, by.as_slice()) {
        (Passage::Open, []) => Way::new(passage, "allows by default"),
        (_, []) => Way::new(passage, "blocks by default"),
        (_, names) => Way { passage, by: named(names) },
    }
}

/// The first of some rules, by name.
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
