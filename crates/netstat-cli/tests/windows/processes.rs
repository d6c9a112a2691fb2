//! Properties of processes, and the elevation that `-b` requires.

use crate::folder::Folder;
use crate::holder::{Holder, NAME};
use crate::run::{lines, netstat, shown};
use std::fs;

#[test]
fn the_executable_is_below_its_row() {
    let holder = Holder::start();
    let text = shown("-anob");
    let lines = lines(&text);
    let of_holder = |line: &str| line.ends_with(&format!("  {}", holder.pid));
    let rows: Vec<usize> = (0..lines.len()).filter(|&index| of_holder(lines[index])).collect();
    assert!(!rows.is_empty(), "{text}");
    for row in rows {
        // A line with the component may come first, as in Windows.
        let below = lines[row + 1..].iter().take(2).find(|line| line.starts_with(" ["));
        assert_eq!(below, Some(&format!(" [{NAME}]").as_str()), "{text}");
    }
    // Sockets without a process have no line.
    let nobody = lines.iter().position(|line| line.starts_with("  TCP") && line.ends_with("    0"));
    if let Some(nobody) = nobody {
        assert!(
            lines.get(nobody + 1).is_none_or(|line| line.starts_with("  TCP") || line.starts_with("  UDP")),
            "{text}"
        );
    }
}

/// Replays a recording that was changed to say that the process was not elevated.
#[test]
fn without_elevation_there_is_an_error_and_no_table() {
    let folder = Folder::new("elevation");
    shown(&format!("-nb --record {folder}"));
    let index = fs::read_to_string(folder.0.join("index.jsonl")).unwrap();
    let line =
        index.lines().find(|line| line.contains("\"TokenElevation\"")).expect("the question is recorded");
    let after = |key: &str| -> usize {
        let rest = &line[line.find(key).unwrap() + key.len()..];
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let (at, len) = (after("\"at\":"), after("\"len\":"));
    let answers = folder.0.join("answers.bin");
    let mut bytes = fs::read(&answers).unwrap();
    assert_eq!(bytes[at + len - 4..at + len], [1, 0, 0, 0], "the tests run elevated");
    bytes[at + len - 4] = 0;
    fs::write(&answers, bytes).unwrap();

    let run = netstat(&format!("-nb --replay {folder}"));
    assert_eq!((run.text.as_str(), run.code), ("", Some(1)));
    assert_eq!(run.complaint.trim_end(), "The requested operation requires elevation.");
}

#[test]
fn process_columns_are_filled_in() {
    let holder = Holder::start();
    let text = shown(&format!("--csv --columns lport,pid,process,path,user pid={}", holder.pid));
    let lines = lines(&text);
    assert_eq!(lines[0], "lport,pid,process,path,user");
    assert!(lines.len() > 4, "{text}");
    for line in &lines[1..] {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!((fields[1], fields[2]), (holder.pid.to_string().as_str(), NAME), "{line}");
        assert!(fields[3].ends_with(NAME) && fields[3].contains(":\\"), "{line}");
        assert!(fields[4].contains('\\'), "a user has a domain: {line}");
    }
}

#[test]
fn ports_are_counted_by_process() {
    let holder = Holder::start();
    let text = shown("-c");
    // Other tests run holders as well.
    let is_holder = |line: &&str| line.ends_with(NAME) && line.contains(&format!(" {} ", holder.pid));
    let row = lines(&text).into_iter().find(is_holder).map(str::to_owned);
    let row = row.unwrap_or_else(|| panic!("{text}"));
    let numbers: Vec<u32> = row.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers[0], holder.pid, "{row}");
    // Four UDP sockets; two of different families may have the same port.
    assert!(numbers[1] > 0 && (2..=4).contains(&numbers[2]), "{row}");
    assert_eq!(numbers[3], numbers[1] + numbers[2], "{row}");
}
