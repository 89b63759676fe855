//! Reading trees of every layout, and the errors of bad ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use image::{GrayImage, Luma, Rgb, RgbImage};
use insta::assert_snapshot;
use miette::Diagnostic;
use netsynth_data::{Colour, Crop, DataError, DataOptions, Dataset, LabelSet, Layout};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn write_gray(root: &Path, path: &str, level: u8) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(12, 10, Luma([level])).save(path).unwrap();
}

fn write_text(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Two subjects: S005 angry and unlabelled, S010 happy.
fn ck_plus(images: &str, labels: &str) -> TempDir {
    let dir = tempdir().unwrap();
    for frame in [1, 2, 3, 9, 10] {
        write_gray(dir.path(), &format!("{images}/S005/001/S005_001_{frame:08}.png"), frame);
        write_gray(dir.path(), &format!("{images}/S010/004/S010_004_{frame}.png"), 100 + frame);
    }
    write_gray(dir.path(), &format!("{images}/S005/002/S005_002_00000001.png"), 50);
    write_text(dir.path(), &format!("{images}/S005/001/.DS_Store"), "finder");
    write_text(dir.path(), &format!("{images}/.DS_Store"), "finder");
    write_text(dir.path(), &format!("{labels}/S005/001/S005_001_00000010_emotion.txt"), "   1.0000000e+00\n");
    write_text(dir.path(), &format!("{labels}/S010/004/S010_004_00000010_emotion.txt"), "   5.0000000e+00\n");
    fs::create_dir_all(dir.path().join(labels).join("S005/002")).unwrap();
    dir
}

fn small() -> DataOptions {
    DataOptions { height: 10, width: 12, ..DataOptions::default() }
}

/// Error and remedy, with the temporary folder called DIR.
fn printed(dir: &Path, result: Result<Dataset, DataError>) -> String {
    let error = result.unwrap_err();
    let text = format!("{error}\nhelp: {}", error.help().unwrap());
    text.replace(&dir.display().to_string(), "DIR")
}

#[test]
fn ck_plus_gives_the_last_frames_of_labelled_sequences() {
    for (images, labels) in [
        ("cohn-kanade-images", "Emotion"),
        ("extended-cohn-kanade-images", "Emotion_labels"),
        ("extended-cohn-kanade-images/cohn-kanade-images", "emotion_labels"),
        ("cohn-kanade-images", "Emotion_labels/Emotion"),
    ] {
        let dir = ck_plus(images, labels);
        let dataset = Dataset::load(dir.path(), &small()).unwrap();
        assert_eq!(dataset.layout, Some(Layout::CkPlus));
        assert_eq!(dataset.subjects, ["S005", "S010"]);
        let levels: Vec<u8> = dataset.samples.iter().map(|sample| sample.pixels[0]).collect();
        assert_eq!(levels, [3, 9, 10, 103, 109, 110]);
        let names: Vec<&str> =
            dataset.samples.iter().map(|sample| dataset.classes[sample.class].as_str()).collect();
        assert_eq!(names, ["anger", "anger", "anger", "happiness", "happiness", "happiness"]);
        assert_eq!(dataset.samples[1].source, format!("{images}/S005/001/S005_001_00000009.png"));
        assert_eq!(dataset.skipped.len(), 1);
        assert_eq!(dataset.skipped[0].to_string(), format!("{images}/S005/002 has no label"));
        assert_eq!(dataset.class_by_subject(), [[3, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 3, 0, 0]]);
    }
}

#[test]
fn a_label_may_begin_with_a_byte_order_mark() {
    let (one, two) = (ck_plus("cohn-kanade-images", "Emotion"), ck_plus("cohn-kanade-images", "Emotion"));
    let label = "Emotion/S005/001/S005_001_00000010_emotion.txt";
    write_text(two.path(), label, "\u{feff}   1.0000000e+00\r\n");
    let digest = |dir: &TempDir| Dataset::load(dir.path(), &small()).unwrap().digest;
    assert_eq!(digest(&one), digest(&two));
}

#[test]
fn the_digest_follows_pixels_labels_and_options() {
    let (one, two) =
        (ck_plus("cohn-kanade-images", "Emotion"), ck_plus("cohn-kanade-images", "Emotion_labels"));
    let digest = |dir: &TempDir, options: &DataOptions| Dataset::load(dir.path(), options).unwrap().digest;
    let first = digest(&one, &small());
    assert_eq!(first, digest(&two, &small()));
    assert_ne!(first, digest(&one, &DataOptions { frames: 2, ..small() }));
    write_gray(one.path(), "cohn-kanade-images/S005/001/S005_001_00000010.png", 11);
    assert_ne!(first, digest(&one, &small()));
    write_text(two.path(), "Emotion_labels/S010/004/S010_004_00000010_emotion.txt", "7");
    assert_ne!(first, digest(&two, &small()));
}

#[test]
fn class_folders_take_any_names_and_a_subject_pattern() {
    let dir = tempdir().unwrap();
    write_gray(dir.path(), "yes/anna-1.png", 1);
    write_gray(dir.path(), "yes/more/bert-1.png", 2);
    write_gray(dir.path(), "no/anna-2.png", 3);
    fs::create_dir(dir.path().join("empty")).unwrap();
    let plain = Dataset::load(dir.path(), &small()).unwrap();
    assert_eq!((plain.layout, plain.subjects.len()), (Some(Layout::ClassFolders), 0));
    assert_eq!(plain.classes, ["no", "yes"]);
    let pattern = Some("([a-z]+)-[0-9]+[.]png$".to_owned());
    let named = Dataset::load(dir.path(), &DataOptions { subject_pattern: pattern, ..small() }).unwrap();
    assert_eq!(named.subjects, ["anna", "bert"]);
    assert_eq!(named.class_by_subject(), [[1, 1], [0, 1]]);
}

#[cfg(unix)]
#[test]
fn a_link_back_up_ends() {
    let dir = tempdir().unwrap();
    write_gray(dir.path(), "a/1.png", 1);
    write_gray(dir.path(), "b/1.png", 2);
    std::os::unix::fs::symlink(dir.path().join("a"), dir.path().join("a/again")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("nowhere"), dir.path().join("b/2.png")).unwrap();
    let dataset = Dataset::load(dir.path(), &small()).unwrap();
    assert_eq!((dataset.samples.len(), dataset.skipped.len()), (2, 1));
}

#[test]
fn colour_becomes_luma_and_crops_come_before_the_resize() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a")).unwrap();
    // Left third red, middle third green, right third blue.
    let thirds =
        RgbImage::from_fn(30, 10, |x, _| Rgb([[255, 0, 0], [0, 255, 0], [0, 0, 255]][x as usize / 10]));
    thirds.save(dir.path().join("a/thirds.png")).unwrap();
    write_gray(dir.path(), "b/gray.png", 7);
    let pixels = |crop| {
        let options = DataOptions { height: 10, width: 10, crop, ..DataOptions::default() };
        Dataset::load(dir.path(), &options).unwrap().samples[0].pixels.clone()
    };
    assert!(pixels(Crop::Centre).iter().all(|&level| level == 150));
    assert!(pixels(Crop::Box { left: 0, top: 0, width: 10, height: 10 }).iter().all(|&level| level == 76));
    let whole = pixels(Crop::Whole);
    assert_eq!((whole[0], whole[9]), (76, 29));
}

