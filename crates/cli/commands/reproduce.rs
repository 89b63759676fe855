mod nested;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use netsynth_graph::{ArchitectureSpec, Graph, schema};
use netsynth_run::networks::{Source, read};
use netsynth_run::{
    CrossValidation, Plan, RunError, Search, TrainPlan, begun_or_reopened, found_networks, paper_plan,
    refuse_other,
};
use netsynth_search::{Count, Variant};
use netsynth_store::{NewRun, RunFolder};
use netsynth_train::Recipe;

use crate::arguments::count::counted;
use crate::arguments::training::TrainingArguments;
use crate::arguments::workers::WorkerArguments;
use crate::commands::table_1::{self, Measured};
use crate::output::events;
use crate::output::print::{Format, Output, print};
use crate::output::progress::Progress;
use crate::work::device::of_search;
use crate::work::search::{cores, limit_to, work_on};
use crate::work::training::{train_on_folds, trained};
use crate::{Ending, interrupt};

/// Epochs of each training and networks of the search, if none are asked for.
const N_EPOCHS: usize = 200;
const N_TRIALS: usize = 60;

/// Of a budget, Nano-B's epochs whose price each network may have at most: small networks that are trained longer win at equal compute.
const N_EPOCHS_OF_BUDGET: usize = 30;

/// Rerun the paper's measurement: its recipe and protocol, measured beside published.
///
/// Of a network: ten subject-wise folds, 200 epochs, the recipe as published, unless asked otherwise. The interval is
/// Student's t at 95 % over folds and seeds; folds share training images, so it is narrower than independent measurements
/// would give.
///
/// Of the whole paper: `reproduce paper` searches the space `emotionnet` under the paper's indicator (accuracy at least 92 %, at
/// most a million parameters) with a fifth of the subjects held out, trains nano-a and nano-b as found on the folds of all subjects, and
/// prints them in Table 1. Each network has the multiply-accumulates that Nano-B takes in `--epochs`, so smaller ones are trained
/// for more epochs, 3,000 at most. With `--budget` that is what Nano-B takes in 30 epochs, or less. Repeated with the same options it goes on where it was stopped.
///
/// With `--nested` the whole search is run inside each of the protocol's folds, by people of the others alone, and nano-b of each is judged
/// by the fold that its search never saw: the mean is what the procedure reaches, without what choosing adds.
///
/// Example: netsynth reproduce nano-b --data CK+ --seeds 3
///
/// Example: netsynth reproduce paper --data CK+ --recipe strong --budget 2h
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// nano-a (the interpolated stand-in: its widths are not published), nano-b, resnet20, another built-in name or file, or
    /// paper
    network: String,
    /// Epochs of each training; 200 if not given. The schedule keeps its shape
    #[arg(long, value_parser = counted(Count::EPOCHS))]
    epochs: Option<usize>,
    /// How many times the folds are trained, each with another seed from `--seed` on; 1 if not given
    #[arg(long, value_parser = counted(Count::SEEDS))]
    seeds: Option<usize>,
    /// How many networks the search of `reproduce paper` tries; 60 if not given
    #[arg(long, value_parser = counted(Count::TRIALS))]
    trials: Option<usize>,
    /// How long `reproduce paper` may take in all, such as 2h: the speed of this machine is measured, and trainings are as many and as
    /// long as that pays for
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with_all = ["trials", "epochs"])]
    budget: Option<Duration>,
    /// Run the whole search of `reproduce paper` once for each of the protocol's folds, without that fold, and judge what it finds by
    /// it: what the procedure is worth on people whom nothing has seen
    #[arg(long)]
    nested: bool,
    #[command(flatten)]
    training: TrainingArguments,
    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    interrupt::listen()?;
    let workers = &arguments.training.workers;
    let network = match arguments.network.as_str() {
        "paper" => return paper(arguments, workers),
        "nano-a" => "nano-a-class",
        name => name,
    };
    for (option, is_given) in [
        ("--trials", arguments.trials.is_some()),
        ("--budget", arguments.budget.is_some()),
        ("--nested", arguments.nested),
    ] {
        if is_given {
            let error = RunError::new(
                "it is for `reproduce paper` alone",
                "leave it out, or give `paper` as the network",
            );
            return Err(error.at(option));
        }
    }
    let source = read(network)?;
    let plan = asked(arguments, &source)?;
    plan.check()?;
    if arguments.training.dry_run {
        print(schema::to_ron(&plan).trim_end())?;
        return Ok(Ending::Done);
    }
    let progress = Progress::new();
    let training = CrossValidation::new(&source, plan, &|event| events::show(&progress, event))?;
    let folder = training.begin(arguments.training.name.as_deref())?;
    train_on_folds(&training, &folder, workers, Output::asked(arguments.format), &progress)
}

/// The training of a network as the options ask.
fn asked(arguments: &Arguments, network: &Source) -> Result<TrainPlan, RunError> {
    let (epochs, n_seeds) = (arguments.epochs.unwrap_or(N_EPOCHS), arguments.seeds.unwrap_or(1));
    arguments.training.plan(network, Recipe::paper(), epochs, n_seeds)
}

