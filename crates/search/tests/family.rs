//! The scaled family, what a search knows before its first trial, and budgets in multiply-accumulates.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use netsynth_graph::{ArchitectureSpec, Graph};
use netsynth_search::{
    Answered, Candidate, Constraint, Evaluator, Found, Indicator, Limits, Measured, Metric, Metrics,
    Objective, Performance, Prior, Problem, Rung, SearchError, SearchPlan, StopReason, StrategyKind, Trained,
    Trial, leads, run,
};
use netsynth_space::{Kind, SearchSpace, SearchSpaceSpec};

fn emotionnet() -> SearchSpace {
    let prototype = ArchitectureSpec::from_ron(include_str!("../../../prototypes/resnet20.ron")).unwrap();
    let spec = SearchSpaceSpec::from_ron(include_str!("../../../search-spaces/emotionnet.ron")).unwrap();
    SearchSpace::new(&spec, &Graph::new(&prototype).unwrap()).unwrap()
}

/// Larger networks are better, and those with a 5x5 kernel by a tenth.
struct BySize;

impl Evaluator for BySize {
    type Error = SearchError;

    fn evaluate(
        &self,
        candidates: &[&Candidate],
        _: usize,
        answered: &Answered<'_, SearchError>,
    ) -> Result<(), SearchError> {
        for (index, candidate) in candidates.iter().enumerate() {
            answered(index, measured(by_size(candidate.cost.parameters)))?;
        }
        Ok(())
    }
}

fn by_size(parameters: u64) -> f64 {
    0.2 + 0.05 * (parameters as f64).ln()
}

fn measured(accuracy: f64) -> Measured {
    let folds = vec![Metrics::from([(Metric::Accuracy, accuracy)])];
    Measured::Trained(Trained { folds, ..Trained::default() })
}

fn plan(strategy: StrategyKind, n_trials: usize) -> SearchPlan {
    SearchPlan {
        seed: 3,
        n_trials,
        generation_size: 4,
        strategy,
        indicator: Indicator {
            constraints: vec![
                Constraint::AtLeast(Metric::Accuracy, 0.1),
                Constraint::AtMost(Metric::Macs, 20e6),
            ],
        },
        performance: Performance::default(),
        objectives: vec![Objective::Maximise(Metric::Accuracy), Objective::Minimise(Metric::Parameters)],
        rungs: vec![
            Rung { epochs: 50, macs: Some(4e7), folds: 1, keep: 0.5 },
            Rung { epochs: 400, macs: Some(2e8), folds: 2, keep: 1.0 },
        ],
        pruning: None,
        screening: None,
        asynchronous: false,
        prior: Some(Prior::default()),
        limits: Limits::default(),
    }
}

fn searched(space: &SearchSpace, plan: &SearchPlan) -> Found {
    run(&Problem::new(space, plan).unwrap(), &BySize, &mut |_| Ok(())).unwrap()
}

#[test]
fn scaling_goes_through_the_family_from_the_largest_that_keeps_the_ceilings() {
    let space = emotionnet();
    let trials = searched(&space, &plan(StrategyKind::Scaling, 16)).trials;
    assert_eq!(trials.len(), 16);
    for trial in &trials {
        assert!(space.decisions().is_scaled(&trial.genome), "trial {}", trial.number);
        assert!(trial.cost.macs <= 20_000_000);
    }
    let widest = trials.iter().max_by_key(|trial| trial.cost.macs).unwrap();
    assert_eq!(widest.number, 0);
    let with_all_blocks = |trial: &&Trial| {
        let blocks = space.decisions().iter().zip(trial.genome.choices());
        blocks
            .filter(|(decision, _)| decision.kind == Kind::Depth)
            .all(|(decision, at)| at == decision.prototype)
    };
    assert!((10..=12).contains(&trials.iter().filter(with_all_blocks).count()));
}

#[test]
fn a_search_with_a_prior_begins_with_members_of_the_family() {
    let space = emotionnet();
    for strategy in [StrategyKind::Synthesis, StrategyKind::Unadvised] {
        let trials = searched(&space, &plan(strategy, 24)).trials;
        let family = searched(&space, &plan(StrategyKind::Scaling, 8)).trials;
        for (trial, member) in trials.iter().zip(&family) {
            assert_eq!(trial.id, member.id, "{strategy}, trial {}", trial.number);
        }
    }
    let trials = searched(&space, &plan(StrategyKind::Unprimed, 8)).trials;
    assert!(trials.iter().all(|trial| !space.decisions().is_scaled(&trial.genome)));
    // Of few trials only a third.
    let trials = searched(&space, &plan(StrategyKind::Synthesis, 8)).trials;
    let scaled = |trial: &&Trial| space.decisions().is_scaled(&trial.genome);
    assert_eq!(trials.iter().take(3).filter(scaled).count(), 2);
}

