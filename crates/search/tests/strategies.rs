//! One suite over all strategies, on a benchmark whose answers a formula gives.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod formula;

use std::collections::BTreeSet;

use formula::{plan, table};
use netsynth_random::stream;
use netsynth_search::{
    Constraint, Curve, Event, Metric, Problem, Scale, SearchError, SearchPlan, StrategyKind, Table, Trial,
    run,
};
use proptest::prelude::*;

fn searched(table: &Table, plan: &SearchPlan) -> Vec<Trial> {
    run(&Problem::new(table, plan).unwrap(), table, &mut |_| Ok(())).unwrap().trials
}

#[test]
fn a_strategy_is_a_function_of_its_seed() {
    let table = table(5, |_| true);
    for strategy in StrategyKind::ALL {
        let one = searched(&table, &plan(strategy, 45, 4, 3));
        assert_eq!(one, searched(&table, &plan(strategy, 45, 4, 3)), "{strategy}");
        assert_ne!(one, searched(&table, &plan(strategy, 45, 4, 4)), "{strategy}");
        assert_eq!(one.len(), 45, "{strategy}");
    }
}

#[test]
fn observing_what_was_recorded_restores_a_strategy() {
    let table = table(5, |_| true);
    for kind in StrategyKind::ALL {
        let plan = plan(kind, 36, 4, 8);
        let trials = searched(&table, &plan);
        let problem = Problem::new(&table, &plan).unwrap();
        let mut strategy = kind.start(&problem).unwrap();
        let mut taken = BTreeSet::new();
        for (generation, recorded) in trials.chunks(4).enumerate() {
            let first = recorded[0].number;
            let proposed = strategy
                .propose(&trials[..first], first..first + recorded.len(), generation, &taken)
                .unwrap();
            for (candidate, trial) in proposed.iter().zip(recorded) {
                let was = (trial.number, &trial.genome, trial.id, trial.parent, trial.predicted);
                let is =
                    (candidate.trial, &candidate.genome, candidate.id, candidate.parent, candidate.predicted);
                assert_eq!(is, was, "{kind}");
            }
            taken.extend(recorded.iter().map(|trial| trial.id));
            strategy.observe(&trials[..first + recorded.len()], first..first + recorded.len()).unwrap();
        }
    }
}

#[test]
fn no_network_is_evaluated_twice_and_every_one_keeps_the_ceilings() {
    let table = table(5, |_| true);
    for strategy in StrategyKind::ALL {
        let trials = searched(&table, &plan(strategy, 60, 5, 1));
        let networks: BTreeSet<_> = trials.iter().map(|trial| trial.id).collect();
        assert_eq!(networks.len(), 60, "{strategy}");
        assert!(trials.iter().all(|trial| trial.cost.parameters <= 40_000), "{strategy}");
    }
}

#[test]
fn a_space_is_searched_to_its_last_network_and_no_further() {
    // Of 27 networks some are too large; of the incomplete benchmark a third is missing.
    for table in [table(3, |_| true), table(3, |number| number % 3 != 1)] {
        for strategy in StrategyKind::ALL {
            let mut plan = plan(strategy, 100, 4, 5);
            plan.indicator.constraints = vec![Constraint::AtMost(Metric::Parameters, 15_000.0)];
            let within = table
                .metrics()
                .filter(|metrics| metrics.get(Metric::Parameters).unwrap() <= 15_000.0)
                .count();
            let trials = searched(&table, &plan);
            assert!(within > 5 && within < table.len());
            assert_eq!(trials.len(), within, "{strategy}");
        }
    }
}

#[test]
fn a_ceiling_that_no_network_keeps_is_refused() {
    let table = table(3, |_| true);
    for strategy in StrategyKind::ALL {
        let mut plan = plan(strategy, 4, 2, 1);
        plan.indicator.constraints = vec![Constraint::AtMost(Metric::Parameters, 10.0)];
        let refused = Problem::new(&table, &plan).err();
        assert!(matches!(refused, Some(SearchError::OutOfReach { .. })), "{strategy}");
    }
}

#[test]
fn synthesis_is_ahead_of_its_ablation_and_every_peer() {
    let table = table(7, |_| true);
    let reached = |strategy: StrategyKind| -> f64 {
        let total: f64 = (1..=4)
            .map(|seed| {
                let plan = plan(strategy, 60, 1, seed);
                let metrics: Vec<_> = table.metrics().collect();
                let scale = Scale::of(&metrics, &plan.objectives, &plan.indicator).unwrap();
                *Curve::of(&searched(&table, &plan), &plan, &scale).hypervolume.last().unwrap()
            })
            .sum();
        total / 4.0
    };
    let synthesis = reached(StrategyKind::Synthesis);
    assert!(synthesis > 0.99, "{synthesis}");
    // The plan has no prior and nothing to learn from, so without these synthesis is the same.
    let itself = [StrategyKind::Synthesis, StrategyKind::Unprimed, StrategyKind::Untaught];
    for peer in StrategyKind::ALL.into_iter().filter(|kind| !itself.contains(kind)) {
        let volume = reached(peer);
        assert!(synthesis > volume + 0.003, "synthesis {synthesis}, {peer} {volume}");
    }
}

