//! How long each launch of a step takes.

use std::time::Instant;

use crate::kernels::window::ConvShape;
use crate::launch::Launch;
use crate::{GpuError, Trainings};

/// One launch, timed.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchTime {
    /// What it is called in tables.
    pub kind: &'static str,
    /// What it is specialised for.
    pub detail: String,
    /// Seconds, when it is launched many times in a row.
    pub seconds: f64,
    /// Multiply-accumulates that the operator needs, not counting what tiles add.
    pub macs: u64,
}

impl Trainings {
    /// Launches each kernel of a step `repeats` times in a row and times that. The trainings are of no use
    /// afterwards.
    pub fn profile(&mut self, images: usize, repeats: usize) -> Result<Vec<LaunchTime>, GpuError> {
        let mut times = Vec::new();
        for launch in &self.plan.launches {
            self.launch(launch, images);
            self.finish()?;
            let start = Instant::now();
            (0..repeats).for_each(|_| self.launch(launch, images));
            self.finish()?;
            let seconds = start.elapsed().as_secs_f64() / repeats as f64;
            let (detail, per_image) = description(launch);
            let macs = per_image * (self.options.trainings * images) as u64;
            times.push(LaunchTime { kind: launch.kind(), detail, seconds, macs });
        }
        Ok(times)
    }
}

/// What a launch is specialised for, and its multiply-accumulates an image.
fn description(launch: &Launch) -> (String, u64) {
    let convolution = |shape: &ConvShape| {
        let ConvShape { inputs, outputs, out_height, out_width, kernel, stride, .. } = shape;
        let text =
            format!("{inputs} to {outputs}, {out_height}x{out_width}, kernel {kernel}, stride {stride}");
        (text, (shape.weights() * out_height * out_width) as u64)
    };
    match launch {
        Launch::Window { pass, .. } => {
            let (text, macs) = convolution(&pass.shape);
            (format!("{text}; {} rows, {} quads", pass.rows, pass.quads), macs)
        }
        Launch::WeightGradient { tile, parts, .. } => {
            let (text, macs) = convolution(&tile.shape);
            (format!("{text}; {parts} parts"), macs)
        }
        Launch::Moments { norm, .. }
        | Launch::Normalise { norm, .. }
        | Launch::NormSums { norm, .. }
        | Launch::NormGradient { norm, .. } => {
            (format!("{} x {}; {} parts", norm.planes.channels, norm.planes.area, norm.parts), 0)
        }
        Launch::Sum { planes, inputs, .. } => {
            (format!("{} x {}, {} inputs", planes.channels, planes.area, inputs.len()), 0)
        }
        _ => (String::new(), 0),
    }
}
