//! The running kernel as a [`Source`].

use super::bpf::{self, Failure};
use super::source::{FileId, Netlink, Next, OwnersProgram, ProcessSource, Source};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, RawDir};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{self, RecvFlags, SendFlags};
use std::io;
use std::mem::MaybeUninit;

/// The receive buffer: as large as the kernel ever makes one datagram of a dump (32 KiB), four times over.
const DATAGRAM: usize = 128 * 1024;

/// What the socket may hold before the kernel has to wait for us.
const SOCKET_BUFFER: usize = 1024 * 1024;

/// Directory entries taken from the kernel at a time. On the stack, never initialised: it costs nothing.
const ENTRIES: usize = 32 * 1024;

/// The running kernel.
#[derive(Debug, Default)]
pub(crate) struct Live;

struct LiveProcess {
    directory: OwnedFd,
}

fn open_directory(path: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty())?)
}

fn read_to_end(file: OwnedFd, into: &mut Vec<u8>) -> io::Result<()> {
    into.clear();
    loop {
        if into.capacity() - into.len() < 1024 {
            into.reserve(4096.max(into.len()));
        }
        match rustix::io::read(&file, rustix::buffer::spare_capacity(into)) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Hands over each entry but `.` and `..`, until one fails.
fn each_entry(
    directory: &OwnedFd,
    mut each: impl FnMut(&std::ffi::CStr) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = [MaybeUninit::uninit(); ENTRIES];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            each(name)?;
        }
    }
    Ok(())
}

fn number(name: &[u8]) -> Option<u32> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

impl Source for Live {
    fn netlink(
        &self,
        family: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        let protocol = match family {
            Netlink::SockDiag => Some(netlink::SOCK_DIAG),
            Netlink::Route => None,
            Netlink::Rdma => Some(netlink::RDMA),
            Netlink::Netfilter => Some(netlink::NETFILTER),
        };
        let socket = net::socket_with(
            net::AddressFamily::NETLINK,
            net::SocketType::RAW,
            net::SocketFlags::CLOEXEC,
            protocol,
        )?;
        // A larger buffer only saves wake-ups; the default works too.
        let _ = net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BUFFER);
        net::sendto(&socket, request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        let mut buffer = vec![0u8; DATAGRAM];
        loop {
            let (_, len, from) = match net::recvfrom(&socket, &mut buffer[..], RecvFlags::TRUNC) {
                Err(rustix::io::Errno::INTR) => continue,
                answer => answer?,
            };
            // Anyone may send to a netlink socket; only the kernel has port 0.
            let kernel = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
            if kernel.is_none_or(|from| from.pid() != 0) {
                continue;
            }
            let Some(datagram) = buffer.get(..len) else {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("the kernel sent a datagram of {len} bytes, more than this program takes"),
                ));
            };
            if len == 0 || each(datagram) == Next::Done {
                return Ok(());
            }
        }
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        read_to_end(rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty())?, into)
    }

    fn read_link(&self, path: &str) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlink(path, Vec::new())?.into_bytes())
    }

    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        each_entry(&open_directory(path)?, |name| {
            each(name.to_bytes());
            Ok(())
        })
    }

    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        Ok(Box::new(LiveProcess { directory: open_directory(&format!("/proc/{pid}"))? }))
    }

    fn owners_program(&self) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
        Ok(Box::new(bpf::Program::load()?))
    }
}

impl LiveProcess {
    fn open(&self, directory: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.directory, directory, flags, Mode::empty())?)
    }
}

impl ProcessSource for LiveProcess {
    fn read(&self, name: &str, into: &mut Vec<u8>) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        read_to_end(rustix::fs::openat(&self.directory, name, flags, Mode::empty())?, into)
    }

    fn read_link(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(rustix::fs::readlinkat(&self.directory, name, Vec::new())?.into_bytes())
    }

    fn links(&self, directory: &str, each: &mut dyn FnMut(u32, &[u8])) -> io::Result<()> {
        let directory = self.open(directory)?;
        let mut target = [MaybeUninit::uninit(); 4096];
        each_entry(&directory, |name| {
            let Some(number) = number(name.to_bytes()) else { return Ok(()) };
            match rustix::fs::readlinkat_raw(&directory, name, &mut target) {
                Ok((target, _)) => each(number, target),
                Err(Errno::NOENT | Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(())
        })
    }

    fn numbers(&self, directory: &str, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        each_entry(&self.open(directory)?, |name| {
            if let Some(number) = number(name.to_bytes()) {
                each(number);
            }
            Ok(())
        })
    }

    fn file_id(&self, name: &str) -> io::Result<FileId> {
        let stat = rustix::fs::statat(&self.directory, name, AtFlags::empty())?;
        Ok(FileId { device: stat.st_dev, inode: stat.st_ino })
    }
}
