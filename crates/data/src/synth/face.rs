//! A person making a face: where every feature is, in face units (right, down).

use crate::synth::action_units::ActionUnit::*;
use crate::synth::action_units::ActionUnits;
use crate::synth::identity::Identity;

/// Everything a painter needs to know of the shape of a face. Features come as left and right halves, in coordinates
/// mirrored so that right is away from the midline.
pub(crate) struct Face {
    pub(crate) half_width: f32,
    pub(crate) chin: f32,
    pub(crate) mouth: Mouth,
    pub(crate) nostril: f32,
    pub(crate) halves: [Half; 2],
}

pub(crate) struct Half {
    pub(crate) eye: Eye,
    pub(crate) brow: Brow,
    /// The corner of the mouth.
    pub(crate) corner: (f32, f32),
    /// Hills and hollows that catch the light.
    pub(crate) bumps: Vec<Bump>,
    /// Folds of the skin.
    pub(crate) creases: Vec<Crease>,
}

pub(crate) struct Eye {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) half_width: f32,
    /// From the line between the corners up to the upper lid.
    pub(crate) upper: f32,
    /// From the line between the corners down to the lower lid.
    pub(crate) lower: f32,
    pub(crate) tilt: f32,
}

/// A curve through three heights, at its inner end, its middle and its outer end.
pub(crate) struct Brow {
    pub(crate) inner_x: f32,
    pub(crate) outer_x: f32,
    pub(crate) heights: [f32; 3],
    pub(crate) thickness: f32,
}

/// The middle of the mouth; the corners belong to the halves.
pub(crate) struct Mouth {
    /// Where the lips meet.
    pub(crate) y: f32,
    /// How far the lips are apart.
    pub(crate) gap: f32,
    pub(crate) upper_lip: f32,
    pub(crate) lower_lip: f32,
}

/// A hill (or, with a negative height, a hollow) on an ellipse.
pub(crate) struct Bump {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) half_width: f32,
    pub(crate) half_height: f32,
    pub(crate) height: f32,
}

/// A fold along a segment.
pub(crate) struct Crease {
    pub(crate) from: (f32, f32),
    pub(crate) to: (f32, f32),
    pub(crate) width: f32,
    /// Share of light that it takes.
    pub(crate) depth: f32,
}

/// The shape of `identity` under `units`.
pub(crate) fn face(identity: &Identity, units: &ActionUnits) -> Face {
    let jaw = units.mean(JawDrop);
    let mouth = mouth(identity, units);
    let halves = [0, 1].map(|side| {
        let eye = eye(identity, units, side);
        let brow = brow(identity, units, side);
        let corner = corner(identity, units, side, &mouth);
        let mut half = Half { eye, brow, corner, bumps: Vec::new(), creases: Vec::new() };
        add_bumps(&mut half, identity, units, side, &mouth);
        add_creases(&mut half, identity, units, side, &mouth);
        half
    });
    Face {
        half_width: identity.half_width,
        chin: identity.chin + 0.13 * jaw - 0.015 * units.mean(ChinRaiser),
        mouth,
        nostril: nostril_height(identity, units.mean(NoseWrinkler)),
        halves,
    }
}

fn nostril_height(identity: &Identity, wrinkled: f32) -> f32 {
    identity.eye_height + identity.nose_length - 0.045 * wrinkled
}

fn eye(identity: &Identity, units: &ActionUnits, side: usize) -> Eye {
    let on = |unit| units.on(side, unit);
    let opening = identity.eye_opening;
    let upper = opening * (1.0 + 0.6 * on(UpperLidRaiser) - 0.22 * on(LidTightener) - 0.12 * on(CheekRaiser))
        - 0.2 * opening * on(NoseWrinkler)
        - 0.9 * opening * on(EyesClosed);
    let lower = 0.55
        * opening
        * (1.0 + 0.25 * on(UpperLidRaiser)
            - 0.75 * on(LidTightener)
            - 1.0 * on(CheekRaiser)
            - 0.5 * on(NoseWrinkler));
    Eye {
        x: identity.eye_distance,
        y: identity.eye_height,
        half_width: identity.eye_half_width,
        upper: upper.max(0.008),
        lower,
        tilt: identity.eye_tilt,
    }
}

