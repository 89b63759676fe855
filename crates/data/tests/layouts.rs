//! One suite over all layouts: each, as it is distributed, gives its labels, subjects and pixels, and is held to the same
//! laws. The trees are made here, a few pixels each, named as the real ones are.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use image::{GrayImage, Luma, Rgb, RgbImage};
use netsynth_data::{DataError, DataOptions, Dataset, LabelSet, Layout, SkipReason, SplitBy, split};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

const SIDE: u32 = 8;

/// A data set in one layout.
struct Held {
    name: &'static str,
    layout: Layout,
    dir: TempDir,
    /// What is given to netsynth, below `dir`.
    path: &'static str,
    pattern: Option<&'static str>,
    /// Class, subject and gray level of every image under the label set of the whole coding.
    images: Vec<(&'static str, Option<&'static str>, u8)>,
    /// Makes one image useless, the one of this gray level.
    damage: fn(&Path),
    damaged: u8,
}

impl Held {
    fn path(&self) -> PathBuf {
        self.dir.path().join(self.path)
    }

    fn options(&self, labels: LabelSet) -> DataOptions {
        let side = SIDE as usize;
        let subject_pattern = self.pattern.map(str::to_owned);
        DataOptions { height: side, width: side, labels, subject_pattern, ..DataOptions::default() }
    }

    /// The label set that has every expression of the layout's coding.
    fn everything(&self) -> LabelSet {
        match self.layout {
            Layout::CkPlus | Layout::Ck48 | Layout::FileNames | Layout::PixelTable => LabelSet::Eight,
            Layout::ClassFolders => LabelSet::default(),
        }
    }

    fn load(&self, labels: LabelSet) -> Dataset {
        Dataset::load(&self.path(), &self.options(labels)).unwrap()
    }
}

