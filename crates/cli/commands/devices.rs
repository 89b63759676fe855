use clap::Args;
use netsynth_graph::ArchitectureSpec;
use netsynth_report::{Cell, Column, Table};
use netsynth_run::RunError;
use netsynth_train::{Device, Recipe};
use serde::Serialize;

use crate::Ending;
use crate::output::print::{Format, print, print_json, print_table};
use crate::output::progress::print_line;
use crate::work::speed::{epoch_secs, median, subject};

/// Images of a test's epoch: two steps.
const N_IMAGES: usize = 64;

/// Epochs of a test that are timed.
const N_EPOCHS: usize = 3;

/// The network of the test: few kernels, so that compiling them takes no time worth speaking of.
const NETWORK: &str = r#"(schema: 1, name: "test", input: (channels: 1, height: 48, width: 48), nodes: [
    (name: "stem", from: ["input"], op: Conv(channels: 16, stride: 2, norm: Batch, activation: Relu)),
    (name: "body", from: ["stem"], op: Conv(channels: 16, norm: Batch, activation: Relu)),
    (name: "pool", from: ["body"], op: GlobalAvgPool()),
    (name: "classes", from: ["pool"], op: Dense(units: 7)),
])"#;

/// List the devices that networks can be trained on, each with a short test.
///
/// The test trains a small network on drawn faces for a few steps. A GPU shows its strength with larger networks and batches:
/// `netsynth bench train NETWORK --device wgpu`.
///
/// Example: netsynth devices --json
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    format: Format,
}

/// A device, and what came of its test.
#[derive(Debug, Serialize)]
struct Tested {
    /// As --device takes it.
    device: String,
    name: String,
    driver: String,
    kind: &'static str,
    images_per_sec: Option<f64>,
    /// Why the test failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Ending, RunError> {
    let gpus = Device::gpus();
    let mut devices = vec![(Device::Flex, "processor", Device::Flex.description().ok())];
    devices.extend(gpus.into_iter().enumerate().map(|(number, gpu)| {
        (Device::Wgpu(number), if gpu.is_software { "software driver" } else { "GPU" }, Some(gpu))
    }));
    let mut tested = Vec::new();
    for (device, kind, listed) in devices {
        let outcome = speed(device);
        let (name, driver) = listed.map(|listed| (listed.name, listed.driver)).unwrap_or_default();
        tested.push(Tested {
            device: device.to_string(),
            name,
            driver,
            kind,
            images_per_sec: outcome.as_ref().ok().copied(),
            failure: outcome.err().map(|error| error.to_string()),
        });
    }
    match arguments.format {
        Format { json: true, .. } => print_json(&tested)?,
        Format { csv: true, .. } => print(table(&tested).csv())?,
        Format { csv: false, json: false } => print_table(&table(&tested))?,
    }
    for Tested { device, failure, .. } in &tested {
        failure.iter().for_each(|failure| print_line(format!("{device}: {failure}")));
    }
    if !Device::has_gpu_support() {
        print_line("no GPU is looked for: build netsynth with `cargo build --release --features gpu`");
    } else if tested.len() == 1 {
        print_line("no GPU: no Vulkan driver names one");
    }
    Ok(Ending::Done)
}

/// Images a second of the test's network, on one core where it is the processor.
fn speed(device: Device) -> Result<f64, RunError> {
    let (graph, dataset) = subject(ArchitectureSpec::from_ron(NETWORK)?, N_IMAGES)?;
    let secs = epoch_secs((&graph, &dataset), &Recipe::strong(), device, N_IMAGES, N_EPOCHS, 1)?;
    Ok(N_IMAGES as f64 / median(secs))
}

fn table(tested: &[Tested]) -> Table {
    let columns = [
        Column::left("device", |tested: &Tested| Cell::text(&tested.device)),
        Column::left("name", |tested: &Tested| Cell::text(&tested.name)),
        Column::left("kind", |tested: &Tested| Cell::text(tested.kind)),
        Column::left("driver", |tested: &Tested| Cell::text(&tested.driver)),
        Column::right("images/s", |tested: &Tested| {
            Cell::or_empty(tested.images_per_sec, |speed| Cell::fixed(speed, 0))
        }),
    ];
    Table::new(&columns, tested)
}
