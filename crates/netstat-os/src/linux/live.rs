//! The running kernel as a [`Source`].

use super::bpf::{Failure, TcpSettings};
use super::packet_ring::PacketRing;
use super::sockopt;
use super::source::{
    Closings, FileId, Lasting, Netlink, NetworkSource, Next, OwnersProgram, PacketSource, ProcessSource,
    RecorderProgram, RowProgram, Rows, Source, knows_bound,
};
use crate::contract::{Ending, PacketTest};
use netstat_model::error::words_of;
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{self, RecvFlags, SendFlags};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Signal};
use rustix::thread::LinkNameSpaceType;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bytes of the receive buffer: four times the largest datagram of a dump (32 KiB).
const DATAGRAM: usize = 128 * 1024;

/// Bytes that the socket may hold before the kernel has to wait for us.
const SOCKET_BUFFER: usize = 1024 * 1024;

/// The longest wait for a datagram. The kernel makes the next one while it is asked for it, so this is never reached unless
/// the end of an answer was lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of directory entries to read at a time. The buffer is on the stack and not initialised, so its size costs nothing.
const ENTRIES: usize = 32 * 1024;

/// `IPT_SO_GET_INFO` and `IPT_SO_GET_ENTRIES`, which have the same numbers for IPv6; the sizes of `struct ipt_getinfo` and of
/// the name of a table.
const GET_INFO: i32 = 64;
const GET_ENTRIES: i32 = 65;
const IPTABLES_INFO: usize = 84;
const IPTABLES_NAME: usize = 32;

/// The type of the file system of namespaces (linux/magic.h).
const NSFS_MAGIC: rustix::fs::FsWord = 0x6e73_6673;

/// That of the descriptors of sockets.
const SOCKFS_MAGIC: rustix::fs::FsWord = 0x534f_434b;

/// How often a table of iptables is asked for that changes meanwhile.
const IPTABLES_TRIES: usize = 4;

/// The running kernel.
#[derive(Debug, Default)]
pub(crate) struct Live;

struct LiveProcess {
    directory: OwnedFd,
}

fn open(folder: impl AsFd, path: &str, kind: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | kind;
    Ok(rustix::fs::openat(folder, path, flags, Mode::empty())?)
}

fn read_to_end(file: OwnedFd, into: &mut Vec<u8>) -> io::Result<()> {
    read_at_most(file, usize::MAX, into)
}

/// Reads a file to its end, which has to come within this number of bytes.
fn read_at_most(file: OwnedFd, most: usize, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    loop {
        if into.len() > most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if into.capacity() - into.len() < 1024 {
            into.reserve(4096.max(into.len()));
        }
        match rustix::io::read(&file, rustix::buffer::spare_capacity(into)) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Calls `each` for every entry but `.` and `..`, until it is done or fails.
fn each_entry(
    directory: &OwnedFd,
    mut each: impl FnMut(&std::ffi::CStr) -> io::Result<Next>,
) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); ENTRIES];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." && each(name)? == Next::Done {
            break;
        }
    }
    Ok(())
}

fn number(name: &[u8]) -> Option<u32> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// Makes a netlink socket, which belongs to the network namespace of the calling thread from then on.
fn netlink_socket(family: Netlink) -> io::Result<OwnedFd> {
    let protocol = match family {
        Netlink::SockDiag => Some(netlink::SOCK_DIAG),
        Netlink::Route => None,
        Netlink::Rdma => Some(netlink::RDMA),
        Netlink::Netfilter => Some(netlink::NETFILTER),
    };
    let (netlink, flags) = (net::AddressFamily::NETLINK, net::SocketFlags::CLOEXEC);
    Ok(net::socket_with(netlink, net::SocketType::RAW, flags, protocol)?)
}

