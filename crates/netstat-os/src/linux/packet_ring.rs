//! A packet socket and the ring of blocks that the kernel fills with packets (`TPACKET_V3`, Linux 3.2).
#![expect(unsafe_code, reason = "the ring is memory shared with the kernel")]

use super::mapping::Mapping;
use super::sockopt;
use super::source::PacketSource;
use crate::contract::PacketTest;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::time::{ClockId, clock_gettime};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Bytes of a block, in which the largest packet has room; one of BIG TCP is cut.
const BLOCK: usize = 1 << 17;

/// How many blocks there are. A block that is not full is handed on as well, so their number is how long the program may do
/// something else: for five seconds.
const BLOCKS: usize = 512;

/// How often both clocks are read, of which the time counts that was read fastest.
const READINGS: usize = 4;

/// How long a block that is not full may wait, in milliseconds.
const RETIRE: u32 = 10;

/// `TPACKET_V3` of linux/if_packet.h, the options of such a socket, and where a block says whose it is.
const TPACKET_V3: u32 = 2;
const PACKET_RX_RING: i32 = 5;
const PACKET_STATISTICS: i32 = 6;
const PACKET_VERSION: i32 = 10;
const STATUS_AT: usize = 8;

/// The bit of that: the block is the reader's.
const TP_STATUS_USER: u32 = 1;

/// The socket, its ring, and which block comes next.
pub(super) struct PacketRing {
    memory: Mapping,
    next: usize,
    socket: OwnedFd,
}

/// A program that takes no packet.
const NOTHING: [PacketTest; 1] = [PacketTest::RETURN_NOTHING];

impl PacketRing {
    /// Opens a socket that gets the packets that a program lets pass; all of them for an empty program.
    ///
    /// # Errors
    /// EPERM without `CAP_NET_RAW`.
    pub(super) fn open(program: &[PacketTest]) -> io::Result<Self> {
        // Of no protocol, so that nothing comes before the program is there.
        let socket =
            rustix::net::socket_with(AddressFamily::PACKET, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        sockopt::set(socket.as_fd(), libc::SOL_PACKET, PACKET_VERSION, &TPACKET_V3.to_ne_bytes())?;
        if !program.is_empty() {
            sockopt::attach_filter(socket.as_fd(), program)?;
        }
        let size = |bytes: usize| u32::try_from(bytes).map_err(io::Error::other);
        // The frames of this version are of any length: these numbers only have to agree.
        let frame = 2048;
        let request =
            [size(BLOCK)?, size(BLOCKS)?, frame, size(BLOCK)? / frame * size(BLOCKS)?, RETIRE, 0, 0];
        let request: Vec<u8> = request.into_iter().flat_map(u32::to_ne_bytes).collect();
        sockopt::set(socket.as_fd(), libc::SOL_PACKET, PACKET_RX_RING, &request)?;
        let memory = Mapping::new(&socket, 0, BLOCK * BLOCKS, libc::PROT_READ | libc::PROT_WRITE)?;
        sockopt::bind_to_all_interfaces(socket.as_fd())?;
        Ok(Self { memory, next: 0, socket })
    }

    /// Returns the start of the next block, which is the kernel's or the reader's.
    fn block(&self) -> *mut u8 {
        // SAFETY: `next` is less than BLOCKS, and the mapping has BLOCKS times BLOCK bytes.
        unsafe { self.memory.at.add(self.next * BLOCK) }.as_ptr()
    }

    fn status(&self) -> &AtomicU32 {
        // SAFETY: a block begins at a page, so the number lies in it and at a multiple of 4; the kernel writes it whole.
        unsafe { &*self.block().add(STATUS_AT).cast::<AtomicU32>() }
    }
}

impl PacketSource for PacketRing {
    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        if self.status().load(Ordering::Acquire) & TP_STATUS_USER != 0 {
            return Ok(());
        }
        let timeout = Timespec::try_from(patience).map_err(|_| io::ErrorKind::InvalidInput)?;
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&timeout)) {
            // A signal may have asked to end.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn block(&mut self, each: &mut dyn FnMut(&[u8])) -> bool {
        if self.status().load(Ordering::Acquire) & TP_STATUS_USER == 0 {
            return false;
        }
        // SAFETY: the block lies in the mapping. It is the reader's, so the kernel does not change it until the status says
        // otherwise, which is after `each`.
        each(unsafe { std::slice::from_raw_parts(PacketRing::block(self), BLOCK) });
        self.status().store(0, Ordering::Release);
        self.next = (self.next + 1) % BLOCKS;
        true
    }

    fn stop(&mut self) -> io::Result<()> {
        sockopt::attach_filter(self.socket.as_fd(), &NOTHING)
    }

    fn statistics(&mut self) -> io::Result<Vec<u8>> {
        let mut statistics = vec![0; 12];
        let length = sockopt::get(self.socket.as_fd(), libc::SOL_PACKET, PACKET_STATISTICS, &mut statistics)?;
        statistics.truncate(length);
        Ok(statistics)
    }

    fn boot(&self) -> Duration {
        let read = |clock| {
            let time = clock_gettime(clock);
            let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
            Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
        };
        let readings = (0..READINGS).map(|_| {
            let [before, now, after] = [ClockId::Boottime, ClockId::Realtime, ClockId::Boottime].map(read);
            (after.saturating_sub(before), now.saturating_sub((before + after) / 2))
        });
        readings.min().map_or(Duration::ZERO, |(_, boot)| boot)
    }

    fn drained_after(&self) -> Duration {
        Duration::from_millis(u64::from(RETIRE) * 4)
    }
}
