//! The connection tracking table, from `/proc`. It does not exist while the module is not loaded.

use super::reader::{Reader, decode_number};
use super::source::Source;
use netstat_model::{Answer, Conntrack, Error, Operation};
use std::io;

const COUNT: &str = "/proc/sys/net/netfilter/nf_conntrack_count";
const MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";

/// Exists only if the kernel was built with `NF_CONNTRACK_PROCFS`.
const STATISTICS: &str = "/proc/net/stat/nf_conntrack";

/// Reads the size of the table; `None` where connections are not tracked.
pub(super) fn conntrack(source: &dyn Source) -> Result<Answer<Option<Conntrack>>, Error> {
    let mut bytes = Vec::new();
    match source.read(COUNT, &mut bytes) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Answer::whole(None)),
        Err(error) => return Err(Error::new(Operation::ReadConntrack, error)),
    }
    let mut table = Conntrack { entries: decode_number(&bytes), ..Conntrack::default() };
    let mut reader = Reader::new(source);
    reader.note_odd(COUNT, u64::from(table.entries.is_none()));
    reader.expected(MAX, "the size of the connection tracking table", |bytes| {
        table.max = decode_number(bytes);
        u64::from(table.max.is_none())
    });
    reader.optional(STATISTICS, "the number of packets that connection tracking dropped", |bytes| {
        decode_statistics(bytes, &mut table)
    });
    Ok(Answer { data: Some(table), warnings: reader.warnings })
}

/// Decodes a line of names, then one of hexadecimal numbers for each processor, and adds these up. Returns how many lines
/// or numbers make no sense.
pub(super) fn decode_statistics(bytes: &[u8], table: &mut Conntrack) -> u64 {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split_ascii_whitespace().collect();
    let mut odd = 0;
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let numbers: Vec<&str> = line.split_ascii_whitespace().collect();
        odd += u64::from(numbers.len() != names.len());
        for (name, number) in names.iter().zip(numbers) {
            let sum = match *name {
                "drop" => &mut table.drop,
                "early_drop" => &mut table.early_drop,
                "insert_failed" => &mut table.insert_failed,
                _ => continue,
            };
            match u64::from_str_radix(number, 16) {
                Ok(number) => *sum = Some(sum.unwrap_or(0).saturating_add(number)),
                Err(_) => odd += 1,
            }
        }
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use proptest::prelude::*;
    use rustix::io::Errno;

    /// Two processors of kernel 6.18, with fewer columns.
    const TEXT: &str = "entries  clashres found insert insert_failed drop early_drop icmp_error\n\
                        00000003  00000000 00000000 00000000 00000001 0000000a 00000000 00000000\n\
                        00000003  00000000 00000000 00000000 00000002 00000100 00000007 00000000\n";

    #[test]
    fn processors_are_summed() {
        let fake = Fake::new().file(COUNT, "3\n").file(MAX, "262144\n").file(STATISTICS, TEXT);
        let answer = conntrack(&fake).unwrap();
        assert_eq!(answer.warnings, []);
        let expected = Conntrack {
            entries: Some(3),
            max: Some(262_144),
            drop: Some(266),
            early_drop: Some(7),
            insert_failed: Some(3),
        };
        assert_eq!(answer.data, Some(expected));
    }

    #[test]
    fn without_conntrack_there_is_no_table() {
        assert_eq!(conntrack(&Fake::new()).unwrap(), Answer::whole(None));
    }

    #[test]
    fn refused_files_give_warnings() {
        assert!(conntrack(&Fake::new().fails(COUNT, Errno::ACCESS)).is_err());
        let fake =
            Fake::new().file(COUNT, "3\n").fails(MAX, Errno::ACCESS).file(STATISTICS, "drop\nxyz\n1 2\n");
        let answer = conntrack(&fake).unwrap();
        let table = answer.data.unwrap();
        assert_eq!((table.entries, table.max, table.drop), (Some(3), None, Some(1)));
        assert_eq!(answer.warnings.len(), 2, "{:?}", answer.warnings);
        // Without the file of statistics they are unknown, which is no fault of the kernel.
        let answer = conntrack(&Fake::new().file(COUNT, "3\n").file(MAX, "4\n")).unwrap();
        assert_eq!((answer.data.unwrap().drop, answer.warnings), (None, vec![]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            decode_number(&bytes);
            decode_statistics(&bytes, &mut Conntrack::default());
        }
    }
}
