//! The seam: every byte that Windows gives this program comes through [`Source`], so that it can be recorded and
//! replayed. Nothing here understands what the bytes mean.

#[cfg(windows)]
use super::live::Live;
use super::memory::Memory;
use crate::model::Family;
use crate::os::tape::Player;
#[cfg(windows)]
use crate::os::tape::Recorder;
use std::io;
#[cfg(windows)]
use std::sync::Arc;

/// A question to Windows: a function, and what it is called with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// `GetExtendedTcpTable`, class `TCP_TABLE_OWNER_MODULE_ALL`.
    TcpTable(Family),
    /// `GetExtendedUdpTable`, class `UDP_TABLE_OWNER_MODULE`.
    UdpTable(Family),
    /// `NtQuerySystemInformation`, class `SystemProcessInformation`: every process and its threads.
    Processes,
    /// `GetTickCount64`.
    Uptime,
}

impl Question {
    /// The function, as a recording has it.
    fn function(&self) -> &'static str {
        match self {
            Self::TcpTable(_) => "GetExtendedTcpTable",
            Self::UdpTable(_) => "GetExtendedUdpTable",
            Self::Uptime => "GetTickCount64",
            Self::Processes => "NtQuerySystemInformation",
        }
    }

    /// What it is called with, as a recording has it.
    fn arguments(&self) -> String {
        match self {
            Self::TcpTable(family) | Self::UdpTable(family) => family_word(*family).into(),
            Self::Uptime => String::new(),
            Self::Processes => "SystemProcessInformation".into(),
        }
    }
}

fn family_word(family: Family) -> &'static str {
    match family {
        Family::V4 => "AF_INET",
        Family::V6 => "AF_INET6",
    }
}

/// Where the bytes come from: the running system, or a recording.
pub(crate) trait Source {
    /// Asks, and gives what was written. The error is the one of the function, by its number.
    fn ask(&self, question: &Question) -> io::Result<Memory>;
}

#[cfg(windows)]
/// The running system, with everything it says written down.
pub(crate) struct Recording {
    live: Live,
    recorder: Arc<Recorder>,
}

#[cfg(windows)]
impl Recording {
    pub(crate) fn new(live: Live, recorder: Arc<Recorder>) -> Self {
        Self { live, recorder }
    }

    pub(crate) fn recorder(&self) -> Arc<Recorder> {
        Arc::clone(&self.recorder)
    }

    pub(crate) fn finish(&self) -> io::Result<()> {
        self.recorder.finish()
    }
}

#[cfg(windows)]
impl Source for Recording {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        let answer = self.live.ask(question);
        let recorded = answer.as_ref().map(Memory::to_recording);
        self.recorder.add(
            question.function(),
            &question.arguments(),
            recorded.as_deref().map_err(|error| *error),
        );
        answer
    }
}

impl Source for Player {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        Memory::from_recording(self.answer(question.function(), &question.arguments())?)
    }
}
