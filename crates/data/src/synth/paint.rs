//! The tone of one point of the picture: wall, hair, neck, head, what is on it, what is in front.

use crate::synth::brush::{cover, mix, ramp, segment_distance_2, spot, texture};
use crate::synth::face::{Face, Half};
use crate::synth::features;
use crate::synth::identity::{Hair, Identity};
use crate::synth::scene::{Pose, Scene};

/// Half the height of the picture in face units, for a head of scale one.
const VIEW: f32 = 1.13;
/// From the origin of the face to the top of the skull.
const SKULL: f32 = 1.06;

/// A head in front of the camera.
pub(crate) struct Portrait<'a> {
    identity: &'a Identity,
    face: Face,
    scene: &'a Scene,
    pose: Pose,
    sin: f32,
    cos: f32,
    /// Size of a sample in face units: no edge is sharper.
    blur: f32,
}

impl<'a> Portrait<'a> {
    /// `sample` is the size of a sample in half-sides of the picture.
    pub(crate) fn new(
        identity: &'a Identity,
        face: Face,
        scene: &'a Scene,
        pose: Pose,
        sample: f32,
    ) -> Portrait<'a> {
        let (sin, cos) = libm::sincosf(pose.roll);
        Portrait { identity, face, scene, pose, sin, cos, blur: sample * VIEW / pose.scale }
    }

    /// Light that reaches the camera from the point (right, down) of the picture, each from -1 to 1.
    pub(crate) fn tone(&self, x: f32, y: f32) -> f32 {
        let wall = self.wall(x, y);
        let (x, y) = (x - self.pose.shift_x, y - self.pose.shift_y);
        let zoom = VIEW / self.pose.scale;
        let (x, y) = ((x * self.cos + y * self.sin) * zoom, (y * self.cos - x * self.sin) * zoom);
        let head = self.head(x, y);
        let on_head = cover(head.outside, self.blur);
        let mut tone = if on_head < 1.0 { self.body(wall, x, y) } else { wall };
        if on_head > 0.0 {
            tone = mix(tone, self.skin(x, y, &head), on_head);
        }
        tone = self.hair_in_front(tone, x, y, &head);
        self.in_front(tone, x, y)
    }

    fn wall(&self, x: f32, y: f32) -> f32 {
        let wall = &self.scene.background;
        let blotches = texture(wall.texture, 2.5 * x, 2.5 * y) - 0.5;
        (wall.tone + wall.along_x * x + wall.along_y * y + wall.blotches * blotches).max(0.02)
    }

    /// Hair behind the head, ears, neck and clothes.
    fn body(&self, wall: f32, x: f32, y: f32) -> f32 {
        let identity = self.identity;
        let aside = x.abs();
        let mut tone = wall;
        if let Some(outside) = self.hair_mass(x, y) {
            let share = cover(outside, self.blur + 0.02);
            if share > 0.0 {
                tone = mix(tone, 0.75 * self.hair_tone(x, y), share);
            }
        }
        if y > 0.4 {
            let neck = identity.skin * self.level(x / 0.6, 0.3) * mix(0.5, 0.75, ramp(1.0, 1.4, y));
            tone = mix(tone, neck, cover(aside - 0.4 - 0.15 * ramp(0.9, 1.3, y), self.blur));
            let collar = 1.12 + 0.12 * ramp(0.5, 0.0, aside) - 0.1 * ramp(0.5, 1.2, aside)
                + 0.2 * ramp(0.9, 1.3, aside);
            let weave = 0.9 + 0.2 * texture(identity.texture, 6.0 * x, 6.0 * y);
            tone = mix(
                tone,
                self.scene.clothes * weave * self.level(0.4 * x, 0.2),
                cover(collar - y, self.blur),
            );
        }
        if matches!(identity.hair, Hair::Bald | Hair::Short) {
            let (across, down) = ((aside - identity.half_width) / 0.1, (y - 0.02) / 0.2);
            let outside = ((across * across + down * down).sqrt() - 1.0) * 0.1;
            let ear = identity.skin * self.level(0.7 * x.signum(), 0.0) * (0.85 - 0.35 * spot(across, down));
            tone = mix(tone, ear, cover(outside, self.blur));
        }
        tone
    }

    /// How far outside the mass of hair a point is; `None` without hair there.
    fn hair_mass(&self, x: f32, y: f32) -> Option<f32> {
        let identity = self.identity;
        let (bottom, thick) = match identity.hair {
            Hair::Bald => return None,
            Hair::Short => (0.0, 0.07),
            Hair::Bob => (0.6, 0.14),
            Hair::Long => (1.5, 0.13),
        };
        let across = x / (identity.half_width + thick + 0.04 * ramp(0.0, 0.5, y));
        let down = (y + 0.12).min(0.0) / (SKULL + thick - 0.1);
        let radius = (across * across + down * down).sqrt();
        Some(((radius - 1.0) * (identity.half_width + thick)).max(y - bottom))
    }

    fn hair_tone(&self, x: f32, y: f32) -> f32 {
        let identity = self.identity;
        // Strands run away from the crown.
        let strands = texture(identity.texture, 22.0 * x / (y + 1.6), 2.0 * y);
        let sheen = ramp(0.75, 0.2, (y + 0.85 + 0.2 * x * self.scene.light[0]).abs() / 0.35);
        let light = self.level(x / (identity.half_width + 0.1), 0.6 * y);
        identity.hair_tone * (0.55 + 0.7 * strands + 0.5 * sheen) * light
    }

    fn hair_in_front(&self, tone: f32, x: f32, y: f32, head: &HeadPoint) -> f32 {
        let identity = self.identity;
        let Some(outside_mass) = self.hair_mass(x, y) else { return tone };
        let aside = x.abs() / identity.half_width;
        let fringe = 0.03 * texture(identity.texture ^ 1, 9.0 * x, 0.0);
        let temple = 0.16 * aside * aside + 0.42 * aside * aside * aside * aside;
        let mut below_line = y - (identity.hairline + fringe + temple);
        if matches!(identity.hair, Hair::Bob | Hair::Long) {
            // Locks hang over the edge of the face.
            below_line =
                below_line.min((0.93 - 0.05 * texture(identity.texture ^ 2, 0.0, 4.0 * y) - aside) * 0.75);
        } else {
            below_line = below_line.max(y + 0.05);
        }
        if head.outside > 0.06 && !matches!(identity.hair, Hair::Short) {
            return tone;
        }
        let share = cover(below_line.max(outside_mass), self.blur + 0.03);
        if share > 0.0 { mix(tone, self.hair_tone(x, y), share) } else { tone }
    }

    fn in_front(&self, tone: f32, x: f32, y: f32) -> f32 {
        let Some(thing) = self.scene.occluder else { return tone };
        let (across, down) = ((x - thing.x) / thing.half_width, (y - thing.y) / thing.half_height);
        let outside =
            ((across * across + down * down).sqrt() - 1.0) * thing.half_width.min(thing.half_height);
        let level = self.level(0.3 * across, 0.3 * down) * (0.8 + 0.4 * texture(7, 9.0 * x, 9.0 * y));
        mix(tone, thing.tone * level, cover(outside, self.blur + 0.02))
    }

    /// The light on a surface that leans to (right, down) by shares of one.
    fn level(&self, right: f32, down: f32) -> f32 {
        let out = (1.0 - right * right - down * down).max(0.05).sqrt();
        let [light_x, light_y, light_z] = self.scene.light;
        self.scene.ambient + self.scene.diffuse * (right * light_x + down * light_y + out * light_z).max(0.0)
    }

    fn head(&self, x: f32, y: f32) -> HeadPoint {
        let (identity, face) = (self.identity, &self.face);
        let down = if y < 0.0 { y / SKULL } else { y / face.chin };
        let below = y.max(0.0);
        let across = x / (face.half_width * (1.0 - identity.taper * below * below));
        // Between an ellipse and a rounder rectangle: skull and jaw.
        let (across_2, down_2) = (across * across, down * down);
        let boxy = if y < 0.0 { 0.25 } else { mix(0.25, 0.15 + 0.5 * identity.jaw, ramp(0.0, 0.6, y)) };
        let round = across_2 + down_2;
        let square = (across_2 * across_2 + down_2 * down_2).sqrt();
        let radius_2 = mix(round, square, boxy);
        HeadPoint { across, down, radius_2, outside: (radius_2.sqrt() - 1.0) * face.half_width }
    }

    fn skin(&self, x: f32, y: f32, head: &HeadPoint) -> f32 {
        let identity = self.identity;
        // Turning the head moves the middle of the face over its outline.
        let middle = 1.6 * (1.0 - head.radius_2).max(0.0);
        let (x, y) = (x - self.pose.yaw * middle, y - self.pose.pitch * middle);
        let half = &self.face.halves[usize::from(x > 0.0)];
        let sign = if x > 0.0 { 1.0 } else { -1.0 };
        let x = x.abs();
        let light = self.light_on_skin(x, y, sign, half, head);
        let mottle = texture(identity.texture, 7.0 * sign * x, 7.0 * y) - 0.5;
        let fine = texture(identity.texture ^ 3, 23.0 * sign * x, 23.0 * y) - 0.5;
        let mut albedo = identity.skin * (1.0 + 0.07 * mottle + 0.06 * fine);
        albedo = mix(
            albedo,
            0.8 * identity.hair_tone + 0.03,
            self.beard(x, y, half) * (0.7 + 0.6 * fine).min(1.0),
        );
        let mut tone = albedo * light.diffuse + light.gloss;
        for crease in &half.creases {
            let distance_2 = segment_distance_2((x, y), crease.from, crease.to);
            let inside = (1.0 - distance_2 / (crease.width * crease.width)).max(0.0);
            tone *= 1.0 - crease.depth * inside * inside;
        }
        let (blur, level) = (self.blur, light.diffuse);
        tone *=
            1.0 - 0.62 * spot((x - 0.5 * identity.nose_width) / 0.06, (y - self.face.nostril - 0.02) / 0.038);
        tone *= 1.0 - 0.3 * spot(x / (1.3 * identity.nose_width), (y - self.face.nostril - 0.06) / 0.07);
        tone = features::eye(tone, &half.eye, identity, level, (x, y), blur);
        tone = features::brow(tone, &half.brow, identity, level, (x, y), blur);
        tone = features::mouth(tone, &self.face.mouth, half, identity, level, (x, y), blur);
        if identity.glasses { self.glasses(tone, x, y, half) } else { tone }
    }

    fn light_on_skin(&self, x: f32, y: f32, sign: f32, half: &Half, head: &HeadPoint) -> Light {
        let (mut right, mut down) = (0.95 * head.across, 0.55 * head.down);
        for bump in &half.bumps {
            let (a, b) = ((x - bump.x) / bump.half_width, (y - bump.y) / bump.half_height);
            let rest = 1.0 - a * a - b * b;
            if rest > 0.0 {
                // The slope of height * rest^2.
                let slope = 4.0 * bump.height * rest;
                right += sign * slope * a / bump.half_width;
                down += slope * b / bump.half_height;
            }
        }
        let out = 0.92 * (1.0 - head.radius_2).max(0.0).sqrt() + 0.15;
        let length = (right * right + down * down + out * out).sqrt();
        let [light_x, light_y, light_z] = self.scene.light;
        let facing = (right * light_x + down * light_y + out * light_z) / length;
        // Halfway between light and camera; the camera is straight ahead.
        let halfway = (2.0 + 2.0 * light_z).sqrt();
        let mirror = ((facing + out / length) / halfway).max(0.0);
        let gloss = mirror * mirror * mirror * mirror;
        let gloss = gloss * gloss * gloss * gloss;
        Light { diffuse: self.scene.ambient + self.scene.diffuse * facing.max(0.0), gloss: 0.07 * gloss }
    }

    fn beard(&self, x: f32, y: f32, half: &Half) -> f32 {
        let identity = self.identity;
        let mut density: f32 = 0.0;
        if identity.beard > 0.0 {
            let start = mix(0.7, 0.1, ramp(0.22, 0.72, x));
            density = identity.beard * ramp(start, start + 0.14, y);
        }
        if identity.moustache > 0.0 {
            let (top, bottom) = (self.face.nostril + 0.06, half.corner.1 + 0.06);
            let inside = ramp(top, top + 0.05, y) * ramp(bottom + 0.05, bottom, y);
            density = density
                .max(identity.moustache * inside * ramp(half.corner.0 + 0.06, half.corner.0 - 0.04, x));
        }
        density
    }

    fn glasses(&self, tone: f32, x: f32, y: f32, half: &Half) -> f32 {
        let (across, down) = ((x - half.eye.x) / 0.23, (y - half.eye.y - 0.03) / 0.185);
        let (across_2, down_2) = (across * across, down * down);
        let radius = (across_2 * across_2 + down_2 * down_2).sqrt().sqrt();
        let rim = (radius - 1.0).abs() * 0.2 - 0.016;
        let bar = ((y - half.eye.y + 0.01).abs() - 0.016).max(if radius < 1.0 { 1.0 } else { -1.0 });
        mix(tone, 0.06, 0.85 * cover(rim.min(bar), self.blur))
    }
}

/// Where a point is on the head: shares of its half-axes, and the distance outside its outline.
struct HeadPoint {
    across: f32,
    down: f32,
    radius_2: f32,
    outside: f32,
}

/// Light off matt skin, for each unit of albedo, and off its shine.
struct Light {
    diffuse: f32,
    gloss: f32,
}
