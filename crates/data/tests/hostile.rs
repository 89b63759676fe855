//! Folders that are damaged, or made to break a reader: nothing panics, nothing is read without bound, and the
//! good images beside the bad ones are used.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use image::{DynamicImage, GrayImage, RgbImage};
use netsynth_data::{DataOptions, Dataset, Skipped};
use tempfile::tempdir;

fn load(folder: &Path) -> Dataset {
    Dataset::load(folder, &DataOptions { height: 8, width: 8, ..DataOptions::default() }).unwrap()
}

/// Two classes of one good image each.
fn good(folder: &Path) {
    for (class, level) in [("no", 10), ("yes", 200)] {
        fs::create_dir_all(folder.join(class)).unwrap();
        let picture = GrayImage::from_fn(12, 12, |x, y| image::Luma([level + (x * y % 7) as u8]));
        picture.save(folder.join(class).join("good.png")).unwrap();
    }
}

/// A PNG with a header of so many pixels and a few bytes of data.
fn promise(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    for (kind, data) in
        [(b"IHDR", &header[..]), (b"IDAT", b"\x78\x9c\x03\x00\x00\x00\x00\x01"), (b"IEND", b"")]
    {
        file.extend((data.len() as u32).to_be_bytes());
        let body = [&kind[..], data].concat();
        file.extend(&body);
        file.extend(checksum(&body).to_be_bytes());
    }
    file
}

/// CRC-32 as PNG has it.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[test]
fn an_image_that_promises_billions_of_pixels_is_skipped_before_they_are_made() {
    let folder = tempdir().unwrap();
    good(folder.path());
    fs::write(folder.path().join("no/bomb.png"), promise(60_000, 60_000)).unwrap();
    let dataset = load(folder.path());
    assert_eq!(dataset.samples.len(), 2);
    let printed: Vec<String> = dataset.skipped.iter().map(Skipped::to_string).collect();
    assert!(
        printed.len() == 1 && printed[0].contains("no/bomb.png") && printed[0].contains("limit"),
        "{printed:?}"
    );
}

#[test]
fn an_image_cut_off_anywhere_is_skipped() {
    let whole = tempdir().unwrap();
    good(whole.path());
    let bytes = fs::read(whole.path().join("no/good.png")).unwrap();
    for length in (0..bytes.len() - 12).step_by(7) {
        let folder = tempdir().unwrap();
        good(folder.path());
        fs::write(folder.path().join("yes/cut.png"), &bytes[..length]).unwrap();
        let dataset = load(folder.path());
        assert_eq!((dataset.samples.len(), dataset.skipped.len()), (2, 1), "cut after {length} bytes");
    }
}

#[test]
fn an_image_of_any_format_cut_off_anywhere_is_skipped() {
    let levels = |x: u32, y: u32| ((x * 37 + y * y * 11) % 251) as u8;
    let gray = DynamicImage::from(GrayImage::from_fn(24, 20, |x, y| image::Luma([levels(x, y)])));
    let colour =
        DynamicImage::from(RgbImage::from_fn(24, 20, |x, y| image::Rgb([levels(x, y), levels(y, x), 9])));
    for (ending, image) in ["png", "jpg", "tiff", "bmp", "pgm", "ppm"]
        .iter()
        .flat_map(|ending| [(*ending, &gray), (*ending, &colour)])
    {
        let image = if ending == "pgm" { &gray } else { image };
        let folder = tempdir().unwrap();
        good(folder.path());
        let path = folder.path().join(format!("yes/cut.{ending}"));
        image.save(&path).unwrap();
        assert_eq!(load(folder.path()).samples.len(), 3, "{ending}");
        let bytes = fs::read(&path).unwrap();
        // The last bytes of a PNG are no part of the picture.
        let end = if ending == "png" { bytes.len() - 12 } else { bytes.len() };
        for length in (0..end).step_by(bytes.len() / 40 + 1).chain([end - 1]) {
            fs::write(&path, &bytes[..length]).unwrap();
            let dataset = load(folder.path());
            assert_eq!(
                (dataset.samples.len(), dataset.skipped.len()),
                (2, 1),
                "{ending} cut after {length} bytes"
            );
            // As a download leaves it that reserved its room.
            if ending == "jpg" {
                fs::write(&path, [&bytes[..length], &vec![0; bytes.len() - length]].concat()).unwrap();
                assert_eq!(load(folder.path()).samples.len(), 2, "{ending} of zeros after {length} bytes");
            }
        }
    }
}

