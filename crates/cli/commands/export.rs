mod evidence;
mod photographs;
mod shipment;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use netsynth_export::{OPSET, OPSETS, OnnxOptions, Program, Reads, Sample, c, onnx, rust};
use netsynth_files::{FolderDraft, Shown};
use netsynth_report::dot;
use netsynth_run::{Model, RunError, model, pack};
use netsynth_train::save;

use crate::Ending;
use crate::output::events;
use crate::output::print::{count, print, print_error_line, write_to};
use crate::output::progress::Progress;
use shipment::IntegerCost;

pub(crate) use shipment::{Shipment, interface};

/// Write a trained network for a device or for another program.
///
/// onnx: one file for any runtime, from the pixels of a photograph of any size to its label. c: network.h, network.c and test.c in
/// C99, without heap, library and recursion, all activations in one static arena. rust: a crate without the standard library. safetensors:
/// the weights, batch norm folded. netsynth: all of it in one file that netsynth reads again. dot: the graph for Graphviz.
///
/// What was written is checked against the network: an ONNX model by another program, rten, in process; C and Rust by the
/// steps that they were written from, and each has a test with images of which the logits are known.
///
/// Example: netsynth export runs/search-001/variants/nano-b --to c --int8 --out nano-b-c
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// A trained network: a run's variant, trial or fold, such as runs/nano-b-001/folds/01, a folder of architecture.ron and
    /// weights.safetensors, or a .netsynth file
    model: PathBuf,
    /// What is written
    #[arg(long, value_enum)]
    to: Format,
    /// The file to write, anew if it is there; for c and rust the folder, a new or an empty one
    #[arg(long)]
    out: PathBuf,
    /// Compute in 8-bit integers (onnx and c): weights symmetric for each channel, scales of activations found on images of
    /// the training. The change of accuracy is measured
    #[arg(long)]
    int8: bool,
    /// Write nothing if 8-bit integers cost more than so many percentage points of accuracy, such as 0.5
    #[arg(long, value_name = "POINTS", requires = "int8", value_parser = points)]
    accuracy_loss: Option<f64>,
    /// The version of ONNX's operator set, 13 to 20; 18 if not given
    #[arg(long, value_parser = clap::value_parser!(i64).range(OPSETS.start()..=OPSETS.end()))]
    opset: Option<i64>,
    /// What an ONNX model reads: pixels of a photograph of any size, levels of the network's size, or the numbers that its first
    /// operator does. How that is made of a photograph is said in the model. A photograph if not given, where it is known how
    #[arg(long, value_enum, value_name = "READS")]
    preprocessing: Option<Preprocessing>,
    /// Check nothing against the network
    #[arg(long)]
    no_verify: bool,
    /// Where the run's data are now, if they were moved
    #[arg(long)]
    data: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Onnx,
    C,
    Rust,
    Safetensors,
    Netsynth,
    Dot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preprocessing {
    /// Crop (but for faces), gray, size, normalisation, mirror image and labels are in the model
    Photograph,
    /// Normalisation and labels are in the model
    Levels,
    /// None of it is in the model
    Numbers,
}

