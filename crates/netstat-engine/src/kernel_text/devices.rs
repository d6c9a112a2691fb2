//! Counters of interfaces.

use super::words::{number, words};

/// The counters of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device<'a> {
    /// The name of the interface.
    pub name: &'a [u8],
    /// Packets, errors, drops and overruns of what it received.
    pub received: [u64; 4],
    /// The same of what it sent.
    pub sent: [u64; 4],
}

/// Returns the rows of `/proc/net/dev`.
pub fn devices(text: &[u8]) -> Vec<Device<'_>> {
    let row = |line: &'_ [u8]| -> Option<(usize, [u64; 4], [u64; 4])> {
        let colon = line.iter().rposition(|&byte| byte == b':')?;
        let numbers: Vec<u64> =
            words(line.get(colon + 1..)?).into_iter().map(number).collect::<Option<_>>()?;
        let four = |at: usize| numbers.get(at..at + 4)?.try_into().ok();
        Some((colon, four(1)?, four(9)?))
    };
    text.split(|&byte| byte == b'\n')
        .filter_map(|line| {
            let (colon, received, sent) = row(line)?;
            Some(Device { name: line.get(..colon)?.trim_ascii_start(), received, sent })
        })
        .collect()
}
