//! The synthetic faces: the same in memory and on disk, on every machine, and neither too easy nor too hard.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on may panic, and prints its figure"
)]

use netsynth_data::synth::{self, Summary, SynthOptions};
use netsynth_data::{Crop, DataOptions, Dataset, Layout, split};
use rayon::prelude::*;
use std::fs;
use tempfile::tempdir;

#[test]
fn a_written_set_loads_as_the_set_in_memory() {
    let options = SynthOptions { subjects: 3, frames: 4, ..SynthOptions::default() };
    let dir = tempdir().unwrap();
    let summary = synth::write(dir.path(), &options).unwrap();
    assert_eq!(summary, Summary { subjects: 3, sequences: 21, frames: 84 });
    for data_options in [
        DataOptions::default(),
        DataOptions { height: 24, width: 32, crop: Crop::Centre, ..DataOptions::default() },
    ] {
        let loaded = Dataset::load(dir.path(), &data_options).unwrap();
        let drawn = synth::dataset(&options, &data_options).unwrap();
        assert_eq!((loaded.layout, drawn.layout), (Some(Layout::CkPlus), None));
        assert_eq!((loaded.samples.len(), loaded.skipped.len()), (63, 0));
        assert_eq!(loaded.samples, drawn.samples);
        assert_eq!(loaded.digest, drawn.digest);
    }
    let label = "Emotion/S002/007/S002_007_00000004_emotion.txt";
    assert_eq!(fs::read_to_string(dir.path().join(label)).unwrap(), "   7.0000000e+00\n");
    let again = synth::write(dir.path(), &options).unwrap_err().to_string();
    assert!(again.ends_with("is not empty"), "{again}");
}

#[test]
fn the_faces_are_the_same_on_every_machine() {
    let options = SynthOptions { subjects: 2, ..SynthOptions::default() };
    // Changes only when the drawing is changed on purpose: accuracies before and after are of different data.
    let digest = synth::dataset(&options, &DataOptions::default()).unwrap().digest;
    assert_eq!(digest, "3201f53402f76666291e20fa8334ff3f49fac80cfeb42b83d2f59763269c7262");
    let other = synth::dataset(&SynthOptions { seed: 2, ..options }, &DataOptions::default()).unwrap();
    assert_ne!(other.digest, digest);
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options: SynthOptions, data_options: DataOptions| {
        synth::dataset(&options, &data_options).unwrap_err().to_string()
    };
    let (fine, plain) = (SynthOptions::default(), DataOptions::default());
    assert_eq!(refused(SynthOptions { subjects: 1, ..fine }, plain.clone()), "subjects 1 is out of range");
    assert_eq!(refused(SynthOptions { frames: 1, ..fine }, plain.clone()), "frames 1 is out of range");
    let crop = Crop::Box { left: 40, top: 0, width: 20, height: 20 };
    assert_eq!(
        refused(fine, DataOptions { crop, ..plain }),
        "the synthetic frame cohn-kanade-images/S001/001/S001_001_00000004.png is 48x48 pixels, and the crop box (20x20 at 40,0) reaches outside"
    );
}

/// A set on which pixels alone decide would separate good networks from bad ones no better than a set of noise.
#[test]
fn a_linear_model_on_pixels_is_far_from_chance_and_below_80_percent() {
    let options = DataOptions { height: 24, width: 24, ..DataOptions::default() };
    let dataset = synth::dataset(&SynthOptions::default(), &options).unwrap();
    // The decay that serves the linear model best counts.
    let best = [1e-5, 1e-4].map(|decay| linear_accuracy(&dataset, decay)).into_iter().fold(0.0, f64::max);
    println!("linear model: {:.1} %", 100.0 * best);
    assert!((0.5..0.8).contains(&best), "linear model: {best}");
}

const CLASSES: usize = 7;
const SIDE: usize = 24;
const PIXELS: usize = SIDE * SIDE;
/// One weight for each class, padded to a vector register.
type Row = [f32; 8];

/// Accuracy of multinomial logistic regression over five subject-wise folds.
fn linear_accuracy(dataset: &Dataset, decay: f32) -> f64 {
    let split = split(dataset, 5, 0.0).unwrap();
    let inputs: Vec<Vec<f32>> = dataset.samples.iter().map(|sample| normalised(&sample.pixels)).collect();
    let n_correct: usize = (0..5)
        .into_par_iter()
        .map(|fold| {
            let weights = fit(dataset, &inputs, &split.train(fold), decay);
            let is_correct = |&&sample: &&usize| {
                argmax(&scores(&weights, &inputs[sample])) == dataset.samples[sample].class
            };
            split.validation(fold).iter().filter(is_correct).count()
        })
        .sum();
    n_correct as f64 / dataset.samples.len() as f64
}

/// Mean 0, standard deviation 1, and a last input that is always 1.
fn normalised(pixels: &[u8]) -> Vec<f32> {
    let mut image: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
    netsynth_data::Normalisation::PerImage.apply(&mut image);
    image.iter_mut().for_each(|value| *value /= SIDE as f32);
    image.push(1.0);
    image
}

/// Full gradients with Nesterov's momentum; more iterations change the accuracy by less than a point.
fn fit(dataset: &Dataset, inputs: &[Vec<f32>], train: &[usize], decay: f32) -> Vec<Row> {
    const STEP: f32 = 3.0;
    let mut weights = vec![[0.0; 8]; PIXELS + 1];
    let mut ahead = weights.clone();
    for iteration in 0..300 {
        let mut gradient: Vec<Row> = ahead.iter().map(|row| row.map(|weight| 2.0 * decay * weight)).collect();
        for &sample in train {
            let error = error(&scores(&ahead, &inputs[sample]), dataset.samples[sample].class);
            for (row, &input) in gradient.iter_mut().zip(&inputs[sample]) {
                for (slope, error) in row.iter_mut().zip(error) {
                    *slope += input * error / train.len() as f32;
                }
            }
        }
        let momentum = iteration as f32 / (iteration as f32 + 3.0);
        for ((row, ahead), gradient) in weights.iter_mut().zip(&mut ahead).zip(&gradient) {
            for class in 0..CLASSES {
                let next = ahead[class] - STEP * gradient[class];
                ahead[class] = next + momentum * (next - row[class]);
                row[class] = next;
            }
        }
    }
    weights
}

fn scores(weights: &[Row], inputs: &[f32]) -> Row {
    let mut scores = [0.0; 8];
    for (row, input) in weights.iter().zip(inputs) {
        for (score, weight) in scores.iter_mut().zip(row) {
            *score += input * weight;
        }
    }
    scores
}

/// Softmax less the truth.
fn error(scores: &Row, class: usize) -> Row {
    let most = scores[..CLASSES].iter().copied().fold(f32::MIN, f32::max);
    let mut error = [0.0; 8];
    for (error, score) in error.iter_mut().zip(&scores[..CLASSES]) {
        *error = (score - most).exp();
    }
    let total: f32 = error.iter().sum();
    error.iter_mut().for_each(|error| *error /= total);
    error[class] -= 1.0;
    error
}

fn argmax(scores: &Row) -> usize {
    (0..CLASSES).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap()
}
