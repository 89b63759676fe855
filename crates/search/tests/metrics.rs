//! Laws of searches by several measured metrics, on a benchmark whose answers a formula gives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

use netsynth_graph::{ArchitectureId, schema};
use netsynth_random::stream;
use netsynth_search::{
    Answered, Candidate, Constraint, Curve, Evaluator, Event, Indicator, Limits, Measured, Metric, Metrics,
    Objective, Outcome, Performance, Problem, Rung, Scale, SearchError, SearchPlan, StrategyKind, Table,
    Trained, Trial, bounds, run,
};
use netsynth_space::Space;
use serde::Deserialize;

/// The share of both metrics that the lowest rung sees.
const SEEN: f64 = 0.8;

/// A benchmark of seven decisions of three alternatives: accuracy is the table's, and recall has other favourites.
struct Two {
    table: Table,
    recalls: BTreeMap<ArchitectureId, f64>,
}

impl Two {
    fn new() -> Self {
        let n_decisions = 7u32;
        let mut random = stream(3, "two metrics", &[]);
        let mut worth = || (0..3 * n_decisions).map(|_| random.normal()).collect::<Vec<f64>>();
        let (accuracy, recall) = (worth(), worth());
        let share = |worth: &[f64], choices: &[usize]| {
            let odds: f64 = choices.iter().enumerate().map(|(at, choice)| 0.5 * worth[3 * at + choice]).sum();
            1.0 / (1.0 + libm::exp(-1.0 - odds))
        };
        let mut text = "{".to_owned();
        let mut all = Vec::new();
        for number in 0..3usize.pow(n_decisions) {
            let choices: Vec<usize> = (0..n_decisions).map(|at| number / 3usize.pow(at) % 3).collect();
            let key: String = choices.iter().map(ToString::to_string).collect();
            let parameters = 1000 + 500 * choices.iter().sum::<usize>();
            let comma = if number > 0 { "," } else { "" };
            let accuracy = 100.0 * share(&accuracy, &choices);
            write!(
                text,
                r#"{comma}"{key}":{{"mean_acc":{accuracy},"params":{parameters},"flops":{parameters}}}"#
            )
            .unwrap();
            all.push((choices.clone(), share(&recall, &choices)));
        }
        let table = Table::from_json("two", &(text + "}")).unwrap();
        let recalls = all.into_iter().map(|(choices, recall)| {
            let genome = table.decisions().genome(|at, _| choices[at]);
            (table.count(&genome).unwrap().id, recall)
        });
        let recalls = recalls.collect();
        Self { table, recalls }
    }

    /// What a candidate has on a rung; a lower one sees less of both metrics.
    fn metrics(&self, candidate: &Candidate, rung: usize) -> Metrics {
        let found = Mutex::new(Metrics::default());
        let table = self.table.evaluate(&[candidate], rung, &|_, measured| {
            let Measured::Trained(trained) = measured else { panic!("the table knows all") };
            *found.lock().unwrap() = trained.metrics();
            Ok(())
        });
        table.unwrap();
        let seen = if rung == 0 { SEEN } else { 1.0 };
        let accuracy = found.into_inner().unwrap().get(Metric::Accuracy).unwrap();
        Metrics::from([
            (Metric::Accuracy, seen * accuracy),
            (Metric::WorstRecall, seen * self.recalls[&candidate.id]),
        ])
    }

    /// The scale of all networks.
    fn scale(&self, plan: &SearchPlan) -> Scale {
        let decisions = self.table.decisions();
        let of = |number: usize| {
            let genome = decisions.genome(|at, _| number / 3usize.pow(at as u32) % 3);
            let counted = self.table.count(&genome).unwrap();
            let (id, cost) = (counted.id, counted.cost);
            let candidate =
                Candidate { trial: 0, generation: 0, genome, id, cost, parent: None, predicted: None };
            Metrics::counted(&cost).and(self.metrics(&candidate, 0))
        };
        let all: Vec<Metrics> = (0..3usize.pow(7)).map(of).collect();
        Scale::of(&all, &plan.objectives, &plan.indicator).unwrap()
    }
}

impl Evaluator for Two {
    type Error = SearchError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        rung: usize,
        answered: &Answered<'_, SearchError>,
    ) -> Result<(), SearchError> {
        candidates.iter().enumerate().rev().try_for_each(|(index, candidate)| {
            let folds = vec![self.metrics(candidate, rung)];
            let trained = Trained { folds, ..Trained::default() };
            answered(index, Measured::Trained(trained))
        })
    }
}

fn plan(strategy: StrategyKind, objectives: &[Metric], indicator: &str, seed: u64) -> SearchPlan {
    SearchPlan {
        seed,
        n_trials: 60,
        generation_size: 3,
        strategy,
        indicator: Indicator { constraints: bounds(indicator).unwrap() },
        performance: Performance::default(),
        objectives: objectives.iter().copied().map(Objective::of).collect(),
        rungs: vec![Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 }],
        pruning: None,
        screening: None,
        asynchronous: false,
        prior: None,
        limits: Limits::default(),
    }
}

