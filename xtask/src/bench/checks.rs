//! The checks of `netstat check`, one by one.

use super::runs::{Contender, Programs};
use crate::workspace::{built, output, program};
use anyhow::{Context, Result};

/// Prepares each check that `netstat check --list` names, and all of them together. The check `policy` gets a policy
/// that allows what exists.
pub(super) fn contenders(programs: &Programs) -> Result<Vec<Contender>> {
    let names = names(&run(programs, &["check", "--list"])?);
    let policy = built("bench-policy.toml");
    std::fs::write(&policy, run(programs, &["check", "policy", "--learn"])?)
        .with_context(|| format!("write {}", policy.display()))?;
    let policy = policy.to_string_lossy();
    let each = names.iter().map(|name| {
        let mut arguments = vec!["check", name.as_str()];
        if name == "policy" {
            arguments.extend(["--policy", &policy]);
        }
        Contender::new(&format!("netstat check {name}"), &programs.netstat, &arguments)
    });
    let all = Contender::new("netstat check", &programs.netstat, &["check", "--policy", &policy]);
    // So many sockets may make a check warn, or find something critical: exit codes 1 and 2.
    Ok(each.chain([all]).map(|contender| Contender { largest_answer: 2, ..contender }).collect())
}

fn run(programs: &Programs, arguments: &[&str]) -> Result<String> {
    let mut command = program(&programs.netstat);
    command.args(arguments).env("LC_ALL", "C");
    Ok(String::from_utf8_lossy(&output(command)?).into_owned())
}

/// Returns the first word of each line.
fn names(list: &str) -> Vec<String> {
    list.lines().filter_map(|line| Some(line.split_ascii_whitespace().next()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_first_words() {
        assert_eq!(names("close-wait  what it is\n\nstalled  another\n"), ["close-wait", "stalled"]);
    }
}
