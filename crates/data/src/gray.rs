//! One image file to one sample, gray or in colour.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::path::Path;

use crate::crop::Rectangle;
use crate::{Colour, DataOptions};

/// The longest side, in pixels, of an image that is decoded at all.
const MAX_SIDE: u32 = 16_384;
/// The most memory that decoding one image may take.
const MAX_BYTES: u64 = 512 << 20;

/// A gray image of any size, with the planes of its colours where it has any.
pub(crate) struct Gray {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Row by row, `height * width`.
    pub(crate) pixels: Vec<u8>,
    /// Red, green and blue, each as `pixels`; absent where the three are the same.
    pub(crate) colours: Option<[Vec<u8>; 3]>,
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
    Ok(to_gray(image))
}

/// Gray stays as it is; colour becomes BT.601 luma, which gray cameras and most face data follow. Transparency is
/// ignored.
fn to_gray(image: DynamicImage) -> Gray {
    let (width, height) = (image.width(), image.height());
    if !image.color().has_color() {
        return Gray { width, height, pixels: image.into_luma8().into_raw(), colours: None };
    }
    let luma = |red, green, blue| {
        (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000
    };
    let image = image.into_rgb8();
    let pixels = image.pixels().map(|pixel| luma(pixel[0], pixel[1], pixel[2]) as u8).collect();
    let colours = [0, 1, 2].map(|colour| image.pixels().map(|pixel| pixel[colour]).collect());
    Gray { width, height, pixels, colours: Some(colours) }
}

/// Cuts out `place`, which is inside, and resizes it to the size that is asked for: gray, or red, green and blue one
/// after the other. An image that fits already is not touched.
pub(crate) fn fit(
    gray: Gray,
    place: Rectangle,
    options: &DataOptions,
    resizer: &mut Resizer,
) -> Result<Vec<u8>, String> {
    let Gray { width, height, pixels, colours } = gray;
    let mut fitted = |plane| fit_plane((width, height), plane, place, options, resizer);
    match (options.colour, colours) {
        (Colour::Gray, _) => fitted(pixels),
        (Colour::Rgb, None) => Ok(fitted(pixels)?.repeat(3)),
        (Colour::Rgb, Some(colours)) => {
            let planes: Result<Vec<Vec<u8>>, String> = colours.into_iter().map(fitted).collect();
            Ok(planes?.concat())
        }
    }
}

fn fit_plane(
    size: (u32, u32),
    plane: Vec<u8>,
    place: Rectangle,
    options: &DataOptions,
    resizer: &mut Resizer,
) -> Result<Vec<u8>, String> {
    let Rectangle { left, top, width: cut_width, height: cut_height } = place;
    let (out_width, out_height) = (options.width as u32, options.height as u32);
    let whole = Rectangle { left: 0, top: 0, width: size.0.into(), height: size.1.into() };
    if place == whole && size == (out_width, out_height) {
        return Ok(plane);
    }
    // Catmull-Rom is a polynomial: unlike a windowed sinc it needs no sine, so its weights are the same everywhere.
    let how = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(
        left as f64,
        top as f64,
        cut_width as f64,
        cut_height as f64,
    );
    // The typed call: the other one would compile the resizer for every pixel type there is, in minutes.
    let mut sample = vec![0; options.height * options.width];
    let whole = TypedImageRef::<U8>::from_buffer(size.0, size.1, &plane);
    let fitted = TypedImage::<U8>::from_buffer(out_width, out_height, &mut sample);
    let (whole, mut fitted) = whole
        .and_then(|whole| Ok((whole, fitted?)))
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    resizer.resize_typed(&whole, &mut fitted, &how).map_err(|cause| format!("cannot be resized: {cause}"))?;
    Ok(sample)
}

/// The whole image at another size, in gray.
pub(crate) fn resized(gray: &Gray, width: u32, height: u32) -> Gray {
    let whole = Rectangle { left: 0, top: 0, width: gray.width.into(), height: gray.height.into() };
    let options = DataOptions { width: width as usize, height: height as usize, ..DataOptions::default() };
    let size = (gray.width, gray.height);
    let pixels = fit_plane(size, gray.pixels.clone(), whole, &options, &mut Resizer::new());
    // Only a size of nothing cannot be.
    let pixels = pixels.unwrap_or_else(|_| vec![0; (width * height) as usize]);
    Gray { width, height, pixels, colours: None }
}
