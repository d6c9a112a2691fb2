//! Finds tests that exclude each other, such as `established listening`: `or` was meant.

use super::expression::{Expression, Join, Side, Test};
use netstat_model::Transport;
use netstat_model::query::Kinds;

/// Returns two tests that are joined by `and` and that no socket passes together.
pub(super) fn find(expression: &Expression) -> Option<(String, String)> {
    let members = match expression {
        Expression::Joined(Join::All, members) => members.as_slice(),
        Expression::Joined(Join::Any, members) => {
            // All ways of such a filter have to be shut.
            let each: Option<Vec<_>> = members.iter().map(find).collect();
            return each?.into_iter().next();
        }
        Expression::Test(_) | Expression::Not(_) => return None,
    };
    if let Some(found) = members.iter().find_map(find) {
        return Some(found);
    }
    let tests: Vec<&Test> = members
        .iter()
        .filter_map(|member| match member {
            Expression::Test(test) => Some(test),
            Expression::Not(_) | Expression::Joined(..) => None,
        })
        .collect();
    tests.iter().enumerate().find_map(|(at, one)| {
        let other = tests.iter().skip(at + 1).find(|other| exclude_each_other(one, other))?;
        let text = |test: &Test| Expression::Test(test.clone()).to_string();
        Some((text(one), text(other)))
    })
}

fn exclude_each_other(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::State(one), Test::State(other)) => !one.intersects(*other),
        (Test::State(_), Test::Protocol(protocol)) | (Test::Protocol(protocol), Test::State(_)) => {
            *protocol == Transport::Udp
        }
        (Test::Protocol(one), Test::Protocol(other)) => one != other,
        (Test::Kinds(one), Test::Kinds(other)) => !one.intersects(*other),
        (Test::Kinds(kinds), Test::Protocol(protocol)) | (Test::Protocol(protocol), Test::Kinds(kinds)) => {
            !kinds.intersects(Kinds::of_protocol((*protocol).into()))
        }
        (Test::Reach(one), Test::Reach(other)) => one != other,
        (Test::Port(side, one), Test::Port(same, other)) => {
            side == same
                && *side != Side::Either
                && !one.ranges().any(|range| {
                    other.ranges().any(|ports| range.start() <= ports.end() && ports.start() <= range.end())
                })
        }
        _ => false,
    }
}
