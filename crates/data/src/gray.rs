//! One image file to one gray sample.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::path::Path;

use crate::crop::Rectangle;

/// The longest side, in pixels, of an image that is decoded at all.
const MAX_SIDE: u32 = 16_384;
/// The most memory that decoding one image may take.
const MAX_BYTES: u64 = 512 << 20;

/// A gray image of any size.
pub(crate) struct Gray {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Row by row, `height * width`.
    pub(crate) pixels: Vec<u8>,
}

/// The image at `path` in gray; the format is told by its first bytes. The error is the reason in words.
pub(crate) fn read(path: &Path) -> Result<Gray, String> {
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|cause| format!("cannot be opened: {cause}"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let not_an_image = |cause| format!("is not a readable image: {cause}");
    let mut decoder = reader.into_decoder().map_err(not_an_image)?;
    // Not every decoder enforces the limits itself.
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE || decoder.total_bytes() > MAX_BYTES
    {
        return Err(format!("is {width}x{height} pixels, more than is decoded"));
    }
    let orientation = decoder.orientation().map_err(not_an_image)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(not_an_image)?;
    image.apply_orientation(orientation);
    let (width, height) = (image.width(), image.height());
    Ok(Gray { width, height, pixels: to_gray(image) })
}

/// Gray stays as it is; colour becomes BT.601 luma, which gray cameras and most face data follow. Transparency is
/// ignored.
fn to_gray(image: DynamicImage) -> Vec<u8> {
    if !image.color().has_color() {
        return image.into_luma8().into_raw();
    }
    let luma = |red, green, blue| {
        (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000
    };
    image.into_rgb8().pixels().map(|pixel| luma(pixel[0], pixel[1], pixel[2]) as u8).collect()
}

/// Cuts out `place`, which is inside, and resizes it to `height` x `width`; an image that fits already is not
/// touched.
pub(crate) fn fit(
    gray: Gray,
    place: Rectangle,
    height: usize,
    width: usize,
    resizer: &mut Resizer,
) -> Result<Vec<u8>, String> {
    let Rectangle { left, top, width: cut_width, height: cut_height } = place;
    let (out_width, out_height) = (width as u32, height as u32);
    let whole = Rectangle { left: 0, top: 0, width: gray.width.into(), height: gray.height.into() };
    if place == whole && (gray.width, gray.height) == (out_width, out_height) {
        return Ok(gray.pixels);
    }
    // Catmull-Rom is a polynomial: unlike a windowed sinc it needs no sine, so its weights are the same everywhere.
    let how = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(
        left as f64,
        top as f64,
        cut_width as f64,
        cut_height as f64,
    );
    // The typed call: the other one would compile the resizer for every pixel type there is, in minutes.
    let mut sample = vec![0; height * width];
    let whole = TypedImageRef::<U8>::from_buffer(gray.width, gray.height, &gray.pixels);
    let fitted = TypedImage::<U8>::from_buffer(out_width, out_height, &mut sample);
    let (whole, mut fitted) = whole
        .and_then(|whole| Ok((whole, fitted?)))
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    resizer.resize_typed(&whole, &mut fitted, &how).map_err(|cause| format!("cannot be resized: {cause}"))?;
    Ok(sample)
}

/// The whole image at another size.
pub(crate) fn resized(gray: &Gray, width: u32, height: u32) -> Gray {
    let resize = || {
        let copy = Gray { width: gray.width, height: gray.height, pixels: gray.pixels.clone() };
        let whole = Rectangle { left: 0, top: 0, width: gray.width.into(), height: gray.height.into() };
        fit(copy, whole, height as usize, width as usize, &mut Resizer::new())
    };
    // Only a size of nothing cannot be.
    Gray { width, height, pixels: resize().unwrap_or_else(|_| vec![0; (width * height) as usize]) }
}
