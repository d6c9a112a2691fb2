//! Who a process is: the user, the service and the file it runs, as facts of a finding.

use super::evidence::Evidence;
use super::finding::Fact;
use super::text::{EN, KO, Text};
use netstat_model::query::ProcessFields;
use netstat_model::{Process, ProcessId, Socket};

/// What that takes. Windows has no numbers of users, but their accounts.
pub(crate) const WHO: ProcessFields = ProcessFields::NAME
    .union(ProcessFields::EXECUTABLE)
    .union(ProcessFields::UNIT)
    .union(if cfg!(windows) { ProcessFields::ACCOUNT } else { ProcessFields::USER });

/// Others that hold a socket, who are named at most.
const MOST_OTHERS: usize = 5;

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

    /// What is known of the others that hold a socket, the principal one left out.
    pub(crate) fn others_of(&self, socket: &Socket) -> impl Iterator<Item = &Process> {
        socket.ownership.owners().iter().skip(1).filter_map(|owner| self.processes.get(&owner.process))
    }

    /// Who else holds these sockets, as a fact; nothing where nobody does.
    pub(crate) fn others<'a>(&self, sockets: impl IntoIterator<Item = &'a Socket>) -> Option<Fact> {
        let others = sockets.into_iter().flat_map(|socket| self.others_of(socket));
        let mut others: Vec<ProcessId> = others.map(|process| process.id).collect();
        others.sort_unstable();
        others.dedup();
        let names = others.iter().take(MOST_OTHERS).map(|id| self.holder_of(*id).text());
        let (english, korean): (Vec<String>, Vec<String>) =
            names.map(|name| (name.of(EN).to_owned(), name.of(KO).to_owned())).unzip();
        let (more_en, more_ko) = match others.len().saturating_sub(MOST_OTHERS) {
            0 => (String::new(), String::new()),
            more => (format!(" and {more} more"), format!(" 외 {more}개")),
        };
        let text = Text::new(
            format!("held by {}{more_en} as well", english.join(", ")),
            format!("함께 들고 있는 프로세스 {}{more_ko}", korean.join(", ")),
        );
        (!others.is_empty()).then(|| Fact::shown("also_held_by", english, text))
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