#[test]
fn a_damaged_image_of_any_format_ends_nothing() {
    // xorshift64: the same damage in every run.
    let mut state = 88_172_645_463_325_252_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let image = GrayImage::from_fn(24, 20, |x, y| image::Luma([((x * 37 + y * y * 11) % 251) as u8]));
    for ending in ["png", "jpg", "tiff", "bmp", "pgm"] {
        let folder = tempdir().unwrap();
        good(folder.path());
        let path = folder.path().join(format!("yes/damaged.{ending}"));
        image.save(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..=below(3) {
                let most = if below(2) == 0 { bytes.len().min(64) } else { bytes.len() };
                let at = below(most);
                bytes[at] = below(256) as u8;
            }
            fs::write(&path, &bytes).unwrap();
            let dataset = load(folder.path());
            assert_eq!(dataset.samples.len() + dataset.skipped.len(), 3, "{ending} {bytes:?}");
        }
    }
}

#[test]
fn a_jpeg_damaged_in_the_middle_is_named_where_that_can_be_told() {
    let folder = tempdir().unwrap();
    good(folder.path());
    let path = folder.path().join("yes/damaged.jpg");
    GrayImage::from_fn(64, 64, |x, y| image::Luma([((x * 37 + y * y * 11) % 251) as u8]))
        .save(&path)
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    assert_eq!(load(folder.path()).samples.len(), 3);
    // What another program wrote over it has bytes that compressed data cannot have.
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8].copy_from_slice(b"\xff\x41\xff\x42\xff\x43\xff\x44");
    fs::write(&path, &bytes).unwrap();
    let dataset = load(folder.path());
    let said: Vec<String> = dataset.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(dataset.samples.len(), 2);
    assert!(said[0].starts_with("yes/damaged.jpg is damaged"), "{said:?}");
}

#[test]
fn a_jpeg_with_more_behind_its_end_is_whole() {
    let folder = tempdir().unwrap();
    good(folder.path());
    let path = folder.path().join("yes/more.jpg");
    GrayImage::from_fn(24, 20, |x, y| image::Luma([(x * y) as u8])).save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    // A thumbnail with an end of its own, as cameras put one in front, and whatever lies behind.
    let thumbnail = [&[0xff, 0xe1, 0, 6][..], &[0xff, 0xd9, 0, 0]].concat();
    fs::write(&path, [&bytes[..2], &thumbnail, &bytes[2..], b"trailing"].concat()).unwrap();
    assert_eq!(load(folder.path()).samples.len(), 3);
    fs::write(&path, [&bytes[..2], &thumbnail, &bytes[2..bytes.len() - 30]].concat()).unwrap();
    assert_eq!(load(folder.path()).samples.len(), 2);
}

#[test]
fn a_label_of_a_gibibyte_is_refused_unread() {
    let folder = tempdir().unwrap();
    let (images, labels) = ("cohn-kanade-images/S005/001", "Emotion/S005/001");
    for tree in [images, labels] {
        fs::create_dir_all(folder.path().join(tree)).unwrap();
    }
    GrayImage::new(12, 12).save(folder.path().join(images).join("S005_001_00000001.png")).unwrap();
    let label = folder.path().join(labels).join("S005_001_00000001_emotion.txt");
    File::create(&label).unwrap().set_len(1 << 30).unwrap();
    let error = Dataset::load(folder.path(), &DataOptions::default()).unwrap_err().to_string();
    assert!(error.contains("S005_001_00000001_emotion.txt") && error.len() < 400, "{error}");
    // The same as UTF-16 has it.
    File::options().write(true).open(&label).unwrap().write_all(b"\xff\xfe").unwrap();
    let error = Dataset::load(folder.path(), &DataOptions::default()).unwrap_err().to_string();
    assert!(error.contains("too long"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_a_name_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempdir().unwrap();
    good(folder.path());
    let odd = folder.path().join("no").join(OsStr::from_bytes(b"f\xffce.png"));
    fs::copy(folder.path().join("yes/good.png"), odd).unwrap();
    let dataset = load(folder.path());
    assert_eq!((dataset.samples.len(), dataset.skipped.len()), (3, 0));
}
