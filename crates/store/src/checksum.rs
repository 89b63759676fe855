//! Seals: how a change of one bit in a run folder is noticed, and a file that is not where it was written.
//!
//! A RON document ends in a comment with its path in the run's folder and the SHA-256 of all before, so that a file and its
//! seal appear together. Any other file `NAME` has the same in `NAME.sha256` beside it, as `sha256sum -c` reads it. The seals
//! of earlier versions have no path, and the first had none.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use netsynth_files::{Shown, open, unfinished};
use sha2::{Digest, Sha256};

use crate::atomic::{draft, give_name, system};
use crate::layout::checksum_of;
use crate::text::{Encoding, decoded, read_encoded, read_text};
use crate::{Entry, StoreError};

/// How the last line of a document begins.
const MARK: &str = "// sha256 ";
/// How the first line of a checksum beside a file begins.
const FILE_PLACE: &str = "# of ";

/// The most bytes of a file of which line ends are looked at.
const MAX_TEXT: u64 = 16 << 20;

/// What a file's seal says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seal {
    /// It is as it was written.
    Whole,
    /// There is no seal: an earlier version wrote it, or a person.
    Absent,
    /// It was written at another place of a run.
    Moved(String),
    /// It is as it was written but for the ends of its lines.
    LineEnds,
    /// It is the text that was written, saved in another encoding.
    Encoding,
    /// It is not what was written.
    Broken,
}

/// The document with its seal as the last line.
pub(crate) fn sealed(document: &str, place: &Path) -> String {
    format!("{document}{MARK}{} {}\n", in_words(place), sha256(document))
}

/// A text's document without its seal, and what the seal says of it at this place. An editor that saved the text in its own
/// way changed none of it, and is named.
pub(crate) fn check<'a>(text: &'a str, encoding: Encoding, place: &Path) -> (&'a str, Seal) {
    let (document, seal) = check_plain(text, place);
    let fits = |text: &str| matches!(check_plain(text, place).1, Seal::Whole | Seal::Moved(_));
    let seal = match (seal, encoding) {
        (Seal::Broken, Encoding::Plain) if fits(&with_our_line_ends(text)) => Seal::LineEnds,
        (Seal::Broken, Encoding::Other) if fits(&with_our_line_ends(text)) => Seal::Encoding,
        (Seal::Whole | Seal::Moved(_), Encoding::Other) => Seal::Encoding,
        (seal, _) => seal,
    };
    (document, seal)
}

fn check_plain<'a>(text: &'a str, place: &Path) -> (&'a str, Seal) {
    let Some(start) = text.rfind(MARK) else { return (text, Seal::Absent) };
    let document = &text[..start];
    let line = text[start + MARK.len()..].strip_suffix('\n').unwrap_or_default();
    let (written, digest) = match line.split_once(' ') {
        Some((written, digest)) => (Some(written), digest),
        None => (None, line),
    };
    let seal = match written {
        _ if digest != sha256(document) => Seal::Broken,
        Some(written) if !is_at(written, place) => Seal::Moved(written.to_owned()),
        _ => Seal::Whole,
    };
    (document, seal)
}

/// Writes a file that is no document, and its seal. The new ones are whole beside the old ones before either takes its
/// name, so a full disk leaves the old ones; see [`complete`] for a cut between the two.
pub(crate) fn write_bytes(path: &Path, place: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let seal = checksum_of(path);
    draft(path, bytes)?;
    draft(&seal, beside(path, place, &Sha256::digest(bytes)).as_bytes())?;
    give_name(&seal)?;
    give_name(path)
}

/// Gives a file its name if its seal has it already, and removes all else that was not whole when its writer died.
pub(crate) fn complete(path: &Path) -> Result<(), StoreError> {
    let Some(name) = path.to_str().and_then(|path| path.strip_suffix(".unfinished")) else { return Ok(()) };
    if is_new_version(Path::new(name)) {
        return give_name(Path::new(name));
    }
    fs::remove_file(path).map_err(system(path))
}

