//! The seam: every byte that Windows gives this program comes through [`Source`], so that it can be recorded and
//! replayed. Nothing here understands what the bytes mean.

#[cfg(windows)]
use super::live::Live;
use super::memory::Memory;
use crate::tape::Player;
#[cfg(windows)]
use crate::tape::Recorder;
use netstat_model::{Family, Protocol};
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
    /// `netsh interface ipv4 show dynamicport tcp` and its kin.
    DynamicPorts(Protocol, Family),
    /// `netsh interface ipv4 show excludedportrange protocol=tcp` and its kin.
    ExcludedPorts(Protocol, Family),
    /// `NtQuerySystemInformation`, class `SystemProcessInformation`: every process and its threads.
    Processes,
    /// `GetTickCount64`.
    Uptime,
    /// `GetTcpTable2`, `GetTcp6Table2`.
    TcpTable2(Family),
    /// `InternalGetBoundTcpEndpointTable`, `InternalGetBoundTcp6EndpointTable`: not documented.
    BoundTcp(Family),
    /// `InternalGetUdpTable2`, `InternalGetUdp6Table2`: not documented.
    UdpTable2(Family),
    /// `GetOwnerModuleFromTcpEntry` and its kin, class `TCPIP_OWNER_MODULE_INFO_BASIC`, of a row of the socket table.
    OwnerModule(Protocol, Family, Box<[u8]>),
    /// `GetPerTcpConnectionEStats`, `GetPerTcp6ConnectionEStats`, of a row without an owner: eight bytes of which the
    /// first says whether this is collected, then the structure.
    Estats(Estats, Family, Box<[u8]>),
    /// One process: when it started, eight bytes, then the part asked for.
    Process(u32, Part),
    /// `LookupAccountSidW` of a SID: the name and the domain, each with a zero.
    Account(Box<[u8]>),
    /// `EnumServicesStatusExW`, class `SC_ENUM_PROCESS_INFO`, the active ones: how many, eight bytes, then the table.
    Services,
    /// `GetTokenInformation`, class `TokenElevation`, of this process.
    Elevation,
    /// `GetSystemTimePreciseAsFileTime`.
    Time,
}

/// A group of what Windows counts of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Estats {
    /// `TcpConnectionEstatsData`.
    Data,
    /// `TcpConnectionEstatsPath`.
    Path,
}

/// A part of what Windows knows of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// `QueryFullProcessImageNameW`: the path.
    Path,
    /// `NtQueryInformationProcess`, class `ProcessCommandLineInformation`: a `UNICODE_STRING`.
    CommandLine,
    /// `GetTokenInformation`, class `TokenUser`.
    User,
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
            Self::DynamicPorts(..) => "netsh dynamicport",
            Self::ExcludedPorts(..) => "netsh excludedportrange",
            Self::Uptime => "GetTickCount64",
            Self::TcpTable2(Family::V4) => "GetTcpTable2",
            Self::TcpTable2(Family::V6) => "GetTcp6Table2",
            Self::BoundTcp(Family::V4) => "InternalGetBoundTcpEndpointTable",
            Self::BoundTcp(Family::V6) => "InternalGetBoundTcp6EndpointTable",
            Self::UdpTable2(Family::V4) => "InternalGetUdpTable2",
            Self::UdpTable2(Family::V6) => "InternalGetUdp6Table2",
            Self::OwnerModule(Protocol::Tcp, Family::V4, _) => "GetOwnerModuleFromTcpEntry",
            Self::OwnerModule(Protocol::Tcp, Family::V6, _) => "GetOwnerModuleFromTcp6Entry",
            Self::OwnerModule(Protocol::Udp, Family::V4, _) => "GetOwnerModuleFromUdpEntry",
            Self::OwnerModule(Protocol::Udp, Family::V6, _) => "GetOwnerModuleFromUdp6Entry",
            Self::Estats(_, Family::V4, _) => "GetPerTcpConnectionEStats",
            Self::Estats(_, Family::V6, _) => "GetPerTcp6ConnectionEStats",
            Self::Process(_, Part::Path) => "QueryFullProcessImageNameW",
            Self::Process(_, Part::CommandLine) => "NtQueryInformationProcess",
            Self::Process(_, Part::User) | Self::Elevation => "GetTokenInformation",
            Self::Account(_) => "LookupAccountSidW",
            Self::Services => "EnumServicesStatusExW",
            Self::Time => "GetSystemTimePreciseAsFileTime",
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
            Self::Interfaces => String::new(),
            Self::HostName(HostName::Short) => "ComputerNameDnsHostname".into(),
            Self::HostName(HostName::Full) => "ComputerNameDnsFullyQualified".into(),
            Self::RegistryValues(name) | Self::SystemFile(name) => (*name).into(),
            Self::DynamicPorts(protocol, family) | Self::ExcludedPorts(protocol, family) => {
                let protocol = if *protocol == Protocol::Tcp { "tcp" } else { "udp" };
                format!("{} {protocol}", family_word(*family))
            }
            Self::Uptime
            | Self::TcpTable2(_)
            | Self::BoundTcp(_)
            | Self::UdpTable2(_)
            | Self::Services
            | Self::Time => String::new(),
            Self::OwnerModule(_, _, bytes) | Self::Account(bytes) => hex(bytes),
            Self::Estats(Estats::Data, _, row) => format!("TcpConnectionEstatsData {}", hex(row)),
            Self::Estats(Estats::Path, _, row) => format!("TcpConnectionEstatsPath {}", hex(row)),
            Self::Process(pid, Part::Path | Part::CommandLine) => pid.to_string(),
            Self::Process(pid, Part::User) => format!("TokenUser {pid}"),
            Self::Elevation => "TokenElevation".into(),
            Self::Processes => "SystemProcessInformation".into(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
