use burn::tensor::Tensor;
use netsynth_data::{Dataset, Normalisation};
use netsynth_graph::Shape;
use netsynth_random::{shuffle, stream};

use crate::forward::image_tensor;
use crate::tensors::tensor;
use crate::{Device, Recipe};

/// The images and targets of one training step.
pub(crate) struct Batch {
    /// `[batch, channels, height, width]`
    pub(crate) images: Tensor<4>,
    /// `[batch, classes]`: probabilities, times the weight of the image's class
    pub(crate) targets: Tensor<2>,
}

/// The samples of an epoch in a random order, cut into steps of even size.
pub(crate) fn epoch(samples: &[usize], batch_size: usize, seed: u64, epoch: usize) -> Vec<Vec<usize>> {
    let mut order = samples.to_vec();
    let mut random = stream(seed, "order", &[epoch as u64]);
    // By 24 bits a draw, as runs have recorded it; a set of more than 2^24 images would be shuffled less evenly.
    shuffle(&mut order, |bound| ((random.unit_f32() * bound as f32) as usize).min(bound - 1));
    let n_steps = order.len().div_ceil(batch_size).max(1);
    (0..n_steps)
        .map(|step| order[step * order.len() / n_steps..(step + 1) * order.len() / n_steps].to_vec())
        .collect()
}

/// What an image of each class counts: 1, or `n / (n_classes n_of_the_class)` if classes are balanced.
pub(crate) fn class_weights(dataset: &Dataset, samples: &[usize], recipe: &Recipe) -> Vec<f32> {
    let n_classes = dataset.classes.len();
    if !recipe.balanced_classes {
        return vec![1.0; n_classes];
    }
    let mut counts = vec![0_usize; n_classes];
    for &sample in samples {
        counts[dataset.samples[sample].class] += 1;
    }
    // A class without an image weighs nothing, as there is nothing to weigh.
    let weight = |count: usize| samples.len() as f32 / (n_classes * count.max(1)) as f32;
    counts.into_iter().map(weight).collect()
}

/// Augments, normalises and mixes the samples of one step.
pub(crate) fn training_batch(
    dataset: &Dataset,
    samples: &[usize],
    class_weights: &[f32],
    recipe: &Recipe,
    seed: u64,
    counters: [usize; 2],
    device: Device,
) -> Batch {
    let (images, targets) = training_images(dataset, samples, class_weights, recipe, seed, counters);
    let shape = Shape { channels: dataset.colour.channels(), height: dataset.height, width: dataset.width };
    Batch {
        images: image_tensor(images, samples.len(), shape, device),
        targets: tensor(targets, [samples.len(), dataset.classes.len()], &device.burn()),
    }
}

/// The numbers of such a step: its images and its targets, row by row.
pub(crate) fn training_images(
    dataset: &Dataset,
    samples: &[usize],
    class_weights: &[f32],
    recipe: &Recipe,
    seed: u64,
    [epoch, step]: [usize; 2],
) -> (Vec<f32>, Vec<f32>) {
    let (height, width) = (dataset.height, dataset.width);
    let n_classes = dataset.classes.len();
    let pixels = dataset.colour.channels() * height * width;
    let mut images = vec![0.0; samples.len() * pixels];
    let mut targets = vec![0.0; samples.len() * n_classes];
    for (position, &index) in samples.iter().enumerate() {
        let sample = &dataset.samples[index];
        let mut random = stream(seed, "augmentation", &[epoch as u64, index as u64]);
        let image = &mut images[position * pixels..(position + 1) * pixels];
        recipe.augmentation.apply(&sample.pixels, height, width, &mut random, image);
        recipe.normalisation.apply(image);
        let weight = class_weights[sample.class];
        let target = &mut targets[position * n_classes..(position + 1) * n_classes];
        target.fill(weight * recipe.label_smoothing / n_classes as f32);
        target[sample.class] += weight * (1.0 - recipe.label_smoothing);
    }
    if recipe.mixup > 0.0 && samples.len() > 1 {
        let share = beta(recipe.mixup, seed, epoch, step);
        mix(&mut images, pixels, share);
        mix(&mut targets, n_classes, share);
    }
    (images, targets)
}

