//! What is asked for by name and this system never tells: it is said, so that nobody takes a dash for an answer.

use crate::columns::{self, Column, Extras};
use crate::settings::{Connections, Form};
use crate::view::sort::Order;
use netstat_engine::filter::{Filter, Quantity, Test};
use netstat_model::Warning;

/// The columns that this system has no value for.
pub(crate) const COLUMNS: &[&Column] = if cfg!(windows) { columns::NOT_ON_WINDOWS } else { &[] };

/// What is shown, sorted by or counted by, and never told. It is not missed where every column is shown.
pub(super) fn lack(table: &Connections) -> Vec<Warning> {
    let classic = table.group_by.is_empty() && table.form == Form::Classic;
    let mut named: Vec<&Column> = match &table.form {
        _ if !table.group_by.is_empty() => table.group_by.clone(),
        Form::Data(_, shown) if shown == columns::ALL => Vec::new(),
        Form::Columns(shown) | Form::Data(_, shown) => shown.clone(),
        Form::Classic => Vec::new(),
    };
    if let Order::By { column, .. } = table.order
        && !named.contains(&column)
    {
        named.push(column);
    }
    let extras = if classic { table.extras } else { Extras::default() };
    of(&named, extras, COLUMNS)
}

/// The same of columns, and of columns of the classic table, where the system never tells these.
fn of(named: &[&Column], extras: Extras, untold: &[&Column]) -> Vec<Warning> {
    let unknown =
        |what| Warning::SourceUnavailable { what, reason: "this system does not tell it".to_owned() };
    let mut lacks = Vec::new();
    // What tells none of the columns of sockets tells none of these.
    if !untold.is_empty() {
        for (shown, what) in [
            (extras.time_in_state, "the time in state"),
            (extras.dscp, "the DSCP value"),
            (extras.template, "the template"),
        ] {
            lacks.extend(shown.then(|| unknown(what)));
        }
    }
    lacks.extend(named.iter().filter(|column| untold.contains(column)).map(|column| unknown(column.name)));
    lacks
}

/// The filter, if this system tells what it asks for.
///
/// # Errors
/// When it does not: a filter that could match nothing is no answer.
pub(super) fn answer(filter: Option<Filter>) -> Result<Option<Filter>, String> {
    match filter.as_ref().and_then(|filter| test_of(filter, COLUMNS)) {
        Some(test) => {
            Err(format!("the filter cannot be used: this system does not tell the {test} of sockets"))
        }
        None => Ok(filter),
    }
}

/// A test of such a column, by its name.
fn test_of(filter: &Filter, untold: &[&Column]) -> Option<&'static str> {
    let mut found = None;
    filter.each_test(|test| {
        let name = match test {
            Test::Number(Quantity::ReceiveQueue, ..) => "recvq",
            Test::Number(Quantity::SendQueue, ..) => "sendq",
            _ => return,
        };
        if untold.iter().any(|column| column.name == name) {
            found = Some(name);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::filter::NumbersOnly;

    fn texts(warnings: &[Warning]) -> Vec<String> {
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_named_and_never_told_is_said() {
        let column = |name| columns::by_name(name).unwrap();
        let named = [column("local"), column("recvq"), column("rtt"), column("fd")];
        let extras = Extras { offload: true, time_in_state: true, dscp: true, template: true };
        assert_eq!(
            texts(&of(&named, extras, columns::NOT_ON_WINDOWS)),
            [
                "the time in state is unknown: this system does not tell it",
                "the DSCP value is unknown: this system does not tell it",
                "the template is unknown: this system does not tell it",
                "recvq is unknown: this system does not tell it",
                "fd is unknown: this system does not tell it",
            ]
        );
        assert_eq!(of(&named, extras, &[]), []);
        assert_eq!(of(&named[..1], Extras::default(), columns::NOT_ON_WINDOWS), []);
    }

    #[test]
    fn a_filter_of_what_is_never_told_is_found() {
        let asked = |words: &str| {
            let words: Vec<std::ffi::OsString> = words.split(' ').map(Into::into).collect();
            let filter = Filter::parse(&words, &NumbersOnly).unwrap();
            (test_of(&filter, columns::NOT_ON_WINDOWS), test_of(&filter, &[]))
        };
        assert_eq!(asked("port 80 or not sendq gt 1M"), (Some("sendq"), None));
        assert_eq!(asked("recvq gt 0"), (Some("recvq"), None));
        assert_eq!(asked("rtt gt 1ms age gt 1s retrans gt 1 port 80"), (None, None));
    }
}
