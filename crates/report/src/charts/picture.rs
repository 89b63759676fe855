//! SVG as pixels.

use std::sync::Arc;

use resvg::{tiny_skia, usvg};

use crate::drawing::Theme;

/// Why a drawing has no picture.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum PictureError {
    /// It is no SVG that can be drawn.
    #[error("the drawing cannot be read: {0}")]
    #[diagnostic(help("this is a defect of netsynth: please report it; the SVG itself can be written"))]
    Drawing(String),
    /// It is larger than any picture may be.
    #[error("the drawing would take {width} x {height} pixels")]
    #[diagnostic(help("write it as SVG, which has no size"))]
    TooLarge {
        /// Pixels from left to right.
        width: u64,
        /// Pixels from top to bottom.
        height: u64,
    },
}

/// Pixels of a picture for each of a drawing's, and the most that either side may have.
const ENLARGED: f32 = 2.0;
const MAX_SIDE: u64 = 16_384;

/// A drawing as PNG. All text is set in DejaVu Sans, which comes with the program, so the picture is the same on every
/// machine.
pub fn png(svg: &str) -> Result<Vec<u8>, PictureError> {
    let mut options = usvg::Options { font_family: "DejaVu Sans".to_owned(), ..usvg::Options::default() };
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let refused = |error: &dyn std::fmt::Display| PictureError::Drawing(error.to_string());
    let drawing = usvg::Tree::from_str(&in_light(svg), &options).map_err(|error| refused(&error))?;
    let size = drawing.size();
    let side = |length: f32| (length * ENLARGED).ceil() as u64;
    let (width, height) = (side(size.width()), side(size.height()));
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(PictureError::TooLarge { width, height });
    }
    let mut picture = tiny_skia::Pixmap::new(width as u32, height as u32)
        .ok_or(PictureError::TooLarge { width, height })?;
    let enlarged = tiny_skia::Transform::from_scale(ENLARGED, ENLARGED);
    resvg::render(&drawing, enlarged, &mut picture.as_mut());
    picture.encode_png().map_err(|error| refused(&error))
}

/// A drawing in its light colours, written out: the rasteriser knows neither custom properties nor who looks.
fn in_light(svg: &str) -> String {
    let dark = format!("@media(prefers-color-scheme:dark){{svg{{{}}}}}", Theme::Dark.declarations());
    let light = Theme::Light.declarations().split(';').filter_map(|declaration| declaration.split_once(':'));
    light.fold(svg.replace(&dark, ""), |svg, (name, colour)| svg.replace(&format!("var({name})"), colour))
}
