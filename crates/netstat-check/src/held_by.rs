//! Who holds a socket, in words.

use super::text::{EN, Text};
use netstat_model::NoOwner;
use std::ffi::OsString;

/// Who holds a socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HeldBy {
    /// A process.
    Process {
        /// Its ID.
        pid: u32,
        /// Its name, where it is known.
        name: Option<OsString>,
        /// By what and for whom it keeps these listeners, where it does: `ssh.socket > ssh.service`.
        behind: Option<String>,
    },
    /// No process, and why.
    Nobody(NoOwner),
    /// Owners were not asked for.
    NotAsked,
}

impl HeldBy {
    /// Returns who it is, for a sentence: `nginx (4711)`, `systemd (1) for ssh.socket > ssh.service`.
    pub fn text(&self) -> Text {
        match self {
            Self::Process { pid, name: Some(name), behind: None } => {
                Text::same(format!("{} ({pid})", name.to_string_lossy()))
            }
            Self::Process { pid, name: Some(name), behind: Some(behind) } => {
                let name = name.to_string_lossy();
                Text::new(
                    format!("{name} ({pid}) for {behind}"),
                    format!("{behind}의 소켓을 맡은 {name} ({pid})"),
                )
            }
            Self::Process { pid, name: None, .. } => {
                Text::new(format!("process {pid}"), format!("프로세스 {pid}"))
            }
            Self::Nobody(NoOwner::NotPermitted) => {
                Text::fixed("a process that this user may not see", "이 사용자가 볼 수 없는 프로세스")
            }
            Self::Nobody(NoOwner::OtherNamespace) => {
                Text::fixed("a process outside of this PID namespace", "이 PID 네임스페이스 밖의 프로세스")
            }
            Self::Nobody(NoOwner::Kernel) => Text::fixed(
                "no process (the kernel, or a descriptor in flight)",
                "프로세스 없음(커널 또는 전달 중인 디스크립터)",
            ),
            Self::Nobody(NoOwner::NoProcess | NoOwner::Vanished) => {
                Text::fixed("no process", "프로세스 없음")
            }
            Self::NotAsked => Text::fixed("a process that was not asked for", "묻지 않은 프로세스"),
        }
    }

    /// Returns the name of the process, if it is known.
    pub fn name(&self) -> Option<&OsString> {
        match self {
            Self::Process { name, .. } => name.as_ref(),
            Self::Nobody(_) | Self::NotAsked => None,
        }
    }

    /// Returns what stays the same from one look to the next.
    pub fn subject(&self) -> String {
        self.text().of(EN).to_owned()
    }

    /// Returns the filter words that select its sockets, after a blank; empty if there are none.
    pub fn filter_words(&self) -> String {
        match self {
            Self::Process { pid, .. } => format!(" pid {pid}"),
            Self::Nobody(_) | Self::NotAsked => String::new(),
        }
    }
}

/// Returns what it takes to see which process it is; `None` if that is known, or if there is none.
pub(crate) fn to_see_one(holder: &HeldBy) -> Option<Text> {
    match holder {
        HeldBy::Nobody(NoOwner::NotPermitted) => Some(Text::of_system(
            Text::fixed(
                "run as root with CAP_SYS_PTRACE to see which process it is",
                "CAP_SYS_PTRACE 권한의 root로 실행하면 어느 프로세스인지 보입니다",
            ),
            Text::fixed(
                "run as administrator to see which process it is",
                "관리자 권한으로 실행하면 어느 프로세스인지 보입니다",
            ),
        )),
        HeldBy::Nobody(NoOwner::OtherNamespace) => Some(Text::fixed(
            "run outside of the container to see which process it is",
            "컨테이너 밖에서 실행하면 어느 프로세스인지 보입니다",
        )),
        HeldBy::Process { .. } | HeldBy::Nobody(_) | HeldBy::NotAsked => None,
    }
}

/// Returns commands that show the threads of a process, whatever language it is written in.
pub(crate) fn thread_tools(pid: u32) -> String {
    let of_the_system = if cfg!(windows) { format!("procdump -ma {pid}") } else { format!("gdb -p {pid}") };
    format!("jstack {pid}, {of_the_system}, py-spy dump --pid {pid}")
}
