//! What net-tools prints, to the byte. Text from outside is escaped, which net-tools does not do.

mod cells;
mod families;
mod groups;
mod hardware;
mod inet;
mod interface_blocks;
mod interfaces;
mod process;
mod routes;
mod statistics;
mod unix;

pub(crate) use families::{AddressFamily, FIRST_NAMES, INET, INET6};
pub(crate) use groups::render_groups;
pub(crate) use inet::{Inet, InetColumns, InetNames, InetRow, PortNames};
pub(crate) use interface_blocks::render_interface_blocks;
pub(crate) use interfaces::{InterfaceRow, by_name, render_interfaces};
pub(crate) use routes::{RouteColumns, RouteNames, render_cache_v4, render_v4, render_v6};
pub(crate) use statistics::render_statistics;
pub(crate) use unix::{is_listener, render_unix};
