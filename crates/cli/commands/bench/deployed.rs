//! A trained network, measured as it runs.

use std::path::{Path, PathBuf};
use std::thread::{Builder, ScopedJoinHandle, scope};
use std::time::Instant;

use clap::Args;
use netsynth_files::in_a_line;
use netsynth_machine::{Meter, Times, cores, peak_memory, pin, reset_peak_memory};
use netsynth_report::numbers::{count, millions};
use netsynth_report::{Cell, Column, PublishedSpeed, SPEED_SOURCE, Standing, TABLE_2, Table};
use netsynth_run::networks::device_model;
use netsynth_run::{RunError, model};
use netsynth_train::{Deployed, instruction_sets, on_one_thread, peak_gflops};
use serde::Serialize;
use serde_json::json;

use crate::Ending;
use crate::commands::bench::board::BoardArguments;
use crate::commands::bench::on_board::{self, Calibration, comparison, predicted_ms};
use crate::output::print::{Format, print, print_json, print_table};

/// How many images are given at once.
const BATCHES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

#[derive(Args)]
pub(crate) struct Arguments {
    /// A trained network: a run's variant, trial or fold, such as runs/nano-b-001/folds/01, or a .netsynth file; `bench infer`
    /// takes an architecture
    #[arg(required = true)]
    model: Option<PathBuf>,
    /// For how many seconds each row is measured, after a warm-up of a quarter of that; as long again for its energy
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    #[command(flatten)]
    board: BoardArguments,
    /// On a board, time the network in 8-bit integers, too, with scales found on images of the training as `export --int8` does
    #[arg(long, requires = "on")]
    int8: bool,
    /// Where the run's data are now, if they were moved
    #[arg(long, requires = "int8")]
    data: Option<PathBuf>,
    /// A file of `netsynth bench device`: the time that it predicts is printed beside the one that is measured
    #[arg(long, value_name = "FILE")]
    device_model: Option<String>,
    /// Where the files are in which the system tells memory and energy
    #[arg(long, hide = true, default_value = "/")]
    system: PathBuf,
    #[command(flatten)]
    format: Format,
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.001..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "give a number of seconds from 0.001 to 3600".to_owned())
}

/// What was measured of so many images at once on so many cores.
#[derive(Debug, Serialize)]
struct Row {
    batch_size: usize,
    n_cores: usize,
    images_per_sec: f64,
    /// Of all images of a batch together, on one core.
    median_ms: Option<f64>,
    p95_ms: Option<f64>,
    gmacs_per_sec: f64,
    /// Of the multiply-accumulates that so many cores can do at best.
    share_of_peak: f64,
    /// The most memory that the process had, in bytes.
    peak_memory: Option<u64>,
    watts: Option<f64>,
    images_per_sec_per_watt: Option<f64>,
}

/// The network, and where and how long it is measured.
struct Bench<'a> {
    network: &'a Deployed,
    secs: f64,
    /// The cores that threads are kept on, or why they can move.
    cores: Result<Vec<usize>, String>,
    meter: Result<Meter, String>,
    system: &'a Path,
    /// Of a core, in 1e9 multiply-accumulates a second.
    peak: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let Arguments { model: path, seconds, board, int8, data, device_model: device, system, format } =
        arguments;
    let Some(path) = path else { return Err(RunError::new("it lacks MODEL", "give a trained network")) };
    let device = device.as_deref().map(device_model).transpose()?;
    let model = model(path, data.as_deref(), &|_| {})?;
    if let Some(on) = &board.on {
        let integers = int8.then_some(Calibration { moved: data.as_deref() });
        return on_board::run(&model, on, &board.cc, *seconds, device.as_ref(), integers, format);
    }
    let mut bench = Bench {
        network: &model.network,
        secs: *seconds,
        cores: pinnable(),
        meter: Meter::find(system),
        system,
        peak: 0.0,
    };
    bench.peak = on_core(&bench.cores, 0, || 0.5 * peak_gflops())?;
    let memory = reset_peak_memory(system).and_then(|()| peak_memory(system));
    let mut rows =
        BATCHES.map(|batch| bench.on_one_core(batch)).into_iter().collect::<Result<Vec<Row>, _>>()?;
    let best = rows.iter().max_by(|a, b| a.images_per_sec.total_cmp(&b.images_per_sec));
    let best = best.map_or(1, |row| row.batch_size);
    rows.push(bench.on_all_cores(best)?);
    match format {
        Format { csv: true, .. } => print(table(&rows).csv())?,
        Format { json: true, .. } => print_json(&json!({
            "model": model.name,
            "parameters": model.network.n_parameters(),
            "macs": model.network.graph().cost().macs,
            "target": target(),
            "kernels": instruction_sets().1,
            "cores": known(&bench.cores),
            "peak_gmacs_per_sec": bench.peak,
            "memory": known(&memory.map(|_| "the most that the process had, in bytes")),
            "energy": known(&bench.meter.as_ref().map(Meter::of_what).map_err(Clone::clone)),
            "predicted_ms": device.and_then(|device| predicted_ms(&device, model.network.graph())),
            "rows": rows,
            "published": { "source": SPEED_SOURCE, "rows": published_table().json() },
        }))?,
        Format { csv: false, json: false } => {
            let cost = model.network.graph().cost();
            print(format!(
                "{}: {} parameters, {} MACs",
                in_a_line(&model.name),
                count(cost.parameters),
                millions(cost.macs)
            ))?;
            print_table(&table(&rows))?;
            print(bench.in_words(memory.err()))?;
            if let (Some(device), Some(ms)) = (&device, rows[0].median_ms) {
                print(comparison(device, model.network.graph(), ms))?;
            }
            print(format!("\n{SPEED_SOURCE}:"))?;
            print_table(&published_table())?;
        }
    }
    Ok(Ending::Done)
}

