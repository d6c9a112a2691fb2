//! The address families that `-A` names.

use super::arguments::NetToolsArguments;
use crate::options::complaint::Complaint;
use netstat_engine::text::quote::quoted;
use std::ffi::OsStr;

/// The names of IPv4.
pub(super) const INET: &[&str] = &["inet", "ip", "ipv4", "tcpip"];

/// The names of IPv6.
pub(super) const INET6: &[&str] = &["inet6", "ipv6"];

/// Returns true if the word names address families.
pub(in crate::options) fn is_family(word: &OsStr) -> bool {
    parse(&mut NetToolsArguments::default(), word).is_ok()
}

/// Parses the value of `-A`.
pub(super) fn parse(arguments: &mut NetToolsArguments, text: &OsStr) -> Result<(), Complaint> {
    for name in text.to_str().unwrap_or_default().split(',') {
        if INET.contains(&name) {
            arguments.inet = true;
        } else if INET6.contains(&name) {
            arguments.inet6 = true;
        } else if name == "unix" {
            arguments.unix = true;
        } else {
            return Err(Complaint::of_net_tools(format!(
                "{} is not an address family that is known here: type -A inet, -A inet6 or -A unix",
                quoted(OsStr::new(name))
            )));
        }
    }
    Ok(())
}
