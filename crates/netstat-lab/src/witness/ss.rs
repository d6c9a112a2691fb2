//! Runs `ss` of iproute2.

use crate::error::{LabError, Result};
use crate::row::{Family, Protocol, Row, TcpState};
use crate::socket;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::process::Command;

/// Lists all TCP and UDP sockets of the calling thread's namespace with `ss -HOtunape`.
///
/// # Errors
///
/// [`LabError::Unavailable`] where `ss` is not installed; [`LabError::Failed`] where it fails, writes to standard
/// error, or prints a line that cannot be parsed. Never an empty table instead.
pub fn ss() -> Result<Vec<Row>> {
    ss_with(&[])
}

/// Like [`ss`], with more arguments: options, or a filter such as `["state", "established"]`.
pub fn ss_with(arguments: &[&str]) -> Result<Vec<Row>> {
    let text = run(&[&["-HOtunape"], arguments].concat())?;
    text.lines()
        .map(|line| {
            parse_line(line).ok_or_else(|| {
                LabError::failed(
                    "parse the output of ss",
                    format!("unexpected line: {}", line.escape_debug()),
                )
            })
        })
        .collect()
}

/// Lists TCP sockets that are only bound ([`TcpState::Bound`]), which neither [`ss`] nor `/proc/net` shows. Needs
/// Linux 6.8 and an `ss` with `--bound-inactive` (iproute2 6.8).
///
/// # Errors
///
/// As for [`ss`], and [`LabError::Unavailable`] where `ss` does not know the option.
pub fn bound() -> Result<Vec<Row>> {
    if !run(&["--help"])?.contains("--bound-inactive") {
        return Err(LabError::unavailable("this ss has no --bound-inactive; install iproute2 6.8 or newer"));
    }
    let text = run(&["-HOtnpe", "--bound-inactive"])?;
    text.lines()
        .map(|line| {
            // For a single protocol, ss leaves out the protocol column.
            let mut row = parse_line(&format!("tcp {line}")).ok_or_else(|| {
                LabError::failed(
                    "parse the output of ss",
                    format!("unexpected line: {}", line.escape_debug()),
                )
            })?;
            row.state = Some(TcpState::Bound);
            Ok(row)
        })
        .collect()
}

