//! The seam: every byte that Windows gives this program comes through [`Source`], so that it can be recorded and
//! replayed. Nothing here interprets the bytes.

use super::memory::Memory;
use super::win32_error;
#[cfg(windows)]
use crate::tape::Recorder;
use crate::tape::{Player, hex};
use netstat_model::{Family, Transport};
use std::io;
use std::sync::Arc;

/// A question to Windows: a function and its arguments. [`Question::function`] has the names of the functions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// Sockets, with class `TCP_TABLE_OWNER_MODULE_ALL`.
    TcpTable(Family),
    /// Sockets, with class `UDP_TABLE_OWNER_MODULE`.
    UdpTable(Family),
    Routes(Family),
    /// Both families.
    IpInterfaces,
    Interfaces,
    /// Both families, without the addresses.
    Adapters,
    /// Both families.
    Addresses,
    IpStatistics(Family),
    IcmpStatistics(Family),
    TcpStatistics(Family),
    /// Since Windows 10 1709.
    TcpStatistics64(Family),
    UdpStatistics(Family),
    /// Since Windows 10 1709.
    UdpStatistics64(Family),
    HostName(HostName),
    /// All values of a key below `HKEY_LOCAL_MACHINE`: for each the length of its name in bytes, the name, the length of
    /// its data, the data.
    RegistryValues(&'static str),
    /// The setting `*NetworkDirect` of each network adapter whose driver has it, packed as values are; the name is that of
    /// the adapter's key.
    NetworkDirect,
    /// A file below the folder that `GetSystemDirectoryW` names.
    SystemFile(&'static str),
    /// `netsh interface ipv4 show dynamicport tcp`, for each family and protocol.
    DynamicPorts(Transport, Family),
    /// `netsh interface ipv4 show excludedportrange protocol=tcp`, for each family and protocol.
    ExcludedPorts(Transport, Family),
    /// `netsh http show servicestate view=requestq verbose=no`.
    HttpQueues,
    /// `LocalAddress LocalPort RemoteAddress RemotePort AppliedSetting` of each object of `Get-NetTCPConnection`, a line each.
    Templates,
    /// Every process and its threads, with class `SystemProcessInformation`.
    Processes,
    Uptime,
    /// TCP sockets with their offload state.
    TcpTable2(Family),
    /// Bound-only TCP sockets. The function is not documented.
    BoundTcp(Family),
    /// UDP sockets with their peers. The function is not documented.
    UdpTable2(Family),
    /// The module behind a row of the socket table, with class `TCPIP_OWNER_MODULE_INFO_BASIC`.
    OwnerModule(Transport, Family, Box<[u8]>),
    /// Statistics of the connection in a row without an owner: eight bytes, of which the first says whether they are
    /// collected, then the structure.
    Estats(Estats, Family, Box<[u8]>),
    /// One process: its creation time in eight bytes, then the part asked for.
    Process(u32, Part),
    /// The name and the domain of a SID, each with a terminating zero.
    Account(Box<[u8]>),
    /// Active services, with class `SC_ENUM_PROCESS_INFO`, from a resume handle on: their number and the handle for the rest
    /// in four bytes each, then the table. Handle 0 is the beginning, and the end.
    Services(u32),
    /// Whether this process is elevated.
    Elevation,
    /// The time of day, a `FILETIME`.
    Time,
    /// The version of Windows, an `OSVERSIONINFOW`.
    Version,
}

/// A group of statistics of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Estats {
    Data,
    Path,
}

/// A property of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// The path of its executable.
    Path,
    /// A `UNICODE_STRING`, with class `ProcessCommandLineInformation`.
    CommandLine,
    /// A `TOKEN_USER`.
    User,
}

/// A name of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HostName {
    /// Without a domain.
    Short,
    /// Fully qualified.
    #[cfg(windows)]
    Full,
}

impl Question {
    /// The function that answers, which is also its name in a recording.
    pub(super) fn function(&self) -> &'static str {
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
            Self::NetworkDirect => "RegQueryValueExW",
            Self::SystemFile(_) => "file",
            Self::DynamicPorts(..) => "netsh dynamicport",
            Self::ExcludedPorts(..) => "netsh excludedportrange",
            Self::HttpQueues => "netsh servicestate",
            Self::Templates => "Get-NetTCPConnection",
            Self::Uptime => "GetTickCount64",
            Self::TcpTable2(Family::V4) => "GetTcpTable2",
            Self::TcpTable2(Family::V6) => "GetTcp6Table2",
            Self::BoundTcp(Family::V4) => "InternalGetBoundTcpEndpointTable",
            Self::BoundTcp(Family::V6) => "InternalGetBoundTcp6EndpointTable",
            Self::UdpTable2(Family::V4) => "InternalGetUdpTable2",
            Self::UdpTable2(Family::V6) => "InternalGetUdp6Table2",
            Self::OwnerModule(Transport::Tcp, Family::V4, _) => "GetOwnerModuleFromTcpEntry",
            Self::OwnerModule(Transport::Tcp, Family::V6, _) => "GetOwnerModuleFromTcp6Entry",
            Self::OwnerModule(Transport::Udp, Family::V4, _) => "GetOwnerModuleFromUdpEntry",
            Self::OwnerModule(Transport::Udp, Family::V6, _) => "GetOwnerModuleFromUdp6Entry",
            Self::Estats(_, Family::V4, _) => "GetPerTcpConnectionEStats",
            Self::Estats(_, Family::V6, _) => "GetPerTcp6ConnectionEStats",
            Self::Process(_, Part::Path) => "QueryFullProcessImageNameW",
            Self::Process(_, Part::CommandLine) => "NtQueryInformationProcess",
            Self::Process(_, Part::User) | Self::Elevation => "GetTokenInformation",
            Self::Account(_) => "LookupAccountSidW",
            Self::Services(_) => "EnumServicesStatusExW",
            Self::Time => "GetSystemTimePreciseAsFileTime",
            Self::Processes => "NtQuerySystemInformation",
            Self::Version => "RtlGetVersion",
        }
    }

    /// Its arguments, as a recording has them. Empty where the function says everything.
    pub(super) fn arguments(&self) -> String {
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
            Self::HostName(HostName::Short) => "ComputerNameDnsHostname".into(),
            #[cfg(windows)]
            Self::HostName(HostName::Full) => "ComputerNameDnsFullyQualified".into(),
            Self::RegistryValues(name) | Self::SystemFile(name) => (*name).into(),
            Self::DynamicPorts(protocol, family) | Self::ExcludedPorts(protocol, family) => {
                let protocol = if *protocol == Transport::Tcp { "tcp" } else { "udp" };
                format!("{} {protocol}", family_word(*family))
            }
            Self::OwnerModule(_, _, bytes) | Self::Account(bytes) => hex(bytes),
            Self::Estats(what, _, row) => format!("TcpConnectionEstats{what:?} {}", hex(row)),
            Self::Process(pid, Part::Path | Part::CommandLine) => pid.to_string(),
            Self::Process(pid, Part::User) => format!("TokenUser {pid}"),
            Self::Services(resume @ 1..) => resume.to_string(),
            Self::NetworkDirect => "*NetworkDirect".into(),
            Self::Elevation => "TokenElevation".into(),
            Self::Processes => "SystemProcessInformation".into(),
            Self::Interfaces
            | Self::HttpQueues
            | Self::Templates
            | Self::Uptime
            | Self::TcpTable2(_)
            | Self::BoundTcp(_)
            | Self::UdpTable2(_)
            | Self::Services(0)
            | Self::Time
            | Self::Version => String::new(),
        }
    }
}

