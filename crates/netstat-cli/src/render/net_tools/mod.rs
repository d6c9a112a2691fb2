//! What net-tools prints, to the byte. Text from outside is escaped, which net-tools does not do.

mod inet;

pub(crate) use inet::{Inet, InetColumns, InetNames};
