use std::collections::BTreeMap;

use netsynth_data::{Dataset, Skipped, Split};

use crate::output::print::count;

/// What a person should know of the data before trusting an accuracy on it.
pub(crate) fn cautions(dataset: &Dataset, split: &Split) -> Vec<String> {
    let defects = dataset.skipped.iter().filter(|skipped| skipped.reason.is_defect());
    let mut cautions: Vec<String> = by_kind(defects)
        .into_iter()
        .map(|(kind, all)| match all[..] {
            [only] => format!("left out: {only}"),
            _ => format!("{} left out {kind}, such as: {}", count(all.len() as u64), all[0]),
        })
        .collect();
    if let Some(first) = dataset.several_faces.first() {
        let n_several = count(dataset.several_faces.len() as u64);
        cautions.push(format!("{n_several} images show several faces, such as {first}: the largest is kept"));
    }
    let empty = dataset.empty_classes();
    if !empty.is_empty() {
        cautions.push(format!("no images of {}", empty.join(", ")));
    }
    let leaks = split.leaks(dataset);
    if let Some((one, other)) = leaks.first() {
        cautions.push(format!(
            "{} images occur in several folds, such as {} and {}: accuracy on them is of images that were trained on",
            leaks.len(),
            dataset.samples[*one].source,
            dataset.samples[*other].source
        ));
    }
    cautions
}

/// What was skipped, by the kind of the reason.
pub(crate) fn by_kind<'a>(
    skipped: impl IntoIterator<Item = &'a Skipped>,
) -> BTreeMap<String, Vec<&'a Skipped>> {
    let mut kinds: BTreeMap<String, Vec<&Skipped>> = BTreeMap::new();
    for one in skipped {
        kinds.entry(one.reason.kind()).or_default().push(one);
    }
    kinds
}