#[test]
fn without_its_prior_synthesis_is_what_unprimed_is() {
    let space = emotionnet();
    let unprimed = searched(&space, &plan(StrategyKind::Unprimed, 20)).trials;
    let without = SearchPlan { prior: None, ..plan(StrategyKind::Synthesis, 20) };
    assert_eq!(searched(&space, &without).trials, unprimed);
}

#[test]
fn a_budget_of_multiply_accumulates_is_never_exceeded_and_ends_the_search() {
    let space = emotionnet();
    for strategy in StrategyKind::ALL {
        let mut plan = plan(strategy, 1000);
        plan.limits.macs = Some(4e9);
        let Found { trials, stopped_by, .. } = searched(&space, &plan);
        assert_eq!(stopped_by, StopReason::Macs, "{strategy}");
        let spent: u128 = trials.iter().map(|trial| plan.macs_of(&trial.cost, trial.readings.len())).sum();
        assert!(spent <= 4_000_000_000, "{strategy}: {spent}");
        // What is left does not pay for another generation's first candidate.
        assert!(spent > 3_000_000_000, "{strategy}: {spent}");
    }
}

#[test]
fn a_budget_that_is_none_is_refused() {
    let space = emotionnet();
    for macs in [f64::NAN, f64::INFINITY, -1.0, 0.0] {
        let mut plan = plan(StrategyKind::Random, 4);
        plan.limits.macs = Some(macs);
        let refused = Problem::new(&space, &plan).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|text| text.contains("`limits` has")), "{macs}");
    }
}

#[test]
fn small_networks_are_trained_longer_for_the_same_price() {
    let space = emotionnet();
    let plan = plan(StrategyKind::Scaling, 12);
    for trial in searched(&space, &plan).trials {
        let epochs = plan.rungs[1].length().epochs_of(&trial.cost);
        let price = epochs as u64 * trial.cost.macs;
        assert!(epochs == 400 || price > 200_000_000 - trial.cost.macs, "trial {}", trial.number);
        assert!(price <= 200_000_000, "trial {}", trial.number);
    }
}

#[test]
fn a_lead_is_measured_against_the_family_at_equal_size() {
    let space = emotionnet();
    let mut plan = plan(StrategyKind::Synthesis, 24);
    plan.rungs.truncate(1);
    let mut trials = searched(&space, &plan).trials;
    let found = leads(&trials, space.decisions(), &plan);
    assert!(!found.is_empty());
    // Accuracy is a straight line over the logarithm of parameters, so nothing lies above the family but what rounding does.
    assert!(found.iter().all(|lead| lead.gain.abs() < 1e-9), "{found:?}");
    for trial in &mut trials {
        if !space.decisions().is_scaled(&trial.genome) {
            trial.readings = vec![measured(by_size(trial.cost.parameters) + 0.03)];
        }
    }
    let found = leads(&trials, space.decisions(), &plan);
    let smallest = trials.iter().filter(|trial| space.decisions().is_scaled(&trial.genome));
    let smallest = smallest.map(|trial| trial.cost.parameters).min().unwrap();
    assert!(found.iter().all(|lead| lead.parameters >= smallest));
    assert!(found.iter().any(|lead| (lead.gain - 0.03).abs() < 1e-9), "{found:?}");
}

#[test]
fn a_problem_without_widths_has_no_family() {
    let table = netsynth_search::Table::from_json(
        "two",
        r#"{"0": {"mean_acc": 71.0, "params": 1000, "flops": 9000}, "1": {"mean_acc": 83.0, "params": 2000, "flops": 9000}}"#,
    );
    let table = table.unwrap();
    let mut plan = plan(StrategyKind::Scaling, 2);
    plan.rungs.truncate(1);
    plan.indicator.constraints.clear();
    Problem::new(&table, &plan).unwrap();
    let trials = run(&Problem::new(&table, &plan).unwrap(), &table, &mut |_| Ok(())).unwrap().trials;
    assert_eq!(trials.len(), 2);
}
