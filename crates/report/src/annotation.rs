//! A picture with what a network took it for, as the paper's Figure 3 has them.

use std::fmt::Write;

use crate::PictureError;
use crate::charts::png_over;
use crate::markup::escaped;

/// A picture whose shorter side is less is shown enlarged by a whole factor, so that its label can be read.
const LEAST_SIDE: u32 = 240;

/// The height of letters, as a share of the picture's shorter side, and its bounds in pixels.
const LETTER: f32 = 0.08;
const LETTERS: [f32; 2] = [14.0, 56.0];

/// The width of a letter, as a share of its height, that few are above.
const LETTER_WIDTH: f32 = 0.62;

/// Pixels of red, green and blue.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `height * width * 3`, row by row.
    pub pixels: &'a [u8],
}

/// A part of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Pixels left of it.
    pub left: f32,
    /// Pixels above it.
    pub top: f32,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
}

/// A picture as PNG with a label, and the frame of the part that it is of unless that is all of it.
pub fn annotated(picture: Picture<'_>, frame: Option<Frame>, label: &str) -> Result<Vec<u8>, PictureError> {
    let zoom = LEAST_SIDE.div_ceil(picture.width.min(picture.height).max(1)).max(1);
    let (width, height) = (picture.width * zoom, picture.height * zoom);
    let shorter = width.min(height) as f32;
    let fitting = (width as f32 - 16.0) / (LETTER_WIDTH * label.chars().count().max(1) as f32);
    let size = (LETTER * shorter).clamp(LETTERS[0], LETTERS[1]).min(fitting).max(1.0);
    let line = (size / 8.0).max(2.0);
    let scaled = frame.map(|frame| {
        let zoom = zoom as f32;
        let [left, top, width, height] =
            [frame.left, frame.top, frame.width, frame.height].map(|length| length * zoom);
        Frame { left, top, width, height }
    });
    let mut svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\n");
    if let Some(Frame { left, top, width, height }) = scaled {
        for (colour, stroke) in [("black", 2.0 * line), ("#56b4e9", line)] {
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"{colour}\" \
                 stroke-width=\"{stroke}\"/>"
            );
        }
    }
    // Above the frame where there is room, at its upper edge otherwise; never beyond the picture's right edge.
    let Frame { left, top, .. } = scaled.unwrap_or(Frame { left: 0.0, top: 0.0, width: 0.0, height: 0.0 });
    let above = top - 0.4 * size;
    let y = if above > size { above } else { top + 1.3 * size };
    let wide = LETTER_WIDTH * size * label.chars().count() as f32;
    let x = (left + 0.4 * size).min(width as f32 - wide).max(0.3 * size);
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"white\" stroke=\"black\" stroke-width=\"{line}\" \
         stroke-linejoin=\"round\" paint-order=\"stroke\">{}</text>\n</svg>",
        escaped(label)
    );
    png_over(&enlarged(picture, zoom), (width, height), &svg)
}

/// The pixels of a picture, each as a square.
pub(crate) fn enlarged(picture: Picture<'_>, zoom: u32) -> Vec<u8> {
    let Picture { width, height, pixels } = picture;
    let (row, zoom) = (3 * width as usize, zoom as usize);
    let mut large = Vec::with_capacity(pixels.len() * zoom * zoom);
    for line in pixels.chunks_exact(row.max(1)).take(height as usize) {
        let wide: Vec<u8> = line.chunks_exact(3).flat_map(|pixel| pixel.repeat(zoom)).collect();
        (0..zoom).for_each(|_| large.extend_from_slice(&wide));
    }
    large
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn decoded(png: &[u8]) -> image::RgbImage {
        image::load_from_memory(png).unwrap().into_rgb8()
    }

    #[test]
    fn a_small_picture_is_enlarged_and_what_is_outside_of_frame_and_label_stays() {
        let pixels: Vec<u8> = (0..48 * 48).flat_map(|at| [(at % 200) as u8, 10, 20]).collect();
        let picture = Picture { width: 48, height: 48, pixels: &pixels };
        let frame = Frame { left: 10.0, top: 12.0, width: 20.0, height: 20.0 };
        let seen = decoded(&annotated(picture, Some(frame), "happiness 98.2 %").unwrap());
        assert_eq!(seen.dimensions(), (240, 240));
        // Inside of the frame, away from its line, and below it.
        for (x, y) in [(20_u32, 22_u32), (40, 40), (3, 45)] {
            assert_eq!(seen.get_pixel(5 * x + 2, 5 * y + 2).0, [((y * 48 + x) % 200) as u8, 10, 20]);
        }
        // On the frame's left line.
        assert_eq!(seen.get_pixel(50, 110).0, [0x56, 0xb4, 0xe9]);
        // The label's letters are white.
        let is_white = |pixel: &image::Rgb<u8>| pixel.0 == [255; 3];
        assert!(seen.enumerate_pixels().filter(|(_, y, pixel)| *y < 60 && is_white(pixel)).count() > 50);
        // Without a frame it stands at the upper edge; a name cannot leave the text that it is in.
        let plain = decoded(&annotated(picture, None, "</text><rect width='999'/>&").unwrap());
        assert_eq!(
            plain.get_pixel(120, 200),
            decoded(&annotated(picture, None, "").unwrap()).get_pixel(120, 200)
        );
    }

    #[test]
    fn a_large_picture_keeps_its_size() {
        let pixels = vec![90; 640 * 490 * 3];
        let picture = Picture { width: 640, height: 490, pixels: &pixels };
        assert_eq!(decoded(&annotated(picture, None, "fear").unwrap()).dimensions(), (640, 490));
    }
}
