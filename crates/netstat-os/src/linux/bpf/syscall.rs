//! The bpf(2) commands needed to run a program. All descriptors that bpf(2) returns are close-on-exec.
#![expect(unsafe_code, reason = "rustix has no bpf(2), which takes addresses and returns descriptors")]

use rustix::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Commands of linux/bpf.h.
const MAP_CREATE: u32 = 0;
const MAP_UPDATE_ELEM: u32 = 2;
const PROG_LOAD: u32 = 5;
const PROG_RUN: u32 = 10;
const LINK_CREATE: u32 = 28;
const ITER_CREATE: u32 = 33;

/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;
/// `BPF_PROG_TYPE_SYSCALL`: a program that calls bpf(2) itself. Linux 5.14.
const SYSCALL: u32 = 31;
/// `BPF_F_SLEEPABLE`, required for such a program.
const SLEEPABLE: u32 = 1 << 4;
/// `BPF_TRACE_ITER`.
const ITERATOR: u32 = 28;

/// Bytes of one instruction.
const INSTRUCTION: usize = 8;

/// Calls bpf(2) with one variant of `union bpf_attr`.
///
/// # Safety
/// `A` must have the layout of the command's variant and no padding, and each address in it must be valid for as many
/// bytes as the command reads or writes there.
unsafe fn bpf<A>(command: u32, attributes: &mut A) -> io::Result<RawFd> {
    let attributes = std::ptr::from_mut(attributes);
    // SAFETY: `attributes` is an exclusive reference of the given size; the caller vouches for the addresses in it.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<A>()) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    RawFd::try_from(answer).map_err(|_| libc::EOVERFLOW).map_err(io::Error::from_raw_os_error)
}

/// Calls bpf(2) for a command that returns a descriptor.
///
/// # Safety
/// As for [`bpf`], and the command must be one of those.
unsafe fn bpf_descriptor<A>(command: u32, attributes: &mut A) -> io::Result<OwnedFd> {
    // SAFETY: the caller upholds the contract of `bpf`.
    let descriptor = unsafe { bpf(command, attributes) }?;
    // SAFETY: the kernel has just made this descriptor, so nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Returns an address in the 64 bits that the kernel expects on every machine.
fn address<T>(of: *const T) -> u64 {
    of.expose_provenance() as u64
}

fn length(of: usize) -> io::Result<u32> {
    u32::try_from(of).map_err(|_| libc::E2BIG).map_err(io::Error::from_raw_os_error)
}

/// Returns a descriptor as the kernel's structures hold it. It is never negative.
fn number(of: &OwnedFd) -> u32 {
    of.as_raw_fd().cast_unsigned()
}

/// Blocks the signals of its thread while it lives. The verifier gives up (`EAGAIN`) when a signal arrives, even one that
/// is ignored.
pub(super) struct BlockedSignals {
    /// The previous mask; `None` if it could not be changed.
    before: Option<libc::sigset_t>,
    /// Not `Send`, because the mask belongs to the thread.
    of_this_thread: PhantomData<*const ()>,
}

impl BlockedSignals {
    pub(super) fn new() -> Self {
        let mut all = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        // SAFETY: sigfillset initialises the whole set before it is read. pthread_sigmask writes the previous mask, which
        // is read only on success. Memory safety does not depend on which signals a thread takes.
        let before = unsafe {
            libc::sigfillset(all.as_mut_ptr());
            match libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr()) {
                0 => Some(before.assume_init()),
                _ => None,
            }
        };
        Self { before, of_this_thread: PhantomData }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: the set came from pthread_sigmask, in this same thread because the type is not `Send`.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
        }
    }
}

/// An array map with one element.
pub(super) struct Array {
    map: OwnedFd,
    size: usize,
}

impl Array {
    /// Creates a map for an element of `size` bytes, all zero.
    pub(super) fn create(size: usize) -> io::Result<Self> {
        #[repr(C)]
        struct Attributes {
            map_type: u32,
            key_size: u32,
            value_size: u32,
            max_entries: u32,
        }
        let value_size = length(size)?;
        let mut attributes = Attributes { map_type: ARRAY, key_size: 4, value_size, max_entries: 1 };
        // SAFETY: four integers as in the union, no addresses; the command returns a descriptor.
        let map = unsafe { bpf_descriptor(MAP_CREATE, &mut attributes) }?;
        Ok(Self { map, size })
    }

