//! The services database (names of ports), unparsed.

use super::source::{Question, Source};
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};

/// The path of the database below `%SystemRoot%\System32`.
pub(super) const FILE: &str = r"drivers\etc\services";

/// Returns the bytes of the database. Empty, with a warning, if it cannot be read.
pub(super) fn services(source: &dyn Source) -> Answer<Vec<u8>> {
    match source.ask(&Question::SystemFile(FILE)) {
        Ok(file) => Answer::whole(file.bytes().to_vec()),
        Err(error) => {
            let reason = format!("{FILE}: {}", words_of(&error));
            let warning = Warning::SourceUnavailable { what: "the name of a port", reason };
            Answer { data: Vec::new(), warnings: vec![warning] }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::super::memory::Memory;
    use super::*;

    #[test]
    fn the_file_is_returned_unchanged() {
        let fake = Fake::new().says(Question::SystemFile(FILE), Memory::flat(b"ms-do 7680/TCP\r\n".to_vec()));
        assert_eq!(services(&fake), Answer::whole(b"ms-do 7680/TCP\r\n".to_vec()));
    }

    #[test]
    fn a_missing_file_is_a_warning() {
        let answer = services(&Fake::new().fails(Question::SystemFile(FILE), 2));
        assert!(answer.data.is_empty());
        let said = answer.warnings[0].to_string();
        assert!(said.contains(FILE), "{said}");
    }
}
