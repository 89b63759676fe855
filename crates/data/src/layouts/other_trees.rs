//! Trees that look like class folders and are none: a classifier of "train" against "test", or of one person against
//! another, would train without complaint.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use super::ck_plus;
use super::folder::Folder;
use crate::names::{part_of_split, pattern, words};
use crate::{DataError, Expression};

/// A name with a number, such as `S005`, `AF01`, `subject 3` or `p01b`: the letters, then the number.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^([a-z]+)[ _.-]*\d+[a-z]?$"));
/// Letters that stand for people.
const PERSONS: &str = "id man woman male female proband s sub subj subject sbj person people participant actor model user \
    volunteer patient child human identity speaker";
/// Letters that stand for classes.
const CLASSES: &str = "class cls label emotion emo expression category cat type cluster level";

/// Refuses folders that are parts of a split, here or in each of the folders here.
pub(super) fn refuse_parts(folder: &Folder) -> Result<(), DataError> {
    let folders = folder.with_pictures();
    let parts = parts(&folders);
    let refused = || {
        let names = parts.iter().map(|part| part.name.clone()).collect();
        let is_learned = |part: &&&Folder| words(&part.name).iter().any(|word| word.starts_with("tr"));
        let given = parts.iter().find(is_learned).or(parts.first());
        let given = given.filter(|part| part.with_pictures().len() > 1).map(|part| part.path.clone());
        Err(DataError::SplitFolders { path: folder.path.clone(), names, part: given })
    };
    // One folder called "valid" may be a class; a folder that holds class folders is none.
    match parts.as_slice() {
        [] => {}
        [part] if folders.len() > 1 && !is_apart(part, &folders) => {}
        _ => return refused(),
    }
    folders.iter().filter(|inner| holds_parts_of_classes(inner)).try_for_each(|inner| refuse_parts(inner))
}

/// The folders that are parts by their names alone, or of which several differ in the part alone.
fn parts<'a>(folders: &[&'a Folder]) -> Vec<&'a Folder> {
    let beside: Vec<Option<Vec<String>>> = folders.iter().map(|folder| part_of_split(&folder.name)).collect();
    let is_part = |words: &Option<Vec<String>>| match words {
        None => false,
        Some(words) => {
            words.is_empty() || beside.iter().flatten().filter(|other| *other == words).count() > 1
        }
    };
    folders.iter().zip(&beside).filter(|(_, words)| is_part(words)).map(|(folder, _)| *folder).collect()
}

/// Whether a folder holds class folders: by their names, or because no other folder has any like them.
fn is_apart(part: &Folder, folders: &[&Folder]) -> bool {
    let inner = |folder: &Folder| -> BTreeSet<String> {
        folder.with_pictures().iter().map(|inner| inner.name.clone()).collect()
    };
    let others = || folders.iter().filter(|other| other.path != part.path);
    expressions_of_folders(part).len() > 1
        || (inner(part).len() > 1 && others().all(|other| inner(other).is_disjoint(&inner(part))))
}

/// Whether a folder holds two parts of a split with class folders in them: it is a variant of a whole data set.
fn holds_parts_of_classes(folder: &Folder) -> bool {
    parts(&folder.with_pictures()).iter().filter(|part| part.with_pictures().len() > 1).count() > 1
}