/// Sends a request and passes on the kernel's answer. Fails if the kernel says nothing for as long as `patience`.
fn exchange(
    socket: OwnedFd,
    request: &[u8],
    patience: Duration,
    each: &mut dyn FnMut(&[u8]) -> Next,
) -> io::Result<()> {
    // Best effort: a larger buffer only saves wake-ups.
    let _ = net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BUFFER);
    net::sockopt::set_socket_timeout(&socket, net::sockopt::Timeout::Recv, Some(patience))?;
    net::sendto(&socket, request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut buffer = vec![0u8; DATAGRAM];
    loop {
        let (_, len, from) = match net::recvfrom(&socket, &mut buffer[..], RecvFlags::TRUNC) {
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the kernel did not end its answer within {} s", patience.as_secs_f32()),
                ));
            }
            answer => answer?,
        };
        // Any process may send to a netlink socket; only the kernel has port ID 0.
        let kernel = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
        if kernel.is_none_or(|from| from.pid() != 0) {
            continue;
        }
        let Some(datagram) = buffer.get(..len) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the kernel sent a datagram of {len} bytes, more than the {DATAGRAM} of the buffer"),
            ));
        };
        if len == 0 || each(datagram) == Next::Done {
            return Ok(());
        }
    }
}

impl NetworkSource for Live {
    fn netlink(
        &self,
        family: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        exchange(netlink_socket(family)?, request, PATIENCE, each)
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        read_to_end(open(CWD, path, OFlags::empty())?, into)
    }
}

/// Where `ip netns` has a file for each network namespace that has a name.
const NAMED_NAMESPACES: &str = "/run/netns";

/// Returns the names of network namespaces that `ip netns` knows, in any order; none where they may not be read.
pub(super) fn named_namespaces() -> Vec<std::ffi::OsString> {
    let files = std::fs::read_dir(NAMED_NAMESPACES).into_iter().flatten();
    files.filter_map(|file| Some(file.ok()?.file_name())).collect()
}

/// Moves the calling thread, and those that it starts from then on, into another network namespace: that of a process by
/// its ID, one that `ip netns` knows by name, or that of a file, which a path with a slash leads to.
///
/// # Errors
/// When there is no such namespace, or the caller may not enter it (`CAP_SYS_ADMIN`).
pub(super) fn enter_namespace(of: &OsStr) -> io::Result<()> {
    let text = of.to_str();
    let (path, kind) = match text {
        Some(pid) if pid.bytes().all(|byte| byte.is_ascii_digit()) => {
            (format!("/proc/{pid}/ns/net").into(), "process")
        }
        _ if of.as_encoded_bytes().contains(&b'/') => (PathBuf::from(of), "file"),
        _ => (Path::new(NAMED_NAMESPACES).join(of), "name"),
    };
    let failed = |error: io::Error| {
        let why = match (error.kind(), kind) {
            (io::ErrorKind::NotFound, "process") => "no such process".to_owned(),
            (io::ErrorKind::NotFound, "name") => "ip netns knows no such name".to_owned(),
            (io::ErrorKind::PermissionDenied, _) => format!("{}; it takes root", words_of(&error)),
            (io::ErrorKind::InvalidInput, _) => "that is no network namespace".to_owned(),
            _ => words_of(&error),
        };
        io::Error::new(error.kind(), format!("{}: {why}", of.display()))
    };
    let namespace = rustix::fs::open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let namespace = namespace.map_err(|error| failed(error.into()))?;
    rustix::thread::move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|error| failed(error.into()))
}

/// Fails if a file has another inode.
fn is_inode(file: &OwnedFd, inode: u64) -> io::Result<()> {
    if rustix::fs::fstat(file)?.st_ino == inode { Ok(()) } else { Err(Errno::SRCH.into()) }
}

/// Copies the socket of another process that `/proc/PID/fd/N` is. Linux 5.6.
fn copy_of(path: &str) -> io::Result<OwnedFd> {
    let numbers = path.strip_prefix("/proc/").and_then(|path| path.split_once("/fd/"));
    let (pid, descriptor) = numbers.ok_or(Errno::SRCH)?;
    let pid = pid.parse().ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let descriptor = descriptor.parse().map_err(|_| Errno::SRCH)?;
    let process = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    let copy = rustix::process::pidfd_getfd(process, descriptor, PidfdGetfdFlags::empty())?;
    // Another file may have the number by now, which must not be asked what only a socket answers.
    if rustix::fs::fstatfs(&copy)?.f_type == SOCKFS_MAGIC { Ok(copy) } else { Err(Errno::SRCH.into()) }
}

