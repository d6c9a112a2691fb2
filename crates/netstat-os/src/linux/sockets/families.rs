//! The families of sockets beyond TCP and UDP: each from sock_diag, or from `/proc/net` where the kernel has no handler for
//! it there.

use super::answers::{Dumped, Lines};
use super::{Lister, unix};
use crate::linux::source::NetworkSource;
use netstat_model::error::words_of;
use netstat_model::query::{Kinds, SocketQuery};
use netstat_model::{Error, Operation, Protocol, Socket, SocketType, Warning};
use std::io;

/// How the sockets of one family are listed.
struct Family {
    kind: Kinds,
    /// Its name on the command line.
    name: &'static str,
    /// The name of its list in a warning.
    what: &'static str,
    /// A protocol of it, for the warning that `/proc/net` was read.
    protocol: Protocol,
    /// What its lines in `/proc/net/protocols` begin with, while the kernel has it.
    protocols: &'static [&'static str],
    sock_diag: fn(&dyn NetworkSource, &SocketQuery) -> Dumped,
    proc_net: fn(&dyn NetworkSource) -> Lines,
}

const FAMILIES: [Family; 1] = [Family {
    kind: Kinds::UNIX,
    name: "unix",
    what: "table of Unix sockets",
    protocol: Protocol::Unix(SocketType::Stream),
    protocols: &["UNIX"],
    sock_diag: unix::from_sock_diag,
    proc_net: unix::from_proc_net,
}];

/// Shows the sockets of the other families of the query to the visitor. A family that could not be listed is a warning
/// beside the others.
///
/// # Errors
/// If it is the only one that was asked for, and the kernel has it.
pub(super) fn list(
    source: &dyn NetworkSource,
    lister: &mut Lister<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let query = lister.listing.query;
    for family in FAMILIES.iter().filter(|family| query.kinds.contains(family.kind)) {
        if lister.full {
            break;
        }
        match sockets(source, query, family, warnings) {
            Ok(sockets) => {
                let mut left_out = 0;
                for mut socket in sockets {
                    left_out += u64::from(!lister.socket(&mut socket));
                }
                if left_out > 0 {
                    warnings.push(Warning::OddMessages { what: family.what, count: left_out });
                }
            }
            Err(error) => {
                let is_known = is_known(source, family);
                if is_known && query.kinds == family.kind {
                    return Err(Error::new(Operation::ListSockets, error));
                }
                let reason = is_known.then(|| words_of(&error));
                warnings.push(Warning::FamilyUnavailable { family: family.name, reason });
            }
        }
    }
    Ok(())
}

fn sockets(
    source: &dyn NetworkSource,
    query: &SocketQuery,
    family: &Family,
    warnings: &mut Vec<Warning>,
) -> io::Result<Vec<Socket>> {
    let refused = match (family.sock_diag)(source, query) {
        Ok((sockets, end)) => {
            end.warn(family.what, warnings);
            return Ok(sockets);
        }
        Err(refused) => refused,
    };
    let refused = why_refused(&refused, family.name);
    let (sockets, odd) = (family.proc_net)(source).map_err(|error| {
        io::Error::new(error.kind(), format!("sock_diag: {refused}; /proc/net: {}", words_of(&error)))
    })?;
    warnings.push(Warning::ProcNetFallback { protocol: family.protocol, reason: refused });
    if odd > 0 {
        warnings.push(Warning::OddMessages { what: family.what, count: odd });
    }
    Ok(sockets)
}

/// Returns why sock_diag did not list the sockets of a family. Each has a handler, mostly in a module of its own.
fn why_refused(error: &io::Error, name: &str) -> String {
    if error.raw_os_error() == Some(rustix::io::Errno::NOENT.raw_os_error()) {
        format!("the kernel has no {name}_diag, or has not loaded it")
    } else {
        words_of(error)
    }
}

/// Returns whether the kernel has sockets of the family; true where that cannot be told.
fn is_known(source: &dyn NetworkSource, family: &Family) -> bool {
    let mut bytes = Vec::new();
    let Ok(()) = source.read("/proc/net/protocols", &mut bytes) else { return true };
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.any(|line| family.protocols.iter().any(|name| line.starts_with(name.as_bytes())))
}
