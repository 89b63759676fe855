//! A network that is about to be written, with what is known of it.

use netsynth_data::{Colour, Crop, DataOptions};
use netsynth_export::{Agreement, Interface, OnnxOptions, Plan, Quantised, Sample, best, by_rten, run};
use netsynth_run::{Model, RunError, Usage};
use netsynth_train::Deployed;

use crate::commands::export::evidence::Evidence;
use crate::output::print::{count, percent, print};

/// Images in the tests of what is written.
const N_SAMPLES: usize = 4;
/// Images that another program is asked of, at most.
const N_VERIFIED: usize = 200;
/// The largest difference of logits beside the largest logit that is no error: sums in another order.
const TOLERANCE: f32 = 1e-3;

/// What is known of how a network of so many classes is used.
pub(crate) fn interface(usage: Option<&Usage>, n_classes: usize) -> Interface {
    match usage {
        Some(Usage { classes, options, normalisation, .. }) => Interface {
            labels: classes.clone(),
            normalisation: Some(*normalisation),
            preparation: prepared(options),
        },
        None => Interface {
            labels: (1..=n_classes).map(|class| format!("class {class}")).collect(),
            normalisation: None,
            preparation: String::new(),
        },
    }
}

pub(super) struct Shipment {
    pub(super) plan: Plan,
    pub(super) interface: Interface,
    pub(super) integers: Option<Quantised>,
    evidence: Evidence,
}

impl Shipment {
    pub(super) fn new(model: &Model, evidence: Evidence) -> Result<Self, RunError> {
        let plan = Plan::new(&model.network)?;
        let interface = interface(model.usage.as_ref(), plan.classes());
        Ok(Self { plan, interface, integers: None, evidence })
    }

    /// What the network reads of an image.
    fn numbers(&self, image: &[u8]) -> Vec<f32> {
        match self.interface.normalisation {
            Some(_) => self.interface.numbers(image),
            None => image.iter().map(|&level| f32::from(level) / 128.0 - 1.0).collect(),
        }
    }

    /// What a whole model or a program is given of an image.
    fn given(&self, image: &[u8]) -> Vec<f32> {
        match self.interface.normalisation {
            Some(_) => image.iter().copied().map(f32::from).collect(),
            None => self.numbers(image),
        }
    }

    /// The logits of an image as what is written gives them.
    fn logits(&self, network: &Deployed, image: &[u8]) -> Vec<f32> {
        let numbers = self.numbers(image);
        match &self.integers {
            None => network.scores(numbers, 1),
            Some(integers) => integers.logits(&self.plan, &integers.run(&self.plan, &numbers)),
        }
    }

