//! The rectangle of a picture in which values stand, and its grid.

use std::fmt::Write;

use super::axis::Axis;

/// A rectangle in the units of its SVG, whose y runs downwards.
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) const fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) const fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// The x of a value on the axis from left to right.
    pub(super) fn across(&self, axis: &Axis, value: f64) -> f64 {
        self.left + self.width * axis.position(value)
    }

    /// The y of a value on the axis from bottom to top.
    pub(super) fn down(&self, axis: &Axis, value: f64) -> f64 {
        self.top + self.height * (1.0 - axis.position(value))
    }

    /// A level line at each tick of the upright axis, with its number on the left.
    pub(super) fn levels(&self, svg: &mut String, axis: &Axis, about: usize) {
        for (value, text) in axis.ticks(about) {
            let y = self.down(axis, value);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{} {y:.1}H{}\"/><text class=\"end\" x=\"{}\" y=\"{:.1}\">{text}</text>",
                self.left,
                self.right(),
                self.left - 6.0,
                y + 4.0
            );
        }
    }

    /// An upright line at each tick of the level axis.
    pub(super) fn uprights(&self, svg: &mut String, axis: &Axis, about: usize) {
        for (value, _) in axis.ticks(about) {
            let x = self.across(axis, value);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {}V{}\"/>", self.top, self.bottom());
        }
    }

    /// The numbers of the level axis.
    pub(super) fn numbers(&self, svg: &mut String, axis: &Axis, about: usize) {
        for (value, text) in axis.ticks(about) {
            self.below(svg, self.across(axis, value), &text);
        }
    }

    /// A text just below the area, centred at this x.
    pub(super) fn below(&self, svg: &mut String, x: f64, text: &str) {
        let y = self.bottom() + 16.0;
        let _ = writeln!(svg, "<text class=\"mid\" x=\"{x:.1}\" y=\"{y}\">{text}</text>");
    }
}
