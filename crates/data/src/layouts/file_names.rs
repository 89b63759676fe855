//! Pictures whose own names say who shows what, in whatever folders they lie: JAFFE (`KA.AN1.39.tiff`) and KDEF
//! (`AF01ANS.JPG`) as they are given out.

use regex::Regex;
use std::path::Path;
use std::sync::LazyLock;

use super::folder::Folder;
use super::{Layout, Listing};
use crate::names::pattern;
use crate::{DataError, DataOptions, Expression, SkipReason};

/// The person's initials, the expression with the number of the pose, the number of the picture.
static JAFFE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^([a-z]{2})[._-](AN|DI|FE|HA|NE|SA|SU)\d[._-]\d+(?:[^\d]|$)"));
/// The session, a sex and a number for the person, the expression, the angle. A person comes to both sessions.
static KDEF: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^[AB]([FM]\d\d)(AF|AN|DI|HA|NE|SA|SU)(?:S|FL|FR|HL|HR)(?:[^a-z]|$)"));

/// Whether most pictures are named by one of the two, and no folders name expressions themselves.
pub(super) fn recognises(folder: &Folder) -> bool {
    let pictures = folder.pictures_below();
    let is_most = |scheme: &Regex| {
        2 * pictures.iter().filter(|file| scheme.is_match(&file.name)).count() > pictures.len()
    };
    let names_classes = folder.with_pictures().iter().any(|class| Expression::of_name(&class.name).is_some());
    !names_classes && (is_most(&JAFFE) || is_most(&KDEF))
}

/// The pictures with the expressions and persons of their names; the classes are those of the label set.
pub(super) fn list(folder: &Folder, root: &Path, options: &DataOptions) -> Result<Listing, DataError> {
    if options.subject_pattern.is_some() {
        let (layout, subjects) = (Layout::FileNames, "names its subjects in its own way");
        return Err(DataError::UnusedPattern { layout, subjects });
    }
    let mut listing = Listing::new(root, Layout::FileNames, options.labels.names());
    for file in folder.pictures_below() {
        let Some((expression, subject)) = reading(&file.name) else {
            listing.skip(&file.path, SkipReason::NoLabelInName);
            continue;
        };
        match options.labels.class(expression) {
            Some(class) => listing.add(file, class, Some(subject)),
            None => listing.skip(&file.path, SkipReason::OtherClass(expression)),
        }
    }
    Ok(listing)
}

/// Who shows what by the name of a picture.
fn reading(name: &str) -> Option<(Expression, String)> {
    let groups = JAFFE.captures(name).or_else(|| KDEF.captures(name))?;
    let expression = match groups[2].to_uppercase().as_str() {
        "AN" => Expression::Anger,
        "DI" => Expression::Disgust,
        "AF" | "FE" => Expression::Fear,
        "HA" => Expression::Happiness,
        "NE" => Expression::Neutral,
        "SA" => Expression::Sadness,
        _ => Expression::Surprise,
    };
    Some((expression, groups[1].to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_who_shows_what() {
        for (name, expression, subject) in [
            ("KA.AN1.39.tiff", Expression::Anger, "KA"),
            ("ym.su3.60.tiff", Expression::Surprise, "YM"),
            ("NM-FE2-111 copy.png", Expression::Fear, "NM"),
            ("AF01AFS.JPG", Expression::Fear, "F01"),
            ("BF01ANHL.JPG", Expression::Anger, "F01"),
            ("am31nefr_face0.png", Expression::Neutral, "M31"),
        ] {
            assert_eq!(reading(name), Some((expression, subject.to_owned())), "{name}");
        }
        for name in ["AM31H.JPG", "S005_001_00000011.png", "KA.XX1.39.tiff", "ANSWER.png"] {
            assert_eq!(reading(name), None, "{name}");
        }
    }
}
