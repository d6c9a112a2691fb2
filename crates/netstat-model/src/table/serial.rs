//! A table is serialized as the list of its sockets, and read back with everything that is in the list.

use super::SocketTable;
use crate::keep::Keep;
use crate::{Socket, SocketRef};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

impl Serialize for SocketTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|socket| socket.to_socket()))
    }
}

impl<'de> Deserialize<'de> for SocketTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Sockets)
    }
}

struct Sockets;

impl<'de> Visitor<'de> for Sockets {
    type Value = SocketTable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sockets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sockets: A) -> Result<SocketTable, A::Error> {
        let mut table = SocketTable::new(Keep::EVERYTHING);
        while let Some(socket) = sockets.next_element::<Socket>()? {
            if !table.push(&SocketRef::from(&socket)) {
                return Err(A::Error::custom("too many pairs of scopes"));
            }
        }
        Ok(table)
    }
}
