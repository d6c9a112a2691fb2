//! The name of this machine.

use super::memory::text_before_zero;
use super::source::{HostName, Question, Source};
use netstat_model::{Error, Operation};
use std::io;

/// Returns the DNS host name without a domain.
pub(super) fn host_name(source: &dyn Source) -> Result<String, Error> {
    let name = source.ask(&Question::HostName(HostName::Short)).and_then(|answer| {
        decode_name(answer.bytes())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is not valid Unicode"))
    });
    name.map_err(|error| Error::new(Operation::ReadHostName, error))
}

/// Decodes zero-terminated UTF-16.
pub(super) fn decode_name(bytes: &[u8]) -> Option<String> {
    text_before_zero(bytes).into_string().ok().filter(|name| !name.is_empty())
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
    fn the_name_ends_at_its_zero() {
        let units: Vec<u16> = "DESKTOP-한글\0junk".encode_utf16().collect();
        assert_eq!(named(&units).unwrap(), "DESKTOP-한글");
        assert_eq!(
            named(&[]).unwrap_err().to_string(),
            "cannot read the name of this machine: it is not valid Unicode"
        );
        assert!(host_name(&Fake::new()).is_err());
    }
}
