//! SVG as pixels.

use std::sync::{Arc, LazyLock};

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

/// The letters of all pictures.
static OPTIONS: LazyLock<usvg::Options<'static>> = LazyLock::new(|| {
    let mut options = usvg::Options { font_family: "DejaVu Sans".to_owned(), ..usvg::Options::default() };
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    options
});

/// A drawing as PNG. All text is set in DejaVu Sans, which comes with the program, so the picture is the same on every
/// machine.
pub fn png(svg: &str) -> Result<Vec<u8>, PictureError> {
    let drawing = parsed(&in_light(svg))?;
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
    encoded(&picture)
}

/// A drawing over pixels, as PNG: each of its units is one of them.
///
/// # Shapes
/// `pixels`: `height * width * 3`, red, green and blue.
pub(crate) fn png_over(
    pixels: &[u8],
    (width, height): (u32, u32),
    svg: &str,
) -> Result<Vec<u8>, PictureError> {
    let mut picture = opaque(pixels, (width, height))?;
    resvg::render(&parsed(svg)?, tiny_skia::Transform::identity(), &mut picture.as_mut());
    encoded(&picture)
}

/// Pixels as PNG, `height * width * 3`.
pub(crate) fn png_of(pixels: &[u8], size: (u32, u32)) -> Result<Vec<u8>, PictureError> {
    encoded(&opaque(pixels, size)?)
}

fn opaque(pixels: &[u8], (width, height): (u32, u32)) -> Result<tiny_skia::Pixmap, PictureError> {
    let too_large = || PictureError::TooLarge { width: width.into(), height: height.into() };
    let size = tiny_skia::IntSize::from_wh(width, height).ok_or_else(too_large)?;
    let opaque = pixels.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], u8::MAX]).collect();
    tiny_skia::Pixmap::from_vec(opaque, size).ok_or_else(too_large)
}

fn parsed(svg: &str) -> Result<usvg::Tree, PictureError> {
    usvg::Tree::from_str(svg, &OPTIONS).map_err(|error| PictureError::Drawing(error.to_string()))
}

fn encoded(picture: &tiny_skia::Pixmap) -> Result<Vec<u8>, PictureError> {
    picture.encode_png().map_err(|error| PictureError::Drawing(error.to_string()))
}

/// A drawing in its light colours, written out: the rasteriser knows neither custom properties nor who looks.
fn in_light(svg: &str) -> String {
    let dark = format!("@media(prefers-color-scheme:dark){{svg{{{}}}}}", Theme::Dark.declarations());
    let light = Theme::Light.declarations().split(';').filter_map(|declaration| declaration.split_once(':'));
    light.fold(svg.replace(&dark, ""), |svg, (name, colour)| svg.replace(&format!("var({name})"), colour))
}
