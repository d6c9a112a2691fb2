//! A block: rows as columns, each compressed by itself.
//!
//! A block begins with how many rows it has, how many addresses, and for each column the width of its numbers and the length
//! of its compressed bytes; then come the columns. The numbers of a column are all as wide as the largest needs, and lie in
//! planes: the lowest byte of every number, then the next one. Rows are sorted by their ends, which are kept as differences,
//! and so are cookies and the numbers of the ends.

use crate::row::{ADDRESS, Address, Field, Row, Values, address_bytes, address_of, fold, unfold};
use rustc_hash::FxHashMap;

/// How hard the compressor tries for blocks that stay, and for rows that wait to become one.
pub(crate) const LEVEL: i32 = 3;
pub(crate) const FAST: i32 = 1;

/// The most rows of a block: twice those of one that is full.
pub(crate) const MOST: usize = 1 << 17;

/// The largest distance of a column header: the width of its numbers, and the length of its bytes.
const COLUMN_HEADER: usize = 1 + 4;
const HEADER: usize = 4 + 4 + 4 + Field::ALL.len() * COLUMN_HEADER;

/// How many columns are made at once: all of them take more memory than the rows.
const AT_ONCE: usize = 8;

/// The fields whose numbers are kept as differences from the number before.
const DIFFERENCES: [Field; 3] = [Field::End, Field::Cookie, Field::Sequence];

/// The bytes do not make a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// Packs rows, which are sorted by their ends.
pub(crate) fn encode(rows: &[Row], level: i32) -> std::io::Result<Vec<u8>> {
    let mut addresses: Vec<Address> = Vec::new();
    let mut places: FxHashMap<Address, u64> = FxHashMap::default();
    let mut place = |address| {
        *places.entry(address).or_insert_with(|| {
            addresses.push(address);
            addresses.len() as u64
        })
    };
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.include_checksum(true)?;
    let mut widths_and_lengths = Vec::with_capacity(HEADER);
    let mut columns_packed = Vec::new();
    let mut columns: [Vec<u64>; AT_ONCE] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for (group, fields) in Field::ALL.chunks(AT_ONCE).enumerate() {
        columns.iter_mut().for_each(Vec::clear);
        for row in rows {
            let values = row.values(&mut place);
            for (column, value) in columns.iter_mut().zip(values.into_iter().skip(group * AT_ONCE)) {
                column.push(value);
            }
        }
        for (field, column) in fields.iter().zip(&mut columns) {
            if DIFFERENCES.contains(field) {
                let mut last = 0;
                for value in &mut *column {
                    let next = *value;
                    *value = fold(last, next);
                    last = next;
                }
            }
            let (width, planes) = planes(column);
            let packed = if planes.is_empty() { Vec::new() } else { compressor.compress(&planes)? };
            widths_and_lengths.push(width);
            widths_and_lengths.extend_from_slice(&length(packed.len())?);
            columns_packed.extend_from_slice(&packed);
        }
    }
    let listed: Vec<u8> = addresses.iter().flat_map(|address| address_bytes(*address)).collect();
    let listed = compressor.compress(&listed)?;
    let mut block = Vec::with_capacity(HEADER + listed.len() + columns_packed.len());
    for count in [rows.len(), addresses.len(), listed.len()] {
        block.extend_from_slice(&length(count)?);
    }
    for part in [widths_and_lengths, listed, columns_packed] {
        block.extend_from_slice(&part);
    }
    Ok(block)
}

fn length(count: usize) -> std::io::Result<[u8; 4]> {
    u32::try_from(count).map(u32::to_le_bytes).map_err(|_| std::io::Error::other("too many rows for a block"))
}

/// Returns how many bytes the largest number needs, and the numbers in planes of as many.
fn planes(numbers: &[u64]) -> (u8, Vec<u8>) {
    let all = numbers.iter().fold(0, |all, number| all | number);
    let width = (0..8u8).rev().find(|byte| all >> (8 * u32::from(*byte)) != 0).map_or(0, |byte| byte + 1);
    let mut planes = Vec::with_capacity(numbers.len() * usize::from(width));
    for byte in 0..width {
        planes.extend(numbers.iter().map(|number| number.to_le_bytes()[usize::from(byte)]));
    }
    (width, planes)
}

