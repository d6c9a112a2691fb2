//! The host name.

use super::source::Source;
use netstat_model::{Error, Operation};
use std::io;

/// Reads the host name of the current UTS namespace from `/proc/sys/kernel/hostname`.
pub(super) fn host_name(source: &dyn Source) -> Result<String, Error> {
    let failed = |error| Error::new(Operation::ReadHostName, error);
    let mut bytes = Vec::new();
    source.read("/proc/sys/kernel/hostname", &mut bytes).map_err(failed)?;
    let name = String::from_utf8(bytes)
        .map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")))?;
    Ok(name.trim_end_matches('\n').to_owned())
}
