//! A part of an image.

use serde::Serialize;

/// A box in an image; it may reach outside until it is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rectangle {
    /// Pixels left of it.
    pub left: i64,
    /// Pixels above it.
    pub top: i64,
    /// Its width in pixels.
    pub width: i64,
    /// Its height in pixels.
    pub height: i64,
}

impl Rectangle {
    pub(crate) fn area(self) -> i64 {
        self.width * self.height
    }

    /// Whether it lies in an image of this width and height.
    pub(crate) fn is_inside(self, image: (u32, u32)) -> bool {
        self.left >= 0
            && self.top >= 0
            && self.left + self.width <= image.0.into()
            && self.top + self.height <= image.1.into()
    }

    /// With `margin` of its sides added on each side, then moved into the image, and made smaller only where it is
    /// larger than the image.
    pub(crate) fn widened(self, margin: f32, image: (u32, u32)) -> Rectangle {
        let wider = |start: i64, length: i64, room: i64| {
            let added = (f64::from(margin) * length as f64).round() as i64;
            let length_wider = (length + 2 * added).min(room);
            ((start + (length - length_wider) / 2).clamp(0, room - length_wider), length_wider)
        };
        let (left, width) = wider(self.left, self.width, image.0.into());
        let (top, height) = wider(self.top, self.height, image.1.into());
        Rectangle { left, top, width, height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_moves_a_box_inside_before_it_makes_it_smaller() {
        let image = (100, 60);
        let at = |left, top, side| Rectangle { left, top, width: side, height: side };
        assert_eq!(at(40, 20, 20).widened(0.25, image), at(35, 15, 30));
        assert_eq!(at(0, 40, 20).widened(0.25, image), at(0, 30, 30));
        assert_eq!(at(-10, 30, 40).widened(0.0, image), at(0, 20, 40));
        let wide = at(40, 10, 40).widened(0.5, image);
        assert_eq!((wide.left, wide.top, wide.width, wide.height), (20, 0, 80, 60));
    }
}
