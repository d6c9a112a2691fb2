//! [`Fragments`]: the ports of packets that come in pieces, of which the first alone has them.

use crate::frame::{Content, Frame};
use crate::kept::Ends;
use netstat_model::{IpEndpoint, Transport};
use rustc_hash::FxHashMap;
use std::net::IpAddr;

/// The most packets whose ports are remembered.
const MOST: usize = 1 << 12;

/// What fragments of one packet share: the addresses, the number and the protocol.
type Key = (IpAddr, IpAddr, u32, u8);

/// The ports.
#[derive(Debug, Default)]
pub(crate) struct Fragments(FxHashMap<Key, (Transport, (u16, u16))>);

impl Fragments {
    /// Returns the ends of the connection that a packet belongs to; `None` where there is none, or where the first fragment
    /// has not come.
    pub(crate) fn ends(&mut self, frame: &Frame, interface: u32) -> Option<Ends> {
        let (source, destination) = frame.addresses;
        let fragment = frame.fragment.map(|(number, protocol)| (source, destination, number, protocol));
        let end = |address, port| IpEndpoint::new(address, port, interface);
        let (transport, (from, to)) = match frame.content {
            // It goes to whoever has sent what it quotes.
            Content::Quoted { transport, addresses, ports } => {
                return Some((transport, end(addresses.1, ports.1), end(addresses.0, ports.0)));
            }
            Content::Fragment => *self.0.get(&fragment?)?,
            _ => frame.ports()?,
        };
        if let (Some(fragment), false) = (fragment, frame.content == Content::Fragment) {
            if self.0.len() >= MOST {
                self.0.clear();
            }
            self.0.insert(fragment, (transport, (from, to)));
        }
        Some((transport, end(source, from), end(destination, to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::decode;
    use crate::frame::made::{udp, v4};

    #[test]
    fn later_fragments_have_the_ports_of_the_first() {
        let read = |bytes: Vec<u8>| decode(0x0800, &bytes, bytes.len()).unwrap();
        let first = read(v4([1; 4], [2; 4], 17, 0x2000, &udp(5, 6, &[0; 16])));
        let later = read(v4([1; 4], [2; 4], 17, 3, &[0; 8]));
        let other = read(v4([1; 4], [3; 4], 17, 3, &[0; 8]));
        let mut fragments = Fragments::default();
        assert_eq!(fragments.ends(&later, 1), None);
        let ends = fragments.ends(&first, 1).unwrap();
        assert_eq!((ends.1.port, ends.2.port), (5, 6));
        assert_eq!(fragments.ends(&later, 1), Some(ends));
        assert_eq!(fragments.ends(&other, 1), None);
    }
}
