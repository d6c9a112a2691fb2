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
    /// `GetIpForwardTable2`.
    Routes(Family),
    /// `GetIpInterfaceTable`, both families.
    IpInterfaces,
    /// `GetIfTable2`.
    Interfaces,
    /// `GetAdaptersAddresses`, both families, without the addresses.
    Adapters,
    /// `GetUnicastIpAddressTable`, both families.
    Addresses,
    /// `GetIpStatisticsEx`.
    IpStatistics(Family),
    /// `GetIcmpStatisticsEx`.
    IcmpStatistics(Family),
    /// `GetTcpStatisticsEx`.
    TcpStatistics(Family),
    /// `GetTcpStatisticsEx2`, since Windows 10 1709.
    TcpStatistics64(Family),
    /// `GetUdpStatisticsEx`.
    UdpStatistics(Family),
    /// `GetUdpStatisticsEx2`, since Windows 10 1709.
    UdpStatistics64(Family),
    /// `GetComputerNameExW`.
    HostName(HostName),
    /// `RegEnumValueW`, all values of a key below `HKEY_LOCAL_MACHINE`: for each the length of its name in bytes, the
    /// name, the length of its data, the data.
    RegistryValues(&'static str),
    /// A file below the folder that `GetSystemDirectoryW` names.
    SystemFile(&'static str),
    /// `NtQuerySystemInformation`, class `SystemProcessInformation`: every process and its threads.
    Processes,
    /// `GetTickCount64`.
    Uptime,
}

/// Which name of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HostName {
    /// `ComputerNameDnsHostname`.
    Short,
    /// `ComputerNameDnsFullyQualified`.
    Full,
}

impl Question {
    /// The function, as a recording has it.
    fn function(&self) -> &'static str {
        match self {
            Self::TcpTable(_) => "GetExtendedTcpTable",
            Self::UdpTable(_) => "GetExtendedUdpTable",
            Self::Routes(_) => "GetIpForwardTable2",
            Self::IpInterfaces => "GetIpInterfaceTable",
            Self::Interfaces => "GetIfTable2",
            Self::Adapters => "GetAdaptersAddresses",
            Self::Addresses => "GetUnicastIpAddressTable",
            Self::IpStatistics(_) => "GetIpStatisticsEx",
            Self::IcmpStatistics(_) => "GetIcmpStatisticsEx",
            Self::TcpStatistics(_) => "GetTcpStatisticsEx",
            Self::TcpStatistics64(_) => "GetTcpStatisticsEx2",
            Self::UdpStatistics(_) => "GetUdpStatisticsEx",
            Self::UdpStatistics64(_) => "GetUdpStatisticsEx2",
            Self::HostName(_) => "GetComputerNameExW",
            Self::RegistryValues(_) => "RegEnumValueW",
            Self::SystemFile(_) => "file",
            Self::Uptime => "GetTickCount64",
            Self::Processes => "NtQuerySystemInformation",
        }
    }

    /// What it is called with, as a recording has it.
    fn arguments(&self) -> String {
        match self {
            Self::TcpTable(family)
            | Self::UdpTable(family)
            | Self::Routes(family)
            | Self::IpStatistics(family)
            | Self::IcmpStatistics(family)
            | Self::TcpStatistics(family)
            | Self::TcpStatistics64(family)
            | Self::UdpStatistics(family)
            | Self::UdpStatistics64(family) => family_word(*family).into(),
            Self::IpInterfaces | Self::Adapters | Self::Addresses => "AF_UNSPEC".into(),
            Self::Interfaces | Self::Uptime => String::new(),
            Self::HostName(HostName::Short) => "ComputerNameDnsHostname".into(),
            Self::HostName(HostName::Full) => "ComputerNameDnsFullyQualified".into(),
            Self::RegistryValues(name) | Self::SystemFile(name) => (*name).into(),
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
