//! What the names of files and folders say.

use netsynth_files::in_a_line;
use regex::Regex;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A name as text on one line: bytes that are no UTF-8 are written `\xE9`, so that different names stay different, the ends of
/// lines and other characters that a terminal obeys `\u{a}`, and letters with marks are composed, so that a name is the same
/// whichever system wrote it (macOS takes accents apart).
pub(crate) fn text(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.extend(in_a_line(chunk.valid()).nfc());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    text
}

/// A text with its letters composed, as [`text`] writes names.
pub(crate) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// `path` as it reads from `root`, with forward slashes on every system.
pub(crate) fn relative(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| text(part.as_os_str())).collect::<Vec<_>>().join("/")
}

/// Whether a file manager, an archive or a network drive left an entry behind that nobody sees there.
pub(crate) fn is_dropping(name: &str) -> bool {
    const DROPPINGS: [&str; 13] = [
        "__macosx",
        "thumbs.db",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "icon\r",
        "$recycle.bin",
        "#recycle",
        "system volume information",
        "lost+found",
        "@eadir",
        "temporary items",
        "network trash folder",
    ];
    name.starts_with('.')
        || name.starts_with("~$")
        || name.ends_with('~')
        || DROPPINGS.contains(&name.to_lowercase().as_str())
}

/// The words beside the name of a part of a split, if a folder's name has one, as people write them: none in `train`,
/// `Test_Set`, `PublicTest` and `fold 3`, and `fer` in `FER2013Train`.
pub(crate) fn part_of_split(name: &str) -> Option<Vec<String>> {
    const PARTS: &str = "train training trn trainset trainingset traindata trainval trainvalid val valid vali valset \
        valdata validation validationset validate eval evaluation evaluate dev devel development devset \
        test testing tst tests testset testdata testingset publictest privatetest holdout heldout fold \
        folds kfold";
    const AROUND: &str = "set sets data dataset split part partition subset image images img imgs faces folder public \
        private aligned";
    let words = words(name);
    let is_in = |list: &str, word: &str| list.split(' ').any(|known| known == word);
    let mut beside: Vec<String> = words.iter().filter(|word| !is_in(PARTS, word)).cloned().collect();
    let is_part = beside.len() < words.len();
    beside.retain(|word| !is_in(AROUND, word));
    is_part.then_some(beside)
}

/// The words of a name in lower case: `PublicTest_2` has public and test.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_alphabetic() {
            let begins = !before.is_alphabetic() || (before.is_lowercase() && letter.is_uppercase());
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        before = letter;
    }
    words
}

/// A file's name without its ending and without what says that it is another version of one picture: a copy (`x - Copy`,
/// `x copy 2`, `Copy of x`), a mirrored one (`x_flip`), or a numbered part of a numbered picture (`x12_face1`, `x12_aug3`).
pub(crate) fn picture_name(name: &str) -> String {
    static VERSION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)[ _.-]+(?:(?:copy|kopie|copie|copia)(?:[ _-]?\d+| ?\(\d+\))?|[hv]?flip(?:ped)?|mirror(?:ed)?|((?:face|aug|augmented|rot|rotated|crop|cropped)[ _-]?\d+))$",
        )
    });
    static BEGINNING: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^(?:copy of |copy_of_|(?:[hv]?flip(?:ped)?|mirror(?:ed)?)[ _-])"));
    let mut stem = Path::new(name).file_stem().and_then(OsStr::to_str).unwrap_or(name).to_owned();
    while let Some(version) = VERSION.captures(&stem) {
        let start = version.get(0).map_or(0, |whole| whole.start());
        // `happy_face_1` and `happy_face_2` are a series, not two faces of one picture.
        let is_numbered = stem[..start].contains(|letter: char| letter.is_ascii_digit());
        if start == 0 || (version.get(1).is_some() && !is_numbered) {
            break;
        }
        stem.truncate(start);
    }
    match BEGINNING.find(&stem) {
        Some(version) => stem.split_off(version.end()),
        None => stem,
    }
}

/// The same without the number of a second download or copy, `x (1)`. Only for names that are known to be the same
/// otherwise: a file manager renames different pictures to `x (1)`, `x (2)` as well.
pub(crate) fn frame_name(name: &str) -> String {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r" ?\(\d+\)$"));
    let stem = picture_name(name);
    picture_name(&format!("{}.", NUMBER.replace(&stem, "")))
}

/// A pattern of this program.
#[expect(clippy::expect_used, reason = "the patterns are part of the program, and each is used in a test")]
pub(crate) fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of the program is right")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_picture_share_its_name() {
        for name in [
            "x1.png",
            "x1 - Copy.png",
            "x1 - Copy (2).png",
            "x1 copy.png",
            "x1 copy 3.JPG",
            "Copy of x1.png",
            "x1_flip.png",
            "x1-mirrored.png",
            "flip_x1.png",
            "x1_face0.png",
            "x1_face_12_flipped.png",
        ] {
            assert_eq!(picture_name(name), "x1", "{name}");
            assert_eq!(frame_name(name), "x1", "{name}");
        }
        assert_eq!(picture_name("x (1).png"), "x (1)");
        assert_eq!(frame_name("x (1).png"), "x");
        assert_eq!(frame_name("x_flip (1).png"), "x");
        for name in [
            "face1.png",
            "copy.png",
            "S005_001_00000011.png",
            "surface2.png",
            "hardcopy.png",
            "happy_face_1.png",
        ] {
            assert_eq!(format!("{}.png", picture_name(name)), name);
        }
    }

    #[test]
    fn parts_of_a_split_are_known_as_people_write_them() {
        for name in [
            "train",
            "TEST",
            "Train_Set",
            "train_images",
            "PublicTest",
            "private-test",
            "Validation Set",
            "val2017",
            "testing",
            "fold_3",
            "Fold10",
            "test (1)",
            "dev",
            "Training",
        ] {
            assert_eq!(part_of_split(name), Some(Vec::new()), "{name}");
        }
        for name in ["trains", "set", "public", "happy", "S005", "1", "invalid", "tested_positive", ""] {
            assert_eq!(part_of_split(name), None, "{name}");
        }
        assert_eq!(part_of_split("FER2013Train"), Some(vec!["fer".to_owned()]));
        assert_eq!(part_of_split("happy_test"), Some(vec!["happy".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn names_are_text_and_stay_different() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(text(OsStr::from_bytes(b"f\xe9s")), "f\\xE9s");
        assert_ne!(text(OsStr::from_bytes(b"f\xe9")), text(OsStr::from_bytes(b"f\xe8")));
        assert_eq!(text(OsStr::new("a\nb\x1b[2J")), "a\\u{a}b\\u{1b}[2J");
        assert_eq!(text(OsStr::new("Zoe\u{308}")), text(OsStr::new("Zo\u{eb}")));
    }
}
