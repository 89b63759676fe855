//! The images that a command is asked about: files, folders of them, and standard input.

use std::fs::Metadata;
use std::io::{BufRead, BufReader, Read, Stdin, stdin};
use std::iter;
use std::path::{Path, PathBuf};

use netsynth_data::{Beginning, DataError, Image, NoImage, SkipReason, Skipped, pictures_in};
use netsynth_run::RunError;

/// The longest name of a file in a list, in bytes.
const MAX_LINE: u64 = 1 << 16;
/// The most bytes of an image in standard input.
const MAX_IMAGE: u64 = 512 << 20;

/// An image that is asked about.
pub(crate) struct Asked {
    /// What it is called.
    pub(crate) name: String,
    /// What a file of boxes calls it: its path in the folder that was given.
    pub(crate) inside: String,
    source: Source,
}

enum Source {
    File(PathBuf),
    /// A frame of a stream, which can only be decoded one after the other.
    Frame(Result<Image, NoImage>),
    Bytes(Vec<u8>),
}

impl Asked {
    fn file(path: PathBuf, folder: &Path) -> Self {
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        Self {
            name: path.display().to_string(),
            inside: inside.display().to_string(),
            source: Source::File(path),
        }
    }

    fn of_input(name: String, source: Source) -> Self {
        Self { inside: name.clone(), name, source }
    }

    /// Decodes it, or says what is wrong with it. An error is a shortage of the system, which says nothing of it.
    pub(crate) fn image(&mut self) -> Result<Result<Image, Skipped>, RunError> {
        let image = match std::mem::replace(&mut self.source, Source::Bytes(Vec::new())) {
            Source::File(path) => Image::read(&path),
            Source::Frame(image) => image,
            Source::Bytes(bytes) => Image::decode(&bytes),
        };
        match image {
            Ok(image) => Ok(Ok(image)),
            Err(NoImage::Unusable(reason)) => {
                Ok(Err(Skipped { path: self.name.clone(), reason: SkipReason::BadImage(reason) }))
            }
            Err(NoImage::Shortage(cause)) => {
                Err(DataError::Read { path: PathBuf::from(&self.name), cause }.into())
            }
        }
    }
}

/// The images that the arguments name, one after the other; `-` is standard input.
pub(crate) type Images = Box<dyn Iterator<Item = Asked> + Send>;

/// The images that the arguments name. Folders are walked now; standard input is read as it comes.
pub(crate) fn asked(arguments: &[PathBuf]) -> Result<Images, RunError> {
    let mut all: Images = Box::new(iter::empty());
    for argument in arguments {
        let next: Images = if argument.as_os_str() == "-" {
            from_input()?
        } else if argument.metadata().as_ref().is_ok_and(Metadata::is_dir) {
            let pictures = pictures_in(argument)?;
            if pictures.is_empty() {
                let error = RunError::new("no images in it", "give a folder of images, or images");
                return Err(error.at(argument.display().to_string()));
            }
            let folder = argument.clone();
            Box::new(pictures.into_iter().map(move |path| Asked::file(path, &folder)))
        } else {
            Box::new(iter::once(Asked::file(argument.clone(), Path::new(""))))
        };
        all = Box::new(all.chain(next));
    }
    Ok(all)
}

/// The only folder among the arguments: a file of boxes may list images from there.
pub(crate) fn folder_of(arguments: &[PathBuf]) -> &Path {
    match arguments {
        [folder] if folder.is_dir() => folder,
        _ => Path::new(""),
    }
}

/// Standard input: frames that follow each other, one image, or a list of files with one on each line.
fn from_input() -> Result<Images, RunError> {
    let mut input = BufReader::new(stdin());
    let cannot = |cause: std::io::Error| {
        RunError::new(format!("standard input: {cause}"), "give an image, or a list of files")
    };
    Ok(match Beginning::of(input.fill_buf().map_err(cannot)?) {
        Beginning::Frames => Box::new(frames(input)),
        Beginning::Image => {
            let mut bytes = Vec::new();
            input.take(MAX_IMAGE).read_to_end(&mut bytes).map_err(cannot)?;
            Box::new(iter::once(Asked::of_input("-".to_owned(), Source::Bytes(bytes))))
        }
        Beginning::Text => Box::new(listed(input)),
    })
}

/// Where a broken frame ends cannot be known: it is the last.
fn frames(mut input: BufReader<Stdin>) -> impl Iterator<Item = Asked> {
    let mut is_broken = false;
    (1_u64..).map_while(move |number| {
        if is_broken {
            return None;
        }
        let frame = Image::next_frame(&mut input).transpose()?;
        is_broken = frame.is_err();
        Some(Asked::of_input(format!("frame {number}"), Source::Frame(frame)))
    })
}

/// A file for each line, as it comes; empty lines are passed over.
fn listed(mut input: BufReader<Stdin>) -> impl Iterator<Item = Asked> {
    iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            // Standard input that cannot be read any more has ended.
            let n_read = (&mut input).take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
            if n_read == 0 {
                return None;
            }
            let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
            line.truncate(end);
            if !line.is_empty() {
                return Some(Asked::file(path_of(line), Path::new("")));
            }
        }
    })
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;

    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}