/// Returns a block of a version whose ends had no numbers, the last column, with numbers from `first` on; with none for 0.
/// `None` for bytes that are too few for a block.
pub(crate) fn numbered(former: &[u8], first: u64) -> Option<Vec<u8>> {
    let (header, body) = former.split_at_checked(HEADER - COLUMN_HEADER)?;
    let rows = rows_in(former);
    let mut numbers = vec![0; rows];
    if let (Some(number), 1..) = (numbers.first_mut(), first) {
        *number = fold(0, first);
    }
    if first > 0 {
        numbers.iter_mut().skip(1).for_each(|number| *number = fold(0, 1));
    }
    let (width, planes) = planes(&numbers);
    let packed = match planes.is_empty() {
        true => Vec::new(),
        false => {
            let mut compressor = zstd::bulk::Compressor::new(LEVEL).ok()?;
            compressor.include_checksum(true).ok()?;
            compressor.compress(&planes).ok()?
        }
    };
    let mut bytes = Vec::with_capacity(former.len() + COLUMN_HEADER + packed.len());
    bytes.extend_from_slice(header);
    bytes.push(width);
    bytes.extend_from_slice(&length(packed.len()).ok()?);
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&packed);
    Some(bytes)
}

/// The bytes of a block, whose columns are unpacked when they are asked for.
pub(crate) struct Packed<'a> {
    rows: usize,
    addresses: usize,
    listed: &'a [u8],
    columns: [(u8, &'a [u8]); Field::ALL.len()],
}

/// Takes bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Damaged> {
    let (front, rest) = bytes.split_at_checked(count).ok_or(Damaged)?;
    *bytes = rest;
    Ok(front)
}

fn take_length(bytes: &mut &[u8]) -> Result<usize, Damaged> {
    let four = take(bytes, 4)?.try_into().map_err(|_| Damaged)?;
    usize::try_from(u32::from_le_bytes(four)).map_err(|_| Damaged)
}

/// Returns how many rows a block says it has.
pub(crate) fn rows_in(mut bytes: &[u8]) -> usize {
    take_length(&mut bytes).unwrap_or(0).min(MOST)
}

impl<'a> Packed<'a> {
    /// Finds the columns of a block.
    pub(crate) fn new(mut bytes: &'a [u8]) -> Result<Self, Damaged> {
        let rows = take_length(&mut bytes)?;
        let addresses = take_length(&mut bytes)?;
        if rows > MOST || addresses > 2 * rows {
            return Err(Damaged);
        }
        let of_addresses = take_length(&mut bytes)?;
        let mut lengths = [(0, 0); Field::ALL.len()];
        for (width, length) in &mut lengths {
            *width = take(&mut bytes, 1)?.first().copied().filter(|width| *width <= 8).ok_or(Damaged)?;
            *length = take_length(&mut bytes)?;
        }
        let listed = take(&mut bytes, of_addresses)?;
        let mut columns = [(0, &[][..]); Field::ALL.len()];
        for ((width, length), column) in lengths.into_iter().zip(&mut columns) {
            *column = (width, take(&mut bytes, length)?);
        }
        if bytes.is_empty() { Ok(Self { rows, addresses, listed, columns }) } else { Err(Damaged) }
    }

    /// Unpacks the addresses. The number of one in a column is its place, from 1.
    pub(crate) fn addresses(&self) -> Result<Vec<Address>, Damaged> {
        let bytes = decompress(self.listed, self.addresses * ADDRESS)?;
        let (whole, _) = bytes.as_chunks::<ADDRESS>();
        Ok(whole.iter().map(address_of).collect())
    }

    /// Unpacks the numbers of a field.
    pub(crate) fn column(&self, field: Field) -> Result<Vec<u64>, Damaged> {
        let (width, packed) = self.columns.get(field.number()).copied().unwrap_or((0, &[]));
        let mut numbers = vec![0; self.rows];
        if width > 0 && self.rows > 0 {
            let planes = decompress(packed, self.rows * usize::from(width))?;
            for (byte, plane) in planes.chunks_exact(self.rows).enumerate() {
                for (number, &part) in numbers.iter_mut().zip(plane) {
                    *number |= u64::from(part) << (8 * byte);
                }
            }
        } else if !packed.is_empty() {
            return Err(Damaged);
        }
        if DIFFERENCES.contains(&field) {
            let mut last = 0;
            for number in &mut numbers {
                last = unfold(last, *number);
                *number = last;
            }
        }
        Ok(numbers)
    }

