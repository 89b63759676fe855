//! From a portrait to a picture: samples, blur, exposure, noise.

use netsynth_random::Stream;

use crate::image::Image;
use crate::synth::paint::Portrait;
use crate::synth::scene::Scene;

/// Samples along each side of a pixel: small pictures need more for smooth edges.
pub(crate) fn samples_a_side(side: usize) -> usize {
    if side < 96 { 2 } else { 1 }
}

/// The size of a sample in half-sides of the picture.
pub(crate) fn sample_size(side: usize) -> f32 {
    2.0 / (side * samples_a_side(side)) as f32
}

/// Takes the picture, `side` x `side`.
pub(crate) fn picture(portrait: &Portrait<'_>, scene: &Scene, side: usize, rng: &mut Stream) -> Image {
    let mut tones = expose(portrait, side);
    blur(&mut tones, side, scene.blur * side as f32 / 48.0);
    let pixels = tones
        .into_iter()
        .map(|tone| {
            let grain = rng.signed_f32() + rng.signed_f32() + rng.signed_f32();
            let level = 255.0 * libm::powf(tone.max(0.0), scene.gamma) + scene.noise * grain;
            (level + 0.5).clamp(0.0, 255.0) as u8
        })
        .collect();
    Image { width: side as u32, height: side as u32, gray: pixels, colours: None }
}

fn expose(portrait: &Portrait<'_>, side: usize) -> Vec<f32> {
    let samples = samples_a_side(side);
    let step = sample_size(side);
    let share = 1.0 / (samples * samples) as f32;
    let mut tones = vec![0.0; side * side];
    for row in 0..side * samples {
        let y = (row as f32 + 0.5) * step - 1.0;
        for column in 0..side * samples {
            let x = (column as f32 + 0.5) * step - 1.0;
            tones[row / samples * side + column / samples] += share * portrait.tone(x, y);
        }
    }
    tones
}

/// A Gaussian of the standard deviation `sd` pixels, along rows, then along columns.
fn blur(tones: &mut Vec<f32>, side: usize, sd: f32) {
    let reach = (2.5 * sd + 0.5) as usize;
    let mut weights: Vec<f32> =
        (0..=reach).map(|offset| libm::expf(-0.5 * (offset as f32 / sd) * (offset as f32 / sd))).collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f32>();
    weights.iter_mut().for_each(|weight| *weight /= total);
    // Each pass also swaps rows and columns, so two passes do both and end upright.
    for _ in 0..2 {
        let mut turned = vec![0.0; side * side];
        for (row, line) in tones.chunks_exact(side).enumerate() {
            for column in 0..side {
                let mut sum = weights[0] * line[column];
                for (offset, weight) in weights.iter().enumerate().skip(1) {
                    let (before, after) = (column.saturating_sub(offset), (column + offset).min(side - 1));
                    sum += weight * (line[before] + line[after]);
                }
                turned[column * side + row] = sum;
            }
        }
        *tones = turned;
    }
}
