//! Random variation of a training image: geometry in one resampling, then light, then an erased patch.

use netsynth_random::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::error::check_range;

/// How much a training image may vary. Every amount is the half-width of a uniform range around "unchanged"; the
/// default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Rotation, in degrees to either side.
    pub rotation_degrees: f32,
    /// Shift along each axis, as a share of that side.
    pub shift: f32,
    /// Zoom: the scale is 1 - zoom to 1 + zoom, the same along both axes.
    pub zoom: f32,
    /// Whether every other image, by chance, is mirrored.
    pub flip: bool,
    /// Horizontal shear, in degrees to either side.
    pub shear_degrees: f32,
    /// Added to all gray levels, as a share of the full range.
    pub brightness: f32,
    /// Contrast about the image's mean: the factor is 1 - contrast to 1 + contrast.
    pub contrast: f32,
    /// A ramp of light across the image in a random direction: added at one border, taken at the opposite one, as a
    /// share of the full range.
    pub light_gradient: f32,
    /// The chance that a rectangle of 2 to 12 % of the image is replaced by one random gray.
    pub erase: f32,
}

impl Augmentation {
    /// The paper's kinds: rotation, shifts, zoom, flip. It gives no amounts; these are common ones for aligned faces.
    pub fn paper() -> Augmentation {
        Augmentation { rotation_degrees: 10.0, shift: 0.1, zoom: 0.1, flip: true, ..Augmentation::default() }
    }

    /// More of the same, and light, contrast and occlusion beside.
    pub fn strong() -> Augmentation {
        Augmentation {
            rotation_degrees: 15.0,
            shift: 0.06,
            zoom: 0.15,
            flip: true,
            shear_degrees: 5.0,
            brightness: 0.1,
            contrast: 0.25,
            light_gradient: 0.15,
            erase: 0.25,
        }
    }

    /// Checks that every amount is in its range.
    ///
    /// # Errors
    /// Names the first amount that is not.
    pub fn check(&self) -> Result<(), DataError> {
        let amounts = [
            ("rotation_degrees", self.rotation_degrees, 180.0),
            ("shift", self.shift, 0.5),
            ("zoom", self.zoom, 0.9),
            ("shear_degrees", self.shear_degrees, 45.0),
            ("brightness", self.brightness, 1.0),
            ("contrast", self.contrast, 1.0),
            ("light_gradient", self.light_gradient, 1.0),
            ("erase", self.erase, 1.0),
        ];
        amounts.into_iter().try_for_each(|(option, value, most)| check_range(option, value, 0.0..=most, ""))
    }

    /// Writes a varied copy of `pixels` to `out`, in gray levels 0 to 255.
    ///
    /// Always takes the same number of draws from `rng`, whatever the amounts; the same draws give the same bits on
    /// every machine.
    ///
    /// # Shapes
    /// `pixels` and `out`: one or three planes of `height * width`, row by row, sides up to 1024. Planes vary alike.
    pub fn apply(&self, pixels: &[u8], height: usize, width: usize, rng: &mut Stream, out: &mut [f32]) {
        let area = height * width;
        assert!(
            pixels.len().is_multiple_of(area) && out.len() == pixels.len(),
            "image is not planes of height * width"
        );
        let warp = self.draw_warp(height, width, rng);
        let light = self.draw_light(pixels, rng);
        let patch = self.draw_patch(height, width, rng);
        for (plane, out) in pixels.chunks_exact(area).zip(out.chunks_exact_mut(area)) {
            resample(plane, height, width, &warp, out);
            light.shine(height, width, out);
            if let Some(patch) = &patch {
                patch.cover(width, out);
            }
        }
    }

    fn draw_warp(&self, height: usize, width: usize, rng: &mut Stream) -> Warp {
        let angle = rng.signed_f32() * self.rotation_degrees.to_radians();
        let shear = rng.signed_f32() * self.shear_degrees.to_radians();
        let scale = 1.0 + rng.signed_f32() * self.zoom;
        let shift_x = rng.signed_f32() * self.shift * width as f32;
        let shift_y = rng.signed_f32() * self.shift * height as f32;
        let mirror = if rng.unit_f32() < 0.5 && self.flip { -1.0 } else { 1.0 };
        // libm, not the system's sine: the same bits everywhere.
        let (sin, cos) = (libm::sinf(angle) / scale, libm::cosf(angle) / scale);
        let skew = libm::tanf(shear);
        Warp {
            x_by_x: mirror * cos,
            x_by_y: skew * cos - sin,
            y_by_x: mirror * sin,
            y_by_y: skew * sin + cos,
            shift_x,
            shift_y,
        }
    }

