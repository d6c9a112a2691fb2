//! The checks of `netstat check`, each by itself.

use super::built;
use super::runs::{Contender, Programs};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Each check that ours lists, and all of them. `policy` judges by a policy that allows what is there.
pub(crate) fn contenders(programs: &Programs) -> Result<Vec<Contender>> {
    let names = names(&said(programs, &["check", "--list"])?);
    let policy = built("bench-policy.toml");
    std::fs::write(&policy, said(programs, &["check", "policy", "--learn"])?)
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
    // Warnings and what is critical: these sockets are many, and a check may say so.
    Ok(each.chain([all]).map(|contender| Contender { largest_answer: 2, ..contender }).collect())
}

fn said(programs: &Programs, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(&programs.netstat);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().context("run netstat check")?;
    if !output.status.success() {
        bail!("netstat {} failed ({})", arguments.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first word of each line.
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
