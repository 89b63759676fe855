use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use crate::Ending;
use crate::output::print::print;
use netsynth_files::Shown;
use netsynth_run::RunError;

/// Write the manual: a page for each command, for `man`.
///
/// Example: netsynth man ~/.local/share/man/man1
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder for netsynth.1, netsynth-search.1 and so on; pages that are there are replaced
    folder: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let folder = &arguments.folder;
    let refused = |error: std::io::Error| {
        let remedy = "give a folder that can be written";
        RunError::new(error.to_string(), remedy).at(folder.shown())
    };
    fs::create_dir_all(folder).map_err(refused)?;
    let mut program = crate::Arguments::command();
    program.build();
    let n_pages = write(&program, folder).map_err(refused)?;
    print(format!("{n_pages} pages in {}", folder.shown()))?;
    Ok(Ending::Done)
}

/// Writes the page of a command and of each below it; how many there are.
fn write(command: &Command, folder: &Path) -> std::io::Result<usize> {
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    netsynth_files::write(&folder.join(page.get_filename()), &text)?;
    let below = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    let written = below.map(|below| write(below, folder)).collect::<std::io::Result<Vec<usize>>>()?;
    Ok(1 + written.iter().sum::<usize>())
}
