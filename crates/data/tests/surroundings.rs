//! Folders as people hold them: what lies beside the pictures, what they are named, and what looks like a data set and is
//! none.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use image::{GrayImage, Luma};
use miette::Diagnostic;
use netsynth_data::{DataError, DataOptions, Dataset, LabelSet, Layout, SkipReason, SplitBy};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn gray(root: &Path, path: &str, level: u8) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let drawn = path.with_extension("png");
    GrayImage::from_fn(8, 8, |x, y| Luma([level.wrapping_add((x * y % 5) as u8)])).save(&drawn).unwrap();
    // The first bytes show the format: the ending is only a name.
    fs::rename(drawn, path).unwrap();
}

fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A tree of pictures, each of another level.
fn tree(paths: &[&str]) -> TempDir {
    let dir = tempdir().unwrap();
    paths.iter().enumerate().for_each(|(number, path)| gray(dir.path(), path, 3 * number as u8));
    dir
}

fn small() -> DataOptions {
    DataOptions { height: 8, width: 8, ..DataOptions::default() }
}

fn load(dir: &TempDir) -> Result<Dataset, DataError> {
    Dataset::load(dir.path(), &small())
}

fn skipped(dataset: &Dataset) -> Vec<String> {
    dataset.skipped.iter().map(ToString::to_string).collect()
}

/// Error and remedy, with the temporary folder called DIR.
fn complaint(dir: &TempDir) -> String {
    let error = load(dir).unwrap_err();
    format!("{error}\n{}", error.help().unwrap()).replace(&dir.path().display().to_string(), "DIR")
}

const CK48: [&str; 4] = [
    "happy/S010_004_00000017.png",
    "happy/S011_006_00000013.png",
    "sadness/S010_003_00000018.png",
    "sadness/S011_003_00000018.png",
];
const NAMED: [&str; 4] = ["no/anna-1.png", "no/bert-1.png", "yes/anna-2.png", "yes/bert-2.png"];
const RELEASE: [&str; 4] = [
    "cohn-kanade-images/S005/001/S005_001_00000001.png",
    "cohn-kanade-images/S005/001/S005_001_00000002.png",
    "cohn-kanade-images/S010/002/S010_002_00000001.png",
    "cohn-kanade-images/S010/002/S010_002_00000002.png",
];

fn release() -> TempDir {
    let dir = tree(&RELEASE);
    write(dir.path(), "Emotion/S005/001/S005_001_00000002_emotion.txt", "1.0");
    write(dir.path(), "Emotion/S010/002/S010_002_00000002_emotion.txt", "5.0");
    dir
}

#[test]
fn droppings_and_documents_change_no_layout() {
    let layouts: [fn() -> TempDir; 4] =
        [|| tree(&CK48), || tree(&NAMED), release, || tree(&["KA.AN1.39.tiff", "KL.HA2.40.tiff"])];
    for make in layouts {
        let (plain, littered) = (make(), make());
        let root = littered.path();
        write(root, "__MACOSX/CK+48/happy/._S010_004_00000017.png", "resource fork");
        write(root, "__MACOSX/a.png", "resource fork");
        for dropping in [".DS_Store", "Thumbs.db", "desktop.ini", "._x.png", "~$notes.docx", ".git/a/b.png"] {
            write(root, dropping, "left behind");
        }
        fs::create_dir_all(root.join("$RECYCLE.BIN")).unwrap();
        fs::create_dir_all(root.join("@eaDir/happy/x.png")).unwrap();
        for folder in
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
        {
            fs::write(folder.join("Thumbs.db"), "left behind").unwrap();
            fs::write(folder.join("Icon\r"), "left behind").unwrap();
            fs::write(folder.join("notes.txt"), "a document").unwrap();
        }
        // Backups of pictures, and what Windows notes of a download.
        for backup in ["x.png~", "x.png.bak"] {
            GrayImage::new(8, 8).save_with_format(root.join(backup), image::ImageFormat::Png).unwrap();
        }
        write(root, "x.png:Zone.Identifier", "[ZoneTransfer]");
        for document in ["README.md", "labels.csv", "list_partition_label.txt", "paper.pdf"] {
            write(root, document, "a document");
        }
        let (plain, littered) = (load(&plain).unwrap(), load(&littered).unwrap());
        assert_eq!((plain.layout, &plain.digest), (littered.layout, &littered.digest));
        assert_eq!(skipped(&littered), [""; 0]);
    }
}

