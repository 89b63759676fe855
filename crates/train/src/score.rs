use netsynth_data::Dataset;
use netsynth_search::Confusion;

use crate::batches::plain_images;
use crate::{Deployed, Recipe};

/// How many images are judged at once.
const BATCH_SIZE: usize = 64;

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
