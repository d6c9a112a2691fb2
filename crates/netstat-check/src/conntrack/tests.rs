use super::super::Lack;
use super::super::made::{fact, lines, look, looks, moment, run};
use super::*;

fn table(entries: u64, drop: u64, early_drop: u64) -> Conntrack {
    Conntrack {
        entries: Some(entries),
        max: Some(1000),
        drop: Some(drop),
        early_drop: Some(early_drop),
        insert_failed: Some(0),
    }
}

fn found(before: Conntrack, now: Conntrack) -> Vec<Finding> {
    let mut moments = [moment(10, Vec::new()), moment(12, Vec::new())];
    moments[0].conntrack = Ok(Some(before));
    moments[1].conntrack = Ok(Some(now));
    let [before, now] = moments;
    run(&CHECK, &looks(Some(before), now), &[])
}

#[test]
fn fill_level_and_lost_packets_decide() {
    for (before, now, expected) in [
        (table(10, 0, 0), table(699, 0, 0), "ok [] 699 of 1,000 entries are in use (69.9 %)"),
        (table(10, 0, 0), table(700, 0, 0), "notice"),
        (
            table(10, 0, 0),
            table(800, 0, 0),
            "warning [] the table of tracked connections is 80 % full: 800 of 1,000",
        ),
        (table(10, 0, 0), table(950, 0, 0), "critical"),
        (table(500, 77, 5), table(500, 77, 5), "ok"),
        (table(500, 77, 5), table(500, 77, 9), "warning"),
        (table(1000, 77, 5), table(1000, 97, 5), "critical [] 20 packets were dropped for lack of an entry"),
    ] {
        let found = lines(&found(before, now));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn growth_predicts_when_the_table_is_full() {
    let findings = found(table(700, 0, 0), table(800, 0, 0));
    assert_eq!(fact(&findings[0], "seconds_left"), Some(4.into()));
    assert_eq!(fact(&found(table(900, 0, 0), table(800, 0, 0))[0], "seconds_left"), None);
}

#[test]
fn ok_without_connection_tracking() {
    let mut evidence = look(moment(1, Vec::new()));
    evidence.now.conntrack = Ok(None);
    assert_eq!(lines(&run(&CHECK, &evidence, &[])), ["ok [] connections are not tracked here"]);
    evidence.now.conntrack = Err(Lack::Refused("Permission denied".to_owned()));
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("unknown"));
    evidence.now.conntrack = Ok(Some(Conntrack { max: None, ..table(5, 0, 0) }));
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("unknown"));
}

#[test]
fn an_unknown_counter_is_not_zero() {
    let unknown =
        |entries| Conntrack { drop: None, early_drop: None, insert_failed: None, ..table(entries, 0, 0) };
    let findings = found(unknown(900), unknown(900));
    assert_eq!(fact(&findings[0], "dropped"), Some(serde_json::Value::Null));
    assert_eq!(fact(&findings[0], "drops_known"), Some(false.into()));
}

#[test]
fn ports_that_collide_are_no_full_table() {
    let now = |insert_failed, drop| Conntrack { insert_failed: Some(insert_failed), ..table(10, drop, 0) };
    // Each failed insertion is counted as a drop as well.
    let findings = found(now(0, 0), now(10, 10));
    let collided = "warning [insert_failed] 10 packets were dropped because another tracked connection had the same ends";
    assert!(lines(&findings)[0].starts_with(collided) && findings.len() == 1, "{findings:?}");
    let advice: String = findings[0].next.iter().map(|step| step.of(super::super::text::EN)).collect();
    assert!(advice.contains("--random-fully") && !advice.contains("nf_conntrack_max"), "{advice}");
    let both = lines(&found(now(0, 0), now(10, 12)));
    assert!(both[0].starts_with("critical [] 2 packets") && both[1].starts_with("warning [ins"), "{both:?}");
    assert_eq!(both.len(), 2);
}