/// Another network namespace of the running kernel.
struct Within {
    namespace: OwnedFd,
    /// Netlink sockets of sock_diag in it, for one dump each: making them together takes one thread instead of many.
    spare: Mutex<Vec<OwnedFd>>,
}

/// How many dumps a table of TCP and UDP sockets takes.
const DUMPS: usize = 3;

impl Within {
    /// Calls `act` on a thread that is in the namespace. The thread is of no use to anybody else afterwards, and ends.
    fn call<T: Send>(&self, act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, || {
                let kind = Some(LinkNameSpaceType::Network);
                rustix::thread::move_into_link_name_space(self.namespace.as_fd(), kind)?;
                act()
            })?;
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread has failed")))
        })
    }
}

impl NetworkSource for Within {
    fn netlink(
        &self,
        family: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        let spare = match family {
            Netlink::SockDiag => self.spare.lock().ok().and_then(|mut spare| spare.pop()),
            _ => None,
        };
        let socket = spare.map_or_else(|| self.call(|| netlink_socket(family)), Ok)?;
        exchange(socket, request, PATIENCE, each)
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        // `/proc/net` is that of the main thread.
        let own = path.strip_prefix("/proc/net/").map(|name| format!("/proc/thread-self/net/{name}"));
        let file = self.call(|| open(CWD, own.as_deref().unwrap_or(path), OFlags::empty()))?;
        read_to_end(file, into)
    }
}

/// The largest configuration file that is read, in bytes.
const LARGEST_CONFIGURATION: usize = 16 << 20;

