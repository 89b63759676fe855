//! What painting is made of: soft edges, mixing, and texture without a picture.

/// The share of a sample of size `blur` that lies inside an edge, `distance` outside of it.
pub(crate) fn cover(distance: f32, blur: f32) -> f32 {
    (0.5 - distance / blur).clamp(0.0, 1.0)
}

/// `from` at 0, `to` at 1.
pub(crate) fn mix(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// 0 at `low` and before, 1 at `high` and beyond, smooth between; falls where `low` is the greater.
pub(crate) fn ramp(low: f32, high: f32, value: f32) -> f32 {
    let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// 1 at the centre of an ellipse, 0 from its border on, smooth between; the offsets are in radii.
pub(crate) fn spot(across: f32, down: f32) -> f32 {
    let rest = (1.0 - across * across - down * down).max(0.0);
    rest * rest
}

/// The square of the distance of a point from a segment.
pub(crate) fn segment_distance_2(point: (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
    let (x, y) = (point.0 - from.0, point.1 - from.1);
    let length = along_x * along_x + along_y * along_y;
    let share = ((x * along_x + y * along_y) / length).clamp(0.0, 1.0);
    let (x, y) = (x - share * along_x, y - share * along_y);
    x * x + y * y
}

/// Smooth texture in [0, 1] with features of size one.
pub(crate) fn texture(seed: u32, x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let (along, down) = (x - column, y - row);
    let (along, down) = (along * along * (3.0 - 2.0 * along), down * down * (3.0 - 2.0 * down));
    let (column, row) = (column as i32, row as i32);
    let above = mix(lattice(seed, column, row), lattice(seed, column + 1, row), along);
    let below = mix(lattice(seed, column, row + 1), lattice(seed, column + 1, row + 1), along);
    mix(above, below, down)
}

/// A fixed scramble of a lattice point to [0, 1).
fn lattice(seed: u32, column: i32, row: i32) -> f32 {
    let mut word = seed ^ (column as u32).wrapping_mul(0x9e37_79b1) ^ (row as u32).wrapping_mul(0x85eb_ca77);
    word = (word ^ (word >> 15)).wrapping_mul(0x2c1b_3c6d);
    word = (word ^ (word >> 12)).wrapping_mul(0x297a_2d39);
    ((word ^ (word >> 15)) >> 8) as f32 / 16_777_216.0
}
