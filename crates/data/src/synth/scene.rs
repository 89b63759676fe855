//! How a sequence is filmed: pose, light, background, what is in the way, and the camera.

use netsynth_random::Stream;

/// How a sequence is filmed.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) pose: Pose,
    /// What the pose changes by from the first frame to the last.
    pub(crate) drift: Pose,
    /// Towards the light: right, down, out of the image; of length one.
    pub(crate) light: [f32; 3],
    pub(crate) ambient: f32,
    pub(crate) diffuse: f32,
    pub(crate) gamma: f32,
    pub(crate) background: Background,
    pub(crate) clothes: f32,
    pub(crate) occluder: Option<Occluder>,
    /// Standard deviation in pixels of a 48-pixel image.
    pub(crate) blur: f32,
    /// Standard deviation in gray levels.
    pub(crate) noise: f32,
}

/// Where the head is. Angles in radians, shifts in image half-sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pose {
    pub(crate) roll: f32,
    /// How far the middle of the face moves across its outline, in face units.
    pub(crate) yaw: f32,
    pub(crate) pitch: f32,
    pub(crate) scale: f32,
    pub(crate) shift_x: f32,
    pub(crate) shift_y: f32,
}

/// A wall with a ramp of light and blotches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Background {
    pub(crate) tone: f32,
    pub(crate) along_x: f32,
    pub(crate) along_y: f32,
    pub(crate) blotches: f32,
    pub(crate) texture: u32,
}

/// An ellipse in front of the face, in face units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occluder {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) half_width: f32,
    pub(crate) half_height: f32,
    pub(crate) tone: f32,
}

/// Draws how a sequence is filmed.
pub(crate) fn scene(rng: &mut Stream) -> Scene {
    let pose = Pose {
        roll: 0.1 * rng.signed_f32(),
        yaw: 0.06 * rng.signed_f32(),
        pitch: 0.03 * rng.signed_f32(),
        scale: 1.0 + 0.06 * rng.signed_f32(),
        shift_x: 0.05 * rng.signed_f32(),
        shift_y: 0.05 * rng.signed_f32(),
    };
    let drift = Pose {
        roll: 0.02 * rng.signed_f32(),
        yaw: 0.02 * rng.signed_f32(),
        pitch: 0.02 * rng.signed_f32(),
        scale: 0.02 * rng.signed_f32(),
        shift_x: 0.01 * rng.signed_f32(),
        shift_y: 0.01 * rng.signed_f32(),
    };
    let (x, y) = (0.65 * rng.signed_f32(), -0.25 + 0.45 * rng.signed_f32());
    let length = (x * x + y * y + 0.6).sqrt();
    Scene {
        pose,
        drift,
        light: [x / length, y / length, 0.6_f32.sqrt() / length],
        ambient: 0.32 + 0.12 * rng.signed_f32(),
        diffuse: 0.85 + 0.25 * rng.signed_f32(),
        gamma: 0.95 + 0.2 * rng.signed_f32(),
        background: Background {
            tone: 0.12 + 0.7 * rng.unit_f32(),
            along_x: 0.15 * rng.signed_f32(),
            along_y: 0.15 * rng.signed_f32(),
            blotches: 0.2 * rng.unit_f32(),
            texture: rng.next_u32(),
        },
        clothes: 0.08 + 0.6 * rng.unit_f32(),
        occluder: occluder(rng),
        blur: 0.25 + 0.25 * rng.unit_f32(),
        noise: 1.5 + 3.0 * rng.unit_f32(),
    }
}

/// Now and then something covers a part of the outer face.
fn occluder(rng: &mut Stream) -> Option<Occluder> {
    let is_there = rng.unit_f32() < 0.06;
    let angle = core::f32::consts::TAU * rng.unit_f32();
    let occluder = Occluder {
        x: 0.8 * libm::cosf(angle),
        y: 0.1 + 0.9 * libm::sinf(angle),
        half_width: 0.25 + 0.1 * rng.signed_f32(),
        half_height: 0.25 + 0.1 * rng.signed_f32(),
        tone: 0.1 + 0.7 * rng.unit_f32(),
    };
    is_there.then_some(occluder)
}

impl Pose {
    /// The pose after a share of the drift.
    pub(crate) fn drifted(self, drift: Pose, share: f32) -> Pose {
        Pose {
            roll: self.roll + share * drift.roll,
            yaw: self.yaw + share * drift.yaw,
            pitch: self.pitch + share * drift.pitch,
            scale: self.scale + share * drift.scale,
            shift_x: self.shift_x + share * drift.shift_x,
            shift_y: self.shift_y + share * drift.shift_y,
        }
    }
}