impl Source for Live {
    fn packets(&self, program: &[PacketTest]) -> io::Result<Box<dyn PacketSource + '_>> {
        Ok(Box::new(PacketRing::open(program)?))
    }

    fn read_kept(&self, path: &str, keep: &dyn Fn(&[u8]) -> Vec<u8>, into: &mut Vec<u8>) -> io::Result<()> {
        // Users may own it: a pipe in its place would be waited for, and some devices do something when they are opened.
        let place = open(CWD, path, OFlags::PATH)?;
        if !FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode).is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let file = open(CWD, &format!("/proc/self/fd/{}", place.as_raw_fd()), OFlags::NONBLOCK)?;
        read_at_most(file, LARGEST_CONFIGURATION, into)?;
        *into = keep(into);
        Ok(())
    }

    fn enter(&self, path: &str, inode: u64) -> io::Result<Box<dyn NetworkSource + '_>> {
        // The path may be that of another mount namespace, where anything may lie by now: nothing is opened to be read before
        // it is known to be a namespace.
        let place = open(CWD, path, OFlags::PATH)?;
        let namespace = match rustix::fs::fstatfs(&place)?.f_type {
            NSFS_MAGIC => {
                is_inode(&place, inode)?;
                open(CWD, &format!("/proc/self/fd/{}", place.as_raw_fd()), OFlags::empty())?
            }
            SOCKFS_MAGIC => {
                let namespace = sockopt::namespace(copy_of(path)?.as_fd())?;
                is_inode(&namespace, inode)?;
                namespace
            }
            _ => return Err(Errno::SRCH.into()),
        };
        let mut within = Within { namespace, spare: Mutex::default() };
        let sockets = within.call(|| {
            // A socket that cannot be made fails the question that needs it.
            Ok((0..DUMPS).map_while(|_| netlink_socket(Netlink::SockDiag).ok()).collect())
        })?;
        within.spare = Mutex::new(sockets);
        Ok(Box::new(within))
    }

    fn read_link(&self, path: &str) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlink(path, Vec::new())?.into_bytes())
    }

    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        each_entry(&open(CWD, path, OFlags::DIRECTORY)?, |name| {
            each(name.to_bytes());
            Ok(Next::More)
        })
    }

    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        Ok(Box::new(LiveProcess { directory: open(CWD, &format!("/proc/{pid}"), OFlags::DIRECTORY)? }))
    }

    fn since_1970(&self) -> io::Result<Duration> {
        SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    fn iptables(&self, v6: bool, table: &str) -> io::Result<Vec<u8>> {
        let (family, level) = if v6 {
            (net::AddressFamily::INET6, libc::IPPROTO_IPV6)
        } else {
            (net::AddressFamily::INET, libc::IPPROTO_IP)
        };
        let socket = net::socket_with(
            family,
            net::SocketType::RAW,
            net::SocketFlags::CLOEXEC,
            Some(net::ipproto::RAW),
        )?;
        let mut tries = IPTABLES_TRIES;
        loop {
            let mut info = vec![0; IPTABLES_INFO];
            for (byte, letter) in info.iter_mut().take(IPTABLES_NAME - 1).zip(table.bytes()) {
                *byte = letter;
            }
            let mut answer = info.clone();
            sockopt::get(socket.as_fd(), level, GET_INFO, &mut answer)?;
            // `struct ipt_get_entries`: the name, the size from the end of the former answer, and, aligned, the entries.
            let size = answer.get(IPTABLES_INFO - 4..).and_then(|size| size.first_chunk()).copied();
            let size = size.map_or(0, u32::from_ne_bytes);
            let mut entries: Vec<u8> =
                info.iter().copied().take(IPTABLES_NAME).chain(size.to_ne_bytes()).collect();
            entries.resize(IPTABLES_NAME + 8 + size as usize, 0);
            tries -= 1;
            match sockopt::get(socket.as_fd(), level, GET_ENTRIES, &mut entries) {
                Ok(_) => {
                    answer.extend(entries.drain(IPTABLES_NAME + 8..));
                    return Ok(answer);
                }
                // The table has changed in the meantime.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && tries > 0 => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn owners_program(&self) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
        #[cfg(feature = "bpf")]
        {
            Ok(Box::new(super::bpf::Program::load()?))
        }
        #[cfg(not(feature = "bpf"))]
        Err(Failure::NOT_BUILT)
    }

    fn tcp_program(&self, settings: TcpSettings) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        #[cfg(feature = "bpf")]
        {
            Ok(super::bpf::Tcp::loaded(settings)?)
        }
        #[cfg(not(feature = "bpf"))]
        {
            let _ = settings;
            Err(Failure::NOT_BUILT)
        }
    }

    fn row_program(&self, rows: Rows) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        #[cfg(feature = "bpf")]
        match rows {
            Rows::TcpEverywhere => Ok(super::bpf::Everywhere::loaded()?),
            Rows::Groups => Ok(Arc::new(super::bpf::Groups::load()?)),
        }
        #[cfg(not(feature = "bpf"))]
        {
            let _ = rows;
            Err(Failure::NOT_BUILT)
        }
    }

    fn lists_bound(&self) -> io::Result<bool> {
        // It stays as it is until the machine boots again, and there are megabytes to read.
        static KNOWN: OnceLock<bool> = OnceLock::new();
        if let Some(known) = KNOWN.get() {
            return Ok(*known);
        }
        let lists = knows_bound(self)?;
        Ok(*KNOWN.get_or_init(|| lists))
    }

    fn closings(&self) -> io::Result<Box<dyn Closings + '_>> {
        let socket = net::socket_with(
            net::AddressFamily::NETLINK,
            net::SocketType::RAW,
            net::SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        if net::sockopt::set_socket_recv_buffer_size_force(&socket, CLOSINGS_BUFFER).is_err() {
            // What everybody may have.
            let _ = net::sockopt::set_socket_recv_buffer_size(&socket, CLOSINGS_BUFFER);
        }
        net::bind(&socket, &SocketAddrNetlink::new(0, DESTROYED))?;
        let inode = rustix::fs::fstat(&socket)?.st_ino;
        Ok(Box::new(LiveClosings { socket, inode, buffer: vec![0; DATAGRAM] }))
    }

    fn recorder_program(
        &self,
        pid_namespace: u32,
        lasting: Option<&Lasting<'_>>,
    ) -> Result<Box<dyn RecorderProgram + '_>, Failure> {
        #[cfg(feature = "bpf")]
        {
            Ok(Box::new(super::bpf::Recorder::load(pid_namespace, lasting)?))
        }
        #[cfg(not(feature = "bpf"))]
        {
            let _ = (pid_namespace, lasting);
            Err(Failure::NOT_BUILT)
        }
    }
}

