//! What makes one face another.

use netsynth_random::Stream;

/// One person. Lengths are in face units: the face is about 1.5 wide and 2.1 high, its origin between eyes and nose.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) half_width: f32,
    /// 0 is an oval, 1 a square jaw.
    pub(crate) jaw: f32,
    pub(crate) taper: f32,
    pub(crate) chin: f32,
    pub(crate) eye_distance: f32,
    pub(crate) eye_height: f32,
    pub(crate) eye_half_width: f32,
    pub(crate) eye_opening: f32,
    pub(crate) eye_tilt: f32,
    pub(crate) iris: f32,
    pub(crate) brow_height: f32,
    pub(crate) brow_length: f32,
    pub(crate) brow_arch: f32,
    pub(crate) brow_tilt: f32,
    pub(crate) brow_thickness: f32,
    pub(crate) nose_length: f32,
    pub(crate) nose_width: f32,
    pub(crate) mouth_height: f32,
    pub(crate) mouth_half_width: f32,
    /// Where the corners of the mouth rest, below its middle.
    pub(crate) mouth_droop: f32,
    pub(crate) upper_lip: f32,
    pub(crate) lower_lip: f32,
    /// Share of light that the skin returns.
    pub(crate) skin: f32,
    pub(crate) lip_tone: f32,
    pub(crate) hair_tone: f32,
    pub(crate) brow_tone: f32,
    pub(crate) hair: Hair,
    pub(crate) hairline: f32,
    /// How deep creases are, at rest and in motion.
    pub(crate) age: f32,
    pub(crate) beard: f32,
    pub(crate) moustache: f32,
    pub(crate) glasses: bool,
    /// How strongly the person shows expressions.
    pub(crate) expressiveness: f32,
    /// Picks the texture of skin and hair.
    pub(crate) texture: u32,
}

/// How far down the hair goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hair {
    Bald,
    Short,
    Bob,
    Long,
}

/// Draws a person.
pub(crate) fn identity(rng: &mut Stream) -> Identity {
    let skin = 0.42 + 0.42 * rng.unit_f32();
    let beardedness = rng.unit_f32();
    let hair = match rng.unit_f32() {
        draw if draw < 0.1 => Hair::Bald,
        draw if draw < 0.55 => Hair::Short,
        draw if draw < 0.78 => Hair::Bob,
        _ => Hair::Long,
    };
    let may_beard = matches!(hair, Hair::Bald | Hair::Short);
    let hair_tone = 0.05 + 0.45 * rng.unit_f32() * rng.unit_f32() * (0.4 + skin);
    Identity {
        half_width: 0.75 + 0.06 * rng.signed_f32(),
        jaw: rng.unit_f32(),
        taper: 0.1 + 0.08 * rng.signed_f32(),
        chin: 1.0 + 0.06 * rng.signed_f32(),
        eye_distance: 0.34 + 0.03 * rng.signed_f32(),
        eye_height: -0.11 + 0.03 * rng.signed_f32(),
        eye_half_width: 0.155 + 0.018 * rng.signed_f32(),
        eye_opening: 0.078 + 0.016 * rng.signed_f32(),
        eye_tilt: 0.02 * rng.signed_f32(),
        iris: 0.08 + 0.3 * rng.unit_f32() * rng.unit_f32(),
        brow_height: 0.225 + 0.035 * rng.signed_f32(),
        brow_length: 0.44 + 0.05 * rng.signed_f32(),
        brow_arch: 0.045 + 0.03 * rng.signed_f32(),
        brow_tilt: 0.03 * rng.signed_f32(),
        brow_thickness: 0.034 + 0.014 * rng.signed_f32(),
        nose_length: 0.4 + 0.05 * rng.signed_f32(),
        nose_width: 0.15 + 0.03 * rng.signed_f32(),
        mouth_height: 0.56 + 0.03 * rng.signed_f32(),
        mouth_half_width: 0.27 + 0.03 * rng.signed_f32(),
        mouth_droop: 0.015 * rng.signed_f32(),
        upper_lip: 0.052 + 0.018 * rng.signed_f32(),
        lower_lip: 0.07 + 0.02 * rng.signed_f32(),
        skin,
        lip_tone: skin * (0.62 + 0.12 * rng.signed_f32()),
        hair_tone,
        brow_tone: 0.6 * hair_tone + 0.03,
        hair,
        hairline: -0.7 + 0.09 * rng.signed_f32(),
        age: rng.unit_f32(),
        beard: if may_beard && beardedness < 0.3 { 0.35 + 0.6 * rng.unit_f32() } else { 0.0 },
        moustache: if may_beard && beardedness < 0.22 { 0.4 + 0.5 * rng.unit_f32() } else { 0.0 },
        glasses: rng.unit_f32() < 0.15,
        expressiveness: 1.0 + 0.12 * rng.signed_f32(),
        texture: rng.next_u32(),
    }
}
