//! What a rule asks before all else, to pass over most rules without looking at them: a host with thousands of published
//! ports has as many rules, and each port is asked about.

use super::packet::{State, octets};
use super::rules::{Addresses, Comparison, Expression, Load, Rule};
use netstat_model::{Inbound, Transport};

/// What has to be so for a rule to match, as far as it is easily seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guard {
    protocol: Option<u8>,
    /// The first and the last port.
    ports: (u16, u16),
    /// The whole destination address.
    address: Option<Vec<u8>>,
}

impl Guard {
    /// Reads what a rule compares before it has changed anything.
    pub(super) fn of(rule: &Rule) -> Self {
        let mut guard = Self { protocol: None, ports: (0, u16::MAX), address: None };
        let mut loaded: Option<(u32, Load)> = None;
        for expression in &rule.expressions {
            let before = loaded.take();
            match expression {
                Expression::Load { into, what } => loaded = Some((*into, *what)),
                Expression::Compare { of, how: Comparison::Equal, with } => {
                    let what = before.filter(|(into, _)| into == of).map(|(_, what)| what);
                    match (what, with.as_slice()) {
                        (Some(Load::Layer4Protocol), [protocol]) => guard.protocol = Some(*protocol),
                        (Some(Load::Transport(2, 2)), [high, low]) => {
                            let port = u16::from_be_bytes([*high, *low]);
                            guard.ports = (port, port);
                        }
                        (Some(Load::Network(16, 4)), address) if address.len() == 4 => {
                            guard.address = Some(address.to_vec());
                        }
                        (Some(Load::Network(24, 16)), address) if address.len() == 16 => {
                            guard.address = Some(address.to_vec());
                        }
                        _ => {}
                    }
                }
                Expression::Ports { protocol, ranges, inverted } => {
                    guard.protocol = Some(*protocol).filter(|protocol| *protocol != 0).or(guard.protocol);
                    if let ([range], false) = (ranges.as_slice(), inverted) {
                        guard.ports = *range;
                    }
                }
                // A mask of all bits changes nothing.
                Expression::Bitwise { of, into, mask, xor }
                    if of == into
                        && mask.iter().all(|&byte| byte == u8::MAX)
                        && xor.iter().all(|&byte| byte == 0) =>
                {
                    loaded = before;
                }
                Expression::Compare { .. }
                | Expression::Range { .. }
                | Expression::Bitwise { .. }
                | Expression::Nothing
                | Expression::Uncertain
                | Expression::Flags { .. }
                | Expression::DestinationType { .. } => {}
                // It may change the packet, whatever is compared after it.
                _ => break,
            }
        }
        guard
    }

    /// Whether the rule does not match the packet.
    pub(super) fn excludes(&self, state: &State, inbound: &Inbound) -> bool {
        let protocol = match inbound.protocol {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        let (first, last) = state.port(inbound.port);
        if self.protocol.is_some_and(|own| own != protocol) || last < self.ports.0 || self.ports.1 < first {
            return true;
        }
        match (&self.address, state.addresses) {
            (Some(own), Addresses::Range(from, to)) if from == to => *own != octets(from),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::{Engine, IPV4, NftKey, Store, Verdict};
    use super::super::tests::{tcp, udp};
    use super::*;

    fn rule(expressions: Vec<Expression>) -> Rule {
        let (table, name) = ("t".to_owned(), "c".to_owned());
        Rule { chain: NftKey { engine: Engine::Nftables, family: IPV4, table, name }, number: 1, expressions }
    }

    fn compare(what: Load, with: &[u8]) -> Vec<Expression> {
        let how = Comparison::Equal;
        vec![Expression::Load { into: 1, what }, Expression::Compare { of: 1, how, with: with.to_vec() }]
    }

    #[test]
    fn a_rule_is_passed_over_by_what_it_asks_before_it_changes_anything() {
        let port = || compare(Load::Transport(2, 2), &[0, 80]);
        let drop = || vec![Expression::Verdict(Verdict::Drop)];
        let excludes = |expressions: Vec<Vec<Expression>>, inbound: &Inbound| {
            Guard::of(&rule(expressions.concat())).excludes(&State::new(1), inbound)
        };
        assert!(excludes(vec![port(), drop()], &tcp(81)) && !excludes(vec![port(), drop()], &tcp(80)));
        let protocol = || compare(Load::Layer4Protocol, &[6]);
        assert!(
            excludes(vec![protocol(), drop()], &udp(80)) && !excludes(vec![protocol(), drop()], &tcp(80))
        );
        // The mark is set for every port.
        let mark = vec![Expression::Store { from: 2, what: Store::Mark }];
        assert!(!excludes(vec![mark, port(), drop()], &tcp(81)));
        let address = compare(Load::Network(16, 4), &[10, 0, 0, 2]);
        let guard = Guard::of(&rule([address, drop()].concat()));
        let to = |address: &str| {
            let address = address.parse().unwrap();
            State { addresses: Addresses::Range(address, address), ..State::new(1) }
        };
        assert!(guard.excludes(&to("10.0.0.1"), &tcp(80)) && !guard.excludes(&to("10.0.0.2"), &tcp(80)));
        assert!(!guard.excludes(&State::new(1), &tcp(80)), "the address of this machine is not known here");
    }
}
