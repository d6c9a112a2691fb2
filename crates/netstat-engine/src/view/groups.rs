//! Rows counted by the values of columns.

use super::ConnectionsView;
use super::sort::Order;
use crate::columns::{Column, Given, Value};
use netstat_model::TcpState;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Rows with equal values.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a> {
    /// The values, in column order.
    pub values: Vec<Value<'a>>,
    /// The number of rows.
    pub rows: u64,
    /// The number of these rows in each TCP state; UDP sockets are in none.
    pub states: BTreeMap<TcpState, u64>,
    /// The first of these rows.
    first: usize,
}

/// Counts the rows for each value of the columns, or for each combination of several.
///
/// By default the largest group comes first, and groups of equal size are sorted by value. A socket that several
/// processes hold counts for the principal one only, so that the groups add up to the rows.
pub fn count_groups<'a>(
    view: &ConnectionsView<'a>,
    columns: &[&'static Column],
    order: Order,
    given: &Given<'a>,
) -> Vec<Group<'a>> {
    let mut counted: BTreeMap<Values<'a>, Count> = BTreeMap::new();
    // Allocated again only for a group that is new.
    let mut values = Values(Vec::new());
    view.rows().enumerate().for_each(|(first, row)| {
        values.0.clear();
        values.0.extend(columns.iter().map(|column| column.value(&row, given)));
        let count = match counted.get_mut(&values) {
            Some(count) => count,
            None => {
                let new = std::mem::replace(&mut values, Values(Vec::new()));
                counted.entry(new).or_insert(Count { rows: 0, states: BTreeMap::new(), first })
            }
        };
        let alike = row.socket.lifespan().map_or(1, |life| life.alike);
        count.rows = count.rows.saturating_add(alike);
        if let Some(state) = row.socket.state {
            let of_state = count.states.entry(state).or_default();
            *of_state = of_state.saturating_add(alike);
        }
    });
    let mut groups: Vec<Group<'a>> = counted
        .into_iter()
        .map(|(Values(values), Count { rows, states, first })| Group { values, rows, states, first })
        .collect();
    match order {
        Order::Usual => groups.sort_by_key(|group| std::cmp::Reverse(group.rows)),
        Order::AsGiven => groups.sort_by_key(|group| group.first),
        Order::By { column, descending } => {
            if let Some(at) = columns.iter().position(|known| *known == column) {
                groups.sort_by(|one, two| match (one.values.get(at), two.values.get(at)) {
                    (Some(one), Some(two)) if descending => one.compare_descending(two),
                    (Some(one), Some(two)) => one.compare(two),
                    _ => Ordering::Equal,
                });
            }
        }
    }
    groups
}

/// Returns every TCP state in these groups, in protocol order.
pub fn states_of(groups: &[Group<'_>]) -> Vec<TcpState> {
    let states: std::collections::BTreeSet<_> =
        groups.iter().flat_map(|group| group.states.keys().copied()).collect();
    states.into_iter().collect()
}

/// Values of one row, in the order of groups.
struct Values<'a>(Vec<Value<'a>>);

/// What a [`Group`] counts.
struct Count {
    rows: u64,
    states: BTreeMap<TcpState, u64>,
    first: usize,
}

impl Ord for Values<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Values<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Values<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Values<'_> {}

fn compare(one: &[Value<'_>], two: &[Value<'_>]) -> Ordering {
    one.iter()
        .zip(two)
        .map(|(one, two)| one.compare(two))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{self, by_name};
    use crate::view::{ConnectionsOptions, made};
    use netstat_model::query::Kinds;
    use proptest::prelude::*;

    const ALL: ConnectionsOptions =
        ConnectionsOptions { listening: true, bound: true, kinds: Kinds::TCP_UDP };

    #[test]
    fn the_largest_group_comes_first_with_its_states() {
        let sockets = made::sockets_in_states(&[
            (80, TcpState::Established),
            (80, TcpState::TimeWait),
            (22, TcpState::Established),
            (80, TcpState::TimeWait),
            (21, TcpState::CloseWait),
        ]);
        let view = ConnectionsView::unsorted(&sockets, &ALL);
        let count = |order| {
            count_groups(&view, &[by_name("lport").unwrap()], order, &made::nothing_given())
                .into_iter()
                .map(|group| (group.values, group.rows, group.states.into_iter().collect::<Vec<_>>()))
                .collect::<Vec<_>>()
        };
        let port = |port| vec![Value::Number(port)];
        let of_80 = (port(80), 3, vec![(TcpState::Established, 1), (TcpState::TimeWait, 2)]);
        let of_22 = (port(22), 1, vec![(TcpState::Established, 1)]);
        let of_21 = (port(21), 1, vec![(TcpState::CloseWait, 1)]);
        assert_eq!(count(Order::Usual), [of_80.clone(), of_21.clone(), of_22.clone()]);
        assert_eq!(count(Order::AsGiven), [of_80.clone(), of_22.clone(), of_21.clone()]);
        let by = |descending| Order::By { column: by_name("lport").unwrap(), descending };
        assert_eq!(count(by(false)), [of_21.clone(), of_22.clone(), of_80.clone()]);
        assert_eq!(count(by(true)), [of_80, of_22, of_21]);
    }

    proptest! {
        #[test]
        fn groups_add_up_to_the_rows(
            picked in proptest::collection::vec((0..columns::ALL.len(), any::<bool>()), 1..3),
            ports in proptest::collection::vec((1u16..4, 0usize..4), 0..60),
        ) {
            let states = [TcpState::Established, TcpState::TimeWait, TcpState::Listen, TcpState::CloseWait];
            let ports: Vec<_> = ports.into_iter().map(|(port, at)| (port, states[at])).collect();
            let mut sockets = made::sockets_in_states(&ports);
            let view = ConnectionsView::new(&mut sockets, &ALL);
            let by: Vec<_> = picked.iter().map(|(at, _)| columns::ALL[*at]).collect();
            let groups = count_groups(&view, &by, Order::Usual, &made::nothing_given());
            prop_assert_eq!(groups.iter().map(|group| group.rows).sum::<u64>(), view.rows().count() as u64);
            prop_assert!(groups.is_sorted_by(|one, two| one.rows >= two.rows));
            for group in &groups {
                prop_assert_eq!(group.states.values().sum::<u64>(), group.rows);
            }
            let all = states_of(&groups);
            prop_assert!(groups.iter().all(|group| group.states.keys().all(|state| all.contains(state))));
            for (at, one) in groups.iter().enumerate() {
                prop_assert!(groups.iter().skip(at + 1).all(|two| compare(&one.values, &two.values).is_ne()));
            }
        }
    }
}