fn write(path: PathBuf, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn gray(path: PathBuf, level: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(SIDE, SIDE, Luma([level])).save(path).unwrap();
}

/// The release under any of the names of its folders: a gap in the frames, one frame in colour, hidden files, a
/// sequence without label, one labelled neutral, and numbers with and without zeros in front.
fn official(name: &'static str, images: &str, labels: &str) -> Held {
    let dir = tempdir().unwrap();
    let root = dir.path();
    for (frame, level) in [(1, 10), (2, 11), (4, 12), (9, 13), (10, 14)] {
        gray(root.join(images).join(format!("S005/001/S005_001_{frame:08}.png")), level);
        gray(root.join(images).join(format!("S010/004/S010_004_{frame}.png")), 100 + level);
        gray(root.join(images).join(format!("S011/002/S011_002_{frame:08}.png")), 200 + level);
        gray(root.join(images).join(format!("S011/003/S011_003_{frame:08}.png")), 150 + level);
        gray(root.join(images).join(format!("S010/001/S010_001_{frame:08}.png")), 50 + level);
    }
    let colour = root.join(images).join("S005/001/S005_001_00000010.png");
    RgbImage::from_pixel(SIDE, SIDE, Rgb([14; 3])).save(colour).unwrap();
    write(root.join(images).join(".DS_Store"), "finder");
    write(root.join(images).join("S005/.DS_Store"), "finder");
    write(root.join(images).join("S005/001/._S005_001_00000010.png"), "resource fork");
    write(root.join(labels).join("S005/001/.DS_Store"), "finder");
    let label = |sequence: &str, code: u8| {
        let file = format!("{sequence}/{}_00000010_emotion.txt", sequence.replace('/', "_"));
        write(root.join(labels).join(file), format!("   {code}.0000000e+00\n"));
    };
    label("S005/001", 1);
    label("S010/004", 2);
    label("S011/002", 0);
    label("S011/003", 5);
    fs::create_dir_all(root.join(labels).join("S010/001")).unwrap();
    let all = vec![
        ("neutral", Some("S005"), 10),
        ("anger", Some("S005"), 12),
        ("anger", Some("S005"), 13),
        ("anger", Some("S005"), 14),
        ("neutral", Some("S010"), 110),
        ("contempt", Some("S010"), 112),
        ("contempt", Some("S010"), 113),
        ("contempt", Some("S010"), 114),
        ("neutral", Some("S011"), 210),
        ("neutral", Some("S011"), 212),
        ("neutral", Some("S011"), 213),
        ("neutral", Some("S011"), 214),
        ("neutral", Some("S011"), 160),
        ("happiness", Some("S011"), 162),
        ("happiness", Some("S011"), 163),
        ("happiness", Some("S011"), 164),
    ];
    let damage = |root: &Path| {
        let found = [
            "cohn-kanade-images",
            "extended-cohn-kanade-images",
            "extended-cohn-kanade-images/cohn-kanade-images",
        ];
        for frame in found.map(|images| root.join(images).join("S010/004/S010_004_9.png")) {
            if frame.exists() {
                fs::write(frame, "no image").unwrap();
            }
        }
    };
    Held { name, layout: Layout::CkPlus, dir, path: "", pattern: None, images: all, damage, damaged: 113 }
}

fn ck48() -> Held {
    let dir = tempdir().unwrap();
    gray(dir.path().join("CK+48/happy/S010_004_00000017.png"), 1);
    gray(dir.path().join("CK+48/happy/S011_006_00000013.png"), 2);
    gray(dir.path().join("CK+48/contempt/S138_008_00000009.png"), 3);
    gray(dir.path().join("CK+48/sadness/S010_003_00000018.png"), 4);
    gray(dir.path().join("CK+48/neutral/S010_003_00000001.png"), 5);
    let images = vec![
        ("neutral", Some("S010"), 5),
        ("contempt", Some("S138"), 3),
        ("happiness", Some("S010"), 1),
        ("happiness", Some("S011"), 2),
        ("sadness", Some("S010"), 4),
    ];
    let damage = |root: &Path| fs::write(root.join("CK+48/happy/S011_006_00000013.png"), "").unwrap();
    Held {
        name: "CK+48",
        layout: Layout::Ck48,
        dir,
        path: "CK+48",
        pattern: None,
        images,
        damage,
        damaged: 2,
    }
}

/// All frames and labels in one folder, as some copies have them.
fn heap() -> Held {
    let dir = tempdir().unwrap();
    for (sequence, code) in [("S005_001", 1), ("S010_004", 5), ("S011_002", 0)] {
        for frame in [1, 2, 3, 4] {
            let level = 20 * code + frame;
            gray(dir.path().join(format!("{sequence}_{frame:08}.png")), level);
        }
        write(dir.path().join(format!("{sequence}_00000004_emotion.txt")), format!("{code}.0"));
    }
    let images = vec![
        ("neutral", Some("S005"), 21),
        ("anger", Some("S005"), 22),
        ("anger", Some("S005"), 23),
        ("anger", Some("S005"), 24),
        ("neutral", Some("S010"), 101),
        ("happiness", Some("S010"), 102),
        ("happiness", Some("S010"), 103),
        ("happiness", Some("S010"), 104),
        ("neutral", Some("S011"), 1),
        ("neutral", Some("S011"), 2),
        ("neutral", Some("S011"), 3),
        ("neutral", Some("S011"), 4),
    ];
    let damage = |root: &Path| fs::write(root.join("S005_001_00000003.png"), "?").unwrap();
    Held {
        name: "CK+ in a heap",
        layout: Layout::CkPlus,
        dir,
        path: "",
        pattern: None,
        images,
        damage,
        damaged: 23,
    }
}

/// Flat, as it is unpacked.
fn jaffe() -> Held {
    let dir = tempdir().unwrap();
    for (name, level) in [("KA.AN1.39", 1), ("KA.NE2.27", 2), ("YM.SU3.60", 3), ("YM.FE1.67", 4)] {
        gray(dir.path().join(format!("jaffe/{name}.tiff")), level);
    }
    write(dir.path().join("jaffe/README_FIRST.txt"), "please read");
    let images = vec![
        ("anger", Some("KA"), 1),
        ("neutral", Some("KA"), 2),
        ("fear", Some("YM"), 4),
        ("surprise", Some("YM"), 3),
    ];
    let damage = |root: &Path| fs::write(root.join("jaffe/YM.FE1.67.tiff"), "?").unwrap();
    Held {
        name: "JAFFE",
        layout: Layout::FileNames,
        dir,
        path: "jaffe",
        pattern: None,
        images,
        damage,
        damaged: 4,
    }
}

/// A folder for each person and session: sessions A and B show the same people.
fn kdef() -> Held {
    let dir = tempdir().unwrap();
    for (name, level) in [
        ("AF01/AF01ANS", 1),
        ("BF01/BF01ANS", 2),
        ("AM10/AM10DIS", 3),
        ("AM10/AM10HAFL", 4),
        ("BM10/BM10NES", 5),
    ] {
        gray(dir.path().join(format!("{name}.JPG.png")), level);
    }
    let images = vec![
        ("anger", Some("F01"), 1),
        ("disgust", Some("M10"), 3),
        ("happiness", Some("M10"), 4),
        ("anger", Some("F01"), 2),
        ("neutral", Some("M10"), 5),
    ];
    let damage = |root: &Path| fs::write(root.join("AM10/AM10DIS.JPG.png"), "?").unwrap();
    Held { name: "KDEF", layout: Layout::FileNames, dir, path: "", pattern: None, images, damage, damaged: 3 }
}

fn row(level: u8) -> String {
    vec![level.to_string(); (SIDE * SIDE) as usize].join(" ")
}

fn ckextended() -> Held {
    let dir = tempdir().unwrap();
    let rows = [
        (0, 1, "Training"),
        (6, 2, "Training"),
        (7, 3, "PublicTest"),
        (3, 4, "PrivateTest"),
        (4, 5, "Training"),
    ];
    let lines = rows.map(|(code, level, usage)| format!("{code},{},{usage}\r\n", row(level)));
    write(dir.path().join("ckextended.csv"), format!("emotion,pixels,Usage\r\n{}", lines.concat()));
    let images = vec![
        ("anger", None, 1),
        ("neutral", None, 2),
        ("contempt", None, 3),
        ("happiness", None, 4),
        ("sadness", None, 5),
    ];
    let damage = |root: &Path| {
        let table = root.join("ckextended.csv");
        let text = fs::read_to_string(&table).unwrap().replace(&row(4), "4 4 4");
        fs::write(table, text).unwrap();
    };
    let path = "ckextended.csv";
    Held { name: path, layout: Layout::PixelTable, dir, path, pattern: None, images, damage, damaged: 4 }
}

/// As `icml_face_data.csv` has it: another order, spaces in the header, a byte order mark, quotes.
fn fer2013() -> Held {
    let dir = tempdir().unwrap();
    let lines =
        [(2, 1), (5, 2), (6, 3)].map(|(code, level)| format!("{code}, Training, \"{}\"\n", row(level)));
    write(
        dir.path().join("icml_face_data.csv"),
        format!("\u{feff}emotion, Usage, pixels\n{}", lines.concat()),
    );
    let images = vec![("fear", None, 1), ("surprise", None, 2), ("neutral", None, 3)];
    let damage = |root: &Path| {
        let table = root.join("icml_face_data.csv");
        let text = fs::read_to_string(&table).unwrap().replacen("1 1", "1 256", 1);
        fs::write(table, text).unwrap();
    };
    let path = "icml_face_data.csv";
    Held { name: path, layout: Layout::PixelTable, dir, path, pattern: None, images, damage, damaged: 1 }
}

fn class_folders() -> Held {
    let dir = tempdir().unwrap();
    gray(dir.path().join("yes/anna-1.png"), 1);
    gray(dir.path().join("yes/more/bert-1.png"), 2);
    gray(dir.path().join("no/anna-2.png"), 3);
    gray(dir.path().join("no/carl-2.png"), 4);
    let images = vec![
        ("no", Some("anna"), 3),
        ("no", Some("carl"), 4),
        ("yes", Some("anna"), 1),
        ("yes", Some("bert"), 2),
    ];
    let damage = |root: &Path| fs::write(root.join("no/carl-2.png"), "?").unwrap();
    let pattern = Some("([a-z]+)-[0-9]+[.]png$");
    Held {
        name: "class folders",
        layout: Layout::ClassFolders,
        dir,
        path: "",
        pattern,
        images,
        damage,
        damaged: 4,
    }
}

fn all() -> Vec<Held> {
    vec![
        official("the release", "cohn-kanade-images", "Emotion"),
        official("Emotion_labels", "extended-cohn-kanade-images", "Emotion_labels"),
        official("emotion_labels", "extended-cohn-kanade-images/cohn-kanade-images", "emotion_labels"),
        official("Emotion_labels/Emotion", "cohn-kanade-images", "Emotion_labels/Emotion"),
        heap(),
        ck48(),
        jaffe(),
        kdef(),
        ckextended(),
        fer2013(),
        class_folders(),
    ]
}

/// Class, subject and gray level of every sample, checking that a sample is of one level.
fn seen(dataset: &Dataset) -> Vec<(&str, Option<&str>, u8)> {
    let one = |sample: &netsynth_data::Sample| {
        assert_eq!(sample.pixels, vec![sample.pixels[0]; (SIDE * SIDE) as usize], "{}", sample.source);
        let subject = sample.subject.map(|subject| dataset.subjects[subject].as_str());
        (sample.class, subject, sample.pixels[0])
    };
    let samples = dataset.samples.iter().map(one);
    samples.map(|(class, subject, level)| (dataset.classes[class].as_str(), subject, level)).collect()
}

#[test]
fn each_layout_is_known_by_its_look_and_read_by_its_coding() {
    for held in all() {
        let dataset = held.load(held.everything());
        assert_eq!(dataset.layout, Some(held.layout), "{}", held.name);
        assert_eq!(seen(&dataset), held.images, "{}", held.name);
        let subjects: BTreeSet<&str> = held.images.iter().filter_map(|(_, subject, _)| *subject).collect();
        assert_eq!(dataset.subjects, Vec::from_iter(subjects), "{}", held.name);
        assert!(held.layout.coding().len() > 10);
    }
}

#[test]
fn a_label_set_leaves_out_what_it_has_no_class_for_and_counts_it() {
    for held in all().iter().filter(|held| held.layout != Layout::ClassFolders) {
        for labels in [LabelSet::Seven, LabelSet::Eight, LabelSet::Six, LabelSet::Fer] {
            let dataset = held.load(labels);
            let names: Vec<&str> = labels.expressions().iter().map(|expression| expression.name()).collect();
            assert_eq!(dataset.classes, names);
            let kept: Vec<_> =
                held.images.iter().filter(|(class, ..)| names.contains(class)).copied().collect();
            assert_eq!(seen(&dataset), kept, "{} {labels:?}", held.name);
            let left_out: BTreeSet<&str> = dataset
                .skipped
                .iter()
                .filter_map(|skipped| match skipped.reason {
                    SkipReason::OtherClass(expression) => Some(expression.name()),
                    _ => None,
                })
                .collect();
            // In the release neutral is a label and a first frame: only what is labelled so is counted.
            let unknown: BTreeSet<&str> =
                held.images.iter().map(|(class, ..)| *class).filter(|class| !names.contains(class)).collect();
            assert_eq!(left_out, unknown, "{} {labels:?}", held.name);
        }
    }
}

#[test]
fn counts_agree_and_reading_again_gives_the_same() {
    for held in all() {
        let dataset = held.load(held.everything());
        assert_eq!(dataset.class_counts().iter().sum::<usize>(), held.images.len());
        if !dataset.subjects.is_empty() {
            let by_subject = dataset.class_by_subject();
            for (class, count) in dataset.class_counts().into_iter().enumerate() {
                assert_eq!(by_subject.iter().map(|counts| counts[class]).sum::<usize>(), count);
            }
        }
        let again = held.load(held.everything());
        assert_eq!((&again.digest, &again.samples), (&dataset.digest, &dataset.samples), "{}", held.name);
    }
}

#[test]
fn one_useless_image_is_left_out_and_told_and_the_rest_stays() {
    for held in all() {
        (held.damage)(held.dir.path());
        let dataset = held.load(held.everything());
        let rest: Vec<_> = held.images.iter().filter(|(.., level)| *level != held.damaged).copied().collect();
        assert_eq!(seen(&dataset), rest, "{}", held.name);
        let defects: Vec<_> = dataset.skipped.iter().filter(|skipped| skipped.reason.is_defect()).collect();
        assert_eq!(defects.len(), 1, "{}: {defects:?}", held.name);
        assert!(matches!(defects[0].reason, SkipReason::BadImage(_)));
    }
}

#[test]
fn who_names_no_subjects_is_refused_subject_wise_folds_and_given_others_on_request() {
    for held in all() {
        let dataset = held.load(held.everything());
        let subject_wise = split(&dataset, 2, 0.0);
        if dataset.subjects.is_empty() {
            assert!(matches!(subject_wise, Err(DataError::NoSubjects { .. })), "{}", held.name);
        } else {
            assert_eq!(subject_wise.unwrap().folds.len(), 2);
        }
        let random = SplitBy::Random.split(&dataset, 2, 0.0).unwrap();
        assert_eq!(random.all_folds().len(), dataset.samples.len());
        assert!(SplitBy::Random.caveat().is_some() && SplitBy::Subject.caveat().is_none());
        match SplitBy::Usage.split(&dataset, 1, 0.0) {
            Ok(usage) => {
                assert_eq!(held.name, "ckextended.csv");
                let levels = |samples: &[usize]| -> Vec<u8> {
                    samples.iter().map(|&sample| dataset.samples[sample].pixels[0]).collect()
                };
                assert_eq!(levels(&usage.train(0)), [1, 2, 5]);
                assert_eq!(levels(usage.validation(0)), [3]);
                assert_eq!(levels(&usage.held_out), [4]);
            }
            Err(error) => assert!(matches!(error, DataError::NoUsage), "{}: {error}", held.name),
        }
    }
}

#[test]
fn identical_images_in_several_parts_are_found() {
    let held = class_folders();
    gray(held.path().join("no/dora-1.png"), 1);
    let dataset = held.load(LabelSet::default());
    // Sorted: no/anna 3, no/carl 4, no/dora 1, yes/anna 1, yes/bert 2. Dora is in fold 1, Anna in fold 0.
    assert_eq!(dataset.duplicates(), [[2, 3]]);
    assert_eq!(split(&dataset, 2, 0.0).unwrap().leaks(&dataset), [(2, 3)]);
    assert_eq!(SplitBy::Random.split(&dataset, 2, 0.0).unwrap().leaks(&dataset), []);
}

#[test]
fn no_layout_is_left_out_of_those_that_are_tried() {
    let schema = schemars::schema_for!(Layout);
    assert_eq!(schema.as_value()["oneOf"].as_array().unwrap().len(), Layout::ALL.len());
}