pub(super) fn run(arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("ss").args(arguments).env("LC_ALL", "C").output().map_err(|error| {
            match error.kind() {
                io::ErrorKind::NotFound => LabError::unavailable("`ss` is missing; install iproute2"),
                _ => LabError::Failed { doing: "run ss".into(), source: error },
            }
        })?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !complaint.is_empty() {
        let why = format!("{}: {}", output.status, complaint.trim());
        return Err(LabError::failed(format!("run ss {}", arguments.join(" ")), why));
    }
    // A process name may contain any byte; everything read here is ASCII.
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `protocol state recv-q send-q local remote [users:((...))] [uid:N] [ino:N] ...`
fn parse_line(line: &str) -> Option<Row> {
    let mut words = line.split_ascii_whitespace();
    let protocol = match words.next()? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    let state = words.next()?;
    let (local, both) = parse_end(words.nth(2)?)?;
    let (remote, _) = parse_end(words.next()?)?;
    let rest: Vec<&str> = words.collect();
    let number = |key: &str| rest.iter().find_map(|word| word.strip_prefix(key)?.parse::<u64>().ok());
    let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
    Some(Row {
        protocol,
        family,
        state: match protocol {
            Protocol::Tcp => Some(parse_state(state)?),
            Protocol::Udp => None,
        },
        local,
        remote: (remote.port() != 0 || !remote.ip().is_unspecified()).then_some(remote),
        v6_only: match number("v6only:") {
            Some(flag) => Some(flag != 0),
            None if both => Some(false),
            None => None,
        },
        inode: number("ino:").filter(|inode| *inode != 0),
        pids: parse_pids(line),
    })
}

fn parse_state(word: &str) -> Option<TcpState> {
    Some(match word {
        "LISTEN" => TcpState::Listen,
        "SYN-SENT" => TcpState::SynSent,
        "SYN-RECV" => TcpState::SynReceived,
        "ESTAB" => TcpState::Established,
        "FIN-WAIT-1" => TcpState::FinWait1,
        "FIN-WAIT-2" => TcpState::FinWait2,
        "CLOSE-WAIT" => TcpState::CloseWait,
        "CLOSING" => TcpState::Closing,
        "LAST-ACK" => TcpState::LastAck,
        "TIME-WAIT" => TcpState::TimeWait,
        "UNCONN" => TcpState::Bound,
        _ => return None,
    })
}

/// Parses an end, and whether it is the `*` that means "any address of both families".
fn parse_end(text: &str) -> Option<(SocketAddr, bool)> {
    let (address, port) = text.rsplit_once(':')?;
    let port = if port == "*" { 0 } else { port.parse().ok()? };
    if address == "*" {
        return Some((SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port), true));
    }
    // `[fe80::1]%lan0` for what is bound to an interface; older versions put it inside the brackets.
    let address: String = address.chars().filter(|c| !matches!(c, '[' | ']')).collect();
    let (address, interface) = match address.split_once('%') {
        Some((address, interface)) => (address, Some(interface)),
        None => (&*address, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let end = match (address, interface) {
        (IpAddr::V6(v6), Some(interface)) if v6.is_unicast_link_local() => {
            let scope = interface.parse().or_else(|_| socket::interface_index(interface)).ok()?;
            SocketAddrV6::new(v6, port, 0, scope).into()
        }
        _ => SocketAddr::new(address, port),
    };
    Some((end, false))
}

/// Parses the processes of `users:(("name",pid=1,fd=2),("name",pid=3,fd=4))`. A name can imitate this form, so tests with
/// such names cannot rely on it.
pub(super) fn parse_pids(line: &str) -> Vec<u32> {
    let Some((_, users)) = line.split_once("users:((") else { return Vec::new() };
    let pids: BTreeSet<u32> = users
        .match_indices("\",pid=")
        .filter_map(|(at, found)| {
            let rest = users.get(at + found.len()..)?;
            let (pid, rest) = rest.split_once(",fd=")?;
            rest.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
            pid.parse().ok()
        })
        .collect();
    pids.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_line_is_read() {
        let line = "tcp   LISTEN 0      16       *:8080      *:*    \
            users:((\"a b\",pid=12,fd=3),(\"cat\",pid=4,fd=2),(\"cat\",pid=4,fd=9)) uid:5 ino:77 sk:1 v6only:0 <->";
        let row = parse_line(line).unwrap();
        assert_eq!(
            (row.protocol, row.family, row.state),
            (Protocol::Tcp, Family::V6, Some(TcpState::Listen))
        );
        assert_eq!((row.local, row.remote), ("[::]:8080".parse().unwrap(), None));
        assert_eq!((row.v6_only, row.inode, row.pids), (Some(false), Some(77), vec![4, 12]));

        let line = "udp ESTAB 0 0 [::ffff:10.0.0.1]:5 [::ffff:10.0.0.2]:53 ino:9 sk:2 cgroup:/ v6only:0 <->";
        let row = parse_line(line).unwrap();
        assert_eq!(row.local, "[::ffff:10.0.0.1]:5".parse().unwrap());
        assert_eq!((row.state, row.inode, row.pids), (None, Some(9), Vec::new()));
    }

    #[test]
    fn a_scope_of_ours_is_a_number() {
        let row = parse_line("tcp ESTAB 0 0 [fe80::1]%1:5 [fe80::2]%1:6").unwrap();
        assert_eq!(row.local, SocketAddrV6::new("fe80::1".parse().unwrap(), 5, 0, 1).into());
        assert_eq!(row.remote, Some(SocketAddrV6::new("fe80::2".parse().unwrap(), 6, 0, 1).into()));
    }

    #[test]
    fn what_is_not_understood_is_no_row() {
        for line in
            ["", "tcp", "icmp UNCONN 0 0 *:1 *:*", "tcp WHAT 0 0 *:1 *:*", "tcp ESTAB 0 0 1.2.3.4 *:*"]
        {
            assert_eq!(parse_line(line), None, "{line}");
        }
    }
}
