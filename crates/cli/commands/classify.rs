mod classifier;
mod explained;
mod output;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use netsynth_data::{Crop, DataOptions, Preparation, Scratch};
use netsynth_files::{FolderDraft, Shown};
use netsynth_run::{Model, RunError, Usage, model};
use netsynth_search::Count;

use crate::Ending;
use crate::arguments::count::counted;
use crate::arguments::data::{crop, with_margin};
use crate::arguments::workers::worker_count;
use crate::output::print::print_error_line;
use crate::output::progress::print_line;
use crate::work::images::{asked, folder_of};
use crate::work::in_order::in_order;
use classifier::{Classified, Classifier};
use explained::Measure;
pub(crate) use explained::interleaved;
use output::{Form, Output};

/// Say what images show, by a trained network.
///
/// Each image is prepared as those of the training were, and its label and the probability of each class are printed, in the order
/// in which images were given. One that cannot be read, or shows no face where faces are cut out, is named on standard error; the
/// rest is done, and the exit code is 1.
///
/// Example: netsynth classify runs/search-001/variants/nano-b photos --crop face
#[derive(Args)]
pub(crate) struct Arguments {
    /// A trained network: a run's variant, trial or fold, such as runs/nano-b-001/folds/01, or a .netsynth file
    model: PathBuf,
    /// Images, folders of them, or - for standard input: a list of files with one on each line, an image, or PNM images that
    /// follow each other, such as `ffmpeg -f image2pipe -c:v ppm -` writes
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// The part of each image that is looked at: none (all of it), centre (the largest square), face (the largest face
    /// that is found), a file of boxes (a csv with path,x,y,width,height), or LEFT,TOP,WIDTH,HEIGHT in pixels; as in the
    /// training if not given
    #[arg(long, value_parser = crop)]
    crop: Option<Crop>,
    /// What is added on each side of a face or of a file's box, as a share of its side; as in the training, or 0.1 around a
    /// face and 0 around a box where --crop is given
    #[arg(long)]
    margin: Option<f32>,
    /// Write each image as PNG with its label, and a frame around the part that was looked at, into this folder: a new or an
    /// empty one, which appears when all are done
    #[arg(long, value_name = "FOLDER")]
    annotate: Option<PathBuf>,
    /// Write what each label rests on into this folder, which appears when all are done: maps by occlusion and by gradient as
    /// PNG, and measure.csv with what becomes of the label when the pixels that a map names are removed, beside chance
    #[arg(long, value_name = "FOLDER")]
    explain: Option<PathBuf>,
    /// Print comma-separated values, numbers in full, each line as soon as it is known
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print a JSON object on a line for each image, as soon as it is known
    #[arg(long)]
    json: bool,
    /// How many images are worked on side by side; one on each core if not given
    #[arg(long, value_parser = counted(Count::WORKERS))]
    workers: Option<usize>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let model = model(&arguments.model, None, &|_| {})?;
    let usage = usage(arguments, &model)?;
    let images = asked(&arguments.images)?;
    let annotate = arguments.annotate.as_deref().map(begun).transpose()?;
    let explain = arguments.explain.as_deref().map(begun).transpose()?;
    let classifier = Classifier {
        network: &model.network,
        usage: &usage,
        preparation: Preparation::new(&usage.options, folder_of(&arguments.images))?,
        annotate: annotate.as_ref().map(FolderDraft::path),
        explain: explain.as_ref().map(FolderDraft::path),
    };
    let workers = worker_count(arguments.workers);
    let begun = Instant::now();
    let (mut n_done, mut n_unusable) = (0_usize, 0_usize);
    let mut output = Output::begin(form(arguments), &usage.classes)?;
    let mut measure = Measure::default();
    let work = |scratch: &mut Scratch, (number, asked)| classifier.classified(number, asked, scratch);
    in_order((1_u64..).zip(images), workers, Scratch::default, work, |outcome| {
        match outcome? {
            Ok(classified) => {
                n_done += 1;
                measure.add(&classified, &usage.classes);
                output.add(classified)?;
            }
            Err(skipped) => {
                n_unusable += 1;
                print_error_line(format!("unusable: {skipped}"));
            }
        }
        Ok(())
    })?;
    let is_for_people = output.end()?;
    if let (Some(draft), Some(place)) = (annotate, &arguments.annotate) {
        draft.finish().map_err(|cause| cannot_write(place, &cause))?;
    }
    if let (Some(draft), Some(place)) = (explain, &arguments.explain) {
        measure.write(draft.path())?;
        draft.finish().map_err(|cause| cannot_write(place, &cause))?;
        if is_for_people {
            measure.show()?;
        }
    }
    print_line(summary(n_done, n_unusable, begun.elapsed().as_secs_f64(), workers));
    Ok(if n_unusable == 0 { Ending::Done } else { Ending::Missed })
}

fn form(arguments: &Arguments) -> Form {
    match (arguments.csv, arguments.json) {
        (true, _) => Form::Csv,
        (_, true) => Form::Json,
        (false, false) => Form::Table(Vec::new()),
    }
}

/// How the model is used on these images: as in its training, but for what is asked here.
fn usage(arguments: &Arguments, model: &Model) -> Result<Usage, RunError> {
    let mut usage = model.known_usage()?.clone();
    let options = &mut usage.options;
    match &arguments.crop {
        Some(crop) => options.crop = crop.clone(),
        None => refuse_boxes_of_training(options, &arguments.model)?,
    }
    with_margin(&mut options.crop, arguments.margin)?;
    Ok(usage)
}

/// A file that says where the faces of the training are says nothing of others.
fn refuse_boxes_of_training(options: &DataOptions, model: &Path) -> Result<(), RunError> {
    let Crop::Boxes { file, .. } = &options.crop else { return Ok(()) };
    let reason = format!(
        "its images were cut by a file of boxes, {}, which is of the training's images",
        file.shown()
    );
    let remedy = "say how these are cut: --crop FILE.csv with their boxes, --crop face, or --crop none if they are cut already";
    Err(RunError::new(reason, remedy).at(model.shown()))
}

fn begun(folder: &Path) -> Result<FolderDraft, RunError> {
    FolderDraft::begin(folder).map_err(|cause| cannot_write(folder, &cause))
}

fn cannot_write(path: &Path, cause: &std::io::Error) -> RunError {
    let remedy = "give a new or an empty folder that can be written: nothing is overwritten";
    RunError::new(cause.to_string(), remedy).at(path.shown())
}

fn summary(n_done: usize, n_unusable: usize, secs: f64, workers: NonZeroUsize) -> String {
    let unusable = if n_unusable == 0 { String::new() } else { format!("; {n_unusable} unusable") };
    format!(
        "{n_done} images in {secs:.2} s, {:.0} images/s, {workers} at a time{unusable}",
        (n_done + n_unusable) as f64 / secs.max(1e-9)
    )
}
