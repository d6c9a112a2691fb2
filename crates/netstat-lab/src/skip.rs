//! Tests that cannot run on this machine.

use std::fmt::Display;
use std::io::{self, Write};

/// Reports that the running test cannot run here, and why, as `test NAME ... skipped: WHY`. The test returns next.
///
/// libtest has no such outcome and counts the test as passed; `.ci/run` counts it as skipped by this line.
pub fn skip(why: impl Display) {
    let thread = std::thread::current();
    let line = format!("test {} ... skipped: {why}\n", thread.name().unwrap_or("?"));
    // Not eprintln: libtest hides what that prints in a test that passes. In one piece, so that lines of other threads
    // do not get into it.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Like [`skip`], for what a private network needs: fails the test where `NETSTAT_LAB=required` is in the environment,
/// so that a machine that is meant to run these tests cannot pass without them.
///
/// # Panics
///
/// With `NETSTAT_LAB=required` in the environment.
pub fn skip_unless_required(why: impl Display) {
    let required = std::env::var_os("NETSTAT_LAB").is_some_and(|value| value == "required");
    assert!(!required, "NETSTAT_LAB=required, and this machine cannot run the test: {why}");
    skip(why);
}

/// Returns whether the kernel lists sockets that are bound and neither listen nor are connected: Linux 6.8 or later. Reports
/// the running test as skipped, or a part of it, where it does not.
pub fn lists_bound() -> bool {
    let can = release().is_none_or(|release| release >= (6, 8));
    if !can {
        skip("bound-only sockets are listed since Linux 6.8");
    }
    can
}

/// The first two numbers of the release, where the kernel tells it.
fn release() -> Option<(u32, u32)> {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
