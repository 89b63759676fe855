use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The ending of a file that is not whole yet.
pub(crate) const UNFINISHED: &str = ".unfinished";

/// How many drafts this process has begun.
static N_DRAFTS: AtomicUsize = AtomicUsize::new(0);

/// Writes a file that somebody named, whole or not at all: until all of it is on the disk, what was there stays. A link is
/// followed to the file that it names; a device or a pipe, such as `/dev/stdout`, is written to.
///
/// # Errors
/// The system refuses.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(io::Error::new(ErrorKind::IsADirectory, "it is not a file"));
        }
        Ok(found) if !found.is_file() => return File::options().write(true).open(path)?.write_all(bytes),
        Ok(_) => {
            // Who may not write to it may not replace it either.
            drop(File::options().append(true).open(path)?);
            fs::canonicalize(path)?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    // Two processes, and two threads of one, can write one file at once: the name of what is not whole yet is each one's own.
    let number = N_DRAFTS.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}-{number}{UNFINISHED}", process::id()));
    let unfinished = target.with_file_name(name);
    draft(&unfinished, bytes, &|| Ok(()))?;
    give_name(&unfinished, &target, &|| Ok(())).inspect_err(|_| {
        let _ = fs::remove_file(&unfinished);
    })
}

/// Writes all of a file under a name that it has until it is whole, and brings it to the disk. `step` is called before each
/// thing that can fail. What has the name is replaced, a link too; what is left of a file that could not be written is
/// removed.
///
/// # Errors
/// The system refuses, or a step does.
pub fn draft(unfinished: &Path, bytes: &[u8], step: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
    fill(unfinished, bytes, step).inspect_err(|_| {
        let _ = step().and_then(|()| fs::remove_file(unfinished));
    })
}

/// Gives a draft its name, and brings the name to the disk. What has the name is replaced, a link too.
///
/// # Errors
/// The system refuses, or a step does.
pub fn give_name(unfinished: &Path, path: &Path, step: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
    step()?;
    fs::rename(unfinished, path)?;
    step()?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn fill(path: &Path, bytes: &[u8], step: &dyn Fn() -> io::Result<()>) -> io::Result<()> {
    step()?;
    // A link of this name would lead elsewhere.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(path)?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    step()?;
    file.write_all(second)?;
    step()?;
    file.sync_all()
}

/// A name is on the disk once its folder is; not every system can sync a folder.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() != ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}

/// The path under which a file of a run is written before it has its name.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(UNFINISHED);
    path.with_file_name(name)
}

/// Whether a file was still being written.
pub fn is_unfinished(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(UNFINISHED)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, clippy::unwrap_used)]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.svg");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let refused = || Err(ErrorKind::StorageFull.into());
        assert!(draft(&unfinished(&path), b"three", &refused).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(write(folder.path(), b"x").unwrap_err().to_string(), "it is not a file");
        assert_eq!(write(&folder.path().join("none/x"), b"x").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(names(folder.path()), ["out.svg"]);
    }

    #[test]
    fn threads_that_write_one_file_at_once_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        std::thread::scope(|scope| {
            for thread in 0..8_u8 {
                let path = &path;
                scope.spawn(move || (0..20).for_each(|_| write(path, &[thread; 1 << 12]).unwrap()));
            }
        });
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == 1 << 12 && bytes.iter().all(|byte| *byte == bytes[0]));
        assert_eq!(names(folder.path()), ["data"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_named_is_followed_and_one_in_the_way_is_not() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("victim"), "mine").unwrap();
        symlink(path("victim"), path("a.unfinished")).unwrap();
        draft(&path("a.unfinished"), b"new", &|| Ok(())).unwrap();
        give_name(&path("a.unfinished"), &path("a"), &|| Ok(())).unwrap();
        assert_eq!(
            (fs::read(path("a")).unwrap(), fs::read(path("victim")).unwrap()),
            (b"new".into(), b"mine".into())
        );
        symlink(path("a"), path("link")).unwrap();
        write(&path("link"), b"through").unwrap();
        assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
        assert_eq!(fs::read(path("a")).unwrap(), b"through");
        write(Path::new("/dev/null"), b"gone").unwrap();
    }
}
