//! Files of text that somebody names: settings, a policy, lists of addresses.

use netstat_core::error::words_of;
use std::path::Path;

/// What a file says, in UTF-8 if it says by its first bytes that it is UTF-16: Windows PowerShell writes so what is
/// redirected to a file. Anything else is as it is.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map(as_utf8).map_err(|error| words_of(&error))
}

/// The same as text.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub(super) fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        format!("line {line} is not UTF-8: save the file as UTF-8")
    })
}

fn as_utf8(bytes: Vec<u8>) -> Vec<u8> {
    let number: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return bytes,
    };
    let (pairs, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().skip(1).map(|pair| number(*pair)).collect();
    String::from_utf16_lossy(&units).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_powershell_wrote_is_read() {
        let units = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}port = 22 # 포트\r\n".encode_utf16().flat_map(order).collect()
        };
        for bytes in [units(u16::to_le_bytes), units(u16::to_be_bytes)] {
            assert_eq!(String::from_utf8(as_utf8(bytes)).unwrap(), "port = 22 # 포트\r\n");
        }
        assert_eq!(as_utf8(b"\xff\xfea".to_vec()), b"");
        for other in [&b"port = 22"[..], b"\xff", b"", b"\xef\xbb\xbfa"] {
            assert_eq!(as_utf8(other.to_vec()), other);
        }
    }
}