    /// Goes over to 8-bit integers, and says what they cost.
    pub(super) fn quantise(&mut self, network: &Deployed, bound: Option<f64>) -> Result<(), RunError> {
        let numbers: Vec<Vec<f32>> =
            self.evidence.calibration.iter().map(|image| self.numbers(image)).collect();
        let integers = Quantised::new(&self.plan, &numbers).map_err(RunError::of)?;
        self.integers = Some(integers);
        let Evidence { images, classes, about, .. } = &self.evidence;
        let exact: Vec<Vec<f32>> =
            images.iter().map(|image| network.scores(self.numbers(image), 1)).collect();
        let near: Vec<Vec<f32>> = images.iter().map(|image| self.logits(network, image)).collect();
        let agreement = agreement(&exact, &near);
        let right = |logits: &[Vec<f32>]| {
            let right = logits.iter().zip(classes).filter(|(logits, class)| best(logits) == **class).count();
            right as f64 / classes.len() as f64
        };
        let (floats, integers) = (right(&exact), right(&near));
        let lost = 100.0 * (floats - integers);
        print(format!(
            "accuracy on {} {about}: {} in floats, {} in 8-bit integers ({:+.2} points); {} of their labels are equal",
            count(images.len() as u64),
            percent(floats),
            percent(integers),
            -lost,
            percent(agreement.n_equal as f64 / agreement.n_images as f64),
        ))?;
        match bound {
            // Half a millionth of a point is the arithmetic's.
            Some(bound) if lost > bound + 1e-6 => {
                let reason =
                    format!("8-bit integers cost {lost:.2} points of accuracy, and {bound} are allowed");
                Err(RunError::new(
                    reason,
                    "allow more with --accuracy-loss, or export floats, without --int8",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Asks another program what an ONNX model gives.
    pub(super) fn verify_model(
        &self,
        network: &Deployed,
        model: &[u8],
        options: OnnxOptions,
    ) -> Result<(), RunError> {
        let images = &self.evidence.images[..self.evidence.images.len().min(N_VERIFIED)];
        let shape = self.plan.input();
        let given = |image: &Vec<u8>| if options.whole { self.given(image) } else { self.numbers(image) };
        let given: Vec<Vec<f32>> = images.iter().map(given).collect();
        let found = by_rten(model, [1, shape.channels, shape.height, shape.width], &given).map_err(|reason| {
            let remedy = "this is a defect of netsynth: please report it; --no-verify writes the model all the same";
            RunError::new(format!("rten does not run the model: {reason}"), remedy)
        })?;
        let expected: Vec<Vec<f32>> = images.iter().map(|image| self.logits(network, image)).collect();
        self.judge("rten", agreement(&expected, &found))
    }

    /// Carries out the steps that programs are written from.
    pub(super) fn verify_plan(&self, network: &Deployed) -> Result<(), RunError> {
        if self.integers.is_some() {
            // They are the steps themselves, and were judged already.
            return Ok(());
        }
        let images = &self.evidence.images[..self.evidence.images.len().min(N_VERIFIED)];
        let found = images.iter().map(|image| run(&self.plan, &self.numbers(image), &mut |_, _, _| {}));
        let expected: Vec<Vec<f32>> = images.iter().map(|image| self.logits(network, image)).collect();
        self.judge("the program's steps", agreement(&expected, &found.collect::<Vec<_>>()))
    }

    fn judge(&self, who: &str, found: Agreement) -> Result<(), RunError> {
        let Agreement { n_images, n_equal, largest_difference, largest_logit } = found;
        print(format!(
            "{who} on {} {}: {} of the labels are equal, the largest difference of a logit is {largest_difference:.2e}",
            count(n_images as u64),
            self.evidence.about,
            percent(n_equal as f64 / n_images.max(1) as f64),
        ))?;
        // Of integers, a runtime that computes some steps in floats may round some the other way.
        if self.integers.is_none() && largest_difference > TOLERANCE * (1.0 + largest_logit) {
            let reason = format!("{who} and the network differ by {largest_difference:.2e} in a logit");
            let remedy = "this is a defect of netsynth: please report it; --no-verify writes it all the same";
            return Err(RunError::new(reason, remedy));
        }
        Ok(())
    }

    /// Images with their logits, for the tests of what is written.
    pub(super) fn samples(&self, model: &Model) -> Vec<Sample> {
        let images = self.evidence.images.iter().take(N_SAMPLES);
        images
            .map(|image| {
                let logits = self.logits(&model.network, image);
                Sample::of_planes(&self.given(image), self.plan.input(), logits)
            })
            .collect()
    }
}

fn agreement(one: &[Vec<f32>], other: &[Vec<f32>]) -> Agreement {
    Agreement::of(one.iter().map(Vec::as_slice).zip(other.iter().map(Vec::as_slice)))
}

/// How a photograph becomes an image of the network's size, in a sentence.
fn prepared(options: &DataOptions) -> String {
    let part = match &options.crop {
        Crop::Whole => "the whole photograph".to_owned(),
        Crop::Centre => "the largest square in the middle of a photograph".to_owned(),
        Crop::Box { left, top, width, height } => {
            format!("the {width}x{height} pixels of a photograph from {left}, {top} on")
        }
        Crop::Face { margin } => {
            format!("the largest face in a photograph, with {margin} of its side added on each side")
        }
        Crop::Boxes { margin, .. } => {
            format!("a box of a photograph that a file named, with {margin} of its side added on each side")
        }
    };
    let colour = match options.colour {
        Colour::Gray => "in gray (0.299 red + 0.587 green + 0.114 blue)",
        Colour::Rgb => "in red, green and blue",
    };
    format!("An image is {part}, {colour}, resized to {}x{} by Catmull-Rom.", options.width, options.height)
}
