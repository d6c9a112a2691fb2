use super::*;
use crate::windows::fake::{Fake, NOT_SUPPORTED};
use crate::windows::memory::Memory;
use crate::windows::processes::ENDED;
use crate::windows::processes::tests::list_of;
use crate::windows::sockets::tests::tables;
use crate::windows::source::Question;
use netstat_model::query::{Kinds, OwnerSearch, SocketQuery, States};
use netstat_model::{NoOwner, Owner, OwnershipRef, ProcessKey, Warning};

type Table = Result<Answer<(SocketTable, OwnerMethod)>, Error>;

fn listed(source: &Fake, owners: OwnerSearch, visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit) -> Table {
    let query = SocketQuery::new(Kinds::TCP_V4, States::all().difference(States::BOUND));
    table(source, &Listing { query: &query, owners, may_restart: true }, visit)
}

fn ports(table: &SocketTable) -> Vec<u16> {
    table.iter().filter_map(|socket| socket.local.port()).collect()
}

const AUTO: OwnerSearch = OwnerSearch::All(Owners::Auto);

#[test]
fn the_visitor_says_what_is_kept() {
    let mut seen = Vec::new();
    let answer = listed(&tables(), OwnerSearch::No, &mut |socket| {
        seen.push(socket.local.port().unwrap());
        match socket.local.port().unwrap() {
            135 => Visit::Skip,
            50_000 => Visit::Keep,
            50_001 => Visit::KeepWithOwners,
            _ => Visit::Stop,
        }
    });
    let (table, method) = answer.unwrap().data;
    assert_eq!((ports(&table), method), (vec![50_000, 50_001], OwnerMethod::NotNeeded));
    assert_eq!(seen, [135, 50_000, 50_001, 50_003]);
    let listed = table.iter().next().unwrap();
    assert_eq!(listed.ownership(), OwnershipRef::Listed { pid: 4, since: 1234 });
}

#[test]
fn process_ids_become_processes() {
    // The process that now has the ID 1712 is younger than the socket.
    let processes = list_of(&[(4, 0, 10, "System"), (1712, 4, 1235, "svc.exe"), (8, 4, 20, "a.exe")]);
    let source = tables().says(Question::Processes, processes);
    let answer = listed(&source, AUTO, &mut |_| Visit::Keep).unwrap();
    let (table, method) = answer.data;
    assert_eq!((method, answer.warnings), (OwnerMethod::Table, vec![]));
    let owner = |pid, start_time, parent| {
        OwnershipRef::One(Owner { process: ProcessKey { pid, start_time }, parent, descriptor: None })
    };
    let found: Vec<_> = table.iter().map(|socket| socket.ownership()).collect();
    assert_eq!(
        found,
        [
            owner(1712, ENDED, None),
            owner(4, 10, Some(0)),
            OwnershipRef::Unowned(NoOwner::NoProcess),
            owner(8, 20, Some(4)),
        ]
    );
}

#[test]
fn after_the_clock_was_set_back_a_process_may_seem_younger_than_its_socket() {
    /// Hundreds of nanoseconds in a second.
    const SECOND: u64 = 10_000_000;
    let number = |number: u64| Memory::flat(number.to_le_bytes().to_vec());
    // The socket was made at 1234, by a clock that was 300 s behind that of when its process began.
    let processes =
        |start: u64| list_of(&[(4, 0, 10, "System"), (1712, 4, start, "svc.exe"), (8, 4, 20, "a.exe")]);
    let source = |start, now| {
        tables()
            .says(Question::Processes, processes(start))
            .says(Question::Uptime, number(600_000))
            .says(Question::Time, number(now))
    };
    let of_first = |source: &Fake| {
        let answer = listed(source, AUTO, &mut |_| Visit::Keep).unwrap();
        (
            answer.data.0.iter().next().unwrap().ownership().principal().unwrap().process.start_time,
            answer.warnings,
        )
    };
    let (start, warnings) = of_first(&source(1234 + 299 * SECOND, 10 + 300 * SECOND));
    assert_eq!(start, 1234 + 299 * SECOND);
    assert_eq!(
        warnings[0].to_string(),
        "whether some sockets are those of the processes that are shown is unknown: the clock was set back since these \
         began"
    );
    // Younger by more than that, and with a clock that nobody has set: another process has the number now.
    assert_eq!(of_first(&source(1234 + 400 * SECOND, 10 + 300 * SECOND)), (ENDED, vec![]));
    assert_eq!(of_first(&source(1234 + 299 * SECOND, 10 + 600 * SECOND)), (ENDED, vec![]));
}

#[test]
fn processes_are_listed_only_for_sockets_that_have_one() {
    let source = tables();
    let time_wait =
        |socket: &SocketRef<'_>| if socket.local.port() == Some(50_001) { Visit::Keep } else { Visit::Skip };
    let (table, method) = listed(&source, AUTO, &mut { time_wait }).unwrap().data;
    assert_eq!((ports(&table), method), (vec![50_001], OwnerMethod::NotNeeded));
    assert!(!source.asked().contains(&Question::Processes));
}

#[test]
fn a_search_for_owners_that_fails_is_a_warning() {
    let source = tables().fails(Question::Processes, NOT_SUPPORTED);
    let answer = listed(&source, AUTO, &mut |_| Visit::Keep).unwrap();
    let (table, method) = answer.data;
    assert_eq!((table.len(), method), (4, OwnerMethod::NotNeeded));
    assert!(matches!(&answer.warnings[..], [Warning::SourceUnavailable { .. }]), "{:?}", answer.warnings);
    // A method that Windows does not have was asked for by name.
    for by in [Owners::Bpf, Owners::Proc] {
        let error = listed(&source, OwnerSearch::Some(by), &mut |_| Visit::Keep).unwrap_err();
        assert_eq!(
            (error.operation, error.source.kind()),
            (Operation::FindOwners, io::ErrorKind::Unsupported)
        );
    }
}
