//! Painting eyes, brows and mouth onto skin. Every function takes the tone below and gives the tone with its feature
//! on top; `x` is the distance from the midline.

use crate::synth::brush::{cover, mix, ramp, spot, texture};
use crate::synth::face::{Brow, Eye, Half, Mouth};
use crate::synth::identity::Identity;

const IRIS: f32 = 0.074;
const PUPIL: f32 = 0.034;

/// `light` is how brightly the skin around is lit.
pub(crate) fn eye(
    tone: f32,
    eye: &Eye,
    identity: &Identity,
    light: f32,
    (x, y): (f32, f32),
    blur: f32,
) -> f32 {
    let across = (x - eye.x) / eye.half_width;
    let y = y - eye.y + eye.tilt * across;
    if across.abs() > 1.4 || y.abs() > 0.3 {
        return tone;
    }
    let arch = (1.0 - across * across).max(0.0);
    let upper = -eye.upper * arch * (1.15 - 0.15 * arch);
    let lower = eye.lower * arch;
    let beyond = (across.abs() - 1.0) * eye.half_width;
    // The fold of the lid, then the lid itself, a little darker than the skin.
    let fold = (y - (upper - 0.05)).abs() - 0.008;
    let mut tone = tone * (1.0 - 0.25 * cover(fold.max(beyond), 1.5 * blur + 0.02));
    let ball = eyeball(identity, x - eye.x, y + 0.008, y - upper, blur) * light;
    tone = mix(tone, ball, cover((upper - y).max(y - lower).max(beyond), blur));
    let lashes = ((y - upper).abs() - 0.012).max(beyond - 0.015);
    tone = mix(tone, 0.1 * tone + 0.02, 0.9 * cover(lashes, blur + 0.006));
    let rim = ((y - lower).abs() - 0.005).max(beyond);
    mix(tone, 0.45 * tone, 0.6 * cover(rim, blur + 0.006))
}

fn eyeball(identity: &Identity, x: f32, y: f32, below_lid: f32, blur: f32) -> f32 {
    let from_centre = (x * x + y * y).sqrt();
    // The lid throws its shadow on the white.
    let white = 0.9 * mix(0.6, 1.0, ramp(0.0, 0.07, below_lid));
    let iris = identity.iris * mix(0.8, 1.5, ramp(0.2 * IRIS, 0.9 * IRIS, from_centre));
    let mut tone = mix(white, iris, cover(from_centre - IRIS, blur));
    tone = mix(tone, 0.02, cover(from_centre - PUPIL, blur));
    let (glint_x, glint_y) = (x + 0.024, y + 0.028);
    mix(tone, 1.0, 0.9 * cover((glint_x * glint_x + glint_y * glint_y).sqrt() - 0.016, blur))
}

pub(crate) fn brow(
    tone: f32,
    brow: &Brow,
    identity: &Identity,
    light: f32,
    (x, y): (f32, f32),
    blur: f32,
) -> f32 {
    let length = brow.outer_x - brow.inner_x;
    let along = (x - brow.inner_x) / length;
    if !(-0.15..1.15).contains(&along) {
        return tone;
    }
    // The parabola through the three heights.
    let [inner, middle, outer] = brow.heights;
    let centre = inner * (1.0 - along) * (1.0 - 2.0 * along)
        + middle * 4.0 * along * (1.0 - along)
        + outer * along * (2.0 * along - 1.0);
    let thickness = brow.thickness * (1.1 - 0.75 * along.clamp(0.0, 1.0));
    let ends = (-along).max(along - 1.0) * length;
    let distance = ((y - centre).abs() - thickness).max(ends + 0.01);
    let hairs = texture(identity.texture, 70.0 * x - 40.0 * y, 25.0 * y);
    let dark = cover(distance, blur + 0.02) * (0.72 + 0.28 * hairs);
    mix(tone, identity.brow_tone * light, dark)
}

pub(crate) fn mouth(
    tone: f32,
    mouth: &Mouth,
    half: &Half,
    identity: &Identity,
    light: f32,
    (x, y): (f32, f32),
    blur: f32,
) -> f32 {
    let (corner_x, corner_y) = half.corner;
    let across = x / corner_x;
    if across > 1.3 || (y - mouth.y).abs() > 0.45 {
        return tone;
    }
    let inside = across.min(1.0);
    let arch = 1.0 - inside * inside;
    let meet = mouth.y + (corner_y - mouth.y) * inside * inside;
    // Parted lips make a lens, a dropped jaw an oval.
    let gap = mouth.gap * mix(arch, arch.sqrt(), ramp(0.05, 0.2, mouth.gap));
    let (upper, lower) = (meet - 0.25 * gap, meet + 0.75 * gap);
    // The upper lip has a dip in its middle, Cupid's bow.
    let upper_edge = upper - mouth.upper_lip * arch * (0.8 + 1.1 * inside * (1.0 - inside));
    let lower_edge = lower + mouth.lower_lip * arch * (1.2 - 0.2 * arch);
    let beyond = x - corner_x;
    let is_upper = cover(y - meet, blur + 0.01);
    let lip = identity.lip_tone * light * mix(1.1, 0.82, is_upper);
    let mut tone =
        mix(tone, lip, 0.85 * cover((upper_edge - y).max(y - lower_edge).max(beyond), blur + 0.012));
    let open = ramp(0.005, 0.03, gap);
    let hollow = cover((upper - y).max(y - lower).max(beyond), blur);
    tone = mix(tone, cavity(mouth, y - upper, lower - y, across, light, blur), hollow * open);
    // Closed lips meet in a dark line, which ends in a darker corner.
    let line = ((y - meet).abs() - 0.009).max(beyond);
    tone = mix(tone, 0.3 * tone, 0.85 * (1.0 - open) * cover(line, blur + 0.012));
    tone * (1.0 - 0.45 * spot((x - corner_x) / 0.06, (y - corner_y) / 0.05))
}

/// Teeth above, tongue below, dark between.
fn cavity(mouth: &Mouth, below_upper: f32, above_lower: f32, across: f32, light: f32, blur: f32) -> f32 {
    let teeth = 0.06 + 0.015 * (1.0 - across);
    let shown = cover(below_upper - teeth, blur) * cover(across - 0.88, 0.15);
    let tongue = 0.25 * light * ramp(0.1, 0.25, mouth.gap) * cover(above_lower - 0.09, 0.06);
    mix(0.04 + tongue, 0.82 * light * (1.0 - 0.45 * across * across), shown)
}
