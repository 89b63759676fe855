//! A network that is about to be written, with what is known of it.

use std::path::Path;

use netsynth_data::{Colour, Crop, DataOptions};
use netsynth_export::{
    Agreement, Given, Interface, Plan, Quantised, Reads, Sample, averaged, best, by_rten, run,
};
use netsynth_run::{Model, RunError, Usage};
use netsynth_train::Deployed;

use super::evidence::Evidence;
use super::photographs::photographs;
use crate::output::print::{count, percent, print};

/// Images in the tests of what is written.
const N_SAMPLES: usize = 4;
/// Images that another program is asked of, at most.
const N_VERIFIED: usize = 200;
/// The largest difference of logits beside the largest logit that is no error: sums in another order.
const TOLERANCE: f32 = 1e-3;
/// The same of photographs: of some thousand levels one may be rounded the other way.
const TOLERANCE_OF_LEVELS: f32 = 3e-2;
/// What helps against what cannot be.
pub(super) const DEFECT: &str =
    "this is a defect of netsynth: please report it; --no-verify writes it all the same";

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

pub(crate) struct Shipment {
    pub(crate) plan: Plan,
    pub(crate) interface: Interface,
    pub(crate) integers: Option<Quantised>,
    evidence: Evidence,
}

/// What 8-bit integers cost.
pub(crate) struct IntegerCost {
    /// Percentage points of accuracy.
    pub(super) points: f64,
    pub(crate) in_words: String,
}

impl Shipment {
    /// With images of the network's run, from `moved` if they are elsewhere now.
    pub(crate) fn gathered(model: &Model, moved: Option<&Path>) -> Result<Self, RunError> {
        let evidence = Evidence::gathered(model, moved)?;
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

    /// Goes over to 8-bit integers.
    pub(crate) fn quantise(&mut self, network: &Deployed) -> Result<IntegerCost, RunError> {
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
        // Their difference, and not the other way about: nothing lost is no minus zero.
        let gained = 100.0 * (integers - floats);
        let in_words = format!(
            "accuracy on {} {about}: {} in floats, {} in 8-bit integers ({:+.2} points); {} of their labels are equal",
            count(images.len() as u64),
            percent(floats),
            percent(integers),
            gained,
            percent(agreement.n_equal as f64 / agreement.n_images as f64),
        );
        Ok(IntegerCost { points: -gained, in_words })
    }

    /// Asks another program what an ONNX model gives.
    pub(super) fn verify_model(&self, model: &Model, bytes: &[u8], reads: &Reads) -> Result<(), RunError> {
        let images = &self.evidence.images[..self.evidence.images.len().min(N_VERIFIED)];
        let shape = self.plan.input();
        let planes = |numbers| Given::Numbers([1, shape.channels, shape.height, shape.width], numbers);
        let logits = |image: &Vec<u8>| self.logits(&model.network, image);
        let (given, expected): (Vec<Given>, Vec<Vec<f32>>) = match reads {
            Reads::Numbers => images.iter().map(|image| (planes(self.numbers(image)), logits(image))).unzip(),
            Reads::Levels => images.iter().map(|image| (planes(self.given(image)), logits(image))).unzip(),
            Reads::Photograph { .. } => {
                let usage = model.known_usage()?;
                let photographs = photographs(images, &usage.options)?;
                photographs
                    .into_iter()
                    .map(|photograph| {
                        let logits = self.logits_both_ways(model, usage, &photograph.levels);
                        let shape = [1, photograph.height, photograph.width, 3];
                        (Given::Photograph(shape, photograph.pixels), logits)
                    })
                    .unzip()
            }
        };
        let found = by_rten(bytes, &given)
            .map_err(|reason| RunError::new(format!("rten does not run the model: {reason}"), DEFECT))?;
        let (about, tolerance) = match reads {
            Reads::Photograph { .. } => (", as photographs of four sizes", TOLERANCE_OF_LEVELS),
            Reads::Levels | Reads::Numbers => ("", TOLERANCE),
        };
        self.judge("rten", about, tolerance, agreement(&expected, &found))
    }

    /// The logits of a sample; where a prediction is the mean over it and its mirror image, those that give that.
    fn logits_both_ways(&self, model: &Model, usage: &Usage, levels: &[u8]) -> Vec<f32> {
        let logits = self.logits(&model.network, levels);
        if !usage.flip_averaging {
            return logits;
        }
        let mirrored = self.logits(&model.network, &usage.mirrored(levels));
        averaged(&logits, &mirrored)
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
        self.judge("the program's steps", "", TOLERANCE, agreement(&expected, &found.collect::<Vec<_>>()))
    }

    /// Says how near another's logits are; further than the tolerance, beside the largest, is refused.
    fn judge(&self, who: &str, about: &str, tolerance: f32, found: Agreement) -> Result<(), RunError> {
        let Agreement { n_images, n_equal, largest_difference, largest_logit } = found;
        print(format!(
            "{who} on {} {}{about}: {} of the labels are equal, the largest difference of a logit is {largest_difference:.2e}",
            count(n_images as u64),
            self.evidence.about,
            percent(n_equal as f64 / n_images.max(1) as f64),
        ))?;
        // Of integers, a runtime that computes some steps in floats may round some the other way.
        if self.integers.is_none() && largest_difference > tolerance * (1.0 + largest_logit) {
            let reason = format!("{who} and the network differ by {largest_difference:.2e} in a logit");
            return Err(RunError::new(reason, DEFECT));
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
