//! Which networks the trials of a search start from, which are kept, and that folds are trainings of their own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io;
use std::sync::Mutex;

use netsynth_data::{Dataset, Sample, Split, SplitBy};
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_search::{Candidate, Evaluator, Measured, Rung};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_train::{
    Deployed, Device, InMemory, InheritFrom, Inherited, Recipe, Stimulus, TrainError, TrainEvaluator,
    WeightKey, WeightStore, WeightStoreError,
};

/// A store that records what was loaded.
#[derive(Default)]
struct Recorded {
    inner: InMemory,
    loaded: Mutex<Vec<(WeightKey, usize)>>,
}

impl Recorded {
    /// What was loaded since the last call.
    fn loaded(&self) -> Vec<(WeightKey, usize)> {
        std::mem::take(&mut *self.loaded.lock().unwrap())
    }
}

impl WeightStore for Recorded {
    fn load(&self, key: WeightKey, fold: usize) -> Result<Option<Deployed>, WeightStoreError> {
        self.loaded.lock().unwrap().push((key, fold));
        self.inner.load(key, fold)
    }

    fn save(&self, key: WeightKey, fold: usize, network: &Deployed) -> Result<(), WeightStoreError> {
        self.inner.save(key, fold, network)
    }
}

/// A store that cannot be read.
struct Unreadable;

impl WeightStore for Unreadable {
    fn load(&self, _: WeightKey, _: usize) -> Result<Option<Deployed>, WeightStoreError> {
        Err(WeightStoreError::new(io::Error::from(io::ErrorKind::PermissionDenied)))
    }

    fn save(&self, _: WeightKey, _: usize, _: &Deployed) -> Result<(), WeightStoreError> {
        unreachable!("no training comes to its end")
    }
}

fn dataset() -> Dataset {
    let sample = |index: usize| Sample {
        pixels: (0..64).map(|pixel| ((pixel * (index + 3)) % 251) as u8).collect(),
        class: index % 2,
        subject: Some(index / 2),
        ..Sample::default()
    };
    Dataset {
        classes: vec!["one".into(), "other".into()],
        subjects: (0..8).map(|subject| subject.to_string()).collect(),
        samples: (0..16).map(sample).collect(),
        height: 8,
        width: 8,
        ..Dataset::default()
    }
}

fn space() -> SearchSpace {
    let prototype = r#"(schema: 1, name: "p", input: (channels: 1, height: 8, width: 8), nodes: [
        (name: "a", from: ["input"], op: Conv(channels: 4, norm: Batch, activation: Relu)),
        (name: "b", from: ["a"], op: Conv(channels: 4, norm: Batch, activation: Relu)),
        (name: "pool", from: ["b"], op: GlobalAvgPool()),
        (name: "classes", from: ["pool"], op: Dense(units: 2)),
    ])"#;
    let spec = r#"(schema: 1, name: "s", prototype: "p", widths: (least: 0.5, most: 2.0))"#;
    let prototype = Graph::new(&ArchitectureSpec::from_ron(prototype).unwrap()).unwrap();
    SearchSpace::new(&SearchSpaceSpec::from_ron(spec).unwrap(), &prototype).unwrap()
}

fn candidate(space: &SearchSpace, trial: usize, parent: Option<usize>) -> Candidate {
    let genome = space.decisions().genome(|_, decision| trial % decision.domain.choices());
    let graph = space.decode(&genome, "candidate").unwrap();
    Candidate {
        trial,
        generation: trial,
        id: ArchitectureId::of(&graph),
        cost: graph.cost(),
        genome,
        parent,
        predicted: None,
    }
}

/// Calls back with an evaluator of two rungs, the first of one fold and the second of two.
fn with_evaluator<T>(inherited: Option<Inherited<'_>>, work: impl FnOnce(&TrainEvaluator<'_>) -> T) -> T {
    let (dataset, space, recipe) = (dataset(), space(), Recipe::strong());
    let split: Split = SplitBy::Subject.split(&dataset, 2, 0.0).unwrap();
    let stimulus = Stimulus::new(&dataset, &split.train(0), &recipe, 1);
    let rungs = [Rung { epochs: 1, folds: 1, keep: 1.0 }, Rung { epochs: 1, folds: 2, keep: 1.0 }];
    work(&TrainEvaluator {
        space: &space,
        dataset: &dataset,
        split: &split,
        recipe: &recipe,
        rungs: &rungs,
        stimulus: &stimulus,
        seed: 1,
        device: Device::Flex,
        inherited,
        on_epoch: &|_, _, _, _| {},
    })
}

