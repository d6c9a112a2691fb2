//! Decodes what the program writes that tells who joined multicast groups: `struct group_record` of `bpf/groups.h`.

use super::records::TICK;
use netstat_model::{GroupMember, ProcessKey};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of a record.
const LEN: usize = 40;

const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;

/// Decodes a piece of a walk; `None` when it does not consist of whole records.
pub(crate) fn decode_group_records(bytes: &[u8]) -> Option<Vec<GroupMember>> {
    let (records, rest) = bytes.as_chunks::<LEN>();
    if !rest.is_empty() {
        return None;
    }
    records.iter().map(decode_record).collect()
}

fn decode_record(bytes: &[u8; LEN]) -> Option<GroupMember> {
    let long = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
    let short = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
    let address = |at: usize| bytes.get(at..)?.first_chunk::<16>();
    let group = match (short(20)?, *address(24)?) {
        (AF_INET, [a, b, c, d, ..]) => IpAddr::from(Ipv4Addr::new(a, b, c, d)),
        (AF_INET6, address) => IpAddr::from(Ipv6Addr::from(address)),
        _ => return None,
    };
    let process = ProcessKey { pid: short(8)?, start_time: long(0)? / TICK };
    Some(GroupMember { process, inode: short(12)?.into(), interface: short(16)?, group })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(family: u32, group: [u8; 16]) -> Vec<u8> {
        let numbers = [10, 77, 2, family];
        let head = 1_239_999_999_u64.to_ne_bytes().into_iter();
        head.chain(numbers.into_iter().flat_map(u32::to_ne_bytes)).chain(group).collect()
    }

    #[test]
    fn a_record_is_a_membership_of_a_process() {
        let mut v4 = [0; 16];
        v4[..4].copy_from_slice(&[239, 1, 2, 3]);
        let v6: Ipv6Addr = "ff02::fb".parse().unwrap();
        let found = decode_group_records(&[record(2, v4), record(10, v6.octets())].concat()).unwrap();
        let process = ProcessKey { pid: 10, start_time: 123 };
        let member = |group| GroupMember { process, inode: 77, interface: 2, group };
        assert_eq!(found, [member(IpAddr::from([239, 1, 2, 3])), member(v6.into())]);
    }

    #[test]
    fn partial_records_and_other_families_are_refused() {
        let whole = record(2, [0; 16]);
        for length in 1..whole.len() {
            assert_eq!(decode_group_records(&whole[..length]), None, "{length}");
        }
        assert_eq!(decode_group_records(&record(1, [0; 16])), None);
        assert_eq!(decode_group_records(&[]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            decode_group_records(&bytes);
        }
    }
}
