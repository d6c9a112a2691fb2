//! The order of rows by a column.

use super::ConnectionsView;
use crate::columns::{Column, Given};

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// That of the classic table; for groups, the largest first.
    Usual,
    /// As the system reported them.
    AsGiven,
    /// By a column.
    By {
        /// The column.
        column: &'static Column,
        /// Whether the largest comes first.
        descending: bool,
    },
}

impl<'a> ConnectionsView<'a> {
    /// Sorts the rows by a column. Rows with equal values stay as they are; rows without one come last either way.
    pub fn sort(&mut self, column: &Column, descending: bool, given: &Given<'a>) {
        self.sort_by(
            |row| column.value(row, given),
            |one, two| if descending { one.compare_descending(two) } else { one.compare(two) },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::by_name;
    use crate::view::{ConnectionsOptions, made};
    use netstat_model::query::Kinds;
    use proptest::prelude::*;

    const ALL: ConnectionsOptions =
        ConnectionsOptions { listening: true, bound: true, kinds: Kinds::TCP_UDP };

    #[test]
    fn what_is_unknown_comes_last_either_way() {
        let mut sockets =
            made::sockets_with_ports_and_rtts(&[(1, Some(30)), (2, None), (3, Some(9)), (4, Some(200))]);
        for (descending, expected) in [(false, [3, 1, 4, 2]), (true, [4, 1, 3, 2])] {
            let mut view = ConnectionsView::new(&mut sockets, &ALL);
            view.sort(by_name("rtt").unwrap(), descending, &made::nothing_given());
            let ports: Vec<_> = view.rows().map(|row| row.local().port().unwrap()).collect();
            assert_eq!(ports, expected);
        }
    }

    proptest! {
        #[test]
        fn sorting_is_stable_and_loses_nothing(
            rtts in proptest::collection::vec(proptest::option::of(1u64..4), 0..40),
            descending: bool,
        ) {
            let ports: Vec<_> = rtts.iter().enumerate().map(|(at, rtt)| (u16::try_from(at).unwrap() + 1, *rtt)).collect();
            let sockets = made::sockets_with_ports_and_rtts(&ports);
            let mut view = ConnectionsView::unsorted(&sockets, &ALL);
            view.sort(by_name("rtt").unwrap(), descending, &made::nothing_given());
            let mut expected = ports;
            expected.sort_by_key(|(_, rtt)| match rtt {
                Some(rtt) if descending => (0, u64::MAX - rtt),
                Some(rtt) => (0, *rtt),
                None => (1, 0),
            });
            let got: Vec<_> = view.rows().map(|row| row.local().port().unwrap()).collect();
            prop_assert_eq!(got, expected.into_iter().map(|(port, _)| port).collect::<Vec<_>>());
        }
    }
}
