use super::*;
use crate::linux::wire::tests::{Script, done, message};
use netstat_model::query::{Fields, Programs, States};
use netstat_model::{Endpoint, Family, TableRow};

const QUERY: SocketQuery = SocketQuery {
    kinds: Kinds::TCP,
    states: States::CONNECTIONS,
    fields: Fields::empty(),
    programs: Programs { tcp: None, udp: None },
};

const NLM_F_DUMP_INTR: u16 = 0x10;

/// A row of `127.0.0.1:port` or of the IPv6 wildcard, in a state.
fn row(family: u8, state: u8, port: u16, flags: u16) -> Vec<u8> {
    let mut bytes = vec![family, state, 0, 0];
    bytes.extend(port.to_be_bytes());
    bytes.extend([0, 9]);
    bytes.extend(if family == 2 { [127, 0, 0, 1] } else { [0; 4] });
    bytes.resize(68, 0);
    bytes.extend(u32::from(port).to_ne_bytes());
    // IPV6_V6ONLY, not set.
    bytes.extend([5, 0, 11, 0, 0, 0, 0, 0]);
    message(20, flags, &bytes)
}

fn refused(errno: i32) -> (Vec<Vec<u8>>, Option<i32>) {
    (vec![message(2, 0, &(-errno).to_ne_bytes())], None)
}

fn ports(script: &Script, again: Again, stop_at: u16) -> (Result<Vec<Warning>, Error>, Vec<u16>) {
    let mut ports = Vec::new();
    let answer = each(script, &QUERY, again, &mut |brief| {
        ports.push(brief.local.port);
        if brief.local.port == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (answer, ports)
}

#[test]
fn a_dual_stack_listener_is_a_row_of_each_part_that_is_asked_for() {
    let listener = || Script::new([(vec![row(10, 10, 22, 0), done()], None)]);
    for (kinds, expected) in [
        (Kinds::TCP, vec![Section::TcpV4, Section::TcpV6]),
        (Kinds::TCP_V4, vec![Section::TcpV4]),
        (Kinds::TCP_V6, vec![Section::TcpV6]),
    ] {
        let query = SocketQuery { kinds, states: States::LISTEN, ..QUERY };
        let rows: Vec<TableRow> = table(&listener(), &query, &|_| true).unwrap().data.rows().collect();
        assert_eq!(rows.iter().map(|row| row.section).collect::<Vec<_>>(), expected);
        assert!(rows.iter().all(|row| row.remote.is_none() && row.local.address.is_unspecified()));
    }
    let query = SocketQuery { states: States::LISTEN, ..QUERY };
    let none = table(&listener(), &query, &|brief| brief.family == Family::V4).unwrap();
    assert!(none.data.is_empty());
    let other = SocketQuery { states: States::ESTABLISHED, ..QUERY };
    assert!(table(&listener(), &other, &|_| true).unwrap().data.is_empty());
}

#[test]
fn rows_of_an_interrupted_dump_are_taken_back() {
    let torn = (vec![row(2, 1, 1, NLM_F_DUMP_INTR), done()], None);
    let whole = (vec![row(2, 1, 2, 0), done()], None);
    let script = Script::new([torn.clone(), whole.clone()]);
    let rows: Vec<TableRow> = table(&script, &QUERY, &|_| true).unwrap().data.rows_as_given().collect();
    assert_eq!(
        rows.iter().map(|row| row.local).collect::<Vec<Endpoint>>(),
        [Endpoint::new([127, 0, 0, 1].into(), 2, 0)]
    );

    // What was handed on cannot be: the answer says what it lacks.
    let script = Script::new([torn.clone(), whole.clone()]);
    let (answer, found) = ports(&script, Again::Never, 0);
    assert_eq!(answer.unwrap(), [Warning::DumpInterrupted { what: "table of TCP sockets" }]);
    assert_eq!((found, script.left()), (vec![1], 1));

    let (answer, found) = ports(&Script::new([torn, whole]), Again::Comes, 0);
    assert_eq!((answer.unwrap(), found), (vec![], vec![1, 2]));
}

#[test]
fn what_fails_after_rows_were_handed_on_has_failed() {
    let broken = || (vec![row(2, 1, 1, 0)], Some(5));
    let (answer, found) = ports(&Script::new([broken()]), Again::Never, 0);
    assert_eq!(answer.unwrap_err().source.raw_os_error(), Some(5));
    assert_eq!(found, [1]);
    // Before, it is asked in the other way.
    let script = Script::new([refused(22), (vec![row(2, 1, 3, 0), done()], None), (vec![done()], None)]);
    let (answer, found) = ports(&script, Again::Never, 0);
    assert_eq!((answer.unwrap(), found, script.left()), (vec![], vec![3], 0));
}

#[test]
fn who_has_enough_is_given_no_more() {
    let all = SocketQuery { kinds: Kinds::all(), ..QUERY };
    let datagrams = vec![[row(2, 1, 1, 0), row(2, 1, 2, 0), row(2, 1, 3, 0)].concat(), row(2, 1, 4, 0)];
    // There is no second script: UDP is not asked for any more.
    let script = Script::new([(datagrams, None)]);
    let mut found = Vec::new();
    let answer = each(&script, &all, Again::Never, &mut |brief| {
        found.push(brief.local.port);
        if found.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((answer.unwrap(), found), (vec![], vec![1, 2]));
}
