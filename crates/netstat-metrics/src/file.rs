//! A file that node_exporter reads while it is written.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file, so that who reads it sees the former text or the new one, and never a part. A new file may be read by
/// everybody; one that was there keeps its mode. A link stays, and the file behind it is replaced. What is no file, such as a device
/// or a pipe, is written to.
///
/// # Errors
/// When the system refuses. The former file stays then.
pub fn write_file(file: &Path, text: &[u8]) -> io::Result<()> {
    if file.file_name().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no name of a file"));
    }
    let former = match std::fs::metadata(file) {
        Ok(former) if former.is_file() => Some(former.permissions()),
        Ok(_) => return OpenOptions::new().write(true).open(file)?.write_all(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let behind = if former.is_some() { std::fs::canonicalize(file)? } else { file.to_owned() };
    let file = behind.as_path();
    // Beside it, because only there can it be renamed; node_exporter reads what ends in .prom.
    let mut new = OsString::from(file);
    new.push(format!(".{}.tmp", std::process::id()));
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = create(Path::new(&new)).and_then(|mut file| {
        if let Some(former) = former {
            file.set_permissions(former)?;
        }
        file.write_all(text)?;
        // A machine that goes down leaves no empty file.
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&new, file));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    renamed
}

/// Makes a file that is not there yet, and follows no link.
fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("netstat-metrics-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("netstat.prom");
        write_file(&file, b"one").unwrap();
        write_file(&file, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        // A folder cannot be replaced by a file, and stays.
        let inside = folder.join("folder");
        std::fs::create_dir_all(inside.join("x")).unwrap();
        assert!(write_file(&inside, b"three").is_err());
        assert!(write_file(&folder.join(".."), b"three").is_err());
        let mut names: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["folder", "netstat.prom"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_and_what_a_link_leads_to_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
        let folder = std::env::temp_dir().join(format!("netstat-metrics-link-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("file"), folder.join("link"));
        std::fs::write(&file, b"before").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        write_file(&link, b"after").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"after");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // A link to a device, so that a mistake replaces the link alone.
        let device = folder.join("device");
        symlink("/dev/null", &device).unwrap();
        write_file(&device, b"nothing").unwrap();
        assert!(std::fs::symlink_metadata(&device).unwrap().is_symlink());
        assert!(std::fs::metadata(&device).unwrap().file_type().is_char_device());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