/// Whether what lies beside a file, not yet with its name, is what the file's seal is of.
pub(crate) fn is_new_version(path: &Path) -> bool {
    let new = unfinished(path);
    let Ok(seal) = read_text(&checksum_of(path)) else { return false };
    digest_of_file(&new).is_ok_and(|digest| seal.contains(&hexadecimal(&digest)))
}

/// The bytes of a file that is no document, if there is one of this name; its seal must fit before it is read. Files of the
/// first versions have none.
pub(crate) fn read_bytes(path: &Path, place: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    if !path.try_exists().map_err(system(path))? {
        return Ok(None);
    }
    refuse(path, check_bytes(path, place)?)?;
    fs::read(path).map(Some).map_err(system(path))
}

/// An error for a seal that does not fit. What has none is let pass.
pub(crate) fn refuse(path: &Path, seal: Seal) -> Result<(), StoreError> {
    let path = path.shown();
    match seal {
        Seal::Whole | Seal::Absent => Ok(()),
        Seal::Moved(written) => Err(StoreError::Moved { path, written }),
        Seal::LineEnds => Err(StoreError::LineEnds { path }),
        Seal::Encoding => Err(StoreError::Encoding { path }),
        Seal::Broken => Err(StoreError::Damaged { path }),
    }
}

/// What the seal of a file that is no document says of it at this place.
pub(crate) fn check_bytes(path: &Path, place: &Path) -> Result<Seal, StoreError> {
    let digest = digest_of_file(path).map_err(system(path))?;
    let beside_it = checksum_of(path);
    if !beside_it.try_exists().map_err(system(&beside_it))? {
        return Ok(Seal::Absent);
    }
    let Ok((found, encoding)) = read_encoded(&beside_it) else { return Ok(Seal::Broken) };
    let unix = with_our_line_ends(&found);
    let (written, line) = match unix.split_once('\n') {
        Some((first, rest)) if first.starts_with(FILE_PLACE) => (Some(&first[FILE_PLACE.len()..]), rest),
        _ => (None, unix.as_str()),
    };
    let is_of = |digest: &[u8]| line == line_of(path, digest);
    if is_of(&digest) {
        return Ok(match written {
            Some(written) if !is_at(written, place) => Seal::Moved(written.to_owned()),
            _ if encoding == Encoding::Other => Seal::Encoding,
            _ if unix != found => Seal::LineEnds,
            _ => Seal::Whole,
        });
    }
    let bytes = netsynth_files::read(path, MAX_TEXT).unwrap_or_default();
    let Ok((text, encoding)) = decoded(bytes) else { return Ok(Seal::Broken) };
    let is_text = is_of(&Sha256::digest(with_our_line_ends(&text)));
    Ok(match encoding {
        Encoding::Other if is_text => Seal::Encoding,
        Encoding::Plain if is_text => Seal::LineEnds,
        Encoding::Other | Encoding::Plain => Seal::Broken,
    })
}

/// A text with the ends of lines that this program writes, of its last line too.
fn with_our_line_ends(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    format!("{}\n", text.trim_end_matches('\n'))
}

/// The content of `NAME.sha256`.
fn beside(path: &Path, place: &Path, digest: &[u8]) -> String {
    format!("{FILE_PLACE}{}\n{}", in_words(place), line_of(path, digest))
}

/// Its line that `sha256sum -c` reads.
fn line_of(path: &Path, digest: &[u8]) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{}  {name}\n", hexadecimal(digest))
}

/// Whether a file that was written at one place is at the other: earlier versions had other names for some.
fn is_at(written: &str, place: &Path) -> bool {
    let entry = Entry::parse(place);
    written == in_words(place) || (entry.is_some() && Entry::parse(Path::new(written)) == entry)
}

/// A path in a run's folder, the same on every system.
pub(crate) fn in_words(place: &Path) -> String {
    let parts: Vec<_> = place.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// SHA-256 of a file of any size.
pub(crate) fn digest_of_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finalize().to_vec()),
            n_bytes => hash.update(&piece[..n_bytes]),
        }
    }
}

/// SHA-256 of bytes in hexadecimal.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// A digest in hexadecimal.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
