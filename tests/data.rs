//! Faces as users bring them, through the program.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn netsynth(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::cargo_bin("netsynth").unwrap().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A table of 24x24 pixels: two classes of different brightness, each row another image.
fn table(folder: &Path) {
    let mut text = "emotion, Usage, pixels\n".to_owned();
    for row in 0..24 {
        let usage = ["Training", "Training", "PublicTest", "PrivateTest"][row % 4];
        let (code, base) = if row % 2 == 0 { (0, 40) } else { (3, 200) };
        let pixels: Vec<String> =
            (0..24 * 24).map(|pixel| (base + (pixel * (row + 3)) % 20).to_string()).collect();
        text += &format!("{code}, {usage}, {}\n", pixels.join(" "));
    }
    fs::write(folder.join("faces.csv"), text).unwrap();
}

/// A network for a 24x24 gray face.
const SMALL: &str = r#"(schema: 1, name: "small", input: (channels: 1, height: 24, width: 24), nodes: [
    (name: "stem", from: ["input"], op: Conv(channels: 4, stride: 2, norm: Batch, activation: Relu)),
    (name: "pool", from: ["stem"], op: GlobalAvgPool()),
    (name: "classes", from: ["pool"], op: Dense(units: 7)),
])"#;

#[test]
fn a_table_is_trained_on_only_where_a_split_is_named_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    table(folder.path());
    fs::write(folder.path().join("small.ron"), SMALL).unwrap();
    let train = |more: &[&str]| {
        let common = ["train", "small.ron", "--data", "faces.csv", "--folds", "2", "--epochs", "1"];
        netsynth(folder.path(), &[&common[..], more].concat())
    };
    let (code, _, stderr) = train(&[]);
    assert_eq!(code, 2);
    assert!(stderr.contains("names no subjects") && stderr.contains("--split random"), "{stderr}");
    assert!(!folder.path().join("runs").exists());
    for (split, folds) in [("random", 2), ("usage", 1)] {
        let (code, stdout, stderr) = train(&["--split", split]);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains("not subject-independent"), "{stdout}");
        assert!(stderr.contains("warning: no images of contempt"), "{stderr}");
        let (_, json, _) = train(&["--split", split, "--json"]);
        let results: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(results["folds"].as_array().unwrap().len(), folds);
        assert_ne!(results["split"], "Subject");
    }
}

#[test]
fn what_is_read_is_shown_and_previewed() {
    let folder = tempfile::tempdir().unwrap();
    let faces = ["data", "synth", "faces", "--subjects", "3", "--side", "48", "--frames", "4"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let (code, stdout, _) = netsynth(folder.path(), &["data", "show", "faces", "--labels", "eight"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("84 images, 3 subjects, 8 classes"), "{stdout}");
    assert!(stdout.contains("coding: 0 neutral, 1 anger"), "{stdout}");
    let preview = ["data", "preview", "faces", "look", "--labels", "six", "--images", "9"];
    let (code, stdout, stderr) = netsynth(folder.path(), &preview);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("9 of 9 images"), "{stdout}");
    // 9 images of 48x48, twice enlarged, 8 in a row, with gutters of 4.
    let sheet = image::open(folder.path().join("look/3-happiness.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (4 + 8 * 100, 4 + 2 * 100));
    let first =
        image::open(folder.path().join("faces/cohn-kanade-images/S001/005/S001_005_00000002.png")).unwrap();
    assert_eq!(sheet.to_luma8().get_pixel(5, 5), first.to_luma8().get_pixel(0, 0));
    assert!(folder.path().join("look/augmented.png").is_file());
    let (code, _, stderr) = netsynth(folder.path(), &preview);
    assert!(code == 2 && stderr.contains("not empty"), "{stderr}");
}

#[test]
fn networks_are_written_by_name_and_never_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = ["prototypes", "networks", "--side", "224", "--channels", "3", "--classes", "1000"];
    let (code, stdout, stderr) = netsynth(folder.path(), &write);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("efficientnet-b0.ron: 5,267,540 parameters"), "{stdout}");
    let (code, stdout, _) = netsynth(folder.path(), &["check", "networks/resnet50.ron"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("25,636,712"), "{stdout}");
    assert_eq!(netsynth(folder.path(), &write).0, 2);
}

#[test]
fn drawn_faces_are_found_and_remembered_and_an_empty_frame_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let faces = ["data", "synth", "faces", "--subjects", "2", "--side", "160", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    let empty = folder.path().join("faces/cohn-kanade-images/S001/001/S001_001_00000002.png");
    image::GrayImage::from_pixel(160, 160, image::Luma([90])).save(empty).unwrap();
    let show = ["data", "show", "faces", "--crop", "face", "--margin", "0.2", "--json"];
    let (code, first, stderr) = netsynth(folder.path(), &show);
    assert_eq!(code, 0, "{stderr}");
    assert!(first.contains("NoFace") && first.contains("S001_001_00000002.png"), "{first}");
    let cache = folder.path().join("face-boxes/seeta-frontal-1.0.csv");
    let known = fs::read_to_string(&cache).unwrap();
    // A header and each of 28 frames.
    assert_eq!(known.lines().count(), 29);
    let (_, again, _) = netsynth(folder.path(), &show);
    assert_eq!((again, fs::read_to_string(&cache).unwrap()), (first, known));
    fs::write(cache, "header\nnonsense\n").unwrap();
    let (code, _, stderr) = netsynth(folder.path(), &show);
    assert!(code == 2 && stderr.contains("seeta-frontal-1.0.csv:2:"), "{stderr}");
}

#[test]
fn a_network_of_three_channels_is_trained_on_colour() {
    let folder = tempfile::tempdir().unwrap();
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(folder.path(), &faces).0, 0);
    fs::write(folder.path().join("gray.ron"), SMALL).unwrap();
    fs::write(folder.path().join("colour.ron"), SMALL.replace("(channels: 1,", "(channels: 3,")).unwrap();
    let train = |network: &str, colour: &str| {
        let data = ["--data", "faces", "--colour", colour, "--folds", "2", "--epochs", "1", "--json"];
        netsynth(folder.path(), &[&["train", network][..], &data].concat())
    };
    for (network, colour) in [("colour.ron", "gray"), ("gray.ron", "rgb")] {
        let (code, _, stderr) = train(network, colour);
        assert_eq!((code, stderr.contains("channels, and a face has")), (2, true), "{stderr}");
    }
    let parameters = |network: &str, colour: &str| {
        let (code, json, stderr) = train(network, colour);
        assert_eq!(code, 0, "{stderr}");
        let results: serde_json::Value = serde_json::from_str(&json).unwrap();
        results["cost"]["parameters"].as_u64().unwrap()
    };
    // Two more planes for each of the 3x3 kernels of the first layer.
    assert_eq!(parameters("colour.ron", "rgb"), parameters("gray.ron", "gray") + 2 * 9 * 4);
    assert_eq!(parameters("micro-exp-net", "rgb"), parameters("micro-exp-net", "gray") + 2 * 8 * 8 * 16);
    let look = ["data", "preview", "faces", "look", "--colour", "rgb"];
    assert_eq!(netsynth(folder.path(), &look).0, 0);
}
