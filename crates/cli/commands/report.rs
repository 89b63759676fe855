mod explained;

use std::path::PathBuf;

use clap::Args;
use netsynth_files::Shown;
use netsynth_graph::schema;
use netsynth_report::{Judged, Report, Run, page, predicted};
use netsynth_search::{Screening, Variant};
use netsynth_store::{Entry, FailureFile, RunFolder, RunKind, StoreError};
use netsynth_train::{InheritFrom, Inheritance};

use crate::Ending;
use crate::commands::environment::{environment, name};
use crate::commands::training_report::page_of_training;
use crate::output::print::{count, print, print_to};
use netsynth_run::RunError;
use netsynth_run::worked;
use netsynth_run::{DataSource, Plan};
use netsynth_run::{OpenSearch, open_search};
use netsynth_run::{failed_variant, known_variant};

/// Write a run's report: one HTML file with everything that is known of it.
///
/// Of a search: the trials by accuracy and cost, to be pointed at, chosen and zoomed; the front with its networks drawn; the variants with
/// recall and confusion; faces of held-out people with what their labels rest on, if they are drawn or --explain is given; the audit, if there is one; what the inquisitor felt and predicted; lineage, progress, plan and environment. Of a training
/// on folds: the network drawn, learning curves, folds and classes. The file needs no network and no other file. A run that is unfinished or damaged has a report that says so.
///
/// Example: netsynth report runs/search-001
#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of a search or of a training
    run: PathBuf,
    /// The file to write, anew if it is there; report.html in the run's folder if not given
    #[arg(long)]
    out: Option<PathBuf>,
    /// Put up to twelve faces of held-out people into the report of a search, with what their labels rest on. Faces that
    /// netsynth draws are always in it, those of people only if this is given
    #[arg(long)]
    explain: bool,
    /// Where the run's data are now, if they were moved
    #[arg(long, requires = "explain")]
    data: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let folder = RunFolder::open(&arguments.run)?;
    let html = match folder.kind()? {
        RunKind::Training if arguments.explain => {
            let remedy = "leave --explain out; `netsynth classify RUN/folds/01 IMAGES --explain FOLDER` explains a fold's network";
            let reason = "--explain means something for the run of a search, and this is a training's";
            return Err(RunError::new(reason, remedy).at(arguments.run.shown()));
        }
        RunKind::Training => page_of_training(&folder)?,
        // A comparison is refused there.
        RunKind::Search | RunKind::Comparison => page_of_search(arguments)?,
    };
    let place = match &arguments.out {
        Some(out) => {
            print_to(Some(out), &html)?;
            out.clone()
        }
        None => {
            let ours = RunFolder::resume(folder.path()).map_err(|error| match error {
                StoreError::Locked { .. } => {
                    let remedy =
                        "write the report of so far elsewhere with `--out FILE`, or wait until it is done";
                    RunError::new(error.to_string(), remedy)
                }
                error => error.into(),
            })?;
            ours.write_file(Entry::Report, html.as_bytes())?;
            folder.locate(Entry::Report)
        }
    };
    print(place.shown())?;
    Ok(Ending::Done)
}

fn page_of_search(arguments: &Arguments) -> Result<String, RunError> {
    let search = open_search(&arguments.run)?;
    let OpenSearch { folder, plan, space, .. } = &search;
    let mut run = Run::read(folder, space, &search.problem()?)?;
    let judged = judged(folder, &mut run.damage);
    let moved = arguments.data.as_deref();
    let explained = explained::explained(folder, plan, &judged, arguments.explain, moved, &mut run.damage)?;
    let (audit, damaged) = netsynth_run::known_audit(folder, plan, &run.front);
    run.damage.extend(damaged.iter().map(ToString::to_string));
    let audit = (!audit.is_unbegun()).then_some(audit);
    let mut environment = environment(folder, plan.search.seed, &mut run.damage);
    environment.push((
        "search space".to_owned(),
        format!("{}, {} decisions", space.name(), space.decisions().len()),
    ));
    match worked(folder) {
        Ok((0, _)) => {}
        Ok((n_sessions, secs)) => {
            let sessions = if n_sessions == 1 { "session" } else { "sessions" };
            environment
                .push(("work".to_owned(), format!("{:.1} minutes in {n_sessions} {sessions}", secs / 60.0)));
        }
        Err(error) => run.damage.push(error.to_string()),
    }
    let mut notes = notes(plan, &run, &judged, audit.is_some());
    notes.extend(space.device().map(|device| format!("{}.", predicted(device))));
    Ok(page(&Report {
        name: name(folder.path()),
        plan: &plan.search,
        decisions: space.decisions(),
        notes,
        run,
        judged,
        explained,
        audit,
        sessions: folder.sessions().into_iter().map(|session| folder.attempted(session)).collect(),
        plan_text: schema::to_ron(plan),
        environment,
    }))
}

