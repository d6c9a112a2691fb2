//! Who a process is: the user, the service and the file it runs, as facts of a finding.

use super::evidence::Evidence;
use super::finding::Fact;
use super::text::{EN, KO, Text, named};
use netstat_model::ProcessKey;
use netstat_model::query::ProcessFields;
use netstat_model::{IpSocketRef, OwnershipRef, Process};

/// The fields that identify a process. Windows has accounts instead of user numbers.
pub(crate) const WHO: ProcessFields = ProcessFields::NAME
    .union(ProcessFields::EXECUTABLE)
    .union(ProcessFields::UNIT)
    .union(if cfg!(windows) { ProcessFields::ACCOUNT } else { ProcessFields::USER });

/// The most other holders of a socket that are named.
const MOST_OTHERS: usize = 5;

impl Evidence {
    /// Returns the user of a process, by name if it has one.
    pub fn user_of(&self, process: &Process) -> Option<String> {
        match (process.user, &process.account) {
            (Ok(uid), _) => Some(self.surroundings.user(uid)),
            (Err(_), Ok(account)) => Some(account.to_string_lossy().into_owned()),
            (Err(_), Err(_)) => None,
        }
    }

    /// Returns the process that holds a socket, the principal one if there are several.
    pub fn process_of(&self, socket: &IpSocketRef<'_>) -> Option<&Process> {
        self.processes.get(&socket.ownership().principal()?.process)
    }

    /// Returns the other processes that hold a socket, besides the principal one.
    pub fn others_of<'a>(&'a self, socket: &IpSocketRef<'a>) -> impl Iterator<Item = &'a Process> + use<'a> {
        let owners = if let OwnershipRef::Several(owners) = socket.ownership() { owners } else { &[] };
        owners.iter().skip(1).filter_map(|owner| self.processes.get(&owner.process))
    }

    /// Returns who else holds these sockets, as a fact.
    pub fn others<'a>(&'a self, sockets: impl IntoIterator<Item = IpSocketRef<'a>>) -> Option<Fact> {
        let others = sockets.into_iter().flat_map(|socket| self.others_of(&socket));
        let mut others: Vec<ProcessKey> = others.map(|process| process.id).collect();
        others.sort_unstable();
        others.dedup();
        let names: Vec<Text> = others.iter().map(|id| self.holder_of(*id).text()).collect();
        let in_language = |language| names.iter().map(|name| name.of(language).to_owned()).collect();
        let (mut english, korean): (Vec<String>, Vec<String>) = (in_language(EN), in_language(KO));
        let text = Text::new(
            format!("held by {} as well", named(&english, MOST_OTHERS).of(EN)),
            format!("함께 보유한 프로세스 {}", named(&korean, MOST_OTHERS).of(KO)),
        );
        english.truncate(MOST_OTHERS);
        (!others.is_empty()).then(|| Fact::shown("also_held_by", english, text))
    }

    /// Returns facts about the process that holds these sockets, as far as they are known.
    pub fn identity<'a>(&self, sockets: impl IntoIterator<Item = IpSocketRef<'a>>) -> Vec<Fact> {
        let sockets: Vec<IpSocketRef<'a>> = sockets.into_iter().collect();
        let process = sockets.iter().find_map(|socket| self.process_of(socket));
        let mut facts = process.map_or_else(Vec::new, |process| self.identity_of(process));
        let behind = sockets.iter().find_map(|socket| self.behind(socket));
        // The holder is named with it.
        facts.extend(behind.map(|behind| Fact::said("behind", behind)));
        facts
    }

    /// Returns by what and for whom a process keeps a listener, where it does: `ssh.socket > ssh.service`.
    pub fn behind(&self, socket: &IpSocketRef<'_>) -> Option<String> {
        self.surroundings.stand_ins.behind(&socket.into(), &self.processes)
    }

    /// Returns facts about a process, as far as they are known.
    pub fn identity_of(&self, process: &Process) -> Vec<Fact> {
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
