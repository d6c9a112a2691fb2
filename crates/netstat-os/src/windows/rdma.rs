//! RDMA (NetworkDirect). No documented function lists its connections, but the settings of the network adapters tell whether
//! there can be any.

use super::registry::decode_values;
use super::source::{Question, Source};
use super::win32_error::{FILE_NOT_FOUND, is, reason};
use netstat_model::{Answer, Error, Operation, RdmaEndpoint};
use std::io;

/// The setting of an adapter whose driver could do it, and which does not.
const OFF: &str = "0";

/// Returns the endpoints: none where no adapter does RDMA.
///
/// # Errors
/// Where one does, or it is not known.
pub(super) fn endpoints(source: &dyn Source) -> Result<Answer<Vec<RdmaEndpoint>>, Error> {
    let why = match source.ask(&Question::NetworkDirect) {
        // A machine without network adapters.
        Err(error) if is(&error, FILE_NOT_FOUND) => return Ok(Answer::whole(Vec::new())),
        Ok(settings) if decode_values(settings.bytes(), |setting| setting.text() == OFF) == 0 => {
            return Ok(Answer::whole(Vec::new()));
        }
        Ok(_) => "a network adapter does RDMA, and Windows has no documented way to list its connections"
            .to_owned(),
        Err(error) => format!("whether a network adapter does RDMA is unknown: {}", reason(&error)),
    };
    Err(Error::new(Operation::ListRdma, io::Error::new(io::ErrorKind::Unsupported, why)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::{Fake, packed};
    use crate::windows::memory::Memory;

    fn told(settings: Memory) -> Result<usize, String> {
        let answer = endpoints(&Fake::new().says(Question::NetworkDirect, settings));
        answer.map(|answer| answer.data.len()).map_err(|error| error.to_string())
    }

    #[test]
    fn where_no_adapter_does_rdma_there_are_no_connections_and_elsewhere_they_are_unknown() {
        let off: &[u8] = b"0\0\0\0";
        let on: &[u8] = b"1\0\0\0";
        assert_eq!(told(packed(&[])), Ok(0));
        assert_eq!(told(packed(&[("0001", off), ("0007", off)])), Ok(0));
        let refused = told(packed(&[("0001", off), ("0007", on)])).unwrap_err();
        assert!(
            refused.starts_with("cannot list the RDMA resources: a network adapter does RDMA"),
            "{refused}"
        );
        // What is cut off may be an adapter.
        assert!(told(Memory::flat(vec![9, 0, 0])).is_err());
        let missing = endpoints(&Fake::new().fails(Question::NetworkDirect, 2)).unwrap();
        assert_eq!(missing, Answer::whole(Vec::new()));
        let denied = endpoints(&Fake::new().fails(Question::NetworkDirect, 5)).unwrap_err().to_string();
        assert!(denied.contains("is unknown: "), "{denied}");
    }
}
