use std::path::PathBuf;

use clap::Args;
use netsynth_graph::schema;
use netsynth_run::{RunError, learned};
use netsynth_store::LearnedFile;

use crate::Ending;
use crate::output::print::print_to;

/// Gather what searches of one space measured into a file, for later searches to learn from.
///
/// A search with `--learn-from FILE` begins with what they know of the space, on whatever data that was: which of two networks is
/// better carries over more than how good it is, and how much more is learned as trials come in.
///
/// Example: netsynth prior runs/digits runs/faces --out prior.ron
#[derive(Args)]
pub(crate) struct Arguments {
    /// Folders of searches, and files that this command wrote
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// The file to write, anew if it is there; standard output if not given
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let files: Result<Vec<LearnedFile>, RunError> = arguments.runs.iter().map(|run| learned(run)).collect();
    let searches = files?.into_iter().flat_map(|file| file.searches).collect();
    print_to(arguments.out.as_deref(), &schema::to_ron(&LearnedFile::new(searches)))?;
    Ok(Ending::Done)
}
