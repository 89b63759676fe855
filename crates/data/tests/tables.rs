//! Tables of pixels and of boxes as people save them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use image::{GrayImage, Luma};
use miette::Diagnostic;
use netsynth_data::{Crop, DataError, DataOptions, Dataset, SplitBy};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn small() -> DataOptions {
    DataOptions { height: 8, width: 8, ..DataOptions::default() }
}

fn load(text: impl AsRef<[u8]>) -> Result<Dataset, DataError> {
    let dir = tempdir().unwrap();
    let path = dir.path().join("faces.csv");
    fs::write(&path, text).unwrap();
    Dataset::load(&path, &small())
}

fn pixels(level: u8) -> String {
    vec![level.to_string(); 64].join(" ")
}

fn table() -> String {
    let rows = [(0, 1, "Training"), (3, 2, "Training"), (4, 3, "PublicTest"), (5, 4, "PrivateTest")];
    let rows = rows.map(|(code, level, usage)| format!("{code},{},{usage}\n", pixels(level)));
    format!("emotion,pixels,Usage\n{}", rows.concat())
}

#[test]
fn a_table_is_the_same_however_it_was_saved() {
    let plain = load(table()).unwrap();
    let wide = |encode: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{}", table()).encode_utf16().flat_map(encode).collect()
    };
    let quoted: String = table()
        .lines()
        .map(|line| line.split(',').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let decimal = table().replace("\n3,", "\n3.0,").replace("2 2 2", "2.0 2.0 2.0");
    let ways: [(&str, Vec<u8>); 10] = [
        ("CR", table().replace('\n', "\r").into_bytes()),
        ("CR LF", table().replace('\n', "\r\n").into_bytes()),
        ("a byte order mark", format!("\u{feff}{}", table()).into_bytes()),
        ("UTF-16 LE", wide(u16::to_le_bytes)),
        ("UTF-16 BE", wide(u16::to_be_bytes)),
        ("quotes", quoted.into_bytes()),
        ("semicolons", table().replace(',', ";").into_bytes()),
        ("tabs", table().replace(',', "\t").into_bytes()),
        ("decimals", decimal.into_bytes()),
        ("blank lines", format!("\n\n{}\n\n", table()).into_bytes()),
    ];
    for (way, bytes) in ways {
        assert_eq!(load(bytes).unwrap().digest, plain.digest, "{way}");
    }
}

#[test]
fn usage_is_read_as_people_write_it() {
    let plain = load(table()).unwrap();
    let parts = |dataset: &Dataset| SplitBy::Usage.split(dataset, 1, 0.0).unwrap();
    for names in [
        ["train", "val", "test"],
        ["TRAINING", "Public Test", "private_test"],
        ["Train", "validation", "Testing"],
        ["train_set", "Development", "hold-out"],
        ["TRN", "devset", "tst"],
    ] {
        let [train, public, private] = names;
        let text =
            table().replace("Training", train).replace("PublicTest", public).replace("PrivateTest", private);
        assert_eq!(parts(&load(text).unwrap()), parts(&plain), "{names:?}");
    }
    let later = load(table().replace("PublicTest", "later")).unwrap_err().to_string();
    assert!(later.contains(":4: Usage \"later\" is not Training"), "{later}");
}

#[test]
fn a_table_that_fails_is_told_about_tables() {
    let half = pixels(1).replace('1', "0.51");
    for text in ["emotion,pixels,Usage\n".to_owned(), format!("emotion,pixels\n0,{half}\n3,{half}\n")] {
        let error = load(text).unwrap_err();
        let help = error.help().unwrap().to_string();
        assert!(help.contains("a table of pixels has the columns"), "{error} {help}");
    }
    let one = format!("emotion,pixels\n3,{}\n3,{}\n", pixels(1), pixels(2));
    let help = load(one).unwrap_err().help().unwrap().to_string();
    assert!(help.contains("--labels") && !help.contains("folder"), "{help}");
    let dataset = load(table().replace(",Usage", ",more")).unwrap();
    let error = SplitBy::Subject.split(&dataset, 2, 0.0).unwrap_err();
    let help = error.help().unwrap().to_string();
    assert!(!help.contains("--subject-pattern") && !help.contains("usage"), "{help}");
    let error = SplitBy::Subject.split(&load(table()).unwrap(), 2, 0.0).unwrap_err();
    assert!(error.help().unwrap().to_string().contains("--split usage"));
}

#[test]
fn a_table_beside_droppings_is_named() {
    let dir = tempdir().unwrap();
    fs::create_dir_all(dir.path().join("__MACOSX")).unwrap();
    fs::create_dir_all(dir.path().join("fer2013")).unwrap();
    fs::write(dir.path().join("a.csv"), "file,label\n").unwrap();
    fs::write(dir.path().join("fer2013/fer2013.csv"), table()).unwrap();
    let error = Dataset::load(dir.path(), &small()).unwrap_err();
    assert!(error.help().unwrap().to_string().ends_with("fer2013/fer2013.csv"), "{error}");
}

#[test]
fn boxes_name_images_from_wherever_they_were_listed() {
    let dir = tempdir().unwrap();
    for (class, name) in [("a", "one, two"), ("b", "zo\u{e9}")] {
        fs::create_dir_all(dir.path().join(class)).unwrap();
        let image = GrayImage::from_fn(40, 30, |x, y| Luma([(x + y) as u8]));
        image.save(dir.path().join(format!("{class}/{name}.png"))).unwrap();
    }
    let full = dir.path().display().to_string();
    let cut = |text: &str| {
        let file = dir.path().join("boxes.csv");
        fs::write(&file, text).unwrap();
        let crop = Crop::Boxes { file, margin: 0.0 };
        Dataset::load(dir.path(), &DataOptions { crop, ..small() })
    };
    let rows = |root: &str, separator: &str| {
        let row = |path: &str| [&format!("\"{root}{path}\""), "2", "3.0", "8", "8"].join(separator);
        let header = ["path", "x", "y", "width", "height"].join(separator);
        format!("{header}\n{}\n{}\n", row("a/one, two.png"), row("b/zoe\u{301}.png"))
    };
    let plain = cut(&rows("", ",")).unwrap();
    assert_eq!((plain.samples.len(), plain.samples[0].pixels[0]), (2, 5));
    for root in ["./", ".\\", "././", &format!("{full}/"), &format!("{full}//./")] {
        assert_eq!(cut(&rows(root, ",")).unwrap().digest, plain.digest, "{root}");
    }
    // A class may be called as a folder on the way.
    let outer = dir.path().file_name().unwrap().to_str().unwrap();
    assert!(cut(&rows(&format!("{outer}/"), ",")).is_err());
    assert_eq!(cut(&rows("./", ";")).unwrap().digest, plain.digest);
    assert_eq!(cut(&rows("./", ",").replace('\n', "\r")).unwrap().digest, plain.digest);
    let error = cut(&rows("elsewhere/", ",")).unwrap_err();
    let help = error.help().unwrap().to_string();
    assert!(
        error.to_string().contains("a/one, two.png") && help.contains("elsewhere/a/one, two.png"),
        "{error} {help}"
    );
    let nowhere = Crop::Boxes { file: Path::new("nowhere.csv").to_owned(), margin: 0.0 };
    assert!(Dataset::load(dir.path(), &DataOptions { crop: nowhere, ..small() }).is_err());
}
