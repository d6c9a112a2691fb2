use super::super::DescriptorsSince;
use super::super::made::{fact, lines, look, moment, process, run};
use super::*;
use netstat_model::ProcessKey;

fn counts(pid: u32, open: u64, soft_limit: Option<u64>, unlisted: Option<u64>) -> ProcessDescriptors {
    ProcessDescriptors { process: ProcessKey { pid, start_time: 1 }, open, soft_limit, unlisted }
}

/// Evidence of second 100, in which process 7 is `/usr/bin/shop`.
fn evidence(processes: Vec<ProcessDescriptors>) -> Evidence {
    let mut evidence = look(moment(100, Vec::new()));
    let shop = process(7, "/usr/bin/shop");
    evidence.processes.insert(shop.id, shop);
    evidence.descriptors = Ok(Some(DescriptorUse { processes, unreadable: 0 }));
    evidence
}

fn found(processes: Vec<ProcessDescriptors>) -> Vec<Finding> {
    run(&CHECK, &evidence(processes), &[])
}

#[test]
fn sockets_in_no_table_are_a_leak_of_their_process() {
    for (unlisted, expected) in [
        (
            0,
            "ok [] 1 process with 0 sockets in no table; shop (7) uses the largest share of its descriptors, 48.8 %",
        ),
        (1, "ok [] 1 process with 1 socket in no table; "),
        (19, "ok"),
        (20, "notice [shop (7)] shop (7) holds 20 sockets in no table"),
        (100, "warning [shop (7)] shop (7) holds 100 sockets in no table"),
        (1000, "critical"),
    ] {
        let found = found(vec![counts(7, 500, Some(1024), Some(unlisted))]);
        let said = lines(&found);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{expected}: {said:?}");
        assert!(
            unlisted < 20 || found[0].rows.as_deref() == Some("netstat --family unlisted pid 7"),
            "{found:?}"
        );
    }
    let found = found(vec![counts(7, 500, Some(1024), Some(100))]);
    assert_eq!(fact(&found[0], "path"), Some("/usr/bin/shop".into()));
    assert_eq!((fact(&found[0], "limit"), fact(&found[0], "open")), (Some(1024.into()), Some(500.into())));
    assert_eq!(found[0].processes[0].sockets, 100);
}

#[test]
fn descriptors_that_run_out_are_found() {
    for (open, limit, expected) in [
        (716, 1024, "ok"),
        (717, 1024, "notice [limit of shop (7)] shop (7) uses 717 of 1,024 descriptors (70 %)"),
        (820, 1024, "warning"),
        (1024, 1024, "critical"),
        (1, 0, "critical"),
        (5000, u64::MAX, "ok"),
    ] {
        let said =
            lines(&found(vec![counts(7, open, Some(limit), Some(0)), counts(8, 3, Some(1024), Some(0))]));
        assert!(said.len() == 1 && said[0].starts_with(expected), "{expected}: {said:?}");
    }
}

#[test]
fn the_worst_process_comes_first() {
    let both = found(vec![
        counts(8, 50, Some(1024), Some(30)),
        counts(7, 1000, Some(1024), Some(200)),
        counts(9, 150, Some(1024), Some(120)),
    ]);
    let subjects: Vec<&str> = both.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["limit of shop (7)", "shop (7)", "process 9", "process 8"]);
}

#[test]
fn growth_while_watching_is_found() {
    let grown = |open, unlisted| {
        let mut evidence = evidence(vec![counts(7, 200, Some(400), unlisted)]);
        let since = DescriptorsSince { at: Duration::from_secs(90), open, unlisted: Some(0) };
        evidence.descriptors_since.insert(ProcessKey { pid: 7, start_time: 1 }, since);
        run(&CHECK, &evidence, &["descriptors.grown=50", "descriptors.notice=1000"])
    };
    for (then, unlisted, expected) in [
        (151, Some(0), "ok"),
        (150, Some(0), "notice [shop (7)] shop (7) gained 50 descriptors in 10 s"),
        (150, Some(50), "warning [shop (7)] shop (7) holds 50 sockets in no table"),
        (300, Some(0), "ok"),
    ] {
        let said = lines(&grown(then, unlisted));
        assert!(said.len() == 1 && said[0].starts_with(expected), "{expected}: {said:?}");
    }
    let finding = &grown(150, Some(50))[0];
    assert_eq!((fact(finding, "grown"), fact(finding, "seconds_left")), (Some(50.into()), Some(40.into())));
    // A process of the same number that began later has not grown.
    let mut evidence = evidence(vec![counts(7, 200, Some(400), Some(0))]);
    let since = DescriptorsSince { at: Duration::from_secs(90), open: 1, unlisted: Some(0) };
    evidence.descriptors_since.insert(ProcessKey { pid: 7, start_time: 0 }, since);
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("ok"));
}

#[test]
fn what_could_not_be_counted_is_unknown() {
    let mut hidden = evidence(vec![counts(7, 5, Some(1024), None), counts(8, 5, None, Some(0))]);
    hidden.descriptors.as_mut().unwrap().as_mut().unwrap().unreadable = 3;
    let said = lines(&run(&CHECK, &hidden, &[]));
    assert_eq!(
        said,
        [
            "unknown [processes] the descriptors of 3 processes are not known, because they may not be read",
            "unknown [tables] which sockets are in no table is not known, because the tables could not be read to the end",
            "unknown [limits] the limit of descriptors of 1 process could not be read",
        ]
    );
    let with = |descriptors| Evidence { descriptors, ..evidence(Vec::new()) };
    for (descriptors, expected) in [
        (Ok(None), "unknown [] Windows"),
        (
            Err(Lack::Refused("no".to_owned())),
            "unknown [] the descriptors of processes could not be counted: no",
        ),
        (Err(Lack::FilteredOut), "ok [] the filter asks about sockets"),
        (Ok(Some(DescriptorUse::default())), "notice [filter] no process matches the filter"),
    ] {
        let said = lines(&run(&CHECK, &with(descriptors), &[]));
        assert!(said.len() == 1 && said[0].starts_with(expected), "{expected}: {said:?}");
    }
}
