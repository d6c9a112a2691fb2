//! RDMA connections and listeners, from the RDMA netlink family.

use super::source::Source;
use crate::model::RdmaEndpoint;
use crate::{Answer, Error, Operation};
use std::io;

/// All RDMA connection manager endpoints.
pub(super) fn endpoints(_: &dyn Source) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
    Err(Error::new(Operation::ListRdma, io::ErrorKind::Unsupported.into()))
}
