//! Rights that were given up.

use std::io;

/// What a program has given up, or why it could not.
#[derive(Debug)]
pub struct Confined {
    /// The capabilities that it still has.
    pub capabilities: io::Result<Vec<String>>,
    /// Whether the system refuses the calls that it needs no more.
    pub calls: io::Result<()>,
}
