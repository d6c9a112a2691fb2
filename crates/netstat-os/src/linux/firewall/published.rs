//! The ports that rules pass on: one of each range that no rule divides is asked about.

use super::journey::{Firewalled, Outcome};
use super::judge::{MAX_WORK, Traversal};
use super::rules::{Expression, INET, IPV4, IPV6, Load, NETDEV, NftKey, Rule, Store};
use netstat_model::{Family, Inbound, Passage, Published, Transport};
use std::collections::BTreeSet;

/// How many ranges of ports are looked at for ports that are passed on.
const MAX_RANGES: usize = 20_000;

/// How much work all of them may make.
const MAX_WORK_IN_ALL: usize = 500_000_000;

/// Ports that have the same outcome, and what it would be if they were not passed on.
struct Passed {
    ports: (u16, u16),
    outcome: Outcome,
    otherwise: (Passage, Vec<String>),
}

/// Whether all ports that rules pass on are known.
pub(super) struct Whole {
    /// Whether there were not too many ranges to look at.
    pub(super) ranges: bool,
    /// Whether each rule that may pass a port on was followed.
    pub(super) rules: bool,
}

impl Firewalled<'_> {
    /// Lists the ports that rules pass on, and whether all of them were looked at.
    pub(super) fn published(&self) -> (Vec<Published>, Whole) {
        let mut all = Vec::new();
        let mut whole = Whole { ranges: true, rules: true };
        let mut work_left = MAX_WORK_IN_ALL;
        for family in [Family::V4, Family::V6] {
            if !self.ruleset.rules().any(|rule| is_of(&rule.chain, family) && may_divert(rule)) {
                continue;
            }
            let starts = self.starts(family);
            whole.ranges &= starts.len() <= MAX_RANGES;
            for protocol in [Transport::Tcp, Transport::Udp] {
                let asked = (protocol, family, starts.as_slice());
                self.add_published(asked, &mut work_left, &mut whole, &mut all);
            }
        }
        (all, whole)
    }

    fn add_published(
        &self,
        (protocol, family, starts): (Transport, Family, &[u16]),
        work_left: &mut usize,
        whole: &mut Whole,
        all: &mut Vec<Published>,
    ) {
        let mut open: Option<Passed> = None;
        let mut close = |passed: Option<Passed>| {
            all.extend(passed.map(|Passed { ports, outcome, otherwise }| Published {
                protocol,
                family,
                ports,
                judgement: outcome.of(ports),
                otherwise,
            }));
        };
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([u16::MAX]);
        for (&first, last) in starts.iter().zip(ends).take(MAX_RANGES) {
            let inbound =
                Inbound { protocol, family, address: None, port: first, program: None, services: None };
            let cases = self.places.cases(&inbound);
            let mut traversal = Traversal::new(&inbound, &cases);
            let (groups, arrival) = self.arrive(&mut traversal);
            let is_diverted = groups.iter().any(|group| group.diverted.is_some());
            let passed = is_diverted.then(|| Passed {
                ports: (first, last),
                outcome: self.conclude(groups, arrival, &mut traversal),
                otherwise: self.otherwise(&mut traversal),
            });
            whole.rules &= traversal.is_whole.get();
            *work_left = work_left.saturating_sub(MAX_WORK - traversal.work_left);
            if *work_left == 0 {
                whole.ranges = false;
                close(open.take());
                return close(passed);
            }
            match (&mut open, passed) {
                (Some(known), Some(passed))
                    if known.outcome == passed.outcome && known.otherwise == passed.otherwise =>
                {
                    known.ports.1 = last;
                }
                (_, passed) => {
                    close(open.take());
                    open = passed;
                }
            }
        }
        close(open);
    }

    /// Returns the ports at which another rule may begin to match: between two of them all ports are treated alike.
    fn starts(&self, family: Family) -> Vec<u16> {
        let mut starts = BTreeSet::from([1]);
        let mut add = |first: u16, last: u16| {
            starts.insert(first.max(1));
            starts.extend(last.checked_add(1));
        };
        let mut add_literal = |literal: &[u8]| {
            // In a concatenation a port begins a word; the two ports of a header are one word.
            for pair in literal.chunks(2) {
                if let [high, low] = *pair {
                    let port = u16::from_be_bytes([high, low]);
                    add(port, port);
                }
            }
        };
        for rule in self.ruleset.rules().filter(|rule| is_of(&rule.chain, family)) {
            let by_port = rule.expressions.iter().any(|expression| {
                matches!(expression, Expression::Load { what: Load::Transport(..) | Load::OriginalPort, .. })
            });
            for expression in &rule.expressions {
                match expression {
                    Expression::Compare { with, .. } if by_port => add_literal(with),
                    Expression::Range { from, to, .. } if by_port => {
                        add_literal(from);
                        add_literal(to);
                    }
                    Expression::Lookup { set, .. } if by_port => {
                        let elements = self.ruleset.set(rule, set).map(|set| set.elements.as_slice());
                        for element in elements.unwrap_or_default() {
                            add_literal(&element.key);
                            add_literal(element.key_end.as_deref().unwrap_or_default());
                        }
                    }
                    _ => {}
                }
            }
        }
        for rule in self.ruleset.rules().filter(|rule| is_of(&rule.chain, family)) {
            for expression in &rule.expressions {
                match expression {
                    Expression::Ports { ranges, .. } => ranges.iter().for_each(|(from, to)| add(*from, *to)),
                    Expression::OriginalPorts { range: (from, to), .. } => add(*from, *to),
                    _ => {}
                }
            }
        }
        starts.into_iter().collect()
    }
}

/// Whether packets of a family may pass a chain.
fn is_of(chain: &NftKey, family: Family) -> bool {
    let own = match family {
        Family::V4 => IPV4,
        Family::V6 => IPV6,
    };
    [INET, NETDEV, own].contains(&chain.family)
}

/// Whether a rule may give packets another destination.
fn may_divert(rule: &Rule) -> bool {
    rule.expressions.iter().any(|expression| {
        matches!(
            expression,
            Expression::Translate { .. }
                | Expression::TranslateTo { .. }
                | Expression::Proxy { .. }
                | Expression::ProxyTo { .. }
                | Expression::Store { what: Store::Network(..) | Store::Transport(..), .. }
        )
    })
}
