//! The name of this machine.

use super::memory::{text, units};
use super::source::{HostName, Question, Source};
use netstat_model::{Error, Operation};
use std::io;

/// The name as it was given to the machine, without a domain.
pub(super) fn host_name(source: &dyn Source) -> Result<String, Error> {
    let failed = |error| Error::new(Operation::ReadHostName, error);
    let answer = source.ask(&Question::HostName(HostName::Short)).map_err(failed)?;
    decode_name(answer.bytes())
        .ok_or_else(|| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))
}

/// UTF-16, up to the zero after it.
pub(super) fn decode_name(bytes: &[u8]) -> Option<String> {
    let units: Vec<u16> = units(bytes).take_while(|&unit| unit != 0).collect();
    text(&units).into_string().ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::super::memory::Memory;
    use super::*;

    fn named(units: &[u16]) -> Result<String, Error> {
        let bytes = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        host_name(&Fake::new().says(Question::HostName(HostName::Short), Memory::flat(bytes)))
    }

    #[test]
    fn the_name_is_what_windows_says() {
        let units: Vec<u16> = "DESKTOP-한글\0junk".encode_utf16().collect();
        assert_eq!(named(&units).unwrap(), "DESKTOP-한글");
        assert_eq!(
            named(&[]).unwrap_err().to_string(),
            "cannot read the name of this machine: it is not text"
        );
        assert!(host_name(&Fake::new()).is_err());
    }
}
