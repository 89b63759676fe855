mod board;
mod deployed;
mod device;
mod on_board;

use std::thread::Builder;
use std::time::Instant;

use clap::{Args, Subcommand};
use netsynth_data::Dataset;
use netsynth_graph::Graph;
use netsynth_random::stream;
use netsynth_report::{Cell, Column, Table};
use netsynth_search::Count;
use netsynth_train::{Deployed, Device, Recipe, Training, fit, on_one_thread};
use serde::Serialize;

use crate::Ending;
use crate::arguments::count::counted;
use crate::arguments::workers::worker_count;
use crate::output::print::{Format, print, print_json, print_table};
use crate::work::speed::{epoch_secs, subject};
use netsynth_run::RunError;
use netsynth_run::networks::{architecture, read};

/// Images of an epoch that is measured.
const N_IMAGES: usize = 512;

/// Images that are seen at once.
const BATCH: Count = Count::new("images at once", 1, 4096);

/// Measure how fast this machine runs a trained network, and how fast it trains one.
///
/// Of a trained network: how long it takes for an image and for several at once, on a core of its own and on all of them, its
/// memory, its multiply-accumulates against what the core can do at best, and its energy where the machine tells it, beside the
/// paper's Table 2. What cannot be measured here is said. With --on the exported C is built and timed on a board instead, one image
/// at a time in 32-bit floats and, with --int8, in 8-bit integers.
///
/// Example: netsynth bench runs/search-001/variants/nano-b
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    deployed: deployed::Arguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Time whole training epochs: augmentation, steps, optimiser and all
    ///
    /// Example: netsynth bench train nano-b --batch 32,64
    Train {
        /// An architecture file, or a built-in name
        architecture: String,
        /// Images a step
        #[arg(long, value_delimiter = ',', default_values_t = [32, 64], value_parser = counted(BATCH))]
        batch: Vec<usize>,
        /// Epochs of 512 images that are measured, after one that is not
        #[arg(long, default_value_t = 5, value_parser = counted(Count::EPOCHS))]
        epochs: usize,
        /// Trainings side by side, each on one core
        #[arg(long, default_value_t = 1, value_parser = counted(Count::WORKERS))]
        workers: usize,
        /// Where: cpu, or a GPU of `netsynth devices`, such as wgpu or wgpu:1
        #[arg(long, default_value_t = Device::Flex)]
        device: Device,
        #[command(flatten)]
        format: Format,
    },
    /// Learn to predict how long a network takes on this machine, or on a board
    ///
    /// Measures untrained networks of many kinds one image at a time on one core: netsynth's own networks here, or the exported C
    /// with --on. The file that is written has what each kind of step takes, and how far predictions were off for networks that
    /// were not fitted. A plan that names it as `device_model` can bound and minimise `latency`.
    ///
    /// Example: netsynth bench device --out pi4.ron --on 'ssh board'
    Device(device::Arguments),
    /// Time predictions on one core
    ///
    /// Example: netsynth bench infer nano-b
    Infer {
        /// An architecture file, or a built-in name
        architecture: String,
        /// Images at once
        #[arg(long, value_delimiter = ',', default_values_t = [1, 64], value_parser = counted(BATCH))]
        batch: Vec<usize>,
        #[command(flatten)]
        format: Format,
    },
}

/// One row of what was measured: medians, with the least and the most.
#[derive(Debug, Serialize)]
struct Timing {
    batch_size: usize,
    n_side_by_side: usize,
    images_per_sec: Spread,
    step_ms: Spread,
    /// Share of an epoch that goes into drawing augmented images, measured apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    augmentation_share: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let at = |index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
        Self { least: at(0), median: at(numbers.len() / 2), most: at(numbers.len().saturating_sub(1)) }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let Some(command) = &arguments.command else { return deployed::run(&arguments.deployed) };
    let (timings, format) = match command {
        Command::Device(arguments) => return device::run(arguments),
        Command::Train { architecture, batch, epochs, workers, device, format } => {
            let (graph, dataset) = named(architecture)?;
            let workers = worker_count(Some(*workers));
            let mut timings = Vec::new();
            for &batch_size in batch {
                let recipe = Recipe { batch_size, ..Recipe::strong() };
                recipe.check()?;
                let secs_of = |worker| {
                    epoch_secs((&graph, &dataset), &recipe, *device, N_IMAGES, *epochs, worker as u64)
                };
                let all: Result<Vec<Vec<f64>>, RunError> = std::thread::scope(|scope| {
                    let started = (0..workers.get()).map(|worker| {
                        let thread = Builder::new().spawn_scoped(scope, move || secs_of(worker));
                        thread.map_err(RunError::no_thread)
                    });
                    let threads: Vec<_> = started.collect();
                    let joined = threads.into_iter().map(|thread| {
                        let panicked = |_| Err(RunError::new("a training panicked", "try another network"));
                        thread?.join().unwrap_or_else(panicked)
                    });
                    joined.collect()
                });
                let secs: Vec<f64> = all?.into_iter().flatten().collect();
                let speed = |secs: &f64| workers.get() as f64 * N_IMAGES as f64 / secs;
                let n_steps = N_IMAGES.div_ceil(batch_size) as f64;
                timings.push(Timing {
                    batch_size,
                    n_side_by_side: workers.get(),
                    images_per_sec: Spread::of(secs.iter().map(speed).collect()),
                    step_ms: Spread::of(secs.iter().map(|secs| 1e3 * secs / n_steps).collect()),
                    augmentation_share: Some(augmentation_secs(&dataset, &recipe) / Spread::of(secs).median),
                });
            }
            (timings, *format)
        }
        Command::Infer { architecture, batch, format } => {
            let (graph, dataset) = named(architecture)?;
            let network = untrained(&graph, &dataset)?;
            let measured = batch.iter().map(|&batch_size| predictions(&network, &dataset, batch_size));
            (measured.collect::<Result<_, _>>()?, *format)
        }
    };
    match format {
        Format { json: true, .. } => print_json(&timings)?,
        Format { csv: true, .. } => print(table(&timings).csv())?,
        Format { csv: false, json: false } => print_table(&table(&timings))?,
    }
    Ok(Ending::Done)
}