fn measured(inherited: Inherited<'_>, candidate: &Candidate, rung: usize) -> Option<Measured> {
    with_evaluator(Some(inherited), |evaluator| evaluator.evaluate(candidate, rung))
}

fn of(trial: usize, rung: usize) -> WeightKey {
    WeightKey::Trial { trial, rung }
}

#[test]
fn each_fold_inherits_from_the_last_training_of_the_same_fold() {
    let space = space();
    let weights = Recorded::default();
    let inherited = Inherited { from: InheritFrom::Parent, weights: &weights };
    // A trial without a parent starts from the prototype, on its second rung from its first if that trained the fold.
    let first = candidate(&space, 0, None);
    measured(inherited, &first, 0).unwrap();
    assert_eq!(weights.loaded(), [(WeightKey::Prototype, 0)]);
    measured(inherited, &first, 1).unwrap();
    assert_eq!(weights.loaded(), [(of(0, 0), 0), (WeightKey::Prototype, 1)]);
    // Its child starts from its highest rung.
    let child = candidate(&space, 1, Some(0));
    measured(inherited, &child, 0).unwrap();
    assert_eq!(weights.loaded(), [(of(0, 1), 0)]);
    measured(inherited, &child, 1).unwrap();
    assert_eq!(weights.loaded(), [(of(1, 0), 0), (of(0, 1), 1)]);
    // The child of a trial that was not promoted starts from its first rung, and on the other fold from the prototype.
    let stopped = candidate(&space, 2, None);
    measured(inherited, &stopped, 0).unwrap();
    let child = candidate(&space, 3, Some(2));
    measured(inherited, &child, 0).unwrap();
    weights.loaded();
    measured(inherited, &child, 1).unwrap();
    assert_eq!(weights.loaded(), [(of(3, 0), 0), (of(2, 1), 1), (WeightKey::Prototype, 1)]);
}

#[test]
fn a_trial_that_inherits_from_the_prototype_loads_no_parent() {
    let space = space();
    let weights = Recorded::default();
    let inherited = Inherited { from: InheritFrom::Prototype, weights: &weights };
    let child = candidate(&space, 1, Some(0));
    measured(inherited, &child, 0).unwrap();
    measured(inherited, &child, 1).unwrap();
    assert_eq!(weights.loaded(), [(WeightKey::Prototype, 0), (of(1, 0), 0), (WeightKey::Prototype, 1)]);
}

#[test]
fn a_store_that_cannot_be_read_stops_the_search_and_its_own_error_is_the_source() {
    let inherited = Inherited { from: InheritFrom::Prototype, weights: &Unreadable };
    let candidate = candidate(&space(), 0, None);
    assert_eq!(measured(inherited, &candidate, 0), None);
    let error =
        with_evaluator(Some(inherited), |evaluator| evaluator.train_fold(&candidate, 0, 0)).unwrap_err();
    let TrainError::Weights(error) = error else { panic!("{error}") };
    let source = error.source.downcast_ref::<io::Error>().expect("the store's own error");
    assert_eq!(source.kind(), io::ErrorKind::PermissionDenied);
}

#[test]
fn the_folds_of_a_rung_can_be_trained_in_any_order() {
    let candidate = candidate(&space(), 0, None);
    for rung in 0..2 {
        with_evaluator(None, |evaluator| {
            let mut folds: Vec<_> = (0..evaluator.n_folds(rung))
                .rev()
                .map(|fold| evaluator.train_fold(&candidate, rung, fold).unwrap())
                .collect();
            folds.reverse();
            assert_eq!(folds[0].scores.is_some(), rung == 0);
            let combined = Measured::Trained(TrainEvaluator::combine(folds));
            assert_eq!(evaluator.evaluate(&candidate, rung), Some(combined), "rung {rung}");
        });
    }
}
