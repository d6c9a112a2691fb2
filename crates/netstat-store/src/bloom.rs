//! Which addresses a block may have, so that whoever asks for a rare one reads few blocks.

use crate::row::{ADDRESS, Address, address_bytes};

/// Bits for each address, and how many of them it sets: one in 300 of the addresses that are not there looks as if it were.
const BITS: usize = 12;
const PROBES: u32 = 4;

/// Returns the bits of these addresses, which are each there once.
pub(crate) fn build(addresses: &[Address]) -> Vec<u8> {
    let size = (addresses.len() * BITS / 8).next_power_of_two().max(8);
    let mut bits = vec![0u8; size];
    for address in addresses {
        for (byte, mask) in probes(*address, size) {
            if let Some(byte) = bits.get_mut(byte) {
                *byte |= mask;
            }
        }
    }
    bits
}

/// Returns false if the address is certainly none of those. Bits that cannot be ours hold everything.
pub(crate) fn may_hold(bits: &[u8], address: Address) -> bool {
    if !bits.len().is_power_of_two() {
        return true;
    }
    probes(address, bits.len()).all(|(byte, mask)| bits.get(byte).is_some_and(|byte| byte & mask != 0))
}

/// Returns the places of an address: the byte, and the bit in it.
fn probes(address: Address, size: usize) -> impl Iterator<Item = (usize, u8)> {
    let bytes: [u8; ADDRESS] = address_bytes(address);
    // FNV-1a, then a mix of all its bits (the finalizer of SplitMix64).
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = mixed ^ (mixed >> 31);
    let (first, step) = (mixed, (mixed >> 32) | 1);
    (0..PROBES).map(move |probe| {
        let bit = first.wrapping_add(step.wrapping_mul(u64::from(probe)));
        let byte = usize::try_from((bit >> 3) % (size as u64)).unwrap_or(0);
        (byte, 1 << (bit & 7))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> Address {
        (Ipv4Addr::from_bits(number).into(), 0)
    }

    #[test]
    fn what_is_there_is_found_and_little_else() {
        let there: Vec<Address> = (0..5000).map(|number| address(number * 7)).collect();
        let bits = build(&there);
        assert!(there.iter().all(|one| may_hold(&bits, *one)));
        let wrong = (0..10_000).filter(|number| may_hold(&bits, address(1_000_000 + number))).count();
        assert!(wrong < 100, "{wrong} of 10,000");
        assert!(!may_hold(&build(&[]), address(1)));
        assert!(may_hold(&[0; 7], address(1)), "damaged bits");
    }
}
