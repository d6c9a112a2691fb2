//! Sockets by the process that holds them.

use super::evidence::Evidence;
use super::finding::Culprit;
use super::held_by::HeldBy;
use super::text::{Text, grouped};
use netstat_model::{IpSocketRef, NoOwner, ProcessKey};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::ffi::OsString;

/// The key of a group of sockets: the process, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum GroupKey {
    /// With those for whom it keeps a listener.
    Process(ProcessKey, Option<String>),
    Nobody(NoOwner),
    NotAsked,
}

/// Returns what it takes to see every process of these.
pub(crate) fn to_see_all(culprits: &[Culprit]) -> Text {
    let is_outside = |culprit: &Culprit| culprit.holder == HeldBy::Nobody(NoOwner::OtherNamespace);
    if !culprits.is_empty() && culprits.iter().all(is_outside) {
        return Text::fixed(
            "run outside of the container, where every process is seen",
            "모든 프로세스가 보이는 컨테이너 밖에서 실행합니다",
        );
    }
    let is_held_by_none = |culprit: &Culprit| culprit.holder == HeldBy::Nobody(NoOwner::Kernel);
    if !culprits.is_empty() && culprits.iter().all(is_held_by_none) {
        return Text::fixed(
            "see which processes pass descriptors to each other: ss -xp",
            "서로 디스크립터를 전달하는 프로세스를 봅니다: ss -xp",
        );
    }
    Text::of_system(
        Text::fixed(
            "run as root with CAP_SYS_PTRACE, which sees every process",
            "모든 프로세스를 볼 수 있는 CAP_SYS_PTRACE 권한의 root로 실행합니다",
        ),
        Text::fixed(
            "run as administrator, who sees nearly every process",
            "거의 모든 프로세스를 볼 수 있는 관리자 권한으로 실행합니다",
        ),
    )
}

impl Evidence {
    /// Returns a process, with its name if it is known.
    pub fn holder_of(&self, id: ProcessKey) -> HeldBy {
        HeldBy::Process { pid: id.pid, name: self.name_of(id), behind: None }
    }

    fn name_of(&self, id: ProcessKey) -> Option<OsString> {
        self.processes.get(&id).and_then(|process| process.name.clone().ok())
    }

    fn group(&self, socket: &IpSocketRef<'_>) -> GroupKey {
        let ownership = socket.ownership();
        match (ownership.principal(), ownership.unowned()) {
            (Some(owner), _) => GroupKey::Process(owner.process, self.behind(socket)),
            (None, Some(why)) => GroupKey::Nobody(why),
            (None, None) => GroupKey::NotAsked,
        }
    }

    fn holder(&self, key: GroupKey) -> HeldBy {
        match key {
            GroupKey::Process(id, behind) => HeldBy::Process { pid: id.pid, name: self.name_of(id), behind },
            GroupKey::Nobody(why) => HeldBy::Nobody(why),
            GroupKey::NotAsked => HeldBy::NotAsked,
        }
    }

    /// Returns who holds a socket; of several processes the principal one.
    pub fn held_by(&self, socket: &IpSocketRef<'_>) -> HeldBy {
        self.holder(self.group(socket))
    }

    /// Groups sockets by holder, the largest group first. A socket that several processes hold counts for the principal
    /// one.
    pub fn by_holder<'a>(
        &self,
        sockets: impl IntoIterator<Item = IpSocketRef<'a>>,
    ) -> Vec<(HeldBy, Vec<IpSocketRef<'a>>)> {
        let mut groups: FxHashMap<GroupKey, Vec<IpSocketRef<'a>>> = FxHashMap::default();
        for socket in sockets {
            groups.entry(self.group(&socket)).or_default().push(socket);
        }
        let mut list: Vec<_> = groups.into_iter().map(|(key, sockets)| (self.holder(key), sockets)).collect();
        list.sort_by(|(one, some), (other, more)| {
            (more.len(), one.subject()).cmp(&(some.len(), other.subject()))
        });
        list
    }

    /// Returns who holds the sockets and how many each, the largest first. Unlike [`Self::by_holder`] it keeps none of them.
    pub fn culprits<'a>(&self, sockets: impl IntoIterator<Item = IpSocketRef<'a>>) -> Vec<Culprit> {
        let mut counts: FxHashMap<GroupKey, usize> = FxHashMap::default();
        for socket in sockets {
            *counts.entry(self.group(&socket)).or_default() += 1;
        }
        let culprit = |(key, sockets)| Culprit { holder: self.holder(key), sockets };
        let mut list: Vec<Culprit> = counts.into_iter().map(culprit).collect();
        list.sort_by_key(|culprit| (Reverse(culprit.sockets), culprit.holder.subject()));
        list
    }
}

/// Counts how often each value comes: the most frequent first, of equals the lesser.
pub(crate) fn counted<K: std::hash::Hash + Ord>(values: impl IntoIterator<Item = K>) -> Vec<(K, usize)> {
    let mut counts: FxHashMap<K, usize> = FxHashMap::default();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut list: Vec<(K, usize)> = counts.into_iter().collect();
    list.sort_unstable_by(|(one, some), (other, more)| more.cmp(some).then_with(|| one.cmp(other)));
    list
}

/// Returns the three most frequent of counted values: `10.0.0.1 (12), 10.0.0.2 (3)`.
pub(crate) fn most_frequent<K: std::fmt::Display>(counted: &[(K, usize)]) -> String {
    let first: Vec<String> =
        counted.iter().take(3).map(|(value, count)| format!("{value} ({})", grouped(*count))).collect();
    first.join(", ")
}
