//! With what a run was made, as its report has it.

use std::path::Path;

use netsynth_files::Shown;
use netsynth_run::Provenance;
use netsynth_store::{Entry, RunFolder};

/// With what and on what a run was made, and a line for what of it cannot be read.
pub(crate) fn environment(folder: &RunFolder, seed: u64, damage: &mut Vec<String>) -> Vec<(String, String)> {
    let mut environment = Vec::new();
    match folder.document::<Provenance>(Entry::Provenance) {
        Ok(provenance) => environment.extend(provenance.into_iter().flat_map(|known| known.described())),
        Err(error) => damage.push(error.to_string()),
    }
    environment.push(("seed".to_owned(), seed.to_string()));
    environment
}

/// The run's name is its folder's.
pub(crate) fn name(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| path.shown(), |name| Path::new(name).shown())
}