/// The variants that are trained, and a line for each that cannot be read.
fn judged(folder: &RunFolder, damage: &mut Vec<String>) -> Vec<Judged> {
    let mut judged = Vec::new();
    for variant in Variant::ALL {
        match known_variant(folder, variant) {
            Ok(metrics) => judged.extend(metrics.map(|metrics| Judged {
                variant,
                trial: metrics.trial,
                search_accuracy: metrics.search_accuracy,
                held_out_accuracy: metrics.held_out_accuracy,
                epochs: metrics.epochs,
                inherits: metrics.inherits,
                classes: metrics.classes,
                confusion: metrics.held_out_confusion.0,
            })),
            Err(error) => damage.push(error.to_string()),
        }
        if let Ok(Some(FailureFile { training, reason, .. })) = failed_variant(folder, variant) {
            damage.push(format!("{variant} could not be trained: {training}: {reason}"));
        }
    }
    judged
}

/// What must be known to read the numbers of this run rightly.
fn notes(plan: &Plan, run: &Run, judged: &[Judged], is_audited: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if let DataSource::Synthetic(_) = plan.data.source {
        notes.push(
            "The faces are drawn by netsynth. Accuracies on them compare networks with each other; they say nothing of real \
             faces."
                .to_owned(),
        );
    }
    notes.extend(plan.data.split.caveat().map(|caveat| format!("This run's accuracies are {caveat}.")));
    notes.push(
        "Accuracies of trials are means over validation folds. The front is what was best among many trials by that very \
         number, so it flatters; a variant's accuracy on held-out subjects does not."
            .to_owned(),
    );
    let n_images: usize = judged.first().map_or(0, |judged| judged.confusion.iter().flatten().sum());
    notes.push(if n_images > 0 {
        format!(
            "The {} held-out images were read once, after the search. One image is {:.2} points, and differences of a few \
             images mean nothing.",
            count(n_images as u64),
            100.0 / n_images as f64
        )
    } else if plan.data.held_out > 0.0 || plan.data.outer_fold.is_some() {
        "The held-out subjects have not been read yet: no variant has been judged.".to_owned()
    } else {
        "The plan holds nobody out, so no number here is of people whom the search never saw.".to_owned()
    });
    let folds = plan.search.rungs.last().map_or(0, |rung| rung.folds);
    if folds > 1 {
        notes.push(format!(
            "The last rung trains {folds} of {} folds. Folds share training images, so their accuracies are not independent \
             and vary less than new people would make them.",
            plan.data.n_folds
        ));
    } else {
        notes.push(format!(
            "The last rung trains one of {} folds: a trial's accuracy is of one group of people.",
            plan.data.n_folds
        ));
    }
    notes.push(format!(
        "Each training was done once, with a seed that follows from the run's ({}). How far another seed would move an \
         accuracy was not measured: small differences between trials may be chance.",
        plan.search.seed
    ));
    notes.push(match plan.inheritance {
        None => "Every training, of trials and of variants, begins from scratch: no weights are inherited. The variants train \
                 longer and on all subjects but the held-out ones."
            .to_owned(),
        Some(Inheritance { from, epochs }) => format!(
            "Trials did not begin from scratch: each took over the most salient channels of {}, the prototype was trained for \
             {epochs} epochs before, and a higher rung went on where the lower one ended. So an accuracy of the search is of \
             more epochs than its rungs have. The variants went on with what their trials had learned, on all subjects but the \
             held-out ones, whom no ancestor saw either; an audit (`netsynth audit`) trains from scratch.",
            match from {
                InheritFrom::Prototype => "the trained prototype",
                InheritFrom::Parent => "the trial that it was made from",
            }
        ),
    });
    if is_audited {
        notes.push(
            "The audit's trainings begin from scratch too, with seeds of their own, each on all folds but the one that judges it; \
             no held-out subject is in them, and front and variants were chosen without them."
                .to_owned(),
        );
    }
    let pruned = plan.search.pruning.map_or(String::new(), |confidence| {
        format!(
            ", also where a measured bound of the indicator was out of its reach with a confidence of {confidence}"
        )
    });
    notes.push(format!(
        "A trial that was stopped on a lower rung{pruned} stands in the plot with what that shorter training measured."
    ));
    if let Some(Screening { factor, by }) = plan.search.screening {
        notes.push(format!(
            "Of every {factor} networks that were proposed one was trained, the best by {by} in the place of measured metrics and by \
             the counted objectives: what an untrained network scores low was never given a chance."
        ));
    }
    if run.front.hypervolume.is_some() {
        notes.push(
            "Hypervolume is the share that the front dominates of the room between the indicator's bounds and a network of \
             which every share is 1 and that costs nothing."
                .to_owned(),
        );
    }
    notes
}
