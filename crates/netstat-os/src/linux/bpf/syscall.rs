//! The bpf(2) commands needed to run a program. All descriptors that bpf(2) returns are close-on-exec.
#![expect(unsafe_code, reason = "rustix has no bpf(2), which takes addresses and returns descriptors")]

use rustix::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ffi::CString;
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Commands of linux/bpf.h.
const MAP_CREATE: u32 = 0;
const MAP_LOOKUP_ELEM: u32 = 1;
const MAP_UPDATE_ELEM: u32 = 2;
const PROG_LOAD: u32 = 5;
const OBJ_PIN: u32 = 6;
const OBJ_GET: u32 = 7;
const PROG_RUN: u32 = 10;
const OBJ_GET_INFO_BY_FD: u32 = 15;
const RAW_TRACEPOINT_OPEN: u32 = 17;
const LINK_CREATE: u32 = 28;
const ITER_CREATE: u32 = 33;

/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;
/// `BPF_PROG_TYPE_TRACING`.
const TRACING: u32 = 26;
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
pub(super) unsafe fn bpf<A>(command: u32, attributes: &mut A) -> io::Result<RawFd> {
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
pub(super) fn address<T>(of: *const T) -> u64 {
    of.expose_provenance() as u64
}

pub(super) fn length(of: usize) -> io::Result<u32> {
    u32::try_from(of).map_err(|_| libc::E2BIG).map_err(io::Error::from_raw_os_error)
}

/// Returns a descriptor as the kernel's structures hold it. It is never negative.
pub(super) fn number(of: &OwnedFd) -> u32 {
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

/// A map, with elements of `size` bytes and keys of four.
pub(super) struct Map {
    map: OwnedFd,
    size: usize,
}

/// Arguments of the commands that read or write one element.
#[repr(C)]
pub(super) struct Element {
    pub(super) map: u32,
    pub(super) padding: u32,
    pub(super) key: u64,
    pub(super) value: u64,
    pub(super) flags: u64,
}

impl Map {
    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.map
    }

    /// Creates an array with one element of `size` bytes, all zero.
    pub(super) fn array(size: usize) -> io::Result<Self> {
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

    /// Uses a map that a [`Loader`] has made.
    ///
    /// # Errors
    /// `InvalidInput` when its elements do not have `size` bytes: the kernel would write others.
    pub(super) fn made(map: OwnedFd, size: usize) -> io::Result<Self> {
        // `struct bpf_map_info` to `value_size`.
        let [_, _, _, value_size] = info(&map)?;
        if value_size != length(size)? {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self { map, size })
    }

    /// Writes the first element of an array.
    ///
    /// # Errors
    /// `InvalidInput` when the length differs from the size of the map.
    pub(super) fn fill(&self, element: &[u8]) -> io::Result<()> {
        if element.len() != self.size {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let key = 0_u32;
        let (map, key, value) = (number(&self.map), address(&raw const key), address(element.as_ptr()));
        let mut attributes = Element { map, padding: 0, key, value, flags: 0 };
        // SAFETY: the layout is that of the union. The kernel reads a key of 4 bytes and an element of `size` bytes;
        // both have that length and outlive the call.
        unsafe { bpf(MAP_UPDATE_ELEM, &mut attributes) }.map(drop)
    }

    /// Reads the first element of an array.
    pub(super) fn first(&self) -> io::Result<Vec<u8>> {
        let mut element = vec![0; self.size];
        let key = 0_u32;
        let (map, key, value) = (number(&self.map), address(&raw const key), address(element.as_mut_ptr()));
        let mut attributes = Element { map, padding: 0, key, value, flags: 0 };
        // SAFETY: the layout is that of the union. The kernel reads a key of 4 bytes and writes `size` bytes, which the
        // vector has; the map is no per-processor one, so that this is all it writes.
        unsafe { bpf(MAP_LOOKUP_ELEM, &mut attributes) }?;
        Ok(element)
    }
}

/// Reads the first `N` words of what the kernel tells of a map or a program.
fn info<const N: usize>(of: &OwnedFd) -> io::Result<[u32; N]> {
    #[repr(C)]
    struct Attributes {
        descriptor: u32,
        length: u32,
        info: u64,
    }
    // Where a program has addresses for the kernel to write to, these are 0.
    let mut words = [0; N];
    let mut attributes = Attributes {
        descriptor: number(of),
        length: length(size_of_val(&words))?,
        info: address(words.as_mut_ptr()),
    };
    // SAFETY: the layout is that of the union. The kernel writes at most `length` bytes, which the array has, and reads the
    // numbers and addresses of further buffers from it, which are all 0.
    unsafe { bpf(OBJ_GET_INFO_BY_FD, &mut attributes) }?;
    Ok(words)
}

/// Arguments of the commands that give an object of the kernel a name in a BPF file system, and find it by that.
#[repr(C)]
struct Pin {
    path: u64,
    descriptor: u32,
    flags: u32,
}

/// Gives a map, a program or a link a name that keeps it when all its descriptors are closed.
pub(super) fn pin(object: &OwnedFd, path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut attributes = Pin { path: address(path.as_ptr()), descriptor: number(object), flags: 0 };
    // SAFETY: the layout is that of the union. The kernel reads the path up to its zero byte, and it outlives the call.
    unsafe { bpf(OBJ_PIN, &mut attributes) }.map(drop)
}

/// Opens what has a name in a BPF file system. Which kind of object it is the caller has to find out.
pub(super) fn pinned(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut attributes = Pin { path: address(path.as_ptr()), descriptor: 0, flags: 0 };
    // SAFETY: as for `pin`; the command returns a descriptor.
    unsafe { bpf_descriptor(OBJ_GET, &mut attributes) }
}

/// What a map is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MapKind {
    pub(super) map_type: u32,
    pub(super) key_size: u32,
    pub(super) value_size: u32,
    pub(super) entries: u32,
    pub(super) name: [u8; 16],
}

/// Returns what a map is, and its number, which no other has that is there at the same time.
///
/// # Errors
/// `InvalidInput` for what is no map.
pub(super) fn map_kind(map: &OwnedFd) -> io::Result<(MapKind, u32)> {
    is_a(map, "map")?;
    // `struct bpf_map_info` to `name`.
    let [map_type, id, key_size, value_size, entries, _flags, name @ ..]: [u32; 10] = info(map)?;
    Ok((MapKind { map_type, key_size, value_size, entries, name: text(name) }, id))
}

/// Returns the program that a link runs, by its number.
///
/// # Errors
/// `InvalidInput` for what is no link.
pub(super) fn program_of(link: &OwnedFd) -> io::Result<u32> {
    is_a(link, "link")?;
    // `struct bpf_link_info` to `prog_id`.
    let [_kind, _id, program] = info(link)?;
    Ok(program)
}

/// Fails for a descriptor of another kind: each kind would tell other things by the same words.
fn is_a(object: &OwnedFd, kind: &str) -> io::Result<()> {
    let target = rustix::fs::readlink(format!("/proc/self/fd/{}", object.as_raw_fd()), Vec::new())?;
    // A link is `bpf_link` or `bpf-link`, by where the descriptor came from.
    let found = target.to_bytes().strip_prefix(b"anon_inode:bpf").and_then(|rest| rest.get(1..));
    if found == Some(kind.as_bytes()) { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Returns the bytes of the words of a name.
fn text(words: [u32; 4]) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *place = word.to_ne_bytes();
    }
    bytes
}

/// Returns whether the kernel knows the last attributes that the programs of a loader use, which came with Linux 5.17. Makes
/// nothing: a map with such attributes is wrong (`EINVAL`) for a kernel that knows them. One that does not says that they
/// are too many (`E2BIG`), before it asks for any right. To go on without asking would read there as a missing right,
/// because before 5.11 what a program takes was counted as locked memory.
pub(super) fn knows_relocations() -> bool {
    #[repr(C)]
    struct Attributes {
        /// Up to `core_relo_rec_size`.
        all_before: [u32; 34],
        core_relo_rec_size: u32,
        /// So that there is no padding.
        rest: u32,
    }
    const { assert!(std::mem::offset_of!(Attributes, core_relo_rec_size) == 136) };
    let mut attributes = Attributes { all_before: [0; 34], core_relo_rec_size: 1, rest: 0 };
    // SAFETY: the command reads no address: all of them are null.
    let answer = unsafe { bpf(MAP_CREATE, &mut attributes) };
    !answer.is_err_and(|error| error.raw_os_error() == Some(libc::E2BIG))
}

/// A program of type `SYSCALL`.
pub(super) struct Loader(OwnedFd);

impl Loader {
    /// Loads a program that may use the array.
    pub(super) fn load(instructions: &[u8], array: &Map) -> io::Result<Self> {
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

    /// Runs the program, which must come from a light skeleton with as many maps as `sizes`, and so many programs: these it
    /// makes. A size is the number of entries of the map; 0 keeps the number that the skeleton has. `constants` are what the
    /// first map holds in place of what the skeleton has for it; empty where that stays.
    pub(super) fn run(&self, sizes: &[u32], constants: &[u8], programs: usize) -> io::Result<Made> {
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
        /// Words of `struct bpf_loader_ctx`: its size, flags, `log_level`, `log_size`, and the two halves of `log_buf`.
        const HEAD: usize = 6;
        /// Words of `struct bpf_map_desc`: the descriptor, `max_entries`, and the two halves of `initial_value`.
        const MAP: usize = 4;
        const PAGE: usize = 4096;
        // A word for each program follows.
        let mut context = vec![0_u32; HEAD + MAP * sizes.len() + programs];
        let ctx_size_in = length(size_of_val(context.as_slice()))?;
        if let Some(size) = context.first_mut() {
            *size = ctx_size_in;
        }
        for (number, entries) in context.iter_mut().skip(HEAD + 1).step_by(MAP).zip(sizes) {
            *number = *entries;
        }
        // The loader reads an element of the map there, which has less than a page.
        let mut page = constants.to_vec();
        page.resize(page.len().max(PAGE), 0);
        if !constants.is_empty()
            && let Some(place) = context.get_mut(HEAD + 2..HEAD + MAP)
        {
            let bytes = address(page.as_ptr()).to_ne_bytes();
            for (word, half) in place.iter_mut().zip(bytes.as_chunks().0) {
                *word = u32::from_ne_bytes(*half);
            }
        }
        let mut attributes = Attributes {
            prog: number(&self.0),
            retval: 0,
            data_size: [0; 2],
            data: [0; 2],
            repeat: 0,
            duration: 0,
            ctx_size_in,
            ctx_size_out: 0,
            ctx_in: address(context.as_mut_ptr()),
            ctx_out: 0,
        };
        // SAFETY: the layout is that of the union. For this type of program the kernel reads and writes the context at
        // `ctx_in`, which is borrowed exclusively and `ctx_size_in` bytes long. What the loader reads at the address in it is
        // the page, which outlives the call.
        unsafe { bpf(PROG_RUN, &mut attributes) }?;
        // A loader that fails closes the descriptors it has made.
        if let error @ ..0 = attributes.retval.cast_signed() {
            return Err(io::Error::from_raw_os_error(error.saturating_neg()));
        }
        let (maps, made) = context.get(HEAD..).unwrap_or_default().split_at(MAP * sizes.len());
        let maps: Vec<u32> = maps.iter().step_by(MAP).copied().collect();
        let own = |descriptor: u32| match RawFd::try_from(descriptor) {
            // SAFETY: the loader has just made this descriptor in this process (the context was zero before), so nothing
            // else owns it.
            Ok(descriptor @ 1..) => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
            _ => Err(io::Error::from_raw_os_error(libc::EBADF)),
        };
        Ok(Made {
            maps: maps.into_iter().map(own).collect::<io::Result<_>>()?,
            programs: made.iter().map(|program| own(*program).map(Program)).collect::<io::Result<_>>()?,
        })
    }
}

/// What a [`Loader`] has made, in the order of the skeleton.
pub(super) struct Made {
    pub(super) maps: Vec<OwnedFd>,
    pub(super) programs: Vec<Program>,
}

/// A program that a [`Loader`] has loaded. It keeps its maps alive.
pub(super) struct Program(OwnedFd);

impl Program {
    /// Uses a program that is there already, if it is one for tracing with this name.
    ///
    /// # Errors
    /// `InvalidInput` for anything else.
    pub(super) fn known(program: OwnedFd, name: &str) -> io::Result<(Self, u32)> {
        is_a(&program, "prog")?;
        // `struct bpf_prog_info` to `name`, at byte 64.
        let info: [u32; 20] = info(&program)?;
        let [kind, id, ..] = info;
        let found = info.last_chunk().map_or([0; 16], |words| text(*words));
        let is = kind == TRACING && found.split(|byte| *byte == 0).next() == Some(name.as_bytes());
        if is { Ok((Self(program), id)) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    pub(super) fn descriptor(&self) -> &OwnedFd {
        &self.0
    }

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

    /// Attaches a program to a control group and all below it, beside what is there.
    pub(super) fn hook(&self, group: &OwnedFd, attach_type: u32) -> io::Result<OwnedFd> {
        #[repr(C)]
        struct Attributes {
            prog: u32,
            target: u32,
            attach_type: u32,
            flags: u32,
        }
        let (prog, target) = (number(&self.0), number(group));
        let mut attributes = Attributes { prog, target, attach_type, flags: 0 };
        // SAFETY: four integers as in the union, no addresses; the command returns a descriptor.
        unsafe { bpf_descriptor(LINK_CREATE, &mut attributes) }
    }

    /// Attaches a program to the tracepoint that it names (`tp_btf`).
    pub(super) fn trace(&self) -> io::Result<OwnedFd> {
        #[repr(C)]
        struct Attributes {
            name: u64,
            prog: u32,
            padding: u32,
        }
        let mut attributes = Attributes { name: 0, prog: number(&self.0), padding: 0 };
        // SAFETY: the layout is that of the union; without a name the kernel takes that of the program. The command
        // returns a descriptor.
        unsafe { bpf_descriptor(RAW_TRACEPOINT_OPEN, &mut attributes) }
    }

    /// Returns how often the kernel did not run the program because it would have interrupted itself.
    pub(super) fn recursion_misses(&self) -> io::Result<u64> {
        // `struct bpf_prog_info` to `recursion_misses`, at byte 208. Linux 5.12.
        let info: [u32; 54] = info(&self.0)?;
        let half = |at: usize| info.get(at).copied().map_or(0, u64::from);
        Ok(half(52) | half(53) << 32)
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
