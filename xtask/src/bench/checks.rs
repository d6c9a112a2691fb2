//! The checks of `netstat check`, each by itself.

use super::runs::{Contender, Programs};
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};

/// Each check that ours lists, and all of them.
pub(crate) fn contenders(programs: &Programs) -> Result<Vec<Contender>> {
    let output = Command::new(&programs.netstat)
        .args(["check", "--list"])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .context("run netstat check --list")?;
    if !output.status.success() {
        bail!("netstat check --list failed ({})", output.status);
    }
    let names = names(&String::from_utf8_lossy(&output.stdout));
    let each = names.iter().map(|name| {
        Contender::new(&format!("netstat check {name}"), &programs.netstat, &["check", name.as_str()])
    });
    let all = Contender::new("netstat check", &programs.netstat, &["check"]);
    // Warnings and what is critical: these sockets are many, and a check may say so.
    Ok(each.chain([all]).map(|contender| Contender { largest_answer: 2, ..contender }).collect())
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
