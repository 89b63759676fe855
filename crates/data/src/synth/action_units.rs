//! Expressions as facial action units, after FACS and EMFACS.

use netsynth_random::Stream;

use crate::Expression;

/// A facial action unit; the number is that of FACS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActionUnit {
    /// 1
    InnerBrowRaiser,
    /// 2
    OuterBrowRaiser,
    /// 4
    BrowLowerer,
    /// 5
    UpperLidRaiser,
    /// 6
    CheekRaiser,
    /// 7
    LidTightener,
    /// 9
    NoseWrinkler,
    /// 12
    LipCornerPuller,
    /// 14
    Dimpler,
    /// 15
    LipCornerDepressor,
    /// 17
    ChinRaiser,
    /// 20
    LipStretcher,
    /// 23
    LipTightener,
    /// 25
    LipsPart,
    /// 26
    JawDrop,
    /// 43
    EyesClosed,
}

use ActionUnit::*;

const N_UNITS: usize = 16;

/// The strength of every action unit on each side of the face, 0 to about 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActionUnits([[f32; N_UNITS]; 2]);

impl ActionUnits {
    /// The strength of `unit` on side 0 (left in the image) or 1.
    pub(crate) fn on(&self, side: usize, unit: ActionUnit) -> f32 {
        self.0[side][unit as usize]
    }

    /// The strength of a unit of the midline, such as the jaw: the mean of the sides.
    pub(crate) fn mean(&self, unit: ActionUnit) -> f32 {
        0.5 * (self.on(0, unit) + self.on(1, unit))
    }

    fn add(&mut self, side: usize, unit: ActionUnit, strength: f32) {
        let value = &mut self.0[side][unit as usize];
        *value = (*value + strength).clamp(0.0, 1.2);
    }

    /// The face a share of the way from `self` to `peak`.
    pub(crate) fn towards(&self, peak: &ActionUnits, share: f32) -> ActionUnits {
        let mut between = self.clone();
        for (values, peaks) in between.0.iter_mut().zip(&peak.0) {
            for (value, peak) in values.iter_mut().zip(peaks) {
                *value += (peak - *value) * share;
            }
        }
        between
    }
}

/// The units of an expression and their strength relative to each other. Contempt is of one side only.
fn recipe(expression: Expression) -> &'static [(ActionUnit, f32)] {
    match expression {
        Expression::Neutral => &[],
        Expression::Anger => {
            &[(BrowLowerer, 1.0), (UpperLidRaiser, 0.5), (LidTightener, 0.7), (LipTightener, 1.0)]
        }
        Expression::Contempt => &[(LipCornerPuller, 0.75), (Dimpler, 1.0)],
        Expression::Disgust => &[(NoseWrinkler, 1.0), (LipCornerDepressor, 0.5), (ChinRaiser, 0.7)],
        Expression::Fear => &[
            (InnerBrowRaiser, 0.9),
            (OuterBrowRaiser, 0.5),
            (BrowLowerer, 0.5),
            (UpperLidRaiser, 0.9),
            (LipStretcher, 1.0),
            (JawDrop, 0.4),
        ],
        Expression::Happiness => &[(CheekRaiser, 0.9), (LipCornerPuller, 1.0)],
        Expression::Sadness => &[(InnerBrowRaiser, 0.9), (BrowLowerer, 0.6), (LipCornerDepressor, 1.0)],
        Expression::Surprise => {
            &[(InnerBrowRaiser, 1.0), (OuterBrowRaiser, 1.0), (UpperLidRaiser, 0.8), (JawDrop, 1.0)]
        }
    }
}

/// A resting face: almost nothing moves, and not the same on both sides.
pub(crate) fn resting(rng: &mut Stream) -> ActionUnits {
    const HABITS: [ActionUnit; 10] = [
        InnerBrowRaiser,
        OuterBrowRaiser,
        BrowLowerer,
        LidTightener,
        LipCornerPuller,
        LipCornerDepressor,
        ChinRaiser,
        LipTightener,
        LipsPart,
        EyesClosed,
    ];
    let mut units = ActionUnits::default();
    for habit in HABITS {
        let strength = 0.15 * rng.unit_f32() * rng.unit_f32();
        let lean = 0.3 * rng.signed_f32();
        units.add(0, habit, strength * (1.0 + lean));
        units.add(1, habit, strength * (1.0 - lean));
    }
    units
}

/// The peak of `expression` on a face that rests as `resting`; `strength` is how much of it is shown.
pub(crate) fn peak(
    expression: Expression,
    strength: f32,
    resting: &ActionUnits,
    rng: &mut Stream,
) -> ActionUnits {
    let mut units = resting.clone();
    let one_side = usize::from(rng.unit_f32() < 0.5);
    for &(action, share) in recipe(expression) {
        let strength = strength * share * (1.0 + 0.22 * rng.signed_f32());
        let lean = 0.12 * rng.signed_f32();
        for side in 0..2 {
            let lean = if side == 0 { lean } else { -lean };
            let shown = if expression == Expression::Contempt && side != one_side { 0.08 } else { 1.0 };
            units.add(side, action, strength * shown * (1.0 + lean));
        }
    }
    // A smile may show teeth, a snarl may part the lips.
    let parts = match expression {
        Expression::Happiness => rng.unit_f32() < 0.65,
        Expression::Disgust => rng.unit_f32() < 0.25,
        Expression::Neutral
        | Expression::Anger
        | Expression::Contempt
        | Expression::Fear
        | Expression::Sadness
        | Expression::Surprise => false,
    };
    if parts {
        let gap = strength * (0.5 + 0.5 * rng.unit_f32());
        (0..2).for_each(|side| units.add(side, LipsPart, gap));
    }
    units
}
