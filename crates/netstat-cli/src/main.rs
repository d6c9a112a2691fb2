//! The `netstat` program.
fn main() {}
