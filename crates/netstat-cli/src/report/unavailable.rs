//! Warnings for data that was asked for by name and that this system never reports, so that nobody takes a dash for a
//! value.

use crate::render::extras::Extras;
use crate::settings::{Connections, Layout};
use netstat_engine::both;
use netstat_engine::columns::{self, Column};
use netstat_engine::filter::{Filter, Test};
use netstat_engine::text::Text;
use netstat_engine::text::system::phrase;
use netstat_engine::view::sort::Order;
use netstat_model::Warning;
use netstat_model::query::Fields;

/// Which columns can have values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Available {
    /// Whether one can.
    pub(super) is: fn(&Column) -> bool,
    /// Whether connections can have a template (`-y`), or what stands for it.
    pub(super) template: bool,
    /// Why the others cannot.
    pub(super) why: &'static str,
}

impl Available {
    /// Those of the running system.
    pub(super) const LIVE: Self =
        Self { is: Column::is_available, template: true, why: "this system does not report it" };
}

/// Returns a warning for each column that is shown, sorted by or counted by and that this system never reports. When
/// every column is shown, nothing was asked for by name.
pub(super) fn lack(table: &Connections, available: Available) -> Vec<Warning> {
    let mut named = match &table.form {
        _ if !table.group_by.is_empty() => table.group_by.clone(),
        Layout::Data(_, shown) if shown == columns::ALL => Vec::new(),
        Layout::Columns(shown) | Layout::Data(_, shown) => shown.clone(),
        Layout::Classic => Vec::new(),
    };
    if let Order::By { column, .. } = table.order
        && !named.contains(&column)
    {
        named.push(column);
    }
    let classic = table.group_by.is_empty() && table.form == Layout::Classic;
    let extras = if classic { table.extras } else { Extras::default() };
    of(&named, extras, available)
}

fn of(named: &[&Column], extras: Extras, available: Available) -> Vec<Warning> {
    // The optional columns of the classic table show what these columns show.
    let optional = [
        (extras.time_in_state, "the time in state"),
        (extras.dscp, "the DSCP value"),
        (extras.template && !available.template, "the template"),
    ];
    // What only captures tell is not of the system.
    let is_of_system = |column: &&&Column| !column.needs.fields.contains(Fields::APPLICATION);
    let all_available = columns::ALL.iter().filter(is_of_system).all(|column| (available.is)(column));
    let optional = optional.into_iter().filter_map(|(shown, what)| (shown && !all_available).then_some(what));
    optional
        .chain(named.iter().filter(|column| !(available.is)(column)).map(|column| column.name))
        .map(|what| Warning::SourceUnavailable { what, reason: available.why.to_owned() })
        .collect()
}

/// Returns the filter if what it tests is known at all.
///
/// # Errors
/// If it is not: such a filter could match nothing, which would look like an answer.
pub(super) fn answer(filter: Option<Filter>, available: Available) -> Result<Option<Filter>, Text> {
    match filter.as_ref().and_then(|filter| test_of(filter, available.is)) {
        Some(test) => Err(both!(
            "the filter cannot be used: {test} is unknown, {why}",
            "필터를 쓸 수 없습니다: {test}: {why}",
            test,
            why = phrase(available.why)
        )),
        None => Ok(filter),
    }
}

/// Returns the name of a column that the filter tests and that is not available.
fn test_of(filter: &Filter, available: fn(&Column) -> bool) -> Option<&'static str> {
    let mut found = None;
    filter.each_test(|test| {
        let name = match test {
            Test::Number(quantity, ..) => quantity.word(),
            Test::NamespacePid(_) => "nspid",
            Test::App(_) => "app",
            Test::AppName(_) => "name",
            _ => return,
        };
        if columns::by_name(name).is_some_and(|column| !available(column)) {
            found = Some(name);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::filter::NumbersOnly;

    fn on_windows(column: &Column) -> bool {
        !column.linux_only
    }

    fn everywhere(_: &Column) -> bool {
        true
    }

    fn texts(warnings: &[Warning]) -> Vec<String> {
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_this_system_never_reports_are_named() {
        let column = |name| columns::by_name(name).unwrap();
        let named = [column("local"), column("recvq"), column("rtt"), column("fd")];
        let extras = Extras { offload: true, time_in_state: true, dscp: true, template: true };
        assert_eq!(
            texts(&of(&named, extras, Available { is: on_windows, ..Available::LIVE })),
            [
                "the time in state is unknown: this system does not report it",
                "the DSCP value is unknown: this system does not report it",
                "recvq is unknown: this system does not report it",
                "fd is unknown: this system does not report it",
            ]
        );
        let past = Available { is: on_windows, template: false, why: "the history does not keep it" };
        assert_eq!(
            texts(&of(&[], Extras { template: true, ..Extras::default() }, past)),
            ["the template is unknown: the history does not keep it"]
        );
        assert_eq!(of(&named, extras, Available { is: everywhere, ..Available::LIVE }), []);
        assert_eq!(of(&named[..1], Extras::default(), Available { is: on_windows, ..Available::LIVE }), []);
    }

    #[test]
    fn a_filter_on_what_this_system_never_reports_is_found() {
        let asked = |words: &str| {
            let words: Vec<std::ffi::OsString> = words.split(' ').map(Into::into).collect();
            let filter = Filter::parse(&words, &NumbersOnly).unwrap();
            (test_of(&filter, on_windows), test_of(&filter, everywhere))
        };
        assert_eq!(asked("port 80 or not sendq gt 1M"), (Some("sendq"), None));
        assert_eq!(asked("recvq gt 0"), (Some("recvq"), None));
        assert_eq!(asked("rtt gt 1ms age gt 1s retrans gt 1 port 80"), (None, None));
    }
}
