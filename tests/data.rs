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

/// Pictures of 24x24 pixels, each another.
fn pictures(folder: &Path, paths: &[&str]) {
    for (number, path) in paths.iter().enumerate() {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let level = |x: u32, y: u32| (40 + 30 * (number as u32 % 5) + x * (number as u32 + 3) % 23 + y) as u8;
        image::GrayImage::from_fn(24, 24, |x, y| image::Luma([level(x, y)])).save(path).unwrap();
    }
}

#[test]
fn a_class_that_one_person_shows_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    fs::write(home.join("small.ron"), SMALL).unwrap();
    pictures(
        home,
        &[
            "faces/happy/S010_1.png",
            "faces/happy/S011_1.png",
            "faces/happy/S012_1.png",
            "faces/happy/S013_1.png",
        ],
    );
    pictures(
        home,
        &["faces/sad/S010_2.png", "faces/sad/S010_3.png", "faces/sad/S010_4.png", "faces/sad/S010_5.png"],
    );
    pictures(home, &["faces/fear/S010_6.png", "faces/fear/S012_6.png"]);
    let (code, stdout, _) = netsynth(home, &["data", "show", "faces"]);
    assert!(code == 0 && stdout.contains("only S010 shows sadness"), "{stdout}");
    let train = |more: &[&str]| {
        let common = ["train", "small.ron", "--data", "faces", "--folds", "2", "--epochs", "1"];
        let (code, stdout, stderr) = netsynth(home, &[&common[..], more].concat());
        assert_eq!(code, 0, "{stderr}");
        (stdout, stderr)
    };
    let (stdout, stderr) = train(&[]);
    assert!(
        stderr.contains("only S010 shows sadness: the fold that judges it has not learned it"),
        "{stderr}"
    );
    assert!(stderr.contains("all images of fear are in fold 1"), "{stderr}");
    // The interval of two numbers says nothing, and one number has no deviation.
    assert!(stdout.contains("over 2 folds") && !stdout.contains('±'), "{stdout}");
    let (stdout, _) = train(&["--only", "1"]);
    assert!(stdout.contains(" on one fold;") && !stdout.contains("deviation"), "{stdout}");
    let (_, stderr) = train(&["--split", "random"]);
    assert!(
        stderr.contains("only S010 shows sadness: it is learned from and judged on the same person"),
        "{stderr}"
    );
}

#[test]
fn advice_is_what_the_program_takes() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    pictures(home, &["faces/a/1.png", "faces/b/1.png"]);
    fs::create_dir_all(home.join("faces/c")).unwrap();
    fs::write(home.join("faces/c/1.webp"), "").unwrap();
    let (code, stdout, _) = netsynth(home, &["data", "show", "faces"]);
    assert!(code == 0 && stdout.contains("no images of c\n") && !stdout.contains("--labels"), "{stdout}");
    pictures(home, &["jaffe/KA.AN1.39.png", "jaffe/KL.HA1.40.png", "jaffe/KL.NE1.41.png"]);
    let (_, stdout, _) = netsynth(home, &["data", "show", "jaffe"]);
    assert!(stdout.contains("another label set (--labels)"), "{stdout}");
    let (code, stdout, _) = netsynth(home, &["data", "show", "jaffe", "--labels", "fer"]);
    assert!(code == 0 && stdout.contains("3 images, 2 subjects"), "{stdout}");
    pictures(home, &["people/S1/1.png", "people/S2/1.png"]);
    let (code, _, stderr) = netsynth(home, &["data", "show", "people"]);
    assert!(code == 2 && stderr.contains("--layout class-folders"), "{stderr}");
    let (code, stdout, _) = netsynth(home, &["data", "show", "people", "--layout", "class-folders"]);
    assert!(code == 0 && stdout.contains("2 classes"), "{stdout}");
    fs::write(home.join("boxes.CSV"), "path,x,y,width,height\n./a/1.png,0,0,8,8\n./b/1.png,0,0,8.0,8\n")
        .unwrap();
    let (code, stdout, stderr) = netsynth(home, &["data", "show", "faces", "--crop", "boxes.CSV"]);
    assert!(code == 0 && stdout.contains("2 images"), "{stderr}");
}

#[test]
fn faces_are_found_where_they_cannot_be_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let faces = ["data", "synth", "faces", "--subjects", "2", "--side", "80", "--frames", "2"];
    assert_eq!(netsynth(home, &faces).0, 0);
    let show = ["data", "show", "faces", "--crop", "face"];
    // A file in the place of the folder: nobody can write there.
    fs::write(home.join("face-boxes"), "").unwrap();
    let (code, stdout, stderr) = netsynth(home, &show);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("not remembered: face-boxes"), "{stdout}");
    fs::remove_file(home.join("face-boxes")).unwrap();
    let (_, remembered, _) = netsynth(home, &show);
    assert!(stdout.starts_with(remembered.split("note").next().unwrap().split("coding").next().unwrap()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text_is_read_and_never_half_a_run() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let odd = OsStr::from_bytes(b"f\xe9s");
    let faces = ["data", "synth", "faces", "--subjects", "4", "--side", "24", "--frames", "2"];
    assert_eq!(netsynth(home, &faces).0, 0);
    fs::rename(home.join("faces"), home.join(odd)).unwrap();
    fs::write(home.join("small.ron"), SMALL).unwrap();
    let run = |arguments: &[&str], last: &OsStr, more: &[&str]| {
        let mut command = Command::cargo_bin("netsynth").unwrap();
        let output = command.current_dir(home).args(arguments).arg(last).args(more).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    for format in [&[][..], &["--json"], &["--csv"]] {
        assert_eq!(run(&["data", "show"], odd, format).0, 0);
    }
    assert_eq!(run(&["data", "preview"], odd, &["look"]).0, 0);
    let table = OsStr::from_bytes(b"t\xe9.json");
    fs::write(home.join(table), r#"{"0": {"mean_acc": 50}, "1": {"mean_acc": 60}}"#).unwrap();
    for (command, path) in [
        (&["train", "small.ron", "--epochs", "1", "--data"][..], odd),
        (&["search", "--trials", "1", "--data"], odd),
        (&["search", "--dry-run", "--data"], odd),
        (&["train", "small.ron", "--epochs", "1", "--data", "look", "--start"], odd),
        (&["reproduce", "nano-b", "--data"], odd),
        (&["compare", "--table"], table),
        (&["search", "--plan"], odd),
        (&["resume"], odd),
        (&["verify"], odd),
    ] {
        let (code, stdout, stderr) = run(command, path, &[]);
        assert_eq!((code, stdout.as_str()), (2, ""), "{command:?} {stderr}");
        assert!(stderr.starts_with("error: "), "{command:?} {stderr}");
    }
    assert!(!home.join("runs").exists());
}
