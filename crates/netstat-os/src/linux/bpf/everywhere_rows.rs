//! Decodes what the program writes that goes over the TCP sockets of all network namespaces: `bpf/everywhere.h`.

use super::tcp_rows::decode_head_of;
use netstat_model::{Namespace, SocketRef};

/// Bytes of a row before the `struct tcp_head` in it.
const BEFORE: usize = 8;

/// Bytes of `struct everywhere_row`.
pub(super) const ROW: usize = 32;

/// `enum everywhere_note`.
const CHAIN_AGAIN: u8 = 1;
const MORE_TO_TELL: u8 = 2;
const NOT_KNOWN: u8 = 3;
const GIVEN_UP: u8 = 4;

/// What a row tells.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told {
    /// A socket, and the chain that it is in.
    Socket { chain: u32, namespace: Namespace, head: SocketRef<'static> },
    /// What was told of this chain is void.
    Again(u32),
    /// Another walk goes on from here.
    More,
}

/// Decodes the rows of a piece, until `each` wants no more. Returns whether the piece consists of whole rows of tables that are
/// known and could be told as they are, as far as it was read.
pub(crate) fn decode_everywhere(mut piece: &[u8], each: &mut dyn FnMut(Told) -> bool) -> bool {
    while !piece.is_empty() {
        let Some((told, rest)) = decode_row(piece) else { return false };
        if !each(told) {
            return true;
        }
        piece = rest;
    }
    true
}

/// Whether another walk has more rows: then the last row of a piece says so, and where the next one goes on.
#[cfg(feature = "bpf")]
pub(crate) fn more_from(piece: &[u8]) -> Option<[u8; ROW]> {
    let last: &[u8; ROW] = piece.last_chunk()?;
    matches!(decode_row(last), Some((Told::More, _))).then_some(*last)
}

fn decode_row(bytes: &[u8]) -> Option<(Told, &[u8])> {
    let (row, rest) = bytes.split_first_chunk::<ROW>()?;
    let number = |at: usize| row.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
    let chain = number(4)?;
    let [family, _, _, note] = number(BEFORE)?.to_ne_bytes();
    match (family, note) {
        (0, CHAIN_AGAIN) => return Some((Told::Again(chain), rest)),
        (0, MORE_TO_TELL) => return Some((Told::More, rest)),
        (0, NOT_KNOWN | GIVEN_UP) => return None,
        _ => {}
    }
    let (head, rest) = decode_head_of(bytes.get(BEFORE..)?)?;
    let namespace = Namespace { inode: number(0)?.into() };
    Some((Told::Socket { chain, namespace, head }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::TcpState;
    use proptest::prelude::*;

    /// A connection in a namespace, or a note.
    fn row(family: u8, note: u8) -> Vec<u8> {
        let mut row: Vec<u8> = [4_026_532_001_u32, 5].into_iter().flat_map(u32::to_ne_bytes).collect();
        row.extend([family, 1, 0, note]);
        row.extend([0_u32, 7].into_iter().flat_map(u32::to_ne_bytes));
        row.extend(80_u16.to_ne_bytes());
        row.extend(4000_u16.to_be_bytes());
        row.extend(9_u64.to_ne_bytes());
        row
    }

    fn decoded(bytes: &[u8]) -> Option<Vec<Told>> {
        let mut all = Vec::new();
        let is_whole = decode_everywhere(bytes, &mut |told| {
            all.push(told);
            true
        });
        is_whole.then_some(all)
    }

    #[test]
    fn a_row_has_its_namespace_and_its_chain() {
        let socket = [row(2, 0), vec![127, 0, 0, 1, 127, 0, 0, 2]].concat();
        let all = decoded(&[socket, row(0, CHAIN_AGAIN), row(0, MORE_TO_TELL)].concat()).unwrap();
        let [Told::Socket { chain: 5, namespace, head }, Told::Again(5), Told::More] = all[..] else {
            panic!("{all:?}")
        };
        assert_eq!(namespace.inode, 4_026_532_001);
        assert_eq!((head.id.inode, head.id.cookie), (Some(7), Some(9)));
        assert_eq!(head.state, Some(TcpState::Established));
        let socket = head.to_socket();
        assert_eq!(
            (socket.local.to_string().as_str(), socket.remote.unwrap().to_string().as_str()),
            ("127.0.0.1:80", "127.0.0.2:4000")
        );
    }

    #[test]
    fn tables_that_are_not_known_and_parts_of_rows_are_refused() {
        assert!(decoded(&row(0, NOT_KNOWN)).is_none() && decoded(&row(0, GIVEN_UP)).is_none());
        let whole = [row(10, 0), vec![0; 32]].concat();
        assert!(decoded(&whole).is_some());
        for length in 1..whole.len() {
            assert!(decoded(&whole[..length]).is_none(), "{length}");
        }
    }

    #[cfg(feature = "bpf")]
    #[test]
    fn a_walk_goes_on_where_its_last_row_says_so() {
        let socket = [row(2, 0), vec![0; 8]].concat();
        let more = row(0, MORE_TO_TELL);
        assert_eq!(more_from(&[socket.clone(), more.clone()].concat()).unwrap()[..], more);
        assert!(more_from(&socket).is_none() && more_from(&[]).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), family in 0_u8..12, note in 0_u8..5) {
            decoded(&bytes);
            decoded(&[row(family, note), bytes].concat());
        }
    }
}
