//! The table of RDMA endpoints (`-x`), which Windows calls NetworkDirect.
//!
//! The title, the headings and the words are known; the widths are not, because the only sample has lost its
//! spaces. Ours are those of the headings. Addresses are always numeric.

use super::{LineEnd, Sheet};
use netstat_engine::text::words::UNKNOWN;
use netstat_engine::text::{address, decimal, pad};
use netstat_engine::view::rdma::in_order;
use netstat_model::{IpEndpoint, RdmaEndpoint, RdmaRole};
use std::io::{self, Write};

const TITLE: &str = "Active NetworkDirect Connections, Listeners, SharedEndpoints";
const HEADING: &str = "  Mode   IfIndex Type           Local Address          Foreign Address        PID";

/// Writes the table: an empty line, the title, an empty line, the headings, an empty line, the rows.
///
/// A listener has the foreign address `NA`, an endpoint of the kernel the process ID 0; what is unknown is `-`.
pub fn render_rdma<W: Write>(endpoints: &[RdmaEndpoint], line_end: LineEnd, out: &mut W) -> io::Result<()> {
    let mut sheet = Sheet::new(out, line_end);
    for line in ["", TITLE, "", HEADING, ""] {
        sheet.line(line)?;
    }
    for endpoint in in_order(endpoints) {
        let buffer = &mut sheet.buffer;
        buffer.extend_from_slice(if endpoint.kernel { b"  Kernel " } else { b"  User   " });
        cell(buffer, 7, |out| number(out, endpoint.interface));
        buffer.push(b' ');
        cell(buffer, 14, |out| out.extend_from_slice(role(endpoint.role)));
        buffer.push(b' ');
        cell(buffer, 21, |out| end(out, endpoint.local));
        buffer.extend_from_slice(b"  ");
        cell(buffer, 21, |out| match endpoint.role {
            RdmaRole::Listener => out.extend_from_slice(b"NA"),
            RdmaRole::Connection => end(out, endpoint.remote),
        });
        buffer.extend_from_slice(b"  ");
        number(buffer, if endpoint.kernel { Some(0) } else { endpoint.pid });
        sheet.end_line()?;
    }
    sheet.hand_on()
}

fn role(role: RdmaRole) -> &'static [u8] {
    match role {
        RdmaRole::Connection => b"Connection",
        RdmaRole::Listener => b"Listener",
    }
}

fn cell(out: &mut Vec<u8>, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    pad(out, start, width);
}

fn number(out: &mut Vec<u8>, value: Option<u32>) {
    match value {
        Some(value) => decimal(out, u64::from(value)),
        None => out.extend_from_slice(UNKNOWN.as_bytes()),
    }
}

fn end(out: &mut Vec<u8>, end: Option<IpEndpoint>) {
    match end {
        Some(end) => address::write_endpoint(out, &end),
        None => out.extend_from_slice(UNKNOWN.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(endpoints: &[RdmaEndpoint]) -> String {
        let mut out = Vec::new();
        render_rdma(endpoints, LineEnd::Lf, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    const HEAD: &str = "\nActive NetworkDirect Connections, Listeners, SharedEndpoints\n\n\
        \x20 Mode   IfIndex Type           Local Address          Foreign Address        PID\n\n";

    #[test]
    fn without_rdma_only_the_headings() {
        assert_eq!(text(&[]), HEAD);
    }

    #[test]
    fn the_rows_of_the_sample_and_others() {
        let at = |text: &str, port| Some(IpEndpoint::new(text.parse().unwrap(), port, 0));
        let listener = |interface, local| RdmaEndpoint {
            role: RdmaRole::Listener,
            kernel: true,
            interface: Some(interface),
            local: at(local, 445),
            remote: None,
            pid: None,
        };
        let user = RdmaEndpoint {
            role: RdmaRole::Connection,
            kernel: false,
            interface: None,
            local: at("10.0.0.1", 7471),
            remote: at("10.0.0.2", 40000),
            pid: Some(4711),
        };
        let unknown = RdmaEndpoint { local: None, remote: None, pid: None, ..user.clone() };
        let rows = "  Kernel 9       Listener       50.37.61.23:445        NA                     0\n\
            \x20 Kernel 26      Listener       10.37.60.158:445       NA                     0\n\
            \x20 User   -       Connection     -                      -                      -\n\
            \x20 User   -       Connection     10.0.0.1:7471          10.0.0.2:40000         4711\n";
        let endpoints = [user, unknown, listener(26, "10.37.60.158"), listener(9, "50.37.61.23")];
        assert_eq!(text(&endpoints), format!("{HEAD}{rows}"));
    }
}