fn family_word(family: Family) -> &'static str {
    match family {
        Family::V4 => "AF_INET",
        Family::V6 => "AF_INET6",
    }
}

/// The origin of all bytes: the running system, or a recording.
pub(crate) trait Source {
    /// Asks a question. The error is the Win32 error of the function.
    fn ask(&self, question: &Question) -> io::Result<Memory>;

    /// Begins to hear what the kernel tells of connections and processes (ETW). A source without that fails.
    fn trace(&self) -> io::Result<Box<dyn Trace + '_>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// What the kernel tells as it happens. It stops telling with this value.
pub(crate) trait Trace {
    /// Takes what has come since the last time, in the form that `etw/packed.rs` has.
    fn take(&mut self) -> io::Result<Vec<u8>>;

    /// Has what happened so far told before the next take. For the last one.
    fn flush(&mut self) {}

    /// Returns whether nothing more will come: a recording is at its end.
    fn is_over(&self) -> bool {
        false
    }
}

/// A source whose answers are recorded.
#[cfg(windows)]
pub(crate) struct Recording<S> {
    source: S,
    recorder: Arc<Recorder>,
}

#[cfg(windows)]
impl<S> Recording<S> {
    pub(crate) fn new(source: S, recorder: Arc<Recorder>) -> Self {
        Self { source, recorder }
    }
}

#[cfg(windows)]
impl<S: Source> Source for Recording<S> {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        let answer = self.source.ask(question);
        let recorded = answer.as_ref().map(Memory::to_recording);
        let recorded = recorded.as_deref().map_err(|error| *error);
        self.recorder.add(question.function(), &question.arguments(), recorded);
        answer
    }

    fn trace(&self) -> io::Result<Box<dyn Trace + '_>> {
        let begun = self.source.trace();
        self.recorder.add(TRACE, "", begun.as_ref().map(|_| &[][..]));
        Ok(Box::new(RecordedTrace { trace: begun?, recorder: &self.recorder, taken: 0 }))
    }
}

#[cfg(windows)]
struct RecordedTrace<'a> {
    trace: Box<dyn Trace + 'a>,
    recorder: &'a Recorder,
    taken: u64,
}

#[cfg(windows)]
impl Trace for RecordedTrace<'_> {
    fn take(&mut self) -> io::Result<Vec<u8>> {
        let taken = self.trace.take();
        self.recorder.add(TOLD, &self.taken.to_string(), taken.as_deref());
        self.taken += 1;
        taken
    }

    fn flush(&mut self) {
        self.trace.flush();
    }
}

/// How [`Source::trace`] and [`Trace::take`] are recorded: functions. Each take is a question of its own, because the last
/// answer is not given again.
pub(super) const TRACE: &str = "StartTraceW";
pub(super) const TOLD: &str = "ProcessTrace";

struct PlayedTrace<'a> {
    player: &'a Player,
    taken: u64,
    is_over: bool,
}

impl Trace for PlayedTrace<'_> {
    fn take(&mut self) -> io::Result<Vec<u8>> {
        let told = self.player.answer(TOLD, &self.taken.to_string());
        self.taken += 1;
        match told {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.is_over = true;
                Ok(Vec::new())
            }
            told => told.map(<[u8]>::to_vec),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

impl Source for Arc<Player> {
    fn ask(&self, question: &Question) -> io::Result<Memory> {
        let answer = self.answer(question.function(), &question.arguments());
        Memory::from_recording(answer.map_err(|error| {
            // Another system has other errors of the same numbers.
            if self.system().is_this() { error } else { win32_error::foreign(error) }
        })?)
    }

    fn trace(&self) -> io::Result<Box<dyn Trace + '_>> {
        let begun = self.answer(TRACE, "");
        begun.map_err(|error| if self.system().is_this() { error } else { win32_error::foreign(error) })?;
        Ok(Box::new(PlayedTrace { player: self, taken: 0, is_over: false }))
    }
}
