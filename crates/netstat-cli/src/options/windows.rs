//! What the command line can ask for and Windows does not have.

use super::arguments::FamilyChoice;
use super::command::Command;
use super::complaint::Complaint;
use netstat_model::query::Kinds;

/// Rejects what Windows does not have. Every family is TCP and UDP there.
pub(super) fn limit(mut command: Command) -> Result<Command, Complaint> {
    let Command::Run(arguments) = &mut command else { return Ok(command) };
    if arguments.netns.is_some() {
        return Err(Complaint::new("Windows has no network namespaces: leave --netns out"));
    }
    match &mut arguments.family {
        Some(FamilyChoice { kinds, all: true }) => *kinds = Kinds::TCP_UDP,
        Some(FamilyChoice { kinds, .. }) if *kinds != Kinds::TCP_UDP => {
            return Err(Complaint::new(
                "Windows lists TCP and UDP sockets only: type --family inet, or leave --family out",
            ));
        }
        _ => {}
    }
    Ok(command)
}
