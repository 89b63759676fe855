use std::path::PathBuf;

use clap::{Args, Subcommand};
use netsynth_data::synth::{self, SynthOptions};
use netsynth_data::{Crop, DataOptions, Dataset};
use serde_json::json;

use crate::Ending;
use crate::complaint::Complaint;
use crate::words::{say, say_json, table};

/// Look at a data set, or draw a synthetic one.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Draw synthetic expressive faces into a folder, in the official CK+ layout
    ///
    /// Example: netsynth data synth faces --subjects 40
    Synth {
        /// The folder to make
        folder: PathBuf,
        /// How many people
        #[arg(long, default_value_t = SynthOptions::default().subjects)]
        subjects: usize,
        /// Everything drawn is a function of it
        #[arg(long, default_value_t = SynthOptions::default().seed)]
        seed: u64,
        /// Width and height of every frame in pixels
        #[arg(long, default_value_t = SynthOptions::default().side)]
        side: usize,
        /// Frames of each sequence, neutral to peak
        #[arg(long, default_value_t = SynthOptions::default().frames)]
        frames: usize,
        /// Print JSON instead of a sentence
        #[arg(long)]
        json: bool,
    },
    /// Print what a folder of faces holds: classes, subjects, what is skipped and why
    ///
    /// Example: netsynth data show faces
    Show {
        /// The folder
        folder: PathBuf,
        #[command(flatten)]
        options: ReadOptions,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
}

/// How a folder of faces is read.
#[derive(Args, Debug, Clone)]
pub(crate) struct ReadOptions {
    /// How many of the last frames of a labelled CK+ sequence carry its label
    #[arg(long, default_value_t = DataOptions::default().frames)]
    frames: usize,
    /// The part of each image that is kept: none (all of it), centre (the largest square), or
    /// LEFT,TOP,WIDTH,HEIGHT in pixels
    #[arg(long, default_value = "none", value_parser = crop)]
    crop: Crop,
    /// Regular expression whose first group is the subject, matched on file names of class folders
    #[arg(long)]
    subject_pattern: Option<String>,
}

impl ReadOptions {
    /// The options for images of this size.
    pub(crate) fn sized(&self, height: usize, width: usize) -> DataOptions {
        DataOptions {
            height,
            width,
            frames: self.frames,
            crop: self.crop,
            subject_pattern: self.subject_pattern.clone(),
            ..DataOptions::default()
        }
    }
}

fn crop(text: &str) -> Result<Crop, String> {
    match text {
        "none" => Ok(Crop::None),
        "centre" | "center" => Ok(Crop::Centre),
        numbers => {
            let parsed: Result<Vec<u32>, _> =
                numbers.split(',').map(|number| number.trim().parse()).collect();
            match parsed.as_deref() {
                Ok(&[left, top, width, height]) => Ok(Crop::Box { left, top, width, height }),
                _ => Err("give none, centre, or LEFT,TOP,WIDTH,HEIGHT such as 80,20,480,480".to_owned()),
            }
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    match &arguments.command {
        Command::Synth { folder, subjects, seed, side, frames, json } => {
            let options = SynthOptions { subjects: *subjects, seed: *seed, side: *side, frames: *frames };
            let summary = synth::write(folder, &options)?;
            if *json {
                say_json(&summary)?;
            } else {
                say(format!(
                    "{}: {} subjects, {} labelled sequences, {} frames",
                    folder.display(),
                    summary.subjects,
                    summary.sequences,
                    summary.frames
                ))?;
            }
        }
        Command::Show { folder, options, json } => {
            let size = DataOptions::default();
            let dataset = Dataset::load(folder, &options.sized(size.height, size.width))?;
            if *json { show_json(&dataset)? } else { show(&dataset)? }
        }
    }
    Ok(Ending::Done)
}

fn show(dataset: &Dataset) -> Result<(), Complaint> {
    let subjects_of = |class: usize| {
        let counts = dataset.class_by_subject();
        counts.iter().filter(|subject| subject[class] > 0).count()
    };
    let mut rows = table(&["class", "images", "subjects"], 1);
    for (class, (name, count)) in dataset.classes.iter().zip(dataset.class_counts()).enumerate() {
        rows.add_row([name.clone(), count.to_string(), subjects_of(class).to_string()]);
    }
    let layout = dataset.layout.map_or("drawn".to_owned(), |layout| layout.to_string());
    say(format!(
        "{layout}: {} images of {} subjects in {} classes",
        dataset.samples.len(),
        dataset.subjects.len(),
        dataset.classes.len()
    ))?;
    say(rows)?;
    let defects: Vec<_> = dataset.skipped.iter().filter(|skipped| skipped.reason.is_defect()).collect();
    say(format!(
        "skipped: {} unlabelled or neutral, {} unusable",
        dataset.skipped.len() - defects.len(),
        defects.len()
    ))?;
    for skipped in defects {
        say(format!("  {skipped}"))?;
    }
    Ok(())
}

fn show_json(dataset: &Dataset) -> Result<(), Complaint> {
    say_json(&json!({
        "classes": dataset.classes,
        "images": dataset.class_counts(),
        "subjects": dataset.subjects,
        "skipped": dataset.skipped,
        "digest": dataset.digest,
    }))
}
