//! What a label rests on, as colours over what the network saw.

use std::fmt::Write;

use crate::PictureError;
use crate::annotation::{Picture, enlarged};
use crate::charts::{png_of, png_over};
use crate::markup::escaped;

/// A panel is at least so many pixels wide, by a whole factor.
const LEAST_SIDE: u32 = 240;
/// Pixels around panels, and for the caption above each.
const GUTTER: u32 = 8;
const CAPTION: u32 = 26;

/// What speaks for the label, and what speaks against it: colours that people with any colour vision can distinguish (Okabe
/// and Ito 2008).
const FOR: [f32; 3] = [230.0, 159.0, 0.0];
const AGAINST: [f32; 3] = [0.0, 114.0, 178.0];

/// A number for each pixel of a picture.
#[derive(Debug, Clone, Copy)]
pub struct HeatMap<'a> {
    /// What it is called.
    pub caption: &'a str,
    /// `height * width`, row by row; below zero speaks against.
    pub values: &'a [f32],
}

/// The picture under its caption, and beside it each map as colours over it, the strongest number of each in full: one PNG.
pub fn heat_maps(picture: Picture<'_>, caption: &str, maps: &[HeatMap<'_>]) -> Result<Vec<u8>, PictureError> {
    let Picture { width, height, pixels } = picture;
    let zoom = LEAST_SIDE.div_ceil(width.min(height).max(1)).max(1);
    let panel = (width * zoom, height * zoom);
    let n_panels = 1 + maps.len() as u32;
    let size = (GUTTER + n_panels * (panel.0 + GUTTER), CAPTION + panel.1 + GUTTER);
    let mut sheet = vec![u8::MAX; size.0 as usize * size.1 as usize * 3];
    let mut svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">\n", size.0, size.1);
    let captions = std::iter::once(caption).chain(maps.iter().map(|map| map.caption));
    let panels = std::iter::once(pixels.to_vec()).chain(maps.iter().map(|map| coloured(pixels, map.values)));
    for (number, (caption, pixels)) in captions.zip(panels).enumerate() {
        let left = GUTTER + number as u32 * (panel.0 + GUTTER);
        let large = enlarged(Picture { pixels: &pixels, ..picture }, zoom);
        for (row, line) in large.chunks_exact(3 * panel.0 as usize).enumerate() {
            let at = 3 * ((CAPTION as usize + row) * size.0 as usize + left as usize);
            sheet[at..at + line.len()].copy_from_slice(line);
        }
        let letters = caption.chars().count().max(1) as f32;
        let letter = (panel.0 as f32 / (0.62 * letters)).clamp(4.0, 15.0);
        let _ = writeln!(
            svg,
            "<text x=\"{left}\" y=\"{}\" font-size=\"{letter}\">{}</text>",
            CAPTION - 8,
            escaped(caption)
        );
    }
    png_over(&sheet, size, &(svg + "</svg>"))
}

/// A picture and a map as colours over it, the strongest number in full: a PNG each, of the picture's size.
pub fn face_and_map(picture: Picture<'_>, values: &[f32]) -> Result<[Vec<u8>; 2], PictureError> {
    let Picture { width, height, pixels } = picture;
    Ok([png_of(pixels, (width, height))?, png_of(&coloured(pixels, values), (width, height))?])
}

/// A picture in gray with a colour over each pixel, as strong as its number is large.
fn coloured(pixels: &[u8], values: &[f32]) -> Vec<u8> {
    let most = values.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let pixel = |(pixel, value): (&[u8], &f32)| {
        let gray = pixel.iter().map(|level| f32::from(*level)).sum::<f32>() / 3.0;
        let strength = 0.85 * value.abs() / most;
        let colour = if *value < 0.0 { AGAINST } else { FOR };
        colour.map(|level| (strength * level + (1.0 - strength) * gray).round() as u8)
    };
    pixels.chunks_exact(3).zip(values).flat_map(pixel).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_strongest_pixel_is_coloured_and_one_of_no_account_is_as_it_was() {
        let pixels = vec![100; 8 * 8 * 3];
        let mut values = vec![0.0; 64];
        (values[9], values[18]) = (0.5, -0.25);
        let maps = [HeatMap { caption: "occlusion", values: &values }];
        let png = heat_maps(Picture { width: 8, height: 8, pixels: &pixels }, "fear 70 %", &maps).unwrap();
        let seen = image::load_from_memory(&png).unwrap().into_rgb8();
        assert_eq!(seen.dimensions(), (8 + 2 * 248, 26 + 240 + 8));
        let at = |panel: u32, pixel: u32| {
            seen.get_pixel(8 + panel * 248 + 30 * (pixel % 8) + 15, 26 + 30 * (pixel / 8) + 15).0
        };
        assert_eq!((at(0, 9), at(1, 0)), ([100; 3], [100; 3]));
        let [red, _, blue] = at(1, 9);
        assert!(red > 200 && blue < 40, "{red} {blue}");
        let [red, _, blue] = at(1, 18);
        assert!(red < 100 && blue > 100, "{red} {blue}");
    }
}
