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

/// The logits that rten computes of images; it has no texts, so it is given the model without its labels. Images come
/// plane by plane, one after the other; `shape` is that of an image with its batch of 1.
///
/// # Errors
/// What rten says if it cannot read or run the model.
pub fn by_rten(model: &[u8], shape: [usize; 4], images: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, String> {
    let model = without_labels(model).map_err(|error| error.to_string())?;
    let model = Model::load(model).map_err(|error| error.to_string())?;
    let name = |name: &str| model.node_id(name).map_err(|error| error.to_string());
    let (image, logits) = (name(IMAGE)?, name(LOGITS)?);
    images
        .iter()
        .map(|numbers| {
            let view = ValueView::from_shape(shape, numbers).map_err(|error| error.to_string())?;
            let [found] =
                model.run_n(vec![(image, view.into())], [logits], None).map_err(|error| error.to_string())?;
            let (_, found) = found.into_shape_vec::<f32, 2>().map_err(|error| error.to_string())?;
            Ok(found)
        })
        .collect()
}
