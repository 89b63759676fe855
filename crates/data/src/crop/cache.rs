//! What the detector found, remembered by the image's pixels: a plain table that a person can read and throw away.

use netsynth_files::Shown;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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

pub(crate) struct Cache {
    path: PathBuf,
    n_known: usize,
    faces: Mutex<BTreeMap<String, Faces>>,
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
        Ok(Cache { path, n_known: faces.len(), faces: Mutex::new(faces) })
    }

    /// The faces of an image, by `detect` where they are not known yet.
    pub(crate) fn faces(&self, image: &Image, detect: impl FnOnce() -> Faces) -> Faces {
        let key = key(image);
        let known = || self.faces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(faces) = known().get(&key) {
            return *faces;
        }
        let faces = detect();
        known().insert(key, faces);
        faces
    }

    /// Writes the table, whole or not at all, if there is something new in it. What cannot be written is looked for again
    /// another time: the reason comes back.
    pub(crate) fn close(self) -> Option<String> {
        let faces = self.faces.into_inner().unwrap_or_else(PoisonError::into_inner);
        if faces.len() == self.n_known {
            return None;
        }
        let mut text = format!("{HEADER}\n");
        for (key, Faces { count, largest }) in faces {
            let _ = match largest {
                None => writeln!(text, "{key},{count},,,,"),
                Some(Rectangle { left, top, width, height }) => {
                    writeln!(text, "{key},{count},{left},{top},{width},{height}")
                }
            };
        }
        let draft = self.path.with_extension(format!("{}.draft", std::process::id()));
        let written = fs::create_dir_all(FOLDER)
            .and_then(|()| fs::write(&draft, text))
            .and_then(|()| fs::rename(&draft, &self.path));
        let cause = written.err()?;
        // What was begun, if anything was.
        let _ = fs::remove_file(&draft);
        Some(format!("the faces that were found are not remembered: {}: {cause}", self.path.shown()))
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