/// A share of accuracy in percentage points.
fn points(text: &str) -> Result<f64, String> {
    let points: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (0.0..=100.0).contains(&points) {
        Ok(points)
    } else {
        Err("give 0 to 100 percentage points".to_owned())
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    refuse_what_has_no_meaning(arguments)?;
    let Arguments { to, out, data, .. } = arguments;
    let progress = Progress::new();
    let model = model(&arguments.model, data.as_deref(), &|event| events::show(&progress, event))?;
    progress.finish();
    match to {
        Format::Safetensors => write_file(out, &save(&model.network)?)?,
        Format::Netsynth => write_file(out, &pack(&model)?)?,
        Format::Dot => write_file(out, dot(model.network.graph()).as_bytes())?,
        Format::Onnx => {
            let reads = reads(arguments.preprocessing, &model)?;
            let shipment = shipped(arguments, &model, !matches!(reads, Reads::Photograph { .. }))?;
            let options = OnnxOptions { opset: arguments.opset.unwrap_or(OPSET), reads };
            let bytes = onnx(&shipment.plan, shipment.integers.as_ref(), &shipment.interface, &options);
            if !arguments.no_verify {
                shipment.verify_model(&model, &bytes, &options.reads)?;
            }
            write_file(out, &bytes)?;
        }
        Format::C => {
            write_program(arguments, &model, |Shipment { plan, integers, interface, .. }, samples| {
                c(plan, integers.as_ref(), interface, samples)
            })?
        }
        Format::Rust => write_program(arguments, &model, |Shipment { plan, interface, .. }, samples| {
            rust(plan, interface, samples)
        })?,
    }
    Ok(Ending::Done)
}

/// An option for another format is a mistake, not to be passed over.
fn refuse_what_has_no_meaning(arguments: &Arguments) -> Result<(), RunError> {
    let Arguments { to, int8, opset, preprocessing, .. } = arguments;
    let has_integers = matches!(to, Format::Onnx | Format::C);
    let given = [
        (*int8 && !has_integers, "--int8", "onnx or c"),
        (opset.is_some() && *to != Format::Onnx, "--opset", "onnx"),
        (preprocessing.is_some() && *to != Format::Onnx, "--preprocessing", "onnx"),
    ];
    match given.into_iter().find(|(is_wrong, _, _)| *is_wrong) {
        Some((_, option, formats)) => {
            Err(RunError::new(format!("{option} means something with --to {formats} only"), "leave it out"))
        }
        None => Ok(()),
    }
}

/// What an ONNX model reads: as much of the way from a photograph as is asked for, or known, is in it.
fn reads(asked: Option<Preprocessing>, model: &Model) -> Result<Reads, RunError> {
    match asked {
        None if model.usage.is_none() => Ok(Reads::Numbers),
        None | Some(Preprocessing::Photograph) => {
            let usage = model.known_usage()?;
            Ok(Reads::Photograph { crop: usage.options.crop.clone(), flip_averaging: usage.flip_averaging })
        }
        Some(Preprocessing::Levels) => model.known_usage().map(|_| Reads::Levels),
        Some(Preprocessing::Numbers) => Ok(Reads::Numbers),
    }
}

/// The network planned, with scales if integers are asked for and within the loss that is allowed.
fn shipped(arguments: &Arguments, model: &Model, is_one_way: bool) -> Result<Shipment, RunError> {
    if is_one_way && model.usage.as_ref().is_some_and(|usage| usage.flip_averaging) {
        print_error_line(
            "note: netsynth takes the mean over an image and its mirror image (the recipe's flip_averaging); what is exported looks at \
             the image alone",
        );
    }
    let mut shipment = Shipment::gathered(model, arguments.data.as_deref())?;
    if arguments.int8 {
        let IntegerCost { points, in_words } = shipment.quantise(&model.network)?;
        print(in_words)?;
        // Half a millionth of a point is the arithmetic's.
        if let Some(bound) = arguments.accuracy_loss.filter(|bound| points > bound + 1e-6) {
            return Err(RunError::new(
                format!("8-bit integers cost {points:.2} points of accuracy, and {bound} are allowed"),
                "allow more with --accuracy-loss, or export floats, without --int8",
            ));
        }
    }
    Ok(shipment)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    write_to(path, bytes)?;
    print(format!("{}: {} bytes", path.shown(), count(bytes.len() as u64)))
}

fn refused(place: &Path) -> impl Fn(std::io::Error) -> RunError + '_ {
    |error| {
        RunError::new(error.to_string(), "give a new or an empty folder in one that can be written")
            .at(place.shown())
    }
}

/// Writes the folder of a program, and says what memory that takes.
fn write_program(
    arguments: &Arguments,
    model: &Model,
    write: impl Fn(&Shipment, &[Sample]) -> Program,
) -> Result<(), RunError> {
    let out = arguments.out.as_path();
    let draft = FolderDraft::begin(out).map_err(refused(out))?;
    let shipment = shipped(arguments, model, true)?;
    if !arguments.no_verify {
        shipment.verify_plan(&model.network)?;
    }
    let Program { files, arena_bytes, constant_bytes, transformed_bytes } =
        write(&shipment, &shipment.samples(model));
    for file in &files {
        let path = draft.path().join(&file.path);
        let folder = path.parent().unwrap_or(draft.path());
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, &file.bytes)).map_err(refused(out))?;
    }
    draft.finish().map_err(refused(out))?;
    for file in &files {
        print(format!("{}: {} bytes", out.join(&file.path).shown(), count(file.bytes.len() as u64)))?;
    }
    let more = match transformed_bytes as u64 {
        0 => String::new(),
        bytes => {
            format!("; at most {} bytes more on x86 and 64-bit ARM, for transformed weights", count(bytes))
        }
    };
    print(format!(
        "arena: {} bytes; constants: {} bytes{more}",
        count(arena_bytes as u64),
        count(constant_bytes as u64)
    ))
}