/// A socket that hears of destroyed TCP sockets.
struct LiveClosings {
    socket: OwnedFd,
    inode: u64,
    buffer: Vec<u8>,
}

/// `SKNLGRP_INET_TCP_DESTROY` and `SKNLGRP_INET6_TCP_DESTROY`, as bits. Linux 4.6.
const DESTROYED: u32 = 1 << 0 | 1 << 2;

/// Bytes that this socket may hold, with `CAP_NET_ADMIN`: some 10 s of 10,000 connections a second.
const CLOSINGS_BUFFER: usize = 64 << 20;

impl Closings for LiveClosings {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let mut overrun = false;
        loop {
            match net::recvfrom(&self.socket, &mut self.buffer[..], RecvFlags::DONTWAIT) {
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS) => overrun = true,
                Err(Errno::AGAIN) => return Ok(overrun),
                Err(error) => return Err(error.into()),
                Ok((_, length, from)) => {
                    // Any process may send to a netlink socket; only the kernel has port ID 0.
                    let kernel = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
                    if kernel.is_some_and(|from| from.pid() == 0)
                        && let Some(datagram) = self.buffer.get(..length)
                    {
                        each(datagram);
                    }
                }
            }
        }
    }

    fn inode(&self) -> u64 {
        self.inode
    }
}

impl ProcessSource for LiveProcess {
    fn read(&self, name: &str, into: &mut Vec<u8>) -> io::Result<()> {
        read_to_end(open(&self.directory, name, OFlags::empty())?, into)
    }

    fn read_link(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.directory, name, Vec::new())?.into_bytes())
    }

    fn links(&self, directory: &str, each: &mut dyn FnMut(u32, &[u8]) -> Next) -> io::Result<()> {
        let directory = open(&self.directory, directory, OFlags::DIRECTORY)?;
        let mut target = [MaybeUninit::uninit(); 4096];
        each_entry(&directory, |name| {
            let Some(number) = number(name.to_bytes()) else { return Ok(Next::More) };
            match rustix::fs::readlinkat_raw(&directory, name, &mut target) {
                Ok((target, _)) => Ok(each(number, target)),
                Err(Errno::NOENT | Errno::SRCH) => Ok(Next::More),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn numbers(&self, directory: &str, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        each_entry(&open(&self.directory, directory, OFlags::DIRECTORY)?, |name| {
            if let Some(number) = number(name.to_bytes()) {
                each(number);
            }
            Ok(Next::More)
        })
    }

    fn file_id(&self, name: &str) -> io::Result<FileId> {
        let stat = rustix::fs::statat(&self.directory, name, AtFlags::empty())?;
        Ok(FileId { device: stat.st_dev, inode: stat.st_ino })
    }

    fn end(&self, how: Ending) -> io::Result<()> {
        let signal = match how {
            Ending::Asked => Signal::TERM,
            Ending::Forced => Signal::KILL,
        };
        // The open folder of a process in /proc stands for the process as a pidfd does. Linux 5.1.
        Ok(rustix::process::pidfd_send_signal(&self.directory, signal)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As when the datagram with the end of an answer is damaged: the kernel has nothing more to say.
    #[test]
    fn an_answer_without_an_end_is_an_error() {
        // `NLMSG_NOOP`, which the kernel does not answer.
        let request = [16u32.to_ne_bytes(), 0x1_0001u32.to_ne_bytes(), 1u32.to_ne_bytes(), [0; 4]].concat();
        let error = exchange(
            netlink_socket(Netlink::Route).unwrap(),
            &request,
            Duration::from_millis(1),
            &mut |_| Next::More,
        )
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
    }
}
