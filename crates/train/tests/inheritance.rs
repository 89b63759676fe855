//! Who the trials of a search start from: which networks are asked for, and which are kept.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::{Arc, Mutex};

use netsynth_data::{Dataset, Sample, Split, SplitBy};
use netsynth_graph::{ArchitectureId, ArchitectureSpec, Graph};
use netsynth_search::{Candidate, Evaluator, Measured, Rung};
use netsynth_space::{SearchSpace, SearchSpaceSpec};
use netsynth_train::{
    Ancestor, Deployed, Device, InMemory, Lineage, Nursery, OutOfOrder, Owner, Recipe, Stimulus,
    TrainEvaluator,
};

/// A nursery that writes down who was asked for.
#[derive(Default)]
struct Watched {
    inner: InMemory,
    asked: Mutex<Vec<(Owner, usize)>>,
}

impl Nursery for Watched {
    fn recall(&self, owner: Owner, fold: usize) -> Result<Option<Deployed>, OutOfOrder> {
        self.asked.lock().unwrap().push((owner, fold));
        self.inner.recall(owner, fold)
    }

    fn keep(&self, owner: Owner, fold: usize, network: &Deployed) -> Result<(), OutOfOrder> {
        self.inner.keep(owner, fold, network)
    }
}

/// A nursery that cannot be reached.
struct Closed;

impl Nursery for Closed {
    fn recall(&self, _: Owner, _: usize) -> Result<Option<Deployed>, OutOfOrder> {
        Err(OutOfOrder)
    }

    fn keep(&self, _: Owner, _: usize, _: &Deployed) -> Result<(), OutOfOrder> {
        Err(OutOfOrder)
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

/// Measures a candidate on a rung of one fold or on one of two.
fn measured(lineage: Lineage<'_>, candidate: &Candidate, rung: usize) -> Option<Measured> {
    let (dataset, space, recipe) = (dataset(), space(), Recipe::strong());
    let split: Split = SplitBy::Subject.split(&dataset, 2, 0.0).unwrap();
    let stimulus = Stimulus::new(&dataset, &split.train(0), &recipe, 1);
    let rungs = [Rung { epochs: 1, folds: 1, keep: 1.0 }, Rung { epochs: 1, folds: 2, keep: 1.0 }];
    let evaluator = TrainEvaluator {
        space: &space,
        dataset: &dataset,
        split: &split,
        recipe: &recipe,
        rungs: &rungs,
        stimulus: &stimulus,
        seed: 1,
        device: Device::Flex,
        lineage: Some(lineage),
        tell: &|_, _, _, _| {},
    };
    evaluator.evaluate(candidate, rung)
}

fn of(trial: usize, rung: usize) -> Owner {
    Owner::Trial { trial, rung }
}

#[test]
fn each_fold_has_a_line_of_its_own_and_the_nearest_ancestor_is_taken() {
    let space = space();
    let nursery = Arc::new(Watched::default());
    let lineage = || Lineage { from: Ancestor::Parent, nursery: nursery.clone() };
    let asked = || std::mem::take(&mut *nursery.asked.lock().unwrap());
    // A trial without a parent starts from the prototype, on its second rung from its first where that trained the fold.
    let first = candidate(&space, 0, None);
    measured(lineage(), &first, 0).unwrap();
    assert_eq!(asked(), [(Owner::Prototype, 0)]);
    measured(lineage(), &first, 1).unwrap();
    assert_eq!(asked(), [(of(0, 0), 0), (Owner::Prototype, 1)]);
    // Its child starts from its highest rung.
    let child = candidate(&space, 1, Some(0));
    measured(lineage(), &child, 0).unwrap();
    assert_eq!(asked(), [(of(0, 1), 0)]);
    measured(lineage(), &child, 1).unwrap();
    assert_eq!(asked(), [(of(1, 0), 0), (of(0, 1), 1)]);
    // A child of one that never climbed starts from where that stood, and on the other fold from the prototype.
    let stopped = candidate(&space, 2, None);
    measured(lineage(), &stopped, 0).unwrap();
    let child = candidate(&space, 3, Some(2));
    measured(lineage(), &child, 0).unwrap();
    asked();
    measured(lineage(), &child, 1).unwrap();
    assert_eq!(asked(), [(of(3, 0), 0), (of(2, 1), 1), (Owner::Prototype, 1)]);
}

#[test]
fn heirs_of_the_prototype_ask_for_no_parent() {
    let space = space();
    let nursery = Arc::new(Watched::default());
    let lineage = || Lineage { from: Ancestor::Prototype, nursery: nursery.clone() };
    let child = candidate(&space, 1, Some(0));
    measured(lineage(), &child, 0).unwrap();
    measured(lineage(), &child, 1).unwrap();
    let asked = nursery.asked.lock().unwrap().clone();
    assert_eq!(asked, [(Owner::Prototype, 0), (of(1, 0), 0), (Owner::Prototype, 1)]);
}

#[test]
fn a_search_stops_where_its_networks_cannot_be_reached() {
    let lineage = Lineage { from: Ancestor::Prototype, nursery: Arc::new(Closed) };
    assert_eq!(measured(lineage, &candidate(&space(), 0, None), 0), None);
}
