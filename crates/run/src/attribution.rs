//! Which pixels a label rests on, and how far that can be believed.

use netsynth_random::stream;
use netsynth_train::{Deployed, likeliest};
use serde::Serialize;

use crate::Usage;

/// The shares of an image's pixels that are removed to see whether a map is right.
const SHARES: [f64; 3] = [0.05, 0.1, 0.2];

/// How many times chance removes as many pixels.
const N_DRAWS: u64 = 8;

/// How many patches lie side by side along the shorter side of an image.
const N_PATCHES: usize = 6;

/// How a map is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// What the label's probability loses while a patch around the pixel is hidden (Zeiler and Fergus 2014).
    Occlusion,
    /// How fast the label's log-probability changes with what the network reads of the pixel (Simonyan et al. 2014).
    Gradient,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 2] = [Method::Occlusion, Method::Gradient];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Occlusion => "occlusion",
            Method::Gradient => "gradient",
        }
    }
}

/// A map of what a label rests on, with its measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// How the map was made.
    pub method: Method,
    /// For each pixel what the label owes it, row by row: `height * width`. Below zero it speaks against the label.
    pub map: Vec<f32>,
    /// What becomes of the label when pixels are removed.
    pub removals: Vec<Removal>,
}

/// What becomes of a label when a share of the pixels is removed, each replaced by the image's mean. A map that is right
/// leaves less of it than chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Removal {
    /// The share of the pixels.
    pub share: f64,
    /// After the pixels that the map names first.
    pub named: After,
    /// After as many in the same form elsewhere: the mean over draws.
    pub moved: After,
    /// After as many anywhere: the mean over draws.
    pub random: After,
}

/// What is left of a label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct After {
    /// Its probability.
    pub probability: f64,
    /// Whether it is still the label: 1, 0, or the share of draws.
    pub kept: f64,
}

impl After {
    /// The mean of several.
    pub fn mean(all: &[After]) -> After {
        let n = all.len().max(1) as f64;
        let mean = |of: fn(&After) -> f64| all.iter().map(of).sum::<f64>() / n;
        After { probability: mean(|after| after.probability), kept: mean(|after| after.kept) }
    }
}

/// Asks a network what it owes the label `class` of a sample to, and measures the answer. `number` is the sample's: what
/// chance removes is a function of it.
pub fn attribution(
    method: Method,
    network: &Deployed,
    usage: &Usage,
    levels: &[u8],
    class: usize,
    number: u64,
) -> Attribution {
    let map = match method {
        Method::Occlusion => occlusion(network, usage, levels, class),
        Method::Gradient => gradient(network, usage, levels, class),
    };
    let (height, width) = (usage.options.height, usage.options.width);
    let mut order: Vec<usize> = (0..map.len()).collect();
    order.sort_by(|&one, &other| map[other].total_cmp(&map[one]).then(one.cmp(&other)));
    let after = |removed: &[usize]| {
        let probabilities = usage.probabilities(network, &without(levels, map.len(), removed));
        let kept = f64::from(u8::from(likeliest(&probabilities) == class));
        After { probability: f64::from(probabilities[class]), kept }
    };
    let removals = SHARES.into_iter().enumerate().map(|(index, share)| {
        let count = (share * map.len() as f64).round() as usize;
        let named = &order[..count];
        let draw = |draw: u64| stream(0, "removal", &[number, index as u64, draw]);
        let moved = (0..N_DRAWS).map(|number| {
            let mut random = draw(number);
            // Anywhere but where it is.
            let shift = 1 + random.below(map.len() - 1);
            let (down, right) = (shift / width, shift % width);
            let elsewhere =
                named.iter().map(|at| (at / width + down) % height * width + (at + right) % width);
            after(&elsewhere.collect::<Vec<_>>())
        });
        let random = (0..N_DRAWS).map(|number| after(&draw(number).shuffled(map.len())[..count]));
        Removal {
            share,
            named: after(named),
            moved: After::mean(&moved.collect::<Vec<_>>()),
            random: After::mean(&random.collect::<Vec<_>>()),
        }
    });
    let removals = removals.collect();
    Attribution { method, map, removals }
}

/// A sample in which some pixels of each plane are the plane's mean.
fn without(levels: &[u8], plane: usize, removed: &[usize]) -> Vec<u8> {
    let mut left = levels.to_vec();
    for plane in left.chunks_exact_mut(plane) {
        let mean = mean(plane);
        removed.iter().for_each(|&at| plane[at] = mean);
    }
    left
}

fn mean(plane: &[u8]) -> u8 {
    let sum: u64 = plane.iter().map(|level| u64::from(*level)).sum();
    (sum as f64 / plane.len().max(1) as f64).round() as u8
}

/// For each pixel the mean over the patches that cover it of what the label's probability loses.
fn occlusion(network: &Deployed, usage: &Usage, levels: &[u8], class: usize) -> Vec<f32> {
    let (height, width) = (usage.options.height, usage.options.width);
    let patch = (height.min(width) / N_PATCHES).max(1);
    let starts = |length: usize| {
        let last = length - patch;
        let step = patch.div_ceil(2);
        (0..last).step_by(step).chain([last]).collect::<Vec<usize>>()
    };
    let whole = usage.probabilities(network, levels)[class];
    let (mut lost, mut n_covered) = (vec![0.0; height * width], vec![0.0; height * width]);
    for top in starts(height) {
        for left in starts(width) {
            let rows = (top..top + patch).flat_map(|row| row * width + left..row * width + left + patch);
            let hidden: Vec<usize> = rows.collect();
            let rest = usage.probabilities(network, &without(levels, height * width, &hidden))[class];
            for at in hidden {
                lost[at] += whole - rest;
                n_covered[at] += 1.0;
            }
        }
    }
    lost.iter().zip(n_covered).map(|(lost, n)| lost / n).collect()
}

/// For each pixel the size of the gradient, over all planes; of a network that looks at the mirror image too, the mean of
/// both.
fn gradient(network: &Deployed, usage: &Usage, levels: &[u8], class: usize) -> Vec<f32> {
    let plane = usage.options.height * usage.options.width;
    let of = |levels: &[u8]| -> Vec<f32> {
        let gradient = network.gradient(usage.prepared(levels), class);
        (0..plane).map(|at| gradient.iter().skip(at).step_by(plane).map(|slope| slope.abs()).sum()).collect()
    };
    let mut map = of(levels);
    if usage.flip_averaging {
        let mirrored = usage.mirrored(&of(&usage.mirrored(levels)));
        map.iter_mut().zip(mirrored).for_each(|(one, other)| *one = 0.5 * (*one + other));
    }
    map
}
