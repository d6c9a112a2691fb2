//! The user database.

use super::services::database;
use super::source::Source;
use netstat_model::Answer;

const FILE: &str = "/etc/passwd";

/// Reads the database unparsed. It is empty, with a warning, if it cannot be read.
pub(super) fn users(source: &dyn Source) -> Answer<Vec<u8>> {
    database(source, &[FILE], "the name of a user")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;

    #[test]
    fn the_file_comes_whole() {
        let fake = Fake::new().file(FILE, "root:x:0:0::/root:/bin/sh\n");
        assert_eq!(users(&fake), Answer::whole(b"root:x:0:0::/root:/bin/sh\n\n".to_vec()));
    }
}
