//! The packed table of countries: sorted runs of addresses.
//!
//! Numbers are big-endian. A unit is an address of IPv4, or a `/64` of IPv6.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `geo1` |
//! | 4 | date of the data, in days since 1970 |
//! | 1, 2 each | number of countries, and their codes |
//! | 4, 4 | IPv4: number of blocks, and of bytes of runs |
//! | 4, 4 | IPv6: the same |
//! | 12 each | for each block of IPv4: its first unit (8), and the offset of its runs (4) |
//! | | the runs of IPv4 |
//! | 12 each, | the same for IPv6 |
//!
//! A run is the number of a country (1 for the first, 0 for none) and a number of units: one byte `k` below 64 for `2^k`,
//! or `128 + k` and a LEB128 number `n` for `n * 2^k`. The first run of a block begins at its first unit, each further
//! run where the previous one ends.

use crate::enrich::place::Country;
use std::net::IpAddr;

const MAGIC: &[u8] = b"geo1";
const ENTRY: usize = 12;

/// A table of countries, as `cargo xtask geo` packs it.
#[derive(Debug, Clone, Copy)]
pub struct CountryTable<'a> {
    day: u32,
    countries: &'a [u8],
    v4: Family<'a>,
    v6: Family<'a>,
}

/// The runs of one family.
#[derive(Debug, Clone, Copy)]
struct Family<'a> {
    index: &'a [u8],
    runs: &'a [u8],
}

impl<'a> CountryTable<'a> {
    /// Locates the parts of a table without reading them; `None` if the table is malformed.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let day = number(&mut rest)?;
        let (&count, after) = rest.split_first()?;
        let (countries, mut rest) = after.split_at_checked(usize::from(count) * 2)?;
        let mut sizes = [(0, 0); 2];
        for (index, runs) in &mut sizes {
            *index = usize::try_from(number(&mut rest)?).ok()?.checked_mul(ENTRY)?;
            *runs = usize::try_from(number(&mut rest)?).ok()?;
        }
        let [v4, v6] = sizes;
        let (v4, rest) = Family::split(rest, v4)?;
        let (v6, rest) = Family::split(rest, v6)?;
        rest.is_empty().then_some(Self { day, countries, v4, v6 })
    }

    /// Returns the date of the data, in days since 1970.
    pub fn day(&self) -> u32 {
        self.day
    }

    /// Returns the country of an address.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let number = match address {
            IpAddr::V4(address) => self.v4.find(address.to_bits().into()),
            // The upper half of 128 bits fits.
            IpAddr::V6(address) => self.v6.find(u64::try_from(address.to_bits() >> 64).ok()?),
        }?;
        let at = usize::from(number.checked_sub(1)?) * 2;
        Country::from_bytes(self.countries.get(at..at + 2)?.try_into().ok()?)
    }
}

impl<'a> Family<'a> {
    fn split(bytes: &'a [u8], (index, runs): (usize, usize)) -> Option<(Self, &'a [u8])> {
        let (index, rest) = bytes.split_at_checked(index)?;
        let (runs, rest) = rest.split_at_checked(runs)?;
        Some((Self { index, runs }, rest))
    }

    /// Returns the first unit of a block, and the offset of its runs.
    fn block(&self, block: usize) -> Option<(u64, usize)> {
        let (start, offset) = self.index.get(block.checked_mul(ENTRY)?..)?.split_first_chunk()?;
        let offset = u32::from_be_bytes(*offset.first_chunk()?);
        Some((u64::from_be_bytes(*start), usize::try_from(offset).ok()?))
    }

    /// Returns the number of the country of a unit.
    fn find(&self, unit: u64) -> Option<u8> {
        let (mut low, mut high) = (0, self.index.len() / ENTRY);
        while low < high {
            let middle = low.midpoint(high);
            if self.block(middle)?.0 <= unit {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let block = low.checked_sub(1)?;
        let (mut at, offset) = self.block(block)?;
        let end = self.block(block + 1).map_or(self.runs.len(), |(_, offset)| offset);
        let mut runs = self.runs.get(offset..end)?;
        while let Some((country, units)) = run(&mut runs) {
            let Some(next) = at.checked_add(units) else { return Some(country) };
            if unit < next {
                return Some(country);
            }
            at = next;
        }
        None
    }
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

/// Reads the next run: the number of its country, and its number of units.
fn run(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let [country, size, after @ ..] = *rest else { return None };
    *rest = after;
    let shift = u32::from(size & 63);
    if size & 128 == 0 {
        return Some((*country, 1 << shift));
    }
    let mut factor = 0;
    for at in 0.. {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        factor |= u64::from(byte & 127).checked_shl(at * 7)?;
        if byte & 128 == 0 {
            break;
        }
    }
    Some((*country, factor << shift))
}
