//! A second opinion: what another program, rten, computes of a model that was written.

use rten::{Model, ValueView};

use crate::onnx::{IMAGE, LOGITS, without_labels};

/// How near two networks' logits are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Images of which both were asked.
    pub n_images: usize,
    /// Those of which both give the same class.
    pub n_equal: usize,
    /// The largest difference of a logit.
    pub largest_difference: f32,
    /// The largest logit, to compare that with.
    pub largest_logit: f32,
}

impl Agreement {
    /// Of the logits of both, image by image.
    pub fn of<'a>(pairs: impl Iterator<Item = (&'a [f32], &'a [f32])>) -> Self {
        let mut found = Self { n_images: 0, n_equal: 0, largest_difference: 0.0, largest_logit: 0.0 };
        for (one, other) in pairs {
            found.n_images += 1;
            found.n_equal += usize::from(best(one) == best(other));
            for (a, b) in one.iter().zip(other) {
                found.largest_difference = found.largest_difference.max((a - b).abs());
                found.largest_logit = found.largest_logit.max(a.abs());
            }
        }
        found
    }
}

/// The class of the largest logit; of equal ones the first.
pub fn best(logits: &[f32]) -> usize {
    (0..logits.len()).rev().max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap_or_default()
}

/// Logits that give the mean of the probabilities that two lists of logits give: logarithms of their sum.
pub fn averaged(one: &[f32], other: &[f32]) -> Vec<f32> {
    let sum_of = |logits: &[f32]| {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f32>().ln()
    };
    let (of_one, of_other) = (sum_of(one), sum_of(other));
    one.iter().zip(other).map(|(one, other)| sum_of(&[one - of_one, other - of_other])).collect()
}

/// What a model is given of an image, with the shape of that and its batch of 1.
pub enum Given {
    /// Levels, or the numbers that its first operator reads, plane by plane.
    Numbers([usize; 4], Vec<f32>),
    /// A photograph: red, green and blue of each pixel.
    Photograph([usize; 4], Vec<u8>),
}

/// The logits that rten computes of images; it has no texts, so it is given the model without its labels.
///
/// # Errors
/// What rten says if it cannot read or run the model.
pub fn by_rten(model: &[u8], images: &[Given]) -> Result<Vec<Vec<f32>>, String> {
    let model = without_labels(model).map_err(|error| error.to_string())?;
    let model = Model::load(model).map_err(|error| error.to_string())?;
    let name = |name: &str| model.node_id(name).map_err(|error| error.to_string());
    let (image, logits) = (name(IMAGE)?, name(LOGITS)?);
    images
        .iter()
        .map(|given| {
            let [found] = model
                .run_n(vec![(image, view(given)?.into())], [logits], None)
                .map_err(|error| error.to_string())?;
            let (_, found) = found.into_shape_vec::<f32, 2>().map_err(|error| error.to_string())?;
            Ok(found)
        })
        .collect()
}

fn view(given: &Given) -> Result<ValueView<'_>, String> {
    match given {
        Given::Numbers(shape, numbers) => {
            ValueView::from_shape(shape, numbers).map_err(|error| error.to_string())
        }
        Given::Photograph(shape, pixels) => {
            ValueView::from_shape(shape, pixels).map_err(|error| error.to_string())
        }
    }
}
