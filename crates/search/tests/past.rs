//! What earlier searches teach: on data like theirs a search is ahead by it, and on data that have nothing in common it loses little.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod formula;

use formula::{on_data, plan, table};
use netsynth_search::{
    Curve, Metric, PastSearch, Problem, Scale, SearchPlan, StrategyKind, Table, Trial, run,
};
use netsynth_space::Space;

const N_DECISIONS: usize = 7;

fn searched(table: &Table, plan: &SearchPlan, past: &[PastSearch]) -> Vec<Trial> {
    let problem = Problem::new(table, plan).unwrap().knowing(past.to_vec());
    run(&problem, table, &mut |_| Ok(())).unwrap().trials
}

/// What three searches on other data measured, of whose worths so much is another.
fn past(other: f64) -> Vec<PastSearch> {
    let search = |data: u64| {
        let table = on_data(N_DECISIONS, |_| true, other, data);
        let plan = plan(StrategyKind::Synthesis, 40, 4, data);
        PastSearch::of(&searched(&table, &plan, &[]), &plan)
    };
    (1..=3).map(search).collect()
}

/// The share of the front's hypervolume after so many evaluations, on mean over seeds.
fn reached(strategy: StrategyKind, n_trials: usize, past: &[PastSearch]) -> f64 {
    let table = table(N_DECISIONS, |_| true);
    let of_seed = |seed: u64| {
        let plan = plan(strategy, n_trials, 4, seed);
        let metrics: Vec<_> = table.metrics().collect();
        let scale = Scale::of(&metrics, &plan.objectives, &plan.indicator).unwrap();
        *Curve::of(&searched(&table, &plan, past), &plan, &scale).hypervolume.last().unwrap()
    };
    (1..=6).map(of_seed).sum::<f64>() / 6.0
}

#[test]
fn searches_on_data_of_the_same_kind_teach_where_good_networks_are() {
    let past = past(0.3);
    for (n_trials, ahead) in [(8, 0.1), (16, 0.015)] {
        let untaught = reached(StrategyKind::Untaught, n_trials, &past);
        let taught = reached(StrategyKind::Synthesis, n_trials, &past);
        assert!(taught > untaught + ahead, "{n_trials}: {taught}, {untaught}");
    }
}

#[test]
fn searches_on_data_that_have_nothing_in_common_cost_little() {
    let past = past(1.0);
    let untaught = reached(StrategyKind::Untaught, 40, &past);
    let taught = reached(StrategyKind::Synthesis, 40, &past);
    assert!(taught > untaught - 0.01, "{taught}, {untaught}");
}

#[test]
fn nothing_learned_changes_nothing_and_other_strategies_learn_nothing() {
    let table = table(5, |_| true);
    let itself = plan(StrategyKind::Synthesis, 24, 4, 3);
    let untaught = plan(StrategyKind::Untaught, 24, 4, 3);
    assert_eq!(searched(&table, &itself, &[]), searched(&table, &untaught, &[]));
    let (table, past) = (formula::table(N_DECISIONS, |_| true), past(0.5));
    for strategy in StrategyKind::ALL {
        let plan = plan(strategy, 24, 4, 3);
        let is_same = searched(&table, &plan, &past) == searched(&table, &plan, &[]);
        let learns = matches!(strategy, StrategyKind::Synthesis | StrategyKind::Unadvised);
        assert_eq!(is_same, !learns, "{strategy}");
    }
}

#[test]
fn a_past_search_has_what_each_trained_trial_would_reach_at_the_top() {
    let table = table(5, |_| true);
    let plan = plan(StrategyKind::Random, 12, 4, 3);
    let trials = searched(&table, &plan, &[]);
    let past = PastSearch::of(&trials, &plan);
    assert_eq!(past.trials.len(), 12);
    for (trial, past) in trials.iter().zip(&past.trials) {
        assert_eq!((&past.genome, past.cost), (&trial.genome, table.count(&trial.genome).unwrap().cost));
        assert_eq!(past.measured.get(Metric::Accuracy), trial.latest(Metric::Accuracy));
    }
}