fn table(timings: &[Timing]) -> Table {
    let columns = [
        Column::right("batch", |timing: &Timing| Cell::whole(timing.batch_size)),
        Column::right("side by side", |timing: &Timing| Cell::whole(timing.n_side_by_side)),
        Column::right("images/s", |timing: &Timing| Cell::fixed(timing.images_per_sec.median, 0)),
        Column::right("least", |timing: &Timing| Cell::fixed(timing.images_per_sec.least, 0)),
        Column::right("most", |timing: &Timing| Cell::fixed(timing.images_per_sec.most, 0)),
        Column::right("ms a step", |timing: &Timing| Cell::fixed(timing.step_ms.median, 2)),
        Column::right("augmentation", |timing: &Timing| {
            Cell::or_empty(timing.augmentation_share, |share| {
                Cell::new(share, format!("{:.1} %", 100.0 * share))
            })
        }),
    ];
    Table::new(&columns, timings)
}

/// The network of a name, and synthetic faces of its size.
fn named(name: &str) -> Result<(Graph, Dataset), RunError> {
    let (spec, _) = architecture(&read(name)?)?;
    subject(spec, N_IMAGES).map_err(|error| error.or_at(name))
}

/// Seconds that an epoch's augmentation and normalisation take by themselves.
fn augmentation_secs(dataset: &Dataset, recipe: &Recipe) -> f64 {
    let mut image = vec![0.0; dataset.samples[0].pixels.len()];
    let begun = Instant::now();
    for (index, sample) in dataset.samples.iter().take(N_IMAGES).enumerate() {
        let mut random = stream(0, "augmentation", &[0, index as u64]);
        recipe.augmentation.apply(&sample.pixels, dataset.height, dataset.width, &mut random, &mut image);
        recipe.normalisation.apply(&mut image);
        std::hint::black_box(&image);
    }
    begun.elapsed().as_secs_f64()
}

/// The network after a training so short that only its speed is of interest.
fn untrained(graph: &Graph, dataset: &Dataset) -> Result<Deployed, RunError> {
    let recipe = Recipe::strong();
    let training = Training {
        graph,
        dataset,
        recipe: &recipe,
        n_epochs: 1,
        seed: 0,
        device: Device::Flex,
        start: None,
        checkpoints: None,
    };
    Ok(fit(&training, &(0..32).collect::<Vec<_>>(), &mut |_| {})?)
}

/// Times predictions of one batch size, on one core for about two seconds.
fn predictions(network: &Deployed, dataset: &Dataset, batch_size: usize) -> Result<Timing, RunError> {
    let pixels: Vec<f32> = (0..batch_size)
        .flat_map(|image| dataset.samples[image % dataset.samples.len()].pixels.iter())
        .map(|pixel| f32::from(*pixel) / 255.0)
        .collect();
    let secs = on_one_thread(|| {
        let mut secs = Vec::new();
        let begun = Instant::now();
        while secs.len() < 12 || begun.elapsed().as_secs_f64() < 2.0 {
            let one = Instant::now();
            std::hint::black_box(network.predict(pixels.clone(), batch_size));
            secs.push(one.elapsed().as_secs_f64());
        }
        // The first few warm the caches and the buffers.
        secs.split_off(4)
    })
    .map_err(RunError::no_thread)?;
    Ok(Timing {
        batch_size,
        n_side_by_side: 1,
        images_per_sec: Spread::of(secs.iter().map(|secs| batch_size as f64 / secs).collect()),
        step_ms: Spread::of(secs.iter().map(|secs| 1e3 * secs).collect()),
        augmentation_share: None,
    })
}
