//! The one walk through a folder of pictures. It sorts what it sees: droppings of file managers are passed over, pictures
//! that are read, pictures of kinds that are not, and all other files. Every layout looks at what it brings back.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use netsynth_files::{is_shortage, open};

use crate::DataError;
use crate::names::{is_dropping, text};

/// More entries than any data set of faces has.
const MAX_ENTRIES: usize = 2_000_000;
/// Endings of pictures that are read.
const READ: &str = "png jpg jpeg jpe jfif jif tif tiff bmp dib pgm ppm pbm pnm";
/// Endings of pictures and films that are not, and of downloads that did not end.
const UNREAD: &str = "part crdownload webp gif heic heif hif avif jp2 j2k jpx jxl tga ico svg psd xcf exr hdr qoi dds pcx \
    raw cr2 cr3 nef arw dng mp4 mov avi mkv webm wmv mpg";
/// Endings of files that lie beside pictures. The beginning of any other file shows what it is.
const DOCUMENTS: &str = "bak tmp orig lnk url txt md csv tsv json xml html htm pdf doc docx xls xlsx ods rtf log ini yaml yml \
    py m mat zip pts";

/// A folder as it was found; a link is followed, but into no folder that it lies in.
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Sorted by name.
    pub(super) folders: Vec<Folder>,
    /// Sorted by name.
    pub(super) files: Vec<File>,
}

/// A file as it was found.
#[derive(Clone)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

/// What a file is by its name, or by its first bytes where the name says nothing.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A picture that is read.
    Picture,
    /// A picture or a film of a kind, such as webp, that is not.
    Unread(String),
    /// Named as a picture, but a pipe or a device.
    NoFile,
    /// Anything else.
    Other,
}

impl Folder {
    /// Walks through the folder at `path`.
    pub(super) fn walk(path: &Path) -> Result<Folder, DataError> {
        let mut walk = Walk { top: path, n_entries: 0, entered: BTreeSet::new() };
        let name = path.file_name().map(text).unwrap_or_default();
        // What can be walked into cannot be refused: it is the top, entered for the first time.
        Ok(walk.enter(name, path)?.unwrap_or_else(|| Folder::empty(path)))
    }

    fn empty(path: &Path) -> Folder {
        Folder { name: String::new(), path: path.to_owned(), folders: Vec::new(), files: Vec::new() }
    }

    /// The pictures that lie in the folder itself, also those that are not read.
    pub(super) fn pictures(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.kind != Kind::Other)
    }

    /// The files in this folder and the folders below it, sorted by path.
    pub(super) fn files_below(&self) -> Vec<&File> {
        let mut found = Vec::new();
        let mut waiting = vec![self];
        while let Some(folder) = waiting.pop() {
            found.extend(&folder.files);
            waiting.extend(&folder.folders);
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// The pictures in this folder and the folders below it, sorted by path.
    pub(super) fn pictures_below(&self) -> Vec<&File> {
        let mut found = self.files_below();
        found.retain(|file| file.kind != Kind::Other);
        found
    }

    /// Whether there is any picture in this folder or below it.
    pub(super) fn has_pictures(&self) -> bool {
        self.pictures().next().is_some() || self.folders.iter().any(Folder::has_pictures)
    }

    /// The folders that count: those with pictures in them or below them.
    pub(super) fn with_pictures(&self) -> Vec<&Folder> {
        self.folders.iter().filter(|folder| folder.has_pictures()).collect()
    }

    /// The folder of one of `names`, which are in lower case.
    pub(super) fn folder(&self, names: &[&str]) -> Option<&Folder> {
        self.folders.iter().find(|folder| names.contains(&folder.name.to_lowercase().as_str()))
    }
}

struct Walk<'a> {
    top: &'a Path,
    n_entries: usize,
    /// The real paths of the folders that the walk is in, so that a link back up ends.
    entered: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    /// What lies in the folder at `path`; nothing if the walk is in it already.
    fn enter(&mut self, name: String, path: &Path) -> Result<Option<Folder>, DataError> {
        let failed = |cause| DataError::Read { path: path.to_owned(), cause };
        let real = fs::canonicalize(path).map_err(failed)?;
        if !self.entered.insert(real.clone()) {
            return Ok(None);
        }
        let mut folder = Folder { name, path: path.to_owned(), folders: Vec::new(), files: Vec::new() };
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = text(&entry.file_name());
            if is_dropping(&name) {
                continue;
            }
            self.n_entries += 1;
            if self.n_entries > MAX_ENTRIES {
                return Err(DataError::TooManyEntries { path: self.top.to_owned(), limit: MAX_ENTRIES });
            }
            let path = entry.path();
            let metadata = fs::metadata(&path);
            if metadata.as_ref().is_ok_and(|metadata| metadata.is_dir()) {
                folder.folders.extend(self.enter(name, &path)?);
            } else {
                // A link that leads nowhere is named when it is opened.
                let is_file = metadata.as_ref().map_or(true, |metadata| metadata.is_file());
                let kind =
                    kind(&path, is_file).map_err(|cause| DataError::Read { path: path.clone(), cause })?;
                folder.files.push(File { name, path, kind });
            }
        }
        self.entered.remove(&real);
        folder.folders.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        folder.files.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        Ok(Some(folder))
    }
}

/// What a file is. An error is a shortage of the system: that says nothing of the file.
fn kind(path: &Path, is_file: bool) -> io::Result<Kind> {
    let ending = path.extension().map(|ending| text(ending).to_lowercase()).unwrap_or_default();
    let is_in = |endings: &str| is_one_of(endings, &ending);
    Ok(match () {
        () if is_in(READ) && !is_file => Kind::NoFile,
        () if is_in(READ) => Kind::Picture,
        () if is_in(UNREAD) => Kind::Unread(ending),
        () if is_in(DOCUMENTS) || !is_file => Kind::Other,
        () => by_first_bytes(path)?.unwrap_or(Kind::Other),
    })
}

fn is_one_of(endings: &str, ending: &str) -> bool {
    endings.split(' ').any(|known| known == ending)
}

/// What a file without a telling name is.
fn by_first_bytes(path: &Path) -> io::Result<Option<Kind>> {
    let mut bytes = Vec::new();
    match open(path).and_then(|file| file.take(16).read_to_end(&mut bytes)) {
        Err(cause) if is_shortage(&cause) => return Err(cause),
        // What cannot be opened shows nothing.
        Err(_) => return Ok(None),
        Ok(_) => {}
    }
    let Ok(format) = image::guess_format(&bytes) else { return Ok(None) };
    // Two letters begin a PNM or a BMP, and many a text.
    if bytes.starts_with(b"P") || bytes.starts_with(b"BM") {
        return Ok(None);
    }
    let ending = format.extensions_str().first();
    Ok(ending.map(
        |ending| {
            if is_one_of(READ, ending) { Kind::Picture } else { Kind::Unread((*ending).to_owned()) }
        },
    ))
}
