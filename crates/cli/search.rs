use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Mutex;

use clap::Args;
use netsynth_data::{Dataset, Split};
use netsynth_search::{
    Candidate, Evaluator, Event, Found, Measured, Outcome, ParetoFront, SearchPlan, Trial, run as search,
};
use netsynth_space::SearchSpace;
use netsynth_store::{FrontFile, RunFolder, StoreError, next_name};
use netsynth_train::{EpochReport, Stimulus, TrainEvaluator};

use crate::Ending;
use crate::complaint::Complaint;
use crate::data::ReadOptions;
use crate::front;
use crate::networks::{adapted, read, space, space_specs};
use crate::plan::{DataSource, Plan};
use crate::progress::Progress;
use crate::provenance::Provenance;
use crate::variants::train_variants;
use crate::words::{count, percent, say, say_json};
use crate::workers::worker_count;

/// Search a space for small accurate networks and keep a Pareto front.
///
/// Without options: synthetic faces, the emotionnet space around ResNet-20, a budget of minutes on two cores.
///
/// Example: netsynth search --data CK+ --trials 100 --name faces
#[derive(Args)]
pub(crate) struct Arguments {
    /// A plan file, such as the plan.ron of an earlier run; the built-in plan if not given
    #[arg(long)]
    plan: Option<PathBuf>,
    /// The folder of faces; the plan's if not given
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    options: ReadOptions,
    /// Width and height in pixels of the images that networks see; the plan's if not given
    #[arg(long)]
    side: Option<usize>,
    /// A search space file or built-in name; the plan's if not given
    #[arg(long)]
    space: Option<String>,
    /// How many trials to make; the plan's if not given
    #[arg(long)]
    trials: Option<usize>,
    /// The seed of every random draw; the plan's if not given
    #[arg(long)]
    seed: Option<u64>,
    /// Trainings side by side, each on one core; all cores if not given. Changes no result
    #[arg(long)]
    workers: Option<usize>,
    /// The run's name under runs/; search-001 and so on if not given
    #[arg(long)]
    name: Option<String>,
    /// Print the front as JSON instead of a table
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, Complaint> {
    let plan = resolved(arguments)?;
    plan.check()?;
    let workers = worker_count(arguments.workers)?;
    let (space_spec, prototype) = space_specs(&read(&plan.space)?)?;
    let dataset = plan.data.load()?;
    let split = plan.data.split(&dataset)?;
    let prototype = adapted(prototype, dataset.height, dataset.width, dataset.classes.len());
    let space = space(&plan.space, &space_spec, &prototype)?;
    let stimulus = Stimulus::new(&dataset, &split.train(0), &plan.recipe, plan.search.seed);

    let runs = PathBuf::from("runs");
    let name = arguments.name.clone().unwrap_or_else(|| next_name(&runs, "search"));
    let folder = RunFolder::create(&runs.join(name), &plan, &Provenance::new(&dataset))?;
    folder.write_document("search-space.ron", &space_spec)?;
    folder.write_document("prototype.ron", &prototype)?;

    let progress = Progress::new(planned_epochs(&plan));
    greet(&plan, &dataset, &split, &space, &folder, &progress);
    let tell = |trial: usize, rung: usize, fold: usize, report: EpochReport| {
        progress.epoch(&format!("trial {trial:3} rung {rung} fold {fold}"), report);
    };
    let evaluator = Recorded {
        inner: TrainEvaluator {
            space: &space,
            dataset: &dataset,
            split: &split,
            recipe: &plan.recipe,
            rungs: &plan.search.rungs,
            stimulus: &stimulus,
            seed: plan.search.seed,
            device: plan.device,
            tell: &tell,
        },
        folder: &folder,
        trouble: Mutex::new(None),
    };
    let found = follow(&plan, &space, &evaluator, workers, &folder, &progress);
    if let Ok(Some(trouble)) = evaluator.trouble.into_inner() {
        return Err(trouble.into());
    }
    let found = found?;

    let n_rungs = plan.search.rungs.len();
    let front = ParetoFront::of(&found.trials, &plan.search.objectives, &plan.search.indicator, n_rungs);
    let file = FrontFile::new(&front, &found.trials, plan.search.performance);
    folder.write_front(&file)?;
    if front.members.is_empty() {
        progress.finish();
        if arguments.json {
            say_json(&file)?;
        }
        progress.note(nearest_miss(&found.trials, &plan.search));
        return Ok(Ending::Missed);
    }
    let finals = train_variants(&plan, &front, &dataset, &split, workers, &folder, &progress)?;
    progress.finish();
    if arguments.json {
        say_json(&file)?;
    } else {
        front::show(&file)?;
        for (variant, metrics) in &finals {
            say(format!(
                "{variant}: trial {}, {} parameters, {} on validation folds, {} on {} images of held-out subjects",
                metrics.trial,
                count(metrics.cost.parameters),
                percent(metrics.search_accuracy),
                metrics.held_out_accuracy.map_or("not judged".to_owned(), percent),
                metrics.n_held_out_images
            ))?;
        }
    }
    progress.note(format!("written to {}", folder.path().display()));
    Ok(Ending::Done)
}

/// The plan with what the command line asks otherwise.
fn resolved(arguments: &Arguments) -> Result<Plan, Complaint> {
    let mut plan = match &arguments.plan {
        Some(path) => Plan::read(path)?,
        None => Plan::built_in(),
    };
    if let Some(folder) = &arguments.data {
        plan.data.source = DataSource::Folder(folder.clone());
        plan.data.options = arguments.options.sized(plan.data.options.height, plan.data.options.width);
    }
    if let Some(side) = arguments.side {
        (plan.data.options.height, plan.data.options.width) = (side, side);
    }
    if let Some(space) = &arguments.space {
        plan.space.clone_from(space);
    }
    if let Some(n_trials) = arguments.trials {
        plan.search.n_trials = n_trials;
    }
    if let Some(seed) = arguments.seed {
        plan.search.seed = seed;
    }
    Ok(plan)
}

fn greet(
    plan: &Plan,
    dataset: &Dataset,
    split: &Split,
    space: &SearchSpace,
    folder: &RunFolder,
    progress: &Progress,
) {
    progress.note(format!(
        "{}: {} images of {} subjects, {} classes; {} images held out; {} folds",
        folder.path().display(),
        dataset.samples.len(),
        dataset.subjects.len(),
        dataset.classes.len(),
        split.held_out.len(),
        split.folds.len()
    ));
    for skipped in dataset.skipped.iter().filter(|skipped| skipped.reason.is_defect()) {
        progress.note(format!("warning: {skipped}"));
    }
    progress.note(format!(
        "{}: {} decisions, 10^{:.0} networks; {} trials in generations of {}",
        space.name(),
        space.decisions().len(),
        space.decisions().log10_size(),
        plan.search.n_trials,
        plan.search.generation_size
    ));
}

/// The most epochs that the search and its variants can take.
fn planned_epochs(plan: &Plan) -> u64 {
    let SearchPlan { n_trials, generation_size, rungs, .. } = &plan.search;
    let mut epochs = 0;
    let mut left = *n_trials;
    while left > 0 {
        let mut climbing = left.min(*generation_size);
        left -= climbing;
        for rung in rungs {
            epochs += climbing * rung.epochs * rung.folds;
            climbing = (climbing as f64 * rung.keep).ceil() as usize;
        }
    }
    (epochs + 2 * plan.final_epochs) as u64
}

/// Runs the search, writes what it tells and says how it stands.
fn follow(
    plan: &Plan,
    space: &SearchSpace,
    evaluator: &Recorded<'_>,
    workers: NonZeroUsize,
    folder: &RunFolder,
    progress: &Progress,
) -> Result<Found, Complaint> {
    let mut observed: Vec<Trial> = Vec::new();
    let mut trouble: Option<StoreError> = None;
    let mut keep = |result: Result<(), StoreError>| {
        if let Err(error) = result {
            trouble.get_or_insert(error);
        }
    };
    let found = search(space, &plan.search, evaluator, workers, &mut |event| match event {
        Event::Generator(generator) => keep(folder.write_generator(generator)),
        Event::Proposed(candidates) => {
            for candidate in candidates {
                keep(folder.write_candidate(candidate, space));
            }
        }
        Event::Rung { .. } => {}
        Event::Observed(trials) => {
            observed.extend_from_slice(trials);
            let standing = standing(&observed, &plan.search);
            progress.standing(standing.clone());
            let generation = trials.first().map_or(0, |trial| trial.generation);
            progress.note(format!("generation {generation}: {} trials, {standing}", observed.len()));
        }
    });
    match trouble {
        Some(error) => Err(error.into()),
        None => Ok(found?),
    }
}

/// How many trials are feasible, and the best of them.
fn standing(trials: &[Trial], plan: &SearchPlan) -> String {
    let front = ParetoFront::of(trials, &plan.objectives, &plan.indicator, plan.rungs.len());
    let best_seen = trials.iter().filter_map(|trial| Some(trial.latest()?.1)).fold(0.0, f64::max);
    match (front.members.first(), front.members.last()) {
        (Some((_, accurate)), Some((_, small))) => format!(
            "front of {}: best {} with {}, smallest {} at {}",
            front.members.len(),
            percent(accurate.accuracy),
            count(accurate.cost.parameters),
            count(small.cost.parameters),
            percent(small.accuracy)
        ),
        _ => format!("none feasible yet, best accuracy {}", percent(best_seen)),
    }
}

/// What to say when nothing is feasible: who came nearest, and which bound it misses.
fn nearest_miss(trials: &[Trial], plan: &SearchPlan) -> String {
    let n_failed = trials
        .iter()
        .filter(|trial| matches!(trial.outcome(&plan.indicator, plan.rungs.len()), Outcome::Failed(_)))
        .count();
    let nearest = trials
        .iter()
        .filter_map(|trial| match trial.outcome(&plan.indicator, plan.rungs.len()) {
            Outcome::Infeasible(metrics, violation) => Some((trial, metrics, violation)),
            Outcome::Failed(_) | Outcome::Stopped(..) | Outcome::Feasible(_) => None,
        })
        .min_by(|(one, _, a), (other, _, b)| a.total_cmp(b).then(one.number.cmp(&other.number)));
    let failed = if n_failed > 0 { format!(" ({n_failed} trials failed)") } else { String::new() };
    match nearest.and_then(|(trial, metrics, _)| Some((trial, metrics, plan.indicator.worst_miss(&metrics)?)))
    {
        None => format!("nothing is feasible: no trial completed the last rung{failed}"),
        Some((trial, metrics, miss)) => format!(
            "nothing is feasible{failed}. Nearest miss: trial {} with accuracy {} and {} parameters; the binding \
             constraint is {}.\n  help: train longer (rungs), search longer (--trials), or loosen the indicator",
            trial.number,
            percent(metrics.accuracy),
            count(metrics.cost.parameters),
            miss.constraint
        ),
    }
}

/// An evaluator whose answers are written down before anybody hears them.
struct Recorded<'a> {
    inner: TrainEvaluator<'a>,
    folder: &'a RunFolder,
    /// The first time that writing failed.
    trouble: Mutex<Option<StoreError>>,
}

impl Evaluator for Recorded<'_> {
    fn evaluate(&self, candidate: &Candidate, rung: usize) -> Measured {
        let measured = self.inner.evaluate(candidate, rung);
        if let Err(error) = self.folder.write_rung(candidate.trial, rung, &measured)
            && let Ok(mut trouble) = self.trouble.lock()
        {
            trouble.get_or_insert(error);
        }
        measured
    }
}
