//! Who a process is: the user, the service and the file it runs, as facts of a finding.

use super::evidence::Evidence;
use super::finding::Fact;
use super::text::Text;
use netstat_core::model::{Process, Socket};
use netstat_core::query::ProcessFields;

/// What that takes. Windows has no numbers of users, but their accounts.
pub(crate) const WHO: ProcessFields = ProcessFields::NAME
    .union(ProcessFields::EXECUTABLE)
    .union(ProcessFields::UNIT)
    .union(if cfg!(windows) { ProcessFields::ACCOUNT } else { ProcessFields::USER });

impl Evidence {
    /// The user that a process acts as, by name where it has one.
    pub(crate) fn user_of(&self, process: &Process) -> Option<String> {
        match (process.user, &process.account) {
            (Ok(uid), _) => Some(self.surroundings.user(uid)),
            (Err(_), Ok(account)) => Some(account.to_string_lossy().into_owned()),
            (Err(_), Err(_)) => None,
        }
    }

    /// What is known of the process that holds a socket, the principal one where there are several.
    pub(crate) fn process_of(&self, socket: &Socket) -> Option<&Process> {
        self.processes.get(&socket.ownership.principal()?.process)
    }

    /// Facts about the process that holds these sockets; those that are not known are left out.
    pub(crate) fn identity<'a>(&self, sockets: impl IntoIterator<Item = &'a Socket>) -> Vec<Fact> {
        let Some(process) = sockets.into_iter().find_map(|socket| self.process_of(socket)) else {
            return Vec::new();
        };
        let mut facts = Vec::new();
        if let Ok(executable) = &process.executable {
            let path = executable.path.to_string_lossy().into_owned();
            let (english, korean) =
                if executable.deleted { (" (deleted)", " (삭제됨)") } else { ("", "") };
            facts.push(Fact::shown(
                "path",
                path.clone(),
                Text::new(format!("it runs {path}{english}"), format!("실행 파일 {path}{korean}")),
            ));
        }
        if let Some(user) = self.user_of(process) {
            facts.push(Fact::shown(
                "user",
                user.clone(),
                Text::new(format!("as user {user}"), format!("사용자 {user}")),
            ));
        }
        if let Ok(unit) = &process.unit {
            let unit = unit.to_string_lossy().into_owned();
            facts.push(Fact::shown(
                "unit",
                unit.clone(),
                Text::new(format!("in the service {unit}"), format!("서비스 {unit}")),
            ));
        }
        facts
    }
}
