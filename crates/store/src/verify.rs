//! A run is verified: each of its files against its checksum and its place.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use netsynth_files::{Shown, is_unfinished};
use serde::Serialize;

use crate::checksum::{Seal, check, check_bytes, is_new_version};
use crate::layout::{is_folder, sealed_by};
use crate::listing::{Listed, list};
use crate::text::read_encoded;
use crate::{Entry, RunFolder, StoreError};

/// A file of a run with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file's path, relative to the run's folder.
    pub path: String,
    /// What is wrong.
    pub problem: FileProblem,
}

/// What can be wrong with a file of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum FileProblem {
    /// Its checksum is not that of its content.
    Damaged,
    /// It was written at this other place of a run.
    Moved(String),
    /// The ends of its lines were changed, and nothing else.
    LineEnds,
    /// It was saved in another encoding, and nothing else was changed.
    Encoding,
    /// No run has a file or folder of this name.
    Stranger,
    /// A folder is in the place of a file.
    IsFolder,
    /// A file is in the place of a folder.
    IsFile,
    /// It has no checksum: another program wrote it, or its checksum is what was changed.
    NoChecksum,
    /// The run has gone on without it.
    Missing,
    /// Plan and trials give another file.
    Differs,
    /// The search never asked for it.
    Unexpected,
    /// The run's list of contents has another file.
    Changed,
    /// It cannot be read, for this reason.
    Unreadable(String),
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileProblem::Damaged => f.write_str("damaged: its checksum is not that of its content"),
            FileProblem::Moved(written) => {
                write!(f, "was written as {written}: it was moved or copied here")
            }
            FileProblem::LineEnds => {
                f.write_str("was changed at the ends of its lines, as git does where core.autocrlf is set")
            }
            FileProblem::Encoding => f.write_str(
                "was saved in another encoding, as editors do: as UTF-16, or with a byte order mark",
            ),
            FileProblem::Stranger => f.write_str("is of no run: another program wrote it, or it is a copy"),
            FileProblem::IsFolder => f.write_str("is a folder, and a run has a file there"),
            FileProblem::IsFile => f.write_str("is a file, and a run has a folder there"),
            FileProblem::NoChecksum => f.write_str("has no checksum: netsynth did not write it like this"),
            FileProblem::Missing => f.write_str("is missing"),
            FileProblem::Differs => f.write_str("is not what the plan and the trials give"),
            FileProblem::Unexpected => f.write_str("is not of this search"),
            FileProblem::Changed => {
                f.write_str("was written anew after the run ended: contents.ron has another digest")
            }
            FileProblem::Unreadable(reason) => f.write_str(reason),
        }
    }
}

/// Compares every file of a run with its checksum: how many there are, and what is wrong with them.
///
/// # Errors
/// The folder cannot be listed, or a file that is no document cannot be read.
pub fn check_files(folder: &RunFolder) -> Result<(usize, Vec<Finding>), StoreError> {
    let mut findings = Vec::new();
    let mut n_files = 0;
    for listed in &list(folder.path())? {
        n_files += usize::from(!listed.is_folder);
        if let Some(problem) = problem_of(listed, folder)? {
            findings.push(finding(folder, &listed.path, problem));
        }
    }
    Ok((n_files, findings))
}

pub(crate) fn finding(folder: &RunFolder, path: &Path, problem: FileProblem) -> Finding {
    Finding { path: relative(folder, path).shown(), problem }
}

pub(crate) fn relative<'a>(folder: &RunFolder, path: &'a Path) -> &'a Path {
    path.strip_prefix(folder.path()).unwrap_or(path)
}

fn problem_of(listed: &Listed, folder: &RunFolder) -> Result<Option<FileProblem>, StoreError> {
    let path = &listed.path;
    if listed.is_odd {
        let reason = "is a link, or lies too deep, and is not followed";
        return Ok(Some(FileProblem::Unreadable(reason.to_owned())));
    }
    let place = relative(folder, path);
    let entry = Entry::parse(place);
    if listed.is_folder {
        return Ok(match entry {
            Some(_) => Some(FileProblem::IsFolder),
            None => (!is_folder(place)).then_some(FileProblem::Stranger),
        });
    }
    // A checksum is looked at with its file; what is unfinished is no part of the run yet.
    if is_unfinished(path) || sealed_by(place).is_some_and(|file| Entry::parse(&file).is_some()) {
        return Ok(None);
    }
    let seal = match entry {
        None if is_folder(place) => return Ok(Some(FileProblem::IsFile)),
        None => return Ok(Some(FileProblem::Stranger)),
        Some(Entry::Lock | Entry::SessionLog(_) | Entry::SessionAttempts(_)) => return Ok(None),
        Some(_) if path.extension().is_some_and(|extension| extension == "ron") => match read_encoded(path) {
            // A changed byte can be one that is no text.
            Err(error) => return Ok(Some(FileProblem::Unreadable(error.reason))),
            Ok((text, encoding)) => check(&text, encoding, place).1,
        },
        Some(_) => check_bytes(path, place)?,
    };
    Ok(match seal {
        Seal::Whole => None,
        Seal::Absent => Some(FileProblem::NoChecksum),
        Seal::Moved(written) => Some(FileProblem::Moved(written)),
        Seal::LineEnds => Some(FileProblem::LineEnds),
        Seal::Encoding => Some(FileProblem::Encoding),
        // Its writer was cut off between the two names, and goes on there.
        Seal::Broken if is_new_version(path) => None,
        Seal::Broken => Some(FileProblem::Damaged),
    })
}

impl RunFolder {
    /// Every file of the run that is one by its name.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn entries(&self) -> Result<BTreeSet<Entry>, StoreError> {
        let files = list(self.path())?.into_iter().filter(|listed| !listed.is_folder && !listed.is_odd);
        Ok(files.filter_map(|listed| Entry::parse(relative(self, &listed.path))).collect())
    }
}
