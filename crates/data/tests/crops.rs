//! Boxes from a file, and the errors of bad ones. The detector is tested through the program, in a folder of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use image::{GrayImage, Luma};
use insta::assert_snapshot;
use miette::Diagnostic;
use netsynth_data::{Crop, DataOptions, Dataset, SkipReason};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// Two classes of one image each, 40x30 pixels; a pixel's level is its column plus its row.
fn faces() -> TempDir {
    let dir = tempdir().unwrap();
    for (class, name) in [("a", "one"), ("b", "two"), ("b", "three")] {
        fs::create_dir_all(dir.path().join(class)).unwrap();
        let image = GrayImage::from_fn(40, 30, |x, y| Luma([(x + y) as u8]));
        image.save(dir.path().join(format!("{class}/{name}.png"))).unwrap();
    }
    dir
}

fn options(dir: &Path, boxes: &str, margin: f32) -> DataOptions {
    let file = dir.join("boxes.csv");
    fs::write(&file, boxes).unwrap();
    DataOptions { height: 10, width: 10, crop: Crop::Boxes { file, margin }, ..DataOptions::default() }
}

#[test]
fn a_box_file_cuts_each_image_at_its_own_place() {
    let dir = faces();
    let boxes =
        "x, y, width, height, path\n5,3,10,10,a/one.png\n0,0,10,10,b/two.png\n20,10,10,10,\"b/two.png\"\n";
    let dataset = Dataset::load(dir.path(), &options(dir.path(), boxes, 0.0)).unwrap();
    let corners: Vec<(&str, u8, u8)> = dataset
        .samples
        .iter()
        .map(|sample| (sample.source.as_str(), sample.pixels[0], sample.pixels[99]))
        .collect();
    // Of two boxes of one size the first is taken.
    assert_eq!(corners, [("a/one.png", 8, 26), ("b/two.png", 0, 18)]);
    assert_eq!(dataset.several_faces, ["b/two.png"]);
    assert_eq!(dataset.skipped.len(), 1);
    assert_eq!(dataset.skipped[0].reason, SkipReason::NoBox);
    assert_eq!(dataset.skipped[0].to_string(), "b/three.png has no row in the box file");
}

#[test]
fn a_margin_widens_a_box_within_the_image() {
    let dir = faces();
    let boxes = "path,x,y,width,height\na/one.png,12,12,5,5\nb/two.png,34,0,5,5\n";
    let dataset = Dataset::load(dir.path(), &options(dir.path(), boxes, 0.5)).unwrap();
    // 5 and half of it on each side, rounded away from zero: 11 pixels, resized to 10.
    let middle = |sample: usize| dataset.samples[sample].pixels[44];
    assert!((26..=29).contains(&middle(0)), "{}", middle(0));
    assert!((36..=39).contains(&middle(1)), "{}", middle(1));
}

#[test]
fn bad_boxes_are_refused_with_the_remedy() {
    let dir = faces();
    let printed = |boxes: &str, margin: f32| {
        let error = Dataset::load(dir.path(), &options(dir.path(), boxes, margin)).unwrap_err();
        let text = format!("{error}\nhelp: {}", error.help().unwrap());
        text.replace(&dir.path().display().to_string(), "DIR")
    };
    assert_snapshot!(printed("image,left\n", 0.0), @r#"
    DIR/boxes.csv:1: the first line does not name path,x,y,width,height
    help: a box file has the columns path (as `netsynth data show --json` names the images), x, y, width and height in whole pixels, and a row for each image
    "#);
    assert_snapshot!(printed("path,x,y,width,height\na/one.png,1,1,2.5,2", 0.0), @r#"
    DIR/boxes.csv:2: "2.5" is not a whole number
    help: a box file has the columns path (as `netsynth data show --json` names the images), x, y, width and height in whole pixels, and a row for each image
    "#);
    assert_snapshot!(printed("path,x,y,width,height\na/one.png,1,1,0,2", 0.0), @r#"
    DIR/boxes.csv:2: a box of 0x2 pixels
    help: a box file has the columns path (as `netsynth data show --json` names the images), x, y, width and height in whole pixels, and a row for each image
    "#);
    assert_snapshot!(printed("path,x,y,width,height\na/one.png,35,0,10,10", 0.0), @r#"
    nothing in DIR can be used: 3 skipped, such as a/one.png is 40x30 pixels, and the crop box (10x10 at 35,0) reaches outside
    help: check that the files are whole images, and that the crop box lies inside them
    "#);
    assert_snapshot!(printed("path,x,y,width,height\n", -1.0), @r#"
    margin -1 is out of range
    help: allowed: 0 to 2, as a share of the face
    "#);
}
