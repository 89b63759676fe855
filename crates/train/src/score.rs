use netsynth_data::Dataset;
use serde::{Deserialize, Serialize};

use crate::batches::plain_images;
use crate::{Deployed, Recipe};

/// How many images are judged at once.
const BATCH_SIZE: usize = 64;

/// How often each class was taken for each: row the true class, column the predicted one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confusion(pub Vec<Vec<usize>>);

impl Confusion {
    /// Nothing seen yet.
    pub fn new(n_classes: usize) -> Self {
        Self(vec![vec![0; n_classes]; n_classes])
    }

    /// Share of images classified rightly; 0 if there are none.
    pub fn accuracy(&self) -> f64 {
        let right: usize = self.0.iter().enumerate().map(|(class, row)| row[class]).sum();
        right as f64 / self.n_images().max(1) as f64
    }

    /// Share of each class's images classified rightly; `None` for a class without images.
    pub fn recalls(&self) -> Vec<Option<f64>> {
        let recall = |(class, row): (usize, &Vec<usize>)| {
            let images: usize = row.iter().sum();
            (images > 0).then(|| row[class] as f64 / images as f64)
        };
        self.0.iter().enumerate().map(recall).collect()
    }

    /// How many images were judged.
    pub fn n_images(&self) -> usize {
        self.0.iter().flatten().sum()
    }

    /// Adds what another fold saw.
    pub fn add(&mut self, other: &Confusion) {
        for (row, more) in self.0.iter_mut().zip(&other.0) {
            row.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
    }
}

/// Judges a network on samples it was not trained on. Equal probabilities go to the first class.
pub fn score(network: &Deployed, dataset: &Dataset, samples: &[usize], recipe: &Recipe) -> Confusion {
    let n_classes = dataset.classes.len();
    let mut confusion = Confusion::new(n_classes);
    for batch in samples.chunks(BATCH_SIZE) {
        let mut probabilities = network.predict(plain_images(dataset, batch, recipe, false), batch.len());
        if recipe.flip_averaging {
            let mirrored = network.predict(plain_images(dataset, batch, recipe, true), batch.len());
            probabilities.iter_mut().zip(mirrored).for_each(|(one, other)| *one += other);
        }
        for (&sample, row) in batch.iter().zip(probabilities.chunks_exact(n_classes)) {
            let mut predicted = 0;
            for (class, probability) in row.iter().enumerate() {
                if *probability > row[predicted] {
                    predicted = class;
                }
            }
            confusion.0[dataset.samples[sample].class][predicted] += 1;
        }
    }
    confusion
}
