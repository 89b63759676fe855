//! How fast this machine trains a network, measured on drawn faces of its size.

use std::time::Instant;

use netsynth_data::synth::{self, SynthOptions};
use netsynth_data::{DataOptions, Dataset};
use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_run::RunError;
use netsynth_run::networks::{adapted, input_of};
use netsynth_train::{Device, EpochReport, Recipe, Training, fit, on_one_thread};

/// A network, and so many drawn faces or a few more of its size. It is given their channels and classes.
pub(crate) fn subject(spec: ArchitectureSpec, n_images: usize) -> Result<(Graph, Dataset), RunError> {
    let input = spec.input;
    let faces = SynthOptions { subjects: n_images.div_ceil(7), frames: 2, ..SynthOptions::default() };
    let options =
        DataOptions { height: input.height, width: input.width, frames: 1, ..DataOptions::default() };
    let dataset = synth::dataset(&faces, &options)?;
    let graph = Graph::new(&adapted(spec, input_of(&dataset), dataset.classes.len()))?;
    Ok((graph, dataset))
}

/// Seconds of each epoch of so many images, of one training on one core or on a GPU; of the first one, which compiles or finds its
/// memory, nothing is said.
pub(crate) fn epoch_secs(
    (graph, dataset): (&Graph, &Dataset),
    recipe: &Recipe,
    device: Device,
    n_images: usize,
    n_epochs: usize,
    seed: u64,
) -> Result<Vec<f64>, RunError> {
    let training = Training {
        graph,
        dataset,
        recipe,
        n_epochs: n_epochs + 1,
        seed,
        device,
        start: None,
        checkpoints: None,
    };
    let samples: Vec<usize> = (0..n_images).collect();
    let timed = || -> Result<Vec<f64>, RunError> {
        let mut ends = Vec::with_capacity(n_epochs + 1);
        fit(&training, &samples, &mut |_: EpochReport| ends.push(Instant::now()))?;
        Ok(ends.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs_f64()).collect())
    };
    on_one_thread(timed).map_err(RunError::no_thread)?
}

/// The median of some times; not a number of none.
pub(crate) fn median(mut secs: Vec<f64>) -> f64 {
    secs.sort_by(f64::total_cmp);
    secs.get(secs.len() / 2).copied().unwrap_or(f64::NAN)
}
