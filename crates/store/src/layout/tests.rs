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
    let file = proptest::sample::select(NetworkFile::ALL.to_vec());
    prop_oneof![
        proptest::sample::select(Entry::FIXED.to_vec()),
        number().prop_map(Entry::Generator),
        number().prop_map(Entry::Screening),
        (number(), trial_file()).prop_map(|(trial, file)| Entry::Trial(trial, file)),
        (network(), file).prop_map(|(network, file)| Entry::Network(network, file)),
        (number(), fold()).prop_map(|(trial, fold)| Entry::Audit { trial, fold }),
        number().prop_map(Entry::Session),
        number().prop_map(Entry::SessionLog),
        number().prop_map(Entry::SessionAttempts),
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
    fn a_changed_path_is_of_no_entry_or_of_another(
        entry in entry(), is_earlier: bool, at: prop::sample::Index, letter in "[0-9a-z./-]"
    ) {
        let path = entry.earlier_path().filter(|_| is_earlier).unwrap_or(entry.path());
        let text = path.to_str().unwrap();
        let at = at.index(text.len());
        let changed = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
        // Two separators in a row are one.
        let path: PathBuf = Path::new(&changed).components().collect();
        if let Some(other) = Entry::parse(&path) {
            prop_assert!(other.path() == path || other.earlier_path() == Some(path), "{changed} as {other:?}");
        }
    }
}

#[test]
fn what_entries_lie_in_are_folders_of_a_run_and_copies_are_not() {
    for folder in ["trials", "trials/00001", "audit/00001/folds", "seeds/5/folds/01", "variants/nano-a"] {
        assert!(is_folder(Path::new(folder)) && Entry::parse(Path::new(folder)).is_none(), "{folder}");
    }
    for stranger in ["trials/00001 (1)", "trials copy", "trials/1", "variants/nano-c", "plan.ron", "folds/0"]
    {
        assert!(!is_folder(Path::new(stranger)), "{stranger}");
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
        .flat_map(|line| line.split("  ").next().unwrap().split(' '))
        // A folder of its own is of the work, not of the run.
        .filter(|word| *word != "..." && !word.ends_with('/'))
        .map(|word| {
            let path = word.trim_start_matches("runs/NAME/");
            Entry::parse(Path::new(path)).unwrap_or_else(|| panic!("{path} is of no run"))
        })
        .collect();
    assert!(Entry::FIXED.iter().all(|entry| shown.contains(entry)), "{shown:?}");
    assert_eq!(shown.len(), Entry::FIXED.len() + 17, "{shown:?}");
}
