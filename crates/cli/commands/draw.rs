use std::path::PathBuf;

use clap::Args;
use netsynth_report::{dot, drawing};

use crate::Ending;
use crate::commands::front::plot;
use crate::output::print::print_to;
use netsynth_run::RunError;
use netsynth_run::networks::{architecture, read};

/// Draw an architecture as the paper's Figure 1 is drawn.
///
/// Layers stand along a line in execution order, as bars as high as they have channels, on a band for each resolution;
/// what sums read from farther back arrives by lanes above the line. The picture is SVG and follows the light or dark
/// of whoever looks; `--dot` writes the same network for Graphviz.
///
/// Example: netsynth draw nano-b --out nano-b.svg
#[derive(Args)]
pub(crate) struct Arguments {
    /// A file with an architecture, such as a trial's architecture.ron, or a built-in name: resnet20, nano-b,
    /// nano-a-class, resnet8, ds-cnn, resnet50, mobilenet-v1, efficientnet-b0, micro-exp-net
    architecture: String,
    /// Write for Graphviz instead of SVG
    #[arg(long)]
    dot: bool,
    /// The file to write, anew if it is there: a picture ends in .svg or .png; standard output if not given
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let (_, graph) = architecture(&read(&arguments.architecture)?)?;
    match &arguments.out {
        // What Graphviz reads is no picture yet, whatever the file is called.
        out if arguments.dot => print_to(out.as_deref(), &dot(&graph))?,
        None => print_to(None, &drawing(&graph))?,
        Some(path) => plot::write(path, &plot::format(path)?, &drawing(&graph))?,
    }
    Ok(Ending::Done)
}
