//! The frontal face detector of SeetaFace (Wu et al. 2016), as the crate `rustface` runs it.

use rustface::{FaceInfo, ImageData};

use crate::crop::Faces;
use crate::image::Image;
use crate::rectangle::Rectangle;

/// The detector's weights; their licence lies beside them.
const MODEL: &[u8] = include_bytes!("../../model/seeta_fd_frontal_v1.0.bin");
/// Faces are looked for in a copy with a shorter side of at most this: quick, and a face of a sixth of it is found.
const SHORTER_SIDE: u32 = 240;
/// The smallest side, in pixels, of a face that the detector knows.
const LEAST_SIDE: u32 = 40;
/// A detection's score; the port's own example uses it.
const LEAST_SCORE: f64 = 2.0;

/// A detector of one thread.
pub(crate) struct Detector(Box<dyn rustface::Detector>);

impl Detector {
    #[expect(clippy::expect_used, reason = "the weights are part of the program")]
    pub(crate) fn new() -> Detector {
        let model = rustface::read_model(MODEL).expect("the embedded weights are whole");
        let mut detector = rustface::create_detector_with_model(model);
        detector.set_score_thresh(LEAST_SCORE);
        Detector(detector)
    }

    /// The faces in an image, by boxes around brows, ears and chin.
    pub(crate) fn faces(&mut self, image: &Image) -> Faces {
        let shorter = image.width.min(image.height);
        if shorter < LEAST_SIDE {
            return Faces { count: 0, largest: None };
        }
        let scale = (f64::from(SHORTER_SIDE) / f64::from(shorter)).min(1.0);
        let found = if scale < 1.0 {
            let small = |side: u32| (f64::from(side) * scale).round() as u32;
            let copy = image.resized(small(image.width), small(image.height));
            self.0.detect(&ImageData::new(&copy.gray, copy.width, copy.height))
        } else {
            self.0.detect(&ImageData::new(&image.gray, image.width, image.height))
        };
        let original = |face: &FaceInfo| {
            let found = face.bbox();
            let pixels = |length: f64| (length / scale).round() as i64;
            Rectangle {
                left: pixels(found.x().into()),
                top: pixels(found.y().into()),
                width: pixels(found.width().into()),
                height: pixels(found.height().into()),
            }
        };
        let boxes: Vec<Rectangle> = found.iter().map(original).filter(|part| part.width > 0).collect();
        Faces::of(&boxes)
    }
}
