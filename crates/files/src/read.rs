use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Opens a file that somebody named, to read it. Links are followed; what they lead to must be a regular file: a pipe would
/// be waited for, and a device has no end.
///
/// # Errors
/// There is nothing, something else than a file, or the system refuses.
pub fn open(path: &Path) -> io::Result<File> {
    // Looked at before it is opened: opening a pipe waits for a writer.
    refuse_other(fs::metadata(path)?.file_type())?;
    let file = File::open(path)?;
    refuse_other(file.metadata()?.file_type())?;
    Ok(file)
}

/// The bytes of a file that somebody named, at most so many.
///
/// # Errors
/// Those of [`open`], and one for a file that is larger.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}

/// Whether a file could not be opened or read for want of descriptors, memory or a sound disk: that says nothing of what is
/// in it.
pub fn is_shortage(error: &io::Error) -> bool {
    // ENOMEM, ENFILE, EMFILE and EIO, on every Unix.
    let of_system = error.raw_os_error().is_some_and(|code| cfg!(unix) && [12, 23, 24, 5].contains(&code));
    of_system || error.kind() == ErrorKind::OutOfMemory
}

fn refuse_other(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "it is not a file"))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn only_files_are_opened_and_links_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "text").unwrap();
        symlink(path("file"), path("link")).unwrap();
        symlink(path("nothing"), path("dangling")).unwrap();
        assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        assert_eq!(read(&path("link"), 4).unwrap(), b"text");
        assert_eq!(open(&path("dangling")).unwrap_err().kind(), ErrorKind::NotFound);
        for odd in [path("pipe"), folder.path().to_owned(), "/dev/zero".into()] {
            assert_eq!(open(&odd).unwrap_err().to_string(), "it is not a file");
        }
    }

    #[test]
    fn a_shortage_is_no_property_of_a_file() {
        assert!(is_shortage(&io::Error::from_raw_os_error(24)));
        assert!(!is_shortage(&io::Error::from_raw_os_error(2)));
        assert!(!is_shortage(&io::Error::from(ErrorKind::UnexpectedEof)));
    }
}
