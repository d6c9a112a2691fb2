//! The services database, as its file has it.

use super::source::{Question, Source};
use netstat_model::error::words_of;
use netstat_model::{Answer, Warning};

/// Below the folder of the system (`%SystemRoot%\System32`).
pub(super) const FILE: &str = r"drivers\etc\services";

/// The bytes of the database. Empty, with a warning, where it could not be read.
pub(super) fn services(source: &dyn Source) -> Answer<Vec<u8>> {
    match source.ask(&Question::SystemFile(FILE)) {
        Ok(file) => Answer::whole(file.bytes().to_vec()),
        Err(error) => Answer {
            data: Vec::new(),
            warnings: vec![Warning::SourceUnavailable {
                what: "the name of a port",
                reason: format!("{FILE}: {}", words_of(&error)),
            }],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::super::memory::Memory;
    use super::*;

    #[test]
    fn the_file_is_handed_over_as_it_is() {
        let fake = Fake::new().says(Question::SystemFile(FILE), Memory::flat(b"ms-do 7680/TCP\r\n".to_vec()));
        assert_eq!(services(&fake), Answer::whole(b"ms-do 7680/TCP\r\n".to_vec()));
    }

    #[test]
    fn without_the_file_there_is_a_reason() {
        let answer = services(&Fake::new().fails(Question::SystemFile(FILE), 2));
        assert!(answer.data.is_empty());
        let said = answer.warnings[0].to_string();
        assert!(said.contains(FILE), "{said}");
    }
}