    fn draw_light(&self, pixels: &[u8], rng: &mut Stream) -> Light {
        let gain = 1.0 + rng.signed_f32() * self.contrast;
        let brightness = 255.0 * rng.signed_f32() * self.brightness;
        let (sin, cos) = libm::sincosf(rng.unit_f32() * core::f32::consts::TAU);
        let gradient = 255.0 * rng.unit_f32() * self.light_gradient;
        let sum: u32 = pixels.iter().map(|&pixel| u32::from(pixel)).sum();
        let mean = sum as f32 / pixels.len() as f32;
        Light {
            gain,
            offset: mean * (1.0 - gain) + brightness,
            along_x: gradient * cos,
            along_y: gradient * sin,
        }
    }

    fn draw_patch(&self, height: usize, width: usize, rng: &mut Stream) -> Option<Patch> {
        let is_drawn = rng.unit_f32() < self.erase;
        let area = (0.02 + 0.1 * rng.unit_f32()) * (height * width) as f32;
        let aspect = 0.5 + 1.5 * rng.unit_f32();
        let patch_height = ((area * aspect).sqrt() as usize).clamp(1, height);
        let patch_width = ((area / aspect).sqrt() as usize).clamp(1, width);
        let top = (rng.unit_f32() * (height - patch_height + 1) as f32) as usize;
        let left = (rng.unit_f32() * (width - patch_width + 1) as f32) as usize;
        let gray = 255.0 * rng.unit_f32();
        is_drawn.then_some(Patch { top, left, height: patch_height, width: patch_width, gray })
    }
}

/// Where each output pixel comes from: an affine map about the image's centre.
struct Warp {
    x_by_x: f32,
    x_by_y: f32,
    y_by_x: f32,
    y_by_y: f32,
    shift_x: f32,
    shift_y: f32,
}

/// Pixel positions are counted in 1/65536 of a pixel, so that stepping along a row is exact.
const FRACTION_BITS: u32 = 16;
const ONE: f32 = (1 << FRACTION_BITS) as f32;

/// Bilinear resampling; positions outside are clamped to the edge.
fn resample(pixels: &[u8], height: usize, width: usize, warp: &Warp, out: &mut [f32]) {
    let fixed = |value: f32| (value * ONE).round() as i32;
    let (centre_x, centre_y) = ((width - 1) as f32 / 2.0, (height - 1) as f32 / 2.0);
    let (last_x, last_y) = (((width - 1) as i32) << FRACTION_BITS, ((height - 1) as i32) << FRACTION_BITS);
    let (step_x, step_y) = (fixed(warp.x_by_x), fixed(warp.y_by_x));
    let fraction = |value: i32| (value & ((1 << FRACTION_BITS) - 1)) as f32 * (1.0 / ONE);
    for (row, out_row) in out.chunks_exact_mut(width).enumerate() {
        let y = row as f32 - centre_y;
        let mut source_x = fixed(warp.x_by_x * -centre_x + warp.x_by_y * y + centre_x + warp.shift_x);
        let mut source_y = fixed(warp.y_by_x * -centre_x + warp.y_by_y * y + centre_y + warp.shift_y);
        for value in out_row {
            let (x, y) = (source_x.clamp(0, last_x), source_y.clamp(0, last_y));
            let (left, top) = ((x >> FRACTION_BITS) as usize, (y >> FRACTION_BITS) as usize);
            let right = left + usize::from(x < last_x);
            let (upper, lower) = (top * width, (top + usize::from(y < last_y)) * width);
            let level = |at: usize| f32::from(pixels[at]);
            let (along, down) = (fraction(x), fraction(y));
            let above = level(upper + left) + (level(upper + right) - level(upper + left)) * along;
            let below = level(lower + left) + (level(lower + right) - level(lower + left)) * along;
            *value = above + (below - above) * down;
            source_x += step_x;
            source_y += step_y;
        }
    }
}

/// Gray levels are multiplied, offset, and lit by a ramp that runs from -1 to 1 across each axis.
struct Light {
    gain: f32,
    offset: f32,
    along_x: f32,
    along_y: f32,
}

impl Light {
    fn shine(&self, height: usize, width: usize, out: &mut [f32]) {
        let (step_x, step_y) = (2.0 / width as f32, 2.0 / height as f32);
        for (row, out_row) in out.chunks_exact_mut(width).enumerate() {
            let offset = self.offset + self.along_y * (row as f32 * step_y - 1.0);
            for (column, value) in out_row.iter_mut().enumerate() {
                let ramp = self.along_x * (column as f32 * step_x - 1.0);
                *value = (*value * self.gain + (offset + ramp)).clamp(0.0, 255.0);
            }
        }
    }
}

struct Patch {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
    gray: f32,
}

impl Patch {
    fn cover(&self, image_width: usize, out: &mut [f32]) {
        for out_row in out.chunks_exact_mut(image_width).skip(self.top).take(self.height) {
            out_row[self.left..self.left + self.width].fill(self.gray);
        }
    }
}
