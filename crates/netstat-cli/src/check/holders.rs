//! Sockets by the process that holds them.

use super::Text;
use super::evidence::Evidence;
use super::finding::Culprit;
use crate::render::Language;
use netstat_model::{NoOwner, Ownership, ProcessId, Socket};
use rustc_hash::FxHashMap;
use std::ffi::OsString;

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A process.
    Process {
        /// Its ID.
        pid: u32,
        /// Its name, where it is known.
        name: Option<OsString>,
    },
    /// No process, and why.
    Nobody(NoOwner),
    /// Nobody asked.
    NotAsked,
}

impl Holder {
    /// Who that is, for a sentence: `nginx (4711)`.
    pub(crate) fn text(&self) -> Text {
        match self {
            Self::Process { pid, name: Some(name) } => {
                Text::same(format!("{} ({pid})", name.to_string_lossy()))
            }
            Self::Process { pid, name: None } => {
                Text::new(format!("process {pid}"), format!("프로세스 {pid}"))
            }
            Self::Nobody(NoOwner::NotPermitted) => {
                Text::fixed("a process that this user may not see", "이 사용자가 볼 수 없는 프로세스")
            }
            Self::Nobody(NoOwner::OtherNamespace) => {
                Text::fixed("a process outside of this PID namespace", "이 PID 네임스페이스 밖의 프로세스")
            }
            Self::Nobody(NoOwner::Kernel) => Text::fixed("the kernel", "커널"),
            Self::Nobody(NoOwner::NoProcess | NoOwner::Vanished) => {
                Text::fixed("no process", "프로세스 없음")
            }
            Self::NotAsked => Text::fixed("a process that was not asked for", "묻지 않은 프로세스"),
        }
    }

    /// What stays the same from one look to the next.
    pub(crate) fn subject(&self) -> String {
        self.text().of(Language::English).to_owned()
    }

    /// The test of a filter for its sockets; `None` where there is none.
    pub(crate) fn filter(&self) -> Option<String> {
        match self {
            Self::Process { pid, .. } => Some(format!("pid {pid}")),
            Self::Nobody(_) | Self::NotAsked => None,
        }
    }
}

/// What groups are made by: the process, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Process(ProcessId),
    Nobody(NoOwner),
    NotAsked,
}

impl Key {
    fn of(socket: &Socket) -> Self {
        match &socket.ownership {
            Ownership::NotRead | Ownership::Listed { .. } => Self::NotAsked,
            Ownership::Unowned(why) => Self::Nobody(*why),
            Ownership::Held(owners) => {
                owners.first().map_or(Self::NotAsked, |owner| Self::Process(owner.process))
            }
        }
    }
}

/// What it takes to see who a holder is; `None` where that is known, or where there is nobody.
pub(crate) fn to_see_one(holder: &Holder) -> Option<Text> {
    match holder {
        Holder::Nobody(NoOwner::NotPermitted) => Some(Text::of_system(
            Text::fixed(
                "run as root to see which process it is",
                "root로 실행하면 어느 프로세스인지 보입니다",
            ),
            Text::fixed(
                "run as administrator to see which process it is",
                "관리자 권한으로 실행하면 어느 프로세스인지 보입니다",
            ),
        )),
        Holder::Nobody(NoOwner::OtherNamespace) => Some(Text::fixed(
            "run outside of the container to see which process it is",
            "컨테이너 밖에서 실행하면 어느 프로세스인지 보입니다",
        )),
        Holder::Process { .. } | Holder::Nobody(_) | Holder::NotAsked => None,
    }
}

/// What it takes to see every process of these.
pub(crate) fn to_see_all(culprits: &[Culprit]) -> Text {
    let is_outside = |culprit: &Culprit| culprit.holder == Holder::Nobody(NoOwner::OtherNamespace);
    if !culprits.is_empty() && culprits.iter().all(is_outside) {
        return Text::fixed(
            "run outside of the container, where every process is seen",
            "모든 프로세스가 보이는 컨테이너 밖에서 실행합니다",
        );
    }
    Text::of_system(
        Text::fixed("run as root, which sees every process", "모든 프로세스를 볼 수 있는 root로 실행합니다"),
        Text::fixed(
            "run as administrator, who sees nearly every process",
            "거의 모든 프로세스를 볼 수 있는 관리자 권한으로 실행합니다",
        ),
    )
}

impl Evidence {
    /// A process, with its name where that is known.
    pub(crate) fn holder_of(&self, id: ProcessId) -> Holder {
        let name = self.processes.get(&id).and_then(|process| process.name.clone().ok());
        Holder::Process { pid: id.pid, name }
    }

    fn holder(&self, key: Key) -> Holder {
        match key {
            Key::Process(id) => self.holder_of(id),
            Key::Nobody(why) => Holder::Nobody(why),
            Key::NotAsked => Holder::NotAsked,
        }
    }

    /// The sockets by holder, the largest group first. A socket that several processes hold counts for the principal
    /// one.
    pub(crate) fn by_holder<'a>(
        &self,
        sockets: impl IntoIterator<Item = &'a Socket>,
    ) -> Vec<(Holder, Vec<&'a Socket>)> {
        let mut groups: FxHashMap<Key, Vec<&'a Socket>> = FxHashMap::default();
        for socket in sockets {
            groups.entry(Key::of(socket)).or_default().push(socket);
        }
        let mut list: Vec<_> = groups.into_iter().map(|(key, sockets)| (self.holder(key), sockets)).collect();
        list.sort_by(|(one, some), (other, more)| {
            (more.len(), one.subject()).cmp(&(some.len(), other.subject()))
        });
        list
    }

    /// Who holds the sockets, and how many each; the largest first.
    pub(crate) fn culprits<'a>(&self, sockets: impl IntoIterator<Item = &'a Socket>) -> Vec<Culprit> {
        self.by_holder(sockets)
            .into_iter()
            .map(|(holder, sockets)| Culprit { holder, sockets: sockets.len() })
            .collect()
    }
}

/// How often each value comes, the most frequent first; of equals the lesser.
pub(crate) fn counted<K: std::hash::Hash + Ord>(values: impl IntoIterator<Item = K>) -> Vec<(K, usize)> {
    let mut counts: FxHashMap<K, usize> = FxHashMap::default();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut list: Vec<(K, usize)> = counts.into_iter().collect();
    list.sort_unstable_by(|(one, some), (other, more)| more.cmp(some).then_with(|| one.cmp(other)));
    list
}
