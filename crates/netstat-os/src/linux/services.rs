//! The service database, and the hosts file.

use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};

/// Both are read in this order, as glibc does where the distribution keeps its own under `/usr`. The first entry of a port
/// counts.
const FILES: [&str; 2] = ["/etc/services", "/usr/etc/services"];

/// Reads the database unparsed. It is empty, with a warning, if no file can be read.
pub(super) fn services(source: &dyn Source) -> Answer<Vec<u8>> {
    database(source, &FILES, "the name of a port")
}

/// Reads the hosts file unparsed.
pub(super) fn hosts(source: &dyn Source) -> Answer<Vec<u8>> {
    database(source, &["/etc/hosts"], "the names of addresses")
}

/// Reads the files of a database one after the other. Without any of them `what` is unknown.
pub(super) fn database(source: &dyn Source, files: &[&str], what: &'static str) -> Answer<Vec<u8>> {
    let mut data = Vec::new();
    let mut file = Vec::new();
    let mut refused = None;
    for path in files {
        match source.read(path, &mut file) {
            Ok(()) => {
                data.extend_from_slice(&file);
                // The last line of a file may lack its newline.
                data.push(b'\n');
            }
            // Usually a second file does not exist, so report the error of the first.
            Err(error) => refused = refused.or_else(|| Some(format!("{path}: {}", words_of(&error)))),
        }
    }
    let missing = refused.filter(|_| data.is_empty());
    let warnings = missing.map(|reason| Warning::SourceUnavailable { what, reason }).into_iter().collect();
    Answer { data, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use rustix::io::Errno;

    #[test]
    fn both_files_are_read_and_the_first_comes_first() {
        let answer = services(&Fake::new().file(FILES[0], "a 1/tcp").file(FILES[1], "b 2/tcp\n"));
        assert_eq!(answer, Answer::whole(b"a 1/tcp\nb 2/tcp\n\n".to_vec()));
    }

    #[test]
    fn one_file_is_enough() {
        let first = services(&Fake::new().file(FILES[0], "a 1/tcp\n"));
        assert_eq!(first, Answer::whole(b"a 1/tcp\n\n".to_vec()));
        let second = services(&Fake::new().file(FILES[1], "b 2/tcp"));
        assert_eq!(second, Answer::whole(b"b 2/tcp\n".to_vec()));
    }

    #[test]
    fn without_any_file_there_is_a_reason() {
        let answer = services(&Fake::new().fails(FILES[0], Errno::ACCESS));
        assert!(answer.data.is_empty());
        let said = answer.warnings.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(said.len(), 1);
        assert!(said[0].ends_with("/etc/services: Permission denied"), "{said:?}");
    }
}
