//! Images with the logits that an exported network must give.

/// An image and its logits.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Pixel by pixel, the channels of a pixel together: levels 0 to 255, or, where nothing is known of levels, the numbers
    /// that the network reads.
    pub image: Vec<f32>,
    /// One for each class.
    pub logits: Vec<f32>,
}

impl Sample {
    /// Of an image plane by plane.
    pub fn of_planes(planes: &[f32], shape: netsynth_graph::Shape, logits: Vec<f32>) -> Self {
        Self { image: crate::run::interleaved(planes, shape), logits }
    }
}
