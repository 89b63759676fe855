//! What a network got right and wrong of the images that judged it, with what its labels rest on.

use netsynth_train::{Deployed, likeliest};

use crate::attribution::{Attribution, Method, attribution};
use crate::{Lessons, Usage};

/// How many right and how many wrong labels are shown, at most.
const N_SHOWN: usize = 6;

/// What a network takes the images for that judged it.
pub struct Examples {
    /// How many images there are.
    pub n_images: usize,
    /// How many got a wrong label.
    pub n_wrong: usize,
    /// The wrong labels that it is surest of, then the right one that it is surest of for each class.
    pub shown: Vec<Example>,
}

/// A label with what it rests on.
pub struct Example {
    /// The image, by its number in the data.
    pub sample: usize,
    /// The number of the class that it is taken for.
    pub label: usize,
    /// The label's probability.
    pub probability: f32,
    /// What the label owes each pixel, by hiding patches.
    pub occlusion: Attribution,
}

/// Asks a network for the labels of the images that judged it, and explains a handful: the same ones each time.
pub fn examples(network: &Deployed, usage: &Usage, lessons: &Lessons) -> Examples {
    let samples = &lessons.dataset.samples;
    let mut labels: Vec<(usize, usize, f32)> = lessons
        .judged_on
        .iter()
        .map(|&sample| {
            let probabilities = usage.probabilities(network, &samples[sample].pixels);
            let label = likeliest(&probabilities);
            (sample, label, probabilities[label])
        })
        .collect();
    labels.sort_by(|(one, _, surer), (other, _, less)| less.total_cmp(surer).then(one.cmp(other)));
    let n_images = labels.len();
    let (right, wrong): (Vec<_>, Vec<_>) =
        labels.into_iter().partition(|&(sample, label, _)| samples[sample].class == label);
    let mut seen = Vec::new();
    let first_of_class = right.into_iter().filter(|&(_, label, _)| {
        let is_first = !seen.contains(&label);
        seen.push(label);
        is_first
    });
    let n_wrong = wrong.len();
    let shown = wrong.into_iter().take(N_SHOWN).chain(first_of_class.take(N_SHOWN));
    let shown = shown
        .map(|(sample, label, probability)| {
            let levels = &samples[sample].pixels;
            let occlusion = attribution(Method::Occlusion, network, usage, levels, label, sample as u64);
            Example { sample, label, probability, occlusion }
        })
        .collect();
    Examples { n_images, n_wrong, shown }
}