    /// Unpacks everything.
    pub(crate) fn unpack(&self) -> Result<Block, Damaged> {
        let addresses = self.addresses()?;
        let mut columns: [Vec<u64>; Field::ALL.len()] = Default::default();
        for (field, column) in Field::ALL.into_iter().zip(&mut columns) {
            *column = self.column(field)?;
        }
        Ok(Block { addresses, columns })
    }
}

fn decompress(packed: &[u8], expected: usize) -> Result<Vec<u8>, Damaged> {
    let bytes = zstd::bulk::decompress(packed, expected).map_err(|_| Damaged)?;
    if bytes.len() == expected { Ok(bytes) } else { Err(Damaged) }
}

/// A block whose columns are unpacked.
pub(crate) struct Block {
    pub(crate) addresses: Vec<Address>,
    columns: [Vec<u64>; Field::ALL.len()],
}

impl Block {
    /// Returns a row; `None` behind the last.
    pub(crate) fn row(&self, at: usize) -> Option<Row> {
        let mut values: Values = [0; Field::ALL.len()];
        for (value, column) in values.iter_mut().zip(&self.columns) {
            *value = *column.get(at)?;
        }
        Some(Row::from_values(&values, |number| {
            let place = usize::try_from(number.checked_sub(1)?).ok()?;
            self.addresses.get(place).copied()
        }))
    }

    /// Returns every row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..).map_while(|at| self.row(at))
    }
}

/// Unpacks all rows of a block.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Row>, Damaged> {
    Ok(Packed::new(bytes)?.unpack()?.rows().collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::made::rows;
    use proptest::prelude::*;

    /// Packs rows as the versions did whose ends had no numbers: without the last column.
    pub(crate) fn encode_unnumbered(rows: &[Row]) -> Vec<u8> {
        let rows: Vec<Row> = rows.iter().map(|row| Row { sequence: 0, ..*row }).collect();
        let mut bytes = encode(&rows, LEVEL).unwrap();
        assert_eq!(bytes[HEADER - COLUMN_HEADER..HEADER], [0; COLUMN_HEADER]);
        bytes.drain(HEADER - COLUMN_HEADER..HEADER);
        bytes
    }

    #[test]
    fn numbers_are_as_wide_as_the_largest() {
        assert_eq!(planes(&[0, 0]), (0, vec![]));
        assert_eq!(planes(&[1, 0x0203]), (2, vec![1, 3, 0, 2]));
        assert_eq!(planes(&[u64::MAX]).0, 8);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(rows in rows(0..200), level in 1..4) {
            let bytes = encode(&rows, level).unwrap();
            prop_assert_eq!(decode(&bytes).unwrap(), rows);
        }

        #[test]
        fn ends_without_numbers_get_them(rows in rows(0..200), first in 0..1u64 << 50) {
            let mut expected = rows.clone();
            for (row, number) in expected.iter_mut().zip(first..) {
                row.sequence = if first == 0 { 0 } else { number };
            }
            let bytes = numbered(&encode_unnumbered(&rows), first).unwrap();
            prop_assert_eq!(decode(&bytes).unwrap(), expected);
        }

        #[test]
        fn any_bytes_are_a_block_or_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes);
            let _ = numbered(&bytes, 1).map(|bytes| decode(&bytes));
        }

        #[test]
        fn a_changed_byte_is_noticed_or_stays_in_its_header(
            rows in rows(1..20),
            at: proptest::sample::Index,
            bit in 0..8u32,
        ) {
            let mut bytes = encode(&rows, LEVEL).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            // Each column has a checksum; a header that still fits its columns may only be about an empty one.
            if let Ok(changed) = decode(&bytes) {
                prop_assert!(at < HEADER || changed == rows);
            }
        }

        #[test]
        fn half_a_block_is_damaged(rows in rows(1..20), at: proptest::sample::Index) {
            let bytes = encode(&rows, LEVEL).unwrap();
            prop_assert_eq!(decode(&bytes[..at.index(bytes.len())]), Err(Damaged));
        }
    }
}