fn brow(identity: &Identity, units: &ActionUnits, side: usize) -> Brow {
    let on = |unit| units.on(side, unit);
    let rest = identity.eye_height - identity.brow_height;
    let lowered = 0.085 * on(BrowLowerer) + 0.05 * on(NoseWrinkler);
    let inner = rest + identity.brow_tilt + 1.1 * lowered - 0.13 * on(InnerBrowRaiser);
    let middle =
        rest - identity.brow_arch + 0.9 * lowered - 0.05 * on(InnerBrowRaiser) - 0.1 * on(OuterBrowRaiser);
    let outer = rest - identity.brow_tilt + 0.025 + 0.4 * lowered - 0.09 * on(OuterBrowRaiser);
    let inner_x = identity.eye_distance - 0.52 * identity.brow_length;
    Brow {
        inner_x: inner_x - 0.045 * on(BrowLowerer),
        outer_x: inner_x + identity.brow_length,
        heights: [inner, middle, outer],
        thickness: identity.brow_thickness,
    }
}

fn mouth(identity: &Identity, units: &ActionUnits) -> Mouth {
    let (jaw, smile) = (units.mean(JawDrop), units.mean(LipCornerPuller));
    let (tight, stretch) = (units.mean(LipTightener), units.mean(LipStretcher));
    let (snarl, chin) = (units.mean(NoseWrinkler), units.mean(ChinRaiser));
    let thin = (1.0 - 0.6 * tight) * (1.0 - 0.3 * stretch) * (1.0 - 0.25 * smile);
    Mouth {
        y: identity.mouth_height + 0.02 * jaw - 0.04 * snarl - 0.035 * chin,
        gap: (0.34 * jaw + 0.11 * units.mean(LipsPart) + 0.04 * stretch - 0.06 * tight).max(0.0),
        upper_lip: identity.upper_lip * thin * (1.0 + 0.2 * snarl),
        lower_lip: identity.lower_lip * thin * (1.0 + 0.35 * chin),
    }
}

fn corner(identity: &Identity, units: &ActionUnits, side: usize, mouth: &Mouth) -> (f32, f32) {
    let on = |unit| units.on(side, unit);
    let x = identity.mouth_half_width + 0.085 * on(LipCornerPuller) + 0.1 * on(LipStretcher)
        - 0.07 * units.mean(JawDrop)
        - 0.045 * on(LipTightener)
        - 0.02 * on(Dimpler)
        - 0.02 * on(LipCornerDepressor);
    let y = mouth.y + identity.mouth_droop - 0.115 * on(LipCornerPuller) - 0.035 * on(Dimpler)
        + 0.085 * on(LipCornerDepressor)
        + 0.035 * on(LipStretcher)
        + 0.2 * mouth.gap * units.mean(JawDrop).min(1.0)
        + 0.02 * on(ChinRaiser);
    (x, y)
}

fn add_bumps(half: &mut Half, identity: &Identity, units: &ActionUnits, side: usize, mouth: &Mouth) {
    let on = |unit| units.on(side, unit);
    let nostril = nostril_height(identity, on(NoseWrinkler));
    let nose = identity.nose_width;
    let (corner_x, corner_y) = half.corner;
    let lift = 0.07 * on(CheekRaiser) + 0.05 * on(LipCornerPuller);
    let brow = half.brow.heights[1];
    let mut bump = |x, y, half_width, half_height, height| {
        half.bumps.push(Bump { x, y, half_width, half_height, height });
    };
    // Nose: bridge, tip, wing.
    bump(0.0, nostril - 0.2, 0.9 * nose, 0.36, 0.09);
    bump(0.0, nostril - 0.05, 0.95 * nose, 0.13, 0.06);
    bump(0.85 * nose, nostril - 0.02 - 0.02 * on(NoseWrinkler), 0.09, 0.08, 0.035 + 0.02 * on(NoseWrinkler));
    // Eye: socket and brow ridge.
    bump(identity.eye_distance - 0.03, identity.eye_height - 0.02, 0.25, 0.17, -0.05);
    bump(identity.eye_distance - 0.05, brow + 0.01, 0.33, 0.12, 0.035 + 0.02 * on(BrowLowerer));
    // Cheek, bunched by a smile.
    bump(0.43, 0.24 - lift, 0.28, 0.24, 0.045 + 0.045 * on(CheekRaiser) + 0.04 * on(LipCornerPuller));
    // Lips and the hollows at the corner and below.
    bump(0.0, mouth.y - 0.5 * (mouth.upper_lip + mouth.gap), 0.8 * corner_x, 0.06, 0.02);
    bump(0.0, mouth.y + 0.5 * mouth.lower_lip + 0.8 * mouth.gap, 0.7 * corner_x, 0.07, 0.03);
    bump(corner_x + 0.03, corner_y, 0.1, 0.1, -0.02 - 0.035 * on(Dimpler) - 0.02 * on(LipCornerPuller));
    // Chin, pushed up into a ball.
    let chin = identity.chin + 0.13 * units.mean(JawDrop);
    bump(0.0, chin - 0.15 - 0.03 * on(ChinRaiser), 0.22, 0.16, 0.045 + 0.05 * on(ChinRaiser));
    // The knot between the brows.
    bump(0.07, half.brow.heights[0] + 0.01, 0.08, 0.1, 0.035 * on(BrowLowerer) + 0.02 * on(NoseWrinkler));
}

