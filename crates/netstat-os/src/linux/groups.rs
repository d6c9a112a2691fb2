//! Who joined multicast groups of IP: only the sockets know, and only a BPF program sees what they know.

use super::bpf::{Failure, decode_group_records};
use super::host::INITIAL_PID_NAMESPACE;
use super::privileges::why_no_bpf;
use super::source::{Next, Rows, Source};
use netstat_model::{Answer, GroupMember, NoBpf, Warning};

/// Returns each membership of a socket of the own network namespace, once for each process that has a descriptor of it; `None`,
/// with the reason, where that cannot be told.
pub(super) fn members(source: &dyn Source) -> Answer<Option<Vec<GroupMember>>> {
    match walk(source) {
        Ok(mut members) => {
            // A process may have several descriptors of a socket.
            members.sort_unstable();
            members.dedup();
            Answer { data: Some(members), warnings: Vec::new() }
        }
        Err(reason) => {
            let lack = Warning::SourceUnavailable {
                what: "which processes joined groups of IP",
                reason: reason.to_string(),
            };
            Answer { data: None, warnings: vec![lack] }
        }
    }
}

fn walk(source: &dyn Source) -> Result<Vec<GroupMember>, NoBpf> {
    why_no_bpf(source)?;
    // The program has the numbers of processes that the machine has for them.
    if source.read_link("/proc/self/ns/pid").is_ok_and(|of| of != INITIAL_PID_NAMESPACE) {
        return Err(NoBpf::OtherNamespace);
    }
    let program = source.row_program(Rows::Groups).map_err(Failure::reason)?;
    let (mut members, mut is_whole) = (Vec::new(), true);
    let told = program.walk(&mut |piece| match decode_group_records(piece) {
        Some(more) => {
            members.extend(more);
            Next::More
        }
        None => {
            is_whole = false;
            Next::Done
        }
    });
    told.and(if is_whole { Ok(members) } else { Err(Failure::ODD) }).map_err(Failure::reason)
}