    /// Writes the element.
    ///
    /// # Errors
    /// `InvalidInput` when the length differs from the size of the map.
    pub(super) fn fill(&self, element: &[u8]) -> io::Result<()> {
        #[repr(C)]
        struct Attributes {
            map: u32,
            padding: u32,
            key: u64,
            value: u64,
            flags: u64,
        }
        if element.len() != self.size {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let key = 0_u32;
        let (map, key, value) = (number(&self.map), address(&raw const key), address(element.as_ptr()));
        let mut attributes = Attributes { map, padding: 0, key, value, flags: 0 };
        // SAFETY: the layout is that of the union. The kernel reads a key of 4 bytes and an element of `size` bytes;
        // both have that length and outlive the call.
        unsafe { bpf(MAP_UPDATE_ELEM, &mut attributes) }.map(drop)
    }
}

/// A program of type `SYSCALL`.
pub(super) struct Loader(OwnedFd);

impl Loader {
    /// Loads a program that may use the array.
    pub(super) fn load(instructions: &[u8], array: &Array) -> io::Result<Self> {
        #[repr(C)]
        struct Attributes {
            prog_type: u32,
            insn_cnt: u32,
            insns: u64,
            license: u64,
            /// `log_level`, `log_size`.
            log: [u32; 2],
            log_buf: u64,
            kern_version: u32,
            prog_flags: u32,
            prog_name: [u8; 16],
            /// From `prog_ifindex` to `core_relo_cnt`.
            types: [u32; 14],
            fd_array: u64,
        }
        const { assert!(std::mem::offset_of!(Attributes, fd_array) == 120) };
        if !instructions.len().is_multiple_of(INSTRUCTION) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let maps = [number(&array.map)];
        let mut attributes = Attributes {
            prog_type: SYSCALL,
            insn_cnt: length(instructions.len() / INSTRUCTION)?,
            insns: address(instructions.as_ptr()),
            license: address(c"Dual MIT/GPL".as_ptr()),
            log: [0; 2],
            log_buf: 0,
            kern_version: 0,
            prog_flags: SLEEPABLE,
            prog_name: *b"netstat_loader\0\0",
            types: [0; 14],
            fd_array: address(maps.as_ptr()),
        };
        // SAFETY: the layout is that of the union. The kernel reads `insn_cnt` instructions, the licence up to its zero
        // byte, and the descriptor of the one map that the instructions use. All outlive the call, which returns a
        // descriptor.
        unsafe { bpf_descriptor(PROG_LOAD, &mut attributes) }.map(Self)
    }

    /// Runs the program, which must come from a light skeleton with one map and one program: these it makes.
    pub(super) fn run(&self) -> io::Result<Program> {
        #[repr(C)]
        struct Attributes {
            prog: u32,
            retval: u32,
            /// `data_size_in`, `data_size_out`.
            data_size: [u32; 2],
            /// `data_in`, `data_out`.
            data: [u64; 2],
            repeat: u32,
            duration: u32,
            ctx_size_in: u32,
            ctx_size_out: u32,
            ctx_in: u64,
            ctx_out: u64,
        }
        const { assert!(std::mem::offset_of!(Attributes, ctx_in) == 48) };
        /// `struct bpf_loader_ctx`, followed by `struct bpf_map_desc` and `struct bpf_prog_desc` for what the loader makes.
        #[repr(C, align(8))]
        struct Context {
            size: u32,
            flags: u32,
            /// `log_level`, `log_size`, and the two halves of `log_buf`: no log is wanted.
            log: [u32; 4],
            map: i32,
            /// 0 keeps the number that the skeleton has.
            max_entries: u32,
            initial_value: u64,
            program: i32,
        }
        // Without the trailing padding.
        let ctx_size_in = length(std::mem::offset_of!(Context, program) + size_of::<i32>())?;
        let mut context = Context {
            size: ctx_size_in,
            flags: 0,
            log: [0; 4],
            map: 0,
            max_entries: 0,
            initial_value: 0,
            program: 0,
        };
        let mut attributes = Attributes {
            prog: number(&self.0),
            retval: 0,
            data_size: [0; 2],
            data: [0; 2],
            repeat: 0,
            duration: 0,
            ctx_size_in,
            ctx_size_out: 0,
            ctx_in: address(&raw mut context),
            ctx_out: 0,
        };
        // SAFETY: the layout is that of the union. For this type of program the kernel reads and writes the context at
        // `ctx_in`, which is borrowed exclusively and at least `ctx_size_in` bytes long.
        unsafe { bpf(PROG_RUN, &mut attributes) }?;
        // A loader that fails closes the descriptors it has made.
        match attributes.retval.cast_signed() {
            0.. if context.map > 0 && context.program > 0 => {}
            0.. => return Err(io::Error::from_raw_os_error(libc::EBADF)),
            error => return Err(io::Error::from_raw_os_error(error.saturating_neg())),
        }
        // SAFETY: the loader has just made both descriptors in this process (the context was zero before), so nothing
        // else owns them. The program keeps its map alive.
        unsafe {
            drop(OwnedFd::from_raw_fd(context.map));
            Ok(Program(OwnedFd::from_raw_fd(context.program)))
        }
    }
}

/// The program that a [`Loader`] loads.
pub(super) struct Program(OwnedFd);

impl Program {
    /// Attaches an iterator program.
    pub(super) fn attach(&self) -> io::Result<Link> {
        #[repr(C)]
        struct Attributes {
            prog: u32,
            target: u32,
            attach_type: u32,
            flags: u32,
        }
        let mut attributes = Attributes { prog: number(&self.0), target: 0, attach_type: ITERATOR, flags: 0 };
        // SAFETY: four integers as in the union, no addresses; the command returns a descriptor.
        unsafe { bpf_descriptor(LINK_CREATE, &mut attributes) }.map(Link)
    }
}

/// An attached iterator program.
pub(super) struct Link(OwnedFd);

impl Link {
    /// Starts a walk, whose records are then read like a file.
    pub(super) fn start(&self) -> io::Result<OwnedFd> {
        #[repr(C)]
        struct Attributes {
            link: u32,
            flags: u32,
        }
        let mut attributes = Attributes { link: number(&self.0), flags: 0 };
        // SAFETY: two integers as in the union, no addresses; the command returns a descriptor.
        unsafe { bpf_descriptor(ITER_CREATE, &mut attributes) }
    }
}
