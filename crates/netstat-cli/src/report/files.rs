//! Files named by the user: settings, a policy, address lists, geo databases.

use super::rights;
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::system::io_error;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write as _};
use std::path::Path;

/// The maximum size of a text file in bytes; nobody writes one that long by hand.
const MOST_TEXT: u64 = 16 << 20;

/// The maximum size of a list in bytes; the largest published ones are less than a quarter of it.
const MOST_LIST: u64 = 128 << 20;

/// The maximum size of a database in bytes; the largest published ones are less than a quarter of it.
const MOST_DATA: u64 = 1 << 30;

/// Reads a data file.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn data(path: &Path) -> Result<Vec<u8>, Text> {
    up_to(MOST_DATA, path)
}

/// Limits the size, because a named file may be a pipe without an end. A device is refused before it is read.
fn up_to(most: u64, path: &Path) -> Result<Vec<u8>, Text> {
    rights::may_open_what_the_user_names()?;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| io_error(&error))?;
    if is_device(&file) {
        return Err(both!(
            "it is a device: name a file or a pipe",
            "장치입니다. 파일이나 파이프를 지정하세요"
        ));
    }
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| io_error(&error))?;
    if bytes.len() as u64 > most {
        return Err(both!(
            "it has more than {most} MiB: name another file",
            "{most} MiB보다 큽니다. 다른 파일을 지정하세요",
            most = most >> 20
        ));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_device(file: &File) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = file.metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_char_device() || kind.is_block_device())
}

#[cfg(not(unix))]
fn is_device(_: &File) -> bool {
    false
}

/// Writes a new file that only its owner may read.
///
/// # Errors
/// Why it cannot be written. One that is there already stays as it is.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), Text> {
    rights::may_open_what_the_user_names()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            both!("it is there already: give another name", "이미 있는 파일입니다. 다른 이름을 쓰세요")
        }
        _ => io_error(&error),
    })
}

/// Reads a list. It is UTF-8, or UTF-16 if it begins with a byte order mark: Windows PowerShell redirects output
/// like that.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn list(path: &Path) -> Result<Vec<u8>, Text> {
    up_to(MOST_LIST, path).map(as_utf8)
}

/// Reads a text file in the same way.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub(super) fn text(path: &Path) -> Result<String, Text> {
    String::from_utf8(as_utf8(up_to(MOST_TEXT, path)?)).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        both!(
            "line {line} is not UTF-8: save the file as UTF-8",
            "{line}번째 줄이 UTF-8이 아닙니다. UTF-8로 저장하세요",
            line = line.to_string()
        )
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
    fn a_file_that_is_too_long_is_not_read_to_its_end() {
        let file = std::env::temp_dir().join(format!("netstat-too-long-{}", std::process::id()));
        std::fs::write(&file, b"12345").unwrap();
        let read = [up_to(5, &file), up_to(4, &file)];
        std::fs::remove_file(&file).unwrap();
        assert_eq!(
            read,
            [
                Ok(b"12345".to_vec()),
                Err(Text::fixed(
                    "it has more than 0 MiB: name another file",
                    "0 MiB보다 큽니다. 다른 파일을 지정하세요"
                ))
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_an_end_is_not_read() {
        for read in [text("/dev/zero".as_ref()).err(), list("/dev/zero".as_ref()).err()] {
            assert_eq!(read.unwrap().english(), "it is a device: name a file or a pipe");
        }
    }

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