#[test]
fn folders_without_pictures_are_named_and_change_nothing_else() {
    for paths in [&CK48, &NAMED] {
        let (plain, dir) = (tree(paths), tree(paths));
        write(dir.path(), "labels/list.txt", "a label table");
        fs::create_dir_all(dir.path().join("empty")).unwrap();
        let (plain, dataset) = (load(&plain).unwrap(), load(&dir).unwrap());
        assert_eq!((plain.layout, plain.digest), (dataset.layout, dataset.digest.clone()));
        assert_eq!(skipped(&dataset), ["empty holds no images", "labels holds no images"]);
    }
}

#[test]
fn one_odd_file_or_folder_takes_no_people_away() {
    let dir = tree(&CK48);
    gray(dir.path(), "happy/aaa.png", 90);
    gray(dir.path(), "sample.png", 91);
    gray(dir.path(), "augmented/S010_004_00000017.png", 92);
    let dataset = load(&dir).unwrap();
    assert_eq!((dataset.layout, dataset.subjects.len()), (Some(Layout::Ck48), 2));
    assert_eq!(dataset.samples.len(), 4);
    assert_eq!(
        skipped(&dataset),
        [
            "augmented is not one of the expressions of CK+",
            "happy/aaa.png does not match the subject pattern",
            "sample.png lies in no class folder"
        ]
    );
}

#[test]
fn people_are_the_same_in_small_letters() {
    let plain = load(&tree(&CK48)).unwrap();
    let small = tree(&CK48.map(|path| path.replace('S', "s")).each_ref().map(String::as_str));
    assert_eq!(load(&small).unwrap().digest, plain.digest);
    let (plain, small) = (release(), release());
    let label = small.path().join("Emotion/S005");
    fs::rename(&label, small.path().join("Emotion/s005")).unwrap();
    assert_eq!(load(&small).unwrap().digest, load(&plain).unwrap().digest);
}

