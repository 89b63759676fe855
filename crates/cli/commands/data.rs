use std::path::PathBuf;

use clap::{Args, Subcommand};
use netsynth_data::synth::{self, SynthOptions};
use netsynth_data::{DataOptions, Dataset, Layout, Skipped};
use netsynth_files::Shown;
use netsynth_report::{Cell, Column, Table};
use serde_json::json;

use crate::Ending;
use crate::arguments::data::ReadArguments;
use crate::commands::preview;
use crate::output::cautions::by_kind;
use crate::output::print::{Format, count, print, print_json, print_table};
use crate::work::data::load;
use netsynth_run::RunError;

/// How many of the things that were skipped for one reason are named.
const N_EXAMPLES: usize = 3;

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
    /// Print what a set of faces holds: classes by subject, what is skipped and why, what occurs twice
    ///
    /// Example: netsynth data show CK+ --labels eight
    Show {
        /// The folder, or a table of pixels such as ckextended.csv
        data: PathBuf,
        #[command(flatten)]
        options: ReadArguments,
        #[command(flatten)]
        format: Format,
    },
    /// Write pictures of what a network sees: each class as it is judged, and as it is varied in training
    ///
    /// Example: netsynth data preview CK+ look --crop face
    Preview(preview::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    match &arguments.command {
        Command::Synth { folder, subjects, seed, side, frames, json } => {
            let options = SynthOptions { subjects: *subjects, seed: *seed, side: *side, frames: *frames };
            let summary = synth::write(folder, &options)?;
            if *json {
                print_json(&summary)?;
            } else {
                print(format!(
                    "{}: {} subjects, {} labelled sequences, {} frames",
                    folder.shown(),
                    summary.subjects,
                    summary.sequences,
                    summary.frames
                ))?;
            }
        }
        Command::Show { data, options, format } => {
            let mut reading = DataOptions::default();
            options.merge(&mut reading)?;
            let dataset = load(data, &reading)?;
            match format {
                Format { json: true, .. } => show_json(&dataset)?,
                Format { csv: true, .. } => print(table(&dataset).csv())?,
                Format { csv: false, json: false } => show(&dataset)?,
            }
        }
        Command::Preview(arguments) => preview::run(arguments)?,
    }
    Ok(Ending::Done)
}

/// Images of each class by subject, and in all.
fn table(dataset: &Dataset) -> Table {
    let mut rows: Vec<(&str, Vec<usize>)> =
        dataset.subjects.iter().map(String::as_str).zip(dataset.class_by_subject()).collect();
    let n_shown = |class: usize| rows.iter().filter(|(_, counts)| counts[class] > 0).count();
    let shown: Vec<usize> = (0..dataset.classes.len()).map(n_shown).collect();
    rows.push(("all images", dataset.class_counts()));
    if !dataset.subjects.is_empty() {
        rows.push(("all subjects", shown));
    }
    type Counts<'a> = (&'a str, Vec<usize>);
    let mut columns = vec![Column::left("subject", |(name, _): &Counts<'_>| Cell::text(*name))];
    columns.extend(dataset.classes.iter().enumerate().map(|(class, name)| {
        Column::right(name, move |(_, counts): &Counts<'_>| Cell::dotted(counts[class])).named(name)
    }));
    Table::new(&columns, &rows)
}

fn show(dataset: &Dataset) -> Result<(), RunError> {
    print_table(&table(dataset))?;
    let layout = dataset.layout.map_or("drawn".to_owned(), |layout| layout.to_string());
    let people = match dataset.subjects.len() {
        0 => "subjects unknown".to_owned(),
        people => format!("{people} subjects"),
    };
    print(format!(
        "{layout}: {} images, {people}, {} classes",
        count(dataset.samples.len() as u64),
        dataset.classes.len()
    ))?;
    if let Some(layout) = dataset.layout {
        print(format!("coding: {}", layout.coding()))?;
    }
    let empty = dataset.empty_classes();
    if !empty.is_empty() {
        // Class folders bring their own classes; the rest is read by a label set.
        let advice = match dataset.layout {
            Some(Layout::ClassFolders) => "",
            _ => ": another label set (--labels) may fit the data",
        };
        print(format!("no images of {}{advice}", empty.join(", ")))?;
    }
    for (class, subject) in dataset.classes_of_one() {
        print(format!("only {subject} shows {class}: who learns it from others cannot be judged on it"))?;
    }
    dataset.notes.iter().try_for_each(|note| print(format!("note: {note}")))?;
    show_skipped(&dataset.skipped)?;
    if !dataset.several_faces.is_empty() {
        let n_several = count(dataset.several_faces.len() as u64);
        print(format!("several faces, of which the largest is kept: {n_several}"))?;
        for source in dataset.several_faces.iter().take(N_EXAMPLES) {
            print(format!("    {source}"))?;
        }
    }
    show_duplicates(dataset)
}

/// How much was left out for each reason, and examples.
fn show_skipped(skipped: &[Skipped]) -> Result<(), RunError> {
    print(format!("skipped: {}", count(skipped.len() as u64)))?;
    for (kind, all) in by_kind(skipped) {
        print(format!("  {} {kind}", count(all.len() as u64)))?;
        for one in all.iter().take(N_EXAMPLES) {
            print(format!("    {one}"))?;
        }
        if all.len() > N_EXAMPLES {
            print(format!("    and {} more; --json lists all", count((all.len() - N_EXAMPLES) as u64)))?;
        }
    }
    Ok(())
}

/// Which images occur more than once: of no harm within one subject, a leak or a doubt about labels otherwise.
fn show_duplicates(dataset: &Dataset) -> Result<(), RunError> {
    let groups = dataset.duplicates();
    let differ = |group: &[usize], what: &dyn Fn(usize) -> Option<usize>| {
        group.iter().any(|&sample| what(sample) != what(group[0]))
    };
    let subjects: Vec<_> =
        groups.iter().filter(|group| differ(group, &|sample| dataset.samples[sample].subject)).collect();
    let classes: Vec<_> =
        groups.iter().filter(|group| differ(group, &|sample| Some(dataset.samples[sample].class))).collect();
    print(format!(
        "identical images: {}, of which {} under several subjects and {} in several classes",
        groups.len(),
        subjects.len(),
        classes.len()
    ))?;
    let mut doubtful: Vec<&&Vec<usize>> = subjects.iter().chain(&classes).collect();
    doubtful.sort();
    doubtful.dedup();
    for group in doubtful.into_iter().take(N_EXAMPLES) {
        let place = |&sample: &usize| {
            let sample = &dataset.samples[sample];
            format!("{} ({})", sample.source, dataset.classes[sample.class])
        };
        print(format!("  {}", group.iter().map(place).collect::<Vec<_>>().join(" = ")))?;
    }
    Ok(())
}

fn show_json(dataset: &Dataset) -> Result<(), RunError> {
    let name = |&sample: &usize| &dataset.samples[sample].source;
    let duplicates: Vec<Vec<&String>> =
        dataset.duplicates().iter().map(|group| group.iter().map(name).collect()).collect();
    print_json(&json!({
        "layout": dataset.layout,
        "coding": dataset.layout.map(|layout| layout.coding()),
        "classes": dataset.classes,
        "images": dataset.class_counts(),
        "subjects": dataset.subjects,
        "images_by_subject": dataset.class_by_subject(),
        "classes_of_one_subject": dataset.classes_of_one(),
        "notes": dataset.notes,
        "skipped": dataset.skipped,
        "several_faces": dataset.several_faces,
        "duplicates": duplicates,
        "digest": dataset.digest,
    }))
}
