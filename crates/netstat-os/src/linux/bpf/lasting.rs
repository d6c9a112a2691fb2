//! The programs of a recorder by their names in a BPF file system: given to new ones, and found again.

use super::pins::Pins;
use super::skeleton::RING;
use super::syscall::{Map, MapKind, Program, map_kind, pin, pinned, program_of};
use rustix::fd::OwnedFd;
use std::io;

/// Bytes of `struct settings` and of `struct all_counts` in `bpf/recorder.h`.
pub(super) const SETTINGS: usize = 12;
pub(super) const COUNTS: usize = 64 * 144;

/// The programs, in the order of `recorder.build`.
const PROGRAMS: [&str; 4] = ["state_1", "state_2", "destroy_1", "destroy_2"];

/// `BPF_MAP_TYPE_RINGBUF` and `BPF_MAP_TYPE_ARRAY`.
const RINGBUF: u32 = 27;
const ARRAY: u32 = 2;

/// What an earlier recorder left, or this one leaves.
pub(super) struct Objects {
    pub(super) ring: OwnedFd,
    pub(super) counters: Map,
    pub(super) wishes: Map,
    pub(super) programs: Vec<Program>,
    pub(super) links: Vec<OwnedFd>,
}

/// Gives all of them names.
pub(super) fn keep(pins: &Pins, objects: &Objects) -> io::Result<()> {
    for (name, program) in PROGRAMS.iter().zip(&objects.programs) {
        pin(program.descriptor(), &pins.path("program", name))?;
    }
    pin(objects.counters.descriptor(), &pins.path("map", "counters"))?;
    pin(objects.wishes.descriptor(), &pins.path("map", "wishes"))?;
    pin(&objects.ring, &pins.path("map", "ring"))?;
    for (name, link) in PROGRAMS.iter().zip(&objects.links) {
        pin(link, &pins.path("link", name))?;
    }
    Ok(())
}

/// Finds all of them, if they are those that this program would load with these settings, and begins another round of
/// telling processes: what was told to the recorder before may not be kept.
///
/// # Errors
/// When one is missing, or is another one.
pub(super) fn find(pins: &Pins, settings: &[u8]) -> io::Result<Objects> {
    let ring = pinned(&pins.path("map", "ring"))?;
    let other = || io::Error::from(io::ErrorKind::InvalidInput);
    if map_kind(&ring)?.0 != kind("ring", RINGBUF, 0, 0, RING) {
        return Err(other());
    }
    let array = |name: &str, size: usize| {
        let map = pinned(&pins.path("map", name))?;
        let value_size = u32::try_from(size).map_err(|_| other())?;
        if map_kind(&map)?.0 != kind(name, ARRAY, 4, value_size, 1) {
            return Err(other());
        }
        Map::made(map, size)
    };
    let (counters, wishes) = (array("counters", COUNTS)?, array("wishes", SETTINGS)?);
    let found = wishes.first()?;
    let Some((same, round)) = found.split_last_chunk().filter(|(same, _)| *same == settings) else {
        return Err(other());
    };
    let round = u32::from_ne_bytes(*round).wrapping_add(1);
    wishes.fill(&[same, &round.to_ne_bytes()].concat())?;
    let (mut programs, mut links) = (Vec::new(), Vec::new());
    for name in PROGRAMS {
        let (program, id) = Program::known(pinned(&pins.path("program", name))?, name)?;
        let link = pinned(&pins.path("link", name))?;
        if program_of(&link)? != id {
            return Err(other());
        }
        programs.push(program);
        links.push(link);
    }
    Ok(Objects { ring, counters, wishes, programs, links })
}

fn kind(name: &str, map_type: u32, key_size: u32, value_size: u32, entries: u32) -> MapKind {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(name.bytes()).for_each(|(byte, of)| *byte = of);
    MapKind { map_type, key_size, value_size, entries, name: bytes }
}
