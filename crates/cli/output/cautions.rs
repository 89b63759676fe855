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
    cautions.extend(dataset.notes.iter().cloned());
    cautions.extend(unlearned(dataset, split));
    let leaks = split.leaks(dataset);
    if let Some((one, other)) = leaks.first() {
        cautions.push(format!(
            "{} images occur in several folds, as copies, mirrored or in versions, such as {} and {}: accuracy on them is of images \
             that were trained on",
            leaks.len(),
            dataset.samples[*one].source,
            dataset.samples[*other].source
        ));
    }
    cautions
}

/// Classes that are judged where they were not learned, or learned from and judged on one person.
fn unlearned(dataset: &Dataset, split: &Split) -> Vec<String> {
    let shows =
        |samples: &[usize], class| samples.iter().any(|&sample| dataset.samples[sample].class == class);
    let trained: Vec<Vec<usize>> = (0..split.folds.len()).map(|fold| split.train(fold)).collect();
    let judges = |fold: usize, class| shows(split.validation(fold), class);
    let of_one = dataset.classes_of_one();
    let caution = |(class, name): (usize, &String)| {
        let folds = || (0..split.folds.len()).filter(|&fold| judges(fold, class));
        let unlearned: Vec<usize> =
            folds().filter(|&fold| !shows(&trained[fold], class)).map(|fold| fold + 1).collect();
        match (of_one.iter().find(|(of_one, _)| of_one == name), unlearned.as_slice()) {
            (Some((_, person)), [_, ..]) => {
                Some(format!("only {person} shows {name}: the fold that judges it has not learned it"))
            }
            (Some((_, person)), []) if folds().next().is_some() => {
                Some(format!("only {person} shows {name}: it is learned from and judged on the same person"))
            }
            (Some((_, person)), []) => Some(format!("only {person} shows {name}: no fold judges it")),
            (None, []) => {
                let is_apart = folds().next().is_none() && shows(&split.held_out, class);
                is_apart.then(|| format!("all images of {name} are held out: no fold learns or judges it"))
            }
            (None, [fold, ..]) => Some(format!(
                "all images of {name} are in fold {fold}: the fold judges what it has not learned"
            )),
        }
    };
    dataset.classes.iter().enumerate().filter_map(caution).collect()
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