/// Refuses folders that are surely people; of those that may be some it says so.
pub(super) fn refuse_people(folder: &Folder) -> Result<Option<String>, DataError> {
    let folders = folder.with_pictures();
    let [first, _, ..] = folders.as_slice() else { return Ok(None) };
    if folders.iter().any(|folder| Expression::of_name(&folder.name).is_some()) {
        return Ok(None);
    }
    let (path, name) = (folder.path.clone(), first.name.clone());
    if let Some(expression) = shared_expressions(&folders).first() {
        return Err(DataError::ExpressionsInside { path, first: name, expression: expression.name() });
    }
    let doubtful = || {
        format!(
            "the folders {}, {} and so on may be people rather than classes: then a network would learn to tell people apart",
            first.name, folders[1].name
        )
    };
    if is_crossed(&folders) {
        return Ok(Some(doubtful()));
    }
    // Classes have numbers too, but seldom such.
    let is_long_number = |name: &str| name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_digit());
    if folders.iter().all(|folder| is_long_number(&folder.name)) {
        return Ok(Some(doubtful()));
    }
    let letters = |folder: &&Folder| Some(NUMBERED.captures(&folder.name)?[1].to_lowercase());
    let Some(letters) = folders.iter().map(letters).collect::<Option<BTreeSet<String>>>() else {
        return Ok(None);
    };
    let is_in = |list: &str| letters.iter().all(|letters| list.split(' ').any(|known| known == letters));
    if is_in(CLASSES) {
        return Ok(None);
    }
    let begins = |folder: &&Folder| {
        let name = folder.name.to_lowercase();
        folder.pictures_below().iter().all(|file| file.name.to_lowercase().starts_with(&name))
    };
    if is_in(PERSONS) || folders.iter().all(begins) {
        return Err(DataError::SubjectFolders { path, first: name });
    }
    Ok(Some(doubtful()))
}

/// Whether all of these folders hold folders of the same names, in words: of the two, one are classes and the other people.
fn is_crossed(folders: &[&Folder]) -> bool {
    let inner = |folder: &Folder| -> BTreeSet<String> {
        let names = folder.with_pictures().into_iter().map(|inner| inner.name.clone());
        names.filter(|name| name.len() > 2 && name.chars().all(char::is_alphabetic)).collect()
    };
    let first = folders.first().map(|folder| inner(folder)).unwrap_or_default();
    first.len() > 1 && folders.iter().all(|folder| inner(folder) == first)
}

/// Expressions that several of these folders have inside, by the names of folders or files, if there are two or more:
/// the folders then divide them by something else, and most often by person.
fn shared_expressions(folders: &[&Folder]) -> Vec<Expression> {
    let mut n_folders: BTreeMap<Expression, usize> = BTreeMap::new();
    for folder in folders {
        let mut inside = expressions_below(folder);
        if inside.is_empty() {
            inside = folder.pictures_below().iter().filter_map(|file| expression_in(&file.name)).collect();
        }
        for expression in inside {
            *n_folders.entry(expression).or_default() += 1;
        }
    }
    let shared: Vec<Expression> =
        n_folders.into_iter().filter(|(_, count)| *count > 1).map(|(expression, _)| expression).collect();
    if shared.len() > 1 { shared } else { Vec::new() }
}

fn expressions_of_folders(folder: &Folder) -> BTreeSet<Expression> {
    folder.with_pictures().iter().filter_map(|inner| Expression::of_name(&inner.name)).collect()
}

/// The expressions that folders in a folder name, however deep.
fn expressions_below(folder: &Folder) -> BTreeSet<Expression> {
    let mut found = expressions_of_folders(folder);
    folder.folders.iter().for_each(|inner| found.extend(expressions_below(inner)));
    found
}

/// The expression that a word of a file's name says.
fn expression_in(name: &str) -> Option<Expression> {
    let stem = Path::new(name).file_stem().map(crate::names::text)?;
    words(&stem).iter().find_map(|word| Expression::of_name(word))
}

/// Refuses pictures that lie in no class folders: all in one folder, whatever it is called.
pub(super) fn refuse_flat(folder: &Folder) -> Result<(), DataError> {
    let flat = match folder.with_pictures().as_slice() {
        [] => folder,
        [only] if folder.pictures().next().is_none() && only.with_pictures().is_empty() => only,
        _ => return Ok(()),
    };
    let pictures: Vec<_> = flat.pictures().collect();
    let Some(first) = pictures.first() else { return Ok(()) };
    let sequences = ck_plus::sequences_named(&pictures);
    if sequences > 0 {
        return Err(DataError::NoLabels { path: flat.path.clone(), sequences });
    }
    let (path, images, example) = (flat.path.clone(), pictures.len(), first.name.clone());
    Err(DataError::NoClassFolders { path, images, example })
}
