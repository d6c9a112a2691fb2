//! Bound-only TCP sockets, which neither listen nor are connected, from `InternalGetBoundTcpEndpointTable`. The function
//! is not documented; its rows are those of `GetTcpTable2`.

use super::memory::u32_at;
use super::mib_table::rows;
use super::offload::{FIRST_ROW, row_size};
use super::sockets::layout::{TCP_V4, TCP_V6, decode_end};
use super::source::{Question, Source};
use super::version::ask_undocumented;
use super::win32_error::{UNKNOWN_FORM, reason, warn_once};
use netstat_model::{Family, NoOwner, Ownership, Socket, TcpState, Transport, Warning};

/// Returns the sockets of a family; none, with a warning, if they cannot be listed.
pub(super) fn sockets(source: &dyn Source, family: Family, warnings: &mut Vec<Warning>) -> Vec<Socket> {
    let reason = match ask_undocumented(source, &Question::BoundTcp(family)) {
        Ok(table) => match decode_table(table.bytes(), family) {
            Some(sockets) => return sockets,
            None => UNKNOWN_FORM.to_owned(),
        },
        Err(error) => reason(&error),
    };
    warn_once(warnings, Warning::SourceUnavailable { what: Warning::BOUND_SOCKETS, reason });
    Vec::new()
}

/// Decodes the rows; `None` if the table does not have the expected form.
pub(super) fn decode_table(table: &[u8], family: Family) -> Option<Vec<Socket>> {
    let (rows, lacking) = rows(table, FIRST_ROW, row_size(family));
    if lacking > 0 || table.len() < FIRST_ROW {
        return None;
    }
    rows.map(|row| decode_row(row, family)).collect()
}

/// Decodes a row. One without a port is not bound, so the table does not have the expected form.
fn decode_row(row: &[u8], family: Family) -> Option<Socket> {
    let layout = match family {
        Family::V4 => TCP_V4,
        Family::V6 => TCP_V6,
    };
    let local = decode_end(row, family, layout.local).filter(|local| local.port != 0)?;
    let mut socket = Socket::new(Transport::Tcp, family, local, None);
    socket.state = Some(TcpState::Bound);
    socket.ownership = match u32_at(row, layout.pid)? {
        0 => Ownership::Unowned(NoOwner::NoProcess),
        pid => Ownership::Listed { pid, since: 0 },
    };
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::{Fake, table};
    use netstat_model::IpEndpoint;
    use proptest::prelude::*;

    fn row(port: u16, pid: u32) -> Vec<u8> {
        let mut row = vec![0; 28];
        row[4..8].copy_from_slice(&[10, 0, 0, 1]);
        row[8..10].copy_from_slice(&port.to_be_bytes());
        row[20..24].copy_from_slice(&pid.to_le_bytes());
        row
    }

    fn row6(port: u16, pid: u32) -> Vec<u8> {
        let mut row = vec![0; 60];
        row[15] = 1;
        row[20..22].copy_from_slice(&port.to_be_bytes());
        row[52..56].copy_from_slice(&pid.to_le_bytes());
        row
    }

    #[test]
    fn rows_of_both_families_are_decoded() {
        let source = Fake::new()
            .says(Question::BoundTcp(Family::V4), table(FIRST_ROW, &[row(49179, 2588)]))
            .says(Question::BoundTcp(Family::V6), table(FIRST_ROW, &[row6(49180, 0)]));
        let mut warnings = Vec::new();
        let v4 = sockets(&source, Family::V4, &mut warnings);
        assert_eq!(v4[0].local, IpEndpoint::new("10.0.0.1".parse().unwrap(), 49179, 0));
        assert_eq!((v4[0].state, &v4[0].remote), (Some(TcpState::Bound), &None));
        assert_eq!(v4[0].ownership, Ownership::Listed { pid: 2588, since: 0 });
        let v6 = sockets(&source, Family::V6, &mut warnings);
        assert_eq!(v6[0].local, IpEndpoint::new("::1".parse().unwrap(), 49180, 0));
        assert_eq!(v6[0].ownership, Ownership::Unowned(NoOwner::NoProcess));
        assert_eq!(warnings, []);
    }

    #[test]
    fn a_list_that_fails_is_one_warning() {
        let said = |source: &Fake| {
            let mut warnings = Vec::new();
            assert_eq!(sockets(source, Family::V4, &mut warnings), []);
            assert_eq!(sockets(source, Family::V4, &mut warnings), []);
            assert_eq!(warnings.len(), 1);
            warnings[0].to_string()
        };
        let begin = "the list of bound-only sockets is unknown: ";
        let fails = |error| Fake::new().fails(Question::BoundTcp(Family::V4), error);
        assert_eq!(said(&fails(127)), format!("{begin}this version of Windows does not report it"));
        assert!(said(&fails(5)).starts_with(begin));
        let odd = [table(FIRST_ROW, &[row(0, 1)]), table(FIRST_ROW, &[row(1, 1)[..27].to_vec()])];
        for odd in odd {
            let source = Fake::new().says(Question::BoundTcp(Family::V4), odd);
            assert!(said(&source).ends_with("in an unknown format"));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = (decode_table(&bytes, Family::V4), decode_table(&bytes, Family::V6));
        }
    }
}