/// Epochs of Nano-B that each network's training may cost, and how many networks are tried.
fn price(arguments: &Arguments) -> (usize, usize) {
    let usual = if arguments.budget.is_some() { N_EPOCHS_OF_BUDGET } else { N_EPOCHS };
    (arguments.epochs.unwrap_or(usual), arguments.trials.unwrap_or(N_TRIALS))
}

/// Searches, trains what was found on the protocol's folds, and prints Table 1. What is there already is kept.
fn paper(arguments: &Arguments, workers: &WorkerArguments) -> Result<Ending, RunError> {
    let Arguments { training: options, format, .. } = arguments;
    let data = options.data_plan(48, 48)?;
    let recipe = options.recipe(Recipe::paper())?;
    if arguments.nested {
        return nested::run(arguments, data, recipe);
    }
    let (epochs, trials) = price(arguments);
    let plan = paper_plan(data, recipe, epochs, trials, options.seed())?;
    let name = options.name.as_deref().unwrap_or("paper");
    let path = RunFolder::path_of(Path::new("runs"), name)?;
    // For programs, the table at the end is all that is printed.
    let output = match Output::asked(*format) {
        Output::Tables => Output::Tables,
        Output::Csv | Output::Json | Output::Nothing => Output::Nothing,
    };
    let progress = Progress::new();
    // Both variants are trained on the protocol's folds.
    let after = Variant::ALL.len() * plan.data.n_folds;
    let Some((search, folder)) = begun(arguments, plan, path, Share { of: 1, after }, &progress)? else {
        return Ok(Ending::Done);
    };
    let ending = work_on(&search, &folder, workers, output, &progress)?;
    if ending == Ending::Stopped {
        return Ok(ending);
    }
    let mut measured = Vec::new();
    for (found, network) in found_networks(&folder)? {
        let epochs = search.plan.final_length().epochs_of(&Graph::new(&network)?.cost());
        let Some(results) = on_folds(arguments, network, epochs, &format!("{name}-{found}"), workers)? else {
            return Ok(Ending::Stopped);
        };
        measured.push(results);
    }
    table_1::show(&measured, *format)?;
    Ok(ending)
}

/// What part of the time a search has.
struct Share {
    /// It is one of so many searches alike.
    of: usize,
    /// So many trainings as long as a variant's come after it.
    after: usize,
}

/// The search of a plan in a run's folder: begun, or reopened if it is there with the same options. Nothing if its plan is all that is
/// asked for, which is printed.
fn begun(
    arguments: &Arguments,
    plan: Plan,
    path: PathBuf,
    share: Share,
    progress: &Progress,
) -> Result<Option<(Search, RunFolder)>, RunError> {
    let Arguments { budget, training: options, .. } = arguments;
    let n_workers = options.workers.count();
    let plan = match options.device {
        Some(choice) => Plan { device: of_search(choice, &plan, n_workers)?, ..plan },
        None => plan,
    };
    plan.check()?;
    if options.dry_run && budget.is_none() {
        print(schema::to_ron(&plan).trim_end())?;
        return Ok(None);
    }
    let on_event = |event: netsynth_run::RunEvent<'_>| events::show(progress, event);
    if RunFolder::open(&path).is_ok() {
        let folder = RunFolder::resume(&path)?;
        let search = Search::reopened(&folder, n_workers, None, &on_event)?;
        let is_same = match budget {
            Some(_) => search.plan == plan.spending_as(&search.plan),
            None => search.plan == plan,
        };
        refuse_other(&folder, is_same)?;
        return Ok(Some((search, folder)));
    }
    let mut search = Search::new(plan, n_workers, &on_event)?;
    match *budget {
        Some(time) => limit_to(&mut search, time, share.after, share.of, progress)?,
        None => {
            let minutes = search.expected_time(share.after)?.as_secs_f64() / 60.0;
            let each =
                if share.of > 1 { format!(", for each of {} searches", share.of) } else { String::new() };
            progress.note(format!("about {minutes:.0} minutes on {} are expected{each}", cores(&search)));
        }
    }
    if options.dry_run {
        print(schema::to_ron(&search.plan).trim_end())?;
        return Ok(None);
    }
    let folder = search.begin(&NewRun::At(path))?;
    Ok(Some((search, folder)))
}

/// Trains a network that was found on the protocol's folds, or goes on with it.
fn on_folds(
    arguments: &Arguments,
    network: ArchitectureSpec,
    epochs: usize,
    name: &str,
    workers: &WorkerArguments,
) -> Result<Option<Measured>, RunError> {
    let source = Source { name: network.name.clone(), text: network.to_ron(), is_built_in: false };
    let plan = TrainPlan { epochs, ..asked(arguments, &source)? };
    let progress = Progress::new();
    let (training, folder) = begun_or_reopened(plan, name, &|event| events::show(&progress, event))?;
    let results = trained(&training, &folder, workers, &progress)?;
    Ok(results.map(|results| Measured::on_folds(&results, folder.path())))
}
