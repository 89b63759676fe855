//! One image file to one gray sample.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::path::Path;

use crate::{Crop, DataOptions};

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

/// Crops and resizes to `options.height` x `options.width`; an image that fits already is not touched.
pub(crate) fn fit(gray: Gray, options: &DataOptions, resizer: &mut Resizer) -> Result<Vec<u8>, String> {
    let (left, top, width, height) = match options.crop {
        Crop::None => (0, 0, gray.width, gray.height),
        Crop::Centre => {
            let side = gray.width.min(gray.height);
            ((gray.width - side) / 2, (gray.height - side) / 2, side, side)
        }
        Crop::Box { left, top, width, height } => (left, top, width, height),
    };
    if u64::from(left) + u64::from(width) > gray.width.into()
        || u64::from(top) + u64::from(height) > gray.height.into()
    {
        return Err(format!(
            "is {}x{} pixels, and the crop box ({width}x{height} at {left},{top}) reaches outside",
            gray.width, gray.height
        ));
    }
    let (out_width, out_height) = (options.width as u32, options.height as u32);
    if (gray.width, gray.height) == (width, height) && (width, height) == (out_width, out_height) {
        return Ok(gray.pixels);
    }
    // Catmull-Rom is a polynomial: unlike a windowed sinc it needs no sine, so its weights are the same everywhere.
    let how = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(
        left.into(),
        top.into(),
        width.into(),
        height.into(),
    );
    // The typed call: the other one would compile the resizer for every pixel type there is, in minutes.
    let mut sample = vec![0; options.height * options.width];
    let whole = TypedImageRef::<U8>::from_buffer(gray.width, gray.height, &gray.pixels);
    let fitted = TypedImage::<U8>::from_buffer(out_width, out_height, &mut sample);
    let (whole, mut fitted) = whole
        .and_then(|whole| Ok((whole, fitted?)))
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    resizer.resize_typed(&whole, &mut fitted, &how).map_err(|cause| format!("cannot be resized: {cause}"))?;
    Ok(sample)
}
