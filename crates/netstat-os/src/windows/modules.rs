//! The module that made a socket, from `GetOwnerModuleFromTcpEntry` and related functions.

use super::memory::{Memory, u64_at};
use super::source::{Question, Source};
use netstat_model::{Family, Transport};

/// Returns the name of the module: a service, another component, or the executable. `None` if Windows does not report it,
/// for instance for processes that have ended or are protected.
pub(super) fn module(
    source: &dyn Source,
    protocol: Transport,
    family: Family,
    row: &[u8],
) -> Option<Box<str>> {
    decode_module(&source.ask(&Question::OwnerModule(protocol, family, row.into())).ok()?)
}

/// Decodes a `TCPIP_OWNER_MODULE_BASIC_INFO`: pointers to the name and to the path of the module.
#[doc(alias = "TCPIP_OWNER_MODULE_BASIC_INFO")]
pub(super) fn decode_module(answer: &Memory) -> Option<Box<str>> {
    let name = answer.text_at(u64_at(answer.bytes(), 0)?)?;
    let name = name.to_string_lossy();
    (!name.is_empty()).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::mem::offset_of;
    use windows_sys::Win32::NetworkManagement::IpHelper::TCPIP_OWNER_MODULE_BASIC_INFO;

    #[test]
    fn the_first_pointer_leads_to_the_name() {
        assert_eq!(offset_of!(TCPIP_OWNER_MODULE_BASIC_INFO, pModuleName), 0);
        let mut bytes = [0x1010u64.to_le_bytes(), 0x1020u64.to_le_bytes()].concat();
        bytes.extend("RpcSs\0".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(decode_module(&Memory::new(0x1000, bytes.clone())).as_deref(), Some("RpcSs"));
        assert_eq!(decode_module(&Memory::new(0x2000, bytes)), None);
        assert_eq!(decode_module(&Memory::new(0x1000, vec![0; 16])), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(address: u64, bytes: Vec<u8>) {
            let _ = decode_module(&Memory::new(address, bytes));
        }
    }
}
