//! What the detector found, remembered by the image's pixels: a plain table that a person can read and throw away.

use netsynth_files::Shown;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::DataError;
use crate::cells::Separator;
use crate::crop::Faces;
use crate::digest::hexadecimal;
use crate::image::Image;
use crate::lines::for_each_line;
use crate::rectangle::Rectangle;

/// In the current folder, where a person sees it.
const FOLDER: &str = "face-boxes";
/// Another detector, or another way to ask it, gets another name.
const FILE: &str = "seeta-frontal-1.0.csv";
const HEADER: &str = "sha256 of the gray pixels,faces,x,y,width,height";
const REMEDY: &str = "remove the file: it is written anew, and every face is looked for again";

/// How often what is found is written down, so that no more of it is lost to a Ctrl-C or a kill.
const EVERY: Duration = Duration::from_secs(1);

pub(crate) struct Cache {
    path: PathBuf,
    known: Mutex<Known>,
}

/// What is known, and how much of it the file has.
struct Known {
    faces: BTreeMap<String, Faces>,
    n_written: usize,
    written_at: Instant,
}

impl Cache {
    pub(crate) fn open() -> Result<Cache, DataError> {
        let path = Path::new(FOLDER).join(FILE);
        let mut faces = BTreeMap::new();
        // What may not be read is as good as not there.
        if File::open(&path).is_ok_and(|file| file.metadata().is_ok_and(|metadata| metadata.is_file())) {
            for_each_line(&path, REMEDY, |line, text| {
                if line == 1 {
                    return Ok(());
                }
                let (key, known) = row(text).ok_or_else(|| DataError::Table {
                    path: path.clone(),
                    line,
                    reason: "it is no row that netsynth wrote".to_owned(),
                    remedy: REMEDY,
                })?;
                faces.insert(key, known);
                Ok(())
            })?;
        }
        let known = Known { n_written: faces.len(), faces, written_at: Instant::now() };
        Ok(Cache { path, known: Mutex::new(known) })
    }

    /// The faces of an image, by `detect` where they are not known yet.
    pub(crate) fn faces(&self, image: &Image, detect: impl FnOnce() -> Faces) -> Faces {
        let key = key(image);
        if let Some(faces) = self.known().faces.get(&key) {
            return *faces;
        }
        let faces = detect();
        let mut known = self.known();
        known.faces.insert(key, faces);
        if known.written_at.elapsed() >= EVERY {
            // What cannot be written is said at the end.
            let _ = self.write(&mut known);
        }
        faces
    }

    /// Writes down what is new. What cannot be written is looked for again another time: the reason comes back.
    pub(crate) fn close(self) -> Option<String> {
        let cause = self.write(&mut self.known()).err()?;
        Some(format!("the faces that were found are not remembered: {}: {cause}", self.path.shown()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the table, whole or not at all, if there is something new in it.
    fn write(&self, known: &mut Known) -> io::Result<()> {
        if known.faces.len() == known.n_written {
            return Ok(());
        }
        let mut text = format!("{HEADER}\n");
        for (key, Faces { count, largest }) in &known.faces {
            let _ = match largest {
                None => writeln!(text, "{key},{count},,,,"),
                Some(Rectangle { left, top, width, height }) => {
                    writeln!(text, "{key},{count},{left},{top},{width},{height}")
                }
            };
        }
        let draft = self.path.with_extension(format!("{}.draft", std::process::id()));
        let written = fs::create_dir_all(self.path.parent().unwrap_or(Path::new("")))
            .and_then(|()| fs::write(&draft, text))
            .and_then(|()| fs::rename(&draft, &self.path));
        known.written_at = Instant::now();
        match written {
            Ok(()) => known.n_written = known.faces.len(),
            // What was begun, if anything was.
            Err(_) => drop(fs::remove_file(&draft)),
        }
        written
    }
}

fn row(text: &str) -> Option<(String, Faces)> {
    let [key, count, part @ ..] =
        Separator::COMMA.cells(text).try_into().ok().map(|cells: [Cow<'_, str>; 6]| cells)?;
    let count = count.parse().ok()?;
    let largest = if count == 0 {
        None
    } else {
        let [left, top, width, height] = part.map(|cell| cell.parse::<i32>().ok().map(i64::from));
        let part = Rectangle { left: left?, top: top?, width: width?, height: height? };
        (part.width > 0 && part.height > 0).then_some(Some(part))?
    };
    Some((key.into_owned(), Faces { count, largest }))
}

fn key(image: &Image) -> String {
    let mut hash = Sha256::new();
    hash.update(image.width.to_le_bytes());
    hash.update(image.height.to_le_bytes());
    hash.update(&image.gray);
    hexadecimal(hash)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_was_found_is_written_down_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FOLDER).join(FILE);
        let before = Instant::now().checked_sub(EVERY).unwrap();
        let known = Known { faces: BTreeMap::new(), n_written: 0, written_at: before };
        let cache = Cache { path: path.clone(), known: Mutex::new(known) };
        let image = |level| Image { width: 1, height: 1, gray: vec![level], colours: None };
        let n_rows = || fs::read_to_string(&path).map_or(0, |text| text.lines().count() - 1);
        cache.faces(&image(1), || Faces { count: 0, largest: None });
        assert_eq!(n_rows(), 1);
        // Not for each face.
        cache.faces(&image(2), || Faces { count: 0, largest: None });
        assert_eq!(n_rows(), 1);
        assert_eq!(cache.close(), None);
        assert_eq!(n_rows(), 2);
    }
}
