//! What a search learns from: earlier runs, and files that were made of them.

use std::path::Path;

use netsynth_files::Shown;
use netsynth_graph::schema;
use netsynth_search::PastSearch;
use netsynth_space::SearchSpace;
use netsynth_store::{LearnedFile, LearnedSearch, read_text};

use crate::{OpenSearch, RunError, open_search};

/// What earlier searches measured, by the folder of a run or a file that `netsynth prior` wrote.
///
/// # Errors
/// It cannot be read, or has no trained trial.
pub fn learned(path: &str) -> Result<LearnedFile, RunError> {
    let place = Path::new(path);
    if place.is_dir() {
        return Ok(LearnedFile::new(vec![of_run(place)?]));
    }
    let remedy = "give the folder of a search, or a file that `netsynth prior RUN... --out FILE` wrote";
    let text = read_text(place).map_err(|error| RunError::new(error.reason, remedy).at(path))?;
    schema::from_ron(&text).map_err(|error| RunError::from(error).with_remedy(remedy).at(path))
}

/// What all of these measured, and what that teaches a search of a space.
pub(crate) fn all_learned(
    paths: &[String],
    space: &SearchSpace,
) -> Result<(LearnedFile, Vec<PastSearch>), RunError> {
    let (mut searches, mut past) = (Vec::new(), Vec::new());
    for path in paths {
        let file = learned(path)?;
        past.extend(file.taught(space).map_err(RunError::about(Path::new(path)))?);
        searches.extend(file.searches);
    }
    Ok((LearnedFile::new(searches), past))
}

fn of_run(path: &Path) -> Result<LearnedSearch, RunError> {
    let OpenSearch { folder, plan, space, .. } = open_search(path)?;
    let past = PastSearch::of(&folder.trials(&space)?, &plan.search);
    if past.trials.is_empty() {
        let error = RunError::new("no network was trained in this run", "learn from one with trained trials");
        return Err(error.at(path.shown()));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(LearnedSearch::new(name, space.decisions(), &past))
}
