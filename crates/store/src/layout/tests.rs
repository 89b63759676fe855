//! Paths and entries are two names of the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn fold() -> impl Strategy<Value = Fold> {
    (0_usize..300).prop_map(Fold::from_index)
}

fn network() -> impl Strategy<Value = TrainedNetwork> {
    prop_oneof![
        fold().prop_map(TrainedNetwork::Prototype),
        prop_oneof![Just(Variant::NanoA), Just(Variant::NanoB)].prop_map(TrainedNetwork::Variant),
        (any::<Option<u64>>(), fold()).prop_map(|(seed, fold)| TrainedNetwork::Training { seed, fold }),
    ]
}

fn trial_file() -> impl Strategy<Value = TrialFile> {
    prop_oneof![
        Just(TrialFile::Architecture),
        Just(TrialFile::Candidate),
        (0_usize..20).prop_map(TrialFile::Rung),
        (0_usize..20, fold()).prop_map(|(rung, fold)| TrialFile::Weights { rung, fold }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let number = || prop_oneof![0_usize..12, 90_usize..200_000];
    let file =
        prop_oneof![Just(NetworkFile::Architecture), Just(NetworkFile::Weights), Just(NetworkFile::Metrics)];
    prop_oneof![
        proptest::sample::select(Entry::FIXED.to_vec()),
        number().prop_map(Entry::Generator),
        number().prop_map(Entry::Screening),
        (number(), trial_file()).prop_map(|(trial, file)| Entry::Trial(trial, file)),
        (network(), file).prop_map(|(network, file)| Entry::Network(network, file)),
        (number(), fold()).prop_map(|(trial, fold)| Entry::Audit { trial, fold }),
        number().prop_map(Entry::Session),
        number().prop_map(Entry::SessionLog),
    ]
}

proptest! {
    #[test]
    fn a_path_is_of_one_entry_and_an_entry_of_one_path(entry in entry()) {
        prop_assert_eq!(Entry::parse(&entry.path()), Some(entry));
        if let Some(earlier) = entry.earlier_path() {
            prop_assert_ne!(&earlier, &entry.path());
            prop_assert_eq!(Entry::parse(&earlier), Some(entry));
        }
    }

    #[test]
    fn what_is_read_from_a_path_has_that_path(
        path in "(audit|folds|generators|lock|newborns|plan|screening|sessions|seeds|trials|variants)\
                 (/(0?[0-9]{1,5}|folds|nano-a|\\.|fold-[0-9]{1,2})){0,3}\
                 (/rung-[0-9]{1,2}(-fold-[0-9]{1,3})?|/[a-z]{0,12}|/[0-9]{1,4})?(\\.ron|\\.log|\\.safetensors)?"
    ) {
        let path = Path::new(&path);
        if let Some(entry) = Entry::parse(path) {
            prop_assert!(entry.path() == path || entry.earlier_path().as_deref() == Some(path), "{entry:?}");
        }
    }
}

#[test]
fn folds_of_an_audit_counted_from_0_before() {
    let second = Entry::Audit { trial: 42, fold: Fold::from_index(1) };
    assert_eq!(second.path(), Path::new("audit/00042/folds/02.ron"));
    assert_eq!(Entry::parse(Path::new("audit/00042/fold-1.ron")), Some(second));
    assert_eq!(Entry::parse(Path::new("audit/00042/folds/00.ron")), None);
}

#[test]
fn the_files_that_help_shows_are_those_of_a_run() {
    let shown: BTreeSet<Entry> = crate::LAYOUT
        .lines()
        .flat_map(|line| line.split("   ").next().unwrap().split(' '))
        .filter(|word| *word != "...")
        .map(|word| {
            let path = word.trim_start_matches("runs/NAME/");
            Entry::parse(Path::new(path)).unwrap_or_else(|| panic!("{path} is of no run"))
        })
        .collect();
    assert!(Entry::FIXED.iter().all(|entry| shown.contains(entry)), "{shown:?}");
    assert_eq!(shown.len(), Entry::FIXED.len() + 16, "{shown:?}");
}
