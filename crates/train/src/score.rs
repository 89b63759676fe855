use std::collections::BTreeMap;

use netsynth_data::{Dataset, Sample};
use netsynth_search::{Confusion, PersonScore};

use crate::batches::plain_images;
use crate::{Deployed, Recipe};

/// How many images are judged at once.
const BATCH_SIZE: usize = 64;

/// What a network made of samples that it was not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// How often each class was predicted for each.
    pub confusion: Confusion,
    /// The same by person, in the order of the data's people.
    pub people: Vec<PersonScore>,
}

/// The class that a network takes an image for, by the probabilities of all: the first of equals.
pub fn likeliest(probabilities: &[f32]) -> usize {
    let mut predicted = 0;
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[predicted] {
            predicted = class;
        }
    }
    predicted
}

/// Judges a network on samples it was not trained on. Equal probabilities go to the first class.
pub fn score(network: &Deployed, dataset: &Dataset, samples: &[usize], recipe: &Recipe) -> Judgement {
    let n_classes = dataset.classes.len();
    let mut confusion = Confusion::new(n_classes);
    let mut people: BTreeMap<usize, PersonScore> = BTreeMap::new();
    for batch in samples.chunks(BATCH_SIZE) {
        let mut probabilities = network.predict(plain_images(dataset, batch, recipe, false), batch.len());
        if recipe.flip_averaging {
            let mirrored = network.predict(plain_images(dataset, batch, recipe, true), batch.len());
            probabilities.iter_mut().zip(mirrored).for_each(|(one, other)| *one += other);
        }
        for (&sample, row) in batch.iter().zip(probabilities.chunks_exact(n_classes)) {
            let predicted = likeliest(row);
            let &Sample { class, subject, .. } = &dataset.samples[sample];
            // Of people who are not known, every image is one.
            let subject = subject.unwrap_or(dataset.subjects.len() + sample);
            confusion.0[class][predicted] += 1;
            let person = people.entry(subject).or_insert(PersonScore { n_images: 0, n_correct: 0 });
            person.n_images += 1;
            person.n_correct += u32::from(predicted == class);
        }
    }
    Judgement { confusion, people: people.into_values().collect() }
}
