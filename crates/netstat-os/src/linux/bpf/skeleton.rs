//! The light skeletons of `bpf/`: a small program, run in the kernel, loads the real ones, and the kernel relocates those to
//! its own structures. This takes 3 ms for the owners; a library that does it in user space takes tens.

use super::Failure;
use super::syscall::{BlockedSignals, Link, Loader, Made, Map, knows_relocations};
use netstat_model::owner_method::BpfStep;

/// What `cargo xtask bpf` has built, for 64-bit little-endian machines.
struct Skeleton {
    data: &'static [u8],
    instructions: &'static [u8],
    /// The number of entries of each map, in the order of the skeleton; 0 for the one that it has.
    sizes: &'static [u32],
    programs: usize,
}

const OWNERS: Skeleton = Skeleton {
    data: include_bytes!("../../../bpf/generated/owners.data"),
    instructions: include_bytes!("../../../bpf/generated/owners.insns"),
    sizes: &[0],
    programs: 1,
};

/// Bytes of the ring buffer of the recorder: a second of 100,000 ends.
pub(super) const RING: u32 = 16 << 20;

const RECORDER: Skeleton = Skeleton {
    data: include_bytes!("../../../bpf/generated/recorder.data"),
    instructions: include_bytes!("../../../bpf/generated/recorder.insns"),
    // A test compares these with `recorder.build`.
    sizes: &[0, RING, 0, 0, 0, 0],
    programs: 4,
};

/// Bytes of the ring buffer that tells which processes send and receive datagrams: a thousand of them at once.
pub(super) const FLOWS_RING: u32 = 1 << 20;

const UDP: Skeleton = Skeleton {
    data: include_bytes!("../../../bpf/generated/udp.data"),
    instructions: include_bytes!("../../../bpf/generated/udp.insns"),
    // A test compares these with `udp.build`.
    sizes: &[0, 0, 0, 0, 0, FLOWS_RING, 0, 0, 0, 0],
    programs: 12,
};

const TCP: Skeleton = Skeleton {
    data: include_bytes!("../../../bpf/generated/tcp.data"),
    instructions: include_bytes!("../../../bpf/generated/tcp.insns"),
    sizes: &[0],
    programs: 1,
};

const EVERYWHERE: Skeleton = Skeleton {
    data: include_bytes!("../../../bpf/generated/everywhere.data"),
    instructions: include_bytes!("../../../bpf/generated/everywhere.insns"),
    sizes: &[0],
    programs: 1,
};

const GROUPS: Skeleton = Skeleton {
    data: include_bytes!("../../../bpf/generated/groups.data"),
    instructions: include_bytes!("../../../bpf/generated/groups.insns"),
    // It has no map but that of its loader.
    sizes: &[],
    programs: 1,
};

/// Loads and attaches the program that tells who joined multicast groups. Dropping the link undoes both.
pub(super) fn load_groups() -> Result<Link, Failure> {
    attach(load(&GROUPS)?)
}

/// Loads and attaches the program that lists the TCP sockets of all network namespaces. Dropping the link undoes both.
pub(super) fn load_everywhere() -> Result<Link, Failure> {
    attach(load(&EVERYWHERE)?)
}

/// Loads and attaches the program that lists TCP sockets, with `struct tcp_settings` of `bpf/tcp.h`. Dropping the link undoes
/// both.
pub(super) fn load_tcp(settings: &[u8]) -> Result<Link, Failure> {
    attach(load_with(&TCP, settings)?)
}

/// Loads and attaches the program that lists owners. Dropping the link undoes both.
pub(super) fn load_owners() -> Result<Link, Failure> {
    attach(load(&OWNERS)?)
}

/// Attaches the only program.
fn attach(made: Made) -> Result<Link, Failure> {
    let program = made.programs.into_iter().next().ok_or(Failure::ODD)?;
    program.attach().map_err(Failure::at(BpfStep::Attach))
}

/// Loads the programs that record connections.
pub(super) fn load_recorder() -> Result<Made, Failure> {
    load(&RECORDER)
}

/// Loads the programs that tell who sends datagrams to whom.
pub(super) fn load_flows() -> Result<Made, Failure> {
    load(&UDP)
}

/// Returns a number that is another one for other programs (FNV-1a).
pub(super) fn version_of_recorder() -> u32 {
    let bytes = RECORDER.data.iter().chain(RECORDER.instructions);
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn load(skeleton: &Skeleton) -> Result<Made, Failure> {
    load_with(skeleton, &[])
}

/// Loads programs of which the first map has constants.
fn load_with(skeleton: &Skeleton, constants: &[u8]) -> Result<Made, Failure> {
    if !cfg!(all(target_endian = "little", target_pointer_width = "64")) {
        return Err(Failure::NOT_BUILT);
    }
    if !knows_relocations() {
        return Err(Failure::NOT_KNOWN);
    }
    let _blocked = BlockedSignals::new();
    let array = Map::array(skeleton.data.len()).map_err(Failure::at(BpfStep::MakeMap))?;
    array.fill(skeleton.data).map_err(Failure::at(BpfStep::FillMap))?;
    let loader = Loader::load(skeleton.instructions, &array).map_err(Failure::at(BpfStep::LoadLoader))?;
    loader.run(skeleton.sizes, constants, skeleton.programs).map_err(Failure::at(BpfStep::Load))
}
