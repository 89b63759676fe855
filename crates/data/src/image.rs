//! An image, from its file to the planes of a sample.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::pnm::PnmDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use netsynth_files::{is_shortage, open};
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use crate::jpeg;
use crate::rectangle::Rectangle;
use crate::{Colour, DataOptions};

/// The longest side, in pixels, of an image that is decoded at all.
const MAX_SIDE: u32 = 16_384;
/// The most memory that decoding one image may take.
const MAX_BYTES: u64 = 512 << 20;

/// An image of any size, in gray, with the planes of its colours where it has any.
pub struct Image {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Gray levels row by row, `height * width`.
    pub(crate) gray: Vec<u8>,
    /// Red, green and blue, each as `gray`; absent where the three are the same.
    pub(crate) colours: Option<[Vec<u8>; 3]>,
}

/// Why there is no image.
#[derive(Debug)]
pub enum NoImage {
    /// The system had no descriptor, no memory or no sound disk for it: that says nothing of the image.
    Shortage(io::Error),
    /// It cannot be used, in words that go on from its name.
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

impl From<ImageError> for NoImage {
    fn from(cause: ImageError) -> Self {
        match cause {
            ImageError::IoError(cause) => NoImage::of("is not a readable image")(cause),
            cause => NoImage::Unusable(format!("is not a readable image: {cause}")),
        }
    }
}

impl Image {
    /// The image in a file; its first bytes show the format.
    ///
    /// # Errors
    /// It cannot be opened, is no whole image, or one larger than is decoded.
    pub fn read(path: &Path) -> Result<Image, NoImage> {
        let cannot_be_opened = NoImage::of("cannot be opened");
        let file = open(path).map_err(&cannot_be_opened)?;
        let reader =
            ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(&cannot_be_opened)?;
        let bytes = || beginning(path).map(Cow::Owned).map_err(NoImage::of("cannot be read"));
        Image::from_reader(reader, bytes)
    }

    /// The image that these bytes are; the first of them show the format.
    ///
    /// # Errors
    /// They are no whole image, or one larger than is decoded.
    pub fn decode(bytes: &[u8]) -> Result<Image, NoImage> {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let reader = reader.map_err(NoImage::of("cannot be read"))?;
        Image::from_reader(reader, || Ok(Cow::Borrowed(bytes)))
    }

    /// The next of the PNM images that follow each other in a stream, as `ffmpeg -f image2pipe -c:v ppm` writes them;
    /// nothing at its end.
    ///
    /// # Errors
    /// What comes is no whole image, or one larger than is decoded: what follows it cannot be found.
    pub fn next_frame(stream: &mut impl BufRead) -> Result<Option<Image>, NoImage> {
        if stream.fill_buf().map_err(NoImage::of("cannot be read"))?.is_empty() {
            return Ok(None);
        }
        let decoder = PnmDecoder::new(stream)?;
        refuse_large(&decoder)?;
        Ok(Some(Image::decoded(DynamicImage::from_decoder(decoder)?)))
    }

    /// `bytes` are all of the file, as far as one is decoded.
    fn from_reader<'b>(
        mut reader: ImageReader<impl BufRead + Seek>,
        bytes: impl FnOnce() -> Result<Cow<'b, [u8]>, NoImage>,
    ) -> Result<Image, NoImage> {
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        limits.max_alloc = Some(MAX_BYTES);
        reader.limits(limits);
        let format = reader.format();
        let mut decoder = reader.into_decoder()?;
        refuse_large(&decoder)?;
        if format == Some(ImageFormat::Jpeg)
            && let Some(damage) = jpeg::damage(&bytes()?)
        {
            return Err(damage.to_owned().into());
        }
        let orientation = decoder.orientation()?;
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        Ok(Image::decoded(image))
    }