/// An image as it is judged: levels 0 to 255, plane by plane, become the numbers that a network reads.
pub fn plain_image(levels: &[u8], normalisation: Normalisation) -> Vec<f32> {
    let mut image: Vec<f32> = levels.iter().copied().map(f32::from).collect();
    normalisation.apply(&mut image);
    image
}

/// Images as they are judged: normalised, not varied; mirrored left to right if asked.
pub(crate) fn plain_images(
    dataset: &Dataset,
    samples: &[usize],
    recipe: &Recipe,
    mirrored: bool,
) -> Vec<f32> {
    let mut images =
        Vec::with_capacity(samples.len() * dataset.colour.channels() * dataset.height * dataset.width);
    for &index in samples {
        let start = images.len();
        for row in dataset.samples[index].pixels.chunks_exact(dataset.width) {
            let level = |pixel: &u8| f32::from(*pixel);
            if mirrored {
                images.extend(row.iter().rev().map(level));
            } else {
                images.extend(row.iter().map(level));
            }
        }
        recipe.normalisation.apply(&mut images[start..]);
    }
    images
}

/// Each row becomes `share` of itself and the rest of the row after it; the last is followed by the first.
fn mix(rows: &mut [f32], length: usize, share: f32) {
    let first = rows[..length].to_vec();
    let n_rows = rows.len() / length;
    for row in 0..n_rows {
        for (at, first) in first.iter().enumerate() {
            let here = row * length + at;
            let next = if row + 1 < n_rows { rows[here + length] } else { *first };
            rows[here] = share * rows[here] + (1.0 - share) * next;
        }
    }
}

/// A draw from the law Beta(a, a) (Jöhnk 1964), folded to at least a half: the nearer image keeps the upper hand.
fn beta(a: f64, seed: u64, epoch: usize, step: usize) -> f32 {
    let mut random = stream(seed, "mixup", &[epoch as u64, step as u64]);
    for _ in 0..1000 {
        let x = libm::pow(f64::from(random.unit_f32()), 1.0 / a);
        let y = libm::pow(f64::from(random.unit_f32()), 1.0 / a);
        if x + y > 0.0 && x + y <= 1.0 {
            let share = x / (x + y);
            return share.max(1.0 - share) as f32;
        }
    }
    // Only very large a come here: their law is all but a half.
    0.5
}

#[cfg(test)]
mod tests {
    use netsynth_data::Sample;

    use super::*;

    /// Six images of the first class and two of the second.
    fn uneven() -> Dataset {
        let sample = |index: usize| Sample {
            pixels: vec![9; 4],
            class: usize::from(index % 4 == 3),
            subject: Some(index),
            ..Sample::default()
        };
        Dataset {
            classes: vec!["common".into(), "rare".into()],
            subjects: (0..8).map(|subject| subject.to_string()).collect(),
            samples: (0..8).map(sample).collect(),
            height: 2,
            width: 2,
            ..Dataset::default()
        }
    }

    #[test]
    fn balanced_classes_weigh_the_same_in_all() {
        let recipe = Recipe { balanced_classes: true, mixup: 0.0, ..Recipe::strong() };
        let (dataset, samples) = (uneven(), (0..8).collect::<Vec<_>>());
        let weights = class_weights(&dataset, &samples, &recipe);
        assert_eq!(weights, [8.0 / 12.0, 2.0]);
        let batch = training_batch(&dataset, &samples, &weights, &recipe, 1, [0, 0], Device::Flex);
        let targets = crate::tensors::values(batch.targets);
        let total = |class: usize| -> f32 {
            let rows = targets.chunks_exact(2).zip(&dataset.samples);
            rows.filter(|(_, sample)| sample.class == class).map(|(row, _)| row[0] + row[1]).sum()
        };
        assert!((total(0) - 4.0).abs() < 1e-5 && (total(1) - 4.0).abs() < 1e-5, "{targets:?}");
    }

    #[test]
    fn unbalanced_targets_are_probabilities() {
        let (dataset, samples) = (uneven(), (0..8).collect::<Vec<_>>());
        let recipe = Recipe::strong();
        let weights = class_weights(&dataset, &samples, &recipe);
        let batch = training_batch(&dataset, &samples, &weights, &recipe, 1, [0, 0], Device::Flex);
        for row in crate::tensors::values(batch.targets).chunks_exact(2) {
            assert!((row[0] + row[1] - 1.0).abs() < 1e-6, "{row:?}");
        }
    }
}
