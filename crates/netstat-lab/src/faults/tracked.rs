//! The firewall's connection tracking table.

use super::{HERE, prepare};
use crate::error::{Doing, LabError, Result};
use crate::namespace::Namespace;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::Command;

const LIMIT: &str = "/proc/sys/net/netfilter/nf_conntrack_max";
/// The most entries that a scene adds. The limit of the table is that of the whole machine.
const MOST: u64 = 600_000;

/// Connections that nf_conntrack tracks for this namespace.
#[derive(Debug)]
pub struct Tracked {
    /// The limit of the table.
    pub limit: u64,
}

impl Tracked {
    /// Fills the table to 98 % of its limit.
    ///
    /// # Errors
    ///
    /// [`LabError::Unavailable`] where the kernel has no nf_conntrack, `nft` is missing, or the limit is very high.
    pub fn nearly_full(namespace: &Namespace) -> Result<Self> {
        let limit = start(namespace)?;
        if limit > MOST {
            let reason =
                format!("nf_conntrack_max is {limit}; more than {MOST} connections would take too long");
            return Err(LabError::unavailable(reason));
        }
        fill(limit * 98 / 100)?;
        Ok(Self { limit })
    }

    /// Adds a few connections to a table with room.
    pub fn few(namespace: &Namespace) -> Result<Self> {
        let limit = start(namespace)?;
        fill(100)?;
        Ok(Self { limit })
    }
}

fn number(path: &str) -> Result<u64> {
    let text = std::fs::read_to_string(path).doing(|| format!("read {path}"))?;
    text.trim().parse().map_err(|_| LabError::failed(format!("read {path}"), format!("not a number: {text}")))
}

/// Makes the kernel track connections in this namespace, which it does once a rule asks for their state.
fn start(namespace: &Namespace) -> Result<u64> {
    prepare(namespace)?;
    if !Path::new(LIMIT).exists() {
        return Err(LabError::unavailable("this kernel has no nf_conntrack; load the module"));
    }
    let rules = "table ip lab {\n\
                 chain in { type filter hook input priority 0;\n udp dport 9 drop\n ct state invalid drop\n }\n\
                 }\n";
    let folder =
        std::env::temp_dir().join(format!("netstat-lab-{}-{}.nft", std::process::id(), namespace.inode()));
    std::fs::write(&folder, rules).doing(|| format!("write {}", folder.display()))?;
    let output = Command::new("nft").arg("-f").arg(&folder).env("LC_ALL", "C").output();
    let _ = std::fs::remove_file(&folder);
    match output {
        Ok(output) if output.status.success() => number(LIMIT),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(LabError::unavailable(format!("nft refuses rules here: {words}")))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(LabError::unavailable("`nft` is missing; install nftables"))
        }
        Err(source) => Err(LabError::Failed { doing: "run nft".into(), source }),
    }
}

/// Sends one datagram for each connection to a port of a neighbour that drops it: the kernel waits half a minute for an
/// answer.
fn fill(count: u64) -> Result<()> {
    let mut sent = 0;
    for source in 1_024..=u16::MAX {
        let socket = UdpSocket::bind((HERE, source)).doing(|| format!("bind to port {source}"))?;
        for low in 0..250 {
            if sent == count {
                return Ok(());
            }
            let to = Ipv4Addr::new(10, 88, 200, low);
            socket.send_to(&[0], (to, 9)).doing(|| format!("send to {to}"))?;
            sent += 1;
        }
    }
    Err(LabError::failed("fill the connection table", "no more addresses"))
}
