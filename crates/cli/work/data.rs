use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use netsynth_data::{DataOptions, Dataset};
use netsynth_run::RunError;

use crate::output::progress::is_live;

/// Reads a data set with a progress bar.
pub(crate) fn load(path: &Path, options: &DataOptions) -> Result<Dataset, RunError> {
    let bar = if is_live() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style =
        ProgressStyle::with_template("{bar:24.cyan/blue} {pos}/{len} images read  {eta_precise} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let dataset = Dataset::load_with(path, options, &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    Ok(dataset?)
}
