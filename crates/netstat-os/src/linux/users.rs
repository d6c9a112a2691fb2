//! The user database.

use super::source::Source;
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};

const FILE: &str = "/etc/passwd";

/// Reads the database unparsed. It is empty, with a warning, if it cannot be read.
pub(super) fn users(source: &dyn Source) -> Answer<Vec<u8>> {
    let mut data = Vec::new();
    match source.read(FILE, &mut data) {
        Ok(()) => Answer::whole(data),
        Err(error) => Answer {
            data: Vec::new(),
            warnings: vec![Warning::SourceUnavailable {
                what: "the name of a user",
                reason: format!("{FILE}: {}", words_of(&error)),
            }],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use rustix::io::Errno;

    #[test]
    fn the_file_comes_whole() {
        let fake = Fake::new().file(FILE, "root:x:0:0::/root:/bin/sh\n");
        assert_eq!(users(&fake), Answer::whole(b"root:x:0:0::/root:/bin/sh\n".to_vec()));
    }

    #[test]
    fn without_the_file_there_is_a_reason() {
        let answer = users(&Fake::new().fails(FILE, Errno::ACCESS));
        assert!(answer.data.is_empty());
        let said: Vec<_> = answer.warnings.iter().map(ToString::to_string).collect();
        assert!(
            matches!(said.as_slice(), [line] if line.ends_with("/etc/passwd: Permission denied")),
            "{said:?}"
        );
    }
}