/// What is known as it is, and a reason by its own name.
fn known<T: Serialize>(what: &Result<T, String>) -> serde_json::Value {
    match what {
        Ok(value) => json!(value),
        Err(reason) => json!({ "cannot_be_measured_here": reason }),
    }
}

pub(super) fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// The cores that threads can be kept on, or why on none.
pub(super) fn pinnable() -> Result<Vec<usize>, String> {
    let cores = cores()?;
    let pin_all = || cores.iter().copied().try_for_each(pin);
    scope(|scope| outcome(Builder::new().spawn_scoped(scope, pin_all)))?;
    Ok(cores)
}

/// Does something on one thread of its own, kept on the core of this place among those that there are.
pub(super) fn on_core<T: Send>(
    cores: &Result<Vec<usize>, String>,
    place: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, RunError> {
    scope(|scope| joined(Builder::new().spawn_scoped(scope, || kept(cores, place, work))))
}

/// Keeps this thread on a core, and does something on one thread that it starts.
fn kept<T: Send>(
    cores: &Result<Vec<usize>, String>,
    place: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, String> {
    if let Ok(cores) = cores
        && !cores.is_empty()
    {
        pin(cores[place % cores.len()])?;
    }
    on_one_thread(work).map_err(|error| format!("a thread could not be started: {error}"))
}

/// A thread, if it could be started.
type Started<'a, T> = std::io::Result<ScopedJoinHandle<'a, Result<T, String>>>;

fn outcome<T>(thread: Started<'_, T>) -> Result<T, String> {
    let thread = thread.map_err(|error| format!("a thread could not be started: {error}"))?;
    thread.join().unwrap_or_else(|_| Err("a thread ended before its work".to_owned()))
}

fn joined<T>(thread: Started<'_, T>) -> Result<T, RunError> {
    let too_few = |reason| RunError::new(reason, "allow more threads (ulimit -u), or free some memory");
    outcome(thread).map_err(too_few)
}

/// A batch of images for a network: numbers from 0 to 1 without a meaning, which no time depends on.
pub(super) fn images(network: &Deployed, batch: usize) -> Vec<f32> {
    let numbers = network.graph().input().elements() as usize * batch;
    (0..numbers).map(|at| (at * 37 % 251) as f32 / 250.0).collect()
}

impl Bench<'_> {
    fn n_cores(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.cores.as_ref().map_or_else(|_| all(), Vec::len).max(1)
    }

    fn on_one_core(&self, batch: usize) -> Result<Row, RunError> {
        let images = images(self.network, batch);
        let is_reset = reset_peak_memory(self.system);
        let times =
            on_core(&self.cores, 0, || Times::of(self.secs, || self.network.predict(images.clone(), batch)))?;
        let peak_memory = is_reset.and_then(|()| peak_memory(self.system)).ok();
        let rate = batch as f64 / times.median;
        let energy = self.energy(batch, 1)?;
        let row = self.row(batch, 1, rate, energy);
        Ok(Row { median_ms: Some(1e3 * times.median), p95_ms: Some(1e3 * times.p95), peak_memory, ..row })
    }

    fn on_all_cores(&self, batch: usize) -> Result<Row, RunError> {
        let n_cores = self.n_cores();
        let (n_images, secs) = self.throughput(batch, n_cores)?;
        let energy = self.energy(batch, n_cores)?;
        Ok(self.row(batch, n_cores, n_images / secs, energy))
    }

    /// `energy` is power and images per joule.
    fn row(&self, batch_size: usize, n_cores: usize, images_per_sec: f64, energy: Option<(f64, f64)>) -> Row {
        let gmacs_per_sec = images_per_sec * self.network.graph().cost().macs as f64 * 1e-9;
        Row {
            batch_size,
            n_cores,
            images_per_sec,
            median_ms: None,
            p95_ms: None,
            gmacs_per_sec,
            share_of_peak: gmacs_per_sec / (self.peak * n_cores as f64),
            peak_memory: None,
            watts: energy.map(|(watts, _)| watts),
            images_per_sec_per_watt: energy.map(|(_, images)| images),
        }
    }

    /// Images, and seconds, of batches one after the other on so many cores at once.
    fn throughput(&self, batch: usize, n_cores: usize) -> Result<(f64, f64), RunError> {
        let images = images(self.network, batch);
        let work = || {
            let (mut n_batches, begun) = (0_usize, Instant::now());
            while n_batches == 0 || begun.elapsed().as_secs_f64() < self.secs {
                std::hint::black_box(self.network.predict(images.clone(), batch));
                n_batches += 1;
            }
            (n_batches, begun.elapsed().as_secs_f64())
        };
        let work = &work;
        let counts: Result<Vec<(usize, f64)>, RunError> = scope(|scope| {
            let on_place = |place| Builder::new().spawn_scoped(scope, move || kept(&self.cores, place, work));
            let threads: Vec<_> = (0..n_cores).map(on_place).collect();
            threads.into_iter().map(joined).collect()
        });
        let counts = counts?;
        let n_batches: usize = counts.iter().map(|(n_batches, _)| n_batches).sum();
        Ok(((batch * n_batches) as f64, counts.iter().map(|(_, secs)| *secs).fold(0.0, f64::max)))
    }

    /// Power, and images a joule, where the machine tells.
    fn energy(&self, batch: usize, n_cores: usize) -> Result<Option<(f64, f64)>, RunError> {
        let Ok(meter) = &self.meter else { return Ok(None) };
        let mut measured = None;
        let begun = Instant::now();
        let joules = meter.joules(|| measured = Some(self.throughput(batch, n_cores)));
        let secs = begun.elapsed().as_secs_f64();
        let joules = joules.map_err(|reason| RunError::new(reason, "measure again, or as another user"))?;
        let Some((n_images, _)) = measured.transpose()? else { return Ok(None) };
        // A counter that stood still says nothing.
        Ok((joules > 0.0).then(|| (joules / secs, n_images / joules)))
    }

    /// What the numbers are of, and what could not be measured.
    fn in_words(&self, no_memory: Option<String>) -> String {
        let (_, kernels) = instruction_sets();
        let mut lines = vec![match &self.cores {
            Ok(cores) => format!(
                "{}, {kernels}, {} cores; each thread is kept on a core; a core does at best {:.1} GMAC/s",
                target(),
                cores.len(),
                self.peak
            ),
            Err(reason) => format!(
                "{}, {kernels}; threads could move, as {reason}; a core does at best {:.1} GMAC/s",
                target(),
                self.peak
            ),
        }];
        lines.extend(no_memory.map(|reason| format!("memory cannot be measured here: {reason}")));
        lines.push(match &self.meter {
            Ok(meter) => format!("energy is of {}, whatever takes it", meter.of_what()),
            Err(reason) => format!("energy cannot be measured here: {reason}"),
        });
        lines.join("\n")
    }
}

fn table(rows: &[Row]) -> Table {
    let mebibytes = |bytes: u64| Cell::new(bytes, format!("{:.1}", bytes as f64 / f64::from(1 << 20)));
    let columns = [
        Column::right("batch", |row: &Row| Cell::whole(row.batch_size)).named("batch_size"),
        Column::right("cores", |row: &Row| Cell::whole(row.n_cores)).named("n_cores"),
        Column::right("images/s", |row: &Row| Cell::fixed(row.images_per_sec, 0)).named("images_per_sec"),
        Column::right("median ms", |row: &Row| Cell::known(row.median_ms, |ms| Cell::fixed(ms, 3))),
        Column::right("p95 ms", |row: &Row| Cell::known(row.p95_ms, |ms| Cell::fixed(ms, 3))),
        Column::right("GMAC/s", |row: &Row| Cell::fixed(row.gmacs_per_sec, 1)).named("gmacs_per_sec"),
        Column::right("of peak", |row: &Row| Cell::share(row.share_of_peak)).named("share_of_peak"),
        Column::right("peak MiB", move |row: &Row| Cell::known(row.peak_memory, mebibytes))
            .named("peak_memory"),
        Column::right("W", |row: &Row| Cell::known(row.watts, |watts| Cell::fixed(watts, 1))).named("watts"),
        Column::right("images/s/W", |row: &Row| {
            Cell::known(row.images_per_sec_per_watt, |images| Cell::fixed(images, 2))
        })
        .named("images_per_sec_per_watt"),
    ];
    Table::new(&columns, rows)
}

fn published_table() -> Table {
    let columns = [
        Column::left("network", |row: &PublishedSpeed| Cell::text(row.network)),
        Column::right("power mode", |row: &PublishedSpeed| {
            Cell::new(row.watts, format!("{:.0} W", row.watts))
        })
        .named("watts"),
        Column::right("images/s", |row: &PublishedSpeed| Cell::fixed(row.images_per_sec.middle(), 1))
            .named("images_per_sec"),
        Column::right("images/s/W", |row: &PublishedSpeed| {
            Cell::fixed(row.images_per_sec_per_watt.middle(), 2)
        })
        .named("images_per_sec_per_watt"),
        Column::left("known", |row: &PublishedSpeed| {
            let standing: Standing = row.images_per_sec.standing;
            Cell::new(standing.to_string(), format!("{standing}: {}", standing.meaning()))
        }),
    ];
    Table::new(&columns, &TABLE_2)
}
