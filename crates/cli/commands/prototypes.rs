use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use clap::Args;
use netsynth_files::Shown;
use netsynth_graph::Shape;

use crate::Ending;
use crate::output::print::{count, print};
use netsynth_run::RunError;
use netsynth_run::networks::{architecture_names, fitted};

/// Write the networks that netsynth knows by name as files, for any image and number of classes.
///
/// Example: netsynth prototypes networks --side 224 --channels 3 --classes 1000
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder to write NAME.ron into; no file is overwritten
    folder: PathBuf,
    /// Width and height in pixels of the images
    #[arg(long, default_value_t = 48)]
    side: usize,
    /// Channels of the images: 1 is gray
    #[arg(long, default_value_t = 1)]
    channels: usize,
    /// How many classes the networks tell apart
    #[arg(long, default_value_t = 7)]
    classes: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let Arguments { folder, side, channels, classes } = arguments;
    let input = Shape { channels: *channels, height: *side, width: *side };
    let cannot = |path: &PathBuf, error: io::Error| {
        let remedy = "give a folder that can be written and has no such file: nothing is overwritten";
        RunError::new(error.to_string(), remedy).at(path.shown())
    };
    let mut files = Vec::new();
    for name in architecture_names() {
        let (text, graph) = fitted(name, input, *classes)?;
        files.push((folder.join(format!("{name}.ron")), text, graph));
    }
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    if let Some((path, ..)) = files.iter().find(|(path, ..)| path.symlink_metadata().is_ok()) {
        return Err(cannot(path, io::Error::new(ErrorKind::AlreadyExists, "it is there already")));
    }
    for (path, text, graph) in files {
        netsynth_files::write(&path, text.as_bytes()).map_err(|error| cannot(&path, error))?;
        print(format!("{}: {} parameters", path.shown(), count(graph.cost().parameters)))?;
    }
    Ok(Ending::Done)
}
