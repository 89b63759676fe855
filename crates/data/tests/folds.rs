//! The laws of subject-wise folds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use insta::assert_snapshot;
use miette::Diagnostic;
use netsynth_data::{DataError, Dataset, HeldOut, OuterFold, Sample, SplitBy, split};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One sample for each number, of that subject.
fn dataset(n_subjects: usize, sample_subjects: &[usize]) -> Dataset {
    let sample = |&subject: &usize| Sample {
        pixels: vec![0],
        class: 0,
        subject: Some(subject % n_subjects),
        ..Sample::default()
    };
    Dataset {
        classes: vec!["a".to_owned(), "b".to_owned()],
        subjects: (0..n_subjects).map(|number| format!("S{number:03}")).collect(),
        samples: sample_subjects.iter().map(sample).collect(),
        height: 1,
        width: 1,
        ..Dataset::default()
    }
}

fn subjects_of(dataset: &Dataset, samples: &[usize]) -> BTreeSet<usize> {
    samples.iter().filter_map(|&sample| dataset.samples[sample].subject).collect()
}

proptest! {
    #[test]
    fn every_sample_is_in_one_part_and_every_subject_too(
        n_subjects in 4_usize..60,
        sample_subjects in proptest::collection::vec(0_usize..60, 1..300),
        folds in 2_usize..12,
        held_out in 0.0..0.5,
    ) {
        let dataset = dataset(n_subjects, &sample_subjects);
        let Ok(split) = split(&dataset, folds, held_out) else { return Ok(()) };
        let mut seen: Vec<usize> = split.folds.iter().flatten().chain(&split.held_out).copied().collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..dataset.samples.len()).collect::<Vec<_>>());
        for k in 0..folds {
            let (train, validation) = (split.train(k), split.validation(k));
            prop_assert_eq!(train.len() + validation.len() + split.held_out.len(), dataset.samples.len());
            let validated = subjects_of(&dataset, validation);
            prop_assert!(subjects_of(&dataset, &train).is_disjoint(&validated));
            prop_assert!(subjects_of(&dataset, &split.held_out).is_disjoint(&validated));
        }
        prop_assert!(subjects_of(&dataset, &split.held_out).is_disjoint(&subjects_of(&dataset, &split.all_folds())));
    }
}

#[test]
fn the_fold_of_a_subject_is_its_place_modulo_the_folds() {
    let dataset = dataset(12, &(0..12).collect::<Vec<_>>());
    let plain = split(&dataset, 10, 0.0).unwrap();
    assert_eq!(plain.validation(0), [0, 10]);
    assert_eq!(plain.validation(9), [9]);
    let spared = split(&dataset, 3, 0.25).unwrap();
    assert_eq!(spared.held_out, [3, 7, 11]);
    assert_eq!(spared.folds, [[0, 4, 8], [1, 5, 9], [2, 6, 10]]);
}

#[test]
fn an_outer_fold_is_the_protocols_and_the_rest_is_split_without_it() {
    let dataset = dataset(12, &(0..12).chain(0..12).collect::<Vec<_>>());
    for of in [2, 5, 12] {
        let plain = split(&dataset, of, 0.0).unwrap();
        for fold in 1..=of {
            let spared = split(&dataset, 3, HeldOut::Fold(OuterFold { fold, of })).unwrap();
            assert_eq!(spared.held_out, plain.validation(fold - 1), "{fold} of {of}");
            let mut all = [spared.held_out.clone(), spared.folds.concat()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..24).collect::<Vec<_>>());
            let mut sizes = spared.folds.iter().map(|samples| subjects_of(&dataset, samples).len());
            let first = sizes.next().unwrap();
            assert!(sizes.all(|size| first - size <= 1));
        }
    }
    // By chance versions of one image stay together, so these differ.
    let mut dataset = dataset;
    for (at, sample) in dataset.samples.iter_mut().enumerate() {
        sample.pixels = vec![at as u8];
    }
    let random = SplitBy::Random.split(&dataset, 2, HeldOut::Fold(OuterFold { fold: 2, of: 3 })).unwrap();
    let plain = SplitBy::Random.split(&dataset, 3, 0.0).unwrap();
    assert_eq!(random.held_out, plain.validation(1));
    let refused = |fold: usize, of: usize| {
        split(&dataset, 2, HeldOut::Fold(OuterFold { fold, of })).unwrap_err().to_string()
    };
    assert_snapshot!(refused(0, 3), @"held-out fold 0 of 3 is out of range");
    assert_snapshot!(refused(4, 3), @"held-out fold 4 of 3 is out of range");
    assert_snapshot!(refused(1, 1), @"held-out fold 1 of 1 is out of range");
    assert_snapshot!(refused(1, 13), @"13 folds, but only 12 subjects (0 held out)");
}

#[test]
fn impossible_splits_are_refused_with_the_remedy() {
    let printed = |error: DataError| format!("{error}\nhelp: {}", error.help().unwrap());
    let five = dataset(5, &[0, 1, 2, 3, 4]);
    assert_snapshot!(printed(split(&five, 5, 0.2).unwrap_err()), @r#"
    5 folds, but only 4 subjects (1 held out)
    help: use at most 4 folds, hold out fewer subjects, or add data
    "#);
    assert_snapshot!(printed(split(&five, 1, 0.0).unwrap_err()), @r#"
    cross validation needs at least 2 folds, not 1
    help: use --folds 2 or more
    "#);
    assert_snapshot!(printed(split(&five, 2, 1.0).unwrap_err()), @r#"
    held-out share 1 is out of range
    help: allowed: 0 up to, not including, 1
    "#);
    let nameless = Dataset { subjects: Vec::new(), ..five };
    assert_snapshot!(printed(split(&nameless, 2, 0.0).unwrap_err()), @r#"
    the data names no subjects, so folds would share faces between training and validation
    help: describe the position of the subject in the file names of class folders with --subject-pattern, such as '^([^_]+)_' for S010_004.png or '^([^/]+)/' for a folder of each person, or name another split, --split random; its accuracy is then not subject-independent
    "#);
}
