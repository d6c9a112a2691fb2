//! The services database, as its files have it.

use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};
use std::io;

/// Both are asked, in this order, as glibc does where the vendor keeps its own under `/usr`; for a port that both
/// name the first wins.
const FILES: [&str; 2] = ["/etc/services", "/usr/etc/services"];

/// The bytes of the database. Empty, with a warning, where no file could be read.
pub(super) fn services(source: &dyn Source) -> Answer<Vec<u8>> {
    let mut data = Vec::new();
    let mut file = Vec::new();
    let mut refused: Option<(&str, io::Error)> = None;
    let mut found = false;
    for path in FILES {
        match source.read(path, &mut file) {
            Ok(()) => {
                found = true;
                data.extend_from_slice(&file);
                // A file need not end its last line, and the next must not run into it.
                data.push(b'\n');
            }
            // That the second is not there is the rule; what hindered the first is worth telling.
            Err(error) => refused = refused.or(Some((path, error))),
        }
    }
    let warnings = match refused {
        Some((path, error)) if !found => {
            vec![Warning::SourceUnavailable {
                what: "the name of a port",
                reason: format!("{path}: {}", words_of(&error)),
            }]
        }
        _ => Vec::new(),
    };
    Answer { data, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::{Player, Recorder};

    /// What a system answers that has these files and no others.
    fn on(name: &str, files: &[(&str, Result<&[u8], i32>)]) -> Answer<Vec<u8>> {
        let folder = std::env::temp_dir().join(format!("netstat-services-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let recorder = Recorder::create(&folder).unwrap();
        for (path, answer) in files {
            match answer {
                Ok(bytes) => recorder.add("read", path, Ok(bytes)),
                Err(errno) => recorder.add("read", path, Err(&io::Error::from_raw_os_error(*errno))),
            }
        }
        recorder.finish().unwrap();
        let answer = services(&Player::open(&folder).unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
        answer
    }

    #[test]
    fn both_files_are_read_and_the_first_comes_first() {
        let answer = on("both", &[(FILES[0], Ok(b"a 1/tcp")), (FILES[1], Ok(b"b 2/tcp\n"))]);
        assert_eq!(answer, Answer::whole(b"a 1/tcp\nb 2/tcp\n\n".to_vec()));
    }

    #[test]
    fn one_file_is_enough() {
        assert_eq!(
            on("first", &[(FILES[0], Ok(b"a 1/tcp\n")), (FILES[1], Err(2))]),
            Answer::whole(b"a 1/tcp\n\n".to_vec())
        );
        assert_eq!(
            on("second", &[(FILES[0], Err(2)), (FILES[1], Ok(b"b 2/tcp"))]),
            Answer::whole(b"b 2/tcp\n".to_vec())
        );
    }

    #[test]
    fn without_any_file_there_is_a_reason() {
        let answer = on("none", &[(FILES[0], Err(13)), (FILES[1], Err(2))]);
        assert!(answer.data.is_empty());
        let said = answer.warnings.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(said.len(), 1);
        assert!(said[0].ends_with("/etc/services: Permission denied"), "{said:?}");
    }
}
