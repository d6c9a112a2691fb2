//! The addresses of this machine, from rtnetlink.

use super::source::Source;
use crate::{Answer, Error, Operation};
use std::io;
use std::net::IpAddr;

/// The addresses of all interfaces.
pub(super) fn local_addresses(_: &dyn Source) -> Result<Answer<Vec<IpAddr>>, Error> {
    Err(Error::new(Operation::ListAddresses, io::ErrorKind::Unsupported.into()))
}