#[test]
fn an_archive_in_a_folder_of_its_own_name_is_read() {
    for paths in [&CK48[..], &RELEASE] {
        let paths: Vec<String> = paths.iter().map(|path| format!("CK+48/{path}")).collect();
        let dir = tree(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        write(dir.path(), "__MACOSX/x.png", "");
        if paths[0].contains("cohn") {
            write(dir.path(), "CK+48/Emotion/S005/001/S005_001_00000002_emotion.txt", "1.0");
            write(dir.path(), "CK+48/Emotion/S010/002/S010_002_00000002_emotion.txt", "5.0");
        }
        let dataset = load(&dir).unwrap();
        assert_eq!((dataset.subjects.len(), dataset.samples.len()), (2, 4));
        assert!(dataset.samples[0].source.starts_with("CK+48/"));
    }
}

#[test]
fn parts_of_a_split_are_no_classes() {
    for parts in [
        ["train", "test"],
        ["Training", "PublicTest"],
        ["TRAIN", "val"],
        ["train_set", "test_set"],
        ["validation", "Testing"],
        ["fold_1", "fold_2"],
        ["train-images", "valid"],
        ["FER2013Train", "FER2013Test"],
        ["trainA", "testA"],
    ] {
        for beside in
            [None, Some("labels/list.txt"), Some("__MACOSX/._x.png"), Some("README.txt"), Some("extra/1.png")]
        {
            let paths =
                parts.map(|part| [1, 2, 3].map(|class| format!("{part}/{class}/a{class}.png"))).concat();
            let dir = tree(&paths.iter().map(String::as_str).collect::<Vec<_>>());
            beside.iter().for_each(|path| write(dir.path(), path, "beside"));
            let text = complaint(&dir);
            assert!(text.contains("are parts of a split"), "{parts:?} {beside:?} {text}");
        }
    }
    // In a folder of the archive's name, as variants of one set, and one alone.
    for paths in [
        &["set/train/1/a.png", "set/train/2/b.png", "set/test/1/c.png", "set/test/2/d.png"][..],
        &[
            "raw/train/1/a.png",
            "raw/train/2/b.png",
            "raw/test/1/c.png",
            "raw/test/2/d.png",
            "cut/train/1/a.png",
        ],
        &["train/happy/a.png", "train/sad/b.png"],
        &["train/1/a.png", "train/2/b.png", "more/c.png"],
        &["happy_train/a.png", "happy_test/b.png", "sad_train/c.png", "sad_test/d.png"],
    ] {
        let text = complaint(&tree(paths));
        assert!(text.contains("parts of a split") && text.contains("train"), "{paths:?} {text}");
    }
    // Images of a part in a heap cannot be given: nothing is advised that is refused.
    let heaps = complaint(&tree(&["train/a.png", "train/b.png", "test/c.png", "test/d.png"]));
    assert!(!heaps.contains("give one of them") && heaps.contains("DIR/anger"), "{heaps}");
    // The part that is best given is named.
    let dir = tree(&["test/1/a.png", "test/2/b.png", "train/1/c.png", "train/2/d.png"]);
    assert!(complaint(&dir).contains("such as DIR/train"), "{}", complaint(&dir));
    assert_eq!(Dataset::load(&dir.path().join("train"), &small()).unwrap().classes, ["1", "2"]);
    // So is whatever is advised of other names, in any case.
    for part in ["Training", "training_set", "TRAIN", "trn", "Train-Images"] {
        for other in ["PublicTest", "Validation", "val", "dev", "holdout"] {
            let paths =
                [part, other].map(|part| [1, 2].map(|class| format!("{part}/{class}/a{class}.png"))).concat();
            let dir = tree(&paths.iter().map(String::as_str).collect::<Vec<_>>());
            assert!(complaint(&dir).contains(&format!("such as DIR/{part},")), "{part} {}", complaint(&dir));
            assert_eq!(Dataset::load(&dir.path().join(part), &small()).unwrap().classes, ["1", "2"]);
        }
    }
    // One such name among others is a class, and so is what lies in parts below its class.
    for paths in [
        &["valid/a.png", "invalid/b.png"][..],
        &["test_positive/a.png", "test_negative/b.png"],
        &["happy/train/a.png", "happy/test/b.png", "sad/train/c.png"],
    ] {
        assert_eq!(load(&tree(paths)).unwrap().classes.len(), 2, "{paths:?}");
    }
}

#[test]
fn people_are_no_classes() {
    for paths in [
        &["S005/001/S005_001_00000001.png", "S010/001/S010_001_00000001.png"][..],
        &["subject 1/1.png", "subject 2/1.png"],
        &["Actor_01/x.png", "Actor_02/x.png"],
        &["p01/p01_a.png", "p02/p02_a.png"],
        &["id_1/a.png", "id_2/b.png"],
        &["anna/happy/1.png", "anna/sad/1.png", "bert/happy/1.png", "bert/sad/1.png"],
        &["dark/x/1/happy/1.png", "dark/x/2/sad/1.png", "light/x/1/happy/2.png", "light/x/2/sad/2.png"],
        &["anna/happy1.png", "anna/angry.png", "bert/Happy.png", "bert/angry_2.png", "notes/x.png"],
    ] {
        let dir = tree(paths);
        let text = complaint(&dir);
        assert!(text.contains("not classes") && text.contains("--layout class-folders"), "{paths:?} {text}");
        // What is classes indeed can be said to be.
        let options = DataOptions { layout: Some(Layout::ClassFolders), ..small() };
        assert!(Dataset::load(dir.path(), &options).unwrap().classes.len() > 1);
    }
    // The arrangement that the remedy names is read.
    let dir = tree(&["angry/anna/1.png", "angry/bert/1.png", "happy/anna/1.png", "happy/bert/1.png"]);
    let options = DataOptions { subject_pattern: Some("^([^/]+)/".to_owned()), ..small() };
    assert_eq!(Dataset::load(dir.path(), &options).unwrap().subjects, ["anna", "bert"]);
    // The same where a layout is asked for that has classes of other names.
    for (paths, says) in [
        (["anna/happy/1.png", "anna/sad/1.png", "bert/happy/1.png", "bert/sad/1.png"], "are people or parts"),
        (
            ["train/happy/1.png", "train/sad/1.png", "test/happy/1.png", "test/sad/1.png"],
            "are parts of a split",
        ),
    ] {
        let options = DataOptions { layout: Some(Layout::Ck48), ..small() };
        let error = Dataset::load(tree(&paths).path(), &options).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    // Of folders of the same names inside each other it cannot be known which are people.
    let dir = tree(&["anna/Freude/1.png", "anna/Trauer/1.png", "bert/Freude/1.png", "bert/Trauer/1.png"]);
    let doubtful = load(&dir).unwrap();
    assert!(doubtful.notes[0].contains("may be people"), "{:?}", doubtful.notes);
    // Who may be people is told; numbered classes, and those that group expressions, are classes.
    for paths in [["aa1/1.png", "aa2/1.png"], ["001/1.png", "002/1.png"]] {
        let doubtful = load(&tree(&paths)).unwrap();
        assert!(doubtful.notes[0].contains("may be people"), "{:?}", doubtful.notes);
    }
    for paths in [
        &["class1/class1_1.png", "class2/class2_1.png"][..],
        &["1/a.png", "2/b.png"],
        &["good/happy1.png", "good/surprise1.png", "bad/sad1.png", "bad/angry1.png"],
        &["cat/cat1.png", "dog/dog1.png"],
    ] {
        let dataset = load(&tree(paths)).unwrap();
        assert_eq!((dataset.classes.len(), dataset.notes.len()), (2, 0), "{paths:?}");
    }
}

#[test]
fn pictures_in_a_heap_are_not_denied() {
    for (paths, place) in [
        (&["a.png", "b.png"][..], "DIR"),
        (&["images/a.png", "images/b.png"], "DIR/images"),
        (&["images/a.webp"], "DIR/images"),
    ] {
        let dir = tree(paths);
        write(dir.path(), "labels.csv", "file,label\na.png,1\n");
        let text = complaint(&dir);
        assert!(text.contains(&format!("images in {place}, such as a.")), "{text}");
        assert!(text.contains("lie in no class folders") && text.contains("DIR/anger/a."), "{text}");
    }
}

#[test]
fn frames_of_the_release_without_labels_are_told_about_labels() {
    let dir = tree(&["S005_001_00000001.png", "S005_001_00000002.png", "S010_002_00000001.png"]);
    let text = complaint(&dir);
    assert!(text.starts_with("none of the 2 CK+ sequences in DIR has a label file"), "{text}");
}

#[test]
fn pictures_of_other_kinds_are_counted_and_named() {
    let dir = tree(&["a/1.png", "b/1.png", "b/2.jfif", "b/3"]);
    for path in [
        "a/x.webp",
        "c/y.webp",
        "c/z.HEIC",
        "c/clip.mp4",
        "c/v.png.crdownload",
        "c/deep/er/and/deeper/still/v.gif",
    ] {
        write(dir.path(), path, "unread");
    }
    write(dir.path(), "a/nameless", b"GIF89a\x01\0\x01\0\0\0\0\0");
    let dataset = load(&dir).unwrap();
    assert_eq!((&dataset.classes[..], dataset.samples.len()), (&["a", "b", "c"].map(str::to_owned)[..], 4));
    assert_eq!(dataset.empty_classes(), ["c"]);
    assert_eq!(
        skipped(&dataset),
        [
            "a/nameless is of the kind .gif, which is not read",
            "a/x.webp is of the kind .webp, which is not read",
            "c/clip.mp4 is of the kind .mp4, which is not read",
            "c/deep/er/and/deeper/still/v.gif is of the kind .gif, which is not read",
            "c/v.png.crdownload is of the kind .crdownload, which is not read",
            "c/y.webp is of the kind .webp, which is not read",
            "c/z.HEIC is of the kind .heic, which is not read",
        ]
    );
    assert!(dataset.skipped.iter().all(|skipped| skipped.reason.is_defect()));
    let only = tempdir().unwrap();
    write(only.path(), "a/x.webp", "");
    write(only.path(), "b/y.webp", "");
    assert!(complaint(&only).contains("PNG, JPEG, TIFF"), "{}", complaint(&only));
}

#[test]
fn pictures_are_found_however_deep_they_lie() {
    let dir = tree(&["a/1/2/3/4/5/6/x.png", "b/y.png"]);
    assert_eq!(load(&dir).unwrap().samples.len(), 2);
}

#[test]
fn images_of_sixteen_bits_and_of_every_ending_are_read() {
    let dir = tempdir().unwrap();
    gray(dir.path(), "b/1.png", 1);
    fs::create_dir_all(dir.path().join("a")).unwrap();
    for ending in ["png", "tiff", "pgm"] {
        let image = image::ImageBuffer::from_pixel(8, 8, Luma([0x7fff_u16]));
        image.save(dir.path().join(format!("a/16.{ending}"))).unwrap();
    }
    for ending in ["BMP", "JPG", "ppm"] {
        image::RgbImage::from_pixel(8, 8, image::Rgb([127; 3]))
            .save(dir.path().join(format!("a/8.{ending}")))
            .unwrap();
    }
    let dataset = load(&dir).unwrap();
    assert_eq!(dataset.samples.len() + dataset.skipped.len(), 7);
    for sample in dataset.samples.iter().filter(|sample| sample.class == 0) {
        assert!(sample.pixels.iter().all(|level| (126..=128).contains(level)), "{}", sample.source);
    }
    assert_eq!(skipped(&dataset), [""; 0]);
}

#[test]
fn copies_and_versions_of_a_frame_of_the_release_are_left_out() {
    let (plain, dir) = (release(), release());
    let frames = "cohn-kanade-images/S005/001";
    for version in [
        "S005_001_00000002 (1)",
        "S005_001_00000002 - Copy",
        "S005_001_00000002 copy",
        "S005_001_00000001_flip",
    ] {
        gray(dir.path(), &format!("{frames}/{version}.png"), 77);
    }
    write(dir.path(), "Emotion/S005/001/S005_001_00000002_emotion - Copy.txt", "1.0");
    gray(dir.path(), "cohn-kanade-images/S005/loose.png", 78);
    let (plain, dataset) = (load(&plain).unwrap(), load(&dir).unwrap());
    assert_eq!(plain.digest, dataset.digest);
    let of = |reason: SkipReason| dataset.skipped.iter().filter(|skipped| skipped.reason == reason).count();
    assert_eq!((of(SkipReason::SameFrame), of(SkipReason::NoSequence), dataset.skipped.len()), (4, 1, 5));
    // A copy stands for a frame that is not there.
    let copied = release();
    fs::rename(
        copied.path().join(format!("{frames}/S005_001_00000002.png")),
        copied.path().join(format!("{frames}/S005_001_00000002 (1).png")),
    )
    .unwrap();
    assert_eq!(load(&copied).unwrap().digest, plain.digest);
}

#[test]
fn versions_of_a_frame_stay_on_one_side_of_a_random_split() {
    let dir = tempdir().unwrap();
    for number in 0..12 {
        let class = ["a", "b"][number % 2];
        let image = GrayImage::from_fn(8, 8, |x, y| Luma([(20 * number as u32 + x * y) as u8]));
        image
            .save({
                fs::create_dir_all(dir.path().join(class)).unwrap();
                dir.path().join(format!("{class}/x{number}.png"))
            })
            .unwrap();
        image::imageops::flip_horizontal(&image)
            .save(dir.path().join(format!("{class}/m{number}.png")))
            .unwrap();
        image.save(dir.path().join(format!("{class}/x{number} (1).png"))).unwrap();
        gray(dir.path(), &format!("{class}/x{number}_face1.png"), 7 * number as u8);
    }
    let dataset = load(&dir).unwrap();
    let split = SplitBy::Random.split(&dataset, 3, 0.25).unwrap();
    assert_eq!(split.leaks(&dataset), []);
    let of = |sample: &usize| {
        let name = &dataset.samples[*sample].source;
        name.chars().filter(char::is_ascii_digit).take(2).collect::<String>()
    };
    assert_eq!(dataset.samples.len(), 48);
    for fold in 0..3 {
        let judged: Vec<String> = split.validation(fold).iter().map(of).collect();
        assert_eq!(judged.len() % 4, 0, "{judged:?}");
    }
}

#[test]
fn a_name_in_two_forms_of_unicode_is_one_name() {
    // é as one character, and as e with an accent behind it.
    let (one, two) = ("Zo\u{e9}", "Zoe\u{301}");
    let dir = tree(&[
        &format!("col\u{e8}re/{one}-1.png"),
        &format!("cole\u{300}re/{two}-2.png"),
        &format!("joie/{two}-3.png"),
        "joie/bert-4.png",
    ]);
    let options = DataOptions { subject_pattern: Some(format!("^({two}|bert)-")), ..small() };
    let dataset = Dataset::load(dir.path(), &options).unwrap();
    assert_eq!((dataset.classes.len(), dataset.subjects.len(), dataset.samples.len()), (2, 2, 4));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_stay_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = tempdir().unwrap();
    for (class, level) in [(&b"f\xe9s"[..], 1), (b"f\xe8s", 50)] {
        let folder = dir.path().join(OsStr::from_bytes(class));
        fs::create_dir(&folder).unwrap();
        GrayImage::from_pixel(8, 8, Luma([level])).save(folder.join("1.png")).unwrap();
    }
    assert_eq!(load(&dir).unwrap().classes, ["f\\xE8s", "f\\xE9s"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_among_pictures_is_named_and_not_opened() {
    let dir = tree(&["a/1.png", "b/1.png"]);
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("a/pipe.png")).status();
    assert!(made.unwrap().success());
    assert_eq!(skipped(&load(&dir).unwrap()), ["a/pipe.png is not a file"]);
}

#[test]
fn a_class_of_one_person_is_named() {
    let dir = tree(&["happy/S010_1.png", "happy/S011_1.png", "sad/S010_2.png", "sad/S010_3.png"]);
    let dataset = load(&dir).unwrap();
    assert_eq!(dataset.classes_of_one(), [("sadness", "S010")]);
    assert_eq!(load(&tree(&NAMED)).unwrap().classes_of_one(), []);
}

#[test]
fn labels_are_read_however_they_were_saved() {
    let plain = load(&release()).unwrap();
    let marked = |text: &str| format!("\u{feff}{text}");
    let wide = |text: &str| marked(text).encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for label in [
        b"1".to_vec(),
        b"1.0\r".to_vec(),
        b"   1.0000000e+00\r\n".to_vec(),
        marked("1\r\n").into_bytes(),
        wide("1.0"),
    ] {
        let dir = release();
        write(dir.path(), "Emotion/S005/001/S005_001_00000002_emotion.txt", &label);
        assert_eq!(load(&dir).unwrap().digest, plain.digest, "{label:?}");
    }
}

#[test]
fn a_label_set_is_asked_of_those_who_have_one() {
    let dir = tree(&["KA.AN1.39.tiff", "KA.NE1.40.tiff", "KL.HA2.40.tiff"]);
    let options = DataOptions { labels: LabelSet::Fer, ..small() };
    assert_eq!(Dataset::load(dir.path(), &options).unwrap().samples.len(), 3);
    let seven = load(&dir).unwrap();
    assert_eq!(seven.samples.len(), 2);
    assert_eq!(skipped(&seven), ["KA.NE1.40.tiff is labelled neutral, which is not one of the classes"]);
}