#[test]
fn a_bound_on_accuracy_draws_the_search_above_it() {
    let table = table(6, |_| true);
    let n_feasible = |strategy: StrategyKind| {
        let mut plan = plan(strategy, 60, 2, 2);
        plan.indicator.constraints.push(Constraint::AtLeast(Metric::Accuracy, 0.93));
        let trials = searched(&table, &plan);
        trials.iter().filter(|trial| trial.outcome(&plan.indicator, 1).feasible().is_some()).count()
    };
    let (synthesis, random) = (n_feasible(StrategyKind::Synthesis), n_feasible(StrategyKind::Random));
    assert!(synthesis > 2 * random, "synthesis {synthesis}, random {random}");
}

#[test]
fn generators_are_drawn_from_again() {
    let table = table(4, |_| true);
    let mut generators = Vec::new();
    run(&Problem::new(&table, &plan(StrategyKind::Synthesis, 24, 4, 1)).unwrap(), &table, &mut |event| {
        if let Event::Generator(generator) = event {
            generators.push(generator.clone());
        }
        Ok(())
    })
    .unwrap();
    let decisions = netsynth_space::Space::decisions(&table);
    let drawn =
        |number: usize, seed: u64| generators[number].sample(decisions, &mut stream(seed, "sample", &[]));
    assert_eq!(generators.len(), 6);
    assert_eq!(drawn(5, 3), drawn(5, 3));
    let different: BTreeSet<_> = (0..40).map(|seed| drawn(5, seed)).collect();
    assert!(different.len() > 10, "{}", different.len());
}

#[test]
fn tables_that_make_no_sense_are_refused() {
    let refused = |text: &str| Table::from_json("t", text).unwrap_err().to_string();
    let row = r#"{"mean_acc": 91.5, "params": 10, "flops": 20}"#;
    assert_eq!(refused(&format!(r#"{{"00": {row}}}"#)), "the table has 1 entries");
    assert_eq!(refused(&format!(r#"{{"00": {row}, "00": {row}}}"#)), "entry `00` stands twice");
    assert_eq!(
        refused(&format!(r#"{{"00": {row}, "011": {row}}}"#)),
        "entry `011` has 3 characters and the first, `00`, has 2"
    );
    assert_eq!(
        refused(&format!(r#"{{"00": {row}, "01": {}}}"#, row.replace("91.5", "191.5"))),
        "entry `01` has mean_acc 191.5"
    );
    let shares = [row.replace("91.5", "0.915"), row.replace("91.5", "1.0")];
    let shares = format!(r#"{{"00": {}, "01": {}}}"#, shares[0], shares[1]);
    assert_eq!(refused(&shares), "no mean_acc is above 1, so they are shares");
    for (number, word) in [("NaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "Infinity")] {
        let text = format!("{{\"00\": {row},\n\"01\": {}}}", row.replace("91.5", number));
        assert!(
            refused(&text).starts_with(&format!("it is no JSON: {word} at line 2")),
            "{}",
            refused(&text)
        );
    }
    assert!(refused("[1, 2]").starts_with("it is no table of known results: invalid type"));
    let known = Table::from_json("t", &format!(r#"{{"00": {row}, "21": {row}}}"#)).unwrap();
    assert!(known.knows(Metric::Macs) && !known.knows(Metric::PeakActivations));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_strategy_makes_all_the_trials_that_a_plan_asks(
        seed in any::<u64>(),
        generation_size in 1usize..9,
        ceiling in 6_000u32..60_000,
    ) {
        let table = table(4, |number| number % 7 != 3);
        let within = table.metrics().filter(|metrics| metrics.get(Metric::Parameters).unwrap() <= f64::from(ceiling)).count();
        for strategy in StrategyKind::ALL {
            let mut plan = plan(strategy, 30, generation_size, seed);
            plan.indicator.constraints = vec![Constraint::AtMost(Metric::Parameters, ceiling.into())];
            let trials = searched(&table, &plan);
            prop_assert_eq!(trials.len(), within.min(30), "{}", strategy);
        }
    }
}

#[test]
fn no_strategy_is_left_out_of_the_suite() {
    let schema = schemars::schema_for!(StrategyKind);
    let n_variants = schema.as_value()["oneOf"].as_array().unwrap().len();
    assert_eq!(n_variants, StrategyKind::ALL.len());
}