    /// Red, green and blue of each pixel, row by row: `height * width * 3`.
    pub fn interleaved(&self) -> Vec<u8> {
        match &self.colours {
            None => self.gray.iter().flat_map(|level| [*level; 3]).collect(),
            Some([red, green, blue]) => {
                let pixels = red.iter().zip(green).zip(blue);
                pixels.flat_map(|((red, green), blue)| [*red, *green, *blue]).collect()
            }
        }
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

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The whole image as a part of itself.
    pub fn whole(&self) -> Rectangle {
        Rectangle { left: 0, top: 0, width: self.width.into(), height: self.height.into() }
    }

    /// Cuts out `part`, which is inside, and resizes it to the size of `options`: one gray plane, or red, green and blue
    /// one after the other. An image that fits already is not resampled.
    pub(crate) fn fitted(
        &self,
        part: Rectangle,
        options: &DataOptions,
        resizer: &mut Resizer,
    ) -> Result<Vec<u8>, String> {
        let Image { width, height, gray, colours } = self;
        let size = (options.width as u32, options.height as u32);
        let mut fitted = |plane: &Vec<u8>| resized_plane((*width, *height), plane, part, size, resizer);
        match (options.colour, colours) {
            (Colour::Gray, _) => fitted(gray),
            (Colour::Rgb, None) => Ok(fitted(gray)?.repeat(3)),
            (Colour::Rgb, Some(colours)) => {
                let planes: Result<Vec<Vec<u8>>, String> = colours.iter().map(fitted).collect();
                Ok(planes?.concat())
            }
        }
    }

    /// The whole image at another size, in gray.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Image {
        let size = (self.width, self.height);
        let gray = resized_plane(size, &self.gray, self.whole(), (width, height), &mut Resizer::new());
        // Only a size of nothing cannot be.
        let gray = gray.unwrap_or_else(|_| vec![0; (width * height) as usize]);
        Image { width, height, gray, colours: None }
    }
}

/// Refuses an image that no face needs; not every decoder enforces the limits itself.
fn refuse_large(decoder: &impl ImageDecoder) -> Result<(), NoImage> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE || decoder.total_bytes() > MAX_BYTES
    {
        return Err(format!("is {width}x{height} pixels, more than is decoded").into());
    }
    Ok(())
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
    plane: &[u8],
    part: Rectangle,
    (width, height): (u32, u32),
    resizer: &mut Resizer,
) -> Result<Vec<u8>, String> {
    let whole = Rectangle { left: 0, top: 0, width: size.0.into(), height: size.1.into() };
    if part == whole && size == (width, height) {
        return Ok(plane.to_vec());
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
    let whole = TypedImageRef::<U8>::from_buffer(size.0, size.1, plane);
    let fitted = TypedImage::<U8>::from_buffer(width, height, &mut sample);
    let (whole, mut fitted) = whole
        .and_then(|whole| Ok((whole, fitted?)))
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    resizer
        .resize_typed(&whole, &mut fitted, &resizing)
        .map_err(|cause| format!("cannot be resized: {cause}"))?;
    Ok(sample)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn frames_follow_each_other_and_a_broken_one_ends_them() {
        let frame =
            |level: u8| [b"P6\n2 1\n255\n".as_slice(), &[level, 0, 255, level, level, level]].concat();
        let mut bytes = [frame(1), frame(2), frame(3)].concat();
        let levels = |bytes: &[u8]| {
            let mut stream = bytes;
            let mut levels = Vec::new();
            loop {
                match Image::next_frame(&mut stream) {
                    Ok(Some(image)) => levels.push(image.interleaved()[0]),
                    Ok(None) => return (levels, None),
                    Err(NoImage::Unusable(reason)) => return (levels, Some(reason)),
                    Err(NoImage::Shortage(cause)) => panic!("{cause}"),
                }
            }
        };
        assert_eq!(levels(&bytes), (vec![1, 2, 3], None));
        bytes.pop();
        let (whole, reason) = levels(&bytes);
        assert_eq!(whole, [1, 2]);
        assert!(reason.unwrap().starts_with("is not a readable image"), "cut off");
        let large = levels(b"P5\n60000 60000\n255\n");
        assert!(large.1.unwrap().contains("more than is decoded"));
    }

    #[test]
    fn bytes_are_decoded_as_a_file_of_them_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        image::RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8, y as u8, 7])).save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (one, other) = (Image::read(&path).unwrap(), Image::decode(&bytes).unwrap());
        assert_eq!((one.size(), one.interleaved()), (other.size(), other.interleaved()));
        assert_eq!(one.interleaved()[3..6], [1, 0, 7]);
        assert!(Image::decode(&bytes[..bytes.len() / 2]).is_err());
    }
}
