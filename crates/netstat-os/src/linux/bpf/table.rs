//! A hash table that BPF programs fill.
#![expect(unsafe_code, reason = "rustix has no bpf(2), which takes addresses")]

use super::syscall::{Element, address, bpf, length, map_kind, number};
use rustix::fd::OwnedFd;
use std::io;

/// Commands of linux/bpf.h.
const MAP_DELETE_ELEM: u32 = 3;
const MAP_LOOKUP_AND_DELETE_ELEM: u32 = 21;
const MAP_LOOKUP_BATCH: u32 = 24;

/// `BPF_MAP_TYPE_HASH`.
const HASH: u32 = 1;

/// How many entries are read at once, at first and at most.
const AT_ONCE: usize = 1024;
const MOST: usize = 1 << 17;

/// A hash table of the kernel.
pub(super) struct Table {
    map: OwnedFd,
    key: usize,
    value: usize,
}

impl Table {
    /// Uses one that the loader has made.
    ///
    /// # Errors
    /// `InvalidInput` when its keys or values have another size: the kernel would write others.
    pub(super) fn made(map: OwnedFd, key: usize, value: usize) -> io::Result<Self> {
        let (kind, _) = map_kind(&map)?;
        let is = (kind.map_type, kind.key_size, kind.value_size) == (HASH, length(key)?, length(value)?);
        if is { Ok(Self { map, key, value }) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Passes on all keys and values. What comes or goes meanwhile may be among them or not.
    pub(super) fn read(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> io::Result<()> {
        #[repr(C)]
        struct Attributes {
            in_batch: u64,
            out_batch: u64,
            keys: u64,
            values: u64,
            count: u32,
            map: u32,
            elem_flags: u64,
            flags: u64,
        }
        let mut most = AT_ONCE;
        let (mut from, mut to) = (0_u32, 0_u32);
        let mut is_first = true;
        loop {
            let (mut keys, mut values) = (vec![0_u8; most * self.key], vec![0_u8; most * self.value]);
            let mut attributes = Attributes {
                in_batch: if is_first { 0 } else { address(&raw const from) },
                out_batch: address(&raw mut to),
                keys: address(keys.as_mut_ptr()),
                values: address(values.as_mut_ptr()),
                count: length(most)?,
                map: number(&self.map),
                elem_flags: 0,
                flags: 0,
            };
            // SAFETY: the layout is that of the union. For a hash table the kernel reads and writes a place of 4 bytes, and
            // writes at most `count` keys and values, for which both vectors have room. All outlive the call.
            let answer = unsafe { bpf(MAP_LOOKUP_BATCH, &mut attributes) };
            let is_last = match answer.as_ref().map_err(io::Error::raw_os_error) {
                Ok(_) => false,
                Err(Some(libc::ENOENT)) => true,
                // One chain has more than there is room for.
                Err(Some(libc::ENOSPC)) if most < MOST => {
                    most *= 4;
                    continue;
                }
                Err(_) => return answer.map(drop),
            };
            let found = usize::try_from(attributes.count).unwrap_or(0).min(most);
            for (key, value) in keys.chunks_exact(self.key).zip(values.chunks_exact(self.value)).take(found) {
                each(key, value);
            }
            if is_last {
                return Ok(());
            }
            (from, is_first) = (to, false);
        }
    }

    /// Removes an entry and returns its value; `None` where it is not there.
    pub(super) fn take(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut value = vec![0; self.value];
        let found = self.call(MAP_LOOKUP_AND_DELETE_ELEM, key, address(value.as_mut_ptr()))?;
        Ok(found.then_some(value))
    }

    /// Removes an entry.
    pub(super) fn remove(&self, key: &[u8]) -> io::Result<()> {
        self.call(MAP_DELETE_ELEM, key, 0).map(drop)
    }

    fn call(&self, command: u32, key: &[u8], value: u64) -> io::Result<bool> {
        if key.len() != self.key {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (map, key) = (number(&self.map), address(key.as_ptr()));
        let mut attributes = Element { map, padding: 0, key, value, flags: 0 };
        // SAFETY: the layout is that of the union. The kernel reads a key of the size of the table, and where it writes a
        // value its place is the vector of `take`, which has room for one.
        match unsafe { bpf(command, &mut attributes) } {
            Ok(_) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