fn add_creases(half: &mut Half, identity: &Identity, units: &ActionUnits, side: usize, mouth: &Mouth) {
    let on = |unit| units.on(side, unit);
    let old = 0.55 + 0.6 * identity.age;
    let (eye_x, eye_y, eye_half) = (half.eye.x, half.eye.y, half.eye.half_width);
    let lower_lid = eye_y + half.eye.lower;
    let (corner_x, corner_y) = half.corner;
    let inner_brow = half.brow.heights[0];
    let nostril = nostril_height(identity, on(NoseWrinkler));
    let wing = identity.nose_width;
    let creases = &mut half.creases;
    let mut crease = |from, to, width, depth: f32| {
        if depth > 0.02 {
            creases.push(Crease { from, to, width, depth: depth.min(0.6) });
        }
    };
    // From the wing of the nose around the corner of the mouth.
    let fold = 0.12 * identity.age
        + old * (0.4 * on(LipCornerPuller) + 0.4 * on(NoseWrinkler) + 0.15 * on(CheekRaiser));
    let bend = (corner_x + 0.05, 0.5 * (nostril + corner_y) - 0.01);
    crease((wing + 0.03, nostril - 0.04), bend, 0.035, fold);
    crease(bend, (corner_x + 0.09, corner_y + 0.02), 0.035, 0.8 * fold);
    // Below the corner.
    crease(
        (corner_x + 0.02, corner_y + 0.02),
        (corner_x + 0.05, corner_y + 0.14),
        0.035,
        old * 0.4 * on(LipCornerDepressor),
    );
    // A dimple beside the corner.
    crease((corner_x + 0.05, corner_y - 0.07), (corner_x + 0.06, corner_y + 0.05), 0.035, 0.55 * on(Dimpler));
    // Between the brows, and across the root of the nose.
    crease((0.055, inner_brow - 0.05), (0.045, inner_brow + 0.1), 0.025, old * 0.5 * on(BrowLowerer));
    crease((0.0, eye_y - 0.03), (0.11, eye_y - 0.08), 0.025, old * 0.45 * on(NoseWrinkler));
    crease((0.0, eye_y + 0.04), (0.12, eye_y - 0.0), 0.025, old * 0.45 * on(NoseWrinkler));
    // Across the forehead: the whole of it, or the middle only.
    let (raised, inner) = (on(OuterBrowRaiser), on(InnerBrowRaiser));
    for line in 0..3 {
        let y = inner_brow - 0.1 - 0.085 * line as f32;
        let depth = old * (0.3 * raised + 0.16 * inner) + 0.05 * identity.age;
        crease((0.0, y + 0.015), (0.2 + 0.2 * raised, y - 0.01), 0.022, depth);
    }
    // Outside and below the eye.
    let outer = eye_x + eye_half + 0.03;
    crease((outer, eye_y - 0.01), (outer + 0.1, eye_y - 0.05), 0.02, old * 0.35 * on(CheekRaiser));
    crease((outer, eye_y + 0.03), (outer + 0.1, eye_y + 0.05), 0.02, old * 0.35 * on(CheekRaiser));
    let bag = 0.1 * identity.age + 0.3 * on(CheekRaiser) + 0.22 * on(LidTightener);
    crease((eye_x - 0.1, lower_lid + 0.045), (eye_x + 0.1, lower_lid + 0.04), 0.025, bag);
    // Over the ball of the chin.
    let under_lip = mouth.y + mouth.lower_lip + mouth.gap;
    crease((0.0, under_lip + 0.05), (0.14, under_lip + 0.075), 0.035, 0.12 + 0.35 * on(ChinRaiser));
}