#[test]
fn colour_is_kept_where_it_is_asked_for_and_gray_becomes_three_equal_planes() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a")).unwrap();
    let halves = RgbImage::from_fn(20, 10, |x, _| Rgb([[200, 10, 30], [40, 60, 80]][x as usize / 10]));
    halves.save(dir.path().join("a/halves.png")).unwrap();
    write_gray(dir.path(), "b/gray.png", 7);
    let crop = Crop::Box { left: 0, top: 0, width: 8, height: 8 };
    let options = DataOptions { height: 8, width: 8, crop, colour: Colour::Rgb, ..DataOptions::default() };
    let dataset = Dataset::load(dir.path(), &options).unwrap();
    let planes: Vec<&[u8]> = dataset.samples[0].pixels.chunks_exact(64).collect();
    assert_eq!(planes, [[200; 64], [10; 64], [30; 64]]);
    assert_eq!(dataset.samples[1].pixels, [7; 3 * 64]);
    let gray = Dataset::load(dir.path(), &DataOptions { colour: Colour::Gray, ..options }).unwrap();
    assert_ne!(dataset.digest, gray.digest);
}

#[test]
fn one_bad_image_is_skipped_and_told() {
    let dir = ck_plus("cohn-kanade-images", "Emotion");
    write_text(dir.path(), "cohn-kanade-images/S005/001/S005_001_00000010.png", "not an image");
    write_gray(dir.path(), "cohn-kanade-images/S010/004/last.png", 1);
    let dataset = Dataset::load(dir.path(), &small()).unwrap();
    assert_eq!(dataset.samples.len(), 5);
    let defects: Vec<String> = dataset
        .skipped
        .iter()
        .filter(|skipped| skipped.reason.is_defect())
        .map(ToString::to_string)
        .collect();
    assert_snapshot!(defects.join("\n"), @r#"
    cohn-kanade-images/S010/004/last.png has no frame number in its name
    cohn-kanade-images/S005/001/S005_001_00000010.png is not a readable image: The image format could not be determined
    "#);
}

#[test]
fn bad_folders_are_refused_with_the_remedy() {
    let dir = tempdir().unwrap();
    let load = |path: &str| printed(dir.path(), Dataset::load(&dir.path().join(path), &small()));
    assert_snapshot!(load("absent"), @r#"
    the data folder DIR/absent does not exist
    help: check the spelling, or draw a synthetic set with `netsynth data synth DIR/absent`
    "#);
    write_text(dir.path(), "notes.csv", "a,b");
    assert_snapshot!(load("notes.csv"), @r#"
    DIR/notes.csv is a file, and its first line does not name the columns `emotion` and `pixels`
    help: give a folder of images, or a table of pixels with a first line such as emotion,pixels,Usage
    "#);
    let table = |text: &str| {
        write_text(dir.path(), "tables/t.csv", &format!("emotion,pixels,Usage\n{text}"));
        load("tables/t.csv")
    };
    assert_snapshot!(table("8,0 0 0 0,Training"), @r#"
    DIR/tables/t.csv:2: emotion "8" is not a code from 0 to 7
    help: a table of pixels has the columns emotion (0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, 6 neutral, 7 contempt), pixels (gray levels with spaces between) and optionally Usage
    "#);
    assert_snapshot!(table("1,0 0 0 0,Later"), @r#"
    DIR/tables/t.csv:2: Usage "Later" is not Training, PublicTest (validation) or PrivateTest (test)
    help: a table of pixels has the columns emotion (0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, 6 neutral, 7 contempt), pixels (gray levels with spaces between) and optionally Usage
    "#);
    assert_snapshot!(table("1,0 0 0,Training\n2,0 x 0 0,Training"), @r#"
    nothing in DIR/tables/t.csv can be used: 2 skipped, such as line 2 has 3 pixels, which make no square image
    help: a table of pixels has the columns emotion (0 anger, 1 disgust, 2 fear, 3 happiness, 4 sadness, 5 surprise, 6 neutral, 7 contempt), pixels (gray levels with spaces between) and optionally Usage
    "#);
    assert_snapshot!(load("tables"), @r#"
    DIR/tables holds no folders of images but the table DIR/tables/t.csv
    help: give the table itself: DIR/tables/t.csv
    "#);
    write_text(dir.path(), "papers/text/paper.txt", "no faces");
    assert_snapshot!(load("papers"), @r#"
    no images in DIR/papers
    help: expected either class folders with images (DIR/anger/*.png) or the official CK+ layout (DIR/cohn-kanade-images and DIR/Emotion); give the folder that holds them
    "#);
    write_gray(dir.path(), "one/happy/1.png", 1);
    assert_snapshot!(load("one"), @r#"
    DIR/one has images of one class only, happy
    help: a classifier needs at least two classes with images: give the folder that holds all class folders
    "#);
    write_gray(dir.path(), "fer/train/happy/1.png", 1);
    write_gray(dir.path(), "fer/test/happy/1.png", 1);
    assert_snapshot!(load("fer"), @r#"
    the folders of DIR/fer (test, train) are parts of a split, not classes
    help: make a folder for each class and move the images of all parts there, such as DIR/anger/1.png: netsynth makes folds itself
    "#);
    write_text(dir.path(), "broken/a/1.png", "");
    write_text(dir.path(), "broken/b/1.jpg", "?");
    assert_snapshot!(load("broken"), @r#"
    nothing in DIR/broken can be used: 2 skipped, such as a/1.png is not a readable image: The image format could not be determined
    help: check that the files are whole images, and that the crop box lies inside them
    "#);
}

#[test]
fn bad_ck_plus_trees_are_refused_with_the_remedy() {
    let dir = ck_plus("cohn-kanade-images", "Emotion");
    let load = || printed(dir.path(), Dataset::load(dir.path(), &small()));
    let label = "Emotion/S005/001/S005_001_00000010_emotion.txt";
    write_text(dir.path(), label, "8.0");
    assert_snapshot!(load(), @r#"
    label file DIR/Emotion/S005/001/S005_001_00000010_emotion.txt: 8 is not a whole number from 0 to 7
    help: a CK+ label is one number: 0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, 6 sadness, 7 surprise; remove the file to leave the sequence unlabelled
    "#);
    let images_alone = Dataset::load(&dir.path().join("cohn-kanade-images"), &small());
    assert_snapshot!(printed(dir.path(), images_alone), @r#"
    the folders of DIR/cohn-kanade-images are subjects (S005, ...), not classes
    help: make a folder for each class, with the people inside, such as DIR/anger/S005/1.png, and give --subject-pattern '^([^/]+)/'; if the folders are classes indeed, give --layout class-folders; for CK+, give the folder that holds both cohn-kanade-images and Emotion
    "#);
    write_text(dir.path(), label, "angry");
    assert_snapshot!(load(), @r#"
    label file DIR/Emotion/S005/001/S005_001_00000010_emotion.txt: expected one number, found "angry"
    help: a CK+ label is one number: 0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happiness, 6 sadness, 7 surprise; remove the file to leave the sequence unlabelled
    "#);
    fs::remove_dir_all(dir.path().join("Emotion/S005")).unwrap();
    assert_snapshot!(load(), @r#"
    DIR has images of one class only, happiness
    help: a classifier needs at least two classes with images: check the labels, or choose others of them as classes with --labels
    "#);
    fs::remove_dir_all(dir.path().join("Emotion/S010")).unwrap();
    assert_snapshot!(load(), @r#"
    none of the 3 CK+ sequences in DIR has a label file
    help: labels are expected as Emotion/S005/001/S005_001_00000011_emotion.txt beside the images, or, of frames in a heap, among them
    "#);
    fs::remove_dir_all(dir.path().join("Emotion")).unwrap();
    assert_snapshot!(load(), @r#"
    DIR has the image folder of CK+ but no label folder
    help: unpack both archives of the release side by side: cohn-kanade-images (or extended-cohn-kanade-images) and Emotion (or Emotion_labels)
    "#);
}

#[test]
fn bad_options_are_refused_with_the_remedy() {
    let dir = ck_plus("cohn-kanade-images", "Emotion");
    let load = |options: DataOptions| printed(dir.path(), Dataset::load(dir.path(), &options));
    assert_snapshot!(load(DataOptions { height: 0, ..small() }), @r#"
    image size 12x0 is out of range
    help: allowed: 8x8 to 1024x1024
    "#);
    assert_snapshot!(load(DataOptions { frames: 0, ..small() }), @r#"
    frames 0 is out of range
    help: allowed: at least 1
    "#);
    assert_snapshot!(load(DataOptions { crop: Crop::Box { left: 9, top: 0, width: 9, height: 9 }, ..small() }), @r#"
    nothing in DIR can be used: 7 skipped, such as cohn-kanade-images/S005/001/S005_001_00000003.png is 12x10 pixels, and the crop box (9x9 at 9,0) reaches outside
    help: check that the files are whole images, and that the crop box lies inside them
    "#);
    let pattern = |pattern: &str| DataOptions {
        layout: Some(Layout::ClassFolders),
        subject_pattern: Some(pattern.to_owned()),
        ..small()
    };
    assert_snapshot!(load(pattern("(S")), @r#"
    subject pattern "(S": regex parse error:
        (S
        ^
    error: unclosed group
    help: write a regular expression with one group around the subject, such as '^([^_]+)_'
    "#);
    assert_snapshot!(load(pattern("S.*")), @r#"
    subject pattern "S.*": it has no group, so it names no subject
    help: write a regular expression with one group around the subject, such as '^([^_]+)_'
    "#);
    assert_snapshot!(load(DataOptions { layout: None, ..pattern("(S.*)") }), @r#"
    the official CK+ layout names its subjects by folder: a subject pattern has no use
    help: leave --subject-pattern out
    "#);
    let labels = DataOptions { layout: Some(Layout::ClassFolders), labels: LabelSet::Six, ..small() };
    assert_snapshot!(load(labels), @r#"
    class folders of any names bring their own classes: a label set has no use
    help: leave --labels out, and give a folder with those class folders that you want
    "#);
}

#[test]
fn a_table_is_bounded() {
    let dir = tempdir().unwrap();
    // A line without an end, as a wrong file has it.
    let path = dir.path().join("endless.csv");
    let mut text = b"emotion,pixels\n1,".to_vec();
    text.resize(9 << 20, b'1');
    fs::write(&path, text).unwrap();
    let error = Dataset::load(&path, &small()).unwrap_err().to_string();
    assert!(error.ends_with("endless.csv:2: more than 8388608 bytes in one line are not read"), "{error}");
}

#[test]
fn decoding_is_bounded() {
    let dir = tempdir().unwrap();
    write_gray(dir.path(), "a/1.png", 1);
    write_gray(dir.path(), "b/1.png", 1);
    // A header that claims 60000 x 60000 pixels.
    write_text(dir.path(), "a/2.pgm", "P5\n60000 60000\n255\n");
    let dataset = Dataset::load(dir.path(), &small()).unwrap();
    assert_eq!((dataset.samples.len(), dataset.skipped.len()), (2, 1));
}