fn searched(two: &Two, plan: &SearchPlan) -> Vec<Trial> {
    run(&Problem::new(&two.table, plan).unwrap(), two, &mut |_| Ok(())).unwrap().trials
}

const THREE: [Metric; 3] = [Metric::WorstRecall, Metric::Accuracy, Metric::Parameters];

#[test]
fn every_strategy_searches_by_two_measured_objectives() {
    let two = Two::new();
    for strategy in StrategyKind::ALL {
        let plan = plan(strategy, &THREE, "parameters <= 6k and accuracy >= 0.3", 5);
        plan.check().unwrap();
        let trials = searched(&two, &plan);
        assert_eq!(trials, searched(&two, &plan), "{strategy}");
        assert_eq!(trials.len(), 60, "{strategy}");
        assert!(trials.iter().all(|trial| trial.cost.parameters <= 6000), "{strategy}");
    }
}

/// The mean share of the whole front's hypervolume that a strategy reaches.
fn reached(two: &Two, plan: impl Fn(u64) -> SearchPlan) -> f64 {
    let volume = |seed: u64| {
        let plan = plan(seed);
        *Curve::of(&searched(two, &plan), &plan, &two.scale(&plan)).hypervolume.last().unwrap()
    };
    (1..=3).map(volume).sum::<f64>() / 3.0
}

#[test]
fn synthesis_learns_two_measured_objectives() {
    let two = Two::new();
    let of = |strategy| reached(&two, |seed| plan(strategy, &THREE, "parameters <= 8k", seed));
    let (synthesis, random) = (of(StrategyKind::Synthesis), of(StrategyKind::Random));
    assert!(synthesis > random + 0.1, "synthesis {synthesis}, random {random}");
}

#[test]
fn synthesis_learns_a_bound_on_a_measured_metric_that_is_no_objective() {
    let two = Two::new();
    // What one network of ten reaches.
    let mut recalls: Vec<f64> = two.recalls.values().map(|recall| SEEN * recall).collect();
    recalls.sort_by(f64::total_cmp);
    let bound = format!("worst_recall >= {}", recalls[recalls.len() * 9 / 10]);
    let objectives = [Metric::Accuracy, Metric::Parameters];
    let of = |strategy| reached(&two, |seed| plan(strategy, &objectives, &bound, seed));
    let (synthesis, random) = (of(StrategyKind::Synthesis), of(StrategyKind::Random));
    assert!(synthesis > random + 0.1, "synthesis {synthesis}, random {random}");
}

#[test]
fn a_trial_is_pruned_when_any_measured_bound_is_out_of_its_reach() {
    let two = Two::new();
    let mut plan = plan(StrategyKind::Random, &[Metric::Accuracy], "worst_recall >= 0.8", 1);
    plan.rungs = vec![
        Rung { epochs: 1, macs: None, folds: 1, keep: 1.0 },
        Rung { epochs: 2, macs: None, folds: 1, keep: 1.0 },
    ];
    plan.pruning = Some(0.8);
    let mut pruned = Vec::new();
    let trials = run(&Problem::new(&two.table, &plan).unwrap(), &two, &mut |event| {
        if let Event::Pruned { trials, .. } = event {
            pruned.extend_from_slice(trials);
        }
        Ok(())
    })
    .unwrap()
    .trials;
    assert!(pruned.len() > 5, "{pruned:?}");
    for trial in pruned.iter().map(|&number| &trials[number]) {
        assert!(matches!(trial.outcome(&plan.indicator, 2), Outcome::Stopped(0, _)));
        // What it would have had: the lower rung sees four fifths.
        assert!(trial.latest(Metric::WorstRecall).unwrap() / SEEN < 0.8, "{trial:?}");
    }
}

#[derive(Deserialize)]
struct Document {
    indicator: Indicator,
}

#[test]
fn a_plan_has_bounds_as_variants_or_as_texts() {
    let read = |indicator: &str| {
        schema::from_ron::<Document>(&format!("(schema: 1, indicator: [{indicator}])"))
            .map(|document| document.indicator.constraints)
            .map_err(|error| error.to_string())
    };
    let expected = vec![
        Constraint::AtLeast(Metric::Accuracy, 0.92),
        Constraint::AtMost(Metric::PeakActivations, 65_536.0),
    ];
    let both = read(r#""accuracy >= 92 %", AtMost(PeakActivations, 65536.0)"#);
    assert_eq!(both, Ok(expected.clone()));
    assert_eq!(read(r#"AtLeast(Accuracy, 0.92), "peak_activations <= 256 KiB""#), Ok(expected.clone()));
    assert_eq!(read(&schema::to_ron(&expected[0])), Ok(expected[..1].to_vec()));
    let refused = [r#""acuracy >= 92 %""#, r#""accuracy >= 0.5 and macs < 1M""#, "AtLest(Accuracy, 1.0)"];
    insta::assert_snapshot!(refused.map(|text| read(text).unwrap_err()).join("\n\n"));
}
