//! An image, from its file to the planes of a sample.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use netsynth_files::{is_shortage, open};
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::jpeg;
use crate::rectangle::Rectangle;
use crate::{Colour, DataOptions};

/// The longest side, in pixels, of an image that is decoded at all.
const MAX_SIDE: u32 = 16_384;
/// The most memory that decoding one image may take.
const MAX_BYTES: u64 = 512 << 20;

/// An image of any size, in gray, with the planes of its colours where it has any.
pub(crate) struct Image {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Gray levels row by row, `height * width`.
    pub(crate) gray: Vec<u8>,
    /// Red, green and blue, each as `gray`; absent where the three are the same.
    pub(crate) colours: Option<[Vec<u8>; 3]>,
}

/// Why there is no image.
pub(crate) enum NoImage {
    /// The system had no descriptor, no memory or no sound disk for it: that says nothing of the image.
    Shortage(io::Error),
    /// It cannot be used, in words.
    Unusable(String),
}

impl NoImage {
    fn of(words: &str) -> impl Fn(io::Error) -> Self + '_ {
        move |cause| match is_shortage(&cause) {
            true => NoImage::Shortage(cause),
            false => NoImage::Unusable(format!("{words}: {cause}")),
        }
    }
}

impl From<String> for NoImage {
    fn from(reason: String) -> Self {
        NoImage::Unusable(reason)
    }
}

impl Image {
    /// The image in a file; its first bytes show the format.
    pub(crate) fn read(path: &Path) -> Result<Image, NoImage> {
        let cannot_be_opened = NoImage::of("cannot be opened");
        let not_an_image = |cause| match cause {
            ImageError::IoError(cause) => NoImage::of("is not a readable image")(cause),
            cause => NoImage::Unusable(format!("is not a readable image: {cause}")),
        };
        let file = open(path).map_err(&cannot_be_opened)?;
        let mut reader =
            ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(&cannot_be_opened)?;
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_BYTES);
        reader.limits(limits);
        let format = reader.format();
        let mut decoder = reader.into_decoder().map_err(not_an_image)?;
        // Not every decoder enforces the limits itself.
        let (width, height) = decoder.dimensions();
        if width == 0
            || height == 0
            || width > MAX_SIDE
            || height > MAX_SIDE
            || decoder.total_bytes() > MAX_BYTES
        {
            return Err(format!("is {width}x{height} pixels, more than is decoded").into());
        }
        if format == Some(ImageFormat::Jpeg) {
            let bytes = beginning(path).map_err(NoImage::of("cannot be read"))?;
            if jpeg::is_cut_off(&bytes) {
                return Err("is cut off: the JPEG has no end".to_owned().into());
            }
        }
        let orientation = decoder.orientation().map_err(not_an_image)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(not_an_image)?;
        image.apply_orientation(orientation);
        Ok(Image::decoded(image))
    }

    /// Gray stays as it is; colour becomes BT.601 luma, which gray cameras and most face data follow. Transparency is
    /// ignored.
    fn decoded(image: DynamicImage) -> Image {
        let (width, height) = (image.width(), image.height());
        if !image.color().has_color() {
            return Image { width, height, gray: image.into_luma8().into_raw(), colours: None };
        }
        let luma = |red, green, blue| {
            (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000
        };
        let image = image.into_rgb8();
        let gray = image.pixels().map(|pixel| luma(pixel[0], pixel[1], pixel[2]) as u8).collect();
        let colours = [0, 1, 2].map(|colour| image.pixels().map(|pixel| pixel[colour]).collect());
        Image { width, height, gray, colours: Some(colours) }
    }

    /// The whole image as a part of itself.
    /// Width and height in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    pub(crate) fn whole(&self) -> Rectangle {
        Rectangle { left: 0, top: 0, width: self.width.into(), height: self.height.into() }
    }

    /// Cuts out `part`, which is inside, and resizes it to the size of `options`: one gray plane, or red, green and blue
    /// one after the other. An image that fits already is not resampled.
    pub(crate) fn fitted(
        self,
        part: Rectangle,
        options: &DataOptions,
        resizer: &mut Resizer,
    ) -> Result<Vec<u8>, String> {
        let Image { width, height, gray, colours } = self;
        let size = (options.width as u32, options.height as u32);
        let mut fitted = |plane| resized_plane((width, height), plane, part, size, resizer);
        match (options.colour, colours) {
            (Colour::Gray, _) => fitted(gray),
            (Colour::Rgb, None) => Ok(fitted(gray)?.repeat(3)),
            (Colour::Rgb, Some(colours)) => {
                let planes: Result<Vec<Vec<u8>>, String> = colours.into_iter().map(fitted).collect();
                Ok(planes?.concat())
            }
        }
    }

    /// The whole image at another size, in gray.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Image {
        let size = (self.width, self.height);
        let gray = resized_plane(size, self.gray.clone(), self.whole(), (width, height), &mut Resizer::new());
        // Only a size of nothing cannot be.
        let gray = gray.unwrap_or_else(|_| vec![0; (width * height) as usize]);
        Image { width, height, gray, colours: None }
    }
}

/// The bytes of a file, as far as one is decoded.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A part of a plane of levels, resized.
fn resized_plane(
    size: (u32, u32),
    plane: Vec<u8>,
    part: Rectangle,
    (width, height): (u32, u32),
    resizer: &mut Resizer,
) -> Result<Vec<u8>, String> {
    let whole = Rectangle { left: 0, top: 0, width: size.0.into(), height: size.1.into() };
    if part == whole && size == (width, height) {
        return Ok(plane);
    }
    // Catmull-Rom is a polynomial: unlike a windowed sinc it needs no sine, so its weights are the same everywhere.
    let resizing = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(
        part.left as f64,
        part.top as f64,
        part.width as f64,
        part.height as f64,
    );
    // The typed call: the other one would compile the resizer for every pixel type there is, in minutes.
    let mut sample = vec![0; height as usize * width as usize];
    let whole = TypedImageRef::<U8>::from_buffer(size.0, size.1, &plane);
    let fitted = TypedImage::<U8>::from_buffer(width, height, &mut sample);
    let (whole, mut fitted) = whole
        .and_then(|whole| Ok((whole, fitted?)))
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    resizer
        .resize_typed(&whole, &mut fitted, &resizing)
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    Ok(sample)
}
